"""Guest tests: one small kernel each, run on our release build, our debug build and Debian's Xen.

A folder tests/guests/NAME is the test NAME; its kernel is build/guests/NAME. How it is run stands in
its file `run` (defaults if there is none); more files `run.CASE` are further runs, NAME.CASE. Lines
are KEY=VALUE:

    IMAGE=NAME          another kernel of build/guests, or a file (with a `/`, from the top folder);
                        `none`: no module at all; `linux`: Debian's
    INITRD=FILE  ARGS=  the second module (from the top folder, or made on demand: tools/harness/archive.py);
                        the kernel's command line
    FILES=              the second module is an archive of these files (words of tools/archive)
    HV_ARGS=            the hypervisor's command line, Xen's too unless XEN_ARGS= is given
    MEM=  CPUS=  CPU=   the machine: MiB (512), CPUs (1), added to QEMU's CPU model (`,-nx`)
    DEVICES=            QEMU devices added to the machine, as for -device, with spaces between
    DISK=WORDS          a disk (several: in their order), made anew for each run; words of tools/disk, or
                        null:SIZE: keeps nothing and answers at once
    NET=PORTS           a network card, and ports of the guest that `get` steps lead to: PORT or ADDRESS:PORT,
                        with blanks between; `NET=` with none
    SERVE=SIZE          a file `blob` and its sum `blob.sha256` are served by HTTP; or a FOLDER; DHCP's boot file says
                        where (tools/harness/network.py)
    TRACE=last|whole [pages=N] [mask=N]
                        runs of ours are recorded (docs/trace.md): what came last, or all. With TWICE, the records are the
                        same twice, too
    VIRTIO=             properties of the devices of DISK= and NET=, as for -device: vectors=0,event_idx=off
    CHECK=COMMAND       after each run, by the shell in the top folder: must succeed. $DISK is the first disk as the
                        run left it, $DISK2 the second, $LOG the serial log, $TRACE the trace (CHECK is for Xen's runs, too, which have none)
    TIMEOUT=  ICOUNT=   watchdog in seconds (60); QEMU's icount shift
    ORACLE=no: REASON   a question that Xen is not asked: only what is wanted is judged
    LINES=compare       every line the guest prints is compared, not only its rows; of lines that begin
                        with ~ all but the numbers
    TWICE=yes           each run of ours is made twice and must print the same, times included (ICOUNT)
    SUCCESS=REGEX       a line of the guest's must match; then no END line is needed
    DIES=yes            the guest ends without END line, and EXPECT_LOG says how
    EXPECT_LOG=REGEX    a line of our log must match (may be given several times)
    XEN_LOG=REGEX       likewise of Xen's
    END=off             how our machine ends: off, reset or halted (DIES: any but a triple fault)
    STEP=REGEX => type TEXT
    STEP=REGEX => nmi N
    STEP=REGEX => get PORT/PATH
                        when a line of the output matches: bytes for the serial line (escapes as in
                        C); N NMIs, one now and one at each further line; a page asked for over HTTP at a
                        port of NET=, whose answer comes as lines "(host) ...". Steps come in order; one without a regex follows as soon as the step before is done
    LONG=yes            only in `make test-long`
    PREEMPT=yes         in `make test` a third time, as `make test-long` does with all: the debug
                        build with preempt=1, which interrupts calls wherever they can be
    DEBUG=long          the debug build only in `make test-long`: it takes long, or another run of the guest has it
    BITS=both|32        the kernel is built and run in 32 bits, too, or only so. No Xen of Debian's runs such a guest: its
                        rows must be those of the 64-bit guest on ours, but for what tests/oracle/widths lists
    BITS=both-long      the 32-bit run only in `make test-long`
    TEST=no             not a test (the bench)

In `make test` the release build runs a guest in 32 bits, in `make test-long` both builds do. Runs of the oracle are kept in build/cache/oracle under a hash of all that went in.
"""

import contextlib
import copy
import json
import os
import re
import subprocess
import time

from answers import Answers, compare, compare_lines, same_lines
from harness import archive, disks, image, machine, network, oracle, traced
from harness import failures as failed_runs
from harness.common import BUILD, CACHE, TOP, Complaint, content_hash, part_of

