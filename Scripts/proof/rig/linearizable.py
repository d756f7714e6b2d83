# SPDX-License-Identifier: Apache-2.0
"""Decides whether what processes saw of a register could have come one by one.

The search of Wing and Gong with the memory of Lowe: an operation takes effect
at one moment between its begin and its end; one whose end nobody knows may take
effect at any later moment, or never.
"""

from collections import namedtuple

FOREVER = float("inf")

Operation = namedtuple("Operation", "begin end kind expected value result")
"""One call on one key.

kind:     "get", "set" or "delete"
expected: the condition of a change: a version, 0 for absent, None for any
value:    what a set writes; no two write the same
result:   None where nobody knows; "no" where the condition did not hold; "none"
          where there was no value; else (version, value) of what was read, and
          of what was written or removed, where None stands for "not told"
"""

State = namedtuple("State", "version value newest")
"""What is there, (0, None) for nothing, and the newest version there ever was."""

EMPTY = State(0, None, 0)
LEGAL, ILLEGAL, UNDECIDED = "legal", "illegal", "undecided"


UNTOLD = -1
"""The version of a value that nobody was told: it differs from all that anybody expects."""


def versions_of(operations):
    """The version of each value that anybody was told."""
    return {each.result[1]: each.result[0] for each in operations
            if isinstance(each.result, tuple) and None not in each.result}


def can_be(version, state, versions):
    """Whether what is there may have a version that a delete tells of, without its value."""
    if state.version == UNTOLD:
        return version > state.newest and version not in versions.values()
    return version == state.version


def step(state, operation, versions):
    """The state after an operation that had its result, or None where it could not have."""
    result = operation.result
    holds = operation.expected is None or operation.expected == state.version
    if operation.kind == "get":
        seen = (0, None) if result == "none" else result
        return state if seen == (state.version, state.value) else None
    if result == "no":
        return None if holds else state
    if operation.kind == "delete":
        if result == "none":
            return state if state.version == 0 else None
        if state.version == 0 or not holds:
            return state if result is None else None
        if result is None or result[0] is None:
            return State(0, None, state.newest)
        if can_be(result[0], state, versions):
            return State(0, None, max(state.newest, result[0]))
        return None
    if not holds:
        return state if result is None else None
    told = result[0] if result else None
    version = versions.get(operation.value, UNTOLD) if told is None else told
    if version != UNTOLD and version <= state.newest:
        return None
    return State(version, operation.value, max(version, state.newest))


def verdict(operations, budget=2_000_000):
    """Whether there is an order; UNDECIDED after looking at too many."""
    versions = versions_of(operations)
    done = sorted((each for each in operations if each.result is not None),
                  key=lambda each: each.begin)
    open_ended = sorted((each for each in operations if each.result is None),
                        key=lambda each: each.begin)
    everything = (1 << len(done)) - 1

    def successors(taken, first, used, state):
        """The operations that may come next; those with an end before the others."""
        horizon = FOREVER
        index = first
        candidates = []
        while index < len(done) and done[index].begin <= horizon:
            if not taken >> index & 1:
                horizon = min(horizon, done[index].end)
                candidates.append(index)
            index += 1
        for index in sorted(candidates, key=lambda each: done[each].end):
            if done[index].begin > horizon:
                continue
            after = step(state, done[index], versions)
            if after is not None:
                now = taken | 1 << index
                start = first
                while now >> start & 1:
                    start += 1
                yield now, start, used, after
        for index, operation in enumerate(open_ended):
            if operation.begin > horizon:
                break
            if not used >> index & 1:
                after = step(state, operation, versions)
                if after is not None and after != state:
                    yield taken, first, used | 1 << index, after

    seen = set()
    stack = [successors(0, 0, 0, EMPTY)]
    if everything == 0:
        return LEGAL
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            continue
        taken, _, used, state = node
        if taken == everything:
            return LEGAL
        mark = (taken, used, state)
        if mark in seen:
            continue
        if len(seen) >= budget:
            return UNDECIDED
        seen.add(mark)
        stack.append(successors(*node))
    return ILLEGAL


def parse(text):
    """A history written by hand, one operation a line: BEGIN END WHAT, END `-` for nobody knows.

        get none          get VERSION VALUE
        set VALUE RESULT              RESULT: a version, `no`, `none` or `?`
        cas EXPECTED VALUE RESULT
        delete RESULT                 remove EXPECTED RESULT
    """
    operations = []
    for line in text.strip().splitlines():
        begin, end, kind, *words = line.split()
        expected = int(words.pop(0)) if kind in ("cas", "remove") else None
        value = words.pop(0) if kind in ("set", "cas") else None
        result = words[0]
        if kind == "get":
            result = "none" if result == "none" else (int(words[0]), words[1])
        elif result == "?":
            result = None
        elif result not in ("no", "none"):
            result = (int(result), value)
        names = {"cas": "set", "remove": "delete"}
        operations.append(Operation(
            int(begin), FOREVER if end == "-" else int(end), names.get(kind, kind), expected,
            value, result))
    return operations
