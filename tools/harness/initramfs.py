"""The user space with which Linux is tried: an archive of busybox, some programs and an init.

The kernel unpacks it into its first file system. It is a cpio of the form "newc" (the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst), which is simple enough to be written
here, so that device nodes need no root, and the same files always give the same bytes. It is not
compressed: under emulation unpacking would cost more than it saves.
"""

import os
import stat

from harness import debian
from harness.common import BUILD, CACHE, TOP, Complaint, content_hash, part_of, require_file, run_quietly

INIT = os.path.join(TOP, "tests", "userland", "init")
EXERCISE = os.path.join(TOP, "tests", "userland", "exercise.c")
FOLDERS = ("bin", "dev", "lib", "lib64", "proc", "sys", "tmp")
CONSOLE, NULL = (5, 1), (1, 3)  # major and minor numbers
TRAILER = "TRAILER!!!"
RECIPE = "1"  # change it when archives are made differently, so that old ones are not reused


def pad(data):
    return data + b"\0" * (-len(data) % 4)


class Archive:
    def __init__(self):
        self.parts = []

    def add(self, name, mode, data=b"", device=(0, 0)):
        """One entry; mode holds the kind of file. Inode numbers count entries, all else is 0."""
        fields = [len(self.parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08X" % field for field in fields)
        self.parts.append(pad(head + name.encode() + b"\0") + pad(data))

    def add_file(self, name, path):
        with open(path, "rb") as stream:
            self.add(name, stat.S_IFREG | 0o755, stream.read())

    def bytes(self):
        self.add(TRAILER, 0)
        return b"".join(self.parts)

    def write(self, out):
        """All or nothing."""
        os.makedirs(os.path.dirname(out) or ".", exist_ok=True)
        part = part_of(out)
        with open(part, "wb") as stream:
            stream.write(self.bytes())
        os.replace(part, out)


def compile_static(source):
    """A static program made of one C file of ours, kept by the contents of that file."""
    kept = os.path.join(CACHE, "programs", content_hash([RECIPE, ("file", source)]))
    if not os.path.exists(kept):
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        part = part_of(kept)
        command = ["gcc", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o", part, source]
        run_quietly(command, f"compiling {os.path.relpath(source, TOP)}")
        os.replace(part, kept)
    return kept


def find_busybox():
    return debian.find_file("busybox-static", "bin/busybox")


def make(out, init=INIT, files=()):
    """Write the archive: busybox with a link for each of its commands, init, and files (pairs of a
    name in it and a path here)."""
    busybox, archive = find_busybox(), Archive()
    for folder in FOLDERS:
        archive.add(folder, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=CONSOLE)
    archive.add("dev/null", stat.S_IFCHR | 0o666, device=NULL)
    archive.add_file("bin/busybox", busybox)
    for command in run_quietly([busybox, "--list"], "asking busybox for its commands").split():
        if command != "busybox":
            archive.add(f"bin/{command}", stat.S_IFLNK | 0o777, b"busybox")
    archive.add_file("init", require_file(init, "the init", "give an existing file"))
    for name, path in files:
        archive.add_file(name, require_file(path, "the file", "give an existing one"))
    archive.write(out)
    return out


def ensure():
    """The path of the archive that the tests use: tests/userland."""
    program = compile_static(EXERCISE)
    return make(os.path.join(BUILD, "initramfs"), INIT, [("bin/exercise", program)])


def parse_addition(text):
    """NAME=FILE as the pair that make() takes; a C file is compiled."""
    name, equals, path = text.partition("=")
    if not equals:
        raise Complaint(f"not NAME=FILE: {text}")
    return name, compile_static(path) if path.endswith(".c") else path