GUESTS = os.path.join(TOP, "tests", "guests")
LOGS = os.path.join(BUILD, "logs")
ORACLE_CACHE = os.path.join(CACHE, "oracle")
ORACLE_TRIES = {"other": 3, "panic": 30}
ORACLE_RECIPE = "1"  # change it when runs of Xen are made or kept differently
MANY = ("EXPECT_LOG", "XEN_LOG", "STEP", "DISK", "CHECK")
DEFAULTS = {
    "IMAGE": None, "INITRD": None, "FILES": None, "ARGS": "", "HV_ARGS": "", "XEN_ARGS": None, "MEM": "512",
    "CPUS": "1", "CPU": "", "DEVICES": "", "TIMEOUT": "60", "ICOUNT": None, "ORACLE": "yes", "LINES": None,
    "SUCCESS": None, "DIES": "no", "EXPECT_LOG": [], "XEN_LOG": [], "END": None, "LONG": "no", "TEST": "yes",
    "STEP": [], "DISK": [], "CHECK": [], "NET": None, "SERVE": None, "VIRTIO": "", "PREEMPT": "no", "DEBUG": "yes", "TWICE": "no",
    "TRACE": None, "BITS": "64",
}  # fmt: skip


def is_null(words):
    return words.startswith(machine.NULL_DISK)


