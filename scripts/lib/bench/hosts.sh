# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Virtual hosts in the bench's kernel, links between them, and a tunnel of each side.
# Sourced by guest.sh.

load()
{
	[ ! -e "$BENCH_BUILD/$1.ko" ] || insmod "$BENCH_BUILD/$1.ko"
}

# namespace NAME, wire A B NET: hosts and links between them
namespace()
{
	ip netns add "$1"
	ip -n "$1" link set lo up
	ip netns exec "$1" sysctl -q -w net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1 \
		net.ipv6.ip_nonlocal_bind=1
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

# at NET HOST OUTER: an address of a wire's end
at()
{
	if [ "$3" = 6 ]; then
		echo "fd00:$1::$2"
	else
		echo "10.0.$1.$2"
	fi
}

# endpoint NET HOST OUTER PORT
endpoint()
{
	if [ "$3" = 6 ]; then
		echo "[$(at "$1" "$2" 6)]:$4"
	else
		echo "$(at "$1" "$2" 4):$4"
	fi
}

# tunnel A DEV KEY PORT ADDRESS: a device
tunnel()
{
	if [ "$side" = go ]; then
		LOG_LEVEL=silent ip netns exec "$1" wireguard-go "$2" >/dev/null 2>&1
	else
		ip -n "$1" link add "$2" type wireguard
	fi
	ip netns exec "$1" wg set "$2" private-key "$3" listen-port "$4"
	ip -n "$1" addr add "$5" dev "$2"
	ip -n "$1" link set "$2" mtu 1420 up
}

# One end of an OpenVPN tunnel: HOST NUMBER OUTER
ovpn_end()
{
	local other=$((3 - $2)) cli=$BENCH_BUILD/bench/ovpn-cli

	ip -n "$1" link add "wg$2" type ovpn
	ip -n "$1" addr add "192.168.7.$2/24" dev "wg$2"
	ip -n "$1" link set "wg$2" mtu 1420 up
	ip netns exec "$1" "$cli" new_peer "wg$2" 1 none $((1000 + $2)) \
		"$(at 0 $other "$3")" $((1000 + other))
	ip netns exec "$1" "$cli" new_key "wg$2" 1 1 0 chachapoly $(($2 - 1)) /run/bench/ovpn.key
}

# hosts SIDE OUTER: two namespaces and a link; with a tunnel unless SIDE is "link".
# Afterwards $target is the address to talk to.
hosts()
{
	local side=$1 outer=$2 module

	namespace a
	namespace b
	wire a b 0
	target=10.0.0.2
	[ "$side" != link ] || return 0
	target=192.168.7.2
	case $side in
	ovpn)
		for module in crypto crypto_algapi aead crypto_skcipher cryptomgr chacha \
			      chacha20poly1305; do
			[ -e /sys/module/$module ] || load crypto/$module
		done
		load drivers/net/ovpn/ovpn
		ovpn_end a 1 "$outer"
		ovpn_end b 2 "$outer" ;;
	*)
		load "drivers/net/$side/$side"
		# wireguard-go's devices share the names of their sockets.
		tunnel a wg1 /run/bench/a.key 1001 192.168.7.1/24
		tunnel b wg2 "$b_key" 1002 192.168.7.2/24
		ip netns exec a wg set wg1 peer "$(cat "$b_pub")" \
			endpoint "$(endpoint 0 2 "$outer" 1002)" allowed-ips 192.168.7.2/32
		ip netns exec b wg set wg2 peer "$(cat /run/bench/a.pub)" \
			allowed-ips 192.168.7.1/32 ;;
	esac
	reach a $target
}

# a - c - b, a tunnel on each link: chain SIDE OUTER
chain()
{
	local side=$1 outer=$2

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
		tunnel a wg1 /run/bench/a.key 1001 192.168.7.1/24
		tunnel c wg1 /run/bench/c.key 1002 192.168.7.2/24
		tunnel c wg2 /run/bench/c.key 1003 192.168.8.2/24
		tunnel b wg2 /run/bench/b.key 1004 192.168.8.1/24
		in_a wg set wg1 peer "$(cat /run/bench/c.pub)" \
			endpoint "$(endpoint 1 2 "$outer" 1002)" allowed-ips 192.168.0.0/16
		ip netns exec b wg set wg2 peer "$(cat /run/bench/c.pub)" \
			endpoint "$(endpoint 2 1 "$outer" 1003)" allowed-ips 192.168.0.0/16
		ip netns exec c wg set wg1 peer "$(cat /run/bench/a.pub)" \
			allowed-ips 192.168.7.1/32
		ip netns exec c wg set wg2 peer "$(cat /run/bench/b.pub)" \
			endpoint "$(endpoint 2 2 "$outer" 1004)" allowed-ips 192.168.8.1/32
		ip -n a route add 192.168.8.0/24 dev wg1
		ip -n b route add 192.168.7.0/24 dev wg2
		target=192.168.8.1
	fi
	reach a "$target"
}

reach()
{
	local i

	for i in 1 2 3 4 5; do
		! ip netns exec "$1" ping -q -c 2 -i 0.2 -W 3 "$2" >/dev/null || return 0
	done
	return 1
}

gone()
{
	local host

	pkill iperf3 || true
	pkill bench-user || true
	# It has stayed behind, for its socket.
	pkill ovpn-cli || true
	sleep 0.1
	for host in a b c; do
		[ -e /run/netns/$host ] || continue
		ip -n $host link del wg1 2>/dev/null || true
		ip -n $host link del wg2 2>/dev/null || true
		ip netns del $host
	done
	sleep 0.1
	case $1 in
	link) ;;
	go) pkill wireguard-go || true ;;
	*)
		# The last namespace may still be on its way out.
		for host in 1 2 3 4 5; do
			! rmmod "$1" 2>/dev/null || return 0
			sleep 0.2
		done
		rmmod "$1" ;;
	esac
}

in_a()
{
	ip netns exec a "$@"
}

# A link that takes trains apart, and a receiver that puts them together.
like_nic()
{
	in_a ethtool -K vab gso off tso off tx-udp-segmentation off >/dev/null
	in_a ethtool -K vab gro on >/dev/null
	ip netns exec b ethtool -K vba gro on >/dev/null
	ip netns exec b ethtool -K vba gso off tso off tx-udp-segmentation off >/dev/null
}
