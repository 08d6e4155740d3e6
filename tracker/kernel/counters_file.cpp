// SPDX-License-Identifier: MIT
#include "kernel/counters_file.h"

#include "kernel/clock.h"
#include "kernel/environment.h"

#include <charconv>
#include <cstring>
#include <iterator>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ww::kernel {

namespace {

// Debian 12's headers may be newer than what libc passes on.
constexpr unsigned kCloseOnExec = 1;      // MFD_CLOEXEC
constexpr unsigned kAllowSealing = 2;     // MFD_ALLOW_SEALING
constexpr unsigned kNotExecutable = 8;    // MFD_NOEXEC_SEAL, since Linux 6.3
constexpr int kAddSeals = 1033;           // F_ADD_SEALS
constexpr int kNoOtherSize = 2 | 4;       // F_SEAL_SHRINK, F_SEAL_GROW
constexpr int kNoWritesByOthers = 1 | 16; // F_SEAL_SEAL, F_SEAL_FUTURE_WRITE, since Linux 5.1

// All memory at once: where it ran out later the host would be killed.
Error make_room(const UniqueFd& file) noexcept {
    return ::fallocate(file.get(), 0, 0, counters::kBytes) == 0 ? Error::none : Error::last();
}

Result<UniqueFd> make_memory(unsigned flags) noexcept {
    const long fd = ::syscall(SYS_memfd_create, counters::kName,
                              kCloseOnExec | kAllowSealing | flags);
    if (fd < 0)
        return Error::last();
    return UniqueFd{static_cast<int>(fd)};
}

Result<UniqueFd> open_memory() noexcept {
    Result<UniqueFd> file = make_memory(kNotExecutable);
    if (!file && file.error() == Error::invalid)
        file = make_memory(0);
    if (!file)
        return file;
    if (const Error error = make_room(*file))
        return error;
    // Whoever made it shorter would kill us.
    if (::fcntl(file->get(), kAddSeals, kNoOtherSize) != 0)
        return Error::last();
    return file;
}

class Path {
public:
    // FOLDER/PID-NUMBER.counters; false if that is too long.
    bool make(std::string_view folder, int number) noexcept {
        length_ = 0;
        add(folder);
        add("/");
        add(::getpid());
        add("-");
        add(number);
        add(counters::kSuffix);
        text_[length_] = '\0';
        return length_ + 1 < sizeof text_;
    }
    const char* text() const noexcept { return text_; }

private:
    void add(std::string_view part) noexcept {
        for (std::size_t i = 0; i < part.size() && length_ + 1 < sizeof text_; ++i)
            text_[length_++] = part[i];
    }
    void add(int number) noexcept {
        char digits[12];
        const char* end = std::to_chars(digits, std::end(digits), number).ptr;
        add(std::string_view{digits, static_cast<std::size_t>(end - digits)});
    }

    char text_[512]; // on the caller's stack, which may be a small one
    std::size_t length_ = 0;
};

// One for each tracker, and process numbers come again.
Result<UniqueFd> open_in(std::string_view folder) noexcept {
    constexpr int kMostFiles = 1000;
    Path path;
    for (int number = 0; number < kMostFiles && path.make(folder, number); ++number) {
        UniqueFd file{::open(path.text(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
        if (!file && Error::last() == Error::exists)
            continue;
        if (!file)
            return Error::last();
        if (const Error error = make_room(file))
            return error;
        return file;
    }
    return Error::invalid;
}

Result<UniqueFd> open_wanted() noexcept {
    const char* wish = user_setting(counters::kSetting);
    const std::string_view folder = wish != nullptr ? wish : "";
    if (folder == "off")
        return Error::not_found;
    return folder.starts_with('/') ? open_in(folder) : open_memory();
}

// Without the name of the process it is a nameless one.
void read_program(char* name, std::size_t bytes) noexcept {
    const UniqueFd file{::open("/proc/self/comm", O_RDONLY | O_CLOEXEC)};
    const ssize_t got = file ? ::read(file.get(), name, bytes) : 0;
    const std::string_view text{name, got > 0 ? static_cast<std::size_t>(got) : 0};
    const std::size_t length = std::min(text.find('\n'), bytes - 1);
    std::memset(name + std::min(length, text.size()), 0, bytes - std::min(length, text.size()));
}

void fill_in(counters::Header& header) noexcept {
    header.version = counters::kVersion;
    header.header_bytes = sizeof(counters::Header);
    header.watch_bytes = sizeof(counters::Watch);
    header.watch_count = counters::kPlaces;
    header.pid = static_cast<std::uint32_t>(::getpid());
    read_program(header.program, sizeof header.program);
    std::memcpy(header.magic, counters::kMagic, sizeof header.magic);
    // Who sees this sees the rest.
    header.started_ns.store(now_ns(), std::memory_order_release);
}

} // namespace

Result<CountersFile> CountersFile::create() noexcept {
    Result<OwnDescriptor> file = OwnDescriptor::create(open_wanted);
    if (!file)
        return file.error();
    const int fd = file->use().number();
    void* memory = ::mmap(nullptr, counters::kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return Error::last();
    // Refused by older kernels, and for a file that is none of memory: then
    // others with our rights could write, too.
    static_cast<void>(::fcntl(fd, kAddSeals, kNoWritesByOthers));
    CountersFile counting{std::move(*file), Mapping::adopt(memory, counters::kBytes)};
    fill_in(counting.table()->header);
    return counting;
}

} // namespace ww::kernel