class GuestTest:
    def __init__(self, folder, case, path):
        self.folder = folder
        self.name = f"{folder}.{case}" if case else folder
        self.keys = dict(DEFAULTS, **{key: [] for key in MANY})
        if path:
            self.read(path)
        kernel = self["IMAGE"] or folder
        is_file = kernel not in ("none", *archive.MADE)
        self.kernel = self.kernel_of(kernel, "") if is_file else None
        self.kernel32 = self.kernel_of(kernel, "32") if is_file and self["BITS"] != "64" else None
        if self["BITS"] == "32":
            self.kernel = self.kernel32
        self.initrd = os.path.join(TOP, self["INITRD"]) if self["INITRD"] else None
        self.dies = self["DIES"] == "yes"
        if self["FILES"]:
            self.initrd = os.path.join(CACHE, "files", self.name + ".cpio")

    def __getitem__(self, key):
        return self.keys[key]

    @staticmethod
    def kernel_of(name, suffix):
        """dom0 is build/dom0 and build/dom0-32."""
        if "/" in name:
            return os.path.join(TOP, f"{name}-{suffix}" if suffix else name)
        return os.path.join(BUILD, f"guests{suffix}", name)

    def read(self, path):
        with open(path) as stream:
            lines = [line.rstrip("\n") for line in stream]
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            key, mark, value = line.partition("=")
            if not mark or key not in self.keys:
                raise Complaint(f"{os.path.relpath(path)}:{number}: no such key: {key}")
            if key in MANY:
                self.keys[key].append(value)
            else:
                self.keys[key] = value

    def no_oracle(self):
        """Why Xen is not asked, or None."""
        if self["BITS"] == "32":
            return "no Xen of Debian's runs 32-bit guests"
        answer, _, reason = self["ORACLE"].partition(":")
        if answer == "no" and not reason.strip():
            raise Complaint(f"{self.name}: ORACLE=no needs a reason: `ORACLE=no: why`")
        return reason.strip() if answer == "no" else None

    def runs_in_32(self, long):
        """Beside its runs in 64 bits."""
        return self["BITS"] == "both" or (long and self["BITS"] == "both-long")

    def run(self, on, hypervisor, hv_args, log, kept=None, kernel=None):
        """kept: a traced.TracedRun."""
        words = kept.words if kept else ""
        iso = image.find_or_make(hypervisor, hv_args + words, kernel or self.kernel, self["ARGS"], self.initrd)
        with self.devices_made(log) as (disks, net):
            command = machine.qemu_command(
                on, iso, int(self["MEM"]), int(self["CPUS"]), None if self["ICOUNT"] is None else int(self["ICOUNT"]),
                cpu=self["CPU"], devices=self["DEVICES"].split(), disks=disks, network=net,
                virtio=self["VIRTIO"], shared=kept.memory if kept else None,
            )  # fmt: skip
            run = machine.run_watched(
                command, log, float(self["TIMEOUT"]), kept.on_line if kept else lambda line: None,
                script=self["STEP"], network=net,
            )  # fmt: skip
            if kept:
                kept.finish(end=run.end, title=self.name)
            trace = kept.path if kept else ""
            run.wrong = [why for command in self["CHECK"] for why in check_run(command, disks, log, trace)]
        return run

    @contextlib.contextmanager
    def devices_made(self, log):
        """Fresh disks, and the network, for one run."""
        paths = [words if is_null(words) else f"{log}.disk{n}" for n, words in enumerate(self["DISK"])]
        try:
            for path, words in zip(paths, self["DISK"]):
                if not is_null(words):
                    disks.copy(disks.find_or_make(words.split()), path)
            if self["NET"] is None and not self["SERVE"]:
                yield paths, None
                return
            with network.Network([f"0={port}" for port in (self["NET"] or "").split()], self.served()) as net:
                yield paths, net
        finally:
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)

    def log_of(self, build):
        return os.path.join(LOGS, f"{self.name}.{build}.log")

    def run_ours(self, build, kept=None):
        """build: release, debug, or preempt: debug, interrupted. With -32: the 32-bit kernel."""
        folder = BUILD if build.startswith("release") else os.path.join(BUILD, "debug")
        kernel = self.kernel32 if build.endswith("-32") else self.kernel
        log = kept.path + ".log" if kept else self.log_of(build)
        hv_args = f"{machine.OURS_ARGS} {self['HV_ARGS']}{' preempt=1' if build == 'preempt' else ''}"
        with contextlib.ExitStack() as stack:
            if self["TRACE"] and not kept:
                kept = stack.enter_context(self.traced_run(log))
            return self.run("ours", os.path.join(folder, "xen-like"), hv_args, log, kept, kernel)

    def traced_run(self, log):
        how, *options = self["TRACE"].split()
        named = {key: int(value, 0) for key, _, value in (word.partition("=") for word in options)}
        return traced.TracedRun(log.removesuffix("log") + "trace", int(self["MEM"]), whole=how == "whole", **named)

    def xen_args(self):
        return self["HV_ARGS"] if self["XEN_ARGS"] is None else self["XEN_ARGS"]

    def run_xen(self):
        log = os.path.join(LOGS, f"{self.name}.xen.log")
        return self.run("xen", oracle.ensure(), f"{oracle.BOOT_ARGS} {self.xen_args()}", log)

    def served(self):
        return network.folder_of(self["SERVE"]) if self["SERVE"] else None

    def prepare(self):
        """What runs need that `make` has not made."""
        if self["IMAGE"] in archive.MADE:
            self.kernel = archive.MADE[self["IMAGE"]]()
        if self["INITRD"] in archive.MADE:
            self.initrd = archive.MADE[self["INITRD"]]()
        if self["FILES"]:
            archive.make_in_top(self.initrd, self["FILES"].split())

    def kept_xen(self):
        """Where the oracle's run is kept."""
        xen, args = oracle.ensure(), self.xen_args()
        parts = [ORACLE_RECIPE, args, machine.CPU_MODEL["xen"], ("file", xen)]
        parts += [str(self[key]) for key in ("ARGS", "MEM", "CPUS", "CPU", "ICOUNT")]
        parts += [self["VIRTIO"]] if self["VIRTIO"] else []
        parts += self["STEP"] + self["DEVICES"].split() + self["CHECK"]
        parts += [f"{key}={self[key]}" for key in ("NET", "SERVE") if self[key] is not None]
        for words in self["DISK"]:
            parts += [words if is_null(words) else ("file", disks.find_or_make(words.split()))]
        parts += [("file", path) for path in (self.kernel, self.initrd) if path]
        return os.path.join(ORACLE_CACHE, content_hash(parts) + ".json")

    def recall_xen(self):
        """The oracle's run, from the cache if it has been made."""
        kept = self.kept_xen()
        run = recall(kept)
        if not run:
            run, sure = self.ask_xen()
            if sure:
                remember(run, kept)
        return run

    def settle_xen(self, first, against):
        return settle(first, self.ask_xen, against, self.kept_xen())

    def builds(self, long):
        debug, preempt = long or self["DEBUG"] != "long", long or self["PREEMPT"] == "yes"
        return ["release"] + ["debug"] * debug + ["preempt"] * preempt

    def ask_xen(self):
        """A run of Xen, and whether it will be the same the next time. On a machine with much else to do,
        Xen or the guest may miss a time: what the guest did not expect or did not reach, and what the run
        would fail for, only counts when it comes twice in succession. A Xen that fell itself (its credit scheduler does, where CPUs change pools) has
        not answered."""
        before, left = None, dict(ORACLE_TRIES)
        while all(left.values()):
            run = self.run_xen()
            panic = any("Panic on CPU" in line for line in run.lines)
            answers = Answers(run.lines)
            doubts = [answers.wanted, list(xen_failures(self, run, answers))]
            doubts = "silent" if panic or run.end == "watchdog" else doubts
            if doubts == [{}, []] or doubts == before != "silent":
                return run, True
            left["panic" if panic else "other"] -= 1
            before = doubts
        return run, False


def settle(first, ask, against, kept):
    """Ours answers otherwise than Xen did, and Xen's answer may be of a moment when it missed a time: it only counts
    when it has come twice. against: what ours has against a run of Xen's. ask: for another, and whether that is sure."""
    if first.settled:
        return first
    told = [against(first)]
    for _ in range(2):
        run, sure = ask()
        if sure and against(run) in told:
            run.settled = True
            remember(run, kept)
            return run
        told += [against(run)] if sure else []
    return first  # Xen never said the same: that is for somebody to look at


