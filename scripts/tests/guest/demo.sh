#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One of the two hosts of scripts/demo: demo.sh 1|2 MODULE

# shellcheck source-path=SCRIPTDIR source=lib.sh disable=SC2119
. /root/lib.sh
module=$2

# A heading comes before anything that either host has to say below it.
step()
{
	barrier
	[ "$me" = 2 ] || printf '=== %s\n' "$*"
	barrier
}

run()
{
	printf '$ %s\n' "$*"
	"$@" || fail "$*"
}

# A line of text to the other host over the bare cable.
tell()
{
	until_ok 30 ncat --send-only "10.98.0.$other" 6000 <<<"$1" || fail "cannot reach the other host"
}

pair_up "$1"
cd /tmp
umask 077

step "Two hosts on one cable, Linux $(uname -r)"
the_driver_is "$module"
run ip -brief addr show dev eth0 to 10.99.0.0/24
echo "driver: $(modinfo -F description "$module")"

step "Keys: each host makes its own, only the public ones travel"
wg genkey >private
wg pubkey <private >public
printf '$ wg genkey | tee private | wg pubkey\n%s\n' "$(cat public)"
timeout 60 ncat -l 6000 --recv-only >other.public &
tell "$(cat public)"
wait
[ "$(wc -c <other.public)" -eq 45 ] || fail "the other host's public key did not come"

step "A tunnel"
run ip link add wg0 type wireguard
run ip addr add "10.77.0.$me/24" dev wg0
run ip addr add "fd77::$me/64" dev wg0
set -- private-key private listen-port 51820 peer "$(cat other.public)" \
	allowed-ips "10.77.0.$other/32,fd77::$other/128"
# Only the first host knows where the second one is; that one learns it.
[ "$me" = 2 ] || set -- "$@" endpoint "10.99.0.$other:51820"
run wg set wg0 "$@"
run ip link set wg0 up

step "Ping through it"
if [ "$me" = 1 ]; then
	sleep 1
	run ping -c 3 -i 0.3 -W 20 10.77.0.2 | grep -v '^$' | sed 's/ time=.*//; s/, time.*//; /^rtt/d'
	run ping -c 3 -i 0.3 -W 20 fd77::2 | grep -v '^$' | sed 's/ time=.*//; s/, time.*//; /^rtt/d'
fi

step "A TCP transfer"
if [ "$me" = 2 ]; then
	iperf3 -s -1 -B 10.77.0.2 >/dev/null 2>&1 &
	server=$!
	# Port 5201, listening
	until_ok 60 grep -q ':1451 00000000:0000 0A' /proc/net/tcp || fail iperf3
fi
barrier
if [ "$me" = 1 ]; then
	printf '$ iperf3 -c 10.77.0.2 -n 16M\n'
	iperf3 -c 10.77.0.2 -n 16M -f m >iperf 2>&1 || { cat iperf; fail iperf3; }
	grep -E 'sender|receiver' iperf >ends
	if grep -q 'QEMU TCG' /proc/cpuinfo; then
		# How fast an emulated processor is says nothing.
		sed -E 's/^\[ *[0-9]+\] +[0-9.]+-[0-9.]+ +sec +//; s/ +[0-9.]+ Mbits\/sec//' ends
		echo "(no speed: these hosts are emulated)"
	else
		cat ends
	fi
else
	wait "$server" || fail iperf3
fi

step "What wg(8) has to say"
run wg show
barrier
ip link del wg0
echo "$checks checks"
