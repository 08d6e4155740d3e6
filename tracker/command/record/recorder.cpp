// SPDX-License-Identifier: MIT
#include "record/recorder.h"

#include "failure.h"
#include "live/monitor.h"
#include "live/page_census.h"
#include "record/format.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fmt/format.h>

namespace ww::command {

namespace {

void encode(format::Encoder& out, const WatchCounts& watch, const Cells& cells) {
    const QueryCounts& counts = watch.counts;
    const PageCount& pages = cells.total();
    for (const std::uint64_t number :
         {counts.looks, counts.resets, counts.bytes_seen, counts.bytes_reset, counts.query_ns,
          pages.committed, pages.written, cells.start() - watch.start, cells.end() - cells.start(),
          std::uint64_t{cells.size()}})
        out.number(number);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::uint8_t heat = heat_of(cells[i].committed, cells[i].written);
        out.raw(&heat, 1);
    }
}

bool is_there(const std::filesystem::path& file) {
    std::error_code error;
    return std::filesystem::exists(file, error);
}

} // namespace

Recorder::Recorder(std::filesystem::path file, std::uint64_t interval_ns, std::size_t most_cells)
    : path_(std::move(file)), existed_(is_there(path_)),
      out_(path_, std::ios::binary | std::ios::app), interval_ns_(interval_ns),
      most_cells_(most_cells), began_ns_(monotonic_ns()), cpu_before_ns_(own_cpu_ns()) {
    if (!out_)
        throw Failure(fmt::format("{} cannot be written: {}", path_.native(), std::strerror(errno)));
}

void Recorder::begin() {
    std::error_code none; // of a device
    std::filesystem::resize_file(path_, 0, none);
    write(format::head());
    format::Encoder begin;
    begin.number(static_cast<std::uint64_t>(std::time(nullptr)));
    begin.number(interval_ns_);
    write(format::frame(format::begin, begin.bytes()));
}

void Recorder::write(const std::string& bytes) {
    if (!out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush())
        throw Failure(fmt::format("{} cannot be written to: {}", path_.native(),
                                  std::strerror(errno)));
    bytes_ += bytes.size();
}

std::size_t Recorder::process_number(const Target& target) {
    if (processes_.empty())
        begin();
    const auto [place, fresh] = processes_.try_emplace({target.pid(), target.name()}, processes_.size());
    if (fresh) {
        format::Encoder process;
        process.number(static_cast<std::uint64_t>(target.pid()));
        process.text(target.name());
        write(format::frame(format::process, process.bytes()));
    }
    return place->second;
}

Recorder::Known& Recorder::known(const Target& target, const WatchCounts& watch) {
    const std::size_t process = process_number(target);
    const Extent extent{process, watch.start, watch.bytes};
    const auto [place, fresh] = watches_.try_emplace(extent, Known{watches_.size(), {}});
    if (fresh) {
        format::Encoder out;
        out.number(process);
        for (const std::uint64_t number :
             {watch.start, watch.bytes, std::uint64_t{watch.page_bytes}})
            out.number(number);
        write(format::frame(format::watch, out.bytes()));
    }
    return place->second;
}

// Back ends other than the page tables' leave no marks there: only their counters
// tell.
std::optional<Cells> Recorder::count(const TrackerCounts& tracker, const WatchCounts& watch,
                                     const Target& target, Census& census) const {
    if (tracker.backend != 1)
        return Cells{watch.start, watch.bytes, 1};
    return census.take(target.pagemap(), watch.start, watch.bytes, most_cells_);
}

bool Recorder::look(std::vector<Target>& targets) {
    const std::uint64_t started = monotonic_ns();
    // In the order of their numbers.
    std::map<std::size_t, std::string> seen;
    std::erase_if(targets, [&](const Target& target) {
        const std::vector<TrackerCounts> trackers = target.read();
        std::map<std::size_t, std::string> its;
        for (const TrackerCounts& tracker : trackers) {
            for (const WatchCounts& watch : tracker.watches) {
                Known& as = known(target, watch);
                const std::optional<Cells> cells = count(tracker, watch, target, as.census);
                if (!cells)
                    continue;
                format::Encoder out;
                encode(out, watch, *cells);
                its[as.number] = out.bytes();
            }
        }
        // Of one that ended meanwhile the memory may have been gone.
        if (trackers.empty() || target.has_ended())
            return true;
        seen.merge(its);
        return false;
    });
    if (targets.empty())
        return false;
    last_ns_ = started - began_ns_;
    format::Encoder sample;
    sample.number(last_ns_);
    for (const auto& [number, bytes] : seen) {
        sample.number(number + 1);
        sample.raw(bytes.data(), bytes.size());
    }
    sample.number(0);
    if (!watches_.empty())
        write(format::frame(format::sample, sample.bytes()));
    ++samples_;
    longest_ns_ = std::max(longest_ns_, monotonic_ns() - started);
    return true;
}

RecordingCost Recorder::cost() const noexcept {
    return {own_cpu_ns() - cpu_before_ns_, longest_ns_};
}

void Recorder::finish() {
    if (watches_.empty()) {
        std::error_code ignored;
        if (!existed_)
            std::filesystem::remove(path_, ignored);
        return;
    }
    format::Encoder end;
    end.number(cost().cpu_ns);
    end.number(cost().longest_look_ns);
    write(format::frame(format::end, end.bytes()));
}

} // namespace ww::command
