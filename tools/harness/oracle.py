"""Debian's Xen, the hypervisor whose answers ours must equal.

The package is downloaded and unpacked, never installed: its install scripts would rewrite the boot
menu of the machine that we run on. Everything stays under build/cache.
"""

import glob
import gzip
import os
import subprocess

from harness.common import CACHE, Complaint, run_quietly

PACKAGE = "xen-hypervisor-4.17-amd64"
IMAGE = os.path.join(CACHE, "xen", "xen")
BOOT_ARGS = "com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all noreboot"
NO_SANDBOX = ["-o", "APT::Sandbox::User=root"]  # root's cache is not readable for user _apt


def find_package():
    found = sorted(glob.glob(os.path.join(CACHE, PACKAGE + "_*.deb")))
    return found[-1] if found else None


def download():
    """Bring the package into the cache with apt's own client; answers its path."""
    os.makedirs(CACHE, exist_ok=True)
    root = os.geteuid() == 0
    command = ["apt-get", "-q"] + (NO_SANDBOX if root else []) + ["download", PACKAGE]
    lists = ([] if root else ["sudo"]) + ["apt-get", "update", "-qq"]
    if not succeeds(command):
        # As tools/need does: a machine without package lists, or with old ones, gets new ones once.
        succeeds(lists)
        succeeds(command)
    if not find_package():
        raise Complaint(f"cannot download {PACKAGE}: check the network, then try again")
    return find_package()


def succeeds(command):
    try:
        return subprocess.run(command, cwd=CACHE, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def ensure():
    """The path of Debian's Xen as an uncompressed multiboot2 image, fetched if need be."""
    if os.path.exists(IMAGE):
        return IMAGE
    package = find_package() or download()
    tree = os.path.join(CACHE, "xen", "tree")
    os.makedirs(tree, exist_ok=True)
    run_quietly(["dpkg", "-x", package, tree], "unpacking Xen")
    packed = glob.glob(os.path.join(tree, "boot", "xen-4.17-*.gz"))
    if len(packed) != 1:
        raise Complaint(f"{package} holds no boot/xen-4.17-*.gz; delete it and try again")
    with gzip.open(packed[0]) as source, open(IMAGE + ".part", "wb") as target:
        target.write(source.read())
    os.replace(IMAGE + ".part", IMAGE)
    return IMAGE
