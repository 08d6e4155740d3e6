#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The watched heap's own tests, built against mimalloc 3.

usage: mimalloc3.py SOURCE_ROOT WORK_FOLDER

mimalloc is Debian unstable's, whose programs run on older systems too; it is
fetched once, unpacked into the work folder and not installed. Exits 77 where it
cannot be had.
"""

import subprocess
import sys
from pathlib import Path

import debian_source

SKIP = 77
PACKAGES = ['libmimalloc-dev', 'libmimalloc3']
TESTS = 'tests/kernel/allocators/allocator-tests'


def configure(source, root, build):
    """As somebody would whose mimalloc is not where the compiler looks."""
    library = next(root.glob('usr/lib/*/libmimalloc.so')).parent
    subprocess.run(
        ['meson', 'setup', build, source, '-Dmimalloc=enabled', '-Dwine=disabled',
         '-Demulator=disabled', '-Dcommand=disabled', f'-Dcpp_args=-I{root}/usr/include',
         f'-Dcpp_link_args=-L{library} -Wl,-rpath,{library}'],
        check=True, stdout=subprocess.DEVNULL)


def main():
    source, work = (Path(argument).resolve() for argument in sys.argv[1:])
    build = work / 'mimalloc3-build'
    try:
        root = debian_source.fetch_binaries(PACKAGES, 'sid', work)
    except debian_source.Unavailable as reason:
        print(f'skipped: {reason}')
        return SKIP
    if not (build / 'build.ninja').exists():
        configure(source, root, build)
    subprocess.run(['ninja', '-C', build, '--quiet', TESTS], check=True)
    library = build / 'allocator-hooks' / 'libwritewatch-alloc.so'
    linked = subprocess.run(['ldd', library], check=True, stdout=subprocess.PIPE, text=True).stdout
    if 'libmimalloc.so.3' not in linked:
        print(f'not linked with mimalloc 3:\n{linked}')
        return 1
    return subprocess.run([build / TESTS], check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
