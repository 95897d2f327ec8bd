"""The harness judges everything else, so what it must catch is tested here, without an emulator."""

import os
import re
import subprocess
import tempfile
import unittest

import answers
import guestruns
import hosttests
from harness import common, image, machine, sources
from tally import Tally

GOOD = ["(XEN) hello", "ROW a.one = 1", "ROW a.two = two words", "END g"]


class Silent(Tally):
    def __init__(self):
        super().__init__()
        self.said = []
        self.say = self.said.append

    def fail(self, name, why):
        self.failed += 1
        self.said.append(f"{name}: {why}")


def run_of(lines, end="off"):
    run = machine.Run()
    run.lines, run.end = lines, end
    return run


def judge(lines, end="off", xen=GOOD, allowed=(), who="Xen", **keys):
    test = guestruns.GuestTest("g", None, None)
    test.keys.update(keys)
    test.dies = test["DIES"] == "yes"
    tally = Silent()
    guestruns.judge_ours(test, "release", run_of(lines, end), xen and run_of(xen), allowed, tally, who)
    return tally


class Rows(unittest.TestCase):
    def test_equal_rows_and_a_clean_end_pass(self):
        tally = judge(GOOD)
        self.assertEqual((tally.passed, tally.failed), (3, 0))

    def test_a_different_value_fails_with_both_answers(self):
        tally = judge(["ROW a.one = 2"] + GOOD[2:])
        self.assertEqual(tally.said, ["guests/g a.one [release]: ours 2, Xen 1"])

    def test_a_32_bit_guest_must_say_what_the_64_bit_one_says(self):
        tally = judge(["ROW a.one = 2"] + GOOD[2:], who="in 64 bits")
        self.assertEqual(tally.said, ["guests/g a.one [release]: ours 2, in 64 bits 1"])

    def test_a_row_missing_on_either_side_fails(self):
        self.assertEqual(judge(GOOD[2:]).failed, 1)
        self.assertEqual(judge(["ROW b.new = 1"] + GOOD).failed, 1)

    def test_a_row_said_twice_fails(self):
        self.assertEqual(judge(["ROW a.one = 1"] + GOOD).failed, 1)

    def test_what_the_guest_did_not_want_fails_even_where_both_say_it(self):
        lines = ["ROW a.one = 1 (wanted 5)"] + GOOD[2:]
        self.assertEqual(judge(lines, xen=lines).failed, 1)
        self.assertEqual(judge(lines, xen=None).failed, 1)

    def test_a_difference_allows_exactly_what_it_says(self):
        entry = answers.Difference("place", "g", "a.one", "2", "1")
        self.assertEqual(judge(["ROW a.one = 2"] + GOOD[2:], allowed=[entry]).failed, 0)
        self.assertTrue(entry.used)
        self.assertEqual(judge(["ROW a.one = 3"] + GOOD[2:], allowed=[entry]).failed, 1)

    def test_a_difference_may_be_of_many_rows_and_of_rows_that_one_does_not_say(self):
        def failed(lines, *fields):
            return judge(lines + GOOD[2:], allowed=[answers.Difference("place", "g", *fields)]).failed

        self.assertEqual(failed(["ROW a.one = 2"], "a.*", "*", "1"), 0)
        self.assertEqual(failed(["ROW a.one = 2 (wanted 3)"], "a.*", "*", "1"), 1)
        self.assertEqual(failed(["ROW a.one = 2 (wanted 3)"], "a.*", "2", "1"), 0)
        self.assertEqual(failed([], "a.one", "-", "*"), 0)
        self.assertEqual(failed(["ROW a.one = 2"], "a.one", "-", "*"), 1)
        self.assertEqual(failed(["ROW a.one = 1", "ROW c.new = 2"], "c.*", "*", "-"), 0)
        self.assertEqual(failed(["ROW a.one = 1", "ROW c.new = 2 (wanted 3)"], "c.*", "*", "-"), 1)

    def test_a_difference_may_be_of_all_runs_of_a_guest(self):
        entry = answers.Difference("place", "g*", "a.one", "2", "1")
        self.assertEqual([bool(entry.is_of(name)) for name in ("g", "g.case", "h")], [True, True, False])

    def test_lines_that_only_resemble_rows_are_none(self):
        self.assertEqual(answers.Answers([" ROW a = 1", "ROW a 1", "xROW a = 1"]).rows, {})


