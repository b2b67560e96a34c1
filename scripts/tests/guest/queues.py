# SPDX-License-Identifier: GPL-2.0
"""Bug classes that show when queues are full, or when a queue looks into packets."""

import os
import signal
import socket
import struct
import subprocess
import time

import pair
from inner import still_works
from pair import Pair, check, inside, run, send_train, set_tos, take, udp, wait_for


SO_TXTIME = 61


class Sender:
    """A process that sends to an address as fast as it can until it is stopped."""

    def __init__(self, ns, source, to, size=1300, trains=True):
        self.pid = os.fork()
        if self.pid:
            return
        try:
            s = udp(ns, source)
            while True:
                try:
                    if trains:
                        send_train(s, [bytes(size)] * 40, to)
                    else:
                        s.sendto(bytes(size), to)
                except OSError:
                    time.sleep(0.001)
        finally:
            os._exit(1)

    def stop(self):
        check(os.waitpid(self.pid, os.WNOHANG)[0] == 0, "a sender has ended by itself")
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Hub:
    """wgH in namespace a with peers in b and c, each over a pair of veths of its own."""

    def __init__(self):
        keys = {n: run("wg genkey").strip() for n in "HBC"}
        self.public = {n: run("wg pubkey", k).strip() for n, k in keys.items()}
        run("for ns in a b c; do ip netns add $ns; ip -n $ns link set lo up; done; "
            "ip -n a link add wgH type wireguard")
        run("ip netns exec a wg set wgH listen-port 1 private-key /dev/stdin", keys["H"])
        for i, n in ((2, "B"), (3, "C")):
            ns = n.lower()
            run(f"ip -n a link add v{n} type veth peer name v netns {ns}; "
                f"ip -n a addr add 10.1.{i}.1/24 dev v{n}; ip -n {ns} addr add 10.1.{i}.2/24 dev v; "
                f"ip -n a link set v{n} up; ip -n {ns} link set v up; "
                f"ip -n {ns} link add wg{n} type wireguard")
            run(f"ip netns exec {ns} wg set wg{n} listen-port 1 private-key /dev/stdin "
                f"peer {self.public['H']} endpoint 10.1.{i}.1:1 allowed-ips 10.2.0.1/32", keys[n])
            run(f"ip netns exec a wg set wgH peer {self.public[n]} endpoint 10.1.{i}.2:1 "
                f"allowed-ips 10.2.{i}.0/24")
            run(f"ip -n {ns} addr add 10.2.{i}.2/24 dev wg{n}; ip -n {ns} link set wg{n} up; "
                f"ip -n {ns} route add 10.2.0.1/32 dev wg{n}")
        run("ip -n a addr add 10.2.0.1/32 dev wgH; ip -n a link set wgH up; "
            "ip -n a route add 10.2.2.0/24 dev wgH; ip -n a route add 10.2.3.0/24 dev wgH")
        for i, n in ((2, "b"), (3, "c")):
            check(wait_for(60, lambda i=i: subprocess.run(
                ["ip", "netns", "exec", "a", "ping", "-q", "-c", "1", "-W", "2", f"10.2.{i}.2"],
                stdout=subprocess.DEVNULL, check=False).returncode == 0), f"no ping to {n}")

    @staticmethod
    def close():
        run("ip netns del a; ip netns del b; ip netns del c")


def available():
    """Bytes of memory that may still be had."""
    with open("/proc/meminfo", encoding="ascii") as f:
        return sum(int(l.split()[1]) * 1024 for l in f if l.startswith("MemAvailable:"))


def rounds(seconds):
    """How often a datagram and its answer pass between a and b, one after the other."""
    a, b = udp("a", "10.2.0.1"), udp("b", "10.2.2.2", 9700)
    n, lost, end = 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        a.sendto(b"there", ("10.2.2.2", 9700))
        got = take(b, 2)
        if got:
            b.sendto(b"and back", got[1])
        if got and take(a, 2):
            n += 1
        else:
            lost += 1
    a.close()
    b.close()
    return n, lost


