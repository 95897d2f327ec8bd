"""Collecting and reading traces, with memory and records made here: no machine is needed."""

import contextlib
import io
import json
import os
import random
import struct
import tempfile
import types
import unittest

import chromeformat
import fakebuffers
import traceformat
from fakebuffers import record
from harness import common, guestmemory, tracebuffers
from tracing import abi, calls, choose, chrome, flow, records, say, timeline

TABLE = abi.load()
STATE, RESULT, UNMASK = 0x21001, 0x1004001, 0x1001003
D0V0, D1V0, D1V1 = 0x00000, 0x10000, 0x10001
CALL_SEND = 32 | 1 << 20 | 2 << 22  # event_channel_op with two arguments, one word and two


def state(time, who, old, new):
    return record(STATE | old << 8 | new << 4, time, who)


def send(time, source, port, to, to_port, outcome=0, kind=2):
    return record(traceformat.SEND, time, source, port, to, to_port, outcome << 8 | kind)


def call_send(time):
    return record(traceformat.HYPERCALL, time, CALL_SEND, 4, 0x5000, 0xFFFF8000)


def result(time, op, value):
    return record(RESULT, time, op, value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF)


def upcall(time, who):
    return record(traceformat.UPCALL, time, who, 1, 0)


# dom0 on CPU 0 takes a request and sends; d1v0 on CPU 1 wakes and is told; a second request overlaps.
STORY = {
    0: [
        state(1000, D0V0, 1, 0),
        record(0x1008001, 1500, 0x11001, 7, 0, 1, 32),
        record(0x1008001, 1700, 0x11001, 8, 0, 2, 32),
        call_send(2000),
        send(2100, D0V0, 5, D1V0, 3),
        send(2150, D0V0, 5, D1V0, 3, outcome=1),
        send(2160, D0V0, 6, D1V0, 4, outcome=2),
        result(2500, 32, 0),
        record(0x1008002, 2600, 0x11001, 8, 0, 0),
        record(0x1008002, 2700, 0x11001, 7, 0, 0),
        record(traceformat.HYPERCALL, 2800, 29 | 1 << 20, 1),  # sched_op block: ends later
        state(2900, D0V0, 0, 2),
    ],
    1: [
        state(900, D1V0, 0, 2),
        state(2200, D1V0, 2, 0),
        upcall(3000, D1V0),
        record(UNMASK, 3100, D1V0, 4),
        upcall(3200, D1V0),
        record(traceformat.HYPERCALL, 3300, 23),  # iret: no result
        result(3400, 29, 2**64 - 22),  # whose call nobody saw
    ],
}


def story_file(path, story=STORY, khz=1_000_000):
    with open(path, "wb") as stream:
        tracebuffers.write_windows(stream, {cpu: b"".join(parts) for cpu, parts in story.items()})
    with open(path + ".run", "w") as stream:
        json.dump({"khz": khz}, stream)
    return path


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def path(self, name="t.bin"):
        return os.path.join(self.folder, name)

    def story(self, story=STORY):
        trace = records.load(story_file(self.path(), story))
        return trace, flow.find_flow(trace, TABLE)


