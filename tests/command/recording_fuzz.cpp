// SPDX-License-Identifier: MIT
// Any bytes, given to what reads recordings and to what makes reports of them.
// The function is what clang's libFuzzer calls:
//
//     clang++ -std=c++20 -g -fsanitize=fuzzer,address,undefined
//         -DFMT_HEADER_ONLY -Itracker/command -Itracker/include
//         tests/command/recording_fuzz.cpp tracker/command/record/{format,reader}.cpp
//         tracker/command/report/{heat_map,pictures,text}.cpp
//         tracker/command/live/{counters_reader,format}.cpp -lpng -lz
#include "failure.h"
#include "record/format.h"
#include "record/reader.h"
#include "report/writers.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace ww::command;

// What is fuzzed is mostly contents: heads and checksums are made right.
std::string file_of(std::string_view input) {
    std::string file = format::head();
    while (input.size() > 3) {
        const auto kind = static_cast<format::Kind>(input[0] & 7);
        const std::size_t bytes =
            std::min<std::size_t>(static_cast<unsigned char>(input[1]) * 4U, input.size() - 2);
        file += format::frame(kind, input.substr(2, bytes));
        input.remove_prefix(2 + bytes);
    }
    return file;
}

void read_and_report(std::string_view file) {
    try {
        const Recording recording = read_recording(file);
        if (recording.samples.empty())
            std::abort();
        for (const Sample& sample : recording.samples) {
            for (const WatchSample& seen : sample.watches) {
                if (seen.heat.empty() || seen.bytes > recording.watches.at(seen.watch).bytes)
                    std::abort();
            }
        }
        if (recording.watches.size() > 16)
            return; // pictures of thousands of watches are large, and slow
        for (const auto make : {as_svg, as_png, as_csv, as_json}) {
            if (make(recording).empty())
                std::abort();
        }
        static_cast<void>(as_text(recording, true));
    } catch (const Failure& failure) {
        if (std::string_view{failure.what()}.empty())
            std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    if (size > 0 && (data[0] & 1) != 0)
        read_and_report(file_of(input.substr(1)));
    else
        read_and_report(input.substr(size > 0));
    return 0;
}
