#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Bug classes that show when things happen at the same time, or do not work out:
#	churn.sh SECONDS CLASS...

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /root/lib.sh
seconds=$1
shift
the_driver_is culvert

# a, b: namespaces; wg0 in each, over a pair of veths; 10.2.0.1|2, fd02::1|2 inside.
make_pair()
{
	ka=$(wg genkey) kb=$(wg genkey)
	pa=$(wg pubkey <<<"$ka") pb=$(wg pubkey <<<"$kb")
	ip netns add a
	ip netns add b
	ip -n a link add v type veth peer name v netns b
	ip -n a addr add 10.1.0.1/24 dev v
	ip -n b addr add 10.1.0.2/24 dev v
	ip -n a link set v up
	ip -n b link set v up
	ip -n a link set lo up
	ip -n b link set lo up
	ip -n a link add wg0 type wireguard
	ip -n b link add wg0 type wireguard
	ip netns exec a wg set wg0 listen-port 1 private-key <(echo "$ka") \
		peer "$pb" endpoint 10.1.0.2:1 allowed-ips 10.2.0.2/32,fd02::2/128
	ip netns exec b wg set wg0 listen-port 1 private-key <(echo "$kb") \
		peer "$pa" endpoint 10.1.0.1:1 allowed-ips 10.2.0.1/32,fd02::1/128
	ip -n a addr add 10.2.0.1/24 dev wg0
	ip -n b addr add 10.2.0.2/24 dev wg0
	ip -n a addr add fd02::1/64 dev wg0 nodad
	ip -n b addr add fd02::2/64 dev wg0 nodad
	ip -n a link set wg0 up
	ip -n b link set wg0 up
	until_ok 60 ip netns exec a ping -q -c 1 -W 5 10.2.0.2 || fail "no ping between a and b"
}

drop_pair()
{
	ip netns del a
	ip netns del b
}

traffic=()

# Both ways, both families, small and large, until it is stopped.
start_traffic()
{
	local i
	ip netns exec b iperf3 -s -p 7001 >/dev/null 2>&1 &
	traffic=($!)
	for i in 1 2; do
		ip netns exec a ping -q -i 0.002 10.2.0.2 >/dev/null 2>&1 &
		traffic+=($!)
		ip netns exec b ping -q -i 0.002 -s 1300 fd02::1 >/dev/null 2>&1 &
		traffic+=($!)
	done
	(while :; do ip netns exec a iperf3 -c 10.2.0.2 -p 7001 -t 3600 -P 2 --bidir; sleep 0.2; done) \
		>/dev/null 2>&1 &
	traffic+=($!)
}

stop_traffic()
{
	kill "${traffic[@]}" 2>/dev/null || true
	pkill iperf3 2>/dev/null || true
	wait "${traffic[@]}" 2>/dev/null || true
}

still_works()
{
	until_ok 90 ip netns exec a ping -q -c 1 -W 5 10.2.0.2 || fail "$1: no ping afterwards"
	until_ok 90 ip netns exec b ping -q -c 1 -W 5 fd02::1 || fail "$1: no ping back"
	checks=$((checks + 2))
}

# Objects of a slab cache that are in use. Those that CPUs keep at hand are given back first.
objects()
{
	local n

	echo 1 >"/sys/kernel/slab/$1/shrink"
	n=$(awk -v name="$1" '$1 == name { print $2 }' /proc/slabinfo)
	[ -n "$n" ] || fail "there is no slab cache $1: this needs slab_nomerge"
	echo "$n"
}

# What network namespaces, devices and sockets of ours leave behind if something holds on.
kept=(net_namespace culvert_peer culvert_session)
count_kept()
{
	local cache

	for cache in "${kept[@]}"; do
		printf '%s %s\n' "$cache" "$(objects "$cache")"
	done
}

same_kept()
{
	ip netns add another
	ip netns del another
	sleep 1
	count_kept >/tmp/kept.now
	awk 'NR == FNR { was[$1] = $2; next } $2 > was[$1] { more = 1 } END { exit more }' \
		/tmp/kept "/tmp/kept.now"
}

# What is there before the test, once it does not change any more.
settle()
{
	local i

	for i in 1 2 3 4; do
		ip netns add another
		ip netns del another
		sleep 1
	done
	count_kept >/tmp/kept
}

