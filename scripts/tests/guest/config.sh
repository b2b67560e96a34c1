#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The configuration at its edges, in one machine: many peers, dumps while they
# change, ports, keys, namespaces that go in any order, the module with devices.
#	config.sh PEERS ROUNDS

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /root/lib.sh
peers=$1 rounds=$2
the_driver_is culvert

# public_keys FIRST COUNT: as many keys, made without any cryptography.
public_keys()
{
	awk -v first="$1" -v count="$2" -v pad="$(printf 'A%.0s' {1..35})" 'BEGIN {
		for (i = first; i < first + count; i++)
			printf "%s%07dA=\n", pad, i }'
}

# peer_conf FIRST COUNT: peers for wg addconf, each with a /32 and a /128.
peer_conf()
{
	public_keys "$1" "$2" | awk -v first="$1" '{
		i = NR - 1 + first
		printf "[Peer]\nPublicKey = %s\nAllowedIPs = 10.%d.%d.%d/32, fd00::%x/128\n",
			$1, i / 65536 % 256, i / 256 % 256, i % 256, i }'
}

slab()
{
	awk '/^Slab:/ { print $2 }' /proc/meminfo
}

many_peers()
{
	local before after

	public_keys 0 "$peers" | sort -u | wc -l >/tmp/distinct
	want_equal "keys are distinct" "$(cat /tmp/distinct)" "$peers"
	ip link add wg0 type wireguard
	ip link set wg0 up
	before=$(slab)
	peer_conf 0 "$peers" >/tmp/conf
	time want "adding $peers peers" wg addconf wg0 /tmp/conf
	after=$(slab)
	echo "$(((after - before) * 1024 / peers)) bytes of slab a peer, two allowed IPs included"
	time want_equal "peers in a dump" "$(wg show wg0 peers | sort -u | wc -l)" "$peers"
	want_equal "allowed IPs in a dump" \
		"$(wg show wg0 allowed-ips | grep -o / | wc -l)" $((2 * peers))
	# Half of them go one by one, in few messages.
	peer_conf 0 $((peers / 2)) >/tmp/conf
	time want "wg syncconf to half of them" wg syncconf wg0 /tmp/conf
	want_equal "peers that are left" "$(wg show wg0 peers | wc -l)" $((peers / 2))
	want "wg setconf to none" wg setconf wg0 /dev/null
	want_equal "peers after that" "$(wg show wg0 peers | wc -l)" 0
	peer_conf 0 "$peers" >/tmp/conf
	want "adding them again" wg addconf wg0 /tmp/conf
	time want "deleting the device" ip link del wg0
}

# Class "dump against removal": dumps go on while what they stand at goes.
dump_churn()
{
	local i pid

	ip link add wg0 type wireguard
	peer_conf 0 2000 >/tmp/conf
	wg addconf wg0 /tmp/conf
	while [ -e /sys/class/net/wg0 ]; do
		wg show wg0 dump >/dev/null 2>&1 || true
	done &
	pid=$!
	for ((i = 0; i < rounds; i++)); do
		peer_conf $((i * 17 % 1500)) 400 >/tmp/part
		wg syncconf wg0 /tmp/part
		wg addconf wg0 /tmp/conf
		wg setconf wg0 /dev/null
		wg addconf wg0 /tmp/part
	done
	ip link del wg0
	wait $pid
	checks=$((checks + 1))
}

# One peer whose allowed IPs do not fit into one message.
long_peer()
{
	local key i list=()

	key=$(wg genkey | wg pubkey)
	for ((i = 0; i < 4000; i++)); do
		list+=("10.$((i / 256)).$((i % 256)).0/24")
	done
	ip link add wg0 type wireguard
	{
		printf '[Peer]\nPublicKey = %s\n' "$key"
		printf 'AllowedIPs = %s\n' "${list[@]}"
	} >/tmp/conf
	want "a peer with 4000 allowed IPs" wg addconf wg0 /tmp/conf
	want_equal "they come back in order" \
		"$(wg show wg0 allowed-ips | cut -f 2)" "${list[*]}"
	ip link del wg0
}

