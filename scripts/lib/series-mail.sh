# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# scripts/series mail: two b4 branches and the mails that b4 would send.

# shellcheck source-path=SCRIPTDIR source=series.sh
[ -n "${culvert_top:-}" ] || . "${BASH_SOURCE[0]%/*}/series.sh"

mail()
{
	local path='' out=$culvert_cache/mail kind head repo base series previous
	local name email temp

	while [ $# -gt 0 ]; do
		case $1 in
		--out)	[ $# -gt 1 ] || usage_error "--out needs a directory"
			out=$2; shift ;;
		--as)	[ $# -gt 1 ] || usage_error "--as needs a tree"
			export CULVERT_AS=$2; shift ;;
		-*)	usage_error "unknown option $1" ;;
		*)	[ -z "$path" ] || usage_error "one tree at a time"
			path=$1 ;;
		esac
		shift
	done
	[ -n "$path" ] || usage_error "prepare mails in which tree?"
	need_pkgs git python3 perl b4 git-filter-repo
	path=$(user_tree "$path")
	kind=$(tree_kind "$path")
	not_applied "$path" "$kind"
	name=$(git -C "$path" config user.name) &&
	email=$(git -C "$path" config user.email) ||
		die "git does not know who you are in $path: set user.name and user.email; your Signed-off-by is made from them"
	case $email in
	*.invalid)
		die "$email is nobody's address: set user.email in $path" ;;
	esac
	for series in $(all_series); do
		new_branch "$path" "b4/culvert-$series"
	done
	if [ -e "$out" ] && [ -n "$(ls -A "$out")" ]; then
		die "$out exists and is not empty: remove it or name another folder with --out"
	fi

	temp_dir
	temp=$REPLY repo=$REPLY/repo
	head=$(git -C "$path" rev-parse HEAD)
	patch_files "$kind" >"$temp/patches"
	borrow "$path" "$head" "$repo" "$temp/patches"
	# b4 asks for an SMTP host even when it only writes files.
	git -C "$repo" config sendemail.smtpServer localhost
	git -C "$repo" config b4.prep-cover-strategy commit
	previous=''
	base=$head
	for series in $(all_series); do
		prepare_series "$path" "$kind" "$series" "$temp" "$base" "$previous"
		previous=$series
		base=$(git -C "$repo" rev-parse HEAD)
	done
	proof "$path" "$head" "$temp" "$base"

	for series in $(all_series); do
		take_branch "$path" "$repo" "b4/culvert-$series"
		git -C "$path" config \
			"branch.b4/culvert-$series.b4-prep-cover-strategy" commit
	done
	mkdir -p "$(dirname "$out")"
	[ ! -d "$out" ] || rmdir "$out"
	mv "$temp/mail" "$out" 2>/dev/null || cp -r "$temp/mail" "$out" ||
		die "cannot write to $out"
	for series in $(all_series); do
		echo "$out/$series: $(find "$out/$series" -name '*.eml' | wc -l) mails, branch b4/culvert-$series in $path"
	done
	echo "Nothing was sent. To send: git checkout b4/culvert-$series && b4 send, or git send-email the mails."
}

