"""gdb commands that print the hypervisor's structures. `make debug` loads them.

    xl domain ID          a domain and its vcpus
    xl vcpu DOM VCPU      a vcpu
    xl frame MFN          a frame of the frame table: owner, type, counts
    xl walk VA            the page-table walk for an address, from the current CR3

Numbers may be any gdb expression. Structures are read through the symbols of the image; what is only
a macro in C is asked of the C preprocessor, so nothing is written down here a second time. Page
tables are read from physical memory (an extension of QEMU's gdb server), so that `xl walk` works
before the direct map exists and for any CR3.
"""

import os
import re
import struct
import subprocess

import gdb

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = ("hypervisor/mm/frame.h", "hypervisor/mm/pte.h")
MACROS = """FRAMETABLE_VIRT_START FRAME_REF_MASK FRAME_TYPE_SHIFT FRAME_TYPE_COUNT FRAME_TYPE_MASK
FRAME_ALLOCED FRAME_VALIDATED FRAME_PINNED FRAME_LOCKED FRAME_NIL FT_NONE FT_L1 FT_L2 FT_L3 FT_L4
FT_L2_HV FT_SEGDESC FT_WRITABLE PAGE_SHIFT PTE_P PTE_RW PTE_US PTE_PSE PTE_NX PTE_ADDR""".split()
PTE_FLAGS = (("PTE_RW", "writable"), ("PTE_US", "user"), ("PTE_PSE", "large"), ("PTE_NX", "no-exec"))
FRAME_FLAGS = ("FRAME_ALLOCED", "FRAME_VALIDATED", "FRAME_PINNED", "FRAME_LOCKED")


def read_macros():
    """The values of MACROS, as the preprocessor sees them."""
    command = ["gcc", "-E", "-P", "-I.", "-x", "c", "-"]
    text = "".join(f'#include "{header}"\n' for header in HEADERS)
    text += "".join(f"=={i}== {name}\n" for i, name in enumerate(MACROS))
    out = subprocess.run(command, input=text, cwd=TOP, capture_output=True, text=True, check=True)
    values = {}
    for number, value in re.findall(r"^==(\d+)== (.*)$", out.stdout, re.M):
        value = re.sub(r"\(\(?u64\)", "((", value.replace("((u64)(", "(("))
        value = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", value)
        if re.fullmatch(r"[0-9a-fA-Fx<>|&~()+\-* ]+", value):
            values[MACROS[int(number)]] = eval(value) % 2**64
    return values


class Macros(dict):
    """Filled at the first use: starting gdb must not wait for a compiler."""

    def __missing__(self, name):
        self.update(read_macros())
        if name not in self:
            raise gdb.GdbError(f"{name} is no longer a constant of {' or '.join(HEADERS)}")
        return self[name]


K = Macros()


def number(text):
    return int(gdb.parse_and_eval(text)) % 2**64


def show(name, value):
    print(f"  {name:18} {value}")


def show_fields(value, skip=()):
    """The scalar fields of a structure, a line each; addresses with their symbol."""
    for field in value.type.strip_typedefs().fields():
        if field.name and field.name not in skip:
            inner = value[field.name]
            whole = inner.type.strip_typedefs().code == gdb.TYPE_CODE_INT
            form = {"format": "x" if inner.type.sizeof == 8 else "d"} if whole else {}
            show(field.name, inner.format_string(**form))


