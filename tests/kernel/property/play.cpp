// SPDX-License-Identifier: MIT
#include "play.h"

#include "answer.h"
#include "model.h"

#include <cerrno>
#include <cstdint>
#include <exception>
#include <sstream>
#include <utility>

namespace property {

namespace {

// Calls visit(run) for each longest run of the span's pages that match.
template<class Matches, class Visit>
void for_each_run(Span span, Matches matches, Visit visit) {
    for (std::size_t page = span.first; page < span.end();) {
        const std::size_t first = page;
        while (page < span.end() && matches(page))
            ++page;
        if (page > first)
            visit(Span{first, page - first});
        else
            ++page;
    }
}

unsigned flag_if(bool set, unsigned flag) {
    return set ? flag : 0;
}

class Player {
public:
    Player(System& system, Statistics& statistics)
        : system_(system), memory_(system.memory()), statistics_(statistics),
          keeps_(system.by_mprotect() ? Keeps::nothing : Keeps::state) {}

    void operator()(const Store& op) {
        for (std::size_t page = op.span.first; page < op.span.end(); page += op.step)
            store(page);
    }
    void operator()(const Load& op) {
        for (std::size_t page = op.span.first; page < op.span.end(); page += op.step) {
            if (!model_.readable(page))
                continue;
            memory_.load(page);
            model_.load(page);
        }
    }
    void operator()(const KernelWrite& op) {
        const auto writable = [&](std::size_t page) {
            return model_.writable(page) &&
                   (keeps_ == Keeps::state || model_.page(page).watch == 0);
        };
        for_each_run(op.span, writable, [&](Span run) {
            memory_.kernel_write(run);
            for (std::size_t page = run.first; page < run.end(); ++page)
                model_.store(page);
        });
    }
    void operator()(const Protect& op) {
        for_each_mapped(op.span, [&](Span run) {
            memory_.protect(run, op.access);
            if (keeps_ == Keeps::nothing && op.access == Access::write)
                expect(system_.remapped(run), 0, "ww_remapped");
            model_.protect(run, op.access);
        });
    }
    void operator()(const MapOver& op) {
        memory_.map(op.span, op.access);
        model_.map_over(op.span, op.access, op.told);
        if (op.store_before_word)
            store(op.span.first);
        if (op.told)
            expect(system_.remapped(op.span), 0, "ww_remapped");
    }
    void operator()(const Unmap& op) {
        if (op.told)
            expect(system_.forget(op.span), 0, "ww_forget");
        memory_.unmap(op.span);
        model_.unmap(op.span, op.told);
        check_watch_count();
    }
    void operator()(const Discard& op) {
        for_each_mapped(op.span, [&](Span run) {
            memory_.discard(run);
            if (op.word == Word::remapped)
                expect(system_.remapped(run), 0, "ww_remapped");
            else if (op.word == Word::discarded)
                expect(system_.discarded(run), 0, "ww_discarded");
            model_.discard(run, op.word);
        });
    }
    void operator()(const Collect& op);
    void operator()(const Reset& op);
    void operator()(const Watch& op);
    void operator()(const Unwatch& op) {
        expect(system_.unwatch(op.span), 0, "ww_unwatch");
        model_.unwatch(op.span);
        check_watch_count();
    }
    void operator()(const Forget& op) {
        expect(system_.forget(op.span), 0, "ww_forget");
        model_.forget(op.span);
        check_watch_count();
    }
    void operator()(const Find& op);

    // Whatever is still watched is asked one last time, and is clean then.
    void finish();

private:
    template<class Visit>
    void for_each_mapped(Span span, Visit visit) {
        for_each_run(
            span, [&](std::size_t page) { return model_.page(page).mapped; }, visit);
    }
    void store(std::size_t page) {
        if (!model_.writable(page))
            return;
        memory_.store(page);
        model_.store(page);
    }
    // Gives where to go on; nothing if there is no more.
    std::optional<Span> collect_once(const Collect& op, Span span);
    void count_collect(Span span, const Reply& reply);
    void check_repairs(Span span, std::size_t resume);
    void check_watch_count() const {
        expect(static_cast<std::ptrdiff_t>(system_.counters().watches),
               static_cast<std::ptrdiff_t>(model_.watch_count()), "the number of watches");
    }

