# SPDX-License-Identifier: GPL-2.0
"""Class "nonce reuse" once more: keys do not outlive the machine's sleep, nor a clone of it."""

import os
import time

from inner import still_works
from pair import (DATA, INITIATION, OVERHEAD, Pair, check, kind_of, run, take, udp)


def is_process():
    """ARCH=um can neither sleep nor be cloned."""
    with open("/proc/cmdline", encoding="ascii") as f:
        return "culvert_vm=process" in f.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def sleep_now():
    """Put the machine to sleep; it wakes up by itself."""
    def count():
        with open("/sys/power/suspend_stats/success", encoding="ascii") as f:
            return int(f.read())

    before = count()
    if os.path.exists("/sys/power/pm_test"):
        # As far as freezing all tasks, and back.
        write("/sys/power/pm_test", "freezer")
        write("/sys/power/state", "mem")
        write("/sys/power/pm_test", "none")
    else:
        alarm = "/sys/class/rtc/rtc0/wakealarm"
        write(alarm, "0")
        write(alarm, "+15")
        # An emulated machine's clock wakes it from S3, and not from s2idle.
        write("/sys/power/mem_sleep", "deep")
        write("/sys/power/state", "mem")
    check(count() == before + 1, "the machine did not sleep")


def keys_end(text, happen, receives):
    """A session does not outlive that; then there is a new one, with new indices."""
    for outer in (4, 6):
        p = Pair(outer)
        p.handshake()
        a, b = udp("a", "10.2.0.1"), udp("b", "10.2.0.2", 9500)
        p.log.clear()
        a.sendto(b"before", ("10.2.0.2", 9500))
        p.pump(20, keep=True, until=lambda: p.log)
        check((take(b, 20) or [None])[0] == b"before", f"{text}: nothing passes before it")
        a.sendto(b"under way", ("10.2.0.2", 9500))
        held = p.caught("A")
        b.sendto(b"under way too", ("10.2.0.1", 9500))
        held_b = p.caught("B")
        p.pump(0.3, keep=True)
        old = {m[4:8] for _, m, _ in p.log if kind_of(m) == DATA} | {held[4:8], held_b[4:8]}
        check(len(old) == 2, f"{text}: {len(old)} receiver indices before it, not two")

        happen()

        # What was sent before is not accepted after, if the keys are gone.
        before = p.drops("B")
        p.relay["B"].sendto(held, (p.loop, p.PORTS["B"]))
        if receives:
            check((take(b, 20) or [None])[0] == b"under way", f"{text}: it cannot receive")
        else:
            nr = p.counted("B", before, "rx_no_session", 1)
            check(nr == 1 and not take(b, 0.1), f"{text}: the old session still receives")
        # Nothing is sent under the old keys by either end, whoever begins.
        p.log.clear()
        b.sendto(b"after", ("10.2.0.1", 9501))
        a.sendto(b"after", ("10.2.0.2", 9500))
        end = time.monotonic() + 60
        got = None
        while not got and time.monotonic() < end:
            p.pump(0.2, keep=True)
            got = take(b, 0.1)
        check(got and got[0] == b"after", f"{text}: nothing passes after it")
        p.pump(0.5, keep=True)
        kinds = [kind_of(m) for _, m, _ in p.log]
        check(INITIATION in kinds and kinds[0] != DATA, f"{text}: no handshake at first: {kinds}")
        data = [m for _, m, _ in p.log if kind_of(m) == DATA]
        check(data and all(m[4:8] not in old for m in data),
              f"{text}: a message under the old keys was sent")
        check(any(len(m) > OVERHEAD for m in data), f"{text}: no data under the new ones")
        still_works(p, text)
        a.close()
        b.close()
        p.close()


def nonce_reuse_suspend():
    if is_process():
        print("this machine cannot sleep")
        return
    keys_end("suspend", sleep_now, False)


def nonce_reuse_vm_fork():
    if is_process():
        print("this machine cannot be cloned")
        return

    keys_end("VM fork", lambda: run("modprobe vmfork && rmmod vmfork"), True)


CLASSES = (nonce_reuse_suspend, nonce_reuse_vm_fork)
