#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums up meson's test logs; the last line is "N passed, N failed, N skipped".

usage: summary.py [--no-skip] BUILD_FOLDER:SUITE,SUITE...

Each suite named must have run at least one test there: a suite that got lost
counts as a failure. With --no-skip a skip counts as one too, unless it is for
a reason that no work on this project can remove.
"""

import json
import sys
from collections import Counter
from pathlib import Path

PASSED = {'OK', 'EXPECTEDFAIL'}
SKIPPED = {'SKIP'}
# Parts of the reasons that tests give.
EXCUSES = [
    'needs Linux 6.7',  # the kernel has not what all of this is about,
    'denies userfaultfd',  # or a container does not let it through
    'libgc: no source package',  # or no network,
    'libmimalloc-dev of sid: no packages',  # or lists of sid too old for it,
    'nothing can be swapped out',  # or the machine no swap space
]


def tests(folder):
    log = folder / 'meson-logs' / 'testlog.json'
    return [json.loads(line) for line in log.read_text(encoding='utf-8').splitlines()] \
        if log.exists() else []


def output(test):
    return (test.get('stdout') or '') + (test.get('stderr') or '')


def reason(test):
    """Why a test was skipped: its line "...skipped: REASON"."""
    lines = [line for line in output(test).splitlines() if 'skipped: ' in line]
    return lines[-1].split('skipped: ', 1)[1] if lines else 'no reason given'


def suites(test):
    """From the name that meson logs: "project:suite+suite / test"."""
    return set(test['name'].partition(' / ')[0].partition(':')[2].split('+'))


def judge(test, no_skip):
    """Returns passed, failed or skipped, and a remark worth a line."""
    if test['result'] in PASSED:
        measured = 'clients' in suites(test)
        return 'passed', output(test).strip().splitlines()[-1] if measured else ''
    if test['result'] in SKIPPED:
        excused = any(excuse in reason(test) for excuse in EXCUSES)
        return 'skipped' if excused or not no_skip else 'failed', f'skipped: {reason(test)}'
    return 'failed', test['result']


def main():
    arguments = sys.argv[1:]
    no_skip = '--no-skip' in arguments
    counts = Counter()
    for argument in arguments:
        if argument == '--no-skip':
            continue
        folder, _, wanted = argument.rpartition(':')
        missing = set(wanted.split(','))
        for test in tests(Path(folder)):
            missing -= suites(test)
            verdict, remark = judge(test, no_skip)
            counts[verdict] += 1
            if remark:
                name = test['name'].partition(' / ')[2]
                print(remark if verdict == 'passed' else f'{folder}: {name}: {remark}')
        for suite in sorted(missing):
            counts['failed'] += 1
            print(f'{folder}: {suite}: no test ran')
    print(', '.join(f'{counts[verdict]} {verdict}' for verdict in ('passed', 'failed', 'skipped')))
    return 1 if counts['failed'] or not counts['passed'] else 0


if __name__ == '__main__':
    sys.exit(main())
