"""The plots of results/, as SVG without any library."""
import datetime
import math
import pathlib
import platform

# What others pay for a read, in nanoseconds: medians on a virtual machine (2-core AMD EPYC, Zen 4, Debian 12,
# November 2026), 164-byte secrets.
ALTERNATIVES = {
    "LMDB, not encrypted, 1,000 records": 206,
    "Go AES-GCM, the call alone": 120,
    "Rust ring + secrecy, the call alone": 275,
    "swift-crypto, the call alone": 1_115,
    "swift-crypto + Dictionary": 1_350,
    "Tink AEAD (Python)": 1_480,
    "Python cryptography + dict": 1_550,
    "SQLCipher, pages cached": 3_000,
    "libmongocrypt, warm": 4_800,
    "Redis GET, same core, not encrypted": 16_700,
    "memguard Enclave.Open": 98_000,
    "AWS Encryption SDK, caching": 112_000,
}
OURS, OTHER, FLOOR = "#1f6feb", "#9aa4ae", "#57606a"
COLORS = ["#1f6feb", "#57606a", "#bf8700", "#1a7f37", "#cf222e", "#8250df"]


def machine() -> str:
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{len(names)} × {names[0]}, {system}, {datetime.date.today()}" if names else f"{platform.machine()}, {system}"


def seconds(ns: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def page(width: int, height: int, title: str, body: list[str], note: str = "") -> str:
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13" fill="#1f2328">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="16" y="26" font-size="16" font-weight="bold">{title}</text>',
        *body,
        f'<text x="16" y="{height - 10}" font-size="11" fill="#57606a">{machine()}{note}</text>',
        "</svg>",
    ]) + "\n"


def bars(title: str, values: list[tuple[str, float, str, str]], logarithmic: bool, note: str = "") -> str:
    """`values`: name, value, how it reads, color."""
    left, span = 270, 400
    largest = max(value for _, value, _, _ in values)
    body = []
    for index, (name, value, text, color) in enumerate(values):
        y = 44 + 26 * index
        width = span * (math.log10(value / 50) / math.log10(largest / 50) if logarithmic else value / largest)
        weight = ' font-weight="bold"' if color == OURS else ""
        body += [
            f'<text x="{left - 10}" y="{y + 14}" text-anchor="end"{weight}>{name}</text>',
            f'<rect x="{left}" y="{y}" width="{width:.0f}" height="18" fill="{color}"/>',
            f'<text x="{left + width + 6:.0f}" y="{y + 14}"{weight}>{text}</text>',
        ]
    return page(left + span + 110, 44 + 26 * len(values) + 34, title, body, note)


def lines(title: str, series: dict[str, list[tuple[float, float]]]) -> str:
    """Both axes logarithmic: a number of records, and a time."""
    left, top, width, height = 80, 50, 430, 320
    highest = math.ceil(math.log10(max(y for points in series.values() for _, y in points)))
    lowest = math.floor(math.log10(min(y for points in series.values() for _, y in points)))

    def place(x: float, y: float) -> tuple[float, float]:
        return (left + width * math.log10(x) / 6, top + height * (highest - math.log10(y)) / (highest - lowest))

    body = []
    for power in range(lowest, highest + 1):
        _, y = place(1, 10**power)
        body.append(f'<line x1="{left}" y1="{y:.0f}" x2="{left + width}" y2="{y:.0f}" stroke="#d0d7de"/>')
        body.append(f'<text x="{left - 8}" y="{y + 4:.0f}" text-anchor="end">{seconds(10**power)}</text>')
    for power, name in ((0, "1"), (3, "1,000"), (4, "10,000"), (5, "100,000"), (6, "1,000,000")):
        x, _ = place(10**power, 10**lowest)
        body.append(f'<text x="{x:.0f}" y="{top + height + 20}" text-anchor="middle">{name}</text>')
    body.append(f'<text x="{left + width / 2}" y="{top + height + 40}" text-anchor="middle">records</text>')
    used: list[float] = []
    for (name, points), color in zip(series.items(), COLORS):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        body.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        body += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in (place(*point) for point in points)
        ]
        _, y = place(*points[-1])
        # Labels that would lie on each other move apart.
        while any(abs(y - other) < 15 for other in used):
            y += 1
        used.append(y)
        body.append(f'<text x="{left + width + 10}" y="{y + 4:.0f}" fill="{color}">{name} {seconds(points[-1][1])}</text>')
    return page(left + width + 230, top + height + 76, title, body)


def draw(rows: dict[str, dict], folder: pathlib.Path) -> None:
    """Draws what there are results for."""
    if "hit/1k" in rows and "hit/100k" in rows:
        ours = [
            (f"KeyVault, {name} records", rows[f"hit/{case}"]["ns"], OURS)
            for case, name in (("1k", "1,000"), ("100k", "100,000"))
        ]
        others = [(name, ns, OTHER) for name, ns in ALTERNATIVES.items()]
        floor = [("C and libsodium, 1,000 records", rows["hit/1k"]["floor_ns"], FLOOR)]
        values = sorted(ours + others + floor, key=lambda value: value[1])
        (folder / "hit.svg").write_text(
            bars("One read of a 164-byte key (logarithmic)", [(n, v, seconds(v), c) for n, v, c in values], True,
                 "; grey: measured once, on a Zen 4 in November 2026"))

    threads = {1: rows.get("hit/1k/2-threads", {}).get("floor_ns")}
    for count in (2, 4):
        threads[count] = rows.get(f"hit/1k/{count}-threads", {}).get("ns")
    known = {count: ns for count, ns in threads.items() if ns}
    if len(known) > 1:
        (folder / "threads.svg").write_text(
            bars(
                "Reads from the cache a second, 1,000 records",
                [(f"{n} thread{'s'[: n > 1]}", 1e9 / ns, f"{1000 / ns:.2f} million", OURS) for n, ns in known.items()],
                False))

    sizes = {"1": 1, "1k": 1e3, "10k": 1e4, "100k": 1e5, "1m": 1e6}
    series = {
        "hit": [(sizes[size], rows[f"hit/{size}"]["ns"]) for size in sizes if f"hit/{size}" in rows],
        "hit in C": [(sizes[size], rows[f"hit/{size}"]["floor_ns"]) for size in sizes if f"hit/{size}" in rows],
    }
    for name, case in (("page of 100", "list/sqlite"), ("open", "open/sqlite"), ("durable put", "put/sqlite"), ("uncached", "miss/sqlite")):
        if f"{case}/1m" in rows:
            series[name] = [(1e3, rows[f"{case}/1m"]["floor_ns"])] + [
                (sizes[size], rows[f"{case}/{size}"]["ns"]) for size in ("10k", "100k", "1m") if f"{case}/{size}" in rows
            ]
    if len(series) > 2:
        (folder / "records.svg").write_text(lines("Cost against the number of records (SQLite)", series))
