// SPDX-License-Identifier: MIT
// The mappings of this process, asked for (before Linux 6.11 this is the same as
// the other way) and read as text.
#include "kernel/process_maps.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using ww::Range;
using ww::kernel::Device;
using ww::kernel::FileSystem;
using ww::kernel::FileSystems;
using ww::kernel::Process;
using ww::kernel::ProcessMapping;
using ww::kernel::ProcessMaps;
using ww::kernel::Result;

namespace {

const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

enum class Way { query, text };

struct Seen {
    ProcessMapping mapping;
    bool was_trackable;
};

// Fills what is given, for the list must not change while it is read.
void list(Way way, std::uintptr_t from, std::vector<Seen>& seen) {
    const Result<Process> process = Process::open(0);
    REQUIRE(process);
    ProcessMaps maps{*process, from};
    if (way == Way::text)
        maps.use_text();
    while (const ProcessMapping* mapping = maps.next()) {
        REQUIRE(seen.size() < seen.capacity());
        seen.push_back({*mapping, maps.was_trackable(*mapping)});
    }
    CHECK_FALSE(maps.error());
}

std::vector<Seen> room() {
    std::vector<Seen> seen;
    seen.reserve(4096);
    return seen;
}

Seen mapping_at(Way way, const void* memory) {
    std::vector<Seen> seen = room();
    list(way, reinterpret_cast<std::uintptr_t>(memory), seen);
    REQUIRE_FALSE(seen.empty());
    return seen.front();
}

// Not in a chroot, whose root is no mount: of its files the text says nothing that
// hugetlb's would not say.
bool root_is_listed() {
    const Result<Process> process = Process::open(0);
    REQUIRE(process);
    FileSystems file_systems{*process};
    const Seen code = mapping_at(Way::query, reinterpret_cast<const void*>(&::getpid));
    return file_systems.of(code.mapping.device) != FileSystem::unlisted;
}

void* map(int flags, int file = -1) {
    void* memory = ::mmap(nullptr, 4 * kPage, PROT_READ | PROT_WRITE, flags, file, 0);
    REQUIRE(memory != MAP_FAILED);
    return memory;
}

} // namespace

TEST_CASE("mappings: asking and reading give the same list") {
    std::vector<Seen> by_query = room();
    std::vector<Seen> by_text = room();
    list(Way::query, 0, by_query);
    list(Way::text, 0, by_text);
    REQUIRE(by_query.size() > 5);
    // The text may end with a page of the kernel's, outside of the process.
    REQUIRE(by_text.size() >= by_query.size());
    CHECK(by_text.size() <= by_query.size() + 1);
    for (std::size_t i = 0; i < by_query.size(); ++i) {
        const ProcessMapping& a = by_query[i].mapping;
        const ProcessMapping& b = by_text[i].mapping;
        CAPTURE(a.range.start);
        CHECK(a.range == b.range);
        CHECK(a.device == b.device);
        CHECK(a.has_file == b.has_file);
        CHECK(a.offset == b.offset);
        CHECK(a.inode == b.inode);
        CHECK(a.shared == b.shared);
        CHECK(a.special == b.special);
        if (!b.has_file || root_is_listed())
            CHECK(by_query[i].was_trackable == by_text[i].was_trackable);
    }
}

TEST_CASE("mappings: anonymous and shared memory could be tracked in 2023, files could not") {
    const int memfd = ::memfd_create("test", MFD_CLOEXEC);
    REQUIRE(::ftruncate(memfd, static_cast<off_t>(4 * kPage)) == 0);
    void* const anonymous = map(MAP_PRIVATE | MAP_ANONYMOUS);
    void* const shared = map(MAP_SHARED | MAP_ANONYMOUS);
    void* const in_memfd = map(MAP_PRIVATE, memfd);
    ::close(memfd);
    for (const Way way : {Way::query, Way::text}) {
        CHECK(mapping_at(way, anonymous).was_trackable);
        CHECK_FALSE(mapping_at(way, anonymous).mapping.has_file);
        CHECK(mapping_at(way, shared).was_trackable);
        CHECK(mapping_at(way, shared).mapping.has_file);
        CHECK(mapping_at(way, shared).mapping.shared);
        CHECK_FALSE(mapping_at(way, anonymous).mapping.shared);
        CHECK_FALSE(mapping_at(way, in_memfd).mapping.shared);
        CHECK(mapping_at(way, in_memfd).was_trackable);
        CHECK(mapping_at(way, in_memfd).mapping.page_bytes == kPage);
        if (way == Way::text && !root_is_listed())
            continue;
        const Seen code = mapping_at(way, reinterpret_cast<const void*>(&::getpid));
        CHECK_FALSE(code.was_trackable);
        CHECK(code.mapping.has_file);
        CHECK(code.mapping.page_bytes == kPage);
    }
    for (void* memory : {anonymous, shared, in_memfd})
        ::munmap(memory, 4 * kPage);
}

TEST_CASE("mappings: the kernel's own are special") {
    int special = 0;
    for (const Way way : {Way::query, Way::text}) {
        std::vector<Seen> all = room();
        list(way, 0, all);
        for (const Seen& seen : all) {
            special += seen.mapping.special;
            CHECK_FALSE((seen.mapping.special && seen.was_trackable));
        }
    }
    CHECK(special > 0);
}

TEST_CASE("mappings: hugetlb is told by its page size, or by what is not known of it") {
    const std::size_t bytes = 2 << 20;
    void* memory = ::mmap(nullptr, bytes, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        MESSAGE("skipped: no hugetlb memory can be mapped");
        return;
    }
    CHECK(mapping_at(Way::query, memory).mapping.page_bytes != kPage); // before 6.11 as text
    CHECK(mapping_at(Way::text, memory).mapping.page_bytes == 0);
    CHECK(mapping_at(Way::query, memory).was_trackable);
    CHECK(mapping_at(Way::text, memory).was_trackable);
    ::munmap(memory, bytes);
}

TEST_CASE("file systems: of a device that nothing is mounted from nothing is known") {
    const Result<Process> process = Process::open(0);
    REQUIRE(process);
    FileSystems file_systems{*process};
    CHECK(file_systems.of({4095, 4095}) == FileSystem::unlisted);
}

TEST_CASE("processes: one that does not exist is not found") {
    CHECK_FALSE(Process::open(0x7fffffff));
    CHECK_FALSE(Process::open(-1));
    CHECK(Process::open(static_cast<int>(::getpid())));
}
