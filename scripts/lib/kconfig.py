# SPDX-License-Identifier: GPL-2.0
"""As much of Kconfig as it takes to configure an external module.

Kbuild does not read Kconfig files outside the kernel's tree. This evaluates the
overlay's own ones against the configuration of a kernel that is there already, so
that Makefiles and sources see the same CONFIG_ symbols as within a tree.
"""

import re

N, M, Y = 0, 1, 2
LETTER = "nmy"
TOKEN = re.compile(r"\s*(\$\((?:[^()]|\([^()]*\))*\)|[()!]|&&|\|\||!=|=|\"[^\"]*\"|[\w./-]+)")


class Symbol:
    def __init__(self, name, outer):
        self.name, self.kind, self.prompt = name, "bool", None
        self.depends, self.defaults, self.selects = list(outer), [], []


def read_config(path):
    """A .config file as {symbol without CONFIG_: text}."""
    values = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            m = re.match(r"CONFIG_(\w+)=(.*)", line)
            if m:
                values[m[1]] = m[2]
    return values


def parse(text, source, outer=()):
    """The symbols of a Kconfig text; source(path) gives the text of another file."""
    symbols, stack, now, in_help = [], list(outer), None, False
    menus = 0
    lines = re.sub(r"\\\n", " ", text).split("\n")
    indent = None
    for line in lines:
        stripped = line.strip()
        if in_help:
            depth = len(line.expandtabs()) - len(line.expandtabs().lstrip())
            if not stripped:
                continue
            if indent is None and depth:
                indent = depth
            if indent is not None and depth >= indent:
                continue
            in_help = False
        words = stripped.split(None, 1)
        if not words or stripped.startswith("#"):
            continue
        key, rest = words[0], words[1] if len(words) > 1 else ""
        if key in ("config", "menuconfig"):
            now = Symbol(rest.strip(), stack)
            symbols.append(now)
        elif key == "if":
            stack.append(rest)
            now = None
        elif key == "endif":
            stack.pop()
            now = None
        elif key in ("menu", "comment", "choice", "endmenu", "endchoice", "mainmenu"):
            menus += key == "menu"
            now = None
        elif key == "source":
            symbols += parse(source(rest.strip().strip('"')), source, stack)
            now = None
        elif now is None:
            continue
        elif key in ("help", "---help---"):
            in_help, indent = True, None
        elif key in ("bool", "tristate", "string", "int", "hex"):
            now.kind = key
            if rest:
                now.prompt = condition(rest)[1] or "y"
        elif key in ("def_bool", "def_tristate"):
            now.kind = key[4:]
            now.defaults.append(condition(rest))
        elif key == "prompt":
            now.prompt = condition(rest)[1] or "y"
        elif key == "default":
            now.defaults.append(condition(rest))
        elif key == "depends":
            now.depends.append(re.sub(r"^on\s+", "", rest))
        elif key == "select":
            now.selects.append(condition(rest))
    return symbols


def condition(text):
    """Split "VALUE if EXPRESSION"."""
    m = re.match(r'("(?:[^"\\]|\\.)*"|.*?)(?:\s+if\s+(.*))?$', text.strip())
    return m[1], m[2]


def value(expr, values):
    """Kconfig's three-valued logic; compiler tests count as passed."""
    tokens = TOKEN.findall(expr)
    at = 0

    def word(token):
        if token.startswith("$("):
            return "y"
        if token.startswith('"') or token in ("y", "m", "n"):
            return token.strip('"')
        return values.get(token, "n").strip('"')

    def atom():
        nonlocal at
        token = tokens[at]
        at += 1
        if token == "!":
            return Y - atom()
        if token == "(":
            result = either()
            at += 1
            return result
        if at < len(tokens) and tokens[at] in ("=", "!="):
            same = word(token) == word(tokens[at + 1])
            result = Y if same == (tokens[at] == "=") else N
            at += 2
            return result
        text = word(token)
        return LETTER.index(text) if text in LETTER and text else N

    def both():
        nonlocal at
        result = atom()
        while at < len(tokens) and tokens[at] == "&&":
            at += 1
            result = min(result, atom())
        return result

    def either():
        nonlocal at
        result = both()
        while at < len(tokens) and tokens[at] == "||":
            at += 1
            result = max(result, both())
        return result

    return either()


def configure(symbols, kernel):
    """Values of the symbols as modules for a kernel: {symbol: text}, n left out."""
    values = dict(kernel)
    names = {s.name for s in symbols}
    forced = {}
    for _ in range(len(symbols) + 2):
        before = dict(values)
        for s in symbols:
            limit = min([value(d, values) for d in s.depends] or [Y])
            if s.kind not in ("bool", "tristate"):
                for text, cond in s.defaults:
                    if limit and (not cond or value(cond, values)):
                        values[s.name] = text
                        break
                continue
            result = N
            for text, cond in s.defaults:
                ok = value(cond, values) if cond else Y
                if ok:
                    result = min(ok, value(text, values))
                    break
            # Whoever builds modules wants what there is to choose.
            if s.prompt and s.kind == "tristate" and value(s.prompt, values):
                result = M
            result = max(min(result, limit), forced.get(s.name, N))
            if result and s.kind == "tristate":
                result = M
            elif result:
                result = Y
            values[s.name] = LETTER[result]
            if result:
                for target, cond in s.selects:
                    if target in names and (not cond or value(cond, values)):
                        forced[target] = max(forced.get(target, N), result)
        if values == before:
            break
    return {s.name: values[s.name] for s in symbols if values.get(s.name, "n") != "n"}
