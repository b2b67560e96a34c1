# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a run measures, in which order. Sourced on both sides: the guest follows the
# plan, the host tells from it how long the rest will take.

# What is slow, and steady, is not repeated more often than this.
slow_rounds=3

# sides ROUND: who goes first changes with each round
sides()
{
	if (($1 % 2)); then
		echo wireguard culvert
	else
		echo culvert wireguard
	fi
}

wanted()
{
	[[ " $BENCH_ITEMS " == *" $1 "* ]]
}

# step SECONDS GROUP OUTER SIDE [NUMBER]: one line of the plan. The seconds are of a
# quiet machine at --seconds 0.5.
step()
{
	echo "$*"
}

# pair GROUP OUTER SECONDS [NUMBER]: with both drivers
pair()
{
	local side

	for side in $(sides "$round"); do
		step "$3" "$1" "$2" "$side" "${4:-}"
	done
}

# plan ROUND
plan()
{
	local round=$1 outer number basic

	for outer in $BENCH_OUTERS; do
		if wanted basic; then
			basic=8
			! wanted sizes || basic=$((basic + 2))
			! wanted user || basic=$((basic + 5))
			! wanted nic || basic=$((basic + 4))
			! wanted lossy || basic=$((basic + 2))
			pair basic "$outer" $basic
			# The bare link carries the same packets both times.
			[ "$outer" != 4 ] || step $basic basic 4 link
		fi
		# Beside the question: so many rounds do for them.
		if wanted others && ((round <= slow_rounds)); then
			for number in $BENCH_OTHERS; do
				step 6 basic "$outer" "$number"
			done
		fi
		if wanted forward; then
			pair forward "$outer" 4
			[ "$outer" != 4 ] || step 4 forward 4 link
		fi
		! wanted responder || pair responder "$outer" 4
		if wanted active; then
			for number in $BENCH_ACTIVE; do
				((number < 10000 || round <= slow_rounds)) || continue
				pair active "$outer" $((3 + number / 400)) "$number"
			done
		fi
		if wanted lookups; then
			for number in $BENCH_PREFIXES; do
				((number < 1000000 || round <= slow_rounds)) || continue
				pair lookups "$outer" $((1 + number / 150000)) "$number"
			done
		fi
		wanted idle || continue
		for number in $BENCH_PEERS; do
			# Their endpoints are all that differs with IPv6, so once will do.
			[ "$outer" = 4 ] || [ "$number" = "${BENCH_PEERS%% *}" ] || continue
			((number < 100000 || round <= slow_rounds)) || continue
			# Beyond that the in-tree driver's threads do not fit.
			if [ "$number" -le "$BENCH_INTREE" ]; then
				pair idle "$outer" $((2 + number / 12000)) "$number"
			else
				step $((4 + number / 60000)) idle "$outer" culvert "$number"
			fi
		done
	done
}
