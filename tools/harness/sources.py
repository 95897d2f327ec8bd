"""The tracked sources, and what of them counts as code."""

import os
import re

from harness.common import TOP, run_quietly

C_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
ASM_COMMENT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|;[^\n]*")


def tracked(suffixes, under=()):
    """Tracked files (from the top folder) by suffix and, if given, top folder."""
    files = run_quietly(["git", "ls-files", "-z"], "git ls-files", cwd=TOP).split("\0")
    chosen = [name for name in files if name.endswith(tuple(suffixes))]
    if under:
        chosen = [name for name in chosen if name.split("/")[0] in under]
    return [name for name in chosen if os.path.exists(os.path.join(TOP, name))]


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as stream:
        return stream.read()


def without_comments(name, text):
    """The text with each comment replaced by its line ends; strings stay."""

    def blank(match):
        found = match.group(0)
        return found if found[0] in "\"'" else " " + "\n" * found.count("\n")

    return (ASM_COMMENT if name.endswith((".asm", ".inc")) else C_COMMENT).sub(blank, text)


def count_code(name):
    """Lines that are neither blank nor only comment."""
    return sum(1 for line in without_comments(name, read(name)).splitlines() if line.strip())
