# SPDX-License-Identifier: Apache-2.0
"""The system calls of a command, counted and tampered with, by strace."""

import os
import re
import subprocess
from collections import namedtuple

from .command import run
from .machine import need

Site = namedtuple("Site", "name index is_ours kind")
"""The index-th call of a name, counted from 1. It is ours when it comes after
the start of `main`: what runs before is the runtime's. Calls with the same
purpose are of one kind."""

MAIN_BEGINS = re.compile(r"^fcntl\(0, F_GETFD")
CALL = re.compile(r"^([a-z0-9_]+)\(")
DIFFERING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{13,}|[0-9]+")

LONGEST_KIND = 100

LEAVE_NOTHING = {
    "read", "pread64", "readv", "fstat", "newfstatat", "statx", "lseek", "close", "fcntl",
    "getdents64", "readlink", "readlinkat", "statfs", "fstatfs", "access", "faccessat",
    "uname", "getuid", "geteuid", "getgid", "getegid", "getpid", "getppid", "gettid",
    "getsockname", "getsockopt", "clock_gettime", "getrandom", "prlimit64", "sched_yield",
    "mmap", "munmap", "mprotect", "madvise", "mremap", "brk", "poll", "ppoll", "futex",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "nanosleep",
    "clock_nanosleep",
}
"""Calls after which a process that is killed leaves what it left before them."""


def sites(line, trace, place):
    """All calls that a command makes when nothing disturbs it, in their order."""
    run(["strace", "-qq", "-e", "signal=none", "-o", trace, "--", *line], cwd=place)
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
            kind = DIFFERING.sub("#", text.split(" = ")[0][:LONGEST_KIND])
            found.append(Site(name, counts[name], is_ours, kind))
    return found


def tampering(line, name, action, when):
    """The command line under a strace that tampers with calls, and ends as the command does."""
    return ["strace", "-qq", "-e", "signal=none", "-o", "/dev/null", "-e", f"trace={name}",
            "-e", f"inject={name}:{action}:when={when}", "--", *line]


def tampered(line, name, action, when, place):
    return run(tampering(line, name, action, when), cwd=place)


def shortener(directory):
    """Builds what shortens transfers, and returns its path."""
    need("cc", "gcc")
    program = os.path.join(directory, "shorten")
    source = os.path.join(os.path.dirname(__file__), "shorten.c")
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-o", program, source], check=True)
    return program


def shortened(shortener, line, name, when, place):
    """As tampered with, by a call that moves half of what it is told to, and is no failure."""
    return run([shortener, name, when, *line], cwd=place)
