# SPDX-License-Identifier: MIT
"""Runs the command under test, the first argument of every test here."""

import ctypes
import os
import platform
import subprocess
import sys
import unittest

COMMAND = os.path.abspath(sys.argv.pop(1))


def run(*arguments, before=(), **options):
    """The finished process; `before` is put in front, such as setpriv."""
    options.setdefault('timeout', 60)
    options.setdefault('stdin', subprocess.DEVNULL)
    return subprocess.run([*before, COMMAND, *arguments], text=True, check=False,
                          capture_output=True, **options)


# By its number, as libc has no function for it; 1 is UFFD_USER_MODE_ONLY.
USERFAULTFD = {'x86_64': 323, 'aarch64': 282}[platform.machine()]


def why_not_tracking():
    """Why nothing can be tracked here, or None; not asking the command."""
    descriptor = ctypes.CDLL(None).syscall(USERFAULTFD, os.O_CLOEXEC | 1)
    if descriptor < 0 and not os.access('/dev/userfaultfd', os.W_OK):
        return 'the kernel or a sandbox denies userfaultfd'
    if descriptor >= 0:
        os.close(descriptor)
    major, minor = map(int, platform.release().split('-')[0].split('.')[:2])
    return None if (major, minor) >= (6, 7) else 'needs Linux 6.7'


def main():
    """Runs all tests of the program; exits 77 if one was skipped and none failed."""
    result = unittest.main(verbosity=2, exit=False).result
    for test, reason in result.skipped:
        print(f'{test}: skipped: {reason}')
    sys.exit(1 if not result.wasSuccessful() else 77 if result.skipped else 0)
