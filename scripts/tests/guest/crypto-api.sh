#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs inside a machine: the AEAD provider before the kernel's self-tests, and under
# IPsec. Argument: full, if the kernel must have run the full set of self-tests.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /root/lib.sh

esp='rfc7539esp(chacha20,poly1305)'
rfc='rfc7539(chacha20,poly1305)'

# field ALGORITHM DRIVER NAME: a field of /proc/crypto
field()
{
	awk -v alg="$1" -v driver="$2" -v want="$3" '
		/^name / { name = $3; found = 0 }
		/^driver / { found = name == alg && index($3, driver) }
		found && $1 == want { print $3; exit }' /proc/crypto
}

# While a self-test runs, its algorithm is a larva.
tested()
{
	awk '/^name / { name = $3 }
	     /^type .*larval/ && name ~ /^rfc7539/ { larva = 1 }
	     END { exit larva }' /proc/crypto
}

provider()
{
	local alg driver

	want "loading the provider" modprobe chacha20poly1305_batch
	want "the self-tests end" until_ok 400 tested
	for alg in "$rfc" "$esp"; do
		driver=${alg%%(*}-chacha20-poly1305-batch
		want_equal "self-test of $alg" "$(field "$alg" "$driver" selftest)" passed
		want_equal "$alg runs in the caller" "$(field "$alg" "$driver" async)" no
	done
	if [ "${1:-}" = full ]; then
		want "the kernel must run the full self-tests" \
			grep -q 'full crypto tests enabled' <(dmesg)
	fi
	! dmesg | grep 'alg: aead: .*\(fail\|mismatch\|unexpected\|skipping comparison tests\)' ||
		fail "the kernel's self-test complains, or has left something out"
}

# Two namespaces on a veth, an association in each direction.
a=10.55.0.1 b=10.55.0.2
key=0x$(printf '%02x' {1..36})
state()
{
	local ns=$1 src=$2 dst=$3 spi=$4 k=$5

	ip -n "$ns" xfrm state add src "$src" dst "$dst" proto esp spi "$spi" \
		reqid 1 mode transport aead "$esp" "$k" 128
}

policy()
{
	local ns=$1 src=$2 dst=$3 dir=$4

	ip -n "$ns" xfrm policy add src "$src" dst "$dst" dir "$dir" \
		tmpl src "$src" dst "$dst" proto esp reqid 1 mode transport
}

# Packets of the association that were not authentic.
errors()
{
	ip -n "$1" -s xfrm state list spi "$2" | sed -n 's/.* failed \([0-9]*\).*/\1/p' | head -n 1
}

transfer()
{
	local from=$1 to=$2 address=$3

	rm -f /tmp/taken
	timeout 120 ip netns exec "$to" ncat -l "$address" 7001 --recv-only >/tmp/taken &
	until_ok 30 ip netns exec "$from" ncat -w 20 --send-only "$address" 7001 </root/data ||
		fail "nothing can be sent to $address"
	wait $! || fail "nothing came to $address"
	want "data changed on their way to $address" cmp /tmp/taken /root/data
}

ipsec()
{
	local before driver=rfc7539esp-chacha20-poly1305-batch sent n

	ip netns add a
	ip netns add b
	ip link add va netns a type veth peer name vb netns b
	ip -n a addr add $a/24 dev va
	ip -n b addr add $b/24 dev vb
	ip -n a link set va up
	ip -n b link set vb up
	before=$(field "$esp" $driver refcnt)
	for n in a b; do
		state $n $a $b 0x101 "$key" || fail "the kernel takes no association"
		state $n $b $a 0x102 "$key" || fail "the kernel takes no association"
	done
	policy a $a $b out && policy a $b $a in
	policy b $b $a out && policy b $a $b in
	[ "$(field "$esp" $driver refcnt)" -gt "$before" ] ||
		fail "IPsec does not use the provider"
	checks=$((checks + 1))

	for n in 1 60 1000 1473 4000 20000; do
		want "ping of $n bytes" ip netns exec a ping -q -c 2 -i 0.2 -W 5 -s $n $b
	done
	head -c "${bytes:-16000000}" /dev/urandom >/root/data
	transfer a b $b
	transfer b a $a
	# Small packets, so that most of them sit in fragments of the socket's pages.
	ip -n a link set va mtu 600
	ip -n b link set vb mtu 600
	transfer a b $b
	sent=$(ip -n a -s xfrm state list spi 0x101 |
		sed -n 's/.* \([0-9]*\)(packets).*/\1/p' | head -n 1)
	[ "${sent:-0}" -gt 1000 ] || fail "only ${sent:-no} packets went through IPsec"
	checks=$((checks + 1))
	want_equal "packets that b could not open" "$(errors b 0x101)" 0
	want_equal "packets that a could not open" "$(errors a 0x102)" 0

	# A peer with another key is not believed.
	ip -n b xfrm state delete src $a dst $b proto esp spi 0x101
	state b $a $b 0x101 "${key%24}ff"
	! ip netns exec a ping -q -c 3 -i 0.2 -W 1 $b >/dev/null ||
		fail "packets under another key are taken"
	[ "$(errors b 0x101)" -ge 3 ] || fail "forged packets are not counted"
	checks=$((checks + 2))
	ip netns del a
	ip netns del b
}

provider "${1:-}"
ipsec
want "unloading" until_ok 60 modprobe -r chacha20poly1305_batch
echo "$checks checks"
