#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the test of failing calls, and sees to it that it has missed no call.

usage: call_sites.py BINARY SOURCE_ROOT

Each call of libc in tracker/kernel/ was made to fail at least once, or is
excused below. An excuse that nothing needs is an error, too.
"""

import pathlib
import re
import subprocess
import sys

# Calls that cannot fail, or whose failure nobody could act on.
EXCUSED = {
    'clock_gettime': 'CLOCK_MONOTONIC is always there',
    'getpid': 'cannot fail',
    'SYS_gettid': 'cannot fail',
    'secure_getenv': 'makes no system call',
    'sysconf': 'the page size is always known',
    'sigfillset': 'makes no system call',
    'SYS_rt_sigprocmask': 'fails only for arguments that are wrong',
    'SYS_futex': 'is asked again until the lock is free; for writable memory, is the answer',
    'SYS_brk': 'is asked for the wait alone: what it says is ignored',
    'sched_yield': 'cannot fail',
    'SYS_tgkill': 'comes when another call has failed, and there is no third',
}
CALL = re.compile(r'(?<![\w>])::(\w+)\((\w*)')
TEST_SKIPPED = 77


def calls_in_source(root):
    """Yields (file name, line, call)."""
    for path in sorted((root / 'tracker' / 'kernel').glob('*.cpp')):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for call in CALL.finditer(line.split('//')[0]):
                name = call[2] if call[2].startswith('SYS_') else call[1]
                if not name.startswith('operator'):
                    yield path.name, number, name


def failed_lines(binary, places):
    """(file name, line, call) of return addresses: the call is just in front of one."""
    addresses = [hex(int(place, 16) - 1) for place, _ in places]
    lines = subprocess.run(['addr2line', '-e', binary, *addresses], check=True,
                           capture_output=True, text=True).stdout.split('\n')
    for line, (_, call) in zip(lines, places):
        match = re.match(r'.*/(\w+\.cpp):(\d+)', line)
        if match:
            yield match[1], int(match[2]), call


def has_failed(call, failed):
    """A call over several lines stands in the line of any of its parts."""
    file, first, name = call
    name = 'syscall' if name.startswith('SYS_') else name.removesuffix('64')
    return any((file, line, name) in failed for line in range(first, first + 3))


def main():
    binary, root = sys.argv[1], pathlib.Path(sys.argv[2])
    run = subprocess.run([binary], stdout=subprocess.PIPE, text=True)
    places = re.findall(r'^place (0x\w+) (\w+)$', run.stdout, re.M)
    print(re.sub(r'^place .*\n', '', run.stdout, flags=re.M), end='')
    if run.returncode != 0:
        return run.returncode if run.returncode == TEST_SKIPPED else 1
    failed = set(failed_lines(binary, places))
    in_source = list(calls_in_source(root))
    calls = [call for call in in_source if call[2] not in EXCUSED]
    missed = [call for call in calls if not has_failed(call, failed)]
    for file, line, name in missed:
        print(f'tracker/kernel/{file}:{line}: {name} was never made to fail')
    idle = EXCUSED.keys() - {name for _, _, name in in_source}
    for name in sorted(idle):
        print(f'{name} is excused, and not called')
    print(f'{len(calls) - len(missed)} of {len(calls)} calls failed')
    return 1 if missed or idle or not calls else 0


if __name__ == '__main__':
    sys.exit(main())
