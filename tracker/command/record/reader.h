// SPDX-License-Identifier: MIT
#pragma once

#include "record/recording.h"

#include <filesystem>
#include <string_view>

namespace ww::command {

// Any bytes at all. A Failure, without the file's name, says why they are none
// of a recording that is known; one that is cut off, or damaged, is given up to
// there.
Recording read_recording(std::string_view bytes);

// The same of a file; failures name it.
Recording load_recording(const std::filesystem::path& file);

} // namespace ww::command
