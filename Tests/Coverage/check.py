#!/usr/bin/env python3
"""Checks what llvm-cov exported: every region of KeyVaultCrypto and KeyVaultFormat is run by a test or stands in
uncovered.txt.

Usage: check.py EXPORT.json
"""
import collections
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
TARGETS = ["KeyVaultCrypto", "KeyVaultFormat"]
CODE_REGION = 0


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
    """What may be uncovered: `FILE: the line's text`, below a comment that says why."""
    lines = (FOLDER / "uncovered.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def main():
    counts = regions(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    allowed, used, failed = excused(), set(), False
    for target in TARGETS:
        files = {f: r for f, r in counts.items() if f.startswith(f"{ROOT}/Sources/{target}/")}
        total = sum(len(r) for r in files.values())
        missing = sorted((f, place) for f, r in files.items() for place, count in r.items() if count == 0)
        share = 100 * (total - len(missing)) / total if total else 0
        print(f"{target}: {total - len(missing)} of {total} regions, {share:.1f} %")
        for file, place in missing:
            name = pathlib.Path(file).relative_to(ROOT / "Sources")
            text = pathlib.Path(file).read_text().splitlines()[place[0] - 1].strip()
            entry = f"{name}: {text}"
            used.add(entry)
            if entry not in allowed:
                print(f"not run by any test: {name}:{place[0]}: {text}")
                failed = True
    for entry in sorted(allowed - used):
        print(f"is run by a test now; take it off uncovered.txt: {entry}")
    sys.exit(failed)


main()