def fair_sharing():
    """A peer that takes, or sends, all that can be does not keep its neighbour from getting some."""
    seconds = 20 if pair.LONG else 5
    # With every detector, opening a message costs many times what passing it on does.
    slow = any(word in os.uname().release for word in ("debug", "kcsan"))
    hub = Hub()
    run("modprobe -a -q sch_tbf || true")
    # No socket of this machine limits what is only forwarded.
    run("ip netns add d; ip -n a link add vD type veth peer name v netns d; ip -n d link set v up; "
        "ip -n a addr add 10.1.4.1/24 dev vD; ip -n d addr add 10.1.4.2/24 dev v; "
        "ip -n a link set vD up; ip -n d route add default via 10.1.4.1; "
        "ip netns exec a sysctl -q net.ipv4.ip_forward=1")

    def flooded(text, ns, to, source=None):
        before = least = available()
        source = source or ("10.2.0.1" if ns == "a" else "10.1.4.2")
        senders = [Sender(ns, source, (to, 9)) for _ in range(2)]
        n = lost = 0
        for _ in range(seconds):
            more, gone = rounds(1)
            n, lost, least = n + more, lost + gone, min(least, available())
        for s in senders:
            s.stop()
        print(f"{text}, from {ns}: {n} rounds, {lost} lost, {(before - least) >> 20} MiB in use")
        return n, lost, before - least

    # The same flood past the tunnel costs the same CPU: that is what to compare with.
    run("ip -n a link add dummy0 type dummy; ip -n a addr add 10.8.0.1/24 dev dummy0; "
        "ip -n a link set dummy0 up")
    cases = (
        ("a slow link", "ip netns exec a tc qdisc add dev vC root tbf rate 2mbit burst 64k limit 10m",
         "ip netns exec a tc qdisc del dev vC root"),
        ("no handshake", "ip -n c link set wgC down; "
                         f"ip netns exec a wg set wgH peer {hub.public['C']} remove; "
                         f"ip netns exec a wg set wgH peer {hub.public['C']} "
                         "endpoint 10.1.3.2:1 allowed-ips 10.2.3.0/24", "true"),
    )
    for text, begin, end in cases:
        run(begin)
        for ns in "ad":
            free, lost, _ = flooded("beside the tunnel", ns, "10.8.0.9")
            check(free > 10 and lost <= 1, f"only {free} rounds, {lost} lost, without any rival")
            n, lost, used = flooded(text, ns, "10.2.3.2")
            # Half for each would be fair; an emulated machine is no balance.
            check(n * (10 if slow else 5) >= free, f"{text}: {n} rounds of {free} are left to the other peer")
            check(lost * 10 <= n + lost, f"{text}: {lost} of {n + lost} datagrams were lost")
            check(used < 64 << 20, f"{text}: {used >> 20} MiB wait")
        run(end)
    run("ip netns del d")

    # What one peer sends is opened, however much it is; so is what the other sends.
    run("ip -n c link set wgC up; ip -n c route add 10.2.0.1/32 dev wgC")
    check(wait_for(60, lambda: rounds(1)[0] > 1 and subprocess.run(
        ["ip", "netns", "exec", "c", "ping", "-q", "-c", "1", "-W", "2", "10.2.0.1"],
        stdout=subprocess.DEVNULL, check=False).returncode == 0), "c has no session again")
    free, lost, _ = flooded("beside the tunnel", "c", "10.1.3.1", "10.1.3.2")
    check(free > 10 and lost <= 1, f"only {free} rounds, {lost} lost, without any rival")
    n, lost, used = flooded("into the hub", "c", "10.2.0.1", "10.2.3.2")
    check(n * (20 if slow else 5) >= free, f"into the hub: {n} rounds of {free} are left to the other peer")
    check(lost * 10 <= n + lost, f"into the hub: {lost} of {n + lost} datagrams were lost")
    check(used < 64 << 20, f"into the hub: {used >> 20} MiB wait")
    hub.close()


