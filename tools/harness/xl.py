"""The ramdisks with which Debian's Linux, as the control domain, runs Debian's own toolstack: xl, xenstored and
xenconsoled as they come, their libraries, the kernel's modules, a guest, and tests/userland/xl."""

import os

from harness import debian, initramfs, libraries, linux_guest
from harness.common import BUILD, TOP

SOURCES = os.path.join(TOP, "tests", "userland", "xl")
PROGRAMS = "usr/lib/xen-4.17/bin"
NAMES = ("xl", "xenstored", "xenconsoled", "xen-init-dom0", "libxl-save-helper")
STORE_NAMES = ("xenstore-exists", "xenstore-ls", "xenstore-read", "xenstore-write")  # one program
PACKAGES = libraries.XEN + (
    "libxenstore4", "libxenhypfs1", "libgcc-s1", "libyajl2", "zlib1g", "liblzma5", "libzstd1", "libuuid1",
)  # fmt: skip
UNNAMED = ("libgcc_s.so.1",)  # loaded by the C library when a thread is cancelled
MODULES = ("xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xenfs")
BACKENDS = ("xen-blkback", "xen-netback", "loop")
FRONTENDS = ("xen-blkfront", "xen-netfront")


def make(part, modules, guest):
    """guest: pairs of a name in the archive and a path here, as all that is there besides."""
    programs = {name: debian.find_file("xen-utils-4.17", f"{PROGRAMS}/{name}") for name in NAMES}
    store = debian.find_file("xenstore-utils", "usr/bin/xenstore")
    files = [(f"bin/{name}", path) for name, path in programs.items()] + [(f"bin/{name}", store) for name in STORE_NAMES]
    files += libraries.closure([*programs.values(), store], PACKAGES, UNNAMED)
    files += linux_guest.module_files(modules, f"modules-{part}", "lib/")
    files += [("part", os.path.join(SOURCES, part)), *guest]
    return initramfs.make(os.path.join(BUILD, f"initramfs-xl-{part}"), os.path.join(SOURCES, "init"), files)


def ensure_mini():
    """Its guest is the mini-kernel."""
    return make("mini", MODULES, [("kernel", os.path.join(BUILD, "guests", "mini-kernel"))])


def ensure_linux():
    """Its guest is the same Linux."""
    files = linux_guest.module_files(FRONTENDS, "modules-guest")
    ramdisk = initramfs.make(os.path.join(BUILD, "initramfs-xl-guest"), os.path.join(SOURCES, "guest"), files)
    return make("linux", MODULES + BACKENDS, [("kernel", debian.find_linux()), ("ramdisk", ramdisk)])