def read_physical(address, size):
    """Bytes of physical memory, whatever CR3 says."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.MemoryError:
        raise gdb.GdbError(f"there is no memory at physical address {address:#x}")
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def find_domain(ident):
    """struct domain * for an id."""
    dom0 = gdb.parse_and_eval("dom0")
    if not int(dom0):
        raise gdb.GdbError("there is no domain yet")
    if ident != int(dom0["id"]):
        raise gdb.GdbError(f"there is no domain {ident}")
    return dom0


def find_vcpu(domain, ident):
    if ident >= int(domain["max_vcpus"]) or not int(domain["vcpus"][ident]):
        raise gdb.GdbError(f"domain {int(domain['id'])} has no vcpu {ident}")
    return domain["vcpus"][ident]


def frame_kind(word):
    kinds = {K[f"FT_{n}"]: n for n in "NONE L1 L2 L3 L4 L2_HV SEGDESC WRITABLE".split()}
    return kinds.get(word & K["FRAME_TYPE_MASK"], "unknown type").lower()


def owner_name(frame):
    owner = frame["owner"]
    return f"domain {int(owner['id'])}" if int(owner) else "none (the hypervisor's, or free)"


def describe_entry(entry):
    if not entry & K["PTE_P"]:
        return "not present"
    words = [word for name, word in PTE_FLAGS if entry & K[name]]
    mfn = (entry & K["PTE_ADDR"]) >> K["PAGE_SHIFT"]
    return f"frame {mfn:#x} {' '.join(words) or 'read-only'}"


class Xl(gdb.Command):
    """Print the hypervisor's structures: xl domain, xl vcpu, xl frame, xl walk."""

    def __init__(self):
        super().__init__("xl", gdb.COMMAND_DATA, prefix=True)


class Command(gdb.Command):
    """One sub-command: words are its arguments, each an expression."""

    def __init__(self, usage):
        self.usage = usage
        super().__init__("xl " + usage.split()[0], gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        self.dont_repeat()
        words = gdb.string_to_argv(argument)
        if len(words) != len(self.usage.split()) - 1:
            raise gdb.GdbError(f"usage: xl {self.usage}")
        self.print_it(*[number(word) for word in words])


class XlDomain(Command):
    """xl domain ID: a domain and its vcpus."""

    def print_it(self, ident):
        domain = find_domain(ident)
        print(f"domain {ident} at {int(domain):#x}")
        show_fields(domain.dereference(), skip=("vcpus",))
        for index in range(int(domain["max_vcpus"])):
            vcpu = domain["vcpus"][index]
            show(f"vcpu {index}", f"{int(vcpu):#x}" if int(vcpu) else "none")


class XlVcpu(Command):
    """xl vcpu DOM VCPU: a vcpu."""

    def print_it(self, dom, ident):
        vcpu = find_vcpu(find_domain(dom), ident)
        print(f"vcpu {ident} of domain {dom} at {int(vcpu):#x}")
        show_fields(vcpu.dereference())


class XlFrame(Command):
    """xl frame MFN: owner, type and counts of a machine frame."""

    def print_it(self, mfn):
        if mfn >= int(gdb.parse_and_eval("frames_max")):
            raise gdb.GdbError(f"frame {mfn:#x} is beyond the frame table")
        kind = gdb.lookup_type("struct frame")
        at = K["FRAMETABLE_VIRT_START"] + mfn * kind.sizeof
        frame = gdb.Value(at).cast(kind.pointer()).dereference()
        word = int(frame["word"])
        flags = [name[6:].lower() for name in FRAME_FLAGS if word & K[name]]
        print(f"frame {mfn:#x} at {at:#x}")
        show("owner", owner_name(frame))
        show("type", frame_kind(word))
        show("type count", (word & K["FRAME_TYPE_COUNT"]) >> K["FRAME_TYPE_SHIFT"])
        show("references", word & K["FRAME_REF_MASK"])
        show("state", " ".join(flags) or "-")
        show_fields(frame, skip=("owner",))


class XlWalk(Command):
    """xl walk VA: the entries that translate an address, from the current CR3."""

    def print_it(self, va):
        table = int(gdb.parse_and_eval("$cr3")) & K["PTE_ADDR"]
        print(f"cr3 {table:#x}, address {va:#x}")
        for level in (4, 3, 2, 1):
            index = (va >> (12 + 9 * (level - 1))) & 511
            entry = struct.unpack("<Q", read_physical(table + 8 * index, 8))[0]
            print(f"  L{level}[{index:3}] {entry:#018x}  {describe_entry(entry)}")
            if not entry & K["PTE_P"]:
                return
            if level == 1 or (level < 4 and entry & K["PTE_PSE"]):
                span = 1 << (12 + 9 * (level - 1))
                base = entry & K["PTE_ADDR"] & ~(span - 1)
                print(f"  physical address {base + va % span:#x}")
                return
            table = entry & K["PTE_ADDR"]


Xl()
XlDomain("domain ID")
XlVcpu("vcpu DOM VCPU")
XlFrame("frame MFN")
XlWalk("walk VA")
