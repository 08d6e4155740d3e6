// SPDX-License-Identifier: MIT
#include "raw.h"

#include "../bitmap.h"
#include "../kernel_calls.h"

#include <algorithm>

namespace bench {

namespace {

class Raw : public Peer {
public:
    Raw(RawForm form, Touched touched)
        : form_(form), mask_(touched == Touched::wholly ? Mask::fast : Mask::precise) {}

    void expect(std::size_t pages) override {
        regions_.resize(pages + 1);
        if (form_ == RawForm::addresses)
            pages_.resize(pages + 1);
        if (form_ == RawForm::bitmap)
            words_.resize(pages / 64 + 1);
    }
    void watch(const Block& block) override {
        kernel_.enroll(block);
        const auto start = reinterpret_cast<std::uintptr_t>(block.base);
        const auto end = start + block.bytes;
        // What is populated is armed, in as many calls as it takes.
        while (kernel_.take(start, end, Mask::precise, regions_).regions == regions_.size()) {
        }
    }
    void unwatch(const Block& block) override { kernel_.dismiss(block); }

    std::size_t collect_reset(std::span<const Block> watches) override {
        found_ = 0;
        std::size_t pages = 0;
        std::ranges::fill(words_, 0U);
        for (const Block& block : watches) {
            const auto start = reinterpret_cast<std::uintptr_t>(block.base);
            const std::span<Region> room = std::span{regions_}.subspan(found_, most(block));
            const auto found = kernel_.take(start, start + block.bytes, mask_, room);
            pages = take(room.first(found.regions), start, pages);
            found_ += found.regions;
        }
        return pages;
    }

    bool answer(std::vector<void*>& pages) const override {
        pages.clear();
        for (const Region& region : std::span{regions_}.first(found_)) {
            for (std::uint64_t page = region.start; page < region.end; page += page_bytes())
                pages.push_back(reinterpret_cast<void*>(page));
        }
        return true;
    }

private:
    // Two written regions have a clean page between them. The kernel's own buffer
    // is as long as what it is offered.
    std::size_t most(const Block& block) const {
        return std::min(block.pages() / 2 + 1, regions_.size() - found_);
    }

    // Into the form wanted; gives how many pages there are now.
    std::size_t take(std::span<const Region> found, std::uint64_t base, std::size_t pages) {
        if (form_ == RawForm::addresses)
            return expand(found, pages);
        const std::size_t step = page_bytes();
        std::size_t bytes = 0;
        for (const Region& region : found) {
            bytes += static_cast<std::size_t>(region.end - region.start);
            if (form_ == RawForm::bitmap)
                set_bits(words_, (region.start - base) / step, (region.end - base) / step);
        }
        return pages + bytes / step;
    }
    std::size_t expand(std::span<const Region> found, std::size_t count) {
        const std::size_t step = page_bytes();
        void** const out = pages_.data();
        for (const Region& region : found) {
            for (std::uint64_t page = region.start; page < region.end; page += step)
                out[count++] = reinterpret_cast<void*>(page);
        }
        return count;
    }

    WriteProtection kernel_;
    RawForm form_;
    Mask mask_;
    std::vector<Region> regions_;
    std::vector<void*> pages_;
    std::vector<std::uint64_t> words_;
    std::size_t found_ = 0;
};

} // namespace

std::function<std::unique_ptr<Peer>(Touched)> raw(RawForm form) {
    return [form](Touched touched) { return std::make_unique<Raw>(form, touched); };
}

} // namespace bench
