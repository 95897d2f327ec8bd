"""The timeline's data (tools/viewer/FORMAT.md) of a trace."""

import os
import sys

from harness import common

sys.path.append(os.path.join(common.TOP, "tools", "viewer"))

NOBODY = -1


def title_of(trace):
    return trace.about.get("title", "a trace")


def pack(trace, abi, found):
    import timeline as viewer  # the viewer's own

    start = trace.records[0].time if trace.records else 0
    made = viewer.Timeline(tables_of(abi), title_of(trace), trace.khz * 1000, trace.cpus, start)
    made.meta["lost"], made.meta["notes"] = trace.lost, trace.wrong + trace.about.get("notes", [])
    made.domains.update(trace.about.get("domains", {}))
    handles = {}
    for record in trace.records:
        who = NOBODY if record.who is None else record.who
        handles[record.number] = made.add(record.time, record.cpu, abi.plain(record.event), who, words_of(abi, record))
    for kind, first, second in found.arrows:
        made.link(kind, handles[first.number], handles[second.number])
    return viewer.dump(made.pack())


def tables_of(abi):
    """With the two states of a runstate_change as a word, which they are in the timeline's records."""
    events = dict(abi.tables["events"])
    number = str(abi.number("runstate_change"))
    events[number] = dict(events[number], words="who,old_new")
    return dict(abi.tables, events=events)


def words_of(abi, record):
    """What Xen puts into the number of an event is a word here."""
    if abi.name(record.event) == "runstate_change" and len(record.words) == 1:
        return [*record.words, abi.fields(record)["old_new"]]
    return record.words


def write(stream, trace, abi, found):
    stream.write(pack(trace, abi, found))
