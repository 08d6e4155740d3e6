#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Dependencies point down: every file knows its own layer and those below.

usage: layers.py SOURCE_ROOT

Reads includes and words, not what the compiler sees: a test that needs no
build says which line is wrong before anything fails to link.
"""

import re
import sys
from posixpath import dirname, join, normpath

import source_tree

# ---- What the layers are: data ---------------------------------------------

# Headers of C and C++ that bring no system calls. <cerrno>, <csignal> and
# everything of POSIX are missing on purpose.
STANDARD = set('''
    algorithm array atomic bit cassert cctype chrono cinttypes climits compare
    concepts cstdarg cstddef cstdint cstdio cstdlib cstring ctime functional
    initializer_list iterator limits memory mutex new numeric optional span
    string string_view tuple type_traits utility variant vector version
    assert.h inttypes.h limits.h stdarg.h stdatomic.h stdbool.h stddef.h
    stdint.h stdio.h stdlib.h string.h time.h
'''.split())

# Where includes are looked for, besides the including file's own folder.
INCLUDE_ROOTS = ['tracker/include', 'wine-shim/include', 'allocator-hooks/include', 'tracker', 'wine-shim',
                 'allocator-hooks', 'tests', '.']

PUBLIC = 'tracker/include/'


class Room:
    """What the files of one folder may name. None means anything."""

    def __init__(self, project, headers=(), calls=(), windows=False):
        self.project = project  # folders of the project to include from
        self.headers = None if headers is None else STANDARD | set(headers)
        self.calls = None if calls is None else set(calls)
        self.windows = windows  # Windows' words are spoken here


# The longest matching folder counts. A new folder needs a line here.
ROOMS = {
    'tracker/':            Room(['tracker/']),
    'tracker/kernel/':     Room(['tracker/'], headers=None, calls=None),
    'tracker/command/':    Room([PUBLIC, 'tracker/command/', 'tracker/counters_format.h'], headers=None, calls=None),
    'wine-shim/':          Room([PUBLIC, 'wine-shim/'], windows=True),
    'wine-shim/preload/':  Room(
        [PUBLIC, 'wine-shim/'],
        headers=['fcntl.h', 'link.h', 'sys/mman.h', 'sys/uio.h', 'unistd.h', 'xxhash.h'],
        calls=['asm', 'close', 'dl_iterate_phdr', 'dlopen', 'getenv', 'getpid', 'madvise', 'mmap',
               'mprotect', 'open', 'process_vm_readv', 'read', 'setenv', 'write'],
        windows=True),
    'wine-shim/native/':   Room(
        [PUBLIC, 'wine-shim/'],
        headers=['cerrno', 'pthread.h', 'sys/mman.h'],
        calls=['errno', 'mmap', 'mprotect', 'munmap', 'pthread_atfork'],
        windows=True),
    'wine-shim/demo/':     Room(['wine-shim/demo/'], headers=None, calls=None, windows=True),
    'allocator-hooks/':    Room(
        [PUBLIC, 'allocator-hooks/'],
        headers=['cerrno', 'charconv', 'link.h', 'memory_resource', 'mimalloc.h', 'sys/mman.h', 'thread',
                 'unistd.h'],
        calls=['dl_iterate_phdr', 'errno', 'getenv', 'madvise', 'mmap', 'munmap', 'sysconf',
               'write']),
    'allocator-hooks/examples/': Room([PUBLIC, 'allocator-hooks/examples/'], headers=None, calls=None),
    'tests/':              Room([''], headers=None, calls=None, windows=True),
}
MUST_HAVE_FILES = ['tracker/', 'tracker/kernel/', 'tracker/include/', 'wine-shim/',
                   'wine-shim/preload/']

# Words that mean a system call wherever they stand ...
SYSTEM_WORDS = set('''
    asm __asm __asm__ environ errno __errno_location
    eventfd fallocate fcntl ftruncate futex getauxval getpagesize getpid gettid
    ioctl madvise membarrier memfd_create mincore mlock mlock2 mlockall mmap
    mmap64 mprotect mremap munlock munmap nanosleep openat personality pidfd_open
    posix_madvise prctl pread preadv process_madvise process_vm_readv
    process_vm_writev pthread_sigmask pwrite pwritev recvmsg sched_yield
    secure_getenv getenv sendmsg setenv shm_open sigaction sigaltstack
    sigprocmask syscall sysconf timerfd_create usleep vfork waitpid
    dladdr dlclose dlerror dl_iterate_phdr dlopen dlsym dlvsym
    pthread_atfork pthread_create pthread_kill
'''.split())
# ... and everyday words that mean one only as the name of a called function,
# not as a member's, nor where they are declared ("Result<Pagemap> open()").
SYSTEM_CALLS = set('''
    abort clone close exit _exit fork kill open pause pipe poll read readv
    select sleep socket write writev
'''.split())

WINDOWS_WORDS = re.compile(r'''
      (?:Nt|Zw|Rtl)[A-Z]\w+ | NTSTATUS | NTAPI | WINAPI | STATUS_[A-Z]\w+
    | (?:Get|Reset)WriteWatch | WRITE_WATCH_FLAG_\w+ | Virtual(?:Alloc|Free|Protect|Query)\w*
    | MEM_(?:WRITE_WATCH|RESERVE|COMMIT|DECOMMIT|RELEASE|RESET\w*)
    | PAGE_(?:NOACCESS|READONLY|READWRITE|WRITECOPY|EXECUTE\w*|GUARD)
    | DWORD(?:64|_PTR)? | ULONG(?:64|_PTR)? | LPVOID | PVOID | HANDLE | ERROR_[A-Z]\w+
''', re.VERBOSE)

# ---- The check ---------------------------------------------------------------

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)
WORD = re.compile(r'(?P<owner>(?:[A-Za-z_]\w*::)+|\.|->)?(?<!\w)(?P<word>[A-Za-z_]\w*)'
                  r'(?P<call>\s*\()?')
DECLARATION = re.compile(r'(?:>|\b(?!return|else|do|case|throw|and|or|not)\w+)[\s&*]+$')


def room_of(path):
    folders = [folder for folder in ROOMS if path.startswith(folder)]
    return max(folders, key=len, default=None)


def resolve(path, name, quoted, tree):
    """The project's file that an include means, or None."""
    places = [dirname(path)] if quoted else []
    for place in places + INCLUDE_ROOTS:
        candidate = normpath(join(place, name))
        if candidate in tree:
            return candidate
    return None


