// SPDX-License-Identifier: MIT
#include "address_map.h"

#include <algorithm>
#include <bit>

namespace ww {

// Calls visit(part of the range in this entry) until that returns false.
template<class Visit>
void AddressMap::for_each_entry(unsigned level, Range range, Visit visit) noexcept {
    const std::uintptr_t mask = entry_bytes(level) - 1;
    for (std::uintptr_t start = range.start; start < range.end;) {
        // By last addresses: the end of the last entry may be behind the end
        // of the address space.
        const std::uintptr_t last = std::min(start | mask, range.end - 1);
        if (!visit(Range{start, last + 1}))
            return;
        start = last + 1;
    }
}

Watch* AddressMap::find(std::uintptr_t address) const noexcept {
    if (!can_hold({address, address + 1}))
        return nullptr;
    const Node* node = &root_;
    for (unsigned level = kTopLevel;; --level) {
        const Entry entry = node->load(index(address, level));
        node = entry.node();
        if (node == nullptr)
            return entry.watch();
    }
}

Watch* AddressMap::find_first(Range range) const noexcept {
    range = holdable_part(range);
    if (range.empty())
        return nullptr;
    const Node* node = &root_;
    for (unsigned level = kTopLevel;; --level) {
        const std::size_t place = index(range.start, level);
        if (place != index(range.end - 1, level))
            return find_first(*node, level, range);
        const Entry entry = node->load(place);
        node = entry.node();
        if (node == nullptr)
            return entry.watch();
    }
}

// An entry in use is found by its bit, and a bit is there before and after it:
// who sees an entry change sees either.
void AddressMap::Node::store(std::size_t place, Entry entry) noexcept {
    std::atomic<std::uint64_t>& word = used[place / kWordBits];
    const std::uint64_t bit = std::uint64_t{1} << place % kWordBits;
    const std::uint64_t before = word.load(std::memory_order_relaxed);
    entries[place].store(entry.bits(), std::memory_order_release);
    word.store(entry.bits() != 0 ? before | bit : before & ~bit, std::memory_order_release);
}

// The first of the entries [first, end) in use; `end` if none is.
std::size_t AddressMap::Node::first_used(std::size_t first, std::size_t end) const noexcept {
    while (first < end) {
        const std::uint64_t word = used[first / kWordBits].load(std::memory_order_acquire);
        if (const std::uint64_t left = word >> first % kWordBits; left != 0)
            return std::min(end, first + static_cast<std::size_t>(std::countr_zero(left)));
        first = (first | (kWordBits - 1)) + 1;
    }
    return end;
}

Watch* AddressMap::find_first(const Node& node, unsigned level, Range range) noexcept {
    const std::uintptr_t mask = entry_bytes(level) - 1;
    const std::size_t first = index(range.start, level);
    const std::size_t end = index(range.end - 1, level) + 1;
    for (std::size_t place = first; (place = node.first_used(place, end)) < end; ++place) {
        const Entry entry = node.load(place);
        const Node* below = entry.node();
        if (below == nullptr) {
            if (Watch* watch = entry.watch())
                return watch;
            continue;
        }
        const std::uintptr_t start = (range.start & ~mask) + (place - first) * (mask + 1);
        const Range part{std::max(start, range.start), std::min(start | mask, range.end - 1) + 1};
        if (Watch* watch = find_first(*below, level - 1, part))
            return watch;
    }
    return nullptr;
}

bool AddressMap::prepare(Range range) noexcept {
    return make_boundary(range.start) && make_boundary(range.end);
}

// Makes the nodes that let a watch begin or end at `address`.
bool AddressMap::make_boundary(std::uintptr_t address) noexcept {
    if (!can_hold({address, address + 1}))
        return true; // the end of everything
    Node* node = &root_;
    for (unsigned level = kTopLevel; (address & (entry_bytes(level) - 1)) != 0; --level) {
        const std::size_t place = index(address, level);
        const Entry entry = node->load(place);
        Node* below = entry.node();
        if (below == nullptr) {
            below = make_node(entry);
            if (below == nullptr)
                return false;
            node->store(place, Entry::of(below));
        }
        node = below;
    }
    return true;
}

// A node that says of every address what `content` said of all of them.
AddressMap::Node* AddressMap::make_node(Entry content) noexcept {
    void* memory = arena_.allocate(sizeof(Node));
    if (memory == nullptr)
        return nullptr;
    // Fresh memory is zero already, and must not be touched before it is used.
    Node* node = static_cast<Node*>(memory);
    if (content.bits() != 0) {
        for (std::size_t i = 0; i < kFanOut; ++i)
            node->store(i, content);
    }
    return node;
}

void AddressMap::assign(Range range, Watch* watch) noexcept {
    assign(root_, kTopLevel, range, watch);
}

// Nodes below are filled and not replaced: a reader may stand in one.
void AddressMap::assign(Node& node, unsigned level, Range range, Watch* watch) noexcept {
    for_each_entry(level, range, [&](Range part) {
        const std::size_t place = index(part.start, level);
        if (Node* below = node.load(place).node())
            assign(*below, level - 1, part, watch);
        else
            node.store(place, Entry::of(watch));
        return true;
    });
}

} // namespace ww
