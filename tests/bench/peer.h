// SPDX-License-Identifier: MIT
// A way of finding out which pages were written.
#pragma once

#include "memory.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bench {

class Peer {
public:
    virtual ~Peer() = default;

    // Room for answers of so many pages, touched ahead of the first.
    virtual void expect(std::size_t pages) = 0;

    // Starts clean. Throws std::runtime_error where the peer cannot.
    virtual void watch(const Block& block) = 0;

    // All written pages of these watches, which are clean again afterwards;
    // returns how many pages.
    virtual std::size_t collect_reset(std::span<const Block> watches) = 0;

    // The last answer, page by page, for checking it; false if it is just a count.
    virtual bool answer(std::vector<void*>& pages) const = 0;

    // Ends the watch; the memory lives on, as it was.
    virtual void unwatch(const Block& block) = 0;

    // The same, for memory that is unmapped next.
    virtual void forget(const Block&) {}

    // Why the peer lost track since it was made, if it did.
    virtual std::string failure() const { return {}; }
};

// What memory a question is about, for peers that can choose.
enum class Touched {
    wholly, // every page was touched
    partly,
};

struct PeerKind {
    const char* form; // of the answer
    const char* name;
    std::function<std::unique_ptr<Peer>(Touched)> make;
    bool everywhere; // in the costly cells of a brief run, too
    std::string series() const { return std::string{form} + "/" + name; }
};

// All of them; a new peer or answer form is a line there.
const std::vector<PeerKind>& peers();

// The one of that name, which must exist.
const PeerKind& peer(const std::string& form, const std::string& name);

} // namespace bench
