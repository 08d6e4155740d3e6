// SPDX-License-Identifier: MIT
#include "kernel/memory.h"

#include "kernel/mappings.h"

#include <algorithm>
#include <optional>

#include <sys/mman.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Before Linux 6.11 hugetlb memory looks like a file; registering it tells.
MemoryKind kind_of(const ProcessMapping& mapping) noexcept {
    if (mapping.page_bytes > page_bytes())
        return MemoryKind::hugetlb;
    if (mapping.shared)
        return MemoryKind::shared;
    return mapping.has_file ? MemoryKind::file : MemoryKind::anonymous;
}

bool has_known_pages(const ProcessMapping& mapping, MemoryKind kind) noexcept {
    return kind != MemoryKind::hugetlb || mapping.page_bytes == granularity(kind, page_bytes());
}

} // namespace

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

Error refuse_huge_pages(Range range) noexcept {
    if (::madvise(reinterpret_cast<void*>(range.start), range.bytes(), MADV_NOHUGEPAGE) == 0)
        return Error::none;
    // EINVAL: a kernel built without transparent huge pages has none to refuse.
    const Error error = Error::last();
    return error == Error::invalid ? Error::none : error;
}

// Of all calls on a range the one that does least where there is no hole: nothing.
Error check_mapped(Range range) noexcept {
    void* const start = reinterpret_cast<void*>(range.start);
    return ::msync(start, range.bytes(), MS_ASYNC) == 0 ? Error::none : Error::last();
}

Result<MemoryKind> kind_of(Range range) noexcept {
    const Result<Process> self = Process::open(0);
    if (!self)
        return self.error();
    Mappings maps{*self, range.start};
    std::optional<MemoryKind> strongest;
    for (std::uintptr_t seen = range.start; seen < range.end;) {
        const ProcessMapping* mapping = maps.next();
        if (mapping == nullptr || mapping->range.start > seen)
            return maps.error() ? maps.error() : Error::no_memory;
        const MemoryKind kind = kind_of(*mapping);
        const bool mixed =
            (kind == MemoryKind::hugetlb) != (strongest.value_or(kind) == MemoryKind::hugetlb);
        if (mapping->special || mixed || !has_known_pages(*mapping, kind))
            return Error::unsupported_memory;
        strongest = std::max(kind, strongest.value_or(kind));
        seen = mapping->range.end;
    }
    return *strongest;
}

} // namespace ww::kernel
