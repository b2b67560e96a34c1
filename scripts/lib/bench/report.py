#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make a table, a plot and JSON of the bench's results."""
import argparse
import datetime
import json
import pathlib
import platform
import statistics

# name: (text, unit, divisor, is more better, ratio to reach or None)
M, K = 1e6, 1e3
ITEMS = {
    "tcp-1": ("TCP zero-copy, 1 flow", "Mbit/s", M, True, 3.0),
    "tcp-8": ("TCP zero-copy, 8 flows", "Mbit/s", M, True, 3.0),
    "nic-tcp-1": ("TCP zero-copy, NIC-like link", "Mbit/s", M, True, 2.5),
    "lossy-tcp-8": ("TCP, 8 flows, 0.1 % loss, 20 ms", "Mbit/s", M, True, 1),
    "iperf-1": ("TCP by iperf3, 1 flow", "Mbit/s", M, True, 2.0),
    "iperf-8": ("TCP by iperf3, 8 flows", "Mbit/s", M, True, 2.0),
    "udp-64": ("UDP 64 B in the kernel", "k/s", K, True, 5),
    "udp-512": ("UDP 512 B in the kernel", "k/s", K, True, 1),
    "udp-1380": ("UDP 1380 B in the kernel", "k/s", K, True, 3),
    "udp-64-gso": ("UDP 64 B, UDP_SEGMENT", "k/s", K, True, 1),
    "udp-512-gso": ("UDP 512 B, UDP_SEGMENT", "k/s", K, True, 1),
    "udp-1380-gso": ("UDP 1380 B, UDP_SEGMENT", "k/s", K, True, 1),
    "nic-udp-64": ("UDP 64 B, NIC-like link", "k/s", K, True, 1),
    "nic-udp-1380": ("UDP 1380 B, NIC-like link", "k/s", K, True, 1),
    "udp-64-user": ("UDP 64 B by sendmmsg", "k/s", K, True, 1),
    "udp-1380-user": ("UDP 1380 B by sendmmsg", "k/s", K, True, 1),
    "oneway": ("one way, idle, median", "us", K, False, 2.5),
    "oneway-p99": ("one way, idle, 99 %", "us", K, False, 1),
    "roundtrip": ("round trip, idle, median", "us", K, False, 1),
    "roundtrip-p99": ("round trip, idle, 99 %", "us", K, False, 1),
    "oneway-load": ("one way, under TCP, median", "us", K, False, 1),
    "oneway-load-p99": ("one way, under TCP, 99 %", "us", K, False, 1),
    "roundtrip-load": ("round trip, under TCP, median", "us", K, False, 1),
    "roundtrip-load-p99": ("round trip, under TCP, 99 %", "us", K, False, 2),
    "ping": ("ping -f, shortest", "us", 1e-3, False, 1),
    "v6-tcp-1": ("IPv6: TCP zero-copy, 1 flow", "Mbit/s", M, True, 3.0),
    "v6-tcp-8": ("IPv6: TCP zero-copy, 8 flows", "Mbit/s", M, True, 3.0),
    "v6-udp-64": ("IPv6: UDP 64 B in the kernel", "k/s", K, True, 5),
    "v6-udp-1380": ("IPv6: UDP 1380 B in the kernel", "k/s", K, True, 3),
    "oneway-v6": ("IPv6: one way, idle, median", "us", K, False, 2.5),
    "oneway-v6-p99": ("IPv6: one way, idle, 99 %", "us", K, False, 1),
    "roundtrip-v6": ("IPv6: round trip, idle, median", "us", K, False, 1),
    "roundtrip-v6-p99": ("IPv6: round trip, idle, 99 %", "us", K, False, 1),
    "forward-tcp-1": ("forwarding between tunnels, TCP", "Mbit/s", M, True, 2.5),
    "forward-udp-64": ("forwarding between tunnels, 64 B", "k/s", K, True, 1),
    "active-10": ("10 peers in turns, 64 B", "k/s", K, True, 1),
    "active-100": ("100 peers in turns, 64 B", "k/s", K, True, 1),
    "active-1000": ("1 000 peers in turns, 64 B", "k/s", K, True, 1),
    "active-10000": ("10 000 peers in turns, 64 B", "k/s", K, True, 1),
    "handshakes": ("handshakes as responder", "/s", 1, True, 3),
    "flood-tcp-1": ("TCP under 20 000 initiations/s", "Mbit/s", M, True, 1),
    "lookup-random-1000": ("look-ups, 1 000 random prefixes", "M/s", M, True, 1),
    "lookup-random-100000": ("look-ups, 100 000 random", "M/s", M, True, 1),
    "lookup-random-1000000": ("look-ups, 1 000 000 random", "M/s", M, True, 2),
    "lookup-internet-1000": ("look-ups, 1 000 Internet-like", "M/s", M, True, 1),
    "lookup-internet-100000": ("look-ups, 100 000 Internet-like", "M/s", M, True, 1),
    "lookup-internet-1000000": ("look-ups, 1 000 000 Internet-like", "M/s", M, True, 2),
    "bytes-random-100000": ("bytes a prefix, 100 000 random", "B", 1, False, 2),
    "bytes-random-1000000": ("bytes a prefix, 1 000 000 random", "B", 1, False, 2),
    "bytes-internet-100000": ("bytes a prefix, 100 000 Internet-like", "B", 1, False, 2),
    "bytes-internet-1000000": ("bytes a prefix, 1 000 000 Int.-like", "B", 1, False, 2),
}
# Of so many peers at rest: peers-WHAT-COUNT.
IDLE = {
    "setconf": ("configuring %s idle peers", "ms", 1, False, 10),
    "dump": ("dump of %s idle peers", "ms", 1, False, 1),
    "delete": ("deleting the device of %s", "ms", 1, False, 10),
    "memory": ("memory of one of %s idle peers", "B", 1, False, 40),
}
# With several CPUs the goal is another.
ITEMS.update({"smp-" + name: ("SMP: " + text, unit, divisor, more,
                              2.0 if name == "tcp-1" else 1)
              for name, (text, unit, divisor, more, goal) in list(ITEMS.items())})
