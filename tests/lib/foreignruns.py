"""Kernels from Debian's archive, run on ours and on Debian's Xen, and how far they come.

A file tests/foreign/NAME is the test foreign/NAME, made of lines KEY=VALUE:

    PACKAGE=NAME        where the kernel is; VIA= a package that depends on it, if it ends in `*`
    FILE=PATTERN        the kernel in the package: an ELF file or a bzImage that xz packed
    ARGS=  HV_ARGS=     the kernel's command line; added to the hypervisor's
    DIES=yes            the kernel dies, of the same exception at the same place
    STOP=REGEX WRITES=N it is stopped at that line, its Nth write to the console
    USERLAND=yes        it is given tests/userland as its initrd, runs it to the end and switches off;
                        what that writes must be what it writes on Xen
    FIRST=guest         on ours it is a lone guest (docs/lone-guest.md), on Xen the first domain
    CPUS=N              of the machine (1)
    LONG=yes            only in `make test-long`
    DEBUG=long          the debug build only there
    ORACLE=no: REASON   Xen is not asked. Instead:
    EXPECT=REGEX        a line that it must print; several must come in their order
    STEP=REGEX =>> type TEXT    as of a guest test (guestruns.py); may be given several times
    DIFFERS=CALL OURS XEN # WHY    an answer (`-`: no such call) that may differ, and must

Without USERLAND all hypercalls and their answers are compared (foreigncalls.py). Runs of Xen are kept
like those of guest tests.
"""

import lzma
import os
import re
import struct

import foreigncalls
import guestruns
from harness import debian, image, initramfs, machine, oracle
from harness.common import BUILD, CACHE, TOP, Complaint, content_hash, part_of

FOREIGN = os.path.join(TOP, "tests", "foreign")
KERNELS = os.path.join(CACHE, "kernels")
WATCHDOG_SECONDS = 60
ORACLE_TRIES = 3
RECIPE = "1"  # change it when runs of Xen are made or kept differently
USERLAND_SECONDS = 400  # on a machine that does other things, too
USERLAND_STEPS = [r"^userland: type a word => type hello\n"]
USERLAND_LINE = re.compile(r"^userland: .*")
DRIVER_LINE = re.compile(r"^(userland|driver): .*")  # of a kernel that has the machine's devices
KEYS = (
    "PACKAGE", "VIA", "FILE", "ARGS", "HV_ARGS", "DIES", "STOP", "WRITES", "LONG", "USERLAND", "FIRST",
    "CPUS", "ORACLE", "DEBUG",
)  # fmt: skip
MANY = ("EXPECT", "STEP")

# What is told of a dead kernel: ours and Xen's way to say the same.
DEATH = {
    "rip": (r"\brip ([0-9a-f]+) ", r"RIP: .*\[<([0-9a-f]+)>\]"),
    "rflags": (r"\brflags ([0-9a-f]+)", r"RFLAGS: ([0-9a-f]+)"),
    "vector": (r"\bvector (\d+)", r"Unhandled: vec (\d+),"),
}


