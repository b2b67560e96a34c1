#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: every KUnit suite as a module on x86-64, v7.3 in a virtual machine
# class: short
# limit: 3600

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh

kernel=${CULVERT_KERNEL:-v7.3}
config=vm
[[ $kernel != v7.3-* ]] || config=${kernel#v7.3-}
scripts/kernel build v7.3 --config "$config" >/dev/null
# Each suite of the sources must have left its results.
mapfile -t suites < <(grep -ohE '\.name[[:space:]]*= "(crypto_batch|culvert)_[a-z0-9_]*"' \
	kunit/*/*_kunit.c | cut -d '"' -f 2 | sort -u)
[ ${#suites[@]} -ge 10 ] || die "the suites' names cannot be read from kunit/"
scripts/vm --kernel "$kernel" --timeout 900 --mem 2048 --no-kmemleak \
	--file "$guest_dir/kunit.sh:/root/kunit.sh" -- bash /root/kunit.sh "${suites[@]}" | tee "$CULVERT_SCRATCH/out"
echo "$(count_checks "$CULVERT_SCRATCH/out") checks"
