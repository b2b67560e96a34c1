#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: scripts/tree and scripts/series do what they say, and refuse bad input
# class: short
# limit: 900
#
# Tests of scripts/tree and scripts/series.  Most of them use a kernel tree of
# six files and an overlay of a handful, so that they take seconds; the last ones
# use v7.3 where the cache has it.  One line "ok ..." or "not ok ..." for each.
#
# A refusal must also leave things as they were; most tests of one come in two
# lines for that reason.

set -u
here=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)

real_cache=${CULVERT_CACHE:-${HOME:-/root}/.cache/culvert}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export CULVERT_CACHE=$work/cache HOME=$work/home GIT_CONFIG_NOSYSTEM=1
unset GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL \
	EMAIL CULVERT_AS
mkdir -p "$HOME" "$CULVERT_CACHE"
passed=0 failed=0 skipped=0
top=$work/top
tree=$CULVERT_CACHE/trees/v7.3

ok()
{
	passed=$((passed + 1))
	echo "ok $1"
}

not_ok()
{
	failed=$((failed + 1))
	echo "not ok $1"
	sed 's/^/    /' "$work/out"
}

# succeeds WHAT COMMAND...
succeeds()
{
	local what=$1
	shift
	if "$@" >"$work/out" 2>&1 </dev/null; then ok "$what"; else not_ok "$what"; fi
}

# refuses WHAT PATTERN COMMAND...: fails, and its last line matches
refuses()
{
	local what=$1 pattern=$2
	shift 2
	if "$@" >"$work/out" 2>&1 </dev/null; then
		not_ok "$what (it did not fail)"
	elif tail -n 1 "$work/out" | grep -q -e "$pattern"; then
		ok "$what"
	else
		not_ok "$what (wrong message)"
	fi
}

# fails WHAT PATTERN COMMAND...: fails, and some line matches
fails()
{
	local what=$1 pattern=$2
	shift 2
	if "$@" >"$work/out" 2>&1 </dev/null; then
		not_ok "$what (it did not fail)"
	elif grep -q -e "$pattern" "$work/out"; then
		ok "$what"
	else
		not_ok "$what (wrong message)"
	fi
}

# same WHAT A B
same()
{
	echo "$2 is not $3" >"$work/out"
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1"; fi
}

put()
{
	mkdir -p "$(dirname "$1")"
	cat >"$1"
}

# The kernel tree: what the overlay's edits touch, and nothing else.
make_tree()
{
	local dir=$1

	printf 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\n' | put "$dir/Makefile"
	printf 'head\n\n3C59X NETWORK DRIVER\nS:\tOdd Fixes\n\nZSMALLOC\nS:\tMaintained\n\nTHE REST\nS:\tBuried\n' |
		put "$dir/MAINTAINERS"
	seq 1 40 | put "$dir/lib/crypto/Makefile"
	printf 'config A\n\nconfig B\n' | put "$dir/lib/crypto/Kconfig"
	printf 'int untouched;\n' | put "$dir/init/main.c"
	chmod -R u+w "$dir"
}

make_overlay()
{
	mkdir -p "$top"
	cp -r "$here/scripts" "$top/"
	put "$top/linux-overlay/manifest" <<-MANIFEST
	[trees]
	v7.3
	date = 2026-01-01

	[map]
	crypto -> lib/crypto/batch

	[series crypto]
	subject = crypto: a series
	to = list@example.org

	About the series.

	[patch one]
	subject = crypto: one
	+ crypto/Makefile crypto/Kconfig
	+ crypto/one.c
	edit hook

	Why one.

	[patch two]
	subject = crypto: two
	+ crypto/t*.c
	maintainers TEST ENTRY

	Why two.

	[series net]
	subject = net: another
	prefix = PATCH net-next
	after = crypto
	to = list@example.org

	About the other.

	[patch three]
	subject = net: three
	+ linux-overlay/include/linux/three.h

	Why three.
	MANIFEST
	printf 'int one;\n' | put "$top/crypto/one.c"
	printf 'int two;\n' | put "$top/crypto/two.c"
	printf '/* SPDX-License-Identifier: GPL-2.0 */\n' |
		put "$top/linux-overlay/include/linux/three.h"
	put "$top/crypto/Makefile" <<-'MAKEFILE'
	obj-$(CONFIG_ONE) += lib.o
	lib-y := one.o \
		 two.o
	# flags of two
	CFLAGS_two.o += -O2
	obj-$(CONFIG_TWO) += two.o
	MAKEFILE
	printf 'config ONE\n\ttristate\n\nconfig TWO\n\ttristate\n' |
		put "$top/crypto/Kconfig"
	put "$top/linux-overlay/edits/hook.diff" <<-'DIFF'
	--- a/lib/crypto/Makefile
	+++ b/lib/crypto/Makefile
	@@ -19,3 +19,4 @@
	 19
	 20
	+obj-y += batch/
	 21
	DIFF
	printf 'TEST ENTRY\nL:\tlist@example.org\nS:\tMaintained\nF:\tlib/crypto/batch/\n' |
		put "$top/MAINTAINERS-snippet"
	: >"$top/linux-overlay/exceptions"
}

