# SPDX-License-Identifier: GPL-2.0
"""What goes into the tunnel: packets made by hand, and proof that it still passes them."""

import socket
import struct

from pair import check, take, udp

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(payload, to="10.2.0.2", proto=17, sender="10.2.0.1", length=None, frag=0):
    """An IPv4 packet; its length field can lie, and it can be a fragment."""
    length = 20 + len(payload) if length is None else length
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length & 0xffff, 1, frag, 64, proto, 0,
                       socket.inet_aton(sender), socket.inet_aton(to))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(payload, to="fd02::2", proto=17, sender="fd02::1", length=None):
    return struct.pack("!IHBB", 6 << 28, len(payload) if length is None else length, proto, 64) + \
        socket.inet_pton(socket.AF_INET6, sender) + socket.inet_pton(socket.AF_INET6, to) + payload


def datagram(payload, port=7):
    """UDP without a checksum."""
    return struct.pack("!HHHH", port, port, 8 + len(payload), 0) + payload


def still_works(p, text):
    """A datagram of each family gets through, however slow the machine is."""
    for family, to in ((4, "10.2.0.2"), (6, "fd02::2")):
        b = udp("b", to, 9000)
        a = udp("a", to[:-1] + "1")
        got = None
        for i in range(100):
            if not i % 20:
                a.sendto(b"alive", (to, 9000))
            if p.relay:
                p.pump(0.1)
            got = take(b, 0.2)
            if got:
                break
        check(got and got[0] == b"alive", f"{text}: IPv{family} does not pass any more")
        a.close()
        b.close()


def inject(sock, data, proto, dev="wgA"):
    """True if the stack took it."""
    try:
        sock.sendto(data, (dev, proto))
        return True
    except OSError:
        return False
