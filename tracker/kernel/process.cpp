// SPDX-License-Identifier: MIT
#include "kernel/process.h"

#include "kernel/memory.h"

#include <charconv>
#include <fcntl.h>
#include <iterator>
#include <limits>
#include <sys/ioctl.h>
#include <sys/mman.h>

namespace ww::kernel {

namespace {

constexpr Error kNoProcess{ESRCH};

Result<UniqueFd> open_folder(int pid) noexcept {
    char path[24] = "/proc/self";
    if (pid < 0)
        return kNoProcess;
    if (pid > 0)
        *std::to_chars(path + 6, std::end(path) - 1, pid).ptr = '\0';
    UniqueFd folder{::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (folder)
        return folder;
    const Error error = Error::last();
    return error == Error::not_found && pid != 0 ? kNoProcess : error;
}

uapi::pm_scan_arg empty_request() noexcept {
    uapi::pm_scan_arg arg{};
    arg.size = sizeof arg;
    return arg;
}

Error ask(const UniqueFd& pagemap, uapi::pm_scan_arg arg) noexcept {
    return ::ioctl(pagemap.get(), uapi::PAGEMAP_SCAN, &arg) >= 0 ? Error::none : Error::last();
}

} // namespace

Result<Process> Process::open(int pid) noexcept {
    Result<UniqueFd> folder = open_folder(pid);
    if (!folder)
        return folder.error();
    Process process;
    process.folder_ = std::move(*folder);
    Result<UniqueFd> pagemap = process.open_file("pagemap");
    if (!pagemap)
        return pagemap.error();
    process.pagemap_ = std::move(*pagemap);
    return process;
}

Result<UniqueFd> Process::open_file(const char* name) const noexcept {
    UniqueFd file{::openat(folder_.get(), name, O_RDONLY | O_CLOEXEC)};
    if (file)
        return file;
    // The folder of a process that has exited is empty.
    const Error error = Error::last();
    return error == Error::not_found ? kNoProcess : error;
}

ScanResult Process::scan(const PageScan& scan, std::span<Region> out) const noexcept {
    forget_regions(out);
    return scan_pages(pagemap_.get(), scan, out);
}

// Empty scans: the kernel checks the addresses and has nothing to walk over.
Error Process::check_range(std::uint64_t start, std::uint64_t end) const noexcept {
    if (start > end || end > std::numeric_limits<std::uintptr_t>::max())
        return bad_address;
    uapi::pm_scan_arg arg = empty_request();
    arg.start = arg.end = end / page_bytes() * page_bytes();
    return ask(pagemap_, arg);
}

Error Process::check_vector(std::uint64_t vector, std::uint64_t length) const noexcept {
    uapi::pm_scan_arg arg = empty_request();
    arg.vec = vector;
    arg.vec_len = length;
    return ask(pagemap_, arg);
}

Error Process::check_categories(std::uint64_t categories) const noexcept {
    uapi::pm_scan_arg arg = empty_request();
    arg.return_mask = categories;
    return ask(pagemap_, arg);
}

Error make_writable(Range memory) noexcept {
    if (memory.empty())
        return Error::none;
    const std::uintptr_t start = memory.start & ~(page_bytes() - 1);
    if (::madvise(reinterpret_cast<void*>(start), memory.end - start, MADV_POPULATE_WRITE) == 0)
        return Error::none;
    return bad_address;
}

} // namespace ww::kernel
