// SPDX-License-Identifier: MIT
#include "contest.h"

#include <stdexcept>

namespace bench {

std::vector<void*> addresses_of(const Block& block, const Pages& pages) {
    std::vector<void*> addresses;
    addresses.reserve(pages.size());
    for (const std::size_t page : pages)
        addresses.push_back(block.page(page));
    return addresses;
}

Timing Contestant::collect(std::span<const Block> watches, const Expected& expected) const {
    std::size_t count = 0;
    const Timing timing = time([&] { count = peer.collect_reset(watches); });
    if (const std::string failure = peer.failure(); !failure.empty())
        throw std::runtime_error{failure};
    std::vector<void*> answer;
    const bool listed = peer.answer(answer);
    if (count != expected.size() || (listed && answer != expected)) {
        notes.wrong(kind.series(), std::to_string(count) + " pages instead of " +
                                       std::to_string(expected.size()) + ", or not the same");
        throw std::runtime_error{"wrong answer"};
    }
    return timing;
}

Contest::Contest(std::vector<PeerKind> kinds, Touched touched, std::size_t most_pages) {
    for (PeerKind& kind : kinds) {
        entrants_.push_back({std::move(kind), nullptr});
        entrants_.back().peer = entrants_.back().kind.make(touched);
        entrants_.back().peer->expect(most_pages);
    }
}

void Contest::round(Notes& notes, const std::string& prefix,
                    const std::function<void(const Contestant&)>& turn) {
    for (std::size_t i = 0; i < entrants_.size(); ++i) {
        Entrant& entrant = entrants_[(first_ + i) % entrants_.size()];
        if (!entrant.peer)
            continue;
        try {
            turn({entrant.kind, *entrant.peer, notes});
        } catch (const std::exception& error) {
            notes.cannot(prefix + entrant.kind.series(), error.what());
            entrant.peer.reset();
        }
    }
    ++first_;
}

std::vector<std::string> series_of(const std::vector<PeerKind>& kinds,
                                   std::initializer_list<const char*> prefixes) {
    std::vector<std::string> series;
    for (const char* prefix : prefixes) {
        for (const PeerKind& kind : kinds)
            series.push_back(prefix + kind.series());
    }
    return series;
}

} // namespace bench
