"""Hypercalls in words: which call it was, and its arguments by name.

A record has the number in bits 0-19 and, from bit 20 on, two bits for each argument that follows: 1 as
one word, 2 as two. (A record holds seven words: what does not fit was left out.) A name that ends in *
is an address in the guest; of the others a number means what the names say. Names are those of Xen's
headers.
"""

NAMES = {
    "set_trap_table": "table*",
    "mmu_update": "requests* count done* domain",
    "set_gdt": "frames* entries",
    "stack_switch": "ss sp",
    "set_callbacks": "event failsafe syscall",
    "fpu_taskswitch": "set",
    "sched_op_compat": "cmd arg",
    "platform_op": "op*",
    "set_debugreg": "register value",
    "get_debugreg": "register",
    "update_descriptor": "address value",
    "memory_op": "cmd arg*",
    "multicall": "calls* count",
    "update_va_mapping": "address value flags",
    "set_timer_op": "time",
    "event_channel_op_compat": "op*",
    "xen_version": "cmd arg*",
    "console_io": "cmd count buffer*",
    "physdev_op_compat": "op*",
    "grant_table_op": "cmd list* count",
    "vm_assist": "cmd type",
    "update_va_mapping_otherdomain": "address value flags domain",
    "iret": "",
    "vcpu_op": "cmd vcpu arg*",
    "set_segment_base": "which base",
    "mmuext_op": "ops* count done* domain",
    "xsm_op": "op*",
    "nmi_op": "cmd arg*",
    "sched_op": "cmd arg*",
    "callback_op": "cmd arg*",
    "xenoprof_op": "cmd arg*",
    "event_channel_op": "cmd arg*",
    "physdev_op": "cmd arg*",
    "hvm_op": "cmd arg*",
    "sysctl": "op*",
    "domctl": "op*",
    "kexec_op": "cmd arg*",
    "tmem_op": "op*",
    "argo_op": "cmd arg1* arg2* arg3 arg4",
    "xenpmu_op": "cmd arg*",
    "dm_op": "domain count buffers*",
    "hypfs_op": "cmd arg1* arg2 arg3* arg4",
    "mca": "op*",
    "paging_domctl_cont": "op*",
    "intercept": "cmd arg*",
    "xl_intercept": "cmd arg*",
}

DOMAINS = {0x7FF0: "DOMID_SELF", 0x7FF1: "DOMID_IO", 0x7FF2: "DOMID_XEN", 0x7FF4: "DOMID_INVALID"}
ERRNO_LIMIT = 4096


def split_head(words):
    """(number, {index of an argument: value}) of a hypercall's record."""
    head, at, found = words[0], 1, {}
    for index in range(6):
        size = head >> (20 + 2 * index) & 3
        if not size or at + size > len(words):
            continue
        found[index] = words[at] if size == 1 else words[at] | words[at + 1] << 32
        at += size
    return head & 0xFFFFF, found


def names_of(abi, op):
    call = abi.calls.get(op)
    return NAMES.get(call["name"], "").split() if call else []


def argument_text(abi, call, name, value):
    sub = (call or {}).get("subs", {}).get(str(value)) if name == "cmd" else None
    if sub:
        return sub["name"]
    if name == "domain":
        return DOMAINS.get(value, f"d{value}")
    return str(value) if name in ("count", "entries", "vcpu") or value < 10 else f"{value:#x}"


def call_arguments(abi, words):
    """[(name, value, text)] of a hypercall's record."""
    op, values = split_head(words)
    names, call = names_of(abi, op), abi.calls.get(op)
    found = []
    for index, value in values.items():
        name = names[index] if index < len(names) else f"a{index + 1}"
        found.append((name.rstrip("*"), value, argument_text(abi, call, name, value)))
    return found


def sub_says(abi, words):
    """The sentence of what is asked: the sub-operation's, or the call's; None for a hole."""
    op, values = split_head(words)
    call = abi.calls.get(op)
    if not call:
        return None
    sub = call.get("subs", {}).get(str(values.get(0)))
    return sub["says"] if sub else call["says"]


def call_text(abi, words):
    op, _ = split_head(words)
    return f"{abi.call_name(op)}({', '.join(f'{name}={text}' for name, _, text in call_arguments(abi, words))})"


def result_text(abi, value):
    """A result: a count or the like, or an errno by name."""
    signed = value - (1 << 64) if value >> 63 else value
    if -ERRNO_LIMIT < signed < 0:
        name = abi.tables["errnos"].get(str(-signed))
        return f"-{name}" if name else str(signed)
    return str(signed)


def errno_text(abi, word):
    """Of a 32-bit word that is 0 or an errno, however signed."""
    signed = word - (1 << 32) if word >> 31 else word
    if not signed:
        return "0"
    name = abi.tables["errnos"].get(str(abs(signed)))
    return f"-{name}" if name else str(signed)
