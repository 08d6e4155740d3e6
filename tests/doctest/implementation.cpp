// SPDX-License-Identifier: MIT
// doctest's own code, for all native suites.
#define DOCTEST_CONFIG_IMPLEMENT
// Some cases are about SIGSEGV handlers: doctest would put its own in front.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#include <doctest/doctest.h>
