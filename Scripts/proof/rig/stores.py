# SPDX-License-Identifier: Apache-2.0
"""Stores in the conditions that a command may find them in, made once and copied."""

import json
import os
import shutil
import subprocess

from .command import Berth
from .machine import copy_tree

ELSEWHERE = "--allow-unrelated-path"
PORTS = ("--min", "47000", "--max", "47019", ELSEWHERE)
HEADROOM = 128 * 1024
"""How long the lines of a journal get before the next change begins another."""


PROJECT = """// The project of the place.
{"project":"shop","ports":{"min":47100,"max":47119},"excluded_ports":[47110,47111],
 "reservations":{"services":{"web":{"offset":0,"env":"WEB_PORT"},"api":{"offset":1}}}}
"""


class Stores:
    """The prepared stores of one durability.

    Beside a store lies the place in which its commands run, with files in it.
    """

    def __init__(self, path, directory, durability):
        self._path = path
        self._directory = directory
        self.durability = durability
        self._made = {}
        self.facts = {}

    def berth(self, directory):
        return Berth(self._path, os.path.join(directory, "store"),
                     os.path.join(directory, "place"))

    def copy(self, kind, target):
        """A command on a fresh copy of a prepared store; `absent` is no store at all."""
        copy_tree(self.prepared(kind), target)
        return self.berth(target)

    def prepared(self, kind):
        if kind not in self._made:
            path = os.path.join(self._directory, f"{self.durability}.{kind}")
            os.makedirs(os.path.join(path, "place"))
            self._facts = self.facts[kind] = {}
            getattr(self, "_" + kind)(self.berth(path))
            self._made[kind] = path
        return self._made[kind]

    def _absent(self, berth):
        """No store at all."""

    def _small(self, berth):
        """A few of everything. The lock `taken` is held for this process."""
        berth.must("store", "init", "--durability", self.durability)
        for number in range(3):
            berth.must("kv", "set", f"seed/{number}", json.dumps({"count": number}))
        berth.must("kv", "set", "counter", "1")
        berth.must("kv", "set", "gone", "0")
        berth.must("kv", "delete", "gone")
        berth.must("port", "reserve", "--path", "/srv/one", "--tag", "web", *PORTS)
        self._facts["{token}"] = token(berth, "taken")
        berth.must("lock", "free", "--", "true")
        berth.must("pool", "create", "gpu", "a", "b", "c")
        berth.must("pool", "take", "gpu", "--path", "/srv/one")
        berth.must("job", "add", "q", "--payload", "0", "--attempts", "1")
        self._facts["{dead}"], claim = claimed(berth)
        berth.must("job", "fail", self._facts["{dead}"], "--token", claim)
        berth.must("job", "add", "q", "--payload", '{"first":1}')
        self._facts["{job}"], self._facts["{claim}"] = claimed(berth)
        berth.must("job", "add", "q", "--payload", '{"second":2}', "--key", "taken")
        berth.must("job", "add", "other", "--payload", "3", "--delay", "1h")

    def _leased(self, berth):
        """A lock is held for an hour, and so is a job."""
        berth.must("store", "init", "--durability", self.durability)
        self._facts["{token}"] = token(berth, "leased", "--ttl", "1h")
        berth.must("job", "add", "q", "--payload", "0")
        self._facts["{job}"], self._facts["{claim}"] = claimed(berth, "--lease", "1h")

    def _placed(self, berth):
        """The place is a project's directory."""
        self._small(berth)
        write(berth, "berth.json", PROJECT)
        write(berth, "file", "what a file holds\n")

    def _worked(self, berth):
        """A queue whose jobs wait for a worker, and are tried again at once."""
        self._small(berth)
        berth.must("job", "add", "w", "--payload", "1", "--backoff", "10ms")
        berth.must("job", "add", "w", "--no-start", "--", "true")

    def _damaged(self, berth):
        """A byte of the oldest run is not what was written."""
        self._merge(berth)
        path = min(name for name in os.listdir(berth.store) if name.startswith("run-"))
        with open(os.path.join(berth.store, path), "r+b") as file:
            file.seek(100)
            byte = file.read(1)
            file.seek(100)
            file.write(bytes([byte[0] ^ 1]))

    def _empty(self, berth):
        """Nothing in the store, and a dump beside it."""
        self._small(berth)
        write(berth, "dump.jsonl", berth.must("store", "dump"))
        shutil.rmtree(berth.store)
        berth.must("store", "init", "--durability", self.durability)

    def _extension(self, berth):
        """The journal's room is used up: the next line needs more."""
        self._small(berth)
        journal = os.path.join(berth.store, "journal")
        room = os.path.getsize(journal) - end_of_lines(journal)
        overhead = self._set(berth, "pad", 1)
        left = room - overhead
        while left > 60000:
            left -= self._set(berth, "pad", 30000)
        if left > overhead + 40:
            self._set(berth, "pad", left - overhead - 20)

    def _rotation(self, berth):
        """The next change begins another journal."""
        self._small(berth)
        self._fill(berth)

    def _merge(self, berth):
        """The next change begins another journal and merges runs."""
        self._small(berth)
        for _ in range(4):
            self._fill(berth)
            berth.must("kv", "set", "counter", "1")
        self._fill(berth)

    def _torn(self, berth):
        """The last writer was killed within its write, and nothing says so but the tail."""
        self._small(berth)
        journal = os.path.join(berth.store, "journal")
        end = end_of_lines(journal)
        with open(journal, "r+b") as file:
            file.seek(end)
            file.write(b'{"h":"0123456789abcdef","g":1,"n":99,"p":"0123456789abc')

    def _hintless(self, berth):
        """What says how far the journal is flushed is lost."""
        self._small(berth)
        os.unlink(os.path.join(berth.store, "hint"))

    def _restarted(self, berth):
        """The machine was started anew since the last change. Needs root."""
        fake = berth.store + ".boot_id"
        with open(fake, "w", encoding="ascii") as file:
            file.write("11111111-2222-4333-8444-555555555555\n")
        script = (
            'mount --bind "$0" /proc/sys/kernel/random/boot_id || exit; berth=$1 store=$2\n'
            '"$berth" --store "$store" store init --durability "$3" || exit\n'
            'for n in 0 1 2; do "$berth" --store "$store" kv set "seed/$n" "$n" || exit; done\n'
            '"$berth" --store "$store" kv set counter 1 || exit\n'
            '"$berth" --store "$store" job add q --payload 1 || exit\n'
            '"$berth" --store "$store" job claim q --for-pid $$')
        subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, fake, self._path, berth.store,
             self.durability],
            check=True, stdout=subprocess.DEVNULL)

    def _graves(self, berth):
        """Tickets of processes that were killed, as a lock's holder and in its line."""
        self._small(berth)
        holder = subprocess.Popen(
            berth.line("lock", "free", "--close", "--", "sh", "-c", "echo; exec sleep 600"),
            stdout=subprocess.PIPE)
        holder.stdout.readline()
        holder.stdout.close()
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(holder.pid)], stdout=subprocess.PIPE, check=True)
        holder.kill()
        for child in children.stdout.split():
            os.kill(int(child), 9)
        holder.wait()

    def _fill(self, berth):
        journal = os.path.join(berth.store, "journal")
        with open(journal, "rb") as file:
            header = len(file.readline())
        while end_of_lines(journal) - header < HEADROOM:
            self._set(berth, "pad", 40000)

    @staticmethod
    def _set(berth, key, length):
        """Sets a text of some length, and returns the length of its line."""
        journal = os.path.join(berth.store, "journal")
        before = end_of_lines(journal)
        berth.must("kv", "set", key, '"' + "x" * length + '"')
        return end_of_lines(journal) - before


def token(berth, lock, *options):
    """Takes a lock for this process."""
    answer = berth.must("lock", lock, "--for-pid", str(os.getpid()), *options)
    return str(json.loads(answer)["token"])


def claimed(berth, *until):
    """Claims a job, by default for this process; its number and the token of the claim."""
    until = until or ("--for-pid", str(os.getpid()))
    job = json.loads(berth.must("job", "claim", "q", *until))[0]
    return str(job["id"]), str(job["token"])


def write(berth, name, text):
    with open(os.path.join(berth.place, name), "w", encoding="utf-8") as file:
        file.write(text)


def end_of_lines(journal):
    """Where the last line of a journal ends; newlines fill what follows."""
    with open(journal, "rb") as file:
        return len(file.read().rstrip(b"\n")) + 1
