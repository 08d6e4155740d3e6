// SPDX-License-Identifier: MIT
// Peers that take turns at the same task, and are checked at it.
#pragma once

#include "experiment.h"
#include "peer.h"
#include "timing.h"

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bench {

std::vector<void*> addresses_of(const Block& block, const Pages& pages);

// Pages of a peer's answer, checked against those written in `watches`.
using Expected = std::vector<void*>;

struct Contestant {
    const PeerKind& kind;
    Peer& peer;
    Notes& notes;

    // A collect with reset, timed. The peer is out if it lost track, and the run
    // has failed if it gave a wrong answer.
    Timing collect(std::span<const Block> watches, const Expected& expected) const;
    Timing collect(const Block& watch, const Expected& expected) const {
        return collect({&watch, 1}, expected);
    }
    void note(const std::string& prefix, double value) const {
        notes.add(prefix + kind.series(), value);
    }
};

class Contest {
public:
    // `most_pages`: of one answer.
    Contest(std::vector<PeerKind> kinds, Touched touched, std::size_t most_pages);

    // One turn of every peer that is able to, each time beginning with another.
    // Who throws is out, and `prefix` + its series says why.
    void round(Notes& notes, const std::string& prefix,
               const std::function<void(const Contestant&)>& turn);

private:
    struct Entrant {
        PeerKind kind;
        std::unique_ptr<Peer> peer;
    };
    std::vector<Entrant> entrants_;
    std::size_t first_ = 0;
};

// What rounds note: each prefix before each peer's series.
std::vector<std::string> series_of(const std::vector<PeerKind>& kinds,
                                   std::initializer_list<const char*> prefixes = {""});

} // namespace bench
