#!/usr/bin/python3
"""Fuzzing (tests/fuzz): run the fuzzers of build/fuzz for some time, and keep what they find.

    tests/lib/fuzzing.py [--seconds N] [--match PATTERN] [--keep]

Each starts from what is in the tree (tests/fuzz/corpus/NAME) and from what earlier runs have left in
build/fuzz/found/NAME. An input that ends a fuzzer is kept beside that folder, as NAME-crash-...; its
line says how to run it again. --keep instead makes the tree's inputs anew out of all of these.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

if __name__ == "__main__":
    sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")]
    sys.dont_write_bytecode = True

from harness.common import BUILD, TOP  # noqa: E402

FUZZERS = os.path.join(BUILD, "fuzz")
FOUND = os.path.join(FUZZERS, "found")
CORPUS = os.path.join(TOP, "tests", "fuzz", "corpus")
LENGTHS = {"mm": 2400, "insn": 48, "image": 6000, "config": 1500, "line": 600, "ring": 600,
           "schedule": 1024, "xenstore": 3000}  # of an input, in bytes, at most
LONG_SECONDS = {"mm": 180, "insn": 30, "image": 30, "config": 15, "line": 15, "ring": 15, "schedule": 15, "xenstore": 30}  # in `make test-long`
KEPT_FILES, KEPT_BYTES = 100, 100 << 10  # in the tree, of each fuzzer
WRONG = re.compile(r"ERROR: (?!libFuzzer)|runtime error:|error: |BUG|ASSERT|^ERROR|step \d+")


def find_fuzzers():
    return sorted(os.listdir(CORPUS))


def run_fuzzer(name, options, folders, more_env=None):
    """libFuzzer's own exit status, and what it said."""
    command = ["nice", "-n", "10", os.path.join(FUZZERS, name), f"-max_len={LENGTHS[name]}"]
    # Outside a test, an assertion of cmocka's shall be a crash.
    env = dict(os.environ, CMOCKA_TEST_ABORT="1", **(more_env or {}))
    done = subprocess.run(command + options + folders, env=env, capture_output=True, cwd=TOP)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def run_time(name, seconds):
    """None, or what was wrong; and the last line of figures."""
    found = os.path.join(FOUND, name)
    os.makedirs(found, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={found}-", "-timeout=20"]
    status, said = run_fuzzer(name, options, [found, os.path.join(CORPUS, name)])
    lines = said.splitlines()
    figures = [line for line in lines if line.startswith("#")][-1:] or ["no figures"]
    if status == 0:
        return None, figures[0]
    wrong = [line for line in lines if WRONG.search(line)] or lines[-1:]
    written = [line.split()[-1] for line in lines if "Test unit written to" in line]
    again = f"REPLAY={written[0]} build/debug/host/test_fuzz_{name}" if written else "no input"
    return f"{wrong[0].strip()}; again: {again}", figures[0]


def run_tests(selected, tally):
    """For `make test-long`: each fuzzer for some minutes."""
    for name in find_fuzzers():
        if selected(f"fuzz/{name}"):
            wrong, figures = run_time(name, LONG_SECONDS[name])
            tally.say(f"fuzz/{name}: {figures}")
            if wrong:
                tally.fail(f"fuzz/{name}", wrong)
            else:
                tally.add(1)


def merge(name, into, sources, code_only):
    """Into the empty folder @into the fewest inputs that reach all that @sources reach."""
    shutil.rmtree(into, ignore_errors=True)
    os.makedirs(into)
    env = {"FUZZ_CODE_ONLY": "1"} if code_only else {}
    status, said = run_fuzzer(name, ["-set_cover_merge=1", "-use_counters=0"], [into] + sources, env)
    if status != 0:
        sys.exit(said)
    return sorted(os.path.join(into, entry) for entry in os.listdir(into))


def keep(name):
    """The tree's inputs anew: those that reach all code, and others as far as there is room."""
    inputs, found = os.path.join(CORPUS, name), os.path.join(FOUND, name)
    sources = [folder for folder in (inputs, found) if os.path.isdir(folder)]
    needed = merge(name, os.path.join(FUZZERS, "needed"), sources, True)
    others = merge(name, os.path.join(FUZZERS, "others"), sources, False)
    shutil.rmtree(inputs)
    os.makedirs(inputs)
    room = KEPT_BYTES
    for path in needed + others:  # named by their hashes: the order is as good as random
        room -= os.path.getsize(path)
        if path in needed or (room >= 0 and len(os.listdir(inputs)) < KEPT_FILES):
            shutil.copy(path, inputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--match", default="")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    failed = False
    for name in find_fuzzers():
        if options.match not in f"fuzz/{name}":
            continue
        if options.keep:
            keep(name)
            continue
        wrong, figures = run_time(name, options.seconds)
        print(f"fuzz/{name}: {figures}" + (f"\nFAIL fuzz/{name}: {wrong}" if wrong else ""), flush=True)
        failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
