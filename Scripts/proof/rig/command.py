# SPDX-License-Identifier: Apache-2.0
"""The installed command, and what it says of a store."""

import json
import os
import signal
import subprocess
from collections import namedtuple

PATIENCE = 15
"""Seconds after which a command is said to hang."""

Outcome = namedtuple("Outcome", "status output errors")
"""How a process ended. The status is negative after a signal, None after a hang."""

State = namedtuple("State", "values ports holders")
"""What a store holds.

values: {key: (version, value)}; ports: {(path, tag): port}; holders: {lock: pid}.
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
    """One copy of the command and one store."""

    def __init__(self, path, store):
        self.path = path
        self.store = store

    def line(self, *arguments):
        return [self.path, "--store", self.store, "--json", *arguments]

    def run(self, *arguments, **options):
        return run(self.line(*arguments), **options)

    def must(self, *arguments):
        """The answer of a command that has to succeed."""
        outcome = self.run(*arguments)
        if outcome.status != 0:
            raise Refused(arguments, outcome)
        return outcome.output

    def is_readable(self):
        """Whether the file system lets the store be read at all."""
        return self.run("kv", "list").status != 74

    def state(self):
        """What the store holds, read without a lock."""
        values = json.loads(self.must("kv", "list"))
        ports = json.loads(self.must("port", "list"))
        locks = json.loads(self.must("locks"))
        return State(
            {each["key"]: (each["version"], each["value"]) for each in values},
            {(each["path"], each["tag"]): each["port"] for each in ports},
            {each["name"]: each["pid"] for each in locks if each["state"] != "free"})


class Refused(Exception):
    """A command that had to succeed did not."""

    def __init__(self, arguments, outcome):
        ending = "hangs" if outcome.status is None else f"ends with {outcome.status}"
        super().__init__(f"berth {' '.join(arguments)} {ending}: {outcome.errors.strip()}")
