# SPDX-License-Identifier: Apache-2.0
"""Scenarios by the thousand: each on a copy of its store, several at a time."""

import argparse
import contextlib
import itertools
import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from . import machine, syscalls
from .aftermath import Aftermath, same
from .command import Outcome, Refused
from .scenarios import scenarios, title


class Campaign:
    """Runs scenarios of one kind of store, and remembers what each does undisturbed."""

    def __init__(self, report, stores, scratch, options):
        self.report = report
        self._stores = stores
        self._scratch = os.path.join(scratch, "copies")
        self._only = options.only
        self._numbers = itertools.count()
        self._undisturbed = {}
        self._futures = []
        self._begin = time.monotonic()
        # Twice the processors: much of the time, a command waits for the disk.
        self._pool = ThreadPoolExecutor(2 * (os.cpu_count() or 1))
        os.makedirs(self._scratch, exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self._estimate()
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        if kind is None:
            for future in self._futures:
                future.result()

    def _estimate(self):
        """Says how long the rest will take, at the rate so far."""
        done = sum(future.done() for future in self._futures)
        left = len(self._futures) - done
        if done and left > 1000:
            seconds = left * (time.monotonic() - self._begin) / done
            self.report.note(f"{self._stores.durability}: {len(self._futures):,} runs, about "
                             f"{seconds / 60:.0f} minutes more")

    def submit(self, function, *arguments):
        self._futures.append(self._pool.submit(function, *arguments))

    def scenarios(self):
        found = scenarios(can_restart=may_mount_privately())
        return [each for each in found if not self._only or self._only in title(each)]

    @contextlib.contextmanager
    def copy(self, scenario):
        """A command on a fresh copy of the scenario's store, gone at the end."""
        path = os.path.join(self._scratch, str(next(self._numbers)))
        try:
            yield self._stores.copy(scenario.store, path)
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def sites(self, scenario):
        """The scenario's calls. Notes what the store holds before and after it."""
        with self.copy(scenario) as berth:
            before = berth.state()
            outcome = berth.run(*scenario.arguments)
            after = berth.state()
        if outcome.status not in (0, 75, 124):
            raise Refused(scenario.arguments, outcome)
        self._undisturbed[scenario] = (before, after, outcome)
        with self.copy(scenario) as berth:
            trace = os.path.join(self._scratch, "trace")
            return syscalls.sites(berth.line(*scenario.arguments), trace)

    def undisturbed(self, scenario) -> Outcome:
        return self._undisturbed[scenario][2]

    def aftermath(self, scenario):
        before, after, _ = self._undisturbed[scenario]
        command = scenario.arguments[0]
        locks = ("free", "new", "taken") if command in ("lock", "unlock", "locks") else ()
        return Aftermath(before, after, locks, is_update="update" in scenario.arguments)

    def changes(self, scenario):
        """Whether the scenario changes what its store holds."""
        before, after, _ = self._undisturbed[scenario]
        return not same(before, after)

    def violation(self, scenario, what, problem):
        self.report.violation(f"{self._stores.durability}: {title(scenario)}, {what}: {problem}")


def may_mount_privately():
    return subprocess.run(
        ["unshare", "--mount", "mount", "--bind", "/dev/null", "/proc/sys/kernel/random/boot_id"],
        stderr=subprocess.DEVNULL).returncode == 0


def arguments(usage, **flags):
    """What a rig was told, after its usage; counts are its own."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--berth")
    parser.add_argument("--only")
    for name, default in flags.items():
        parser.add_argument("--" + name, type=type(default), default=default)
    options = parser.parse_args()
    if options.help:
        print(usage, end="")
        raise SystemExit(0)
    options.berth = machine.installed(options.berth)
    return options
