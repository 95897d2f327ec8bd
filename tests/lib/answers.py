"""The answers of a guest, and whether ours are Xen's.

A guest prints `ROW group.name = value`, with ` (wanted X)` behind it where it expected something
else, and `END name` last. Rows are compared by name. Where we differ on purpose, a line of
tests/oracle/differences says so:

    guest row-name ours xen # the text of the header that allows it

(a value with blanks in quotes). tests/oracle/widths says so of 32-bit guests: `guest row-name in-32 in-64 # why`. Names and
values may have `*` for any text; `-` as value: there is no such row. Where `*` stands for our value, it must be what the
guest wanted. Such a line must be needed: one that matches nothing fails.
"""

import re
import shlex

from harness.common import Complaint

ROW = re.compile(r"^ROW (\S+) = (.*?)( \(wanted (.*)\))?$")
END = re.compile(r"^END (\S+)$")
HYPERVISOR_LINE = re.compile(r"^\((XEN|host)\)|^qemu-system-\S+:( warning:|$)")  # or the emulator's, or harness's
NO_ROW = "-"  # in a list of differences, for a value
TIMES = re.compile(r"^\s*~")  # a line whose numbers differ from run to run


class Answers:
    """What one run of a guest said."""

    def __init__(self, lines):
        self.rows = {}  # name: value
        self.wanted = {}  # name: what the guest expected, where it got something else
        self.twice = []  # names said more than once
        self.ended = None  # the name in the END line
        for line in lines:
            self.take(line)

    def take(self, line):
        row, end = ROW.match(line), END.match(line)
        if row:
            name = row.group(1)
            if name in self.rows:
                self.twice.append(name)
            self.rows[name] = row.group(2)
            if row.group(3):
                self.wanted[name] = row.group(4)
        elif end:
            self.ended = end.group(1)


def fits(pattern, text):
    """Is it what a field of a list says? @text is None for a row that was not said."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), NO_ROW if text is None else text)


class Difference:
    def __init__(self, place, guest, row, ours, xen):
        self.place, self.guest, self.row = place, guest, row
        self.ours, self.xen = ours, xen
        self.used = False

    def is_of(self, guest):
        return fits(self.guest, guest)

    def allows(self, name, ours, xen, wanted):
        """wanted: what the guest wanted instead of ours, or None."""
        if wanted is not None and "*" in self.ours:
            return False
        return fits(self.row, name) and fits(self.ours, ours) and fits(self.xen, xen)


def parse_reason(place, line):
    """Split `fields # reason`; both must be there."""
    fields, mark, reason = line.partition(" # ")
    if not mark or not reason.strip():
        raise Complaint(f"{place}: the line needs ` # ` and a reason")
    return shlex.split(fields), reason.strip()


def entries_of(path):
    """The lines of a list file, each with its place, without comments; none if there is no file."""
    try:
        with open(path) as stream:
            lines = stream.read().splitlines()
    except FileNotFoundError:
        return
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            yield f"{path}:{number}", line


def read_differences(path):
    found = []
    for place, line in entries_of(path):
        fields, _ = parse_reason(place, line)
        if len(fields) != 4:
            raise Complaint(f"{place}: expected `guest row ours xen # header text`")
        found.append(Difference(place, *fields))
    return found


def read_skips(path):
    """{guest: reason} from lines `guest # reason`."""
    skips = {}
    for place, line in entries_of(path):
        fields, reason = parse_reason(place, line)
        if len(fields) != 1:
            raise Complaint(f"{place}: expected `guest # reason`")
        skips[fields[0]] = reason
    return skips


def judge_row(name, ours, xen, allowed, who="Xen"):
    """What is wrong with one row, or None. @xen is None where the oracle was not asked."""
    value, wanted = ours.rows.get(name), ours.wanted.get(name)
    if xen is not None and value != xen.rows.get(name):
        theirs = xen.rows.get(name)
        for entry in allowed:
            if entry.allows(name, value, theirs, wanted):
                entry.used = True
                return None
        said = ["gave no answer" if text is None else text for text in (value, theirs)]
        return f"ours {said[0]}, {who} {said[1]}"
    if wanted is not None:
        both = f"ours and {who}" if xen is not None else "ours"
        return f"{both} {value}, the guest wanted {wanted}"
    return None


def compare(ours, xen, allowed, who="Xen"):
    """All rows of a run: (how many agree, [(row, what is wrong)]). who: what the other one is called."""
    names = list(ours.rows)
    if xen is not None:
        names += [name for name in xen.rows if name not in ours.rows]
    wrong = [(name, judge_row(name, ours, xen, allowed, who)) for name in names]
    wrong = [(name, why) for name, why in wrong if why]
    wrong_twice = [(name, "the guest said this row twice") for name in ours.twice]
    return len(names) - len(wrong), wrong + wrong_twice


def guest_lines(lines):
    """What the guest itself said: no line of the hypervisor's, none that is empty."""
    return [line for line in lines if line.strip() and not HYPERVISOR_LINE.match(line)]


def without_times(lines):
    return [re.sub(r" *\d+", " 0", line) if TIMES.match(line) else line for line in lines]


def compare_lines(ours, xen, who="Xen"):
    """The first line that differs, as text, or None; numbers of lines with a ~ do not count."""
    ours, xen = without_times(guest_lines(ours)), without_times(guest_lines(xen))
    return first_difference(ours, xen, "ours", who)


def same_lines(first, second):
    """Likewise for two runs that must not differ at all, in the hypervisor's lines neither."""
    return first_difference(first, second, "the first run", "the second")


def first_difference(ours, theirs, we, they):
    for number, (one, other) in enumerate(zip(ours, theirs), 1):
        if one != other:
            return f"line {number}: {we} `{one}`, {they} `{other}`"
    if len(ours) != len(theirs):
        return f"{we} said {len(ours)} lines, {they} {len(theirs)}"
    return None