def soft_lockup_full_queues():
    """Every CPU sends and receives all it can, and other tasks still get their turn."""
    seconds = 60 if pair.LONG else 8
    hub = Hub()
    ends = [Sender("a", "10.2.0.1", ("10.2.2.2", 9)), Sender("a", "10.2.0.1", ("10.2.3.2", 9)),
            Sender("b", "10.2.2.2", ("10.2.0.1", 9)), Sender("c", "10.2.3.2", ("10.2.0.1", 9)),
            Sender("a", "10.2.0.1", ("10.2.2.2", 9), 50, False),
            Sender("c", "10.2.3.2", ("10.2.0.1", 9), 50, False)]
    # One with each CPU to itself, were it not for the others.
    beats = []
    for cpu in range(os.cpu_count()):
        r, w = os.pipe()
        pid = os.fork()
        if not pid:
            os.sched_setaffinity(0, {cpu})
            worst, end = 0.0, time.monotonic() + seconds
            while (now := time.monotonic()) < end:
                time.sleep(0.01)
                worst = max(worst, time.monotonic() - now)
            os.write(w, f"{worst:.3f}".encode())
            os._exit(0)
        beats.append((cpu, pid, r))
        os.close(w)
    # New keys meanwhile, so that queues fill while there are none.
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end or n < 2:
        run(f"ip netns exec a wg set wgH peer {hub.public['B']} remove; "
            f"ip netns exec a wg set wgH peer {hub.public['B']} endpoint 10.1.2.2:1 "
            "allowed-ips 10.2.2.0/24")
        time.sleep(0.5)
        n += 1
    check(n >= 2, f"the keys were changed {n} times only")
    for cpu, pid, r in beats:
        worst = float(os.read(r, 32))
        os.waitpid(pid, 0)
        os.close(r)
        print(f"CPU {cpu}: a task waited for {worst:.2f} s at most")
        check(worst < 10, f"CPU {cpu}: a task waited for {worst:.1f} s")
    for s in ends:
        s.stop()
    # The last new keys may have been lost in the flood: then they come after 5 s.
    check(wait_for(60, lambda: rounds(2)[0] > 5), "no rounds afterwards")
    hub.close()


