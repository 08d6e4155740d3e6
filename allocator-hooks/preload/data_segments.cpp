// SPDX-License-Identifier: MIT
#include "data_segments.h"

#include "../region.h"

#include <cstdint>
#include <cstdlib>
#include <link.h>
#include <mutex>

namespace ww::hooks {

namespace {

bool any_names(std::string_view names, std::string_view path) noexcept {
    for (;;) {
        const std::size_t comma = names.find(',');
        if (names_library(names.substr(0, comma), path))
            return true;
        if (comma == std::string_view::npos)
            return false;
        names.remove_prefix(comma + 1);
    }
}

// The pages that hold it; relocated constants among them, which nobody writes.
ww_range range_of(const dl_phdr_info& object, const ElfW(Phdr) & segment) noexcept {
    const std::uintptr_t page = page_bytes();
    const std::uintptr_t start = (object.dlpi_addr + segment.p_vaddr) / page * page;
    const std::uintptr_t end =
        (object.dlpi_addr + segment.p_vaddr + segment.p_memsz + page - 1) / page * page;
    return {reinterpret_cast<void*>(start), end - start};
}

} // namespace

bool names_library(std::string_view name, std::string_view path) noexcept {
    if (name.empty() || path.empty())
        return name.empty() && path.empty();
    if (!path.ends_with(name))
        return false;
    return path.size() == name.size() || name.front() == '/' ||
           path[path.size() - name.size() - 1] == '/';
}

void DataSegments::watch(ww_tracker& tracker, ww_range range) noexcept {
    if (count_ < ranges_.size() && ww_watch(&tracker, range.base, range.bytes, 0) == 0)
        ranges_[count_++] = range;
}

void DataSegments::find_and_watch(ww_tracker& tracker, std::string_view names) noexcept {
    struct Search {
        DataSegments& found;
        ww_tracker& tracker;
        std::string_view names;
    } search{*this, tracker, names};
    const auto look = [](dl_phdr_info* object, std::size_t, void* context) {
        const auto& in = *static_cast<Search*>(context);
        if (!any_names(in.names, object->dlpi_name))
            return 0;
        for (ElfW(Half) i = 0; i < object->dlpi_phnum; ++i) {
            const ElfW(Phdr)& segment = object->dlpi_phdr[i];
            if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0)
                in.found.watch(in.tracker, range_of(*object, segment));
        }
        return 0;
    };
    ::dl_iterate_phdr(look, &search);
}

const DataSegments& DataSegments::watched_by(ww_tracker& tracker) noexcept {
    static constinit DataSegments segments;
    static constinit std::mutex mutex;
    static constinit bool found = false;
    const std::scoped_lock lock{mutex};
    const char* names = found ? nullptr : std::getenv("WRITEWATCH_MALLOC_WATCH");
    found = true;
    if (names != nullptr)
        segments.find_and_watch(tracker, names);
    return segments;
}

} // namespace ww::hooks
