"""Chrome's trace format, for chrome://tracing and ui.perfetto.dev.

Tracks: CPUs, with what ran on each; for each domain its vcpus, with calls as slices, and what state
each was in; rings. Arrows (flow events) lead from a send to the upcall that brings it and from a request
to its response, and begin and end in slices, which are as short as can be where the trace has a
moment only. Requests overlap, so that each is also an asynchronous slice. Slices of one track never
overlap unless one lies within the other: a call that has no result is a moment.
"""

import json

from tracing import calls, flow, say

MOMENT = 0.001  # us
CPUS, RINGS, FIRST_DOMAIN = 1, 2, 10  # process ids
STATES = 100_000  # thread ids of vcpus' states begin here


class Writer:
    def __init__(self, trace, abi, found):
        self.trace, self.abi, self.found = trace, abi, found
        self.events, self.tracks = [], {}
        self.runs, self.states = {}, {}  # by CPU, by vcpu: (since, what)
        self.end = trace.microseconds(trace.records[-1]) if trace.records else 0

    # ---- Pieces -----------------------------------------------------------------------------

    def track(self, pid, tid, process, thread):
        self.tracks[pid, tid] = process, thread
        return {"pid": pid, "tid": tid}

    def cpu_track(self, cpu):
        return self.track(CPUS, cpu, "CPUs", f"CPU {cpu}")

    def vcpu_track(self, who, state=False):
        domain, vcpu = who >> 16, who & 0xFFFF
        thread = f"{say.who_name(who)}{' state' if state else ''}"
        return self.track(FIRST_DOMAIN + domain, vcpu + (STATES if state else 0), f"domain {domain}", thread)

    def ring_track(self, ring):
        return self.track(RINGS, ring, "rings", say.ring_name(self.abi, ring))

    def home(self, record):
        """The track of what the record's vcpu did."""
        return self.cpu_track(record.cpu) if record.who is None else self.vcpu_track(record.who)

    def at(self, record):
        return round(self.trace.microseconds(record), 6)

    def slice(self, track, name, start, end, args=None):
        self.events.append(
            {"ph": "X", "name": name, "ts": start, "dur": max(round(end - start, 6), 0), **track, "args": args or {}}
        )

    def arguments(self, record):
        if self.abi.name(record.event) in ("hypercall", "subcall"):
            found = {name: text for name, _, text in calls.call_arguments(self.abi, record.words)}
            if record.link:
                found["result"] = calls.result_text(self.abi, self.abi.fields(record.link)["result"])
            return found
        fields = self.abi.fields(record)
        return {name: say.value_text(self.abi, name, value) for name, value in fields.items()}

    # ---- Records ----------------------------------------------------------------------------

    def put_all(self):
        for record in self.trace.records:
            name = self.abi.name(record.event)
            if name == "runstate_change":
                self.put_state(record)
            elif name in ("hypercall", "subcall") and record.link:
                op, _ = calls.split_head(record.words)
                label = self.abi.call_name(op)
                self.slice(self.home(record), label, self.at(record), self.at(record.link), self.arguments(record))
            elif name in ("ring_request", "ring_response"):
                self.put_ring(record, name)
            elif name != "result":
                self.put_moment(record, name)
        for number, (kind, first, second) in enumerate(self.found.arrows):
            if kind != flow.CALL:
                self.put_arrow(number, kind, first, second)
        for cpu in list(self.runs):
            self.end_run(cpu, self.end)
        for who in list(self.states):
            self.end_state(who, self.end)

    def track_of(self, record):
        """Where the record's slice is: a ring's records on the ring, an upcall on its vcpu."""
        fields, name = self.abi.fields(record), self.abi.name(record.event)
        if name in ("ring_request", "ring_response"):
            return self.ring_track(fields["ring"])
        return self.vcpu_track(fields["who"]) if name == "upcall" else self.home(record)

    def put_moment(self, record, name):
        _, text = say.words_of(self.abi, record)
        at = self.at(record)
        self.slice(self.track_of(record), name, at, at + MOMENT, dict(self.arguments(record), text=text))

    def put_ring(self, record, name):
        fields = self.abi.fields(record)
        track, at = self.ring_track(fields["ring"]), self.at(record)
        self.slice(track, name, at, at + MOMENT, self.arguments(record))
        if record.link:
            first = record if name == "ring_request" else record.link
            self.events.append(
                {"ph": "b" if record is first else "e", "cat": "ring", "name": f"request {fields['id']}",
                 "id": f"{first.number:#x}", "ts": at, **track}
            )  # fmt: skip

    def put_arrow(self, number, kind, first, second):
        label = {flow.SEND: "send", flow.RING: "request", flow.INTERCEPT: "interception"}[kind]
        common = {"cat": label, "name": label, "id": number}
        self.events.append({"ph": "s", **common, "ts": self.at(first), **self.track_of(first)})
        self.events.append({"ph": "f", "bp": "e", **common, "ts": self.at(second), **self.track_of(second)})

    # ---- States -----------------------------------------------------------------------------

    def put_state(self, record):
        fields, at = self.abi.fields(record), self.at(record)
        who, new = fields["who"], fields["old_new"] & 15
        if who >> 16 == flow.IDLE_DOMAIN:
            return
        self.end_state(who, at)
        self.states[who] = at, self.abi.say("runstates", new)
        if new == flow.RUNNING:
            self.end_run(record.cpu, at)
            self.runs[record.cpu] = at, who
        elif self.runs.get(record.cpu, (0, None))[1] == who:
            self.end_run(record.cpu, at)

    def end_run(self, cpu, at):
        if cpu in self.runs:
            since, who = self.runs.pop(cpu)
            self.slice(self.cpu_track(cpu), say.who_name(who), since, at)

    def end_state(self, who, at):
        if who in self.states:
            since, state = self.states.pop(who)
            self.slice(self.vcpu_track(who, state=True), state, since, at)

    def names(self):
        for (pid, tid), (process, thread) in sorted(self.tracks.items()):
            yield {"ph": "M", "name": "process_name", "pid": pid, "tid": tid, "args": {"name": process}}
            yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": thread}}


def write(stream, trace, abi, found):
    writer = Writer(trace, abi, found)
    writer.put_all()
    stream.write('{"displayTimeUnit": "ns", "otherData": ')
    json.dump({"lost": trace.lost, "khz": trace.khz, "start": str(trace.records[0].time if trace.records else 0)}, stream)
    stream.write(',\n"traceEvents": [\n')
    for number, event in enumerate([*writer.names(), *writer.events]):
        stream.write((",\n" if number else "") + json.dumps(event))
    stream.write("\n]}\n")
