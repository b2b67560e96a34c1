# SPDX-License-Identifier: GPL-2.0
"""What an administrator sees: where peers are, why packets were dropped, tracepoints."""

import os
import select
import struct
import time

from inner import still_works
from pair import COOKIE, DATA, INITIATION, OVERHEAD, Pair, check, kind_of, run, send_train, take, \
    udp, wait_for

TRACING = "/sys/kernel/tracing"


def port_of(name, p):
    """At which port of the relay a device believes its peer to be."""
    ns = name.lower()
    return int(run(f"ip netns exec {ns} wg show wg{name} endpoints").split()[1].rsplit(":", 1)[1])


def endpoint_roaming():
    """The endpoint follows what is authentic, new and not overtaken, and nothing else."""
    for outer in (4, 6):
        p = Pair(outer)
        p.handshake()
        a, b = udp("a", "10.2.0.1"), udp("b", "10.2.0.2", 9500)
        here, there = p.relay["B"], udp(None, p.loop, 6003)
        to = (p.loop, p.PORTS["B"])

        def message(data):
            a.sendto(data, ("10.2.0.2", 9500))
            return p.caught("A")

        def refused(sock, m, why):
            before = p.drops("B")
            sock.sendto(m, to)
            check(p.counted("B", before, why, 1) == 1, f"{why} was not counted")
            check(port_of("B", p) == 6002, f"a message refused as {why} moved the endpoint")

        first, second = message(b"first"), message(b"second")
        forged = bytearray(second)
        forged[-1] ^= 1
        refused(there, forged, "rx_tag")
        forged = bytearray(second)
        forged[4] ^= 1
        refused(there, forged, "rx_no_session")
        refused(there, second[:OVERHEAD - 1], "rx_too_short")
        refused(there, struct.pack("<I", INITIATION) + second[4:16], "rx_length")
        refused(there, struct.pack("<I", 9) + second[4:], "rx_type")
        refused(there, struct.pack("<I", INITIATION) + os.urandom(144), "handshake_mac1")
        refused(there, struct.pack("<I", COOKIE) + os.urandom(60), "handshake_invalid")
        here.sendto(second, to)
        check((take(b, 20) or [None])[0] == b"second", "the message was not delivered")
        # Authentic, and older than what has come from there.
        there.sendto(first, to)
        check((take(b, 20) or [None])[0] == b"first", "what was overtaken was not delivered")
        check(port_of("B", p) == 6002, "what was overtaken moved the endpoint")
        refused(there, second, "rx_replay")

        there.sendto(message(b"third"), to)
        check((take(b, 20) or [None])[0] == b"third", "from elsewhere, it was not delivered")
        check(port_of("B", p) == 6003, "the endpoint does not follow the peer")
        b.sendto(b"answer", ("10.2.0.1", a.getsockname()[1]))
        got = take(there, 20)
        check(got and kind_of(got[0]) == DATA, "the answer does not go where the peer is")
        p.relay["A"].sendto(got[0], (p.loop, p.PORTS["A"]))
        check((take(a, 20) or [None])[0] == b"answer", "the answer does not arrive")
        # A whole train from where the peer was before.
        for i in range(3):
            send_train(a, [bytes([i]) * 100] * 5, ("10.2.0.2", 9500))
        send_train(here, [p.caught("A") for _ in range(15)], to)
        check(all(take(b, 20) for _ in range(15)), "a train from elsewhere was not delivered")
        check(port_of("B", p) == 6002, "the endpoint does not follow a train")
        for s in (a, b, there):
            s.close()
        still_works(p, "roaming")
        p.close()


