#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs inside the bench's kernel: every work item with every driver, in turns.
# Results are lines "item side round value" in $BENCH_OUT.
set -eu

say()
{
	echo "$*" >>"$BENCH_OUT"
}

load()
{
	[ ! -e "$BENCH_BUILD/$1.ko" ] || insmod "$BENCH_BUILD/$1.ko"
}

# Is this group of items wanted?
want()
{
	[[ " $BENCH_ITEMS " == *" $1 "* ]]
}

user=$BENCH_BUILD/bench/bench-user
input=$BENCH_BUILD/bench/input
ms=$BENCH_MS

ip link set lo up
sysctl -q -w net.core.wmem_max=8388608 kernel.pid_max=4194304 kernel.threads-max=4000000
for module in net/ipv4/udp_tunnel net/ipv6/ip6_udp_tunnel lib/crypto/libcryptoutils \
	      lib/crypto/libchacha lib/crypto/libpoly1305 lib/crypto/libcurve25519 \
	      lib/crypto/libchacha20poly1305 \
	      lib/crypto/batch/libchacha20poly1305_batch \
	      lib/crypto/batch/libcurve25519_batch bench/culvert_bench; do
	load "$module"
done
mkdir -p /run/netns /run/bench
umask 077
for host in a b c; do
	wg genkey >/run/bench/$host.key
	wg pubkey </run/bench/$host.key >/run/bench/$host.pub
done
b_key=/run/bench/b.key b_pub=/run/bench/b.pub

# What each side's libraries have chosen, by their static keys. Refuses to go on
# if one that this CPU should have is off.
implementations()
{
	local address type name rest side key
	local keys=' [bBdDrR] ((chacha|poly1305|curve25519|x25519)_use_|aead_avx)'

	# shellcheck disable=SC2034
	while read -r address type name rest; do
		side=wireguard
		[[ $name != aead* && $name != x25519* ]] || side=culvert
		key=$("$user" kernel key "$address" </dev/null)
		[ "$key" = 0 ] || echo "$side $name"
	done < <(grep -E "$keys" /proc/kallsyms) >"$BENCH_OUT.crypto"
	for name in $BENCH_CRYPTO; do
		grep -qx "${name/:/ }" "$BENCH_OUT.crypto" || {
			echo "${name%:*} runs without ${name#*:}, which this CPU has: not comparable"
			exit 1
		}
	done
}
implementations

# namespace NAME, wire A B NET: hosts and links between them
namespace()
{
	ip netns add "$1"
	ip -n "$1" link set lo up
	ip netns exec "$1" sysctl -q -w net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1
}

wire()
{
	ip link add "v$1$2" netns "$1" type veth peer name "v$2$1" netns "$2"
	ip -n "$1" addr add "10.0.$3.1/24" dev "v$1$2"
	ip -n "$2" addr add "10.0.$3.2/24" dev "v$2$1"
	ip -n "$1" addr add "fd00:$3::1/64" dev "v$1$2" nodad
	ip -n "$2" addr add "fd00:$3::2/64" dev "v$2$1" nodad
	ip -n "$1" link set "v$1$2" up
	ip -n "$2" link set "v$2$1" up
}

# tunnel A DEV KEY PORT ADDRESS: a device; link_to A DEV B-PUB ALLOWED ENDPOINT
tunnel()
{
	ip -n "$1" link add "$2" type wireguard
	ip netns exec "$1" wg set "$2" private-key "$3" listen-port "$4"
	ip -n "$1" addr add "$5" dev "$2"
	ip -n "$1" link set "$2" mtu 1420 up
}

# hosts SIDE OUTER: two namespaces and a link; with a tunnel unless SIDE is "link".
# Afterwards $target is the address to talk to.
hosts()
{
	local side=$1 outer=$2 ea

	namespace a
	namespace b
	wire a b 0
	ea=10.0.0.2 target=10.0.0.2
	[ "$outer" != 6 ] || ea='[fd00:0::2]'
	[ "$side" != link ] || return 0
	load "drivers/net/$side/$side"
	tunnel a wg0 /run/bench/a.key 1001 192.168.7.1/24
	tunnel b wg0 "$b_key" 1002 192.168.7.2/24
	ip netns exec a wg set wg0 peer "$(cat "$b_pub")" endpoint "$ea:1002" \
		allowed-ips 192.168.7.2/32
	ip netns exec b wg set wg0 peer "$(cat /run/bench/a.pub)" allowed-ips 192.168.7.1/32
	target=192.168.7.2
	reach a $target
}

reach()
{
	ip netns exec "$1" ping -q -c 2 -i 0.2 -W 3 "$2" >/dev/null
}

