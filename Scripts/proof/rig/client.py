# SPDX-License-Identifier: Apache-2.0
"""The long-lived client of the library in Scripts/proof/client, and what is preloaded to it."""

import os
import subprocess
import sys

from .machine import ROOT, need


def build():
    """Builds the client and returns its path."""
    arguments = ["-c", "release", "--package-path", os.path.join(ROOT, "Scripts/proof/client"),
                 "--scratch-path", os.path.join(ROOT, ".build/proof/client")]
    if sys.platform.startswith("linux"):
        arguments.append("--static-swift-stdlib")
    print("proof: building the client of the library", file=sys.stderr, flush=True)
    for _ in range(2):  # The first one may miss files that are new in the library.
        done = subprocess.run(
            ["swift", "build", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)
        if done.returncode == 0:
            break
    else:
        sys.exit(done.stdout)
    where = subprocess.run(
        ["swift", "build", *arguments, "--show-bin-path"], stdout=subprocess.PIPE, text=True,
        check=True)
    return os.path.join(where.stdout.strip(), "berth-proof")


def unflushed(directory):
    """Builds the library with which no flush does anything, and returns its path."""
    need("cc", "gcc")
    library = os.path.join(directory, "unflushed.so")
    source = os.path.join(os.path.dirname(__file__), "unflushed.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library
