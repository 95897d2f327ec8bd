"""A run with a trace: what the hypervisor and the emulator must be told, and the file afterwards.

    with traced.TracedRun(path, mib) as kept:
        ... hypervisor's command line + kept.words ...
        ... machine.qemu_command(..., shared=kept.memory), each line to kept.on_line ...
        kept.finish(end=run.end)

Two ways to record. `whole`: buffers are emptied while the machine runs, and all is there. Otherwise
the last records are: buffers are read once, at the end, and nothing outside touches the machine
before that.
"""

import contextlib
import sys

from harness import tracebuffers
from harness.guestmemory import GuestMemory

SMALL_PAGES = 16  # of a run that keeps a trace in case it fails: some thousand records


class TracedRun(contextlib.ExitStack):
    def __init__(self, path, mib, mask=tracebuffers.MASK_ALL, pages=tracebuffers.PAGES, whole=False):
        super().__init__()
        self.path, self.whole = path, whole
        self.words = " " + tracebuffers.hypervisor_words(mask, pages, keep_last=not whole)
        self.memory = self.enter_context(GuestMemory(mib))
        self.collector = tracebuffers.Collector(self.memory, drain=whole)

    def on_line(self, line):
        self.collector.on_line(line)

    def finish(self, told=True, **about):
        """Write the file; answers whether there is one. That there is none is told if that matters, and no
        more: a run may well end before its buffers are made."""
        try:
            self.collector.finish(self.path, **about)
            return True
        except tracebuffers.BufferError as error:
            if told:
                print(f"no trace: {error}", file=sys.stderr)
            return False
