"""A run with everything that reached it from outside, kept in a file, to be run again as it was.

Under icount a machine's own doings repeat by themselves; when a disk answers, what a network or a
keyboard says, does not. QEMU's record and replay keeps these, with the instruction at which each
came. Disks must go through its driver blkreplay and cards through filter-replay, so this rewrites a
finished command line. Disks are not written, in either run: the second finds them as the first did.

The time in which all CPUs sleep is real time here (QEMU does not record without): runs take longer.

QEMU 7.2 does not record when it takes up frames that a virtio card is to send, unless a timer of the
machine's makes it do so (`tx=timer`): it would lose the track of two recordings in three, and then say
so, or wait for ever. What it shows until then is right, so a replay that QEMU gave up, or that is not
at its end when its time is up, is begun once more.
"""

import os
import re

from harness import common

MODES = ("record", "replay")
ATTEMPTS = 3
LOST = -1  # no exit status: QEMU gave the replay up


def has_lost_track(lines, end):
    """Did QEMU end a replay because its recording does not go on as the machine does, or has it never ended?"""
    return end == "watchdog" or any(line.startswith("qemu-system") and "replay" in line for line in lines[-3:])


def rewrite(command, mode, path):
    """The command line that records (or replays) what `command` would run."""
    if mode == "replay":
        path = common.require_file(path, "the recording", "make it with --record")
    words, left = [], list(command)
    while left:
        word = left.pop(0)
        if word == "-icount":
            words += [word, f"{left.pop(0).removesuffix(',sleep=off')},rr={mode},rrfile={os.path.abspath(path)}"]
        elif word == "-cdrom":
            words += drive(f"file={left.pop(0).replace(',', ',,')},format=raw,readonly=on", "cd0")
            words += ["-device", "ide-cd,drive=cd0,bus=ide.1"]
        elif word == "-drive":
            text, name = re.fullmatch(r"(.*),if=none,id=(\w+)", left.pop(0)).groups()
            words += drive(f"{text},snapshot=on", name)
        elif word == "-netdev":
            words += [word, left.pop(0), "-object", "filter-replay,id=replay0,netdev=net0"]
        elif word.startswith("virtio-net-pci,"):
            words.append(f"{word},tx=timer")
        else:
            words.append(word)
    return words


def drive(text, name):
    """A drive of this name, whose requests are recorded."""
    return ["-drive", f"{text},if=none,id={name}file", "-drive", f"driver=blkreplay,image={name}file,if=none,id={name}"]
