# SPDX-License-Identifier: Apache-2.0
"""File systems in files, and what can happen to them."""

import contextlib
import fcntl
import os
import struct
import subprocess
import time

from .machine import need
from .report import Skipped

PACKAGES = {"ext4": "e2fsprogs", "xfs": "xfsprogs", "btrfs": "btrfs-progs"}
MAKE = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-O", "has_journal", "-E", "lazy_journal_init=1"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}
FS_IOC_SHUTDOWN = 0x8004587D
WITHOUT_LOG_FLUSH = 2


class Volume:
    """A file system in a sparse image, mounted through a loop device."""

    def __init__(self, kind, directory, mebibytes):
        need(f"mkfs.{kind}", PACKAGES[kind])
        self.kind = kind
        self.image = os.path.join(directory, f"{kind}.img")
        self.path = os.path.join(directory, f"{kind}.mount")
        os.mkdir(self.path)
        with open(self.image, "wb") as file:
            file.truncate(mebibytes << 20)
        made = subprocess.run(
            [*MAKE[kind], self.image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            raise Skipped(f"{kind} cannot be made: {made.stdout.strip()}")
        self.mount()

    def mount(self):
        done = subprocess.run(
            ["mount", "-o", "loop", self.image, self.path], stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Skipped(f"{self.kind} cannot be mounted: {done.stderr.strip()}")

    def fail_honestly(self):
        """Makes a write that does not fit an error. Of a request of many pages, the loop
        driver of some kernels writes what fits, loses the rest and reports success.
        """
        device = subprocess.run(
            ["findmnt", "-nro", "SOURCE", self.path], stdout=subprocess.PIPE, text=True,
            check=True).stdout.strip()
        limit = f"/sys/block/{os.path.basename(device)}/queue/max_sectors_kb"
        with open(limit, "w", encoding="ascii") as file:
            file.write(str(os.sysconf("SC_PAGE_SIZE") // 1024))

    def unmount(self):
        """Who was just killed may still be on its way out."""
        for _ in range(200):
            if subprocess.run(["umount", self.path], stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.01)
        subprocess.run(["umount", "--lazy", self.path], check=True)

    def cut(self):
        """Cuts the power: what is not on the medium by now is gone."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, FS_IOC_SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))
        except OSError as error:
            raise Skipped(f"{self.kind} cannot be shut down: {error.strerror}") from error
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def volume(kind, directory, mebibytes):
    made = Volume(kind, directory, mebibytes)
    try:
        yield made
    finally:
        subprocess.run(["umount", "--lazy", made.path], stderr=subprocess.DEVNULL)
        os.unlink(made.image)
        os.rmdir(made.path)
