"""The machine's memory as a file that the host has mapped, too.

What a run leaves in memory can then be read whatever became of the machine: powered off, reset,
stopped in its tracks by the watchdog. It can also be read and written while the machine runs, as a
second processor would. Nothing of that costs the machine anything or changes what it does.

The file has no name in any folder: the emulator opens it through /proc of this process, and it is
gone with the last of the two.
"""

import contextlib
import mmap
import os
import struct

MIB = 1 << 20
# QEMU's pc machine: from 3.5 GiB on, what is above 3 GiB lies behind the hole below 4 GiB.
HOLE_IF = 3584 * MIB
LOW, HIGH = 3072 * MIB, 4096 * MIB


class GuestMemory(contextlib.AbstractContextManager):
    def __init__(self, mib):
        self.size = mib * MIB
        self.file = os.memfd_create("machine")
        os.ftruncate(self.file, self.size)
        self.map = mmap.mmap(self.file, self.size)

    def __exit__(self, *_):
        self.map.close()
        os.close(self.file)

    def words(self):
        """What the emulator's command line needs."""
        path = f"/proc/{os.getpid()}/fd/{self.file}"
        backend = f"memory-backend-file,id=ram,size={self.size},mem-path={path},share=on"
        return ["-object", backend, "-machine", "memory-backend=ram"]

    def offset_of(self, address):
        low = LOW if self.size >= HOLE_IF else self.size
        return address if address < low else address - HIGH + low

    def read(self, address, size):
        offset = self.offset_of(address)
        if not 0 <= offset <= self.size - size:
            raise ValueError(f"there is no memory at {address:#x}")
        return self.map[offset : offset + size]

    def read_u32(self, address):
        return struct.unpack("<I", self.read(address, 4))[0]

    def write_u32(self, address, value):
        """One store of four bytes: who reads it meanwhile sees the old value or the new."""
        offset = self.offset_of(address)
        with memoryview(self.map) as whole, whole[offset : offset + 4] as bytes_there, bytes_there.cast("I") as word:
            word[0] = value
