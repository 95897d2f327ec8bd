"""Trace buffers of a running or ended machine: found, read and kept in a file.

Each CPU's buffer is a ring of bytes in Xen's form (<xen/trace.h>): t_info names its pages; prod and
cons run modulo twice the size of what the pages hold behind the header. Records never straddle the
end. The hypervisor says where t_info is:

    trace: t_info at mfn 0x1234, 1 pages

A buffer that is only read at the end holds what came last, if the hypervisor was told to forget its
oldest records (tbuf=keep-last). While the machine runs a Drain empties buffers faster than they
fill: it moves cons, as a reader in domain 0 would. Should it be too slow, the hypervisor counts
what it had to leave out and says so by a record (lost_records).

The file is xentrace's: before the bytes of a CPU stands a record TRC_TRACE_CPU_CHANGE with the CPU
and the number of bytes. Its time stamps count from the first record of any CPU, since what ran before
the hypervisor (firmware, the boot loader's disk) takes another time each time: so two runs that are
the same leave the same file. Beside FILE, FILE.run holds what else a reader should know: the
frequency of the time stamps, the first one as it was, how the run ended.
"""

import json
import re
import struct
import tempfile
import threading

T_INFO = re.compile(r"trace: t_info at mfn (0x[0-9a-f]+)")
TSC = re.compile(r"TSC: (\d+)\.(\d{3}) MHz")
PAGE = 4096
HEADER = 8  # cons, prod
CPU_CHANGE = struct.pack("<I", 2 << 28 | 0x0001F003)
WINDOW_MAX = 1 << 30
LOST_RECORDS = 0x0001F001
DRAIN_EVERY = 0.01  # seconds
MASK_ALL = 0x0FFFF000
PAGES = 1024


class BufferError(Exception):
    """What is in memory is no trace buffer."""


