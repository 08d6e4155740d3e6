// SPDX-License-Identifier: MIT
#include "self_test.h"

#include <writewatch/writewatch.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

namespace ww::command {

namespace {

constexpr std::size_t kPages = 16;

// A few pages that are watched while it lives.
class Watched {
public:
    Watched() : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
        void* const mapped =
            ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        base_ = mapped == MAP_FAILED ? nullptr : static_cast<char*>(mapped);
        error_ = base_ == nullptr ? -ENOMEM : ww_tracker_create(&tracker_);
        if (error_ == 0)
            error_ = ww_watch(tracker_, base_, bytes(), 0);
    }
    ~Watched() {
        ww_tracker_destroy(tracker_);
        if (base_ != nullptr)
            ::munmap(base_, bytes());
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    int error() const noexcept { return error_; }
    void store(std::size_t page) const noexcept {
        *reinterpret_cast<volatile char*>(base_ + page * page_) = 1;
    }
    std::set<std::size_t> collect() const {
        void* pages[kPages];
        const std::ptrdiff_t count =
            ww_collect_pages(tracker_, base_, bytes(), WW_RESET, pages, kPages, nullptr);
        std::set<std::size_t> found;
        for (std::ptrdiff_t i = 0; i < count; ++i)
            found.insert(static_cast<std::size_t>(static_cast<char*>(pages[i]) - base_) / page_);
        return found;
    }

private:
    std::size_t bytes() const noexcept { return kPages * page_; }

    std::size_t page_;
    char* base_ = nullptr;
    ww_tracker* tracker_ = nullptr;
    int error_ = 0;
};

} // namespace

SelfTest run_self_test() {
    const auto start = std::chrono::steady_clock::now();
    const Watched watched;
    SelfTest test;
    if (watched.error() != 0) {
        test.wrong = fmt::format("does not work: a few pages cannot be watched ({})",
                                 ::strerrorname_np(-watched.error()));
        return test;
    }
    const std::set<std::size_t> rounds[] = {{}, {2, 3, 9}, {3}, {}, {0, kPages - 1}};
    for (const std::set<std::size_t>& stored : rounds) {
        for (const std::size_t page : stored)
            watched.store(page);
        ++test.queries;
        const std::set<std::size_t> found = watched.collect();
        if (found != stored && test.wrong.empty())
            test.wrong = fmt::format("wrong: query {} found {} pages where {} were written",
                                     test.queries, found.size(), stored.size());
    }
    test.microseconds = std::chrono::duration_cast<std::chrono::microseconds>(
                            std::chrono::steady_clock::now() - start)
                            .count();
    return test;
}

} // namespace ww::command
