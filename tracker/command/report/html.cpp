// SPDX-License-Identifier: MIT
// The page is report/page.html; here is what it shows.
#include "report/heat_map.h"
#include "report/writers.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string_view>

namespace ww::command {

extern const char kReportPage[]; // made of page.html

namespace {

std::string base64(std::string_view bytes) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t three = 0;
        for (std::size_t k = 0; k < 3; ++k)
            three = three << 8 |
                    (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += i + k <= bytes.size() ? kDigits[three >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

// Pairs of bytes: how often, and which.
std::string packed(const std::vector<std::uint8_t>& heat) {
    constexpr std::size_t kMost = 255;
    std::string pairs;
    for (std::size_t first = 0, end = 0; first < heat.size(); first = end) {
        for (end = first + 1;
             end < heat.size() && heat[end] == heat[first] && end - first < kMost;)
            ++end;
        pairs += static_cast<char>(end - first);
        pairs += static_cast<char>(heat[first]);
    }
    return base64(pairs);
}

nlohmann::ordered_json seen_by(const Sample& sample) {
    nlohmann::ordered_json watches = nlohmann::ordered_json::array();
    for (const WatchSample& seen : sample.watches)
        watches.push_back({seen.watch, seen.counts.looks, seen.counts.resets,
                           seen.counts.bytes_seen, seen.counts.bytes_reset, seen.counts.query_ns,
                           seen.committed, seen.written, seen.from, seen.bytes,
                           seen.heat.size(), packed(seen.heat)});
    return watches;
}

std::string data_of(const Recording& recording) {
    using nlohmann::ordered_json;
    ordered_json all{{"headline", headline(recording)},
                     {"cut", recording.cut},
                     {"processes", ordered_json::array()},
                     {"watches", ordered_json::array()},
                     {"samples", ordered_json::array()}};
    for (const RecordedProcess& process : recording.processes)
        all["processes"].push_back({{"pid", process.pid}, {"name", process.name}});
    const std::vector<UsedPiece> pieces = used_pieces(recording);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const RecordedWatch& watch = recording.watches[i];
        all["watches"].push_back({{"process", watch.process},
                                  {"start", fmt::format("0x{:x}", watch.start)},
                                  {"bytes", watch.bytes},
                                  {"page", watch.page_bytes},
                                  {"from", pieces[i].from},
                                  {"used", pieces[i].bytes},
                                  {"parts", pieces[i].parts}});
    }
    for (const Sample& sample : recording.samples)
        all["samples"].push_back(
            {{"t", static_cast<double>(sample.ns) / 1e9}, {"w", seen_by(sample)}});
    return all.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

} // namespace

std::string as_html(const Recording& recording) {
    std::string data;
    // Names of programs may look like the end of the script.
    for (const char c : data_of(recording))
        data += c == '<' ? std::string{"\\u003c"} : std::string{c};
    std::string page = kReportPage;
    constexpr std::string_view kPlace = "@DATA@";
    return page.replace(page.find(kPlace), kPlace.size(), data);
}

} // namespace ww::command
