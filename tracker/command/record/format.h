// SPDX-License-Identifier: MIT
// The file of a recording. Little-endian:
//
//     "wwrecord", u32 version, u32 0
//     frames: u32 kind, u32 bytes, u32 bytes when unpacked, u32 CRC-32 of these
//             and of what follows: the contents, deflated where that makes them
//             smaller
//
// Contents are numbers, 7 bits a byte, the least first, the high bit set on all
// bytes but the last, unless said otherwise. Names are their length, and bytes.
//
//     begin    Unix time in s, interval in ns
//     process  pid, name
//     watch    which process, start, bytes, bytes of a page
//     sample   ns since the begin, then for each watch that there is: 1 more than
//              which, looks, resets, bytes seen, bytes reset, ns in queries,
//              bytes committed, bytes written, which piece of it was looked at
//              (bytes from the start, bytes), parts of the piece, a byte for each
//              part; then 0
//     end      ns of processor time, ns of the longest look
//
// Processes and watches count from 0, in the order of their frames, which stand
// in front of what names them. Frames of an unknown kind are passed over. A
// reader refuses versions that it does not know. A file that was cut off is good
// up to the last whole frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ww::command::format {

inline constexpr std::string_view kMagic = "wwrecord";
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kHeadBytes = 16;
inline constexpr std::size_t kFrameHeadBytes = 16;
inline constexpr std::size_t kMostFrameBytes = std::size_t{16} << 20;

enum Kind : std::uint32_t { begin = 1, process = 2, watch = 3, sample = 4, end = 5 };

class Encoder {
public:
    void number(std::uint64_t value);
    void text(std::string_view text);
    void raw(const void* bytes, std::size_t count);
    const std::string& bytes() const noexcept { return bytes_; }

private:
    std::string bytes_;
};

// What is wrong with the contents of a frame.
class Malformed : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Decoder {
public:
    explicit Decoder(std::string_view bytes) noexcept : left_(bytes) {}
    std::uint64_t number();
    // At most `most`; more is Malformed.
    std::size_t count(std::uint64_t most);
    std::string_view raw(std::size_t count);
    std::string text();
    bool empty() const noexcept { return left_.empty(); }

private:
    std::string_view left_;
};

std::string head();
// The head of a frame, and its contents.
std::string frame(Kind kind, std::string_view contents);

// Whether it is a head; newer: of another version.
enum class Head { ours, newer, foreign };
Head check_head(std::string_view file) noexcept;
std::uint32_t version_of(std::string_view file) noexcept;

struct Frame {
    std::uint32_t kind = 0;
    std::string contents;
    std::size_t bytes = 0; // in the file
};
// The frame at the front; Malformed says why there is none.
Frame take_frame(std::string_view file);

} // namespace ww::command::format