def check_include(path, name, quoted, tree):
    room = ROOMS[room_of(path)]
    target = resolve(path, name, quoted, tree)
    if target:
        if path.startswith(PUBLIC) and not target.startswith(PUBLIC):
            return f'"{name}": a public header includes public headers only'
        if not target.startswith(tuple(room.project)):
            return f'"{name}" is {target}: {room_of(path)} may include from ' \
                   f'{", ".join(room.project)} only'
    elif room.headers is not None and name not in room.headers:
        return f'<{name}> is not among the headers of {room_of(path)}'
    return None


def check_word(path, match):
    room, word = ROOMS[room_of(path)], match['word']
    member = match['owner'] not in (None, 'std::')
    called = match['call'] and not DECLARATION.search(match.string[:match.start()][-80:])
    named = word in SYSTEM_WORDS or (word in SYSTEM_CALLS and called)
    if named and not member and room.calls is not None and word not in room.calls:
        return f'"{word}": {room_of(path)} names no system call but these: ' \
               f'{", ".join(sorted(room.calls)) or "none"}'
    if not room.windows and WINDOWS_WORDS.fullmatch(word):
        return f'"{word}": Windows words belong to wine-shim/'
    return None


def check_file(path, text, tree):
    """Yields (line number, what is wrong) for one file."""
    if room_of(path) is None:
        yield 1, 'no layer is listed for this folder'
        return
    with_strings = source_tree.without_comments(text, keep_strings=True)
    for match in INCLUDE.finditer(with_strings):
        wrong = check_include(path, match[2].strip(), match[1] == '"', tree)
        if wrong:
            yield with_strings.count('\n', 0, match.start(2)) + 1, wrong
    bare = INCLUDE.sub('', source_tree.without_comments(text))
    for match in WORD.finditer(bare):
        wrong = check_word(path, match)
        if wrong:
            yield bare.count('\n', 0, match.start('word')) + 1, wrong


# ---- The check of the check ---------------------------------------------------

SAMPLE_TREE = {'tracker/include/writewatch/writewatch.h', 'tracker/range.h',
               'tracker/kernel/pagemap.h', 'wine-shim/status.h', 'allocator-hooks/hook.h'}
