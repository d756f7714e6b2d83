# SPDX-License-Identifier: Apache-2.0
"""Real processes that use a few keys of one store while some of them are stopped and killed."""

import json
import random
import signal
import subprocess
import threading
import time

from .command import Berth
from .linearizable import FOREVER, Operation

PATIENCE = 60


class History:
    """Records every operation of every process, by key."""

    def __init__(self, tools, store, seed, keys, fill):
        self.tools = tools
        self.store = store
        self.fill = "x" * fill
        self.keys = [f"key/{number}" for number in range(keys)]
        self.recorded = {key: [] for key in self.keys}
        self.problems = []
        self.random = random.Random(seed)
        self._seen = {key: [0] for key in self.keys}
        self._number = 0
        self._lock = threading.Lock()
        self._alive = set()

    def plan(self, own):
        """What to do next: (key, kind, expected, value)."""
        key = own.choice(self.keys)
        dice = own.random()
        if dice < 0.35:
            return key, "get", None, None
        with self._lock:
            version = own.choice(self._seen[key][-3:])
            self._number += 1
            number = self._number
        if dice < 0.45:
            return key, "delete", own.choice([None, version or None]), None
        return key, "set", version if dice < 0.9 else None, number

    def record(self, key, operation):
        with self._lock:
            self.recorded[key].append(operation)
            if isinstance(operation.result, tuple) and operation.result[0]:
                self._seen[key].append(operation.result[0])
            elif operation.result == "none":
                self._seen[key].append(0)

    def problem(self, text):
        with self._lock:
            self.problems.append(text)

    def encode(self, number):
        return json.dumps({"n": number, "fill": self.fill}, separators=(",", ":"))

    def decode(self, version, text):
        """(version, number) of a value that was read; it has to be whole."""
        value = json.loads(text) if isinstance(text, str) else text
        if value["fill"] != self.fill:
            self.problem(f"the value {value['n']} is not what was written")
        return int(version), value["n"]

    # Who may be stopped and killed.

    def begin(self, process):
        with self._lock:
            self._alive.add(process)

    def end(self, process):
        with self._lock:
            self._alive.discard(process)

    def disturb(self, until):
        """Stops and kills processes until an event is set; leaves none stopped."""
        while not until.wait(self.random.uniform(0.002, 0.03)):
            with self._lock:
                process = self.random.choice(sorted(self._alive, key=id) or [None])
            if process is None:
                continue
            if self.random.random() < 0.3:
                process.send_signal(signal.SIGKILL)
            else:
                process.send_signal(signal.SIGSTOP)
                until.wait(self.random.choice([0.001, 0.01, 0.1]))
                process.send_signal(signal.SIGCONT)


class LongLived:
    """A process of the library that is told what to do line by line."""

    def __init__(self, history):
        self._history = history
        self._process = None

    def perform(self, key, kind, expected, value):
        """The operation as it was seen, or None where it surely did not happen."""
        if self._process is None:
            self._process = subprocess.Popen(
                [self._history.tools.client, self._history.store], bufsize=0,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._history.begin(self._process)
        condition = "*" if expected is None else expected
        line = {"get": f"get {key}", "delete": f"delete {key} {condition}"}.get(
            kind, f"set {key} {condition} {self._history.encode(value)}")
        begin = time.monotonic_ns()
        try:
            self._process.stdin.write(line.encode() + b"\n")
            answer = self._answer()
        except BrokenPipeError:
            answer = b""
        if not answer.endswith(b"\n"):
            self.close()
            return Operation(begin, FOREVER, kind, expected, value, None) if (
                kind != "get") else None
        began, ended, word, *rest = answer.decode().rstrip("\n").split(" ", 4)
        if word == "failed":
            self._history.problem(f"{kind} failed: {' '.join(rest)}")
            return None
        if word == "maybe":
            return Operation(int(began), FOREVER, kind, expected, value, None)
        result = word
        if word == "ok":
            result = (self._history.decode(*rest) if kind == "get"
                      else (int(rest[0]), value))
        return Operation(int(began), int(ended), kind, expected, value, result)

    def _answer(self):
        answer = b""
        while not answer.endswith(b"\n"):
            part = self._process.stdout.read(65536)
            if not part:
                break
            answer += part
        return answer

    def close(self):
        if self._process:
            self._history.end(self._process)
            self._process.stdin.close()
            self._process.send_signal(signal.SIGCONT)
            self._process.wait(timeout=PATIENCE)
            self._process.stdout.close()
            self._process = None


class Commands:
    """A new process for each operation."""

    def __init__(self, history):
        self._history = history
        self._berth = Berth(history.tools.berth, history.store)

    def perform(self, key, kind, expected, value):
        words = ["kv", kind, key]
        if kind == "set":
            words.append(self._history.encode(value))
        if expected == 0 and kind == "set":
            words.append("--if-absent")
        elif expected is not None:
            words += ["--if-version", str(expected)]
        begin = time.monotonic_ns()
        process = subprocess.Popen(
            self._berth.line(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self._history.begin(process)
        try:
            output, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            self._history.problem(f"{' '.join(words)} hangs")
        end = time.monotonic_ns()
        self._history.end(process)
        status = process.returncode
        if status in (-signal.SIGKILL, 80):
            return Operation(begin, FOREVER, kind, expected, value, None) if (
                kind != "get") else None
        if status not in (0, 1, 66):
            self._history.problem(
                f"{' '.join(words)[:60]} ended with {status}: {errors.decode().strip()}")
            return None
        result = {1: "no", 66: "none"}.get(status)
        if status == 0:
            if kind == "get":
                answer = json.loads(output)
                result = self._history.decode(answer["version"], answer["value"])
            elif kind == "set":
                result = (json.loads(output)["version"], value)
            else:
                result = (None, None)
        return Operation(begin, end, kind, expected, value, result)

    def close(self):
        pass


def record(tools, store, seed, operations, processes, fill, durability):
    """Records one history of about so many operations."""
    history = History(tools, store, seed, keys=4, fill=fill)
    Berth(tools.berth, store).must("store", "init", "--durability", durability)
    over = threading.Event()

    def work(number):
        own = random.Random(seed * 1000 + number)
        # One in three is a new process for each operation.
        worker = Commands(history) if number % 3 == 0 else LongLived(history)
        turns = operations // processes
        try:
            for _ in range(turns):
                key, *plan = history.plan(own)
                operation = worker.perform(key, *plan)
                if operation:
                    history.record(key, operation)
            worker.close()
        except Exception as error:  # A thread's end must not go unseen.
            history.problem(f"the recorder failed: {error!r}")

    workers = [threading.Thread(target=work, args=(number,)) for number in range(processes)]
    nemesis = threading.Thread(target=history.disturb, args=(over,))
    for thread in [*workers, nemesis]:
        thread.start()
    for thread in workers:
        thread.join()
    over.set()
    nemesis.join()
    reader = Commands(history)
    for key in history.keys:
        history.record(key, reader.perform(key, "get", None, None))
    return history


def numbers_that_fall(history):
    """Versions that are smaller than one that was acknowledged before they were asked for."""
    writes = [each for operations in history.recorded.values() for each in operations
              if each.kind == "set" and isinstance(each.result, tuple)]
    by_end = sorted(writes, key=lambda each: each.end)
    newest, position, found = 0, 0, []
    for each in sorted(writes, key=lambda each: each.begin):
        while position < len(by_end) and by_end[position].end < each.begin:
            newest = max(newest, by_end[position].result[0])
            position += 1
        if each.result[0] <= newest:
            found.append((each.result[0], newest))
    return found
