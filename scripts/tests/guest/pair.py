# SPDX-License-Identifier: GPL-2.0
"""Two tunnel devices on one machine, and a relay between them that sees every message.

Both devices are made in the first namespace, where their sockets stay, and are then
moved to namespaces of their own. Each has the relay as its peer's endpoint. All is one
process: what is sent, what passes and what arrives can be compared one by one.
"""

import contextlib
import ctypes
import json
import os
import select
import socket
import struct
import subprocess
import time

CLONE_NEWNET = 0x40000000
SOL_UDP, UDP_SEGMENT = 17, 103
SO_RCVBUFFORCE = 33
INITIATION, RESPONSE, COOKIE, DATA = 1, 2, 3, 4
OVERHEAD = 32

libc = ctypes.CDLL(None, use_errno=True)
checks = 0
LONG = False


class Failed(Exception):
    """Not as it should be."""


def fail(text):
    raise Failed(text)


def show_all():
    """What may explain a failure."""
    for where in ("", "ip netns exec a ", "ip netns exec b "):
        subprocess.run(["bash", "-c", where + "bash -c 'ip -s link; wg show; for d in wgA wgB; do "
                        "ethtool -S $d | grep -v \": 0$\"; done' 2>&1"], check=False)


def clean_up():
    """Whatever a failed class has left."""
    subprocess.run(["bash", "-c", "for ns in a b c d h; do ip netns del $ns; done 2>/dev/null; "
                    "for d in wgA wgB wgC; do ip link del $d; done 2>/dev/null"], check=False)


def check(ok, text):
    global checks
    if not ok:
        fail(text)
    checks += 1


def run(cmd, data=None):
    r = subprocess.run(["bash", "-c", cmd], input=data, capture_output=True, text=True,
                       check=False)
    if r.returncode:
        fail(f"{cmd}: {r.stderr.strip()}")
    return r.stdout