def metadata_lost_queues():
    """Flows stay apart in fq_codel outside; marks are the device's and nobody else's."""
    hub = Hub()
    run("modprobe -a -q sch_tbf sch_fq_codel || true")

    def flows(sources):
        """Queues that are in use when so many inner flows stand before a link that is shut."""
        run("ip netns exec a tc qdisc add dev vB root handle 1: tbf rate 8kbit burst 2000 limit 10m; "
            "ip netns exec a tc qdisc add dev vB parent 1:1 handle 2: fq_codel flows 4096 limit 9000")
        # Who is first passes, and takes what the link lets pass at once.
        for burst in range(6):
            for s in sources:
                if burst % 2:
                    send_train(s, [bytes(300)] * 3, ("10.2.2.2", 9))
                else:
                    s.sendto(bytes(300), ("10.2.2.2", 9))
        def used():
            seen = run("ip netns exec a tc -s class show dev vB")
            return seen.count("class fq_codel 2:")

        wait_for(20, lambda: used() >= max(1, len(sources) * 5 // 6))
        time.sleep(0.5)
        seen = used()
        run("ip netns exec a tc qdisc del dev vB root")
        return seen

    one = [udp("a", "10.2.0.1")]
    nr = flows(one)
    check(1 <= nr <= 2, f"one flow, and perhaps a keepalive, is in {nr} queues")
    many = [udp("a", "10.2.0.1") for _ in range(24)]
    nr = flows(many)
    # Two of them may share a queue.
    check(20 <= nr <= 25, f"24 flows are in {nr} queues")
    for s in one + many:
        s.close()
    hub.close()

    p = Pair()
    p.handshake()
    table = "iptables-legacy -w -t mangle"
    count = {}

    def marks():
        for where, chain in (("", "OUTPUT"), ("ip netns exec b ", "INPUT")):
            for line in run(f"{where}{table} -nvxL {chain}").splitlines():
                words = line.split()
                if len(words) > 8 and words[0].isdigit():
                    count[chain, words[-1]] = int(words[0])
        return dict(count)

    for mark in ("0x55", "0x66", "0x0"):
        run(f"{table} -A OUTPUT -p udp --sport 5001 -m mark --mark {mark}")
    for mark in ("0x0", "0x77"):
        run(f"ip netns exec b {table} -A INPUT -p udp --dport 9800 -m mark --mark {mark}")
    run(f"{table} -A PREROUTING -p udp --dport 5002 -j MARK --set-mark 0x77")
    with inside("a"):
        a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    a.setsockopt(socket.SOL_SOCKET, 36, 0x66)       # SO_MARK
    b = udp("b", "10.2.0.2", 9800)
    for fwmark, out in ((0, "0x0"), (0x55, "0x55")):
        run(f"ip netns exec a wg set wgA fwmark {fwmark}")
        still_works(p, "marks")
        before = marks()
        for i in range(10):
            a.sendto(b"marked", ("10.2.0.2", 9800))
            send_train(a, [b"marked"] * 4, ("10.2.0.2", 9800))
        came, end = 0, time.monotonic() + 30
        while came < 50 and time.monotonic() < end:
            p.pump(0.05)
            while take(b):
                came += 1
        now = marks()
        grown = {k: now[k] - before[k] for k in now if now[k] != before[k]}
        check(came == 50, f"fwmark {fwmark}: {came} of 50 came")
        check(set(k[1] for k in grown if k[0] == "OUTPUT") == {out},
              f"fwmark {fwmark:#x}: outside there is {grown}")
        # The mark of the outer packet is no mark of the inner one.
        check(grown.get(("INPUT", "0x0")) and ("INPUT", "0x77") not in grown,
              f"fwmark {fwmark:#x}: inside there is {grown}")
    run(f"{table} -F; ip netns exec b {table} -F")
    a.close()
    b.close()
    p.close()


def metadata_lost_gro():
    """Messages that GRO joins have one mark outside: each packet keeps its own ECN."""
    hub = Hub()
    # What has been sent leaves at once, so that it arrives at once.
    run("modprobe -a -q sch_netem || true; "
        "ip netns exec a ethtool -K vB tso off gso off tx-udp-segmentation off; "
        "ip netns exec b ethtool -K v gro on; "
        "ip netns exec a tc qdisc add dev vB root netem limit 5000 delay 1ms slot 100ms 100ms")
    tracing = "/sys/kernel/tracing"
    event = f"{tracing}/events/culvert/culvert_train"
    run(f"echo > {tracing}/trace; echo 'tx==0 && messages>1' > {event}/filter; "
        f"echo 1 > {event}/enable")
    a, b = udp("a", "10.2.0.1"), udp("b", "10.2.2.2", 9800)
    marks = (2, 2, 2, 3, 3, 1, 1, 1, 0, 0, 2, 3)
    for turn in range(100 if pair.LONG else 20):
        want = []
        for i, mark in enumerate(marks * 3):
            set_tos(a, mark)
            data = struct.pack("!III", turn, i, mark)
            a.sendto(data, ("10.2.2.2", 9800))
            want.append((data, mark))
        # As many as that are gathered into few trains, and those are cut up on the link.
        set_tos(a, 2)
        send_train(a, [struct.pack("!III", turn, 100 + i, 2) for i in range(20)],
                   ("10.2.2.2", 9800))
        want += [(struct.pack("!III", turn, 100 + i, 2), 2) for i in range(20)]
        got = []
        while len(got) < len(want):
            d = take(b, 10)
            if not d:
                break
            got.append((d[0], d[2] & 3))
        check(got == want, f"turn {turn}: {len(got)} of {len(want)} came, with marks "
              f"{[m for _, m in got]} in place of {[m for _, m in want]}")
    run(f"echo 0 > {event}/enable; echo 0 > {event}/filter")
    joined = int(run(f"grep -c culvert_train: {tracing}/trace || true"))
    run(f"echo > {tracing}/trace")
    # Beside the one of 20, those of a run of equal marks.
    check(joined > 2 * turn, f"{joined} trains: too little was joined to show anything")
    print(f"{joined} trains of more than one message")
    a.close()
    b.close()
    hub.close()


def metadata_lost_txtime():
    """Packets that have waited together still leave each at the time that its sender has set."""
    hub = Hub()
    run("modprobe -a -q sch_fq || true; ip netns exec a tc qdisc add dev vB root fq")
    a, b = udp("a", "10.2.0.1"), udp("b", "10.2.2.2", 9800)
    a.setsockopt(socket.SOL_SOCKET, SO_TXTIME, struct.pack("ii", time.CLOCK_MONOTONIC, 0))
    run(f"ip netns exec a wg set wgH peer {hub.public['B']} remove")
    run(f"ip netns exec a wg set wgH peer {hub.public['B']} allowed-ips 10.2.2.0/24")
    start, gap, nr = time.monotonic_ns() + 6 * 10**9, 50 * 10**6, 20
    # They wait for a key, so that all of them are there when it comes.
    run(f"ip netns exec a wg set wgH peer {hub.public['B']} endpoint 10.1.2.9:1")
    for i in range(nr):
        a.sendmsg([bytes([i]) * 100], [(socket.SOL_SOCKET, SO_TXTIME,
                                        struct.pack("Q", start + gap * i))], 0, ("10.2.2.2", 9800))
    run(f"ip netns exec a wg set wgH peer {hub.public['B']} endpoint 10.1.2.2:1")
    came = []
    while len(came) < nr:
        d = take(b, 30)
        if not d:
            break
        came.append((d[0][0], time.monotonic_ns() - start))
    print("ms after the first one's time:", " ".join(f"{t / 1e6:.0f}" for _, t in came))
    check([i for i, _ in came] == list(range(nr)), f"{[i for i, _ in came]} came")
    check(all(t >= gap * i - 10**6 for i, t in came), "packets left before their time")
    check(came[0][1] < 10**9, "the first one came after its time: that shows nothing")
    a.close()
    b.close()
    hub.close()


def nested_tunnels():
    """Tunnels in tunnels in tunnels: superpackets get through as single packets do."""
    hub = Hub()
    for i in range(5):
        keys = [run("wg genkey").strip() for _ in "ab"]
        public = [run("wg pubkey", k).strip() for k in keys]
        for me, ns in enumerate("ab"):
            there = f"10.1.2.{2 - me}" if not i else f"10.20.{i - 1}.{2 - me}"
            run(f"ip -n {ns} link add wg{i} type wireguard; "
                f"ip -n {ns} addr add 10.20.{i}.{1 + me}/24 dev wg{i}; "
                f"ip -n {ns} link set wg{i} mtu {1420 - 60 * i} up")
            run(f"ip netns exec {ns} wg set wg{i} listen-port {100 + i} private-key /dev/stdin "
                f"peer {public[1 - me]} endpoint {there}:{100 + i} allowed-ips 10.20.{i}.0/24",
                keys[me])
        a, b = udp("a", f"10.20.{i}.1"), udp("b", f"10.20.{i}.2", 9800)
        check(wait_for(60, lambda a=a, b=b, i=i: a.sendto(b"?", (f"10.20.{i}.2", 9800)) and
                       take(b, 1)), f"nothing passes {i + 1} tunnels")
        while take(b, 0.2):
            pass
        want = []
        # From one CPU: who is moved to another between two trains may overtake himself.
        cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cpus)})
        for turn in range(5):
            train = [struct.pack("!II", turn, n) + bytes(600) for n in range(20)]
            send_train(a, train, (f"10.20.{i}.2", 9800))
            want += train
        os.sched_setaffinity(0, cpus)
        got = [d[0] for d in iter(lambda b=b: take(b, 2), None)]
        turns = [struct.unpack_from("!I", d)[0] for d in got[::20]]
        check(got == want, f"{len(got)} of {len(want)} datagrams pass {i + 1} tunnels, the "
                           f"trains in the order {turns}")
        a.close()
        b.close()
    hub.close()


