// SPDX-License-Identifier: MIT
// One piece of shared memory, mapped at several addresses.
#include "aliases.h"

#include "need.h"
#include "storm.h"
#include "writewatch/generations.h"

#include <array>
#include <cerrno>
#include <sys/wait.h>

namespace {

constexpr std::size_t kPages = 64;

// The whole object twice, and its middle once.
struct Mirrors {
    TrackerPtr tracker = make_tracker();
    SharedObject object{kPages};
    View whole{object, 0, kPages};
    View mirror{object, 0, kPages};
    View middle{object, 20, 10};
    Group group{tracker.get(), kPages};

    Mirrors() {
        for (const View* view : {&whole, &mirror, &middle})
            REQUIRE(group.add(*view) == 0);
    }
};

} // namespace

TEST_CASE("aliases: what is written through any view is reported once, by its offset") {
    const Mirrors m;
    m.whole.store(3);
    m.mirror.store(3);
    m.mirror.store(22);
    m.middle.store(22);
    m.middle.store(29);
    const std::uint64_t mark = m.group.advance();
    CHECK(m.group.since(0) == PageSet{3, 22, 29});
    CHECK(m.group.since(mark).empty());
    m.whole.store(22);
    m.group.advance();
    CHECK(m.group.since(mark) == PageSet{22});
}

TEST_CASE("aliases: nothing is reported for what is only read, or was written before") {
    const TrackerPtr tracker = make_tracker();
    const SharedObject object{kPages};
    const View one{object, 0, kPages};
    const View two{object, 0, kPages};
    one.store(5);
    const Group group{tracker.get(), kPages};
    REQUIRE(group.add(one) == 0);
    REQUIRE(group.add(two) == 0);
    for (std::size_t page = 0; page < kPages; ++page)
        static_cast<void>(*static_cast<volatile char*>(two.at(page)));
    group.advance();
    CHECK(group.since(0).empty());
}

TEST_CASE("aliases: by address, in the view that is asked for and its part of the object") {
    const Mirrors m;
    m.whole.store(3);
    m.mirror.store(21);
    m.whole.store(22);
    m.group.advance();
    CHECK(m.group.seen_in(m.whole, 0) == PageSet{3, 21, 22});
    CHECK(m.group.seen_in(m.mirror, 0) == PageSet{3, 21, 22});
    CHECK(m.group.seen_in(m.middle, 0) == PageSet{21, 22});
    std::array<ww_range, 2> out{};
    void* resume = nullptr;
    CHECK(ww_aliases_view_ranges_since(m.group.get(), m.middle.at(22), 3 * kPage, 0, out.data(), 2,
                                       &resume) == 1);
    CHECK(out[0].base == m.middle.at(22));
    CHECK(out[0].bytes == kPage);
    CHECK(resume == m.middle.at(25));
    CHECK(ww_aliases_view_ranges_since(m.group.get(), m.middle.at(25), 6 * kPage, 0, out.data(), 2,
                                       &resume) == -ENOENT);
    CHECK(resume == m.middle.at(25));
}

TEST_CASE("aliases: all forms by offset agree, and go on where capacity ended") {
    const Mirrors m;
    for (const std::size_t page : PageSet{1, 2, 9, 40})
        m.mirror.store(page);
    m.group.advance();
    std::array<ww_object_range, 2> out{};
    std::size_t resume = 0;
    CHECK(ww_aliases_ranges_since(m.group.get(), 0, kPages * kPage, 0, out.data(), 2, &resume) ==
          2);
    CHECK(out[0].offset == kPage);
    CHECK(out[0].bytes == 2 * kPage);
    CHECK(out[1].offset == 9 * kPage);
    CHECK(resume == 10 * kPage);
    m.whole.store(41); // does not disturb what is still to come
    CHECK(ww_aliases_ranges_since(m.group.get(), resume, kPages * kPage - resume, 0, out.data(), 2,
                                  &resume) == 1);
    CHECK(out[0].offset == 40 * kPage);
    CHECK(resume == kPages * kPage);
    std::uint64_t word = 0;
    CHECK(ww_aliases_bitmap_since(m.group.get(), kPage, 50 * kPage, 0, &word, 1, &resume) == 4);
    CHECK(word == (std::uint64_t{0b100000011} | std::uint64_t{1} << 39));
    CHECK(ww_aliases_count_since(m.group.get(), 0, kPages * kPage, 0, 3, &resume) == 3);
    CHECK(resume == 10 * kPage);
}

TEST_CASE("aliases: a view may be a part of a mapping, or of several side by side") {
    const TrackerPtr tracker = make_tracker();
    const SharedObject object{kPages};
    const View mapping{object, 0, kPages};
    REQUIRE(::mprotect(mapping.at(30), kPage, PROT_READ) == 0); // makes three of it
    const Group group{tracker.get(), kPages};
    REQUIRE(ww_aliases_add(group.get(), mapping.at(10), 40 * kPage) == 0);
    mapping.store(5);
    mapping.store(12);
    mapping.store(49);
    mapping.store(50);
    group.advance();
    CHECK(group.since(0) == PageSet{12, 49});
}

