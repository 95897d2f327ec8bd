"""Things under test that come from Debian's archive: downloaded and unpacked, never installed.

Their install scripts would rewrite the boot menu of the machine that we run on. Packages lie in
build/cache, what is in them in build/cache/tree/PACKAGE; a tree that is there is complete. Only what
is missing is asked of the network, so a second run needs none. Tests that run at the same time fetch
one after the other.
"""

import contextlib
import fcntl
import glob
import os
import re
import subprocess
import tempfile

from harness.common import CACHE, Complaint, part_of, run_quietly

RETRIES = ["-o", "Acquire::Retries=5"]
NO_SANDBOX = ["-o", "APT::Sandbox::User=root"]  # root's cache is not readable for user _apt


@contextlib.contextmanager
def fetching():
    """One thread of one process at a time."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, ".fetching"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_package(package):
    """The newest downloaded file of a package, whose name may hold wildcards; or None."""
    found = sorted(glob.glob(os.path.join(CACHE, package + "_*.deb")), key=os.path.getmtime)
    return found[-1] if found else None


def succeeds(command, folder=CACHE):
    try:
        return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def depended_on(package, prefix):
    """The package that a meta package depends on and whose name begins with prefix, or None."""
    done = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True)
    found = re.search(rf"Depends: ({re.escape(prefix)}\S*)", done.stdout)
    return found and found.group(1)


def download(package, via=None, version=None):
    """Bring a package into the cache with apt's own client, whole or not at all; answers its path. Where apt is not
    offered the version, it is another."""
    root = os.geteuid() == 0

    def attempt(version):
        name = depended_on(via, package.rstrip("*")) if via else package
        command = ["apt-get", "-q", *RETRIES] + (NO_SANDBOX if root else [])
        command += ["download", (name or package) + (f"={version}" if version else "")]
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            done = succeeds(command, folder)
            for deb in glob.glob(os.path.join(folder, "*.deb")) if done else []:
                os.replace(deb, os.path.join(CACHE, os.path.basename(deb)))
        return done

    if not attempt(version):
        # As tools/need does: a machine without package lists, or with old ones, gets new ones once.
        succeeds(([] if root else ["sudo"]) + ["apt-get", *RETRIES, "update", "-qq"])
        if not attempt(version) and version:
            attempt(None)
    if not find_package(package):
        raise Complaint(f"cannot download {package}: check the network, then try again")
    return find_package(package)


def find_file(package, pattern, via=None, version=None):
    """The path of the one file of a package that a pattern names, fetched if need be.

    With via, the package is one (of several versions) that the meta package via depends on, and its
    name ends in a `*`. With version, it is that one if apt is offered it.
    """
    with fetching():
        deb, tree = find_tree(package, via, version)
    found = glob.glob(os.path.join(tree, pattern))
    if len(found) != 1:
        raise Complaint(f"{deb} holds no {pattern}; delete it and try again")
    return found[0]


def find_tree(package, via, version):
    """The package's file and the folder with what is in it."""
    deb = find_package(package) or download(package, via, version)
    tree = os.path.join(CACHE, "tree", os.path.basename(deb).removesuffix(".deb"))
    if not os.path.isdir(tree):
        part = part_of(tree)
        os.makedirs(part, exist_ok=True)
        run_quietly(["dpkg", "-x", deb, part], f"unpacking {package}")
        os.rename(part, tree)
    return deb, tree


LINUX = ("linux-image-6.1.*", "boot/vmlinuz-*", "linux-image-amd64")


def find_linux():
    """The kernel file of Debian 12's Linux."""
    return find_file(*LINUX)
