#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: scripts/demo: pings, a transfer and "wg show" on two hosts, in under two minutes
# class: short
# limit: 900

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

out=$CULVERT_SCRATCH/out checks=0

# How often a line matches must be what is said.
shows()
{
	local got

	got=$(grep -cE "$2" "$out" || :)
	[ "$got" -eq "$1" ] || { cat "$out" >&2; die "the demo shows $got lines of: $2; not $1"; }
	checks=$((checks + 1))
}

took=1000
# The first time there may be packages to fetch and modules to build.
for _ in 1 2; do
	start=$SECONDS
	scripts/demo >"$out" || { cat "$out"; die "scripts/demo fails"; }
	took=$((SECONDS - start))
	[ "$took" -ge 120 ] || break
done
[ "$took" -lt 120 ] || die "the demo took $took s, with all that it needs in place"

shows 2 'host [12] \| driver: Tunnel that speaks the WireGuard protocol and moves trains'
shows 2 'host 1 \| 3 packets transmitted, 3 received, 0% packet loss'
shows 1 'host 1 \| ([6-9]|1[0-6])\.[0-9]+ MBytes .*receiver'
shows 1 'host 1 \|   endpoint: 10\.99\.0\.2:51820'
shows 1 'host 2 \|   endpoint: 10\.99\.0\.1:51820'
shows 2 'host [12] \|   latest handshake: .* ago'
# iperf3 ends when all is with the sender's socket: what went through the tunnel
# is what the receiver counted, and at most the rest and the headers more.
read=$(sed -nE 's/^.*host 1 \| ([0-9.]+) MBytes .*receiver$/\1/p' "$out")
# Of each host, the greater one of received and sent.
moved=$(sed -nE 's/^.*host [12] \|   transfer: //p' "$out" | awk '{
	most = 0
	for (i = 2; i <= NF; i++)
		if ($i == "MiB" && $(i - 1) > most)
			most = $(i - 1)
	if (most)
		print most
}')
[ "$(wc -l <<<"$moved")" -eq 2 ] || { cat "$out" >&2; die "not two hosts moved megabytes"; }
awk -v read="$read" '$1 < read + 0 || !read || $1 > 24 { exit 1 }' <<<"$moved" || {
	cat "$out" >&2
	die "iperf3 read $read MiB, but wg says ${moved//$'\n'/ and }"
}
checks=$((checks + 1))
# Keys are shown, but no private ones.
shows 2 'host [12] \|   private key: \(hidden\)'
echo "$took s"
echo "$((checks + 1)) checks"
