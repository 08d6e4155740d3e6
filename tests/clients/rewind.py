#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An emulator core, unmodified, goes back in time by checkpoints of its memory and
forth again, and finds the same future; also where its picture is not kept, but
overwritten in front of every frame that is played again.

usage: rewind.py FRONT_END CORE GAME

Exits 77 where the core is not installed.
"""

import re
import subprocess
import sys
from pathlib import Path

FRAMES = 600
REWOUND = 300


def main():
    front_end, core, game = sys.argv[1:]
    found = [path for path in Path('/usr/lib').glob(f'*/libretro/{core}_libretro.so')]
    if not found:
        print(f'skipped: no core {core} is installed (Debian: libretro-{core})')
        return 77
    done = subprocess.run(
        [front_end, '--core', found[0], '--game', game, '--rounds', '0',
         '--frames', str(FRAMES), '--rewind-after', str(FRAMES), '--rewind', str(REWOUND)],
        stdout=subprocess.PIPE, text=True, errors='replace', timeout=280, check=False)
    verdict = [line for line in done.stdout.splitlines() if 'replayed' in line]
    print(*verdict, f'exit {done.returncode}', sep='\n')
    expected = (f'{FRAMES} frames, .*; {REWOUND} rewound, 0 states on the way wrong; {REWOUND} '
                f'replayed: {REWOUND} pictures and {REWOUND} states the same')
    same = (len(verdict) == 2 and re.fullmatch(expected, verdict[0])
            and re.fullmatch('without picture: ' + expected, verdict[1]))
    return 0 if done.returncode == 0 and same else 1


if __name__ == '__main__':
    sys.exit(main())
