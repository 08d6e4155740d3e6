// SPDX-License-Identifier: MIT
// A program that knows nothing of writewatch but what it finds at run time. Says
// what is wrong with the malloc family that it was started with, by its exit
// status and a line for each.
#include "writewatch/malloc.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" {
[[gnu::weak]] ww_tracker* ww_malloc_tracker() noexcept;
[[gnu::weak]] std::size_t ww_malloc_ranges(ww_range* ranges, std::size_t capacity) noexcept;
[[gnu::weak]] std::ptrdiff_t ww_count_written(ww_tracker* tracker, const void* base,
                                              std::size_t bytes, unsigned flags,
                                              std::size_t page_limit, void** resume) noexcept;
}

namespace {

int failures = 0;
volatile int in_data_segment = 1;

void check(bool right, const char* what) {
    if (!right)
        std::printf("wrong: %s\n", what);
    failures += !right;
}

bool in_heap(const void* block) {
    ww_range heap{};
    ww_malloc_ranges(&heap, 1);
    return reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(heap.base) <
           heap.bytes;
}

bool aligned(const void* block, std::size_t alignment) {
    return block != nullptr && reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

// The compiler must not see that blocks are not used.
template<class T>
T* used(T* block) {
    asm volatile("" : "+r"(block) : : "memory");
    return block;
}

struct BeforeMain {
    void* block = used(std::malloc(100));
    ~BeforeMain() { std::free(used(block)); }
} before_main;

void check_family() {
    char* block = static_cast<char*>(used(std::malloc(1000)));
    check(in_heap(block), "malloc'd memory lies in the heap");
    check(in_heap(before_main.block), "what was allocated before main() lies in the heap");
    check(malloc_usable_size(block) >= 1000, "usable size");
    const auto before = reinterpret_cast<std::uintptr_t>(block);
    block = static_cast<char*>(used(std::realloc(block, malloc_usable_size(block))));
    check(reinterpret_cast<std::uintptr_t>(block) == before, "realloc in place");
    std::strcpy(block, "kept");
    block = static_cast<char*>(std::realloc(block, 1 << 20));
    check(std::string(block) == "kept", "realloc keeps the contents");
    errno = 77;
    std::free(block);
    check(errno == 77, "free keeps errno");
    std::free(nullptr);
    check(used(std::malloc(0)) != nullptr, "malloc(0)");
    const char* zeros = static_cast<char*>(used(std::calloc(1000, 100)));
    check(std::string(zeros, 100'000) == std::string(100'000, '\0'), "calloc");
    std::size_t volatile most = SIZE_MAX / 2;
    check(used(std::calloc(most, 3)) == nullptr && errno == ENOMEM, "calloc overflow");
    check(used(std::malloc(most)) == nullptr && errno == ENOMEM, "malloc of too much");
    check(used(reallocarray(nullptr, most, 3)) == nullptr && errno == ENOMEM,
          "reallocarray overflow");
    check(aligned(used(std::aligned_alloc(256, 512)), 256), "aligned_alloc");
    check(aligned(used(memalign(64, 100)), 64), "memalign");
    check(aligned(used(valloc(100)), 4096), "valloc");
    check(aligned(used(pvalloc(100)), 4096), "pvalloc");
    void* out = nullptr;
    check(posix_memalign(&out, 1024, 100) == 0 && aligned(out, 1024), "posix_memalign");
    check(posix_memalign(&out, 3, 100) == EINVAL, "posix_memalign of a bad alignment");
    check(in_heap(used(strdup("text"))), "strdup");
    check(in_heap(used(new int{1})), "new");
    struct alignas(512) Wide {
        char bytes[512];
    };
    check(aligned(used(new Wide), 512), "aligned new");
    check(in_heap(used(std::malloc(std::size_t{1} << 30))), "a GiB at once");
}

void check_threads() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([] {
            std::vector<std::string> strings;
            for (int j = 0; j < 20'000; ++j)
                strings.emplace_back(static_cast<std::size_t>(j % 300), 'x');
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

void check_fork() {
    const pid_t child = ::fork();
    if (child == 0) {
        std::string text(100'000, 'y');
        for (int i = 0; i < 100; ++i)
            text += std::string(1000, 'z');
        ::_exit(text.size() == 200'000 ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    check(status == 0, "a forked child allocates");
}

void check_watching() {
    ww_tracker* tracker = ww_malloc_tracker();
    ww_range ranges[8];
    const std::size_t count = ww_malloc_ranges(ranges, 8);
    check(tracker != nullptr, "there is a tracker");
    check(count > 1, "the data segments named by the environment are watched");
    auto* block = static_cast<char*>(used(std::malloc(1 << 20)));
    std::memset(block, 1, 1 << 20);
    const auto written = [&](std::size_t i) {
        return ww_count_written(tracker, ranges[i].base, ranges[i].bytes, WW_RESET, SIZE_MAX / 2,
                                nullptr);
    };
    check(written(0) > 256, "writes to the heap are found");
    const std::ptrdiff_t quiet = written(0);
    check(quiet >= 0 && quiet < 4, "and are reported once");
    block[4096 * 3] = 2;
    check(written(0) >= 1, "one store is found");
    std::ptrdiff_t in_data = 0;
    for (std::size_t i = 1; i < count && i < 8; ++i)
        in_data += written(i);
    in_data_segment = 2;
    in_data = 0;
    for (std::size_t i = 1; i < count && i < 8; ++i)
        in_data += written(i);
    check(in_data >= 1, "a store to the program's data segment is found");
}

void after_exit() {
    std::free(used(std::malloc(10)));
}

} // namespace

int main() {
    if (ww_malloc_tracker == nullptr) {
        std::puts("wrong: not preloaded");
        return EXIT_FAILURE;
    }
    std::atexit(after_exit);
    check_family();
    check_threads();
    check_fork();
    check_watching();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
