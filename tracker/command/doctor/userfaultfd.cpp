// SPDX-License-Identifier: MIT
#include "userfaultfd.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::command {

namespace {

// As <linux/userfaultfd.h> has them since 6.1; older headers do not.
constexpr int kUserModeOnly = 1;
constexpr unsigned long kNew = _IO(0xAA, 0x00);

// The error of what gave `fd`, which is closed.
std::string outcome(long fd) {
    if (fd < 0)
        return ::strerrorname_np(errno);
    ::close(static_cast<int>(fd));
    return {};
}

std::string try_device() {
    const int device = ::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
    if (device < 0)
        return outcome(device);
    const std::string error = outcome(::ioctl(device, kNew, O_CLOEXEC));
    ::close(device);
    return error;
}

} // namespace

UserfaultfdAccess try_userfaultfd() {
    return {outcome(::syscall(SYS_userfaultfd, O_CLOEXEC | kUserModeOnly)), try_device()};
}

} // namespace ww::command
