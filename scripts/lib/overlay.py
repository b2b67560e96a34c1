#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The overlay's manifest, and what the overlay makes of a tree.

usage: overlay.py lay TREE DIR [--with DIFF]...   bring DIR up to date
       overlay.py build TREE PRISTINE OUT         write the patch files
       overlay.py compare TREE PRISTINE DIR          say where DIR differs from it
       overlay.py files TREE [SERIES]             list the paths in the tree
       overlay.py patches TREE [SERIES]           list series, patch id, subject
       overlay.py cover TREE SERIES text|prefix|recipients
       overlay.py lint TREE                       say what the manifest lacks

The format of the manifest is described at the top of linux-overlay/manifest.
"""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import grow  # noqa: E402  (after the line that keeps the folder clean)

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))

HEADING = re.compile(r"^\[(trees|map|series|patch)(?: +([\w.-]+))?\]$")
MARKER = re.compile(r"^[ \t]*(?:#|//)@(?:[ \t]+([\w.-]+))?[ \t]*$")
HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
LEFTOVER = ("*.o", "*.a", "*.ko", "*.mod", "*.mod.c", "*.cmd", "*.d", "*.orig",
            "*.rej", "*.swp", "*~", "*.pyc", "Module.symvers", "modules.order",
            ".gitignore.swp")


class Error(Exception):
    """Something in the overlay is wrong; the text says what to do."""


def warn(text):
    print("warning: " + text, file=sys.stderr)


def read(path):
    with open(path, "rb") as src:
        return src.read()


class Patch:
    def __init__(self, series, name, line):
        self.series, self.name, self.line = series, name, line
        self.subject = None
        self.rules, self.edits, self.maintainers = [], [], []
        self.only = None
        self.text = []
        self.index = 0

    def message(self):
        text = "\n".join(self.text).strip("\n")
        return self.subject + "\n\n" + text + "\n" if text else \
            self.subject + "\n"


class Series:
    def __init__(self, name, line):
        self.name, self.line = name, line
        self.subject, self.prefix, self.after = None, "PATCH", None
        self.to, self.cc = [], []
        self.patches, self.text = [], []


class Manifest:
    """Series, patches and the rules which file goes where, as written."""

    def __init__(self, top):
        self.top = top
        self.path = os.path.join(top, "linux-overlay", "manifest")
        self.trees, self.map, self.skip = [], [], []
        self.series, self.date = [], None
        self.parse()
        self.patches = [p for s in self.series for p in s.patches]
        for index, patch in enumerate(self.patches):
            patch.index = index
        self.by_name = {p.name: p for p in self.patches}

    def fail(self, number, text):
        raise Error("linux-overlay/manifest:%d: %s" % (number, text))

    def parse(self):
        try:
            lines = read(self.path).decode().split("\n")
        except OSError as err:
            raise Error("cannot read linux-overlay/manifest: %s" %
                        err.strerror) from None
        section, in_text, names = None, False, set()
        for number, line in enumerate(lines, 1):
            heading = HEADING.match(line)
            if heading:
                kind, name = heading.groups()
                in_text = False
                if kind in ("series", "patch"):
                    if not name or (kind, name) in names:
                        self.fail(number, "[%s] needs a name of its own" % kind)
                    names.add((kind, name))
                if kind == "series":
                    section = Series(name, number)
                    self.series.append(section)
                elif kind == "patch":
                    if not self.series:
                        self.fail(number, "[patch] before the first [series]")
                    section = Patch(self.series[-1], name, number)
                    self.series[-1].patches.append(section)
                else:
                    section = kind
                continue
            if in_text:
                section.text.append(line.rstrip())
                continue
            if line.startswith("#"):
                continue
            if not line.strip():
                # The first blank line ends the directives.
                in_text = isinstance(section, (Series, Patch))
                continue
            self.directive(section, number, line.strip())
        for series in self.series:
            for thing in [series] + series.patches:
                if not thing.subject:
                    self.fail(thing.line, "%s has no \"subject =\" line" %
                              thing.name)
        if not self.trees or not self.series:
            raise Error("linux-overlay/manifest: needs [trees] and [series]")

    def directive(self, section, number, line):
        key, _, value = (x.strip() for x in line.partition("="))
        words = line.split()
        if section == "trees":
            if key == "date":
                self.date = value
            else:
                self.trees.append(words[0])
        elif section == "map" and words[0] == "-":
            self.skip += words[1:]
        elif section == "map" and len(words) == 3 and words[1] == "->":
            self.map.append((words[0], words[2]))
        elif isinstance(section, Series) and key in ("subject", "prefix",
                                                     "after"):
            setattr(section, key, value)
        elif isinstance(section, Series) and key in ("to", "cc"):
            getattr(section, key).append(value)
        elif isinstance(section, Patch) and key == "subject":
            section.subject = value
        elif isinstance(section, Patch) and words[0] == "+":
            section.rules += [(word, number) for word in words[1:]]
        elif isinstance(section, Patch) and words[0] == "edit":
            section.edits += [(word, number) for word in words[1:]]
        elif isinstance(section, Patch) and words[0] == "maintainers":
            section.maintainers.append((line.split(None, 1)[1], number))
        elif isinstance(section, Patch) and words[0] == "only":
            section.only = words[1:]
        else:
            self.fail(number, "cannot read \"%s\"" % line)


def apply_diff(name, diff, lookup):
    """Apply a unified diff; lookup(path) gives the old bytes.

    A hunk may have moved, but every line of its context must match: a hook
    that lands beside the wrong line is worse than one that does not land.
    Returns {path: new bytes}.
    """
    result, path, old, new, shift, last = {}, None, None, None, 0, 0
    lines = diff.decode().split("\n")
    at = 0

    def finish():
        if path is not None:
            result[path] = "\n".join(new + old[last:]).encode()

    while at < len(lines):
        line = lines[at]
        if line.startswith("+++ "):
            finish()
            path = line[4:].split("\t")[0].strip()
            path = path[2:] if path.startswith("b/") else path
            data = result.get(path, lookup(path))
            if data is None:
                raise Error("%s: the tree has no %s" % (name, path))
            old, new, shift, last = data.decode().split("\n"), [], 0, 0
            at += 1
            continue
        hunk = HUNK.match(line)
        if not hunk or path is None:
            at += 1
            continue
        start = int(hunk.group(1)) - 1
        want = int(hunk.group(2) or 1), int(hunk.group(4) or 1)
        before, after = [], []
        at += 1
        while len(before) < want[0] or len(after) < want[1]:
            if at >= len(lines):
                raise Error("%s: the diff ends inside a hunk" % name)
            body = lines[at]
            at += 1
            if body.startswith("\\"):
                continue
            if body[:1] in (" ", "-", ""):
                before.append(body[1:])
            if body[:1] in (" ", "+", ""):
                after.append(body[1:])
        places = [i for i in range(last, len(old) - len(before) + 1)
                  if old[i:i + len(before)] == before]
        if not places:
            raise Error("%s: does not apply to %s near line %d: the tree has "
                        "changed there, refresh the diff (a variant for one "
                        "tree goes to linux-overlay/edits/<tree>/)" %
                        (name, path, start + 1))
        place = min(places, key=lambda i: abs(i - start - shift))
        shift = place - start
        new += old[last:place] + after
        last = place + len(before)
    finish()
    if not result:
        raise Error("%s: holds no hunk; an edit that a tree does not need is "
                    "an empty file" % name)
    return result


class Overlay:
    """What the overlay makes of one kind of tree."""

    def __init__(self, tree, top=TOP):
        self.top, self.tree = top, tree
        self.manifest = Manifest(top)
        if tree not in self.manifest.trees:
            raise Error("unknown tree %s; known: %s" %
                        (tree, " ".join(self.manifest.trees)))
        self.patches = [p for p in self.manifest.patches
                        if not p.only or tree in p.only]
        self.problems, self.missing = [], set()
        self.sources = self.scan()      # overlay path -> tree path
        self.place = self.assign()      # overlay path -> Patch

    def scan(self):
        sources, roots = {}, [src for src, _ in self.manifest.map]
        roots.append("linux-overlay")
        seen = set()
        for root in sorted(set(roots)):
            for folder, dirs, names in os.walk(os.path.join(self.top, root)):
                dirs[:] = sorted(d for d in dirs if d != "__pycache__")
                for name in sorted(names):
                    path = os.path.relpath(os.path.join(folder, name),
                                           self.top)
                    if path in seen or any(fnmatch.fnmatch(name, p)
                                           for p in LEFTOVER):
                        continue
                    seen.add(path)
                    if any(fnmatch.fnmatch(path, p)
                           for p in self.manifest.skip):
                        continue
                    target = self.target(path)
                    if target:
                        sources[path] = target
        return sources

    def target(self, path):
        """Where a file of the overlay lies in the tree; None if nowhere."""
        for src, dst in sorted(self.manifest.map, key=lambda m: -len(m[0])):
            if path.startswith(src + "/"):
                return os.path.join(dst, path[len(src) + 1:])
        rest = path[len("linux-overlay/"):]
        if rest in ("manifest", "exceptions") or rest.startswith("edits/"):
            return None
        if rest.startswith("compat/"):
            _, tree, rest = rest.split("/", 2)
            return rest if tree == self.tree else None
        return rest

    def assign(self):
        """Each file goes into the first patch with a rule for it; a rule
        that names the file outdoes one with a wildcard."""
        place, used = {}, set()
        for exact in (True, False):
            for patch in self.patches:
                for rule, number in patch.rules:
                    wild = any(c in rule for c in "*?[") or rule.endswith("/")
                    if wild == exact:
                        continue
                    match = rule + "*" if rule.endswith("/") else rule
                    for path in self.sources:
                        if not (fnmatch.fnmatch(path, match) if wild
                                else path == rule):
                            continue
                        used.add((rule, number))
                        if path not in place:
                            place[path] = patch
                        elif exact and place[path] is not patch:
                            self.problems.append(
                                "linux-overlay/manifest:%d: %s is in patch %s "
                                "already" % (number, path, place[path].name))
                    if exact and (rule, number) not in used and not \
                       rule.startswith("linux-overlay/compat/"):
                        self.problems.append(
                            "linux-overlay/manifest:%d: there is no %s" %
                            (number, rule))
                        self.missing.add(patch.name)
        for path in sorted(self.sources):
            if path not in place:
                self.problems.append(
                    "%s is in no patch: add \"+ %s\" to one in "
                    "linux-overlay/manifest" % (path, path))
        return place

    def blocks(self, path, upto):
        """The file as patch number upto leaves it, see "Growing files"."""
        data = read(os.path.join(self.top, path))
        if b"#@" not in data and b"//@" not in data:
            return data
        out, show, marked = [], True, False
        for number, line in enumerate(data.decode().split("\n"), 1):
            marker = MARKER.match(line)
            if not marker:
                if show:
                    out.append(line)
                continue
            name = marker.group(1)
            marked = True
            if name and name not in self.manifest.by_name:
                raise Error("%s:%d: there is no patch \"%s\" in "
                            "linux-overlay/manifest" % (path, number, name))
            show = not name or self.manifest.by_name[name].index <= upto
        if not marked:
            return data
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n") + "\n"
        return text.encode()

    def edit_file(self, name):
        for folder in (self.tree, ""):
            path = os.path.join("linux-overlay", "edits", folder,
                                name + ".diff")
            if os.path.exists(os.path.join(self.top, path)):
                return path
        raise Error("there is no linux-overlay/edits/%s.diff" % name)

    def snippet(self, title):
        entries = re.split(r"\n\n+", read(os.path.join(
            self.top, "MAINTAINERS-snippet")).decode().strip("\n"))
        for entry in entries:
            if entry.split("\n")[0] == title:
                return entry
        raise Error("MAINTAINERS-snippet has no entry \"%s\"" % title)

    def states(self, base, loose=()):
        """Yield (patch, {tree path: (bytes, executable)}) in order, each with
        the files that this patch adds or changes.  base(path) gives the
        pristine bytes, None if the tree has no such file; loose names files
        that no patch has, which are there all the same."""
        now = {}
        final = set(self.sources.values())

        def lookup(path):
            return now[path][0] if path in now else base(path)

        appends = [p for p in self.place if p.endswith(".append")]
        for patch in self.patches:
            new = {}
            have = {self.sources[p] for p, home in self.place.items()
                    if home.index <= patch.index} | set(loose)
            absent = self.absent(have, final, patch.index)
            for path, home in self.place.items():
                if home.index > patch.index or path in appends:
                    continue
                target = self.sources[path]
                override = "linux-overlay/compat/%s/%s" % (self.tree, target)
                if path != override and override in self.place:
                    continue
                data = self.blocks(path, patch.index)
                if os.path.basename(target) == "Makefile":
                    data = grow.makefile(target, data.decode(), have,
                                         final).encode()
                elif os.path.basename(target) == "Kconfig":
                    data = grow.kconfig(data.decode(), have, final,
                                        absent).encode()
                extra = "linux-overlay/compat/%s/%s.append" % (self.tree,
                                                               target)
                if extra in self.place and \
                   self.place[extra].index <= patch.index:
                    data += b"\n" + read(os.path.join(self.top, extra))
                mode = os.access(os.path.join(self.top, path), os.X_OK)
                if base(target) is not None:
                    raise Error("%s: the tree has a %s already; changes to "
                                "existing files are edits" % (path, target))
                if now.get(target) != (data, mode):
                    new[target] = (data, mode)
            now.update(new)
            # While people work: no hook to files that are not there yet.
            edits = patch.edits if patch.name not in self.missing else []
            for name, _ in edits:
                path = self.edit_file(name)
                diff = read(os.path.join(self.top, path))
                if not diff.strip():
                    continue
                for target, data in apply_diff(path, diff, lookup).items():
                    new[target] = now[target] = (data, False)
            for title, _ in patch.maintainers:
                data = insert_maintainers(lookup("MAINTAINERS").decode(),
                                          self.snippet(title)).encode()
                new["MAINTAINERS"] = now["MAINTAINERS"] = (data, False)
            yield patch, new

    def absent(self, have, final, upto):
        """Symbols that will switch objects, but do not at patch upto."""
        now, later = set(), set()
        for path in self.place:
            target = self.sources[path]
            if os.path.basename(target) != "Makefile":
                continue
            text = self.blocks(path, len(self.patches)).decode()
            later |= grow.symbols(text)
            if target in have:
                text = self.blocks(path, upto).decode()
                now |= grow.symbols(grow.makefile(target, text, have, final))
        return later - now

    def final(self, base, diffs=()):
        result = {}
        loose = {t for p, t in self.sources.items() if p not in self.place}
        for _, files in self.states(base, loose):
            result.update(files)
        # While people work, a new file may be in no patch yet.
        for path, target in self.sources.items():
            if path not in self.place and not path.endswith(".append"):
                mode = os.access(os.path.join(self.top, path), os.X_OK)
                result.setdefault(
                    target, (self.blocks(path, len(self.patches)), mode))
        for diff in diffs:
            changed = apply_diff(
                diff, read(diff),
                lambda p: result[p][0] if p in result else base(p))
            for target, data in changed.items():
                result[target] = (data, False)
        return result


def insert_maintainers(text, entry):
    """Put an entry at its place in MAINTAINERS, which is sorted by title."""
    head, mark, body = text.partition("\n3C59X NETWORK DRIVER\n")
    if not mark:
        raise Error("MAINTAINERS: cannot find where the entries begin")
    body = mark[1:] + body
    entries = re.split(r"\n\n+", body.strip("\n"))
    title = entry.split("\n")[0]
    titles = [e.split("\n")[0] for e in entries]
    # The file is not sorted everywhere; behind the nearest lesser title is
    # right where it is.
    lesser = [t for t in titles if t < title]
    at = titles.index(max(lesser)) + 1 if lesser else 0
    entries.insert(at, entry)
    return head + "\n" + "\n\n".join(entries) + "\n"


def git_reader(tree):
    """Pristine files out of the tree's HEAD, or out of a plain folder."""
    if not os.path.exists(os.path.join(tree, ".git")):
        def plain(path):
            full = os.path.join(tree, path)
            return read(full) if os.path.isfile(full) else None
        return plain

    cache = {}
    objects = subprocess.Popen(["git", "-C", tree, "cat-file", "--batch"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def base(path):
        if path not in cache:
            objects.stdin.write(b"HEAD:%s\n" % path.encode())
            objects.stdin.flush()
            answer = objects.stdout.readline().split()
            data = None
            if answer and answer[-1].isdigit():
                data = objects.stdout.read(int(answer[-1]))
                objects.stdout.read(1)
                if answer[1] != b"blob":
                    data = None
            cache[path] = data
        return cache[path]
    return base


def write(path, data, executable):
    """Replace a file in one step, so that a build never reads half of it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fd, temp = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".lay")
    with os.fdopen(fd, "wb") as out:
        out.write(data)
    os.chmod(temp, 0o755 if executable else 0o644)
    os.rename(temp, path)


def lay(overlay, work, state_path, diffs):
    """Bring work to pristine + overlay, touching only what differs."""
    base = git_reader(work)
    wanted = overlay.final(base, diffs)
    laid = []
    if os.path.exists(state_path):
        laid = json.loads(read(state_path))
    # What is about to be written counts as laid from now on, so that a
    # run that is cut short is tidied up by the next one.
    write(state_path, json.dumps(sorted(set(laid) | set(wanted)),
                                 indent=0).encode(), False)
    count = 0
    for path in sorted(set(laid) - set(wanted)):
        full, old = os.path.join(work, path), base(path)
        if old is not None:
            write(full, old, False)
        elif os.path.exists(full):
            os.unlink(full)
        count += 1
    for path, (data, mode) in sorted(wanted.items()):
        full = os.path.join(work, path)
        if os.path.isfile(full) and read(full) == data and \
           os.access(full, os.X_OK) == mode:
            continue
        write(full, data, mode)
        count += 1
    write(state_path, json.dumps(sorted(wanted), indent=0).encode(), False)
    print("%d files laid, %d changed" % (len(wanted), count))


def build(overlay, pristine, out, strict):
    """Write OUT/<series>/NNNN-*.patch."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C",
           "TZ": "UTC", "GIT_CONFIG_GLOBAL": "/dev/null",
           "GIT_CONFIG_NOSYSTEM": "1", "COLUMNS": "80"}
    for who in ("AUTHOR", "COMMITTER"):
        env["GIT_%s_NAME" % who] = "Culvert"
        env["GIT_%s_EMAIL" % who] = "culvert@culvert.invalid"

    repo = tempfile.mkdtemp(prefix="series.", dir=os.path.dirname(out))

    def git(*args, **kwargs):
        done = subprocess.run(["git", "-C", repo, *args], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              **kwargs)
        if done.returncode:
            raise Error("git %s failed: %s" %
                        (args[0], done.stderr.decode().strip()))
        return done.stdout.decode()

    def put(files):
        for path, (data, mode) in files.items():
            write(os.path.join(repo, path), data, mode)
        if files:
            git("add", "-f", "--", *files)

    def commit(message, minute):
        when = "%s +%02d:%02d:00 +0000" % (overlay.manifest.date, minute // 60,
                                           minute % 60)
        env["GIT_AUTHOR_DATE"] = env["GIT_COMMITTER_DATE"] = \
            when.replace("+", "", 1)
        git("commit", "-q", "--allow-empty", "-F", "-",
            input=message.encode())

    try:
        git("init", "-q", "--initial-branch=pristine")
        write(os.path.join(repo, ".git/info/attributes"),
              b"*.[ch] diff=cpp\n", False)
        base = git_reader(pristine)
        states = list(overlay.states(base))
        old = {path: (base(path), False) for _, files in states
               for path in files if base(path) is not None}
        put(old)
        commit("pristine " + overlay.tree, 0)
        primary = overlay.manifest.trees[0]
        for series in overlay.manifest.series:
            start = git("rev-parse", "HEAD").strip()
            git("checkout", "-q", "-b", series.name)
            count = 0
            for patch, files in states:
                if patch.series is not series:
                    continue
                if not files:
                    text = "patch %s changes nothing: its files do not " \
                        "exist yet" % patch.name
                    if strict:
                        raise Error(text)
                    warn(text + "; left out")
                    continue
                put(files)
                count += 1
                commit(patch.message(), patch.index + 1)
            folder = os.path.join(out, series.name)
            os.makedirs(folder)
            if not count:
                continue
            cover = series.subject + "\n\n" + \
                "\n".join(series.text).strip("\n") + "\n"
            git("config", "branch.%s.description" % series.name, cover)
            prefix = series.prefix
            if overlay.tree != primary:
                prefix += " " + overlay.tree
            git("format-patch", "-q", "-o", folder, "--numbered",
                "--cover-letter", "--cover-from-description=subject",
                "--subject-prefix=" + prefix, "--zero-commit",
                "--no-signature", "--full-index", "--no-renames", "--no-base",
                "--diff-algorithm=histogram", "--no-ext-diff",
                "--no-color", "--unified=3", "--stat=72,48",
                "--suffix=.patch", start)
            # The diffstat of the cover letter names each new file already.
            path = os.path.join(folder, "0000-cover-letter.patch")
            text = re.sub(rb"^ create mode \d+ .*\n", b"", read(path),
                          flags=re.M)
            write(path, text, False)
    finally:
        shutil.rmtree(repo, ignore_errors=True)


def main(argv):
    diffs = []
    strict = "--strict" in argv
    argv = [a for a in argv if a != "--strict"]
    while "--with" in argv:
        at = argv.index("--with")
        diffs.append(argv[at + 1])
        del argv[at:at + 2]
    if len(argv) < 2 or argv[0] not in ("lay", "build", "compare", "cover",
                                        "files", "patches",
                                        "lint"):
        sys.exit(__doc__)
    command, tree, *rest = argv
    overlay = Overlay(tree)
    if command == "lint":
        for problem in overlay.problems:
            print(problem)
        return 1 if overlay.problems else 0
    if command == "cover":
        series = next(s for s in overlay.manifest.series if s.name == rest[0])
        if rest[1] == "text":
            print(series.subject + "\n\n" + "\n".join(series.text).strip("\n"))
        elif rest[1] == "prefix":
            print("\n".join(series.prefix.split()[1:]))
        else:
            for key, values in (("To", series.to), ("Cc", series.cc)):
                for value in values:
                    print("%s: %s" % (key, value))
        return 0
    if command == "files":
        for path, target in sorted(overlay.sources.items()):
            home = overlay.place.get(path)
            if not rest or (home and home.series.name == rest[0]):
                if not path.endswith(".append"):
                    print(target)
        return 0
    if command == "patches":
        for patch in overlay.patches:
            if not rest or patch.series.name == rest[0]:
                print("%s\t%s\t%s" % (patch.series.name, patch.name,
                                      patch.subject))
        return 0
    if overlay.problems and strict:
        raise Error(overlay.problems[0])
    for problem in overlay.problems:
        warn(problem)
    if command == "compare":
        wanted = overlay.final(git_reader(rest[0]))
        for path, (data, _) in sorted(wanted.items()):
            full = os.path.join(rest[1], path)
            if not os.path.isfile(full) or read(full) != data:
                print("%s is not what the overlay lays" % path)
        return 0
    if command == "lay":
        lay(overlay, rest[0], rest[0].rstrip("/") + ".laid", diffs)
    else:
        build(overlay, rest[0], os.path.abspath(rest[1]), strict)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Error, OSError) as problem:
        print("overlay: %s" % problem, file=sys.stderr)
        sys.exit(1)
