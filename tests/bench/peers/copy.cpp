// SPDX-License-Identifier: MIT
#include "copy.h"

#include <cstring>

namespace bench {

namespace {

class Copy : public Peer {
public:
    void expect(std::size_t pages) override { pages_.resize(pages + 1); }

    void watch(const Block& block) override {
        if (!shadow_ || shadow_->block().bytes < block.bytes)
            shadow_ = std::make_unique<Mapping>(block.bytes);
        std::memcpy(shadow_->block().base, block.base, block.bytes);
    }
    void unwatch(const Block&) override {}

    // Of one watch: there is one shadow.
    std::size_t collect_reset(std::span<const Block> watches) override {
        const Block& block = watches.front();
        const std::size_t step = page_bytes();
        found_ = 0;
        for (std::size_t at = 0; at < block.bytes; at += step) {
            char* const page = block.base + at;
            char* const copy = shadow_->block().base + at;
            if (std::memcmp(copy, page, step) != 0) {
                std::memcpy(copy, page, step);
                pages_[found_++] = page;
            }
        }
        return found_;
    }
    bool answer(std::vector<void*>& pages) const override {
        pages.assign(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(found_));
        return true;
    }

private:
    std::unique_ptr<Mapping> shadow_;
    std::vector<void*> pages_;
    std::size_t found_ = 0;
};

} // namespace

std::function<std::unique_ptr<Peer>(Touched)> full_copy() {
    return [](Touched) { return std::make_unique<Copy>(); };
}

} // namespace bench
