# SPDX-License-Identifier: GPL-2.0
"""Bug classes that single packets show: packets.py [--long] CLASS...

Each function is named after its class, and leaves the machine as it found it.
"""

import errno
import os
import random
import signal
import socket
import struct
import sys
import time

import _blake2
import events
import hostile
import pair
import power
import queues
import requests
import underlay
from inner import ETH_P_IP, ETH_P_IPV6, datagram, inject, ipv4, ipv6, still_works
from pair import (COOKIE, DATA, INITIATION, OVERHEAD, RESPONSE, Pair, check, inside, kind_of, run,
                  send_train, set_tos, take, udp, wait_for)

SOL_PACKET, PACKET_VNET_HDR = 263, 15
IP_RECVERR, IPV6_RECVERR = 11, 25


def wrong_protocol():
    """Frames of every ethertype, whatever is in them; and headers that lie."""
    p = Pair()
    p.handshake()
    with inside("a"):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        vnet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # Of no version of IP: one in sixteen would be, and be looked up.
    noise = b"\xf0" + os.urandom(63)
    contents = [b"\0", b"\x45", b"\x60" * 20, bytes(100), noise, ipv4(datagram(b"x")),
                ipv6(datagram(b"x"))]
    kinds = range(1, 65536) if pair.LONG else \
        sorted(set(range(1, 65536, 251)) | {0x800, 0x806, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x8864,
                                            0x88cc, 0x22f0, 0x0003, 0x0004, 0x00f8, 0x8906})
    before = p.drops("A")
    sent, good = 0, 0
    for kind in kinds:
        for i, data in enumerate(contents):
            if pair.LONG and kind % 16 != i and kind not in (ETH_P_IP, ETH_P_IPV6):
                continue
            # What the driver refuses comes back as an error, and is counted all the same.
            inject(raw, data, kind)
            sent += 1
            good += (kind, i) in ((ETH_P_IP, 5), (ETH_P_IPV6, 6))
    p.pump(0.1)
    refused = p.counted("A", before, "tx_not_ip", sent - good)
    after = p.drops("A")
    check(good == 2 and sent - good > 200, "the test sent too little")
    check(refused == sent - good, f"{refused} of {sent - good} wrong frames were counted as such")
    check(after["tx.errors"] - before["tx.errors"] >= refused, "tx_errors did not count them")
    still_works(p, "wrong protocol")

    vnet.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    rng = random.Random(20)
    for i in range(30000 if pair.LONG else 1500):
        length = rng.choice((0, 1, 100, 1000, 1400, 4000, 20000))
        is_tcp, is_v6 = rng.randrange(2), rng.randrange(2)
        if is_tcp:
            body = struct.pack("!HHIIBBHHH", 7, 7, 1, 1, rng.choice((0x50, 0x60, 0xf0, 0x40, 0)),
                               16, 1000, 0, 0) + bytes(length)
        else:
            body = datagram(bytes(length))
        head = 40 if is_v6 else 20
        data = bytearray(ipv6(body, proto=6 if is_tcp else 17) if is_v6 else
                         ipv4(body, proto=6 if is_tcp else 17))
        if rng.randrange(2):
            data[rng.randrange(min(len(data), 64))] = rng.randrange(256)
        if not rng.randrange(4):
            data = data[:rng.randrange(1, len(data))]
        gso = rng.choice((0, 1, 3, 4, 5, 1 | 0x80, 4 | 0x80))
        header = struct.pack("<BBHHHH", rng.choice((0, 1, 1, 1)), gso,
                             rng.choice((0, head + 8, head + 20, rng.randrange(200))),
                             rng.choice((0, 1, 7, 100, 1360, 65535)),
                             rng.choice((head, head, head, rng.randrange(120))),
                             rng.choice((6, 16, 16, rng.randrange(40))))
        inject(vnet, header + data, ETH_P_IPV6 if is_v6 else ETH_P_IP)
        if not i % 50:
            p.pump()
    p.pump(0.1)
    still_works(p, "lying GSO headers")
    p.close()


