# SPDX-License-Identifier: Apache-2.0
"""What must hold of a store after a command on it was disturbed."""

import json
import os
import time

from .command import PATIENCE, Outcome, Refused

UPDATED = ("kv", "update", "counter", "--", "sh", "-c", "cat >/dev/null; echo 7")
NOTHING, LATE = 1, 124


class Aftermath:
    """Judges a store against what it held before a command and holds after it.

    `steps` are the records that it had in between, where the command changes it
    more than once. What kind of command it was decides what is tried afterwards.
    """

    def __init__(self, before, after, steps, arguments):
        self._before = before
        self._after = after
        self._steps = [before._replace(records=step) for step in steps]
        if before.records != after.records and before.holders != after.holders:
            # What the journal tells of comes after it was told.
            self._steps.append(before._replace(records=after.records))
        self._arguments = arguments
        self._family = arguments[0]

    @property
    def _is_damaged(self):
        """Whether the store is refused, and has to stay as it is."""
        return "journal" in self._before.records

    @property
    def _leaves_a_worker(self):
        """Whether a worker goes on after the command, and changes the store meanwhile."""
        return self._arguments[:3] == ("job", "add", "w")

    def problem(self, berth, may_be_done=True, may_be_undone=True, is_killed=False):
        """What is wrong with the store, or None. Goes on using it, as others would:
        readers first, then a writer, and whoever updates, or wants the locks, the
        items and the jobs.

        A worker that was killed stood at one of its steps; one that met with an
        error went on in its own ways, and is judged by what became of the jobs.
        """
        is_judged = not self._leaves_a_worker and (is_killed or self._family != "work")
        try:
            if self._family in ("job", "work"):
                wait_until_nobody_uses(berth)
            seen = berth.state()
            problem = self._judge(seen, may_be_done, may_be_undone) if is_judged else None
            if problem or self._is_damaged:
                return problem
            settled = self._go_on(berth, seen)
            if is_judged:
                problem = self._judge(settled, may_be_done, may_be_undone, seen)
            return problem or self._try_the_rest(berth, may_be_spent=not is_killed)
        except Refused as refusal:
            return f"afterwards {refusal}"
        except ValueError as error:
            return f"afterwards an answer is not JSON: {error}"

    def _judge(self, seen, may_be_done, may_be_undone, earlier=None):
        expected = []
        if may_be_undone:
            if earlier is None or same(earlier, self._before) or not may_be_done:
                expected.append(self._before)
            expected += self._steps
        if may_be_done:
            expected.append(self._after)
        if any(same(seen, state) for state in expected):
            return None
        when = "once others had gone on, " if earlier else ""
        return when + "; or ".join(difference(seen, state) for state in expected)

    def _go_on(self, berth, seen):
        """Changes the store and takes its locks; returns what it holds, less the traces."""
        newest = max((version for each in seen.records.values() for version, _ in each), default=0)
        probe = json.loads(berth.must("kv", "set", "probe", "1"))
        if probe["version"] <= newest:
            raise Refused(("kv", "set", "probe"), Outcome(0, "", "a version was given again"))
        settled = berth.state()
        settled.records.pop("kv/probe", None)
        if "update" in self._arguments:
            berth.must(*UPDATED)
        if self._family in ("lock", "unlock", "locks"):
            for lock in ("free", "new", "taken", "leased"):
                held = lock in settled.holders
                outcome = berth.run("lock", lock, "-w", "10s" if not held else "10ms", "--", "true")
                if outcome.status != (LATE if held else 0):
                    raise Refused(("lock", lock, "held" if held else "free"), outcome)
        return settled

    def _try_the_rest(self, berth, may_be_spent):
        if self._family == "flock":
            for file in ("file", "."):
                berth.must("flock", "-w", "10", file, "true")
        if self._family == "pool":
            take_what_is_free(berth)
        if self._arguments[:2] == ("store", "backup"):
            return what_the_next_copy_leaves(berth)
        if self._arguments[:2] == ("store", "doctor"):
            berth.must("store", "doctor")
        if self._family in ("job", "work"):
            return self._work(berth, may_be_spent)
        return None

    def _work(self, berth, may_be_spent):
        """Lets a worker do all that is left to do; no job may be lost meanwhile, but the
        only attempt of one may have met with an error."""
        before = {each["id"]: each["state"] for each in json.loads(berth.must("job", "list"))}
        berth.must("job", "add", "probe", "--payload", "0")
        berth.must("work", "probe", "w", "--until-empty", "--", "true")
        after = {each["id"]: each for each in json.loads(berth.must("job", "list"))}
        lost = before.keys() - after.keys()
        if lost:
            return f"a job is lost: {sorted(lost)}"
        undone = [job for job, each in after.items()
                  if each["queue"] in ("probe", "w") and each["state"] != "completed"
                  and not (each["state"] == "discarded" and may_be_spent)]
        return f"a job is not done: {after[undone[0]]}" if undone else None


def take_what_is_free(berth):
    """What no directory has is to be had at once: who ran a command is dead, or done."""
    pools = {each["name"]: each["items"] for each in json.loads(berth.must("pool", "list"))}
    free = [each for each in pools.get("gpu", ()) if "path" not in each]
    if free:
        berth.must("pool", "take", "gpu", "--count", str(len(free)), "--path", "/srv/probe",
                   "--wait", "10s")


def what_the_next_copy_leaves(berth):
    """The next copy removes what a killed one has left."""
    berth.must("store", "backup", "next")
    left = [name for name in os.listdir(berth.place) if ".incomplete-" in name]
    return f"{left[0]} is left" if left else None


def wait_until_nobody_uses(berth):
    """A worker that was started, and a command that outlives who ran it, come to their ends."""
    end = time.monotonic() + PATIENCE
    while berth.processes():
        if time.monotonic() > end:
            raise Refused(("work",), Outcome(None, "", "a worker goes on"))
        time.sleep(0.002)


def same(left, right):
    """Whether two states are the same. That a lock is held is a promise, that its holder
    is known is not; what a kill leaves beside the files of the place is in nobody's way.
    """
    return (left.records == right.records and left.holders.keys() == right.holders.keys()
            and all(right.holders[lock] in (pid, None) or pid is None
                    for lock, pid in left.holders.items())
            and all(left.files.get(name) == content for name, content in right.files.items()))


def difference(seen, expected):
    """The parts of two states that differ, in short."""
    parts = []
    for name in seen._fields:
        mine, theirs = getattr(seen, name), getattr(expected, name)
        keys = [key for key in {**mine, **theirs} if mine.get(key) != theirs.get(key)]
        parts += [f"{name} {key}: {short(mine.get(key))} (not {short(theirs.get(key))})"
                  for key in keys[:3]]
    return "; ".join(parts)


def short(value):
    text = str(value)
    return text if len(text) < 60 else text[:56] + "…"
