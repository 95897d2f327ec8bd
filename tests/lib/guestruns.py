"""Guest tests: one small kernel each, run on our release build, our debug build and Debian's Xen.

A folder tests/guests/NAME is the test NAME; its kernel is build/guests/NAME. How it is run stands in
its file `run` (defaults if there is none); more files `run.CASE` are further runs, NAME.CASE. Lines
are KEY=VALUE:

    IMAGE=NAME          another kernel of build/guests, or a file (with a `/`, from the top folder);
                        `none`: no module at all
    INITRD=FILE  ARGS=  the second module (from the top folder); the kernel's command line
    HV_ARGS=            the hypervisor's command line, Xen's too unless XEN_ARGS= is given
    MEM=  CPUS=  CPU=   the machine: MiB (512), CPUs (1), added to QEMU's CPU model (`,-nx`)
    DEVICES=            QEMU devices added to the machine, as for -device, with spaces between
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
                        when a line of the output matches: bytes for the serial line (escapes as in
                        C), or N NMIs, one now and one at each further line. Steps come in order;
                        one without a regex follows as soon as the step before is done
    LONG=yes            only in `make test-long`
    PREEMPT=yes         in `make test` a third time, as `make test-long` does with all: the debug
                        build with preempt=1, which interrupts calls wherever they can be
    TEST=no             not a test (the bench)

Runs of the oracle are kept in build/cache/oracle under a hash of all that went in.
"""

import json
import os
import re

from answers import Answers, compare, compare_lines, same_lines
from harness import image, machine, oracle
from harness.common import BUILD, CACHE, TOP, Complaint, content_hash

GUESTS = os.path.join(TOP, "tests", "guests")
LOGS = os.path.join(BUILD, "logs")
ORACLE_CACHE = os.path.join(CACHE, "oracle")
ORACLE_RECIPE = "1"  # change it when runs of Xen are made or kept differently
MANY = ("EXPECT_LOG", "XEN_LOG", "STEP")
DEFAULTS = {
    "IMAGE": None, "INITRD": None, "ARGS": "", "HV_ARGS": "", "XEN_ARGS": None, "MEM": "512",
    "CPUS": "1", "CPU": "", "DEVICES": "", "TIMEOUT": "60", "ICOUNT": None, "ORACLE": "yes", "LINES": None,
    "SUCCESS": None, "DIES": "no", "EXPECT_LOG": [], "XEN_LOG": [], "END": None, "LONG": "no", "TEST": "yes",
    "STEP": [], "PREEMPT": "no", "TWICE": "no",
}  # fmt: skip


class GuestTest:
    def __init__(self, folder, case, path):
        self.folder = folder
        self.name = f"{folder}.{case}" if case else folder
        self.keys = dict(DEFAULTS, **{key: [] for key in MANY})
        if path:
            self.read(path)
        kernel = self["IMAGE"] or folder
        place = TOP if "/" in kernel else os.path.join(BUILD, "guests")
        self.kernel = None if kernel == "none" else os.path.join(place, kernel)
        self.initrd = os.path.join(TOP, self["INITRD"]) if self["INITRD"] else None
        self.dies = self["DIES"] == "yes"

    def __getitem__(self, key):
        return self.keys[key]

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
        answer, _, reason = self["ORACLE"].partition(":")
        if answer == "no" and not reason.strip():
            raise Complaint(f"{self.name}: ORACLE=no needs a reason: `ORACLE=no: why`")
        return reason.strip() if answer == "no" else None

    def run(self, on, hypervisor, hv_args, log):
        iso = image.find_or_make(hypervisor, hv_args, self.kernel, self["ARGS"], self.initrd)
        icount = None if self["ICOUNT"] is None else int(self["ICOUNT"])
        devices = self["DEVICES"].split()
        command = machine.qemu_command(
            on, iso, int(self["MEM"]), int(self["CPUS"]), icount, cpu=self["CPU"], devices=devices
        )
        return machine.run_watched(command, log, float(self["TIMEOUT"]), script=self["STEP"])

    def run_ours(self, build):
        """build: release, debug, or preempt: debug, interrupted."""
        folder = BUILD if build == "release" else os.path.join(BUILD, "debug")
        log = os.path.join(LOGS, f"{self.name}.{build}.log")
        hv_args = f"{machine.OURS_ARGS} {self['HV_ARGS']}{' preempt=1' if build == 'preempt' else ''}"
        return self.run("ours", os.path.join(folder, "xen-like"), hv_args, log)

    def xen_args(self):
        return self["HV_ARGS"] if self["XEN_ARGS"] is None else self["XEN_ARGS"]

    def run_xen(self):
        log = os.path.join(LOGS, f"{self.name}.xen.log")
        return self.run("xen", oracle.ensure(), f"{oracle.BOOT_ARGS} {self.xen_args()}", log)

    def recall_xen(self):
        """The oracle's run, from the cache if it has been made."""
        xen, args = oracle.ensure(), self.xen_args()
        parts = [ORACLE_RECIPE, args, machine.CPU_MODEL["xen"], ("file", xen)]
        parts += [str(self[key]) for key in ("ARGS", "MEM", "CPUS", "CPU", "ICOUNT")]
        parts += self["STEP"] + self["DEVICES"].split()
        parts += [("file", path) for path in (self.kernel, self.initrd) if path]
        kept = os.path.join(ORACLE_CACHE, content_hash(parts) + ".json")
        run = recall(kept)
        if not run:
            run = self.run_xen()
            remember(run, kept)
        return run


