#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: make-input.py DIR COUNT...

Make what the bench feeds the drivers with, the same each time:

  responder.key    private key of a responder
  initiators.conf  its peers
  initiations.bin  an initiation of each, 148 bytes
  flood.hex        one with a good mac1 of somebody who is no peer
  random-COUNT, internet-COUNT
                   prefixes, 8 bytes each: address, length, three zeroes

"internet" has the lengths that the table of the Internet has, roughly: half of
the prefixes are /24, and prefixes lie in clusters, with more special ones inside
less special ones. Needs Python's cryptography package.
"""
import base64
import importlib.util
import pathlib
import random
import struct
import sys

INITIATORS = 2048
# Share of each length among a thousand, as the public route collectors show it.
LENGTHS = {8: 1, 11: 1, 12: 1, 13: 1, 14: 2, 15: 2, 16: 14, 17: 9, 18: 15, 19: 27,
           20: 45, 21: 55, 22: 115, 23: 105, 24: 607}


def noise():
    path = pathlib.Path(__file__).resolve().parents[2] / "noise-vectors.py"
    spec = importlib.util.spec_from_file_location("noise_vectors", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def initiation(n, responder, initiator, ephemeral, index):
    t = n.Transcript(responder)
    t.mix_hash(ephemeral.public)
    t.mix(ephemeral.public, 1)
    key, = t.mix(ephemeral.dh(responder), 2)
    msg = struct.pack("<II", 1, index) + ephemeral.public + t.seal(key, initiator.public)
    key, = t.mix(initiator.dh(responder), 2)
    msg += t.seal(key, struct.pack(">QI", (1 << 62) + 10 + 1_700_000_000, 0))
    return n.macs(msg, responder, None)


def handshakes(out):
    n = noise()
    responder = n.Key("bench responder")
    (out / "responder.key").write_bytes(base64.b64encode(responder.private) + b"\n")
    (out / "responder.pub").write_bytes(base64.b64encode(responder.public) + b"\n")
    conf, data = [], b""
    for i in range(INITIATORS + 1):
        peer = n.Key("bench initiator %d" % i)
        msg = initiation(n, responder.public, peer, n.Key("bench ephemeral %d" % i), i + 1)
        if i == INITIATORS:
            (out / "flood.hex").write_text(msg.hex() + "\n")
        else:
            data += msg
            conf.append("[Peer]\nPublicKey = %s\n" % base64.b64encode(peer.public).decode())
    (out / "initiations.bin").write_bytes(data)
    (out / "initiators.conf").write_text("".join(conf))


def pack(prefixes):
    return b"".join(struct.pack(">IB3x", ip, length) for ip, length in prefixes)


def mask(ip, length):
    return ip >> 32 - length << 32 - length


def rand(count):
    r, found = random.Random(count), set()
    while len(found) < count:
        length = r.randint(16, 32)
        found.add((mask(r.getrandbits(32), length), length))
    found = sorted(found)
    r.shuffle(found)
    return found


def internet(count):
    r, found, last = random.Random(count + 1), set(), 0x01000000
    lengths, weights = list(LENGTHS), list(LENGTHS.values())
    while len(found) < count:
        length = r.choices(lengths, weights)[0]
        # A neighbour of, or inside, what came before; or somewhere else.
        if r.random() < 0.85:
            ip = last + (r.randint(0, 64) << 32 - length)
        else:
            ip = r.randint(0x01000000, 0xdfffffff)
        last = ip % 0xe0000000
        found.add((mask(last, length), length))
    found = sorted(found)
    r.shuffle(found)
    return found


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 0 if sys.argv[1:] == ["--help"] else 2
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    handshakes(out)
    for count in map(int, sys.argv[2:]):
        (out / ("random-%d" % count)).write_bytes(pack(rand(count)))
        (out / ("internet-%d" % count)).write_bytes(pack(internet(count)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
