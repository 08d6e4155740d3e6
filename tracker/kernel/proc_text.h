// SPDX-License-Identifier: MIT
// Lines of /proc/PID/maps and /proc/PID/mountinfo. Only reading them makes
// system calls; what they say is told by pure functions.
#pragma once

#include "kernel/access.h"
#include "kernel/handles.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace ww::kernel {

struct Device {
    unsigned major = 0;
    unsigned minor = 0;
    friend constexpr bool operator==(Device, Device) noexcept = default;
};

struct MapsLine {
    Range range;
    std::uint64_t offset = 0; // in the file
    Device device;
    Access access;
    std::uint64_t inode = 0;
    bool has_file = false;
    bool shared = false;
    std::string_view name; // of the file, or "[heap]" and the like; often empty
};
std::optional<MapsLine> parse_maps_line(std::string_view line) noexcept;

struct MountLine {
    Device device;
    std::string_view type;
};
std::optional<MountLine> parse_mount_line(std::string_view line) noexcept;

// Where a LineReader has what it read, and a line: as much as its owner has stack for.
template<std::size_t kBytes, std::size_t kLineBytes>
struct LineRoom {
    char buffer[kBytes];
    char line[kLineBytes];
};

// Lines of a file, without allocating. What is longer than there is room for is cut.
class LineReader {
public:
    template<std::size_t kBytes, std::size_t kLineBytes>
    LineReader(UniqueFd file, LineRoom<kBytes, kLineBytes>& room) noexcept
        : file_(std::move(file)), buffer_(room.buffer), line_(room.line) {}

    // Without its newline, valid until the next call; nothing behind the last.
    std::optional<std::string_view> next() noexcept;
    Error error() const noexcept { return error_; }

private:
    bool fill() noexcept;

    UniqueFd file_;
    Error error_;
    std::size_t used_ = 0;
    std::size_t filled_ = 0;
    std::span<char> buffer_;
    std::span<char> line_;
};

} // namespace ww::kernel
