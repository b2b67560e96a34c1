#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs inside the bench's kernel: every work item with every side, in turns.
# Results are lines "item side round value" in $BENCH_OUT.
set -eu

lib=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=plan.sh
. "$lib/plan.sh"
# shellcheck source-path=SCRIPTDIR source=hosts.sh
. "$lib/hosts.sh"
# shellcheck source-path=SCRIPTDIR source=items.sh
. "$lib/items.sh"
# shellcheck source-path=SCRIPTDIR source=sample.sh
. "$lib/sample.sh"

user=$BENCH_BUILD/bench/bench-user
input=$BENCH_BUILD/bench/input
# Used by what is sourced.
# shellcheck disable=SC2034
ms=$BENCH_MS b_key=/run/bench/b.key b_pub=/run/bench/b.pub

fail()
{
	echo "$*"
	exit 1
}

ip link set lo up
sysctl -q -w net.core.wmem_max=8388608 kernel.pid_max=4194304 kernel.threads-max=4000000 \
	net.ipv6.route.max_size=1000000
for module in net/ipv4/udp_tunnel net/ipv6/ip6_udp_tunnel lib/crypto/libcryptoutils \
	      lib/crypto/libchacha lib/crypto/libpoly1305 lib/crypto/libcurve25519 \
	      lib/crypto/libchacha20poly1305 \
	      lib/crypto/batch/libchacha20poly1305_batch \
	      lib/crypto/batch/libcurve25519_batch lib/crypto/batch/libblake2s_batch \
	      bench/culvert_bench; do
	load "$module"
done
mkdir -p /run/netns /run/bench
umask 077
for host in a b c; do
	wg genkey >/run/bench/$host.key
	wg pubkey </run/bench/$host.key >/run/bench/$host.pub
done
head -c 256 /dev/urandom | base64 -w 0 >/run/bench/ovpn.key

# What each side's libraries have chosen, by their static keys. Refuses to go on
# if one that this CPU should have is off.
implementations()
{
	local address type name rest side key
	local keys=' [bBdDrR] ((chacha|poly1305|curve25519|blake2s|blake2s_batch|x25519)_use_|aead_avx)'

	# shellcheck disable=SC2034
	while read -r address type name rest; do
		side=wireguard
		[[ ! $name =~ ^(aead|x25519|blake2s_batch) ]] || side=culvert
		key=$("$user" kernel key "$address" </dev/null)
		[ "$key" = 0 ] || echo "$side $name"
		# Both hash single messages with the tree's BLAKE2s.
		[ "$key" = 0 ] || [[ $name != blake2s_use* ]] || echo "culvert $name"
	done < <(grep -E "$keys" /proc/kallsyms) >"$BENCH_OUT.crypto"
	for name in $BENCH_CRYPTO; do
		grep -qx "${name/:/ }" "$BENCH_OUT.crypto" ||
			fail "${name%:*} runs without ${name#*:}, which this CPU has: not comparable"
	done
}
implementations

# try SIDE: does a side that is not in every environment work here? If not, why.
try()
{
	side=$1 outer=4
	if (set -e; hosts "$side" 4) >/run/bench/try 2>&1; then
		gone "$side"
		return 0
	fi
	echo "$side $(grep . /run/bench/try | head -n 1)" >>"$BENCH_OUT.absent"
	gone "$side" >/dev/null 2>&1 || true
	return 1
}

if [ -n "$BENCH_PROFILE" ]; then
	profile
	exit
fi

if wanted others; then
	able=
	for name in $BENCH_OTHERS; do
		! try "$name" || able+=" $name"
	done
	BENCH_OTHERS=$able
fi
! wanted idle || idle_files
for round in $(seq "$BENCH_ROUNDS"); do
	while read -r seconds group outer side number <&3; do
		echo "$round $seconds $group $outer $side $number" >>"$BENCH_OUT.steps"
		"$group" "$number"
	done 3< <(plan "$round")
done
echo "$BENCH_ROUNDS 0 end" >>"$BENCH_OUT.steps"
