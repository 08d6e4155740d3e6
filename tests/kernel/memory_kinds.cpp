// SPDX-License-Identifier: MIT
#include "memory_kinds.h"

#include "huge_pool.h"
#include "need.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace {

bool map_over(char* base, std::size_t bytes, int flags, int file) {
    return ::mmap(base, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, file, 0) == base;
}

bool map_file(char* base, std::size_t bytes, int flags, int file) {
    const bool mapped = file >= 0 && ::ftruncate(file, static_cast<off_t>(bytes)) == 0 &&
                        map_over(base, bytes, flags, file);
    ::close(file);
    return mapped;
}

int disk_file() {
    char name[] = "/tmp/writewatch-test-XXXXXX";
    const int file = ::mkstemp(name);
    ::unlink(name);
    return file;
}

// Four huge pages for two kinds at a time, until the process ends.
bool map_huge_pages(char* base, std::size_t bytes, int flags) {
    static const HugePool pool{2 * kKindPages};
    return pool.enough() && map_over(base, bytes, flags | MAP_ANONYMOUS | MAP_HUGETLB, -1);
}

bool anonymous(char* base, std::size_t bytes) {
    return map_over(base, bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}
bool advised_huge(char* base, std::size_t bytes) {
    return anonymous(base, bytes) && ::madvise(base, bytes, MADV_HUGEPAGE) == 0;
}
bool shared_anonymous(char* base, std::size_t bytes) {
    return map_over(base, bytes, MAP_SHARED | MAP_ANONYMOUS, -1);
}
bool memfd(char* base, std::size_t bytes) {
    return map_file(base, bytes, MAP_SHARED, ::memfd_create("test", MFD_CLOEXEC));
}
bool private_memfd(char* base, std::size_t bytes) {
    return map_file(base, bytes, MAP_PRIVATE, ::memfd_create("test", MFD_CLOEXEC));
}
bool shared_file(char* base, std::size_t bytes) {
    return map_file(base, bytes, MAP_SHARED, disk_file());
}
bool private_file(char* base, std::size_t bytes) {
    return map_file(base, bytes, MAP_PRIVATE, disk_file());
}
// As the loader maps a library's data, with what is zero at first behind it.
bool data_segment(char* base, std::size_t bytes) {
    return anonymous(base, bytes) &&
           map_file(base, bytes / kPage / 2 * kPage, MAP_PRIVATE, disk_file());
}
bool hugetlb(char* base, std::size_t bytes) {
    return map_huge_pages(base, bytes, MAP_PRIVATE);
}
bool shared_hugetlb(char* base, std::size_t bytes) {
    return map_huge_pages(base, bytes, MAP_SHARED);
}

const TestedKind kKinds[] = {
    {.name = "private anonymous", .map = anonymous},
    {.name = "advised to be huge", .map = advised_huge, .alignment = kHugeBytes},
    {.name = "huge pages kept",
     .map = advised_huge,
     .alignment = kHugeBytes,
     .watch_flags = WW_WATCH_HUGE_PAGES},
    {.name = "shared anonymous", .map = shared_anonymous},
    {.name = "memfd", .map = memfd},
    {.name = "private memfd", .map = private_memfd},
    {.name = "shared file", .map = shared_file},
    {.name = "private file", .map = private_file},
    {.name = "data segment", .map = data_segment},
    {.name = "hugetlb", .map = hugetlb, .page_bytes = kHugeBytes, .alignment = kHugeBytes},
    {.name = "shared hugetlb",
     .map = shared_hugetlb,
     .page_bytes = kHugeBytes,
     .alignment = kHugeBytes},
};

bool can_be_had(const TestedKind& kind) {
    if (is_hugetlb(kind) && !is_served(can::watch_hugetlb)) {
        std::printf("%s: declared not to be so: %s\n", kind.name, can::watch_hugetlb.what);
        return false;
    }
    const Pages pages{kKindPages, kind.alignment, kind.page_bytes};
    if (kind.map(pages.at(0), pages.bytes()))
        return true;
    std::printf("skipped: %s memory cannot be had here\n", kind.name);
    return false;
}

} // namespace

const std::vector<TestedKind>& tested_kinds() {
    static const auto kinds = [] {
        std::vector<TestedKind> found;
        std::ranges::copy_if(kKinds, std::back_inserter(found), can_be_had);
        return found;
    }();
    return kinds;
}

const TestedKind& tested_kind(std::string_view name) {
    return *std::ranges::find(kKinds, name, &TestedKind::name);
}
