#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs on both machines of a pair:
#	interop.sh 1|2 culvert|wireguard|go "CASE..."
# A CASE is OUTER-PSK-FIRST-MTU, for instance 4-psk-1-1420: the outer protocol, whether
# there is a preshared key, which machine begins, the tunnel's MTU.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /root/lib.sh
kind=$2
pair_up "$1"
# With every detector on, the receiver is slower than the sender.
sysctl -qw net.core.rmem_default=4194304
wg pubkey </root/key1 >/tmp/pub1
wg pubkey </root/key2 >/tmp/pub2
if [ "$kind" = go ]; then
	modprobe tun
	mkdir -p /dev/net
	[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
fi
own_key=/root/key$me
other_pub=$(cat "/tmp/pub$other")

tunnel_up()
{
	local mtu=$1
	if [ "$kind" = go ]; then
		rm -f /var/run/wireguard/wg0.sock
		LOG_LEVEL=error wireguard-go wg0 >/tmp/go.log 2>&1 </dev/null ||
			fail "wireguard-go does not start: $(cat /tmp/go.log)"
		# The socket is there before the daemon that answers on it, and
		# that one sets the MTU to 1420 before it answers.
		until_ok 20 wg show wg0 || fail "wireguard-go does not answer"
	else
		ip link add wg0 type wireguard || fail "no device of kind wireguard"
	fi
	ip link set wg0 mtu "$mtu"
	ip addr add "10.77.0.$me/24" dev wg0
	ip addr add "fd77::$me/64" dev wg0 nodad
	ip link set wg0 up
}

tunnel_down()
{
	ip link del wg0
	[ "$kind" != go ] || until_ok 60 sh -c '! pidof wireguard-go' ||
		fail "wireguard-go stays"
}

outer_address()
{
	if [ "$1" = 4 ]; then
		echo "10.99.0.$2"
	else
		echo "[fd99::$2]"
	fi
}

all_listen()
{
	[ "$(ss -Hltn 'sport = 5000' | wc -l)" = 2 ] && [ "$(ss -Hlun 'sport = 5002' | wc -l)" = 2 ]
}

# settled FILE...: nothing has been written to them for a second
settled()
{
	local before='' now

	while now=$(cat "$@" | wc -c) && [ "$now" != "$before" ]; do
		before=$now
		sleep 1
	done
}

# TCP and UDP over IPv4 and IPv6 in both directions, all at once.
all_at_once()
{
	local share=$1 at tcp=() udp=() senders=() pid

	barrier
	for at in "10.77.0.$me" "fd77::$me"; do
		take_tcp "$at" 5000 &
		tcp+=($!)
		ncat -u -l "$at" 5002 --recv-only >"/tmp/udp.$at" 2>/dev/null &
		udp+=($!)
	done
	until_ok 60 all_listen || fail "ncat does not listen"
	barrier
	for at in "10.77.0.$other" "fd77::$other"; do
		send_tcp "$at" 5000 &
		senders+=($!)
		send_udp "$at" 5002 &
		senders+=($!)
	done
	for pid in "${senders[@]}" "${tcp[@]}"; do
		wait "$pid" || fail "data between the machines"
	done
	barrier
	settled "/tmp/udp.10.77.0.$me" "/tmp/udp.fd77::$me"
	kill "${udp[@]}" 2>/dev/null || true
	wait "${udp[@]}" 2>/dev/null || true
	for at in "10.77.0.$me" "fd77::$me"; do
		check_udp "/tmp/udp.$at" "$share"
	done
	checks=$((checks + 2))
	barrier
}

one_case()
{
	local outer psk first mtu psk_file=/dev/null extra=() ends

	IFS=- read -r outer psk first mtu <<<"$1"
	[ "$psk" = nopsk ] || psk_file=/root/psk
	tunnel_up "$mtu"
	# Only the one who begins knows where the other is.
	[ "$first" != "$me" ] || extra=(endpoint "$(outer_address "$outer" "$other"):51820")
	wg set wg0 listen-port 51820 private-key "$own_key" peer "$other_pub" \
		preshared-key "$psk_file" allowed-ips "10.77.0.$other/32,fd77::$other/128" \
		"${extra[@]}"
	barrier
	if [ "$first" = "$me" ]; then
		want "$1: ping" ping -q -c 3 -i 0.3 -W 20 "10.77.0.$other"
		want "$1: ping over IPv6" ping -q -c 3 -i 0.3 -W 20 "fd77::$other"
		# The largest that fits, whole; and larger ones, in fragments.
		want "$1: full-size ping" ping -q -M "do" -c 2 -i 0.3 -W 20 -s $((mtu - 28)) "10.77.0.$other"
		want "$1: fragmented ping" ping -q -c 2 -i 0.3 -W 20 -s $((mtu + 500)) "fd77::$other"
	fi
	barrier
	[ "$(wg show wg0 latest-handshakes | cut -f 2)" != 0 ] || fail "$1: no handshake"
	ends=$(wg show wg0 endpoints | cut -f 2)
	want_equal "$1: endpoint" "$ends" "$(outer_address "$outer" "$other"):51820"

	all_at_once 95
	# A bad network: what TCP carries must be whole all the same.
	tc qdisc add dev eth0 root netem limit 5000 delay 4ms 2ms loss 1% duplicate 2% reorder 10% 50%
	all_at_once 90
	tc qdisc del dev eth0 root

	# The first machine moves: another address, another port. It is followed as
	# soon as it has sent something that is authentic.
	if [ "$first" = "$me" ]; then
		if [ "$outer" = 4 ]; then
			ip addr del "10.99.0.$me/24" dev eth0
			ip addr add "10.99.0.10$me/24" dev eth0
			ip addr add "10.99.0.$me/24" dev eth0
		else
			ip -6 addr add "fd99::10$me/64" dev eth0 nodad
			ip -6 addr del "fd99::$me/64" dev eth0
		fi
		wg set wg0 listen-port 51999
		want "$1: ping after moving" ping -q -c 2 -i 0.3 -W 20 "10.77.0.$other"
	fi
	barrier
	if [ "$first" != "$me" ]; then
		ends=$(wg show wg0 endpoints | cut -f 2)
		want_equal "$1: endpoint after moving" "$ends" \
			"$(outer_address "$outer" "10$other"):51999"
		want "$1: ping back" ping -q -c 2 -i 0.3 -W 20 "fd77::$other"
	fi
	barrier
	if [ "$first" = "$me" ]; then
		if [ "$outer" = 4 ]; then
			ip addr flush to 10.99.0.0/24 dev eth0
			ip addr add "10.99.0.$me/24" dev eth0
		else
			ip -6 addr add "fd99::$me/64" dev eth0 nodad
			ip -6 addr del "fd99::10$me/64" dev eth0
		fi
	fi
	barrier
	tunnel_down
	echo "$1: done"
}

# Keys are replaced after 120 seconds without losing a packet: rekey-OUTER-FIRST. Whoever
# begins has the keys replaced too; so with "2" the driver of machine 1 is the responder.
rekey_case()
{
	local name=$1 outer first before after extra=() feeder taker

	IFS=- read -r _ outer first <<<"$name"
	tunnel_up 1420
	[ "$first" != "$me" ] || extra=(endpoint "$(outer_address "$outer" "$other"):51820")
	wg set wg0 listen-port 51820 private-key "$own_key" peer "$other_pub" \
		preshared-key /root/psk allowed-ips "10.77.0.$other/32,fd77::$other/128" "${extra[@]}"
	barrier
	if [ "$first" = "$me" ]; then
		want "$name: first ping" ping -q -c 1 -W 20 "10.77.0.$other"
	fi
	barrier
	before=$(wg show wg0 latest-handshakes | cut -f 2)
	[ "$before" != 0 ] || fail "$name: no handshake"
	# Data both ways all the time, checked as a whole.
	timeout 300 ncat -l "fd77::$me" 5010 --recv-only >/tmp/slow &
	taker=$!
	sleep 1
	barrier
	for ((i = 0; i < 135; i++)); do
		head -c $(((i + 1) * 7000)) /root/data | tail -c 7000
		sleep 1
	done | ncat -w 200s --send-only "fd77::$other" 5010 &
	feeder=$!
	if [ "$first" = "$me" ]; then
		ping -q -i 0.25 -c 520 "10.77.0.$other" >/tmp/ping ||
			{ cat /tmp/ping; fail "$name: ping"; }
		grep -q '520 received' /tmp/ping ||
			{ cat /tmp/ping; fail "$name: packets were lost"; }
		checks=$((checks + 1))
	fi
	wait $feeder || fail "$name: sending"
	wait $taker || fail "$name: receiving"
	head -c 945000 /root/data | cmp - /tmp/slow || fail "$name: data changed on its way"
	after=$(wg show wg0 latest-handshakes | cut -f 2)
	[ "$((after - before))" -ge 115 ] || fail "$name: no new handshake ($before, $after)"
	checks=$((checks + 2))
	barrier 400
	tunnel_down
	echo "$name: done"
}

for c in $3; do
	case $c in
	rekey-*) rekey_case "$c" ;;
	*) one_case "$c" ;;
	esac
done
[ "$kind" = go ] || the_driver_is "$kind"
echo "$checks checks"