# A developer's clone, fresh.
make_clone()
{
	rm -rf "$work/clone"
	git clone -q --no-tags "$tree" "$work/clone"
	git -C "$work/clone" config user.name "A Tester"
	git -C "$work/clone" config user.email tester@example.org
}

# Everything that apply must not change.
state_of()
{
	git -C "$1" for-each-ref
	git -C "$1" symbolic-ref HEAD
	git -C "$1" rev-parse HEAD
	git -C "$1" status --porcelain
	(cd "$1" && find . -path ./.git -prune -o -type f -print0 | sort -z |
		xargs -0 sha1sum)
}

tree_cmd() { "$top/scripts/tree" "$@"; }
series() { "$top/scripts/series" "$@"; }
sum() { (cd "$top/patches" && find . -type f -print0 | sort -z | xargs -0 sha1sum) | sha1sum; }

make_tree "$tree"
make_overlay

echo "# trees"
succeeds "tree get makes an unpacked tree a git repository" tree_cmd get v7.3
same "the repository has one commit" "$(git -C "$tree" rev-list --count HEAD)" 1
same "nothing in it is changed" "$(git -C "$tree" status --porcelain)" ""
rm -rf "$tree/.git" && mkdir "$tree/.git.new" && touch "$tree/.git.new/half"
succeeds "tree get goes on after an interrupted run" tree_cmd get v7.3
same "no half repository is left" "$(find "$tree" -maxdepth 1 -name .git.new)" ""
refuses "tree get of an unknown tree names the known ones" \
	"unknown tree v9.9; known: v7.3" tree_cmd get v9.9
refuses "tree refuses an unknown option" "unknown option --fast" tree_cmd get --fast
refuses "tree refuses a folder that is no kernel" "is not a kernel tree" \
	tree_cmd kind "$work/home"
if [ "$(id -u)" -eq 0 ] && mkdir "$work/small" &&
   mount -t tmpfs -o size=2m tmpfs "$work/small" 2>/dev/null; then
	mkdir -p "$work/small/deb"
	refuses "tree lay on a full disk says so and what to do" "make room" \
		env CULVERT_CACHE="$work/small" "$top/scripts/tree" lay "$tree"
	same "and leaves no half tree" \
		"$(find "$work/small/work" -mindepth 1 2>/dev/null)" ""
	umount "$work/small"
else
	skipped=$((skipped + 1))
	echo "ok full disk # SKIP needs root and mount"
fi

echo "# laying"
laid=$CULVERT_CACHE/work/v7.3
succeeds "lay" tree_cmd lay v7.3
same "new files are there" "$(cat "$laid/lib/crypto/batch/two.c")" "int two;"
same "edits are applied" "$(sed -n 21p "$laid/lib/crypto/Makefile")" "obj-y += batch/"
touch -d 2001-01-01 "$laid/lib/crypto/batch/one.c" "$laid/lib/crypto/Makefile"
echo "int two = 2;" >"$top/crypto/two.c"
succeeds "lay again" tree_cmd lay v7.3
same "what did not change keeps its time" \
	"$(stat -c %Y "$laid/lib/crypto/batch/one.c" "$laid/lib/crypto/Makefile" | sort -u)" \
	"$(date -d 2001-01-01 +%s)"