# Namespaces are taken apart in the background, and the kernel frees the last one when another
# goes.
nothing_kept()
{
	until_ok 60 same_kept || fail "$1: there were $(tr '\n' ' ' </tmp/kept)and now $(tr '\n' ' ' </tmp/kept.now)"
	checks=$((checks + ${#kept[@]}))
}

# Trains are spilled to other CPUs although no CPU has that much to do: more than every
# other call of crypt_loaded() says so. What is spilled waits for a CPU that is busy.
inject=/sys/kernel/debug/fail_function
tracing=/sys/kernel/tracing
hogs=()

start_spills()
{
	local i

	[ -e $inject/inject ] || return 1
	echo crypt_loaded >$inject/inject || fail "crypt_loaded() cannot be injected"
	printf %#x 1 >$inject/crypt_loaded/retval
	echo 0 >$inject/verbose
	echo 60 >$inject/probability
	echo 1 >$inject/interval
	echo -1 >$inject/times
	echo >$tracing/trace
	echo spilled==1 >$tracing/events/culvert/culvert_train/filter
	echo 1 >$tracing/events/culvert/culvert_train/enable
	for i in queue_work execute_start; do
		echo 'function == "crypt_work"' >$tracing/events/workqueue/workqueue_$i/filter 2>/dev/null || true
		echo 1 >$tracing/events/workqueue/workqueue_$i/enable
	done
	hogs=()
	for i in /sys/devices/system/cpu/cpu[0-9]*; do
		(taskset -c "${i##*cpu}" bash -c 'while :; do :; done') &
		hogs+=($!)
	done
}

# stop_spills TRAINS: that many must have been spilled, and some of them must have waited.
stop_spills()
{
	local i spilled longest

	kill "${hogs[@]}" 2>/dev/null || true
	wait "${hogs[@]}" 2>/dev/null || true
	echo 0 >$inject/probability
	echo >$inject/inject
	echo 0 >$tracing/events/culvert/culvert_train/enable
	echo 0 >$tracing/events/culvert/culvert_train/filter
	for i in queue_work execute_start; do
		echo 0 >$tracing/events/workqueue/workqueue_$i/enable
		echo 0 >$tracing/events/workqueue/workqueue_$i/filter
	done
	cat $tracing/trace >/tmp/trace
	spilled=$(grep -c 'culvert_train:.*spilled' /tmp/trace || true)
	# Microseconds from where a work item is queued to where it is run.
	longest=$(awk '!/workqueue_/ || !/crypt_work/ { next }
		{ for (i = 1; i < NF; i++) if ($i ~ /^[0-9]+\.[0-9]+:$/) t = $i + 0
		  match($0, /work struct[= ]*[0-9a-fx]+/); w = substr($0, RSTART, RLENGTH)
		  sub(/.*[= ]/, "", w) }
		/workqueue_queue_work/ { at[w] = t; next }
		(w in at) { d = (t - at[w]) * 1000000; if (d > most) most = d; delete at[w] }
		END { printf "%d", most }' /tmp/trace)
	echo "$spilled trains in the trace were spilled, one waited for $longest us"
	[ "$spilled" -ge "$1" ] || fail "only $spilled trains were spilled"
	[ "$longest" -ge 500 ] || fail "none of them waited: $longest us at most"
	echo >$tracing/trace
	checks=$((checks + 2))
}

# Keys, peers, allowed IPs, ports and endpoints change under traffic, from two sides. What
# is under way is late: on the link, and where it can be made so, between the CPUs.
replace_remove_race()
{
	local end n=0 pids=() pid k spills=''

	make_pair
	ip netns exec a tc qdisc add dev v root netem limit 10000 delay 2ms 2ms
	ip netns exec b tc qdisc add dev v root netem limit 10000 delay 1ms 1ms
	! start_spills || spills=1
	start_traffic
	end=$((SECONDS + seconds))
	(
		while [ "$SECONDS" -lt "$end" ]; do
			ip netns exec a wg set wg0 peer "$pb" remove
			ip netns exec a wg set wg0 peer "$pb" endpoint 10.1.0.2:1 \
				allowed-ips 10.2.0.2/32,fd02::2/128 persistent-keepalive 1
			ip netns exec a wg set wg0 private-key <(wg genkey)
			ip netns exec a wg set wg0 private-key <(echo "$ka")
			ip netns exec a wg set wg0 peer "$pb" preshared-key <(wg genpsk)
			ip netns exec a wg set wg0 peer "$pb" preshared-key /dev/null
		done
	) &
	pids+=($!)
	(
		k=$(wg genkey | wg pubkey)
		while [ "$SECONDS" -lt "$end" ]; do
			# The prefix goes to another peer and comes back.
			ip netns exec b wg set wg0 peer "$k" allowed-ips 10.2.0.1/32,fd02::1/128
			ip netns exec b wg set wg0 peer "$pa" allowed-ips 10.2.0.1/32,fd02::1/128
			ip netns exec b wg set wg0 peer "$k" remove
			ip netns exec b wg set wg0 listen-port 0
			ip netns exec b wg set wg0 listen-port 1
			ip netns exec b wg set wg0 fwmark 7
			ip netns exec b wg set wg0 fwmark 0
		done
	) &
	pids+=($!)
	(
		while [ "$SECONDS" -lt "$end" ]; do
			ip -n b link set wg0 mtu $((1280 + RANDOM % 140))
			ip -n b link set wg0 down
			ip -n b link set wg0 up
			ip -n b addr replace fd02::2/64 dev wg0 nodad
			sleep 0.3
		done
	) &
	pids+=($!)
	while [ "$SECONDS" -lt "$end" ]; do
		ip netns exec a wg show wg0 dump >/dev/null
		ip netns exec b wg show wg0 dump >/dev/null
		n=$((n + 1))
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a change was refused"
	done
	ip netns exec b wg set wg0 listen-port 1
	[ -z "$spills" ] || stop_spills 5
	still_works "replace/remove race"
	stop_traffic
	drop_pair
	echo "$n dumps"
	checks=$((checks + n))
}

# base64 of points of low order, and of what is not reduced.
low_order()
{
	local hex
	for hex in 0000000000000000000000000000000000000000000000000000000000000000 \
		0100000000000000000000000000000000000000000000000000000000000000 \
		e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800 \
		5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157 \
		ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f \
		edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f \
		eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f; do
		printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")" | base64
	done
}

# The device's key changes while handshakes run, with peers of impossible keys too.
lock_order_deadlock()
{
	local end i=0 n=0 k ka2 pa2

	make_pair
	ka2=$(wg genkey)
	pa2=$(wg pubkey <<<"$ka2")
	ip netns exec b wg set wg0 peer "$pa2" endpoint 10.1.0.1:1 allowed-ips 10.2.9.1/32
	low_order | while read -r k; do
		i=$((i + 1))
		ip netns exec a wg set wg0 peer "$k" endpoint "10.1.0.2:$i" \
			allowed-ips "10.4.$i.0/24" persistent-keepalive 1
		ip netns exec b wg set wg0 peer "$k" endpoint "10.1.0.1:1" \
			allowed-ips "10.4.$i.0/24" persistent-keepalive 1
		ip -n a route add "10.4.$i.0/24" dev wg0
	done
	start_traffic
	end=$((SECONDS + seconds))
	while [ "$SECONDS" -lt "$end" ]; do
		for i in 1 2 3 4 5 6 7; do
			ip netns exec a ping -q -c 1 -W 0.01 "10.4.$i.1" >/dev/null 2>&1 || true
		done
		ip netns exec a wg set wg0 private-key <(echo "$ka2")
		# Our own key as a peer's: that one goes.
		ip netns exec a wg set wg0 peer "$pa" allowed-ips 10.5.0.0/24
		ip netns exec a wg set wg0 private-key <(echo "$ka")
		ip netns exec a wg set wg0 private-key <(low_order | head -n 1)
		ip netns exec a wg set wg0 private-key <(echo "$ka")
		n=$((n + 1))
	done
	low_order | sort -u >/tmp/low
	want_equal "low-order peers are still there" \
		"$(ip netns exec a wg show wg0 peers | grep -cxF -f /tmp/low)" 7
	ip netns exec a wg show wg0 latest-handshakes | grep -F -f /tmp/low | cut -f 2 |
		sort -u >/tmp/never
	want_equal "and never had a handshake" "$(cat /tmp/never)" 0
	still_works "lock-order deadlock"
	stop_traffic
	drop_pair
	echo "$n rounds of keys"
	checks=$((checks + n))
}

# Dumps go on while what they stand at goes.
dump_against_removal()
{
	local end i n=0 pids=() keys

	ip link add wg0 type wireguard
	keys=$(for ((i = 0; i < 120; i++)); do head -c 32 /dev/urandom | base64; done)
	awk '{ printf "[Peer]\nPublicKey = %s\nAllowedIPs = ", $1
	       for (j = 0; j < 40; j++) printf "%s10.%d.%d.0/24", j ? "," : "", NR, j
	       print "" }' <<<"$keys" >/tmp/all
	end=$((SECONDS + seconds))
	for i in 1 2 3; do
		while [ "$SECONDS" -lt "$end" ]; do
			wg show wg0 dump >/dev/null 2>&1 || true
			wg show all allowed-ips >/dev/null 2>&1 || true
		done &
		pids+=($!)
	done
	while [ "$SECONDS" -lt "$end" ]; do
		wg addconf wg0 /tmp/all
		wg set wg0 peer "$(shuf -n 1 <<<"$keys")" remove
		wg set wg0 peer "$(shuf -n 1 <<<"$keys")" allowed-ips ""
		[ $((n % 3)) -ne 0 ] || wg setconf wg0 /dev/null
		[ $((n % 7)) -ne 0 ] || { ip link del wg0; ip link add wg0 type wireguard; }
		n=$((n + 1))
	done
	wait "${pids[@]}"
	ip link del wg0
	echo "$n changes"
	checks=$((checks + n))
}

# Namespaces with traffic go, several at once, in any order; nothing of them stays.
namespace_teardown_hang()
{
	local end n=0 i pids pid

	# Whatever is made once for all comes first.
	one_namespace n0 0
	settle
	end=$((SECONDS + seconds))
	while [ "$SECONDS" -lt "$end" ]; do
		pids=()
		for i in 1 2 3 4; do
			one_namespace "n$i" $((n + i)) &
			pids+=($!)
		done
		for pid in "${pids[@]}"; do
			wait "$pid" || fail "a namespace"
		done
		n=$((n + 4))
	done
	nothing_kept "namespaces that have gone"
	# A module that is still used by a device or a socket cannot go.
	want "unloading the driver" rmmod culvert
	want "loading it again" modprobe culvert
	echo "$n namespaces"
	checks=$((checks + n))
}

# Devices, namespaces and cached routes that hold each other: a device in one namespace with
# its sockets in another, whose device has its sockets in the first; sessions through both.
circular_references()
{
	local end n=0

	ring 0
	settle
	end=$((SECONDS + seconds))
	while [ "$SECONDS" -lt "$end" ] || [ "$n" -lt 4 ]; do
		ring $((n % 4))
		n=$((n + 1))
	done
	nothing_kept "devices that held each other"
	echo "$n rings"
	checks=$((checks + n))
}

# ring ORDER: x0 and x1 are made in r0 and r1 and change places; each is the way to the
# endpoint of the other one's second peer.
ring()
{
	local keys=() publics=() i ns

	for i in 0 1; do
		keys[i]=$(wg genkey)
		publics[i]=$(wg pubkey <<<"${keys[i]}")
		ip netns add "r$i"
		ip -n "r$i" link set lo up
		ip -n "r$i" link add "x$i" type wireguard
	done
	ip -n r0 link add v type veth peer name v netns r1
	for i in 0 1; do
		ns=r$i
		ip -n $ns addr add "10.1.0.$i/31" dev v
		ip -n $ns link set v up
		# From here on the sockets are in the other namespace.
		ip -n $ns link set "x$i" netns "r$((1 - i))"
	done
	for i in 0 1; do
		ns=r$((1 - i))
		ip netns exec $ns wg set "x$i" listen-port 7 private-key <(echo "${keys[i]}") \
			peer "${publics[1 - i]}" endpoint "10.1.0.$((1 - i)):7" \
			allowed-ips "10.2.0.$((1 - i))/32,10.3.0.0/16" \
			peer "$(wg genkey | wg pubkey)" endpoint 10.3.0.1:7 allowed-ips 10.4.0.0/16
		ip -n $ns addr add "10.2.0.$i/32" dev "x$i"
		ip -n $ns link set "x$i" up
		ip -n $ns route add "10.2.0.$((1 - i))/32" dev "x$i"
		ip -n $ns route add 10.3.0.0/16 dev "x$i"
		ip -n $ns route add 10.4.0.0/16 dev "x$i"
	done
	until_ok 60 ip netns exec r1 ping -q -c 1 -W 5 10.2.0.1 || fail "no ping in the ring"
	for i in 0 1; do
		ip netns exec "r$((1 - i))" ping -q -c 3 -i 0.002 -W 0.1 10.4.0.1 >/dev/null 2>&1 || true
	done
	case $1 in
	0) ip netns del r0; ip netns del r1 ;;
	1) ip netns del r1; ip netns del r0 ;;
	2) ip netns del r0 & ip netns del r1; wait $! ;;
	3) ip -n r0 link del x1; ip netns del r1; ip netns del r0 ;;
	esac
}