def check_run(command, paths, log, trace=""):
    """What a CHECK= command has against a run."""
    names = ["DISK"] + [f"DISK{number}" for number in range(2, len(paths) + 1)]
    environment = dict(os.environ, LOG=log, TRACE=trace, **dict(zip(names, paths)))
    done = subprocess.run(command, shell=True, cwd=TOP, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        yield f"`{command}` failed{': ' + said[-1] if said else ''}"


def recall(path):
    if not os.path.exists(path):
        return None
    run = machine.Run()
    with open(path) as stream:
        vars(run).update(json.load(stream))
    os.utime(path)
    return run


def remember(run, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(part_of(path), "w") as stream:
        json.dump(vars(run), stream)
    os.replace(part_of(path), path)
    image.prune(os.path.dirname(path), 600)


def find_tests():
    """Every run of every folder of tests/guests, by name."""
    found = []
    for entry in sorted(os.scandir(GUESTS), key=lambda e: e.name):
        if not entry.is_dir():
            continue
        names = sorted(os.listdir(entry.path))
        runs = [n for n in names if n == "run" or n.startswith("run.")]
        if "run" not in runs and any(n.endswith((".c", ".asm")) for n in names):
            found.append(GuestTest(entry.name, None, None))
        for name in runs:
            found.append(GuestTest(entry.name, name[4:], os.path.join(entry.path, name)))
    return [test for test in found if test["TEST"] == "yes"]


LAST_LINES = 30


def log_failures(patterns, lines):
    for pattern in patterns:
        if not any(re.search(pattern, line) for line in lines):
            yield f"no line of the log matches /{pattern}/"


def last_lines(run):
    """The end of a run's log, for who sees what a test printed and nothing else of the machine."""
    return "".join(f"\n    | {line}" for line in run.lines[-LAST_LINES:] or ["(nothing)"])


def end_failures(test, run, answers):
    """What is wrong with the way a run of ours ended."""
    if test.dies or test["END"]:
        if run.end in ("triple-fault", "watchdog") or test["END"] not in (None, run.end):
            yield f"{run.describe_end()}; last lines:{last_lines(run)}"
    elif run.end != "off":
        yield f"{run.describe_end()}; last lines:{last_lines(run)}"
    if test["SUCCESS"]:
        yield from log_failures([test["SUCCESS"]], run.lines)
    elif not test.dies and answers.ended is None and run.end == "off":
        yield f"no END line; last lines:{last_lines(run)}"


def xen_failures(test, xen, answers):
    if xen.end not in ("halted", "off", "reset"):
        yield f"on Xen: {xen.describe_end()}; last line: {xen.lines[-1] if xen.lines else ''}"
    elif not test.dies and not test["SUCCESS"] and answers.ended is None:
        yield "on Xen: no END line"
    yield from (f"on Xen: {why}" for why in xen.wrong)
    for failure in log_failures(test["XEN_LOG"], xen.lines):
        yield f"on Xen: {failure}"


def audit_failures(build, lines):
    """A debug build counts a domain's references again when it ends, and says what it found."""
    audits = [line for line in lines if "audit of domain" in line]
    for line in audits:
        if not line.endswith(": clean"):
            yield line
    ended = any(re.search(r"Domain \d+ (shutdown|crashed)", line) for line in lines)
    if not build.startswith("release") and ended and not audits:
        yield "the domain ended without an audit of its counts"


PATH_LIMIT = 100_000


def path_failures(test, build, lines):
    """Where time is counted in instructions, what a debug build says of its longest path. On one CPU: of
    several, the others have their turns in the midst of it."""
    if build not in ("debug", "debug-32") or test["ICOUNT"] != "0" or int(test["CPUS"]) != 1:
        return
    found = [re.search(r"longest path without a preemption point: (\d+) ticks.*", line) for line in lines]
    found = [match for match in found if match]
    if not found:
        yield "the domain ended without a word on the longest path"
    for match in found:
        if int(match.group(1)) > PATH_LIMIT:
            yield f"{match.group(0)}: more than {PATH_LIMIT} instructions"


def differences_from(test, run, xen, allowed):
    """What tells a run of ours from one of Xen's."""
    found = compare(Answers(run.lines), Answers(xen.lines), allowed)[1]
    return found + ([compare_lines(run.lines, xen.lines)] if test["LINES"] else [])


def settled_xen(test, run, xen, allowed):
    """Xen's run, asked for again if ours differs from it. Entries of the list are only used by what is judged."""
    entries = [copy.copy(entry) for entry in allowed]
    against = lambda xen: differences_from(test, run, xen, entries)  # noqa: E731
    return test.settle_xen(xen, against) if any(against(xen)) else xen


def judge_ours(test, build, run, xen, allowed, tally, who="Xen"):
    """Count the rows of one run of ours; answers the words of the progress line. xen: the run that it must
    equal, who: what that is called."""
    answers = Answers(run.lines)
    theirs = Answers(xen.lines) if xen else None
    agree, wrong = compare(answers, theirs, allowed, who)
    failures = list(end_failures(test, run, answers))
    failures += log_failures(test["EXPECT_LOG"], run.lines)
    failures += run.wrong
    failures += audit_failures(build, run.lines)
    failures += path_failures(test, build, run.lines)
    if test["LINES"] and xen:
        difference = compare_lines(run.lines, xen.lines, who)
        failures += [difference] if difference else []
    where = f"guests/{test.name}"
    if run.end in ("watchdog", "triple-fault") and theirs:
        # It broke off: that is one failure, not one for every row which it did not reach.
        wrong = [(name, why) for name, why in wrong if name in answers.rows]
    for name, why in wrong:
        tally.fail(f"{where} {name} [{build}]", why)
    for why in failures:
        tally.fail(f"{where} [{build}]", f"{why} (build/logs/{test.name}.{build}.log)")
    run.judged = [f"{name}: {why}" for name, why in wrong] + failures
    # Without Xen's answers a row that nobody judged has not passed. The run itself counts as one.
    tally.add((agree if xen else 0) + (0 if failures else 1))
    count = len(wrong) + len(failures)
    return f"{build} {f'{count} WRONG' if count else 'ok'}"


def note_judged(test, build, run):
    """For `make why`. Tests run without a trace: it makes the run again."""
    name = f"guests/{test.name}.{build}"
    if run.judged:
        failed_runs.note(name, run.judged[0], kind="guest", test=test.name, build=build, log=test.log_of(build))
    else:
        failed_runs.forget(name)


def recorded_by(test, build):
    """The file that the last run of this build has left."""
    if not test["TRACE"]:
        return None
    with open(test.log_of(build).removesuffix("log") + "trace", "rb") as stream:
        return stream.read()


def judge_again(test, build, first, tally):
    """The same once more: what depends on nothing but the guest's own time is the same again."""
    difference = same_lines(first.lines, test.run_ours(build).lines)
    if not difference and first.recorded != recorded_by(test, build):
        difference = "the two traces differ"
    if difference:
        tally.fail(f"guests/{test.name} [{build}, again]", difference)
    else:
        tally.add(1)


def judge_32(test, wide, widths, long, tally):
    """The runs in 32 bits, against the release build's in 64; answers their words."""
    for build in ["release-32"] + ["debug-32"] * long:
        run = test.run_ours(build)
        yield judge_ours(test, build, run, wide, widths, tally, "in 64 bits")
        note_judged(test, build, run)


def run_test(test, allowed, widths, long, tally):
    """One guest on all of them; everything that comes out goes to the tally. allowed, widths: differences from Xen's
    answers, and from those in 64 bits."""
    kernels = [test.kernel] + [test.kernel32] * test.runs_in_32(long)
    for kernel in kernels:
        if kernel and not os.path.exists(kernel):
            tally.fail(f"guests/{test.name}", f"{os.path.relpath(kernel, TOP)} was not built")
            return
    os.makedirs(LOGS, exist_ok=True)
    began = time.monotonic()
    test.prepare()
    reason = test.no_oracle()
    xen = None if reason else test.recall_xen()
    words, rows, wide = [], 0, None
    for build in test.builds(long):
        run = test.run_ours(build)
        wide = wide or run
        rows = max(rows, len(Answers(run.lines).rows))
        xen = xen and settled_xen(test, run, xen, allowed)
        words.append(judge_ours(test, build, run, xen, allowed, tally))
        note_judged(test, build, run)
        run.recorded = recorded_by(test, build)
        if test["TWICE"] == "yes":
            judge_again(test, build, run, tally)
    failures = list(xen_failures(test, xen, Answers(xen.lines))) if xen else []
    for why in failures:
        tally.fail(f"guests/{test.name}", why)
    words.insert(0, f"xen not asked ({reason})" if reason else "xen WRONG" if failures else "xen ok")
    if test.runs_in_32(long):
        words += judge_32(test, wide, widths, long, tally)
    tally.say(f"guests/{test.name}: {rows} rows: {', '.join(words)} ({time.monotonic() - began:.0f} s)")