settings()
{
	local k pub other

	k=$(wg genkey) other=$(wg genkey | wg pubkey)
	pub=$(wg pubkey <<<"$k")
	ip link add wg0 type wireguard
	wg set wg0 peer "$pub" allowed-ips 10.0.0.1/32 peer "$other" allowed-ips 10.0.0.2/32
	wg set wg0 private-key <(echo "$k")
	want_equal "a peer of our own key goes" "$(wg show wg0 peers)" "$other"
	wg set wg0 peer "$pub" allowed-ips 10.0.0.1/32
	want_equal "and does not come back" "$(wg show wg0 peers)" "$other"
	wg set wg0 private-key /dev/null
	want_equal "no key" "$(wg show wg0 private-key)" "(none)"
	wg set wg0 peer "$pub" allowed-ips 10.0.0.0/24,10.0.0.2/32
	want_equal "a prefix belongs to one peer" \
		"$(wg show wg0 allowed-ips | grep "^$other" | cut -f 2)" "(none)"
	wg set wg0 peer "$other" allowed-ips 10.0.0.2/32
	want_equal "a prefix moves back" \
		"$(wg show wg0 allowed-ips | grep "^$pub" | cut -f 2)" 10.0.0.0/24
	wg set wg0 fwmark 0x1234
	want_equal "the mark" "$(wg show wg0 fwmark)" 0x1234

	# The port, on the fly.
	wg set wg0 listen-port 5001
	ip link set wg0 up
	want_equal "it listens" "$(ss -Hlun 'sport = :5001' | wc -l)" 2
	wg set wg0 listen-port 5002
	want_equal "it listens elsewhere" "$(ss -Hlun 'sport = :5002' | wc -l)" 2
	want_equal "and no longer there" "$(ss -Hlun 'sport = :5001' | wc -l)" 0
	ncat -4 -u -l 5003 >/dev/null &
	until_ok 30 bash -c "[ -n \"\$(ss -Hlun 'sport = :5003')\" ]" || fail "ncat does not listen"
	if wg set wg0 listen-port 5003 2>/dev/null; then
		fail "a port in use was taken"
	fi
	kill %%
	want_equal "the old port stays" "$(wg show wg0 listen-port)" 5002
	want_equal "the old sockets stay" "$(ss -Hlun 'sport = :5002' | wc -l)" 2
	ip link set wg0 down
	want_equal "closed when down" "$(ss -Hlun 'sport = :5002' | wc -l)" 0
	ip link set wg0 up
	want_equal "and the same when up" "$(wg show wg0 listen-port)" 5002
	for mtu in 0 1 68 1280 65535 1420; do
		want "MTU $mtu" ip link set wg0 mtu $mtu
	done
	ip link del wg0
}

# A device made in one namespace and moved to another keeps its sockets.
moved()
{
	ip netns add made
	ip netns add lives
	ip -n made link add wg0 type wireguard
	ip -n made link set wg0 netns lives
	ip netns exec lives wg set wg0 private-key <(wg genkey)
	if ip netns exec lives unshare -U -r wg set wg0 private-key /dev/null 2>/dev/null; then
		fail "a stranger may set the key"
	fi
	ip -n lives link set wg0 up
	want_equal "sockets where it was made" "$(ip netns exec made ss -Hlun | wc -l)" 2
	want_equal "and none where it is" "$(ip netns exec lives ss -Hlun | wc -l)" 0
	want_equal "carrier" "$(ip netns exec lives cat /sys/class/net/wg0/carrier)" 1
	ip netns del made
	until_ok 60 ip netns exec lives grep -qx 0 /sys/class/net/wg0/carrier ||
		fail "the carrier stays on"
	if ip netns exec lives wg set wg0 listen-port 1 2>/dev/null; then
		fail "a port in a namespace that has gone"
	fi
	ip -n lives link set wg0 down
	! ip -n lives link set wg0 up 2>/dev/null || fail "opened without a namespace"
	ip netns del lives
	checks=$((checks + 4))
}

# Who rules the namespace that a device was moved to, but not the one that it was made in,
# where its sockets are: may set what concerns peers, and nothing of the sockets.
strangers()
{
	local holder inside peer out what

	unshare -U -r -n sleep 1000 &
	holder=$!
	# When it sleeps, its namespaces and the map of its users are there.
	until_ok 30 grep -qx sleep "/proc/$holder/comm" || fail "unshare made no namespaces"
	inside=(nsenter -t "$holder" -U -n --preserve-credentials)
	peer=$(wg genkey | wg pubkey)
	ip netns add made
	ip -n made link add wg0 type wireguard
	ip -n made link set wg0 netns "$holder"
	want "who rules the namespace may set a peer" \
		"${inside[@]}" wg set wg0 peer "$peer" allowed-ips 10.0.0.1/32
	want "and the key" "${inside[@]}" wg set wg0 private-key <(wg genkey)
	for what in "listen-port 5555" "fwmark 5"; do
		# shellcheck disable=SC2086
		if out=$("${inside[@]}" wg set wg0 $what 2>&1); then
			fail "who does not rule the sockets' namespace may set $what"
		fi
		[[ $out == *"Operation not permitted"* ]] || fail "$what is refused with: $out"
		# A request that is refused changes nothing, whatever else it is about.
		# shellcheck disable=SC2086
		! "${inside[@]}" wg set wg0 $what peer "$peer" remove 2>/dev/null ||
			fail "$what and a peer"
		want_equal "the peer stays" "$("${inside[@]}" wg show wg0 peers)" "$peer"
		checks=$((checks + 2))
	done
	want_equal "no mark" "$("${inside[@]}" wg show wg0 fwmark)" off
	# One of their own they may.
	want "a device of their own" "${inside[@]}" ip link add wg1 type wireguard
	want "its port" "${inside[@]}" wg set wg1 listen-port 5555 fwmark 5
	want_equal "is what was asked for" "$("${inside[@]}" wg show wg1 listen-port)" 5555
	kill "$holder"
	wait "$holder" 2>/dev/null || true
	ip netns del made
}

