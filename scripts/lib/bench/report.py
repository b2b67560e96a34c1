#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make a table, a plot and JSON of the bench's results."""
import argparse
import datetime
import json
import pathlib
import platform
import statistics

M, K = 1e6, 1e3
# name: (text, unit, divisor, is more better, ratio to reach)
ITEMS = {
    "tcp-1": ("TCP zero-copy, 1 flow", "Mbit/s", M, True, 3.0),
    "tcp-8": ("TCP zero-copy, 8 flows", "Mbit/s", M, True, 3.0),
    "iperf-1": ("TCP by iperf3, 1 flow", "Mbit/s", M, True, 2.0),
    "iperf-8": ("TCP by iperf3, 8 flows", "Mbit/s", M, True, 2.0),
    "nic-tcp-1": ("TCP zero-copy, NIC-like link, 1 flow", "Mbit/s", M, True, 2.5),
    "nic-tcp-8": ("TCP zero-copy, NIC-like link, 8 flows", "Mbit/s", M, True, 2.5),
    "lossy-tcp-1": ("TCP, 1 flow, 0.1 % loss, 20 ms", "Mbit/s", M, True, 1),
    "lossy-tcp-8": ("TCP, 8 flows, 0.1 % loss, 20 ms", "Mbit/s", M, True, 1),
    "udp-64": ("UDP 64 B in the kernel", "k/s", K, True, 5),
    "udp-512": ("UDP 512 B in the kernel", "k/s", K, True, 1),
    "udp-1380": ("UDP 1380 B in the kernel", "k/s", K, True, 3),
    "udp-64-gso": ("UDP 64 B, UDP_SEGMENT", "k/s", K, True, 1),
    "udp-512-gso": ("UDP 512 B, UDP_SEGMENT", "k/s", K, True, 1),
    "udp-1380-gso": ("UDP 1380 B, UDP_SEGMENT", "k/s", K, True, 1),
    "nic-udp-64": ("UDP 64 B, NIC-like link", "k/s", K, True, 1),
    "nic-udp-1380": ("UDP 1380 B, NIC-like link", "k/s", K, True, 1),
    "udp-64-user": ("UDP 64 B by sendmmsg", "k/s", K, True, 1),
    "udp-512-user": ("UDP 512 B by sendmmsg", "k/s", K, True, 1),
    "udp-1380-user": ("UDP 1380 B by sendmmsg", "k/s", K, True, 1),
}
for way, name in (("oneway", "one way"), ("roundtrip", "round trip")):
    for before, after, state in (("", "", "idle"), ("", "-load", "under TCP"),
                                 ("nic-", "", "NIC-like link")):
        for quantile, text in (("", "median"), ("-p90", "90 %"), ("-p99", "99 %"),
                               ("-p999", "99.9 %")):
            goal = {"oneway": 2.5, "roundtrip-load-p99": 2}.get(
                before + way + after + quantile, 1)
            ITEMS[before + way + after + quantile] = (
                "%s, %s, %s" % (name, state, text), "us", K, False, goal)
ITEMS |= {
    "ping": ("ping -f, shortest", "us", 1e-3, False, 1),
    "forward-tcp-1": ("forwarding between tunnels, 1 flow", "Mbit/s", M, True, 2.5),
    "forward-tcp-8": ("forwarding between tunnels, 8 flows", "Mbit/s", M, True, 1),
    "forward-udp-64": ("forwarding between tunnels, 64 B", "k/s", K, True, 1),
    "handshakes": ("first handshakes as responder", "/s", 1, True, 3),
    "again-handshakes": ("handshakes as responder, known peers", "/s", 1, True, 3),
    "flood-handshakes": ("handshakes under 20 000 false ones/s", "/s", 1, True, 1),
    "flood-tcp-1": ("TCP under 20 000 false handshakes/s", "Mbit/s", M, True, 1),
}
# Of so many: WHAT-COUNT.
COUNTED = {
    "active": ("%s peers in turns, 64 B", "k/s", K, True, 1),
    "peers-setconf": ("configuring %s idle peers", "ms", 1, False, 10),
    "peers-dump": ("dump of %s idle peers", "ms", 1, False, 1),
    "peers-delete": ("deleting the device of %s", "ms", 1, False, 10),
    "peers-memory": ("memory of one of %s idle peers", "B", 1, False, 40),
    "peers-slab": ("  of it slab (%s)", "B", 1, False, 1),
    "peers-percpu": ("  of it per CPU (%s)", "B", 1, False, 1),
    "peers-stack": ("  of it kernel stacks (%s)", "B", 1, False, 1),
    "peers-threads": ("kernel threads of %s idle peers", "", 1, False, 1),
    "lookup-random": ("look-ups, %s random", "M/s", M, True, 2),
    "lookup-internet": ("look-ups, %s Internet-like", "M/s", M, True, 2),
    "bytes-random": ("bytes a prefix, %s random", "B", 1, False, 2),
    "bytes-internet": ("bytes a prefix, %s Int.-like", "B", 1, False, 2),
}
# What a person should see at once.
PLOTTED = ("tcp-1", "tcp-8", "iperf-1", "nic-tcp-1", "lossy-tcp-8", "udp-64", "udp-1380",
           "udp-64-user", "oneway", "roundtrip-load-p99", "forward-tcp-1", "active-100",
           "active-10000", "handshakes", "again-handshakes", "flood-handshakes", "flood-tcp-1",
           "peers-setconf-100000", "peers-delete-100000", "peers-memory-100000",
           "lookup-random-1000000", "lookup-internet-1000000", "bytes-internet-1000000",
           "v6-tcp-1", "v6-udp-64", "smp2-tcp-1", "smp2-udp-64", "smp4-tcp-1")
