# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# The groups of work items. Each is called as GROUP NUMBER, with $side, $round and
# $outer (4 or 6) set, and says what it measured. Sourced by guest.sh.

# say ITEM VALUE
say()
{
	[ "$outer" = 4 ] || set -- "v6-$1" "$2"
	echo "$1 $side $round $2" >>"$BENCH_OUT"
}

# iperf ARGS...: bits per second that arrived
iperf()
{
	in_a iperf3 -J -c "$target" -t 1 "$@" >/run/bench/iperf.json
	sed -n '/"sum_received"/,/}/ s/.*"bits_per_second":[^0-9]*\([0-9]*\).*/\1/p' \
		/run/bench/iperf.json | head -n 1
}

iperf_server()
{
	ip netns exec b iperf3 -s -D
	sleep 0.3
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

user_udp()
{
	in_a "$user" udp /run/netns/b "$target" "$1" "$ms"
}

# Of what oneway and roundtrip print: least, 50 %, 90 %, 99 %, 99.9 %, most, count.
say_latency()
{
	local item=$1 least p50 p90 p99 p999 rest
	shift

	# shellcheck disable=SC2034
	read -r least p50 p90 p99 p999 rest < <(in_a "$user" kernel "$@")
	say "$item" "$p50"
	say "$item-p90" "$p90"
	say "$item-p99" "$p99"
	say "$item-p999" "$p999"
}

# latency [PREFIX] [SUFFIX]: of at most so many packets, for at most so long
latency()
{
	say_latency "${1:-}oneway${2:-}" oneway @/run/netns/b "$target" 64 \
		$((ms * 4)) 100 $((ms * 2))
	say_latency "${1:-}roundtrip${2:-}" roundtrip "$target" 64 $((ms * 4)) 100 $((ms * 2))
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

basic()
{
	local size

	hosts "$side" "$outer"
	say tcp-1 "$(tcp 1)"
	say tcp-8 "$(tcp 8)"
	for size in 64 512 1380; do
		[ $size != 512 ] || measured sizes || continue
		say udp-$size "$(udp $size 1)"
		! measured sizes || say udp-$size-gso "$(udp $size 40)"
	done
	latency
	case $side in
	go|ovpn)
		iperf_server
		say iperf-1 "$(iperf)"
		say udp-1380-user "$(user_udp 1380)"
		gone "$side"
		return ;;
	esac
	with_load latency "" -load
	if measured user; then
		for size in 64 512 1380; do
			say udp-$size-user "$(user_udp $size)"
		done
		iperf_server
		say iperf-1 "$(iperf)"
		say iperf-8 "$(iperf -P 8)"
		say ping "$(in_a ping -q -f -c 2000 "$target" |
			sed -n 's|^rtt [^=]*= \([0-9.]*\)/.*|\1|p')"
	fi
	if measured nic; then
		like_nic
		say nic-tcp-1 "$(tcp 1)"
		say nic-tcp-8 "$(tcp 8)"
		say nic-udp-64 "$(udp 64 1)"
		say nic-udp-1380 "$(udp 1380 1)"
		latency nic-
	fi
	if measured lossy; then
		in_a tc qdisc add dev vab root netem loss 0.1% delay 20ms limit 20000
		say lossy-tcp-1 "$(tcp 1)"
		say lossy-tcp-8 "$(tcp 8)"
	fi
	gone "$side"
}

# Is it wanted, and does this side have it?
measured()
{
	case $side in
	go|ovpn) return 1 ;;
	esac
	wanted "$1"
}

forward()
{
	chain "$side" "$outer"
	say forward-tcp-1 "$(tcp 1)"
	say forward-tcp-8 "$(tcp 8)"
	say forward-udp-64 "$(udp 64 1)"
	gone "$side"
}

# One device that has $1 peers, each a device of its own at the other host.
active()
{
	local nr=$1 i ready=0

	namespace a
	namespace b
	wire a b 0
	load "drivers/net/$side/$side"
	tunnel a wg1 "$input/hub.key" 1001 172.16.0.1/12
	for ((i = 1; i <= nr; i++)); do
		echo "link add w$i type wireguard"
	done >/run/bench/links
	ip -n b -b /run/bench/links
	ip netns exec b "$user" devices "$input/active.bin" "$(cat "$input/hub.hex")" \
		"$(at 0 1 "$outer")" "$nr" >/dev/null
	for ((i = 1; i <= nr; i++)); do
		echo "addr add 172.17.$((i >> 8)).$((i & 255))/32 dev w$i"
		echo "link set w$i mtu 1420 up"
	done >/run/bench/links
	ip -n b -b /run/bench/links
	head -n $((4 * nr)) "$input/active.conf" |
		sed "s/OUTER/$(endpoint 0 2 "$outer" "" | sed 's/:$//')/" >/run/bench/active.conf
	in_a wg addconf wg1 /run/bench/active.conf
	reach a "$(at 0 2 "$outer")"
	# So slowly that no side asks for cookies. A lost one is sent again after 5 s.
	in_a "$user" kernel udp @/run/netns/b 172.17.0.1 64 1 0 "$nr" 500 >/dev/null
	for ((i = 0; ready < nr; i++)); do
		[ $i -lt 300 ] || fail "$side: $ready of $nr peers have sessions"
		sleep 0.2
		ready=$(in_a wg show wg1 latest-handshakes | awk '$2 { n++ } END { print n + 0 }')
	done
	say "active-$nr" "$(in_a "$user" kernel udp @/run/netns/b 172.17.0.1 64 1 "$ms" "$nr" |
		cut -d ' ' -f 1)"
	ip netns del b
	gone "$side"
}