class TraceBuffers(Files):
    """Memory of a machine -> a file."""

    def fill(self, buffers, count, seed, after=lambda: None):
        """Records of random lengths on random CPUs; those that found room, by CPU."""
        chance, put = random.Random(seed), {cpu: [] for cpu in buffers.pages}
        for time in range(1, count + 1):
            cpu = chance.choice(list(put))
            data = record(traceformat.SEND, time, *chance.choices(range(1000), k=chance.randrange(8)))
            if buffers.put(cpu, data):
                put[cpu].append(data)
            after()
        return put

    def collect(self, buffers, collector, path):
        collector.finish(path)
        streams = traceformat.read_file(path)
        for cpu in buffers.pages:
            traceformat.check_indices(*buffers.indices(cpu), buffers.size)
        return {cpu: [r for r in found if r[0] != traceformat.WRAP] for cpu, found in streams.items()}

    def test_all_records_are_there_when_they_fit(self):
        buffers = fakebuffers.Buffers(3, 3)
        put = self.fill(buffers, 300, 1)
        collector = tracebuffers.Collector(buffers.memory)
        collector.on_line("(XEN) TSC: 2299.997 MHz by the HPET")
        collector.on_line("(XEN) trace: t_info at mfn 0x1, 1 pages")
        found = self.collect(buffers, collector, self.path())
        self.assertEqual({cpu: len(parts) for cpu, parts in put.items()}, {cpu: len(r) for cpu, r in found.items()})
        with open(self.path() + ".run") as stream:
            self.assertEqual(json.load(stream)["khz"], 2299997)

    def test_what_came_last_is_kept_from_a_whole_record_on(self):
        for seed in range(20):
            buffers = fakebuffers.Buffers(2, 2, keep_last=True)
            put = self.fill(buffers, 2000 + seed, seed)
            collector = tracebuffers.Collector(buffers.memory)
            collector.on_line("trace: t_info at mfn 0x1, 1 pages")
            for cpu, found in self.collect(buffers, collector, self.path()).items():
                self.assertGreater(len(found), 100)
                wanted = [traceformat.split_records(traceformat.words_in(data))[0] for data in put[cpu]][-len(found) :]
                self.assertEqual([(e, words) for e, _, words in found], [(e, words) for e, _, words in wanted])
                self.assertEqual({a[1] - b[1] for a, b in zip(found, wanted)}, {-self.first()})

    def first(self):
        with open(self.path() + ".run") as stream:
            return json.load(stream)["first"]

    def test_a_later_start_leaves_the_same_file(self):
        files = []
        for start in (1, 70000, 1 << 40):
            buffers = fakebuffers.Buffers(2, 1)
            one, other = buffers.pages
            buffers.put(one, record(traceformat.UPCALL, start + 5, D0V0, 1, 0))
            buffers.put(other, record(traceformat.UPCALL, start, D1V0, 1, 0))
            since = start + 2
            buffers.put(one, record(tracebuffers.LOST_RECORDS, start + 9, 3, D0V0, since & 0xFFFFFFFF, since >> 32))
            collector = tracebuffers.Collector(buffers.memory)
            collector.on_line("trace: t_info at mfn 0x1, 1 pages")
            collector.finish(self.path())
            self.assertEqual(self.first(), start)
            with open(self.path(), "rb") as stream:
                files.append(stream.read())
        self.assertEqual(files[0], files[1])
        self.assertEqual(files[0], files[2])

    def test_a_machine_that_runs_is_emptied_and_loses_nothing(self):
        buffers = fakebuffers.Buffers(2, 1)
        collector = tracebuffers.Collector(buffers.memory, drain=True)
        collector.mfn = 1  # and no thread: this test says when
        calls_made = iter(range(10**6))
        put = self.fill(buffers, 5000, 3, lambda: next(calls_made) % 50 or collector.collect())
        found = self.collect(buffers, collector, self.path())
        self.assertEqual(buffers.lost, 0)
        self.assertEqual({cpu: len(parts) for cpu, parts in put.items()}, {cpu: len(r) for cpu, r in found.items()})

    def test_what_is_no_buffer_is_one_line(self):
        spoils = [lambda b: b.memory.write(4096, bytes(4096))]
        for indices in ((0xFFFFFFFF, 0xFFFFFFFF), (0, 5000), (2, 6)):  # the buffer has 4088 bytes
            spoils.append(lambda b, i=indices: b.memory.write(b.pages[0][0] * 4096, struct.pack("<II", *i)))
        for spoil in spoils:
            buffers = fakebuffers.Buffers(1, 1)
            spoil(buffers)
            collector = tracebuffers.Collector(buffers.memory)
            collector.on_line("trace: t_info at mfn 0x1, 1 pages")
            with self.assertRaises(tracebuffers.BufferError):
                collector.finish(self.path())

    def test_a_run_that_says_nothing_of_buffers_has_no_trace(self):
        with self.assertRaisesRegex(tracebuffers.BufferError, "did not say"):
            tracebuffers.Collector(fakebuffers.Memory(1)).finish(self.path())

    def test_memory_above_4_gib_is_behind_the_hole(self):
        with guestmemory.GuestMemory(16) as memory:
            self.assertEqual(memory.offset_of(0x123000), 0x123000)
            memory.write_u32(0x2000, 0x12345678)
            self.assertEqual(memory.read(0x2000, 4), b"\x78\x56\x34\x12")
            with self.assertRaises(ValueError):
                memory.read(16 << 20, 1)
        big = types.SimpleNamespace(size=6 << 30)
        self.assertEqual(guestmemory.GuestMemory.offset_of(big, 5 << 30), 4 << 30)


