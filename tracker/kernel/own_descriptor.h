// SPDX-License-Identifier: MIT
// A descriptor that is kept for as long as a tracker lives, in a table that
// belongs to the host: programs that become daemons close every number above 2,
// and then use the numbers for files of their own. So no error on a number is
// believed, and no number is closed, before a look at whose it is now.
#pragma once

#include "kernel/handles.h"

#include <atomic>
#include <cstdint>

namespace ww::kernel {

class OwnDescriptor {
public:
    using Opener = Result<UniqueFd> (*)() noexcept;

    // A number, which file it stood for, and how many there were before: two
    // threads that find it lost must not both replace it, and the next one may
    // get the same number, and the same inode.
    class Use {
    public:
        int number() const noexcept { return static_cast<int>(packed_ & kNumber); }

    private:
        friend OwnDescriptor;
        static constexpr unsigned kFileShift = 28;
        static constexpr unsigned kTurnShift = 52;
        static constexpr std::uint64_t kNumber = (std::uint64_t{1} << kFileShift) - 1;

        constexpr explicit Use(std::uint64_t packed = kNumber) noexcept : packed_(packed) {}
        // None, if it stands for no file.
        static Use of(int number) noexcept;
        bool is_none() const noexcept { return (packed_ & kNumber) == kNumber; }
        bool is_ours() const noexcept { return !is_none() && of(number()).is_same_file(*this); }
        bool is_same_file(Use other) const noexcept {
            return packed_ << (64 - kTurnShift) == other.packed_ << (64 - kTurnShift);
        }
        Use after(Use before) const noexcept;

        std::uint64_t packed_;
    };

    OwnDescriptor() noexcept = default;
    // `open` opens the file, now and whenever it is lost.
    static Result<OwnDescriptor> create(Opener open) noexcept;
    OwnDescriptor(OwnDescriptor&& other) noexcept;
    OwnDescriptor& operator=(OwnDescriptor&& other) noexcept;
    ~OwnDescriptor();

    Use use() const noexcept { return Use{use_.load(std::memory_order_acquire)}; }

    // After an error of a call on `used`. False: the file is ours, the error is
    // what it says. True: it was not, and is open again: the call is worth
    // repeating. Any thread, without a lock. What the lost file had to do with
    // memory is lost with it.
    Result<bool> reopen_if_lost(Use used) noexcept;

    // How often that was true.
    std::uint64_t reopened() const noexcept { return reopened_.load(std::memory_order_relaxed); }

private:
    Opener open_ = nullptr;
    std::atomic<std::uint64_t> use_{Use{}.packed_};
    std::atomic<std::uint64_t> reopened_{0};
};

} // namespace ww::kernel
