"""The runs behind `make bench`: what is measured, where, and what came out.

Four suites. `guest` is tests/guests/bench, on ours and on Debian's Xen; `narrow` what a 32-bit guest
pays, tests/guests/bench-32, on ours alone. `linux` is Debian's Linux with
tests/userland/bench.c as its init: a lone guest of ours, the first domain on Xen (where a guest would
pay more), and on the bare machine. `io` is dom0's backends with frontends in one guest, and
two guests on dom0's bridge, on both.

Each runs twice: under -icount, where a tick of the TSC is an instruction, and without, where it is
time. Both print `BENCH row count total`, in ticks, and perhaps `LATENESS row count least median most`.
"""

import concurrent.futures
import os
import re

from guestruns import GUESTS, LOGS, GuestTest, recall, remember
from harness import debian, initramfs, machine
from harness.common import BUILD, CACHE, TOP, content_hash

UNITS = {"insns": "0", "ticks": None}  # the shift of -icount
ROW = re.compile(r"^BENCH (\S+) (\d+) (\d+)$")
LATENESS = re.compile(r"^LATENESS (\S+) \d+ (-?\d+) (-?\d+) (-?\d+)$")
LINUX_INIT = os.path.join(TOP, "tests", "userland", "bench.c")
LINUX_CONSOLE = {"ours": "console=hvc0", "xen": "console=hvc0", "bare": "console=ttyS0"}


class Side:
    """What one run said: {row: cost of one operation}, {row: how late}."""

    def __init__(self, run):
        found = filter(None, map(ROW.match, run.lines))
        self.rows = {m.group(1): int(m.group(3)) / int(m.group(2)) for m in found}
        found = filter(None, map(LATENESS.match, run.lines))
        self.late = {m.group(1): [int(ns) for ns in m.groups()[1:]] for m in found}
        self.whole = is_whole(run)


def is_whole(run):
    return any(line.startswith("END ") for line in run.lines)


class GuestSuite:
    sides = ("xen", "ours")

    def run(self, on, icount):
        return self.run_case("bench", None, on, icount)

    @staticmethod
    def run_case(guest, case, on, icount):
        test = GuestTest(guest, case, os.path.join(GUESTS, guest, f"run.{case}" if case else "run"))
        test.keys["ICOUNT"] = icount
        test.prepare()
        return run_test(test, on, icount)


class NarrowSuite:
    """A 32-bit guest, which no Xen of Debian's runs: beside the 64-bit one's rows on ours."""

    sides = ("ours",)

    def run(self, on, icount):
        return GuestSuite.run_case("bench-32", None, on, icount)


class IoSuite:
    """Rows of several guests; whole is what each of them ended."""

    sides = ("xen", "ours")
    guests = ("vif", "web", "block-backend", "block-files")

    def run(self, on, icount):
        runs = [GuestSuite.run_case(guest, "bench", on, icount) for guest in self.guests]
        if not all(map(is_whole, runs)):
            return next(run for run in runs if not is_whole(run))
        runs[0].lines = [line for run in runs for line in run.lines]
        return runs[0]


class LinuxSuite:
    sides = ("xen", "ours", "bare")
    memory, seconds = 512, 300

    def __init__(self):
        self.kernel = debian.find_file("linux-image-6.1.*", "boot/vmlinuz-*", "linux-image-amd64")
        program = initramfs.compile_static(LINUX_INIT)
        self.initrd = initramfs.make(os.path.join(BUILD, "initramfs-bench"), program)

    def run(self, on, icount):
        if on == "bare":
            return self.run_bare(icount)
        test = GuestTest("bench-linux", None, None)
        test.kernel, test.initrd = self.kernel, self.initrd
        test.keys.update(
            ICOUNT=icount, ARGS=LINUX_CONSOLE[on], HV_ARGS="first=guest", XEN_ARGS="",
            MEM=str(self.memory), TIMEOUT=str(self.seconds),
        )  # fmt: skip
        return run_test(test, on, icount)

    def run_bare(self, icount):
        command = machine.bare_command(
            self.kernel, LINUX_CONSOLE["bare"], self.initrd, self.memory, 1, icount
        )
        kept = os.path.join(CACHE, "oracle", content_hash([*command, ("file", self.initrd)]) + ".json")
        run = recall(kept) if icount else None
        if not run:
            run = machine.run_watched(command, os.path.join(LOGS, "bench-linux.bare.log"), self.seconds)
            if icount:
                remember(run, kept)
        return run


SUITES = {"guest": GuestSuite, "narrow": NarrowSuite, "linux": LinuxSuite, "io": IoSuite}


def run_test(test, on, icount):
    """Instruction counts repeat and may be recalled; ticks are only worth what is run now."""
    if on == "ours":
        return test.run_ours("release")
    return test.recall_xen() if icount else test.run_xen()


def run_side(suite, on, unit):
    run = suite.run(on, UNITS[unit])
    side = Side(run)
    ended = "" if side.whole else f"; {run.describe_end()}, no END line"
    print(f"{on}, {unit}: {len(side.rows)} rows{ended}", flush=True)
    return side


def measure(name):
    """{(where, unit): Side}. Counts of two at once, for they do not disturb each other; then ticks, alone."""
    os.makedirs(LOGS, exist_ok=True)
    suite = SUITES[name]()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = {on: pool.submit(run_side, suite, on, "insns") for on in suite.sides}
        sides = {(on, "insns"): job.result() for on, job in jobs.items()}
    for on in suite.sides:
        sides[on, "ticks"] = run_side(suite, on, "ticks")
    return sides
