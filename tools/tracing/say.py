"""One line of text for a record."""

from tracing import calls
from tracing.abi import who_name

CLASSES = {  # what --class takes: bits of an event's number
    "gen": 0x0001F000, "sched": 0x0002F000, "dom0": 0x0004F000, "mem": 0x0010F000, "pv": 0x0020F000,
    "guest": 0x0800F000, "event": 0x01001000, "intercept": 0x01002000, "call": 0x01004000,
    "ring": 0x01008000, "entry": 0x02001000, "type": 0x02002000,
}  # fmt: skip
CLASS_BITS, SUBCLASS_BITS = 0x0FFF0000, 0x0000F000
ADDRESSES = {"rip", "address", "entry", "value", "mfn", "error", "selector"}
WHOS = {"who", "from", "to"}


def is_of_class(event, mask):
    """As the hypervisor asks its mask: a class and a subclass must be in it."""
    return bool(event & mask & CLASS_BITS) and bool(event & mask & SUBCLASS_BITS)


def is_xens(event):
    """Is the class one of <xen/trace.h>?"""
    return event >> 24 in (0, 8)


def ring_name(abi, ring):
    """domain << 16 | XL_RING_* << 12 | device"""
    return f"d{ring >> 16} {abi.say('rings', ring >> 12 & 15).lower()} {ring & 0xFFF}"


def value_text(abi, name, value):
    if name in WHOS:
        return who_name(value)
    if name == "ring":
        return ring_name(abi, value)
    if name == "result":
        return calls.errno_text(abi, value)
    return f"{value:#x}" if name in ADDRESSES else str(value)


def text_of_fields(abi, fields):
    return " ".join(f"{name}={value_text(abi, name, value)}" for name, value in fields.items())


def text_of_call(abi, record, fields):
    result = record.link and abi.fields(record.link).get("result")
    return calls.call_text(abi, record.words) + (f" = {calls.result_text(abi, result)}" if result is not None else "")


def text_of_result(abi, record, fields):
    return f"{abi.call_name(fields['op'] & 0xFFFFF)} = {calls.result_text(abi, fields['result'])}"


def text_of_runstate(abi, record, fields):
    old, new = (abi.say("runstates", fields["old_new"] >> shift & 15) for shift in (4, 0))
    return f"{who_name(fields['who'])} {old} -> {new}"


def kind_text(abi, kind, number):
    """A channel's kind; of a VIRQ or pirq, with its number."""
    name = abi.say("kinds", kind)
    if name == "virq":
        return f"VIRQ_{abi.say('virqs', number)}"
    return f"pirq {number}" if name == "pirq" else name


def text_of_send(abi, record, fields):
    word = fields["kind_outcome"]
    told = f"{who_name(fields['from'])} port {fields['port']} -> {who_name(fields['to'])} port {fields['to_port']}"
    return f"{told} ({kind_text(abi, word & 0xFF, word >> 16)}) {abi.say('outcomes', word >> 8 & 0xFF)}"


def text_of_bind(abi, record, fields):
    kind = kind_text(abi, fields["kind"], fields["remote_port"])
    other = f" <-> d{fields['remote_domain']} port {fields['remote_port']}" if kind == "interdomain" else ""
    return f"{who_name(fields['to'])} port {fields['port']} ({kind}){other}"


def text_of_trap(abi, record, fields):
    trap = fields["trap"]
    error = f", error {trap >> 16:#x}" if trap >> 15 & 1 else ""
    return f"vector {trap & 0x7FFF}{error} at {fields['rip']:#x}"


def text_of_intercepted(abi, record, fields):
    action = abi.say("actions", fields["action"])
    told = f"{who_name(fields['from'])} port {fields['port']} -> {who_name(fields['to'])} port {fields['to_port']}"
    return f"rule {fields['rule']}: {action} {fields['value']}: {told}"


SPECIAL = {
    "hypercall": text_of_call,
    "subcall": text_of_call,
    "result": text_of_result,
    "runstate_change": text_of_runstate,
    "send": text_of_send,
    "bind": text_of_bind,
    "trap": text_of_trap,
    "trap_64": text_of_trap,
    "intercepted": text_of_intercepted,
}


def words_of(abi, record):
    """(name of the event, what it says)"""
    name, fields = abi.name(record.event), abi.fields(record)
    special = SPECIAL.get(name)
    try:
        return name, special(abi, record, fields) if special else text_of_fields(abi, fields)
    except KeyError:  # words are missing
        return name, text_of_fields(abi, fields)


def line_of(trace, abi, record):
    name, text = words_of(abi, record)
    who = who_name(record.who) if record.who is not None else "-"
    return f"{trace.microseconds(record):14.3f} us  cpu{record.cpu} {who:6} {name:16} {text}".rstrip()
