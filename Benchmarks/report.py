#!/usr/bin/env python3
"""Turns the lines of a benchmark run into a table, results/latest.json, plots and a verdict; see `run`.

Goals and thresholds (goals.json) are bounds on ratios, never on times: a positive one is the most, a negative one the least.
"""
import json
import pathlib
import sys

import plots

HERE = pathlib.Path(__file__).parent
GOALS = json.loads((HERE / "goals.json").read_text())


def holds(bound: float, ratio: float) -> bool:
    return ratio <= bound if bound >= 0 else ratio >= -bound


def goal(row: dict) -> str:
    """What the row should reach, and whether it does."""
    entry = GOALS.get(row["case"], {})
    if "goal" in entry:
        bound = entry["goal"]
        text = f"at most {bound:g}" if bound >= 0 else f"at least {-bound:g}"
        met = holds(bound, row["ratio"])
    elif "goal_ns_more" in entry:
        text = f"at most {entry['goal_ns_more']} ns more"
        met = row["ns"] - row["floor_ns"] <= entry["goal_ns_more"]
    else:
        return ""
    return text if met else f"{text}: MISSED"


def table(rows: list[dict]) -> None:
    print(f"{'case':<20} {'ns':>13} {'floor ns':>13} {'ratio':>8}   goal")
    for row in rows:
        print(f"{row['case']:<20} {row['ns']:>13,.1f} {row['floor_ns']:>13,.1f} {row['ratio']:>8.3f}   {goal(row)}")


def write(rows: list[dict]) -> None:
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    (results / "latest.json").write_text(f"[\n{lines}\n]\n")
    plots.draw({row["case"]: row for row in rows}, results)


def check(rows: list[dict]) -> int:
    ratios = {row["case"]: row["ratio"] for row in rows}
    failures = 0
    for case, entry in GOALS.items():
        if "threshold" not in entry:
            continue
        bound = entry["threshold"]
        if case not in ratios:
            print(f"{case}: was not measured")
        elif not holds(bound, ratios[case]):
            print(f"{case}: {ratios[case]} is beyond the threshold of {abs(bound):g}")
        else:
            continue
        failures += 1
    return 1 if failures else 0


def main() -> int:
    if sys.argv[1] == "checked":
        print("\n".join(case for case, entry in GOALS.items() if "threshold" in entry))
        return 0
    mode, path = sys.argv[1:]
    rows = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    table(rows)
    if mode == "check":
        return check(rows)
    write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