def drop_reasons():
    """What waits without a key is bounded, in packets and in bytes, and keeps its order."""
    p = Pair()
    a = udp("a", "10.2.0.1")
    before = p.drops("A")
    for i in range(150):
        # Longer and shorter ones: none may overtake another into a train.
        a.sendto(struct.pack("!I", i) + bytes(i * 61 % 900), ("10.2.0.2", 9501))
    nr = p.counted("A", before, "tx_staged_full", 22)
    check(nr == 22, f"{nr} of 150 staged packets were dropped, not 22")
    check(p.drops("A")["tx.dropped"] - before["tx.dropped"] == nr, "tx_dropped did not count them")
    # The youngest are kept.
    b = udp("b", "10.2.0.2", 9501)
    p.pump(60, until=lambda: select.select([b], [], [], 0)[0])
    got = []
    while True:
        p.pump(0.2)
        d = take(b, 0.5)
        if not d:
            break
        got.append(struct.unpack_from("!I", d[0])[0])
    check(got == list(range(22, 150)), f"{len(got)} came, in this order: {got}")
    # As long as they are open the namespaces stay, and with them the devices' ports.
    a.close()
    b.close()
    p.close()

    p = Pair()
    s = udp("a", "10.2.0.1")
    before = p.drops("A")
    for _ in range(120):
        send_train(s, [bytes(1300)] * 45, ("10.2.0.2", 9501))
    check(wait_for(20, lambda: p.drops("A")["tx_staged_full"] > before["tx_staged_full"]),
          "120 superpackets are allowed to wait")
    s.close()
    still_works(p, "full queues")
    p.close()


def tracepoints():
    """Each step of a handshake, each change of a key, a move, a drop and a train shows."""
    event = f"{TRACING}/events/culvert"
    run(f"echo > {TRACING}/trace; for e in handshake key roam drop train; do "
        f"echo 1 > {event}/culvert_$e/enable; done")
    try:
        p = Pair()
        p.handshake()
        # A cookie reply is asked for by nothing but load, and a retry by nothing but time.
        run(f"ip netns exec a wg set wgA peer {p.public['B']} endpoint {p.loop}:6001")
        there = udp(None, p.loop, 6003)
        a = udp("a", "10.2.0.1")
        a.sendto(b"moves", ("10.2.0.2", 9502))
        there.sendto(p.caught("A"), (p.loop, p.PORTS["B"]))
        before = p.drops("B")
        there.sendto(struct.pack("<IIQ", DATA, 0, 0) + bytes(16), (p.loop, p.PORTS["B"]))
        p.counted("B", before, "rx_no_session", 1)
        send_train(a, [bytes(1000)] * 20, ("10.2.0.2", 9502))
        p.pump(0.5)
        key = run("wg genkey")
        run("ip netns exec a wg set wgA private-key /dev/stdin", key)
        run("ip -n b link set wgB down")
        want = ("culvert_handshake: .* step=initiation-sent", "step=initiation-received",
                "step=response-sent", "step=response-received", "step=complete",
                "culvert_key: .* key=pending", "key=installed", "key=confirmed", "key=expired",
                "key=erased", r"culvert_roam: .* from=127\.0\.0\.1:6002 to=127\.0\.0\.1:6003",
                "culvert_drop: .* packets=1 reason=rx_no_session",
                "culvert_train: .* tx messages=20 bytes=21440 inline",
                "culvert_train: .* rx messages=1 bytes=")
        for text in want:
            check(wait_for(10, lambda text=text: run(f"grep -ce '{text}' {TRACING}/trace || true")
                           .strip() != "0"), f"the trace has no {text}")
        peers = set(run(f"grep -o 'step=complete\\|peer=[0-9]* step=complete' {TRACING}/trace")
                    .split())
        check(len([w for w in peers if w.startswith("peer=")]) == 2, f"peers in the trace: {peers}")
        a.close()
        there.close()
        p.close()
    finally:
        run(f"for e in handshake key roam drop train; do echo 0 > {event}/culvert_$e/enable; done; "
            f"echo > {TRACING}/trace")


def no_answer_trace():
    """The retries of a handshake and its end show in the trace; takes 95 s."""
    event = f"{TRACING}/events/culvert/culvert_handshake/enable"
    run(f"echo > {TRACING}/trace; echo 1 > {event}")
    p = Pair()
    s = udp("a", "10.2.0.1")
    s.sendto(b"x", ("10.2.0.2", 9))
    end = time.monotonic() + 130
    while time.monotonic() < end and "given-up" not in run(f"cat {TRACING}/trace"):
        time.sleep(2)
    trace = run(f"cat {TRACING}/trace")
    run(f"echo 0 > {event}; echo > {TRACING}/trace")
    nr = trace.count("step=initiation-retried")
    check(nr == 17, f"{nr} retries, not 17")
    check(trace.count("step=given-up") == 1, "it was not given up")
    s.close()
    p.close()


CLASSES = (endpoint_roaming, drop_reasons, tracepoints, no_answer_trace)
