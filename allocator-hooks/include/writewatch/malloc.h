/* SPDX-License-Identifier: MIT
 *
 * The whole heap of an unmodified program in watched memory:
 *
 *     LD_PRELOAD=libwritewatch-malloc.so program
 *
 * The program's malloc family (and with it C++'s operator new) becomes
 * mimalloc's, in one reservation that a tracker watches. What is loaded into the
 * program (a plugin, a library that knows of this) finds both here, weakly or by
 * dlsym(3), and asks the tracker.
 *
 * Built with mimalloc 3, blocks too large for its arenas (from about 224 MiB) lie
 * elsewhere and are not watched; ask ww_malloc_ranges().
 *
 * Environment
 *   WRITEWATCH_MALLOC_GIB    how much address space to reserve, in GiB: 1 to
 *                            4096; 256 if not given. Less where less is allowed.
 *   WRITEWATCH_MALLOC_WATCH  names of loaded libraries, separated by commas,
 *                            whose writable data segments are watched as well;
 *                            "" is the program itself. Each as the end of its
 *                            path: "libfoo.so.1" or "/opt/lib/libfoo.so.1".
 *
 * Where it cannot watch, the program runs all the same, one line on stderr says
 * why, and ww_malloc_tracker() gives NULL. A forked child runs on unwatched; a
 * program that it executes starts anew.
 */
#ifndef WRITEWATCH_MALLOC_H
#define WRITEWATCH_MALLOC_H

#include <writewatch/writewatch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The tracker of the heap, or NULL. It lives as long as the process. */
WW_EXPORT ww_tracker *ww_malloc_tracker(void) WW_NOEXCEPT;

/* Stores the watched ranges, the heap's first, and returns how many there are,
 * which may be more than `capacity`. Data segments are looked for at the first
 * call: call it when the libraries are loaded. */
WW_EXPORT size_t ww_malloc_ranges(ww_range *ranges, size_t capacity) WW_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
