"""Debian's Xen, the hypervisor whose answers ours must equal (debian.py says how it is fetched)."""

import gzip
import os

from harness import debian
from harness.common import CACHE, part_of

PACKAGE = "xen-hypervisor-4.17-amd64"
IMAGE = os.path.join(CACHE, "xen", "xen")
# Memory is not scrubbed: that is half of Xen's boot here, and the emulator's memory is zero anyway.
BOOT_ARGS = "com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all noreboot bootscrub=0"


def ensure():
    """The path of Debian's Xen as an uncompressed multiboot2 image, fetched if need be."""
    if os.path.exists(IMAGE):
        return IMAGE
    packed = debian.find_file(PACKAGE, "boot/xen-4.17-*.gz")
    os.makedirs(os.path.dirname(IMAGE), exist_ok=True)
    part = part_of(IMAGE)
    with gzip.open(packed) as source, open(part, "wb") as target:
        target.write(source.read())
    os.replace(part, IMAGE)
    return IMAGE
