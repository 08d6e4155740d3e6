// SPDX-License-Identifier: MIT
#include "top/screen.h"

#include "failure.h"
#include "live/format.h"
#include "top/table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <curses.h>
#include <fmt/format.h>
#include <unistd.h>

namespace ww::command {

namespace {

enum class Page { table, map, help };

// The terminal, as it was before, whatever happens.
class Terminal {
public:
    Terminal() {
        if (::isatty(STDOUT_FILENO) == 0 || ::isatty(STDIN_FILENO) == 0)
            throw Failure("top needs a terminal to draw on (use --once for plain text)");
        screen_ = ::newterm(nullptr, stdout, stdin);
        if (screen_ == nullptr) {
            const char* const name = std::getenv("TERM");
            throw Failure(fmt::format("nothing is known of this kind of terminal, TERM=\"{}\": set TERM "
                                      "to another, such as xterm (or use --once for plain text)",
                                      name != nullptr ? name : ""));
        }
        ::cbreak();
        ::noecho();
        ::set_escdelay(25);
        ::curs_set(0);
        ::keypad(stdscr, TRUE);
        if (::has_colors() && ::start_color() == OK && ::use_default_colors() == OK) {
            // By heat_step().
            constexpr short kColors[] = {COLOR_BLUE, COLOR_CYAN, COLOR_GREEN, COLOR_YELLOW,
                                         COLOR_RED};
            for (short i = 0; i < 5; ++i)
                ::init_pair(static_cast<short>(i + 1), kColors[i], -1);
        }
    }
    ~Terminal() {
        ::endwin();
        ::delscreen(screen_);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

private:
    SCREEN* screen_;
};

short color_of(float heat) {
    return static_cast<short>(std::max(heat_step(heat), 1));
}

class Screen {
public:
    Screen(Monitor& monitor, ScreenOptions options)
        : monitor_(monitor), options_(std::move(options)) {}

    void run();

private:
    void look();
    void draw();
    void draw_table();
    void draw_map();
    void draw_help();
    void draw_heat(int line, int column, std::span<const float> heat);
    void draw_line(int line, const std::string& text, attr_t attributes = A_NORMAL);
    bool take_key(int key); // false: quit
    void move_to(long place);
    const WatchRow* selected() const;

