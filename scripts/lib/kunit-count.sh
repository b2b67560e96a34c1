# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash

# kunit_run OUT ARGUMENT...: scripts/kunit, all results in OUT, without colours. If it
# fails, what has not passed is shown.
kunit_run()
{
	local out=$1 status=0
	shift

	scripts/kunit "$@" >"$out" 2>&1 || status=$?
	sed -i 's/\x1b\[[0-9;]*m//g' "$out"
	if [ "$status" -ne 0 ]; then
		grep -vE '\[(PASSED|SKIPPED)\]' "$out" | tail -n 60
		die "scripts/kunit $*: ended with $status"
	fi
	grep 'Testing complete' "$out" || true
}

# kunit_count FILE: kunit.py's own count as the last line of a check.
kunit_count()
{
	local passed

	passed=$(sed 's/\x1b\[[0-9;]*m//g' "$1" |
		 sed -n 's/.*Testing complete\..*passed: \([0-9]*\).*/\1/p')
	[ "${passed:-0}" -gt 0 ] || die "no KUnit test passed"
	echo "$passed checks"
}

# kunit_passed FILE NAME: how many cases with that parameter have passed
kunit_passed()
{
	grep -cE "\[PASSED\] $2\$" "$1" || true
}

# The flags of this machine's CPU
cpu_flags()
{
	sed -n '/^flags/ { s/^[^:]*: *//p; q }' /proc/cpuinfo
}

# kunit_isas FILE FLAGS: of each ISA of x86-64 that a CPU with these flags has, as many
# cases must have passed as of generic code; a case that is skipped would not fail.
kunit_isas()
{
	local out=$1 flags=" $2 " isa flag need missing want n aead curve hash

	aead=$(kunit_passed "$out" generic)
	curve=$(kunit_passed "$out" generic64)
	hash=$(kunit_passed "$out" lib)
	[ $((aead + curve)) -gt 0 ] || die "no case of generic code passed"
	for isa in adx avx2 avx512; do
		case $isa in
		adx) need='adx bmi2' want=$curve ;;
		avx2) need=avx2 want=$((aead + curve + hash)) ;;
		avx512) need='avx512f avx512vl avx512bw avx512dq avx512ifma' want=$((aead + curve)) ;;
		esac
		missing=''
		for flag in $need; do
			[[ $flags == *" $flag "* ]] || missing+=" $flag"
		done
		if [ -n "$missing" ]; then
			echo "skipped: $isa: this CPU lacks$missing"
			continue
		fi
		n=$(kunit_passed "$out" "$isa")
		[ "$n" -ge "$want" ] || die "$isa: $n cases passed, of generic code $want"
		echo "$isa: $n cases passed"
	done
}
