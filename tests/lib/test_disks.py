"""Disks and the network of a machine, without an emulator."""

import os
import tempfile
import unittest

import guestruns
from harness import disks, machine, network
from harness.common import TOP, Complaint

README = "README.md"


class Disks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "disk")

    def tearDown(self):
        self.folder.cleanup()

    def make(self, words):
        return disks.make(self.path, words.split())

    def test_a_table_of_each_kind_is_read_back(self):
        for table in ("gpt", "mbr"):
            self.make(f"{table} fat:4M ext4:8M blank:1M")
            self.assertEqual(disks.partitions(self.path), [(2048, 8192), (10240, 16384), (26624, 2048)])
            self.assertEqual(list(disks.check(self.path)), [])

    def test_a_disk_without_a_table_is_one_part(self):
        for kind in ("fat", "ext4", "blank"):
            self.make(f"{kind}:8M")
            self.assertEqual(disks.partitions(self.path), [(0, 16384)], kind)

    def test_files_are_there_in_both_file_systems(self):
        self.make(f"gpt fat:4M:a/b.md={README} ext4:8M:tests/oracle")
        with open(os.path.join(TOP, README), "rb") as stream:
            self.assertEqual(disks.read_file(self.path, 1, "a/b.md"), stream.read())
        self.assertIn(b"oracle", disks.read_file(self.path, 2, "/README.md"))
        self.assertRaises(Complaint, disks.read_file, self.path, 1, "no.md")
        self.assertRaises(Complaint, disks.read_file, self.path, 3, "a/b.md")

    def test_damage_is_seen(self):
        self.make("gpt fat:4M ext4:8M")
        with open(self.path, "rb+") as disk:
            disk.seek(10240 * 512 + 4096)
            disk.write(b"\xff" * 4096)  # of the group descriptors
        self.assertEqual([line.split(":")[0] for line in disks.check(self.path)], ["partition 2"])

    def test_the_same_words_are_the_same_bytes(self):
        words = f"gpt fat:4M:{README} ext4:8M:tests/oracle".split()
        first = disks.make(self.path, words)
        with open(first, "rb") as one, open(disks.make(self.path + "2", words), "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_what_is_no_disk_is_a_complaint(self):
        for words in ("", "gpt", "fat", "fat:x", "fat:100", "fat:4M ext4:8M", "mbr " + "blank:1M " * 5, "zfs:4M"):
            self.assertRaises(Complaint, self.make, words)
        self.assertRaises(Complaint, self.make, "fat:4M:no-such-file")
        self.assertRaises(Complaint, self.make, "ext4:4M:no-such-folder")


class Networks(unittest.TestCase):
    def test_forwards(self):
        self.assertEqual(network.parse_forward("8080=80"), (8080, network.FIRST_GUEST, 80))
        self.assertEqual(network.parse_forward("1=10.0.2.16:2"), (1, "10.0.2.16", 2))
        self.assertNotEqual(network.parse_forward("0=80")[0], 0)
        for wrong in ("80", "80=", "a=b", "80=1.2.3:4", "70000=80"):
            self.assertRaises(Complaint, network.parse_forward, wrong)

    def test_a_guest_that_does_not_answer_is_a_line(self):
        with network.Network(["0=80"]) as net:
            self.assertIn("refused", net.get(80, "/")[0])
            self.assertIn("nothing is forwarded", net.get(81, "/")[0])

    def test_a_page_is_got_line_by_line(self):
        with network.Network(serve=TOP) as net:
            net.forwards = [(net.server.server_port, "", 80)]
            head, first = net.get(80, "/README.md")[:2]
        self.assertRegex(head, r"^get 80/README.md: 200, \d+ bytes$")
        self.assertEqual(first, "# xen-like")


class Steps(unittest.TestCase):
    def test_steps_are_parsed(self):
        parse = machine.Script.parse
        self.assertEqual(parse("up => get 80/a"), ("up", "get", "80/a", True))
        self.assertEqual(parse("xl> =>> type a\\r"), ("xl>", "type", b"a\r", False))
        for wrong in ("up => get a", "up => get 80", "up => nmi x", "up", "up => dance"):
            self.assertRaises(Complaint, parse, wrong)


class Checks(unittest.TestCase):
    def test_a_check_that_fails_says_its_last_words(self):
        run = guestruns.check_run
        self.assertEqual(list(run("test $DISK$DISK2$LOG = abc", ["a", "b"], "c")), [])
        self.assertEqual(list(run("echo no; false", [], "")), ["`echo no; false` failed: no"])
