# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Work of each kind, for as long as the host samples what the CPU does. Sourced by
# guest.sh; the other half is sampler() in scripts/bench.

# Asks the host for samples, and waits until it has them.
sampled()
{
	: >"$BENCH_OUT.sample.$side.$1"
	while [ -e "$BENCH_OUT.sample.$side.$1" ]; do
		sleep 0.1
	done
}

# while_sampled ITEM COMMAND...: the command runs until there are enough
while_sampled()
{
	local item=$1
	shift

	in_a "$@" >/dev/null 2>&1 &
	sleep 0.3
	sampled "$item"
	kill $! 2>/dev/null || true
	pkill bench-user || true
	pkill iperf3 || true
	wait
}

profile_side()
{
	local net=@/run/netns/b long=600000

	outer=4
	hosts "$side" 4
	cp /proc/kallsyms "$BENCH_OUT.symbols.$side"
	while_sampled tcp-1 "$user" tcp /run/netns/b "$target" 1 $long
	while_sampled tcp-8 "$user" tcp /run/netns/b "$target" 8 $long
	while_sampled udp-64 "$user" kernel udp $net "$target" 64 1 $long
	while_sampled udp-1380 "$user" kernel udp $net "$target" 1380 1 $long
	while_sampled oneway "$user" kernel oneway $net "$target" 64 100000 100
	iperf_server
	while_sampled iperf-1 iperf3 -c "$target" -t 60
	like_nic
	while_sampled nic-tcp-1 "$user" tcp /run/netns/b "$target" 1 $long
	gone "$side"
	chain "$side" 4
	while_sampled forward-tcp-1 "$user" tcp /run/netns/b "$target" 1 $long
	gone "$side"
	responding
	# These are over in no time: the samples begin before them. An idle kernel has none.
	(sleep 1; handshakes initiations 0; handshakes initiations 2000) >/dev/null &
	sampled handshakes
	wait
	gone "$side"
	outer=6
	hosts "$side" 6
	while_sampled v6-tcp-1 "$user" tcp /run/netns/b "$target" 1 $long
	gone "$side"
}

profile()
{
	for side in wireguard culvert; do
		profile_side
	done
}
