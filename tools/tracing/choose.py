"""Which records of a trace are asked for."""

from harness.common import Complaint
from tracing import say

PORT_FIELDS = ("port", "to_port")


def mask_of(words):
    """The classes of a list such as `event,pv`."""
    masks = []
    for word in words.split(","):
        if word not in say.CLASSES:
            raise Complaint(f"there is no class {word}; there are {' '.join(say.CLASSES)}")
        masks.append(say.CLASSES[word])
    return masks


def domains_of(record, fields):
    """All that it is about."""
    found = {record.who >> 16} if record.who is not None else set()
    found |= {fields[name] >> 16 for name in ("who", "from", "to", "ring") if name in fields}
    return found | {fields[name] for name in ("domain", "remote_domain", "from_domain", "to_domain") if name in fields}


def chosen(trace, abi, domain=None, port=None, classes=None, last=None):
    masks = mask_of(classes) if classes else None
    found = []
    for record in trace.records:
        if masks and not any(say.is_of_class(record.event, mask) for mask in masks):
            continue
        fields = abi.fields(record)
        if domain is not None and domain not in domains_of(record, fields):
            continue
        if port is not None and port not in [fields.get(name) for name in PORT_FIELDS]:
            continue
        found.append(record)
    return found[-last:] if last else found
