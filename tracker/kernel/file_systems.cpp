// SPDX-License-Identifier: MIT
#include "kernel/file_systems.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace ww::kernel {

namespace {

// Of the kernel's own mount, which no list shows: one of its files tells.
std::optional<Device> shared_memory_device() noexcept {
    constexpr unsigned kNeverExecutable = 8; // MFD_NOEXEC_SEAL, which Debian 12 lacks
    const UniqueFd file{::memfd_create("writewatch", MFD_CLOEXEC | kNeverExecutable)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0)
        return std::nullopt;
    return Device{major(status.st_dev), minor(status.st_dev)};
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
    LineReader lines{std::move(*file)};
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
