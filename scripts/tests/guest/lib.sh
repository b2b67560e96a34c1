# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Runs inside the machines: what their scripts share.

set -euo pipefail
checks=0 me='' other=''

fail()
{
	echo "FAILED: $*"
	wg show all 2>/dev/null || true
	ip -s link 2>/dev/null || true
	exit 1
}

# want TEXT COMMAND...: the command must succeed.
want()
{
	local text=$1 out
	shift
	out=$("$@" 2>&1) || {
		echo "$out"
		fail "$text"
	}
	checks=$((checks + 1))
}

# want_equal TEXT GOT WANTED
want_equal()
{
	[ "$2" = "$3" ] || fail "$1: \"$2\", not \"$3\""
	checks=$((checks + 1))
}

# until_ok SECONDS COMMAND...: try until it succeeds.
until_ok()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# Which driver made the device, whatever its name.
the_driver_is()
{
	local other=wireguard
	[ "$1" = culvert ] || other=culvert
	[ -d "/sys/module/$1" ] || fail "the driver $1 is not loaded"
	! [ -d "/sys/module/$other" ] || fail "$other is loaded too: which one was tested?"
	checks=$((checks + 1))
}

# Pairs: machine a is .1, machine b is .2 on eth0; $me and $other are 1 and 2.
pair_up()
{
	me=$1 other=$((3 - $1))
	sysctl -q net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	# That of a machine that is a process begins with 9100, and can have no other.
	grep -qw culvert_vm=process /proc/cmdline || ip link set eth0 mtu 9000
	sysctl -q net.ipv6.conf.eth0.accept_dad=0
	# The tests agree over a network of their own, which no test changes.
	ip addr add "10.98.0.$me/24" dev eth0
	ip addr add "10.99.0.$me/24" dev eth0
	ip addr add "fd99::$me/64" dev eth0 nodad
	ip link set eth0 up
	until_ok 300 ping -c 1 -W 1 "10.98.0.$other" || fail "the other machine does not answer"
}

# Both machines reach the same point; barrier [SECONDS] for whichever comes late.
barriers=0
# shellcheck disable=SC2120
barrier()
{
	local port=$((7000 + barriers % 1000)) end=$((SECONDS + ${1:-300}))

	barriers=$((barriers + 1))
	if [ "$me" = 1 ]; then
		timeout "${1:-300}" ncat -l 10.98.0.1 "$port" --send-only <<<go ||
			fail "the other machine did not come to barrier $barriers"
	else
		until [ "$(ncat -w 60 10.98.0.1 "$port" --recv-only 2>/dev/null)" = go ]; do
			[ "$SECONDS" -lt "$end" ] ||
				fail "the other machine did not come to barrier $barriers"
			sleep 0.1
		done
	fi
}

# The same data lies in /root/data on both sides: send it, or take and compare it.
send_tcp()
{
	until_ok 20 ncat -w 20 --send-only "$1" "$2" </root/data || fail "cannot send to $1:$2"
}

take_tcp()
{
	timeout 120 ncat -l "$1" "$2" --recv-only >"/tmp/tcp.$1" || fail "nothing came to $1:$2"
	cmp "/tmp/tcp.$1" /root/data || fail "TCP data changed on its way to $1"
}

# Datagrams are the lines of /root/lines. Some may be lost, none may be changed. Each is
# sent three times: the cable between the machines holds ten packets, and drops what
# comes while one of them is not scheduled, which is no driver's fault.
send_udp()
{
	local line n=0
	exec 3>"/dev/udp/$1/$2"
	for _ in 1 2 3; do
		while IFS= read -r line; do
			printf '%s\n' "$line" >&3 || true
			n=$((n + 1))
			[ $((n % 10)) -ne 0 ] || sleep 0.02
		done </root/lines
	done
	exec 3>&-
}

# check_udp FILE PERCENT: what came to FILE, and how much of it must have come.
check_udp()
{
	local got all

	sort -u "$1" >/tmp/sorted
	sort -u /root/lines >/tmp/sent
	[ -z "$(comm -23 /tmp/sorted /tmp/sent)" ] || fail "datagrams changed on their way"
	got=$(wc -l </tmp/sorted)
	all=$(wc -l </tmp/sent)
	[ "$((got * 100))" -ge "$((all * $2))" ] || fail "only $got of $all datagrams came"
	checks=$((checks + 1))
}
