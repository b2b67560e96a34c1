# SPDX-License-Identifier: GPL-2.0
"""A peer of its own, in Python alone: what it seals is what the test wants it to be.

Slow, and careless about its secrets: for tests. The other end is a real device.
"""

import os
import struct
import time

import _blake2
from pair import COOKIE, DATA, INITIATION, RESPONSE, check, kind_of, take, udp

P = 2 ** 255 - 19


def x25519(scalar, point):
    k = int.from_bytes(scalar, "little")
    k = (k & ~7 & (1 << 254) - 1) | 1 << 254
    u = int.from_bytes(point, "little") & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap != bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


BASE = (9).to_bytes(32, "little")


def chacha20(key, nonce, counter):
    first = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce))
    s = first[:]
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = s[x] + s[y] & 0xffffffff
                v = s[z] ^ s[x]
                s[z] = (v << n | v >> (32 - n)) & 0xffffffff
    return struct.pack("<16I", *(x + y & 0xffffffff for x, y in zip(s, first)))


def crypt(key, nonce, text):
    out = bytearray()
    for i in range(0, len(text), 64):
        out += bytes(x ^ y for x, y in zip(text[i:i + 64], chacha20(key, nonce, 1 + i // 64)))
    return bytes(out)


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    acc = 0
    for i in range(0, len(data), 16):
        acc = (acc + int.from_bytes(data[i:i + 16] + b"\1", "little")) * r % (2 ** 130 - 5)
    return (acc + int.from_bytes(key[16:], "little") & 2 ** 128 - 1).to_bytes(16, "little")


def tag(key, nonce, sealed, ad):
    padded = ad + bytes(-len(ad) % 16) + sealed + bytes(-len(sealed) % 16)
    return poly1305(chacha20(key, nonce, 0)[:32], padded + struct.pack("<QQ", len(ad), len(sealed)))


def seal(key, counter, text, ad=b""):
    nonce = bytes(4) + struct.pack("<Q", counter)
    sealed = crypt(key, nonce, text)
    return sealed + tag(key, nonce, sealed, ad)


def blake2s(*parts, size=32, key=b""):
    return _blake2.blake2s(b"".join(parts), digest_size=size, key=key).digest()


def hmac(key, data):
    key = key.ljust(64, b"\0")
    return blake2s(bytes(x ^ 0x5c for x in key), blake2s(bytes(x ^ 0x36 for x in key), data))


def kdf(chain, data, count):
    secret, out, last = hmac(chain, data), [], b""
    for i in range(1, count + 1):
        last = hmac(secret, last + bytes([i]))
        out.append(last)
    return out


class Remote:
    """A peer without preshared key, at a socket in the first namespace."""

    def __init__(self, address, to, public):
        self.private = os.urandom(32)
        self.public = x25519(self.private, BASE)
        self.to, self.their_public = to, public
        self.sock = udp(None, address)
        self.index = os.urandom(4)
        self.counter = 0
        self.their_index = self.send_key = None

    def initiation(self):
        """An initiation, and the state that goes on with the answer to it."""
        self.ephemeral = os.urandom(32)
        eph = x25519(self.ephemeral, BASE)
        chain = blake2s(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
        trans = blake2s(blake2s(chain, b"WireGuard v1 zx2c4 Jason@zx2c4.com"), self.their_public)
        trans = blake2s(trans, eph)
        chain, = kdf(chain, eph, 1)
        chain, key = kdf(chain, x25519(self.ephemeral, self.their_public), 2)
        static = seal(key, 0, self.public, trans)
        trans = blake2s(trans, static)
        chain, key = kdf(chain, x25519(self.private, self.their_public), 2)
        now = time.time_ns()
        stamp = seal(key, 0, struct.pack(">QI", (1 << 62) + 10 + now // 10 ** 9, now % 10 ** 9), trans)
        self.chain, self.trans = chain, blake2s(trans, stamp)
        message = struct.pack("<I", INITIATION) + self.index + eph + static + stamp
        mac1 = blake2s(message, size=16, key=blake2s(b"mac1----", self.their_public))
        return message + mac1 + bytes(16)

    def finish(self, message):
        """Keys from the response; None if it is not one."""
        if kind_of(message) != RESPONSE or message[8:12] != self.index:
            return False
        eph, empty = message[12:44], message[44:60]
        trans = blake2s(self.trans, eph)
        chain, = kdf(self.chain, eph, 1)
        chain, = kdf(chain, x25519(self.ephemeral, eph), 1)
        chain, = kdf(chain, x25519(self.private, eph), 1)
        chain, mixed, key = kdf(chain, bytes(32), 3)
        trans = blake2s(trans, mixed)
        if seal(key, 0, b"", trans) != empty:
            return False
        self.send_key, self.recv_key = kdf(chain, b"", 2)
        self.their_index, self.counter = message[4:8], 0
        return True

    def handshake(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.sock.sendto(self.initiation(), self.to)
            while got := take(self.sock, 5):
                if self.finish(got[0]):
                    return
                if kind_of(got[0]) == COOKIE:
                    break
        check(False, "the Python peer gets no handshake")

    def message(self, text, counter=None):
        """A data message of that text, as it is: padding is the caller's."""
        if counter is None:
            counter, self.counter = self.counter, self.counter + 1
        return struct.pack("<I", DATA) + self.their_index + struct.pack("<Q", counter) + \
            seal(self.send_key, counter, text)

    def send(self, text, counter=None):
        self.sock.sendto(self.message(text, counter), self.to)

    def close(self):
        self.sock.close()