class Buffer:
    """One CPU's ring."""

    def __init__(self, memory, pages):
        self.memory, self.pages = memory, pages
        self.size = len(pages) * PAGE - HEADER

    def state(self):
        cons, prod = struct.unpack("<II", self.memory.read(self.pages[0] * PAGE, HEADER))
        held = (prod - cons) % (2 * self.size)
        if max(cons, prod) >= 2 * self.size or held > self.size or (cons | prod) % 4:
            raise BufferError(f"cons {cons:#x} and prod {prod:#x} are not of a buffer of {self.size:#x} bytes")
        return cons, prod, held

    def bytes_at(self, start, count):
        """From one offset of the ring on, which wraps."""
        parts = []
        while count:
            place = start % self.size + HEADER
            run = min(count, PAGE - place % PAGE)
            parts.append(self.memory.read(self.pages[place // PAGE] * PAGE + place % PAGE, run))
            start, count = start + run, count - run
        return b"".join(parts)

    def read(self):
        cons, _, held = self.state()
        return self.bytes_at(cons, held)

    def take(self):
        """What is there, and make room."""
        cons, prod, held = self.state()
        data = self.bytes_at(cons, held)
        self.memory.write_u32(self.pages[0] * PAGE, prod)
        return data


def find_buffers(memory, mfn):
    """{cpu: Buffer} from the frame of t_info: u16 pages of a buffer, then for each CPU the index of its
    list of u32 frame numbers; 0 for a CPU that is not there."""
    info = mfn * PAGE
    (pages,) = struct.unpack("<H", memory.read(info, 2))
    found, cpu, end = {}, 0, None
    while pages and (end is None or 2 + 2 * cpu < end):
        (index,) = struct.unpack("<H", memory.read(info + 2 + 2 * cpu, 2))
        if index:
            end = 4 * index if end is None else min(end, 4 * index)
            found[cpu] = Buffer(memory, struct.unpack(f"<{pages}I", memory.read(info + 4 * index, 4 * pages)))
        elif end is None and cpu > 4096:
            break
        cpu += 1
    if not found:
        raise BufferError(f"there is no t_info at mfn {mfn:#x}")
    return found


def stamps_of(data):
    """Where time stamps of 64 bits lie in the bytes of a CPU's records."""
    at = 0
    while at + 4 <= len(data):
        (header,) = struct.unpack_from("<I", data, at)
        timed, words = header >> 31, header >> 28 & 7
        if timed:
            yield at + 4
        if header & 0x0FFFFFFF == LOST_RECORDS:  # how many, who, since when
            yield at + (5 if timed else 3) * 4
        at += (1 + 2 * timed + words) * 4


def count_from_first(streams):
    """Makes all time stamps relative to the first one, which it answers; None: there is none."""
    places = {cpu: [at for at in stamps_of(data) if at + 8 <= len(data)] for cpu, data in streams.items()}
    first = min((struct.unpack_from("<Q", streams[cpu], at[0])[0] for cpu, at in places.items() if at), default=None)
    for cpu, data in streams.items():
        for at in places[cpu]:
            (stamp,) = struct.unpack_from("<Q", data, at)
            struct.pack_into("<Q", data, at, max(stamp - first, 0))
    return first


def write_windows(stream, streams):
    """streams: {cpu: bytes}."""
    for cpu, data in sorted(streams.items()):
        for start in range(0, len(data), WINDOW_MAX):
            part = data[start : start + WINDOW_MAX]
            stream.write(CPU_CHANGE + struct.pack("<II", cpu, len(part)) + part)


class Collector:
    """Everything that a run records, from its first line to after its end.

    on_line sees the lines of the console. With drain, buffers are emptied while the machine runs.
    """

    def __init__(self, memory, drain=False):
        self.memory, self.drain = memory, drain
        self.mfn, self.khz, self.wrong = None, None, None
        self.buffers, self.taken = None, {}
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.thread = None

    def on_line(self, line):
        found, tsc = T_INFO.search(line), TSC.search(line)
        if tsc:
            self.khz = int(tsc[1]) * 1000 + int(tsc[2])
        if found:
            self.mfn = int(found[1], 16)
            if self.drain and not self.thread:
                self.thread = threading.Thread(target=self.drain_on, daemon=True)
                self.thread.start()

    def drain_on(self):
        while not self.ended.wait(DRAIN_EVERY) and not self.wrong:
            self.collect()

    def collect(self):
        with self.lock:
            try:
                self.buffers = self.buffers or find_buffers(self.memory, self.mfn)
                for cpu, buffer in self.buffers.items():
                    data = buffer.take() if self.drain else buffer.read()
                    if data:
                        self.taken.setdefault(cpu, tempfile.TemporaryFile()).write(data)
            except (BufferError, ValueError, struct.error) as error:
                self.wrong = str(error)

    def finish(self, path, **about):
        """The machine has ended: take the rest and write the file. Answers how many bytes of records there
        are, or raises a BufferError that says why there are none."""
        self.ended.set()
        if self.thread:
            self.thread.join()
        if self.mfn is None:
            raise BufferError("the hypervisor did not say where its trace buffers are")
        if not self.wrong:
            self.collect()
        if self.wrong:
            raise BufferError(self.wrong)
        streams = {cpu: self.rewound(stream) for cpu, stream in self.taken.items()}
        first = count_from_first(streams)
        with open(path, "wb") as stream:
            write_windows(stream, streams)
        with open(path + ".run", "w") as stream:
            json.dump(dict(khz=self.khz, first=first, whole=self.drain, **about), stream)
        return sum(len(data) for data in streams.values())

    @staticmethod
    def rewound(stream):
        with stream:
            stream.seek(0)
            return bytearray(stream.read())


def hypervisor_words(mask=MASK_ALL, pages=PAGES, keep_last=True):
    """What the hypervisor's command line needs."""
    return f"tevt_mask={mask:#x} tbuf_size={pages}" + (" tbuf=keep-last" if keep_last else "")