# path, line of text, and a part of the message; None where nothing is wrong.
SAMPLES = [
    ('tracker/a.cpp', '#include "range.h"', None),
    ('tracker/a.cpp', '#include "kernel/pagemap.h"', None),
    ('tracker/a.cpp', '#include <writewatch/writewatch.h>', None),
    ('tracker/a.cpp', '#include <cstdint>', None),
    ('tracker/a.cpp', '// mmap(0) errno <linux/fs.h> MEM_COMMIT', None),
    ('tracker/a.cpp', 'auto s = "errno"; /* ioctl\n mmap */ auto q = R"(mmap)";', None),
    ('tracker/a.cpp', 'pagemap.read(x); kernel::Fd::write(x); file->close(); x = read;', None),
    ('tracker/a.cpp', 'Error open(); R<Fd> write(int); Page *read(); int close (Fd f);', None),
    ('tracker/a.cpp', 'size_t n = 1\'000\'000; pages.reset();', None),
    ('tracker/a.cpp', '#include <linux/userfaultfd.h>', 'linux/userfaultfd.h'),
    ('tracker/a.cpp', '#include <sys/mman.h>', 'sys/mman.h'),
    ('tracker/a.cpp', '  #  include <cerrno>', 'cerrno'),
    ('tracker/a.cpp', '#include "status.h"', 'wine-shim/status.h'),
    ('tracker/a.cpp', 'int e = errno;', 'errno'),
    ('tracker/a.cpp', 'p = ::mmap(nullptr, 1, 2, 3, 4, 5);', 'mmap'),
    ('tracker/a.cpp', 'auto f = &munmap;', 'munmap'),
    ('tracker/a.cpp', 'return ::close (fd);', 'close'),
    ('tracker/a.cpp', 'auto p = std::getenv("X");', 'getenv'),
    ('tracker/a.cpp', 'else open("x", 0);', 'open'),
    ('tracker/a.cpp', 'if (read(fd, p, n) < 0)', 'read'),
    ('tracker/a.cpp', 'asm volatile("syscall");', 'asm'),
    ('tracker/a.h', 'NTSTATUS status;', 'NTSTATUS'),
    ('tracker/kernel/a.cpp', '#include <sys/ioctl.h>\nint n = ::ioctl(fd, errno);', None),
    ('tracker/kernel/a.cpp', 'if (flags & MEM_WRITE_WATCH)', 'MEM_WRITE_WATCH'),
    ('tracker/kernel/a.cpp', '#include "../../wine-shim/status.h"', 'wine-shim/status.h'),
    ('tracker/include/writewatch/a.h', '#include "../../range.h"', 'public'),
    ('wine-shim/a.cpp', '#include <writewatch/writewatch.h>\nNTSTATUS NtX(DWORD);', None),
    ('wine-shim/a.cpp', '#include "range.h"', 'tracker/range.h'),
    ('wine-shim/a.cpp', '#include "../tracker/kernel/pagemap.h"', 'tracker/kernel'),
    ('wine-shim/a.cpp', '#include "hook.h"', 'allocator-hooks'),
    ('wine-shim/a.cpp', '#include <unistd.h>', 'unistd.h'),
    ('wine-shim/a.cpp', 'mprotect(p, 1, 2);', 'mprotect'),
    ('wine-shim/preload/a.cpp', '#include <unistd.h>\nwrite(2, p, n);', None),
    ('wine-shim/preload/a.cpp', '#include <linux/fs.h>', 'linux/fs.h'),
    ('wine-shim/preload/a.cpp', 'ioctl(fd, 1);', 'ioctl'),
    ('allocator-hooks/a.cpp', '#include "status.h"', 'wine-shim/status.h'),
    ('allocator-hooks/a.cpp', 'ioctl(p, 1, 2);', 'ioctl'),
    ('elsewhere/a.cpp', 'int x;', 'no layer'),
]


def self_test():
    for path, text, expected in SAMPLES:
        found = [wrong for _, wrong in check_file(path, text, SAMPLE_TREE)]
        right = len(found) == 1 and expected in found[0] if expected else not found
        if not right:
            sys.exit(f'layers.py itself is wrong: {path}: {text!r}: '
                     f'expected {expected}, found {found}')


def main():
    self_test()
    root = sys.argv[1]
    tree = set(source_tree.files(root))
    sources = [path for path in tree if path.endswith(source_tree.C_FAMILY)]
    problems = [f'{folder}: no source files found' for folder in MUST_HAVE_FILES
                if not any(path.startswith(folder) for path in sources)]
    for path in sorted(sources):
        for line, wrong in check_file(path, source_tree.read(root, path), tree):
            problems.append(f'{path}:{line}: {wrong}')
    print('\n'.join(problems) or f'{len(sources)} files keep to their layers')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