class Reading(Files):
    def test_records_come_in_order_of_time_with_their_words(self):
        trace, _ = self.story()
        self.assertEqual([r.time for r in trace.records], sorted(r.time for r in trace.records))
        self.assertEqual(trace.cpus, 2)
        first = trace.records[1]
        self.assertEqual((first.cpu, first.time, TABLE.name(first.event)), (0, 1000, "runstate_change"))

    def test_fillers_are_left_out_and_lost_records_counted(self):
        lost = struct.pack("<IIIQ", 0x1F001 | 4 << 28, 77, 0, 1200)
        trace, _ = self.story({0: [fakebuffers.WRAP, lost, *STORY[0]]})
        self.assertEqual((trace.lost, trace.records[0].time), (77, 1000))
        self.assertEqual(len(trace.records), len(STORY[0]) + 1)

    def test_a_record_that_is_cut_off_is_told(self):
        trace, _ = self.story({0: [*STORY[0], record(traceformat.SEND, 5000, 1, 2)[:-4]]})
        self.assertEqual((len(trace.records), len(trace.wrong)), (len(STORY[0]), 1))

    def test_what_is_no_trace_is_refused(self):
        with open(self.path(), "wb") as stream:
            stream.write(b"no trace at all!")
        with self.assertRaises(common.Complaint):
            records.load(self.path())

    def test_who_ran_is_known_from_the_first_change_on(self):
        trace, _ = self.story()
        by_time = {r.time: r.who for r in trace.records}
        self.assertEqual([by_time[t] for t in (1500, 2900, 900, 2200, 3300)], [D0V0, D0V0, D1V0, D1V0, D1V0])
        trace, _ = self.story({0: [call_send(10), state(20, D1V1, 0, 1)]})
        self.assertEqual(trace.records[0].who, D1V1)

    def test_calls_and_results_sends_and_upcalls_requests_and_responses_are_paired(self):
        _, found = self.story()
        pairs = sorted((kind, a.time, b.time) for kind, a, b in found.arrows)
        self.assertEqual(
            pairs,
            [
                (flow.SEND, 2100, 3000), (flow.SEND, 2150, 3000), (flow.SEND, 2160, 3200),
                (flow.RING, 1500, 2700), (flow.RING, 1700, 2600), (flow.CALL, 2000, 2500),
            ],
        )  # fmt: skip

    def test_entries_of_a_multicall_have_results_of_their_own(self):
        story = [
            state(1, D1V0, 1, 0),
            record(traceformat.HYPERCALL, 10, 13),
            record(traceformat.SUBCALL, 11, 1),
            result(12, 1, 0),
            record(traceformat.SUBCALL, 13, 14),
            result(14, 14, 0),
            result(15, 13, 0),
        ]
        _, found = self.story({0: story})
        self.assertEqual([(a.time, b.time) for _, a, b in found.arrows], [(11, 12), (13, 14), (10, 15)])

    def test_what_a_rule_let_go_leads_to_what_it_took(self):
        def taken(time, rule, action, value):
            return record(0x1002001, time, rule, D0V0, 5, D1V0, 3, action, value)

        def released(time, rule):
            return record(0x1002002, time, rule, D1V0, 3)

        rate, duplicate, drop, delay = 6, 4, 2, 3
        story = [
            taken(1, 1, rate, 0), taken(2, 1, rate, 100), released(102, 1),  # the first went at once
            taken(110, 2, duplicate, 2), released(120, 2), released(130, 2),
            taken(140, 3, drop, 0), taken(150, 4, delay, 9), record(0x1001005, 151, 1, 3), released(159, 4),
        ]  # fmt: skip
        _, found = self.story({0: story})
        arrows = [(a.time, b.time) for kind, a, b in found.arrows if kind == flow.INTERCEPT]
        self.assertEqual(arrows, [(2, 102), (110, 120), (110, 130)])


