// SPDX-License-Identifier: MIT
// The counters of this process as another one would see them.
#pragma once

#include "../../tracker/counters_format.h"
#include "host.h"

#include <cstdint>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

inline std::optional<int> counters_descriptor() {
    for (const int fd : open_descriptors()) {
        if (is_counters(fd))
            return fd;
    }
    return std::nullopt;
}

// As another process would see it: through the link in /proc, read-only.
class Seen {
public:
    explicit Seen(const std::string& path) {
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        REQUIRE(fd >= 0);
        void* memory = ::mmap(nullptr, ww::counters::kBytes, PROT_READ, MAP_SHARED, fd, 0);
        ::close(fd);
        REQUIRE(memory != MAP_FAILED);
        table_ = static_cast<const ww::counters::Table*>(memory);
    }
    Seen() : Seen("/proc/self/fd/" + std::to_string(counters_descriptor().value())) {}
    ~Seen() { ::munmap(const_cast<ww::counters::Table*>(table_), ww::counters::kBytes); }
    Seen(const Seen&) = delete;
    Seen& operator=(const Seen&) = delete;

    const ww::counters::Header& header() const { return table_->header; }
    const ww::counters::Watch& at(std::size_t place) const { return table_->watches[place]; }
    // The live watch that starts at the address.
    const ww::counters::Watch* watch(const void* start) const {
        for (const ww::counters::Watch& watch : table_->watches) {
            if (watch.turns % 2 == 1 && watch.start == reinterpret_cast<std::uintptr_t>(start))
                return &watch;
        }
        return nullptr;
    }
    std::size_t live() const {
        std::size_t count = 0;
        for (const ww::counters::Watch& watch : table_->watches)
            count += watch.turns % 2;
        return count;
    }

private:
    const ww::counters::Table* table_ = nullptr;
};
