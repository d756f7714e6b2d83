# SPDX-License-Identifier: Apache-2.0
"""Every command, each on the stores that make it take another way."""

import os
from collections import namedtuple

from .stores import ELSEWHERE, PORTS

Scenario = namedtuple("Scenario", "store arguments")
"""A prepared store and a command line. `str(scenario)` names it."""

UPDATE = ("kv", "update", "counter", "--", "sh", "-c", "read n; echo $((n + 1))")
RESERVE = ("port", "reserve", "--path", "/srv/two", "--tag", "api", *PORTS)


def scenarios(can_restart):
    """All of them. A store of before a restart takes a mount namespace to make."""
    change = ("kv", "set", "counter", '{"count":2}')
    found = [
        Scenario("absent", ("store", "init")),
        Scenario("absent", change),
        Scenario("absent", ("lock", "new", "--", "true")),
        Scenario("absent", RESERVE),
        Scenario("absent", ("kv", "list")),
        Scenario("small", ("store", "init")),
        Scenario("small", change),
        Scenario("small", ("kv", "set", "fresh", "1", "--if-absent")),
        Scenario("small", ("kv", "delete", "counter")),
        Scenario("small", UPDATE),
        Scenario("small", ("kv", "get", "counter")),
        Scenario("small", RESERVE),
        Scenario("small", ("port", "reserve", "--path", "/srv/one", "--tag", "web", *PORTS)),
        Scenario("small", ("port", "release", "--path", "/srv/one", "--tag", "web", ELSEWHERE)),
        Scenario("small", ("lock", "new", "--", "true")),
        Scenario("small", ("lock", "free", "--no-fork", "--", "true")),
        Scenario("small", ("lock", "free", "--for-pid", str(os.getpid()))),
        Scenario("small", ("lock", "taken", "--for-pid", str(os.getpid()))),
        Scenario("small", ("lock", "taken", "-w", "20ms", "--", "true")),
        Scenario("small", ("lock", "taken", "-n", "--", "true")),
        Scenario("small", ("unlock", "taken")),
        Scenario("small", ("locks",)),
        Scenario("small", ("store", "compact")),
        Scenario("small", ("store", "verify")),
        Scenario("graves", ("lock", "free", "--", "true")),
        Scenario("graves", ("locks",)),
        Scenario("extension", change),
        Scenario("rotation", change),
        Scenario("rotation", ("kv", "delete", "counter")),
        Scenario("rotation", UPDATE),
        Scenario("rotation", RESERVE),
        Scenario("rotation", ("kv", "get", "counter")),
        Scenario("merge", change),
        Scenario("merge", ("store", "compact")),
        Scenario("merge", ("store", "verify")),
        Scenario("torn", change),
        Scenario("torn", ("kv", "get", "counter")),
        Scenario("hintless", change),
        Scenario("hintless", ("kv", "get", "counter")),
    ]
    if can_restart:
        found += [
            Scenario("restarted", change),
            Scenario("restarted", ("kv", "get", "counter")),
            Scenario("restarted", ("kv", "delete", "counter")),
        ]
    return found


def title(scenario):
    words = [word if len(word) < 24 else "…" for word in scenario.arguments]
    return f"{' '.join(words)} [{scenario.store}]"
