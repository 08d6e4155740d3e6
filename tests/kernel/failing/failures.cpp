// SPDX-License-Identifier: MIT
#include "failures.h"

#include "kernel/uapi.h"

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <utility>
#include <vector>

using namespace ww::kernel::uapi;

namespace failing {

namespace {

constexpr unsigned long kMappingQuery = 0xc0686611; // PROCMAP_QUERY

const Failure kFailures[] = {
    {"ioctl", PAGEMAP_SCAN, ENOMEM},
    {"ioctl", PAGEMAP_SCAN, ENOMEM, true},
    {"ioctl", PAGEMAP_SCAN, EFAULT, true},
    {"ioctl", PAGEMAP_SCAN, EPERM},
    {"ioctl", PAGEMAP_SCAN, EPERM, true},
    {"ioctl", PAGEMAP_SCAN, EINTR, true},
    {"ioctl", PAGEMAP_SCAN, EBADF},
    {"ioctl", UFFDIO_REGISTER, ENOMEM},
    {"ioctl", UFFDIO_REGISTER, EBUSY},
    {"ioctl", UFFDIO_REGISTER, EPERM},
    {"ioctl", UFFDIO_UNREGISTER, ENOMEM},
    {"ioctl", UFFDIO_UNREGISTER, EINVAL},
    {"ioctl", UFFDIO_WRITEPROTECT, EAGAIN},
    {"ioctl", UFFDIO_WRITEPROTECT, ENOENT},
    {"ioctl", UFFDIO_WRITEPROTECT, ENOMEM},
    {"ioctl", UFFDIO_API, EINVAL},
    {"ioctl", UFFDIO_API, EPERM},
    {"ioctl", USERFAULTFD_IOC_NEW, EMFILE},
    {"ioctl", USERFAULTFD_IOC_NEW, ENOMEM},
    {"ioctl", kMappingQuery, ENOTTY},
    {"ioctl", kMappingQuery, ESRCH},
    {"ioctl", kMappingQuery, EINTR},
    {"syscall", SYS_userfaultfd, EPERM},
    {"syscall", SYS_userfaultfd, ENOSYS},
    {"syscall", SYS_userfaultfd, EMFILE},
    {"syscall", SYS_userfaultfd, ENOMEM},
    {"syscall", SYS_statx, ENOMEM},
    {"syscall", SYS_statx, EBADF},
    {"open", 0, EMFILE},
    {"open", 0, ENFILE},
    {"open", 0, ENOMEM},
    {"open", 0, EACCES},
    {"open", 0, ENOENT},
    {"openat", 0, EMFILE},
    {"openat", 0, ENOENT},
    {"openat", 0, EACCES},
    {"read", 0, EIO},
    {"read", 0, ENOMEM},
    {"pread", 0, EIO},
    {"pread", 0, ENOMEM},
    {"mmap", 0, ENOMEM},
    {"munmap", 0, ENOMEM},
    {"mprotect", 0, ENOMEM},
    {"mprotect", PROT_READ, EACCES}, // by a security module
    {"mprotect", PROT_READ | PROT_WRITE, EACCES},
    {"madvise", 0, ENOMEM},
    {"madvise", 0, EINVAL},
    {"madvise", 0, EAGAIN},
    {"msync", 0, ENOMEM},
    {"fcntl", 0, EMFILE},
    {"fcntl", 0, EINVAL},
    {"fallocate", 0, ENOSPC},
    {"fallocate", 0, ENOMEM},
    {"close", 0, EINTR},
    {"close", 0, EIO},
    {"sigaction", 0, EPERM},
    {"sigaction", 0, ENOSYS},
    {"syscall", SYS_memfd_create, EMFILE},
    {"syscall", SYS_memfd_create, ENOMEM},
    {"syscall", SYS_memfd_create, EINVAL},
};

struct Met {
    std::string call;
    unsigned long what;
    unsigned long flags;
};

constexpr long kNext = -2; // whichever number it has
bool g_inside = false;
bool g_happened = false;
int g_calls_before = 0;
long g_armed_at = -1;
Failure g_armed{};
std::span<const Failure> g_absent;
std::vector<Met> g_met;
Failure g_interposed_at{};
std::function<void()> g_interposed;

// Shared with children. One process at a time adds to it.
struct Places {
    std::size_t count;
    Place all[512];
};
Places* const g_places = static_cast<Places*>(
    ::mmap(nullptr, sizeof(Places), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

void note(std::uintptr_t address, const char* call) {
    for (const Place& place : failed_places()) {
        if (place.return_address == address)
            return;
    }
    if (g_places->count == std::size(g_places->all))
        std::abort();
    g_places->all[g_places->count++] = {address, call};
}

bool is(const Failure& failure, const Met& met) {
    return failure.call == met.call && (failure.what == 0 || failure.what == met.what) &&
           (met.flags & failure.flags) == failure.flags;
}

// The failure of this call, if it is to fail.
const Failure* meet(const char* call, unsigned long what, const void* place,
                    unsigned long flags = 0) {
    if (!g_inside)
        return nullptr;
    const auto number = static_cast<long>(g_met.size());
    const Met& met = g_met.emplace_back(Met{call, what, flags});
    if (g_interposed && is(g_interposed_at, met)) {
        g_inside = false;
        std::exchange(g_interposed, nullptr)();
        g_inside = true;
    }
    for (const Failure& failure : g_absent) {
        if (is(failure, met))
            return &failure;
    }
    if ((number != g_armed_at && g_armed_at != kNext) || !is(g_armed, met))
        return nullptr;
    if (g_armed_at == kNext && g_calls_before-- > 0)
        return nullptr;
    g_armed_at = -1;
    g_happened = true;
    note(reinterpret_cast<std::uintptr_t>(place), call);
    return &g_armed;
}

} // namespace

std::span<const Failure> all_failures() {
    return kFailures;
}
void set_absent(std::span<const Failure> absent) {
    g_absent = absent;
}
void arm(long number, const Failure& failure) {
    disarm();
    g_armed_at = number;
    g_armed = failure;
}
void arm_next(const Failure& failure, int calls_before) {
    arm(kNext, failure);
    g_calls_before = calls_before;
}
void disarm() {
    g_armed_at = -1;
    g_happened = false;
    g_met.clear();
}
void interpose(const char* call, unsigned long what, std::function<void()> deed) {
    g_interposed_at = {call, what, 0};
    g_interposed = std::move(deed);
}
bool happened() {
    return g_happened;
}
bool happened_in(const char* call, unsigned long what) {
    return g_happened && is(g_armed, {call, what, g_armed.flags});
}
long calls() {
    return static_cast<long>(g_met.size());
}
bool concerns(long number, const Failure& failure) {
    return is(failure, g_met[static_cast<std::size_t>(number)]);
}
std::string describe(const Failure& failure) {
    char text[100];
    std::snprintf(text, sizeof text, "%s(%#lx) %s%s", failure.call, failure.what,
                  ::strerrorname_np(failure.error), failure.midway ? " midway" : "");
    return text;
}
std::span<const Place> failed_places() {
    return {g_places->all, g_places->count};
}
Inside::Inside() {
    g_inside = true;
}
Inside::~Inside() {
    g_inside = false;
}

} // namespace failing

// ---- What the linker leads calls to ------------------------------------------

#define WW_HERE __builtin_return_address(0)

namespace {

template<class Result>
Result fail(const failing::Failure& failure) {
    errno = failure.error;
    return Result(-1);
}

} // namespace

extern "C" {

int __real_ioctl(int fd, unsigned long request, void* argument);
int __wrap_ioctl(int fd, unsigned long request, void* argument) {
    const failing::Failure* failure = failing::meet("ioctl", request, WW_HERE);
    if (failure == nullptr)
        return __real_ioctl(fd, request, argument);
    if (failure->midway) {
        pm_scan_arg part = *static_cast<pm_scan_arg*>(argument);
        part.max_pages = 1;
        __real_ioctl(fd, request, &part);
    }
    return fail<int>(*failure);
}

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (number == SYS_brk) // as often as time says: calls are told by their number
        return __real_syscall(number, a, b, c, d, e, f);
    const failing::Failure* failure = failing::meet("syscall", static_cast<unsigned long>(number),
                                                    WW_HERE, static_cast<unsigned long>(b));
    return failure ? fail<long>(*failure) : __real_syscall(number, a, b, c, d, e, f);
}

int __real_open64(const char* path, int flags, int mode);
int __wrap_open64(const char* path, int flags, int mode) {
    const failing::Failure* failure = failing::meet("open", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_open64(path, flags, mode);
}

int __real_openat64(int folder, const char* path, int flags, int mode);
int __wrap_openat64(int folder, const char* path, int flags, int mode) {
    const failing::Failure* failure = failing::meet("openat", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_openat64(folder, path, flags, mode);
}

ssize_t __real_read(int fd, void* buffer, std::size_t bytes);
ssize_t __wrap_read(int fd, void* buffer, std::size_t bytes) {
    const failing::Failure* failure = failing::meet("read", 0, WW_HERE);
    return failure ? fail<ssize_t>(*failure) : __real_read(fd, buffer, bytes);
}

ssize_t __real_pread64(int fd, void* buffer, std::size_t bytes, std::int64_t offset);
ssize_t __wrap_pread64(int fd, void* buffer, std::size_t bytes, std::int64_t offset) {
    const failing::Failure* failure = failing::meet("pread", 0, WW_HERE);
    return failure ? fail<ssize_t>(*failure) : __real_pread64(fd, buffer, bytes, offset);
}

void* __real_mmap64(void* place, std::size_t bytes, int protection, int flags, int fd,
                    std::int64_t offset);
void* __wrap_mmap64(void* place, std::size_t bytes, int protection, int flags, int fd,
                    std::int64_t offset) {
    const failing::Failure* failure = failing::meet("mmap", 0, WW_HERE);
    if (failure == nullptr)
        return __real_mmap64(place, bytes, protection, flags, fd, offset);
    return reinterpret_cast<void*>(fail<std::intptr_t>(*failure));
}

int __real_munmap(void* place, std::size_t bytes);
int __wrap_munmap(void* place, std::size_t bytes) {
    const failing::Failure* failure = failing::meet("munmap", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_munmap(place, bytes);
}

int __real_mprotect(void* place, std::size_t bytes, int protection);
int __wrap_mprotect(void* place, std::size_t bytes, int protection) {
    const failing::Failure* failure =
        failing::meet("mprotect", static_cast<unsigned long>(protection), WW_HERE);
    return failure ? fail<int>(*failure) : __real_mprotect(place, bytes, protection);
}

int __real_madvise(void* place, std::size_t bytes, int advice);
int __wrap_madvise(void* place, std::size_t bytes, int advice) {
    const failing::Failure* failure = failing::meet("madvise", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_madvise(place, bytes, advice);
}

int __real_msync(void* place, std::size_t bytes, int flags);
int __wrap_msync(void* place, std::size_t bytes, int flags) {
    const failing::Failure* failure = failing::meet("msync", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_msync(place, bytes, flags);
}

int __real_fcntl64(int fd, int command, long argument);
int __wrap_fcntl64(int fd, int command, long argument) {
    const failing::Failure* failure = failing::meet("fcntl", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_fcntl64(fd, command, argument);
}

int __real_fallocate64(int fd, int mode, std::int64_t offset, std::int64_t bytes);
int __wrap_fallocate64(int fd, int mode, std::int64_t offset, std::int64_t bytes) {
    const failing::Failure* failure = failing::meet("fallocate", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_fallocate64(fd, mode, offset, bytes);
}

int __real_sigaction(int signal, const struct sigaction* action, struct sigaction* before);
int __wrap_sigaction(int signal, const struct sigaction* action, struct sigaction* before) {
    const failing::Failure* failure = failing::meet("sigaction", 0, WW_HERE);
    return failure ? fail<int>(*failure) : __real_sigaction(signal, action, before);
}

// Whatever it says, Linux has closed the descriptor.
int __real_close(int fd);
int __wrap_close(int fd) {
    const failing::Failure* failure = failing::meet("close", 0, WW_HERE);
    const int result = __real_close(fd);
    return failure ? fail<int>(*failure) : result;
}

} // extern "C"