    System& system_;
    const Memory& memory_;
    Statistics& statistics_;
    Keeps keeps_;
    Model model_{keeps_};
    std::uint64_t repairs_ = 0;
};

void Player::operator()(const Collect& op) {
    std::optional<Span> rest = op.clip ? model_.clipped(op.span) : op.span;
    for (std::size_t call = 0; rest && call < op.calls; ++call) {
        statistics_.resumed += call > 0 ? 1 : 0;
        rest = collect_once(op, *rest);
    }
}

std::optional<Span> Player::collect_once(const Collect& op, Span span) {
    const Reply reply = system_.collect(span, op.reset, op.form, op.capacity);
    check_answer(model_, span, op.capacity, op.form, reply);
    if (reply.result < 0) {
        ++statistics_.beyond_watches;
        return std::nullopt;
    }
    count_collect(span, reply);
    for (const Span found : reply.found) {
        for (std::size_t page = found.first; page < found.end(); ++page)
            model_.reported(page, op.form, op.reset);
    }
    check_repairs(span, *reply.resume);
    if (*reply.resume == span.end())
        return std::nullopt;
    return Span{*reply.resume, span.end() - *reply.resume};
}

void Player::operator()(const Reset& op) {
    const Span span = op.clip ? model_.clipped(op.span) : op.span;
    const bool watched = model_.watch_of(span).has_value();
    expect(system_.reset(span), watched ? 0 : -ENOENT, "ww_reset");
    if (watched) {
        model_.reset(span);
        check_repairs(span, span.end());
    } else {
        ++statistics_.beyond_watches;
    }
}

void Player::operator()(const Watch& op) {
    const Span span = op.clip ? model_.clipped(op.span) : op.span;
    const bool exists = model_.any_watched(span);
    const bool hole = model_.any_unmapped(span);
    const unsigned flags =
        flag_if(op.keep, WW_WATCH_KEEP) | flag_if(op.anonymous, WW_WATCH_ANONYMOUS);
    expect(system_.watch(span, flags), exists ? -EEXIST : hole ? -ENOMEM : 0, "ww_watch");
    if (!exists && !hole)
        model_.watch(span, op.keep);
    else if (!exists)
        model_.failed_watch(span);
    check_watch_count();
}

void Player::operator()(const Find& op) {
    const Found got = system_.find(op.span);
    const std::optional<Span> watch = model_.watch_of(op.span);
    expect(got.found, watch.has_value(), "ww_find");
    expect(got.watch.has_value(), watch.has_value(), "whether ww_find stored something");
    if (watch) {
        expect_page(got.watch->first, watch->first, "the start of the watch");
        expect_page(got.watch->end(), watch->end(), "the end of the watch");
    }
}

void Player::finish() {
    const auto watched = [&](std::size_t page) { return model_.page(page).watch != 0; };
    for_each_run({0, kRegionPages}, watched, [&](Span run) {
        for (std::size_t page = run.first; page < run.end();) {
            const Span watch = model_.clipped({page, run.end() - page});
            for (int round = 0; round < 2; ++round)
                (*this)(Collect{.span = watch, .reset = true});
            page = watch.end();
        }
    });
}

void Player::count_collect(Span span, const Reply& reply) {
    const bool armed = model_.two_armed_blocks(span);
    ++statistics_.collects;
    statistics_.armed_collects += armed ? 1 : 0;
    statistics_.armed_finds += armed && !reply.found.empty() ? 1 : 0;
    for (const Part& found : reply.found) {
        statistics_.pages += found.count;
        statistics_.discarded += found.state == State::discarded ? found.count : 0;
        statistics_.unknown += found.state == State::unknown ? found.count : 0;
        for (std::size_t page = found.first; page < found.end(); ++page)
            statistics_.supersets += model_.page(page).written == Answer::maybe ? 1 : 0;
    }
}

// Counted if and only if something was found changed without a word.
void Player::check_repairs(Span span, std::size_t resume) {
    Answer strange = Answer::clean;
    for (std::size_t page = span.first; page < span.end(); ++page) {
        if (model_.page(page).strange == Answer::written && page < resume)
            strange = Answer::written;
        else if (model_.page(page).strange != Answer::clean && strange == Answer::clean)
            strange = Answer::maybe;
    }
    const std::uint64_t before = std::exchange(repairs_, system_.counters().repairs);
    if (strange != Answer::maybe && keeps_ == Keeps::state)
        expect(repairs_ > before, strange == Answer::written, "whether a repair was counted");
    statistics_.repairs += repairs_ > before ? 1 : 0;
    model_.collected(span, resume);
}

} // namespace

std::optional<std::string> play(const Sequence& sequence, System& system, Statistics& statistics) {
    Player player{system, statistics};
    std::size_t number = 0;
    try {
        for (const Operation& operation : sequence.operations) {
            ++number;
            ++statistics.operations;
            std::visit(player, operation);
        }
        ++number;
        player.finish();
    } catch (const std::exception& error) {
        std::ostringstream text;
        text << "operation " << number << ": " << error.what();
        return text.str();
    }
    return std::nullopt;
}

} // namespace property
