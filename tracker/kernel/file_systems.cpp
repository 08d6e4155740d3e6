// SPDX-License-Identifier: MIT
#include "kernel/file_systems.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Sealed against execution, which some systems require and kernels before 6.3
// refuse. By system call: libc's function would need a newer libc than the plugin may.
Result<UniqueFd> create_memory_file() noexcept {
    constexpr unsigned kNeverExecutable = 8; // MFD_NOEXEC_SEAL, which Debian 12 lacks
    UniqueFd sealed{static_cast<int>(
        ::syscall(SYS_memfd_create, "writewatch", MFD_CLOEXEC | kNeverExecutable))};
    if (sealed)
        return sealed;
    if (const Error error = Error::last(); error != Error::invalid)
        return error;
    UniqueFd file{static_cast<int>(::syscall(SYS_memfd_create, "writewatch", MFD_CLOEXEC))};
    if (!file)
        return Error::last();
    return file;
}

FileSystem kind_of(std::string_view type) noexcept {
    if (type == "tmpfs" || type == "devtmpfs")
        return FileSystem::memory;
    return type == "hugetlbfs" ? FileSystem::hugetlb : FileSystem::other;
}

} // namespace

// Of the kernel's own mount, which no list shows: one of its files tells.
std::optional<Device> FileSystems::shared_memory_device() noexcept {
    const Result<UniqueFd> file = create_memory_file();
    note(file.error());
    struct statx status {};
    if (!file ||
        ::syscall(SYS_statx, file->get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0)
        return std::nullopt;
    return Device{status.stx_dev_major, status.stx_dev_minor};
}

FileSystem FileSystems::find(Device device) noexcept {
    if (shared_memory_device() == device)
        return FileSystem::memory;
    if (error_)
        return FileSystem::unlisted;
    Result<UniqueFd> file = process_.open_file("mountinfo");
    note(file.error());
    if (!file)
        return FileSystem::unlisted;
    LineRoom<512, 512> room;
    LineReader lines{std::move(*file), room};
    while (const auto line = lines.next()) {
        const std::optional<MountLine> mount = parse_mount_line(*line);
        if (mount && mount->device == device)
            return kind_of(mount->type);
    }
    note(lines.error());
    return FileSystem::unlisted;
}

FileSystem FileSystems::of(Device device) noexcept {
    if (asked_ != device) {
        answer_ = find(device);
        asked_ = device;
    }
    return answer_;
}

} // namespace ww::kernel
