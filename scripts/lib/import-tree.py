#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make an unpacked source tree a git repository with one commit.

usage: import-tree.py TREE SUBJECT TAG

The commit has a fixed author and date, so the same tree gets the same commit
id on every machine.  The tag (such as v7.3.4) keeps scripts/setlocalversion
from adding a "+" to the kernel's release.  The objects go straight into one pack: a kernel is
90 000 files, and `git add` would make as many loose objects.

Everything is made in TREE/.git.new, which is renamed at the end, so that an
interrupted run leaves a tree without .git and never one with half of it.
"""

import os
import shutil
import stat
import subprocess
import sys

IDENT = b"Culvert <culvert@culvert.invalid> 946684800 +0000"


def files(top):
    """Yield (mode, path) of everything below top, in git's order."""
    for folder, dirs, names in os.walk(top):
        dirs[:] = sorted(d for d in dirs if not (folder == top and
                                                 d.startswith(".git.")))
        links = [d for d in dirs if os.path.islink(os.path.join(folder, d))]
        for name in sorted(names + links):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                yield "120000", path
            elif stat.S_ISREG(mode):
                yield "100755" if mode & 0o100 else "100644", path


def git(*args, **kwargs):
    return subprocess.run(["git", *args], check=True, **kwargs)


def main():
    if len(sys.argv) != 4 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    top, subject = os.path.realpath(sys.argv[1]), sys.argv[2].encode()
    repo = os.path.join(top, ".git.new")
    shutil.rmtree(repo, ignore_errors=True)
    env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null",
               GIT_CONFIG_NOSYSTEM="1")
    git("init", "-q", "--bare", "--initial-branch=pristine", repo, env=env)
    for key, value in (("core.bare", "false"), ("gc.auto", "0"),
                       ("maintenance.auto", "false"),
                       ("core.fsmonitor", "false"),
                       ("core.compression", "1"),
                       ("core.autocrlf", "false"),
                       ("advice.detachedHead", "false")):
        git("--git-dir", repo, "config", key, value, env=env)

    importer = subprocess.Popen(
        ["git", "--git-dir", repo, "fast-import", "--quiet", "--depth=0"],
        stdin=subprocess.PIPE, env=env)
    out = importer.stdin
    out.write(b"commit refs/heads/pristine\nauthor %s\ncommitter %s\n"
              b"data %d\n%s\n" % (IDENT, IDENT, len(subject), subject))
    for mode, path in files(top):
        if mode == "120000":
            data = os.readlink(path).encode()
        else:
            with open(path, "rb") as src:
                data = src.read()
        name = os.path.relpath(path, top)
        if '"' in name or "\n" in name:
            sys.exit("import-tree: cannot import the name %r" % name)
        out.write(b"M %s inline %s\ndata %d\n" %
                  (mode.encode(), name.encode(), len(data)))
        out.write(data)
        out.write(b"\n")
    out.write(b"tag %s\nfrom refs/heads/pristine\ntagger %s\n"
              b"data %d\n%s\n" % (sys.argv[3].encode(), IDENT, len(subject),
                                 subject))
    out.write(b"done\n")
    out.close()
    if importer.wait():
        sys.exit("import-tree: git fast-import failed; is the disk full?")

    git("--git-dir", repo, "--work-tree", top, "read-tree", "HEAD", env=env)
    git("--git-dir", repo, "--work-tree", top, "update-index", "-q",
        "--refresh", env=env)
    os.rename(repo, os.path.join(top, ".git"))


if __name__ == "__main__":
    main()