def error_path_no_socket():
    """Class "error-path skb leak": what is to be sent when the sockets have gone."""
    key, other = run("wg genkey"), run("wg genkey | wg pubkey").strip()
    run("ip netns add h; ip netns add a; ip -n a link set lo up; ip -n h link add wgA type wireguard; "
        "ip -n h link set wgA netns a")
    run("ip netns exec a wg set wgA private-key /dev/stdin "
        f"peer {other} endpoint 127.0.0.1:1 allowed-ips 10.2.0.0/24", key)
    run("ip -n a addr add 10.2.0.1/24 dev wgA; ip -n a link set wgA up")

    def counters():
        out = run("ip netns exec a ethtool -S wgA")
        return {l.split(":")[0].strip(): int(l.split(":")[1]) for l in out.splitlines()[1:]}

    s = udp("a", "10.2.0.1")
    s.setblocking(False)
    # Some wait for a key when the sockets go.
    for _ in range(200):
        try:
            s.sendto(b"waits", ("10.2.0.2", 9))
        except OSError:
            break           # all that the socket may have waiting is
    check(counters()["tx_no_endpoint"] == 0, "nothing was staged")
    run("ip netns del h")
    check(wait_for(60, lambda: run("ip netns exec a cat /sys/class/net/wgA/carrier").strip() == "0"),
          "the carrier stays on")
    before = counters()["tx_no_socket"]
    # A handshake is begun, and begun again; a keepalive becomes due.
    for i in range(5):
        run(f"ip netns exec a wg set wgA peer {other} remove; ip netns exec a wg set wgA "
            f"peer {other} endpoint 127.0.0.1:1 allowed-ips 10.2.0.0/24 persistent-keepalive 1")
        try:
            s.sendto(b"x", ("10.2.0.2", 9))
        except OSError:
            pass
        check(wait_for(30, lambda i=i: counters()["tx_no_socket"] >= before + i + 1),
              f"tx_no_socket counts {counters()['tx_no_socket'] - before}")
    s.close()
    run("ip netns del a")


