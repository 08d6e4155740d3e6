// SPDX-License-Identifier: MIT
// WRITEWATCH=verify: a hash of each watched page tells what changed, whoever
// wrote it, and every answer is held against that. For users who suspect us,
// and for tests.
#pragma once

#include "page_range.h"
#include "win32.h"

#include <atomic>
#include <cstdint>

namespace ww::wine {

// Any thread. Nothing is locked, so that a stopped thread stops no other;
// where two queries overlap in time a page may go unchecked, but none is
// accused that was reported. Contents are read by system call: nothing faults,
// nothing becomes written, and memory that was never touched stays so.
class Verifier {
public:
    // False if there is no room for the hashes: 8 bytes for each page of the
    // address space, of which only those of watched pages take memory.
    [[nodiscard]] bool start() noexcept;
    bool active() const noexcept { return hashes_ != nullptr; }

    // Memory that reads as zeros lies there now, and is clean.
    void cleared(PageRange range) noexcept;

    // As ww_wine_get_write_watch() and ww_wine_reset_write_watch(), and one line
    // on stderr for each page that changed without being reported.
    NTSTATUS query(ULONG flags, void* base, SIZE_T size, void** addresses, ULONG_PTR* count,
                   ULONG* granularity) noexcept;
    NTSTATUS reset(void* base, SIZE_T size) noexcept;

    // What an answer says: `reported` is in ascending order, pages of `range`
    // that are not in it are clean.
    struct Answer {
        PageRange range;
        void* const* reported;
        SIZE_T count;
        bool with_reset;
    };
    void check(const Answer& answer, std::uint64_t begun) noexcept;

private:
    using Hash = std::uint64_t;
    void check_clean(ULONG_PTR page, std::uint64_t begun) noexcept;
    void record(ULONG_PTR page) noexcept;
    bool alone_since(std::uint64_t begun) const noexcept;
    std::atomic<Hash>& hash_at(ULONG_PTR page) const noexcept {
        return hashes_[page / kGranularity];
    }

    std::atomic<Hash>* hashes_ = nullptr;
    std::atomic<std::uint64_t> tickets_{0};
    std::atomic<std::uint64_t> begun_{0};
    std::atomic<std::uint64_t> ended_{0};
};

// For the hooks; active with WRITEWATCH=verify.
extern Verifier verifier;

} // namespace ww::wine
