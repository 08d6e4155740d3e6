// SPDX-License-Identifier: MIT
#include "kernel/maps.h"

#include <fcntl.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

int hex_digit(int byte) noexcept {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return -1;
}

} // namespace

MapsReader::MapsReader() noexcept : file_(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {
    if (!file_)
        error_ = Error::last();
}

int MapsReader::next_byte() noexcept {
    if (used_ == filled_) {
        const ssize_t got = ::read(file_.get(), buffer_, sizeof buffer_);
        if (got < 0)
            error_ = Error::last();
        if (got <= 0)
            return -1;
        used_ = 0;
        filled_ = static_cast<std::size_t>(got);
    }
    return static_cast<unsigned char>(buffer_[used_++]);
}

// start-end perms offset device inode path, separated by single blanks up to
// the inode, which is 0 for anonymous memory.
bool MapsReader::parse_line() noexcept {
    std::uintptr_t bounds[2] = {};
    entry_ = {};
    int byte = 0;
    for (int field = 0, place = 0; (byte = next_byte()) >= 0 && byte != '\n';) {
        if (byte == ' ' && field < 5) {
            ++field;
            place = 0;
            continue;
        }
        if (field == 0 && byte == '-') {
            place = 1;
        } else if (field == 0) {
            const int digit = hex_digit(byte);
            if (digit < 0)
                return false;
            bounds[place] = bounds[place] << 4 | static_cast<std::uintptr_t>(digit);
        } else if (field == 1 && place++ == 3) {
            entry_.shared = byte == 's';
        } else if (field == 4 && byte != '0') {
            entry_.has_inode = true;
        }
    }
    entry_.range = {bounds[0], bounds[1]};
    return byte >= 0;
}

const MapsEntry* MapsReader::next() noexcept {
    return !error_ && parse_line() ? &entry_ : nullptr;
}

} // namespace ww::kernel
