// SPDX-License-Identifier: MIT
#include "need.h"

int main(int argc, char** argv) {
    return run_with_backend(argc, argv);
}
