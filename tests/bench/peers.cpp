// SPDX-License-Identifier: MIT
#include "peers/copy.h"
#include "peers/mprotect.h"
#include "peers/ours.h"
#include "peers/raw.h"
#include "peers/wine_10_7.h"

#include <algorithm>
#include <stdexcept>

namespace bench {

const std::vector<PeerKind>& peers() {
    static const std::vector<PeerKind> all{
        {"addresses", "ours", ours(OursForm::addresses), true},
        {"addresses", "raw", raw(RawForm::addresses), true},
        {"addresses", "wine-10.7", wine_10_7(), true},
        {"addresses", "mprotect", mprotect_fallback(), false},
        {"addresses", "copy", full_copy(), false},
        {"ranges", "ours", ours(OursForm::ranges), true},
        {"ranges", "raw", raw(RawForm::ranges), true},
        {"bitmap", "ours", ours(OursForm::bitmap), false},
        {"bitmap", "raw", raw(RawForm::bitmap), false},
        {"count", "ours", ours(OursForm::count), false},
        {"count", "raw", raw(RawForm::ranges), false},
    };
    return all;
}

const PeerKind& peer(const std::string& form, const std::string& name) {
    const auto found = std::ranges::find_if(
        peers(), [&](const PeerKind& kind) { return kind.form == form && kind.name == name; });
    if (found == peers().end())
        throw std::logic_error{"no peer " + name + " answers with " + form};
    return *found;
}

} // namespace bench
