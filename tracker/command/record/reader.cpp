// SPDX-License-Identifier: MIT
#include "record/reader.h"

#include "failure.h"
#include "record/format.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace ww::command {

namespace {

using format::Decoder;
using format::Malformed;

// More than any recording has; less than would take all memory.
constexpr std::size_t kMostThings = 65536;
constexpr std::size_t kMostHeat = std::size_t{1} << 29;

class Reader {
public:
    explicit Reader(Recording& recording) noexcept : recording_(recording) {}

    // True at the end of the recording.
    bool take(std::uint32_t kind, Decoder contents) {
        switch (kind) {
        case format::begin:
            recording_.began_s = contents.number();
            recording_.interval_ns = contents.number();
            break;
        case format::process:
            take_process(contents);
            break;
        case format::watch:
            take_watch(contents);
            break;
        case format::sample:
            take_sample(contents);
            break;
        case format::end:
            recording_.cost = {contents.number(), contents.number()};
            return true;
        default:
            break;
        }
        return false;
    }

private:
    void take_process(Decoder& contents) {
        if (recording_.processes.size() >= kMostThings)
            throw Malformed("it has too many processes");
        const std::uint64_t pid = contents.number();
        recording_.processes.push_back({pid, contents.text()});
    }

    void take_watch(Decoder& contents) {
        if (recording_.watches.size() >= kMostThings)
            throw Malformed("it has too many watches");
        RecordedWatch watch;
        watch.process = contents.count(kMostThings);
        watch.start = contents.number();
        watch.bytes = contents.number();
        watch.page_bytes = contents.number();
        if (watch.process >= recording_.processes.size() || watch.bytes == 0 ||
            watch.page_bytes == 0 || watch.start + watch.bytes < watch.start)
            throw Malformed("a watch in it cannot be");
        recording_.watches.push_back(watch);
    }

    void take_sample(Decoder& contents) {
        Sample sample;
        sample.ns = contents.number();
        if (sample.ns < recording_.duration_ns())
            throw Malformed("its time runs backwards");
        while (const std::size_t next = contents.count(recording_.watches.size())) {
            WatchSample seen;
            seen.watch = next - 1;
            if (!sample.watches.empty() && seen.watch <= sample.watches.back().watch)
                throw Malformed("its watches are out of order");
            for (std::uint64_t* number :
                 {&seen.counts.looks, &seen.counts.resets, &seen.counts.bytes_seen,
                  &seen.counts.bytes_reset, &seen.counts.query_ns, &seen.committed, &seen.written,
                  &seen.from, &seen.bytes})
                *number = contents.number();
            const std::size_t cells = contents.count(kMostCells);
            const std::uint64_t all = recording_.watches[seen.watch].bytes;
            if (cells == 0 || seen.bytes == 0 || seen.from >= all || seen.bytes > all - seen.from)
                throw Malformed("a piece of a watch in it cannot be");
            const std::string_view heat = contents.raw(cells);
            seen.heat.assign(heat.begin(), heat.end());
            heat_ += cells;
            sample.watches.push_back(std::move(seen));
        }
        if (heat_ > kMostHeat)
            throw Malformed("it is larger than any recording");
        recording_.samples.push_back(std::move(sample));
    }

    Recording& recording_;
    std::size_t heat_ = 0;
};

} // namespace

std::uint8_t heat_of(std::uint64_t committed, std::uint64_t written) noexcept {
    if (committed == 0)
        return 0;
    constexpr double kSteps = 253;
    if (written == 0)
        return 1;
    const double share = static_cast<double>(written) / static_cast<double>(committed);
    return static_cast<std::uint8_t>(2 + std::min(share, 1.0) * kSteps);
}

Recording read_recording(std::string_view bytes) {
    if (bytes.empty())
        throw Failure("is empty: nothing was recorded");
    switch (format::check_head(bytes)) {
    case format::Head::foreign:
        throw Failure("is no recording of writewatch");
    case format::Head::newer:
        throw Failure(fmt::format("has version {} of the format, and this writewatch knows only {}: "
                                  "use the one that recorded it, or a newer one",
                                  format::version_of(bytes), format::kVersion));
    case format::Head::ours:
        break;
    }
    Recording recording;
    Reader reader{recording};
    std::size_t at = format::kHeadBytes;
    try {
        for (bool ended = false; !ended;) {
            const format::Frame frame = format::take_frame(bytes.substr(at));
            ended = reader.take(frame.kind, Decoder{frame.contents});
            at += frame.bytes;
        }
    } catch (const Malformed& error) {
        recording.cut = fmt::format("at byte {}: {}", at, error.what());
    }
    if (recording.samples.empty() || recording.watches.empty())
        throw Failure(recording.cut.empty() ? "has nothing in it: the process watched nothing"
                                            : "is cut off " + recording.cut);
    return recording;
}

Recording load_recording(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::error_code error;
    if (!in)
        throw Failure(fmt::format("{} cannot be read: {}", file.native(), std::strerror(errno)));
    if (std::filesystem::is_directory(file, error))
        throw Failure(fmt::format("{} is a folder, and no recording", file.native()));
    if (!std::filesystem::is_regular_file(file, error))
        throw Failure(fmt::format("{} is a device or the like, and no recording", file.native()));
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    try {
        return read_recording(bytes);
    } catch (const Failure& failure) {
        throw Failure(fmt::format("{} {}", file.native(), failure.what()));
    }
}

} // namespace ww::command