class ForeignTest:
    def __init__(self, name, path):
        self.name = name
        self.keys = dict(dict.fromkeys(KEYS, ""), **{key: [] for key in MANY})
        self.differs = []
        with open(path) as stream:
            for line in stream:
                key, _, value = line.rstrip("\n").partition("=")
                if key == "DIFFERS":
                    self.differs.append(tuple(value.partition(" #")[0].split()))
                elif key in MANY:
                    self.keys[key].append(value)
                elif key in KEYS:
                    self.keys[key] = value
                elif line.strip() and not line.startswith("#"):
                    raise Complaint(f"{os.path.relpath(path)}: no such key: {key}")

    def __getitem__(self, key):
        return self.keys[key]

    def kernel(self):
        """The path of its ELF file, or of the file as it comes if nobody looks inside."""
        path = debian.find_file(self["PACKAGE"], self["FILE"], self["VIA"] or None)
        if self["USERLAND"]:
            return path
        with open(path, "rb") as stream:
            data = stream.read()
        return path if data.startswith(b"\x7fELF") else unpack_kernel(path, data)

    def run_userland(self, on, hypervisor, hv_args, kernel, log):
        iso = image.find_or_make(hypervisor, hv_args, kernel, self["ARGS"], initramfs.ensure())
        command = machine.qemu_command(on, iso, machine.MEMORY_MIB, int(self["CPUS"] or 1))
        return machine.run_watched(command, log, USERLAND_SECONDS, script=USERLAND_STEPS)

    def run_expected(self, hypervisor, hv_args, kernel, log):
        iso = image.find_or_make(hypervisor, hv_args, kernel, self["ARGS"])
        command = machine.qemu_command("ours", iso, machine.MEMORY_MIB, int(self["CPUS"] or 1))
        return machine.run_watched(command, log, WATCHDOG_SECONDS, script=self["STEP"])

    def run(self, on, hypervisor, hv_args, kernel, log):
        if self["USERLAND"]:
            return self.run_userland(on, hypervisor, f"{hv_args} {self['HV_ARGS']}", kernel, log)
        if self["ORACLE"]:
            return self.run_expected(hypervisor, f"{hv_args} {self['HV_ARGS']}", kernel, log)
        with open(kernel, "rb") as stream:
            stubs = foreigncalls.find_stubs(stream.read())
        iso = image.find_or_make(hypervisor, f"{hv_args} {self['HV_ARGS']}", kernel, self["ARGS"])
        stop = re.compile(self["STOP"]) if self["STOP"] else None
        command = machine.qemu_command(on, iso, machine.MEMORY_MIB, int(self["CPUS"] or 1))
        watched = foreigncalls.watched_ranges(stubs)
        run = machine.run_watched(command, log, WATCHDOG_SECONDS, success=stop, watched=watched)
        with open(log + ".qemu", errors="replace") as stream:
            calls = foreigncalls.read_calls(stream, stubs)
        os.unlink(log + ".qemu")
        if self["WRITES"]:
            calls = foreigncalls.cut_at_write(calls, int(self["WRITES"]))
        run.calls = [list(call) for call in calls]  # as JSON has them
        return run

    def run_ours(self, build, kernel):
        folder = BUILD if build == "release" else os.path.join(BUILD, "debug")
        log = os.path.join(guestruns.LOGS, f"foreign.{self.name}.{build}.log")
        hv_args = machine.OURS_ARGS + (" first=guest" if self["FIRST"] == "guest" else "")
        return self.run("ours", os.path.join(folder, "xen-like"), hv_args, kernel, log)

    def kept_xen(self, kernel):
        told = [key for key in KEYS if key != "DEBUG" and (key not in ("CPUS", "ORACLE") or self[key])]
        xen, keys = oracle.ensure(), [self[key] for key in told]
        parts = [RECIPE, oracle.BOOT_ARGS, machine.CPU_MODEL["xen"], *keys, ("file", xen), ("file", kernel)]
        parts += [("file", initramfs.ensure())] if self["USERLAND"] else []
        return os.path.join(guestruns.ORACLE_CACHE, content_hash(parts) + ".json")

    def recall_xen(self, kernel):
        kept = self.kept_xen(kernel)
        run = guestruns.recall(kept)
        if not run:
            run, sure = self.ask_xen(kernel)
            if sure:
                guestruns.remember(run, kept)
        return run

    def ask_xen(self, kernel):
        """A run of Xen, and whether it is an answer: on a machine with much else to do it may miss a time."""
        log = os.path.join(guestruns.LOGS, f"foreign.{self.name}.xen.log")
        for _ in range(ORACLE_TRIES):
            run = self.run("xen", oracle.ensure(), oracle.BOOT_ARGS, kernel, log)
            if not any(xen_failures(self, run)):
                return run, True
        return run, False

    def settle_xen(self, kernel, first, against):
        return guestruns.settle(first, lambda: self.ask_xen(kernel), against, self.kept_xen(kernel))


def unpack_kernel(path, data):
    """The ELF file in a bzImage (the payload's place is in its boot protocol header)."""
    out = os.path.join(KERNELS, os.path.basename(path) + ".elf")
    if os.path.exists(out):
        return out
    offset, length = struct.unpack_from("<II", data, 0x248)
    offset += (data[0x1F1] + 1) * 512
    try:
        elf = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(data[offset : offset + length])
    except lzma.LZMAError:
        raise Complaint(f"{path} is neither an ELF file nor a bzImage that xz packed")
    os.makedirs(KERNELS, exist_ok=True)
    with open(part_of(out), "wb") as stream:
        stream.write(elf)
    os.replace(part_of(out), out)
    return out