TEST_CASE("aliases: a part of the object is advanced in all views, the rest is for later") {
    const Mirrors m;
    m.whole.store(3);
    m.middle.store(25);
    m.mirror.store(26);
    m.group.advance(20, 6);
    CHECK(m.group.since(0) == PageSet{25});
    m.group.advance();
    CHECK(m.group.since(0) == PageSet{3, 25, 26});
}

TEST_CASE("aliases: a removed view keeps what was written, is seen no more, and can come back") {
    const Mirrors m;
    m.mirror.store(7);
    CHECK(m.group.remove(m.mirror) == 0);
    CHECK(ww_find(m.tracker.get(), m.mirror.base(), m.mirror.bytes(), nullptr) == 0);
    CHECK(m.group.since(0) == PageSet{7});
    m.mirror.store(8);
    const std::uint64_t mark = m.group.advance();
    CHECK(m.group.since(0) == PageSet{7});
    CHECK(m.group.remove(m.mirror) == -ENOENT);
    CHECK(m.group.add(m.mirror) == 0);
    m.mirror.store(9);
    m.group.advance();
    CHECK(m.group.since(mark) == PageSet{9});
}

TEST_CASE("aliases: a forgotten view can be unmapped, the others go on") {
    const Mirrors m;
    {
        const View passing{m.object, 30, 10};
        CHECK(m.group.add(passing) == 0);
        passing.store(33);
        CHECK(ww_aliases_forget(m.group.get(), passing.base(), passing.bytes()) == 0);
    }
    m.whole.store(1);
    m.group.advance();
    CHECK(m.group.since(0) == PageSet{1, 33});
}

TEST_CASE("aliases: what is no view of the object is refused, each for its reason") {
    const Mirrors m;
    const SharedObject other{kPages};
    const View foreign{other, 0, kPages};
    CHECK(m.group.add(foreign) == -EXDEV);
    const View copy{m.object, 0, 4, MAP_PRIVATE};
    CHECK(m.group.add(copy) == -EOPNOTSUPP);
    const Pages anonymous{4};
    CHECK(ww_aliases_add(m.group.get(), anonymous.at(0), anonymous.bytes()) == -EOPNOTSUPP);
    CHECK(m.group.add(m.mirror) == -EEXIST);
    const View jumping{m.object, 0, 4};
    REQUIRE(::mmap(jumping.at(2), 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                   m.object.fd(), static_cast<off_t>(8 * kPage)) == jumping.at(2));
    CHECK(m.group.add(jumping) == -EINVAL);
    CHECK(ww_aliases_add(m.group.get(), jumping.base(), 2 * kPage) == 0);
    CHECK(ww_aliases_add(m.group.get(), jumping.at(2), 2 * kPage) == 0);
    jumping.store(3);
    m.group.advance();
    CHECK(m.group.since(0) == PageSet{9});

    const Group small{m.tracker.get(), 8};
    const View behind{m.object, 5, 4};
    CHECK(small.add(behind) == -ERANGE);
    CHECK(ww_find(m.tracker.get(), behind.base(), behind.bytes(), nullptr) == 0);
}

TEST_CASE("aliases: watched memory, and memory with generations, cannot become a view") {
    const TrackerPtr tracker = make_tracker();
    const SharedObject object{kPages};
    const View view{object, 0, kPages};
    const Group group{tracker.get(), kPages};
    REQUIRE(ww_watch(tracker.get(), view.base(), view.bytes(), 0) == 0);
    CHECK(group.add(view) == -EEXIST);
    ww_generations* generations = nullptr;
    REQUIRE(ww_generations_create(tracker.get(), view.base(), view.bytes(), &generations) == 0);
    REQUIRE(ww_unwatch(tracker.get(), view.base(), view.bytes()) == 0);
    CHECK(group.add(view) == -EBUSY);
    CHECK(ww_find(tracker.get(), view.base(), view.bytes(), nullptr) == 0);
    ww_generations_destroy(generations);
    CHECK(group.add(view) == 0);
}

TEST_CASE("aliases: nobody else can reset a view, as long as the group lives") {
    Mirrors m;
    m.whole.store(2);
    CHECK(ww_reset(m.tracker.get(), m.whole.base(), m.whole.bytes()) == -EBUSY);
    m.group.advance();
    CHECK(m.group.since(0) == PageSet{2});
    m.group.end();
    CHECK(ww_find(m.tracker.get(), m.whole.base(), kPage, nullptr) == 0);
    CHECK(ww_watch(m.tracker.get(), m.whole.base(), m.whole.bytes(), 0) == 0);
    CHECK(ww_reset(m.tracker.get(), m.whole.base(), m.whole.bytes()) == 0);
}

