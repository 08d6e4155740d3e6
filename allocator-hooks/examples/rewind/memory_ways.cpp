// SPDX-License-Identifier: MIT
#include "ways.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

namespace rewind_example {

namespace {

class FullCopy final : public Way {
public:
    FullCopy(std::vector<ww_range> memory, std::size_t frames)
        : memory_(std::move(memory)), frames_(frames) {
        for (const ww_range& range : memory_)
            bytes_ += range.bytes;
    }

    std::string_view name() const override { return "full copy"; }

    void keep() override {
        std::vector<char> copy;
        if (copies_.size() == frames_) {
            copy = std::move(copies_.front());
            copies_.pop_front();
        }
        copy.resize(bytes_);
        char* to = copy.data();
        for (const ww_range& range : memory_) {
            std::memcpy(to, range.base, range.bytes);
            to += range.bytes;
        }
        copies_.push_back(std::move(copy));
    }

    void rewind(std::size_t frames) override {
        copies_.resize(copies_.size() - frames);
        const char* from = copies_.back().data();
        for (const ww_range& range : memory_) {
            std::memcpy(range.base, from, range.bytes);
            from += range.bytes;
        }
    }

    std::size_t bytes_kept() const override { return copies_.size() * bytes_; }
    std::size_t frames_kept() const override { return copies_.size(); }

private:
    std::vector<ww_range> memory_;
    std::size_t frames_;
    std::size_t bytes_ = 0;
    std::deque<std::vector<char>> copies_;
};

void must(int error, const char* what) {
    if (error != 0)
        throw std::runtime_error(std::string{what} + ": " + std::strerror(-error));
}

char* end_of(const ww_range& range) {
    return static_cast<char*>(range.base) + range.bytes;
}

// What lies beside a picture on its first and last page is to be kept.
ww_range whole_pages(const ww_range& range) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(range.base) % page;
    if (range.bytes < before + page)
        return {};
    return {static_cast<char*>(range.base) + before, (range.bytes - before) / page * page};
}

std::vector<ww_range> around(const std::vector<ww_range>& memory, const ww_range& hole) {
    std::vector<ww_range> parts;
    for (const ww_range& range : memory) {
        auto* const start = static_cast<char*>(range.base);
        auto* const hole_start = std::clamp(static_cast<char*>(hole.base), start, end_of(range));
        auto* const hole_end = std::clamp(end_of(hole), start, end_of(range));
        for (const auto& [first, end] : {std::pair{start, hole_start}, {hole_end, end_of(range)}}) {
            if (first < end)
                parts.push_back({first, static_cast<std::size_t>(end - first)});
        }
    }
    return parts;
}

class Checkpoints final : public Way {
public:
    Checkpoints(std::string_view name, ww_tracker* tracker, const std::vector<ww_range>& memory,
                const ww_range& left_out, std::size_t frames, std::size_t bytes_limit)
        : name_(name), left_out_(left_out) {
        must(ww_snapshots_create(tracker, frames, bytes_limit, &snapshots_), "snapshots");
        for (const ww_range& range : memory)
            must(ww_snapshots_add(snapshots_, range.base, range.bytes), "adding memory");
    }
    ~Checkpoints() override { ww_snapshots_destroy(snapshots_); }
    Checkpoints(const Checkpoints&) = delete;
    Checkpoints& operator=(const Checkpoints&) = delete;

    std::string_view name() const override { return name_; }

    void keep() override {
        std::uint64_t id = 0;
        must(ww_snapshots_take(snapshots_, &id), "a checkpoint");
        ids_.push_back(id);
        while (ids_.size() > frames_kept())
            ids_.pop_front(); // the ring did, too
    }

    void rewind(std::size_t frames) override {
        must(ww_snapshots_restore(snapshots_, ids_[ids_.size() - 1 - frames]), "restoring");
        for (; frames > 0; --frames) {
            must(ww_snapshots_drop(snapshots_, ids_.back()), "dropping");
            ids_.pop_back();
        }
    }

    std::size_t bytes_kept() const override { return static_cast<std::size_t>(stats().bytes_kept); }
    std::size_t frames_kept() const override {
        return static_cast<std::size_t>(stats().checkpoints);
    }
    void spoil() override {
        if (left_out_.bytes > 0)
            std::memset(left_out_.base, 0xa5, left_out_.bytes);
    }

private:
    ww_snapshot_stats stats() const {
        ww_snapshot_stats stats;
        ww_snapshots_stats(snapshots_, &stats, sizeof stats);
        return stats;
    }

    std::string_view name_;
    ww_range left_out_;
    ww_snapshots* snapshots_ = nullptr;
    std::deque<std::uint64_t> ids_;
};

} // namespace

std::unique_ptr<Way> make_full_copy(std::vector<ww_range> memory, std::size_t frames) {
    return std::make_unique<FullCopy>(std::move(memory), frames);
}

std::unique_ptr<Way> make_checkpoints(ww_tracker* tracker, const std::vector<ww_range>& memory,
                                      std::size_t frames, std::size_t bytes_limit) {
    return std::make_unique<Checkpoints>("checkpoints", tracker, memory, ww_range{}, frames,
                                         bytes_limit);
}

std::unique_ptr<Way> make_checkpoints_around(ww_tracker* tracker,
                                             const std::vector<ww_range>& memory,
                                             const ww_range& picture, std::size_t frames,
                                             std::size_t bytes_limit) {
    const ww_range left_out = whole_pages(picture);
    return std::make_unique<Checkpoints>("checkpoints, no picture", tracker,
                                         around(memory, left_out), left_out, frames, bytes_limit);
}

} // namespace rewind_example