OURS, THEIRS, LINK, OVPN, GO = "culvert", "wireguard", "link", "ovpn", "go"
SIDES = {THEIRS: "in-tree", OURS: "Culvert", LINK: "link", OVPN: "ovpn", GO: "wg-go"}
WHERE = {"um": "ARCH=um", "kvm": "x86-64 under KVM"}
NOTES = {
    OVPN: "ovpn: with ChaCha20-Poly1305 by the crypto API, the keys given by hand.",
    GO: "wg-go: wireguard-go in user space. Where that is ARCH=um, each of its system calls is a\n"
        "switch between processes of the host, so it looks slower than elsewhere.",
}


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
    if ours <= 0 or theirs <= 0:
        return None
    return ours / theirs if more else theirs / ours


def split(item):
    """The CPUs, the outer protocol and the rest of an item's name."""
    cpus, outer = 1, 4
    if item.startswith("smp"):
        head, item = item.split("-", 1)
        cpus = int(head[3:])
    if item.startswith("v6-"):
        outer, item = 6, item[3:]
    return cpus, outer, item


def describe(item):
    """What is known of an item, and where it stands in the table; None to leave it out."""
    cpus, outer, rest = split(item)
    if rest in ITEMS:
        text, unit, divisor, more, goal = ITEMS[rest]
        order = (list(ITEMS).index(rest), 0)
    else:
        what, _, count = rest.rpartition("-")
        if what not in COUNTED:
            return None
        text, unit, divisor, more, goal = COUNTED[what]
        text %= "{:,}".format(int(count)).replace(",", " ")
        if what.startswith("lookup") and int(count) < 1000000:
            goal = 1
        order = (len(ITEMS) + list(COUNTED).index(what), int(count))
        if what.startswith("peers"):
            # All of so many together, since the size of a peer varies with nothing else.
            order = (len(ITEMS) + 1, int(count), order[0])
    if cpus > 1:
        goal = 2.0 if rest == "tcp-1" else 1
    long = ("%d CPUs: " % cpus if cpus > 1 else "") + ("IPv6: " if outer == 6 else "")
    return {"item": item, "text": text, "long": long + text, "unit": unit, "goal": goal,
            "divisor": divisor, "more": more, "order": (cpus, outer, *order)}


def summary(results):
    rows = []
    for item, sides in results.items():
        row = describe(item)
        # Ours alone tells something only where theirs does not come.
        if not row or OURS not in sides or (THEIRS not in sides and "peers-" not in item):
            continue
        theirs = sides.get(THEIRS, {})
        pairs = [ratio(sides[OURS][n], theirs[n], row["more"])
                 for n in sides[OURS] if n in theirs]
        pairs = [p for p in pairs if p is not None]
        for side in SIDES:
            values = [v / row["divisor"] for v in sides.get(side, {}).values()]
            row[side] = statistics.median(values) if values else None
            row[side + "_spread"] = [min(values), max(values)] if values else None
        row["pairs"] = len(pairs)
        row["ratio"] = statistics.median(pairs) if pairs else None
        row["ratio_spread"] = [min(pairs), max(pairs)] if pairs else None
        rows.append(row)
    rows.sort(key=lambda r: r["order"])
    for row in rows:
        del row["order"], row["divisor"]
    return rows


