// SPDX-License-Identifier: MIT
#include "address_map.h"

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
    return can_hold(range) ? find_first(root_, kTopLevel, range) : nullptr;
}

Watch* AddressMap::find_first(const Node& node, unsigned level, Range range) noexcept {
    Watch* found = nullptr;
    for_each_entry(level, range, [&](Range part) {
        const Entry entry = node.load(index(part.start, level));
        const Node* below = entry.node();
        found = below == nullptr ? entry.watch() : find_first(*below, level - 1, part);
        return found == nullptr;
    });
    return found;
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
