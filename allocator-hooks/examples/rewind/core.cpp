// SPDX-License-Identifier: MIT
#include "core.h"

#include "core_heap.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <link.h>
#include <map>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

namespace rewind_example {

using namespace libretro;

Core* Core::current = nullptr;

namespace {

// Nothing is drawn or played in another thread: that one would not be rewound.
const std::map<std::string_view, const char*> kVariables{
    {"desmume_num_cores", "1"},
    {"desmume_cpu_mode", "interpreter"},
    {"desmume_internal_resolution", "256x192"},
};

std::vector<char> read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file)
        throw std::runtime_error(path + ": cannot be read");
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::uint32_t rgb_of(PixelFormat format, const unsigned char* row, unsigned x) {
    if (format == kXrgb8888) {
        std::uint32_t pixel = 0;
        std::memcpy(&pixel, row + 4 * x, sizeof pixel);
        return pixel & 0xffffff;
    }
    std::uint16_t pixel = 0;
    std::memcpy(&pixel, row + 2 * x, sizeof pixel);
    const unsigned green_bits = format == kRgb565 ? 6 : 5;
    const unsigned red = pixel >> (5 + green_bits) & 31U;
    const unsigned green = pixel >> 5 & ((1U << green_bits) - 1);
    return red << 19 | (green << (16 - green_bits)) | (pixel & 31U) << 3;
}

// Cores save there what a cartridge would; nobody wants it.
std::string make_folder() {
    std::string folder = std::filesystem::temp_directory_path() / "rewind-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr)
        throw std::runtime_error(folder + ": cannot be made");
    return folder;
}

constexpr std::size_t kFewZeros = std::size_t{2} << 20;

void ignore_log(int, const char*, ...) {}

} // namespace

template<class Function>
Function* Core::find(const char* name) const {
    auto* found = reinterpret_cast<Function*>(::dlsym(library_, name));
    if (found == nullptr)
        throw std::runtime_error(path_ + ": has no " + name + "; is it a libretro core?");
    return found;
}

Core::Core(const std::string& library, const std::string& game)
    : path_(library), folder_(make_folder()), game_(read_file(game)) {
    current = this;
    const CoreHeap::Inside inside; // its constructors allocate
    library_ = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr)
        throw std::runtime_error(::dlerror());
    run_ = find<void()>("retro_run");
    serialize_ = find<bool(void*, std::size_t)>("retro_serialize");
    unserialize_ = find<bool(const void*, std::size_t)>("retro_unserialize");
    serialize_size_ = find<std::size_t()>("retro_serialize_size");
    set_callbacks();
    find<void()>("retro_init")();
    const GameInfo info{game.c_str(), game_.data(), game_.size(), nullptr};
    if (!find<bool(const GameInfo*)>("retro_load_game")(&info))
        throw std::runtime_error(library + ": does not take " + game);
}

Core::~Core() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void Core::set_callbacks() {
    find<void(EnvironmentCallback)>("retro_set_environment")(environment);
    find<void(VideoCallback)>("retro_set_video_refresh")(show);
    find<void(AudioCallback)>("retro_set_audio_sample")([](std::int16_t, std::int16_t) {});
    find<void(AudioBatchCallback)>("retro_set_audio_sample_batch")(
        [](const std::int16_t*, std::size_t frames) { return frames; });
    find<void(InputPollCallback)>("retro_set_input_poll")([] {});
    find<void(InputStateCallback)>("retro_set_input_state")(
        [](unsigned port, unsigned device, unsigned, unsigned id) -> std::int16_t {
            return port == 0 && device == kJoypad && id < 16 ? current->buttons_ >> id & 1U : 0;
        });
}

