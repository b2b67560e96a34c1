# SPDX-License-Identifier: GPL-2.0
"""Devices beneath the tunnel that do not behave like veth."""

import os
import socket

from pair import check, inside, run, wait_for


def snmp(ns, name):
    """One of the counters of UDP."""
    names, values = [line.split()[1:] for line in
                     run(f"ip netns exec {ns} cat /proc/net/snmp").splitlines()
                     if line.startswith("Udp:")]
    return int(values[names.index(name)])


def packets(ns, dev):
    return int(run(f"ip netns exec {ns} cat /sys/class/net/{dev}/statistics/rx_packets"))


def transfer(data):
    """Over TCP from a to b."""
    with inside("b"):
        listener = socket.create_server(("10.2.0.2", 9600))
    pid = os.fork()
    if not pid:
        with inside("a"):
            s = socket.create_connection(("10.2.0.2", 9600), 60)
        s.sendall(data)
        s.close()
        os._exit(0)
    listener.settimeout(60)
    s, _ = listener.accept()
    s.settimeout(60)
    got = bytearray()
    while block := s.recv(1 << 20):
        got += block
    os.waitpid(pid, 0)
    s.close()
    listener.close()
    check(got == data, f"{len(got)} of {len(data)} bytes came, or others")


def checksum_complete():
    """Messages whose sum the receiving device has taken, as many network cards do."""
    run("modprobe -a -q ip_gre veth || true")
    for ns in "ab":
        run(f"ip netns add {ns}")
    run("ip -n a link add va type veth peer name vb netns b")
    key = {ns: run("wg genkey").strip() for ns in "ab"}
    public = {ns: run("wg pubkey", key[ns]).strip() for ns in "ab"}
    for ns, other, i in (("a", "b", 1), ("b", "a", 2)):
        # Nothing is segmented by the device, so that each datagram comes alone. GRE's
        # checksum leaves its receiver with the sum of what is inside: CHECKSUM_COMPLETE.
        run(f"ip netns exec {ns} ethtool -K v{ns} gso off tso off tx off")
        run(f"ip -n {ns} addr add 10.9.0.{i}/24 dev v{ns}; ip -n {ns} link set v{ns} up")
        run(f"ip -n {ns} link add g0 type gre local 10.9.0.{i} remote 10.9.0.{3 - i} csum")
        run(f"ip -n {ns} addr add 10.8.0.{i}/24 dev g0; ip -n {ns} link set g0 up")
        run(f"ip -n {ns} link add wg0 type wireguard")
        run(f"ip netns exec {ns} wg set wg0 listen-port 1 private-key /dev/stdin "
            f"peer {public[other]} endpoint 10.8.0.{3 - i}:1 allowed-ips 10.2.0.0/24", key[ns])
        run(f"ip -n {ns} addr add 10.2.0.{i}/24 dev wg0; ip -n {ns} link set wg0 mtu 1340 up")
    check(wait_for(60, lambda: run("ip netns exec a ping -q -c 1 -W 5 10.2.0.2 >/dev/null && "
                                   "echo yes || true") == "yes\n"), "no ping over GRE")
    bad, datagrams, inner = snmp("b", "InCsumErrors"), snmp("b", "InDatagrams"), packets("b", "wg0")
    transfer(os.urandom(1 << 20) * 8)
    bad, datagrams = snmp("b", "InCsumErrors") - bad, snmp("b", "InDatagrams") - datagrams
    inner = packets("b", "wg0") - inner
    print(f"{inner} packets in {datagrams} datagrams, {bad} with a wrong checksum")
    check(not bad, f"{bad} datagrams were dropped for their checksum")
    check(inner > 2 * datagrams, f"{inner} packets in {datagrams} datagrams: GRO joined nothing")
    for ns in "ab":
        run(f"ip netns del {ns}")


CLASSES = (checksum_complete,)
