// SPDX-License-Identifier: MIT
#include "record/format.h"

#include <cstring>
#include <zlib.h>

namespace ww::command::format {

namespace {

constexpr std::size_t kCheckedHeadBytes = 12; // before the checksum

void put32(std::string& out, std::uint32_t value) {
    for (int i = 0; i < 4; ++i)
        out += static_cast<char>(value >> 8 * i & 0xff);
}

std::uint32_t get32(std::string_view bytes, std::size_t at) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << 8 * i;
    return value;
}

const Bytef* as_bytes(std::string_view text) noexcept {
    return reinterpret_cast<const Bytef*>(text.data());
}

std::uint32_t checksum(std::string_view head, std::string_view contents) noexcept {
    const uLong of_head = ::crc32(0, as_bytes(head), static_cast<uInt>(head.size()));
    return static_cast<std::uint32_t>(
        ::crc32(of_head, as_bytes(contents), static_cast<uInt>(contents.size())));
}

std::string deflated(std::string_view contents) {
    uLongf bytes = ::compressBound(static_cast<uLong>(contents.size()));
    std::string packed(bytes, '\0');
    if (::compress2(reinterpret_cast<Bytef*>(packed.data()), &bytes, as_bytes(contents),
                    static_cast<uLong>(contents.size()), Z_BEST_SPEED) != Z_OK)
        return std::string{contents};
    packed.resize(bytes);
    return packed;
}

std::string inflated(std::string_view packed, std::size_t bytes) {
    std::string contents(bytes, '\0');
    auto got = static_cast<uLongf>(bytes);
    if (::uncompress(reinterpret_cast<Bytef*>(contents.data()), &got, as_bytes(packed),
                     static_cast<uLong>(packed.size())) != Z_OK ||
        got != bytes)
        throw Malformed("it cannot be unpacked");
    return contents;
}

} // namespace

void Encoder::number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
}

void Encoder::text(std::string_view text) {
    number(text.size());
    bytes_ += text;
}

void Encoder::raw(const void* bytes, std::size_t count) {
    bytes_.append(static_cast<const char*>(bytes), count);
}

std::uint64_t Decoder::number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (left_.empty())
            throw Malformed("it ends within a number");
        const auto byte = static_cast<unsigned char>(left_.front());
        left_.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return value;
    }
    throw Malformed("a number in it is too long");
}

std::size_t Decoder::count(std::uint64_t most) {
    const std::uint64_t value = number();
    if (value > most)
        throw Malformed("a number in it is too large");
    return static_cast<std::size_t>(value);
}

std::string_view Decoder::raw(std::size_t count) {
    if (count > left_.size())
        throw Malformed("it is too short");
    const std::string_view bytes = left_.substr(0, count);
    left_.remove_prefix(count);
    return bytes;
}

std::string Decoder::text() {
    constexpr std::uint64_t kLongest = 4096;
    return std::string{raw(count(kLongest))};
}

std::string head() {
    std::string bytes{kMagic};
    put32(bytes, kVersion);
    put32(bytes, 0);
    return bytes;
}

std::string frame(Kind kind, std::string_view contents) {
    const std::string packed = deflated(contents);
    const std::string_view stored = packed.size() < contents.size() ? packed : contents;
    std::string bytes;
    put32(bytes, kind);
    put32(bytes, static_cast<std::uint32_t>(stored.size()));
    put32(bytes, static_cast<std::uint32_t>(contents.size()));
    put32(bytes, checksum(bytes, stored));
    return bytes.append(stored);
}

Head check_head(std::string_view file) noexcept {
    if (file.size() < kHeadBytes || !file.starts_with(kMagic))
        return Head::foreign;
    return version_of(file) == kVersion ? Head::ours : Head::newer;
}

std::uint32_t version_of(std::string_view file) noexcept {
    return get32(file, kMagic.size());
}

Frame take_frame(std::string_view file) {
    if (file.size() < kFrameHeadBytes)
        throw Malformed("the file ends within a frame");
    const std::size_t bytes = get32(file, 4);
    const std::size_t unpacked = get32(file, 8);
    if (bytes > kMostFrameBytes || unpacked > kMostFrameBytes || bytes > unpacked)
        throw Malformed("a frame has an impossible size");
    if (bytes > file.size() - kFrameHeadBytes)
        throw Malformed("the file ends within a frame");
    const std::string_view stored = file.substr(kFrameHeadBytes, bytes);
    if (checksum(file.substr(0, kCheckedHeadBytes), stored) != get32(file, kCheckedHeadBytes))
        throw Malformed("the checksum of a frame is wrong");
    return {get32(file, 0), bytes < unpacked ? inflated(stored, unpacked) : std::string{stored},
            kFrameHeadBytes + bytes};
}

} // namespace ww::command::format
