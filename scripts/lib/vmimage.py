# SPDX-License-Identifier: GPL-2.0
"""Initial RAM disks for scripts/vm, made of this machine's own binaries.

A base image per kernel holds the tools and that kernel's modules and is kept in
the cache. What differs from run to run (command, files, modules under test) is a
second, small archive behind it; the kernel unpacks one after the other.
"""

import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import subprocess

from culvertlib import cache, die, find_tool, locked, note, run_quiet

# Without these nothing works: {command: Debian package}.
NEEDED = {
    "busybox": "busybox-static", "bash": "bash", "kmod": "kmod", "depmod": "kmod",
    "ip": "iproute2", "tc": "iproute2", "ss": "iproute2", "ping": "iputils-ping",
    "wg": "wireguard-tools", "iperf3": "iperf3", "ncat": "ncat", "stdbuf": "coreutils",
    "iptables-legacy": "iptables", "conntrack": "conntrack", "xz": "xz-utils",
}
# Real ones are better than busybox's where scripts lean on their options.
TOOLS = """bash ip tc ss bridge nstat wg wg-quick ping iperf3 ncat conntrack
iptables-legacy iptables-legacy-save iptables-legacy-restore ip6tables-legacy
ip6tables-legacy-save ip6tables-legacy-restore nft kmod wireguard-go unshare nsenter
setpriv stdbuf timeout date sort sed awk gawk mawk grep stat sha256sum cmp sysctl ethtool
tcpdump xfrm_monitor taskset flock readlink cat dd env seq sleep
head tail cut tr wc od comm uniq tee find""".split()
LINKS = {
    "usr/sbin/iptables": "iptables-legacy", "usr/sbin/ip6tables": "ip6tables-legacy",
    "usr/sbin/iptables-save": "iptables-legacy-save",
    "usr/sbin/iptables-restore": "iptables-legacy-restore",
    "usr/sbin/ip6tables-save": "ip6tables-legacy-save",
    "usr/sbin/ip6tables-restore": "ip6tables-legacy-restore",
    "usr/bin/ping6": "ping", "usr/bin/ping4": "ping",
    "usr/sbin/modprobe": "../bin/kmod", "usr/sbin/insmod": "../bin/kmod",
    "usr/sbin/rmmod": "../bin/kmod", "usr/sbin/lsmod": "../bin/kmod",
    "usr/sbin/modinfo": "../bin/kmod", "usr/sbin/depmod": "../bin/kmod",
}
DATA = ["/etc/protocols", "/etc/services", "/etc/iproute2", "/usr/share/iproute2",
        "/usr/lib/tc", "/usr/lib/x86_64-linux-gnu/xtables",
        "/usr/lib/x86_64-linux-gnu/tc", "/lib/tc"]
# Loaded by name at run time, so that ldd does not show it.
DLOPENED = ["libgcc_s.so.1"]
# What of a kernel's modules goes into the image.
MODULE_DIRS = ["net", "crypto", "lib", "arch/x86/crypto", "drivers/net", "drivers/virtio",
               "drivers/char/hw_random", "drivers/crypto", "fs/overlayfs", "kernel"]
MODULE_SKIP = re.compile(r"drivers/net/(ethernet|wireless|wwan|usb|can|hyperv|xen|fddi|hamradio)"
                         r"|net/(ceph|sunrpc|rds|smc|tipc|sctp|dccp|openvswitch|batman-adv"
                         r"|bluetooth|mac80211|wireless|can|nfc|rxrpc|9p)/|net/vmxnet3")


class Archive:
    """A cpio archive in the format that the kernel unpacks ("newc")."""

    def __init__(self, path):
        self.f = open(path, "wb")
        self.ino = 0
        self.dirs = set()

    def entry(self, name, mode, data=b"", rdev=(0, 0)):
        self.ino += 1
        name = name.strip("/").encode() + b"\0"
        head = "070701" + "".join(f"{v:08X}" for v in (
            self.ino, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(name), 0))
        self.f.write(head.encode() + name)
        self.pad()
        self.f.write(data)
        self.pad()

    def pad(self):
        self.f.write(b"\0" * (-self.f.tell() % 4))

    def mkdir(self, name):
        name = name.strip("/")
        if not name or name in self.dirs:
            return
        self.mkdir(os.path.dirname(name))
        self.dirs.add(name)
        self.entry(name, stat.S_IFDIR | 0o755)

    def write(self, name, data, mode=0o644):
        self.mkdir(os.path.dirname(name.strip("/")))
        self.entry(name, stat.S_IFREG | mode, data)

    def symlink(self, name, target):
        self.mkdir(os.path.dirname(name.strip("/")))
        self.entry(name, stat.S_IFLNK | 0o777, target.encode())

    def add(self, src, name):
        """A file, or a folder with all that is in it; links are followed."""
        if os.path.isdir(src):
            self.mkdir(name)
            for sub in sorted(os.listdir(src)):
                if os.path.exists(os.path.join(src, sub)):
                    self.add(os.path.join(src, sub), os.path.join(name, sub))
            return
        try:
            with open(src, "rb") as f:
                data = f.read()
        except OSError as e:
            die(f"cannot read {src}: {e.strerror}")
        self.write(name, data, 0o755 if os.access(src, os.X_OK) else 0o644)

    def close(self):
        self.entry("TRAILER!!!", 0)
        self.f.write(b"\0" * (-self.f.tell() % 512))
        self.f.close()


