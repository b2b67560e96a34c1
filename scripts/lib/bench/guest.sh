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

ip link set lo up
for module in net/ipv4/udp_tunnel net/ipv6/ip6_udp_tunnel lib/crypto/libcryptoutils \
	      lib/crypto/libchacha lib/crypto/libpoly1305 lib/crypto/libcurve25519 \
	      lib/crypto/libchacha20poly1305 \
	      lib/crypto/batch/libchacha20poly1305_batch \
	      lib/crypto/batch/libcurve25519_batch; do
	load "$module"
done
mkdir -p /run/netns
umask 077
for host in a b; do
	wg genkey >/mnt/$host.key
	wg pubkey </mnt/$host.key >/mnt/$host.pub
done

# hosts SIDE OUTER: two namespaces and a link; with a tunnel unless SIDE is "link".
# Afterwards $target is the address to talk to.
hosts()
{
	local side=$1 outer=$2 host ea

	ip netns add a
	ip netns add b
	ip link add va netns a type veth peer name vb netns b
	ip -n a addr add 10.0.0.1/24 dev va
	ip -n b addr add 10.0.0.2/24 dev vb
	ip -n a addr add fd00::1/64 dev va nodad
	ip -n b addr add fd00::2/64 dev vb nodad
	for host in a b; do
		ip -n $host link set lo up
		ip -n $host link set v$host up
	done
	ea=10.0.0.2 target=10.0.0.2
	if [ "$outer" = 6 ]; then
		ea='[fd00::2]' target=fd00::2
	fi
	[ "$side" != link ] || return 0
	load "drivers/net/$side/$side"
	for host in a b; do
		ip -n $host link add wg0 type wireguard
	done
	ip netns exec a wg set wg0 private-key /mnt/a.key listen-port 1001 \
		peer "$(cat /mnt/b.pub)" endpoint "$ea:1002" allowed-ips 192.168.7.2/32
	ip netns exec b wg set wg0 private-key /mnt/b.key listen-port 1002 \
		peer "$(cat /mnt/a.pub)" allowed-ips 192.168.7.1/32
	ip -n a addr add 192.168.7.1/24 dev wg0
	ip -n b addr add 192.168.7.2/24 dev wg0
	ip -n a link set wg0 mtu 1420 up
	ip -n b link set wg0 mtu 1420 up
	target=192.168.7.2
	ip netns exec a ping -q -c 2 -i 0.2 -W 2 $target >/dev/null
}

gone()
{
	pkill iperf3 || true
	sleep 0.3
	ip -n a link del wg0 2>/dev/null || true
	ip -n b link del wg0 2>/dev/null || true
	ip netns del a
	ip netns del b
	sleep 0.2
	[ "$1" = link ] || rmmod "$1"
}

# rate ARGS...: bits per second that arrived, by iperf3
rate()
{
	ip netns exec a iperf3 -J -c "$target" -t "$BENCH_SECONDS" "$@" >/mnt/iperf.json
	python3 - <<-'PYTHON'
	import json
	end = json.load(open("/mnt/iperf.json"))["end"]
	if "sum_received" in end:
	    print(round(end["sum_received"]["bits_per_second"]))
	else:
	    total = end["sum"]
	    print(round(total["bits_per_second"] * (1 - total["lost_percent"] / 100)))
	PYTHON
}

transfers()
{
	local side=$1 round=$2

	hosts "$side" 4
	ip netns exec b iperf3 -s -D
	sleep 0.5
	say tcp-1 "$side" "$round" "$(rate)"
	say tcp-8 "$side" "$round" "$(rate -P 8)"
	say udp-64 "$side" "$round" "$(rate -u -b 0 -l 64)"
	say udp-1380 "$side" "$round" "$(rate -u -b 0 -l 1380)"
	say ping "$side" "$round" "$(ip netns exec a ping -q -f -c 2000 "$target" |
		sed -n 's|^rtt [^=]*= \([0-9.]*\)/.*|\1|p')"
	# A link that takes trains apart, and a receiver that puts them together.
	ip netns exec a ethtool -K va gso off tso off tx-udp-segmentation off >/dev/null
	ip netns exec b ethtool -K vb gro on >/dev/null
	ip netns exec b ethtool -K vb gso off tso off tx-udp-segmentation off >/dev/null
	ip netns exec a ethtool -K va gro on >/dev/null
	say tcp-nic "$side" "$round" "$(rate)"
	ip netns exec a tc qdisc add dev va root netem loss 0.1% delay 10ms limit 10000
	say tcp-lossy "$side" "$round" "$(rate)"
	gone "$side"

	hosts "$side" 6
	ip netns exec b iperf3 -s -D
	sleep 0.5
	say tcp-1-v6 "$side" "$round" "$(rate)"
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

crowd()
{
	local side=$1 round=$2 before after

	[ "$side" != link ] || return 0
	load "drivers/net/$side/$side"
	ip link add wg0 type wireguard
	wg set wg0 private-key /mnt/a.key listen-port 1001
	ip link set wg0 up
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
	before=$(memory)
	say peers-setconf "$side" "$round" "$(milliseconds wg addconf wg0 /mnt/peers.conf)"
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
	after=$(memory)
	say peers-memory "$side" "$round" $(((before - after) * 1024 / BENCH_PEERS))
	say peers-dump "$side" "$round" "$(milliseconds wg show wg0 dump)"
	say peers-delete "$side" "$round" "$(milliseconds ip link del wg0)"
	sleep 0.5
	rmmod "$side"
}

python3 - "$BENCH_PEERS" >/mnt/peers.conf <<'PYTHON'
import base64, hashlib, sys
for n in range(int(sys.argv[1])):
    key = bytearray(hashlib.sha256(b"%d" % n).digest())
    key[31] &= 0x7f
    print("[Peer]\nPublicKey = %s\nAllowedIPs = 10.%d.%d.%d/32"
          % (base64.b64encode(bytes(key)).decode(), n >> 16, n >> 8 & 255, n & 255))
PYTHON

for round in $(seq "$BENCH_ROUNDS"); do
	for side in wireguard culvert link; do
		transfers "$side" "$round"
		crowd "$side" "$round"
	done
done
