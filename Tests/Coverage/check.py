#!/usr/bin/env python3
"""Checks what llvm-cov exported: every region of KeyVaultCrypto and KeyVaultFormat is run by a test or stands in
uncovered.txt, and of each of the engine's other targets no smaller share is than was reached before.

Usage: check.py EXPORT.json [--missing]        --missing lists what no test runs of the others, too
"""
import collections
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
# All regions but the listed ones; and this share of them, in percent. The goal is 95 for each: raise the numbers, never lower them.
COMPLETE = ["KeyVaultCrypto", "KeyVaultFormat"]
ENGINE = {"KeyVault": 97, "KeyVaultStorage": 95, "KeyVaultSQLite": 96}
CODE_REGION = 0
SOMETIMES = "now and then: "


def regions(export):
    """How often each region was run, by file; a generic function counts where any of its instances was."""
    counts = collections.defaultdict(dict)
    for function in export["data"][0]["functions"]:
        for *place, count, file, _, kind in (region[:8] for region in function["regions"]):
            if kind == CODE_REGION:
                of_file = counts[function["filenames"][file]]
                of_file[tuple(place)] = max(of_file.get(tuple(place), 0), count)
    return counts


def excused():
    """What no test runs, and what one runs now and then: `FILE: the line's text`, below a comment that says why."""
    lines = (FOLDER / "uncovered.txt").read_text().splitlines()
    entries = {line for line in lines if line and not line.startswith("#")}
    sometimes = {entry for entry in entries if entry.startswith(SOMETIMES)}
    return entries - sometimes, {entry.removeprefix(SOMETIMES) for entry in sometimes}


def measure(target, counts):
    """Prints a target's share, and gives it with what no test runs: (`FILE`, line, its text)."""
    files = {f: r for f, r in counts.items() if f.startswith(f"{ROOT}/Sources/{target}/")}
    total = sum(len(r) for r in files.values())
    missing = []
    for file, place in sorted((f, place) for f, r in files.items() for place, count in r.items() if count == 0):
        text = pathlib.Path(file).read_text().splitlines()[place[0] - 1].strip()
        missing.append((pathlib.Path(file).relative_to(ROOT / "Sources"), place[0], text))
    if total == 0:
        sys.exit(f"nothing is known of {target}: has the target another name now?")
    share = 100 * (total - len(missing)) / total
    print(f"{target}: {total - len(missing)} of {total} regions, {share:.1f} %")
    return share, missing


def main():
    counts = regions(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    (never, sometimes), used, failed = excused(), set(), False
    for target in COMPLETE:
        for name, line, text in measure(target, counts)[1]:
            used.add(f"{name}: {text}")
            if f"{name}: {text}" not in never | sometimes:
                print(f"not run by any test: {name}:{line}: {text}")
                failed = True
    for entry in sorted(never - used):
        print(f"is run by a test now; take it off uncovered.txt: {entry}")
    for target, least in ENGINE.items():
        share, missing = measure(target, counts)
        if share < least:
            print(f"{target} is below {least} %: see check.py --missing")
            failed = True
        if "--missing" in sys.argv:
            for name, line, text in missing:
                print(f"  {name}:{line}: {text}")
    sys.exit(failed)


main()
