"""What belongs together: which vcpu ran, and which record led to which.

A record does not say who ran on its CPU; the run state changes before it do. Of the records that say
which vcpu they are about, each call is answered by the next result of the same vcpu, however late and
on whichever CPU. An event that was raised is brought by its vcpu's next upcall, and so is one that
merged with it on the way; one that was masked, by the upcall after EVTCHNOP_unmask (a guest that
unmasks by a store leaves no record: then nothing is told). A backend's response has its request's id.

Where a trace begins or ends in the middle of something, the other half is missing, and no arrow is drawn.
"""

from tracing import abi as names
from tracing import calls

SEND, RING, INTERCEPT, CALL = range(4)  # kinds of arrows, as in tools/viewer/FORMAT.md
RUNNING = 0
RAISED, MERGED, MASKED, NOBODY, HELD = range(5)  # XL_SENT_*
IDLE_DOMAIN = 0x7FFF  # whose vcpus run, to the trace, when nobody does


class Flow:
    def __init__(self, trace, abi):
        self.trace, self.abi = trace, abi
        self.arrows = []  # (kind, record, later record)
        self.running = {}  # by CPU: who
        self.open_calls = {}  # by who: the call, and entries of a multicall
        self.coming = {}  # by who: sends, releases and injections that its next upcall brings
        self.masked = {}  # by (domain, port): sends
        self.held = {}  # by (rule, to, port): interceptions
        self.requests = {}  # by (ring, id): requests
        self.again = 0  # calls that were made again before they had a result
        self.takers = {
            abi.number(name): getattr(self, "take_" + name)
            for name in dir(type(self))
            if name.startswith("take_")
            for name in [name.removeprefix("take_")]
        }
        self.takers.pop(None, None)

    def go(self):
        self.look_ahead()
        for record in self.trace.records:
            taker = self.takers.get(self.abi.plain(record.event))
            record.who = self.running.get(record.cpu)
            if taker:
                taker(record, self.abi.fields(record))
        return self

    def look_ahead(self):
        """Who runs before the first change on its CPU: the one who then ceases to."""
        seen, change = set(), self.abi.number("runstate_change")
        for record in self.trace.records:
            if record.cpu in seen or self.abi.plain(record.event) != change:
                continue
            fields = self.abi.fields(record)
            old, new = fields["old_new"] >> 4, fields["old_new"] & 15
            if RUNNING in (old, new):
                seen.add(record.cpu)
                if old == RUNNING and fields["who"] >> 16 != IDLE_DOMAIN:
                    self.running[record.cpu] = fields["who"]

    def link(self, kind, first, second):
        first.link = second
        if kind in (CALL, RING):
            second.link = first
        self.arrows.append((kind, first, second))

    # ---- Who runs ---------------------------------------------------------------------------

    def take_runstate_change(self, record, fields):
        who, old, new = fields["who"], fields["old_new"] >> 4, fields["old_new"] & 15
        if who >> 16 == IDLE_DOMAIN:
            self.running.pop(record.cpu, None)
            record.who = None
        elif new == RUNNING:
            self.running[record.cpu] = record.who = who
        elif old == RUNNING:
            record.who = who
            if self.running.get(record.cpu) == who:
                del self.running[record.cpu]

    def take_runs(self, record, fields):
        if fields["who"] == names.NOBODY or fields["who"] >> 16 == IDLE_DOMAIN:
            self.running.pop(record.cpu, None)
        else:
            self.running[record.cpu] = fields["who"]
        record.who = self.running.get(record.cpu)

    # ---- Calls ------------------------------------------------------------------------------

    def take_hypercall(self, record, fields):
        if self.open_calls.get(record.who):
            self.again += 1
        self.open_calls[record.who] = [record]

    def take_subcall(self, record, fields):
        self.open_calls.setdefault(record.who, []).append(record)

    def take_result(self, record, fields):
        stack, op = self.open_calls.get(record.who, []), fields["op"] & 0xFFFFF
        while stack:
            call = stack.pop()
            if call.words and calls.split_head(call.words)[0] == op:
                self.link(CALL, call, record)
                return

    # ---- Events -----------------------------------------------------------------------------

    def take_send(self, record, fields):
        outcome, to, port = fields["kind_outcome"] >> 8 & 0xFF, fields["to"], fields["to_port"]
        waiting = self.coming.setdefault(to, {})
        if outcome == RAISED or (outcome == MERGED and port in waiting):
            waiting.setdefault(port, []).append(record)
        elif outcome == MASKED:
            self.masked.setdefault((to >> 16, port), []).append((to, record))

    def take_unmask(self, record, fields):
        for to, send in self.masked.pop((fields["who"] >> 16, fields["port"]), []):
            self.coming.setdefault(to, {}).setdefault(fields["port"], []).append(send)

    def take_close(self, record, fields):
        """What was held for it goes nowhere."""
        domain, port = fields["domain"], fields["port"]
        self.masked.pop((domain, port), None)
        self.held = {key: waiting for key, waiting in self.held.items() if (key[1] >> 16, key[2]) != (domain, port)}

    def take_upcall(self, record, fields):
        for waiting in self.coming.pop(fields["who"], {}).values():
            for first in waiting:
                kind = SEND if self.abi.name(first.event) == "send" else INTERCEPT
                self.link(kind, first, record)

    # ---- Interception -----------------------------------------------------------------------

    def take_intercepted(self, record, fields):
        """A DUPLICATE has as many to come as it made; what a RATE lets go at once, or others do, has none."""
        action, value = self.abi.say("actions", fields["action"]), fields["value"]
        one = action in ("DELAY", "HOLD", "REORDER") or (action == "RATE" and value)
        copies = [record] * (value if action == "DUPLICATE" else bool(one))
        self.held.setdefault((fields["rule"], fields["to"], fields["to_port"]), []).extend(copies)

    def take_released(self, record, fields):
        waiting = self.held.get((fields["rule"], fields["to"], fields["to_port"]))
        if waiting:
            self.link(INTERCEPT, waiting.pop(0), record)
        self.take_injected(record, fields)

    def take_injected(self, record, fields):
        self.coming.setdefault(fields["to"], {}).setdefault(fields["to_port"], []).append(record)

    # ---- Rings ------------------------------------------------------------------------------

    def take_ring_request(self, record, fields):
        self.requests.setdefault((fields["ring"], fields["id"]), []).append(record)

    def take_ring_response(self, record, fields):
        waiting = self.requests.get((fields["ring"], fields["id"]))
        if waiting:
            self.link(RING, waiting.pop(0), record)


def find_flow(trace, abi):
    """Sets who and link of every record; answers the Flow with its arrows."""
    return Flow(trace, abi).go()
