# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the commands of scripts/series share: trees, patch files, and git
# repositories that borrow another one's objects.

# shellcheck source-path=SCRIPTDIR source=common.sh
[ -n "${culvert_top:-}" ] || . "${BASH_SOURCE[0]%/*}/common.sh"

known_trees()
{
	"$culvert_top/scripts/tree" known
}

known_tree()
{
	known_trees | grep -xF -- "$1" ||
		die "unknown tree $1; known: $(known_trees | tr '\n' ' ')"
}

tree_path()
{
	"$culvert_top/scripts/tree" path "$1"
}

tree_kind()
{
	"$culvert_top/scripts/tree" kind "$1"
}

# The patch files of a tree, in the order to apply them; from a copy of
# patches/ if it is given.
patch_files()
{
	local tree=$1 top=${2:-$culvert_top/patches} series dir

	while read -r series; do
		dir=$top/$tree/$series
		[ -d "$dir" ] || die "patches/$tree/$series is missing: run scripts/series build"
		find "$dir" -name '[0-9]*.patch' ! -name '0000-*' | sort
	done < <(all_series)
}

all_series()
{
	sed -n 's/^\[series \([^]]*\)\]$/\1/p' "$culvert_top/linux-overlay/manifest"
}

# Somebody's git tree: print its top directory.
user_tree()
{
	local path=$1 top

	[ -d "$path" ] || die "there is no directory $path"
	top=$(git -C "$path" rev-parse --show-toplevel 2>/dev/null) ||
		die "$path is not a git tree (\"git init && git add -A && git commit\" makes an unpacked one into one)"
	[ "$(readlink -f "$path")" = "$(readlink -f "$top")" ] ||
		die "$path is not the top of a git tree; $top is"
	case $(readlink -f "$top")/ in
	"$(readlink -f "$culvert_cache")"/trees/*)
		die "$path is the pristine tree of the cache, which is never changed; scripts/tree lay makes one to build in" ;;
	esac
	echo "$top"
}

# Refuse what cannot be undone or is done already.
clean_tree()
{
	local path=$1 kind=$2 state first

	for state in rebase-apply rebase-merge MERGE_HEAD CHERRY_PICK_HEAD \
		     REVERT_HEAD; do
		[ ! -e "$(git -C "$path" rev-parse --path-format=absolute \
			  --git-path "$state")" ] ||
			die "$path is in the middle of a merge, rebase or am ($state): finish it first"
	done
	first=$(git -C "$path" status --porcelain --untracked-files=no | head -n 1)
	[ -z "$first" ] ||
		die "$path has changes that are not committed (${first:3}): commit or stash them first"
	not_applied "$path" "$kind"
}

not_applied()
{
	local path=$1 kind=$2 first

	while read -r first; do
		if git -C "$path" cat-file -e "HEAD:$first" 2>/dev/null; then
			die "$path has the series already: its HEAD holds $first"
		fi
	done < <(patch_files "$kind" | xargs cat | new_files | head -n 1)
}

# The files that patches on stdin create.
new_files()
{
	awk '/^new file mode/ { new = 1 }
	     /^diff --git/ { new = 0 }
	     /^\+\+\+ b\// && new { print substr($0, 7); new = 0 }'
}

new_branch()
{
	git check-ref-format --branch "$2" >/dev/null 2>&1 ||
		die "$2 is not a good name for a branch"
	! git -C "$1" show-ref -q --verify "refs/heads/$2" ||
		die "$1 has a branch $2 already: remove it (git branch -D $2)"
}

# borrow FROM COMMIT DIR LIST: a repository of our own that reads FROM's
# objects, with just those files of COMMIT checked out that the patches in LIST
# change.  A fraction of a second where a worktree takes ten, and nothing is
# written to FROM.
borrow()
{
	local from=$1 commit=$2 dir=$3 list=$4 objects shallow who

	git init -q --object-format="$(git -C "$from" rev-parse --show-object-format)" \
		--initial-branch=base "$dir"
	objects=$(git -C "$from" rev-parse --path-format=absolute --git-path objects)
	shallow=$(git -C "$from" rev-parse --path-format=absolute --git-path shallow)
	echo "$objects" >"$dir/.git/objects/info/alternates"
	[ ! -f "$shallow" ] || cp "$shallow" "$dir/.git/shallow"
	for who in user.name user.email; do
		git -C "$dir" config "$who" "$(git -C "$from" config "$who" || true)"
	done
	quiet_config "$dir"
	git -C "$dir" config core.sparseCheckout true
	xargs cat <"$list" | sed -n 's|^--- a/|/|p' | sort -u \
		>"$dir/.git/info/sparse-checkout"
	[ -s "$dir/.git/info/sparse-checkout" ] ||
		echo /MAINTAINERS >"$dir/.git/info/sparse-checkout"
	git -C "$dir" update-ref refs/heads/base "$commit"
	git -C "$dir" read-tree -m -u HEAD
}

# What the caller's own settings must not change about our work.
quiet_config()
{
	local setting

	for setting in gc.auto=0 maintenance.auto=false core.fsmonitor=false \
		       commit.gpgSign=false core.autocrlf=false am.threeWay=false \
		       core.hooksPath=/dev/null advice.detachedHead=false \
		       apply.ignoreWhitespace=no am.keepcr=false; do
		git -C "$1" config "${setting%%=*}" "${setting#*=}"
	done
}

# am REPO LIST [OPTION...]: apply the patch files that LIST names.  Without
# -3, git takes a hunk only where all of its context is there: no fuzz.
am()
{
	local repo=$1 list=$2
	shift 2

	xargs git -C "$repo" am -q --whitespace=error-all "$@" <"$list"
}

# One line about an am that failed; leaves the repository without it.
am_failure()
{
	local repo=$1 log=$2 subject

	subject=$(sed -n 's/^Patch failed at [0-9]* //p' "$log" | head -n 1)
	echo "\"${subject:-a patch}\" does not apply: $(grep -m 1 '^error:' "$log" | cut -c 8-);"
	git -C "$repo" am --abort >/dev/null 2>&1 || true
}

# Bring a branch of REPO into the user's tree.  One ref update: there or not.
take_branch()
{
	git -C "$1" -c gc.auto=0 -c maintenance.auto=false fetch -q --no-tags \
		--no-write-fetch-head "$2" "refs/heads/$3:refs/heads/$3" ||
		die "could not fetch the result into $1, which is as it was; is the disk full?"
}
