#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Load every KUnit module of ours that the kernel has, and count what they report.
# Arguments: the suites that there must be.

set -euo pipefail
modprobe kunit
passed=0 bad=0 modules=0
while read -r ko; do
	modprobe "$(basename "$ko" .ko)"
	modules=$((modules + 1))
done < <(find "/lib/modules/$(uname -r)" -path '*/tests/*' -name '*.ko' |
	 grep -E 'lib/crypto/batch|drivers/net/culvert' | sort)
[ "$modules" -gt 0 ] || { echo "no KUnit module of ours is there"; exit 1; }
for suite; do
	[ -e "/sys/kernel/debug/kunit/$suite/results" ] ||
		{ echo "$suite: there is no such suite"; bad=$((bad + 1)); }
done
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

# Cases with that parameter that were not skipped
of()
{
	cat /sys/kernel/debug/kunit/*/results | grep -cE "^ +ok [0-9]+ $1 *\$" || true
}

# has FLAG...: whether the CPU has them all
has()
{
	local flag

	for flag; do
		grep -m 1 '^flags' /proc/cpuinfo | grep -qw "$flag" || return 1
	done
}

# isa NAME CASES FLAG...: as many cases as of generic code, if the CPU has it
isa()
{
	local name=$1 want=$2 n
	shift 2

	if ! has "$@"; then
		echo "skipped: $name: this CPU does not have $*"
		return
	fi
	n=$(of "$name")
	echo "$name: $n cases"
	[ "$n" -ge "$want" ] || { echo "$name: of generic code there are $want"; bad=$((bad + 1)); }
}

aead=$(of generic) curve=$(of generic64) hash=$(of lib)
echo "generic: $aead cases, generic64: $curve cases, lib: $hash cases"
if [ "$(uname -m)" = x86_64 ]; then
	isa adx "$curve" adx bmi2
	isa avx2 $((aead + curve + hash)) avx2
	isa avx512 $((aead + curve)) avx512f avx512vl avx512bw avx512dq avx512ifma
fi
[ "$bad" -eq 0 ] || exit 1
echo "$passed checks"
