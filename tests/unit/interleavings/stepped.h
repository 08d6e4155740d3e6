// SPDX-License-Identifier: MIT
// Stands for std::atomic in code that the scheduler runs: included in front of
// it, so that the code is the tracker's own, compiled once more. Outside of
// modelled threads it is a plain value. Zeroed memory is a valid one, as it is
// of std::atomic.
#pragma once

#include "scheduler.h"

// Everything of the library first: in what follows the word means this one.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace model {

constexpr Order order_of(std::memory_order order) {
    switch (order) {
    case std::memory_order_relaxed:
        return Order::relaxed;
    case std::memory_order_acquire:
    case std::memory_order_consume:
        return Order::acquire;
    case std::memory_order_release:
        return Order::release;
    case std::memory_order_acq_rel:
        return Order::acq_rel;
    case std::memory_order_seq_cst:
        break;
    }
    return Order::seq_cst;
}

template<class T>
class Stepped {
public:
    constexpr Stepped() = default;
    constexpr Stepped(T value) : value_(value) {}
    Stepped(const Stepped&) = delete;
    Stepped& operator=(const Stepped&) = delete;

    T load(std::memory_order order = std::memory_order_seq_cst) const {
        Scheduler* scheduler = Scheduler::current();
        if (scheduler == nullptr)
            return value_;
        scheduler->step(this, false);
        return from_bits(scheduler->load(this, order_of(order), bits(value_)));
    }
    void store(T value, std::memory_order order = std::memory_order_seq_cst) {
        change([&](T) { return value; }, order, false);
    }
    T exchange(T value, std::memory_order order = std::memory_order_seq_cst) {
        return change([&](T) { return value; }, order, true);
    }
    T fetch_add(T more, std::memory_order order = std::memory_order_seq_cst) {
        return change([&](T old) { return static_cast<T>(old + more); }, order, true);
    }
    T fetch_sub(T less, std::memory_order order = std::memory_order_seq_cst) {
        return change([&](T old) { return static_cast<T>(old - less); }, order, true);
    }
    T fetch_or(T mask, std::memory_order order = std::memory_order_seq_cst) {
        return change([&](T old) { return static_cast<T>(old | mask); }, order, true);
    }
    T fetch_and(T mask, std::memory_order order = std::memory_order_seq_cst) {
        return change([&](T old) { return static_cast<T>(old & mask); }, order, true);
    }
    bool compare_exchange_strong(T& expected, T desired,
                                 std::memory_order order = std::memory_order_seq_cst) {
        const T old = change([&](T now) { return now == expected ? desired : now; }, order, true);
        const bool same = old == expected;
        expected = old;
        return same;
    }

    bool compare_exchange_weak(T& expected, T desired,
                               std::memory_order order = std::memory_order_seq_cst) {
        return compare_exchange_strong(expected, desired, order);
    }
    T operator++() { return static_cast<T>(fetch_add(1) + 1); }
    T operator--() { return static_cast<T>(fetch_sub(1) - 1); }

private:
    static std::uint64_t bits(T value) {
        static_assert(sizeof value <= sizeof(std::uint64_t));
        std::uint64_t all = 0;
        std::memcpy(&all, &value, sizeof value);
        return all;
    }
    static T from_bits(std::uint64_t all) {
        T value{};
        std::memcpy(&value, &all, sizeof value);
        return value;
    }
    template<class Change>
    T change(Change change, std::memory_order order, bool reads_too) {
        Scheduler* scheduler = Scheduler::current();
        if (scheduler != nullptr)
            scheduler->step(this, true);
        const T before = value_;
        value_ = change(before);
        if (scheduler != nullptr)
            scheduler->store(this, order_of(order), bits(before), bits(value_), reads_too);
        return before;
    }

    T value_{};
};

} // namespace model

namespace std {
using model::Stepped;
}
#define atomic Stepped
