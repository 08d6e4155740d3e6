// SPDX-License-Identifier: MIT
// From an address to the watch that covers it: a radix tree whose readers take
// no lock and no second look. A node that was made stays for ever, so a reader
// may stop inside it for any time; a wide watch sits in few high entries and
// costs the same for 256 GiB as for 64 MiB.
#pragma once

#include "arena.h"
#include "range.h"
#include "watch.h"

#include <array>
#include <atomic>
#include <cstdint>

namespace ww {

class AddressMap {
public:
    explicit AddressMap(Arena& arena) noexcept : arena_(arena) {}

    // Whether the range lies where watches can be mapped; nothing else can.
    static constexpr bool can_hold(Range range) noexcept {
        if constexpr (kAddressBits < 8 * sizeof(std::uintptr_t))
            return (range.end - 1) >> kAddressBits == 0;
        return true;
    }

    Watch* find(std::uintptr_t address) const noexcept;

    // The watch that the first address of the range with a watch leads to. The
    // range may end anywhere.
    Watch* find_first(Range range) const noexcept;

    // The rest is for the holder of the change lock.

    // Makes what assign() to this range needs; false when memory ran out.
    bool prepare(Range range) noexcept;

    // Leads every address of a prepared range to `watch` (nullptr: nowhere).
    void assign(Range range, Watch* watch) noexcept;

private:
    // Three levels over 48 bits of address, or over 32, in units of 4 KiB,
    // which divide every page size in use.
    static constexpr unsigned kUnitBits = 12;
    static constexpr unsigned kTopLevel = 2;
    static constexpr unsigned kLevelBits = sizeof(void*) == 8 ? 12 : 7;
    static constexpr unsigned kAddressBits = kUnitBits + (kTopLevel + 1) * kLevelBits;
    static constexpr std::size_t kFanOut = std::size_t{1} << kLevelBits;

    struct Node;

    // A watch, a node one level down, or nothing.
    class Entry {
    public:
        constexpr explicit Entry(std::uintptr_t bits = 0) noexcept : bits_(bits) {}
        static Entry of(const Watch* watch) noexcept {
            return Entry{reinterpret_cast<std::uintptr_t>(watch)};
        }
        static Entry of(const Node* node) noexcept {
            return Entry{reinterpret_cast<std::uintptr_t>(node) | kIsNode};
        }
        Watch* watch() const noexcept {
            return (bits_ & kIsNode) == 0 ? reinterpret_cast<Watch*>(bits_) : nullptr;
        }
        Node* node() const noexcept {
            return (bits_ & kIsNode) != 0 ? reinterpret_cast<Node*>(bits_ & ~kIsNode) : nullptr;
        }
        std::uintptr_t bits() const noexcept { return bits_; }

    private:
        static constexpr std::uintptr_t kIsNode = 1;
        std::uintptr_t bits_;
    };

    // Most memory that a program frees was never watched: a bit for each entry
    // lets a search over many of them read a word or two.
    struct Node {
        static constexpr std::size_t kWordBits = 64;
        std::array<std::atomic<std::uint64_t>, kFanOut / kWordBits> used;
        std::array<std::atomic<std::uintptr_t>, kFanOut> entries;

        Entry load(std::size_t place) const noexcept {
            return Entry{entries[place].load(std::memory_order_acquire)};
        }
        void store(std::size_t place, Entry entry) noexcept;
        std::size_t first_used(std::size_t first, std::size_t end) const noexcept;
    };

    // Addresses that one entry of a level stands for; level 0 holds units.
    static constexpr std::uintptr_t entry_bytes(unsigned level) noexcept {
        return std::uintptr_t{1} << (kUnitBits + level * kLevelBits);
    }
    static constexpr std::size_t index(std::uintptr_t address, unsigned level) noexcept {
        return (address >> (kUnitBits + level * kLevelBits)) & (kFanOut - 1);
    }

    static constexpr Range holdable_part(Range range) noexcept {
        if constexpr (kAddressBits < 8 * sizeof(std::uintptr_t))
            range.end = std::min(range.end, std::uintptr_t{1} << kAddressBits);
        return range;
    }

    template<class Visit>
    static void for_each_entry(unsigned level, Range range, Visit visit) noexcept;
    static Watch* find_first(const Node& node, unsigned level, Range range) noexcept;
    static void assign(Node& node, unsigned level, Range range, Watch* watch) noexcept;
    bool make_boundary(std::uintptr_t address) noexcept;
    Node* make_node(Entry content) noexcept;

    Arena& arena_;
    Node root_{};
};

} // namespace ww
