"""The ramdisk with which Debian's Linux, as the control domain, runs Debian's xentrace: the program as it
comes, its libraries, the kernel's two modules that it needs, and tests/userland/xentrace as init."""

import os

from harness import debian, initramfs, libraries
from harness.common import BUILD, TOP

INIT = os.path.join(TOP, "tests", "userland", "xentrace")
PROGRAM = "xen-utils-4.17", "usr/lib/xen-4.17/bin/xentrace"
MODULES = ("xen-privcmd", "xen-evtchn")


def files():
    """Pairs of a name in the archive and a path here."""
    program = debian.find_file(*PROGRAM)
    yield "bin/xentrace", program
    yield from libraries.closure([program], libraries.XEN)
    package, _, via = debian.LINUX
    for name in MODULES:
        yield f"lib/{name}.ko", debian.find_file(package, f"lib/modules/*/kernel/drivers/xen/{name}.ko", via)
    yield "bin/exercise", initramfs.compile_static(initramfs.EXERCISE)


def ensure_initrd():
    return initramfs.make(os.path.join(BUILD, "initramfs-xentrace"), INIT, list(files()))
