// SPDX-License-Identifier: MIT
// A shared object, its views, and a group of them.
#pragma once

#include "pages.h"
#include "writewatch/aliases.h"

#include <algorithm>
#include <memory>
#include <sys/mman.h>

// A memfd of so many pages.
class SharedObject {
public:
    explicit SharedObject(std::size_t pages) : fd_(::memfd_create("shared", MFD_CLOEXEC)) {
        REQUIRE(fd_ >= 0);
        REQUIRE(::ftruncate(fd_, static_cast<off_t>(pages * kPage)) == 0);
    }
    ~SharedObject() { ::close(fd_); }
    SharedObject(const SharedObject&) = delete;
    SharedObject& operator=(const SharedObject&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

// Pages [first, first + count) of an object, mapped once more.
class View {
public:
    View(const SharedObject& object, std::size_t first, std::size_t count, int flags = MAP_SHARED)
        : first_(first), count_(count) {
        void* mapping = ::mmap(nullptr, count * kPage, PROT_READ | PROT_WRITE, flags, object.fd(),
                               static_cast<off_t>(first * kPage));
        REQUIRE(mapping != MAP_FAILED);
        base_ = static_cast<char*>(mapping);
    }
    ~View() { ::munmap(base_, bytes()); }
    View(const View&) = delete;
    View& operator=(const View&) = delete;

    char* base() const { return base_; }
    std::size_t bytes() const { return count_ * kPage; }
    std::size_t first() const { return first_; }
    std::size_t end() const { return first_ + count_; }
    // By the page's number in the object.
    char* at(std::size_t page) const { return base_ + (page - first_) * kPage; }
    void store(std::size_t page) const { *static_cast<volatile char*>(at(page)) = 1; }

private:
    std::size_t first_;
    std::size_t count_;
    char* base_;
};

class Group {
public:
    Group(ww_tracker* tracker, std::size_t pages) : pages_(pages) {
        REQUIRE(ww_aliases_create(tracker, pages * kPage, &aliases_) == 0);
    }
    ~Group() { end(); }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    ww_aliases* get() const { return aliases_; }
    void end() {
        ww_aliases_destroy(aliases_);
        aliases_ = nullptr;
    }
    int add(const View& view) const { return ww_aliases_add(get(), view.base(), view.bytes()); }
    int remove(const View& view) const {
        return ww_aliases_remove(get(), view.base(), view.bytes());
    }

    std::uint64_t advance() const { return advance(0, pages_); }
    std::uint64_t advance(std::size_t first, std::size_t count) const {
        std::uint64_t mark = 0;
        REQUIRE(ww_aliases_advance(get(), first * kPage, count * kPage, &mark) == 0);
        return mark;
    }

    PageSet since(std::uint64_t mark) const {
        std::vector<ww_object_range> out(pages_);
        std::size_t resume = 0;
        const std::ptrdiff_t found = ww_aliases_ranges_since(get(), 0, pages_ * kPage, mark,
                                                             out.data(), out.size(), &resume);
        REQUIRE(found >= 0);
        CHECK(resume == pages_ * kPage);
        PageSet pages;
        for (std::size_t i = 0; i < static_cast<std::size_t>(found); ++i)
            pages.merge(pages_between(out[i].offset / kPage,
                                      (out[i].offset + out[i].bytes) / kPage));
        return pages;
    }

    // The addresses in a view, as page numbers of the object.
    PageSet seen_in(const View& view, std::uint64_t mark) const {
        std::vector<void*> out(pages_);
        const std::ptrdiff_t found = ww_aliases_view_pages_since(
            get(), view.base(), view.bytes(), mark, out.data(), out.size(), nullptr);
        REQUIRE(found >= 0);
        out.resize(static_cast<std::size_t>(found));
        PageSet pages;
        for (const void* page : out)
            pages.insert(view.first() +
                         static_cast<std::size_t>(static_cast<const char*>(page) - view.base()) /
                             kPage);
        return pages;
    }

private:
    std::size_t pages_;
    ww_aliases* aliases_ = nullptr;
};
