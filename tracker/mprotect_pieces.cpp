// SPDX-License-Identifier: MIT
#include "mprotect_pieces.h"

namespace ww {

kernel::Error Pieces::add(Range part, Piece piece) noexcept {
    while (!part.empty()) {
        const std::optional<Watched> next = table_.find_first(part);
        Watched missing{{part.start, next ? next->range.start : part.end}};
        missing.note = piece.note();
        if (!missing.range.empty()) {
            if (const kernel::Error error = table_.insert(missing))
                return error;
        }
        part.start = next ? next->range.end : part.end;
    }
    return kernel::Error::none;
}

} // namespace ww
