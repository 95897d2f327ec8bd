"""The data of a timeline (FORMAT.md): putting it together from records, and seeing that it is whole.

Records are given one by one, as they were; here they are put in order and into columns. An arrow names
its records by the handles that add() gave, because their numbers are known only when all are there.
"""

import json

FORMAT = "xen-like timeline 1"
SEND, RING, INTERCEPT, CALL = range(4)  # kinds of arrows
COLUMNS = ("time", "cpu", "event", "who", "count")
NOWHERE = -1  # `who' of a record whose vcpu is not known


class Timeline:
    def __init__(self, abi, title, hz, cpus, start=0):
        self.abi, self.domains = abi, {}
        self.meta = {"title": title, "hz": hz, "start": str(start), "cpus": cpus, "lost": 0, "notes": []}
        self.records, self.arrows = [], []
        self.start = start

    def add(self, tick, cpu, event, who, words):
        """A record, at an absolute tick; answers its handle. Those of one CPU come in their order."""
        self.records.append((tick, cpu, len(self.records), event, who, tuple(words)))
        return len(self.records) - 1

    def link(self, kind, source, target):
        self.arrows.append((kind, source, target))

    def pack(self):
        """The object that FORMAT.md describes."""
        order = sorted(self.records)
        number = {record[2]: i for i, record in enumerate(order)}
        events = sorted({record[3] for record in order})
        index = {event: i for i, event in enumerate(events)}
        columns = {name: [] for name in COLUMNS + ("words",)}
        last = self.start
        for tick, cpu, _, event, who, words in order:
            for name, value in zip(COLUMNS, (tick - last, cpu, index[event], who, len(words))):
                columns[name].append(value)
            columns["words"] += words
            last = tick
        arrows = [(number[a], number[b], kind) for kind, a, b in self.arrows]
        return {
            "format": FORMAT, "meta": self.meta, "abi": self.abi, "domains": self.domains, "events": events,
            "records": columns,
            "arrows": {name: [a[i] for a in arrows] for i, name in enumerate(("from", "to", "kind"))},
        }  # fmt: skip


def dump(data):
    return json.dumps(data, separators=(",", ":"))


def faults_of(data):
    """What is wrong with it, a sentence each."""
    if data.get("format") != FORMAT:
        yield f"the format is {data.get('format')!r}, not {FORMAT!r}"
        return
    records, arrows = data["records"], data["arrows"]
    total = len(records["time"])
    for name in COLUMNS:
        if len(records[name]) != total:
            yield f"column {name} has {len(records[name])} records, time has {total}"
    if len({len(arrows[name]) for name in ("from", "to", "kind")}) != 1:
        yield "the columns of the arrows differ in length"
    if sum(records["count"]) != len(records["words"]):
        yield "the counts of words do not add up to the words"
    if any(not 0 <= word < 1 << 32 for word in records["words"]):
        yield "a word has more than 32 bits"
    if any(tick < 0 for tick in records["time"]):
        yield "time goes backwards"
    if any(not 0 <= event < len(data["events"]) for event in records["event"]):
        yield "a record has an event that is not in the list"
    if any(not 0 <= a < b < total for a, b in zip(arrows["from"], arrows["to"])):
        yield "an arrow does not lead from a record to a later one"
