"""Raw disk images, made by words, without root and without a mount.

    [gpt | mbr] PART...         a table of partitions; without it the one PART is the whole disk
    fat:SIZE[:FILES]            FAT (16 or 32, as SIZE demands) with FILES: [NAME=]PATH,...
    ext4:SIZE[:FOLDER]          ext4 with what is in FOLDER, all owned by root
    linux:SIZE                  ext4 with the root file system of a Linux guest (linux_guest.py)
    blank:SIZE                  zeros

SIZE is in bytes, or ends in K, M or G. Same words and files: the same bytes, so that an image can be
kept under a hash of what went in (build/cache/disks) and each run be given a copy of it.

File systems are made by mkfs.fat, mtools and mke2fs, which write into an image as any user may. Tables are
written here: 40 lines that need no package.
"""

import binascii
import contextlib
import os
import re
import struct
import subprocess
import tempfile
import uuid

from harness import image, linux_guest
from harness.common import CACHE, TOP, Complaint, content_hash, part_of, require_file, run_quietly

DISK_CACHE = os.path.join(CACHE, "disks")
KEEP = 20
RECIPE = "1"  # change it when images are made differently, so that old ones are not reused
SECTOR = 512
ALIGN = 2048  # sectors: where partitions begin, as every partitioner has it
GPT_ENTRIES, GPT_ENTRY_SIZE = 128, 128
GPT_SECTORS = 1 + GPT_ENTRIES * GPT_ENTRY_SIZE // SECTOR  # the header and the entries, at either end
TYPES = {  # of partitions: the byte in an MBR, the GUID in a GPT
    "fat": (0x0C, "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"),
    "ext4": (0x83, "0fc63daf-8483-4772-8e79-3d69d8477de4"),
    "blank": (0x83, "0fc63daf-8483-4772-8e79-3d69d8477de4"),
}
SAME_TIME = {"E2FSPROGS_FAKE_TIME": "1577836800", "SOURCE_DATE_EPOCH": "1577836800", "TZ": "UTC"}
SAME_UUID = "6d696e69-6b65-726e-656c-{:012d}"
ENVIRONMENT = dict(os.environ, MTOOLS_SKIP_CHECK="1", PATH=os.environ["PATH"] + ":/usr/sbin:/sbin", **SAME_TIME)


def parse_size(text):
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    size = match and int(match.group(1)) << {"": 0, "K": 10, "M": 20, "G": 30}[match.group(2)]
    if not size or size % SECTOR:
        raise Complaint(f"not a size (bytes, K, M or G; whole sectors): {text}")
    return size


def parse_files(text):
    """Pairs of a name in the file system and a path here; paths begin in the top folder."""
    for word in filter(None, text.split(",")):
        name, equals, path = word.rpartition("=")
        path = require_file(os.path.join(TOP, path), "the file", "give an existing one, or NAME=PATH")
        yield name if equals else os.path.basename(path), path


class Part:
    def __init__(self, word, number):
        self.kind, _, rest = word.partition(":")
        size, _, self.contents = rest.partition(":")
        if self.kind == "linux" and not self.contents:
            self.kind, self.contents = "ext4", linux_guest.ensure_root()
        if self.kind not in TYPES:
            raise Complaint(f"not a part of a disk (fat:, ext4:, linux:, blank:): {word}")
        self.size = parse_size(size)
        self.number = number
        self.files = list(parse_files(self.contents)) if self.kind == "fat" else []
        if self.kind == "ext4" and self.contents:
            self.contents = os.path.join(TOP, self.contents)
            if not os.path.isdir(self.contents):
                raise Complaint(f"no such folder: {self.contents}")

    def identity(self):
        """All that decides what it will be, for a hash."""
        yield f"{self.kind} {self.size}"
        for name, path in self.files:
            yield name
            yield ("file", path)
        for folder, folders, names in os.walk(self.contents if self.kind == "ext4" else ""):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                yield f"{os.path.relpath(path, self.contents)} {os.lstat(path).st_mode}"
                yield os.readlink(path) if os.path.islink(path) else ("file", path)

    def write(self, out):
        """As a file of its own."""
        with open(out, "wb") as stream:
            stream.truncate(self.size)
        if self.kind == "fat":
            self.write_fat(out)
        elif self.kind == "ext4":
            self.write_ext4(out)

    def write_fat(self, out):
        command = ["mkfs.fat", "--invariant", "-i", f"{self.number:08x}", out]
        run_quietly(command, "making a FAT file system", env=ENVIRONMENT)
        for name, path in self.files:
            with contextlib.suppress(Complaint):  # it may be there
                if os.path.dirname(name):
                    run_quietly(["mmd", "-D", "s", "-i", out, "::" + os.path.dirname(name)], "mmd", env=ENVIRONMENT)
            run_quietly(["mcopy", "-i", out, path, "::" + name], f"copying {path}", env=ENVIRONMENT)

    def write_ext4(self, out):
        command = ["mke2fs", "-q", "-t", "ext4", "-E", f"root_owner=0:0,hash_seed={SAME_UUID.format(0)}"]
        command += ["-U", SAME_UUID.format(self.number), "-b", "4096", "-I", "256"]
        command += ["-d", self.contents] if self.contents else []
        run_quietly(command + [out], "making an ext4 file system", env=ENVIRONMENT)


