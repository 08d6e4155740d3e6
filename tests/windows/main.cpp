// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest.h>

#include "probe.h"

int main(int argc, char** argv) {
    // A case whose subject may hang has it run by a second instance of this program.
    if (const char* probe = probe_named_in(argc, argv))
        return run_probe(probe);
    if (const char* child = child_named_in(argc, argv))
        return run_child(child);
    return doctest::Context(argc, argv).run();
}
