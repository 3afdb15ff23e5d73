#!/usr/bin/env python3
"""What a core dump of a process holds that has a key open at that moment: nothing of it.

Stores a random secret, opens it in a closure, takes a core dump of the process (gcore, which leaves out what is marked so, as the
kernel does) and looks for every 16 bytes of the secret, of its data key and of the master key. To show that the search finds
something, it looks for the record's name too, which is no secret and must be there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests/Interop"), str(ROOT / "Tests/Faults")]

from keyvault.record import unwrap  # noqa: E402
from keyvault.vault import Vault  # noqa: E402
from keyvault.record import SealedRecord  # noqa: E402
from ledger import KEYVAULT, PROBE  # noqa: E402

WINDOW = 16
REFERENCE = "tenant-of-the-dump/p"


def keys_of(path, master):
    vault = Vault.open(path, [master])
    try:
        (row,) = vault.store.rows()
        return unwrap(master, vault.place(row).wrap_context, SealedRecord.parse(row.sealed).wrap)
    finally:
        vault.close()


def main():
    folder = ROOT / ".build" / "core-dump"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    database, key_file = folder / "vault.db", folder / "key"
    options = ["--quiet", "--store", f"sqlite:{database}", "--master-key-file", str(key_file)]
    # Printable, so that the command line takes it; of 164 bytes, like the longest keys of providers.
    secret = os.urandom(82).hex().encode()
    subprocess.run([KEYVAULT, "init", *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([KEYVAULT, "put", REFERENCE, *options], input=secret, check=True, stdout=subprocess.DEVNULL)
    master = key_file.read_bytes()
    if len(master) != 32:
        master = bytes.fromhex(master.decode())
    hunted = {"the secret": secret, "the data key": keys_of(database, master), "the master key": master}

    with subprocess.Popen([PROBE, "hold", f"sqlite:{database}", str(key_file), REFERENCE],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"holding\n"
        subprocess.run(["gcore", "-o", str(folder / "core"), str(process.pid)], check=True, capture_output=True)
        process.stdin.close()
    core = (folder / f"core.{process.pid}").read_bytes()
    if REFERENCE.split("/")[0].encode() not in core:
        sys.exit("the dump does not hold what it must: the search shows nothing")
    found = [name for name, key in hunted.items()
             if any(key[start:start + WINDOW] in core for start in range(len(key) - WINDOW + 1))]
    shutil.rmtree(folder)
    if found:
        sys.exit(f"a core dump of {len(core) >> 20} MiB holds {', '.join(found)}")
    print(f"core dump in the midst of a read: {len(core) >> 20} MiB, no {WINDOW} bytes of secret, data key or master key")


main()