ABSENT = """The in-tree driver has no more than 20 000 peers at rest: ARCH=um dies of 100 000 kernel
threads. wireguard-go is not a side: under ARCH=um each of its system calls is a switch
between processes of the host, which would be measured instead of it. ovpn is not one:
no package of Debian 12 has a program that can give it keys."""
OURS, THEIRS, LINK = "culvert", "wireguard", "link"


def read(path):
    results = {}
    for line in open(path):
        try:
            item, side, number, value = line.split()
        except ValueError:
            raise SystemExit("report: not a result: %r" % line)
        results.setdefault(item, {}).setdefault(side, {})[int(number)] = float(value)
    return results


def ratio(ours, theirs, more):
    """Above 1 where we are better, whatever better means."""
    if not ours or not theirs:
        return None
    return ours / theirs if more else theirs / ours


def idle_items(results):
    """What was measured of peers at rest, few and many."""
    counts = sorted({int(item.rsplit("-", 1)[1]) for item in results
                     if item.startswith("peers-")})
    return {"peers-%s-%d" % (what, count): (text % "{:,}".format(count).replace(",", " "), *rest)
            for count in counts for what, (text, *rest) in IDLE.items()}


def summary(results):
    rows = []
    for item, (text, unit, divisor, more, goal) in (ITEMS | idle_items(results)).items():
        sides = results.get(item)
        # So many peers at rest kill the kernel when the in-tree driver has them.
        alone = item.startswith("peers-")
        if not sides or OURS not in sides or (THEIRS not in sides and not alone):
            continue
        theirs = sides.get(THEIRS, {})
        pairs = [ratio(sides[OURS][n], theirs[n], more)
                 for n in sides[OURS] if n in theirs]
        pairs = [p for p in pairs if p is not None]
        row = {"item": item, "text": text, "unit": unit, "goal": goal}
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
             "crypto in-tree: %s; Culvert: %s"
             % (about["crypto"][THEIRS], about["crypto"][OURS]),
             "medians of %d rounds in turns; ratio above 1: Culvert is better"
             % about["rounds"], ""]
    form = "%-38s %7s %9s %9s %9s %7s %5s  %s"
    lines.append(form % ("", "", "in-tree", "Culvert", "link", "ratio", "goal",
                         "spread of ratio"))
    for row in rows:
        spread = row["ratio_spread"]
        lines.append(form % (
            row["text"], row["unit"], number(row[THEIRS]), number(row[OURS]),
            number(row[LINK]), "%.2f" % row["ratio"] if row["ratio"] else "-",
            "%g" % row["goal"],
            "%.2f to %.2f" % tuple(spread) if spread else "-"))
    return "\n".join(lines + ["", ABSENT]) + "\n"


