"""Names: what the words of a record are called, by build/gen/trace-events.json, which is made of the
very tables that the hypervisor was compiled with (xen-like/abi/trace.h, calls.h)."""

import json
import os

from harness.common import BUILD, Complaint

PATH = os.path.join(BUILD, "gen", "trace-events.json")
NOBODY = 0xFFFFFFFF

# Xen puts the two run states into the number of the event: old in bits 8-9, new in 4-5.
RUNSTATE, RUNSTATE_MASK = 0x00021001, 0xFFFFFCCF


class Abi:
    def __init__(self, tables):
        self.tables = tables
        self.events = {int(number): Event(entry) for number, entry in tables["events"].items()}
        self.numbers = {event.name: number for number, event in self.events.items()}
        self.calls = {int(number): entry for number, entry in tables["calls"].items()}

    def number(self, name):
        """Of the event that has this name; None if the tables know none."""
        return self.numbers.get(name)

    def plain(self, event):
        """The event without what Xen adds to its number."""
        if event not in self.events and event & RUNSTATE_MASK == RUNSTATE:
            return RUNSTATE
        return event

    def name(self, event):
        known = self.events.get(self.plain(event))
        return known.name if known else f"event_{event:#x}"

    def fields(self, record):
        """{name: value} of a record's words; what no name is there for is in `words'."""
        event = self.events.get(self.plain(record.event))
        found = event.decode(record.words) if event else {"words": list(record.words)}
        if self.plain(record.event) == RUNSTATE and record.event != RUNSTATE:
            found["old_new"] = (record.event >> 8 & 3) << 4 | record.event >> 4 & 3
        return found

    def say(self, table, value):
        """The name of a value, or its number."""
        return self.tables[table].get(str(value), str(value))

    def call_name(self, op):
        return self.calls[op]["name"] if op in self.calls else f"hypercall_{op}"


class Event:
    def __init__(self, entry):
        self.name, self.says = entry["name"], entry["says"]
        self.layout = [self.parse(word) for word in entry["words"].split(",") if word]

    @staticmethod
    def parse(word):
        name, _, width = word.rstrip("?").partition(":")
        return name, 2 if width == "64" else 1

    def decode(self, words):
        found, at = {}, 0
        for name, width in self.layout:
            if name == "args":  # as many as the head of the call says: calls.py
                found[name] = list(words[at:])
                return found
            if at + width > len(words):
                break
            found[name] = words[at] if width == 1 else words[at] | words[at + 1] << 32
            at += width
        if at < len(words):
            found["words"] = list(words[at:])
        return found


def load(path=PATH):
    if not os.path.exists(path):
        raise Complaint(f"{path} does not exist; `make` builds it")
    with open(path) as stream:
        return Abi(json.load(stream))


def who_name(who):
    if who is None or who == NOBODY:
        return "nobody"
    if who >> 16 == 0x7FFF:
        return "idle"
    return f"d{who >> 16}v{who & 0xFFFF}"
