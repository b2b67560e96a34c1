#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# wg, wg-quick, wg syncconf and systemd-networkd against the driver, in one machine:
#	tools.sh culvert|wireguard

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /root/lib.sh
driver=$1
the_driver_is "$driver"

ip netns add far
ip link add v0 type veth peer name v1 netns far
ip addr add 10.1.0.1/24 dev v0
ip link set v0 up
ip -n far addr add 10.1.0.2/24 dev v1
ip -n far link set v1 up
ip -n far link set lo up

key=$(wg genkey) far_key=$(wg genkey) psk=$(wg genpsk)
pub=$(wg pubkey <<<"$key") far_pub=$(wg pubkey <<<"$far_key")

# The far end stays the same in all that follows.
ip -n far link add wg9 type wireguard
ip netns exec far wg set wg9 listen-port 9000 private-key <(echo "$far_key") \
	peer "$pub" preshared-key <(echo "$psk") allowed-ips 10.2.0.1/32,fd02::1/128
ip -n far addr add 10.2.0.2/24 dev wg9
ip -n far addr add fd02::2/64 dev wg9 nodad
ip -n far link set wg9 up

reaches_far()
{
	want "$1: ping" ping -q -c 2 -i 0.3 -W 20 10.2.0.2
	want "$1: ping over IPv6" ping -q -c 2 -i 0.3 -W 20 fd02::2
}

# wg-quick up, save, down, up from what was saved.
mkdir -p /etc/wireguard
umask 077
cat >/etc/wireguard/quick0.conf <<-CONF
	[Interface]
	Address = 10.2.0.1/24, fd02::1/64
	PrivateKey = $key
	ListenPort = 9001
	MTU = 1400
	SaveConfig = true
	PostUp = echo up >/tmp/postup

	[Peer]
	PublicKey = $far_pub
	PresharedKey = $psk
	AllowedIPs = 10.2.0.2/32, fd02::2/128
	Endpoint = 10.1.0.2:9000
	PersistentKeepalive = 25
CONF
want "wg-quick up" wg-quick up quick0
reaches_far "wg-quick up"
want_equal "wg-quick: MTU" "$(cat /sys/class/net/quick0/mtu)" 1400
want_equal "wg-quick: PostUp" "$(cat /tmp/postup)" up
want_equal "wg-quick: keepalive" "$(wg show quick0 persistent-keepalive | cut -f 2)" 25
extra=$(wg genkey | wg pubkey)
wg set quick0 peer "$extra" allowed-ips 10.3.0.0/16
want "wg-quick save" wg-quick save quick0
grep -qF "$extra" /etc/wireguard/quick0.conf || fail "wg-quick save lost a peer"
want "wg-quick down" wg-quick down quick0
! [ -e /sys/class/net/quick0 ] || fail "wg-quick down left the device"
want "wg-quick up again" wg-quick up quick0
want_equal "wg-quick: peers after saving" "$(wg show quick0 peers | wc -l)" 2
reaches_far "wg-quick up again"

# A default route through the tunnel: policy rules, marks and the firewall.
want "wg-quick down again" wg-quick down quick0
sed -i -e 's|^AllowedIPs = 10.2.0.2/32.*|AllowedIPs = 0.0.0.0/0, ::/0|' \
	-e '/^SaveConfig/d' /etc/wireguard/quick0.conf
want "wg-quick up, default route" wg-quick up quick0
[ "$(wg show quick0 fwmark)" != off ] || fail "wg-quick set no mark"
checks=$((checks + 1))
reaches_far "default route"
ip -n far addr add 192.0.2.1/32 dev lo
want "default route: ping beyond" ping -q -c 2 -i 0.3 -W 20 192.0.2.1
want "wg-quick down, default route" wg-quick down quick0

# wg setconf, addconf, syncconf: what is already so must not be disturbed.
ip link add wg0 type wireguard
ip addr add 10.2.0.1/24 dev wg0
ip addr add fd02::1/64 dev wg0 nodad
ip link set wg0 up
cat >/tmp/a.conf <<-CONF
	[Interface]
	PrivateKey = $key
	ListenPort = 9002
	[Peer]
	PublicKey = $far_pub
	PresharedKey = $psk
	AllowedIPs = 10.2.0.2/32, fd02::2/128
	Endpoint = 10.1.0.2:9000
CONF
want "wg setconf" wg setconf wg0 /tmp/a.conf
reaches_far "wg setconf"
handshake=$(wg show wg0 latest-handshakes | cut -f 2)
bytes=$(wg show wg0 transfer | cut -f 3)
cp /tmp/a.conf /tmp/b.conf
for i in $(seq 50); do
	printf '[Peer]\nPublicKey = %s\nAllowedIPs = 10.9.%d.0/24, fd09:%x::/32\n' \
		"$(wg genkey | wg pubkey)" "$i" "$i" >>/tmp/b.conf
done
want "wg syncconf, more peers" wg syncconf wg0 /tmp/b.conf
want_equal "wg syncconf: peers" "$(wg show wg0 peers | wc -l)" 51
want_equal "wg syncconf: allowed IPs" "$(wg show wg0 allowed-ips | wc -w)" $((51 + 102))
want_equal "wg syncconf: handshake kept" \
	"$(wg show wg0 latest-handshakes | grep -F "$far_pub" | cut -f 2)" "$handshake"