gone()
{
	local host

	pkill iperf3 || true
	pkill bench-user || true
	sleep 0.2
	for host in a b c; do
		[ -e /run/netns/$host ] || continue
		ip -n $host link del wg0 2>/dev/null || true
		ip -n $host link del wg1 2>/dev/null || true
		ip netns del $host
	done
	sleep 0.2
	[ "$1" = link ] || rmmod "$1"
}

in_a()
{
	ip netns exec a "$@"
}

# iperf ARGS...: bits per second that arrived
iperf()
{
	in_a iperf3 -J -c "$target" -t "$BENCH_SECONDS" "$@" >/run/bench/iperf.json
	sed -n '/"sum_received"/,/}/ s/.*"bits_per_second":[^0-9]*\([0-9]*\).*/\1/p' \
		/run/bench/iperf.json | head -n 1
}

tcp()
{
	in_a "$user" tcp /run/netns/b "$target" "$1" "$ms"
}

# udp BYTES SEGMENTS: packets a second that arrived, inside the kernel
udp()
{
	in_a "$user" kernel udp @/run/netns/b "$target" "$1" "$2" "$ms" | cut -d ' ' -f 1
}

# A column of what oneway and roundtrip print: 1 least, 2 median, 4 99 %
say_latency()
{
	local item=$1 least median p90 p99 rest
	shift

	# shellcheck disable=SC2034
	read -r least median p90 p99 rest < <(in_a "$user" kernel "$@")
	say "$item" "$side" "$round" "$median"
	say "$item-p99" "$side" "$round" "$p99"
}

latency()
{
	local count=$((BENCH_MS * 2))

	say_latency "oneway$1" oneway @/run/netns/b "$target" 64 $count 200
	say_latency "roundtrip$1" roundtrip "$target" 64 $count 200
}

# with_load COMMAND...: while one flow of TCP fills the tunnel
with_load()
{
	in_a "$user" tcp /run/netns/b "$target" 1 600000 >/dev/null 2>&1 &
	sleep 0.5
	"$@"
	pkill bench-user || true
	wait
}

# A link that takes trains apart, and a receiver that puts them together.
like_nic()
{
	in_a ethtool -K vab gso off tso off tx-udp-segmentation off >/dev/null
	in_a ethtool -K vab gro on >/dev/null
	ip netns exec b ethtool -K vba gro on >/dev/null
	ip netns exec b ethtool -K vba gso off tso off tx-udp-segmentation off >/dev/null
}

basic()
{
	local side=$1 round=$2 size

	hosts "$side" 4
	say tcp-1 "$side" "$round" "$(tcp 1)"
	say tcp-8 "$side" "$round" "$(tcp 8)"
	if want sizes; then
		for size in 64 512 1380; do
			say "udp-$size" "$side" "$round" "$(udp $size 1)"
			say "udp-$size-gso" "$side" "$round" "$(udp $size 40)"
		done
	else
		say udp-64 "$side" "$round" "$(udp 64 1)"
		say udp-1380 "$side" "$round" "$(udp 1380 1)"
	fi
	latency ""
	with_load latency -load
	if want user; then
		say udp-64-user "$side" "$round" "$(in_a "$user" udp /run/netns/b $target 64 "$ms")"
		say udp-1380-user "$side" "$round" \
			"$(in_a "$user" udp /run/netns/b $target 1380 "$ms")"
		ip netns exec b iperf3 -s -D
		sleep 0.3
		say iperf-1 "$side" "$round" "$(iperf)"
		say iperf-8 "$side" "$round" "$(iperf -P 8)"
		say ping "$side" "$round" "$(in_a ping -q -f -c 2000 "$target" |
			sed -n 's|^rtt [^=]*= \([0-9.]*\)/.*|\1|p')"
	fi
	if want nic; then
		like_nic
		say nic-tcp-1 "$side" "$round" "$(tcp 1)"
		say nic-udp-64 "$side" "$round" "$(udp 64 1)"
		say nic-udp-1380 "$side" "$round" "$(udp 1380 1)"
	fi
	if want lossy; then
		in_a tc qdisc add dev vab root netem loss 0.1% delay 20ms limit 20000
		say lossy-tcp-8 "$side" "$round" "$(tcp 8)"
	fi
	gone "$side"
}

outer6()
{
	local side=$1 round=$2

	[ "$side" != link ] || return 0
	hosts "$side" 6
	say v6-tcp-1 "$side" "$round" "$(tcp 1)"
	say v6-tcp-8 "$side" "$round" "$(tcp 8)"
	say v6-udp-64 "$side" "$round" "$(udp 64 1)"
	say v6-udp-1380 "$side" "$round" "$(udp 1380 1)"
	latency -v6
	gone "$side"
}

