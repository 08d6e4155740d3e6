# SPDX-License-Identifier: MIT
"""Runs the command under test, the first argument of every test here."""

import os
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


def main():
    unittest.main(verbosity=2)