class Ends(unittest.TestCase):
    def test_no_end_line_fails(self):
        self.assertEqual(judge(GOOD[:-1]).failed, 1)

    def test_every_end_but_power_off_fails(self):
        for end in ("reset", "triple-fault", "watchdog", "halted", "exit:1"):
            self.assertEqual(judge(GOOD, end).failed, 1, end)

    def test_a_guest_that_shall_die_may_not_take_the_machine_along(self):
        rows = GOOD[:-1] + ["(XEN) Domain 0 crashed"]
        self.assertEqual(judge(rows, "reset", DIES="yes", EXPECT_LOG=["Domain 0 crashed"]).failed, 0)
        self.assertEqual(judge(rows, "triple-fault", DIES="yes").failed, 1)
        self.assertEqual(judge(rows, "reset", DIES="yes", EXPECT_LOG=["rule"]).failed, 1)

    def test_another_line_is_found_when_lines_are_compared(self):
        one, other = ["(XEN) x", "[1] start", "END g"], ["[1] started", "(XEN) y", "END g"]
        self.assertEqual(judge(one, xen=other, LINES="compare").failed, 1)
        self.assertEqual(judge(one, xen=["(XEN) z", "", "[1] start", "END g", "qemu-system-x86_64:"], LINES="compare").failed, 0)

    def test_times_in_lines_that_say_so_may_differ_between_two_hypervisors(self):
        one, other = ["  ~ at  9 ms", "END g"], ["  ~ at 10 ms", "END g"]
        self.assertIsNone(answers.compare_lines(one, other))
        self.assertIsNotNone(answers.compare_lines(one, ["  ~ on 10 ms", "END g"]))
        self.assertIsNotNone(answers.compare_lines(["at 9 ms"], ["at 10 ms"]))
        self.assertIsNone(answers.compare_lines(["END g"], ["END g", "qemu-system-x86_64: warning: no timers"]))

    def test_times_may_not_differ_between_two_runs_that_shall_be_the_same(self):
        self.assertIsNone(answers.same_lines(["  ~ at 9 ms"], ["  ~ at 9 ms"]))
        self.assertIsNotNone(answers.same_lines(["  ~ at 9 ms"], ["  ~ at 10 ms"]))
        self.assertIsNotNone(answers.same_lines(["(XEN) 1"], ["(XEN) 2"]))


class Oracle(unittest.TestCase):
    """A Xen that misses a time now and then, and one that means what it says."""

    OTHER = ["ROW a.one = 7"] + GOOD[2:]
    PANIC = ["(XEN) Panic on CPU 1:"]

    def ask(self, *runs, **keys):
        """What a test takes for Xen's answer of these, the last of which comes for ever: (lines, sure, how many)."""
        test = guestruns.GuestTest("g", None, None)
        test.keys.update(keys)
        asked = []

        def run_xen():
            asked.append(runs[min(len(asked), len(runs) - 1)])
            lines, end, *wrong = asked[-1]
            run = run_of(lines, end)
            run.wrong = wrong
            return run

        test.run_xen = run_xen
        run, sure = test.ask_xen()
        return run.lines, sure, len(asked)

    def test_one_good_answer_is_enough(self):
        self.assertEqual(self.ask((GOOD, "halted")), (GOOD, True, 1))

    def test_what_would_fail_is_asked_again(self):
        for bad in (
            (GOOD[:-1], "halted"),
            (GOOD, "exit:1"),
            (GOOD, "triple-fault"),
            (GOOD, "watchdog"),
            (GOOD, "off", "`check` failed"),
            (["ROW a.one = 1 (wanted 5)"], "off"),
            (self.PANIC, "halted"),
        ):
            self.assertEqual(self.ask(bad, (GOOD, "halted")), (GOOD, True, 2), bad)
        self.assertEqual(self.ask((GOOD, "off"), (["(XEN) x"] + GOOD, "off"), XEN_LOG=["x"])[1:], (True, 2))

    def test_what_comes_twice_in_succession_counts(self):
        bad, other = (GOOD[:-1], "off"), (GOOD, "exit:1")
        self.assertEqual(self.ask(bad), (GOOD[:-1], True, 2))
        self.assertEqual(self.ask(other, bad), (GOOD[:-1], True, 3))
        self.assertEqual(self.ask(bad, other, bad, other)[1:], (False, 3))

    def test_a_silent_xen_never_counts(self):
        self.assertEqual(self.ask((GOOD, "watchdog")), (GOOD, False, 3))
        self.assertEqual(self.ask((self.PANIC, "halted")), (self.PANIC, False, guestruns.ORACLE_TRIES["panic"]))

    def settle(self, *answers):
        """The answer that is judged against GOOD, of these of Xen's, and how often it was asked again."""
        test, left = guestruns.GuestTest("g", None, None), [run_of(lines) for lines in answers]
        test.ask_xen = lambda: (left.pop(0), True)
        with tempfile.TemporaryDirectory() as folder:
            test.kept_xen = lambda: os.path.join(folder, "kept")
            run = guestruns.settled_xen(test, run_of(GOOD), left.pop(0), [])
            kept = guestruns.recall(test.kept_xen())
        self.assertEqual(run.settled, kept is not None)
        return run.lines, len(answers) - len(left) - 1, run.settled

    def test_an_answer_that_differs_must_have_come_twice(self):
        other, third = self.OTHER, GOOD[1:2] + GOOD[3:]
        self.assertEqual(self.settle(GOOD, other), (GOOD, 0, False))
        self.assertEqual(self.settle(other, other, GOOD), (other, 1, True))
        self.assertEqual(self.settle(other, GOOD, GOOD), (GOOD, 2, True))
        self.assertEqual(self.settle(other, GOOD, other), (other, 2, True))
        self.assertEqual(self.settle(other, GOOD, third), (other, 2, False))