def big_tcp():
    """Superpackets of more than 64 KiB into the tunnel; the data is what it was."""
    import _sha256
    hub = Hub()
    for ns, n in (("a", "H"), ("b", "B")):
        run(f"ip -n {ns} addr add fd02::{1 if n == 'H' else 2}/64 dev wg{n} nodad; "
            f"ip -n {ns} link set wg{n} mtu 1420")
        run(f"ip netns exec a wg set wgH peer {hub.public['B']} allowed-ips 10.2.2.0/24,fd02::2/128; "
            f"ip netns exec b wg set wgB peer {hub.public['H']} allowed-ips 10.2.0.1/32,fd02::1/128")
        run(f"ip -n {ns} link set wg{n} gso_max_size 185000 gso_max_segs 65535; "
            f"ip -n {ns} link set wg{n} gro_max_size 185000")
    # A slow machine's round trips are long, and TCP would send little at a time.
    run("ip netns exec a sysctl -q net.ipv4.tcp_tso_rtt_log=31")
    with inside("b"):
        server = socket.create_server(("fd02::2", 9900), family=socket.AF_INET6)
    with inside("a"):
        client = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    client.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)      # SO_SNDBUFFORCE
    server.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
    tracing = "/sys/kernel/tracing"
    # What the stack gives to the device; the trains that leave it are of 64 KiB at most.
    event = f"{tracing}/events/net/net_dev_start_xmit"
    run(f"echo > {tracing}/trace; echo 'name==\"wgH\" && len>66000' > {event}/filter; "
        f"echo 1 > {event}/enable")
    size = 40 << 20 if pair.LONG else 12 << 20
    block = os.urandom(1 << 20)
    pid = os.fork()
    if not pid:
        client.connect(("fd02::2", 9900))
        for _ in range(size >> 20):
            client.sendall(block)
        client.close()
        os._exit(0)
    client.close()
    server.settimeout(60)
    conn, _ = server.accept()
    conn.settimeout(60)
    got, digest, want = 0, _sha256.sha256(), _sha256.sha256()
    while data := conn.recv(1 << 20):
        got += len(data)
        digest.update(data)
    for _ in range(size >> 20):
        want.update(block)
    os.waitpid(pid, 0)
    run(f"echo 0 > {event}/enable; echo 0 > {event}/filter")
    large = int(run(f"grep -c net_dev_start_xmit: {tracing}/trace || true"))
    run(f"echo > {tracing}/trace")
    print(f"{got >> 20} MiB, {large} superpackets of more than 66,000 bytes")
    check(got == size, f"{got} of {size} bytes came")
    check(digest.digest() == want.digest(), "the data is not what it was")
    check(large > 0, "no superpacket was larger than 64 KiB: this was no BIG TCP")
    conn.close()
    server.close()
    hub.close()


CLASSES = (metadata_lost_queues, metadata_lost_gro, metadata_lost_txtime, nested_tunnels,
           error_path_no_socket, soft_lockup_full_queues, fair_sharing, big_tcp)
