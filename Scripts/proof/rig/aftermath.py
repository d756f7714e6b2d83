# SPDX-License-Identifier: Apache-2.0
"""What must hold of a store after a command on it was disturbed."""

import json

from .command import Outcome, Refused

UPDATED = ("kv", "update", "counter", "--", "sh", "-c", "cat >/dev/null; echo 7")


class Aftermath:
    """Judges a store against what it held before a command and holds after it.

    `locks` are the names of the locks that the command may have left behind.
    """

    def __init__(self, before, after, locks=(), is_update=False):
        self._before = before
        self._after = after
        self._locks = locks
        self._is_update = is_update

    def problem(self, berth, may_be_done=True, may_be_undone=True):
        """What is wrong with the store, or None. Goes on using it, as others would:
        readers first, then a writer, whoever updates, and whoever wants the locks.
        """
        try:
            seen = berth.state()
            problem = self._judge(seen, may_be_done, may_be_undone)
            if problem:
                return problem
            settled = self._go_on(berth, seen)
            return self._judge(settled, may_be_done, may_be_undone, seen)
        except Refused as refusal:
            return f"afterwards {refusal}"
        except ValueError as error:
            return f"afterwards an answer is not JSON: {error}"

    def _judge(self, seen, may_be_done, may_be_undone, earlier=None):
        expected = []
        if may_be_undone and (earlier is None or earlier == self._before or not may_be_done):
            expected.append(self._before)
        if may_be_done:
            expected.append(self._after)
        if any(same(seen, state) for state in expected):
            return None
        when = "once others had gone on, " if earlier else ""
        return when + "; or ".join(difference(seen, state) for state in expected)

    def _go_on(self, berth, seen):
        """Changes the store and takes its locks; returns what it holds, less the traces."""
        newest = max([version for version, _ in seen.values.values()], default=0)
        probe = json.loads(berth.must("kv", "set", "probe", "1"))
        if probe["version"] <= newest:
            raise Refused(("kv", "set", "probe"), Outcome(0, "", "a version was given again"))
        settled = berth.state()
        settled.values.pop("probe", None)
        if self._is_update:
            berth.must(*UPDATED)
        for lock in self._locks:
            held = lock in settled.holders
            outcome = berth.run("lock", lock, "-w", "10s" if not held else "10ms", "--", "true")
            if outcome.status != (124 if held else 0):
                raise Refused(("lock", lock, "held" if held else "free"), outcome)
        return settled


def same(left, right):
    """Whether two states are the same. A port is one of its pool, whichever it is;
    that a lock is held is a promise, that its holder is known is not.
    """
    return (left.values == right.values and left.holders.keys() == right.holders.keys()
            and all(right.holders[lock] in (pid, None) or pid is None
                    for lock, pid in left.holders.items())
            and left.ports.keys() == right.ports.keys()
            and len(set(left.ports.values())) == len(left.ports))


def difference(seen, expected):
    """The parts of two states that differ, in short."""
    parts = []
    for name in seen._fields:
        mine, theirs = getattr(seen, name), getattr(expected, name)
        if mine != theirs:
            keys = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
            parts += [f"{name} {key}: {short(mine.get(key))} (not {short(theirs.get(key))})"
                      for key in keys[:3]]
    return "; ".join(parts) or "the same port twice"


def short(value):
    text = str(value)
    return text if len(text) < 60 else text[:56] + "…"
