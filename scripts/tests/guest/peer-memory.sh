#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a peer costs, in one machine with slab_nomerge: peer-memory.sh DRIVER IDLE BUSY
# Prints "STATE PEERS SLAB PERCPU STACK": bytes a peer, one line a state.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /root/lib.sh
driver=$1 idle=$2 busy=$3
the_driver_is "$driver"

# Slab, per-CPU memory and kernel stacks in use, in bytes.
memory()
{
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '{ bytes = $2 * 1024 } /^Slab:/ { s = bytes } /^Percpu:/ { p = bytes }
		/^KernelStack:/ { k = bytes } END { print s, p, k }' /proc/meminfo
}

# objects CACHE...: bytes in objects of these caches that are in use
objects()
{
	awk -v want=" $* " 'index(want, " " $1 " ") { n += $2 * $4 } END { print n + 0 }' \
		/proc/slabinfo
}

# report STATE PEERS BEFORE AFTER
report()
{
	local b a

	read -ra b <<<"$3"
	read -ra a <<<"$4"
	printf '%s %d %d %d %d\n' "$1" "$2" $(((a[0] - b[0]) / $2)) \
		$(((a[1] - b[1]) / $2)) $(((a[2] - b[2]) / $2))
}

peer_keys()
{
	awk -v n="$1" -v pad="$(printf 'A%.0s' {1..35})" 'BEGIN {
		for (i = 1; i <= n; i++) printf "%s%07dA=\n", pad, i }'
}

# Peers that do nothing.
ip link add wg0 type wireguard
wg set wg0 private-key <(wg genkey)
ip link set wg0 up
peer_keys "$idle" | sed 's/^/[Peer]\nPublicKey = /' >/tmp/conf
before=$(memory)
want "idle peers" wg addconf wg0 /tmp/conf
report idle "$idle" "$before" "$(memory)"
ip link del wg0

# Peers that an initiation has been sent to, and that do not answer.
ip link add null0 type dummy
ip addr add 10.9.0.1/24 dev null0
ip link set null0 up
ip link add wg0 type wireguard
wg set wg0 private-key <(wg genkey)
ip link set wg0 up
for ((i = 0; i < busy; i++)); do
	printf '[Peer]\nPublicKey = %s\nEndpoint = 10.9.0.2:%d\n' "$(wg genkey | wg pubkey)" \
		$((1000 + i))
done >/tmp/conf
sed '/^Endpoint/a PersistentKeepalive = 25' /tmp/conf >/tmp/wake
before=$(memory)
wg addconf wg0 /tmp/conf
middle=$(memory)
wg addconf wg0 /tmp/wake
sleep 3
after=$(memory)
report handshaking-with-idle "$busy" "$before" "$after"
report handshaking-added "$busy" "$middle" "$after"
ip link del wg0

# Peers with one session each: a hub, and as many devices in another namespace.
ip netns add far
ip link add v0 type veth peer name v1 netns far
ip addr add 10.1.0.1/24 dev v0
ip link set v0 up
ip -n far addr add 10.1.0.2/24 dev v1
ip -n far link set v1 up
hub=$(wg genkey)
ip link add wg0 type wireguard
wg set wg0 private-key <(echo "$hub") listen-port 1
ip link set wg0 up
few=64
sessions="culvert_session"
peers="culvert_peer"
[ "$driver" = culvert ] || sessions='' peers=wg_peer
for ((i = 0; i < few; i++)); do
	key=$(wg genkey)
	ip -n far link add "w$i" type wireguard
	ip netns exec far wg set "w$i" private-key <(echo "$key") \
		peer "$(wg pubkey <<<"$hub")" endpoint 10.1.0.1:1
	ip -n far link set "w$i" up
	wg set wg0 peer "$(wg pubkey <<<"$key")" allowed-ips "10.2.0.$i/32"
done
before=$(objects $sessions)
for ((i = 0; i < few; i++)); do
	ip netns exec far wg set "w$i" peer "$(wg pubkey <<<"$hub")" persistent-keepalive 25
done
up()
{
	[ "$(wg show wg0 latest-handshakes | grep -vc '	0$')" = $few ]
}
until_ok 300 up || fail "not all sessions came up"
if [ -n "$sessions" ]; then
	# Both ends are in this machine.
	echo "session-objects $few $((($(objects $sessions) - before) / few / 2)) 0 0"
fi
echo "peer-objects $few $(($(objects $peers) / few / 2)) 0 0"
ip link del wg0
ip netns del far
echo "$checks checks"