[ "$(wg show wg0 transfer | grep -F "$far_pub" | cut -f 3)" -ge "$bytes" ] ||
	fail "wg syncconf: counters were reset"
reaches_far "wg syncconf"
want "wg syncconf, fewer peers" wg syncconf wg0 /tmp/a.conf
want_equal "wg syncconf: peers left" "$(wg show wg0 peers)" "$far_pub"
want "wg showconf" wg showconf wg0
wg showconf wg0 >/tmp/c.conf
want "wg addconf" wg addconf wg0 /tmp/c.conf
reaches_far "wg addconf"
# A dump taken apart and put together again says the same.
wg showconf wg0 >/tmp/d.conf
cmp /tmp/c.conf /tmp/d.conf || fail "showconf, addconf, showconf: not the same"
checks=$((checks + 1))

# Many peers: dumps span messages.
ip link add many type wireguard
{
	printf '[Interface]\nPrivateKey = %s\n' "$key"
	for i in $(seq 300); do
		printf '[Peer]\nPublicKey = %s\nPresharedKey = %s\nAllowedIPs = ' \
			"$(head -c 32 /dev/urandom | base64)" "$psk"
		printf '10.%d.%d.0/24' $((i / 100)) $((i % 100))
		for j in 1 2 3 4 5 6 7 8; do
			printf ', fd00:%x:%x::/48' "$i" "$j"
		done
		printf '\n'
	done
} >/tmp/many.conf
want "wg setconf, 300 peers" wg setconf many /tmp/many.conf
want_equal "300 peers" "$(wg show many peers | sort -u | wc -l)" 300
want_equal "300 peers: allowed IPs" "$(wg show many allowed-ips | wc -w)" $((300 * 10))
wg show many allowed-ips | awk 'NF != 10 { exit 1 }' || fail "a peer's allowed IPs are split"
checks=$((checks + 1))
ip link del many

# What must be refused.
refused()
{
	local text=$1
	shift
	! "$@" >/dev/null 2>&1 || fail "$text was accepted"
	checks=$((checks + 1))
}
wg set wg0 peer "$extra" allowed-ips 10.4.0.0/16
refused "an address as an Ethernet one" ip link set wg0 address 02:00:00:00:00:01
refused "a device of the same name" ip link add wg0 type wireguard
ip link del wg0

if command -v systemd-networkd >/dev/null 2>&1 || [ -x /usr/lib/systemd/systemd-networkd ]; then
	mkdir -p /run/systemd/network /etc/systemd/network /run/systemd/netif /var/lib/systemd
	cat >/etc/systemd/network/50-wgn.netdev <<-CONF
		[NetDev]
		Name=wgn
		Kind=wireguard
		MTUBytes=1380
		[WireGuard]
		PrivateKey=$key
		ListenPort=9003
		FirewallMark=77
		[WireGuardPeer]
		PublicKey=$far_pub
		PresharedKey=$psk
		AllowedIPs=10.2.0.2/32,fd02::2/128
		Endpoint=10.1.0.2:9000
		PersistentKeepalive=20
		[WireGuardPeer]
		PublicKey=$extra
		AllowedIPs=10.6.0.0/16
	CONF
	cat >/etc/systemd/network/50-wgn.network <<-CONF
		[Match]
		Name=wgn
		[Network]
		Address=10.2.0.1/24
		Address=fd02::1/64
		IPv6AcceptRA=no
		[Link]
		RequiredForOnline=no
	CONF
	chmod -R a+rX /etc/systemd
	# With a read-only /sys it does not wait for udev, which is not here.
	mount -o remount,ro /sys
	SYSTEMD_LOG_LEVEL=warning SYSTEMD_LOG_TARGET=console \
		/usr/lib/systemd/systemd-networkd >/tmp/networkd.log 2>&1 </dev/null &
	networkd=$!
	# Its addresses come last.
	until_ok 40 eval '[[ $(ip -o addr show dev wgn) == *10.2.0.1/24*fd02::1/64* ]]' ||
		{ cat /tmp/networkd.log; fail "systemd-networkd made no wgn"; }
	until_ok 40 ping -c 1 -W 1 10.2.0.2 ||
		{ cat /tmp/networkd.log; fail "systemd-networkd: no answer through wgn"; }
	reaches_far "systemd-networkd"
	want_equal "networkd: mark" "$(wg show wgn fwmark)" 0x4d
	want_equal "networkd: port" "$(wg show wgn listen-port)" 9003
	want_equal "networkd: peers" "$(wg show wgn peers | wc -l)" 2
	want_equal "networkd: MTU" "$(cat /sys/class/net/wgn/mtu)" 1380
	kill "$networkd"
	wait "$networkd" 2>/dev/null || true
	mount -o remount,rw /sys
	ip link del wgn
	echo "systemd-networkd: done"
fi

ip netns del far
the_driver_is "$driver"
echo "$checks checks"