def mbr_entry(kind, first, sectors):
    return struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", first, sectors)


def write_mbr(disk, entries):
    disk.seek(446)
    disk.write(b"".join(entries).ljust(64, b"\0") + b"\x55\xaa")


def gpt_header(at, other, table, entries, sectors):
    fields = struct.pack(
        "<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, at, other, ALIGN, sectors - GPT_SECTORS - 1,
        uuid.UUID(SAME_UUID.format(0)).bytes_le, table, GPT_ENTRIES, GPT_ENTRY_SIZE, binascii.crc32(entries),
    )  # fmt: skip
    return fields[:16] + struct.pack("<I", binascii.crc32(fields)) + fields[20:]


def write_gpt(disk, parts, places, sectors):
    entries = b""
    for part, first in zip(parts, places):
        last = first + part.size // SECTOR - 1
        kind, own = uuid.UUID(TYPES[part.kind][1]), uuid.UUID(SAME_UUID.format(part.number))
        name = f"{part.kind}{part.number}".encode("utf-16-le")
        entries += struct.pack("<16s16sQQQ72s", kind.bytes_le, own.bytes_le, first, last, 0, name)
    entries = entries.ljust(GPT_ENTRIES * GPT_ENTRY_SIZE, b"\0")
    end = sectors - GPT_SECTORS
    write_mbr(disk, [mbr_entry(0xEE, 1, sectors - 1)])
    for header, table, other in ((1, 2, sectors - 1), (sectors - 1, end, 1)):
        disk.seek(header * SECTOR)
        disk.write(gpt_header(header, other, table, entries, sectors))
        disk.seek(table * SECTOR)
        disk.write(entries)


def parse(words):
    """The kind of table ("" for none) and the parts."""
    table = words[0] if words and words[0] in ("gpt", "mbr") else ""
    parts = [Part(word, number) for number, word in enumerate(words[1:] if table else words, 1)]
    if not parts or (not table and len(parts) > 1) or (table == "mbr" and len(parts) > 4):
        raise Complaint("a disk is one part, or gpt and parts, or mbr and at most four")
    return table, parts


