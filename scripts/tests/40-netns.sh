#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the tree's own netns.sh, unmodified, with our driver in place, on 6.12 and v7.3
# class: short
# limit: 5400

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools

wg_args
n=0
one()
{
	local kernel=$1 tree=$2 limit=$3 script

	script=$(scripts/tree path "$tree")/tools/testing/selftests/wireguard/netns.sh
	driver_args "$kernel"
	echo "== $kernel"
	scripts/vm --timeout "$limit" "${driver_args[@]}" "${wg_args[@]}" \
		--file "$script:/root/netns.sh" --file "$guest_dir/lib.sh:/root/lib.sh" -- "
		. /root/lib.sh
		the_driver_is $CULVERT_DRIVER
		bash /root/netns.sh || fail netns.sh
		the_driver_is $CULVERT_DRIVER
		echo netns.sh came to its end" | tee "$CULVERT_SCRATCH/out"
	grep -qx 'netns.sh came to its end' "$CULVERT_SCRATCH/out"
	# Its last step but the clean-up, lest it ended early with status 0.
	grep -q 'ping6 -c 1 fd00::2' "$CULVERT_SCRATCH/out" || die "netns.sh on $kernel ended early"
	n=$((n + $(grep -c '\[+\]' "$CULVERT_SCRATCH/out")))
}

for kernel in ${CULVERT_KERNEL:-6.12 v7.3}; do
	case $kernel in
	6.12) one 6.12 v6.12 1000 ;;
	*) one "$kernel" v7.3 1500 ;;
	esac
done
# Which kernel it is has been said already when this is a part of another check.
[ -z "${CULVERT_FULL:-}" ] || [ -n "${CULVERT_KERNEL:-}" ] || one v7.3-debug v7.3 1400
echo "$n checks"