    Monitor& monitor_;
    ScreenOptions options_;
    Terminal terminal_;
    Table table_ = Table::with_all_columns();
    std::vector<WatchRow> rows_;
    Page page_ = Page::table;
    bool paused_ = false;
    std::size_t place_ = 0; // of the selected row
    std::size_t top_ = 0;   // the first row in sight
};

void Screen::look() {
    table_ = Table{COLS};
    monitor_.look(static_cast<std::size_t>(std::clamp(COLS - table_.width(), 1, 160)));
    rows_ = sorted(monitor_.rows(), options_.sort);
    move_to(static_cast<long>(place_));
}

void Screen::run() {
    look();
    std::uint64_t next = monotonic_ns();
    const auto interval = static_cast<std::uint64_t>(options_.interval * 1e9);
    // The second look comes soon, as there are no rates without it.
    next += std::min<std::uint64_t>(interval, 200'000'000);
    while (!monitor_.all_ended()) {
        draw();
        const std::uint64_t now = monotonic_ns();
        ::timeout(next > now ? static_cast<int>((next - now) / 1'000'000) + 1 : 0);
        const int key = ::getch();
        if (key != ERR && !take_key(key))
            return;
        if (monotonic_ns() < next)
            continue;
        next = monotonic_ns() + interval;
        if (!paused_)
            look();
    }
}

void Screen::draw_line(int line, const std::string& text, attr_t attributes) {
    ::attrset(static_cast<int>(attributes));
    mvaddnstr(line, 0, text.c_str(), COLS);
    ::attrset(A_NORMAL);
}

void Screen::draw_heat(int line, int column, std::span<const float> heat) {
    ::move(line, column);
    for (const float cell : heat) {
        ::attrset(COLOR_PAIR(color_of(cell)));
        ::addstr(heat_mark(cell, options_.blocks));
    }
    ::attrset(A_NORMAL);
}

void Screen::draw() {
    ::erase();
    if (page_ == Page::table)
        draw_table();
    else if (page_ == Page::map)
        draw_map();
    else
        draw_help();
    ::refresh();
}

void Screen::draw_table() {
    draw_line(0, fmt::format("writewatch top{}  {}, sorted by {}; h: help, q: quit",
                             paused_ ? " [paused]" : "", extent_of(monitor_.overview()),
                             options_.sort), A_BOLD);
    draw_line(1, summary(monitor_.overview()));
    draw_line(2, fmt::format("{:<{}}", table_.head() + "MAP", COLS), A_REVERSE);
    const int room = LINES - 3;
    for (int i = 0; i < room && top_ + static_cast<std::size_t>(i) < rows_.size(); ++i) {
        const std::size_t place = top_ + static_cast<std::size_t>(i);
        draw_line(3 + i, table_.row(rows_[place]), place == place_ ? A_STANDOUT : A_NORMAL);
        if (COLS > table_.width())
            draw_heat(3 + i, table_.width(), rows_[place].heat);
    }
    if (rows_.empty())
        draw_line(4, kNothing);
}

void Screen::draw_map() {
    const WatchRow* row = selected();
    const int width = COLS - 15;
    const int height = LINES - 4;
    if (row == nullptr || width < 8 || height < 1) {
        draw_line(0, row == nullptr ? "The watch is gone." : "Terminal too small.");
        return;
    }
    draw_line(0, fmt::format("writewatch top{}  {} ({}), {} at {:x}; Enter: back",
                             paused_ ? " [paused]" : "", row->process, row->pid,
                             short_bytes(static_cast<double>(row->watch.bytes)), row->watch.start),
              A_BOLD);
    draw_line(1, fmt::format("{:<{}}", table_.head(), COLS), A_REVERSE);
    draw_line(2, table_.row(*row));
    const auto columns = static_cast<std::size_t>(width);
    const std::optional<Cells> map =
        monitor_.map_of(*row, columns * static_cast<std::size_t>(height));
    if (!map) {
        draw_line(4, "The kernel tells nothing about the pages of this watch.");
        return;
    }
    for (std::size_t first = 0; first < map->size(); first += columns) {
        std::vector<float> heat;
        for (std::size_t i = first; i < std::min(first + columns, map->size()); ++i) {
            const PageCount& cell = (*map)[i];
            heat.push_back(cell.committed == 0 ? -1
                                               : static_cast<float>(cell.written) /
                                                     static_cast<float>(cell.committed));
        }
        const int line = 4 + static_cast<int>(first / columns);
        draw_line(line, fmt::format("{:>12x}", map->cell_start(first)));
        draw_heat(line, 14, heat);
    }
}

void Screen::draw_help() {
    draw_line(0, "writewatch top: help", A_BOLD);
    int line = 2;
    for (const SortKey& key : kSortKeys)
        draw_line(line++, fmt::format("  {}        sort by {}", key.key, key.help));
    for (const char* text :
         {"  up, down select a watch (also k, j)", "  Enter    its memory, page by page; again: back",
          "  space    pause, and go on", "  h        this help; again: back", "  q, Esc   quit"})
        draw_line(line++, text);
    draw_line(line + 1, fmt::format("Map, of the memory that is in use: {} nothing there, {} clean, "
                                    "{} to {} written",
                                    "' '", heat_mark(0, options_.blocks),
                                    heat_mark(0.1F, options_.blocks),
                                    heat_mark(1, options_.blocks)));
}

void Screen::move_to(long place) {
    const long last = static_cast<long>(rows_.size()) - 1;
    place_ = static_cast<std::size_t>(std::clamp(place, 0L, std::max(last, 0L)));
    const auto room = static_cast<std::size_t>(std::max(LINES - 3, 1));
    top_ = std::min(top_, place_);
    if (place_ >= top_ + room)
        top_ = place_ - room + 1;
}

const WatchRow* Screen::selected() const {
    return place_ < rows_.size() ? &rows_[place_] : nullptr;
}

bool Screen::take_key(int key) {
    constexpr int kEscape = 27;
    const auto toggle = [this](Page page) { page_ = page_ == page ? Page::table : page; };
    switch (key) {
    case 'q':
        return false;
    case kEscape:
        if (page_ == Page::table)
            return false;
        page_ = Page::table;
        return true;
    case 'h':
    case '?':
        toggle(Page::help);
        return true;
    case '\n':
    case '\r':
    case KEY_ENTER:
        toggle(Page::map);
        return true;
    case ' ':
        paused_ = !paused_;
        return true;
    case KEY_UP:
    case 'k':
        move_to(static_cast<long>(place_) - 1);
        return true;
    case KEY_DOWN:
    case 'j':
        move_to(static_cast<long>(place_) + 1);
        return true;
    }
    for (const SortKey& sort : kSortKeys) {
        if (sort.key == key) {
            options_.sort = sort.name;
            rows_ = sorted(monitor_.rows(), options_.sort);
            move_to(0);
        }
    }
    return true;
}

} // namespace

void show_screen(Monitor& monitor, ScreenOptions options) {
    Screen{monitor, std::move(options)}.run();
}

} // namespace ww::command
