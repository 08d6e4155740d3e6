#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boehm GC's own test as a client of GetWriteWatch, on stock Wine and with the
plugin: a collector that misses one write frees live memory, and notices.

usage: boehm_gc.py gctest|gctest_mt RUN_WINE PREFIX PLUGIN WORK_FOLDER

The collector is Debian's source package libgc, fetched through the machine's
package manager and built for Windows. Exits 77 where something for that cannot
be had.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import debian_source

SKIP = 77
COMPILER = 'x86_64-w64-mingw32-gcc'
RUN_SECONDS = 200
ROUNDS = 2  # the better one counts: machines have other things to do

# As the collector's own configure sets for this platform; the compiler's
# atomics spare a second package.
COMMON_FLAGS = '''
    -O2 -w -DGC_BUILTIN_ATOMIC -DEMPTY_GETENV_RESULTS -DALL_INTERIOR_POINTERS
    -DENABLE_DISCLAIM -DGC_ATOMIC_UNCOLLECTABLE -DGC_GCJ_SUPPORT -DJAVA_FINALIZATION
    -DNO_EXECUTE_PERMISSION -DUSE_MMAP -DUSE_MUNMAP
'''.split()
PROGRAMS = {
    'gctest': [],
    'gctest_mt': ['-DGC_THREADS', '-DPARALLEL_MARK', '-DTHREAD_LOCAL_ALLOC'],
}

# What the test logs: that it uses write watches at all, and its verdict.
EXPECTED_LOG = ['Using GetWriteWatch-based implementation', 'Collector appears to work']


class Failure(Exception):
    """The test did not pass; the message says what happened instead."""


def build(name, work):
    """Returns the Windows program, which is kept for the next time."""
    program = work / f'{name}.exe'
    if not program.exists():
        if not shutil.which(COMPILER):
            raise debian_source.Unavailable(f'{COMPILER} is not installed')
        source = debian_source.fetch('libgc', work)
        unfinished = work / f'{name}.new'
        subprocess.run(
            [COMPILER, *COMMON_FLAGS, *PROGRAMS[name], '-I', source / 'include', '-I', source,
             source / 'extra' / 'gc.c', source / 'tests' / 'test.c', '-o', unfinished],
            check=True)
        unfinished.rename(program)
    return program


def run(run_wine, *arguments):
    """Returns the exit status and what was printed."""
    done = subprocess.run([*run_wine, '--timeout', str(RUN_SECONDS), *arguments], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors='replace')
    if done.returncode == SKIP:
        raise debian_source.Unavailable(done.stdout.strip())
    return done.returncode, done.stdout


def measure(run_wine, program, *options):
    """Runs the test once, requires that it passes, returns the seconds."""
    log = program.with_suffix('.gc.log')
    log.unlink(missing_ok=True)
    start = time.monotonic()
    status, output = run(run_wine, *options, program)
    seconds = time.monotonic() - start
    logged = log.read_text(errors='replace') if log.exists() else ''
    missing = [line for line in EXPECTED_LOG if line not in logged]
    if status or missing:
        raise Failure(f'{"with the plugin" if options else "on stock Wine"}: exit status {status}, '
                      f'not logged: {missing or "nothing"}\n{logged}{output}')
    return seconds


def main():
    name = sys.argv[1]
    script, prefix, plugin, work = (Path(argument).resolve() for argument in sys.argv[2:])
    run_wine = [script, '--prefix', prefix]
    try:
        program = build(name, work)
        run(run_wine, 'wineboot')  # Wine's services start now, not within a measurement
        times = [(measure(run_wine, program), measure(run_wine, program, '--plugin', plugin))
                 for _ in range(ROUNDS)]
    except debian_source.Unavailable as reason:
        print(f'skipped: {reason}')
        return SKIP
    except (Failure, subprocess.SubprocessError) as reason:
        print(f'{name}: {reason}')
        return 1
    stock, ours = map(min, zip(*times))
    print(f'{name}: stock {stock:.1f} s, writewatch {ours:.1f} s')
    return 0


if __name__ == '__main__':
    sys.exit(main())
