// SPDX-License-Identifier: MIT
// Watching by mprotect in a child: the handler of SIGSEGV is installed once in a
// process, so each case is played in one that has none yet. No doctest macros
// there.
#pragma once

#include "need.h"
#include "pages.h"

#include <cstddef>
#include <cstdio>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

// Sanitizers have mappings of their own, and must have room for them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kHasMappingsOfItsOwn = true;
#else
inline constexpr bool kHasMappingsOfItsOwn = false;
#endif

// A body gives the number of the line that is wrong, or 0.
#define EXPECT(condition)                                                                          \
    if (!(condition))                                                                              \
    return __LINE__

// The exit status of a child that plays the body, or minus the signal that ended
// it. An exit status has 8 bits; which line it was is printed.
template<class Body>
int in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
        const int line = body();
        if (line != 0)
            std::fprintf(stderr, "line %d\n", line);
        ::_exit(line != 0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

class Memory {
public:
    explicit Memory(std::size_t count, int protection = PROT_READ | PROT_WRITE) : count_(count) {
        base_ = static_cast<char*>(
            ::mmap(nullptr, bytes(), protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    }
    int watch() {
        const int error = ww_tracker_create_with(&tracker_, WW_BACKEND_MPROTECT);
        return error != 0 ? error : ww_watch(tracker_, base_, bytes(), 0);
    }

    char* at(std::size_t page) const { return base_ + page * kPage; }
    volatile char& byte(std::size_t page) const { return *static_cast<volatile char*>(at(page)); }
    std::size_t bytes() const { return count_ * kPage; }
    ww_tracker* tracker() const { return tracker_; }
    bool protect(std::size_t page, int protection) const {
        return ::mprotect(at(page), kPage, protection) == 0;
    }
    PageSet collect(unsigned flags = 0) const {
        std::vector<void*> out(count_);
        const std::ptrdiff_t found =
            ww_collect_pages(tracker_, base_, bytes(), flags, out.data(), out.size(), nullptr);
        PageSet pages;
        for (std::ptrdiff_t i = 0; i < found; ++i)
            pages.insert(static_cast<std::size_t>(
                             static_cast<char*>(out[static_cast<std::size_t>(i)]) - base_) /
                         kPage);
        return found < 0 ? PageSet{~std::size_t{0}} : pages;
    }
    ww_counters counters() const {
        ww_counters counters;
        ww_tracker_counters(tracker_, &counters, sizeof counters);
        return counters;
    }

private:
    std::size_t count_;
    char* base_;
    ww_tracker* tracker_ = nullptr;
};
