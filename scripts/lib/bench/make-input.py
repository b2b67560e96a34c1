#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: make-input.py DIR COUNT...

Make what the bench feeds the drivers with, the same each time:

  responder.key    private key of a responder; .pub and .hex, its public key
  initiators.conf  its peers
  initiations.bin  an initiation of each, 148 bytes
  again.bin        a later one of each
  flood.hex        one with a good mac1 of somebody who is no peer
  hub.key, hub.pub of a host with many active peers
  active.conf      those peers, at OUTER
  active.bin       their private keys, 32 bytes each
  random-COUNT, internet-COUNT, random6-COUNT, internet6-COUNT
                   prefixes, 20 bytes each: address (IPv4: and zeroes), length,
                   family, two zeroes

"internet" has the lengths that the tables of the Internet have, roughly: half of
the IPv4 prefixes are /24 and of the IPv6 prefixes /48, and prefixes lie in
clusters, with more special ones inside less special ones. Needs Python's
cryptography package.
"""
import base64
import importlib.util
import pathlib
import random
import struct
import sys

INITIATORS = 4096
ACTIVE = 10000
# Share of each length among a thousand, as the public route collectors show it.
LENGTHS = {8: 1, 11: 1, 12: 1, 13: 1, 14: 2, 15: 2, 16: 14, 17: 9, 18: 15, 19: 27,
           20: 45, 21: 55, 22: 115, 23: 105, 24: 607}
LENGTHS6 = {24: 1, 28: 5, 29: 25, 30: 4, 32: 130, 33: 15, 34: 15, 35: 10, 36: 45, 38: 15,
            39: 10, 40: 85, 42: 25, 44: 115, 45: 10, 46: 30, 47: 20, 48: 440}


def noise():
    path = pathlib.Path(__file__).resolve().parents[2] / "noise-vectors.py"
    spec = importlib.util.spec_from_file_location("noise_vectors", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def initiation(n, responder, initiator, ephemeral, index, second=0):
    t = n.Transcript(responder)
    t.mix_hash(ephemeral.public)
    t.mix(ephemeral.public, 1)
    key, = t.mix(ephemeral.dh(responder), 2)
    msg = struct.pack("<II", 1, index) + ephemeral.public + t.seal(key, initiator.public)
    key, = t.mix(initiator.dh(responder), 2)
    msg += t.seal(key, struct.pack(">QI", (1 << 62) + 10 + 1_700_000_000 + second, 0))
    return n.macs(msg, responder, None)


def handshakes(out):
    n = noise()
    responder = n.Key("bench responder")
    (out / "responder.key").write_bytes(base64.b64encode(responder.private) + b"\n")
    (out / "responder.hex").write_text(responder.public.hex() + "\n")
    (out / "responder.pub").write_bytes(base64.b64encode(responder.public) + b"\n")
    conf, data, again = [], b"", b""
    for i in range(INITIATORS + 1):
        peer = n.Key("bench initiator %d" % i)
        msg = initiation(n, responder.public, peer, n.Key("bench ephemeral %d" % i), i + 1)
        if i == INITIATORS:
            (out / "flood.hex").write_text(msg.hex() + "\n")
        else:
            data += msg
            again += initiation(n, responder.public, peer, n.Key("bench again %d" % i),
                                i + 1, 1)
            conf.append("[Peer]\nPublicKey = %s\n" % base64.b64encode(peer.public).decode())
    (out / "initiations.bin").write_bytes(data)
    (out / "again.bin").write_bytes(again)
    (out / "initiators.conf").write_text("".join(conf))


def active(out):
    n = noise()
    hub = n.Key("bench hub")
    (out / "hub.key").write_bytes(base64.b64encode(hub.private) + b"\n")
    (out / "hub.pub").write_bytes(base64.b64encode(hub.public) + b"\n")
    (out / "hub.hex").write_text(hub.public.hex() + "\n")
    conf, keys = [], b""
    for i in range(1, ACTIVE + 1):
        peer = n.Key("bench active %d" % i)
        keys += peer.private
        conf.append("[Peer]\nPublicKey = %s\nEndpoint = OUTER:%d\nAllowedIPs = 172.17.%d.%d/32\n"
                    % (base64.b64encode(peer.public).decode(), 10000 + i, i >> 8, i & 255))
    (out / "active.bin").write_bytes(keys)
    (out / "active.conf").write_text("".join(conf))


def pack(prefixes, bits):
    family, rest = (4, 12) if bits == 32 else (6, 0)
    return b"".join(ip.to_bytes(bits // 8, "big") + bytes(rest) + bytes((length, family, 0, 0))
                    for ip, length in prefixes)


def mask(ip, length, bits):
    return ip >> bits - length << bits - length


def shuffled(r, found):
    found = sorted(found)
    r.shuffle(found)
    return found


def rand(count, bits):
    """Any prefix as long as half an address and more; of IPv6 a quarter."""
    r, found = random.Random(count), set()
    while len(found) < count:
        length = r.randint(16 if bits == 32 else 32, bits)
        found.add((mask(r.getrandbits(bits), length, bits), length))
    return shuffled(r, found)


def internet(count, bits):
    r, found = random.Random(count + 1), set()
    table = LENGTHS if bits == 32 else LENGTHS6
    lengths, weights = list(table), list(table.values())
    # What is given out: 1.0.0.0 to 223.255.255.255, and 2000::/3.
    low, high = (1 << 24, 0xe0 << 24) if bits == 32 else (1 << 125, 1 << 126)
    last = low
    while len(found) < count:
        length = r.choices(lengths, weights)[0]
        # A neighbour of, or inside, what came before; or somewhere else.
        if r.random() < 0.85:
            ip = last + (r.randint(0, 64) << bits - length)
        else:
            ip = r.randint(low, high - 1)
        last = ip if ip < high else low
        found.add((mask(last, length, bits), length))
    return shuffled(r, found)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 0 if sys.argv[1:] == ["--help"] else 2
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    handshakes(out)
    active(out)
    for count in map(int, sys.argv[2:]):
        for bits, name in (32, ""), (128, "6"):
            (out / ("random%s-%d" % (name, count))).write_bytes(pack(rand(count, bits), bits))
            (out / ("internet%s-%d" % (name, count))).write_bytes(
                pack(internet(count, bits), bits))
    return 0


if __name__ == "__main__":
    sys.exit(main())
