# SPDX-License-Identifier: Apache-2.0
"""The command holds what it runs under, not the wrapper: kills of a wrapper whose command runs."""

import os
import signal
import subprocess
from collections import namedtuple

from . import syscalls
from .scenarios import Scenario, title

RUNS = ("sh", "-c", "echo $$; exec sleep 600")
BUSY = 75

Holder = namedtuple("Holder", "store words contender")
"""A wrapper, and the command line of another that wants what its command holds."""

HOLDERS = [
    Holder("small", ("lock", "free", "--"), ("lock", "free", "-n", "--", "true")),
    Holder("small", ("lock", "free", "--shared", "--"), ("lock", "free", "-n", "--", "true")),
    Holder("small", ("lock", "new", "--and", "free", "--"),
           ("lock", "free", "--and", "new", "-n", "--", "true")),
    Holder("placed", ("flock", "file"), ("flock", "-n", "-E", str(BUSY), "file", "true")),
    Holder("small", ("pool", "run", "gpu", "--count", "2", "--"),
           ("pool", "run", "gpu", "-n", "--", "true")),
]


def kills_of_holders(campaign, only):
    """Kills each wrapper at each call that it makes until it waits for its command."""
    for holder in HOLDERS:
        held = Scenario(holder.store, (*holder.words, *RUNS))
        if only and only not in title(held):
            continue
        for site in campaign.sites(Scenario(holder.store, (*holder.words, "true"))):
            if site.name in ("waitid", "wait4"):
                break
            if site.is_ours:
                campaign.submit(_kill, campaign, holder, held, site.name, site.index)


def _kill(campaign, holder, held, name, index):
    where = f"killed at {name} {index}"
    with campaign.copy(held) as berth:
        wrapper = subprocess.Popen(
            syscalls.tampering(
                berth.line(*held.arguments), name, "signal=SIGKILL", index),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=berth.place)
        # The pid of the command, or the end of the stream where there is none.
        said = wrapper.stdout.readline().strip()
        command = int(said) if said else None
        try:
            try:
                wrapper.wait(timeout=10)
            except subprocess.TimeoutExpired:
                campaign.violation(held, where, "the wrapper lives")
                wrapper.kill()
            campaign.report.checked()
            if command:
                outcome = berth.run(*holder.contender)
                if outcome.status != BUSY:
                    campaign.violation(
                        held, where, f"the command runs, and another got {outcome.status}")
                if holder.words[0] == "lock":
                    pid = berth.holders().get("free")
                    if pid not in (command, None):
                        campaign.violation(held, where, f"the holder is {command}, not {pid}")
        finally:
            if command:
                os.kill(command, signal.SIGKILL)
            wrapper.stdout.close()
        patient = [word if word != "-n" else "-w10" for word in holder.contender]
        outcome = berth.run(*patient)
        if outcome.status != 0:
            campaign.violation(held, where, f"nobody lives, and another got {outcome.status}")
