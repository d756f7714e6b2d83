# SPDX-License-Identifier: Apache-2.0
"""Stores in the conditions that a command may find them in, made once and copied."""

import json
import os
import subprocess

from .command import Berth
from .machine import copy_tree

ELSEWHERE = "--allow-unrelated-path"
PORTS = ("--min", "47000", "--max", "47019", ELSEWHERE)
HEADROOM = 128 * 1024
"""How long the lines of a journal get before the next change begins another."""


class Stores:
    """The prepared stores of one durability."""

    def __init__(self, path, directory, durability):
        self._path = path
        self._directory = directory
        self.durability = durability
        self._made = {}

    def berth(self, directory):
        return Berth(self._path, directory)

    def copy(self, kind, target):
        """A command on a fresh copy of a prepared store; `absent` is no store at all."""
        if kind != "absent":
            copy_tree(self.prepared(kind), target)
        return self.berth(target)

    def prepared(self, kind):
        if kind not in self._made:
            path = os.path.join(self._directory, f"{self.durability}.{kind}")
            getattr(self, "_" + kind)(self.berth(path))
            self._made[kind] = path
        return self._made[kind]

    def _small(self, berth):
        """A few of everything. The lock `taken` is held for this process."""
        berth.must("store", "init", "--durability", self.durability)
        for number in range(3):
            berth.must("kv", "set", f"seed/{number}", json.dumps({"count": number}))
        berth.must("kv", "set", "counter", "1")
        berth.must("kv", "set", "gone", "0")
        berth.must("kv", "delete", "gone")
        berth.must("port", "reserve", "--path", "/srv/one", "--tag", "web", *PORTS)
        berth.must("lock", "taken", "--for-pid", str(os.getpid()))
        berth.must("lock", "free", "--", "true")

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
            '"$berth" --store "$store" kv set counter 1')
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


def end_of_lines(journal):
    """Where the last line of a journal ends; newlines fill what follows."""
    with open(journal, "rb") as file:
        return len(file.read().rstrip(b"\n")) + 1
