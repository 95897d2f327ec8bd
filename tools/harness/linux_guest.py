"""Debian's Linux as a guest: its initrd, and the tree of its root file system.

The kernel is Debian's as it comes, where drivers of PV devices and of ext4 are modules; the modules
lie in the same package. depmod, which would say in what order to load them, runs only when the
package is installed: so their own `depends=` are followed here. The root file system is busybox and
a few files of tools/linux-guest. Everything is built by any user, of downloaded packages.
"""

import os
import re
import shutil

from harness import debian, initramfs
from harness.common import BUILD, CACHE, TOP, Complaint, content_hash, part_of, run_quietly

SOURCES = os.path.join(TOP, "tools", "linux-guest")
INITRD = os.path.join(BUILD, "linux.initrd")
# crc32c_generic: what ext4 asks the kernel for by name.
MODULES = ("xen-blkfront", "xen-netfront", "crc32c_generic", "ext4")
FOLDERS = ("dev", "proc", "sys", "run", "tmp", "root", "mnt", "var/log", "usr/share/udhcpc")
ROOT_FILES = {  # of SOURCES
    "inittab": "etc/inittab", "rc": "etc/rc", "passwd": "etc/passwd", "trial": "usr/bin/trial",
    "udhcpc": "etc/udhcpc/default.script",
}  # fmt: skip
SAME_TIME = 1577836800
RECIPE = "2"


def module_names(path):
    """The modules that a module says it needs."""
    with open(path, "rb") as stream:
        found = re.search(rb"\0depends=([^\0]*)\0", stream.read())
    return [name for name in found.group(1).decode().split(",") if name] if found else []


def find_modules(names=MODULES):
    """Paths of modules and of all that they need, in the order in which they can be loaded."""
    folder = debian.find_file(debian.LINUX[0], "lib/modules/*/kernel", debian.LINUX[2])
    paths = {}
    for place, _, files in os.walk(folder):
        paths.update({f[:-3].replace("-", "_"): os.path.join(place, f) for f in files if f.endswith(".ko")})
    order = []

    def add(name):
        path = paths.get(name.replace("-", "_"))
        if not path:
            raise Complaint(f"Debian's Linux has no module {name} any more")
        if path not in order:
            for other in module_names(path):
                add(other)
            order.append(path)

    for name in names:
        add(name)
    return order


def module_files(names, listing, folder=""):
    """Pairs of a name in an archive and a path here: modules, and `modules`, which says in what order they are loaded."""
    paths = find_modules(names)
    listing = os.path.join(CACHE, "linux", listing)
    os.makedirs(os.path.dirname(listing), exist_ok=True)
    with open(part_of(listing), "w") as stream:
        stream.writelines(f"{os.path.basename(path)}\n" for path in paths)
    os.replace(part_of(listing), listing)
    return [("modules", listing)] + [(folder + os.path.basename(path), path) for path in paths]


def ensure_initrd(out=INITRD):
    """Modules, what loads them, and busybox for both."""
    return initramfs.make(out, os.path.join(SOURCES, "init"), module_files(MODULES, "modules"))


def ensure_root():
    """The folder that becomes the guest's root file system; one that is there is complete."""
    busybox = initramfs.find_busybox()
    parts = [RECIPE] + [("file", os.path.join(SOURCES, name)) for name in sorted(ROOT_FILES)] + [("file", busybox)]
    folder = os.path.join(CACHE, "linux", content_hash(parts))
    if os.path.isdir(folder):
        return folder
    part = part_of(folder)
    for name in ("bin", "sbin", "etc/udhcpc", "usr/bin") + FOLDERS:
        os.makedirs(os.path.join(part, name), exist_ok=True)
    shutil.copy(busybox, os.path.join(part, "bin", "busybox"))
    os.chmod(os.path.join(part, "bin", "busybox"), 0o755)
    for command in run_quietly([busybox, "--list"], "asking busybox for its commands").split():
        if command != "busybox":
            os.symlink("busybox", os.path.join(part, "bin", command))
    for name in ("init", "getty", "poweroff", "reboot", "halt"):  # by which the kernel and init know them
        os.symlink("../bin/busybox", os.path.join(part, "sbin", name))
    for source, target in ROOT_FILES.items():
        shutil.copy(os.path.join(SOURCES, source), os.path.join(part, target))
        os.chmod(os.path.join(part, target), 0o644 if source in ("inittab", "passwd") else 0o755)
    for place, folders, files in os.walk(part):
        for name in folders + files:
            os.utime(os.path.join(place, name), (SAME_TIME, SAME_TIME), follow_symlinks=False)
    try:
        os.rename(part, folder)
    except OSError:  # another was faster
        shutil.rmtree(part)
    return folder
