// SPDX-License-Identifier: MIT
#include "tally.h"

#include "../../counters_format.h"
#include "../failure.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ww::command {

namespace {

namespace fs = std::filesystem;

// A file of counters, mapped; empty if it is not what this command knows.
class Counted {
public:
    explicit Counted(const fs::path& file) {
        const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0)
            return;
        struct stat status {};
        if (::fstat(descriptor, &status) == 0 &&
            static_cast<std::uintmax_t>(status.st_size) >= counters::kBytes) {
            void* const mapped =
                ::mmap(nullptr, counters::kBytes, PROT_READ, MAP_SHARED, descriptor, 0);
            table_ = mapped != MAP_FAILED ? static_cast<const counters::Table*>(mapped) : nullptr;
        }
        ::close(descriptor);
    }
    ~Counted() {
        if (table_ != nullptr)
            ::munmap(const_cast<counters::Table*>(table_), counters::kBytes);
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    bool is_known() const noexcept {
        return table_ != nullptr &&
               std::memcmp(header().magic, counters::kMagic, sizeof counters::kMagic) == 0 &&
               header().version == counters::kVersion &&
               header().header_bytes == sizeof(counters::Header) &&
               header().watch_bytes == sizeof(counters::Watch) &&
               header().watch_count == counters::kPlaces;
    }
    const counters::Header& header() const noexcept { return table_->header; }
    std::span<const counters::Watch> watches() const noexcept { return table_->watches; }

private:
    const counters::Table* table_ = nullptr;
};

void add(Tally& tally, const counters::Watch& watch) {
    const std::uint64_t own = watch.page_bytes; // 0 where watches of all kinds are counted
    const std::uint64_t page = own != 0 ? own : static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    tally.queries += watch.looks + watch.resets;
    tally.resets += watch.resets;
    tally.pages += (watch.bytes_seen + watch.bytes_reset) / page;
    // Queries without reset report the same pages again, but no more at once than
    // there are.
    const std::uint64_t at_once = watch.looks != 0 ? watch.bytes_seen / page / watch.looks : 0;
    tally.first_writes += std::max<std::uint64_t>(watch.bytes_reset / page, at_once);
    tally.query_ns += watch.query_ns;
}

// In memory rather than on a disk.
std::string pattern() {
    std::error_code ignored;
    const char* folder = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nullptr;
    const fs::path place = folder != nullptr ? fs::path{folder} : fs::temp_directory_path(ignored);
    return place / "writewatch-run.XXXXXX";
}

} // namespace

CountersFolder::CountersFolder() {
    std::string name = pattern();
    if (::mkdtemp(name.data()) == nullptr)
        throw Failure("no folder for counters can be made at " + name + ": " + std::strerror(errno));
    path_ = name;
}

CountersFolder::~CountersFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Tally CountersFolder::tally() const {
    Tally tally;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator{path_, error}) {
        const Counted counted{entry.path()};
        if (!counted.is_known()) {
            ++tally.unreadable;
            continue;
        }
        ++tally.trackers;
        tally.watches += counted.header().begun;
        tally.repairs += counted.header().repairs;
        for (const counters::Watch& watch : counted.watches())
            add(tally, watch);
    }
    return tally;
}

} // namespace ww::command
