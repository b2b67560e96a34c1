#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: system tests and suites on kernels with KASAN, lockdep, kmemleak, DEBUG_OBJECTS, UBSAN
# class: full
# limit: 12000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

n=0
# on KERNEL CHECK...: those checks on that kernel
on()
{
	local kernel=$1 name
	shift

	for name; do
		echo "== $kernel: $name"
		CULVERT_KERNEL=$kernel bash "scripts/tests/$name.sh" \
			>"$CULVERT_SCRATCH/$name" 2>&1 || {
			status=$?
			cat "$CULVERT_SCRATCH/$name"
			die "$name on $kernel ended with $status"
		}
		tail -n 5 "$CULVERT_SCRATCH/$name"
		n=$((n + $(sed -n '$ s/^\([0-9]*\) checks$/\1/p' "$CULVERT_SCRATCH/$name")))
	done
}

# Natively: all the vector code, at the pace at which races happen.
on v7.3-um-debug 31-kunit-vm 40-netns 45-tools 46-config 48-bug-classes 49-churn \
	50-interop-go 51-interop-intree
# Emulated: real interrupts and FPU rules, CPU hotplug, suspend, trains that are spilled.
# Slow as it is, fewer peers have to do for the configuration.
export CULVERT_PEERS=1000
on v7.3-debug 31-kunit-vm 45-tools 46-config 48-bug-classes 49-churn
echo "$n checks"