same "what changed is new" "$(cat "$laid/lib/crypto/batch/two.c")" "int two = 2;"
echo "int two;" >"$top/crypto/two.c"
mv "$top/crypto/two.c" "$work/two.c"
tree_cmd lay v7.3 >/dev/null 2>&1
same "a file that the overlay lost is removed" \
	"$(ls "$laid/lib/crypto/batch/two.c" 2>/dev/null)" ""
mv "$work/two.c" "$top/crypto/"
mv "$top/linux-overlay/edits/hook.diff" "$work/"
: >"$top/linux-overlay/edits/hook.diff"
tree_cmd lay v7.3 >/dev/null 2>&1
same "a file that is edited no more is as it was" \
	"$(git -C "$laid" status --porcelain lib/crypto/Makefile)" ""
mv "$work/hook.diff" "$top/linux-overlay/edits/"
echo "int stray;" >"$top/crypto/stray.c"
tree_cmd lay v7.3 >"$work/out" 2>&1
same "lay warns of a file in no patch, and lays it" \
	"$(grep -c "crypto/stray.c is in no patch" "$work/out") $(cat "$laid/lib/crypto/batch/stray.c")" \
	"1 int stray;"
rm "$top/crypto/stray.c"
for i in 1 2 3 4; do tree_cmd lay v7.3 >"$work/lay.$i" 2>&1 & done
wait
same "four runs at once all succeed" "$(cat "$work"/lay.? | grep -c "files laid")" 4
same "the pristine tree is untouched" "$(git -C "$tree" status --porcelain)" ""
make_clone
state_of "$work/clone" >"$work/before"
succeeds "lay on somebody's clone" tree_cmd lay "$work/clone"
same "changes nothing in it" "$(state_of "$work/clone" | diff "$work/before" -)" ""
refuses "lay --dir does not take a folder of somebody's" "was not made by" \
	tree_cmd lay v7.3 --dir "$work/home/.."

echo "# building"
succeeds "build" series build
first=$(sum)
env TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8 COLUMNS=40 GIT_AUTHOR_NAME=me \
	GIT_COMMITTER_DATE=now "$top/scripts/series" build >/dev/null 2>&1
git config --global format.signature me
git config --global diff.noprefix true
git config --global core.abbrev 7
rm -rf "$top/patches"
series build >/dev/null 2>&1
same "the same bytes under other settings" "$(sum)" "$first"
rm "$HOME/.gitconfig"
p1=$top/patches/v7.3/crypto/0001-crypto-one.patch
p2=$top/patches/v7.3/crypto/0002-crypto-two.patch
same "no object, flag or symbol before its source" \
	"$(grep -c -i 'two' "$p1")" 0
same "they come with it" "$(grep -c '^+.*\(two\.o\|config TWO\)' "$p2")" 4
same "commit ids are zero" \
	"$(cat "$top"/patches/v7.3/*/*.patch | grep '^From [0-9a-f]' | sort -u)" \
	"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001"
same "no sign-off of anybody" "$(cat "$top"/patches/v7.3/*/*.patch | grep -c Signed-off)" 0
same "the entry is in its place in MAINTAINERS" \
	"$(sed -n '/^@@/,$ s/^[ +]\([A-Z0-9 ]*\)$/\1/p' "$p2" | grep . | tail -n 2 | tr '\n' ,)" \
	"TEST ENTRY,ZSMALLOC,"
succeeds "check --compare" series check --compare
sed -i 's/one/One/' "$top/crypto/one.c"
fails "one changed byte makes check fail, and it names the patch" \
	"FAIL v7.3: patches/ is what the overlay makes: run scripts/series build" \
	series check --compare
same "it names the file" "$(grep -c 0001-crypto-one.patch "$work/out")" 1
sed -i 's/One/one/' "$top/crypto/one.c"
succeeds "and the byte back makes it pass" series check --compare
echo >>"$p1"
fails "one changed byte of a patch makes check fail" "^FAIL v7.3: patches/ is" \
	series check --compare
