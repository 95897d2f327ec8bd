"""Debian's programs as they come, for a ramdisk: with all the libraries that they name, and those name.

A machine that builds a ramdisk need not have them: packages are downloaded and unpacked, nothing installed.
"""

import glob
import os
import re

from harness import debian
from harness.common import Complaint, run_quietly

FOLDERS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
LOADER = "lib64/ld-linux-x86-64.so.2"
# What holds the libraries of xen-utils' small programs. All of Xen's are of one version.
XEN = (
    "libc6", "libxenmisc4.17", "libxencall1", "libxenevtchn1", "libxenforeignmemory1", "libxengnttab1", "libxentoollog1",
    "libxentoolcore1", "libxendevicemodel1",
)  # fmt: skip


def found_in(packages):
    """{name: path} of the libraries in some packages."""
    with debian.fetching():
        trees = [debian.find_tree(package, None, None)[1] for package in packages]
    paths = [path for tree in trees for folder in FOLDERS for path in glob.glob(f"{tree}/{folder}/*.so*")]
    return {os.path.basename(path): path for path in paths}


def needed_by(path):
    said = run_quietly(["readelf", "-d", path], f"asking {os.path.basename(path)} for its libraries")
    return re.findall(r"\(NEEDED\).*\[(.*)\]", said)


def closure(programs, packages, more=()):
    """Pairs of a name in an archive and a path here, of all that programs (paths) need. more: names of libraries
    that are loaded without being named."""
    known, names, queue = found_in(packages), set(), list(more)
    for program in programs:
        queue += needed_by(program)
    while queue:
        name = queue.pop()
        if name not in known:
            raise Complaint(f"no library {name} in {' '.join(packages)}")
        if name not in names:
            names.add(name)
            queue += needed_by(known[name])
    loader = os.path.basename(LOADER)
    return [(LOADER, known[loader])] + [(f"lib/{name}", known[name]) for name in sorted(names) if name != loader]
