#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the AEAD provider: the kernel's self-tests with their fuzzing, ESP between namespaces
# class: short
# limit: 2400

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

files=(--file scripts/tests/guest/lib.sh:/root/lib.sh
	--file scripts/tests/guest/crypto-api.sh:/root/crypto-api.sh)
total=0

# run LABEL WHAT ARGUMENT...: on one kernel
run()
{
	local label=$1 what=$2 n
	shift 2
	scripts/vm --timeout 600 "$@" "${files[@]}" -- bash /root/crypto-api.sh "$what" \
		>"$CULVERT_SCRATCH/out" 2>&1 || {
		cat "$CULVERT_SCRATCH/out"
		die "$label: failed"
	}
	n=$(sed -n 's/^\([0-9]*\) checks$/\1/p' "$CULVERT_SCRATCH/out")
	echo "$label: $n checks"
	total=$((total + n))
}

# The full self-tests, fuzzing against the template among them, are in this kernel.
progress "the v7.3 kernel" scripts/kernel build v7.3
run v7.3 full --kernel v7.3

list=$(scripts/module build) || die "the external modules do not build"
args=()
while read -r ko; do
	case $ko in
	*chacha20poly1305_batch.ko) args+=(--add-module "$ko") ;;
	esac
done <<<"$list"
[ ${#args[@]} -eq 4 ] || die "the modules of the AEAD are missing: $list"
run "6.12, external modules" plain "${args[@]}"
echo "$total checks"
