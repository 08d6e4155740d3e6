# SPDX-License-Identifier: MIT
"""Starts the program with watched memory, the second argument of tests that need it."""

import os
import subprocess
import sys

import command

PROGRAM = os.path.abspath(sys.argv.pop(1))
SKIPPED = 77
if subprocess.run([PROGRAM], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                  check=False).returncode == SKIPPED:
    print('no back end serves here:', command.run('doctor').stdout)
    sys.exit(SKIPPED)


class Watching:
    """Watches 8 MiB (half there, a quarter written) and 1 MiB of nothing."""

    def __init__(self, *arguments, program=PROGRAM, **options):
        self.process = subprocess.Popen([program, *arguments], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, **options)
        ready, first, second = self.process.stdout.readline().split()
        assert ready == 'ready'
        self.addresses = [first.removeprefix('0x'), second.removeprefix('0x')]

    @property
    def pid(self):
        return str(self.process.pid)

    def written_pages(self):
        self.process.stdin.write('?\n')
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
