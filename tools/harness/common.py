"""What every host-side script shares: where things are, and how a failure is told.

A user sees one line: what is wrong and what to do. So every foreseeable failure is a Complaint,
and main_guard() turns it into that line; a traceback always means a bug in these scripts.
"""

import hashlib
import os
import subprocess
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build")
CACHE = os.path.join(BUILD, "cache")

EXIT_FAILED = 1  # what was run gave the wrong answer
EXIT_UNUSABLE = 2  # the request or this machine: nothing could be run


class Complaint(Exception):
    """A failure that the user can do something about; exit status 2 unless told otherwise."""

    def __init__(self, text, status=EXIT_UNUSABLE):
        super().__init__(text)
        self.status = status


def main_guard(main):
    """Run main() and leave with its status; a Complaint becomes one line on stderr."""
    try:
        sys.exit(main())
    except Complaint as complaint:
        name = os.path.basename(sys.argv[0])
        print(f"{name}: {complaint}", file=sys.stderr)
        sys.exit(complaint.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os._exit(EXIT_FAILED)


def part_of(path):
    """Where a file is made that will be renamed to path: a name that no other process or thread takes."""
    return f"{path}.{os.getpid()}.{threading.get_ident()}"


def require_file(path, what, advice):
    """Complain unless path is a readable file; answers its absolute path."""
    if not os.path.isfile(path):
        raise Complaint(f"{what} {path} does not exist; {advice}")
    return os.path.abspath(path)


def content_hash(parts):
    """A short name for a sequence of strings and files (given as ('file', path))."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, tuple):
            with open(part[1], "rb") as stream:
                data = stream.read()
        else:
            data = part.encode()
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()[:24]


def run_quietly(command, what, env=None, cwd=None):
    """Run a command whose output matters only when it fails; answers its stdout."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=cwd)
    except FileNotFoundError:
        raise Complaint(f"{command[0]} is not installed; tools/need installs what is missing")
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if any(c.isalnum() for c in line)]
        raise Complaint(f"{what} failed: {' / '.join(lines[-3:]) or command[0]} (exit {done.returncode})")
    return done.stdout
