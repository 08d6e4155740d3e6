#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A game of our own: machine code behind the header that a console looks for.

usage: make_rom.py gb CODE ROM
       make_rom.py nds CODE_ARM9 CODE_ARM7 ROM
"""

import struct
import sys
from pathlib import Path

TITLE = b'WRITEWATCH'


def game_boy(code):
    """A cartridge of 32 KiB; the code begins at 0x100."""
    rom = bytearray(0x8000)
    rom[0x100:0x100 + len(code)] = code
    rom[0x134:0x134 + len(TITLE)] = TITLE
    checksum = 0
    for byte in rom[0x134:0x14d]:
        checksum = (checksum - byte - 1) & 0xff
    rom[0x14d] = checksum
    return rom


def crc16(data):
    crc = 0xffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xa001 if crc & 1 else 0)
    return crc


def nintendo_ds(arm9, arm7):
    """Each processor's code, loaded where it is meant to begin."""
    header = bytearray(0x200)
    header[0:len(TITLE)] = TITLE
    header[0x0c:0x10] = b'####'  # homebrew
    struct.pack_into('<IIII', header, 0x20, 0x4000, 0x02000000, 0x02000000, len(arm9) + 3 & ~3)
    struct.pack_into('<IIII', header, 0x30, 0x8000, 0x02380000, 0x02380000, len(arm7) + 3 & ~3)
    struct.pack_into('<II', header, 0x80, 0x9000, 0x4000)
    struct.pack_into('<H', header, 0x15e, crc16(header[:0x15e]))
    rom = bytearray(0x9000)
    rom[:len(header)] = header
    rom[0x4000:0x4000 + len(arm9)] = arm9
    rom[0x8000:0x8000 + len(arm7)] = arm7
    return rom


def main():
    kind, *inputs, output = sys.argv[1:]
    make = {'gb': game_boy, 'nds': nintendo_ds}[kind]
    Path(output).write_bytes(make(*(Path(path).read_bytes() for path in inputs)))


if __name__ == '__main__':
    main()
