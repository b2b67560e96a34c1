#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: scripts/test counts what passes, fails and skips, stops what hangs, and runs checks side by side
# class: short
# limit: 300

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

n=0
top=$CULVERT_SCRATCH/top
mkdir -p "$top/scripts/lib" "$top/scripts/tests" "$top/marks"
cp scripts/test "$top/scripts/"
cp scripts/lib/common.sh "$top/scripts/lib/"

# fake NAME HEADER... and what it does, in the folder marks, on stdin
fake()
{
	local name=$1 line
	shift
	{
		printf '#!/bin/bash\n# check: %s\n# class: short\n' "$name"
		for line in "$@"; do
			echo "# $line"
		done
		echo 'cd marks'
		cat
	} >"$top/scripts/tests/$name.sh"
}

# run STATUS OPTION...: the fakes, from a clean start
run()
{
	local want=$1 status=0
	shift
	rm -f "$top"/marks/*
	CULVERT_CACHE=$top/cache "$top/scripts/test" "$@" >"$top/out" 2>&1 || status=$?
	[ "$status" -eq "$want" ] || { cat "$top/out"; die "scripts/test $*: status $status"; }
	n=$((n + 1))
}

# says REGEX: in a line of its output
says()
{
	grep -qE -- "$1" "$top/out" || { cat "$top/out"; die "scripts/test does not say $1"; }
	n=$((n + 1))
}

# runs FILE: the process whose number is in that file; one that nobody has waited for does not
runs()
{
	[ -n "$(tr -d '\0' 2>/dev/null <"/proc/$(cat "$1")/cmdline" || true)" ]
}

# Each waits for the other: only side by side both pass.
wait_for='for i in $(seq 100); do [ ! -e $1 ] || exit 0; sleep 0.1; done; echo alone; exit 1'
fake 10-main 'limit: 60' <<-FAKE
	touch main
	(set -- other; $wait_for) || exit 1
	echo 2 checks
FAKE
fake 20-beside 'limit: 60' 'beside: yes' <<-FAKE
	touch other
	(set -- main; $wait_for) || exit 1
	echo 3 checks
FAKE
run 0
says '^1\.\.2$'
says '^ok [12] - 10-main: 10-main; 2 checks \([0-9]+ s\)$'
says '^ok [12] - 20-beside: 20-beside; 3 checks \([0-9]+ s\)$'
says '^2 passed, 0 failed$'
[ "$(grep -cE '^ok (1|2) ' "$top/out")" -eq 2 ] || die "the checks are not numbered"
run 1 --serial
says '^not ok 1 - 10-main'
says '^#   alone$'
says '^1 passed, 1 failed$'

fake 30-fails 'limit: 60' 'beside: yes' <<<'echo because; exit 3'
fake 40-skips 'limit: 60' <<<'echo no such machine; exit 77'
fake 50-silent 'limit: 60' <<<'echo done'
fake 60-none 'limit: 60' <<<'echo 0 checks'
fake 70-hangs 'limit: 1' <<<'sleep 600 & echo $! >pid; wait'
run 1
says '^not ok [0-9] - 30-fails'
says '^#   because$'
says '^ok [0-9] - 40-skips: 40-skips # SKIP no such machine$'
says '^not ok [0-9] - 50-silent'
says '^not ok [0-9] - 60-none'
says '^not ok [0-9] - 70-hangs'
says '^#   stopped after its limit of 1 s$'
says '^2 passed, 4 failed, 1 skipped$'
! runs "$top/marks/pid" || die "what a check has begun outlives it"
run 1 --only 40
says '^0 passed, 0 failed, 1 skipped$'

# Nothing is left of either side when it is stopped.
rm "$top"/scripts/tests/*
fake 10-main 'limit: 60' <<<'sleep 600 & echo $! >main; wait'
fake 20-beside 'limit: 60' 'beside: yes' <<<'sleep 600 & echo $! >other; wait'
rm -f "$top"/marks/*
CULVERT_CACHE=$top/cache "$top/scripts/test" >"$top/out" 2>&1 &
pid=$!
for _ in $(seq 100); do
	[ ! -s "$top/marks/main" ] || [ ! -s "$top/marks/other" ] || break
	sleep 0.1
done
runs "$top/marks/main" || die "nothing runs"
kill "$pid"
wait "$pid" || true
sleep 1
for side in main other; do
	! runs "$top/marks/$side" || die "a check goes on: $side"
	n=$((n + 1))
done
echo "$n checks"
