"""A run with a disk and a network card is recorded, and happens again: the same lines, times included."""

import os
import subprocess
import tempfile
import unittest

from harness import machine, recorded
from harness.common import TOP, Complaint

DISK = "gpt fat:4M:dom0/configs/hello.txt"
RUN = [
    "tools/vm", "run", "--quiet", "--kernel", "build/dom0", "--initrd", "build/dom0.files",
    "--args", "demo create=mini.cfg", "--hv-args", "dom0_max_vcpus=1 dom0_mem=128M", "--net",
]  # fmt: skip


class Recorded(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_it(self, mode, disk):
        log = self.path(f"{mode}.log")
        limit = "240" if mode == "record" else "120"  # a replay that hangs is begun once more
        words = ["--timeout", limit, f"--{mode}", self.path("recording"), "--disk", disk, "--log", log]
        done = subprocess.run(RUN + words, cwd=TOP, capture_output=True, text=True)
        if "the recording cannot be replayed" in done.stderr:
            return None
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(log) as stream:
            return stream.read()

    def record_and_replay(self, disk):
        """The two logs. Of a recording whose track QEMU loses each time (recorded.py says why) another is made, once."""
        for _ in range(2):
            first, again = self.run_it("record", disk), self.run_it("replay", disk)
            if again:
                break
        return first, again

    def test_a_run_with_disk_and_network_happens_again(self):
        disk = self.path("disk")
        subprocess.run(["tools/disk", "make", "-o", disk] + DISK.split(), cwd=TOP, check=True)
        with open(disk, "rb") as stream:
            before = stream.read()
        first, again = self.record_and_replay(disk)
        self.assertRegex(first, r"mini powered off; [1-9]\d* requests to its disk")
        self.assertEqual(first, again)
        with open(disk, "rb") as stream:
            self.assertEqual(before, stream.read(), "the disk was written")

    def test_every_device_is_recorded(self):
        command = machine.qemu_command("ours", "a,b.iso", 64, 1, 3, disks=["d", "null:8M"])
        words = recorded.rewrite(command + ["-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0"], "record", "/r")
        self.assertIn("shift=3,rr=record,rrfile=/r", words)
        for name in ("cd0", "disk0", "disk1"):
            self.assertIn(f"driver=blkreplay,image={name}file,if=none,id={name}", words)
        self.assertIn("filter-replay,id=replay0,netdev=net0", words)
        self.assertIn("virtio-net-pci,netdev=net0,tx=timer", words)  # otherwise sending is not recorded
        self.assertNotIn("-cdrom", words)

    def test_a_lost_track_is_known_by_what_qemu_says(self):
        said = "qemu-system-x86_64: Missing character write event in the replay log"
        self.assertTrue(recorded.has_lost_track(["    the link is up", said], "exit:1"))
        self.assertTrue(recorded.has_lost_track(["    the link is up"], "watchdog"))
        self.assertFalse(recorded.has_lost_track(["    the link is up"], "off"))
        self.assertFalse(recorded.has_lost_track(["qemu-system-x86_64: no such device", "mini: replay"], "exit:1"))

    def test_the_end_of_a_recording_is_that_of_its_machine(self):
        for cause, status, replays, end in (
            ("guest-shutdown", 0, False, "off"),
            ("guest-reset", 0, True, "reset"),
            (None, 0, True, "off"),
            ("host-signal", 0, True, "off"),
            ("host-signal", 0, False, "exit:0"),
            (None, 1, True, "exit:1"),
        ):
            run = machine.Run()
            run.cause, run.status = cause, status
            self.assertEqual(machine.end_of_exit(run, replays), end)

    def test_what_was_not_recorded_is_a_complaint(self):
        self.assertRaises(Complaint, recorded.rewrite, [], "replay", self.path("nothing"))
