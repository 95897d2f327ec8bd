"""Runs that failed, for `make why`: how each was made, what it said, and its trace if it has one.

build/failed/NAME.json, one for each run's name. The same run, made again and good, removes it.
"""

import contextlib
import json
import os
import re

from harness.common import BUILD, part_of

# How the console says that something died: a guest, or the hypervisor.
DEATH = re.compile(r"Domain (\d+) (\(vcpu#\d+\) )?crashed|Panic on CPU \d+")
FOLDER = os.path.join(BUILD, "failed")


def path_of(name):
    return os.path.join(FOLDER, name.replace("/", "-") + ".json")


def note(name, wrong, **how):
    """wrong: a line that says what was; how: kind=vm or guest and what that needs to run again, log, trace."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(part_of(path_of(name)), "w") as stream:
        json.dump(dict(how, name=name, wrong=wrong), stream)
    os.replace(part_of(path_of(name)), path_of(name))


def forget(name):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path_of(name))


def latest(part=""):
    """The last that failed and has this in its name, or None. One whose log is gone is passed over."""
    with contextlib.suppress(FileNotFoundError):
        found = [e for e in os.scandir(FOLDER) if e.name.endswith(".json") and part in e.name]
        for entry in sorted(found, key=lambda e: -e.stat().st_mtime):
            with open(entry.path) as stream:
                failed = json.load(stream)
            if os.path.exists(failed["log"]):
                return failed
    return None
