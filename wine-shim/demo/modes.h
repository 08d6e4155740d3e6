// SPDX-License-Identifier: MIT
//
// What the demo can do, one file each. Numbers are the command line's, in order.
#pragma once

#include <cstddef>

// Known answers by Windows' rules.
void run_scenarios();
// A result array that cannot be written. By itself, because stock Wine keeps a
// global lock afterwards: this mode always ends the process.
[[noreturn]] void run_bad_array();

// The cost of the first store to a clean page; one thread, page after page.
void run_first_write();
// Threads store at random pages while the main thread queries with reset.
void run_threads(size_t threads, size_t pages, size_t delay_ms);
// A large reservation of which little is committed and less is written.
void run_sparse(size_t gib);
// One store to each page and one query, to be counted from outside.
void run_store_once(size_t pages);

// Does nothing until standard input ends: keeps Wine's services running
// between the others, so that none of them pays for, or is traced in, a start.
void run_hold();
