"""The hypercalls of a kernel that nobody here wrote, seen from outside.

A foreign kernel prints no rows, so it is watched instead: every 64-bit PV kernel enters the
hypervisor by a `syscall` in a stub of a few bytes. Their addresses are found in its image, and the
emulator writes down the registers whenever a block of code begins in one. A block begins at the
stub's first instruction (arguments) and behind the `syscall` (the answer); any other is part of the
call: one at the `syscall` itself is the hypervisor continuing a long call. (The emulator does not
see a stub's beginning when it has linked it to a caller in the same page: kernels whose callers lie
there need `nochain`, which is slow.)

Compared are the number, the command where the first argument is one, and the answer. Other arguments
are addresses and frame numbers, which differ from machine to machine.
"""

import difflib
import re
import struct

XEN_HEADER = "/usr/include/xen/xen.h"
COMMANDS = 64  # a first argument below this is a command, not an address

# Perhaps `mov %rcx, %r10`; `mov $number, %rax` or pushes of RCX and R11 (Linux, RAX is set); `syscall`.
STUB = re.compile(rb"(?:\x49\x89\xca)?(?:\x48\xc7\xc0(..)\0\0|\x51\x41\x53)\x0f\x05", re.DOTALL)
REGISTER = re.compile(r"\b(R[A-Z0-9]{1,2}) ?=([0-9a-f]{16})")
GUEST_RIP = re.compile(r"RIP=([0-9a-f]{16}) .*CPL=3")


def call_names():
    """{number: name} from the public header."""
    with open(XEN_HEADER) as stream:
        return {
            int(number): name
            for name, number in re.findall(r"#define __HYPERVISOR_(\w+) +(\d+)", stream.read())
        }


def find_stubs(elf):
    """{address behind a stub's syscall: (its first address, its number)} of an ELF file.

    The number is None where it comes in RAX.
    """
    stubs = {}
    start, size, count = struct.unpack_from("<Q14xHH", elf, 32)
    for i in range(count):
        kind, flags, offset, address, _, length = struct.unpack_from("<IIQQQQ", elf, start + size * i)
        if kind == 1 and flags & 1:
            for match in STUB.finditer(elf[offset : offset + length]):
                number = match.group(1) and int.from_bytes(match.group(1), "little")
                stubs[address + match.end()] = address + match.start(), number
    return stubs


def watched_ranges(stubs):
    """The stubs as QEMU's -dfilter takes them."""
    return ",".join(f"{start:#x}..{end:#x}" for end, (start, _) in sorted(stubs.items()))


def signed(word):
    return word - (1 << 64) if word >> 63 else word


def describe(number, command, names):
    name = names.get(number, f"call-{number}")
    return f"{name}({command})" if command < COMMANDS else name


def read_calls(lines, stubs):
    """[(call, answer)] from the emulator's notes."""
    starts = {start: number for start, number in stubs.values()}
    names, calls, registers, entered = call_names(), [], {}, None
    for line in lines:
        registers.update((name, int(value, 16)) for name, value in REGISTER.findall(line))
        match = GUEST_RIP.match(line)
        rip = match and int(match.group(1), 16)
        if rip in starts:
            number = registers["RAX"] if starts[rip] is None else starts[rip]
            entered = describe(number, registers["RDI"], names)
        elif rip in stubs and entered:
            calls.append((entered, signed(registers["RAX"])))
            entered = None
    return calls


def cut_at_write(calls, number):
    """The calls before the one that writes the line of that number to the console.

    When the machine was stopped at that line, the answer to its write may have been seen or not.
    """
    places = [i for i, (call, _) in enumerate(calls) if call == "console_io(0)"]
    return calls[: places[number - 1]] if len(places) >= number else calls


def call_differences(ours, theirs):
    """[(call, our answer, Xen's answer)] with `-` for a call that one side did not make."""
    found = []
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for what, i, i_end, j, j_end in matcher.get_opcodes():
        if what == "equal":
            continue
        mine, other = ours[i:i_end], theirs[j:j_end]
        for k in range(max(len(mine), len(other))):
            a, b = mine[k : k + 1], other[k : k + 1]
            if a and b and a[0][0] == b[0][0]:
                found.append((a[0][0], str(a[0][1]), str(b[0][1])))
            else:
                found += [(call, str(answer), "-") for call, answer in a]
                found += [(call, "-", str(answer)) for call, answer in b]
    return found
