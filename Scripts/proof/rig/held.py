# SPDX-License-Identifier: Apache-2.0
"""The command holds the lock, not the wrapper: kills of a wrapper whose command runs."""

import os
import signal
import subprocess

from . import syscalls
from .scenarios import Scenario

HELD = Scenario("small", ("lock", "free", "--", "sh", "-c", "echo $$; exec sleep 600"))


def kills_of_a_holder(campaign):
    """Kills a wrapper at each call that it makes until it waits for its command."""
    scenario = Scenario("small", ("lock", "free", "--", "true"))
    for site in campaign.sites(scenario):
        if site.name in ("waitid", "wait4"):
            break
        if site.is_ours:
            campaign.submit(_kill, campaign, site.name, site.index)


def _kill(campaign, name, index):
    where = f"killed at {name} {index}"
    with campaign.copy(HELD) as berth:
        wrapper = subprocess.Popen(
            ["strace", "-qq", "-e", "signal=none", "-o", "/dev/null", "-e", f"trace={name}",
             "-e", f"inject={name}:signal=SIGKILL:when={index}", "--",
             *berth.line(*HELD.arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        # The pid of the command, or the end of the stream where there is none.
        said = wrapper.stdout.readline().strip()
        command = int(said) if said else None
        try:
            try:
                wrapper.wait(timeout=10)
            except subprocess.TimeoutExpired:
                campaign.violation(HELD, where, "the wrapper lives")
                wrapper.kill()
            campaign.report.checked()
            if command:
                outcome = berth.run("lock", "free", "-n", "--", "true")
                if outcome.status != 75:
                    campaign.violation(
                        HELD, where, f"the command runs, and another got {outcome.status}")
                pid = berth.state().holders.get("free")
                if pid not in (command, None):
                    campaign.violation(HELD, where, f"the holder is {command}, not {pid}")
        finally:
            if command:
                os.kill(command, signal.SIGKILL)
            wrapper.stdout.close()
        outcome = berth.run("lock", "free", "-w", "10s", "--", "true")
        if outcome.status != 0:
            campaign.violation(HELD, where, f"nobody lives, and another got {outcome.status}")
