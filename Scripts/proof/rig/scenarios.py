# SPDX-License-Identifier: Apache-2.0
"""Every command, each on the stores that make it take another way."""

import os
from collections import namedtuple

from .stores import ELSEWHERE, PORTS

Scenario = namedtuple("Scenario", "store arguments")
"""A prepared store and a command line, in which {token} and the like stand for what
the store was made with, and {store} for its path. `title(scenario)` names it."""

ME = str(os.getpid())
UPDATE = ("kv", "update", "counter", "--", "sh", "-c", "read n; echo $((n + 1))")
RESERVE = ("port", "reserve", "--path", "/srv/two", "--tag", "api", *PORTS)
CHANGE = ("kv", "set", "counter", '{"count":2}')
AT_ONE = ("--path", "/srv/one", "--tag", "web")


def scenarios(can_restart):
    """All of them. A store of before a restart takes a mount namespace to make."""
    found = values() + locks() + flocks() + ports() + pools() + jobs() + tools()
    if can_restart:
        found += on("restarted", CHANGE, "kv get counter", "kv delete counter", "pool list",
                    "job claim q --for-pid " + ME)
    return found


def on(store, *lines):
    """One scenario for each command line, given as words or as a text of them."""
    return [Scenario(store, tuple(line.split()) if isinstance(line, str) else line)
            for line in lines]


def values():
    return [
        *on("absent", CHANGE, "kv list"),
        *on("small", CHANGE, "kv list", "kv set fresh 1 --if-absent", "kv delete counter", UPDATE,
            "kv get counter", "kv set counter 5 --operation-id once"),
        *on("extension", CHANGE),
        *on("rotation", CHANGE, "kv delete counter", UPDATE, "kv get counter"),
        *on("merge", CHANGE),
        *on("torn", CHANGE, "kv get counter"),
        *on("hintless", CHANGE, "kv get counter"),
    ]


def locks():
    return [
        *on("absent", "lock new -- true"),
        *on("small", "lock new -- true", "lock free --no-fork -- true",
            "lock free --for-pid " + ME, "lock taken --for-pid " + ME,
            "lock taken -w 20ms -- true", "lock taken -n -- true", "unlock taken",
            "unlock taken --token {token}", "unlock taken --break", "locks",
            "locks taken --check {token}", "locks free --until-free",
            "lock free --shared -- true", "lock free --slots 2 -- true",
            "lock free --and new -- true", "lock free --ttl 1h -- true",
            "lock free --close -- true",
            "lock free --ttl 1h --for-pid " + ME),
        *on("leased", "lock leased --renew --token {token}", "unlock leased --token {token}",
            "lock leased -w 20ms -- true", "job extend {job} 2h --token {claim}"),
        *on("graves", "lock free -- true", "locks"),
    ]


def flocks():
    return on("placed", "flock file true", "flock -s file true", "flock -n file -c true",
              "flock -o file true", "flock -F file true", "flock . true", "flock -x 0",
              "flock --fcntl file true")


def ports():
    return [
        *on("absent", RESERVE),
        *on("small", RESERVE, ("port", "reserve", *AT_ONE, *PORTS),
            ("port", "release", *AT_ONE, ELSEWHERE), "port list",
            "port list-projects", "port info 47000", "port scan --min 47000 --max 47019",
            "port assert-port 47000", ("port", "assert-reservation", *AT_ONE),
            "port prune", "port expire --days 1", "port autoclean", "port show-path",
            "port migrate --from /srv/one --to /srv/three",
            ("port", "reserve", "--path", "/srv/four", "--for-pid", ME, "--ttl", "1h", *PORTS)),
        *on("placed", ("port", "run", *PORTS, "--", "true"), "port autoreserve",
            "port reserve-group berth.json", "port exclude 47500..47510",
            "port compact-exclusions berth.json", "port init --with-config",
            "port validate berth.json"),
        *on("rotation", RESERVE),
    ]


def pools():
    return on("small", "pool create new a b", "pool create many --count 3", "pool add gpu d",
              "pool remove gpu c", "pool drop gpu --force", "pool list", "pool show gpu",
              "pool take gpu --path /srv/two", "pool take gpu --count 2 --path /srv/two",
              "pool take gpu --for-pid " + ME, "pool take gpu -n --count 3 --path /srv/two",
              "pool give gpu --path /srv/one", "pool run gpu -- true",
              "pool run gpu --count 2 -- true")


def jobs():
    return [
        *on("absent", "job add q --payload 1"),
        *on("small", "job add q --payload 1", "job add q --no-start -- true",
            "job add q --payload 2 --key taken", "job add q --payload 1 --after 1",
            "job claim q --for-pid " + ME, "job claim none --for-pid " + ME,
            "job done {job} --token {claim}", "job fail {job} --token {claim}",
            "job fail {job} --token {claim} --final", "job snooze {job} 1h --token {claim}",
            "job release {job} --token {claim}",
            "job progress {job} 50 --token {claim}", "job cancel 3", "job retry {dead}",
            "job redrive q", "job show {job}", "job list", "job log {job}", "job wait {dead}",
            "job queues", "job pause q", "job resume q", "job drain other",
            "job limit q --running 2", "job prune"),
        *on("worked", "work w --until-empty -- true", "job add w -- true"),
    ]


def tools():
    return [
        *on("absent", "store init"),
        *on("small", "store init", "store info", "store compact", "store verify", "store doctor",
            "store dump"),
        *on("placed", "store backup copy"),
        *on("merge", "store compact", "store verify", "store merge-runs {store}"),
        *on("damaged", "store salvage copy", "store verify"),
        *on("empty", "store restore dump.jsonl"),
    ]


def title(scenario):
    words = [word if len(word) < 24 else "…" for word in scenario.arguments]
    return f"{' '.join(words)} [{scenario.store}]"
