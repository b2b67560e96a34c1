# SPDX-License-Identifier: GPL-2.0
"""What the Python scripts of the overlay share: the cache, errors, packages.

The shell scripts have the same things in common.sh.
"""

import argparse
import contextlib
import fcntl
import glob
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def prog():
    return os.path.basename(sys.argv[0])


def die(message, status=1):
    sys.stdout.flush()
    print(f"{prog()}: {message}", file=sys.stderr)
    sys.exit(status)


def note(message):
    print(f"{prog()}: {message}", file=sys.stderr, flush=True)


def cache(*parts):
    """A path below the cache; its folder exists afterwards."""
    base = os.environ.get("CULVERT_CACHE") or os.path.expanduser("~/.cache/culvert")
    path = os.path.join(os.path.abspath(base), *parts)
    try:
        os.makedirs(os.path.dirname(path) if parts else path, exist_ok=True)
    except OSError as e:
        die(f"cannot write to the cache {base}: {e.strerror}; "
            "set CULVERT_CACHE to a folder that is writable")
    return path


@contextlib.contextmanager
def locked(path, what="another run"):
    """Hold an exclusive lock on path; say so once when it has to be waited for."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note(f"waiting for {what} to finish")
            fcntl.flock(f, fcntl.LOCK_EX)
        yield


def between(kind, least, most):
    """For argparse: a number of that kind within these bounds."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is no number from {least} to {most}")
        return value
    return parse


def run_quiet(argv, **kw):
    """Run a tool; give its standard output, or die with the end of its errors."""
    try:
        r = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, check=False, **kw)
    except FileNotFoundError:
        die(f"{argv[0]} is missing; install it and try again")
    if r.returncode:
        tail = r.stderr.decode(errors="replace").strip().splitlines()[-3:]
        die(f"{' '.join(argv[:3])} failed: {' / '.join(tail) or r.returncode}")
    return r.stdout


def need_tools(tools):
    """tools: {command: package}. Install what is missing, on Debian as root."""
    missing = sorted({pkg for cmd, pkg in tools.items() if not find_tool(cmd)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        die("missing: " + ", ".join(sorted(c for c in tools if not find_tool(c))) +
            "; install them (Debian's packages: " + " ".join(missing) + ")")
    if os.geteuid():
        die("run 'apt-get install " + " ".join(missing) + "' as root and try again")
    note("installing " + " ".join(missing))
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends",
           "install"] + missing
    with locked(cache("lock", "apt"), "another installation"):
        r = subprocess.run(apt, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                           check=False)
        if r.returncode:
            run_quiet(["apt-get", "-q", "update"])
            run_quiet(apt, env=env)


SBIN = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find_tool(name):
    return shutil.which(name) or shutil.which(name, path=SBIN)


def version_key(text):
    return [int(x) for x in re.findall(r"\d+", text)]


def debian_kernel(flavour="cloud-amd64", series="6.12"):
    """Debian's packaged kernel and its headers, unpacked; (version, folder).

    One folder holds boot/, lib/modules/ and usr/src/ of the same version. The
    newest that is already there is used; otherwise the archive's newest.
    """
    base = cache("deb", "")
    pattern = f"linux-{series}.*-{flavour}"

    def have():
        dirs = [d for d in glob.glob(os.path.join(base, pattern))
                if os.path.exists(os.path.join(d, ".complete"))]
        return max(dirs, key=version_key) if dirs else None

    found = have()
    if not found:
        with locked(cache("lock", "debian-kernel"), "another download"):
            found = have() or fetch_debian_kernel(base, flavour, series)
    kver = os.path.basename(found)[len("linux-"):]
    return kver, found


def fetch_debian_kernel(base, flavour, series):
    need_tools({"apt-get": "apt", "dpkg-deb": "dpkg"})
    want = re.compile(rf"^linux-image-({re.escape(series)}\.\S*-{re.escape(flavour)}) ", re.M)

    def versions():
        out = run_quiet(["apt-cache", "search", f"^linux-image-{series}"]).decode()
        return sorted(want.findall(out), key=version_key, reverse=True)

    found = versions()
    if not found:
        note("updating the package lists")
        run_quiet(["apt-get", "-q", "update"])
        found = versions()
    if not found:
        die(f"no package linux-image-{series}.*-{flavour} in this machine's package sources; "
            "add Debian 12's security suite to apt's sources")
    kver = found[0]
    common = kver[:-len(flavour) - 1]
    names = [f"linux-image-{kver}", f"linux-headers-{kver}",
             f"linux-headers-{common}-common", f"linux-kbuild-{common}"]
    note("fetching " + " ".join(names))
    dest = os.path.join(base, f"linux-{kver}")
    tmp = dest + ".tmp"
    shutil.rmtree(tmp, ignore_errors=True)
    os.makedirs(os.path.join(tmp, "debs"))
    fetch = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download"] + names
    # Lists older than the archive name files that are gone: refresh once.
    if subprocess.run(fetch, cwd=os.path.join(tmp, "debs"), stdin=subprocess.DEVNULL,
                      capture_output=True, check=False).returncode:
        run_quiet(["apt-get", "-q", "update"])
        newest = versions()
        if newest and newest[0] != kver:
            return fetch_debian_kernel(base, flavour, series)
        run_quiet(fetch, cwd=os.path.join(tmp, "debs"))
    for deb in glob.glob(os.path.join(tmp, "debs", "*.deb")):
        run_quiet(["dpkg-deb", "-x", deb, tmp])
    shutil.rmtree(os.path.join(tmp, "debs"))
    fix_header_paths(tmp, kver, common)
    with open(os.path.join(tmp, ".complete"), "w", encoding="ascii"):
        pass
    shutil.rmtree(dest, ignore_errors=True)
    os.rename(tmp, dest)
    return dest


def fix_header_paths(root, kver, common):
    """Debian's headers expect to live in /usr/src; make them work where they are."""
    arch = os.path.join(root, "usr/src", f"linux-headers-{kver}")
    # Kbuild includes this by name; relative to itself it works anywhere.
    with open(os.path.join(arch, "Makefile"), "w", encoding="ascii") as f:
        f.write("include $(dir $(realpath $(lastword $(MAKEFILE_LIST))))"
                f"../linux-headers-{common}-common/Makefile\n")
    for link, to in (("build", f"linux-headers-{kver}"),
                     ("source", f"linux-headers-{common}-common")):
        path = os.path.join(root, "lib/modules", kver, link)
        if os.path.islink(path):
            os.unlink(path)
        os.symlink(f"../../../usr/src/{to}", path)
    # Without a vmlinux there Kbuild skips BTF, which would need the right pahole.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(arch, "vmlinux"))
