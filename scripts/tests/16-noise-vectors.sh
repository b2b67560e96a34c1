#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the handshakes that the suites are checked against are what the script computes
# class: short
# limit: 300

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

python=python3
if ! $python -c 'import cryptography' 2>/dev/null; then
	need_pkgs python3-cryptography
	python=/usr/bin/python3
fi
$python scripts/noise-vectors.py --check
# It must notice if they are not.
mkdir -p "$CULVERT_SCRATCH/top/scripts" "$CULVERT_SCRATCH/top/kunit/net"
cp scripts/noise-vectors.py "$CULVERT_SCRATCH/top/scripts/"
sed '0,/0x[0-9a-f][0-9a-f]/ s//0x00/' kunit/net/noise-testvecs.h \
	>"$CULVERT_SCRATCH/top/kunit/net/noise-testvecs.h"
! cmp -s kunit/net/noise-testvecs.h "$CULVERT_SCRATCH/top/kunit/net/noise-testvecs.h" ||
	die "nothing in kunit/net/noise-testvecs.h could be changed"
if $python "$CULVERT_SCRATCH/top/scripts/noise-vectors.py" --check 2>/dev/null; then
	die "scripts/noise-vectors.py --check takes what it would not write"
fi
echo "2 checks"
