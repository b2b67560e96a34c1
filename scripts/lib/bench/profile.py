#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: profile.py DIR PREFIX FILE

Sort the samples that scripts/bench --profile left in DIR, and add to FILE, JSON,
what share of the kernel's time each kind of work has, and the functions that take
most: {PREFIX + ITEM: {SIDE: {"shares": ..., "functions": ...}}}.
"""
import bisect
import collections
import json
import pathlib
import re
import sys

# In this order: the first that fits.
CLASSES = (
    ("crypto", r"^(fmul|fsqr|fadd|fsub|fmul2|fsqr2|point_|cswap|finv|encode_point|lanes_)|chacha|poly1305|^simd_|^poly_|curve25519|blake2s|aead_|x25519|salsa"),
    ("copies, checksums", r"memcpy|memset|memmove|csum_partial|do_csum|csum_and_copy|skb_copy|"
                          r"copy_(to|from)_|_copy_(to|from)|__pskb_pull|skb_checksum|clear_page|"
                          r"copy_page|raw_copy|copy_chunk"),
    ("driver", r"^(wg_|culvert_|train_|crypt_|tx_|rx_|gather_|route_|replay_|cidr_)"),
    ("memory", r"alloc|kfree|kmem_|slab|free_|page_frag|get_page|put_page|___?slab|rmqueue|"
               r"skb_release|kfree_skb|build_skb|page_pool"),
    ("TCP", r"^_*tcp_|sendfile|splice|^sk_stream|do_tcp"),
    ("scheduling, locks", r"sched|schedule|wake_up|try_to_wake|enqueue_|dequeue_|pick_|switch_|"
                          r"spin_|mutex|worker|work|rcu|kthread|_raw_|local_bh|softirq|tasklet|"
                          r"update_curr|prepare_to_wait|finish_wait|queue_work|entity|rq_|"
                          r"autoremove|complete|cgroup|hrtick|resched|smpboot"),
    ("UML, timers, interrupts", r"timer|hrtimer|ktime|clock|unblock_signals|block_signals|um_|"
                                r"os_|sig_|irq|uml|signal|getrandom|tick|userspace|seccomp|stub|"
                                r"uaccess|do_op|vdso|futex"),
    ("stack", r"."),
)


def symbols(path):
    table = []
    for line in open(path):
        address, _, name, *module = line.split()
        table.append((int(address, 16), name, module[0] if module else ""))
    table.sort()
    return [t[0] for t in table], table


def kind(name, module):
    if name == "(the host's kernel)":
        return "host's system calls"
    if module in ("[wireguard]", "[culvert]"):
        return "driver"
    for text, pattern in CLASSES:
        if re.search(pattern, name):
            return text
    return "stack"


def main():
    if len(sys.argv) != 4:
        print(__doc__.strip())
        return 0 if sys.argv[1:] == ["--help"] else 2
    directory, prefix, out = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    profile = json.loads(out.read_text()) if out.exists() else {}
    # In the order in which they were taken.
    for file in sorted(directory.glob("samples.*"), key=lambda f: f.stat().st_mtime):
        _, side, item = file.name.split(".", 2)
        addresses, table = symbols(directory / ("results.symbols." + side))
        count, functions, total = collections.Counter(), collections.Counter(), 0
        for line in open(file):
            if not line.strip():
                continue
            ip = int(line.split()[0], 16)
            name, module = "(the host's kernel)", ""
            if ip < 1 << 63:
                at = bisect.bisect_right(addresses, ip) - 1
                name, module = table[at][1:] if at >= 0 else ("(libc)", "")
                if ip - addresses[max(at, 0)] > 1 << 20:
                    name, module = "(libc, vdso)", ""
            count[kind(name, module)] += 1
            functions[name] += 1
            total += 1
        if not total:
            sys.exit("profile.py: %s holds no sample" % file)
        profile.setdefault(prefix + item, {})[side] = {
            "samples": total,
            "shares": {name: round(100 * n / total, 1) for name, n in count.most_common()},
            "functions": [(round(100 * n / total, 1), f)
                          for f, n in functions.most_common(14)],
        }
    out.write_text(json.dumps(profile, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
