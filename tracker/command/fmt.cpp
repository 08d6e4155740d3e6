// SPDX-License-Identifier: MIT
// The part of fmt that is compiled once, as its own library does it. Debian has
// that as a shared library alone, which the command would need wherever it is
// copied to; and compiled into each file it takes half of the build.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
template auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref) -> char;
} // namespace detail
FMT_END_NAMESPACE