one_namespace()
{
	local ns=$1 i pings

	ip netns add "$ns"
	ip netns add "$ns-o"
	ip -n "$ns" link set lo up
	# Circular references: the outer way leads through the device itself.
	ip -n "$ns" link add wg0 type wireguard
	ip -n "$ns" link add wg1 type wireguard
	ip netns exec "$ns" wg set wg0 listen-port 1 private-key <(wg genkey) \
		peer "$(wg genkey | wg pubkey)" endpoint 10.9.1.1:2 allowed-ips 10.9.0.0/24
	ip netns exec "$ns" wg set wg1 listen-port 2 private-key <(wg genkey) \
		peer "$(wg genkey | wg pubkey)" endpoint 10.9.0.1:1 allowed-ips 10.9.1.0/24
	ip -n "$ns" addr add 10.9.0.2/24 dev wg0
	ip -n "$ns" addr add 10.9.1.2/24 dev wg1
	ip -n "$ns" link set wg0 up
	ip -n "$ns" link set wg1 up
	ip netns exec "$ns" ping -q -i 0.002 10.9.0.1 >/dev/null 2>&1 &
	pings=$!
	sleep 0.2
	case $(($2 % 4)) in
	0) ip -n "$ns" link set wg0 netns "$ns-o"; ip netns del "$ns"; ip netns del "$ns-o" ;;
	1) ip -n "$ns" link set wg0 netns "$ns-o"; ip netns del "$ns-o"; ip netns del "$ns" ;;
	2) ip netns del "$ns"; ip netns del "$ns-o" ;;
	3) ip -n "$ns" link del wg1; ip netns del "$ns-o"; ip netns del "$ns" ;;
	esac
	kill $pings 2>/dev/null || true
}