# pair_in A B: a tunnel between two namespaces.
pair_in()
{
	local a=$1 b=$2 ka kb

	ka=$(wg genkey) kb=$(wg genkey)
	ip netns add "$a"
	ip netns add "$b"
	ip -n "$a" link add v type veth peer name v netns "$b"
	ip -n "$a" addr add 10.1.0.1/24 dev v
	ip -n "$b" addr add 10.1.0.2/24 dev v
	ip -n "$a" link set v up
	ip -n "$b" link set v up
	ip -n "$a" link add wg0 type wireguard
	ip -n "$b" link add wg0 type wireguard
	ip netns exec "$a" wg set wg0 listen-port 1 private-key <(echo "$ka") \
		peer "$(wg pubkey <<<"$kb")" endpoint 10.1.0.2:1 allowed-ips 10.2.0.2/32
	ip netns exec "$b" wg set wg0 listen-port 1 private-key <(echo "$kb") \
		peer "$(wg pubkey <<<"$ka")" endpoint 10.1.0.1:1 allowed-ips 10.2.0.1/32
	ip -n "$a" addr add 10.2.0.1/24 dev wg0
	ip -n "$b" addr add 10.2.0.2/24 dev wg0
	ip -n "$a" link set wg0 up
	ip -n "$b" link set wg0 up
}

# Classes "namespace teardown hang" and "circular references".
teardown()
{
	local n=$1 i order=$2 pings

	pair_in "a$n" "b$n"
	# Four pairs at once on a slow machine: a second try is no failure.
	until_ok 60 ip netns exec "a$n" ping -q -c 1 -W 10 10.2.0.2 || {
		ip netns exec "a$n" wg show
		ip netns exec "a$n" ip -s link
		fail "no ping in pair $n"
	}
	ip netns exec "a$n" ping -q -i 0.002 10.2.0.2 >/dev/null 2>&1 &
	pings=$!
	case $order in
	0) ip netns del "a$n"; ip netns del "b$n" ;;
	1) ip -n "b$n" link del wg0; ip netns del "b$n"; ip netns del "a$n" ;;
	2)	# The device survives its namespace, elsewhere, with a route through it.
		ip -n "a$n" link set wg0 netns "b$n" name wg1
		ip netns del "a$n"
		ip -n "b$n" link del wg1
		ip netns del "b$n" ;;
	3)	for i in 1 2 3; do
			ip -n "a$n" link set wg0 down
			ip -n "a$n" link set wg0 up
		done
		ip -n "a$n" link del v
		ip netns del "b$n"; ip netns del "a$n" ;;
	esac
	kill $pings 2>/dev/null || true
}

namespaces()
{
	local i pids=() pid

	for ((i = 0; i < rounds; i++)); do
		teardown "$i" $((i % 4)) &
		pids+=($!)
		if [ ${#pids[@]} = 4 ]; then
			for pid in "${pids[@]}"; do
				wait "$pid" || fail "a pair of namespaces"
			done
			pids=()
		fi
	done
	wait
	checks=$((checks + rounds))
}

# The module goes with its devices, in the middle of traffic.
unload()
{
	pair_in a b
	until_ok 60 ip netns exec a ping -q -c 1 -W 10 10.2.0.2 || fail "no ping before unloading"
	ip netns exec a ping -q -i 0.002 10.2.0.2 >/dev/null 2>&1 &
	want "unloading with devices" rmmod culvert
	kill %% || true
	! ip netns exec a ip link show wg0 2>/dev/null || fail "a device without a driver"
	ip netns del a
	ip netns del b
}

many_peers
dump_churn
long_peer
settings
moved
strangers
namespaces
unload
echo "$checks checks"
