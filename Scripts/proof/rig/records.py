# SPDX-License-Identifier: Apache-2.0
"""The records of a store, without what differs from run to run, and how they came about."""

import json
import os
import re

VOLATILE = {"pid", "start", "instance", "boot", "pidns", "timens", "host", "port", "folder",
            "deadline", "lease", "follows"}
"""Members that tell one process, directory, port or moment from another, or what the
system said of one."""

A_TIME = 10 ** 10
"""Greater numbers are times."""

PLACE = re.compile(r"/[^\s\"]*/copies/[0-9]+")
"""Where a copy of a store lies."""

DIGITS = re.compile(r"[0-9a-f]{13,}")
"""Hashes of paths, times, and numbers that are padded; the records tell those too."""


def ordinary(records):
    """The same for all that mean the same: {key: [(version, value)]}.

    A port is one of its range, whichever it is; that no two have the same
    follows from its record's key.
    """
    found = {}
    for key, (version, value) in records.items():
        family = "/".join(key.split("/")[:2])
        if family in ("ports/item", "ports/owner", "ports/taken"):
            key = family
            if family != "ports/item":
                value = None
        if key.startswith("locks/broken/"):
            # What is known of a holder, for people.
            value = {"taken": [each["token"] for each in value["taken"]]}
        found.setdefault(DIGITS.sub("#", key), []).append(
            (version, json.dumps(plain(value), sort_keys=True)))
    return {key: sorted(each) for key, each in found.items()}


def plain(value):
    """A value without what differs from run to run."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name not in VOLATILE}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, str):
        return DIGITS.sub("#", PLACE.sub("@", value))
    if isinstance(value, int) and value >= A_TIME:
        return None
    return value


def steps(before, newest, store):
    """What a store held after each transaction beyond the newest one of before: the
    last is what it holds now, where all that was changed came by transactions.
    """
    current = dict(before)
    found = []
    for number, line in sorted(transactions(store).items()):
        if number > newest:
            for key, value in line.get("set", {}).items():
                current[key] = (number, value)
            for key in line.get("del", ()):
                current.pop(key, None)
            found.append(ordinary(current))
    return found


def transactions(store):
    """Every transaction of the journal and of the history, by its number."""
    folder = os.path.join(store, "history")
    past = [os.path.join(folder, name) for name in os.listdir(folder)] if (
        os.path.isdir(folder)) else []
    found = {}
    journal = os.path.join(store, "journal")
    for path in [*past, *([journal] if os.path.exists(journal) else [])]:
        with open(path, encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if line.get("t") == "tx":
                    found[line["n"]] = line
    return found