# One b4 branch with a cover letter, a change-id and the caller's patches.
prepare_series()
{
	local path=$1 kind=$2 series=$3 temp=$4 base=$5 previous=$6
	local repo=$temp/repo patch list=$temp/$3.patches cover=$temp/$3.cover
	local -a prefixes=()

	grep "/patches/$kind/$series/" "$temp/patches" >"$list"
	mapfile -t prefixes < <(python3 "$culvert_top/scripts/lib/overlay.py" \
		cover "$kind" "$series" prefix)
	[ ${#prefixes[@]} -eq 0 ] || prefixes=(--set-prefixes "${prefixes[@]}")
	git -C "$repo" checkout -q base
	b4_run "$temp" prep -n "culvert-$series" -f "$base" "${prefixes[@]}"

	{
		python3 "$culvert_top/scripts/lib/overlay.py" cover "$kind" \
			"$series" text
		echo
		[ -z "$previous" ] || prerequisites "$temp" "$previous"
		recipients "$path" "$kind" "$series" "$list"
		echo "Signed-off-by: $name <$email>"
	} >"$cover"
	printf '#!/bin/sh\ncp "%s" "$1"\n' "$cover" >"$temp/editor"
	chmod +x "$temp/editor"
	git -C "$repo" config core.editor "$temp/editor"
	EDITOR=$temp/editor b4_run "$temp" prep --edit-cover

	while read -r patch; do
		sign_patch "$temp" "$patch"
	done <"$list"

	if /usr/bin/env b4 prep --help 2>/dev/null | grep -q -- '--check\b'; then
		git -C "$repo" config b4.prep-perpatch-check-cmd \
			"$path/scripts/checkpatch.pl -q --terse --no-summary --root=$path"
		b4_run "$temp" prep --check
	else
		note "this b4 ($(b4 --version)) has no \"prep --check\"; scripts/series check did the same"
	fi
	mkdir -p "$temp/mail"
	b4_run "$temp" send -o "$temp/mail/$series" --no-sign
	[ -z "$previous" ] || public_base "$temp" "$series"
}

b4_run()
{
	local temp=$1
	shift

	(cd "$temp/repo" && b4 --no-interactive "$@") >"$temp/log" 2>&1 ||
	(cd "$temp/repo" && b4 "$@") >"$temp/log" 2>&1 </dev/null ||
		die "b4 $1 $2 failed: $(grep -v '^---' "$temp/log" | tail -n 1)"
}

# The patch as the caller's own: author, Signed-off-by, and M: in MAINTAINERS.
sign_patch()
{
	local temp=$1 patch=$2 repo=$1/repo title

	echo "$patch" >"$temp/one"
	am "$repo" "$temp/one" >"$temp/log" 2>&1 ||
		die "$(am_failure "$repo" "$temp/log") $path is as it was"
	if grep -q '^+++ b/MAINTAINERS' "$patch"; then
		while read -r title; do
			grep -q "^+$title\$" "$patch" || continue
			sed -i "/^$title\$/a M:\\t$name <$email>" "$repo/MAINTAINERS"
		done < <(awk 'NF && (NR == 1 || blank) { print } { blank = !NF }' \
			 "$culvert_top/MAINTAINERS-snippet")
	fi
	git -C "$repo" commit -q -a --amend --no-edit --reset-author --signoff ||
		die "could not sign ${patch##*/}"
}

# Say what the series stands on, for people and for b4.
prerequisites()
{
	local temp=$1 previous=$2 repo=$1/repo change

	change=$(change_id "$repo" "b4/culvert-$previous")
	echo "prerequisite-change-id: $change:v1"
	git -C "$repo" rev-list --reverse --no-merges \
		"base..b4/culvert-$previous" |
		while read -r commit; do
			git -C "$repo" show "$commit" | git patch-id --stable |
				sed 's/^\([0-9a-f]*\) .*/prerequisite-patch-id: \1/'
		done
	echo
}

change_id()
{
	git -C "$1" log --format=%B "base..$2" |
		sed -n 's/.*"change-id": "\([^"]*\)".*/\1/p' | tail -n 1
}

# Whom get_maintainer.pl names, and the lists of the manifest.
recipients()
{
	local path=$1 kind=$2 series=$3 list=$4

	{
		python3 "$culvert_top/scripts/lib/overlay.py" cover "$kind" \
			"$series" recipients
		# With roles: maintainers to To:, reviewers and lists to Cc:.
		(
			cd "$path"
			xargs perl scripts/get_maintainer.pl --nogit \
				--nogit-fallback --roles --nofixes <"$list"
		) 2>/dev/null | sed -n \
			-e 's/^\(.*\) (\(maintainer\|supporter\)[:)].*/To: \1/p' \
			-e 's/^\(.*\) (\(reviewer\|.*list\)[:)].*/Cc: \1/p' || true
	} | awk '{ who = $0; sub(/^[^ ]* /, "", who) } !seen[who]++'
}

# b4 writes the commit below the cover letter as the base, which is ours and
# nobody has; the public one comes before the series it stands on.
public_base()
{
	local temp=$1 series=$2

	sed -i "s/^base-commit: .*/base-commit: $(git -C "$temp/repo" rev-parse base)/" \
		"$temp/mail/$series"/*.eml
}

# The mails must make the branch again.
proof()
{
	local path=$1 head=$2 temp=$3 tip=$4 repo=$3/proof series

	borrow "$path" "$head" "$repo" "$temp/patches"
	for series in $(all_series); do
		# All but the cover letter; with a single patch there is none.
		grep -l '^diff --git' "$temp/mail/$series"/*.eml | sort >"$temp/mails"
		am "$repo" "$temp/mails" >"$temp/log" 2>&1 ||
			die "the mails of $series do not apply: $(am_failure "$repo" "$temp/log") $path is as it was"
	done
	[ "$(git -C "$repo" rev-parse 'HEAD^{tree}')" = \
	  "$(git -C "$temp/repo" rev-parse "$tip^{tree}")" ] ||
		die "the mails apply, but do not make the branch again; $path is as it was"
	echo "ok the mails make the branches again with git am"
}
