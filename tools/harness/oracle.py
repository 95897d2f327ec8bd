"""Debian's Xen, the hypervisor whose answers ours must equal (debian.py says how it is fetched)."""

import functools
import gzip
import os
import sys

from harness import debian
from harness.common import CACHE, part_of

PACKAGE = "xen-hypervisor-4.17-amd64"
VERSION = "4.17.7+13-g2445b30a44-0+deb12u1"  # whose answers the tests were written against
IMAGE = os.path.join(CACHE, "xen", "xen")
# Memory is not scrubbed: that is half of Xen's boot here, and the emulator's memory is zero anyway.
BOOT_ARGS = "com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all noreboot bootscrub=0"


def ensure():
    """The path of Debian's Xen as an uncompressed multiboot2 image, fetched if need be."""
    if not os.path.exists(IMAGE):
        unpack()
    warn_once()
    return IMAGE


def unpack():
    packed = debian.find_file(PACKAGE, "boot/xen-4.17-*.gz", version=VERSION)
    os.makedirs(os.path.dirname(IMAGE), exist_ok=True)
    part = part_of(IMAGE)
    with gzip.open(packed) as source, open(part, "wb") as target:
        target.write(source.read())
    os.replace(part, IMAGE)


def other_version():
    """What there is to say if the Xen that was fetched is not the known one, or None."""
    deb = debian.find_package(PACKAGE)
    version = os.path.basename(deb).split("_")[1] if deb else VERSION
    if version != VERSION:
        return (
            f"the oracle is Xen {version}, our answers are those of {VERSION}: rows will differ; add the security suite"
            f" of Debian to apt's sources, then delete {os.path.relpath(CACHE)}/xen*"
        )
    return None


@functools.cache
def warn_once():
    text = other_version()
    if text:
        print(f"WARNING: {text}", file=sys.stderr, flush=True)
