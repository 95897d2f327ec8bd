"""A schedule and its seed leave the same log and the same trace again, byte for byte; another seed another trace."""

import os
import subprocess
import tempfile
import unittest

from harness import archive
from harness.common import TOP

FILES = ["dom0/configs/kept-wakeup.cfg", "lost-wakeup.kernel=build/guests/lost-wakeup"]
# Delays and an order that are drawn by chance.
SCRIPT = """\
create -p kept-wakeup.cfg
intercept add delay to=kept-wakeup kind=interdomain chance=1/4 spread=30us seed={seed} log=yes
intercept add reorder from=kept-wakeup window=3 within=50us seed={seed}
unpause kept-wakeup
sleep 50ms
intercept log
poweroff
"""


class Replays(unittest.TestCase):
    def run_it(self, folder, seed):
        """The log and the trace of a machine of its own."""
        paths = {name: os.path.join(folder, name) for name in ("script", "files", "log", "trace")}
        with open(paths["script"], "w") as stream:
            stream.write(SCRIPT.format(seed=seed))
        archive.make_in_top(paths["files"], FILES + [f"script={paths['script']}"])
        command = ["tools/vm", "run", "--quiet", "--icount", "0", "--kernel", "build/dom0"]
        command += ["--initrd", paths["files"], "--args", "console do=script", "--hv-args", "dom0_mem=128M"]
        command += ["--log", paths["log"], "--trace", paths["trace"], "--timeout", "120"]
        done = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(paths["log"], "rb") as stream:
            log = stream.read()
        with open(paths["trace"], "rb") as stream:
            trace = stream.read()
        text = ["tools/trace", "text", paths["trace"]]
        return log, trace, subprocess.run(text, cwd=TOP, capture_output=True, check=True).stdout

    def runs(self, *seeds):
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                yield self.run_it(folder, seed)

    def test_two_replays_leave_the_same_trace(self):
        first, again, other = self.runs(1, 1, 2)
        self.assertIn(b"kept-wakeup (domain 1) powered off", first[0])
        self.assertRegex(first[0], rb"rule \d+  nth \d+  delay \d+")
        self.assertIn(b" intercepted ", first[2])
        self.assertEqual(first[0], again[0])
        self.assertTrue(first[1] == again[1], "the traces differ")
        self.assertNotEqual(first[0], other[0])
        self.assertFalse(first[1] == other[1], "another seed has left the same trace")