def plot(rows, about):
    """Horizontal bars of the ratios, with the spread as a line."""
    rows = [r for r in rows if r["ratio"]]
    left, width, step, top = 290, 430, 20, 64
    # The memory and configuration of peers would dwarf all else.
    most = max([2.0] + [min(r["ratio"], 6.0) for r in rows]) * 1.1
    height = top + step * len(rows) + 56

    def x(value):
        return left + width * min(value, most) / most

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
           'font-family="sans-serif" font-size="13">' % (left + width + 90, height),
           '<rect width="100%" height="100%" fill="white"/>',
           '<text x="16" y="24" font-size="16">Culvert beside the in-tree driver</text>',
           '<text x="16" y="44" fill="#555">times better; the line at 1 is equal; '
           'grey: least and greatest ratio of a pair; orange: what it should be</text>']
    for index, row in enumerate(rows):
        y = top + step * index
        low, high = row["ratio_spread"]
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text>'
                   % (left - 8, y + 13, row["text"]))
        out.append('<rect x="%d" y="%d" width="%.1f" height="13" fill="%s"/>'
                   % (left, y + 2, x(row["ratio"]) - left,
                      "#2a7f9e" if row["ratio"] >= 1 else "#c0504d"))
        if row["goal"] > 1:
            out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#e69f00" '
                       'stroke-width="3"/>'
                       % (x(row["goal"]), x(row["goal"]), y, y + 17))
        out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#999" '
                   'stroke-width="3"/>' % (x(low), x(high), y + 8, y + 8))
        out.append('<text x="%.1f" y="%d">%.2f</text>'
                   % (x(max(row["ratio"], high)) + 6, y + 13, row["ratio"]))
    out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="black"/>'
               % (x(1), x(1), top - 4, top + step * len(rows)))
    out.append('<text x="16" y="%d" fill="#555" font-size="11">%s; %s; %s</text>'
               % (height - 28, about["machine"], about["date"], about["command"]))
    out.append('<text x="16" y="%d" fill="#555" font-size="11">kernel %s, commit %s, '
               'medians of %d rounds in turns</text>'
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
    parser.add_argument("--crypto", required=True)
    parser.add_argument("--commit", default="unknown")
    parser.add_argument("--command", default="scripts/bench")
    args = parser.parse_args()
    results = read(args.results)
    rows = summary(results)
    if not rows:
        raise SystemExit("report: %s holds no pair of results" % args.results)
    chosen = {THEIRS: [], OURS: []}
    for line in open(args.crypto):
        side, key = line.split()
        chosen[side].append(key.replace("_use", ""))
    chosen = {side: " ".join(keys) or "generic" for side, keys in chosen.items()}
    rounds = max(len(results[r["item"]][OURS]) for r in rows)
    about = {"machine": cpu(), "kernel": "v7.3, ARCH=um", "crypto": chosen,
             "commit": args.commit,
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