# Processors come and go under traffic.
cpu_hotplug()
{
	local end n=0 cpu cpus spills=''

	cpus=(/sys/devices/system/cpu/cpu[1-9]*/online)
	[ -w "${cpus[0]}" ] || fail "no processor can be switched off"
	make_pair
	# Trains are on their way to a CPU when it goes.
	! start_spills || spills=1
	start_traffic
	end=$((SECONDS + seconds))
	while [ "$SECONDS" -lt "$end" ]; do
		cpu=${cpus[RANDOM % ${#cpus[@]}]}
		# Now and then the kernel says that it is busy.
		until_ok 20 sh -c "echo 0 >$cpu" || fail "$cpu stays on"
		sleep 0.$((RANDOM % 4))
		until_ok 20 sh -c "echo 1 >$cpu" || fail "$cpu stays off"
		n=$((n + 1))
	done
	[ -z "$spills" ] || stop_spills 20
	still_works "CPU hotplug"
	stop_traffic
	drop_pair
	echo "$n times off and on"
	checks=$((checks + n))
}

# fail_each TEXT RESET STATE COMMAND...: every allocation of it fails once. It may then fail,
# for want of memory and nothing else, or not; at last, when all have had their turn, it
# must succeed. When it fails, what the command STATE prints must be as it was, unless
# STATE is "-": a request about several things may have done some of them.
fail_each()
{
	local text=$1 reset=$2 state=$3 nth failed=0 injected=0 left status other=
	local before after out lost fresh=y
	shift 3

	# device_add() does when there was no memory for a name: netdev_register_kobject().
	[ "$text" != "link add" ] || other='|invalid argument'
	for ((nth = 1; nth < 5000; nth++)); do
		if [ $fresh = y ]; then
			eval "$reset"
			[ "$state" = - ] || before=$(eval "$state" 2>&1) || true
		fi
		fresh=y
		: >/tmp/left
		status=0
		timeout 60 env FAIL_NTH=$nth FAIL_LEFT=/tmp/left LD_PRELOAD=/root/fail-nth.so \
			"$@" >/tmp/out 2>&1 || status=$?
		left=$(</tmp/left)
		out=$(</tmp/out)
		# If there was no memory for the answer, what was asked for may have been done;
		# and some versions of ip wait for that answer all the same.
		lost=n
		[[ ${out,,} != *"no buffer space"* ]] || lost=y
		if [ "$status" = 124 ] && [ $lost = y ]; then
			injected=$((injected + 1)) failed=$((failed + 1))
			continue
		fi
		[ -n "$left" ] || fail "$text: fail-nth does not work ($status): $out"
		[ "$left" != 0 ] || injected=$((injected + 1))
		if [ "$status" != 0 ]; then
			failed=$((failed + 1))
			[ "$left" = 0 ] || break
			# The third is what sock_create() says when there is no inode.
			[[ ${out,,} =~ "cannot allocate memory"|"no buffer space"|"too many open files in system"|"out of memory"$other ]] ||
				fail "$text: allocation $nth failed, and that is called: $out"
			if [ "$state" != - ] && [ $lost = n ]; then
				after=$(eval "$state" 2>&1) || true
				[ "$before" = "$after" ] ||
					fail "$text: allocation $nth failed: $out; yet something has changed:
$before
is now
$after"
				fresh=n
			fi
		fi
		[ "$left" = 0 ] || break
	done
	[ "$status" = 0 ] || fail "$text: fails without a failing allocation: $out"
	[ "$injected" = $((nth - 1)) ] && [ "$injected" -gt 1 ] ||
		fail "$text: $injected of $((nth - 1)) allocations were made to fail"
	# A module that goes must not need memory to.
	[ "$failed" -gt 0 ] || [ "$text" = rmmod ] || fail "$text: no allocation that failed made it fail"
	eval "$reset"
	echo "$text: $injected allocations, $failed errors"
	checks=$((checks + nth))
}

link_state()
{
	ip link show wg0 | sed 's/^[0-9]*: //; s/@[^:]*//'
	ss -Hlun | sort
	wg show wg0 dump | cut -f 1-4,8	# but for what is counted
}

error_path_use_after_free()
{
	local k1 k2 i dir=/sys/kernel/debug

	[ -e $dir/failslab ] || fail "this kernel cannot inject faults"
	echo N >$dir/failslab/ignore-gfp-wait
	echo 1 >$dir/fail_page_alloc/verbose 2>/dev/null || true
	for i in failslab fail_page_alloc; do
		echo 0 >$dir/$i/verbose
	done
	echo N >$dir/fail_page_alloc/ignore-gfp-wait
	echo 0 >$dir/fail_page_alloc/min-order
	k1=$(wg genkey) k2=$(wg genkey | wg pubkey)
	wg genkey >/tmp/key
	wg genpsk >/tmp/psk
	{
		printf '[Interface]\nPrivateKey = %s\nListenPort = 77\nFwMark = 3\n' "$k1"
		for i in 1 2 3 4 5; do
			printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.%d.0.0/16, 10.%d.1.0/24, fd%02d::/64, fd00::%d/128\nEndpoint = 127.0.0.%d:1\nPersistentKeepalive = 5\n' \
				"$(wg genkey | wg pubkey)" $i $i $i $i $i
		done
	} >/tmp/conf

	fail_each "link add" "ip link del wg0 2>/dev/null || true" link_state \
		ip link add wg0 type wireguard
	ip link add wg0 type wireguard
	fail_each "setconf" "wg setconf wg0 /dev/null" - wg setconf wg0 /tmp/conf
	fail_each "link up" "ip link set wg0 down" link_state ip link set wg0 up
	ip link set wg0 up
	fail_each "setconf, up" "wg setconf wg0 /dev/null" - wg setconf wg0 /tmp/conf
	fail_each "set: a new peer" "wg set wg0 peer $k2 remove" link_state wg set wg0 peer "$k2"
	fail_each "set: peer" "wg set wg0 peer $k2 remove" - wg set wg0 peer "$k2" \
		preshared-key /tmp/psk endpoint "[::1]:99" persistent-keepalive 9 \
		allowed-ips 10.77.0.0/16,10.77.1.0/24,10.77.1.1/32,fd77::/64
	fail_each "set: keys and ports" "wg set wg0 listen-port 78 fwmark 0 private-key /dev/null" - \
		wg set wg0 listen-port 79 fwmark 9 private-key /tmp/key
	wg setconf wg0 /tmp/conf
	fail_each "set: port" "wg set wg0 listen-port 78" link_state wg set wg0 listen-port 79
	fail_each "dump" : link_state wg show wg0 dump
	fail_each "set: removal" "wg addconf wg0 /tmp/conf" link_state \
		wg set wg0 peer "$(sed -n 's/^PublicKey = //p' /tmp/conf | head -n 1)" remove
	fail_each "link: mtu" "ip link set wg0 mtu 1300" link_state ip link set wg0 mtu 1400
	# Not the move to another namespace, nor modprobe: the core warns if device_rename(), or
	# event_define_fields() for a tracepoint, finds no memory.
	fail_each "link del" "ip link show wg0 >/dev/null 2>&1 || ip link add wg0 type wireguard" \
		link_state ip link del wg0
	ip link del wg0
	rmmod culvert
	modprobe culvert
	fail_each "rmmod" "modprobe culvert" "lsmod | grep culvert" rmmod culvert
	modprobe culvert
}

# Allocations fail at random while traffic flows and handshakes are made.
error_path_random()
{
	local end i dir=/sys/kernel/debug

	make_pair
	start_traffic
	end=$((SECONDS + seconds))
	# Softirqs as well as processes; and no word about it.
	for i in failslab fail_page_alloc; do
		echo 0 >$dir/$i/verbose
		echo N >$dir/$i/task-filter
		echo -1 >$dir/$i/times
		echo 1 >$dir/$i/probability
		echo 20 >$dir/$i/interval
	done
	echo Y >$dir/failslab/ignore-gfp-wait
	echo Y >$dir/fail_page_alloc/ignore-gfp-wait
	echo 0 >$dir/fail_page_alloc/min-order
	while [ "$SECONDS" -lt "$end" ]; do
		ip netns exec a wg set wg0 private-key <(echo "$ka") 2>/dev/null || true
		ip netns exec a wg set wg0 peer "$pb" remove 2>/dev/null || true
		ip netns exec a wg set wg0 private-key <(echo "$ka") peer "$pb" \
			endpoint 10.1.0.2:1 allowed-ips 10.2.0.2/32,fd02::2/128 2>/dev/null || true
		sleep 0.5 || true
	done
	for i in failslab fail_page_alloc; do
		echo 0 >$dir/$i/probability
	done
	ip netns exec a wg set wg0 private-key <(echo "$ka") peer "$pb" \
		endpoint 10.1.0.2:1 allowed-ips 10.2.0.2/32,fd02::2/128
	still_works "allocations that fail"
	stop_traffic
	drop_pair
}

# tcp_counter NAMESPACE NAME
tcp_counter()
{
	ip netns exec "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}

# Trains that wait on other CPUs: what is behind them goes on, and in order.
lost_wake_up()
{
	local end before after ofo small ns

	make_pair
	start_spills || fail "this kernel cannot inject faults"
	start_traffic
	# As many messages in a train as there can be.
	ip netns exec b iperf3 -s -p 7002 >/dev/null 2>&1 &
	(while :; do ip netns exec a iperf3 -c 10.2.0.2 -p 7002 -u -l 64 -b 0 -t 3600; sleep 0.2; done) \
		>/dev/null 2>&1 &
	small=$!
	end=$((SECONDS + seconds))
	while [ "$SECONDS" -lt "$end" ]; do
		before=$(ip netns exec b wg show wg0 transfer | cut -f 2)
		sleep 3
		after=$(ip netns exec b wg show wg0 transfer | cut -f 2)
		[ "$after" -gt "$before" ] || fail "nothing came through in 3 seconds"
		checks=$((checks + 1))
	done
	kill "$small"
	stop_traffic
	# Nothing is sent twice, so what is refused has waited too long for its turn.
	for ns in a b; do
		want_equal "replays in $ns" "$(ip netns exec $ns ethtool -S wg0 |
					       sed -n 's/ *rx_replay: //p')" 0
	done
	# In order: TCP over a link that neither loses nor reorders never has to wait for a
	# segment. A CPU that is busy may make it send again; that is no matter.
	ofo=$(tcp_counter b TcpExtTCPOFOQueue)
	before=$(tcp_counter a TcpRetransSegs)
	(ip netns exec b timeout 120 ncat -l 10.2.0.2 7100 --recv-only | sha256sum >/tmp/got) &
	head -c 4000000 /dev/urandom >/tmp/sent
	until_ok 60 ip netns exec a ncat -w 60 --send-only 10.2.0.2 7100 </tmp/sent || fail "TCP"
	wait $! || true
	want_equal "TCP data" "$(cut -d ' ' -f 1 /tmp/got)" "$(sha256sum </tmp/sent | cut -d ' ' -f 1)"
	echo "$(($(tcp_counter a TcpRetransSegs) - before)) segments were sent again"
	want_equal "segments out of order" "$(($(tcp_counter b TcpExtTCPOFOQueue) - ofo))" 0
	stop_spills 20
	still_works "lost wake-up"
	drop_pair
}

# Everything that may happen at the same time does, on a kernel with KCSAN: traffic both
# ways, new keys, roaming, trains on other CPUs, dumps, statistics. What it finds is in
# the kernel's log, and scripts/vm tells whose it is.
data_races()
{
	local end i n rekeys=0 pids=() pid spills='' kcsan=/sys/kernel/debug/kcsan

	[ -e $kcsan ] || fail "this kernel has no KCSAN"
	# Not before: the boot is none of ours.
	echo on >$kcsan
	make_pair
	ip netns exec a sysctl -q net.ipv4.conf.all.promote_secondaries=1
	ip -n a addr add 10.1.0.3/24 dev v
	ip netns exec a wg set wg0 peer "$pb" persistent-keepalive 1
	ip netns exec b wg set wg0 peer "$pa" persistent-keepalive 1
	! start_spills || spills=1
	start_traffic
	end=$((SECONDS + seconds))
	# Endpoints move: another port, another address, fwmark.
	(
		i=0
		while [ "$SECONDS" -lt "$end" ]; do
			i=$((i + 1))
			ip netns exec a wg set wg0 listen-port $((1000 + i % 50))
			ip -n a addr del 10.1.0.$((i % 2 ? 1 : 3))/24 dev v
			ip -n a addr add 10.1.0.$((i % 2 ? 1 : 3))/24 dev v
			ip netns exec b wg set wg0 fwmark $((i % 3))
			sleep 0.2
		done
	) &
	pids+=($!)
	# What others read.
	(
		while [ "$SECONDS" -lt "$end" ]; do
			ip netns exec a wg show wg0 dump >/dev/null
			ip netns exec b wg show wg0 dump >/dev/null
			ip netns exec b ethtool -S wg0 >/dev/null
			ip -n a -s link show wg0 >/dev/null
		done
	) &
	pids+=($!)
	# What others write.
	(
		i=0
		while [ "$SECONDS" -lt "$end" ]; do
			i=$((i + 1))
			ip netns exec b wg set wg0 peer "$pa" persistent-keepalive $((1 + i % 2)) \
				allowed-ips "10.2.0.1/32,fd02::1/128,10.6.0.$((i % 200))/32"
			ip -n a link set wg0 mtu $((1400 + i % 20))
			sleep 0.1
		done
	) &
	pids+=($!)
	while [ "$SECONDS" -lt "$end" ]; do
		# Another key and back: all sessions end, and there are handshakes again.
		ip netns exec a wg set wg0 private-key <(wg genkey)
		ip netns exec a wg set wg0 private-key <(echo "$ka")
		until_ok 60 ip netns exec a ping -q -c 1 -W 5 10.2.0.2 || fail "no ping after new keys"
		rekeys=$((rekeys + 1))
		sleep 2
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "a change was refused"
	done
	[ -z "$spills" ] || stop_spills 20
	still_works "data races"
	stop_traffic
	echo off >$kcsan
	cat $kcsan
	n=$(awk '/^(setup_watchpoints|setup watchpoints):/ { print $NF }' $kcsan)
	[ "${n:-0}" -gt 1000 ] || fail "KCSAN looked at ${n:-0} accesses only"
	drop_pair
	echo "$rekeys times new keys, $n watchpoints"
	checks=$((checks + rekeys + 1))
}

for class in "$@"; do
	start=$SECONDS before=$checks
	"$class"
	echo "${class//_/ }: $((checks - before)) checks, $((SECONDS - start)) s"
done
echo "$checks checks"
