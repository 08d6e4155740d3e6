// SPDX-License-Identifier: MIT
// /proc/self/pagemap and its one question: which pages match, protecting them
// in the same step if asked.
#pragma once

#include "kernel/own_descriptor.h"
#include "kernel/page_scan.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ww::kernel {

class Pagemap {
public:
    Pagemap() noexcept = default;
    static Result<Pagemap> open() noexcept;

    // Written pages only, told from those never touched on every kernel
    // version that has the call. Private anonymous memory only: it hides
    // written pages of shared memory that were swapped out (facts: the page
    // table entry is gone).
    static const PageMask written;
    // Three times cheaper where nothing was written, but pages that were never
    // protected match too. For all other memory.
    static const PageMask written_if_armed;
    // What has neither contents nor a mark.
    static const PageMask empty;
    // What has no contents but zeros; of the kernel's page of zeros it is told
    // whether it is protected.
    static const PageMask dropped;
    // Both `written` and `dropped`, and some that neither matches: which it is
    // its categories tell.
    static const PageMask written_or_dropped;
    // What has contents and is protected.
    static const PageMask present_and_clean;
    // What is not, or no longer, registered with an asynchronous userfaultfd.
    static const PageMask unregistered;
    // What has contents, and ...
    static const PageMask populated;
    // ... the same as above.
    static const PageMask populated_states;

    // Finds matching pages, in ascending order, in at most out.size() regions
    // and `max_pages` pages (0: no limit). In `out` every `end` is 0, or was
    // filled in by a scan in front of this range.
    ScanResult find(Range range, const PageMask& mask, std::span<Region> out,
                    std::size_t max_pages) noexcept;

    // As find(), on registered memory only: fails with not_permitted on
    // reaching memory that is not registered. What was found in front of it
    // is in `out` all the same, and with `protect` is protected already: it
    // must not be dropped.
    ScanResult find_tracked(Range range, const PageMask& mask, bool protect, std::span<Region> out,
                            std::size_t max_pages) noexcept;

    // Registered pages, passing over all other memory: those that match
    // `written`, or all, with what that mask looks at.
    ScanResult find_registered(Range range, bool only_written, std::span<Region> out) noexcept;

    // Reads one 8-byte entry into `buffer` by read(2): a write by the kernel.
    Error read_entry_into(void* buffer) const noexcept;

    // How often the host had closed it.
    std::uint64_t reopened() const noexcept { return file_.reopened(); }

private:
    explicit Pagemap(OwnDescriptor file) noexcept : file_(std::move(file)) {}
    ScanResult scan(const PageScan& scan, std::span<Region> out) noexcept;
    OwnDescriptor file_;
};

inline constexpr PageMask Pagemap::written{
    .required = uapi::PAGE_IS_WRITTEN | uapi::PAGE_IS_PFNZERO,
    .inverted = uapi::PAGE_IS_PFNZERO,
    .any_of = uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_SWAPPED,
};
// Nothing else may be set: the kernel has a short way for just this.
inline constexpr PageMask Pagemap::written_if_armed{.required = uapi::PAGE_IS_WRITTEN};
inline constexpr PageMask Pagemap::empty{
    .required = uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_SWAPPED,
    .inverted = uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_SWAPPED,
};
inline constexpr PageMask Pagemap::dropped{
    .required = uapi::PAGE_IS_SWAPPED,
    .inverted = uapi::PAGE_IS_SWAPPED | uapi::PAGE_IS_PRESENT,
    .any_of = uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_PFNZERO,
    .told = uapi::PAGE_IS_PFNZERO | uapi::PAGE_IS_WRITTEN,
};
inline constexpr PageMask Pagemap::written_or_dropped{
    .inverted = uapi::PAGE_IS_PRESENT,
    .any_of = uapi::PAGE_IS_WRITTEN | uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_PFNZERO,
    .told = uapi::PAGE_IS_WRITTEN | uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_SWAPPED |
            uapi::PAGE_IS_PFNZERO,
};
inline constexpr PageMask Pagemap::present_and_clean{
    .required = uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_WRITTEN,
    .inverted = uapi::PAGE_IS_WRITTEN,
};
inline constexpr PageMask Pagemap::unregistered{
    .required = uapi::PAGE_IS_WPALLOWED,
    .inverted = uapi::PAGE_IS_WPALLOWED,
};
inline constexpr PageMask Pagemap::populated{
    .any_of = uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_SWAPPED,
};
inline constexpr PageMask Pagemap::populated_states{
    .any_of = uapi::PAGE_IS_PRESENT | uapi::PAGE_IS_SWAPPED,
    .told = Pagemap::written_or_dropped.told,
};

} // namespace ww::kernel
