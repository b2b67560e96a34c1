#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the bench runs in a virtual machine, where KVM works
# class: full
# limit: 4000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/bench-smoke.sh
. scripts/lib/bench-smoke.sh

if ! scripts/vm --kvm-works; then
	echo "KVM does not work on this machine"
	exit 77
fi
items=$(bench_smoke kvm)
grep -q '"kernel": "v7.3, x86-64 under KVM"' "$CULVERT_SCRATCH/bench.json" ||
	die "the bench did not run under KVM"
echo "$((items + 1)) checks"
