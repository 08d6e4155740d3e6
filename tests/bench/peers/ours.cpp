// SPDX-License-Identifier: MIT
#include "ours.h"

#include "../bitmap.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <writewatch/writewatch.h>

namespace bench {

namespace {

std::size_t succeed(std::ptrdiff_t result, const char* call) {
    if (result < 0)
        throw std::runtime_error{std::string{call} + ": " +
                                 std::strerror(static_cast<int>(-result))};
    return static_cast<std::size_t>(result);
}

class Ours : public Peer {
public:
    Ours() { succeed(ww_tracker_create(&tracker_), "ww_tracker_create"); }
    ~Ours() override { ww_tracker_destroy(tracker_); }
    Ours(const Ours&) = delete;
    Ours& operator=(const Ours&) = delete;

    // The kernel peers do not look at the kind of memory either.
    void watch(const Block& block) override {
        succeed(ww_watch(tracker_, block.base, block.bytes, WW_WATCH_ANONYMOUS), "ww_watch");
    }
    void unwatch(const Block& block) override {
        succeed(ww_unwatch(tracker_, block.base, block.bytes), "ww_unwatch");
    }
    void forget(const Block& block) override {
        succeed(ww_forget(tracker_, block.base, block.bytes), "ww_forget");
    }
    std::string failure() const override {
        ww_counters counters{};
        ww_tracker_counters(tracker_, &counters, sizeof counters);
        return counters.repairs == 0 ? "" : "the tracker had to repair watches";
    }

    std::size_t collect_reset(std::span<const Block> watches) override {
        begin();
        std::size_t pages = 0;
        for (const Block& block : watches)
            pages += collect(block);
        return pages;
    }

protected:
    virtual void begin() = 0;
    virtual std::size_t collect(const Block& block) = 0; // gives pages
    ww_tracker* tracker_ = nullptr;
};

class OursAddresses : public Ours {
public:
    void expect(std::size_t pages) override { pages_.resize(pages + 1); }
    bool answer(std::vector<void*>& pages) const override {
        pages.assign(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(found_));
        return true;
    }

    std::size_t collect_reset(std::span<const Block> watches) override {
        if (watches.size() == 1)
            return Ours::collect_reset(watches);
        asked_.clear();
        for (const Block& block : watches)
            asked_.push_back({block.base, block.bytes});
        found_ = succeed(ww_collect_pages_many(tracker_, asked_.data(), asked_.size(), nullptr,
                                               WW_RESET | WW_UNCHANGED, pages_.data(),
                                               pages_.size(), nullptr),
                         "ww_collect_pages_many");
        return found_;
    }

private:
    void begin() override { found_ = 0; }
    std::size_t collect(const Block& block) override {
        const std::size_t count =
            succeed(ww_collect_pages(tracker_, block.base, block.bytes, WW_RESET,
                                     pages_.data() + found_, pages_.size() - found_, nullptr),
                    "ww_collect_pages");
        found_ += count;
        return count;
    }
    std::vector<ww_range> asked_;
    std::vector<void*> pages_;
    std::size_t found_ = 0;
};

class OursRanges : public Ours {
public:
    void expect(std::size_t pages) override { ranges_.resize(pages + 1); }
    bool answer(std::vector<void*>& pages) const override {
        pages.clear();
        for (const ww_range& range : std::span{ranges_}.first(found_)) {
            for (std::size_t at = 0; at < range.bytes; at += page_bytes())
                pages.push_back(static_cast<char*>(range.base) + at);
        }
        return true;
    }

private:
    void begin() override { found_ = 0; }
    std::size_t collect(const Block& block) override {
        const std::span<ww_range> room = std::span{ranges_}.subspan(found_);
        const std::size_t count =
            succeed(ww_collect_ranges(tracker_, block.base, block.bytes, WW_RESET, room.data(),
                                      room.size(), nullptr),
                    "ww_collect_ranges");
        found_ += count;
        std::size_t bytes = 0;
        for (const ww_range& range : room.first(count))
            bytes += range.bytes;
        return bytes / page_bytes();
    }
    std::vector<ww_range> ranges_;
    std::size_t found_ = 0;
};

// Of one watch.
class OursBitmap : public Ours {
public:
    void expect(std::size_t pages) override { words_.resize(pages / 64 + 1); }
    bool answer(std::vector<void*>& pages) const override {
        pages = addresses_in(words_, block_);
        return true;
    }

private:
    void begin() override { std::ranges::fill(words_, 0U); }
    std::size_t collect(const Block& block) override {
        block_ = block;
        return succeed(ww_collect_bitmap(tracker_, block.base, block.bytes, WW_RESET, words_.data(),
                                         words_.size(), nullptr),
                       "ww_collect_bitmap");
    }
    std::vector<std::uint64_t> words_;
    Block block_;
};

class OursCount : public Ours {
public:
    void expect(std::size_t) override {}
    bool answer(std::vector<void*>&) const override { return false; }

private:
    void begin() override {}
    std::size_t collect(const Block& block) override {
        return succeed(
            ww_count_written(tracker_, block.base, block.bytes, WW_RESET, block.pages(), nullptr),
            "ww_count_written");
    }
};

} // namespace

std::function<std::unique_ptr<Peer>(Touched)> ours(OursForm form) {
    return [form](Touched) -> std::unique_ptr<Peer> {
        switch (form) {
        case OursForm::addresses:
            return std::make_unique<OursAddresses>();
        case OursForm::ranges:
            return std::make_unique<OursRanges>();
        case OursForm::bitmap:
            return std::make_unique<OursBitmap>();
        case OursForm::count:
            return std::make_unique<OursCount>();
        }
        return nullptr;
    };
}

} // namespace bench
