// SPDX-License-Identifier: MIT
// Another thread of the process: asleep, or storing without pause into memory
// that nobody watches. While it runs, protecting pages has to interrupt its
// processor.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace bench {

class Companion {
public:
    explicit Companion(bool storing) : storing_(storing), thread_([this] { live(); }) {}
    ~Companion() {
        quit_ = true;
        quit_.notify_one();
        thread_.join();
    }
    Companion(const Companion&) = delete;
    Companion& operator=(const Companion&) = delete;

    // For telling whether it really ran: other work may have its processor.
    std::uint64_t stores() const { return stores_.load(std::memory_order_relaxed); }
    bool did_its_part(std::uint64_t stores_before) const {
        return !storing_ || stores() != stores_before;
    }

private:
    void live() {
        if (!storing_)
            quit_.wait(false);
        while (!quit_.load(std::memory_order_relaxed))
            stores_.fetch_add(1, std::memory_order_relaxed);
    }

    const bool storing_;
    std::atomic<bool> quit_{false};
    std::atomic<std::uint64_t> stores_{0};
    std::thread thread_;
};

} // namespace bench
