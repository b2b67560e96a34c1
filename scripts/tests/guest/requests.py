# SPDX-License-Identifier: GPL-2.0
"""Netlink requests made by hand: each that is refused says why, and changes nothing."""

import errno
import os
import socket
import struct

from pair import check, run

NETLINK_GENERIC, SOL_NETLINK = 16, 270
NETLINK_CAP_ACK, NETLINK_EXT_ACK = 10, 11
GETFAMILY = 3
GET_DEVICE, SET_DEVICE = 0, 1
# Attributes of a device, of a peer, of an allowed IP.
IFINDEX, IFNAME, PRIVATE_KEY, PUBLIC_KEY, FLAGS, PORT, FWMARK, PEERS = range(1, 9)
P_KEY, P_PSK, P_FLAGS, P_ENDPOINT, P_KEEPALIVE, _, _, _, P_IPS, P_VERSION = range(1, 11)
A_FAMILY, A_ADDRESS, A_MASK, A_FLAGS = range(1, 5)
NESTED = 0x8000


def attr(kind, data):
    if isinstance(data, (list, tuple)):
        kind, data = kind | NESTED, b"".join(data)
    return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def u8(kind, value):
    return attr(kind, struct.pack("B", value))


def u16(kind, value):
    return attr(kind, struct.pack("H", value))


def u32(kind, value):
    return attr(kind, struct.pack("I", value))


def ip(address="10.0.0.1", mask=32, family=socket.AF_INET, leave=0, flags=None):
    data = socket.inet_aton(address) if isinstance(address, str) else address
    parts = [u16(A_FAMILY, family), attr(A_ADDRESS, data), u8(A_MASK, mask)]
    if leave:
        del parts[leave - 1]
    if flags is not None:
        parts.append(u32(A_FLAGS, flags))
    return attr(0, parts)


def peer(*more, key=b"p" * 32):
    return attr(0, ([attr(P_KEY, key)] if key else []) + list(more))