bool Core::environment(unsigned command, void* data) {
    const CoreHeap::Outside outside;
    switch (command & kEnvironmentMask) {
    case kCanDuplicateFrames:
        *static_cast<bool*>(data) = true;
        return true;
    case kSystemDirectory:
    case kSaveDirectory:
        *static_cast<const char**>(data) = current->folder_.c_str();
        return true;
    case kSetPixelFormat:
        current->format_ = *static_cast<const PixelFormat*>(data);
        return true;
    case kVariablesChanged:
        *static_cast<bool*>(data) = false;
        return true;
    case kLogInterface:
        *static_cast<LogCallback*>(data) = ignore_log;
        return true;
    case kGetVariable: {
        auto& variable = *static_cast<Variable*>(data);
        const auto known = kVariables.find(variable.key);
        variable.value = known == kVariables.end() ? nullptr : known->second;
        return variable.value != nullptr;
    }
    default:
        return false;
    }
}

void Core::show(const void* pixels, unsigned width, unsigned height, std::size_t pitch) {
    const CoreHeap::Outside outside;
    if (pixels == nullptr)
        return; // the same as before
    current->shown_ = {const_cast<void*>(pixels), height * pitch};
    Picture& picture = current->picture_;
    picture.width = width;
    picture.height = height;
    picture.pixels.resize(std::size_t{width} * height);
    for (unsigned y = 0; y < height; ++y) {
        const auto* row = static_cast<const unsigned char*>(pixels) + y * pitch;
        for (unsigned x = 0; x < width; ++x)
            picture.pixels[std::size_t{y} * width + x] = rgb_of(current->format_, row, x);
    }
}

void Core::run(unsigned buttons) {
    buttons_ = buttons;
    const CoreHeap::Inside inside;
    run_();
}

// FNV-1a over pixels.
std::uint64_t Core::picture_hash() const noexcept {
    std::uint64_t hash = 14695981039346656037U;
    for (const std::uint32_t pixel : picture_.pixels)
        hash = (hash ^ pixel) * 1099511628211U;
    return hash;
}

std::size_t Core::state_bytes() const {
    const CoreHeap::Inside inside;
    return serialize_size_();
}

// Some cores write bytes into their state that they never set: what lay on the
// stack. It is to be the same each time.
[[gnu::noinline]] static void clear_stack_below() {
    char below[64 * 1024];
    std::memset(below, 0, sizeof below);
    asm volatile("" : : "r"(below) : "memory");
}

void Core::serialize(std::span<char> state) const {
    clear_stack_below();
    // Outside of its heap: what it allocates for this is gone afterwards, and
    // would be kept with every frame.
    if (!serialize_(state.data(), state.size()))
        throw std::runtime_error(path_ + ": does not serialize");
}

void Core::unserialize(std::span<const char> state) const {
    const CoreHeap::Inside inside;
    if (!unserialize_(state.data(), state.size()))
        throw std::runtime_error(path_ + ": does not take its state back");
}

std::vector<ww_range> Core::data_segments() const {
    struct Search {
        const std::string& path;
        std::vector<ww_range> found;
    } search{path_, {}};
    const auto look = [](dl_phdr_info* object, std::size_t, void* context) {
        auto& in = *static_cast<Search*>(context);
        if (in.path != object->dlpi_name)
            return 0;
        const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        for (int i = 0; i < object->dlpi_phnum; ++i) {
            const ElfW(Phdr)& segment = object->dlpi_phdr[i];
            if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) == 0)
                continue;
            const std::uintptr_t base = object->dlpi_addr + segment.p_vaddr;
            const std::uintptr_t start = base / page * page;
            const std::uintptr_t end = (base + segment.p_memsz + page - 1) / page * page;
            // What comes from the file is one kind of memory, what begins as zeros
            // another: a watch of both costs page tables for all of it, and where
            // that is little one question less.
            std::uintptr_t zeros = (base + segment.p_filesz + page - 1) / page * page;
            zeros = end - zeros <= kFewZeros ? end : zeros;
            in.found.push_back({reinterpret_cast<void*>(start), zeros - start});
            if (end > zeros)
                in.found.push_back({reinterpret_cast<void*>(zeros), end - zeros});
        }
        return 1;
    };
    ::dl_iterate_phdr(look, &search);
    return search.found;
}

} // namespace rewind_example