series build >/dev/null 2>&1
echo "int stray;" >"$top/crypto/stray.c"
fails "check names a file that is in no patch" "crypto/stray.c is in no patch" \
	series check --compare
rm "$top/crypto/stray.c"
echo "int one; " >"$top/crypto/one.c"
series build >/dev/null 2>&1
fails "check names trailing white space" "FAIL v7.3: git am" series check --compare
echo "int one;" >"$top/crypto/one.c"
series build >/dev/null 2>&1
sed -i 's/^ 20$/ 2O/' "$top/linux-overlay/edits/hook.diff"
before=$(sum)
fails "build names an edit that does not apply" \
	"linux-overlay/edits/hook.diff: does not apply to lib/crypto/Makefile" \
	series build
same "and leaves patches/ alone" "$(sum)" "$before"
sed -i 's/^ 2O$/ 20/' "$top/linux-overlay/edits/hook.diff"
sed -i 's/^edit hook/edlt hook/' "$top/linux-overlay/manifest"
fails "build names a line of the manifest that it cannot read" \
	'linux-overlay/manifest:[0-9]*: cannot read "edlt hook"' series build
sed -i 's/^edlt hook/edit hook/' "$top/linux-overlay/manifest"
refuses "build refuses an unknown tree" "unknown tree v1.0; known: v7.3" \
	series build v1.0
refuses "series refuses an unknown option" "unknown option --frob" series check --frob
refuses "series refuses an unknown command" "unknown command frob" series frob

echo "# applying"
make_clone
succeeds "apply" series apply "$work/clone"
same "all patches are there" \
	"$(git -C "$work/clone" log --reverse --format=%s culvert ^origin/pristine | tr '\n' ,)" \
	"crypto: one,crypto: two,net: three,"
same "the branch is checked out, clean" \
	"$(git -C "$work/clone" symbolic-ref HEAD) $(git -C "$work/clone" status --porcelain)" \
	"refs/heads/culvert "
refuses "apply refuses a tree that has it" "has the series already" \
	series apply "$work/clone"
git -C "$work/clone" checkout -q pristine
refuses "apply refuses to replace a branch" "has a branch culvert already" \
	series apply "$work/clone"
succeeds "apply --branch takes another" series apply "$work/clone" --branch other/name

# unchanged WHAT PATTERN COMMAND...: refuses, and the clone is as it was
unchanged()
{
	state_of "$work/clone" >"$work/before"
	refuses "$@"
	state_of "$work/clone" >"$work/after"
	same "... and the tree is as it was" "$(diff "$work/before" "$work/after")" ""
}

make_clone
echo changed >"$work/clone/init/main.c"
unchanged "apply refuses a dirty tree" "has changes that are not committed (init/main.c)" \
	series apply "$work/clone"
git -C "$work/clone" add -A
unchanged "apply refuses a tree with staged changes" "not committed" \
	series apply "$work/clone"
make_clone
mkdir "$work/clone/.git/rebase-apply"
unchanged "apply refuses a tree in the middle of an am" "in the middle" \
	series apply "$work/clone"
make_clone
sed -i 's/= 3/= 9/' "$work/clone/Makefile"
git -C "$work/clone" commit -q -am "next"
unchanged "apply refuses an unknown version and tells the known" \
	"is Linux 7.9.4, and there is no series for that; known: v7.3" \
	series apply "$work/clone"
succeeds "apply --as takes it all the same" series apply "$work/clone" --as v7.3
make_clone
sed -i 's/^20$/twenty/' "$work/clone/lib/crypto/Makefile"
git -C "$work/clone" commit -q -am "other context"
unchanged "apply names the patch that does not apply" \
	'crypto: one" does not apply: patch failed: lib/crypto/Makefile' series apply "$work/clone"
make_clone
mkdir -p "$work/clone/lib/crypto/batch"
echo mine >"$work/clone/lib/crypto/batch/one.c"
unchanged "apply does not overwrite a file that git does not know" \
	"is as it was" series apply "$work/clone"
make_clone
git -C "$work/clone" config --unset user.name
git -C "$work/clone" config --unset user.email
git -C "$work/clone" config user.useConfigOnly true
unchanged "apply says when git does not know who you are" "set user.name" \
	series apply "$work/clone"
