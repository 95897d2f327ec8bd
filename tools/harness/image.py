"""Boot images: GRUB, a hypervisor, a first module (the kernel) and its initrd on one ISO.

Making an image takes about a second, and the tests boot the same few over and over, so images are
kept under build/cache/iso, named by a hash of everything that went in. The name is the whole
invariant: a file there is complete (it is renamed into place) and never changes.
"""

import contextlib
import os
import shutil
import sys
import tempfile

from harness.common import CACHE, Complaint, content_hash, require_file, run_quietly

ISO_CACHE = os.path.join(CACHE, "iso")
KEEP_IMAGES = 150  # some 3 MB each; the oldest go first
GRUB_PLATFORM = "/usr/lib/grub/i386-pc"
GRUB_MODULES = "multiboot2 iso9660 biosdisk serial terminal gzio normal"
RECIPE = "4"  # change it when images are made differently, so that old ones are not reused


def quote_grub(text):
    """One GRUB word that stands for text, whatever it contains."""
    return "'" + text.replace("'", "'\\''") + "'"


def split_args(text):
    """The words of a command line, each quoted for GRUB (which would expand $ and split on ;)."""
    return "".join(" " + quote_grub(word) for word in text.split())


def grub_config(hv_args, kernel, kernel_args, initrd):
    lines = [
        # No menu entry: the commands run as they are read, so nothing is drawn and nothing waits.
        "serial --unit=0 --speed=115200",
        "terminal_output serial",
        "multiboot2 /boot/hypervisor" + split_args(hv_args),
    ]
    if kernel:
        lines.append("module2 /boot/kernel" + split_args(kernel_args))
    if initrd:
        lines.append("module2 /boot/initrd")
    return "\n".join(lines + ["boot", ""])


def find_or_make(hypervisor, hv_args="", kernel=None, kernel_args="", initrd=None):
    """The path of an ISO with exactly these contents, made now or found in the cache."""
    files = {"hypervisor": require_file(hypervisor, "the hypervisor", "run `make` first")}
    if kernel:
        files["kernel"] = require_file(kernel, "the kernel", "give KERNEL= an existing file")
    if initrd:
        if not kernel:
            raise Complaint("an initrd needs a kernel; give KERNEL= too")
        files["initrd"] = require_file(initrd, "the initrd", "give INITRD= an existing file")
    config = grub_config(hv_args, kernel, kernel_args, initrd)
    parts = [RECIPE, config] + [("file", files[name]) for name in sorted(files)]
    path = os.path.join(ISO_CACHE, content_hash(parts) + ".iso")
    if os.path.exists(path):
        os.utime(path)
    else:
        make(files, config, path)
        prune(ISO_CACHE, KEEP_IMAGES)
    return path


def is_elf64(path):
    with open(path, "rb") as stream:
        return stream.read(5) == b"\x7fELF\x02"


def make(files, config, path):
    """Write the ISO to path, all or nothing."""
    if not os.path.isdir(GRUB_PLATFORM):
        raise Complaint("GRUB's BIOS files are missing; tools/need installs grub-pc-bin")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as work:
        boot = os.path.join(work, "root", "boot")
        os.makedirs(os.path.join(boot, "grub"))
        for name, source in files.items():
            copy = os.path.join(boot, name)
            shutil.copyfile(source, copy)
            if name == "hypervisor" and is_elf64(copy):
                # Ours: GRUB reads all of a file, and most of this one is for gdb.
                run_quietly(["strip", copy], "making the boot image")
        with open(os.path.join(boot, "grub", "grub.cfg"), "w") as stream:
            stream.write(config)
        out = os.path.join(work, "out.iso")
        command = ["grub-mkrescue", "-d", GRUB_PLATFORM, "-o", out, "--fonts=", "--locales="]
        command += ["--themes=", f"--install-modules={GRUB_MODULES}", os.path.dirname(boot)]
        run_mkrescue(command, work)
        os.replace(out, path)


def run_mkrescue(command, work):
    """One image in some ten thousand it cannot make (xorriso fails, of unknown cause), and the same one at once after."""
    for last in (False, True):
        try:
            return run_quietly(command, "making the boot image", env=dict(os.environ, TMPDIR=work))
        except Complaint as complaint:
            if last:
                raise
            print(f"{complaint}; once more", file=sys.stderr)


def prune(folder, keep):
    """Drop the least recently used files of a cache; another process may be doing the same."""
    entries = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):
            if entry.is_file():
                entries.append((entry.stat().st_mtime, entry.path))
    for _, path in sorted(entries, reverse=True)[keep:]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
