"""The one owner of QEMU's command line, and of a running machine's end.

A run has three ends: the machine switches itself off (QEMU leaves), the hypervisor says that it has
halted (Debian's Xen cannot power off by itself: its halt after a power-off counts as one), or the watchdog expires. QEMU is always ended by
its own process id, and dies with us should we be killed. Why QEMU left is asked over QMP, because
its exit status is the same for a power-off and for a reset; a triple fault is a reset that the
emulator's own log calls by name.

Determinism: with icount every guest instruction advances the clock by 2^shift ns and nothing else
does, so that a run repeats exactly.
"""

import contextlib
import ctypes
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time

from harness.common import Complaint

QEMU = "qemu-system-x86_64"
WATCHDOG_SECONDS = 60
MEMORY_MIB = 512
LARGE_MIB = 16384

# SMAP makes the emulator see faults that no hardware has (docs/design.md), wherever a kernel runs in
# ring 3. Our hypervisor leaves it off by itself under TCG and so is given the whole CPU.
# A kernel on the bare machine gets what one on Xen gets.
CPU_MODEL = {"ours": "max", "xen": "max,-smap", "bare": "max,-smap"}

# What ours is told on every boot; Xen's counterpart is in oracle.py.
OURS_ARGS = "com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all"

# After one of these lines a hypervisor does nothing more. The first is Xen's way to power off.
POWERED_OFF = re.compile(r"Hardware Dom0 halted: halting machine")
HALTED = re.compile(r"Manual reset required|not rebooting|The machine is halted")
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[c()][0-9A-B]?|[\r\x00\x07\x08]|\x1b\[?[0-9;?]*$")
ESCAPE_KEY = ord("t") & 0x1F  # of the emulator, on a terminal
DRAIN_SECONDS = 0.05  # what is still in the pipe after QEMU has left or the halt line was seen


class Run:
    """What a run left behind."""

    def __init__(self):
        self.lines = []
        self.end = "running"  # off, reset, triple-fault, halted, exit:N, watchdog, matched
        self.status = None  # QEMU's exit status
        self.cause = None  # what QEMU told to have ended it, of its ShutdownCause
        self.seconds = 0.0
        self.wrong = []  # what looking at its disks and log has found
        self.settled = False  # an answer of Xen's that came twice (tests/lib/guestruns.py)

    def describe_end(self):
        told = {
            "off": "the machine powered off",
            "reset": "the machine was reset",
            "triple-fault": "the CPU took a triple fault",
            "halted": "the hypervisor halted",
            "watchdog": f"no end within {self.seconds:.0f} s",
        }
        return told.get(self.end, f"QEMU ended with status {self.status}, for {self.cause or 'no reason that it told'}")


NULL_DISK = "null:"


def qemu_command(
    on, iso, memory, cpus, icount=None, gdb=None, cpu="", devices=(), disks=(), network=None, virtio="", shared=None
):
    """icount: a shift; gdb: a port, and the machine waits; cpu: added to the CPU's model; disks: raw
    images, which are written; network: a network.Network; virtio: properties of the devices of both;
    shared: a guestmemory.GuestMemory, which is then the machine's."""
    command = machine_command(CPU_MODEL[on] + cpu, memory, cpus, icount) + ["-cdrom", iso, "-boot", "d"]
    command += shared.words() if shared else []
    command += [word for device in devices for word in ("-device", device)]
    words = [word for number, disk in enumerate(disks) for word in disk_words(number, disk)]
    words += network.words() if network else []
    command += [f"{word},{virtio}" if virtio and word.startswith("virtio-") else word for word in words]
    if gdb is not None:
        command += ["-S", "-gdb", f"tcp:127.0.0.1:{gdb}"]
    return command


def disk_words(number, path):
    """A disk with its cache on: what has been flushed is kept, what was not may be lost. A path null:SIZE
    is a disk that keeps nothing and answers at once."""
    drive = f"file={path.replace(',', ',,')},format=raw,cache=writeback,discard=unmap"
    if path.startswith(NULL_DISK):
        drive = f"driver=null-co,size={path.removeprefix(NULL_DISK)},read-zeroes=on"
    drive += f",if=none,id=disk{number}"
    return ["-drive", drive, "-device", f"virtio-blk-pci,drive=disk{number},disable-legacy=on"]


def bare_command(kernel, args, initrd, memory, cpus, icount=None):
    """The same machine without a hypervisor: the emulator itself loads the kernel, a bzImage."""
    return machine_command(CPU_MODEL["bare"], memory, cpus, icount) + [
        "-kernel", kernel, "-append", args, "-initrd", initrd
    ]  # fmt: skip


def machine_command(cpu, memory, cpus, icount):
    command = [QEMU, "-accel", "tcg,tb-size=16", "-cpu", cpu, "-m", str(memory)]
    if memory > LARGE_MIB:  # more than there is here, of which the machine will not touch most
        backend = f"memory-backend-ram,id=ram,size={memory}M,reserve=off"
        command += ["-object", backend, "-machine", "memory-backend=ram"]
    command += ["-smp", str(cpus), "-display", "none", "-vga", "std", "-no-reboot", "-net", "none"]
    command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if icount is not None:
        command += ["-icount", f"shift={icount},sleep=off", "-rtc", "base=2020-01-01,clock=vm"]
    return command


def die_with_parent():
    """In the child: should the harness be killed, the emulator goes too (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **options):
    try:
        return subprocess.Popen(command, preexec_fn=die_with_parent, **options)
    except FileNotFoundError:
        raise Complaint(f"{QEMU} is not installed; tools/need installs qemu-system-x86")


def run_interactive(command, log):
    """The machine on this terminal, until it ends; what its serial line says is in the file log, too. The
    emulator's own key is moved out of the way of the hypervisor's (and of every line editor's)."""
    os.makedirs(os.path.dirname(log) or ".", exist_ok=True)
    print("Ctrl-t x ends the machine, Ctrl-t h lists what else the emulator does.")
    print("Ctrl-a three times: keys go to the hypervisor (h lists them); three times again: back.", flush=True)
    terminal = f"stdio,id=terminal,mux=on,signal=off,logfile={log.replace(',', ',,')}"
    serial = ["-chardev", terminal, "-serial", "chardev:terminal", "-mon", "chardev=terminal,mode=readline"]
    machine = start(command + ["-echr", str(ESCAPE_KEY)] + serial)
    while True:
        try:
            return machine.wait()
        except KeyboardInterrupt:
            continue  # the terminal is raw: a stray SIGINT is QEMU's to handle


class Script:
    """What is done to a machine from outside, each step when a line of its output matches.

    A step is a pattern and an action: `type TEXT`, whose bytes go to the serial line (with C's
    escapes: `type \\x01`), or `nmi N`, which injects one now and one at each of the next N - 1 lines
    of output: in a burst most of them would be one; or `get PORT/PATH`, which asks the guest that PORT is
    forwarded to over HTTP: its answer comes as lines that begin with "(host) ".
    Steps are taken in order: a line is held against the first that is left, and starts all those
    that follow it and have no pattern of their own. With =>> in place of => the pattern is also held
    against a line that has no end yet: a prompt.
    """

    def __init__(self, steps):
        self.left = [self.parse(step) for step in steps]
        self.due = []

    @staticmethod
    def parse(step):
        pattern, arrow, action = (re.split("( =>>? )", step, maxsplit=1) + ["", ""])[:3]
        verb, _, rest = action.partition(" ")
        good = {"type": True, "nmi": rest.isdigit(), "get": re.match(r"\d+/", rest)}
        if not arrow or not good.get(verb):
            raise Complaint(f"not a step (REGEX => type TEXT, nmi N, or get PORT/PATH): {step}")
        whole = arrow == " => "
        if verb == "get":
            return pattern, verb, rest, whole
        if verb == "nmi":
            return pattern, verb, int(rest), whole
        return pattern, verb, rest.encode().decode("unicode_escape").encode("latin-1"), whole

    def see(self, line, whole=True):
        if self.left and (whole or not self.left[0][3]) and re.search(self.left[0][0], line):
            self.due.append(self.left.pop(0))
            while self.left and not self.left[0][0]:
                self.due.append(self.left.pop(0))


class Watched:
    """One QEMU whose serial output is read line by line, under a watchdog."""

    def __init__(self, command, log, on_line, success, watched=None, script=(), network=None):
        self.run = Run()
        self.network = network
        self.answers, self.answers_end = os.pipe()  # what was got from the guest over the network
        self.answers_lock, self.answers_open = threading.Lock(), True
        self.log = log
        self.on_line = on_line
        self.success = success
        self.partial = b""
        self.prompt = ""  # what it showed when it was last looked at
        self.events = b""
        self.halted_at = None
        ours, theirs = socket.socketpair()
        self.qmp = ours
        self.script = Script(script)
        self.nmis_left = 0
        self.nmi_under_way = False
        self.replays = any(",rr=replay," in word for word in command)
        self.trace = log + ".qemu"
        command = command + ["-serial", "stdio", "-D", self.trace]
        command += ["-d", "cpu_reset,cpu", "-dfilter", watched] if watched else ["-d", "cpu_reset"]
        command += ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control"]
        self.qemu = start(
            command,
            stdin=subprocess.PIPE if script else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        ours.sendall(b'{"execute": "qmp_capabilities"}\n')

    @staticmethod
    def readable(raw):
        return ESCAPES.sub(b"", raw).decode("utf-8", "replace")

    def take_output(self, data):
        self.partial += data
        *whole, self.partial = self.partial.split(b"\n")
        for raw in whole:
            self.take_line(self.readable(raw).rstrip())
        self.prompt_see(self.readable(self.partial), bool(whole))

    def take_line(self, line):
        self.run.lines.append(line)
        self.on_line(line)
        self.script.see(line)
        self.nmi_next()
        if POWERED_OFF.search(line):
            self.run.end = "off"
        elif HALTED.search(line):
            self.run.end = "halted"
        elif self.success and self.success.search(line):
            self.run.end = "matched"

    def prompt_see(self, prompt, is_new):
        """A line without an end is seen once, though it comes in pieces of which some show nothing."""
        if is_new or prompt != self.prompt:
            self.script.see(prompt, whole=False)
        self.prompt = prompt

    def take_events(self, data):
        self.events += data
        *whole, self.events = self.events.split(b"\n")
        for raw in whole:
            message = json.loads(raw)
            if message.get("event") == "SHUTDOWN":
                self.run.cause = message["data"]["reason"]
            elif message.get("id") == "nmi":
                self.nmi_under_way = False

    def nmi_next(self):
        if self.nmis_left and not self.nmi_under_way:
            self.nmis_left -= 1
            self.nmi_under_way = True
            self.qmp.sendall(b'{"execute": "inject-nmi", "id": "nmi"}\n')

    def act(self):
        """Take the steps that are due; the next waits until all NMIs of one have been injected."""
        while self.script.due and not self.nmis_left and not self.nmi_under_way:
            _, verb, what, _ = self.script.due.pop(0)
            if verb == "nmi":
                self.nmis_left = what
                self.nmi_next()
            elif verb == "get":
                threading.Thread(target=self.get, args=(what,), daemon=True).start()
            else:
                self.type_bytes(what)

    def get(self, what):
        """In a thread of its own: the machine goes on meanwhile."""
        port, _, path = what.partition("/")
        lines = self.network.get(int(port), "/" + path) if self.network else ["there is no network"]
        text = "".join(f"(host) {line}\n" for line in lines)
        with self.answers_lock:  # the number of a pipe that was closed may be another file's by now
            if self.answers_open:
                os.write(self.answers_end, text.encode())

    def type_bytes(self, what):
        try:
            os.write(self.qemu.stdin.fileno(), what)
        except BrokenPipeError:
            pass  # the machine has ended: that is judged elsewhere

    def poll(self, timeout):
        """Take what has arrived; answers whether the serial line is still open."""
        ready, _, _ = select.select([self.qemu.stdout, self.qmp, self.answers], [], [], timeout)
        if self.answers in ready:
            for line in os.read(self.answers, 65536).decode().splitlines():
                self.take_line(line)
        data = None
        if self.qemu.stdout in ready:
            data = os.read(self.qemu.stdout.fileno(), 65536)
            self.take_output(data)
        if self.qmp in ready:  # behind the output: lines that came beside an NMI's answer are older than it
            with contextlib.suppress(ConnectionResetError):  # it left without reading our greeting
                self.take_events(self.qmp.recv(65536))
        return data != b""

    def watch(self, seconds):
        begun = time.monotonic()
        try:
            while self.run.end == "running":
                left = begun + seconds - time.monotonic()
                if left <= 0:
                    self.run.end = "watchdog"
                elif not self.poll(left):
                    break
                self.act()
            self.run.seconds = time.monotonic() - begun
            self.finish()
        except BaseException:  # whoever listens has gone, or Ctrl-C: the machine must not outlive us
            self.qemu.kill()
            self.qemu.wait()
            raise
        return self.run

    def finish(self):
        """End QEMU if it has not left, and settle why the run ended."""
        if self.run.end != "running":
            self.qemu.kill()
        self.run.status = self.qemu.wait()
        while self.run.end != "watchdog" and self.poll(DRAIN_SECONDS) and self.qemu_output_left():
            pass
        if self.partial:
            self.take_output(b"\n")
        if self.run.end == "running":
            self.run.end = self.judge_exit()
        self.qemu.stdout.close()
        if self.qemu.stdin:
            self.qemu.stdin.close()
        self.qmp.close()
        with self.answers_lock:
            self.answers_open = False
            os.close(self.answers)
            os.close(self.answers_end)

    def qemu_output_left(self):
        return bool(select.select([self.qemu.stdout], [], [], 0)[0])

    def judge_exit(self):
        with open(self.trace, errors="replace") as stream:
            return "triple-fault" if "Triple fault" in stream.read() else end_of_exit(self.run, self.replays)


def end_of_exit(run, replays):
    """Why QEMU left by itself. A replay at the end of its recording leaves as if a signal had ended it, if
    it says why at all."""
    at_its_end = replays and run.status == 0 and run.cause in (None, "host-signal")
    if run.cause == "guest-shutdown" or at_its_end:
        return "off"
    return "reset" if run.cause == "guest-reset" else f"exit:{run.status}"


def run_watched(
    command,
    log,
    seconds=WATCHDOG_SECONDS,
    on_line=lambda line: None,
    success=None,
    watched=None,
    script=(),
    network=None,
):
    """Run to the end, writing the serial log to the file log.

    With success (a compiled pattern) the run may also end at the first matching line. With watched
    (ranges of addresses as QEMU's -dfilter takes them) the emulator writes the registers to
    log + ".qemu" each time that a block of code begins in one. script: steps of a Script; network: the
    one that the command was made with, for steps that need it.
    """
    os.makedirs(os.path.dirname(log) or ".", exist_ok=True)
    run = Watched(command, log, on_line, success, watched, script, network).watch(seconds)
    with open(log, "w") as stream:
        stream.write("\n".join(run.lines) + "\n")
    return run
