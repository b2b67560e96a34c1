# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash

# kunit_count FILE: kunit.py's own count as the last line of a check.
kunit_count()
{
	local passed

	passed=$(sed 's/\x1b\[[0-9;]*m//g' "$1" |
		 sed -n 's/.*Testing complete\..*passed: \([0-9]*\).*/\1/p')
	[ "${passed:-0}" -gt 0 ] || die "no KUnit test passed"
	echo "$passed checks"
}
