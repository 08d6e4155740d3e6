// SPDX-License-Identifier: MIT
// Several readers of one watch.
#include "generations.h"

#include "storm.h"

#include <array>
#include <cerrno>
#include <sys/wait.h>

TEST_CASE("generations: two readers each get every write, at their own pace") {
    const Generations pages{100};
    pages.store(3);
    const std::uint64_t quick = pages.advance();
    CHECK(pages.since(0) == PageSet{3});
    pages.store(7);
    const std::uint64_t quick_again = pages.advance();
    CHECK(pages.since(quick) == PageSet{7});
    CHECK(pages.since(quick_again).empty());
    CHECK(pages.since(0) == PageSet{3, 7});
}

TEST_CASE("generations: what was written before they were made belongs to the first") {
    const Watched pages{10};
    pages.store(4);
    ww_generations* generations = nullptr;
    REQUIRE(ww_generations_create(pages.tracker(), pages.at(0), pages.bytes(), &generations) == 0);
    std::uint64_t mark = 0;
    CHECK(ww_generations_advance(generations, pages.at(0), pages.bytes(), &mark) == 0);
    CHECK(ww_count_written_since(generations, pages.at(0), pages.bytes(), 0, SIZE_MAX, nullptr) ==
          1);
    ww_generations_destroy(generations);
}

TEST_CASE("generations: a question takes nothing, and can be repeated") {
    const Generations pages{10};
    pages.store(4);
    pages.advance();
    pages.store(5);
    CHECK(pages.since(0) == PageSet{4});
    CHECK(pages.since(0) == PageSet{4});
    pages.advance();
    CHECK(pages.since(0) == PageSet{4, 5});
}

TEST_CASE("generations: another reader's advance between two parts of an answer loses nothing") {
    const Generations pages{10};
    for (const std::size_t page : PageSet{1, 5, 8})
        pages.store(page);
    const std::uint64_t now = pages.advance();
    std::array<void*, 1> out{};
    void* resume = nullptr;
    CHECK(ww_collect_pages_since(pages.get(), pages.at(0), pages.bytes(), 0, out.data(), 1,
                                 &resume) == 1);
    CHECK(out[0] == pages.at(1));
    CHECK(resume == pages.at(2));
    pages.store(0);
    pages.store(5);
    pages.advance();
    CHECK(ww_collect_pages_since(pages.get(), resume, 8 * kPage, 0, out.data(), 1, &resume) == 1);
    CHECK(out[0] == pages.at(5));
    CHECK(ww_collect_pages_since(pages.get(), resume, 4 * kPage, 0, out.data(), 1, &resume) == 1);
    CHECK(out[0] == pages.at(8));
    CHECK(pages.since(now) == PageSet{0, 5});
}

TEST_CASE("generations: all forms of a question agree, with and without room") {
    const Generations pages{3000};
    for (std::size_t page = 0; page < pages.count(); page += 3) {
        pages.store(page);
        pages.store(page + 1);
    }
    pages.advance();
    const std::size_t runs = pages.count() / 3;
    std::vector<ww_range> ranges(runs + 1);
    void* resume = nullptr;
    CHECK(ww_collect_ranges_since(pages.get(), pages.at(0), pages.bytes(), 0, ranges.data(), 7,
                                  &resume) == 7);
    CHECK(resume == pages.at(20));
    REQUIRE(ww_collect_ranges_since(pages.get(), pages.at(0), pages.bytes(), 0, ranges.data(),
                                    ranges.size(), &resume) == static_cast<std::ptrdiff_t>(runs));
    CHECK(resume == pages.at(pages.count()));
    CHECK(ranges[5].base == pages.at(15));
    CHECK(ranges[5].bytes == 2 * kPage);
    std::array<std::uint64_t, 2> words{};
    CHECK(ww_collect_bitmap_since(pages.get(), pages.at(0), pages.bytes(), 0, words.data(), 2,
                                  &resume) == 86);
    CHECK(resume == pages.at(128));
    CHECK((words[0] & 0x3f) == 0b011011);
    CHECK(ww_count_written_since(pages.get(), pages.at(0), pages.bytes(), 0, 5, &resume) == 5);
    CHECK(resume == pages.at(7));
    CHECK(ww_any_written_since(pages.get(), pages.at(2), kPage, 0) == 0);
    CHECK(ww_any_written_since(pages.get(), pages.at(2), 2 * kPage, 0) == 1);
}

TEST_CASE("generations: a part that is advanced leaves the rest for later") {
    const Generations pages{100};
    pages.store(10);
    pages.store(90);
    const std::uint64_t mark = pages.advance(0, 50);
    CHECK(pages.since(0) == PageSet{10});
    pages.advance();
    CHECK(pages.since(0) == PageSet{10, 90});
    CHECK(pages.since(mark) == PageSet{90});
}

TEST_CASE("generations: nobody else can reset their pages, as long as they live") {
    Generations pages{10};
    pages.store(4);
    void* out = nullptr;
    void* resume = nullptr;
    CHECK(ww_collect_pages(pages.tracker(), pages.at(0), pages.bytes(), WW_RESET, &out, 1,
                           &resume) == -EBUSY);
    CHECK(ww_reset(pages.tracker(), pages.at(3), kPage) == -EBUSY);
    CHECK(out == nullptr);
    CHECK(resume == nullptr);
    CHECK(pages.written() == PageSet{4}); // merely looking is nobody's loss
    pages.advance();
    CHECK(pages.since(0) == PageSet{4});
    pages.store(5);
    pages.end();
    CHECK(pages.written_and_reset() == PageSet{5});
}

