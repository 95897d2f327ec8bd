"""Archives of files, which dom0 is given as its boot module: kernels, ramdisks, configurations.

They are made of words, [NAME=]PATH: a file's name in it is that of the file, or NAME. Some PATHs are
made on demand: `linux` is Debian's kernel, `linux-initrd` the initrd of a guest that runs it,
`xentrace-initrd` that of a control domain that records itself, `xl-initrd` and `xl-linux-initrd` those of one with
Debian's toolstack, `grub32` Debian's GRUB as a 32-bit PV kernel.
"""

import os

from harness import debian, initramfs, linux_guest, xentrace, xl
from harness.common import TOP, require_file

MADE = {
    "linux": debian.find_linux, "linux-initrd": linux_guest.ensure_initrd, "xentrace-initrd": xentrace.ensure_initrd,
    "xl-initrd": xl.ensure_mini, "xl-linux-initrd": xl.ensure_linux,
    "grub32": lambda: debian.find_file("grub-xen-host", "usr/lib/grub-xen/grub-i386-xen.bin", None),
}  # fmt: skip


def make(out, words, folder=""):
    """Paths that are not absolute begin in folder."""
    archive = initramfs.Archive()
    for word in words:
        name, mark, path = word.rpartition("=")
        name = name if mark else os.path.basename(path)
        path = MADE[path]() if path in MADE else os.path.join(folder, path)
        archive.add_file(name, require_file(path, "the file", "give an existing one, or NAME=PATH"))
    archive.write(out)


def make_in_top(out, words):
    make(out, words, TOP)