@contextlib.contextmanager
def inside(name):
    """In a network namespace; sockets made there stay there."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY) if name else os.dup(home)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


def udp(ns, address, port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with inside(ns):
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        if family == socket.AF_INET:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        else:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
        s.bind((address, port))
    return s


def set_tos(sock, tos):
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)


def take(sock, seconds=0.0):
    """The next datagram as (data, sender, tos), or None."""
    if not select.select([sock], [], [], seconds)[0]:
        return None
    data, extra, _, sender = sock.recvmsg(65536, 256)
    tos = 0
    for level, kind, value in extra:
        if (level, kind) == (socket.IPPROTO_IP, socket.IP_TOS):
            tos = value[0]
        elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_TCLASS):
            tos = struct.unpack("i", value)[0]
    return data, sender, tos


def send_train(sock, messages, to):
    """Messages of one size but the last, as one superpacket."""
    sock.sendmsg([b"".join(messages)],
                 [(SOL_UDP, UDP_SEGMENT, struct.pack("H", len(messages[0])))], 0, to)


def kind_of(message):
    return struct.unpack_from("<I", message)[0] if len(message) >= 4 else 0


def wait_for(seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return bool(what())


class Pair:
    """wgA in namespace a, wgB in namespace b; inner addresses 10.2.0.1|2, fd02::1|2."""

    # Sockets of the devices, and of the relay: A sends to 6001, the relay to B from 6002.
    PORTS = {"A": 5001, "B": 5002}

    def __init__(self, outer=4, mtu=1420, relay=True):
        self.loop = "127.0.0.1" if outer == 4 else "::1"
        self.keys, self.public, self.log = {}, {}, []
        self.received = []
        at = f"[{self.loop}]" if outer == 6 else self.loop
        for name in "AB":
            self.keys[name] = run("wg genkey").strip()
            self.public[name] = run("wg pubkey", self.keys[name]).strip()
        run("ip link set lo up")
        for name, other, i in (("A", "B", 1), ("B", "A", 2)):
            ns, dev = name.lower(), "wg" + name
            run(f"ip netns add {ns}; ip -n {ns} link set lo up")
            run(f"ip link add {dev} type wireguard")
            port = 6000 + i if relay else self.PORTS[other]
            run(f"wg set {dev} listen-port {self.PORTS[name]} private-key /dev/stdin "
                f"peer {self.public[other]} endpoint {at}:{port} "
                f"allowed-ips 10.2.0.{3 - i}/32,fd02::{3 - i}/128", self.keys[name])
            run(f"ip link set {dev} netns {ns}")
            self.addresses(name, mtu)
        self.relay = None
        if relay:
            self.relay = {"A": udp(None, self.loop, 6001), "B": udp(None, self.loop, 6002)}

    def addresses(self, name, mtu):
        i = 1 if name == "A" else 2
        ns, dev = name.lower(), "wg" + name
        run(f"ip -n {ns} link set {dev} mtu {mtu} up")
        if mtu >= 68:
            run(f"ip -n {ns} addr replace 10.2.0.{i}/24 dev {dev}")
        if mtu >= 1280:
            run(f"ip -n {ns} addr replace fd02::{i}/64 dev {dev} nodad")

    def close(self):
        for s in (self.relay or {}).values():
            s.close()
        for ns in "ab":
            run(f"ip netns del {ns}")

    def pump(self, seconds=0.0, tos=None, keep=False, until=None):
        """Pass messages on until nothing comes for so long. The outer TOS can be set."""
        while True:
            ready = select.select(list(self.relay.values()), [], [], seconds)[0]
            for name, other in (("A", "B"), ("B", "A")):
                if self.relay[name] not in ready:
                    continue
                message, _, seen = take(self.relay[name])
                if keep:
                    self.log.append((name, message, seen))
                if tos is not None:
                    set_tos(self.relay[other], tos)
                self.relay[other].sendto(message, (self.loop, self.PORTS[other]))
            if not ready or (until and until()):
                return

    def handshake(self):
        """Both ends have a session that each of them may send in."""
        a, b = udp("a", "10.2.0.1"), udp("b", "10.2.0.2", 9)
        for _ in range(50):
            a.sendto(b"hello", ("10.2.0.2", 9))
            if self.relay:
                self.pump(0.3, until=lambda: select.select([b], [], [], 0)[0])
            got = take(b, 0.3)
            if got:
                b.sendto(b"back", got[1])
                if self.relay:
                    self.pump(0.2)
                if take(a, 0.5):
                    break
        else:
            fail("no handshake")
        while take(a) or take(b):
            pass
        a.close()
        b.close()

    def drops(self, name):
        """Counters of "ethtool -S", and the device's statistics."""
        ns, dev = name.lower(), "wg" + name
        out = {}
        for line in run(f"ip netns exec {ns} ethtool -S {dev}").splitlines():
            key, _, value = line.partition(":")
            if value.strip().isdigit():
                out[key.strip()] = int(value)
        stats = json.loads(run(f"ip -n {ns} -j -s link show {dev}"))[0]["stats64"]
        for side in ("rx", "tx"):
            for key in ("packets", "bytes", "errors", "dropped"):
                out[f"{side}.{key}"] = stats[side][key]
        return out

    def counted(self, name, before, what, want, seconds=30):
        """How much a counter has grown, as soon as that is what is wanted; or in the end."""
        wait_for(seconds, lambda: self.drops(name)[what] - before[what] >= want)
        return self.drops(name)[what] - before[what]

    def refused(self, name, before, want, seconds=30):
        """The same of all that was received and dropped, for whatever reason."""
        def all_of_them():
            now = self.drops(name)
            return sum(now[k] - before[k] for k in now if k.startswith(("rx_", "handshake_")))

        wait_for(seconds, lambda: all_of_them() >= want)
        return all_of_them()

    def caught(self, name):
        """The next message with data that the relay gets from there; it is not passed on."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            got = take(self.relay[name], 1)
            if got and kind_of(got[0]) == DATA and len(got[0]) > OVERHEAD:
                return got[0]
        fail(f"no message from {name}")
        return None

    def arrived(self, before, want):
        """Pass messages on until so many have come to B."""
        end = time.monotonic() + 60
        while self.drops("B")["rx.packets"] - before["rx.packets"] < want:
            if time.monotonic() > end:
                fail(f"{self.drops('B')['rx.packets'] - before['rx.packets']} of {want} came")
            self.pump(0.02)
