// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <link.h>

namespace ww::wine {

// The dynamic symbols of one loaded image.
class ElfSymbols {
public:
    using Address = ElfW(Addr);
    using Symbol = ElfW(Sym);
    using Version = ElfW(Half);
    using DynamicEntry = ElfW(Dyn);

    ElfSymbols(Address bias, const DynamicEntry* dynamic) noexcept;

    // The defined function of that name in its default version, or null.
    const Symbol* find_function(const char* name) const noexcept;

private:
    const Symbol* find_by_gnu_hash(const char* name) const noexcept;
    const Symbol* find_by_sysv_hash(const char* name) const noexcept;
    bool is_function(ElfW(Word) index, const char* name) const noexcept;

    const Symbol* symbols_ = nullptr;
    const char* strings_ = nullptr;
    const Version* versions_ = nullptr;
    const std::uint32_t* gnu_hash_ = nullptr;
    const std::uint32_t* sysv_hash_ = nullptr;
};

} // namespace ww::wine
