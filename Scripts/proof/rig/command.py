# SPDX-License-Identifier: Apache-2.0
"""The installed command, and what it says of a store."""

import json
import os
import signal
import subprocess
from collections import namedtuple

from . import records

PATIENCE = 15
"""Seconds after which a command is said to hang."""

NO_STORE = 66
DAMAGED = 65

Outcome = namedtuple("Outcome", "status output errors")
"""How a process ended. The status is negative after a signal, None after a hang."""

State = namedtuple("State", "records holders files")
"""What a store holds, and what lies beside it.

records: see `records.ordinary`; holders: {lock: pid}; files: {name: content} of
the directory in which the commands run.
"""


def run(arguments, patience=PATIENCE, **options):
    process = subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, **options)
    try:
        output, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        # With its children, and with what strace would leave behind.
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        return Outcome(None, output.decode(), errors.decode())
    return Outcome(process.returncode, output.decode(), errors.decode())


class Berth:
    """One copy of the command and one store; it runs in a place, if one is given."""

    def __init__(self, path, store, place=None):
        self.path = path
        self.store = store
        self.place = place

    def line(self, *arguments):
        return [self.path, "--store", self.store, "--json", *arguments]

    def run(self, *arguments, **options):
        return run(self.line(*arguments), cwd=self.place, **options)

    def must(self, *arguments):
        """The answer of a command that has to succeed."""
        outcome = self.run(*arguments)
        if outcome.status != 0:
            raise Refused(arguments, outcome)
        return outcome.output

    def is_readable(self):
        """Whether the file system lets the store be read at all."""
        return self.run("kv", "list").status != 74

    def values(self):
        """The values of people: {key: (version, value)}. Read without a lock, as all here."""
        values = json.loads(self.must("kv", "list"))
        return {each["key"]: (each["version"], each["value"]) for each in values}

    def dump(self):
        """Every record of the store: {key: (version, value)}; none where there is no store.
        Of a damaged one, which must stay as it is, every file.
        """
        outcome = self.run("store", "dump")
        if outcome.status == NO_STORE:
            return {}
        if outcome.status == DAMAGED:
            return {name: (0, content) for name, content in contents(self.store)}
        if outcome.status != 0:
            raise Refused(("store", "dump"), outcome)
        found = [json.loads(line) for line in outcome.output.splitlines()]
        return {each["key"]: (each["version"], each["value"]) for each in found}

    def holders(self):
        locks = json.loads(self.must("locks"))
        return {each["name"]: each["pid"] for each in locks if each["state"] != "free"}

    def files(self):
        """The files of the place, and the records of the stores in it that are whole."""
        found = {}
        for entry in os.scandir(self.place) if self.place else ():
            if entry.is_dir():
                if ".incomplete-" not in entry.name:
                    found[entry.name] = records.ordinary(Berth(self.path, entry.path).dump())
            else:
                with open(entry.path, encoding="utf-8") as file:
                    found[entry.name] = file.read()
        return found

    def state(self):
        return State(records.ordinary(self.dump()), self.holders(), self.files())

    def processes(self):
        """Who runs on this store: the pids of the processes that were told its path."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/cmdline", "rb") as file:
                        if os.fsencode(self.store) in file.read().split(b"\0"):
                            found.append(int(entry))
                except OSError:
                    continue
        return found


def contents(directory):
    """The files of a directory, and what is in them."""
    for entry in os.scandir(directory):
        if entry.is_file():
            with open(entry.path, encoding="utf-8", errors="replace") as file:
                yield entry.name, file.read()


class Refused(Exception):
    """A command that had to succeed did not."""

    def __init__(self, arguments, outcome):
        ending = "hangs" if outcome.status is None else f"ends with {outcome.status}"
        super().__init__(f"berth {' '.join(arguments)} {ending}: {outcome.errors.strip()}")