def find_tests():
    names = sorted(name for name in os.listdir(FOREIGN) if "." not in name)
    return [ForeignTest(name, os.path.join(FOREIGN, name)) for name in names]


def death_of(lines, side):
    """{what: value} as the report of a crash has it; side: 0 ours, 1 Xen."""
    text = "\n".join(lines)
    found = {what: re.search(patterns[side], text) for what, patterns in DEATH.items()}
    return {what: match and match.group(1).lstrip("0") for what, match in found.items()}


def userland_lines(test, run):
    pattern = USERLAND_LINE if test["FIRST"] else DRIVER_LINE
    return [line for line in run.lines if pattern.match(line)]


def judge_userland(test, run, xen):
    """What is wrong with the lines of a user space, each of which says that something works."""
    ours, theirs = userland_lines(test, run), userland_lines(test, xen)
    yield from (f"not written: {line}" for line in theirs if line not in ours)
    yield from (f"not written on Xen: {line}" for line in ours if line not in theirs)
    if run.end != "off":
        yield run.describe_end()


def xen_failures(test, xen):
    """Why a run of Xen's is no answer, as texts."""
    if test["USERLAND"]:
        if userland_lines(test, xen)[-1:] != ["userland: end"]:
            yield "on Xen it did not come to its end"
    elif not xen.calls:
        yield "no call of it was seen on Xen"
    elif test["DIES"]:
        if None in death_of(xen.lines, 1).values():
            yield "on Xen it did not die"
    elif xen.end != "matched":
        yield f"on Xen: {xen.describe_end()} before it wrote what STOP says"


def judge(test, build, run, xen):
    """What is wrong with a run of ours, as texts."""
    yield from guestruns.audit_failures(build, run.lines)
    if test["ORACLE"]:
        yield from judge_expected(test["EXPECT"], run)
        return
    no_answer = list(xen_failures(test, xen))
    yield from no_answer or (judge_userland(test, run, xen) if test["USERLAND"] else judge_calls(test, run, xen))


def judge_expected(wanted, run):
    """What was to be printed and was not, each behind the one before."""
    lines = iter(run.lines)
    for pattern in wanted:
        if not any(re.search(pattern, line) for line in lines):
            yield f"no line, behind those before it, is {pattern}; {run.describe_end()}"
            return


def judge_calls(test, run, xen):
    differences = foreigncalls.call_differences(
        [tuple(call) for call in run.calls], [tuple(call) for call in xen.calls]
    )
    for call, ours, theirs in differences:
        if (call, ours, theirs) not in test.differs:
            yield f"{call}: ours {ours}, Xen {theirs}"
    for entry in test.differs:
        if entry not in differences:
            yield f"nothing differs as its DIFFERS says: {' '.join(entry)}"
    if test["DIES"]:
        ours, theirs = death_of(run.lines, 0), death_of(xen.lines, 1)
        if ours != theirs or None in ours.values():
            yield f"it died otherwise: ours {ours}, Xen {theirs}"
    elif run.end != "matched":
        yield f"{run.describe_end()} before it wrote what STOP says"


def run_test(test, long, tally):
    os.makedirs(guestruns.LOGS, exist_ok=True)
    kernel = test.kernel()
    xen = None if test["ORACLE"] else test.recall_xen(kernel)
    for build in ("release", "debug") if long or test["DEBUG"] != "long" else ("release",):
        run = test.run_ours(build, kernel)
        against = lambda xen: list(judge(test, build, run, xen))  # noqa: E731, B023
        if xen and against(xen):
            xen = test.settle_xen(kernel, xen, against)
        failures = against(xen)
        for why in failures:
            tally.fail(f"foreign/{test.name} [{build}]", f"{why} (build/logs/foreign.{test.name}.{build}.log)")
        tally.add(0 if failures else 1)
    if test["ORACLE"]:
        tally.say(f"foreign/{test.name}: {len(test['EXPECT'])} lines as expected")
        return
    lines = test["USERLAND"] and len(userland_lines(test, xen))
    told = f"{lines} lines" if lines else f"{len(xen.calls)} calls"
    tally.say(f"foreign/{test.name}: {told} compared")
