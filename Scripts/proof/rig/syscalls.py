# SPDX-License-Identifier: Apache-2.0
"""The system calls of a command, counted and tampered with, by strace."""

import re
from collections import namedtuple

from .command import run

Site = namedtuple("Site", "name index is_ours")
"""The index-th call of a name, counted from 1. It is ours when it comes after
the start of `main`: what runs before is the runtime's."""

MAIN_BEGINS = re.compile(r"^fcntl\(0, F_GETFD")
CALL = re.compile(r"^([a-z0-9_]+)\(")


def sites(line, trace):
    """All calls that a command makes when nothing disturbs it, in their order."""
    run(["strace", "-qq", "-e", "signal=none", "-o", trace, "--", *line])
    counts, found, is_ours = {}, [], False
    with open(trace, encoding="utf-8", errors="replace") as file:
        for text in file:
            match = CALL.match(text)
            if not match:
                continue
            is_ours = is_ours or MAIN_BEGINS.match(text) is not None
            name = match.group(1)
            if name == "execve" and counts.get(name):
                break  # From here on it is another program.
            counts[name] = counts.get(name, 0) + 1
            found.append(Site(name, counts[name], is_ours))
    return found


def tampered(line, name, action, when):
    """Runs a command whose call `name` is tampered with; strace ends as it does."""
    return run([
        "strace", "-qq", "-e", "signal=none", "-o", "/dev/null", "-e", f"trace={name}",
        "-e", f"inject={name}:{action}:when={when}", "--", *line])
