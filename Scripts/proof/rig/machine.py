# SPDX-License-Identifier: Apache-2.0
"""The machine that a rig runs on: its tools, its file systems, a place to work."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

from .report import Skipped

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))


def need(command, package):
    """Makes sure that there is a command, by apt-get where it is missing."""
    if shutil.which(command):
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"proof: installing {package}", file=sys.stderr, flush=True)
        install = ["apt-get", "install", "-qq", "--yes", package]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if subprocess.run(install, **quiet).returncode != 0:
            subprocess.run(["apt-get", "update", "-qq"], **quiet)
            subprocess.run(install, **quiet)
    if not shutil.which(command):
        raise Skipped(f"there is no {command}, and it could not be installed")


def need_strace():
    """Makes sure that strace is there and may change system calls."""
    if not sys.platform.startswith("linux"):
        raise Skipped("strace is for Linux")
    need("strace", "strace")
    probe = ["strace", "-qq", "-o", os.devnull, "-e", "trace=openat"]
    probe += ["-e", "inject=openat:error=EIO:when=60000", "true"]
    if subprocess.run(probe, stderr=subprocess.DEVNULL).returncode != 0:
        raise Skipped("strace may not trace here, or is too old to inject faults")


def installed(path=None):
    """The path of an installed berth: the one given, or one that is installed now."""
    if path:
        return os.path.abspath(path)
    prefix = os.path.join(ROOT, ".build/proof/prefix")
    print("proof: installing a copy of berth", file=sys.stderr, flush=True)
    done = subprocess.run(
        [os.path.join(ROOT, "Scripts/install"), "--prefix", prefix],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout.strip()


MEMORY = "/dev/shm"


@contextlib.contextmanager
def scratch(in_memory=False):
    """A directory of one's own, which goes at the end; in memory where the medium proves
    nothing and takes most of the time.
    """
    place = MEMORY if in_memory and os.access(MEMORY, os.W_OK) else None
    path = os.path.realpath(tempfile.mkdtemp(prefix="berth-proof.", dir=place))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def copy_tree(source, target):
    """Copies a directory of plain files, FIFOs and directories, modes and all."""
    os.mkdir(target, 0o700)
    for entry in os.scandir(source):
        to = os.path.join(target, entry.name)
        if entry.is_dir(follow_symlinks=False):
            copy_tree(entry.path, to)
        elif entry.is_file(follow_symlinks=False):
            with open(entry.path, "rb") as file:
                data = file.read()
            descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, data)
            os.close(descriptor)
        else:
            os.mkfifo(to, 0o600)
