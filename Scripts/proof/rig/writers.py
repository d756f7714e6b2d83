# SPDX-License-Identifier: Apache-2.0
"""Processes that change a store as fast as they can, and log what was acknowledged."""

import json
import os
import signal
import subprocess
import time
from collections import namedtuple

KEYS = 4
"""How many keys each writer writes by turns."""

Acknowledged = namedtuple("Acknowledged", "count version time")


class Writers:
    """Some processes, each with keys of its own; every value carries a count that grows.

    Their logs are kept away from the store, where nothing happens to them.
    Given a library to preload, they run with it.
    """

    def __init__(self, client, store, logs, count, first, changes=4000, fill=60, preload=None):
        self._logs = logs
        self._processes = []
        for writer in range(count):
            script = os.path.join(logs, f"{writer}.in")
            with open(script, "w", encoding="ascii") as file:
                for turn in range(changes):
                    value = json.dumps({"n": first + turn, "fill": "x" * fill})
                    file.write(f"set {key(writer, turn)} * {value}\n")
            with open(script, "rb") as given, open(self._log(writer), "wb") as log:
                self._processes.append(subprocess.Popen(
                    [client, store], stdin=given, stdout=log, stderr=subprocess.DEVNULL,
                    env={**os.environ, **({"LD_PRELOAD": preload} if preload else {})}))

    def _log(self, writer):
        return os.path.join(self._logs, f"{writer}.out")

    def wait_until_all_write(self, seconds=20):
        """A store under load may take its time to open."""
        end = time.monotonic() + seconds
        for writer in range(len(self._processes)):
            while os.path.getsize(self._log(writer)) == 0 and time.monotonic() < end:
                time.sleep(0.001)

    def kill(self):
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def wait(self, seconds):
        """Waits until all have come to their ends, and kills those that have not."""
        for process in self._processes:
            try:
                process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def acknowledged(self, first, until=None):
        """The newest acknowledged change of each key, none later than a time."""
        newest, count, failures = {}, 0, {}
        for writer in range(len(self._processes)):
            with open(self._log(writer), encoding="utf-8") as log:
                for turn, line in enumerate(log):
                    words = line.rstrip("\n").split(" ", 3)
                    if not line.endswith("\n") or (until and int(words[1]) > until):
                        break
                    if words[2] == "ok":
                        newest[key(writer, turn)] = Acknowledged(
                            first + turn, int(words[3]), int(words[1]))
                        count += 1
                    else:
                        failures[words[2]] = failures.get(words[2], 0) + 1
        return newest, count, failures


class Locker:
    """A process that takes a lock again and again, and logs the number of each grant."""

    LOOP = 'while "$0" --store "$1" lock fence -- sh -c \'echo "$BERTH_TOKEN"\'; do :; done'
    TOKEN = ("lock", "fence", "--", "sh", "-c", 'echo "$BERTH_TOKEN"')

    def __init__(self, berth, logs):
        self._berth = berth
        self._log = os.path.join(logs, "fence.out")
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", self.LOOP, berth.path, berth.store], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.DEVNULL, start_new_session=True)

    def kill(self):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def number_given_again(self):
        """The number of the next grant, where it is not beyond all that were given."""
        with open(self._log, encoding="ascii") as log:
            given = [int(line) for line in log if line.endswith("\n")]
        token = int(self._berth.must(*self.TOKEN))
        return token if token <= max(given, default=0) else None


def key(writer, turn):
    return f"writer/{writer}/{turn % KEYS}"


def lost(newest, values):
    """What was acknowledged and is not there: [(key, acknowledged, found)].

    Found are {key: (version, value)}. A later change may have come through too.
    """
    missing = []
    for name, change in newest.items():
        version, value = values.get(name, (0, {"n": -1}))
        if value["n"] < change.count or (
                value["n"] == change.count and version != change.version) or (
                value["n"] > change.count and version <= change.version):
            missing.append((name, change, (version, value["n"])))
    return missing