# a - c - b, a tunnel on each link.
forward()
{
	local side=$1 round=$2

	namespace a
	namespace b
	namespace c
	wire a c 1
	wire c b 2
	target=10.0.2.2
	if [ "$side" = link ]; then
		ip -n a route add 10.0.2.0/24 via 10.0.1.2
		ip -n b route add 10.0.1.0/24 via 10.0.2.1
	else
		load "drivers/net/$side/$side"
		tunnel a wg0 /run/bench/a.key 1001 192.168.7.1/24
		tunnel c wg0 /run/bench/c.key 1002 192.168.7.2/24
		tunnel c wg1 /run/bench/c.key 1003 192.168.8.2/24
		tunnel b wg0 /run/bench/b.key 1004 192.168.8.1/24
		in_a wg set wg0 peer "$(cat /run/bench/c.pub)" endpoint 10.0.1.2:1002 \
			allowed-ips 192.168.0.0/16
		ip netns exec b wg set wg0 peer "$(cat /run/bench/c.pub)" endpoint 10.0.2.1:1003 \
			allowed-ips 192.168.0.0/16
		ip netns exec c wg set wg0 peer "$(cat /run/bench/a.pub)" allowed-ips 192.168.7.1/32
		ip netns exec c wg set wg1 peer "$(cat /run/bench/b.pub)" endpoint 10.0.2.2:1004 \
			allowed-ips 192.168.8.1/32
		ip -n a route add 192.168.8.0/24 dev wg0
		ip -n b route add 192.168.7.0/24 dev wg0
		target=192.168.8.1
	fi
	reach a "$target"
	say forward-tcp-1 "$side" "$round" "$(tcp 1)"
	say forward-udp-64 "$side" "$round" "$(udp 64 1)"
	gone "$side"
}

# One device that has $1 peers, each a device of its own at the other host.
active()
{
	local side=$1 round=$2 nr=$3 i

	[ "$side" != link ] || return 0
	namespace a
	namespace b
	wire a b 0
	load "drivers/net/$side/$side"
	tunnel a wg0 /run/bench/a.key 1001 172.16.0.1/12
	for ((i = 1; i <= nr; i++)); do
		echo "link add w$i type wireguard"
	done >/run/bench/links
	ip -n b -b /run/bench/links
	for ((i = 1; i <= nr; i++)); do
		ip netns exec b wg setconf "w$i" "/run/bench/active/$i"
		echo "addr add 172.17.$((i >> 8)).$((i & 255))/32 dev w$i"
		echo "link set w$i mtu 1420 up"
	done >/run/bench/links
	ip -n b -b /run/bench/links
	in_a wg setconf wg0 /run/bench/active/all
	# A hundred handshakes at a time: more would call for cookies.
	for ((i = 1; i <= nr; i += 100)); do
		in_a "$user" kernel udp @/run/netns/b \
			"172.17.$((i >> 8)).$((i & 255))" 64 1 50 100 >/dev/null
		sleep 0.1
	done
	say "active-$nr" "$side" "$round" \
		"$(in_a "$user" kernel udp @/run/netns/b 172.17.0.1 64 1 "$ms" "$nr" |
			cut -d ' ' -f 1)"
	ip netns del b
	gone "$side"
}

active_files()
{
	local nr=$1 i key

	mkdir -p /run/bench/active
	: >/run/bench/active/all
	printf '[Interface]\nPrivateKey = %s\nListenPort = 1001\n' \
		"$(cat /run/bench/a.key)" >/run/bench/active/all
	for ((i = 1; i <= nr; i++)); do
		key=$(wg genkey)
		printf '[Interface]\nPrivateKey = %s\nListenPort = %d\n[Peer]\nPublicKey = %s\n' \
			"$key" $((10000 + i)) "$(cat /run/bench/a.pub)" >"/run/bench/active/$i"
		printf 'Endpoint = 10.0.0.1:1001\nAllowedIPs = 172.16.0.1/32\n' >>"/run/bench/active/$i"
		printf '[Peer]\nPublicKey = %s\nEndpoint = 10.0.0.2:%d\nAllowedIPs = 172.17.%d.%d/32\n' \
			"$(wg pubkey <<<"$key")" $((10000 + i)) $((i >> 8)) $((i & 255)) \
			>>/run/bench/active/all
	done
}