def place(parts):
    """First sectors of partitions, and the size of the disk in sectors."""
    places, at = [], ALIGN
    for part in parts:
        places.append(at)
        at += -(-part.size // (SECTOR * ALIGN)) * ALIGN
    return places, at + ALIGN


def make(out, words):
    """Write the image to out, all or nothing."""
    table, parts = parse(words)
    places, sectors = place(parts) if table else ([0], parts[0].size // SECTOR)
    os.makedirs(os.path.dirname(out) or ".", exist_ok=True)
    part_path, made = part_of(out) + ".part", part_of(out)
    try:
        with open(made, "wb+") as disk:
            disk.truncate(sectors * SECTOR)
            if table == "mbr":
                write_mbr(disk, [mbr_entry(TYPES[p.kind][0], at, p.size // SECTOR) for p, at in zip(parts, places)])
            elif table:
                write_gpt(disk, parts, places, sectors)
        for part, first in zip(parts, places):
            part.write(part_path)
            copy_sparse(part_path, made, seek=first)
        os.replace(made, out)
    finally:
        for path in (part_path, made):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    return out


def copy_sparse(source, target, seek=0, skip=0, count=None):
    """Sectors of one file into another; zeros stay holes."""
    with open(source, "rb") as stream, open(target, "rb+" if os.path.exists(target) else "wb+") as out:
        stream.seek(skip * SECTOR)
        left, at = (count or 1 << 60) * SECTOR, seek * SECTOR
        while left > 0 and (data := stream.read(min(1 << 20, left))):
            if data.strip(b"\0"):
                out.seek(at)
                out.write(data)
            at, left = at + len(data), left - len(data)
        out.truncate(max(at, out.seek(0, os.SEEK_END)))


def find_or_make(words):
    """The path of an image of these words, made now or found in the cache. Not to be written."""
    _, parts = parse(words)
    identity = [RECIPE, " ".join(word.split(":")[0] for word in words)]
    identity += [piece for part in parts for piece in part.identity()]
    path = os.path.join(DISK_CACHE, content_hash(identity) + ".img")
    if os.path.exists(path):
        os.utime(path)
    else:
        make(path, words)
        image.prune(DISK_CACHE, KEEP)
    return path


def copy(image_path, path):
    """A copy that may be written, in place of what was there."""
    run_quietly(["cp", "--sparse=always", "--reflink=auto", image_path, path], "copying a disk")


def partitions(path):
    """(first sector, sectors) of each partition of a disk; the whole disk if it has no table."""
    with open(path, "rb") as disk:
        head = disk.read(2 * SECTOR)
        size = disk.seek(0, os.SEEK_END) // SECTOR
        if head[SECTOR : SECTOR + 8] == b"EFI PART":
            disk.seek(2 * SECTOR)
            entries = [disk.read(GPT_ENTRY_SIZE) for _ in range(GPT_ENTRIES)]
            ranges = [struct.unpack_from("<QQ", entry, 32) for entry in entries if entry[:16].strip(b"\0")]
            return [(first, last - first + 1) for first, last in ranges]
    entries = [struct.unpack_from("<B3xII", head, 446 + 16 * i + 4) for i in range(4)]
    is_table = head[510:512] == b"\x55\xaa" and head[54:59] != b"FAT16" and head[82:87] != b"FAT32"
    found = [(first, sectors) for kind, first, sectors in entries if kind and sectors]
    return found if is_table and found else [(0, size)]


@contextlib.contextmanager
def partition_file(path, number):
    """One partition (from 1) as a file of its own, for as long as the context lasts."""
    ranges = partitions(path)
    if not 1 <= number <= len(ranges):
        raise Complaint(f"{path} has {len(ranges)} partitions, no {number}")
    first, count = ranges[number - 1]
    with tempfile.NamedTemporaryFile(suffix=".part") as stream:
        copy_sparse(path, stream.name, skip=first, count=count)
        yield stream.name


def file_system(path):
    """ext4, fat, or None, of a partition's file."""
    with open(path, "rb") as stream:
        head = stream.read(4096)
    if head[1080:1082] == b"\x53\xef":
        return "ext4"
    return "fat" if b"FAT" in head[54:90] else None


def check(path):
    """What is wrong with the file systems of a disk, one text each; repairs nothing."""
    for number in range(1, len(partitions(path)) + 1):
        with partition_file(path, number) as part:
            kind = file_system(part)
            command = {"ext4": ["e2fsck", "-f", "-n", part], "fat": ["fsck.fat", "-n", part]}.get(kind)
            if not command:
                continue
            try:
                done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
            except FileNotFoundError:
                raise Complaint(f"{command[0]} is not installed; tools/need installs what is missing")
            if done.returncode:
                lines = [line for line in done.stdout.splitlines()[1:] if line.strip()]
                yield f"partition {number}: {command[0]}: {lines[0] if lines else done.stderr.strip()}"


def read_file(path, number, name):
    """The bytes of a file of a partition."""
    with partition_file(path, number) as part, tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "file")
        if file_system(part) == "ext4":
            run_quietly(["debugfs", "-R", f"dump {name} {out}", part], f"reading {name}", env=ENVIRONMENT)
        else:
            run_quietly(["mcopy", "-i", part, "::" + name, out], f"reading {name}", env=ENVIRONMENT)
        if not os.path.exists(out):
            raise Complaint(f"{path} has no file {name} in partition {number}", status=1)
        with open(out, "rb") as stream:
            return stream.read()