class Family:
    """A socket that speaks to the driver."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sock.settimeout(60)
        self.seq = 0
        err, _, reply = self.ask(16, GETFAMILY, 1, attr(2, b"wireguard\0"))
        check(not err, f"no family: {err}")
        self.id = None
        at = 20
        while at + 4 <= len(reply):
            size, kind = struct.unpack_from("HH", reply, at)
            if kind == 1:
                self.id, = struct.unpack_from("H", reply, at + 4)
            at += (size + 3) & ~3
        check(self.id, "the family has no number")

    def ask(self, family, command, version, body):
        """(errno, text of the extended ACK, first reply that is no ACK)"""
        self.seq += 1
        data = struct.pack("BBH", command, version, 0) + body
        self.sock.send(struct.pack("IHHII", 16 + len(data), family, 5, self.seq, 0) + data)
        reply = b""
        while True:
            got = self.sock.recv(65536)
            size, kind, flags, _, _ = struct.unpack_from("IHHII", got)
            if kind != 2:
                reply = got
                continue
            err, = struct.unpack_from("i", got, 16)
            text, at = "", 36
            if flags & 0x200:           # NLM_F_ACK_TLVS
                while at + 4 <= size:
                    n, what = struct.unpack_from("HH", got, at)
                    if what == 1:
                        text = got[at + 4:at + n].rstrip(b"\0").decode()
                    at += (n + 3) & ~3
            return -err, text, reply

    def set(self, *attrs):
        return self.ask(self.id, SET_DEVICE, 1, b"".join(attrs))[:2]


def error_path_requests():
    """Missing, double, oversized, misplaced: right error, some words, same configuration."""
    name = attr(IFNAME, b"wgR\0")
    run("ip link add wgR type wireguard; ip link add notwg type dummy; ip link set wgR up")
    run("wg set wgR listen-port 5700 fwmark 7 private-key /dev/stdin", run("wg genkey"))
    f = Family()
    v4 = struct.pack("=HH4s8x", socket.AF_INET, 0x100, bytes((127, 0, 0, 1)))
    err, text = f.set(name, attr(PEERS, [peer(
        attr(P_PSK, b"s" * 32), attr(P_ENDPOINT, v4), u16(P_KEEPALIVE, 99),
        attr(P_IPS, [ip("10.0.0.0", 8), ip("10.1.1.1")]))]))
    check(not err, f"a good request: {err} {text}")

    def state():
        return run("wg showconf wgR; ip -o link show wgR; ss -Hlun sport = :5700; "
                   "ss -Hlun sport = :5701")

    good = state()
    check("10.1.1.1/32" in good and "= 99" in good, f"it has not arrived: {good}")
    other = b"q" * 32
    fresh = peer(attr(P_IPS, [ip("10.9.0.0", 16)]), key=other)
    port = u16(PORT, 5701)
    deep = attr(1, b"")
    for _ in range(40):
        deep = attr(1, [deep])
    n, i, e = errno.EINVAL, errno.ERANGE, errno.EOPNOTSUPP
    cases = {
        "no interface named": ((port,), errno.EBADR, "Either an interface"),
        "name and index": ((name, u32(IFINDEX, 1), port), errno.EBADR, "Either an interface"),
        "no such name": ((attr(IFNAME, b"nowhere\0"), port), errno.ENODEV, "No such interface"),
        "no such index": ((u32(IFINDEX, 99999), port), errno.ENODEV, "No such interface"),
        "index 0": ((u32(IFINDEX, 0), port), errno.ENODEV, "No such interface"),
        "another kind": ((attr(IFNAME, b"notwg\0"), port), e, "another kind"),
        "a name without end": ((attr(IFNAME, b"w" * 16), port), None, ""),
        "a short key": ((name, port, attr(PRIVATE_KEY, b"k" * 31)), None, ""),
        "a long key": ((name, port, attr(PRIVATE_KEY, b"k" * 33)), None, ""),
        "an unknown flag": ((name, port, u32(FLAGS, 2)), None, ""),
        "a port of four bytes": ((name, u32(PORT, 5701)), None, ""),
        "an unknown attribute": ((name, port, u32(9, 1)), None, ""),
        "attribute 0": ((name, port, u32(0, 1)), None, ""),
        "a peer without a key": ((name, port, attr(PEERS, [fresh, peer(u32(P_FLAGS, 0), key=None)])),
                                 n, "A peer needs a public key"),
        "protocol version 2": ((name, port, attr(PEERS, [fresh, peer(u32(P_VERSION, 2))])),
                               errno.EPFNOSUPPORT, "Protocol version 1"),
        "a short endpoint": ((name, port, attr(PEERS, [fresh, peer(attr(P_ENDPOINT, v4[:15]))])),
                             None, ""),
        "an endpoint of no family": ((name, port, attr(PEERS, [fresh, peer(
            attr(P_ENDPOINT, bytes(16)))])), n, "An endpoint is"),
        "an endpoint too long": ((name, port, attr(PEERS, [fresh, peer(
            attr(P_ENDPOINT, v4 + bytes(4)))])), n, "An endpoint is"),
        "mask 33": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [ip(mask=33)]))])),
                    n, "Address or mask"),
        "mask 129": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [ip(
            bytes(16), 129, socket.AF_INET6)]))])), i, ""),
        "IPv6 in four bytes": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [ip(
            bytes(4), 8, socket.AF_INET6)]))])), n, "Address or mask"),
        "family 0": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [ip(family=0)]))])),
                     n, "Address or mask"),
        "no family": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [ip(leave=1)]))])),
                      n, "An allowed IP needs"),
        "no address": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [ip(leave=2)]))])),
                       n, "An allowed IP needs"),
        "no mask": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [ip(leave=3)]))])),
                    n, "An allowed IP needs"),
        "an unknown flag of an allowed IP": ((name, port, attr(PEERS, [fresh, peer(
            attr(P_IPS, [ip(flags=2)]))])), None, ""),
        "an unknown flag of a peer": ((name, port, attr(PEERS, [fresh, peer(u32(P_FLAGS, 8))])),
                                      None, ""),
        "peers that are flat": ((name, port, attr(PEERS, b"flat" * 4)), None, ""),
        "nests forty deep": ((name, port, attr(PEERS, [fresh, peer(attr(P_IPS, [attr(0, [deep])]))])),
                             None, ""),
        "a bad one of two": ((name, port, attr(PRIVATE_KEY, b"k" * 31), attr(PRIVATE_KEY, b"k" * 32)),
                             None, ""),
        "a port in use": ((name, port), errno.EADDRINUSE, "The port cannot be bound"),
        "the end is malformed": ((name, port, attr(PEERS, [fresh, struct.pack("HH", 400, NESTED)])),
                                 n, ""),
    }
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for text, (attrs, want, words) in cases.items():
        if want == errno.EADDRINUSE:
            taken.bind(("0.0.0.0", 5701))
            before = state().replace(run("ss -Hlun sport = :5701"), "")
        err, said = f.set(*attrs)
        check(err == want if want else err > 0, f"{text}: {errno.errorcode.get(err, err)} ({said})")
        check(said and words in said, f"{text}: the words are '{said}'")
        now = state()
        if want == errno.EADDRINUSE:
            now = now.replace(run("ss -Hlun sport = :5701"), "")
            check(now == before, f"{text}: it has changed something: {now}")
            taken.close()
            continue
        check(now == good, f"{text}: it has changed something: {now}")

    # Twice the same: the last one counts.
    err, said = f.set(name, u32(FWMARK, 1), u32(FWMARK, 2), attr(PEERS, [peer(
        u16(P_KEEPALIVE, 5), u16(P_KEEPALIVE, 6))]), attr(PEERS, [peer(
            u16(P_KEEPALIVE, 7), u16(P_KEEPALIVE, 8))]))
    check(not err, f"double attributes: {err} {said}")
    check(run("wg show wgR fwmark").strip() == "0x2", "the last mark of two does not count")
    check(run("wg show wgR persistent-keepalive").split()[1] == "8", "the last peers do not count")
    # Flags that ask for nothing to be made.
    for flags in (1, 4, 5):
        err, said = f.set(name, attr(PEERS, [peer(u32(P_FLAGS, flags), attr(P_IPS, [ip("10.9.0.0", 16)]),
                                                  key=other)]))
        check(not err, f"peer flags {flags}: {err} {said}")
        check(run("wg show wgR peers").count("\n") == 1, f"peer flags {flags} made a peer")
    # More than anybody needs: 64 KiB of one attribute's length, all of it peers' allowed IPs.
    many = [ip(os.urandom(4)) for _ in range(1600)]
    err, said = f.set(name, attr(PEERS, [peer(attr(P_IPS, many), key=other)]))
    check(not err, f"1,600 allowed IPs: {err} {said}")
    f.sock.close()
    # Without the capability nothing is answered, and nothing is shown.
    pid = os.fork()
    if not pid:
        os.setuid(65534)
        try:
            g = Family()
            err = g.set(name, port)[0]
        finally:
            os._exit(0 if err == errno.EPERM else 1)
    check(os.waitpid(pid, 0)[1] == 0, "without CAP_NET_ADMIN it is not EPERM")
    run("ip link del wgR; ip link del notwg")


def dump_during_changes():
    """A dump comes to its end, whatever is changed between its messages."""
    name = attr(IFNAME, b"wgR\0")
    run("ip link add wgR type wireguard")
    dumping, changing = Family(), Family()
    # More than a message of 32 KiB holds
    ips = [[attr(P_IPS, [ip(f"10.{net}.{n >> 8}.{n & 255}") for n in range(2000)])]
           for net in range(3)]
    for key, more in ((b"p" * 32, []), *((b"q" * 32, some) for some in ips), (b"r" * 32, [])):
        err, text = changing.set(name, attr(PEERS, [peer(*more, key=key)]))
        check(not err, f"a peer: {err} {text}")
    for change in (False, True):
        dumping.seq += 1
        data = struct.pack("BBH", GET_DEVICE, 1, 0) + name
        dumping.sock.send(struct.pack("IHHII", 16 + len(data), dumping.id, 0x301,
                                      dumping.seq, 0) + data)
        messages, interrupted, seen, over = 0, False, b"", False
        while not over and messages < 200:
            got = dumping.sock.recv(65536)
            while got:
                size, kind, flags, _, _ = struct.unpack_from("IHHII", got)
                over = over or kind == 3
                interrupted = interrupted or bool(flags & 0x10)
                messages += 1
                seen += got[:size]
                got = got[(size + 3) & ~3:]
            if change and not over:
                err, text = changing.set(name, u32(FWMARK, messages))
                check(not err, f"a mark: {err} {text}")
        print(f"a dump of {messages} messages, {len(seen)} bytes")
        check(over, f"no end after {messages} messages")
        check(interrupted == change, f"changes: {change}, interrupted: {interrupted}")
        for key in (b"p" * 32, b"q" * 32, b"r" * 32):
            check(key in seen, f"peer {key[:1]} is missing")
        # What has not changed is there in full.
        have = seen.count(struct.pack("HHB", 8, A_ADDRESS, 10))
        check(have == 6000 if not change else have < 6000, f"{have} of 6000 allowed IPs")
    run("ip link del wgR")


CLASSES = (error_path_requests, dump_during_changes)
