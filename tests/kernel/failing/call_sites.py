#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the test of failing calls, and sees to it that it has missed no call.

usage: call_sites.py BINARY SOURCE_ROOT

Each call of libc in tracker/kernel/ was made to fail at least once, or is
excused below.
"""

import pathlib
import re
import subprocess
import sys

# Calls that cannot fail, or whose failure nobody could act on.
EXCUSED = {
    'clock_gettime': 'CLOCK_MONOTONIC is always there',
    'getpid': 'cannot fail',
    'secure_getenv': 'makes no system call',
    'sysconf': 'the page size is always known',
    'sigfillset': 'makes no system call',
    'SYS_rt_sigprocmask': 'fails only for arguments that are wrong',
    'SYS_futex': 'is asked again until the lock is free',
}
CALL = re.compile(r'(?<![\w>])::(\w+)\((\w*)')
TEST_SKIPPED = 77


def calls_in_source(root):
    """Yields (file name, line, call)."""
    for path in sorted((root / 'tracker' / 'kernel').glob('*.cpp')):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for call in CALL.finditer(line.split('//')[0]):
                name = call[2] if call[2].startswith('SYS_') else call[1]
                if name not in EXCUSED and not name.startswith('operator'):
                    yield path.name, number, name


def failed_lines(binary, places):
    """(file name, line) of return addresses: the call is just in front of one."""
    addresses = [hex(place - 1) for place in places]
    lines = subprocess.run(['addr2line', '-e', binary, *addresses], check=True,
                           capture_output=True, text=True).stdout.split('\n')
    for line in lines:
        match = re.match(r'.*/(\w+\.cpp):(\d+)', line)
        if match:
            yield match[1], int(match[2])


def main():
    binary, root = sys.argv[1], pathlib.Path(sys.argv[2])
    run = subprocess.run([binary], stdout=subprocess.PIPE, text=True)
    places = [int(place, 16) for place in re.findall(r'^place (0x\w+)$', run.stdout, re.M)]
    print(re.sub(r'^place .*\n', '', run.stdout, flags=re.M), end='')
    if run.returncode != 0:
        return run.returncode if run.returncode == TEST_SKIPPED else 1
    failed = set(failed_lines(binary, places))
    calls = list(calls_in_source(root))
    # A call over several lines stands in the line of any of its parts.
    missed = [call for call in calls
              if not any((call[0], line) in failed for line in range(call[1], call[1] + 3))]
    # A file of which nothing failed serves something that the scenario never uses.
    used = {name for name, _ in failed}
    for name in sorted({call[0] for call in missed} - used):
        print(f'tracker/kernel/{name}: not used here')
    missed = [call for call in missed if call[0] in used]
    for name, line, call in missed:
        print(f'tracker/kernel/{name}:{line}: {call} was never made to fail')
    print(f'{len(calls) - len(missed)} of {len(calls)} calls failed')
    return 1 if missed or not calls else 0


if __name__ == '__main__':
    sys.exit(main())
