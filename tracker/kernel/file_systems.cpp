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
UniqueFd create_memory_file() noexcept {
    constexpr unsigned kNeverExecutable = 8; // MFD_NOEXEC_SEAL, which Debian 12 lacks
    UniqueFd sealed{static_cast<int>(
        ::syscall(SYS_memfd_create, "writewatch", MFD_CLOEXEC | kNeverExecutable))};
    if (sealed || Error::last() != Error::invalid)
        return sealed;
    return UniqueFd{static_cast<int>(::syscall(SYS_memfd_create, "writewatch", MFD_CLOEXEC))};
}

// Of the kernel's own mount, which no list shows: one of its files tells.
std::optional<Device> shared_memory_device() noexcept {
    const UniqueFd file = create_memory_file();
    struct statx status {};
    if (!file ||
        ::syscall(SYS_statx, file.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0)
        return std::nullopt;
    return Device{status.stx_dev_major, status.stx_dev_minor};
}

FileSystem kind_of(std::string_view type) noexcept {
    if (type == "tmpfs" || type == "devtmpfs")
        return FileSystem::memory;
    return type == "hugetlbfs" ? FileSystem::hugetlb : FileSystem::other;
}

} // namespace

FileSystem FileSystems::find(Device device) const noexcept {
    if (shared_memory_device() == device)
        return FileSystem::memory;
    Result<UniqueFd> file = process_.open_file("mountinfo");
    if (!file)
        return FileSystem::unlisted;
    LineRoom<512, 512> room;
    LineReader lines{std::move(*file), room};
    while (const auto line = lines.next()) {
        const std::optional<MountLine> mount = parse_mount_line(*line);
        if (mount && mount->device == device)
            return kind_of(mount->type);
    }
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
