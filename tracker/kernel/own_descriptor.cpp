// SPDX-License-Identifier: MIT
#include "kernel/own_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// The kernel hands out low numbers first: a high one is not soon somebody
// else's, and loops over the first few hundred do not reach it. Below the usual
// limit of 1,024; where that is lower still the number stays as it is.
UniqueFd at_high_number(UniqueFd file) noexcept {
    constexpr int kHigh = 960;
    UniqueFd high{::fcntl(file.get(), F_DUPFD_CLOEXEC, kHigh)};
    return high ? std::move(high) : std::move(file);
}

} // namespace

// By its inode: of a userfaultfd it is its own, of /proc/self/pagemap the process's.
OwnDescriptor::Use OwnDescriptor::Use::of(int number) noexcept {
    // By system call: the library's functions for it are newer than what is
    // asked of libc otherwise.
    struct statx status {};
    if (::syscall(SYS_statx, number, "", AT_EMPTY_PATH, STATX_INO, &status) != 0)
        return Use{};
    constexpr std::uint64_t kFileBits = (std::uint64_t{1} << (kTurnShift - kFileShift)) - 1;
    const std::uint64_t file = (status.stx_ino ^ status.stx_dev_minor << 16) & kFileBits;
    return Use{file << kFileShift | (static_cast<std::uint64_t>(number) & kNumber)};
}

OwnDescriptor::Use OwnDescriptor::Use::after(Use before) const noexcept {
    const std::uint64_t turn = (before.packed_ >> kTurnShift) + 1;
    return Use{packed_ | turn << kTurnShift};
}

Result<OwnDescriptor> OwnDescriptor::create(Opener open) noexcept {
    Result<UniqueFd> file = open();
    if (!file)
        return file.error();
    UniqueFd high = at_high_number(std::move(*file));
    OwnDescriptor own;
    own.open_ = open;
    const Use use = Use::of(high.get());
    if (use.is_none())
        return Error::last();
    own.use_.store(use.packed_, std::memory_order_release);
    static_cast<void>(high.release());
    return own;
}

OwnDescriptor::OwnDescriptor(OwnDescriptor&& other) noexcept
    : open_(other.open_), use_(other.use_.exchange(Use{}.packed_)) {}

OwnDescriptor& OwnDescriptor::operator=(OwnDescriptor&& other) noexcept {
    OwnDescriptor taken{std::move(other)};
    std::swap(open_, taken.open_);
    use_ = taken.use_.exchange(use_);
    return *this;
}

OwnDescriptor::~OwnDescriptor() {
    if (use().is_ours())
        ::close(use().number());
}

Result<bool> OwnDescriptor::reopen_if_lost(Use used) noexcept {
    if (use().packed_ != used.packed_)
        return true; // another thread was first
    if (used.is_ours())
        return false;
    Result<OwnDescriptor> fresh = create(open_);
    if (!fresh)
        return fresh.error();
    std::uint64_t expected = used.packed_;
    if (use_.compare_exchange_strong(expected, fresh->use().after(used).packed_,
                                     std::memory_order_acq_rel)) {
        fresh->use_.store(Use{}.packed_, std::memory_order_relaxed);
        reopened_.fetch_add(1, std::memory_order_relaxed);
    }
    return true;
}

} // namespace ww::kernel
