// SPDX-License-Identifier: MIT
#include "wine_10_7.h"

#include "../kernel_calls.h"

#include <array>
#include <csignal>
#include <mutex>

namespace bench {

namespace {

class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t before_;
};

class Wine : public Peer {
public:
    void expect(std::size_t pages) override { pages_.resize(pages + 1); }

    void watch(const Block& block) override {
        kernel_.enroll(block);
        kernel_.arm(block);
    }
    void unwatch(const Block& block) override { kernel_.dismiss(block); }

    std::size_t collect_reset(std::span<const Block> watches) override {
        found_ = 0;
        for (const Block& block : watches) {
            const SignalsBlocked blocked;
            const std::lock_guard lock{mutex_};
            collect(block);
        }
        return found_;
    }
    bool answer(std::vector<void*>& pages) const override {
        pages.assign(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(found_));
        return true;
    }

private:
    void collect(const Block& block) {
        std::array<Region, 256> regions;
        auto start = reinterpret_cast<std::uint64_t>(block.base);
        const std::uint64_t end = start + block.bytes;
        const std::size_t step = page_bytes();
        for (;;) {
            const auto found = kernel_.take(start, end, Mask::fast, regions);
            for (const Region& region : std::span{regions}.first(found.regions)) {
                for (std::uint64_t page = region.start; page < region.end; page += step)
                    pages_[found_++] = reinterpret_cast<void*>(page);
            }
            if (found.regions < regions.size())
                return;
            start = found.walk_end;
        }
    }

    WriteProtection kernel_;
    std::recursive_mutex mutex_;
    std::vector<void*> pages_;
    std::size_t found_ = 0;
};

} // namespace

std::function<std::unique_ptr<Peer>(Touched)> wine_10_7() {
    return [](Touched) { return std::make_unique<Wine>(); };
}

} // namespace bench
