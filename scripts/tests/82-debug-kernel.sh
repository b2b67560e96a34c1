#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: suites, tools and bug classes on a v7.3 with KASAN, lockdep, kmemleak, DEBUG_OBJECTS, UBSAN
# class: full
# limit: 9000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

# Slow as it is, fewer peers have to do for the configuration.
export CULVERT_PEERS=1000
n=0
for name in 31-kunit-vm 45-tools 46-config 48-bug-classes 49-churn; do
	echo "== $name"
	CULVERT_KERNEL=v7.3-debug bash "scripts/tests/$name.sh" >"$CULVERT_SCRATCH/$name" 2>&1 || {
		status=$?
		cat "$CULVERT_SCRATCH/$name"
		die "$name on the debug kernel ended with $status"
	}
	tail -n 5 "$CULVERT_SCRATCH/$name"
	n=$((n + $(sed -n '$ s/^\([0-9]*\) checks$/\1/p' "$CULVERT_SCRATCH/$name")))
done
echo "$n checks"
