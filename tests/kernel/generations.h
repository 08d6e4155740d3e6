// SPDX-License-Identifier: MIT
// Generations of a watch, asked by page numbers.
#pragma once

#include "pages.h"
#include "writewatch/generations.h"

#include <algorithm>

class Generations : public Watched {
public:
    explicit Generations(std::size_t count, std::size_t alignment = 0)
        : Watched(count, alignment) {
        REQUIRE(ww_generations_create(tracker(), at(0), bytes(), &generations_) == 0);
    }
    ~Generations() { end(); }

    ww_generations* get() const { return generations_; }
    void end() {
        ww_generations_destroy(generations_);
        generations_ = nullptr;
    }

    std::uint64_t advance() const { return advance(0, count()); }
    std::uint64_t advance(std::size_t first, std::size_t page_count) const {
        std::uint64_t mark = 0;
        REQUIRE(ww_generations_advance(get(), at(first), page_count * kPage, &mark) == 0);
        return mark;
    }

    PageSet since(std::uint64_t mark) const {
        std::vector<void*> out(count());
        void* resume = nullptr;
        const std::ptrdiff_t found =
            ww_collect_pages_since(get(), at(0), bytes(), mark, out.data(), out.size(), &resume);
        REQUIRE(found >= 0);
        CHECK(resume == at(count()));
        out.resize(static_cast<std::size_t>(found));
        CHECK(std::ranges::is_sorted(out));
        PageSet pages;
        for (const void* page : out)
            pages.insert(page_of(page));
        return pages;
    }

private:
    ww_generations* generations_ = nullptr;
};
