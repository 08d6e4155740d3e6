// SPDX-License-Identifier: MIT
// Recordings that were damaged, cut off, or made by somebody else: a sentence, or
// what is still good, and never a crash.
#include "failure.h"
#include "record/format.h"
#include "record/reader.h"

#include <cstdint>
#include <doctest/doctest.h>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace ww::command;

constexpr int kSamples = 20;

std::string sample_frame(int number) {
    format::Encoder out;
    out.number(static_cast<std::uint64_t>(number) * 50'000'000);
    for (const std::uint64_t watch : {1UL, 2UL}) {
        const std::uint64_t parts = watch == 1 ? 64 : 16;
        for (const std::uint64_t value : {watch, 3UL + watch, 5UL, 4096UL, 0UL, 700UL, 1UL << 20,
                                          8192UL, 0UL, parts << 12, parts})
            out.number(value);
        const std::string heat(parts, static_cast<char>(number * 11));
        out.raw(heat.data(), heat.size());
    }
    out.number(0);
    return format::frame(format::sample, out.bytes());
}

std::string frame_of(format::Kind kind, std::initializer_list<std::uint64_t> numbers,
                     const char* name = nullptr) {
    format::Encoder out;
    for (const std::uint64_t number : numbers)
        out.number(number);
    if (name != nullptr)
        out.text(name);
    return format::frame(kind, out.bytes());
}

