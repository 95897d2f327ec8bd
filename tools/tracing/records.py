"""Records of a trace file, in order of time.

The file is xentrace's: windows, each begun by a record TRC_TRACE_CPU_CHANGE (CPU, bytes that follow).
Within the bytes of one CPU stand records (<xen/trace.h>: t_rec): a word with the event in bits 0-27,
the number of words that follow in 28-30, and in 31 whether a time stamp of two words comes first.
Records without one (fillers, lost records) have the time of the record before them.

What is cut off at a window's end is no record, and is told in `wrong`.
"""

import json
import os
import struct

from harness.common import Complaint

CPU_CHANGE = 0x0001F003
WRAP_BUFFER = 0x0001F002
LOST_RECORDS = 0x0001F001
EVENT_MASK = 0x0FFFFFFF
TIMED = 1 << 31


class Record:
    __slots__ = ("number", "cpu", "time", "event", "words", "who", "link")

    def __init__(self, cpu, time, event, words):
        self.cpu, self.time, self.event, self.words = cpu, time, event, words
        self.number = None  # its place in the trace
        self.who = None  # domain << 16 | vcpu that ran (flow.py)
        self.link = None  # the record that it belongs to (flow.py): result of a call, upcall of a send


class Trace:
    def __init__(self):
        self.records, self.wrong = [], []
        self.khz, self.about = None, {}
        self.cpus, self.lost = 0, 0

    def microseconds(self, record):
        """Since the first record."""
        return (record.time - self.records[0].time) * 1000 / self.khz


def windows_of(data):
    """(cpu, bytes) for each window."""
    at = 0
    while at < len(data):
        if len(data) - at < 12:
            raise Complaint(f"the trace ends in the middle of a window's head, at {at:#x}")
        head, cpu, size = struct.unpack_from("<III", data, at)
        if head & EVENT_MASK != CPU_CHANGE or head >> 28 != 2:
            raise Complaint(f"this is no trace: at {at:#x} a window should begin, and {head:#x} is there")
        yield cpu, data[at + 12 : at + 12 + size]
        at += 12 + size


def records_of(cpu, data, wrong):
    """The records of one CPU; data: all its bytes."""
    count = len(data) // 4
    words = struct.unpack(f"<{count}I", data[: 4 * count])
    at, time = 0, 0
    while at < count:
        head = words[at]
        extra = head >> 28 & 7
        first = at + 3 if head & TIMED else at + 1
        if first + extra > count:
            wrong.append(f"CPU {cpu}: the last record is cut off")
            return
        if head & TIMED:
            time = words[at + 1] | words[at + 2] << 32
        yield Record(cpu, time, head & EVENT_MASK, words[first : first + extra])
        at = first + extra


def timed_from_first(records):
    """A record before the first time stamp of its CPU has that one."""
    first = next((record.time for record in records if record.time), 0)
    for record in records:
        if record.time:
            break
        record.time = first


def parse(data):
    """A Trace of the bytes of a file."""
    trace, streams = Trace(), {}
    for cpu, part in windows_of(data):
        streams.setdefault(cpu, []).append(part)
    for cpu, parts in sorted(streams.items()):
        records = list(records_of(cpu, b"".join(parts), trace.wrong))
        timed_from_first(records)
        trace.lost += sum(record.words[0] for record in records if record.event == LOST_RECORDS)
        trace.records += [record for record in records if record.event != WRAP_BUFFER]
    trace.cpus = max(streams, default=-1) + 1
    trace.records.sort(key=lambda record: record.time)  # stable: a CPU's records keep their order
    for number, record in enumerate(trace.records):
        record.number = number
    return trace


def packed(trace, wanted):
    """{cpu: bytes} of the records whose event is wanted."""
    streams = {}
    for record in trace.records:
        if record.event == LOST_RECORDS:
            head = struct.pack("<I", record.event | len(record.words) << 28)
        else:
            head = struct.pack("<IQ", record.event | len(record.words) << 28 | TIMED, record.time)
        if wanted(record.event):
            data = head + struct.pack(f"<{len(record.words)}I", *record.words)
            streams.setdefault(record.cpu, bytearray()).extend(data)
    return streams


def load(path, khz=None):
    """The trace in a file. The frequency of its times is khz or what FILE.run says."""
    try:
        with open(path, "rb") as stream:
            trace = parse(stream.read())
    except OSError as error:
        raise Complaint(f"{path}: {error.strerror}")
    if os.path.exists(path + ".run"):
        with open(path + ".run") as stream:
            trace.about = json.load(stream)
    trace.khz = khz or trace.about.get("khz")
    if not trace.khz:
        raise Complaint(f"{path}.run does not say how fast the time stamps run: give --khz")
    return trace
