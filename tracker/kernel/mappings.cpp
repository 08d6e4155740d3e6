// SPDX-License-Identifier: MIT
#include "kernel/mappings.h"

#include "kernel/memory.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>

namespace ww::kernel {

namespace {

// include/uapi/linux/fs.h of Linux 6.11 and newer.
struct procmap_query {
    std::uint64_t size;
    std::uint64_t query_flags;
    std::uint64_t query_addr;
    std::uint64_t vma_start;
    std::uint64_t vma_end;
    std::uint64_t vma_flags;
    std::uint64_t vma_page_size;
    std::uint64_t vma_offset;
    std::uint64_t inode;
    std::uint32_t dev_major;
    std::uint32_t dev_minor;
    std::uint32_t vma_name_size;
    std::uint32_t build_id_size;
    std::uint64_t vma_name_addr;
    std::uint64_t build_id_addr;
};
static_assert(sizeof(procmap_query) == 104);

constexpr std::uint64_t kReadable = 0x01;
constexpr std::uint64_t kWritable = 0x02;
constexpr std::uint64_t kExecutable = 0x04;
constexpr std::uint64_t kShared = 0x08;
constexpr std::uint64_t kCoveringOrNext = 0x10;
constexpr unsigned long PROCMAP_QUERY = _IOWR('f', 17, procmap_query);

constexpr Error kNoSuchCall{ENOTTY};

// Where no file is mapped: the program's own memory goes without a name, or by
// one of these; the rest is the kernel's.
bool is_special_name(std::string_view name) noexcept {
    return !name.empty() && name != "[heap]" && !name.starts_with("[stack") &&
           !name.starts_with("[anon:");
}

Access access_of(std::uint64_t flags) noexcept {
    return {(flags & kReadable) != 0, (flags & kWritable) != 0, (flags & kExecutable) != 0};
}

Error query(const UniqueFd& file, procmap_query& request) noexcept {
    request.size = sizeof request;
    return ::ioctl(file.get(), PROCMAP_QUERY, &request) == 0 ? Error::none : Error::last();
}

} // namespace

Mappings::Mappings(const Process& process, std::uintptr_t from) noexcept : from_(from) {
    Result<UniqueFd> file = process.open_file("maps");
    if (file)
        file_ = std::move(*file);
    else
        error_ = file.error();
}

const ProcessMapping* Mappings::next() noexcept {
    if (error_)
        return nullptr;
    return text_ ? next_by_text() : next_by_query();
}

const ProcessMapping* Mappings::next_by_query() noexcept {
    procmap_query request{};
    request.query_flags = kCoveringOrNext;
    request.query_addr = from_;
    const Error error = query(file_, request);
    if (error == kNoSuchCall) {
        use_text();
        return next_by_text();
    }
    if (error) {
        if (error != Error::not_found)
            error_ = error;
        return nullptr;
    }
    const auto start = static_cast<std::uintptr_t>(request.vma_start);
    from_ = static_cast<std::uintptr_t>(request.vma_end);
    const bool has_file = request.inode != 0;
    mapping_ = {.range = {start, from_},
                .offset = request.vma_offset,
                .device = {request.dev_major, request.dev_minor},
                .inode = request.inode,
                .access = access_of(request.vma_flags),
                .has_file = has_file,
                .shared = (request.vma_flags & kShared) != 0,
                .special = !has_file && is_special(start),
                .page_bytes = static_cast<std::size_t>(request.vma_page_size)};
    return &mapping_;
}

bool Mappings::is_special(std::uintptr_t address) noexcept {
    char name[128] = {}; // longer ones are names that a program gave
    procmap_query request{};
    request.query_addr = address;
    request.vma_name_size = sizeof name;
    request.vma_name_addr = reinterpret_cast<std::uintptr_t>(name);
    return !query(file_, request) && is_special_name(name);
}

void Mappings::use_text() noexcept {
    text_.emplace(std::move(file_), room_);
}

const ProcessMapping* Mappings::next_by_text() noexcept {
    while (const auto line = text_->next()) {
        const std::optional<MapsLine> parsed = parse_maps_line(*line);
        if (!parsed || parsed->range.end <= from_)
            continue;
        from_ = parsed->range.end;
        mapping_ = {.range = parsed->range,
                    .offset = parsed->offset,
                    .device = parsed->device,
                    .inode = parsed->inode,
                    .access = parsed->access,
                    .has_file = parsed->has_file,
                    .shared = parsed->shared,
                    .special = !parsed->has_file && is_special_name(parsed->name),
                    .page_bytes = parsed->has_file ? 0 : page_bytes()};
        return &mapping_;
    }
    error_ = text_->error();
    return nullptr;
}

namespace {

// Not inlined, either of them: only one of the frames shall be there at a time.
[[gnu::noinline]] Error query_at(const UniqueFd& file, std::uintptr_t address,
                                 Range& found) noexcept {
    procmap_query request{};
    request.query_addr = address;
    if (const Error error = query(file, request))
        return error;
    found = {static_cast<std::uintptr_t>(request.vma_start),
             static_cast<std::uintptr_t>(request.vma_end)};
    return Error::none;
}

// No more of a line than what stands in front of the name.
[[gnu::noinline]] void read_at(UniqueFd file, std::uintptr_t address, Range& found) noexcept {
    LineRoom<96, 64> room;
    LineReader lines{std::move(file), room};
    while (const auto line = lines.next()) {
        const std::optional<MapsLine> parsed = parse_maps_line(*line);
        if (parsed && parsed->range.contains(address)) {
            found = parsed->range;
            return;
        }
    }
}

} // namespace

Range mapping_at(std::uintptr_t address) noexcept {
    Range found;
    UniqueFd file{::open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    if (file && query_at(file, address, found) == kNoSuchCall)
        read_at(std::move(file), address, found);
    return found;
}

} // namespace ww::kernel
