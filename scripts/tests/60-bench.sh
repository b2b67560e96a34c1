#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the bench runs, with both drivers on their best code
# class: short
# limit: 1500

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

# No figure is judged here: the machine may be busy.
scripts/bench --smoke --out "$CULVERT_SCRATCH"
items=$(python3 - "$CULVERT_SCRATCH/bench.json" <<'PYTHON'
import json, sys
bench = json.load(open(sys.argv[1]))
assert all(bench["about"]["crypto"].values()), "no implementation of the cryptography is named"
print(sum(1 for r in bench["rows"] if r["culvert"] and r["wireguard"]))
PYTHON
)
[ "$items" -ge 20 ] || die "the bench gave $items items of at least 20"
echo "$items checks"
