"""`make why`: runs that fail are remembered, and explained with the last records before the death."""

import os
import re
import subprocess
import unittest

from harness import common, failures
from harness.common import TOP

DIES = os.path.join(common.BUILD, "guests", "dies")
RULE = "an exception or interrupt without a handler in the trap table"
RECORD = re.compile(r"^ +\d+\.\d{3} us  cpu\d ")


class Why(unittest.TestCase):
    """tools/vm and tools/why on guests that die, under names that no other run has."""

    def setUp(self):
        self.name = f"why-{os.getpid()}"
        self.log = os.path.join(common.BUILD, "logs", self.name + ".log")
        self.addCleanup(failures.forget, "vm-" + self.name)

    def run_vm(self, *words):
        words = ["--quiet", "--timeout", "60", "--log", self.log, *words]
        return subprocess.run(["tools/vm", "run", *words], cwd=TOP, capture_output=True, text=True)

    def why(self, name):
        done = subprocess.run(["tools/why", "--match", name], cwd=TOP, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def judge(self, told):
        """The rule, the registers, a hundred records, and the trap last: no record follows a domain's death."""
        lines = told.splitlines()
        self.assertIn(f"(XEN)   {RULE}", lines)
        self.assertTrue(any(line.startswith("(XEN) rip ") for line in lines))
        found = [line for line in lines if RECORD.match(line)]
        self.assertEqual(len(found), 100)
        self.assertIn("trap_64          vector 6", "".join(found[-2:]))

    def test_a_debug_runs_death_is_told_from_the_trace_that_it_kept(self):
        done = self.run_vm("--debug", "--kernel", DIES, "--args", "how=no-handler", "--hv-args", "noreboot")
        self.assertEqual(done.returncode, 1)
        told = self.why(self.name)
        self.assertNotIn("made again", told)
        self.judge(told)

    def test_a_run_without_a_trace_is_made_again_with_one_and_that_is_said(self):
        self.run_vm("--kernel", DIES, "--args", "how=no-handler", "--hv-args", "noreboot")
        told = self.why(self.name)
        self.assertIn("it is made again", told)
        self.judge(told)

    def test_a_failed_test_is_made_again_with_a_trace(self):
        name = f"guests/dies.release-{os.getpid()}"
        self.addCleanup(failures.forget, name)
        run = self.run_vm("--kernel", DIES, "--args", "how=no-handler", "--hv-args", "noreboot")
        self.assertEqual(run.returncode, 1)
        failures.note(name, "a reason", kind="guest", test="dies", build="release", log=self.log)
        told = self.why(f"release-{os.getpid()}")
        self.assertIn(f"{name}: a reason", told)
        self.judge(told)

    def test_a_run_that_is_good_is_forgotten(self):
        failures.note("vm-" + self.name, "it was bad", kind="vm", words=[], folder=TOP, log=self.log, trace=None)
        done = self.run_vm("--kernel", os.path.join(common.BUILD, "guests", "hello"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no run has failed", self.why(self.name))

    def test_a_run_whose_log_is_gone_is_not_explained(self):
        failures.note("vm-" + self.name, "it was bad", kind="vm", words=[], folder=TOP, log=self.log + ".gone", trace=None)
        self.assertIn("no run has failed", self.why(self.name))

    def test_deaths_are_known_by_what_the_console_says(self):
        for line in ("(XEN) Domain 3 (vcpu#1) crashed on cpu#0: it broke a rule:", "(XEN) Panic on CPU 1: BUG"):
            self.assertTrue(failures.DEATH.search(line))
        self.assertFalse(failures.DEATH.search("(XEN) Domain 0 shutdown: powering off"))

    def test_an_interactive_run_keeps_its_log(self):
        command = ["tools/vm", "run", "--interactive", "--log", self.log, "--kernel", os.path.join(common.BUILD, "guests", "hello")]
        done = subprocess.run(command, cwd=TOP, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.log) as stream:
            self.assertIn("END hello", stream.read())
