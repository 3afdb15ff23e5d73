#!/usr/bin/env python3
"""A store's system calls on its files fail: those of ERRORS below, once and for ever, with each error that they can give.

Usage: failing_calls.py RUNS

A writer works through the steps of a ledger while one of its calls fails (failing_calls.c). Then: every failure was a typed error
that such a call excuses, nothing hung, what was acknowledged is there and what was read was true; where the failure passed the
store went on, where a call was interrupted or did half of its work nothing failed at all, and once it is opened anew nothing fails
any more. RUNS of all cases, chosen at random; 0 for all of them.
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
# What is done again, or from where it stopped.
CONTINUED = (errno.EINTR, SHORT)
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
        # It is no file of the store's.
        self.key = os.path.join(folder, f"{kind}-key")
        os.rename(key, self.key)
        self.ledger = Ledger()
        run = subprocess.run([PROBE, "write", store, self.key, "8", "before"], capture_output=True, text=True, check=True)
        self.ledger.read_output(run.stdout)

    def fresh(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.template, self.folder)
        ledger = Ledger()
        ledger.possible = dict(self.ledger.possible)
        return f"{self.kind}:{self.folder}/vault", ledger

    def write(self, store, tenant, ledger, **environment):
        """Lets a writer work; returns the lines of what failed, and how often it made each call."""
        path = f"{self.folder}-counts"
        environment = dict(
            os.environ, KEYVAULT_FAIL_IN=self.folder, KEYVAULT_FAIL_COUNT=path, LD_PRELOAD=self.library, **environment)
        try:
            run = subprocess.run(
                [PROBE, "write", store, self.key, str(STEPS), tenant], env=environment, capture_output=True, text=True,
                timeout=120)
        except subprocess.TimeoutExpired:
            raise Lost("the store hangs") from None
        failed, _, done = ledger.read_output(run.stdout)
        if run.returncode != 0 or not done:
            raise Lost(f"the writer died with {run.returncode}: {run.stdout[-200:]} {run.stderr[-300:]}")
        with open(path, encoding="ascii") as file:
            return failed, {call: int(count) for call, count in (line.split() for line in file)}

    def counts(self):
        store, ledger = self.fresh()
        failed, counts = self.write(store, "during", ledger)
        if failed:
            raise Lost(f"without any failing call this failed: {failed}")
        return counts

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
        """Returns whether the call was ever made."""
        store, ledger = self.fresh()
        failed, counts = self.write(store, "during", ledger, KEYVAULT_FAIL=f"{call}:{number}:{error}:{times}")
        ledger.audit(store, self.key)
        if error in CONTINUED and failed:
            raise Lost(f"a call that was interrupted or short made this fail: {failed}")
        # Opening may fail as a whole.
        if times == "once" and not any(line.startswith("open") for line in failed):
            if self.kind == "file" and call in ("fdatasync", "ftruncate"):
                # After a failed sync the file store takes no more writes, as it promises. Reads go on.
                failed = [line for line in failed if " read " in line]
                if failed:
                    raise Lost(f"a sync that failed made reads fail: {failed}")
            elif len(failed) > 1:
                raise Lost(f"one failure that passed made more than one thing fail: {failed}")
        failed, _ = self.write(store, "after", ledger)
        if failed:
            raise Lost(f"opened anew, this fails: {failed}")
        return counts[call] >= number


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
        not_struck = []
        for call, number, error, times in chosen:
            try:
                if not store.check(call, number, error, times):
                    not_struck.append(f"{call} number {number}")
            except Lost as loss:
                sys.exit(f"{kind}: {call} number {number} with {name(error)}, {times}, KEYVAULT_SEED={seed}: {loss}")
        print(
            f"failing calls, {kind} store: {len(chosen)} of {len(cases)} cases, nothing lost; "
            f"{len(not_struck)} whose call never came")
        if not_struck:
            sys.exit(f"{kind}: without a failing call, these were made: {not_struck}")
    shutil.rmtree(folder, ignore_errors=True)


main()
