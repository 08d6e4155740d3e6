// SPDX-License-Identifier: MIT
// Which pages were written, and closing them again.
#include "mprotect.h"

#include "kernel/memory.h"
#include "kernel/populated.h"
#include "kernel/protection.h"
#include "kernel/self_maps.h"
#include "kernel/write_faults.h"

#include <algorithm>
#include <array>

namespace ww {

using kernel::Access;
using kernel::Error;
using kernel::ProcessMapping;
using kernel::Region;
using kernel::SelfMaps;

// ---- The answer -----------------------------------------------------------------

Step Mprotect::collect(Watched watched, bool reset, StepLimits limits,
                       std::span<Region> scratch) noexcept {
    const Closing closing{*this};
    const Range rest = watched.range;
    const std::size_t room = std::min(scratch.size(), limits.regions);
    std::size_t found = 0;
    std::size_t pages = 0;
    std::uintptr_t at = rest.start;
    while (found < room && pages < limits.pages) {
        at = words_.first_written({at, rest.end});
        if (at == rest.end)
            break;
        const Range run = reset ? take_run({at, rest.end}, limits.pages - pages)
                                : written_run({at, rest.end}, limits.pages - pages);
        if (reset) {
            // What was found in front of a failure is this step's answer; the
            // next one meets the failure first.
            if (const Error error = close_taken(run)) {
                if (found > 0)
                    break;
                return {{}, rest.start, error};
            }
        }
        if (!run.empty())
            scratch[found++] = {run.start, run.end, 0};
        pages += run.bytes() / kernel::page_bytes();
        at = std::max(run.end, at + kernel::page_bytes());
    }
    return {scratch.first(found), at, Error::none};
}

Range Mprotect::written_run(Range range, std::size_t pages) const noexcept {
    const std::size_t page = kernel::page_bytes();
    Range run{range.start, range.start};
    while (run.end < range.end && run.bytes() / page < pages && words_.is_written(run.end))
        run.end += page;
    return run;
}

// Empty if another collector was faster.
Range Mprotect::take_run(Range range, std::size_t pages) noexcept {
    const std::size_t page = kernel::page_bytes();
    Range run{range.start, range.start};
    while (run.end < range.end && run.bytes() / page < pages && words_.take(run.end))
        run.end += page;
    return run;
}

// Where the kernel allows no more mappings the pages stay open, and the next
// collect finds them so, without a word: it reports them again.
Error Mprotect::close_taken(Range run) noexcept {
    Error error = close_pages(run);
    if (error == Error::no_memory) {
        count_mapping_limit();
        error = Error::none;
    }
    for (std::uintptr_t page = run.start; page < run.end; page += kernel::page_bytes()) {
        if (error)
            words_.give_back(page);
        else
            words_.leave(page);
    }
    return error;
}

// Reported by a collect without reset, and to be clean without a second question.
Error Mprotect::protect(Watched watched) noexcept {
    const Closing closing{*this};
    const Range rest = watched.range;
    std::uintptr_t at = rest.start;
    while ((at = words_.first_written({at, rest.end})) < rest.end) {
        const Range run = take_run({at, rest.end}, rest.bytes());
        if (const Error error = close_taken(run))
            return error;
        at = std::max(run.end, at + kernel::page_bytes());
    }
    return Error::none;
}

// Only pages of which the program may write: others stay as it has them.
Error Mprotect::close_pages(Range run) noexcept {
    const Error error = pieces_.for_each(run, [](Range part, Piece piece) {
        return piece.write && !piece.ending ? kernel::protect(part, piece.closed()) : Error::none;
    });
    // Whoever unwatches opens all behind his word: if it came in front of ours
    // we see it here.
    static_cast<void>(pieces_.for_each(run, [this](Range part, Piece piece) {
        if (piece.write && piece.ending)
            static_cast<void>(open_or_keep(part, piece));
        return Error::none;
    }));
    return error;
}

// ---- Changes without a word -----------------------------------------------------

Error Mprotect::look(Watched watched) noexcept {
    if (!kernel::catches_write_faults())
        count_foreign_handler();
    const Closing closing{*this};
    const Range range = watched.range;
    SelfMaps maps{range.start};
    std::uintptr_t seen = range.start;
    const ProcessMapping* mapping = nullptr;
    while ((mapping = maps.next()) != nullptr && mapping->range.start < range.end) {
        const Range part = intersection(mapping->range, range);
        words_.clear({seen, part.start}); // a hole holds nothing
        seen = part.end;
        if (const Error error = look_at(part, *mapping))
            return error;
    }
    if (!maps.error())
        words_.clear({seen, range.end});
    return maps.error();
}

// What the program closed to itself is not ours to open; it may have been
// written before. What is open now is ours to close, also where the word of a
// page says already that it was written.
Error Mprotect::look_at(Range part, const ProcessMapping& mapping) noexcept {
    const Access access = mapping.access;
    const Error error = access.write ? find_opened(part, mapping) : latch_unarmed(part, mapping);
    return error ? error : pieces_.change(part, [&](Piece& piece) {
        piece.armed = true;
        piece.write = access.write || (piece.write && access.read);
        piece.execute = access.write ? access.execute : piece.execute;
    });
}

Error Mprotect::latch_unarmed(Range part, const ProcessMapping& mapping) noexcept {
    return pieces_.for_each(part, [&](Range range, Piece piece) {
        if (piece.armed)
            return Error::none;
        kernel::PopulatedPages populated;
        if (!populated.error())
            latch_populated(range, mapping, populated, &PageWords::latch);
        return populated.error();
    });
}

// Memory that is open though no word says so: somebody else opened it, or mapped
// it, or it was watched and never closed. What is populated of it may have been
// written.
Error Mprotect::find_opened(Range part, const ProcessMapping& mapping) noexcept {
    std::uintptr_t at = part.start;
    while ((at = words_.first_quiet({at, part.end})) < part.end) {
        // Where nothing was ever known nobody of ours has opened anything.
        const PageWords::Piece next = words_.first_piece({at, part.end});
        const Error error = next.known ? secure_known(next.range)
                                       : secure(next.range, mapping, &PageWords::latch_if_unknown);
        if (error)
            return error;
        at = next.range.end;
    }
    return Error::none;
}

// Elsewhere the page may have been closed since the mappings were read. Pages
// reserved in their words are opened or closed by nobody of ours without its
// showing there: the mappings, read again, say what was opened by somebody else.
Error Mprotect::secure_known(Range part) noexcept {
    const std::size_t page = kernel::page_bytes();
    std::array<bool, PageWords::kPagesPerBlock> taken{};
    const auto is_taken = [&](std::uintptr_t at) -> bool& {
        return taken[(at - part.start) / page];
    };
    for (std::uintptr_t at = part.start; at < part.end; at += page)
        is_taken(at) = words_.take_quiet(at);

    SelfMaps maps{part.start};
    Error error;
    const ProcessMapping* mapping = nullptr;
    while (!error && (mapping = maps.next()) != nullptr && mapping->range.start < part.end) {
        if (!mapping->access.write)
            continue;
        const Range open = intersection(mapping->range, part);
        for (std::uintptr_t at = open.start; !error && at < open.end;) {
            Range run{at, at};
            while (run.end < open.end && is_taken(run.end) && words_.is_reserved(run.end))
                run.end += page;
            if (!run.empty())
                error = secure(run, *mapping, &PageWords::latch);
            at = std::max(run.end, at + page);
        }
    }
    for (std::uintptr_t at = part.start; at < part.end; at += page) {
        if (is_taken(at))
            words_.leave(at);
    }
    return error ? error : maps.error();
}

// Closes first, and looks behind it what is populated: a store between the two
// has gone through the handler. Where the kernel allows no more mappings all of
// the mapping is closed, which takes no new one. If that fails, too, the memory
// stays open, and is looked at again by the next collect.
Error Mprotect::secure(Range run, const ProcessMapping& mapping, LatchPage latch) noexcept {
    kernel::PopulatedPages populated;
    if (populated.error())
        return populated.error();
    if (const Error error = adopt(run, mapping.access))
        return error;
    Error error = close_pages(run);
    if (error == Error::no_memory) {
        count_mapping_limit();
        run = pieces_around(run.start, mapping.range);
        latch = &PageWords::latch;
        error = close_pages(run);
    }
    if (error && error != Error::no_memory)
        return error;
    latch_populated(run, mapping, populated, latch);
    return Error::none;
}

// A written page of shared memory may have left the page table.
void Mprotect::latch_populated(Range run, const ProcessMapping& mapping,
                               kernel::PopulatedPages& populated, LatchPage latch) noexcept {
    while (!run.empty()) {
        const Range pages = mapping.shared ? run : populated.first_run(run);
        if (pages.empty() && !populated.error())
            break;
        // What cannot be found out is written.
        const Range written = populated.error() ? run : pages;
        for (std::uintptr_t page = written.start; page < written.end; page += kernel::page_bytes())
            (words_.*latch)(page);
        run.start = written.end;
    }
}

Error Mprotect::adopt(Range run, Access access) noexcept {
    bool was_closed = false;
    const Error error = pieces_.change(run, [&](Piece& piece) {
        was_closed = was_closed || piece.armed;
        piece.write = true;
        piece.execute = access.execute;
        piece.armed = true;
    });
    if (was_closed)
        count_repair();
    return error;
}

} // namespace ww
