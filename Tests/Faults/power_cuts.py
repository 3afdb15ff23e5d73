#!/usr/bin/env python3
"""Power cuts on real file systems.

Usage: power_cuts.py ROUNDS

Mounts ext4 and XFS on loop devices, lets four writers work on a vault there, shuts the file system down in their midst by its own
call (nothing that is not on the device gets there any more, not even the journal), mounts it again and looks whether every
write is there that was acknowledged before: ROUNDS times for each file system and each of the stores. Needs root; where it may not
mount it says so at its end and ends well, unless KEYVAULT_REQUIRE_POWER_CUTS is 1.

What is acknowledged after the cut has begun does not count. A power cut leaves nobody who could hear it; and ext4 lets a sync that
is under way when it is shut down end well, though what it synced is gone.
"""

import fcntl
import os
import random
import select
import shutil
import struct
import subprocess
import sys
import threading
import time

from ledger import Ledger, Lost, PROBE, ROOT, make_vault

# XFS_IOC_GOINGDOWN, which ext4 knows too: _IOR('X', 125, u32), and its flag for "do not flush the log".
SHUTDOWN = 2 << 30 | 4 << 16 | ord("X") << 8 | 125
NO_LOG_FLUSH = 2
MEBIBYTES = {"ext4": 128, "xfs": 320}
WRITERS = 4
# In seconds: how long the writers may say nothing.
SILENCE = 60


def run(*command):
    subprocess.run(command, check=True, capture_output=True)


class FileSystem:
    """A file system on a loop device, in a file."""

    def __init__(self, kind, folder):
        self.image = os.path.join(folder, f"{kind}.img")
        self.mounted_at = os.path.join(folder, kind)
        os.makedirs(self.mounted_at)
        with open(self.image, "wb") as image:
            image.truncate(MEBIBYTES[kind] << 20)
        run(f"mkfs.{kind}", "-q", self.image)

    def mount(self):
        run("mount", "-o", "loop", self.image, self.mounted_at)

    def unmount(self):
        run("umount", self.mounted_at)

    def cut(self):
        descriptor = os.open(self.mounted_at, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)


def cut_once(system, ledger, store, key, number):
    """Lets the writers work, cuts, mounts again and audits; returns how many steps were acknowledged before the cut."""
    tenants = [f"r{number}w{writer}" for writer in range(WRITERS)]
    with subprocess.Popen([PROBE, "write", store, key, "0", *tenants], stdout=subprocess.PIPE) as writers:
        os.set_blocking(writers.stdout.fileno(), False)
        heard = b""
        patience = random.randrange(1, 400)
        while heard.count(b"\n") < patience:
            ready, _, _ = select.select([writers.stdout], [], [], SILENCE)
            news = read_what_is_there(writers.stdout)
            if not news:
                writers.kill()
                what = "have ended" if ready else "say nothing any more"
                raise Lost(f"the writers {what} before the cut; they said: {heard.decode()[-300:]!r}")
            heard += news
        # Somewhere between two acknowledgements.
        time.sleep(random.random() / 200)
        heard += read_what_is_there(writers.stdout)
        system.cut()
        os.set_blocking(writers.stdout.fileno(), True)
        later = []
        reader = threading.Thread(target=lambda: later.append(writers.stdout.read()))
        reader.start()
        try:
            writers.wait(timeout=60)
        except subprocess.TimeoutExpired:
            writers.kill()
            raise Lost("the writers hang on a disk that is gone") from None
        reader.join()
    failed, last, _ = ledger.read_output(heard.decode())
    if failed:
        raise Lost(f"before the cut this failed: {failed}")
    for tenant in tenants:
        # What was heard since, and the step of which nothing was heard.
        first = last.get(tenant, -1) + 1
        for step in range(first, first + b"".join(later).decode().count(f"{tenant} ") + 1):
            ledger.note(tenant, step, acknowledged=False)
    system.unmount()
    system.mount()
    ledger.audit(store, key)
    return sum(step + 1 for step in last.values())


def read_what_is_there(pipe):
    try:
        return os.read(pipe.fileno(), 1 << 20)
    except BlockingIOError:
        return b""


def main():
    rounds = int(sys.argv[1])
    seed = int(os.environ.get("KEYVAULT_SEED", random.randrange(1 << 32)))
    random.seed(seed)
    folder = os.path.join(ROOT, ".build", "power-cuts")
    subprocess.run(f"umount {folder}/* 2>/dev/null", shell=True, check=False)
    shutil.rmtree(folder, ignore_errors=True)
    skipped = []
    for kind in MEBIBYTES:
        if shutil.which(f"mkfs.{kind}") is None:
            skipped.append(f"SKIPPED: power cuts on {kind}, since mkfs.{kind} is not installed")
            continue
        try:
            system = FileSystem(kind, folder)
            system.mount()
        except (OSError, subprocess.CalledProcessError) as error:
            skipped.append(f"SKIPPED: power cuts on {kind}, since this machine does not let us mount: {error}")
            continue
        for store_kind in ["sqlite", "file"]:
            place = os.path.join(system.mounted_at, store_kind)
            os.makedirs(place)
            store, key = make_vault(place, store_kind)
            os.sync()
            ledger = Ledger()
            acknowledged = 0
            for number in range(rounds):
                try:
                    acknowledged += cut_once(system, ledger, store, key, number)
                except Lost as loss:
                    sys.exit(f"{kind}, {store_kind}, round {number}, KEYVAULT_SEED={seed}: {loss}")
            print(f"power cuts on {kind}, {store_kind} store: {rounds}, with {acknowledged} acknowledged steps, none lost")
        system.unmount()
    shutil.rmtree(folder, ignore_errors=True)
    # Last, where it is seen.
    for line in skipped:
        print(line)
    if skipped and os.environ.get("KEYVAULT_REQUIRE_POWER_CUTS") == "1":
        sys.exit("power cuts are required, and some were skipped")


main()
