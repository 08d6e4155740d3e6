// SPDX-License-Identifier: MIT
// Versions of pages against whole copies, without memory that is watched.
#include "kernel/memory.h"
#include "page_history.h"

#include <array>
#include <cstring>
#include <doctest/doctest.h>
#include <memory>
#include <random>
#include <string>
#include <vector>

using ww::PageHistory;
using ww::kernel::Error;
using ww::kernel::page_bytes;

namespace {

constexpr std::uint32_t kPages = 3;

class History {
public:
    explicit History(std::size_t slots = 500, std::size_t checkpoints = 20) {
        REQUIRE(!history_.open(checkpoints, slots * page_bytes(), page_bytes()));
        REQUIRE(!history_.add_pages(kPages));
    }
    char* page(std::uint32_t number) { return memory_.get() + number * page_bytes(); }

    std::size_t note() {
        std::size_t changed = 0;
        for (std::uint32_t number = 0; number < kPages; ++number)
            changed += history_.change(number, page(number)) ? 1 : 0;
        return changed;
    }
    std::uint64_t take() {
        note();
        return history_.close();
    }
    std::string now() { return {memory_.get(), kPages * page_bytes()}; }
    void restore(std::uint64_t id) {
        history_.move_cursor(*history_.find(id), [this](std::uint32_t number) {
            std::memcpy(page(number), history_.contents(number), page_bytes());
        });
    }
    PageHistory& history() { return history_; }

private:
    PageHistory history_;
    struct Freed {
        void operator()(char* memory) const { ::operator delete[](memory, std::align_val_t{4096}); }
    };
    std::unique_ptr<char[], Freed> memory_{new (std::align_val_t{4096})
                                               char[kPages * page_bytes()]{}};
};

} // namespace

TEST_CASE("history: a page that is told again as it was is no change") {
    History history;
    history.page(1)[77] = 1;
    CHECK(history.note() == 1);
    CHECK(history.note() == 0);
    history.page(1)[4095] = 1;
    CHECK(history.note() == 1);
}

TEST_CASE("history: a byte that changes costs a line, not a page") {
    History history;
    history.page(0)[0] = 1;
    history.take();
    const std::size_t before = history.history().pool().slots_used();
    for (char round = 0; round < 16; ++round) {
        history.page(0)[64 * 5] = round;
        history.take();
    }
    // A list each, with room for many lines, and none for the page.
    CHECK(history.history().pool().slots_used() <= before + 16);
}

TEST_CASE("history: any version comes back, forth and back, whatever became of the pages") {
    std::mt19937 random{1};
    History history;
    struct Known {
        std::uint64_t id;
        std::string bytes;
    };
    std::vector<Known> known;
    std::uint64_t cursor = 0;
    int restores = 0;
    // From a byte to whole pages, zeros in between.
    const auto scribble = [&] {
        char* page = history.page(static_cast<std::uint32_t>(random() % kPages));
        if (random() % 5 == 0) {
            std::memset(page, 0, page_bytes());
            return;
        }
        for (std::size_t left = std::size_t{1} << random() % 13; left > 0; --left)
            page[random() % page_bytes()] = static_cast<char>(random());
    };
    for (int round = 0; round < 2000; ++round) {
        for (int i = 0; i < 5; ++i)
            scribble(); // more than a block of changes holds
        if (random() % 4 == 0)
            history.note(); // as by a take that failed later
        if (random() % 3 != 0) {
            std::erase_if(known, [&](const Known& each) { return each.id > cursor; });
            cursor = history.take();
            known.push_back({cursor, history.now()});
            if (known.size() > 20)
                known.erase(known.begin());
            continue;
        }
        const std::size_t place = random() % (known.size() + 1);
        if (place == known.size())
            continue;
        if (random() % 4 == 0 && !history.history().drop(place)) {
            if (known[place].id == cursor)
                cursor = place == 0 ? 0 : known[place - 1].id;
            known.erase(known.begin() + static_cast<std::ptrdiff_t>(place));
            continue;
        }
        history.note();
        REQUIRE(history.history().find(known[place].id));
        cursor = known[place].id;
        history.restore(known[place].id);
        ++restores;
        REQUIRE(history.now() == known[place].bytes);
        if (random() % 2 == 0) {
            history.history().drop_behind_cursor();
            known.resize(place + 1);
        }
    }
    CHECK(restores > 100);
}

TEST_CASE("history: what is dropped gives all of its memory back") {
    History history;
    const std::size_t empty = history.history().pool().slots_used();
    std::mt19937 random{2};
    std::vector<std::uint64_t> ids;
    for (int round = 0; round < 12; ++round) {
        for (std::size_t i = 0; i < page_bytes(); i += round % 2 == 0 ? 1 : 64)
            history.page(2)[i] = static_cast<char>(random());
        ids.push_back(history.take());
    }
    std::memset(history.page(2), 0, page_bytes());
    history.take();
    history.restore(ids[6]);
    history.history().drop_behind_cursor();
    while (history.history().checkpoint_count() > 1)
        history.history().drop_oldest();
    // The latest version alone.
    CHECK(history.history().pool().slots_used() == empty + 1);
}
