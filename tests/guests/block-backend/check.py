#!/usr/bin/python3
"""What the guest `block-backend` must have left on its disk: see word_of and image_write in main.c.

    check.py IMAGE FIRST_SECTOR
"""

import struct
import sys

SECTOR, CHECKED = 512, 1200


def expected(sector):
    return b"".join(
        struct.pack("<Q", (sector * (SECTOR // 8) + n) * 0x9E3779B97F4A7C15 & (1 << 64) - 1)
        for n in range(SECTOR // 8)
    )


def main():
    first = int(sys.argv[2])
    with open(sys.argv[1], "rb") as image:
        for n in range(CHECKED):
            image.seek((first + n) * SECTOR)
            if image.read(SECTOR) != expected(first + n):
                sys.exit(f"sector {first + n} is not what was written")


main()
