// SPDX-License-Identifier: MIT
#include "proof.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string_view>

namespace rewind_example {

namespace {

struct Moment {
    std::uint64_t picture;
    std::size_t state;
    friend auto operator<=>(const Moment&, const Moment&) = default;
};

class Player {
public:
    explicit Player(Core& core) : core_(core), state_(core.state_bytes()) {}

    // Kept before the state is asked for, which is no reading for every core:
    // asked twice some give two answers.
    Moment play(std::size_t frame, Way& way) {
        core_.run(buttons_of(frame));
        way.keep();
        return {core_.picture_hash(), state_hash()};
    }
    std::size_t state_hash() {
        core_.serialize(state_);
        return std::hash<std::string_view>{}({state_.data(), state_.size()});
    }

private:
    Core& core_;
    std::vector<char> state_;
};

} // namespace

unsigned buttons_of(std::size_t frame) noexcept {
    return static_cast<unsigned>(frame / 7 * 2654435761U >> 8 & 0xffU);
}

bool prove(Core& core, Way& way, const Length& length, std::string_view how) {
    Player player{core};
    const std::size_t last = std::min(length.rewind_after, length.frames);
    const std::size_t back = std::min(length.rewind, last - 1);
    std::vector<Moment> first;
    for (std::size_t frame = 0; frame < last; ++frame) {
        first.push_back(player.play(frame, way));
    }
    std::size_t wrong_on_the_way = 0;
    for (std::size_t step = 1; step <= back; ++step) {
        way.rewind(1);
        wrong_on_the_way += player.state_hash() != first[last - 1 - step].state;
    }
    std::size_t pictures = 0;
    std::size_t states = 0;
    for (std::size_t frame = last - back; frame < last; ++frame) {
        way.spoil();
        const Moment again = player.play(frame, way);
        pictures += again.picture == first[frame].picture;
        states += again.state == first[frame].state;
    }
    const std::set<Moment> distinct(first.begin(), first.end());
    fmt::print("{}{} frames, {} of them different; {} rewound, {} states on the way wrong; {} "
               "replayed: {} pictures and {} states the same\n",
               how, last, distinct.size(), back, wrong_on_the_way, back, pictures, states);
    return wrong_on_the_way == 0 && pictures == back && states == back &&
           distinct.size() > last / 2;
}

} // namespace rewind_example
