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

from . import machine, records, syscalls
from .aftermath import Aftermath, same, wait_until_nobody_uses
from .command import Outcome, Refused, run
from .scenarios import scenarios, title

ENDINGS = {0, 1, 65, 75, 124}
"""How a command may end that nothing disturbs: done, the answer is no, the store is
damaged, or another has what it wants."""


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

    def line(self, scenario, berth):
        """The scenario's command line on a copy of its store."""
        facts = {"{store}": berth.store, **self._stores.facts[scenario.store]}
        return berth.line(*(facts.get(word, word) for word in scenario.arguments))

    def sites(self, scenario):
        """The scenario's calls. Notes what the store holds before, during and after it."""
        with self.copy(scenario) as berth:
            before, raw = berth.state(), berth.dump()
            newest = max(records.transactions(berth.store), default=0)
            outcome = run(self.line(scenario, berth), cwd=berth.place)
            wait_until_nobody_uses(berth)
            after = berth.state()
            steps = records.steps(raw, newest, berth.store)
        if outcome.status not in ENDINGS:
            raise Refused(scenario.arguments, outcome)
        if steps and steps[-1] != after.records:
            raise Refused(scenario.arguments, Outcome(
                0, "", "its journal does not lead to what the store holds"))
        self._undisturbed[scenario] = (before, after, steps[:-1], outcome)
        with self.copy(scenario) as berth:
            trace = os.path.join(self._scratch, "trace")
            found = syscalls.sites(self.line(scenario, berth), trace, berth.place)
            wait_until_nobody_uses(berth)
            return found

    def undisturbed(self, scenario) -> Outcome:
        return self._undisturbed[scenario][3]

    def aftermath(self, scenario):
        before, after, steps, _ = self._undisturbed[scenario]
        return Aftermath(before, after, steps, scenario.arguments)

    def changes(self, scenario):
        """Whether the scenario changes what its store holds, by one transaction."""
        before, after, steps, _ = self._undisturbed[scenario]
        return not steps and not same(before, after)

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