class Saying(Files):
    def lines(self, **how):
        trace, _ = self.story()
        return [say.line_of(trace, TABLE, r) for r in choose.chosen(trace, TABLE, **how)]

    def test_a_call_is_said_with_its_arguments_and_result(self):
        text = self.lines(classes="pv")[0]
        self.assertIn("event_channel_op(cmd=EVTCHNOP_send, arg=0xffff800000005000) = 0", text)

    def test_arguments_of_one_word_and_of_two_stand_in_a_row(self):
        head = 26 | 2 << 20 | 1 << 22 | 2 << 24
        self.assertEqual(
            calls.call_text(TABLE, (head, 0x1000, 0xFFFF8000, 3, 0x2000, 0xFFFF8000)),
            "mmuext_op(ops=0xffff800000001000, count=3, done=0xffff800000002000)",
        )

    def test_an_event_is_said_from_where_to_where(self):
        self.assertIn("d0v0 port 5 -> d1v0 port 3 (interdomain) RAISED", self.lines(port=5)[0])
        self.assertIn("MERGED", self.lines(port=5)[1])

    def test_filters_choose(self):
        self.assertEqual(len(self.lines(classes="ring")), 4)
        self.assertEqual(len(self.lines(last=3)), 3)
        self.assertEqual(len(self.lines(port=4)), 2)
        self.assertTrue(all("d1" in line for line in self.lines(domain=1)))
        with self.assertRaises(common.Complaint):
            self.lines(classes="nonsense")

    def test_results_are_errnos_by_name(self):
        self.assertEqual(calls.result_text(TABLE, 2**64 - 22), "-EINVAL")
        self.assertEqual([calls.result_text(TABLE, value) for value in (0, 7)], ["0", "7"])
        self.assertEqual([calls.errno_text(TABLE, value) for value in (0, 22, 2**32 - 22)], ["0", "-EINVAL", "-EINVAL"])

    def test_every_call_has_names_for_its_arguments(self):
        for number, call in TABLE.calls.items():
            self.assertIn(call["name"], calls.NAMES)
            self.assertEqual(len(calls.names_of(TABLE, number)), call["arity"], call["name"])

    def test_every_event_of_the_table_can_be_said(self):
        for number, event in TABLE.events.items():
            words = [1] * min(7, sum(width for _, width in event.layout))
            name, _ = say.words_of(TABLE, records.Record(0, 1, number, words))
            self.assertEqual(name, event.name)


class Json(Files):
    def write(self, story=STORY):
        trace, found = self.story(story)
        stream = io.StringIO()
        chrome.write(stream, trace, TABLE, found)
        return json.loads(stream.getvalue())

    def test_it_is_json_whose_arrows_have_two_ends_in_slices(self):
        data = self.write()
        self.assertEqual(list(chromeformat.faults_of(data)), [])
        arrows = [event for event in data["traceEvents"] if event["ph"] == "s"]
        self.assertEqual(sorted(event["name"] for event in arrows), ["request"] * 2 + ["send"] * 3)

    def test_times_are_microseconds_of_the_time_stamps(self):
        call = [event for event in self.write()["traceEvents"] if event["name"] == "event_channel_op"]
        self.assertEqual([(event["ts"], event["dur"]) for event in call], [(1.1, 0.5)])

    def test_there_is_a_track_for_each_cpu_and_vcpu(self):
        tracks = {e["args"]["name"] for e in self.write()["traceEvents"] if e["name"] == "thread_name"}
        self.assertLessEqual({"CPU 0", "CPU 1", "d0v0", "d1v0", "d1v0 state", "d1 block 1"}, tracks)

    @unittest.skipUnless(os.path.exists(os.path.join(common.TOP, "tools", "viewer", "timeline.py")), "no timeline yet")
    def test_the_timeline_has_every_record_and_arrow(self):
        trace, found = self.story()
        data = json.loads(timeline.pack(trace, TABLE, found))
        self.assertEqual(len(data["records"]["time"]), len(trace.records))
        self.assertEqual(len(data["arrows"]["from"]), len(found.arrows))
        numbers = {(a.number, b.number) for _, a, b in found.arrows}
        self.assertEqual(set(zip(data["arrows"]["from"], data["arrows"]["to"])), numbers)


