// SPDX-License-Identifier: MIT
#include "kernel_calls.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bench {

namespace {

struct ScanArguments {
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
static_assert(sizeof(ScanArguments) == 96 && sizeof(Region) == 24);

constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArguments);
constexpr std::uint64_t kProtectMatching = 1;
constexpr std::uint64_t kWritten = 1 << 1;
constexpr std::uint64_t kPresent = 1 << 3;
constexpr std::uint64_t kSwapped = 1 << 4;
constexpr std::uint64_t kZeroPage = 1 << 5;
constexpr int kUserModeOnly = 1;
constexpr std::uint64_t kUnpopulated = 1 << 13;
constexpr std::uint64_t kAsynchronous = 1 << 15;

[[noreturn]] void fail(const char* what) {
    throw std::runtime_error{std::string{what} + ": " + std::strerror(errno)};
}

uffdio_range range_of(const Block& block) {
    return {reinterpret_cast<std::uintptr_t>(block.base), block.bytes};
}

} // namespace

WriteProtection::WriteProtection()
    : userfaultfd_(
          static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly))),
      pagemap_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {
    uffdio_api api{.api = UFFD_API, .features = kAsynchronous | kUnpopulated, .ioctls = 0};
    if (userfaultfd_ < 0 || ::ioctl(userfaultfd_, UFFDIO_API, &api) != 0)
        fail("userfaultfd");
    if (pagemap_ < 0)
        fail("pagemap");
}

WriteProtection::~WriteProtection() {
    ::close(userfaultfd_);
    ::close(pagemap_);
}

void WriteProtection::enroll(const Block& block) const {
    uffdio_register request{.range = range_of(block), .mode = UFFDIO_REGISTER_MODE_WP, .ioctls = 0};
    if (::ioctl(userfaultfd_, UFFDIO_REGISTER, &request) != 0)
        fail("UFFDIO_REGISTER");
}

void WriteProtection::dismiss(const Block& block) const {
    uffdio_range request = range_of(block);
    if (::ioctl(userfaultfd_, UFFDIO_UNREGISTER, &request) != 0)
        fail("UFFDIO_UNREGISTER");
}

void WriteProtection::arm(const Block& block) const {
    uffdio_writeprotect request{.range = range_of(block), .mode = UFFDIO_WRITEPROTECT_MODE_WP};
    if (::ioctl(userfaultfd_, UFFDIO_WRITEPROTECT, &request) != 0)
        fail("UFFDIO_WRITEPROTECT");
}

WriteProtection::Found WriteProtection::read(std::uint64_t start, std::uint64_t end, Mask mask,
                                             std::span<Region> out) const {
    return scan(0, start, end, mask, out);
}

WriteProtection::Found WriteProtection::take(std::uint64_t start, std::uint64_t end, Mask mask,
                                             std::span<Region> out) const {
    return scan(kProtectMatching, start, end, mask, out);
}

WriteProtection::Found WriteProtection::scan(std::uint64_t flags, std::uint64_t start,
                                             std::uint64_t end, Mask mask,
                                             std::span<Region> out) const {
    ScanArguments arguments{};
    arguments.size = sizeof arguments;
    arguments.flags = flags;
    arguments.start = start;
    arguments.end = end;
    arguments.vec = reinterpret_cast<std::uintptr_t>(out.data());
    arguments.vec_len = out.size();
    arguments.category_mask = kWritten;
    arguments.return_mask = kWritten;
    if (mask == Mask::precise) {
        arguments.category_mask |= kZeroPage;
        arguments.category_inverted = kZeroPage;
        arguments.category_anyof_mask = kPresent | kSwapped;
    }
    const int found = ::ioctl(pagemap_, kPagemapScan, &arguments);
    if (found < 0)
        fail("PAGEMAP_SCAN");
    return {static_cast<std::size_t>(found), arguments.walk_end};
}

} // namespace bench
