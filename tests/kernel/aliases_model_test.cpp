// SPDX-License-Identifier: MIT
// Random sequences: stores through any of several views, views that come and
// go, two readers with little room. The model knows for each page when it was
// last written, and when that was last taken.
#include "aliases.h"

#include <array>
#include <optional>
#include <random>

namespace {

constexpr std::size_t kPages = 600;

class Play {
public:
    explicit Play(unsigned seed) : random_(seed) {
        for (Reader& reader : readers_)
            reader.marked = now_++;
        for (std::size_t i = 0; i < kViews; ++i)
            add_or_remove(i);
    }

    void step() {
        switch (random_() % 10) {
        case 0:
            return add_or_remove(random_() % kViews);
        case 1:
        case 2:
            return advance(readers_[random_() % 2]);
        case 3:
        case 4:
        case 5:
            return store(random_() % kViews);
        default:
            return ask(readers_[random_() % 2]);
        }
    }
    std::size_t reported() const { return reported_; }

private:
    static constexpr std::size_t kViews = 4;
    struct Page {
        // Times; each view has its own, as one can be removed, and taken, alone.
        std::array<std::uint64_t, kViews> written{};
        std::uint64_t taken = 0;
    };
    struct Reader {
        std::uint64_t mark = 0, marked = 0;
        std::uint64_t next_mark = 0, next_marked = 0;
        std::size_t place = kPages; // how far the question has come
    };

    void add_or_remove(std::size_t i) {
        std::optional<View>& view = views_[i];
        if (view) {
            const int result =
                random_() % 2 ? group_.remove(*view)
                              : ww_aliases_forget(group_.get(), view->base(), view->bytes());
            REQUIRE(result == 0);
            take(i, 0, kPages);
            view.reset();
            return;
        }
        const std::size_t first = i == 0 ? 0 : random_() % kPages;
        view.emplace(object_, first, i == 0 ? kPages : 1 + random_() % (kPages - first));
        REQUIRE(group_.add(*view) == 0);
    }

    void store(std::size_t i) {
        const std::optional<View>& view = views_[i];
        if (!view)
            return;
        const std::size_t first = view->first() + random_() % (view->end() - view->first());
        const std::size_t count = random_() % 3 ? 1 : 1 + random_() % 50;
        for (std::size_t page = first; page < std::min(first + count, view->end()); ++page) {
            view->store(page);
            model_[page].written[i] = now_++;
        }
    }

    void take(std::size_t view, std::size_t first, std::size_t end) {
        for (std::size_t page = first; page < end; ++page)
            model_[page].taken = std::max(model_[page].taken, model_[page].written[view]);
    }

    void advance(Reader& reader) {
        if (reader.place != kPages)
            return;
        reader.next_mark = group_.advance();
        reader.next_marked = now_++;
        for (std::size_t i = 0; i < kViews; ++i)
            take(i, 0, kPages);
        reader.place = 0;
    }

    // One call; the mark moves on with the last.
    void ask(Reader& reader) {
        if (reader.place == kPages)
            return;
        std::vector<ww_object_range> out(1 + random_() % 60);
        std::size_t resume = 0;
        const std::ptrdiff_t found = ww_aliases_ranges_since(
            group_.get(), reader.place * kPage, (kPages - reader.place) * kPage, reader.mark,
            out.data(), out.size(), &resume);
        REQUIRE(found >= 0);
        PageSet got;
        for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i)
            got.merge(pages_between(out[i].offset / kPage,
                                    (out[i].offset + out[i].bytes) / kPage));
        PageSet expected;
        for (std::size_t page = reader.place; page < resume / kPage; ++page) {
            if (model_[page].taken > reader.marked)
                expected.insert(page);
        }
        REQUIRE(got == expected);
        reported_ += got.size();
        reader.place = resume / kPage;
        if (reader.place == kPages) {
            reader.mark = reader.next_mark;
            reader.marked = reader.next_marked;
        }
    }

    std::mt19937 random_;
    TrackerPtr tracker_ = make_tracker();
    SharedObject object_{kPages};
    Group group_{tracker_.get(), kPages};
    std::array<std::optional<View>, kViews> views_;
    std::vector<Page> model_{kPages};
    std::array<Reader, 2> readers_;
    std::uint64_t now_ = 1;
    std::size_t reported_ = 0;
};

} // namespace

TEST_CASE("aliases: any sequence with four views and two readers gives what the model says") {
    std::size_t reported = 0;
    for (unsigned seed = 0; seed < 30; ++seed) {
        CAPTURE(seed);
        Play play{seed};
        for (int i = 0; i < 600; ++i)
            play.step();
        reported += play.reported();
    }
    CHECK(reported > 5'000);
}
