// SPDX-License-Identifier: MIT
// A loaded program or library, as its program headers describe it. Read without
// any dl* function but dl_iterate_phdr: those are bound to versions of glibc
// that older containers lack.
#pragma once

#include <cstddef>
#include <cstdint>

#include <link.h>

namespace ww::wine {

class ElfImage {
public:
    using Address = ElfW(Addr);
    using ProgramHeader = ElfW(Phdr);

    ElfImage() = default;
    explicit ElfImage(const dl_phdr_info& info) noexcept
        : bias_(info.dlpi_addr), headers_(info.dlpi_phdr), header_count_(info.dlpi_phnum) {}

    explicit operator bool() const noexcept { return headers_ != nullptr; }

    // The image behind a handle of dlopen(); empty if there is none.
    static ElfImage of_handle(void* handle) noexcept;

    // The first image loaded from a file of that name, in any folder.
    static ElfImage of_file(const char* file_name) noexcept;

    // `name` in the first image that defines it behind the one that holds
    // `address`, in load order: what that image interposes.
    static void* next_definition(const void* address, const char* name) noexcept;

    // The exported function of that name in its default version, or null.
    void* function(const char* name) const noexcept;

    bool holds(const void* address) const noexcept;

    struct Words {
        std::uintptr_t* begin;
        std::uintptr_t* end;
    };
    // Calls visit(Words) for the initialised part of each writable segment.
    template<class Visit>
    void for_each_writable(Visit visit) const noexcept {
        for (std::size_t i = 0; i < header_count_; ++i) {
            const ProgramHeader& header = headers_[i];
            if (header.p_type == PT_LOAD && (header.p_flags & PF_W) != 0)
                visit(words(header));
        }
    }

    // True if the page of `address` was made read-only after relocation.
    bool is_relro(const void* address, std::size_t page_bytes) const noexcept;

private:
    Words words(const ProgramHeader& header) const noexcept;
    const ProgramHeader* find_header(ElfW(Word) type) const noexcept;
    template<class T>
    T* at(Address address) const noexcept {
        return reinterpret_cast<T*>(bias_ + address);
    }

    Address bias_ = 0;
    const ProgramHeader* headers_ = nullptr;
    std::size_t header_count_ = 0;
};

} // namespace ww::wine
