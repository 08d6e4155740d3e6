// SPDX-License-Identifier: MIT
#include "kernel/capabilities.h"

#include "kernel/memory.h"

#include <array>
#include <string_view>

namespace ww::kernel {

namespace {

constexpr std::string_view words(Missing missing) noexcept {
    switch (missing) {
    case Missing::nothing:
        break;
    case Missing::userfaultfd:
        return "the kernel or a sandbox denies userfaultfd";
    case Missing::asynchronous:
        return "the kernel's userfaultfd cannot write-protect asynchronously (needs Linux 6.7)";
    case Missing::pagemap:
        return "/proc/self/pagemap cannot be opened";
    case Missing::memory:
        return "no memory for the self-test";
    case Missing::registration:
        return "userfaultfd cannot register memory for write-protection";
    case Missing::scan:
        return "the kernel lacks PAGEMAP_SCAN (needs Linux 6.7, on arm64 6.10)";
    case Missing::exactness:
        return "PAGEMAP_SCAN gave wrong answers in the self-test";
    case Missing::setting_is_pagemap_scan:
        return "WRITEWATCH_BACKEND=pagemap-scan";
    case Missing::setting_is_mprotect:
        return "WRITEWATCH_BACKEND=mprotect";
    case Missing::setting_is_none:
        return "WRITEWATCH_BACKEND=none";
    case Missing::known_setting:
        return "WRITEWATCH_BACKEND is not pagemap-scan, mprotect or none";
    }
    return {};
}

// Four pages, each in a state of its own.
class SelfTest {
public:
    SelfTest(Pagemap& pagemap, Range range) noexcept
        : pagemap_(pagemap), range_(range), page_(page_bytes()) {}

    Verdict run() noexcept {
        store(kStored);
        store(kFilledByKernel);
        // Populated pages count as written until they are protected once.
        if (const Verdict first = protect_first_two(); first.missing != Missing::nothing)
            return first;
        if (const ScanResult again = scan(); again.regions != 0 || again.error)
            return {Missing::exactness, again.error};
        store(kStored);
        if (const Error error =
                pagemap_.read_entry_into(reinterpret_cast<void*>(at(kFilledByKernel))))
            return {Missing::pagemap, error};
        load(kMerelyRead);
        return protect_first_two();
    }

private:
    enum Page : std::size_t { kStored, kFilledByKernel, kUntouched, kMerelyRead };

    std::uintptr_t at(Page page) const noexcept { return range_.start + page * page_; }
    void store(Page page) const noexcept { *reinterpret_cast<volatile char*>(at(page)) = 1; }
    void load(Page page) const noexcept {
        static_cast<void>(*reinterpret_cast<const volatile char*>(at(page)));
    }
    ScanResult scan() noexcept {
        return pagemap_.find_tracked(range_, Pagemap::written, true, regions_, 0);
    }
    Verdict protect_first_two() noexcept {
        const ScanResult found = scan();
        if (found.error)
            return {Missing::scan, found.error};
        const bool exact = found.regions == 1 && regions_[0].start == at(kStored) &&
                           regions_[0].end == at(kUntouched);
        return {exact ? Missing::nothing : Missing::exactness, Error::none};
    }

    Pagemap& pagemap_;
    Range range_;
    std::size_t page_;
    std::array<Region, 4> regions_{};
};

void append(std::span<char>& rest, std::string_view text) noexcept {
    for (const char byte : text) {
        if (rest.size() <= 1)
            return;
        rest.front() = byte;
        rest = rest.subspan(1);
    }
}

void append(std::span<char>& rest, int number) noexcept {
    std::array<char, 12> digits{};
    std::size_t first = digits.size();
    do {
        digits[--first] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    append(rest, std::string_view{digits.data() + first, digits.size() - first});
}

} // namespace

Verdict probe_pagemap_scan() noexcept {
    Result<Userfaultfd> userfaultfd = Userfaultfd::open();
    if (!userfaultfd) {
        const Error error = userfaultfd.error();
        return {error == Error::no_backend ? Missing::asynchronous : Missing::userfaultfd, error};
    }
    Result<Pagemap> pagemap = Pagemap::open();
    if (!pagemap)
        return {Missing::pagemap, pagemap.error()};
    const Result<Mapping> scratch = Mapping::create(4 * page_bytes());
    if (!scratch)
        return {Missing::memory, scratch.error()};
    const Range range = (*scratch).range();
    if (const Result<bool> registered = (*userfaultfd).register_range(range); !registered)
        return {Missing::registration, registered.error()};
    return SelfTest{*pagemap, range}.run();
}

void describe(Verdict verdict, std::span<char> text) noexcept {
    if (text.empty())
        return;
    std::span<char> rest = text;
    append(rest, words(verdict.missing));
    if (verdict.error && verdict.missing != Missing::asynchronous) {
        append(rest, " (errno ");
        append(rest, verdict.error.code());
        append(rest, ")");
    }
    rest.front() = '\0';
}

} // namespace ww::kernel
