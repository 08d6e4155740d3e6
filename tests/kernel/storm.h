// SPDX-License-Identifier: MIT
// Threads that store at random pages until they are told to pause, so that what
// a collector made of it can be compared.
#pragma once

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

class Storm {
public:
    // Several addresses may lead to the same page: writer 0 stores in the even
    // words of each, writer 1 in the odd ones.
    Storm(std::vector<char*> pages, std::size_t page_bytes)
        : pages_(std::move(pages)), words_(page_bytes / sizeof(std::uint64_t) / kWriters) {
        for (std::size_t id = 0; id < kWriters; ++id)
            threads_.emplace_back([this, id] { run(id); });
    }
    ~Storm() {
        quit_ = true;
        sync_.arrive_and_wait();
        for (std::thread& thread : threads_)
            thread.join();
    }
    void start() {
        pause_ = false;
        sync_.arrive_and_wait();
    }
    void pause() {
        pause_ = true;
        sync_.arrive_and_wait();
    }

private:
    static constexpr std::size_t kWriters = 2;

    void run(std::size_t id) {
        std::uint64_t random = id * 0x9e3779b97f4a7c15 + 1;
        for (std::uint64_t value = 0;;) {
            sync_.arrive_and_wait();
            if (quit_)
                return;
            while (!pause_.load(std::memory_order_relaxed)) {
                random = random * 6364136223846793005 + 1442695040888963407;
                char* page = pages_[static_cast<std::size_t>(random >> 33) % pages_.size()];
                const std::size_t word = static_cast<std::size_t>(random >> 45) % words_ * kWriters + id;
                std::atomic_ref{reinterpret_cast<std::uint64_t*>(page)[word]}.store(
                    ++value, std::memory_order_relaxed);
            }
            sync_.arrive_and_wait();
        }
    }

    std::vector<char*> pages_;
    std::size_t words_;
    std::atomic<bool> pause_{false};
    std::atomic<bool> quit_{false};
    std::barrier<> sync_{kWriters + 1};
    std::vector<std::thread> threads_;
};

// Word by word, as writers store meanwhile.
inline void copy_while_written(char* to, char* from, std::size_t bytes) {
    auto* target = reinterpret_cast<std::uint64_t*>(to);
    auto* source = reinterpret_cast<std::uint64_t*>(from);
    for (std::size_t i = 0; i < bytes / sizeof *target; ++i)
        target[i] = std::atomic_ref{source[i]}.load(std::memory_order_relaxed);
}
