// SPDX-License-Identifier: MIT
// What kind of file system a mapped file is in, told by its device.
#pragma once

#include "kernel/proc_text.h"
#include "kernel/process.h"

namespace ww::kernel {

enum class FileSystem : unsigned char {
    memory,   // tmpfs, memfd, shared anonymous memory
    hugetlb,  // a mounted one
    other,    // mounted, and neither
    unlisted, // none that is mounted: drivers, and most hugetlb memory
};

class FileSystems {
public:
    explicit FileSystems(const Process& process) noexcept : process_(process) {}

    // Remembers the last answer: neighbouring mappings share it mostly.
    FileSystem of(Device device) noexcept;
    // Set when the last answer is none, as descriptors or memory ran out.
    Error error() const noexcept { return error_; }

private:
    FileSystem find(Device device) noexcept;
    std::optional<Device> shared_memory_device() noexcept;
    void note(Error error) noexcept { error_ = error.passes() ? error : Error::none; }

    const Process& process_;
    Error error_;
    std::optional<Device> asked_;
    FileSystem answer_ = FileSystem::unlisted;
};

} // namespace ww::kernel
