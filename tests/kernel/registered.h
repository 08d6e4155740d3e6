// SPDX-License-Identifier: MIT
// Memory registered for tracking with a userfaultfd of the test's own, as users
// of pagemap_scan.h do who have no tracker; and its state, by page numbers.
#pragma once

#include "pages.h"
#include "writewatch/pagemap_scan.h"

#include <cstdint>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <span>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

inline std::uint64_t address_of(const void* memory) {
    return reinterpret_cast<std::uintptr_t>(memory);
}

class Registration {
public:
    Registration() {
        constexpr int kUserModeOnly = 1;
        constexpr std::uint64_t kAsynchronous = 1 << 15;
        fd_ = static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly));
        REQUIRE(fd_ >= 0);
        uffdio_api api{};
        api.api = UFFD_API;
        api.features = kAsynchronous;
        REQUIRE(::ioctl(fd_, UFFDIO_API, &api) == 0);
    }
    ~Registration() { ::close(fd_); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

    void add(const void* memory, std::size_t bytes) const {
        uffdio_register request{};
        request.range = {address_of(memory), bytes};
        request.mode = UFFDIO_REGISTER_MODE_WP;
        REQUIRE(::ioctl(fd_, UFFDIO_REGISTER, &request) == 0);
    }

private:
    int fd_ = -1;
};

// Pages, registered. Without huge pages, which a kernel may give unasked: the first
// store would write 512 pages.
class Registered : public Pages {
public:
    explicit Registered(std::size_t count, std::size_t alignment = 0) : Pages(count, alignment) {
        ::madvise(at(0), bytes(), MADV_NOHUGEPAGE); // fails where there are none
        registration_.add(at(0), bytes());
    }
    const Registration& registration() const { return registration_; }

private:
    Registration registration_;
};

// Maps `count` pages of a memfd over the given place.
inline void map_shared(const Pages& pages, std::size_t first, std::size_t count) {
    const int file = ::memfd_create("test", MFD_CLOEXEC);
    REQUIRE(::ftruncate(file, static_cast<off_t>(count * kPage)) == 0);
    REQUIRE(::mmap(pages.at(first), count * kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                   file, 0) != MAP_FAILED);
    ::close(file);
}

// The kilobytes that a line of /proc/self/status gives.
inline long status_kb(std::string_view name) {
    char text[8192] = {};
    const int file = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    REQUIRE(::read(file, text, sizeof text - 1) > 0);
    ::close(file);
    const std::string_view status{text};
    return std::atol(text + status.find(name) + name.size());
}

// ---- The request of January 2023, with the usual values filled in ----

inline ww_v7_pagemap_scan_arg v7_request(const Pages& pages, std::span<ww_v7_page_region> out,
                                         std::uint32_t flags) {
    ww_v7_pagemap_scan_arg arg{};
    arg.start = address_of(pages.at(0));
    arg.len = pages.bytes();
    arg.vec = address_of(out.data());
    arg.vec_len = out.size();
    arg.flags = flags;
    arg.required_mask = WW_V7_PAGE_IS_WT;
    arg.return_mask = WW_V7_PAGE_IS_WT;
    return arg;
}

// The pages of the regions filled; their order and merging are checked.
inline PageSet pages_of(const Pages& pages, std::span<const ww_v7_page_region> regions) {
    PageSet found;
    const ww_v7_page_region* last = nullptr;
    for (const ww_v7_page_region& region : regions) {
        if (last != nullptr) {
            const std::uint64_t last_end = last->start + last->len * kPage;
            CHECK(region.start >= last_end);
            CHECK((region.start > last_end || region.bitmap != last->bitmap));
        }
        last = &region;
        for (std::uint64_t page = 0; page < region.len; ++page)
            found.insert(
                static_cast<std::size_t>((region.start - address_of(pages.at(0))) / kPage + page));
    }
    return found;
}

inline PageSet v7_scan(const Pages& pages, ww_v7_pagemap_scan_arg arg, int pid = 0) {
    std::vector<ww_v7_page_region> out(pages.count());
    arg.vec = address_of(out.data());
    arg.vec_len = out.size();
    const std::ptrdiff_t filled = ww_v7_pagemap_scan(pid, &arg);
    REQUIRE(filled >= 0);
    return pages_of(pages, std::span{out}.first(static_cast<std::size_t>(filled)));
}

inline PageSet v7_get(const Pages& pages, int pid = 0) {
    return v7_scan(pages, v7_request(pages, {}, 0), pid);
}
inline PageSet v7_get_and_clear(const Pages& pages, int pid = 0) {
    return v7_scan(pages, v7_request(pages, {}, WW_V7_PAGEMAP_WP_ENGAGE), pid);
}
inline std::ptrdiff_t v7_clear(const Pages& pages, int pid = 0) {
    ww_v7_pagemap_scan_arg arg{};
    arg.start = address_of(pages.at(0));
    arg.len = pages.bytes();
    arg.flags = WW_V7_PAGEMAP_WP_ENGAGE;
    return ww_v7_pagemap_scan(pid, &arg);
}

// ---- Today's ----

inline ww_pm_scan_arg today_request(const Pages& pages, std::span<ww_page_region> out,
                                    std::uint64_t flags) {
    ww_pm_scan_arg arg{};
    arg.size = sizeof arg;
    arg.flags = flags;
    arg.start = address_of(pages.at(0));
    arg.end = address_of(pages.at(pages.count()));
    arg.vec = address_of(out.data());
    arg.vec_len = out.size();
    arg.category_mask = WW_PAGE_IS_WRITTEN;
    arg.return_mask = WW_PAGE_IS_WRITTEN;
    return arg;
}

inline PageSet pages_of(const Pages& pages, std::span<const ww_page_region> regions) {
    PageSet found;
    for (const ww_page_region& region : regions) {
        for (std::uint64_t a = region.start; a < region.end; a += kPage)
            found.insert(static_cast<std::size_t>((a - address_of(pages.at(0))) / kPage));
    }
    return found;
}

inline PageSet today_scan(const Pages& pages, ww_pm_scan_arg arg, int pid = 0) {
    std::vector<ww_page_region> out(pages.count());
    arg.vec = address_of(out.data());
    arg.vec_len = out.size();
    const std::ptrdiff_t filled = ww_pagemap_scan(pid, &arg);
    REQUIRE(filled >= 0);
    CHECK(arg.walk_end == arg.end);
    return pages_of(pages, std::span{out}.first(static_cast<std::size_t>(filled)));
}

inline PageSet today_get(const Pages& pages, int pid = 0) {
    return today_scan(pages, today_request(pages, {}, 0), pid);
}
inline PageSet today_get_and_clear(const Pages& pages, int pid = 0) {
    return today_scan(pages, today_request(pages, {}, WW_PM_SCAN_WP_MATCHING), pid);
}
