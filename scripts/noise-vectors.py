#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write kunit/net/noise-testvecs.h: handshakes computed independently.

The handshake is worked out step by step from the protocol's description with
Python's cryptography package (X25519, ChaCha20-Poly1305) and hashlib (BLAKE2s).
Nothing of the driver is used. With --check nothing is written, and the exit
status tells whether the committed file is what would be.
"""

import argparse
import copy
import hashlib
import hmac
import os
import struct
import sys

try:
    from cryptography.hazmat.primitives.asymmetric import x25519
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.serialization import (
        Encoding, NoEncryption, PrivateFormat, PublicFormat)
except ImportError:
    sys.exit("noise-vectors.py: needs Python's cryptography: apt-get install python3-cryptography")

OUT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                   "kunit/net/noise-testvecs.h")


def fixed(label, size=32):
    """Bytes that look random and are the same each time."""
    out, count = b"", 0
    while len(out) < size:
        out += hashlib.sha256(f"culvert {label} {count}".encode()).digest()
        count += 1
    return out[:size]


def blake2s(*parts, size=32, key=b""):
    return hashlib.blake2s(b"".join(parts), digest_size=size, key=key).digest()


def kdf(chain, data, count):
    def step(key, msg):
        return hmac.new(key, msg, hashlib.blake2s).digest()
    secret, out, last = step(chain, data), [], b""
    for i in range(1, count + 1):
        last = step(secret, last + bytes([i]))
        out.append(last)
    return out


class Key:
    def __init__(self, label):
        self.key = x25519.X25519PrivateKey.from_private_bytes(fixed(label))
        self.private = self.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def dh(self, public):
        return self.key.exchange(x25519.X25519PublicKey.from_public_bytes(public))


class Transcript:
    def __init__(self, responder):
        self.chain = blake2s(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
        self.hash = blake2s(self.chain, b"WireGuard v1 zx2c4 Jason@zx2c4.com")
        self.mix_hash(responder)

    def mix_hash(self, data):
        self.hash = blake2s(self.hash, data)

    def mix(self, secret, count):
        self.chain, *rest = kdf(self.chain, secret, count)
        return rest

    def seal(self, key, text):
        out = ChaCha20Poly1305(key).encrypt(bytes(12), text, self.hash)
        self.mix_hash(out)
        return out


def macs(msg, public, cookie):
    mac1 = blake2s(msg, size=16, key=blake2s(b"mac1----", public))
    mac2 = blake2s(msg, mac1, size=16, key=cookie) if cookie else bytes(16)
    return msg + mac1 + mac2


def hchacha20(key, nonce):
    s = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xffffffff
            s[z] ^= s[x]
            s[z] = (s[z] << n | s[z] >> (32 - n)) & 0xffffffff
    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<8I", *(s[:4] + s[12:]))


def handshake(name, psk, cookie):
    """One handshake, as members of struct noise_testvec."""
    static_i, static_r = Key("initiator " + name), Key("responder " + name)
    eph_i, eph_r = Key("initiator's ephemeral " + name), Key("responder's ephemeral " + name)
    index_i, index_r = fixed("index i " + name, 4), fixed("index r " + name, 4)
    timestamp = struct.pack(">QI", (1 << 62) + 10 + 1_700_000_000, 0x1c000000)

    t = Transcript(static_r.public)
    t.mix_hash(eph_i.public)
    t.mix(eph_i.public, 1)
    key, = t.mix(eph_i.dh(static_r.public), 2)
    msg = struct.pack("<I", 1) + index_i + eph_i.public + t.seal(key, static_i.public)
    key, = t.mix(static_i.dh(static_r.public), 2)
    msg += t.seal(key, timestamp)
    initiation = macs(msg, static_r.public, cookie)

    weak = copy.copy(t)
    t.mix_hash(eph_r.public)
    t.mix(eph_r.public, 1)
    t.mix(eph_r.dh(eph_i.public), 1)
    t.mix(eph_r.dh(static_i.public), 1)
    tau, key = t.mix(psk, 3)
    t.mix_hash(tau)
    msg = struct.pack("<I", 2) + index_r + index_i + eph_r.public + t.seal(key, b"")
    response = macs(msg, static_i.public, None)
    send_i, send_r = kdf(t.chain, b"", 2)

    # The same with an ephemeral key of low order. Every multiplication by it
    # gives zero, so that anybody can seal what then opens.
    zero = bytes(32)
    weak.mix_hash(zero)
    for _ in range(3):
        weak.mix(zero, 1)
    tau, key = weak.mix(psk, 3)
    weak.mix_hash(tau)
    weak_response = macs(struct.pack("<I", 2) + index_r + index_i + zero + weak.seal(key, b""),
                         static_i.public, None)
    weak = Transcript(static_r.public)
    weak.mix_hash(zero)
    weak.mix(zero, 1)
    key, = weak.mix(zero, 2)
    msg = struct.pack("<I", 1) + index_i + zero + weak.seal(key, static_i.public)
    key, = weak.mix(static_i.dh(static_r.public), 2)
    weak_initiation = macs(msg + weak.seal(key, timestamp), static_r.public, None)
    return {
        "static_i": static_i.private, "static_r": static_r.private,
        "public_i": static_i.public, "public_r": static_r.public,
        "shared": static_i.dh(static_r.public),
        "ephemeral_i": eph_i.private, "ephemeral_r": eph_r.private,
        "psk": psk, "timestamp": timestamp, "index_i": index_i, "index_r": index_r,
        "cookie": cookie or bytes(16), "initiation": initiation, "response": response,
        "key_i": send_i, "key_r": send_r,
        "weak_initiation": weak_initiation, "weak_response": weak_response,
    }


def cookie_reply():
    """A cookie reply, as members of struct cookie_testvec."""
    public, secret = Key("cookies").public, fixed("cookie secret")
    mac1, nonce = fixed("mac1", 16), fixed("cookie nonce", 24)
    receiver = fixed("cookie receiver", 4)
    source4 = bytes([192, 0, 2, 33]) + struct.pack(">H", 51820)
    source6 = bytes.fromhex("20010db8000000000000000000000007") + struct.pack(">H", 4500)
    cookie = blake2s(source4, size=16, key=secret)
    key = hchacha20(blake2s(b"cookie--", public), nonce[:16])
    sealed = ChaCha20Poly1305(key).encrypt(bytes(4) + nonce[16:], cookie, mac1)
    return {
        "public": public, "secret": secret, "mac1": mac1, "source4": source4,
        "source6": source6, "cookie4": cookie,
        "cookie6": blake2s(source6, size=16, key=secret),
        "reply": struct.pack("<I", 3) + receiver + nonce + sealed,
    }


def members(values, indent):
    lines = []
    for name, data in values.items():
        lines.append(f"{indent}.{name} = {{")
        for i in range(0, len(data), 12):
            lines.append(indent + "\t" + " ".join(f"0x{b:02x}," for b in data[i:i + 12]))
        lines.append(indent + "},")
    return "\n".join(lines)


def fields(values):
    return "\n".join(f"\tu8 {name}[{len(data)}];" for name, data in values.items())


def text():
    # The test of HChaCha20 in draft-irtf-cfrg-xchacha, section 2.2.1.
    if hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")) != \
            bytes.fromhex("82413b4227b27bfed30e42508a877d73"
                          "a0f9e4d58a74a853c12ec41326d3ecdc"):
        sys.exit("noise-vectors.py: HChaCha20 is wrong")
    vectors = [handshake("a", bytes(32), None),
               handshake("b", fixed("psk"), fixed("cookie", 16))]
    reply = cookie_reply()
    body = "\n".join("\t{\n" + members(v, "\t\t") + "\n\t}," for v in vectors)
    return f"""/* SPDX-License-Identifier: GPL-2.0 */