def libraries(path):
    """The shared libraries that a binary loads, itself left out."""
    r = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    missing = re.findall(r"(\S+) => not found", r.stdout)
    if missing:
        die(f"{path} cannot run on this machine: {', '.join(missing)} not found")
    return re.findall(r"^\s*(?:\S+ => )?(/\S+) \(0x", r.stdout, re.M)


def guest_path(path):
    """Debian's image has /bin, /sbin and /lib as links into /usr."""
    path = os.path.abspath(path)
    m = re.match(r"/(bin|sbin|lib|lib32|lib64)/", path)
    return "/usr" + path if m else path


def with_libraries(archive, src, dst, done):
    archive.add(src, dst)
    for lib in libraries(src):
        lib = guest_path(lib)
        if lib not in done:
            done.add(lib)
            archive.add(lib, lib)


def unpack_module(src, dst):
    with open(src, "rb") as f:
        data = f.read()
    if src.endswith(".xz"):
        data, dst = lzma.decompress(data), dst[:-3]
    elif src.endswith(".gz"):
        data, dst = gzip.decompress(data), dst[:-3]
    elif src.endswith(".zst"):
        data, dst = run_quiet(["zstd", "-q", "-d", "-c", src]), dst[:-4]
    os.makedirs(os.path.dirname(dst), exist_ok=True)
    with open(dst, "wb") as f:
        f.write(data)


def module_tree(kernel):
    """The kernel's modules, unpacked, below the cache; a folder with lib/modules."""
    mods = os.path.join(kernel.modules, "lib/modules", kernel.kver)
    out = cache("vm", f"modules-{kernel.tag()}")
    if os.path.exists(os.path.join(out, ".complete")):
        return out
    tmp = out + ".tmp"
    shutil.rmtree(tmp, ignore_errors=True)
    dst = os.path.join(tmp, "lib/modules", kernel.kver)
    os.makedirs(dst)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if os.path.exists(os.path.join(mods, name)):
            shutil.copy(os.path.join(mods, name), dst)
    for base, _, files in os.walk(os.path.join(mods, "kernel")):
        sub = os.path.relpath(base, os.path.join(mods, "kernel"))
        for name in files:
            path = os.path.join(sub, name)
            if ".ko" in name and not MODULE_SKIP.search(path) and \
               any(path.startswith(d + "/") for d in MODULE_DIRS):
                unpack_module(os.path.join(base, name), os.path.join(dst, "kernel", path))
    run_quiet(["depmod", "-b", tmp, kernel.kver])
    with open(os.path.join(tmp, ".complete"), "w", encoding="ascii"):
        pass
    shutil.rmtree(out, ignore_errors=True)
    os.rename(tmp, out)
    for old in os.listdir(os.path.dirname(out)):
        if old.startswith(f"modules-{kernel.kver}-") and old != os.path.basename(out):
            shutil.rmtree(os.path.join(os.path.dirname(out), old), ignore_errors=True)
    return out


def base_image(kernel, init):
    """The base archive for a kernel; built when a tool or the kernel has changed."""
    tools = {t: find_tool(t) for t in TOOLS}
    state = [init, kernel.tag()]
    with open(os.path.abspath(__file__), encoding="utf-8") as f:
        state.append(f.read())
    for path in filter(None, tools.values()):
        st = os.stat(path)
        state.append(f"{path} {st.st_size} {st.st_mtime_ns}")
    digest = hashlib.sha256("\n".join(state).encode()).hexdigest()[:16]
    image = cache("vm", f"base-{kernel.kver}-{digest}.cpio")
    with locked(cache("lock", f"vm-{kernel.kver}"), "another run's image"):
        tree = module_tree(kernel)
        if os.path.exists(image):
            return image, tree
        note(f"making the image for {kernel.kver}")
        for old in os.listdir(os.path.dirname(image)):
            if re.match(rf"base-{re.escape(kernel.kver)}-\w+\.cpio", old):
                os.unlink(os.path.join(os.path.dirname(image), old))
        try:
            write_base(image + ".tmp", kernel, init, tools, tree)
        except OSError as e:
            if os.path.exists(image + ".tmp"):
                os.unlink(image + ".tmp")
            die(f"cannot write the image in the cache: {e.strerror}")
        os.rename(image + ".tmp", image)
    return image, tree