std::string beginning() {
    return format::head() + frame_of(format::begin, {1'800'000'000, 50'000'000}) +
           frame_of(format::process, {4711}, "a game") +
           frame_of(format::watch, {0, 0x7f0000000000, 64 << 12, 4096}) +
           frame_of(format::watch, {0, 0x7f0000100000, 16 << 12, 4096});
}

std::string whole_recording() {
    std::string file = beginning();
    for (int i = 0; i < kSamples; ++i)
        file += sample_frame(i);
    return file + frame_of(format::end, {1'000'000, 90'000});
}

void feed(char first, const std::string& bytes) {
    const std::string input = first + bytes;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string failure_of(const std::string& bytes) {
    try {
        static_cast<void>(read_recording(bytes));
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "";
}

} // namespace

TEST_CASE("recording: what was written is read") {
    const Recording recording = read_recording(whole_recording());
    CHECK(recording.cut.empty());
    REQUIRE(recording.samples.size() == kSamples);
    CHECK(recording.processes.at(0).name == "a game");
    CHECK(recording.watches.at(1).start == 0x7f0000100000);
    CHECK(recording.duration_ns() == 950'000'000);
    const WatchSample& seen = recording.samples.at(3).watches.at(1);
    CHECK(seen.watch == 1);
    CHECK(seen.counts.looks == 5);
    CHECK(seen.counts.bytes_seen == 4096);
    CHECK(seen.written == 8192);
    CHECK(seen.heat == std::vector<std::uint8_t>(16, 33));
    CHECK(recording.cost.longest_look_ns == 90'000);
}

TEST_CASE("recording: cut off anywhere, what is whole is given, and the cut is told") {
    const std::string file = whole_recording();
    std::size_t most = 0;
    for (std::size_t bytes = 0; bytes < file.size(); ++bytes) {
        const std::string part = file.substr(0, bytes);
        if (const std::string failure = failure_of(part); !failure.empty()) {
            CHECK(most == 0);
            CHECK((failure == "is no recording of writewatch" ||
                   failure == "is empty: nothing was recorded" ||
                   failure.starts_with("is cut off at byte ")));
            continue;
        }
        const Recording recording = read_recording(part);
        CHECK(recording.samples.size() >= most);
        CHECK(recording.cut.ends_with("the file ends within a frame"));
        most = recording.samples.size();
    }
    CHECK(most == kSamples);
}

TEST_CASE("recording: of a newer version, and of something else") {
    std::string file = whole_recording();
    file[8] = 2;
    CHECK(failure_of(file).starts_with("has version 2 of the format, and this writewatch knows only 1"));
    CHECK(failure_of("") == "is empty: nothing was recorded");
    CHECK(failure_of(std::string(5000, 'x')) == "is no recording of writewatch");
}

TEST_CASE("recording: a byte that changed is found, whichever it is") {
    const std::string file = whole_recording();
    for (std::size_t at = format::kHeadBytes; at < file.size(); ++at) {
        std::string damaged = file;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
        const std::string failure = failure_of(damaged);
        if (failure.empty()) {
            const Recording recording = read_recording(damaged);
            CHECK(recording.cut.starts_with("at byte "));
        }
    }
}

TEST_CASE("recording: frames of an unknown kind are passed over") {
    const std::string unknown = format::frame(static_cast<format::Kind>(99), "something new");
    CHECK(read_recording(beginning() + unknown + sample_frame(1)).samples.size() == 1);
}

TEST_CASE("recording: contents that cannot be, under right checksums") {
    const auto cut = [](const std::string& frame) {
        return read_recording(beginning() + sample_frame(1) + frame).cut;
    };
    constexpr std::uint64_t kHuge = ~std::uint64_t{0};
    CHECK(cut(frame_of(format::watch, {7, 0, 4096, 4096})).ends_with("a watch in it cannot be"));
    CHECK(cut(frame_of(format::watch, {0, 0, 0, 4096})).ends_with("a watch in it cannot be"));
    CHECK(cut(frame_of(format::watch, {0, kHuge, 4096, 4096})).ends_with("cannot be"));
    CHECK(cut(frame_of(format::process, {1, kHuge})).ends_with("is too large"));
    CHECK(cut(frame_of(format::sample, {0})).ends_with("its time runs backwards"));
    CHECK(cut(frame_of(format::sample, {kHuge, 3})).ends_with("is too large"));
    const auto piece = [&cut](std::uint64_t from, std::uint64_t bytes, std::uint64_t parts) {
        return cut(frame_of(format::sample, {kHuge, 1, 0, 0, 0, 0, 0, 0, 0, from, bytes, parts}));
    };
    CHECK(piece(0, 64 << 12, 64).ends_with("it is too short"));
    CHECK(piece(0, 64 << 12, kHuge).ends_with("is too large"));
    CHECK(piece(0, 64 << 12, 0).ends_with("a piece of a watch in it cannot be"));
    CHECK(piece(0, 65 << 12, 1).ends_with("cannot be"));
    CHECK(piece(64 << 12, 4096, 1).ends_with("cannot be"));
    CHECK(piece(4096, kHuge, 1).ends_with("cannot be"));
    CHECK(piece(4096, 0, 1).ends_with("cannot be"));
    CHECK(cut(format::frame(format::sample, std::string(12, '\xff'))).ends_with("is too long"));
    CHECK(cut(format::frame(format::sample, "\x80")).ends_with("it ends within a number"));
}

TEST_CASE("recording: thousands of broken ones, always the same: no crash in any report") {
    std::mt19937 random{20261125};
    const std::string file = whole_recording();
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = file;
        for (auto changes = random() % 6 + 1; changes > 0 && !damaged.empty(); --changes) {
            const std::size_t at = random() % damaged.size();
            switch (random() % 4) {
            case 0:
                damaged[at] = static_cast<char>(random());
                break;
            case 1:
                damaged.erase(at, random() % 40);
                break;
            case 2:
                damaged.insert(at, damaged.substr(random() % damaged.size(), random() % 40));
                break;
            default:
                damaged.resize(at + 1);
            }
        }
        feed('\0', damaged);
        feed('\1', damaged.substr(format::kHeadBytes < damaged.size() ? format::kHeadBytes : 0));
    }
    // Contents that are nearly right, with right checksums.
    for (int round = 0; round < 20'000; ++round) {
        std::string frames;
        const char kinds[] = {1, 2, 3, 3, 4, 4, 4, 4};
        for (const char kind : kinds) {
            std::string contents;
            for (auto bytes = random() % 30; bytes > 0; --bytes)
                contents += static_cast<char>(random() % 5 != 0 ? random() % 3 : random());
            contents.resize((contents.size() + 3) / 4 * 4);
            frames += kind;
            frames += static_cast<char>(contents.size() / 4);
            frames += contents;
        }
        feed('\1', frames);
    }
}
