#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files stay under 500 lines, functions within 70.

usage: limits.py SOURCE_ROOT
"""

import re
import sys

import source_tree

FILE_LINES = 500  # fewer than this
FUNCTION_LINES = 70  # at most this, from the opening to the closing brace
LIMITED = source_tree.C_FAMILY + ('.py', 'meson.build', 'check', 'try', '.sh')

# What stands between the last ';', '{' or '}' and the '{' of a function body:
# a parameter list, then qualifiers, a result type or a constructor's
# initialisers. Control statements look alike but for their first word.
FUNCTION_HEAD = re.compile(r'\)\s*(?:(?:const|noexcept(?:\(\w*\))?|override|final|mutable|->[^()]*)'
                           r'\s*)*(?::[^{]*)?$')
CONTROL = re.compile(r'\s*(?:(?:\}\s*)?else\s+)?(?:if|for|while|switch|catch)\b')


def functions(text):
    """Yields (first line, number of lines) of what looks like a function."""
    text = source_tree.without_comments(text)
    text = re.sub(r'^[ \t]*#.*(?:\\\n.*)*', lambda m: '\n' * m[0].count('\n'), text, flags=re.M)
    open_blocks = []
    head_start = 0
    for match in re.finditer(r'[;{}]', text):
        at = match.start()
        if match[0] == '{':
            head = text[head_start:at]
            is_function = FUNCTION_HEAD.search(head) and not CONTROL.match(head)
            open_blocks.append((text.count('\n', 0, at) + 1, is_function))
        elif match[0] == '}' and open_blocks:
            first, is_function = open_blocks.pop()
            if is_function:
                yield first, text.count('\n', 0, at) + 1 - first + 1
        head_start = match.end()


def check_file(path, text):
    lines = text.count('\n')
    if lines >= FILE_LINES:
        yield f'{path}:{lines}: {lines} lines; a file has fewer than {FILE_LINES}'
    if path.endswith(source_tree.C_FAMILY):
        for first, length in functions(text):
            if length > FUNCTION_LINES:
                yield f'{path}:{first}: a function of {length} lines; at most {FUNCTION_LINES}'


def self_test():
    body = 'x();\n' * 68
    samples = [  # text, and how many complaints it deserves
        ('int f() {\n' + body + '}\n', 0),
        ('int f() {\nx();\n' + body + '}\n', 1),
        ('namespace a {\nint f(int b,\nint c) noexcept {\nif (x) {}\n' + body + '}\n}\n', 1),
        ('A::A(int b) : b_(b) {\nx();\n' + body + '}\n', 1),
        ('struct A {\nx();\n' + body + '};\n', 0),
        ('// {\nchar c = \'{\';\nint f() { return 1; }\n' + body, 0),
        ('int x;\n' * 499, 0),
        ('int x;\n' * 500, 1),
    ]
    for text, expected in samples:
        found = list(check_file('sample.cpp', text))
        if len(found) != expected:
            sys.exit(f'limits.py itself is wrong: {text[:60]!r}...: '
                     f'expected {expected}, found {found}')


def main():
    self_test()
    root = sys.argv[1]
    limited = [path for path in source_tree.files(root) if path.endswith(LIMITED)]
    measured = 0
    problems = []
    for path in limited:
        text = source_tree.read(root, path)
        problems += check_file(path, text)
        if path.endswith(source_tree.C_FAMILY):
            measured += sum(1 for _ in functions(text))
    if not measured:
        problems.append('no functions found')
    print('\n'.join(problems) or f'{len(limited)} files, {measured} functions within limits')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
