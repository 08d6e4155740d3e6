// SPDX-License-Identifier: MIT
#include "elf_image.h"

#include "elf_symbols.h"

#include <cstring>

namespace ww::wine {

namespace {

// Calls visit(ElfImage) for each image in load order until it returns true.
template<class Visit>
void visit_images(Visit visit) noexcept {
    const auto callback = [](dl_phdr_info* info, std::size_t, void* context) noexcept -> int {
        return (*static_cast<Visit*>(context))(ElfImage{*info});
    };
    dl_iterate_phdr(callback, &visit);
}

} // namespace

// A handle is a link_map in all but name; its l_ld tells images apart that were
// loaded from one file, into two namespaces.
ElfImage ElfImage::of_handle(void* handle) noexcept {
    ElfImage found;
    visit_images([&](const ElfImage& image) noexcept {
        const ProgramHeader* dynamic = image.find_header(PT_DYNAMIC);
        const bool same = dynamic != nullptr && image.at<ElfW(Dyn)>(dynamic->p_vaddr) ==
                                                    static_cast<link_map*>(handle)->l_ld;
        if (same)
            found = image;
        return same;
    });
    return found;
}

ElfImage ElfImage::of_file(const char* file_name) noexcept {
    struct Wanted {
        const char* file_name;
        ElfImage found;
    } wanted{file_name, {}};
    const auto callback = [](dl_phdr_info* info, std::size_t, void* context) noexcept -> int {
        auto* const it = static_cast<Wanted*>(context);
        const char* slash = std::strrchr(info->dlpi_name, '/');
        if (slash == nullptr || std::strcmp(slash + 1, it->file_name) != 0)
            return 0;
        it->found = ElfImage{*info};
        return 1;
    };
    dl_iterate_phdr(callback, &wanted);
    return wanted.found;
}

void* ElfImage::next_definition(const void* address, const char* name) noexcept {
    void* found = nullptr;
    bool behind = false;
    visit_images([&](const ElfImage& image) noexcept {
        if (behind)
            found = image.function(name);
        else
            behind = image.holds(address);
        return found != nullptr;
    });
    return found;
}

void* ElfImage::function(const char* name) const noexcept {
    const ProgramHeader* dynamic = find_header(PT_DYNAMIC);
    if (dynamic == nullptr)
        return nullptr;
    const ElfSymbols symbols{bias_, at<const ElfW(Dyn)>(dynamic->p_vaddr)};
    const ElfW(Sym)* symbol = symbols.find_function(name);
    return symbol != nullptr ? at<void>(symbol->st_value) : nullptr;
}

bool ElfImage::holds(const void* address) const noexcept {
    const Address offset = reinterpret_cast<Address>(address) - bias_;
    for (std::size_t i = 0; i < header_count_; ++i) {
        const ProgramHeader& header = headers_[i];
        if (header.p_type == PT_LOAD && offset - header.p_vaddr < header.p_memsz)
            return true;
    }
    return false;
}

ElfImage::Words ElfImage::words(const ProgramHeader& header) const noexcept {
    constexpr Address kWord = sizeof(std::uintptr_t);
    const Address first = (bias_ + header.p_vaddr + kWord - 1) / kWord * kWord;
    const Address last = (bias_ + header.p_vaddr + header.p_filesz) / kWord * kWord;
    return {reinterpret_cast<std::uintptr_t*>(first), reinterpret_cast<std::uintptr_t*>(last)};
}

// As the dynamic loader rounds it: a page only partly in the segment stays
// writable at its end, and is protected at its start.
bool ElfImage::is_relro(const void* address, std::size_t page_bytes) const noexcept {
    const ProgramHeader* relro = find_header(PT_GNU_RELRO);
    if (relro == nullptr)
        return false;
    const Address start = (bias_ + relro->p_vaddr) / page_bytes * page_bytes;
    const Address end = (bias_ + relro->p_vaddr + relro->p_memsz) / page_bytes * page_bytes;
    return reinterpret_cast<Address>(address) - start < end - start;
}

const ElfImage::ProgramHeader* ElfImage::find_header(ElfW(Word) type) const noexcept {
    for (std::size_t i = 0; i < header_count_; ++i) {
        if (headers_[i].p_type == type)
            return &headers_[i];
    }
    return nullptr;
}

} // namespace ww::wine