class Lists(unittest.TestCase):
    def read(self, function, text):
        with tempfile.NamedTemporaryFile("w") as stream:
            stream.write(text)
            stream.flush()
            return function(stream.name)

    def test_an_entry_without_reason_is_refused(self):
        for function, line in ((answers.read_skips, "g"), (answers.read_differences, "g a 1 2")):
            with self.assertRaises(common.Complaint):
                self.read(function, line + "\n")

    def test_values_with_blanks_are_quoted(self):
        entry = self.read(answers.read_differences, "# head\ng a.b 'two words' 1 # xen.h says so\n")[0]
        self.assertEqual((entry.row, entry.ours, entry.xen), ("a.b", "two words", "1"))

    def test_an_unknown_key_of_a_run_file_is_refused(self):
        with self.assertRaises(common.Complaint):
            self.read(lambda path: guestruns.GuestTest("g", "case", path), "MEMORY=5\n")


class HostPrograms(unittest.TestCase):
    def test_failures_come_with_their_text(self):
        out = "1..2\nok 1 - good\nnot ok 2 - bad\n# 0x1 != 0x2\n# f.c:7: error: Failure!\n# not ok - g\n"
        program = hosttests.Program(out, "", 1)
        self.assertEqual(program.passed, ["good"])
        self.assertEqual(program.failed, [["bad", "0x1 != 0x2; f.c:7: error: Failure!"]])
        self.assertIsNone(program.broken)

    def test_a_program_that_dies_on_the_way_is_broken(self):
        program = hosttests.Program("1..2\nok 1 - good\n", "x.c:1: runtime error: shift\n", -6)
        self.assertIn("runtime error: shift", program.broken)
        self.assertIsNotNone(hosttests.Program("", "", 0).broken)
        self.assertIsNotNone(hosttests.Program("1..1\nok 1 - good\n", "LeakSanitizer: x", 1).broken)


class Images(unittest.TestCase):
    def test_grub_sees_each_word_as_it_was_given(self):
        config = image.grub_config("a=$b", "k", "x;y 'z", None)
        self.assertIn("multiboot2 /boot/hypervisor 'a=$b'\n", config)
        self.assertIn("module2 /boot/kernel 'x;y' ''\\''z'\n", config)

    def test_the_hash_tells_apart_what_is_cut_elsewhere(self):
        self.assertNotEqual(common.content_hash(["ab", "c"]), common.content_hash(["a", "bc"]))


class Sources(unittest.TestCase):
    def test_comments_and_strings_are_told_apart(self):
        text = 'int a; /* x\ny */ char *s = "/* no */"; // z\n'
        self.assertEqual(sources.without_comments("f.c", text), 'int a;  \n char *s = "/* no */";  \n')
        self.assertEqual(sources.without_comments("f.asm", 'db ";" ; x\n'), 'db ";"  \n')

    def test_no_file_but_the_machine_names_the_emulator(self):
        top = os.path.join(common.TOP, "tools")
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith((".pyc", "machine.py")) or name == "need":
                    continue
                with open(path) as stream:
                    self.assertIsNone(re.search(r"qemu-system-x86_64", stream.read()), path)


class Commands(unittest.TestCase):
    def run_vm(self, *words):
        command = [os.path.join(common.TOP, "tools", "vm"), *words]
        return subprocess.run(command, capture_output=True, text=True)

    def test_a_missing_kernel_is_one_line_and_status_2(self):
        done = self.run_vm("run", "--kernel", "/nowhere", "--hv", __file__)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))
        self.assertIn("/nowhere does not exist", done.stderr)

    def test_an_initrd_alone_is_refused(self):
        done = self.run_vm("run", "--initrd", __file__, "--hv", __file__)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))


class Scripts(unittest.TestCase):
    """What is done to a machine when a line appears."""

    STEPS = [r"^ready => type \x01a => b", " => nmi 3", "^again => type z"]

    def test_steps_are_taken_in_order_and_once(self):
        script = machine.Script(self.STEPS)
        for line in ("again", "not ready", "ready", "ready"):
            script.see(line)
        self.assertEqual([step[1:3] for step in script.due], [("type", b"\x01a => b"), ("nmi", 3)])
        script.see("again")
        self.assertEqual(script.due[-1][1:3], ("type", b"z"))

    def test_only_a_step_that_asks_for_it_takes_a_line_without_an_end(self):
        script = machine.Script(["^xl> $ => type a =>> b", "^xl> $ =>> type c => d"])
        script.see("xl> ", whole=False)
        self.assertEqual(script.due, [])
        script.see("xl> ")
        self.assertEqual([step[2] for step in script.due], [b"a =>> b"])
        script.see("xl> ", whole=False)
        self.assertEqual(script.due[-1][2], b"c => d")

    def test_a_malformed_step_is_refused(self):
        for step in ("type x", "a => nmi", "a => nmi x", "a => wait 3"):
            self.assertRaises(common.Complaint, machine.Script, [step])
