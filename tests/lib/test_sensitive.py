"""docs/sensitive-instructions.md says what sensitive instructions tell in each ring: it is so."""

import os
import re
import subprocess
import unittest

from harness import common
from harness.common import TOP

DOC = os.path.join(TOP, "docs", "sensitive-instructions.md")
PROBE = re.compile(r"^\| `(\w+)` \|")
ROW = re.compile(r"^ROW (\w+)\.(\w+) = (.*)$")

# Each run's columns, by the ring that its rows name: (width, ring) in the page's order.
COLUMNS = [("32", "native"), ("32", "kernel"), ("32", "user"), ("64", "native"), ("64", "kernel"), ("64", "user")]


def read_table(lines):
    """{probe: [what each column says]}, of the page's first table."""
    table = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if PROBE.match(line) and len(cells) == 1 + len(COLUMNS):
            table[cells[0].strip("`")] = cells[1:]
    return table


def rows_of(name, *words):
    """{(ring, probe): text} of a run that ends well."""
    log = os.path.join(common.BUILD, "logs", f"sensitive-{name}-{os.getpid()}.log")
    run = subprocess.run(
        ["tools/vm", "run", "--quiet", "--timeout", "60", "--log", log, *words],
        cwd=TOP, capture_output=True, text=True,
    )  # fmt: skip
    with open(log, errors="replace") as lines:
        found = [ROW.match(line.rstrip()) for line in lines]
    os.unlink(log)
    assert run.returncode == 0, run.stderr
    return {(row[1], row[2]): row[3] for row in found if row}


class Sensitive(unittest.TestCase):
    def test_the_page_says_what_is_so(self):
        build, said = common.BUILD, {}
        for width, suffix in (("32", "32"), ("64", "")):
            rows = rows_of("native" + width, "--hv", os.path.join(build, "native", "sensitive" + width))
            rows |= rows_of("guest" + width, "--kernel", os.path.join(build, "guests" + suffix, "sensitive"))
            for (ring, probe), text in rows.items():
                said.setdefault(probe, {})[(width, ring)] = text
        with open(DOC) as lines:
            table = read_table(lines)
        self.assertEqual({probe: [cells.get(c) for c in COLUMNS] for probe, cells in said.items()}, table)

    def test_the_other_table_is_not_taken_for_it(self):
        lines = ["| `sgdt` | its own | 2 | 3 | 4 | 5 | 6 |", "| `sgdt`, `sidt` | y |", "| `smsw` | y | z |"]
        self.assertEqual(read_table(lines), {"sgdt": ["its own", "2", "3", "4", "5", "6"]})


if __name__ == "__main__":
    unittest.main()