def write_base(path, kernel, init, tools, tree):
    a = Archive(path)
    for d in ("dev proc sys run tmp root etc out usr/bin usr/sbin usr/lib usr/lib64 "
              "var/lib var/log mnt").split():
        a.mkdir(d)
    for link in ("bin", "sbin", "lib", "lib64"):
        a.symlink(link, "usr/" + link)
    a.symlink("var/run", "../run")
    a.entry("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))
    a.entry("dev/null", stat.S_IFCHR | 0o666, rdev=(1, 3))
    a.write("init", init.encode(), 0o755)
    a.write("etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n"
            b"nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
            b"systemd-network:x:998:998::/:/bin/false\n")
    a.write("etc/group", b"root:x:0:\nnogroup:x:65534:\nsystemd-network:x:998:\n")
    a.write("etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n")
    a.write("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files\n")
    done = set()
    busybox = find_tool("busybox")
    a.add(busybox, "usr/bin/busybox")
    a.symlink("usr/bin/sh", "busybox")
    have = {"busybox", "sh"}
    for name, src in tools.items():
        if src:
            where = "sbin" if "/sbin/" in src else "bin"
            with_libraries(a, src, f"usr/{where}/{name}", done)
            have.add(name)
    for name, target in LINKS.items():
        base = os.path.basename(target)
        if base in have:
            a.symlink(name, target)
            have.add(os.path.basename(name))
    for applet in run_quiet([busybox, "--list"]).decode().split():
        if applet not in have:
            a.symlink(f"usr/bin/{applet}", "busybox")
    for name in DLOPENED:
        for d in ("/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu"):
            if os.path.exists(f"{d}/{name}"):
                a.add(f"{d}/{name}", f"/usr/lib/x86_64-linux-gnu/{name}")
                break
    stdbuf = "/usr/libexec/coreutils/libstdbuf.so"
    if os.path.exists(stdbuf):
        a.add(stdbuf, stdbuf)
    for path in DATA:
        if os.path.exists(path):
            a.add(path, guest_path(path))
            if os.path.isdir(path):
                for sub in os.listdir(path):
                    if ".so" in sub and os.path.exists(os.path.join(path, sub)):
                        for lib in map(guest_path, libraries(os.path.join(path, sub))):
                            if lib not in done:
                                done.add(lib)
                                a.add(lib, lib)
    a.add(os.path.join(tree, "lib/modules"), "usr/lib/modules")
    a.close()


def run_image(path, kernel, tree, modules, files, texts):
    """What one run adds: modules under test, files, the command.

    modules: paths of .ko files; files: (src, dst, is_program); texts: {dst: (text, mode)}.
    """
    a = Archive(path)
    if modules:
        work = path + ".d"
        mods = os.path.join(work, "lib/modules")
        os.makedirs(mods)
        subprocess.run(["cp", "-al", os.path.join(tree, "lib/modules", kernel.kver), mods],
                       check=True)
        updates = os.path.join(mods, kernel.kver, "updates")
        os.makedirs(updates)
        for ko in modules:
            vermagic = run_quiet(["modinfo", "-F", "vermagic", ko]).decode().split(" ")[0]
            if vermagic != kernel.kver:
                die(f"{ko} was built for {vermagic}, not for the kernel {kernel.kver}")
            shutil.copy(ko, updates)
        # The index files are links into the shared tree: never write through them.
        for name in os.listdir(os.path.join(mods, kernel.kver)):
            if name.startswith("modules.") and "builtin" not in name and name != "modules.order":
                os.unlink(os.path.join(mods, kernel.kver, name))
        for name in ("modules.builtin.bin", "modules.builtin.alias.bin"):
            if os.path.exists(os.path.join(mods, kernel.kver, name)):
                os.unlink(os.path.join(mods, kernel.kver, name))
        run_quiet(["depmod", "-b", work, kernel.kver])
        for name in sorted(os.listdir(os.path.join(mods, kernel.kver))):
            if name.startswith("modules.") or name == "updates":
                a.add(os.path.join(mods, kernel.kver, name),
                      f"usr/lib/modules/{kernel.kver}/{name}")
        shutil.rmtree(work)
    done = set()
    for src, dst, program in files:
        if program:
            with_libraries(a, src, guest_path(dst), done)
        else:
            a.add(src, guest_path(dst))
    for dst, (text, mode) in texts.items():
        a.write(dst, text.encode(), mode)
    a.close()
