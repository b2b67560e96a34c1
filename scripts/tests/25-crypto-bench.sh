#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the crypto bench runs, everybody in it agrees on every result, and writes it down
# class: short
# limit: 400

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

out=$CULVERT_SCRATCH/out
# No figure is judged here: the machine may be busy.
scripts/crypto-bench --quick --out "$out" | tee "$CULVERT_SCRATCH/text"
cases=$(sed -n 's/^\([0-9]*\) checks$/\1/p' "$CULVERT_SCRATCH/text")

# What was written: every case, with figures that can be, and a plot of each participant.
python3 - "$out" "$cases" <<'PY'
import json
import re
import sys
import xml.etree.ElementTree as tree

out, cases = sys.argv[1], int(sys.argv[2])
with open(out + "/results.json", encoding="ascii") as f:
    results = json.load(f)
with open(out + "/table.txt", encoding="ascii") as f:
    table = f.read()
checks = 0


def check(ok, text):
    global checks
    if not ok:
        sys.exit(text)
    checks += 1


rows = results["results"]
keys = {(r["held_to"], r["op"], r["memory"], r["bytes"], r["batch"]) for r in rows}
check(len(keys) == cases, f"results.json has {len(keys)} cases of {cases}")
for r in rows:
    low, high = r["ns_quartiles"]
    if not 0 < r["ns_min"] <= r["ns_median"] or not low <= r["ns_median"] <= high or r["cycles"] <= 0:
        sys.exit(f"results.json: figures that cannot be: {r}")
check({"seal", "open", "scatter", "x25519"} <= {r["op"] for r in rows}, "an operation is missing")
check({"warm", "cold"} == {r["memory"] for r in rows}, "warm or cold is missing")
check({0, 64, 1420, 16384} <= {r["bytes"] for r in rows}, "a size is missing")
check(results["goals"], "no goal was looked at")
for g in results["goals"]:
    check(g["goal"] in table and g["reached"] > 0, f"the table lacks the goal {g['goal']}")
for op, memory in {(r["op"], r["memory"]) for r in rows}:
    check(f"\n{op}, {memory}" in table, f"the table lacks {op}, {memory}")
check(results["cpu"] in table and results["compiler"] in table, "the table does not say on what")
svg = tree.parse(out + "/seal.svg").getroot()
text = " ".join(svg.itertext())
for who in {r["participant"] for r in rows if r["op"] == "seal" and r["memory"] == "warm"}:
    check(who in text, f"the plot lacks {who}")
numbers = re.findall(r"nan|inf\b", " ".join(v for e in svg.iter() for v in e.attrib.values()))
check(not numbers, "the plot has points that are no numbers")
print(f"{checks + cases} checks")
PY
