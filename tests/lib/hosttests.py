"""Host tests: run the cmocka programs of build/debug/host and build/host, and count each test.

cmocka speaks TAP when asked. A program that dies (a sanitizer's finding ends it) leaves tests
unsaid: that is one failure, with the sanitizer's own first line.
"""

import os
import re
import subprocess

from harness.common import BUILD, TOP

SOURCES = os.path.join(TOP, "tests", "host")
SECONDS = 120
LONG_SECONDS = 3000
LONG_ENVIRONMENT = {"STORM_SEEDS": "300"}  # what the programs themselves read
PLAN = re.compile(r"^1\.\.(\d+)$")
PASSED = re.compile(r"^ok \d+ - (.*)$")
FAILED = re.compile(r"^not ok \d+ - (\w+)(?: (.*))?$")  # the rest: why its set-up did not work
SKIPPED = re.compile(r"^not ok \d+ # SKIP (.*)$")
FINDING = re.compile(r"ERROR: AddressSanitizer|runtime error:|LeakSanitizer|Assertion")
DECLARED = re.compile(r"\bcmocka_unit_test\w*\(\s*(\w+)")


def find_programs():
    """{name: the names of its tests as its source declares them}"""
    found = {}
    for entry in sorted(os.listdir(SOURCES)):
        if entry.startswith("test_") and entry.endswith(".c"):
            with open(os.path.join(SOURCES, entry)) as stream:
                found[entry[:-2]] = DECLARED.findall(stream.read())
    return found


def builds_of(name, long):
    """The debug build has all that the release build has; in `make test` only those that differ run in both."""
    with open(os.path.join(SOURCES, name + ".c")) as stream:
        return ("release", "debug") if long or re.search(r"\bDEBUG\b", stream.read()) else ("debug",)


def run_program(path, long):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP")
    # cmocka's handler would swallow the sanitizer's report of a wild access.
    env["ASAN_OPTIONS"] = "allow_user_segv_handler=0:" + env.get("ASAN_OPTIONS", "")
    env.update(LONG_ENVIRONMENT if long else {})
    limit = LONG_SECONDS if long else SECONDS
    try:
        done = subprocess.run([path], env=env, capture_output=True, timeout=limit, cwd=TOP)
    except subprocess.TimeoutExpired:
        return "", f"no end within {limit} s", -1
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"), done.returncode


class Program:
    """What one program said: its tests' results, and what is wrong with the whole."""

    def __init__(self, out, err, status):
        self.planned = 0
        self.passed, self.skipped = [], []
        self.failed = []  # [name, why]
        for line in out.splitlines():
            self.take(line)
        said = len(self.passed) + len(self.skipped) + len(self.failed)
        self.broken = None
        if said < self.planned or said == 0 or (status != 0 and not self.failed):
            self.broken = describe_death(err, status)

    def take(self, line):
        plan, passed = PLAN.match(line), PASSED.match(line)
        failed, skipped = FAILED.match(line), SKIPPED.match(line)
        if plan:
            self.planned += int(plan.group(1))
        elif passed:
            self.passed.append(passed.group(1))
        elif failed:
            self.failed.append([failed.group(1), failed.group(2) or ""])
        elif skipped:
            self.skipped.append(skipped.group(1))
        elif line.startswith("# ") and self.failed and not line.startswith("# not ok"):
            self.failed[-1][1] += ("; " if self.failed[-1][1] else "") + line[2:]


def describe_death(err, status):
    lines = [line for line in err.splitlines() if line.strip()]
    findings = [line for line in lines if FINDING.search(line)]
    said = (findings or lines or ["it said nothing"])[0]
    return f"ended with status {status}: {said}"


def run_tests(build, name, selected, long, tally):
    """Run one program; count those tests for whose name selected() is true. Answers whether all went well."""
    path = os.path.join(BUILD, *([] if build == "release" else ["debug"]), "host", name)
    if not os.path.exists(path):
        tally.fail(f"host/{name} [{build}]", "it was not built")
        return False
    program = Program(*run_program(path, long))
    tally.add(len([test for test in program.passed if selected(f"host/{name}/{test}")]))
    for test, why in program.failed:
        if selected(f"host/{name}/{test}"):
            tally.fail(f"host/{name}/{test} [{build}]", why or "failed")
    for test in program.skipped:
        tally.skip(f"host/{name}/{test} [{build}]", "it skipped itself")
    if program.broken:
        tally.fail(f"host/{name} [{build}]", program.broken)
    return not program.failed and not program.broken
