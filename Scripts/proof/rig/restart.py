# SPDX-License-Identifier: Apache-2.0
"""A machine that can be restarted: for processes, and for nobody but this rig's."""

import contextlib
import ctypes
import os
import subprocess
import sys
import tempfile
import time
import uuid

from .report import Skipped

BOOT_ID = "/proc/sys/kernel/random/boot_id"
CLONE_NEWNS = 0x00020000


class Machine:
    """This process gets mounts of its own, and a boot id that it can change.

    What it mounts is gone with it, however it ends.
    """

    def __init__(self):
        if not sys.platform.startswith("linux"):
            raise Skipped("loop mounts and FS_IOC_SHUTDOWN are for Linux")
        if os.geteuid() != 0:
            raise Skipped("only root may mount")
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
            raise Skipped("this machine allows no mounts")
        self._boot_id, self._name = tempfile.mkstemp(prefix="berth-proof.")

    def __enter__(self):
        quiet = {"stderr": subprocess.DEVNULL}
        private = subprocess.run(["mount", "--make-rprivate", "/"], **quiet)
        self.restart()
        bound = subprocess.run(["mount", "--bind", self._name, BOOT_ID], **quiet)
        if private.returncode != 0 or bound.returncode != 0:
            raise Skipped("this machine allows no mounts")
        return self

    def __exit__(self, *_):
        os.close(self._boot_id)
        os.unlink(self._name)

    def restart(self):
        """The next process that asks finds that the machine was started anew."""
        os.pwrite(self._boot_id, f"{uuid.uuid4()}\n".encode(), 0)

    def forget_caches(self):
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("3\n")

    @contextlib.contextmanager
    def memory(self, directory, mebibytes):
        made = Memory(os.path.join(directory, "memory"), mebibytes)
        try:
            yield made
        finally:
            subprocess.run(["umount", "--lazy", made.path], check=True)


class Memory:
    """A tmpfs that is soon full."""

    def __init__(self, path, mebibytes):
        self.path = path
        os.mkdir(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "proof", path],
                       check=True)

    @property
    def _ballast(self):
        return os.path.join(self.path, "ballast")

    def _free(self):
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_frsize

    def fill(self, leaving):
        with open(self._ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(self._free() - leaving, 4096))

    def give_back(self):
        os.unlink(self._ballast)

    def wait_until_full(self, seconds):
        end = time.monotonic() + seconds
        while self._free() > 0 and time.monotonic() < end:
            time.sleep(0.005)
