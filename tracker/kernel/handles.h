// SPDX-License-Identifier: MIT
// Owners of what the kernel lends us: move-only, released once.
#pragma once

#include "kernel/result.h"
#include "range.h"

#include <cstddef>
#include <utility>

namespace ww::kernel {

class UniqueFd {
public:
    explicit UniqueFd(int fd = -1) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        UniqueFd taken{std::move(other)};
        std::swap(fd_, taken.fd_);
        return *this;
    }
    ~UniqueFd();

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

// Private anonymous memory of our own, zeroed, readable and writable.
class Mapping {
public:
    Mapping() noexcept = default;
    Mapping(Mapping&& other) noexcept : range_(other.release()) {}
    Mapping& operator=(Mapping&& other) noexcept {
        Mapping taken{std::move(other)};
        std::swap(range_, taken.range_);
        return *this;
    }
    ~Mapping();

    // `bytes` is rounded up to pages; nothing is reserved against overcommit.
    static Result<Mapping> create(std::size_t bytes) noexcept;

    // Takes over what create(bytes) gave and release() let go.
    static Mapping adopt(void* memory, std::size_t bytes) noexcept;

    Range range() const noexcept { return range_; }
    void* data() const noexcept { return reinterpret_cast<void*>(range_.start); }
    explicit operator bool() const noexcept { return !range_.empty(); }
    [[nodiscard]] Range release() noexcept { return std::exchange(range_, Range{}); }

private:
    explicit Mapping(Range range) noexcept : range_(range) {}
    Range range_;
};

} // namespace ww::kernel
