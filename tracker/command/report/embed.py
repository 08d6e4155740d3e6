#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a C++ source of a text file.

usage: embed.py FILE NAMESPACE NAME
"""

import pathlib
import sys

PIECE = 8000  # what a string literal may hold everywhere


def main():
    text = pathlib.Path(sys.argv[1]).read_text(encoding='utf-8')
    pieces = [text[i:i + PIECE] for i in range(0, len(text), PIECE)]
    literals = '\n'.join(f'R"embedded({piece})embedded"' for piece in pieces)
    print(f'namespace {sys.argv[2]} {{\nextern const char {sys.argv[3]}[];\n'
          f'const char {sys.argv[3]}[] =\n{literals};\n}}')


if __name__ == '__main__':
    main()
