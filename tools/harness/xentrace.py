"""The ramdisk with which Debian's Linux, as the control domain, runs Debian's xentrace: the program as it
comes, the libraries that it names, the kernel's two modules that it needs, and tests/userland/xentrace
as init. All is downloaded and unpacked, nothing installed."""

import os

from harness import debian, initramfs
from harness.common import BUILD, TOP

INIT = os.path.join(TOP, "tests", "userland", "xentrace")
PROGRAM = "xen-utils-4.17", "usr/lib/xen-4.17/bin/xentrace"
XEN_LIBRARIES = {
    "libxenmisc4.17": "libxenctrl.so.4.17", "libxencall1": "libxencall.so.1", "libxenevtchn1": "libxenevtchn.so.1",
    "libxenforeignmemory1": "libxenforeignmemory.so.1", "libxengnttab1": "libxengnttab.so.1",
    "libxentoollog1": "libxentoollog.so.1", "libxentoolcore1": "libxentoolcore.so.1",
    "libxendevicemodel1": "libxendevicemodel.so.1",
}  # fmt: skip
C_LIBRARY = ("lib/libc.so.6", "lib64/ld-linux-x86-64.so.2")
MODULES = ("xen-privcmd", "xen-evtchn")


def files():
    """Pairs of a name in the archive and a path here."""
    yield "bin/xentrace", debian.find_file(*PROGRAM)
    for package, name in XEN_LIBRARIES.items():
        yield f"lib/{name}", debian.find_file(package, f"usr/lib/x86_64-linux-gnu/{name}")
    for name in C_LIBRARY:
        yield name, debian.find_file("libc6", f"lib/x86_64-linux-gnu/{os.path.basename(name)}")
    package, _, via = debian.LINUX
    for name in MODULES:
        yield f"lib/{name}.ko", debian.find_file(package, f"lib/modules/*/kernel/drivers/xen/{name}.ko", via)
    yield "bin/exercise", initramfs.compile_static(initramfs.EXERCISE)


def ensure_initrd():
    return initramfs.make(os.path.join(BUILD, "initramfs-xentrace"), INIT, list(files()))
