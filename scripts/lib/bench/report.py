#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make a table, a plot and JSON of the bench's results."""
import argparse
import datetime
import json
import pathlib
import platform
import statistics

# name: (text, unit, divisor, is more better)
ITEMS = {
    "tcp-1": ("TCP, 1 flow (iperf3)", "Mbit/s", 1e6, True),
    "tcp-1-v6": ("TCP, 1 flow, IPv6 outside", "Mbit/s", 1e6, True),
    "tcp-8": ("TCP, 8 flows", "Mbit/s", 1e6, True),
    "tcp-nic": ("TCP, link that splits and re-joins", "Mbit/s", 1e6, True),
    "tcp-lossy": ("TCP, 0.1 % loss, 10 ms", "Mbit/s", 1e6, True),
    "udp-64": ("UDP, 64 B, from user space", "Mbit/s", 1e6, True),
    "udp-1380": ("UDP, 1380 B, from user space", "Mbit/s", 1e6, True),
    "ping": ("round trip, shortest of a flood", "us", 1e-3, False),
    "peers-setconf": ("configuring peers", "ms", 1, False),
    "peers-dump": ("dump of all peers", "ms", 1, False),
    "peers-delete": ("deleting their device", "ms", 1, False),
    "peers-memory": ("memory of an idle peer", "B", 1, False),
}
OURS, THEIRS, LINK = "culvert", "wireguard", "link"


def read(path):
    results = {}
    for line in open(path):
        item, side, number, value = line.split()
        results.setdefault(item, {}).setdefault(side, {})[int(number)] = float(value)
    return results


def ratio(ours, theirs, more):
    """Above 1 where we are better, whatever better means."""
    if not ours or not theirs:
        return None
    return ours / theirs if more else theirs / ours


def summary(results):
    rows = []
    for item, (text, unit, divisor, more) in ITEMS.items():
        sides = results.get(item)
        if not sides or OURS not in sides or THEIRS not in sides:
            continue
        pairs = [ratio(sides[OURS][n], sides[THEIRS][n], more)
                 for n in sides[OURS] if n in sides[THEIRS]]
        pairs = [p for p in pairs if p is not None]
        row = {"item": item, "text": text, "unit": unit}
        for side in (THEIRS, OURS, LINK):
            values = [v / divisor for v in sides.get(side, {}).values()]
            row[side] = statistics.median(values) if values else None
            row[side + "_spread"] = [min(values), max(values)] if values else None
        row["ratio"] = statistics.median(pairs) if pairs else None
        row["ratio_spread"] = [min(pairs), max(pairs)] if pairs else None
        rows.append(row)
    return rows


def number(value):
    if value is None:
        return "-"
    return "%.0f" % value if abs(value) >= 100 else "%.3g" % value


def table(rows, about):
    lines = [about["command"], about["machine"], "kernel %(kernel)s, commit %(commit)s, %(date)s" % about,
             "medians of %d rounds in turns; ratio above 1: Culvert is better"
             % about["rounds"], ""]
    form = "%-36s %8s %10s %10s %10s %7s  %s"
    lines.append(form % ("", "", "in-tree", "Culvert", "bare link", "ratio", "spread of ratio"))
    for row in rows:
        spread = row["ratio_spread"]
        lines.append(form % (
            row["text"], row["unit"], number(row[THEIRS]), number(row[OURS]),
            number(row[LINK]), "%.2f" % row["ratio"] if row["ratio"] else "-",
            "%.2f to %.2f" % tuple(spread) if spread else "-"))
    return "\n".join(lines) + "\n"


def plot(rows, about):
    """Horizontal bars of the ratios, with the spread as a line."""
    rows = [r for r in rows if r["ratio"]]
    left, width, step, top = 290, 430, 26, 64
    # The memory and configuration of peers would dwarf all else.
    most = max([2.0] + [min(r["ratio"], 4.0) for r in rows]) * 1.1
    height = top + step * len(rows) + 56

    def x(value):
        return left + width * min(value, most) / most

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
           'font-family="sans-serif" font-size="13">' % (left + width + 90, height),
           '<rect width="100%" height="100%" fill="white"/>',
           '<text x="16" y="24" font-size="16">Culvert beside the in-tree driver</text>',
           '<text x="16" y="44" fill="#555">times better; the line at 1 is equal; '
           'grey: least and greatest ratio of a pair</text>']
    for index, row in enumerate(rows):
        y = top + step * index
        low, high = row["ratio_spread"]
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text>'
                   % (left - 8, y + 14, row["text"]))
        out.append('<rect x="%d" y="%d" width="%.1f" height="16" fill="%s"/>'
                   % (left, y + 2, x(row["ratio"]) - left,
                      "#2a7f9e" if row["ratio"] >= 1 else "#c0504d"))
        out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#999" '
                   'stroke-width="3"/>' % (x(low), x(high), y + 10, y + 10))
        out.append('<text x="%.1f" y="%d">%.2f</text>'
                   % (x(max(row["ratio"], high)) + 6, y + 15, row["ratio"]))
    out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="black"/>'
               % (x(1), x(1), top - 4, top + step * len(rows)))
    out.append('<text x="16" y="%d" fill="#555" font-size="11">%s; %s; %s</text>'
               % (height - 28, about["machine"], about["date"], about["command"]))
    out.append('<text x="16" y="%d" fill="#555" font-size="11">kernel %s, commit %s, '
               'ARCH=um, medians of %d rounds in turns</text>'
               % (height - 12, about["kernel"], about["commit"], about["rounds"]))
    out.append("</svg>")
    return "\n".join(out) + "\n"


def cpu():
    model, flags = platform.machine(), ""
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
        if line.startswith("flags"):
            flags = line.split(":", 1)[1].split()
            break
    simd = [f for f in ("avx2", "avx512f", "avx512ifma", "bmi2", "adx") if f in flags]
    return "%s (%s)" % (model, " ".join(simd))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--commit", default="unknown")
    parser.add_argument("--command", default="scripts/bench")
    args = parser.parse_args()
    results = read(args.results)
    rows = summary(results)
    if not rows:
        raise SystemExit("report: %s holds no pair of results" % args.results)
    rounds = max(len(results[r["item"]][OURS]) for r in rows)
    about = {"machine": cpu(), "kernel": "v7.3, ARCH=um, one CPU", "commit": args.commit,
             "command": args.command, "rounds": rounds,
             "date": datetime.date.today().isoformat()}
    out = pathlib.Path(args.out)
    text = table(rows, about)
    (out / "bench.txt").write_text(text)
    (out / "bench.svg").write_text(plot(rows, about))
    (out / "bench.json").write_text(json.dumps({"about": about, "rows": rows,
                                                "results": results}, indent=1) + "\n")
    print(text, end="")
    print("\nwritten: %s" % ", ".join(str(out / n) for n in
                                      ("bench.txt", "bench.svg", "bench.json")))


if __name__ == "__main__":
    main()
