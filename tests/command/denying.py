#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""denying.py ERROR PROGRAM [ARGUMENT...]: runs PROGRAM where a seccomp filter
answers userfaultfd(2) with ERROR (EPERM, ENOSYS), as containers do."""

import ctypes
import errno
import os
import platform
import struct
import sys

USERFAULTFD = {'x86_64': 323, 'aarch64': 282}[platform.machine()]
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06  # of classic BPF: ld abs, jeq, ret
ALLOW, ERRNO = 0x7fff0000, 0x00050000


class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_char_p)]


def deny(error):
    code = b''.join(struct.pack('HBBI', *instruction) for instruction in [
        (LOAD, 0, 0, 0),  # the number of the system call
        (JUMP_EQUAL, 0, 1, USERFAULTFD),
        (RETURN, 0, 0, ERRNO | error),
        (RETURN, 0, 0, ALLOW)])
    program = Program(len(code) // 8, code)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
            prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0):
        sys.exit('denying.py: no filter: ' + os.strerror(ctypes.get_errno()))


deny(getattr(errno, sys.argv[1]))
os.execvp(sys.argv[2], sys.argv[2:])