def mtu_0():
    """Keepalives and data at MTUs that nothing should be divided by."""
    p = Pair()
    p.handshake()
    with inside("a"):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    for mtu in (0, 1, 68, 1280, 65535):
        for name in "AB":
            p.addresses(name, mtu)
        sizes = [n for n in (20, 21, 48, 67, 68, 100, 1279, 1280, 1281, 9000, 60000, 65400) if n <= mtu]
        before = p.drops("B")
        for n in sizes:
            p.log.clear()
            check(inject(raw, ipv4(bytes(n - 20)), ETH_P_IP), f"MTU {mtu}: {n} bytes are not taken")

            def sent():
                return [m for name, m, _ in p.log if name == "A" and kind_of(m) == DATA and
                        len(m) > OVERHEAD]

            p.pump(20, keep=True, until=sent)
            p.pump(0.05, keep=True)
            data = sent()
            check(len(data) == 1, f"MTU {mtu}: {n} bytes made {len(data)} messages")
            check(len(data[0]) - OVERHEAD == min((n + 15) // 16 * 16, mtu),
                  f"MTU {mtu}: {n} bytes became {len(data[0])}")
        got = p.counted("B", before, "rx.packets", len(sizes))
        check(got >= len(sizes), f"MTU {mtu}: {got} of {len(sizes)} packets arrived")
        p.log.clear()
        run(f"ip netns exec a wg set wgA peer {p.public['B']} persistent-keepalive 1")
        end = time.monotonic() + 60
        while time.monotonic() < end and not any(len(m) == OVERHEAD for _, m, _ in p.log):
            p.pump(0.2, keep=True, until=lambda: len(p.log) > 3)
        check(any(len(m) == OVERHEAD for _, m, _ in p.log), f"MTU {mtu}: no keepalive")
        run(f"ip netns exec a wg set wgA peer {p.public['B']} persistent-keepalive off")
    # What is too long for a datagram outside must be dropped, and be counted.
    before = p.drops("A")
    inject(raw, ipv4(bytes(65515)), ETH_P_IP)

    def dropped():
        after = p.drops("A")
        return after["tx.errors"] + after["tx.dropped"] > before["tx.errors"] + before["tx.dropped"]

    check(wait_for(20, dropped), "a packet that no datagram can hold was not counted as dropped")
    for name in "AB":
        p.addresses(name, 1420)
    for limit in ("mtu 68", "mtu lock 100", "mtu 1000"):
        run(f"ip -n a route replace 10.2.0.2/32 dev wgA {limit}")
        still_works(p, f"route with {limit}")
    p.close()


def metadata_dst():
    """Packets that carry another tunnel's metadata instead of a route."""
    p = Pair()
    p.handshake()
    run("modprobe -a -q sch_ingress cls_matchall act_tunnel_key || true")
    run("ip -n a route add 10.3.0.0/16 dev wgA; ip -n a route add fd03::/64 dev wgA")
    keyless = run("wg genkey | wg pubkey").strip()
    run(f"ip netns exec a wg set wgA peer {keyless} allowed-ips 10.3.1.0/24,fd03::1:0/112")
    run("ip netns exec a tc qdisc add dev wgA clsact")
    for i, (src, dst) in enumerate((("1.1.1.1", "2.2.2.2"), ("::1", "::2"), ("0.0.0.0", "0.0.0.0"))):
        run("ip netns exec a tc filter del dev wgA egress; "
            "ip netns exec a tc filter add dev wgA egress pref 1 matchall "
            f"action tunnel_key set src_ip {src} dst_ip {dst} id {i * 0x300000 + 7} dst_port 1")
        before = p.drops("A")
        sent = {"10.3.9.9": "tx_no_peer", "10.3.1.9": "tx_no_endpoint",
                "fd03::9": "tx_no_peer", "fd03::1:9": "tx_no_endpoint"}
        for to in sent:
            s = udp("a", "fd02::1" if ":" in to else "10.2.0.1")
            for _ in range(3):
                try:
                    s.sendto(b"x", (to, 9))
                except OSError:
                    pass        # what ICMP said about the one before
            s.close()
        for why in ("tx_no_peer", "tx_no_endpoint"):
            nr = p.counted("A", before, why, 4)
            check(nr >= 4, f"{why} counts {nr}")
        still_works(p, "packets with metadata")
        s, b = udp("a", "10.2.0.1"), udp("b", "10.2.0.2", 9100)
        send_train(s, [bytes([i]) * 1000 for i in range(20)], ("10.2.0.2", 9100))
        got, end = 0, time.monotonic() + 20
        while got < 20 and time.monotonic() < end:
            p.pump(0.05)
            got += take(b, 0.05) is not None
        got += take(b, 0.1) is not None
        check(got == 20, f"{got} of 20 segments of a superpacket with metadata")
        s.close()
        b.close()
    p.close()


def metadata_lost():
    """ECN: the matrix of RFC 6040, for each family inside and outside; DSCP stays inside."""
    # Figure 4: columns are the outer field (not ECT, ECT(1), ECT(0), CE), None is a drop.
    egress = {0: (0, 0, 0, None), 1: (1, 1, 1, 3), 2: (2, 1, 2, 3), 3: (3, 3, 3, 3)}
    for outer in (4, 6):
        p = Pair(outer)
        p.handshake()
        for to in ("10.2.0.2", "fd02::2"):
            a, b = udp("a", to[:-1] + "1"), udp("b", to, 9200)
            before = p.drops("B")
            lost = 0
            for inner in range(4):
                set_tos(a, 0xb8 | inner)
                for mark in range(4):
                    p.log.clear()
                    a.sendto(bytes((inner, mark)), (to, 9200))
                    p.pump(20, tos=0x20 | mark, keep=True, until=lambda: any(
                        name == "A" and kind_of(m) == DATA and len(m) > OVERHEAD
                        for name, m, _ in p.log))
                    seen = [tos for name, m, tos in p.log if name == "A" and
                            kind_of(m) == DATA and len(m) > OVERHEAD]
                    check(seen == [inner], f"inner {inner} goes out with {seen}, IPv{outer}, {to}")
                    want = egress[inner][mark]
                    got = take(b, 20 if want is not None else 0.1)
                    lost += want is None
                    check((got and got[2]) == (None if want is None else 0xb8 | want),
                          f"inner {inner}, outer {mark}: {got}, not {want} (IPv{outer}, {to})")
            check(p.counted("B", before, "rx_ecn", 1) == lost == 1, "ECN drops are not counted")
            a.close()
            b.close()
        p.close()


def nonce_reuse():
    """No two messages have the same receiver and counter, whoever sends them."""
    p = Pair()
    p.handshake()
    seen, sizes, twice = {}, set(), 0
    wanted = 60000 if pair.LONG else 3000
    for turn in range(4):
        senders = []
        for who in range(6):
            pid = os.fork()
            if not pid:
                ns, i = ("a", 1) if who % 2 else ("b", 2)
                to = (f"10.2.0.{3 - i}", 9) if who < 3 else (f"fd02::{3 - i}", 9)
                s = udp(ns, f"10.2.0.{i}" if who < 3 else f"fd02::{i}")
                while True:
                    try:
                        s.sendto(bytes(random.randrange(1300)), to)
                        send_train(s, [bytes(random.choice((100, 700, 1300)))] * 10, to)
                    except OSError:
                        time.sleep(0.001)
            senders.append(pid)
        p.log.clear()
        end = time.monotonic() + 300
        old = {m[:4] for _, m in seen}
        # So many, and some of the new session.
        while time.monotonic() < end and (len(seen) < wanted * (turn + 1) // 4 or
                                          not {m[:4] for _, m in seen} - old):
            p.pump(0.2, keep=True, until=lambda: len(p.log) > 200)
            for name, m, _ in p.log:
                if kind_of(m) == DATA:
                    key = name, m[4:16]
                    twice += key in seen
                    seen[key] = True
                    sizes.add(len(m) % 16)
            p.log.clear()
        for pid in senders:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        # New keys while messages are under way, as after a handshake or a move.
        run(f"ip netns exec a wg set wgA peer {p.public['B']} remove")
        run(f"ip netns exec a wg set wgA peer {p.public['B']} endpoint 127.0.0.1:6001 "
            "allowed-ips 10.2.0.2/32,fd02::2/128")
        p.pump(0.3)
    check(twice == 0, f"{twice} of {len(seen)} counters were used twice")
    check(len(seen) >= wanted, f"only {len(seen)} messages")
    sessions = {m[:4] for _, m in seen}
    check(len(sessions) >= 5, f"only {len(sessions)} receiver indices")
    print(f"{len(seen)} messages, {len(sessions)} receiver indices")
    p.close()


def replay_window(p, a, b, end):
    """Reordered by thousands: the window is 8,000 wide at least. False if it takes too long."""
    to = (p.loop, p.PORTS["B"])
    relay = p.relay["B"]
    a.sendto(b"late", ("10.2.0.2", 9300))
    late = p.caught("A")
    a.sendto(b"too late", ("10.2.0.2", 9300))
    too_late = p.caught("A")

    def advance(n):
        base = p.drops("B")
        for i in range(0, n, 60):
            send_train(a, [b"x"] * 60, ("10.2.0.2", 9301))
            p.pump()
            # Not more at once than a socket's buffer takes.
            if not i % 600:
                p.arrived(base, i + 60)
        p.arrived(base, (n + 59) // 60 * 60)
        return time.monotonic() < end

    if not advance(7900):
        return False
    relay.sendto(late, to)
    got = take(b, 20)
    if not advance(500):
        return False
    check(got and got[0] == b"late", "7,900 messages late is too late already")
    before = p.drops("B")
    relay.sendto(too_late, to)
    nr = p.counted("B", before, "rx_replay", 1)
    if time.monotonic() > end:
        return False
    check(nr == 1, "what is too late was not counted as a replay")
    check(not take(b, 0.1), "a message older than the window was delivered")
    return True


def replay():
    """What was sent before is not delivered again: singly, in trains, spoilt, too late."""
    p = Pair()
    p.handshake()
    a, b = udp("a", "10.2.0.1"), udp("b", "10.2.0.2", 9300)
    p.log.clear()
    for i in range(300):
        a.sendto(struct.pack("!I", i) + bytes(96), ("10.2.0.2", 9300))
        p.pump(keep=True)
    def sent():
        return [m for name, m, _ in p.log if name == "A" and kind_of(m) == DATA and
                len(m) > OVERHEAD]

    end = time.monotonic() + 60
    while len(sent()) < 300 and time.monotonic() < end:
        p.pump(0.3, keep=True)
    data, got = sent(), []
    while d := take(b, 20 if len(got) < 300 else 0.1):
        got.append(d[0])
    check(sorted(got) == [struct.pack("!I", i) + bytes(96) for i in range(300)],
          f"{len(got)} of 300 datagrams came")
    to = (p.loop, p.PORTS["B"])
    relay = p.relay["B"]
    before = p.drops("B")
    for m in data:
        relay.sendto(m, to)
    same = [m for m in data if len(m) == len(data[0])]
    for i in range(0, len(same), 30):
        send_train(relay, same[i:i + 30], to)
    want = len(data) + len(same)
    nr = p.counted("B", before, "rx_replay", want)
    check(nr == want, f"{nr} replays were counted, not {want}")
    check(not take(b, 0.1), "a replayed message was delivered")
    now = p.drops("B")
    check(now["rx.packets"] == before["rx.packets"], "replays count as received")

    # Held back, spoilt in every part first, then whole: a bad copy uses up nothing.
    p.log.clear()
    a.sendto(b"once" * 20, ("10.2.0.2", 9300))
    held = p.caught("A")
    before = p.drops("B")
    bad = 0
    for at in range(len(held)):
        spoilt = bytearray(held)
        spoilt[at] ^= 1 << at % 8
        relay.sendto(spoilt, to)
        bad += 1
    for n in range(len(held)):
        relay.sendto(held[:n], to)
        bad += 1
    relay.sendto(held + b"\0", to)
    # Those that look like handshakes have a worker to wait for.
    nr = p.refused("B", before, bad + 1)
    check(nr == bad + 1, f"{nr} of {bad + 1} spoilt messages were counted")
    check(not take(b, 0.1), "a spoilt message was delivered")
    relay.sendto(held, to)
    check((take(b, 20) or [None])[0] == b"once" * 20, "the message itself was refused")
    before = p.drops("B")
    relay.sendto(held, to)
    check(p.counted("B", before, "rx_replay", 1) == 1, "the second copy was not counted")
    check(not take(b, 0.1), "it was delivered twice")

    for sock in (a, b):
        sock.close()
    p.close()
    # With the session's keys nothing else changes; a machine that is too slow gets new ones.
    for _ in range(3):
        p = Pair()
        p.handshake()
        start = time.monotonic()
        a, b = udp("a", "10.2.0.1"), udp("b", "10.2.0.2", 9300)
        if replay_window(p, a, b, start + 100):
            break
        for sock in (a, b):
            sock.close()
        p.close()
    else:
        check(False, "this machine is too slow: no session lives long enough")
    relay = p.relay["B"]

    # Handshake messages.
    run(f"ip netns exec a wg set wgA peer {p.public['B']} remove")
    run(f"ip netns exec a wg set wgA peer {p.public['B']} endpoint 127.0.0.1:6001 "
        "allowed-ips 10.2.0.2/32,fd02::2/128")
    p.log.clear()
    a.sendto(b"again", ("10.2.0.2", 9300))
    p.pump(60, keep=True, until=lambda: any(kind_of(m) == DATA for _, m, _ in p.log))
    # A slow answer makes the initiator ask again: the last answer, and what it is one to.
    hello = [(n, m) for n, m, _ in p.log if kind_of(m) == RESPONSE][-1:]
    hello = [(n, m) for n, m, _ in p.log if kind_of(m) == INITIATION and hello and
             m[4:8] == hello[0][1][8:12]][-1:] + hello
    check(len(hello) == 2, "no plain handshake")
    p.pump(0.5)
    before, before_a = p.drops("B"), p.drops("A")
    p.log.clear()
    relay.sendto(hello[0][1], to)
    relay.sendto(hello[1][1], to)
    p.relay["A"].sendto(hello[1][1], (p.loop, p.PORTS["A"]))
    # B's own answer is not even for B.
    for name, start, why in (("B", before, "handshake_invalid"), ("B", before, "handshake_mac1"),
                             ("A", before_a, "handshake_invalid")):
        nr = p.counted(name, start, why, 1)
        check(nr == 1, f"{why} of {name} counts {nr} replayed handshake messages")
    p.pump(0.2, keep=True)
    check(not [m for _, m, _ in p.log if kind_of(m) in (INITIATION, RESPONSE, COOKIE)],
          "a replayed handshake message was answered")
    still_works(p, "replays")
    p.close()


def transit():
    """What only passes through is not joined to trains, though a tunnel has its port."""
    key = run("wg genkey").strip()
    run("ip netns add a; ip netns add b; ip link add ra type veth peer name v netns a; "
        "ip link add rb type veth peer name v netns b")
    for dev, net in (("ra", 1), ("rb", 2)):
        ns = dev[1]
        run(f"ip addr add 10.1.{net}.1/24 dev {dev}; ip addr add fd01:{net}::1/64 dev {dev} nodad; "
            f"ip link set {dev} up; ip -n {ns} addr add 10.1.{net}.2/24 dev v; "
            f"ip -n {ns} addr add fd01:{net}::2/64 dev v nodad; ip -n {ns} link set v up; "
            f"ip -n {ns} route add default via 10.1.{net}.1; "
            f"ip -n {ns} -6 route add default via fd01:{net}::1")
    run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; ethtool -K ra gro on; "
        "ip netns exec a ethtool -K v tso off gso off tx-udp-segmentation off")
    run("ip link add wgR type wireguard; ip link set wgR up")
    run("wg set wgR listen-port 4500 private-key /dev/stdin", key)
    for me, to in (("10.1.1.2", "10.1.2.2"), ("fd01:1::2", "fd01:2::2")):
        s, d = udp("a", me), udp("b", to, 4500)
        # A router asks for nobody's address before its own link-local one is settled.
        check(any(s.sendto(b"?", (to, 4500)) and take(d, 1) for _ in range(30)), f"no way to {to}")
        for _ in iter(lambda d=d: take(d, 1), None):
            pass
        sent, got = [], []
        for turn in range(10):
            train = [struct.pack("<IIQ", DATA, 7, 40 * turn + i) + bytes(1000) for i in range(40)]
            send_train(s, train, (to, 4500))
            sent += train
            while len(got) < len(sent):
                d_ = take(d, 5)
                if not d_:
                    break
                got.append(d_[0])
        got += [d_[0] for d_ in iter(lambda d=d: take(d, 0.1), None)]
        check(got == sent, f"{len(got)} datagrams of {len(sent)} passed to {to}, "
                           f"of {sorted({len(m) for m in got})} bytes")
        s.close()
        d.close()
    run("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0; ip link del wgR; "
        "ip netns del a; ip netns del b")


def error_path_skb_leak():
    """Every packet that cannot leave is counted: none is lost on the way."""
    p = Pair()
    p.handshake()
    run("ip route add unreachable 192.0.2.1; ip route add blackhole 192.0.2.2; "
        "ip route add prohibit 192.0.2.3; ip -6 route add unreachable 2001:db8::1")
    s = {4: udp("a", "10.2.0.1"), 6: udp("a", "fd02::1")}
    for endpoint in ("192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "[2001:db8::1]:1",
                     "[2001:db8::2]:1", "[fe80::1]:1", "[::1]:6001 off"):
        endpoint, _, off = endpoint.partition(" ")
        if off:
            run("sysctl -q net.ipv6.conf.all.disable_ipv6=1")
        run(f"ip netns exec a wg set wgA peer {p.public['B']} endpoint {endpoint}")
        before = p.drops("A")
        for family, to in ((4, ("10.2.0.2", 9)), (6, ("fd02::2", 9))):
            for _ in range(5):
                s[family].sendto(b"x", to)
                send_train(s[family], [b"y" * 800] * 8, to)
        lost = p.counted("A", before, "tx_no_route", 20)
        check(lost >= 20, f"endpoint {endpoint}: {lost} drops")
        if off:
            run("sysctl -q net.ipv6.conf.all.disable_ipv6=0")
    run(f"ip netns exec a wg set wgA peer {p.public['B']} endpoint 127.0.0.1:6001")
    still_works(p, "no way to the endpoint")
    run("ip route flush type unreachable; ip route flush type blackhole; "
        "ip route flush type prohibit; ip -6 route flush type unreachable")
    p.close()


def flooder(public, valid):
    """Initiations from many sources, as fast as they can be written, until it is killed."""
    key = _blake2.blake2s(b"mac1----" + public, digest_size=32).digest()
    socks = [udp(None, f"127.{random.randrange(1, 255)}.{random.randrange(255)}."
                       f"{random.randrange(1, 255)}") for _ in range(200)]
    while True:
        for s in socks:
            m = struct.pack("<I", INITIATION) + os.urandom(112)
            mac1 = _blake2.blake2s(m, digest_size=16, key=key).digest() if valid else os.urandom(16)
            try:
                s.sendto(m + mac1 + bytes(16), ("127.0.0.1", 5002))
            except OSError:
                pass


def handshake_flood():
    """Data and honest handshakes get through while initiations pour in."""
    import base64
    p = Pair(relay=False)
    p.handshake()
    key = run("wg genkey").strip()
    public = run("wg pubkey", key).strip()
    run("ip netns add c; ip link add wgC type wireguard")
    run(f"wg set wgC listen-port 5003 private-key /dev/stdin peer {p.public['B']} "
        "endpoint 127.0.0.1:5002 allowed-ips 10.2.0.2/32", key)
    run("ip link set wgC netns c; ip -n c addr add 10.2.0.3/24 dev wgC; ip -n c link set wgC up")
    run(f"ip netns exec b wg set wgB peer {public} allowed-ips 10.2.0.3/32")
    before = p.drops("B")
    target = base64.b64decode(p.public["B"])
    flood = []
    for valid in (True, True, False):
        pid = os.fork()
        if not pid:
            try:
                flooder(target, valid)
            finally:
                os._exit(1)
        flood.append(pid)

    def still_on(text):
        """The flood goes on, and it is one that B has to defend itself against."""
        for pid in flood:
            check(os.waitpid(pid, os.WNOHANG)[0] == 0, f"{text}: the flood has ended")
        count = p.drops("B")
        check(wait_for(60, lambda: p.counted("B", count, "handshake_cookie", 1, 0) > 0),
              f"{text}: B is not under load")

    still_on("at first")
    a, b, c = udp("a", "10.2.0.1"), udp("b", "10.2.0.2", 9400), udp("c", "10.2.0.3")
    got = 0
    tries = 1000 if pair.LONG else 200
    for i in range(tries):
        a.sendto(struct.pack("!I", i), ("10.2.0.2", 9400))
        got += take(b, 0.2) is not None
    while take(b, 0.5):
        got += 1
    check(got * 4 >= tries * 3, f"{got} of {tries} datagrams came through the flood")
    still_on("after the data")

    def shaken():
        try:
            c.sendto(b"knock", ("10.2.0.2", 9401))
        except OSError:
            pass
        time.sleep(0.3)
        return run("ip netns exec c wg show wgC latest-handshakes").split()[1] != "0"

    start = time.monotonic()
    check(wait_for(300, shaken), "an honest peer got no handshake during the flood")
    took = time.monotonic() - start
    # Otherwise it may have come when all was over.
    still_on("after the handshake")
    for pid in flood:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    now = p.drops("B")
    print({k: now[k] - before[k] for k in now if k.startswith("handshake_")},
          f"data {got}/{tries}, a handshake in {took:.0f} s")
    check(now["handshake_mac1"] > before["handshake_mac1"], "no wrong mac1 was counted")
    run("ip netns del c")
    p.close()


class Loops:
    """wgL in namespace a with two peers, wgP and wgQ in b; sessions with both."""

    ENDS = {"P": "10.1.0.2:11", "Q": "10.1.0.2:12"}

    def __init__(self):
        run("ip netns add a; ip netns add b; ip -n a link add v type veth peer name v netns b")
        run("for ns in a b; do ip -n $ns link set lo up; ip -n $ns link set v up; done; "
            "ip -n a addr add 10.1.0.1/24 dev v; ip -n b addr add 10.1.0.2/24 dev v")
        keys = {n: run("wg genkey").strip() for n in "LMPQ"}
        self.public = {n: run("wg pubkey", k).strip() for n, k in keys.items()}
        for n, port in (("L", 1), ("M", 2)):
            run(f"ip -n a link add wg{n} type wireguard; ip -n a link set wg{n} up")
            run(f"ip netns exec a wg set wg{n} listen-port {port} private-key /dev/stdin", keys[n])
        run("ip -n a addr add 10.2.0.1/32 dev wgL; ip -n a addr add 10.2.0.1/32 dev wgM")
        for i, n in enumerate("PQ"):
            run(f"ip -n b link add wg{n} type wireguard; ip -n b link set wg{n} up")
            run(f"ip netns exec b wg set wg{n} listen-port {11 + i} private-key /dev/stdin "
                f"peer {self.public['L']} allowed-ips 10.2.0.1/32 "
                f"peer {self.public['M']}", keys[n])
            run(f"ip -n b addr add 10.2.{1 + i}.1/32 dev wg{n}")

    def peer(self, dev, peer, net, endpoint):
        run(f"ip netns exec a wg set wg{dev} peer {self.public[peer]} endpoint {endpoint} "
            f"allowed-ips {net}")
        run(f"ip -n a route replace {net} dev wg{dev}")

    def shake(self, dev, peer, net):
        """A session of a device with a peer, at the peer's true endpoint."""
        self.peer(dev, peer, net, self.ENDS[peer])
        s = udp("a", "10.2.0.1")
        to = net.split("/")[0][:-1] + "1"

        def shaken():
            s.sendto(b"x", (to, 9))
            return run(f"ip netns exec a wg show wg{dev} latest-handshakes | "
                       f"grep {self.public[peer]}").split()[1] != "0"

        check(wait_for(60, shaken), "no handshake before the loop")
        time.sleep(0.3)
        s.close()

    def sent(self):
        return sum(int(run(f"ip netns exec a cat /sys/class/net/wg{d}/statistics/tx_packets"))
                   for d in "LM")

    def go_round(self, text, targets, most):
        """Packets into the loop: each ends soon, and so does all that comes of it."""
        before, n = self.sent(), 0
        s = udp("a", "10.2.0.1")
        # What waits for a key fills the socket's buffer.
        s.setblocking(False)
        start = time.monotonic()
        for _ in range(10):
            for to in targets:
                for send in (lambda to: s.sendto(b"x", (to, 9)),
                             lambda to: s.sendto(bytes(1380), (to, 9)),
                             lambda to: s.sendto(bytes(8000), (to, 9)),
                             lambda to: send_train(s, [bytes(1300)] * 20, (to, 9))):
                    try:
                        send(to)
                    except OSError:
                        pass
                    n += 1
        s.close()
        # Thousands of packets, of which a kernel with every detector does some hundreds a
        # second on a busy machine. Whatever does not come back is the kernel's to report.
        check(time.monotonic() - start < 150, f"{text}: sending took {time.monotonic() - start:.0f} s")
        # What was sent is worked off first, however slow the machine is.
        end = time.monotonic() + 60
        while True:
            settled = self.sent()
            time.sleep(2)
            later = self.sent()
            if later - settled < 20 or time.monotonic() > end:
                break
        print(f"{text}: {n} sendings made {settled - before} packets, {later - settled} afterwards")
        check(later - settled < 20, f"{text}: it goes on and on, {later - settled} packets in 2 s")
        check(settled - before < most * n, f"{text}: {n} sendings made {settled - before} packets")

    def close(self):
        run("ip netns del a; ip netns del b")


def soft_lockup():
    """Tunnels that are routed into themselves, and into one another in a circle."""
    loops = Loops()
    loops.shake("L", "P", "10.2.1.0/24")
    loops.shake("L", "Q", "10.2.2.0/24")
    # A superpacket is 20 packets, a long datagram six; each grows into two, five times.
    most = 500
    loops.peer("L", "P", "10.2.1.0/24", "10.2.1.1:11")
    loops.go_round("a peer by itself", ["10.2.1.1"], 30)
    loops.peer("L", "P", "10.2.1.0/24", "10.2.2.1:11")
    loops.peer("L", "Q", "10.2.2.0/24", "10.2.1.1:12")
    loops.go_round("two peers by each other", ["10.2.1.1", "10.2.2.1"], most)
    loops.shake("L", "P", "10.2.1.0/24")
    loops.shake("M", "Q", "10.2.3.0/24")
    loops.peer("L", "P", "10.2.1.0/24", "10.2.3.1:11")
    loops.peer("M", "Q", "10.2.3.0/24", "10.2.1.1:12")
    loops.go_round("two devices by each other", ["10.2.1.1", "10.2.3.1"], most)
    # A queue on the device makes the way longer, not endless.
    run("ip netns exec a tc qdisc add dev wgL root fq_codel; "
        "ip netns exec a tc qdisc add dev wgM root fq_codel")
    loops.go_round("two devices with queues", ["10.2.1.1", "10.2.3.1"], most)
    # The same before there is any session.
    for n in "PQ":
        run(f"ip netns exec a wg set wgL peer {loops.public[n]} remove; "
            f"ip netns exec a wg set wgM peer {loops.public[n]} remove")
    loops.peer("L", "P", "10.2.1.0/24", "10.2.2.1:11")
    loops.peer("L", "Q", "10.2.2.0/24", "10.2.1.1:12")
    loops.go_round("two peers without sessions", ["10.2.1.1", "10.2.2.1"], 10)
    loops.shake("L", "P", "10.2.1.0/24")
    loops.close()


def no_key():
    """A peer that never answers: who has sent something is told when we give up."""
    p = Pair()
    before, start = p.drops("A"), time.monotonic()
    socks = {}
    for to in ("10.2.0.2", "fd02::2"):
        s = udp("a", "fd02::1" if ":" in to else "10.2.0.1")
        s.setsockopt(*((socket.IPPROTO_IPV6, IPV6_RECVERR, 1) if ":" in to else
                       (socket.IPPROTO_IP, IP_RECVERR, 1)))
        s.sendto(b"x", (to, 9))
        socks[s] = to

    def error(s):
        return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    # 18 times 5 s and up to 0.33 s each.  Until then nobody is told anything.
    while time.monotonic() < start + 80:
        check(not any(error(s) for s in socks), "an error before the handshake was given up")
        time.sleep(10)
    for s, to in socks.items():
        what = []
        wait_for(45, lambda s=s, what=what: what.append(error(s)) or what[-1])
        check(what[-1] == errno.EHOSTUNREACH, f"to {to}: error {what[-1]} after "
              f"{time.monotonic() - start:.0f} s, not EHOSTUNREACH")
        s.close()
    check(p.drops("A")["tx_purged"] - before["tx_purged"] >= 2, "what waited was not dropped")
    p.close()


CLASSES = {f.__name__: f for f in (wrong_protocol, mtu_0, metadata_dst, metadata_lost, nonce_reuse,
                                   replay, transit, error_path_skb_leak, soft_lockup,
                                   handshake_flood, no_key,
                                   *events.CLASSES, *hostile.CLASSES, *power.CLASSES, *queues.CLASSES,
                                   *requests.CLASSES, *underlay.CLASSES)}
# They wait for the protocol's deadlines: only in the long form, or when asked for.
SLOW = ("no_key", "no_answer_trace")


def too_long(_, frame):
    lines = []
    while frame:
        lines.append(f"{frame.f_code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    raise pair.Failed(f"it hangs in {' '.join(lines)}")


def main():
    words = sys.argv[1:]
    pair.LONG = "--long" in words
    without = [w.removeprefix("--without=") for w in words if w.startswith("--without=")]
    names = [w for w in words if not w.startswith("-")] or \
        [n for n in CLASSES if (pair.LONG or n not in SLOW) and n not in without]
    failed = []
    slow = any(word in os.uname().release for word in ("debug", "kcsan"))
    for name in names + without:
        if name not in CLASSES:
            sys.exit(f"no class {name}")
    for name in names:
        start, before = time.monotonic(), pair.checks
        signal.signal(signal.SIGALRM, too_long)
        # A hang, not a slow machine: debug kernels are emulated ten times as slowly, and
        # have the time that the long form has.
        signal.alarm(3000 if pair.LONG or slow else 900)
        try:
            CLASSES[name]()
        except Exception as e:  # pylint: disable=broad-except
            print(f"FAILED: {name.replace('_', ' ')}: {e!r}")
            sys.stdout.flush()
            pair.show_all()
            pair.clean_up()
            failed.append(name)
        signal.alarm(0)
        print(f"{name.replace('_', ' ')}: {pair.checks - before} checks, "
              f"{time.monotonic() - start:.0f} s", flush=True)
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")
    print(f"{pair.checks} checks")


main()
