#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the built libraries export, need and bring along.

usage: symbols.py library LIBRARY INCLUDES ABI
                                             exports what the public headers declare,
                                             and what the lists of its versions name
       symbols.py plugin PLUGIN               fit for any process
       symbols.py self-test BAD_PLUGIN        breaks every rule for plugins
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import source_tree

# The plugin is preloaded into programs, containers and runtimes older than the
# machine that built it.
PLUGIN_EXPORTS = {'dlopen'}
PLUGIN_NEEDS = {'libc.so.6', 'ld-linux-x86-64.so.2', 'ld-linux.so.2'}
PLUGIN_GLIBC = (2, 31)
PLUGIN_BYTES = 400 * 1024
# No part of a C++ run time: a second copy in a process costs memory and start
# time, and its allocator may be called from where malloc must not be.
UNWANTED = {
    'operator new or delete': r'_Z(?:nw|na|dl|da)[mjP]',
    'iostream': r'_ZNSt8ios_base|_ZSt(?:4cout|4cerr|4clog|3cin)|_ZNSo',
    'exceptions': r'__cxa_(?:throw|allocate_exception|begin_catch|rethrow)'
                  r'|__gxx_personality|_ZN9__gnu_cxx9__freeres',
}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Binary:
    def __init__(self, path):
        # Address (or none), type, name with its version.
        dynamic = re.findall(r'^(?:[0-9a-f]+)? +(\w) (\S+)$', run('nm', '-D', path), re.MULTILINE)
        self.imports = {name for kind, name in dynamic if kind in 'Uwv'}
        # 'A' is the name of a symbol version, not a symbol.
        self.exports = {name.split('@')[0] for kind, name in dynamic if kind not in 'UwvA'}
        self.versioned = {name.replace('@@', '@') for kind, name in dynamic if kind not in 'UwvA'}
        self.needed = set(re.findall(r'\(NEEDED\).*\[(.+)\]', run('readelf', '-dW', path)))
        self.glibc = max((tuple(map(int, version.split('.'))) for version in
                          re.findall(r'Name: GLIBC_([\d.]+)', run('readelf', '-VW', path))),
                         default=None)
        self.symbols = {name for name in run('nm', '--format=just-symbols', path).split()}
        with tempfile.NamedTemporaryFile() as stripped:
            run('strip', '-o', stripped.name, path)
            self.stripped_bytes = Path(stripped.name).stat().st_size


def declared(include_folder):
    """Functions that the public headers declare WW_EXPORT."""
    names = set()
    for header in Path(include_folder).rglob('*.h'):
        text = source_tree.without_comments(header.read_text(encoding='utf-8'))
        text = re.sub(r'^[ \t]*#.*$', '', text, flags=re.MULTILINE)
        names.update(re.findall(r'\bWW_EXPORT\b[^;(]*?(\w+)\s*\(', text))
    return names


def compare(kind, have, want):
    if have - want:
        yield f'{kind} that should not be: {" ".join(sorted(have - want))}'
    if want - have:
        yield f'{kind} missing: {" ".join(sorted(want - have))}'


def abi_problems(binary, abi_folder):
    """Each version has a list of what came with it. Programs were linked to what
    is in a list of a release: that one is never changed again."""
    listed = [name for file in sorted(Path(abi_folder).glob('*.symbols'))
              for name in file.read_text(encoding='utf-8').split()]
    if len(listed) != len(set(listed)):
        yield f'{abi_folder} names a function twice'
    new, gone = binary.versioned - set(listed), set(listed) - binary.versioned
    if new:
        yield f'exports that no list in {abi_folder} names: {" ".join(sorted(new))}'
    if gone:
        yield f'exports gone that {abi_folder} lists: {" ".join(sorted(gone))}'


def library_problems(binary, include_folder, abi_folder):
    yield from abi_problems(binary, abi_folder)
    names = declared(include_folder)
    if not names:
        yield 'no WW_EXPORT function found in the headers'
    yield from compare('exports', binary.exports, names)


def plugin_problems(binary):
    yield from compare('exports', binary.exports, PLUGIN_EXPORTS)
    if not binary.symbols:
        yield 'stripped: nothing can be said about what is inside'
    if 'libc.so.6' not in binary.needed or binary.needed - PLUGIN_NEEDS:
        yield f'needs {" ".join(sorted(binary.needed))}'
    if binary.glibc is None or binary.glibc > PLUGIN_GLIBC:
        yield f'needs glibc {binary.glibc}, more than {PLUGIN_GLIBC}'
    for what, pattern in UNWANTED.items():
        names = sorted(filter(re.compile(pattern).match, binary.symbols | binary.imports))
        if names:
            yield f'brings {what}: {" ".join(names[:4])}'
    if binary.stripped_bytes > PLUGIN_BYTES:
        yield f'size {binary.stripped_bytes} bytes stripped, more than {PLUGIN_BYTES}'


def self_test_problems(binary):
    """The bad plugin must be found guilty of everything."""
    found = list(plugin_problems(binary))
    print('found as intended:', *found, sep='\n  ')
    expected = ['exports that should not be', 'exports missing', 'needs lib', 'needs glibc',
                'size', *(f'brings {what}' for what in UNWANTED)]
    for start in expected:
        if not any(problem.startswith(start) for problem in found):
            yield f'not detected: {start}'


def main():
    mode, path, *include_folder = sys.argv[1:]
    binary = Binary(path)
    problems = list({
        'library': lambda: library_problems(binary, *include_folder),
        'plugin': lambda: plugin_problems(binary),
        'self-test': lambda: self_test_problems(binary),
    }[mode]())
    for problem in problems:
        print(f'{path}: {problem}')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
