"""What the steps of the probe's ledger may leave behind, and whether a store holds nothing else.

A step that was acknowledged has happened. One that failed, or of which nothing was heard, has happened as a whole or not at all.
"""

import os
import subprocess

SLOTS = 8
# What a disk that fails excuses. `store.corrupt` is not among them: no byte is damaged.
EXCUSES = {f"store.{code}" for code in ("io", "full", "readOnly", "busy")}
ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BINARIES = os.path.join(ROOT, os.environ.get("KEYVAULT_BINARIES", ".build/debug"))
PROBE = os.path.join(BINARIES, "KeyVaultProbe")
KEYVAULT = os.path.join(BINARIES, "keyvault")


class Lost(Exception):
    """A promise was broken."""


class Ledger:
    """What each slot of each tenant may hold: pairs of the secrets of its two records, `None` where there is none."""

    def __init__(self):
        self.possible = {}

    def slot(self, tenant, number):
        return self.possible.setdefault((tenant, number % SLOTS), {(None, None)})

    def note(self, tenant, number, acknowledged):
        before = self.slot(tenant, number)
        if number % 5 == 4:
            after = {(None, b) for _, b in before}
        else:
            after = {(str(number), str(number))}
        self.possible[tenant, number % SLOTS] = after if acknowledged else before | after

    def check_read(self, tenant, number, name, found):
        index = 0 if name.endswith("/a") else 1
        values = {pair[index] or "-" for pair in self.slot(tenant, number)}
        if found not in values:
            raise Lost(f"{tenant} {name} is {found} after step {number}, not one of {sorted(values)}")

    def read_output(self, text):
        """Notes what a `write` of the probe printed.

        Returns the lines of what failed, be it a step, a read or the opening; the last number of each tenant; and whether the
        probe ended as it should.
        """
        failed, last, done = [], {}, False

        def fails(line, outcome):
            if outcome not in EXCUSES:
                raise Lost(f"no failing disk excuses this: {line}")
            failed.append(line)

        # A line that was being written when the process died says nothing.
        for line in text[: text.rfind("\n") + 1].splitlines():
            words = line.split()
            if words == ["done"]:
                done = True
            elif words[0] == "open":
                fails(line, words[1])
                done = True
            elif words[2] == "read":
                tenant, number, _, name, found = words
                if found == "-" or found.isdecimal():
                    self.check_read(tenant, int(number), name, found)
                else:
                    fails(line, found)
            else:
                tenant, number, outcome = words
                if outcome == "absent":
                    # Nothing was written: what an earlier step left open stays open.
                    self.check_read(tenant, int(number), "/a", "-")
                else:
                    self.note(tenant, int(number), outcome == "ok")
                last[tenant] = int(number)
                if outcome not in ("ok", "absent"):
                    fails(line, outcome)
        return failed, last, done

    def audit(self, store, key):
        """Compares a store with what may be there; from then on that is what is there."""
        run = subprocess.run([PROBE, "audit", store, key], capture_output=True, text=True, timeout=120)
        lines = run.stdout.splitlines()
        if run.returncode != 0 or lines[-2:] != ["damaged 0", "done"]:
            raise Lost(f"the store does not open whole: {lines[-3:]} {run.stderr[-300:]}")
        found = {}
        for line in lines[:-2]:
            tenant, name, value = line.split()
            slot, label = name.split("/")
            found.setdefault((tenant, int(slot[1:])), {})[label] = value
        for place in self.possible.keys() | found.keys():
            pair = (found.get(place, {}).get("a"), found.get(place, {}).get("b"))
            if pair not in self.possible.get(place, {(None, None)}):
                raise Lost(f"{place} holds {pair}, not one of {self.possible.get(place)}")
            self.possible[place] = {pair}


def make_vault(folder, kind):
    """Makes a vault of that kind in a folder; returns its URL and its key file."""
    key = os.path.join(folder, "key")
    store = f"{kind}:{os.path.join(folder, 'vault')}"
    subprocess.run([KEYVAULT, "init", "--quiet", "--store", store, "--master-key-file", key], check=True,
                   stdout=subprocess.DEVNULL)
    return store, key
