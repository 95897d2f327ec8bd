"""Trace buffers as a hypervisor would leave them in memory, for tests without one (<xen/trace.h>)."""

import struct

PAGE = 4096
WRAP = struct.pack("<I", 0x1F002)


def record(event, time, *words):
    return struct.pack(f"<IQ{len(words)}I", event | len(words) << 28 | 1 << 31, time, *words)


class Memory:
    """Some pages of a machine."""

    def __init__(self, pages):
        self.bytes = bytearray(pages * PAGE)

    def read(self, address, size):
        if address + size > len(self.bytes):
            raise ValueError("no memory there")
        return bytes(self.bytes[address : address + size])

    def write(self, address, data):
        self.bytes[address : address + len(data)] = data

    def write_u32(self, address, value):
        self.write(address, struct.pack("<I", value))


class Buffers:
    """cpus of them, of some pages each, which lie in no order; t_info is at mfn 1."""

    INFO = 1

    def __init__(self, cpus, pages, keep_last=False):
        self.memory = Memory(2 + cpus * pages)
        self.size = pages * PAGE - 8
        self.keep_last = keep_last
        self.pages = {cpu: [1 + cpus * pages - (n * cpus + i) for n in range(pages)] for i, cpu in enumerate(cpus_of(cpus))}
        self.ends = {cpu: [] for cpu in self.pages}  # where each record that is in the ring begins
        self.lost = 0
        index = 64
        self.memory.write(PAGE, struct.pack("<H", pages))
        for cpu, list_of_pages in self.pages.items():
            self.memory.write(PAGE + 2 + 2 * cpu, struct.pack("<H", index))
            self.memory.write(PAGE + 4 * index, struct.pack(f"<{pages}I", *list_of_pages))
            index += pages

    def indices(self, cpu):
        return list(struct.unpack("<II", self.memory.read(self.pages[cpu][0] * PAGE, 8)))

    def poke(self, cpu, at, data):
        for offset, byte in enumerate(data):
            place = (at + offset) % self.size + 8
            self.memory.bytes[self.pages[cpu][place // PAGE] * PAGE + place % PAGE] = byte

    def put(self, cpu, data):
        """A record: never across the end; false if there is no room."""
        cons, prod = self.indices(cpu)
        filler = self.size - prod % self.size if prod % self.size + len(data) > self.size else 0
        need, twice = filler + len(data), 2 * self.size
        while self.size - (prod - cons) % twice < need:
            if not self.keep_last:
                self.lost += 1
                return False
            cons = self.ends[cpu].pop(0)
        for parts in [WRAP] * (filler // 4) + [data]:
            self.poke(cpu, prod, parts)
            prod = (prod + len(parts)) % twice
            self.ends[cpu].append(prod)
        self.memory.write(self.pages[cpu][0] * PAGE, struct.pack("<II", cons, prod))
        return True


def cpus_of(count):
    """CPUs 0, 2, 3, ...: one in between is not there."""
    return [0] + list(range(2, count + 1))
