#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the bench runs, with both drivers on their best code
# class: full
# limit: 1500

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

# No figure is judged here: the machine may be busy.
scripts/bench --smoke --out "$CULVERT_SCRATCH"
items=$(python3 - "$CULVERT_SCRATCH/bench.json" <<'PYTHON'
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
print(sum(1 for r in rows if r["culvert"] and r["wireguard"]))
PYTHON
)
[ "$items" -ge 10 ] || die "the bench gave $items items of at least 10"
echo "$items checks"
