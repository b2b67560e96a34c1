#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: suites and tools on a v7.3 with KASAN, lockdep, kmemleak, DEBUG_OBJECTS, UBSAN
# class: full
# limit: 6000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

n=0
for name in 31-kunit-vm 45-tools; do
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
