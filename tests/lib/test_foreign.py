"""What the comparison of foreign kernels must catch, without an emulator."""

import struct
import types
import unittest

import foreigncalls
import foreignruns

STUBS = {0x1009: (0x1000, 29), 0x2005: (0x2000, None)}  # a stub with its number, and one that is given it in RAX
NOTE = "RAX={rax:016x} RBX={0:016x} RCX={0:016x} RDX={0:016x}\nRSI={0:016x} RDI={rdi:016x}\nRIP={rip:016x} RFL=00000202 [-------] CPL={cpl} II=0"
DEAD = ["(XEN) rip 00000000000090fe  cs e033  rflags 00000287", "(XEN) rsp 0  ss e02b  vector 14  error 6"]
DEAD_ON_XEN = ["(XEN) d0v0 Unhandled: vec 14, #PF[0002]", "(XEN) RIP:    e033:[<00000000000090fe>]", "(XEN) RFLAGS: 0000000000000287   EM: 1"]


def notes(*blocks):
    """The emulator's notes of blocks (rip, rax, rdi, cpl)."""
    text = [NOTE.format(0, rip=rip, rax=rax, rdi=rdi, cpl=cpl) for rip, rax, rdi, cpl in blocks]
    return "\n".join(text).splitlines()


def elf_of(code, flags=5):
    header = bytearray(64)
    struct.pack_into("<Q14xHH", header, 32, 64, 56, 1)
    return bytes(header) + struct.pack("<IIQQQQQQ", 1, flags, 120, 0x1000, 0, len(code), len(code), 1) + code


def run_of(calls, lines=(), end="halted"):
    return types.SimpleNamespace(calls=calls, lines=list(lines), end=end)


def wrong_of(ours, theirs, differs=(), lines=DEAD, theirs_lines=DEAD_ON_XEN):
    test = foreignruns.ForeignTest.__new__(foreignruns.ForeignTest)
    test.keys, test.differs = dict.fromkeys(foreignruns.KEYS, ""), list(differs)
    test.keys["DIES"] = "yes"
    return list(foreignruns.judge(test, "release", run_of(ours, lines), run_of(theirs, theirs_lines)))


class Calls(unittest.TestCase):
    def test_stubs_are_found_in_code_only(self):
        code = b"\x48\xc7\xc0\x1d\0\0\0\x0f\x05" + b"\x49\x89\xca\x51\x41\x53\x0f\x05" + b"\x0f\x05"
        self.assertEqual(foreigncalls.find_stubs(elf_of(code)), {0x1009: (0x1000, 29), 0x1011: (0x1009, None)})
        self.assertEqual(foreigncalls.find_stubs(elf_of(code, flags=4)), {})

    def test_a_call_is_its_number_its_command_and_its_answer(self):
        lines = notes((0x1000, 7, 2, 3), (0x1009, 2**64 - 22, 2, 3), (0x2000, 26, 0x5000, 3), (0x2005, 0, 0, 3))
        self.assertEqual(
            foreigncalls.read_calls(lines, STUBS), [("sched_op(2)", -22), ("mmuext_op", 0)]
        )

    def test_a_continued_call_is_one_call(self):
        lines = notes((0x1000, 7, 2, 3), (0x1007, 29, 2, 3), (0x1009, 5, 2, 3))
        self.assertEqual(foreigncalls.read_calls(lines, STUBS), [("sched_op(2)", 5)])

    def test_what_ring_0_does_there_is_nobodys_call(self):
        lines = notes((0x1000, 7, 2, 0), (0x1009, 0, 2, 0))
        self.assertEqual(foreigncalls.read_calls(lines, STUBS), [])

    def test_calls_are_cut_at_a_write(self):
        calls = [("console_io(0)", 0), ("sched_op(0)", 0), ("console_io(0)", 0), ("sched_op(0)", 0)]
        self.assertEqual(foreigncalls.cut_at_write(calls, 2), calls[:2])
        self.assertEqual(foreigncalls.cut_at_write(calls[:2], 2), calls[:2])


class Expected(unittest.TestCase):
    def wrong(self, wanted, lines):
        return list(foreignruns.judge_expected(wanted, self.run_with(lines)))

    @staticmethod
    def run_with(lines):
        run = foreignruns.machine.Run()
        run.lines, run.end = lines, "off"
        return run

    def test_lines_come_in_their_order(self):
        self.assertEqual(self.wrong(["^a", "c$"], ["b", "ab", "bc"]), [])
        self.assertEqual(self.wrong(["^a", "c$"], ["bc", "ab"])[0], "no line, behind those before it, is c$; the machine powered off")

    def test_one_line_is_not_two(self):
        self.assertEqual(len(self.wrong(["a", "a"], ["a"])), 1)


class Judgement(unittest.TestCase):
    def test_the_same_is_good(self):
        self.assertEqual(wrong_of([("a", 0)], [["a", 0]]), [])

    def test_another_answer_a_missing_and_an_added_call_are_seen(self):
        self.assertEqual(wrong_of([("a", 0)], [("a", -1)]), ["a: ours 0, Xen -1"])
        self.assertEqual(wrong_of([("a", 0)], [("a", 0), ("b", 3)]), ["b: ours -, Xen 3"])
        self.assertEqual(wrong_of([("c", 0), ("a", 0)], [("a", 0)]), ["c: ours 0, Xen -"])

    def test_a_listed_difference_is_allowed_and_must_be_needed(self):
        entry = ("a", "0", "-1")
        self.assertEqual(wrong_of([("a", 0)], [("a", -1)], [entry]), [])
        self.assertEqual(len(wrong_of([("a", 0)], [("a", 0)], [entry])), 1)

    def test_another_death_is_seen(self):
        other = [DEAD[0].replace("90fe", "90ff"), DEAD[1]]
        self.assertEqual(len(wrong_of([("a", 0)], [("a", 0)], lines=other)), 1)
        self.assertEqual(len(wrong_of([("a", 0)], [("a", 0)], lines=[])), 1)
        self.assertEqual(len(wrong_of([("a", 0)], [("a", 0)], lines=[], theirs_lines=[])), 1)

    def test_a_kernel_of_which_no_call_was_seen_has_shown_nothing(self):
        self.assertEqual(wrong_of([], []), ["no call of it was seen on Xen"])
