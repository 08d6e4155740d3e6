#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every source file is named in a meson.build: a test that is never built is
never red.

usage: listed.py SOURCE_ROOT
"""

import re
import sys

import source_tree

SOURCES = ('.c', '.cpp', '.S', '.s')


def named_in(build_files):
    """What stands in quotes: files, and names that an ending is put to."""
    return {name.rsplit('/', 1)[-1]
            for text in build_files for name in re.findall(r"'([^'\n]*)'", text)}


def unlisted(paths, named):
    for path in paths:
        name = path.rsplit('/', 1)[-1]
        if name.endswith(SOURCES) and not {name, name.rsplit('.', 1)[0]} & named:
            yield f'{path}: no meson.build names it'


def self_test():
    named = named_in(["x = files('a.cpp', '../b/c.cpp')\nforeach name : ['d']\n"])
    found = list(unlisted(['a.cpp', 'b/c.cpp', 'd.s', 'a.h', 'e/f.cpp'], named))
    if found != ['e/f.cpp: no meson.build names it']:
        sys.exit(f'listed.py itself is wrong: found {found}')


def main():
    self_test()
    root = sys.argv[1]
    paths = source_tree.files(root)
    named = named_in(source_tree.read(root, path) for path in paths
                     if path.endswith('meson.build'))
    problems = list(unlisted(paths, named))
    print('\n'.join(problems) or f'{sum(p.endswith(SOURCES) for p in paths)} sources listed')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
