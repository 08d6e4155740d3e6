// SPDX-License-Identifier: MIT
#include "failure.h"
#include "report/heat_map.h"
#include "report/writers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>
#include <fmt/format.h>
#include <iterator>
#include <png.h>

namespace ww::command {

namespace {

// Steps of heat: nothing there, clean, and written from little to all.
constexpr std::size_t kSteps = 8;
constexpr std::array<std::array<std::uint8_t, 3>, kSteps> kColors{{{0x14, 0x16, 0x1c},
                                                                   {0x24, 0x33, 0x4d},
                                                                   {0x3b, 0x52, 0x8b},
                                                                   {0x21, 0x90, 0x8d},
                                                                   {0x5d, 0xc9, 0x63},
                                                                   {0xc2, 0xdf, 0x23},
                                                                   {0xfd, 0xb4, 0x2f},
                                                                   {0xf2, 0x5c, 0x3b}}};

// By square root: much is written seldom.
std::size_t step_of(std::uint8_t heat) noexcept {
    if (heat < 2)
        return heat;
    const float share = std::sqrt(as_share(heat));
    return std::min(2 + static_cast<std::size_t>(share * (kSteps - 2)), kSteps - 1);
}

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '&' || c == '<' || c == '>' || c == '"')
            safe += fmt::format("&#{};", static_cast<int>(c));
        else
            safe += static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) >= 0x7f
                        ? '?'
                        : c;
    }
    return safe;
}

constexpr int kLeft = 8;
constexpr int kWidth = 960;
constexpr int kRowHeight = 5;
constexpr int kTitleHeight = 20;
constexpr int kQueryHeight = 16;

// Neighbours of the same step are one piece.
void draw_cells(std::string& svg, const HeatMap& map, const HeatMap::Band& band, int top) {
    const double width = static_cast<double>(kWidth) / static_cast<double>(map.columns());
    for (std::size_t row = 0; row < band.rows; ++row) {
        for (std::size_t first = 0, end = 0; first < map.columns(); first = end) {
            const std::size_t step = step_of(map.at(band.first_row + row, first));
            for (end = first + 1; end < map.columns() &&
                                  step_of(map.at(band.first_row + row, end)) == step;)
                ++end;
            if (step == 0)
                continue;
            fmt::format_to(std::back_inserter(svg), "<path class=\"h{}\" d=\"M{:.1f} {}h{:.1f}\"/>",
                           step, kLeft + static_cast<double>(first) * width,
                           static_cast<double>(top) + (static_cast<double>(row) + 0.5) * kRowHeight,
                           static_cast<double>(end - first) * width);
        }
    }
}

void draw_queries(std::string& svg, const HeatMap& map, const HeatMap::Band& band, int base) {
    const double most = *std::ranges::max_element(band.queries);
    const double width = static_cast<double>(kWidth) / static_cast<double>(map.columns());
    if (most == 0)
        return;
    svg += "<path class=\"q\" d=\"";
    for (std::size_t column = 0; column < map.columns(); ++column) {
        if (band.queries[column] > 0)
            fmt::format_to(std::back_inserter(svg), "M{:.1f} {}v-{:.1f}",
                           kLeft + (static_cast<double>(column) + 0.5) * width, base,
                           band.queries[column] / most * (kQueryHeight - 4));
    }
    svg += "\"/>\n";
}

int draw_band(std::string& svg, const Recording& recording, const HeatMap& map,
              const HeatMap::Band& band, int top) {
    fmt::format_to(std::back_inserter(svg), "<text x=\"{}\" y=\"{}\">{}</text>\n", kLeft, top + 14,
                   escaped(title_of(recording, band.watch)));
    const int rows = static_cast<int>(band.rows) * kRowHeight;
    const int cells = top + kTitleHeight;
    fmt::format_to(std::back_inserter(svg),
                   "<rect class=\"h0\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>", kLeft,
                   cells, kWidth, rows);
    draw_cells(svg, map, band, cells);
    draw_queries(svg, map, band, cells + rows + kQueryHeight);
    return cells + rows + kQueryHeight;
}

// A round time, some of which make the whole; 1 where that is nothing.
double step_of_axis(double whole) {
    constexpr double kFactors[] = {1, 2, 5, 10};
    if (whole <= 0)
        return 1;
    const double about = whole / 8;
    const double ten = std::pow(10, std::floor(std::log10(about)));
    return ten * *std::ranges::find_if(kFactors, [=](double factor) {
               return factor == 10 || ten * factor >= about * 0.999;
           });
}

// The time, under all bands.
std::string axis_of(const Recording& recording, int top) {
    const double duration = std::max(static_cast<double>(recording.duration_ns()) / 1e9, 1e-9);
    const double step = step_of_axis(duration);
    std::string svg;
    for (int i = 0; i * step <= duration; ++i) {
        const double x = kLeft + kWidth * i * step / duration;
        fmt::format_to(std::back_inserter(svg),
                       "<path class=\"q\" d=\"M{:.1f} {}v4\"/><text x=\"{:.1f}\" y=\"{}\">{:g} "
                       "s</text>\n",
                       x, top, x + 3, top + 14, i * step);
    }
    return svg;
}

