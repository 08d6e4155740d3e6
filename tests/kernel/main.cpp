// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include "need.h"

int main(int argc, char** argv) {
    return run_with_backend(argc, argv);
}
