// SPDX-License-Identifier: MIT
#include "elf_symbols.h"

#include <cstdint>
#include <cstring>

namespace ww::wine {

namespace {

// glibc has added the load address to these entries, except in images that it
// cannot write to; other libcs never do.
template<class T>
const T* table(ElfSymbols::Address bias, ElfSymbols::Address value) noexcept {
    return reinterpret_cast<const T*>(value < bias ? bias + value : value);
}

std::uint32_t gnu_hash_of(const char* name) noexcept {
    std::uint32_t hash = 5381;
    for (; *name != '\0'; ++name)
        hash = hash * 33 + static_cast<unsigned char>(*name);
    return hash;
}

std::uint32_t sysv_hash_of(const char* name) noexcept {
    std::uint32_t hash = 0;
    for (; *name != '\0'; ++name) {
        hash = (hash << 4) + static_cast<unsigned char>(*name);
        const std::uint32_t high = hash & 0xf0000000U;
        hash = (hash ^ (high >> 24)) & ~high;
    }
    return hash;
}

} // namespace

ElfSymbols::ElfSymbols(Address bias, const DynamicEntry* dynamic) noexcept {
    for (; dynamic->d_tag != DT_NULL; ++dynamic) {
        const Address value = dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
        case DT_SYMTAB:
            symbols_ = table<Symbol>(bias, value);
            break;
        case DT_STRTAB:
            strings_ = table<char>(bias, value);
            break;
        case DT_VERSYM:
            versions_ = table<Version>(bias, value);
            break;
        case DT_GNU_HASH:
            gnu_hash_ = table<std::uint32_t>(bias, value);
            break;
        case DT_HASH:
            sysv_hash_ = table<std::uint32_t>(bias, value);
            break;
        default:
            break;
        }
    }
}

const ElfSymbols::Symbol* ElfSymbols::find_function(const char* name) const noexcept {
    if (symbols_ == nullptr || strings_ == nullptr)
        return nullptr;
    if (gnu_hash_ != nullptr)
        return find_by_gnu_hash(name);
    return sysv_hash_ != nullptr ? find_by_sysv_hash(name) : nullptr;
}

// Layout: bucket count, first hashed symbol, Bloom words, Bloom shift; the
// Bloom filter; buckets; one hash per symbol, whose lowest bit ends a chain.
const ElfSymbols::Symbol* ElfSymbols::find_by_gnu_hash(const char* name) const noexcept {
    const std::uint32_t bucket_count = gnu_hash_[0];
    const std::uint32_t first_hashed = gnu_hash_[1];
    const std::uint32_t bloom_words = gnu_hash_[2] * (sizeof(Address) / sizeof(std::uint32_t));
    const std::uint32_t* const buckets = gnu_hash_ + 4 + bloom_words;
    const std::uint32_t* const chains = buckets + bucket_count;
    if (bucket_count == 0)
        return nullptr;

    const std::uint32_t hash = gnu_hash_of(name);
    std::uint32_t index = buckets[hash % bucket_count];
    if (index < first_hashed)
        return nullptr;
    for (;; ++index) {
        const std::uint32_t chain = chains[index - first_hashed];
        if ((chain | 1) == (hash | 1) && is_function(index, name))
            return &symbols_[index];
        if ((chain & 1) != 0)
            return nullptr;
    }
}

const ElfSymbols::Symbol* ElfSymbols::find_by_sysv_hash(const char* name) const noexcept {
    const std::uint32_t bucket_count = sysv_hash_[0];
    const std::uint32_t* const buckets = sysv_hash_ + 2;
    const std::uint32_t* const chains = buckets + bucket_count;
    if (bucket_count == 0)
        return nullptr;
    std::uint32_t index = buckets[sysv_hash_of(name) % bucket_count];
    for (; index != STN_UNDEF; index = chains[index]) {
        if (is_function(index, name))
            return &symbols_[index];
    }
    return nullptr;
}

bool ElfSymbols::is_function(ElfW(Word) index, const char* name) const noexcept {
    constexpr Version kOldVersion = 0x8000; // kept for programs linked long ago
    const Symbol& symbol = symbols_[index];
    return symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
           (versions_ == nullptr || (versions_[index] & kOldVersion) == 0) &&
           std::strcmp(strings_ + symbol.st_name, name) == 0;
}

} // namespace ww::wine