// What the colours say.
std::string legend_at(int top) {
    constexpr int kBox = 24;
    struct Words {
        const char* text = nullptr;
        int width = 0;
    };
    constexpr std::array<Words, kSteps> kWords{
        {{"nothing there", 90}, {"clean", 44}, {}, {}, {}, {}, {}, {"from little to all of it written"}}};
    std::string svg;
    int x = kLeft;
    for (std::size_t step = 0; step < kSteps; ++step) {
        const auto& [red, green, blue] = kColors[step];
        fmt::format_to(std::back_inserter(svg),
                       "<rect fill=\"#{:02x}{:02x}{:02x}\" x=\"{}\" y=\"{}\" width=\"{}\" "
                       "height=\"12\"/>",
                       red, green, blue, x, top, kBox);
        x += kBox;
        if (const auto& [text, width] = kWords[step]; text != nullptr) {
            fmt::format_to(std::back_inserter(svg), "<text x=\"{}\" y=\"{}\">{}</text>\n", x + 6,
                           top + 10, text);
            x += width + 12;
        }
    }
    return svg;
}

std::string style() {
    std::string css = fmt::format("<style>text{{font:12px sans-serif;fill:#ccd}}path{{stroke-width:"
                                  "{}}}.q{{stroke:#8ac;stroke-width:1}}",
                                  kRowHeight);
    for (std::size_t step = 0; step < kSteps; ++step)
        fmt::format_to(std::back_inserter(css), ".h{0}{{{1}:#{2:02x}{3:02x}{4:02x}}}", step,
                       step == 0 ? "fill" : "stroke", kColors[step][0], kColors[step][1],
                       kColors[step][2]);
    return css + "</style>\n";
}

} // namespace

std::string as_svg(const Recording& recording) {
    constexpr std::size_t kColumns = 240;
    constexpr std::size_t kRowsOfAWatch = 24;
    constexpr int kFootHeight = 40;
    const HeatMap map{recording, std::min(kColumns, recording.samples.size()),
                      kRowsOfAWatch * recording.watches.size()};
    std::string body;
    int bottom = 24;
    for (const HeatMap::Band& band : map.bands())
        bottom = draw_band(body, recording, map, band, bottom);
    body += axis_of(recording, bottom) + legend_at(bottom + 26);
    bottom += kFootHeight;
    return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
                       "width=\"{0}\" height=\"{1}\">\n{2}<rect width=\"{0}\" height=\"{1}\" "
                       "fill=\"#1c1f28\"/><text x=\"{3}\" y=\"18\">{4}</text>\n{5}</svg>\n",
                       kWidth + 2 * kLeft, bottom + 8, style(), kLeft,
                       escaped("writewatch: " + headline(recording)), body);
}

// Between two bands.
constexpr std::size_t kGapRows = 3;
constexpr std::uint8_t kGapColor = 0x60;

static void write_rows(png_structp png, const HeatMap& map, std::uint8_t* line) {
    for (const HeatMap::Band& band : map.bands()) {
        if (band.first_row != 0) {
            std::fill_n(line, map.columns() * 3, kGapColor);
            for (std::size_t row = 0; row < kGapRows; ++row)
                png_write_row(png, line);
        }
        for (std::size_t row = 0; row < band.rows; ++row) {
            for (std::size_t column = 0; column < map.columns(); ++column)
                std::ranges::copy(kColors[step_of(map.at(band.first_row + row, column))],
                                  line + column * 3);
            png_write_row(png, line);
        }
    }
}

// The library leaves by longjmp where it fails: nothing in the way of that has a
// destructor.
static bool write_png(png_structp png, png_infop info, const HeatMap& map, std::uint8_t* line) {
    if (setjmp(png_jmpbuf(png)) != 0)
        return false;
    png_set_IHDR(png, info, static_cast<png_uint_32>(map.columns()),
                 static_cast<png_uint_32>(map.rows() + (map.bands().size() - 1) * kGapRows), 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    write_rows(png, map, line);
    png_write_end(png, info);
    return true;
}

std::string as_png(const Recording& recording) {
    constexpr std::size_t kLeastColumns = 960;
    constexpr std::size_t kMostColumns = 1600;
    constexpr std::size_t kRowsOfAWatch = 256;
    const HeatMap map{recording,
                      std::clamp(recording.samples.size(), kLeastColumns, kMostColumns),
                      kRowsOfAWatch * recording.watches.size()};
    std::string file;
    std::vector<std::uint8_t> line(map.columns() * 3);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
    bool written = false;
    if (info != nullptr) {
        png_set_write_fn(
            png, &file,
            [](png_structp writer, png_bytep bytes, std::size_t count) {
                static_cast<std::string*>(png_get_io_ptr(writer))
                    ->append(reinterpret_cast<const char*>(bytes), count);
            },
            nullptr);
        written = write_png(png, info, map, line.data());
    }
    png_destroy_write_struct(&png, &info);
    if (!written)
        throw Failure("the picture could not be made");
    return file;
}

} // namespace ww::command
