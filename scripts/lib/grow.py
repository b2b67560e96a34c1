# SPDX-License-Identifier: GPL-2.0
"""Makefiles and Kconfigs that grow with the series.

The overlay holds them once, as the whole series leaves them.  A patch in the
middle must not name objects whose source comes later, so there the lines (or
words of lines) that do are left out: objects and folders in a Makefile, flags
for such objects, "source" lines of a Kconfig, and Kconfig entries of symbols
that only switch what is not there yet.
"""

import os
import re

ASSIGN = re.compile(r"^\s*(?:export\s+)?([^\s:=?+#]+)\s*[:+?]?=")
PER_OBJECT = re.compile(r"^[A-Za-z_]+?_([\w/.-]+)\.o$")
LIST = re.compile(r"^([\w./-]+)-(?:y|m|objs|\$\(.*\))$")
NOT_COMPOSITE = {"obj", "lib", "always", "targets", "extra"}
FLAGS = re.compile(r"^(?:subdir-)?(?:cc|as|ld)flags$")
EMPTY_IF = re.compile(r"^if(?:n?eq|n?def)\b[^\n]*\n(?:\s*\n)*"
                      r"(?:else[^\n]*\n(?:\s*\n)*)?endif[^\n]*\n", re.M)
SYMBOL = re.compile(r"\bCONFIG_(\w+)")


def groups(text):
    """Split into lists of physical lines that make one logical line."""
    group = []
    for line in text.rstrip("\n").split("\n"):
        group.append(line)
        if not line.endswith("\\"):
            yield group
            group = []
    if group:
        yield group


def makefile(path, text, have, final):
    """The Makefile at path, while the tree has the files `have` and will have
    the files `final`."""
    folder = os.path.dirname(path)

    def source(stem, files):
        return any(os.path.normpath(os.path.join(folder, stem + end)) in files
                   for end in (".c", ".S", ".rs"))

    def below(name, files):
        start = os.path.normpath(os.path.join(folder, name)) + "/"
        return any(f.startswith(start) for f in files)

    parts = {}
    for group in groups(text):
        assign = ASSIGN.match(group[0])
        name = LIST.match(assign.group(1)) if assign else None
        if name and name.group(1) not in NOT_COMPOSITE and \
           not FLAGS.match(name.group(1)):
            words = " ".join(group).replace("\\", " ")[assign.end():].split()
            parts.setdefault(name.group(1), []).extend(words)

    def missing(word):
        if word.endswith("/"):
            return below(word, final) and not below(word, have)
        if not word.endswith(".o"):
            return False
        stem = word[:-2]
        if source(stem, final):
            return not source(stem, have)
        # Made of others: it is there when one of them is.
        words = [w for w in parts.get(stem, []) if w.endswith(".o")]
        return bool(words) and all(missing(w) for w in words)

    out = []
    for group in groups(text):
        assign = ASSIGN.match(group[0])
        drop = False
        if assign:
            lhs = assign.group(1)
            name, flag = LIST.match(lhs), PER_OBJECT.match(lhs)
            if flag:
                drop = missing(flag.group(1) + ".o")
            elif name and not FLAGS.match(name.group(1)):
                body = " ".join(group).replace("\\", " ")[assign.end():]
                words = body.split()
                gone = [w for w in words if missing(w)]
                drop = bool(gone) and len(gone) == len(words)
                if gone and not drop:
                    group = without(group, gone, assign.end())
        if drop:
            # A comment right above belongs to what it stood above.
            while out and out[-1].startswith("#") and "SPDX" not in out[-1]:
                out.pop()
        else:
            out += group
    result = "\n".join(out) + "\n"
    while True:
        shorter = EMPTY_IF.sub("", result)
        if shorter == result:
            return tidy(result)
        result = shorter


def without(group, gone, start):
    """Take words out of a logical line, keeping its breaks."""
    lines = []
    for number, line in enumerate(group):
        keep = start if number == 0 else 0
        head, tail = line[:keep], line[keep:].rstrip("\\").rstrip()
        indent = tail[:len(tail) - len(tail.lstrip())]
        words = [w for w in tail.split() if w not in gone]
        if words:
            lines.append(head + indent + " ".join(words))
        elif number == 0:
            lines.append(head)
    if len(lines) > 1 and lines[0].rstrip().endswith("="):
        lines[0] = lines[0].rstrip() + " " + lines.pop(1).strip()
    return [line + " \\" for line in lines[:-1]] + lines[-1:]


def kconfig(text, have, final, absent):
    """The Kconfig, without the symbols `absent` and the files not there."""
    out, drop = [], False
    for line in text.rstrip("\n").split("\n"):
        if line and not line[0].isspace():
            entry = re.match(r"(?:menu)?config\s+(\w+)", line)
            source = re.match(r'source\s+"([^"]+)"', line)
            drop = bool(entry and entry.group(1) in absent) or \
                bool(source and source.group(1) in final and
                     source.group(1) not in have)
        if not drop:
            out.append(line)
    return tidy("\n".join(out) + "\n")


def tidy(text):
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def symbols(text):
    return set(SYMBOL.findall(text))