# A responder that knows all of $input/initiators.conf, and ways back to them.
responding()
{
	b_key=$input/responder.key b_pub=$input/responder.pub
	hosts "$side" "$outer"
	b_key=/run/bench/b.key b_pub=/run/bench/b.pub
	ip netns exec b wg addconf wg2 "$input/initiators.conf"
	ip -n a route add local 10.1.0.0/16 dev lo
	ip -n a -6 route add local fd01::/32 dev lo
	ip -n b route add 10.1.0.0/16 via 10.0.0.1
	ip -n b -6 route add fd01::/32 via fd00:0::1
}

# handshakes FILE FIRST [MS]: two thousand of them
handshakes()
{
	in_a "$user" kernel handshakes @"$input/$1.bin" "$(at 0 2 "$outer")" 1002 \
		"$2" 2000 256 1000 "${3:-$((ms * 10))}" "$(cat "$input/responder.hex")"
}

# Handshakes, alone and while junk comes in; and what is left of TCP meanwhile.
responder()
{
	local rate answered cookies

	responding
	read -r rate answered cookies < <(handshakes initiations 0 30000)
	[ "$answered" -ge 1990 ] || fail "$side: $answered of 2000 initiations were answered"
	say handshakes "$rate"
	# Nobody may come more often than 20 times a second.
	sleep 0.1
	read -r rate answered cookies < <(handshakes again 0 30000)
	[ "$answered" -ge 1990 ] || fail "$side: $answered of 2000 were answered again"
	say again-handshakes "$rate"
	in_a "$user" kernel flood "$(at 0 2 "$outer")" 1002 20000 600000 \
		"$(cat "$input/flood.hex")" >/dev/null 2>&1 &
	sleep 0.3
	say flood-tcp-1 "$(tcp 1)"
	read -r rate answered cookies < <(handshakes initiations 2000)
	say flood-handshakes "$rate"
	say flood-cookies "$cookies"
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

# In KB: all that is in use, Slab, Percpu, KernelStack; and the number of threads.
memory()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.3
	awk '{ kb[$1] = $2 }
	     END { print kb["MemTotal:"] - kb["MemFree:"] - kb["Cached:"] - kb["Buffers:"],
			 kb["Slab:"], kb["Percpu:"], kb["KernelStack:"] }' /proc/meminfo
	sed 's|.*/\([0-9]*\) .*|\1|' /proc/loadavg
}

# Peers that do nothing, $1 of them.
idle()
{
	local nr=$1 before after i

	load "drivers/net/$side/$side"
	ip link add wg0 type wireguard
	ip link set wg0 up
	mapfile -t before < <(memory | tr ' ' '\n')
	say "peers-setconf-$nr" "$(milliseconds wg setconf wg0 "/run/bench/peers-$nr-$outer.conf")"
	mapfile -t after < <(memory | tr ' ' '\n')
	i=0
	for what in memory slab percpu stack; do
		say "peers-$what-$nr" $(((after[i] - before[i]) * 1024 / nr))
		i=$((i + 1))
	done
	say "peers-threads-$nr" $((after[4] - before[4]))
	# Once without counting, for wg itself.
	wg show wg0 dump >/dev/null
	say "peers-dump-$nr" "$(milliseconds wg show wg0 dump)"
	say "peers-delete-$nr" "$(milliseconds ip link del wg0)"
	until rmmod "$side" 2>/dev/null; do
		[ $((i++)) -lt 100 ] || fail "$side cannot be unloaded"
		sleep 0.1
	done
}

idle_files()
{
	local nr

	for nr in $BENCH_PEERS; do
		python3 - "$nr" /run/bench/a.key "/run/bench/peers-$nr" <<-'PYTHON'
		import base64, hashlib, sys
		number, key, name = int(sys.argv[1]), open(sys.argv[2]).read(), sys.argv[3]
		with open(name + "-4.conf", "w") as v4, open(name + "-6.conf", "w") as v6:
		    for out in v4, v6:
		        out.write("[Interface]\nPrivateKey = %sListenPort = 1001\n" % key)
		    for n in range(number):
		        key = bytearray(hashlib.sha256(b"%d" % n).digest())
		        key[31] &= 0x7f
		        peer = ("[Peer]\nPublicKey = %s\nAllowedIPs = 10.%d.%d.%d/32\n"
		                % (base64.b64encode(bytes(key)).decode(), n >> 16, n >> 8 & 255,
		                   n & 255))
		        v4.write(peer)
		        if number <= 20000:
		            v6.write(peer + "Endpoint = [fd00:0::2]:1002\n")
		PYTHON
	done
}

lookups()
{
	local count=$1 kind rate bytes rest six=

	[ "$outer" = 4 ] || six=6
	for kind in random internet; do
		# shellcheck disable=SC2034
		read -r rate bytes rest < <("$user" kernel lookup "$side" \
			"@$input/$kind$six-$count" "$count" 200)
		say "lookup-$kind-$count" "$rate"
		[ "$count" -lt 100000 ] || say "bytes-$kind-$count" "$bytes"
	done
}