refuses "apply refuses a folder without git" "is not a git tree" \
	series apply "$work/home"
refuses "apply refuses a folder inside a tree" "is not the top" \
	series apply "$work/clone/lib"
refuses "apply refuses the pristine tree" "never changed" series apply "$tree"
refuses "apply refuses what is not there" "there is no directory" \
	series apply "$work/nowhere"

echo "# mailing"
make_clone
succeeds "mail" series mail "$work/clone" --out "$work/mails"
same "its own proof passed" "$(grep -c '^ok the mails make' "$work/out")" 1
same "two branches" \
	"$(git -C "$work/clone" branch --list 'b4/*' --format='%(refname:short)' | tr '\n' ,)" \
	"b4/culvert-crypto,b4/culvert-net,"
same "the tree is where it was" \
	"$(git -C "$work/clone" symbolic-ref HEAD) $(git -C "$work/clone" status --porcelain)" \
	"refs/heads/pristine "
mails() { cat "$work"/mails/*/*.eml; }
same "every patch is signed off by the caller" \
	"$(grep -l '^diff --git' "$work"/mails/*/*.eml | xargs grep -l '^Signed-off-by: A Tester <tester@example.org>' | wc -l)" 3
same "nobody else is named" "$(mails | grep -c 'invalid')" 0
same "the caller is the maintainer" \
	"$(mails | grep -c '^+M:	A Tester <tester@example.org>$')" 1
change=$(sed -n 's/^change-id: //p' "$work"/mails/crypto/0000*)
same "the second series stands on the first" \
	"$(sed -n 's/^prerequisite-change-id: //p' "$work"/mails/net/*)" "$change:v1"
same "the base is public" \
	"$(sed -n 's/^base-commit: //p' "$work"/mails/net/*)" \
	"$(git -C "$tree" rev-parse HEAD)"
rm -rf "$work/again"
git clone -q "$tree" "$work/again"
git -C "$work/again" config user.name B
git -C "$work/again" config user.email b@example.org
succeeds "git am takes the mails by hand" \
	git -C "$work/again" am -q "$work"/mails/crypto/000[1-9]*.eml "$work"/mails/net/*.eml
same "and makes the branch's tree" \
	"$(git -C "$work/again" rev-parse 'HEAD^{tree}')" \
	"$(git -C "$work/clone" rev-parse 'b4/culvert-net^{tree}')"
refuses "mail does not replace its branches" "has a branch b4/culvert-crypto already" \
	series mail "$work/clone" --out "$work/mails2"
make_clone
unchanged "mail does not mix with files that are there" "is not empty" \
	series mail "$work/clone" --out "$work/mails"
git -C "$work/clone" config user.email nobody@culvert.invalid
unchanged "mail refuses an address that is nobody's" "nobody's address" \
	series mail "$work/clone" --out "$work/mails2"
git -C "$work/clone" config --unset user.email
unchanged "mail says when git does not know who you are" "does not know who you are" \
	series mail "$work/clone" --out "$work/mails2"

echo "# the real tree"
succeeds "scripts/tree get v7.3" env CULVERT_CACHE="$real_cache" "$here/scripts/tree" get v7.3
git clone -q --shared --no-checkout "$real_cache/trees/v7.3" "$work/linux"
git -C "$work/linux" config user.name B
git -C "$work/linux" config user.email b@example.org
git -C "$work/linux" sparse-checkout set --no-cone \
	/lib/crypto/ /crypto/ /drivers/net/Kconfig /drivers/net/Makefile \
	/net/ /include/ /MAINTAINERS /Documentation/ >/dev/null
git -C "$work/linux" checkout -q
# The very words of README
am=$(sed -n 's/^    \(git am .*\)$/\1/p' "$here/README" | sed "s| patches/| $here/patches/|g")
succeeds "git am takes patches/v7.3 as README says" sh -c "cd '$work/linux' && $am"
want=$(find "$here"/patches/v7.3 -name '0*.patch' ! -name '0000-*' | wc -l)
succeeds "and all of it" test "$(git -C "$work/linux" rev-list --count HEAD ^origin/HEAD)" -eq "$want"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
echo "$passed checks"
