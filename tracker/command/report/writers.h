// SPDX-License-Identifier: MIT
// The forms of a report. Each gives the whole of a file.
#pragma once

#include "record/recording.h"

#include <string>

namespace ww::command {

std::string as_html(const Recording& recording);
std::string as_svg(const Recording& recording);
std::string as_png(const Recording& recording);
std::string as_csv(const Recording& recording);
std::string as_json(const Recording& recording);
std::string as_text(const Recording& recording, bool blocks);

// What was recorded of whom, in one line.
std::string headline(const Recording& recording);
// "name (pid) at address, size"
std::string title_of(const Recording& recording, std::size_t watch);

} // namespace ww::command
