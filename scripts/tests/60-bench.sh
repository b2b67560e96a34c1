#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the bench runs, with both drivers on their best code, and its plans fit
# class: short
# limit: 3600
# beside: yes

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/bench-smoke.sh
. scripts/lib/bench-smoke.sh

# No figure is judged here: the machine may be busy. 61-bench-kvm does the same under KVM.
items=$(bench_smoke um)
# What the plans promise: --quick below 5 minutes, all of a kernel without SMP below 40.
for form in "--quick 5" "--rounds 7 --cpus 1 40"; do
	minutes=$(scripts/bench --plan ${form% *})
	[ "$minutes" -lt "${form##* }" ] || die "scripts/bench ${form% *} takes $minutes minutes"
	items=$((items + 1))
done
echo "$items checks"
