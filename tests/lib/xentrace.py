#!/usr/bin/python3
"""Judge what Debian's xentrace recorded: tests/lib/xentrace.py LOG

Two files stand in a run's serial log, packed, between lines of tests/userland/xentrace: of all events,
and of the scheduler's. They are read by the independent reader (traceformat.py): they must be whole
windows of whole records, with the events that Linux cannot have lived without, and keep the laws of
traces.
"""

import base64
import gzip
import re
import sys
import tempfile

import traceformat

FILE = re.compile(rb"^xentrace: file\r?\n(.*?)^xentrace: end of file", re.M | re.S)
WINDOW = 12  # bytes of its head
RECORDS = 2000  # in all, at the least
WANTED = {
    "runstate_change": traceformat.RUNSTATE, "hypercall": traceformat.HYPERCALL, "block": 0x28006, "wake": 0x28004,
    "page_fault_64": 0x201104, "subcall": traceformat.SUBCALL,
}  # fmt: skip


def unpack(log):
    with open(log, "rb") as stream:
        for packed in FILE.findall(stream.read()):
            yield gzip.decompress(base64.b64decode(packed))


def whole_windows(data):
    """Up to the last window that is whole: the log has but the beginning of the file."""
    end = 0
    while end + WINDOW <= len(data):
        size = int.from_bytes(data[end + 8 : end + 12], "little")
        if end + WINDOW + size > len(data):
            break
        end += WINDOW + size
    return data[:end]


def read(data):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return traceformat.read_file(file.name)


def main(log):
    wrong, counts, records = [], {}, 0
    for data in map(whole_windows, unpack(log)):
        laws = traceformat.Laws(read(data), whole=False)
        wrong += laws.check()
        counts.update(laws.counts)
        records += sum(laws.counts.values())
        print(f"xentrace: {len(data)} bytes, {len(laws.counts)} kinds of records, {laws.lost} lost")
    wrong += [f"no {name}" for name, event in WANTED.items() if not counts.get(event)]
    if records < RECORDS:
        wrong.append(f"{records} records are few")
    for line in wrong[:10]:
        print(f"xentrace: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
