# SPDX-License-Identifier: GPL-2.0
"""Class "parser": what nobody should send, to the entry where the real messages arrive."""

import base64
import os
import random
import struct

import pair
from inner import checksum, datagram, ipv4, ipv6, still_works
from pair import (COOKIE, DATA, INITIATION, RESPONSE, Pair, check, kind_of, run,
                  send_train, take, udp, wait_for)
from remote import Remote

LENGTHS = {INITIATION: 148, RESPONSE: 92, COOKIE: 64}


def captures(p):
    """Messages of each type, as they were sent: {type: [message]}."""
    run(f"ip netns exec a wg set wgA peer {p.public['B']} remove")
    run(f"ip netns exec a wg set wgA peer {p.public['B']} endpoint 127.0.0.1:6001 "
        "allowed-ips 10.2.0.2/32,fd02::2/128")
    p.log.clear()
    a = udp("a", "10.2.0.1")
    for size in (1, 100, 1300):
        a.sendto(bytes(size), ("10.2.0.2", 9))
    a.close()
    p.pump(60, keep=True, until=lambda: sum(kind_of(m) == DATA for _, m, _ in p.log) >= 3)
    out = {k: [m for _, m, _ in p.log if kind_of(m) == k] for k in (INITIATION, RESPONSE, DATA)}
    out[COOKIE] = [struct.pack("<I", COOKIE) + m[4:8] + os.urandom(56) for m in out[RESPONSE]]
    for kind, messages in out.items():
        check(messages, f"no message of type {kind} was seen")
    return out


def mutated(rng, seen):
    """A message with something wrong about it."""
    m = bytearray(rng.choice(seen[rng.choice((INITIATION, RESPONSE, COOKIE, DATA, DATA))]))
    what = rng.randrange(7)
    if what == 0:
        m = m[:rng.randrange(len(m))]
    elif what == 1:
        m += os.urandom(rng.choice((1, 15, 16, 1000)))
    elif what == 2:
        m[rng.randrange(1, 4)] = rng.randrange(1, 256)      # reserved
    elif what == 3:
        m[0] = rng.choice((0, 1, 2, 3, 4, 5, 255))
    elif what == 4:
        m[rng.randrange(len(m))] ^= 1 << rng.randrange(8)
    elif what == 5:
        m[4:8] = os.urandom(4)
    # Or as it was: that is a replay.
    return bytes(m)