/* Generated by scripts/noise-vectors.py: do not edit. */
#ifndef _CULVERT_NOISE_TESTVECS_H
#define _CULVERT_NOISE_TESTVECS_H

#include <linux/types.h>

/*
 * A handshake with fixed keys. _i is the initiator's, _r the responder's; key_i
 * is what the initiator sends under. The first vector has no preshared key and
 * no cookie, the second has both. The weak messages have an ephemeral key of
 * zeroes and are right otherwise: nothing but that tells them from good ones.
 */
struct noise_testvec {{
{fields(vectors[0])}
}};

static const struct noise_testvec noise_testvecs[] = {{
{body}
}};

/* A cookie reply to source4, and what a cookie for source6 would be. */
struct cookie_testvec {{
{fields(reply)}
}};

static const struct cookie_testvec cookie_testvec __maybe_unused = {{
{members(reply, "	")}
}};

#endif /* _CULVERT_NOISE_TESTVECS_H */
"""


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check", action="store_true", help="compare instead of writing")
    args = p.parse_args()
    new = text()
    if args.check:
        with open(OUT, encoding="utf-8") as f:
            if f.read() != new:
                sys.exit(f"noise-vectors.py: {OUT} differs: run scripts/noise-vectors.py")
        return
    with open(OUT, "w", encoding="utf-8") as f:
        f.write(new)


if __name__ == "__main__":
    main()
