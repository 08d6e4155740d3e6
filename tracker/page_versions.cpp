// SPDX-License-Identifier: MIT
#include "page_versions.h"

namespace ww {

using kernel::Error;
using kernel::Mapping;
using kernel::Result;

Error PageVersions::grow(std::size_t page_count) noexcept {
    if (page_count > kPagesAtMost - page_count_)
        return Error::no_memory;
    const std::size_t wanted = page_count_ + page_count;
    for (std::size_t chunk = page_count_ / kPerChunk; chunk * kPerChunk < wanted; ++chunk) {
        if (chunks_[chunk])
            continue;
        static_assert(PagePool::kZeros == 0, "as fresh memory is");
        Result<Mapping> memory = Mapping::create(kPerChunk * sizeof(PagePool::Slot));
        if (!memory)
            return memory.error();
        chunks_[chunk] = std::move(*memory);
    }
    page_count_ = wanted;
    return Error::none;
}

} // namespace ww
