// SPDX-License-Identifier: MIT
// Errors as values: a positive errno, or 0. Only this folder reads errno.
#pragma once

#include <cerrno>
#include <utility>

namespace ww::kernel {

class [[nodiscard]] Error {
public:
    constexpr Error() noexcept = default;
    constexpr explicit Error(int code) noexcept : code_(code) {}
    constexpr int code() const noexcept { return code_; }
    constexpr explicit operator bool() const noexcept { return code_ != 0; }
    friend constexpr bool operator==(Error, Error) noexcept = default;

    // Whether it tells of the moment and not of the machine: the same call may
    // succeed later.
    constexpr bool passes() const noexcept {
        return code_ == EMFILE || code_ == ENFILE || code_ == ENOMEM || code_ == EINTR ||
               code_ == EAGAIN;
    }

    // The ones that the rest of the tracker gives or tells apart.
    static const Error none, invalid, exists, not_found, no_memory, not_permitted,
        access_denied, unsupported_memory, no_backend, forked, busy, other_object, out_of_range;

    static Error last() noexcept { return Error{errno}; }

private:
    int code_ = 0;
};

inline constexpr Error Error::none{};
inline constexpr Error Error::invalid{EINVAL};
inline constexpr Error Error::exists{EEXIST};
inline constexpr Error Error::not_found{ENOENT};
inline constexpr Error Error::no_memory{ENOMEM};
inline constexpr Error Error::not_permitted{EPERM};
inline constexpr Error Error::access_denied{EACCES};
inline constexpr Error Error::unsupported_memory{EOPNOTSUPP};
inline constexpr Error Error::no_backend{ENOTSUP};
inline constexpr Error Error::forked{ENOSYS};
inline constexpr Error Error::busy{EBUSY};
inline constexpr Error Error::other_object{EXDEV};
inline constexpr Error Error::out_of_range{ERANGE};

// What a call that makes a T gives: the T, or why not.
template<class T>
class [[nodiscard]] Result {
public:
    Result(T value) noexcept : value_(std::move(value)) {}
    Result(Error error) noexcept : error_(error) {}
    explicit operator bool() const noexcept { return !error_; }
    Error error() const noexcept { return error_; }
    T& operator*() noexcept { return value_; }
    const T& operator*() const noexcept { return value_; }
    T* operator->() noexcept { return &value_; }
    const T* operator->() const noexcept { return &value_; }

private:
    T value_{};
    Error error_;
};

// Callers did not ask us to touch errno.
class KeepErrno {
public:
    KeepErrno() noexcept : saved_(errno) {}
    ~KeepErrno() { errno = saved_; }
    KeepErrno(const KeepErrno&) = delete;
    KeepErrno& operator=(const KeepErrno&) = delete;

private:
    int saved_;
};

} // namespace ww::kernel
