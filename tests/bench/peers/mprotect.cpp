// SPDX-License-Identifier: MIT
#include "mprotect.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <sys/mman.h>

namespace bench {

namespace {

class Fallback : public Peer {
public:
    Fallback() {
        struct sigaction action {};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        ::sigaction(SIGSEGV, &action, &before_);
    }
    ~Fallback() override {
        if (current_ == this)
            unwatch(block_); // others go on with the memory
        ::sigaction(SIGSEGV, &before_, nullptr);
    }
    Fallback(const Fallback&) = delete;
    Fallback& operator=(const Fallback&) = delete;

    void expect(std::size_t pages) override { pages_.resize(pages + 1); }

    void watch(const Block& block) override {
        block_ = block;
        armed_.assign(block.pages(), 1);
        ::mprotect(block.base, block.bytes, PROT_READ);
        current_ = this;
    }
    void unwatch(const Block& block) final {
        ::mprotect(block.base, block.bytes, PROT_READ | PROT_WRITE);
        current_ = nullptr;
    }
    void forget(const Block&) override { current_ = nullptr; }

    std::size_t collect_reset(std::span<const Block>) override {
        const std::lock_guard lock{mutex_};
        found_ = 0;
        for (std::size_t page = 0; page < armed_.size(); ++page) {
            if (armed_[page] == 0)
                pages_[found_++] = block_.page(page);
        }
        if (found_ > 0) {
            std::ranges::fill(armed_, std::uint8_t{1});
            ::mprotect(block_.base, block_.bytes, PROT_READ);
        }
        return found_;
    }
    bool answer(std::vector<void*>& pages) const override {
        pages.assign(pages_.begin(), pages_.begin() + static_cast<std::ptrdiff_t>(found_));
        return true;
    }
    std::string failure() const override {
        return lost_track_ ? "more mappings than the kernel allows" : "";
    }

private:
    static void handle(int signal, siginfo_t* info, void*) {
        Fallback* const fallback = current_;
        if (fallback == nullptr || !fallback->lift(static_cast<char*>(info->si_addr)))
            ::signal(signal, SIG_DFL); // a crash of our own: let it happen
    }

    bool lift(const char* address) {
        if (address < block_.base || address >= block_.base + block_.bytes)
            return false;
        const std::lock_guard lock{mutex_};
        const std::size_t page = static_cast<std::size_t>(address - block_.base) / page_bytes();
        armed_[page] = 0;
        // Every edge between written and clean pages is an edge of mappings, and
        // these are limited. Wine would fault for ever here.
        if (::mprotect(block_.page(page), page_bytes(), PROT_READ | PROT_WRITE) != 0) {
            lost_track_ = true;
            ::mprotect(block_.base, block_.bytes, PROT_READ | PROT_WRITE);
        }
        return true;
    }

    static inline std::atomic<Fallback*> current_{nullptr};
    struct sigaction before_ {};
    std::recursive_mutex mutex_;
    Block block_;
    std::vector<std::uint8_t> armed_;
    std::vector<void*> pages_;
    std::size_t found_ = 0;
    bool lost_track_ = false;
};

} // namespace

std::function<std::unique_ptr<Peer>(Touched)> mprotect_fallback() {
    return [](Touched) { return std::make_unique<Fallback>(); };
}

} // namespace bench
