// SPDX-License-Identifier: MIT
extern "C" __attribute__((visibility("default"))) const char* neighbour() {
    return "neighbour";
}