def parser():
    """Random datagrams, mutated messages and trains: each is counted, none does harm."""
    p = Pair()
    p.handshake()
    seen = captures(p)
    p.pump(0.5)
    rng = random.Random(7)
    relay, to = p.relay["B"], (p.loop, p.PORTS["B"])
    rounds = 300 if pair.LONG else 12

    def send_all(text, count, send):
        """In portions that no queue on the way is too short for."""
        before, want = p.drops("B"), 0
        for _ in range(count):
            want += send()
        got = p.refused("B", before, want)
        if got != want:
            now = p.drops("B")
            print({k: now[k] - before[k] for k in now if now[k] != before[k]})
        check(got == want, f"{text}: {got} of {want} were counted")

    def one_random():
        m = bytearray(os.urandom(rng.choice((0, 1, 3, 4, 15, 16, 31, 32, 33, 64, 92, 148, 1452, 9000,
                                             65507))))
        if m and rng.randrange(2):
            m[:4] = struct.pack("<I", rng.randrange(6))[:len(m)]
        relay.sendto(m, to)
        return 1

    def one_mutant():
        relay.sendto(mutated(rng, seen), to)
        return 1

    def one_train():
        """Messages of a size but the last, of several types and receivers, cut anywhere."""
        size = rng.choice((1, 4, 16, 31, 32, 33, 64, 92, 148, 160, 1000))
        nr = rng.randrange(1, min(60, 60000 // size))
        train = bytearray()
        for _ in range(nr):
            m = bytearray(mutated(rng, seen).ljust(size, b"\0")[:size])
            if size >= 4 and rng.randrange(4):
                m[:4] = struct.pack("<I", DATA)
            if size >= 8 and rng.randrange(2):
                m[4:8] = rng.choice(seen[DATA])[4:8]
            train += m
        last = rng.randrange(1, size + 1)
        train = train[:len(train) - size + last]
        send_train(relay, [bytes(train[:size]), bytes(train[size:])], to)
        return nr

    for i in range(rounds):
        send_all("random datagrams", 40, one_random)
        send_all("mutated messages", 40, one_mutant)
        send_all("trains of them", 8, one_train)
        if not i % 5:
            # It is still the same session.
            still_works(p, "hostile messages")
    p.close()


def parser_inner():
    """Authentic messages of a peer, but what is in them is not as it should be."""
    p = Pair()
    p.handshake()
    r = Remote("127.0.0.1", (p.loop, p.PORTS["B"]), base64.b64decode(p.public["B"]))
    run(f"ip netns exec b wg set wgB peer {base64.b64encode(r.public).decode()} "
        "allowed-ips 10.2.0.9/32,fd02::9/128")
    r.handshake()
    b = {4: udp("b", "10.2.0.2", 9600), 6: udp("b", "fd02::2", 9600)}
    mine = {"sender": "10.2.0.9"}
    mine6 = {"sender": "fd02::9"}
    text = datagram(b"inner", 9600)

    # Delivered: without a UDP checksum (IPv4), with padding, in fragments.
    r.send(ipv4(text, **mine))
    check((take(b[4], 30) or [None])[0] == b"inner", "a zero checksum over IPv4 does not pass")
    r.send(ipv4(text, **mine) + bytes(11))
    check((take(b[4], 30) or [None])[0] == b"inner", "what is padded does not pass")
    whole = datagram(bytes(range(200)), 9600)
    r.send(ipv4(whole[96:], frag=96 // 8, **mine))
    r.send(ipv4(whole[:96], frag=0x2000, **mine))
    check((take(b[4], 30) or [None])[0] == bytes(range(200)), "fragments do not pass")
    whole = struct.pack("!HHHH", 9600, 9600, 208, 0) + bytes(200)
    sent = bytearray(ipv6(whole, **mine6))
    pseudo = sent[8:40] + struct.pack("!II", len(whole), 17)
    whole = whole[:6] + struct.pack("!H", checksum(bytes(pseudo) + whole) or 0xffff) + whole[8:]
    for off, part in ((0, whole[:104]), (104, whole[104:])):
        head = struct.pack("!BBHI", 17, 0, off | (not off), 77)
        r.send(ipv6(head + part, proto=44, **mine6))
    check((take(b[6], 30) or [None])[0] == bytes(200), "fragments of IPv6 do not pass")
    # Zero is not allowed there: the stack drops it, not the tunnel.
    before = p.drops("B")
    r.send(ipv6(datagram(b"inner", 9600), **mine6))
    check(p.counted("B", before, "rx.packets", 1) == 1, "zero checksum over IPv6: not received")
    check(not take(b[6], 0.2), "a zero checksum over IPv6 was accepted by the stack")

    good4, good6 = ipv4(text, **mine), ipv6(text, **mine6)
    bad = {
        "rx_not_ip": [b"\0", b"\x45", b"\x60", good4[:19], good6[:39], bytes(64),
                      b"\x10" + bytes(50), b"\xff" * 40, b"\x55" + good4[1:], b"\x75" + good6[1:]],
        "rx_inner_length": [ipv4(text, length=n, **mine) for n in (0, 19, len(good4) + 1, 65535)] +
                           [ipv6(text, length=n, **mine6) for n in (len(text) + 1, 65535)] +
                           [good4[:-1], good6[:-1]],
        "rx_source": [ipv4(text, sender=s) for s in ("10.2.0.1", "10.2.0.2", "10.2.0.8", "0.0.0.0",
                                                     "127.0.0.1", "255.255.255.255", "224.0.0.1")] +
                     [ipv6(text, sender=s) for s in ("fd02::1", "fd02::2", "fd02::8", "::", "::1",
                                                     "ff02::1", "::ffff:10.2.0.9")],
    }
    # All of a length, among good ones of that length in one superpacket.
    good = ipv4(datagram(b"x" * 100, 9600), **mine)
    body4, body6 = datagram(bytes(100), 9600), datagram(bytes(80), 9600)
    among = {
        "rx_not_ip": [bytes(128), b"\x10" * 128, b"\x50" + good[1:], b"\xff" * 128],
        "rx_inner_length": [ipv4(body4, length=n, **mine) for n in (0, 19, 129, 65535)] +
                           [ipv6(body6, length=n, **mine6) for n in (89, 65535)],
        "rx_source": [ipv4(body4), ipv4(body4, sender="10.2.0.8"), ipv6(body6),
                      ipv6(body6, sender="::")],
    }

    def counts(text, why, before, want, received):
        nr = p.counted("B", before, why, want)
        now = p.drops("B")
        if nr != want:
            print({k: now[k] - before[k] for k in now if now[k] != before[k]})
        check(nr == want, f"{text}: {why} counts {nr} of {want}")
        check(now["rx.errors"] - before["rx.errors"] == want, f"{text}: {why}: rx_errors")
        check(now["rx.packets"] - before["rx.packets"] == received,
              f"{text}: {why}: they count as received too")
        check(not take(b[4], 0.1) and not take(b[6], 0.1), f"{text}: {why}: it was delivered")

    for why, packets in bad.items():
        before = p.drops("B")
        for packet in packets:
            r.send(packet)
        counts("alone", why, before, len(packets), 0)
        before = p.drops("B")
        for packet in among[why]:
            send_train(r.sock, [r.message(good), r.message(packet), r.message(good)], r.to)
        want = 2 * len(among[why])
        came = 0
        while came < want and take(b[4], 20):
            came += 1
        check(came == want, f"{why}: {came} of {want} good neighbours came")
        counts("in a train", why, before, len(among[why]), want)

    # Keepalives are received, and nothing more.
    def received():
        peers = run("ip netns exec b wg show wgB transfer").splitlines()
        return next(int(l.split()[1]) for l in peers
                    if l.startswith(base64.b64encode(r.public).decode()))

    start, before = received(), p.drops("B")
    for _ in range(5):
        r.send(b"")
    check(wait_for(30, lambda: received() >= start + 5 * 32), "keepalives do not count as received")
    check(received() == start + 5 * 32, "keepalives count more than they are")
    check(p.refused("B", before, 0) == 0, "a keepalive was dropped")
    # The last counters that there are, and beyond.
    before = p.drops("B")
    limit = 2 ** 64 - 2 ** 13 - 1
    r.send(good4, limit - 1)
    check((take(b[4], 30) or [None])[0] == b"inner", "the last counter is refused")
    for counter in (limit, limit + 1, 2 ** 64 - 1):
        r.send(good4, counter)
    nr = p.refused("B", before, 3)
    check(nr == 3 and not take(b[4], 0.1), f"{nr} of 3 counters beyond the limit were refused")
    still_works(p, "bad inner packets")
    r.close()
    for s in b.values():
        s.close()
    p.close()


CLASSES = (parser, parser_inner)
