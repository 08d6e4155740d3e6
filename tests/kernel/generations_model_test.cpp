// SPDX-License-Identifier: MIT
// Random sequences of stores, advances and questions by three readers, against
// a model that knows only times: a page is reported if its last write that was
// taken came after the reader's mark.
#include "generations.h"

#include <random>

namespace {

constexpr std::size_t kPages = 1200; // more than two blocks of 512

class Play {
public:
    explicit Play(unsigned seed) : random_(seed) {
        for (Reader& reader : readers_)
            reader.marked = now_++;
    }

    void step() {
        switch (random_() % 8) {
        case 0:
            return advance(readers_[random_() % 3]);
        case 1:
        case 2:
            return store(random_() % kPages, 1 + random_() % 300);
        case 3:
        case 4:
            return store(random_() % kPages, 1);
        default:
            return ask(readers_[random_() % 3]);
        }
    }
    std::size_t reported() const { return reported_; }

private:
    struct Page {
        std::uint64_t written = 0; // times; 0 is never
        std::uint64_t taken = 0;   // the last write that an advance has seen
    };
    struct Reader {
        std::size_t first, end; // what it advances
        std::uint64_t mark = 0, marked = 0;
        std::uint64_t next_mark = 0, next_marked = 0;
        std::size_t place = 0; // how far the question has come
        bool asking = false;
    };

    void store(std::size_t first, std::size_t count) {
        for (std::size_t page = first; page < std::min(first + count, kPages); ++page) {
            memory_.store(page);
            model_[page].written = now_++;
        }
    }

    void advance(Reader& reader) {
        if (reader.asking)
            return;
        reader.next_mark = memory_.advance(reader.first, reader.end - reader.first);
        reader.next_marked = now_++;
        for (std::size_t page = reader.first; page < reader.end; ++page)
            model_[page].taken = model_[page].written;
        reader.asking = true;
        reader.place = reader.first;
    }

    // One call, with little room; the mark moves on with the last.
    void ask(Reader& reader) {
        if (!reader.asking)
            return;
        const std::size_t room = 1 + random_() % 200;
        std::vector<ww_range> out(room);
        void* resume = nullptr;
        const std::ptrdiff_t found = ww_collect_ranges_since(
            memory_.get(), memory_.at(reader.place), (reader.end - reader.place) * kPage,
            reader.mark, out.data(), room, &resume);
        REQUIRE(found >= 0);
        PageSet got;
        for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i) {
            const std::size_t first = memory_.page_of(out[i].base);
            got.merge(pages_between(first, first + out[i].bytes / kPage));
        }
        const std::size_t stop = memory_.page_of(resume);
        REQUIRE(stop > reader.place);
        PageSet expected;
        for (std::size_t page = reader.place; page < stop; ++page) {
            if (model_[page].taken > reader.marked)
                expected.insert(page);
        }
        REQUIRE(got == expected);
        reported_ += got.size();
        reader.place = stop;
        if (stop == reader.end) {
            reader.asking = false;
            reader.mark = reader.next_mark;
            reader.marked = reader.next_marked;
        }
    }

    std::mt19937 random_;
    Generations memory_{kPages, 512 * kPage};
    Page model_[kPages];
    Reader readers_[3]{{0, kPages}, {100, 900}, {700, kPages}};
    std::uint64_t now_ = 1;
    std::size_t reported_ = 0;
};

} // namespace

TEST_CASE("generations: any sequence with three readers gives what the model says") {
    std::size_t reported = 0;
    for (unsigned seed = 0; seed < 30; ++seed) {
        CAPTURE(seed);
        Play play{seed};
        for (int i = 0; i < 800; ++i)
            play.step();
        reported += play.reported();
    }
    CHECK(reported > 10'000);
}
