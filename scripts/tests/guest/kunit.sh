#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Load every KUnit module of ours that the kernel has, and count what they report.

set -euo pipefail
modprobe kunit
passed=0 bad=0 modules=0
while read -r ko; do
	modprobe "$(basename "$ko" .ko)"
	modules=$((modules + 1))
done < <(find "/lib/modules/$(uname -r)" -path '*/tests/*' -name '*.ko' |
	 grep -E 'lib/crypto/batch|drivers/net/culvert' | sort)
[ "$modules" -gt 0 ] || { echo "no KUnit module of ours is there"; exit 1; }
for results in /sys/kernel/debug/kunit/*/results; do
	[ -e "$results" ] || { echo "no suite left results"; exit 1; }
	suite=$(basename "$(dirname "$results")")
	ok=$(grep -cE '^ {4}ok [0-9]+ ' "$results" || true)
	skipped=$(grep -cE '^ {4}ok [0-9]+ .*# SKIP' "$results" || true)
	failed=$(grep -cE '^ *not ok ' "$results" || true)
	echo "$suite: $((ok - skipped)) passed, $failed failed, $skipped skipped"
	if [ "$failed" -gt 0 ] || [ "$ok" -eq 0 ]; then
		grep -E -B8 '^ *not ok ' "$results" || cat "$results"
		bad=$((bad + 1))
	fi
	passed=$((passed + ok - skipped))
done
[ "$bad" -eq 0 ] || exit 1
echo "$passed checks"
