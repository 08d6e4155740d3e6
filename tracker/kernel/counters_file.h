// SPDX-License-Identifier: MIT
// Memory in which a tracker counts, for others to read (counters_format.h).
#pragma once

#include "counters_format.h"
#include "kernel/own_descriptor.h"

namespace ww::kernel {

class CountersFile {
public:
    CountersFile() noexcept = default;
    // Zeroed, with the header filled in. Any error, also that the user wants
    // none: then nothing is counted.
    static Result<CountersFile> create() noexcept;

    // For as long as this lives, whatever the host does with the descriptor.
    counters::Table* table() const noexcept {
        return static_cast<counters::Table*>(memory_.data());
    }

private:
    CountersFile(OwnDescriptor file, Mapping memory) noexcept
        : file_(std::move(file)), memory_(std::move(memory)) {}
    OwnDescriptor file_;
    Mapping memory_;
};

} // namespace ww::kernel