TEST_CASE("generations: of two over the same pages the second is refused") {
    Generations pages{10};
    ww_generations* second = nullptr;
    CHECK(ww_generations_create(pages.tracker(), pages.at(9), kPage, &second) == -EBUSY);
    CHECK(second == nullptr);
    pages.end();
    CHECK(ww_generations_create(pages.tracker(), pages.at(9), kPage, &second) == 0);
    ww_generations_destroy(second);
}

TEST_CASE("generations: bad ranges are refused, outputs untouched") {
    const Generations pages{10};
    pages.store(4);
    std::uint64_t mark = 77;
    CHECK(ww_generations_advance(pages.get(), pages.at(0), pages.bytes() + kPage, &mark) ==
          -ENOENT);
    CHECK(ww_generations_advance(pages.get(), pages.at(0) + 1, kPage, &mark) == -EINVAL);
    CHECK(ww_generations_advance(pages.get(), pages.at(0), 0, &mark) == -EINVAL);
    CHECK(mark == 77);
    void* resume = &mark;
    CHECK(ww_collect_pages_since(pages.get(), pages.at(9), 2 * kPage, 0, nullptr, 0, &resume) ==
          -ENOENT);
    CHECK(resume == &mark);
    const Pages unwatched{4};
    ww_generations* none = nullptr;
    CHECK(ww_generations_create(pages.tracker(), unwatched.at(0), unwatched.bytes(), &none) ==
          -ENOENT);
    CHECK(none == nullptr);
    ww_generations_destroy(nullptr);
}

TEST_CASE("generations: when the watch has ended, what was taken can still be asked for") {
    const Generations pages{10};
    pages.store(4);
    pages.advance();
    REQUIRE(ww_unwatch(pages.tracker(), pages.at(0), pages.bytes()) == 0);
    std::uint64_t mark = 77;
    CHECK(ww_generations_advance(pages.get(), pages.at(0), pages.bytes(), &mark) == -ENOENT);
    CHECK(mark == 77);
    CHECK(pages.since(0) == PageSet{4});
}

TEST_CASE("generations: a forked child has none, and can free its copy") {
    Generations pages{10};
    pages.store(4);
    const pid_t child = ::fork();
    if (child == 0) {
        std::uint64_t mark = 0;
        const bool refused = ww_generations_advance(pages.get(), pages.at(0), pages.bytes(),
                                                    &mark) == -ENOSYS &&
                             ww_any_written_since(pages.get(), pages.at(0), kPage, 0) == -ENOSYS;
        ww_generations_destroy(pages.get());
        ::_exit(refused ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    pages.advance();
    CHECK(pages.since(0) == PageSet{4});
}

TEST_CASE("generations: asking 256 GiB of which one page was written costs no memory") {
    constexpr std::size_t kMany = (sizeof(void*) == 8 ? std::size_t{1} << 38 : 1U << 29) / 4096;
    const Generations pages{kMany};
    pages.store(kMany / 3);
    pages.advance();
    void* out[2];
    CHECK(ww_collect_pages_since(pages.get(), pages.at(0), pages.bytes(), 0, out, 2, nullptr) == 1);
    CHECK(out[0] == pages.at(kMany / 3));
}

// Three readers collect at the same time while two threads store, each with a
// shadow of its own.
TEST_CASE("generations: storms of stores, no write is lost to any of three readers") {
    constexpr std::size_t kPages = 256;
    constexpr int kEpochs = 300;
    const Generations memory{kPages};
    std::vector<char*> addresses;
    for (std::size_t page = 0; page < kPages; ++page)
        addresses.push_back(memory.at(page));

    struct Reader {
        Pages shadow{kPages};
        std::uint64_t mark = 0;
        int failures = 0;
        void read(const Generations& from, std::size_t room) {
            std::uint64_t now = 0;
            failures += ww_generations_advance(from.get(), from.at(0), from.bytes(), &now) != 0;
            std::vector<void*> out(room);
            for (void* next = from.at(0); next != from.at(kPages);) {
                const auto rest =
                    static_cast<std::size_t>(from.at(kPages) - static_cast<char*>(next));
                const std::ptrdiff_t found = ww_collect_pages_since(from.get(), next, rest, mark,
                                                                    out.data(), room, &next);
                failures += found < 0;
                for (std::ptrdiff_t i = 0; i < found; ++i) {
                    auto* page = static_cast<char*>(out[static_cast<std::size_t>(i)]);
                    copy_while_written(shadow.at(from.page_of(page)), page, kPage);
                }
            }
            mark = now;
        }
    };
    std::array<Reader, 3> readers;
    Storm storm{addresses, kPage};
    int lost = 0;
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
        const auto all_read = [&](int rounds) {
            std::vector<std::thread> threads;
            for (std::size_t i = 0; i < readers.size(); ++i) {
                threads.emplace_back([&, i] {
                    for (int round = 0; round < rounds; ++round)
                        readers[i].read(memory, i == 0 ? kPages : 3 * i + 2);
                });
            }
            for (std::thread& thread : threads)
                thread.join();
        };
        storm.start();
        all_read(4);
        storm.pause();
        all_read(1);
        for (const Reader& reader : readers)
            lost += std::memcmp(reader.shadow.at(0), memory.at(0), memory.bytes()) != 0;
    }
    CHECK(lost == 0);
    for (const Reader& reader : readers)
        CHECK(reader.failures == 0);
}