def recall(path):
    if not os.path.exists(path):
        return None
    run = machine.Run()
    with open(path) as stream:
        vars(run).update(json.load(stream))
    os.utime(path)
    return run


def remember(run, path):
    """Keep a run, unless the watchdog cut it short: that may be a slow machine's doing."""
    if run.end == "watchdog":
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.{os.getpid()}", "w") as stream:
        json.dump(vars(run), stream)
    os.replace(f"{path}.{os.getpid()}", path)
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


def log_failures(patterns, lines):
    for pattern in patterns:
        if not any(re.search(pattern, line) for line in lines):
            yield f"no line of the log matches /{pattern}/"


def end_failures(test, run, answers):
    """What is wrong with the way a run of ours ended."""
    last = run.lines[-1] if run.lines else "(nothing)"
    if test.dies or test["END"]:
        if run.end in ("triple-fault", "watchdog") or test["END"] not in (None, run.end):
            yield f"{run.describe_end()}; last line: {last}"
    elif run.end != "off":
        yield f"{run.describe_end()}; last line: {last}"
    if test["SUCCESS"]:
        yield from log_failures([test["SUCCESS"]], run.lines)
    elif not test.dies and answers.ended is None and run.end == "off":
        yield f"no END line; last line: {last}"


def xen_failures(test, xen, answers):
    if xen.end not in ("halted", "off", "reset"):
        yield f"on Xen: {xen.describe_end()}; last line: {xen.lines[-1] if xen.lines else ''}"
    elif not test.dies and not test["SUCCESS"] and answers.ended is None:
        yield "on Xen: no END line"
    for failure in log_failures(test["XEN_LOG"], xen.lines):
        yield f"on Xen: {failure}"


def audit_failures(build, lines):
    """A debug build counts a domain's references again when it ends, and says what it found."""
    audits = [line for line in lines if "audit of domain" in line]
    for line in audits:
        if not line.endswith(": clean"):
            yield line
    ended = any(re.search(r"Domain \d+ (shutdown|crashed)", line) for line in lines)
    if build != "release" and ended and not audits:
        yield "the domain ended without an audit of its counts"


PATH_LIMIT = 100_000


def path_failures(test, build, lines):
    """Where time is counted in instructions, what a debug build says of its longest path."""
    if build != "debug" or test["ICOUNT"] != "0":
        return
    found = [re.search(r"longest path without a preemption point: (\d+) ticks.*", line) for line in lines]
    found = [match for match in found if match]
    if not found:
        yield "the domain ended without a word on the longest path"
    for match in found:
        if int(match.group(1)) > PATH_LIMIT:
            yield f"{match.group(0)}: more than {PATH_LIMIT} instructions"


def judge_ours(test, build, run, xen, allowed, tally):
    """Count the rows of one run of ours; answers the words of the progress line."""
    answers = Answers(run.lines)
    theirs = Answers(xen.lines) if xen else None
    agree, wrong = compare(answers, theirs, allowed)
    failures = list(end_failures(test, run, answers))
    failures += log_failures(test["EXPECT_LOG"], run.lines)
    failures += audit_failures(build, run.lines)
    failures += path_failures(test, build, run.lines)
    if test["LINES"] and xen:
        difference = compare_lines(run.lines, xen.lines)
        failures += [difference] if difference else []
    where = f"guests/{test.name}"
    if run.end in ("watchdog", "triple-fault") and theirs:
        # It broke off: that is one failure, not one for every row which it did not reach.
        wrong = [(name, why) for name, why in wrong if name in answers.rows]
    for name, why in wrong:
        tally.fail(f"{where} {name} [{build}]", why)
    for why in failures:
        tally.fail(f"{where} [{build}]", f"{why} (build/logs/{test.name}.{build}.log)")
    # Without Xen's answers a row that nobody judged has not passed. The run itself counts as one.
    tally.add((agree if xen else 0) + (0 if failures else 1))
    count = len(wrong) + len(failures)
    return f"{build} {f'{count} WRONG' if count else 'ok'}"


def judge_again(test, build, first, tally):
    """The same once more: what depends on nothing but the guest's own time is the same again."""
    difference = same_lines(first.lines, test.run_ours(build).lines)
    if difference:
        tally.fail(f"guests/{test.name} [{build}, again]", difference)
    else:
        tally.add(1)


def run_test(test, allowed, long, tally):
    """One guest on all of them; everything that comes out goes to the tally."""
    if test.kernel and not os.path.exists(test.kernel):
        tally.fail(f"guests/{test.name}", f"{os.path.relpath(test.kernel, TOP)} was not built")
        return
    os.makedirs(LOGS, exist_ok=True)
    reason = test.no_oracle()
    xen = None if reason else test.recall_xen()
    words = []
    if xen:
        failures = list(xen_failures(test, xen, Answers(xen.lines)))
        for why in failures:
            tally.fail(f"guests/{test.name}", why)
        words.append("xen WRONG" if failures else "xen ok")
    else:
        words.append(f"xen not asked ({reason})")
    rows = 0
    for build in ["release", "debug"] + ["preempt"] * (long or test["PREEMPT"] == "yes"):
        run = test.run_ours(build)
        rows = max(rows, len(Answers(run.lines).rows))
        words.append(judge_ours(test, build, run, xen, allowed, tally))
        if test["TWICE"] == "yes":
            judge_again(test, build, run, tally)
    tally.say(f"guests/{test.name}: {rows} rows: {', '.join(words)}")