# A responder whose initiators are $input/initiators.conf; handshakes, and what is
# left of TCP while junk comes in.
responder()
{
	local side=$1 round=$2

	[ "$side" != link ] || return 0
	b_key=$input/responder.key b_pub=$input/responder.pub
	hosts "$side" 4
	b_key=/run/bench/b.key b_pub=/run/bench/b.pub
	ip netns exec b wg addconf wg0 "$input/initiators.conf"
	say handshakes "$side" "$round" \
		"$(in_a "$user" handshakes "$input/initiations.bin" 10.0.0.2 1002 256)"
	in_a "$user" kernel flood 10.0.0.2 1002 20000 600000 "$(cat "$input/flood.hex")" \
		>/dev/null 2>&1 &
	sleep 0.3
	say flood-tcp-1 "$side" "$round" "$(tcp 1)"
	pkill bench-user || true
	wait
	gone "$side"
}

milliseconds()
{
	local start end

	start=$(date +%s%N)
	"$@" >/dev/null
	end=$(date +%s%N)
	echo $(((end - start) / 1000000))
}

memory()
{
	awk '/^(MemFree|Cached|Buffers):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# Peers that do nothing, $3 of them.
idle()
{
	local side=$1 round=$2 nr=$3 before after

	[ "$side" != link ] || return 0
	load "drivers/net/$side/$side"
	ip link add wg0 type wireguard
	wg set wg0 private-key /run/bench/a.key listen-port 1001
	ip link set wg0 up
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
	before=$(memory)
	say "peers-setconf-$nr" "$side" "$round" "$(milliseconds wg addconf wg0 "/run/bench/peers-$nr.conf")"
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
	after=$(memory)
	say "peers-memory-$nr" "$side" "$round" $(((before - after) * 1024 / nr))
	# Once without counting, for wg itself.
	wg show wg0 dump >/dev/null
	say "peers-dump-$nr" "$side" "$round" "$(milliseconds wg show wg0 dump)"
	say "peers-delete-$nr" "$side" "$round" "$(milliseconds ip link del wg0)"
	sleep 0.5
	rmmod "$side"
}

lookups()
{
	local side=$1 round=$2 count kind rate bytes rest

	[ "$side" != link ] || return 0
	for kind in random internet; do
		for count in $BENCH_PREFIXES; do
			# shellcheck disable=SC2034
			read -r rate bytes rest < <("$user" kernel lookup "$side" \
				"@$input/$kind-$count" "$count" 300)
			say "lookup-$kind-$count" "$side" "$round" "$rate"
			[ "$count" -lt 100000 ] ||
				say "bytes-$kind-$count" "$side" "$round" "$bytes"
		done
	done
}

# Traffic of each kind, for as long as the host samples what the CPU does.
profile()
{
	local side=$1 item

	hosts "$side" 4
	cp /proc/kallsyms "$BENCH_OUT.symbols.$side"
	for item in tcp-1 udp-64; do
		case $item in
		tcp-1) in_a "$user" tcp /run/netns/b "$target" 1 600000 >/dev/null 2>&1 & ;;
		udp-64) in_a "$user" kernel udp @/run/netns/b "$target" 64 1 600000 \
			>/dev/null 2>&1 & ;;
		esac
		sleep 0.5
		: >"$BENCH_OUT.sample.$side.$item"
		while [ -e "$BENCH_OUT.sample.$side.$item" ]; do
			sleep 0.1
		done
		pkill bench-user || true
		wait
	done
	gone "$side"
}

if [ -n "$BENCH_PROFILE" ]; then
	profile wireguard
	profile culvert
	exit
fi

if want idle; then
	for nr in $BENCH_PEERS; do
		python3 - "$nr" >"/run/bench/peers-$nr.conf" <<-'PYTHON'
		import base64, hashlib, sys
		for n in range(int(sys.argv[1])):
		    key = bytearray(hashlib.sha256(b"%d" % n).digest())
		    key[31] &= 0x7f
		    print("[Peer]\nPublicKey = %s\nAllowedIPs = 10.%d.%d.%d/32"
		          % (base64.b64encode(bytes(key)).decode(), n >> 16, n >> 8 & 255, n & 255))
		PYTHON
	done
fi
if [ -n "$BENCH_ACTIVE" ]; then
	active_files "${BENCH_ACTIVE##* }"
fi

for round in $(seq "$BENCH_ROUNDS"); do
	for group in $BENCH_ITEMS; do
		for side in wireguard culvert link; do
			case $group in
			basic) basic "$side" "$round" ;;
			outer6) outer6 "$side" "$round" ;;
			forward) forward "$side" "$round" ;;
			responder) responder "$side" "$round" ;;
			idle)
				for nr in $BENCH_PEERS; do
					# The kernel dies of so many kernel threads.
					[ "$nr" -le 20000 ] || [ "$side" != wireguard ] || continue
					idle "$side" "$round" "$nr"
				done ;;
			lookups) lookups "$side" "$round" ;;
			active)
				for nr in $BENCH_ACTIVE; do
					active "$side" "$round" "$nr"
				done ;;
			esac
		done
	done
done
