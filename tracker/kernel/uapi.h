// SPDX-License-Identifier: MIT
// The kernel's interface as far as it is used here. Carried along because the
// headers of distributions in use (Debian 12: Linux 6.1) do not have it.
// Source: include/uapi/linux/{fs,userfaultfd}.h of Linux 6.7 and newer.
#pragma once

#include <cstdint>
#include <linux/ioctl.h>

namespace ww::kernel::uapi {

struct page_region {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t categories;
};

struct pm_scan_arg {
    std::uint64_t size;
    std::uint64_t flags;
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t walk_end;
    std::uint64_t vec;
    std::uint64_t vec_len;
    std::uint64_t max_pages;
    std::uint64_t category_inverted;
    std::uint64_t category_mask;
    std::uint64_t category_anyof_mask;
    std::uint64_t return_mask;
};

static_assert(sizeof(page_region) == 24);
static_assert(sizeof(pm_scan_arg) == 96);

inline constexpr std::uint64_t PAGE_IS_WPALLOWED = 1 << 0;
inline constexpr std::uint64_t PAGE_IS_WRITTEN = 1 << 1;
inline constexpr std::uint64_t PAGE_IS_FILE = 1 << 2;
inline constexpr std::uint64_t PAGE_IS_PRESENT = 1 << 3;
inline constexpr std::uint64_t PAGE_IS_SWAPPED = 1 << 4;
inline constexpr std::uint64_t PAGE_IS_PFNZERO = 1 << 5;

inline constexpr std::uint64_t PM_SCAN_WP_MATCHING = 1 << 0;
inline constexpr std::uint64_t PM_SCAN_CHECK_WPASYNC = 1 << 1;

inline constexpr unsigned long PAGEMAP_SCAN = _IOWR('f', 16, pm_scan_arg);

struct uffdio_api {
    std::uint64_t api;
    std::uint64_t features;
    std::uint64_t ioctls;
};

struct uffdio_range {
    std::uint64_t start;
    std::uint64_t len;
};

struct uffdio_register {
    uffdio_range range;
    std::uint64_t mode;
    std::uint64_t ioctls;
};

struct uffdio_writeprotect {
    uffdio_range range;
    std::uint64_t mode;
};

inline constexpr std::uint64_t UFFD_API = 0xAA;
inline constexpr int UFFD_USER_MODE_ONLY = 1;
inline constexpr std::uint64_t UFFD_FEATURE_WP_ASYNC = 1 << 15;
inline constexpr std::uint64_t UFFDIO_REGISTER_MODE_WP = 1 << 1;
inline constexpr std::uint64_t UFFDIO_WRITEPROTECT_MODE_WP = 1 << 0;
inline constexpr unsigned kZeropage = 0x04; // its bit among the ioctls of a range

inline constexpr unsigned long UFFDIO_API = _IOWR(0xAA, 0x3F, uffdio_api);
inline constexpr unsigned long UFFDIO_REGISTER = _IOWR(0xAA, 0x00, uffdio_register);
inline constexpr unsigned long UFFDIO_UNREGISTER = _IOR(0xAA, 0x01, uffdio_range);
inline constexpr unsigned long UFFDIO_WRITEPROTECT = _IOWR(0xAA, 0x06, uffdio_writeprotect);
inline constexpr unsigned long USERFAULTFD_IOC_NEW = _IO(0xAA, 0x00);

} // namespace ww::kernel::uapi
