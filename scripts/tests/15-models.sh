#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: lost wake-up: models of the driver's hand-overs, every interleaving
# class: short
# limit: 180

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

need_pkgs spin gcc

n=0
models=$(readlink -f scripts/models)

# explore MODEL [-DPLANT]: the number of errors that an exhaustive search finds
explore()
{
	(
		cd "$CULVERT_SCRATCH"
		spin -a "${@:2}" "$models/$1.pml" >spin.log
		gcc -O2 -DSAFETY -o pan pan.c
		./pan -m100000 >pan.log
		grep -q "^Warning: Search not completed" pan.log && [ "$#" -eq 1 ] &&
			die "$1: the search was not exhaustive"
		sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
	)
}

for model in crypt_order tx_drain; do
	found=$(explore "$model")
	[ "$found" = 0 ] || die "$model: $found errors"
	echo "ok $model: no error in any interleaving"
	n=$((n + 1))
	# The mistakes that its heading describes.
	plants=$(sed -n 's/^ \*  -D\([A-Z_]*\).*/\1/p' "$models/$model.pml")
	for plant in ${plants:-LOST_WAKEUP}; do
		found=$(explore "$model" "-D$plant")
		[ "${found:-0}" -gt 0 ] || die "$model: the planted mistake $plant was not found"
		echo "ok $model: the planted mistake $plant is found"
		n=$((n + 1))
	done
done
echo "$n checks"
