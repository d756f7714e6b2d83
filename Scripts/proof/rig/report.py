# SPDX-License-Identifier: Apache-2.0
"""What a rig finds, counted and said."""

import collections
import sys
import threading
import time

LONGEST_LIST = 40


class Skipped(Exception):
    """The machine does not allow this proof; the text says what is missing."""


class Report:
    """Counts what a rig checked, and keeps what it found. Safe from any thread."""

    def __init__(self, name):
        self.name = name
        self.checks = 0
        self.violations = []
        self._kinds = collections.Counter()
        self._lock = threading.Lock()
        self._begin = time.monotonic()

    def note(self, text):
        print(f"{self.name}: {text}", file=sys.stderr, flush=True)

    def checked(self, count=1, kind=None):
        with self._lock:
            self.checks += count
            if kind is not None:
                self._kinds[kind] += count

    def tally(self):
        """How many checks there were of each kind."""
        return ", ".join(f"{kind}: {count:,}" for kind, count in sorted(self._kinds.items()))

    def violation(self, text):
        with self._lock:
            self.violations.append(text)
            if len(self.violations) <= LONGEST_LIST:
                print(f"{self.name}: VIOLATION: {text}", file=sys.stderr, flush=True)

    def finish(self, unit, detail=""):
        """Prints the line that sums up, and returns the exit status."""
        hidden = len(self.violations) - LONGEST_LIST
        if hidden > 0:
            self.note(f"and {hidden} more violations")
        seconds = time.monotonic() - self._begin
        print(
            f"{self.name}: {self.checks:,} {unit}, {len(self.violations)} violations"
            f"{', ' + detail if detail else ''}, {seconds:.0f} s"
        )
        return 1 if self.violations else 0


def run(name, body):
    """Runs a rig to its exit status; a skipped one succeeds, and says so."""
    try:
        return body()
    except Skipped as reason:
        print(f"{name}: skipped: {reason}")
        return 0
    except KeyboardInterrupt:
        return 130
