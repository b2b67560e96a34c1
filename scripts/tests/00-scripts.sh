#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: scripts are well formed and refuse bad input in one line
# class: short
# limit: 400

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
need_pkgs shellcheck:shellcheck python3:python3

n=0
mapfile -t shell < <(git ls-files scripts .ci | while read -r f; do
	if [[ $f == *.sh ]] || head -n 1 "$f" | grep -q '^#!.*sh$'; then echo "$f"; fi
done)
# -P: files that are sourced are looked up beside the one that does it.
shellcheck -x -P SCRIPTDIR -S warning "${shell[@]}"
n=$((n + ${#shell[@]}))

mapfile -t python < <(git ls-files scripts | while read -r f; do
	if [[ $f == *.py ]] || head -n 1 "$f" | grep -q '^#!.*python3'; then echo "$f"; fi
done)
for f in "${python[@]}"; do
	python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f"
	n=$((n + 1))
done

# Each program explains itself, and refuses an option that it does not know
# with few words, a status and no traceback.
for f in scripts/*; do
	{ [ -f "$f" ] && [ -x "$f" ]; } || continue
	if ! "$f" --help >"$CULVERT_SCRATCH/help" 2>&1 </dev/null ||
	   ! grep -qi usage "$CULVERT_SCRATCH/help"; then
		die "$f --help does not explain it"
	fi
	status=0
	"$f" --no-such-option >"$CULVERT_SCRATCH/out" 2>&1 </dev/null || status=$?
	[ "$status" -ne 0 ] || die "$f takes --no-such-option"
	if grep -q 'Traceback' "$CULVERT_SCRATCH/out"; then
		cat "$CULVERT_SCRATCH/out"
		die "$f --no-such-option ends in a traceback"
	fi
	[ "$(wc -l <"$CULVERT_SCRATCH/out")" -le 12 ] || die "$f: too many words about a bad option"
	n=$((n + 2))
done
echo "$n checks"
