#!/usr/bin/env python3
"""Every system call that a store makes fails: once and for ever, with each error that it can give.

Usage: failing_calls.py RUNS

A writer works through the steps of a ledger while one of its calls fails (failing_calls.c). Then: every failure was a typed error,
nothing hung, what was acknowledged is there and what was read was true, and where the failure passed the store went on. RUNS of
all cases, chosen at random; 0 for all of them.
"""

import errno
import os
import random
import shutil
import subprocess
import sys

from ledger import Ledger, Lost, PROBE, ROOT, make_vault

STEPS = 16
SHORT = -1
ERRORS = {
    "open": [errno.EACCES, errno.EMFILE, errno.ENOSPC, errno.EIO],
    "stat": [errno.EIO, errno.EACCES],
    "pread": [errno.EIO, errno.EINTR, SHORT],
    "pwrite": [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, SHORT],
    "fsync": [errno.EIO, errno.ENOSPC, errno.EDQUOT],
    "fdatasync": [errno.EIO, errno.ENOSPC, errno.EDQUOT],
    "ftruncate": [errno.EIO, errno.EINTR, errno.EPERM],
    "rename": [errno.EIO, errno.ENOSPC, errno.EACCES],
    "unlink": [errno.EIO, errno.EACCES],
    "lock": [errno.EIO, errno.ENOLCK],
}


def name(error):
    return "short" if error == SHORT else errno.errorcode[error]


class Store:
    """A vault with a few records, copied afresh for each case."""

    def __init__(self, kind, folder, library):
        self.kind = kind
        self.template = os.path.join(folder, f"{kind}-template")
        self.folder = os.path.join(folder, kind)
        self.library = library
        os.makedirs(self.template)
        store, key = make_vault(self.template, kind)
        self.ledger = Ledger()
        self.ledger.read_output(
            subprocess.run([PROBE, "write", store, key, "8", "before"], capture_output=True, text=True, check=True).stdout)

    def fresh(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.template, self.folder)
        ledger = Ledger()
        ledger.possible = dict(self.ledger.possible)
        return f"{self.kind}:{self.folder}/vault", os.path.join(self.folder, "key"), ledger

    def write(self, store, key, **environment):
        # The key file is no file of the store's.
        environment = dict(os.environ, KEYVAULT_FAIL_IN=os.path.join(self.folder, "vault"), LD_PRELOAD=self.library, **environment)
        return subprocess.run(
            [PROBE, "write", store, key, str(STEPS), "during"], env=environment, capture_output=True, text=True, timeout=120)

    def counts(self):
        store, key, _ = self.fresh()
        path = os.path.join(self.folder, "counts")
        self.write(store, key, KEYVAULT_FAIL_COUNT=path)
        with open(path, encoding="ascii") as file:
            return {call: int(count) for call, count in (line.split() for line in file)}

    def cases(self):
        for call, count in self.counts().items():
            for error in ERRORS.get(call, []):
                for number in range(1, count + 1):
                    yield call, number, error, "once"
                    # A call that is interrupted or cut short for ever never ends; no system does that. A lock that SQLite
                    # cannot get counts as busy, whatever the error: each step would wait out its bound, and fail as it must.
                    if error not in (errno.EINTR, SHORT) and (self.kind, call) != ("sqlite", "lock"):
                        yield call, number, error, "ever"

    def check(self, call, number, error, times):
        store, key, ledger = self.fresh()
        try:
            run = self.write(store, key, KEYVAULT_FAIL=f"{call}:{number}:{error}:{times}")
        except subprocess.TimeoutExpired:
            raise Lost("the store hangs") from None
        failed, _, done = ledger.read_output(run.stdout)
        if run.returncode != 0 or not done:
            raise Lost(f"the writer died with {run.returncode}: {run.stdout[-200:]} {run.stderr[-300:]}")
        ledger.audit(store, key)
        # Opening may fail as a whole, and after a failed sync the file store takes no more writes, as it promises.
        goes_on = times == "once" and not any(line.startswith("open") for line in failed)
        if goes_on and not (self.kind == "file" and call in ("fdatasync", "ftruncate")):
            if len(failed) > 1:
                raise Lost(f"one failure that passed made several steps fail: {failed}")


def main():
    wanted = int(sys.argv[1])
    seed = int(os.environ.get("KEYVAULT_SEED", random.randrange(1 << 32)))
    random.seed(seed)
    folder = os.path.join(ROOT, ".build", "failing-calls")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    library = os.path.join(folder, "failing_calls.so")
    subprocess.run(
        ["clang", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
         os.path.join(os.path.dirname(__file__), "failing_calls.c"), "-ldl"], check=True)
    for kind in ["sqlite", "file"]:
        store = Store(kind, folder, library)
        cases = list(store.cases())
        chosen = cases if wanted == 0 else random.sample(cases, min(wanted, len(cases)))
        for call, number, error, times in chosen:
            try:
                store.check(call, number, error, times)
            except Lost as loss:
                sys.exit(f"{kind}: {call} number {number} with {name(error)}, {times}, KEYVAULT_SEED={seed}: {loss}")
        print(f"failing calls, {kind} store: {len(chosen)} of {len(cases)} cases, nothing lost")
    shutil.rmtree(folder, ignore_errors=True)


main()