class SecondReader(Files):
    """The laws of traceformat.py are broken one by one, and it must see each."""

    def wrong(self, story, **how):
        return traceformat.Laws(traceformat.read_file(story_file(self.path(), story)), **how).check()

    def changed(self, **changes):
        story = {cpu: list(parts) for cpu, parts in STORY.items()}
        story[1][6] = b""  # the result without a call
        for place, data in changes.items():
            cpu, number = int(place[1]), int(place[3:])
            story[cpu][number] = data or b""
        return story

    def test_a_good_trace_is_good(self):
        self.assertEqual(self.wrong(self.changed()), [])

    def test_each_broken_law_is_seen(self):
        for broken, what in (
            (self.changed(c0n3=call_send(10)), "time goes back"),
            (STORY, "a result of call 29"),
            (self.changed(c1n2=None, c1n4=None), "no upcall"),
            (self.changed(c0n1=None), "nobody asked"),
            (self.changed(c1n1=state(2200, D0V0, 2, 0)), "runs on CPU"),
        ):
            with self.subTest(what):
                self.assertRegex("\n".join(self.wrong(broken)), what)

    def handled(self, *then):
        """What is wrong with an upcall whose handler ends at 3200, and what comes then; d1v0 runs on at 3400 and sleeps."""
        iret, asleep = record(traceformat.HYPERCALL, 3200, 23), state(3500, D1V0, 0, 2)
        parts = [upcall(3100, D1V0), iret, *then, record(UNMASK, 3400, D1V0, 4), asleep]
        parts.sort(key=lambda data: int.from_bytes(data[4:12], "little"))
        return self.wrong({1: [state(2200, D1V0, 2, 0), *parts]})

    def test_a_handler_may_find_what_is_raised_before_its_iret(self):
        self.assertEqual(self.handled(send(3150, D0V0, 5, D1V0, 3)), [])
        self.assertRegex(self.handled(send(3300, D0V0, 5, D1V0, 3))[0], "no upcall for its port 3")

    def test_a_few_may_sleep_although_an_event_was_raised(self):
        late = [send(3300 + port, D0V0, 5, D1V0, port) for port in range(3)]
        sleeps = [state(3600 + i, D1V0, i % 2 * 2, 2 - i % 2 * 2) for i in range(1, 8)]
        self.assertNotRegex("\n".join(self.handled(*late)), "sleeps")
        self.assertRegex("\n".join(self.handled(*late, *sleeps)), "sleeps although its port 0 was raised")

    def test_what_is_not_whole_is_seen(self):
        for tail in (b"\0", record(traceformat.SEND, 5000, 1)[:-4]):
            with self.assertRaises(AssertionError):
                self.wrong(self.changed(c1n0=tail) if len(tail) % 4 else self.changed(c1n5=tail))

    def test_indices_are_judged(self):
        traceformat.check_indices(100, 100 + 64, 4088)
        for cons, prod in ((0, 2 * 4088), (0, 4092), (2, 6)):
            with self.assertRaises(AssertionError):
                traceformat.check_indices(cons, prod, 4088)


class Commands(Files):
    def test_a_file_that_is_not_there_is_one_line(self):
        with self.assertRaises(common.Complaint), contextlib.redirect_stdout(io.StringIO()):
            records.load(self.path("nowhere"))