TEST_CASE("aliases: read(2) into a view is seen, pwrite(2) to the object is not, as declared") {
    NEED(can::kernel_writes);
    const Mirrors m;
    const SharedObject source{2};
    REQUIRE(::read(source.fd(), m.mirror.at(12), 2 * kPage) ==
            static_cast<ssize_t>(2 * kPage));
    const char byte = 1;
    REQUIRE(::pwrite(m.object.fd(), &byte, 1, static_cast<off_t>(30 * kPage)) == 1);
    m.group.advance();
    CHECK(m.group.since(0) == PageSet{12, 13});
}

TEST_CASE("aliases: anonymous shared memory has views, too") {
    const TrackerPtr tracker = make_tracker();
    void* one = ::mmap(nullptr, 8 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(one != MAP_FAILED);
    void* two = ::mremap(one, 0, 8 * kPage, MREMAP_MAYMOVE); // a second mapping
    REQUIRE(two != MAP_FAILED);
    {
        const Group group{tracker.get(), 8};
        REQUIRE(ww_aliases_add(group.get(), one, 8 * kPage) == 0);
        REQUIRE(ww_aliases_add(group.get(), two, 8 * kPage) == 0);
        static_cast<char*>(one)[1 * kPage] = 1;
        static_cast<char*>(two)[5 * kPage] = 1;
        group.advance();
        CHECK(group.since(0) == PageSet{1, 5});
    }
    ::munmap(one, 8 * kPage);
    ::munmap(two, 8 * kPage);
}

TEST_CASE("aliases: a view whose watch ended otherwise is told, and can be removed") {
    const Mirrors m;
    REQUIRE(ww_unwatch(m.tracker.get(), m.middle.base(), m.middle.bytes()) == 0);
    std::uint64_t mark = 77;
    CHECK(ww_aliases_advance(m.group.get(), 0, kPages * kPage, &mark) == -ENOENT);
    CHECK(mark == 77);
    CHECK(m.group.remove(m.middle) == 0);
    m.whole.store(22);
    m.group.advance();
    CHECK(m.group.since(0) == PageSet{22});
}

TEST_CASE("aliases: bad ranges are refused, outputs untouched") {
    const Mirrors m;
    std::uint64_t mark = 77;
    CHECK(ww_aliases_advance(m.group.get(), 0, (kPages + 1) * kPage, &mark) == -ENOENT);
    CHECK(ww_aliases_advance(m.group.get(), 1, kPage, &mark) == -EINVAL);
    CHECK(ww_aliases_advance(m.group.get(), 0, 0, &mark) == -EINVAL);
    CHECK(mark == 77);
    CHECK(ww_aliases_add(m.group.get(), m.whole.base() + 1, kPage) == -EINVAL);
    ww_aliases* none = nullptr;
    CHECK(ww_aliases_create(m.tracker.get(), 0, &none) == -EINVAL);
    CHECK(ww_aliases_create(m.tracker.get(), kPage + 1, &none) == -EINVAL);
    CHECK(none == nullptr);
    std::size_t resume = 5;
    CHECK(ww_aliases_count_since(m.group.get(), kPages * kPage, kPage, 0, 1, &resume) == -ENOENT);
    CHECK(resume == 5);
    ww_aliases_destroy(nullptr);
}

TEST_CASE("aliases: a forked child has none, and can free its copy") {
    Mirrors m;
    m.whole.store(4);
    const pid_t child = ::fork();
    if (child == 0) {
        std::uint64_t mark = 0;
        const bool refused =
            ww_aliases_advance(m.group.get(), 0, kPage, &mark) == -ENOSYS &&
            ww_aliases_remove(m.group.get(), m.whole.base(), m.whole.bytes()) == -ENOSYS;
        ww_aliases_destroy(m.group.get());
        ::_exit(refused ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    m.group.advance();
    CHECK(m.group.since(0) == PageSet{4});
}

TEST_CASE("aliases: storms of stores through three views, no write is lost") {
    const Mirrors m;
    const Pages shadow{kPages};
    std::vector<char*> addresses;
    for (const View* view : {&m.whole, &m.mirror, &m.middle})
        for (std::size_t page = view->first(); page < view->end(); ++page)
            addresses.push_back(view->at(page));
    std::uint64_t mark = 0;
    const auto collect = [&] {
        const std::uint64_t now = m.group.advance();
        for (const std::size_t page : m.group.since(mark))
            copy_while_written(shadow.at(page), m.mirror.at(page), kPage);
        mark = now;
    };
    Storm storm{addresses, kPage};
    int lost = 0;
    for (int epoch = 0; epoch < 400; ++epoch) {
        storm.start();
        for (int i = 0; i < 4; ++i)
            collect();
        storm.pause();
        collect();
        lost += std::memcmp(shadow.at(0), m.whole.base(), m.whole.bytes()) != 0;
    }
    CHECK(lost == 0);
}
