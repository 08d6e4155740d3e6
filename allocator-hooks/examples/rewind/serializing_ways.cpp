// SPDX-License-Identifier: MIT
#include "ways.h"

#include <cstring>
#include <utility>

namespace rewind_example {

namespace {

using State = std::vector<char>;

class Serialize final : public Way {
public:
    Serialize(Core& core, std::size_t frames)
        : core_(core), frames_(frames), bytes_(core.state_bytes()) {}

    std::string_view name() const override { return "serialize"; }

    void keep() override {
        State state;
        if (states_.size() == frames_) {
            state = std::move(states_.front()); // its memory serves again
            states_.pop_front();
        }
        state.resize(bytes_);
        core_.serialize(state);
        states_.push_back(std::move(state));
    }

    void rewind(std::size_t frames) override {
        states_.resize(states_.size() - frames);
        core_.unserialize(states_.back());
    }

    std::size_t bytes_kept() const override { return states_.size() * bytes_; }
    std::size_t frames_kept() const override { return states_.size(); }

private:
    Core& core_;
    std::size_t frames_;
    std::size_t bytes_;
    std::deque<State> states_;
};

// Runs of 16-bit words that differ: skip, count, and what was there before.
class Difference {
public:
    Difference(const State& before, const State& after) {
        const std::size_t words = before.size() / sizeof(Word);
        std::size_t same_from = 0;
        for (std::size_t i = first_difference(before, after, 0); i < words;
             i = first_difference(before, after, i)) {
            std::size_t end = i + 1;
            while (end < words && end - i < kMostInRun && word(before, end) != word(after, end))
                ++end;
            append_run(before, i - same_from, i, end);
            same_from = i = end;
        }
    }

    void apply(State& state) const {
        std::size_t at = 0;
        for (std::size_t i = 0; i < data_.size();) {
            std::uint32_t skip = 0;
            std::memcpy(&skip, &data_[i], sizeof skip);
            const std::size_t count = data_[i + 2];
            at += skip;
            std::memcpy(state.data() + at * sizeof(Word), &data_[i + 3], count * sizeof(Word));
            at += count;
            i += 3 + count;
        }
    }

    std::size_t bytes() const { return data_.size() * sizeof(Word); }

private:
    using Word = std::uint16_t;
    static constexpr std::size_t kMostInRun = 65535;

    static Word word(const State& state, std::size_t i) {
        Word word = 0;
        std::memcpy(&word, state.data() + i * sizeof word, sizeof word);
        return word;
    }

    // Eight bytes at a time over what is the same.
    static std::size_t first_difference(const State& a, const State& b, std::size_t i) {
        const std::size_t words = a.size() / sizeof(Word);
        constexpr std::size_t kStep = 8 / sizeof(Word);
        while (i + kStep <= words) {
            std::uint64_t left = 0;
            std::uint64_t right = 0;
            std::memcpy(&left, a.data() + i * sizeof(Word), sizeof left);
            std::memcpy(&right, b.data() + i * sizeof(Word), sizeof right);
            if (left != right)
                break;
            i += kStep;
        }
        while (i < words && word(a, i) == word(b, i))
            ++i;
        return i;
    }

    void append_run(const State& before, std::size_t skip, std::size_t first, std::size_t end) {
        const auto skip32 = static_cast<std::uint32_t>(skip);
        const std::size_t at = data_.size();
        data_.resize(at + 3 + (end - first));
        std::memcpy(&data_[at], &skip32, sizeof skip32);
        data_[at + 2] = static_cast<Word>(end - first);
        std::memcpy(&data_[at + 3], before.data() + first * sizeof(Word),
                    (end - first) * sizeof(Word));
    }

    std::vector<Word> data_;
};

class SerializeDifference final : public Way {
public:
    SerializeDifference(Core& core, std::size_t frames)
        : core_(core), frames_(frames), latest_(core.state_bytes()), next_(latest_.size()) {}

    std::string_view name() const override { return "serialize + difference"; }

    void keep() override {
        core_.serialize(next_);
        if (begun_)
            differences_.emplace_back(latest_, next_);
        begun_ = true;
        std::swap(latest_, next_);
        if (differences_.size() == frames_)
            differences_.pop_front();
    }

    void rewind(std::size_t frames) override {
        for (; frames > 0; --frames) {
            differences_.back().apply(latest_);
            differences_.pop_back();
        }
        core_.unserialize(latest_);
    }

    std::size_t bytes_kept() const override {
        std::size_t bytes = latest_.size();
        for (const Difference& difference : differences_)
            bytes += difference.bytes();
        return bytes;
    }
    std::size_t frames_kept() const override { return differences_.size() + begun_; }

private:
    Core& core_;
    std::size_t frames_;
    State latest_;
    State next_;
    std::deque<Difference> differences_; // each back to the one before
    bool begun_ = false;
};

} // namespace

std::unique_ptr<Way> make_serialize(Core& core, std::size_t frames) {
    return std::make_unique<Serialize>(core, frames);
}

std::unique_ptr<Way> make_serialize_difference(Core& core, std::size_t frames) {
    return std::make_unique<SerializeDifference>(core, frames);
}

} // namespace rewind_example
