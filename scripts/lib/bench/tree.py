#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: tree.py TREE

Switch the tree's own SIMD code of lib/crypto on under ARCH=um, in a laid-out
copy of the tree that serves the bench and nothing else. lib/crypto leaves its
x86-64 code out there (!UML, and paths by the kernel's own architecture),
although UML runs it natively; a driver measured without it would look slower
than it is. Running it twice changes nothing. Fails if the tree does not look
as expected, since then the comparison would not be fair.
"""
import pathlib
import re
import sys

ALGORITHMS = ("BLAKE2S", "CHACHA", "CURVE25519", "POLY1305")


def edit(path, function):
    old = path.read_text()
    new = function(old)
    if new != old:
        path.write_text(new)


def kconfig(text):
    for name in ALGORITHMS:
        pattern = (r"(config CRYPTO_LIB_%s_ARCH\n\tbool\n)\tdepends on "
                   r"([^\n]*)\n" % name)

        def switch(match):
            terms = [t for t in match.group(2).split(" && ") if t != "!UML"]
            line = "\tdepends on %s\n" % " && ".join(terms) if terms else ""
            return match.group(1) + line

        text = re.sub(pattern, switch, text)
    return text


def makefile(text):
    for name in ALGORITHMS:
        text = text.replace("CFLAGS_%s.o += -I$(src)/$(SRCARCH)" % name.lower(),
                            "CFLAGS_%s.o += -I$(src)/x86" % name.lower())
    text = text.replace("$(CONFIG_X86)", "$(CONFIG_X86_64)")
    return text


def fpu_api(text):
    if "cpu_has_xfeatures" in text:
        return text
    return text.replace("#define kernel_fpu_begin()", (
        "/* The host has enabled what its CPU flags show. */\n"
        "#define cpu_has_xfeatures(mask, name) (true)\n\n"
        "#define kernel_fpu_begin()"), 1)


def poly1305(text):
    text = re.sub(r" &&\n[^\n]*Skylake[^\n]*\n[^\n]*INTEL_SKYLAKE_X\)", ")", text)
    text = text.replace("#include <asm/cpu_device_id.h>\n", "")
    return text


def features(text):
    include = "#include <asm/cpufeature.h>\n"
    if include in text:
        return text
    return text.replace("#include", include + "#include", 1)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 0 if sys.argv[1:] == ["--help"] else 2
    tree = pathlib.Path(sys.argv[1])
    lib = tree / "lib/crypto"
    edit(lib / "Kconfig", kconfig)
    edit(lib / "Makefile", makefile)
    edit(tree / "arch/um/include/asm/fpu/api.h", fpu_api)
    edit(lib / "x86/poly1305.h", poly1305)
    for name in ("chacha", "poly1305"):
        edit(lib / ("x86/%s.h" % name), features)
    text = (lib / "Kconfig").read_text()
    for name in ALGORITHMS:
        section = text.split("config CRYPTO_LIB_%s_ARCH" % name)[1].split("config ")[0]
        if "UML" in section or "X86_64" not in section:
            sys.exit("tree.py: %s: CRYPTO_LIB_%s_ARCH is not as expected"
                     % (lib / "Kconfig", name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
