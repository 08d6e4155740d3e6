// SPDX-License-Identifier: MIT
#include "kernel/userfaultfd.h"

#include "kernel/uapi.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Without privilege only faults from user mode may be asked for, which is no
// limit here: in asynchronous mode the kernel's own writes are seen as well.
Result<UniqueFd> open_by_system_call() noexcept {
    const long fd = ::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | uapi::UFFD_USER_MODE_ONLY);
    if (fd < 0)
        return Error::last();
    return UniqueFd{static_cast<int>(fd)};
}

// Where a seccomp filter denies the system call the device may still be there.
Result<UniqueFd> open_by_device() noexcept {
    const UniqueFd device{::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC)};
    if (!device)
        return Error::last();
    const int fd = ::ioctl(device.get(), uapi::USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return Error::last();
    return UniqueFd{fd};
}

Result<UniqueFd> open_asynchronous() noexcept {
    Result<UniqueFd> file = open_by_system_call();
    if (!file) {
        const Error first = file.error();
        file = open_by_device();
        if (!file)
            return first;
    }
    uapi::uffdio_api api{
        .api = uapi::UFFD_API, .features = uapi::UFFD_FEATURE_WP_ASYNC, .ioctls = 0};
    if (::ioctl(file->get(), uapi::UFFDIO_API, &api) == 0)
        return file;
    const Error error = Error::last();
    return error == Error::invalid ? Error::no_backend : error;
}

} // namespace

Result<Userfaultfd> Userfaultfd::open() noexcept {
    Result<OwnDescriptor> file = OwnDescriptor::create(open_asynchronous);
    if (!file)
        return file.error();
    return Userfaultfd{std::move(*file)};
}

// Each round means that the host closed the descriptor once more.
Error Userfaultfd::call(unsigned long request, void* argument) noexcept {
    for (;;) {
        const OwnDescriptor::Use use = file_.use();
        if (::ioctl(use.number(), request, argument) == 0)
            return Error::none;
        const Error error = Error::last();
        const Result<bool> reopened = file_.reopen_if_lost(use);
        if (!reopened)
            return reopened.error();
        if (!*reopened)
            return error;
    }
}

Result<bool> Userfaultfd::register_range(Range range) noexcept {
    uapi::uffdio_register request{
        .range = {range.start, range.bytes()}, .mode = uapi::UFFDIO_REGISTER_MODE_WP, .ioctls = 0};
    if (const Error error = call(uapi::UFFDIO_REGISTER, &request))
        return error;
    // What can be done with the range: hugetlb memory alone has no zero page.
    return (request.ioctls >> uapi::kZeropage & 1) == 0;
}

Error Userfaultfd::unregister_range(Range range) noexcept {
    uapi::uffdio_range request{range.start, range.bytes()};
    return call(uapi::UFFDIO_UNREGISTER, &request);
}

Error Userfaultfd::protect(Range range) noexcept {
    return set_protection(range, uapi::UFFDIO_WRITEPROTECT_MODE_WP);
}

Error Userfaultfd::release(Range range) noexcept {
    return set_protection(range, 0);
}

Error Userfaultfd::set_protection(Range range, std::uint64_t mode) noexcept {
    uapi::uffdio_writeprotect request{.range = {range.start, range.bytes()}, .mode = mode};
    return call(uapi::UFFDIO_WRITEPROTECT, &request);
}

} // namespace ww::kernel
