// SPDX-License-Identifier: MIT
// Answers a question about the pages of a process into a list of regions,
// mapping by mapping, and protects what it reports if asked.
#pragma once

#include "kernel/pause.h"
#include "kernel/process.h"
#include "kernel/process_maps.h"
#include "page_question.h"
#include "region_list.h"

#include <array>
#include <span>

namespace ww {

class ProcessScan {
public:
    // Nobody else may touch `list` meanwhile.
    ProcessScan(const kernel::Process& process, const PageQuestion& question, bool protect,
                RegionList& list) noexcept;

    // What was taken before a failure is valid, and nothing else is protected.
    kernel::Error run(Range range) noexcept;

    // Everything before it is answered.
    std::uintptr_t resume() const noexcept { return resume_; }

private:
    // Kept small: it is on the stack, and the kernel gains little from more.
    static constexpr std::size_t kScratch = 128;
    static constexpr std::size_t kPagesBetweenPauses = 16384;

    enum class Step : unsigned char { on, end };

    Step visit(const kernel::ProcessMapping& mapping, Range part) noexcept;
    Step find(Memory memory, Range part) noexcept;
    Step find_and_protect(const kernel::PageMask& mask, Memory memory, Range part) noexcept;
    Step take(std::span<const kernel::Region> found, Memory memory) noexcept;
    void protect_huge(Range taken) noexcept;
    Step go_on(kernel::Error error) noexcept;

    const kernel::Process& process_;
    const PageQuestion& question_;
    RegionList& list_;
    bool protect_;
    std::uintptr_t resume_ = 0;
    kernel::Error error_;
    kernel::Pacer pacer_;
    std::array<kernel::Region, kScratch> scratch_;
};

} // namespace ww
