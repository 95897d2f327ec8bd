"""What passed, what failed, what was skipped: the one place that prints results.

Failures are printed as they are found, one line each, and what shows one more (the end of a log) in
indented lines below it; the last line is the summary that the outside world reads.
"""

import sys
import threading


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()
        self.stream = sys.stdout  # which a test beside may redirect for a moment

    def say(self, text):
        with self.lock:
            print(text, file=self.stream, flush=True)

    def add(self, passed):
        with self.lock:
            self.passed += passed

    def fail(self, name, why):
        with self.lock:
            self.failed += 1
            print(f"FAIL {name}: {why}", file=self.stream, flush=True)

    def skip(self, name, reason):
        with self.lock:
            self.skipped += 1
            print(f"SKIP {name}: {reason}", file=self.stream, flush=True)

    def finish(self):
        """Print the summary; answers the exit status."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}", file=self.stream, flush=True)
        return 1 if self.failed or not self.passed else 0
