// SPDX-License-Identifier: MIT
// What is asked of, and advised about, the memory of this process.
#pragma once

#include "kernel/result.h"
#include "memory_kind.h"
#include "range.h"

#include <cstddef>

namespace ww::kernel {

std::size_t page_bytes() noexcept;

// Transparent huge pages off: one write would report 512 pages. no_memory when
// a part of the range is not mapped.
Error refuse_huge_pages(Range range) noexcept;

// no_memory when a part of the range is not mapped; a quarter of what advice costs.
Error check_mapped(Range range) noexcept;

// What is mapped in the range, the strongest where kinds differ. no_memory when
// a part is not mapped, unsupported_memory for what nobody can watch: hugetlb
// memory of unknown page size or beside something else, and the kernel's own.
Result<MemoryKind> kind_of(Range range) noexcept;

} // namespace ww::kernel
