"""A second reader of traces, for tests: written from <xen/trace.h> and xen-like/abi/trace.h, sharing no
line with tools/tracing, so that the two do not err together. It asks a trace whether it keeps its laws:

- windows and records are whole, and are nothing but that
- time never goes back on a CPU
- a vcpu runs on one CPU at a time
- a result has its call: the same vcpu's last, or an entry of its multicall
- an event that was raised is followed by an upcall of its vcpu, which does not sleep before; but in a poll, which may
  have upcalls masked. One that is raised while the upcall's handler runs (to its hypercall iret) may be found by it.
  Seldom does a sender come to write its record only after that
- a response has its request

A trace that does not begin at the beginning (whole=False) may lack the first halves. In any, the
last moments may lack the second halves: an upcall must come before its vcpu has left GRACE more
records. (Not ticks: a vcpu that ends with upcalls masked does little more, but on a busy machine it may take long.)
"""

import ctypes

HEAD, CYCLES = 0x0FFFFFFF, 0x80000000
LOST, WRAP, CPU_CHANGE = 0x1F001, 0x1F002, 0x1F003
RUNSTATE = 0x21001
HYPERCALL, SUBCALL, RESULT = 0x20100D, 0x20200E, 0x1004001
SEND, UPCALL, RUNS = 0x1001001, 0x1001002, 0x1001006
REQUEST, RESPONSE = 0x1008001, 0x1008002
MULTICALL, IRET, SCHED_OP = 13, 23, 29
POLL = [SCHED_OP, 3]
SELDOM = 200  # one in so many


class TBuf(ctypes.LittleEndianStructure):
    _fields_ = [("cons", ctypes.c_uint32), ("prod", ctypes.c_uint32)]


def words_in(data):
    if len(data) % 4:
        raise AssertionError(f"{len(data)} bytes are no whole words")
    return memoryview(data).cast("I").tolist()  # of a machine like this one: low byte first


def split_records(words):
    """[(event, time or None, words)]"""
    found, at = [], 0
    while at < len(words):
        head, at = words[at], at + 1
        time = None
        if head & CYCLES:
            time, at = words[at] + (words[at + 1] << 32), at + 2
        extra = (head >> 28) & 7
        if at + extra > len(words):
            raise AssertionError("the last record of a CPU is cut off")
        found.append((head & HEAD, time, words[at : at + extra]))
        at += extra
    return found


def read_file(path):
    """{cpu: [(event, time, words)]}"""
    with open(path, "rb") as stream:
        words, streams, at = words_in(stream.read()), {}, 0
    while at < len(words):
        if words[at] != 0x2001F003:
            raise AssertionError(f"word {at}: a window begins with {words[at]:#x}")
        cpu, size = words[at + 1], words[at + 2]
        part = words[at + 3 : at + 3 + size // 4]
        if size % 4 or len(part) != size // 4:
            raise AssertionError(f"the window at word {at} is not whole")
        streams.setdefault(cpu, []).extend(part)
        at += 3 + size // 4
    return {cpu: split_records(part) for cpu, part in streams.items()}


def check_indices(cons, prod, size):
    """Of a t_buf whose pages have room for so many bytes of records."""
    assert cons < 2 * size and prod < 2 * size, f"cons {cons:#x}, prod {prod:#x}: not below twice {size:#x}"
    assert (prod - cons) % (2 * size) <= size, f"from {cons:#x} to {prod:#x} is more than the buffer holds"
    assert cons % 4 == 0 and prod % 4 == 0


class Laws:
    def __init__(self, streams, whole=True, grace=0):
        self.streams, self.whole, self.grace = streams, whole, grace
        self.wrong, self.lost = [], 0
        self.counts, self.slept, self.sent = {}, [], 0
        self.running, self.calls, self.raised, self.requests = {}, {}, {}, {}
        self.handling = set()  # vcpus in the handler of an upcall
        self.asked = {}  # by vcpu: its last call, and the first word of the arguments
        self.left = {}  # by vcpu: how many records came from where it ran

    def check(self):
        merged = []
        for cpu, records in self.streams.items():
            last = 0
            for number, (event, time, words) in enumerate(records):
                if time is not None and time < last:
                    self.wrong.append(f"CPU {cpu}: time goes back by {last - time} at record {number}")
                last = time if time is not None else last
                merged.append((last, cpu, number, event, words))
        merged.sort()
        for _, cpu, _, event, words in merged:
            self.take(cpu, event, words)
        if len(self.slept) > max(3, self.sent // SELDOM):
            self.wrong += self.slept
        for who, events in self.raised.items():
            for port, left_then in events.items():
                if self.left.get(who, 0) - left_then > self.grace:
                    self.wrong.append(f"{who:#x} has run on, and no upcall for its port {port} came")
        return self.wrong

    def take(self, cpu, event, words):
        who = self.running.get(cpu)
        self.left[who] = self.left.get(who, 0) + 1
        if event & ~0x330 == RUNSTATE:
            self.counts[RUNSTATE] = self.counts.get(RUNSTATE, 0) + 1
            self.take_state(cpu, words[0], event >> 8 & 3, event >> 4 & 3)
            return
        self.counts[event] = self.counts.get(event, 0) + 1
        if event == LOST:
            self.lost += words[0]
            self.whole = False
            self.raised.clear()  # what was to come may be among the lost
        elif event == RUNS and words[0] != 0xFFFFFFFF:
            self.take_state(cpu, words[0], 1, 0)
        elif event in (HYPERCALL, SUBCALL, RESULT):
            self.take_call(cpu, event, words)
        elif event == SEND and words[4] >> 8 & 0xFF == 0:
            self.sent += 1
            self.raised.setdefault(words[2], {}).setdefault(words[3], self.left.get(words[2], 0))
        elif event == UPCALL:
            self.raised.pop(words[0], None)
            self.handling.add(words[0])
        elif event in (REQUEST, RESPONSE):
            self.take_ring(event, (words[0], words[1] + (words[2] << 32)))

    def take_state(self, cpu, who, old, new):
        if new == 0:
            others = [c for c, w in self.running.items() if w == who and c != cpu]
            if others:
                self.wrong.append(f"{who:#x} runs on CPU {cpu} and {others[0]}")
            self.running[cpu] = who
        elif old == 0:
            if self.running.get(cpu) == who:
                del self.running[cpu]
            if new == 2 and self.raised.get(who) and self.asked.get(who) != POLL:
                self.slept.append(f"{who:#x} sleeps although its port {next(iter(self.raised[who]))} was raised")

    def take_call(self, cpu, event, words):
        who, op = self.running.get(cpu), words[0] & 0xFFFFF
        if event == HYPERCALL:
            self.calls[who] = [op]
            self.asked[who] = [op, *words[1:2]]
            if op == IRET and who in self.handling:
                self.raised.pop(who, None)
                self.handling.remove(who)
        elif event == SUBCALL:
            self.calls.setdefault(who, []).append(op)
        else:
            mine = self.calls.get(who, [])
            if op in mine:
                del mine[mine.index(op) if op != MULTICALL else 0 :]
            elif self.whole:
                self.wrong.append(f"a result of call {op} for {who if who is None else hex(who)}, which asked {mine}")

    def take_ring(self, event, key):
        if event == REQUEST:
            self.requests[key] = self.requests.get(key, 0) + 1
        elif self.requests.get(key):
            self.requests[key] -= 1
        elif self.whole:
            self.wrong.append(f"ring {key[0]:#x}: a response to {key[1]}, which nobody asked")
