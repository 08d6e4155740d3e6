// SPDX-License-Identifier: MIT
#include "window.h"

#include "screen.h"

#include <SDL.h>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rewind_example {

namespace {

constexpr std::uint32_t kFrameMs = 16;

template<class Object>
Object* must(Object* made, const char* what) {
    if (made == nullptr)
        throw std::runtime_error(fmt::format("{}: {}", what, SDL_GetError()));
    return made;
}

// SDL's picture of a screen.
class Window {
public:
    Window() {
        if (SDL_Init(SDL_INIT_VIDEO) != 0)
            throw std::runtime_error(fmt::format("no window: {}", SDL_GetError()));
        window_.reset(must(SDL_CreateWindow("writewatch: rewind", SDL_WINDOWPOS_CENTERED,
                                            SDL_WINDOWPOS_CENTERED, Screen::kWidth,
                                            Screen::kHeight, SDL_WINDOW_SHOWN),
                           "no window"));
        renderer_.reset(must(SDL_CreateRenderer(window_.get(), -1, SDL_RENDERER_SOFTWARE),
                             "no renderer"));
        texture_.reset(must(SDL_CreateTexture(renderer_.get(), SDL_PIXELFORMAT_RGB888,
                                              SDL_TEXTUREACCESS_STREAMING, Screen::kWidth,
                                              Screen::kHeight),
                            "no texture"));
    }
    ~Window() {
        texture_.reset();
        renderer_.reset();
        window_.reset();
        SDL_Quit();
    }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    void show(const Screen& screen) {
        SDL_UpdateTexture(texture_.get(), nullptr, screen.pixels().data(),
                          Screen::kWidth * sizeof(std::uint32_t));
        SDL_RenderCopy(renderer_.get(), texture_.get(), nullptr, nullptr);
        SDL_RenderPresent(renderer_.get());
    }

private:
    struct Destroy {
        void operator()(SDL_Window* window) const { SDL_DestroyWindow(window); }
        void operator()(SDL_Renderer* renderer) const { SDL_DestroyRenderer(renderer); }
        void operator()(SDL_Texture* texture) const { SDL_DestroyTexture(texture); }
    };
    std::unique_ptr<SDL_Window, Destroy> window_;
    std::unique_ptr<SDL_Renderer, Destroy> renderer_;
    std::unique_ptr<SDL_Texture, Destroy> texture_;
};

// False when it is to end.
bool take_events() {
    SDL_Event event;
    while (SDL_PollEvent(&event) != 0) {
        if (event.type == SDL_QUIT ||
            (event.type == SDL_KEYDOWN && event.key.keysym.scancode == SDL_SCANCODE_ESCAPE))
            return false;
    }
    return true;
}

bool is_held(SDL_Scancode key) {
    return SDL_GetKeyboardState(nullptr)[key] != 0;
}

unsigned held_buttons() {
    // By libretro's numbers: B, Y, select, start, up, down, left, right, A, X.
    static constexpr std::array kKeys{
        SDL_SCANCODE_Z,    SDL_SCANCODE_A,    SDL_SCANCODE_RSHIFT, SDL_SCANCODE_RETURN,
        SDL_SCANCODE_UP,   SDL_SCANCODE_DOWN, SDL_SCANCODE_LEFT,   SDL_SCANCODE_RIGHT,
        SDL_SCANCODE_X,    SDL_SCANCODE_S};
    unsigned buttons = 0;
    for (std::size_t i = 0; i < kKeys.size(); ++i)
        buttons |= is_held(kKeys[i]) ? 1U << i : 0;
    return buttons;
}

// Frames that were played and can be gone back to.
class Session {
public:
    Session(Core& core, Way& way, MemoryMap& map) : core_(core), way_(way), map_(map) {
        play(0);
    }

    void play(unsigned buttons) {
        core_.run(buttons);
        frames_.push_back(buttons);
        written_.push_back(map_.look());
        way_.keep();
        const std::size_t kept = way_.frames_kept();
        if (frames_.size() > kept) {
            frames_.erase(frames_.begin());
            written_.erase(written_.begin());
        }
    }

    // Two back and one forth: a picture comes from playing alone.
    bool back() {
        if (frames_.size() < 3)
            return false;
        const unsigned buttons = frames_[frames_.size() - 2];
        way_.rewind(2);
        frames_.resize(frames_.size() - 2);
        written_.resize(frames_.size());
        play(buttons);
        return true;
    }

    void draw(Screen& screen, bool backwards) const {
        screen.draw(core_.picture(), map_.levels(), written_, backwards);
    }

private:
    Core& core_;
    Way& way_;
    MemoryMap& map_;
    std::vector<unsigned> frames_; // the buttons of each
    std::vector<std::size_t> written_;
};

} // namespace

void play_in_window(Core& core, Way& way, MemoryMap& map, std::size_t frames) {
    Window window;
    Screen screen;
    Session session{core, way, map};
    std::size_t shown = 0;
    std::size_t backwards = 0;
    for (; take_events() && (frames == 0 || shown < frames); ++shown) {
        const std::uint32_t began = SDL_GetTicks();
        const bool back = is_held(SDL_SCANCODE_BACKSPACE) && session.back();
        if (!back && !is_held(SDL_SCANCODE_BACKSPACE))
            session.play(held_buttons());
        backwards += back ? 1 : 0;
        session.draw(screen, back);
        window.show(screen);
        const std::uint32_t took = SDL_GetTicks() - began;
        if (took < kFrameMs)
            SDL_Delay(kFrameMs - took);
    }
    fmt::print("{} frames shown, {} of them going back\n", shown, backwards);
}

} // namespace rewind_example