def number(value):
    if value is None:
        return "-"
    return "%.0f" % value if abs(value) >= 100 else "%.3g" % value


def heading(item):
    cpus, outer, _ = split(item)
    return "%s, IPv%d outside" % ("%d CPUs" % cpus if cpus > 1 else "no SMP", outer)


def table(rows, about):
    lines = [about["command"], about["machine"],
             "kernel %(kernel)s, commit %(commit)s, %(date)s" % about]
    for side in (THEIRS, OURS):
        lines.append("crypto, %s: %s" % (SIDES[side], about["crypto"][side]))
    lines.append("medians of %d rounds in turns, of what is slow fewer; ratio above 1: Culvert "
                 "is better" % about["rounds"])
    if about["unfinished"]:
        lines.append("UNFINISHED: somebody ended it, or it still runs")
    shown = [s for s in SIDES if s in (THEIRS, OURS) or any(r[s] is not None for r in rows)]
    form = "%-38s %7s" + " %9s" * len(shown) + " %7s %5s  %s"
    last = None
    for row in rows:
        if heading(row["item"]) != last:
            last = heading(row["item"])
            lines += ["", form % (last, "", *(SIDES[s] for s in shown), "ratio", "goal",
                                  "spread of ratio")]
        spread = row["ratio_spread"]
        lines.append(form % (
            row["text"], row["unit"], *(number(row[s]) for s in shown),
            "%.2f" % row["ratio"] if row["ratio"] else "-", "%g" % row["goal"],
            "%.2f to %.2f" % tuple(spread) if spread else "-"))
    notes = [text for side, text in NOTES.items() if side in shown]
    notes += ["%s is absent: %s" % (SIDES[side], why) for side, why in about["absent"].items()]
    return "\n".join(lines + [""] + notes) + "\n"


def profile_table(profile):
    """Shares of each kind of work, item by item."""
    kinds = []
    for shares in profile.values():
        for side in shares.values():
            kinds += [k for k in side["shares"] if k not in kinds]
    lines = ["", "share of the kernel's time, %",
             "%-22s %-8s" % ("", "") + "".join(" %9s" % k.split(",")[0][:9] for k in kinds)]
    for item, sides in profile.items():
        for side, found in sides.items():
            lines.append("%-22s %-8s" % (item, SIDES[side]) + "".join(
                " %9.1f" % found["shares"].get(k, 0) for k in kinds))
    for item, sides in profile.items():
        for side, found in sides.items():
            lines += ["", "%s, %s: functions" % (item, SIDES[side])]
            lines += ["%6.1f  %s" % tuple(f) for f in found["functions"]]
    return "\n".join(lines) + "\n"


def plot(rows, about):
    """Horizontal bars of the ratios, with the spread as a line."""
    shown = [r for r in rows if r["ratio"] and r["item"] in PLOTTED]
    rows = shown or [r for r in rows if r["ratio"]]
    left, width, step, top = 310, 430, 20, 64
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
                   % (left - 8, y + 13, row["long"]))
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
    parser.add_argument("--absent", help="file of lines SIDE REASON")
    parser.add_argument("--profile", help="file of profile.py")
    parser.add_argument("--unfinished", action="store_true")
    parser.add_argument("--commit", default="unknown")
    parser.add_argument("--command", default="scripts/bench")
    parser.add_argument("--on", choices=sorted(WHERE), default="um")
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
    absent = {}
    if args.absent:
        for line in open(args.absent):
            side, _, why = line.strip().partition(" ")
            absent[side] = why
    profile = json.load(open(args.profile)) if args.profile else {}
    about = {"machine": cpu(), "kernel": "v7.3, " + WHERE[args.on], "crypto": chosen,
             "commit": args.commit, "command": args.command,
             "rounds": max(r["pairs"] for r in rows), "unfinished": args.unfinished,
             "absent": absent, "date": datetime.date.today().isoformat()}
    out = pathlib.Path(args.out)
    text = table(rows, about) + (profile_table(profile) if profile else "")
    (out / "bench.txt").write_text(text)
    (out / "bench.svg").write_text(plot(rows, about))
    (out / "bench.json").write_text(json.dumps({"about": about, "rows": rows,
                                                "profile": profile,
                                                "results": results}, indent=1) + "\n")
    print(text, end="")
    print("\nwritten: %s" % ", ".join(str(out / n) for n in
                                      ("bench.txt", "bench.svg", "bench.json")))


if __name__ == "__main__":
    main()
