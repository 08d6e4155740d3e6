#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws what each way to go back in time costs, from what `rewind --json` wrote.

usage: plot.py MACHINE RESULT.json... > costs.svg
"""

import json
import math
import sys
from html import escape

WAYS = ['serialize', 'serialize + difference', 'full copy', 'checkpoints',
        'checkpoints, no picture']
COLORS = ['#9aa5b1', '#5b7083', '#c7ced6', '#e4572e', '#b23a1c']
LEFT, WIDTH, BAR, GAP = 250, 430, 18, 6


def text(x, y, words, size=13, anchor='start', weight='normal'):
    return (f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def rounded(number):
    return f'{number:,.1f}' if number < 100 else f'{number:,.0f}'


def bars(costs, top):
    """Logarithmic from a microsecond on: the numbers stand beside."""
    most = math.log10(max(max(cost['extra_us'] for cost in costs), 10))
    lines = []
    for place, cost in enumerate(costs):
        y = top + place * (BAR + GAP)
        length = max(2, math.log10(max(cost['extra_us'], 1)) / most * WIDTH)
        color = COLORS[WAYS.index(cost['way'])]
        lines += [text(LEFT - 8, y + 14, cost['way'], anchor='end'),
                  f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" '
                  f'fill="{color}"/>',
                  text(LEFT + length + 6, y + 14,
                       f'{rounded(cost["extra_us"])} us, '
                       f'{rounded(cost["bytes_a_frame"] / 1024)} KiB kept')]
    return lines


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    machine, *files = sys.argv[1:]
    top = 52
    body = [text(16, 24, 'Extra time on the emulation thread a frame, and memory kept',
                 16, weight='bold')]
    for name in files:
        with open(name, encoding='utf-8') as file:
            result = json.load(file)
        costs = [cost for way in WAYS for cost in result['costs'] if cost['way'] == way]
        body.append(text(16, top + 14, result['core'].removesuffix('_libretro'), weight='bold'))
        body += bars(costs, top + 24)
        top += 24 + len(costs) * (BAR + GAP) + 18
    body.append(text(16, top + 6, f'Logarithmic, each core by itself. {machine}', 11))
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 200}" '
          f'height="{top + 20}" font-family="sans-serif">',
          '<rect width="100%" height="100%" fill="#fff"/>', *body, '</svg>', sep='\n')


if __name__ == '__main__':
    main()
