#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The emulator's window, on a display without a screen: frame, memory map and
timeline are drawn, and a held key goes back in time.

usage: rewind_window.py FRONT_END CORE GAME

Exits 77 where the core, the display or SDL2 is missing.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WIDTH, HEIGHT = 880, 540  # of the window, and of the screen
FRAME = (16, 16, 512, 432)
MAP = (544, 16, 320, 432)
TIMELINE = (16, 464, 848, 60)
NOW, FORWARDS, BACKWARDS = 0xffffff, 0x3fa7d6, 0xee6352
LIT = 0xffd050
FRAMES = 300


class Display:
    """An X server whose screen is a file."""

    def __init__(self, folder):
        self.file = Path(folder) / 'Xvfb_screen0'
        read, write = os.pipe()
        self.server = subprocess.Popen(
            ['Xvfb', '-displayfd', str(write), '-screen', '0', f'{WIDTH}x{HEIGHT}x24',
             '-fbdir', folder, '-nolisten', 'tcp'],
            pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as number:
            self.name = ':' + number.readline().strip()

    def pixels(self):
        data = self.file.read_bytes()
        head = struct.unpack('>25I', data[:100])
        start = head[0] + 12 * head[19]
        row = head[12]
        return [struct.unpack_from(f'<{WIDTH}I', data, start + y * row) for y in range(HEIGHT)]

    def end(self):
        self.server.terminate()
        self.server.wait()


def colors(pixels, area):
    left, top, width, height = area
    return [pixel & 0xffffff for row in pixels[top:top + height]
            for pixel in row[left:left + width]]


def timeline(pixels):
    """Where we are, and the colour of what lies before; None: not drawn."""
    left, top, width, height = TIMELINE
    row = [pixel & 0xffffff for pixel in pixels[top + height - 2][left:left + width]]
    return (row.index(NOW), row[0]) if NOW in row else None


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f'never seen: {condition.__name__}')


def main():
    front_end, core, game = sys.argv[1:]
    found = list(Path('/usr/lib').glob(f'*/libretro/{core}_libretro.so'))
    missing = [name for name in ('Xvfb', 'xdotool') if shutil.which(name) is None]
    if missing or not found:
        print('skipped: missing', *missing, *([] if found else [core]))
        return 77
    with tempfile.TemporaryDirectory() as folder:
        display = Display(folder)
        environment = {**os.environ, 'DISPLAY': display.name, 'SDL_VIDEODRIVER': 'x11'}
        player = subprocess.Popen(
            [front_end, '--core', found[0], '--game', game, '--window', '--window-frames',
             str(FRAMES)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors='replace',
            env=environment)
        try:
            return look(display, environment, player)
        finally:
            player.kill()
            display.end()


def look(display, environment, player):
    def some_way_into_the_game():
        if player.poll() is not None:
            return 'ended'
        now = timeline(display.pixels())
        return now and now[0] > 60 and display.pixels()

    def going_back():
        now = timeline(display.pixels())
        return now and now[1] == BACKWARDS and now

    before = until(some_way_into_the_game)
    if before == 'ended':
        message = player.stderr.read()
        print(message)
        return 77 if 'without SDL2' in message else 1
    place, color = timeline(before)
    frame = colors(before, FRAME)
    memory = colors(before, MAP)
    lit = memory.count(LIT)
    print(f'{len(set(frame))} colours in the frame, {lit} pixels lit of {len(memory)} in the map, '
          f'timeline up to {place}')
    subprocess.run(['xdotool', 'keydown', 'BackSpace'], env=environment, check=True)
    until(going_back)
    back = until(lambda: (timeline(display.pixels()) or (place,))[0] < place - 20)
    subprocess.run(['xdotool', 'keyup', 'BackSpace'], env=environment, check=True)
    output, _ = player.communicate(timeout=60)
    ending = re.search(r'(\d+) frames shown, (\d+) of them going back', output)
    print(ending and ending[0])
    return 0 if (color == FORWARDS and len(set(frame)) > 2 and 0 < lit < len(memory) and back and
                 ending and int(ending[1]) == FRAMES and int(ending[2]) > 10) else 1


if __name__ == '__main__':
    sys.exit(main())
