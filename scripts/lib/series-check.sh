# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# scripts/series check.  One line "ok ..." or "FAIL ..." for each verdict; a
# failure names the patch, the file and what to do.

# shellcheck source-path=SCRIPTDIR source=series.sh
[ -n "${culvert_top:-}" ] || . "${BASH_SOURCE[0]%/*}/series.sh"

check_src='' check_obj='' check_early='' check_state='' check_last=''
check_ok=0
check_failed=0

ok()
{
	check_ok=$((check_ok + 1))
	echo "ok $*"
}

# fail WHAT REMEDY, and what was said about it on stdin
fail()
{
	check_failed=$((check_failed + 1))
	echo "FAIL $1: $2"
	sed -n '1,15 s/^/    /p'
}

# judge WHAT REMEDY FILE: ok if FILE is empty.
judge()
{
	if [ -s "$3" ]; then
		fail "$1" "$2" <"$3"
		return 1
	fi
	ok "$1"
}

check()
{
	local fast='' force='' compare='' tree
	check_last=''
	local -a trees=()

	while [ $# -gt 0 ]; do
		case $1 in
		--fast)		fast=y ;;
		--compare)	fast=y compare=y ;;
		--force)	force=y ;;
		--last)		check_last=y ;;
		-*)		usage_error "unknown option $1" ;;
		*)		trees+=("$(known_tree "$1")") ;;
		esac
		shift
	done
	[ ${#trees[@]} -gt 0 ] || mapfile -t trees < <(known_trees)
	# "set -e" ends a script without a word; this one is long, so say where.
	set -E
	trap 'echo "FAIL check: a command failed at ${BASH_SOURCE[0]##*/}:$LINENO" >&2' ERR
	need_pkgs git python3
	[ -n "$compare" ] || need_pkgs perl python3-git python3-ply
	[ -n "$fast" ] || need_pkgs make gcc bc bison flex sparse kmod \
		libelf-dev libssl-dev
	temp_dir
	for tree in "${trees[@]}"; do
		check_tree "$tree" "$REPLY/$tree" "$fast" "$force" "$compare"
	done
	echo "$check_ok ok, $check_failed failed"
	[ "$check_failed" -eq 0 ] || exit 1
}

check_tree()
{
	local tree=$1 dir=$2 fast=$3 force=$4 compare=$5 pristine list

	mkdir -p "$dir"
	lock "check-$tree"
	pristine=$(tree_path "$tree")
	list=$dir/patches
	check_manifest "$tree" "$dir"
	# A copy, so that a build meanwhile does not change what is judged.
	mkdir -p "$dir/copy"
	[ ! -d "$culvert_top/patches/$tree" ] ||
		cp -r "$culvert_top/patches/$tree" "$dir/copy/"
	check_generated "$tree" "$dir" || true
	if ! (patch_files "$tree" "$dir/copy") >"$list" 2>"$dir/log"; then
		fail "$tree: patches" "run scripts/series build $tree" <"$dir/log"
		return 0
	fi
	check_am "$tree" "$dir" "$pristine" || return 0
	[ -z "$compare" ] || return 0
	check_checkpatch "$tree" "$dir" "$pristine"
	check_maintainers "$tree" "$dir" "$pristine"
	check_kernel_doc "$tree" "$dir" "$pristine"
	[ -n "$fast" ] || check_builds "$tree" "$dir" "$pristine" "$force"
	unlock "check-$tree"
}

check_manifest()
{
	local tree=$1 dir=$2

	python3 "$culvert_top/scripts/lib/overlay.py" lint "$tree" \
		>"$dir/log" 2>&1 || true
	judge "$tree: every file of the overlay is in one patch" \
		"mend linux-overlay/manifest" "$dir/log" || true
}

check_generated()
{
	local tree=$1 dir=$2

	if ! generate "$tree" "$dir/made" >"$dir/log" 2>&1; then
		fail "$tree: the overlay makes a series" \
			"the message says what to mend" <"$dir/log"
		return 1
	fi
	diff -rq "$dir/copy/$tree" "$dir/made" 2>&1 |
		sed "s|$dir/made|the overlay|g; s|$dir/copy|patches|g" >"$dir/log" || true
	judge "$tree: patches/ is what the overlay makes" \
		"run scripts/series build $tree and commit patches/" "$dir/log"
}

check_am()
{
	local tree=$1 dir=$2 pristine=$3 count

	borrow "$pristine" "$(git -C "$pristine" rev-parse HEAD)" "$dir/repo" \
		"$dir/patches"
	git -C "$dir/repo" checkout -q -b series
	# A fixed committer: the same patches get the same commit ids, and
	# so a build folder is not made stale.
	if ! GIT_COMMITTER_NAME=Culvert \
	     GIT_COMMITTER_EMAIL=culvert@culvert.invalid \
	     am "$dir/repo" "$dir/patches" --committer-date-is-author-date \
	     --whitespace=warn >"$dir/log" 2>&1; then
		# The function only reads the log.
		# shellcheck disable=SC2094
		fail "$tree: git am" "$(am_failure "$dir/repo" "$dir/log") mend the edit in linux-overlay/edits, or the white space, then scripts/series build $tree" <"$dir/log"
		return 1
	fi
	count=$(wc -l <"$dir/patches")
	judge "$tree: git am takes all $count patches without fuzz or white-space errors" \
		"remove the white space that it names" "$dir/log" || true
	python3 "$culvert_top/scripts/lib/overlay.py" compare "$tree" \
		"$pristine" "$dir/repo" >"$dir/log" 2>&1 || true
	judge "$tree: the applied series is what scripts/tree lay lays" \
		"run scripts/series build $tree" "$dir/log" || true
}

# "FILE TYPE" of linux-overlay/exceptions, with FILE as a regular expression.
exceptions()
{
	sed -n -e '/^#/d' -e '/^[[:space:]]*$/d' -e 's/[[:space:]]\{1,\}/ /g' \
		-e "/^[^ ]* $1 /p" "$culvert_top/linux-overlay/exceptions" |
		cut -d ' ' -f 1,2 | sed -e 's/\./\\./g' -e 's/\*/[^:]*/g'
}

# FILE_PATH_CHANGES asks for a MAINTAINERS entry in each patch that adds a
# file; a series has one entry, in its last patch.
check_checkpatch()
{
	local tree=$1 dir=$2 pristine=$3 patch name file type excepted

	exceptions '.*' | while read -r file type; do
		echo "^$file:[0-9]*: [A-Z]*:$type: "
	done >"$dir/excepted"
	while read -r patch; do
		name=patches/${patch#"$dir/copy/"}
		# The Python that has the packages is Debian's.
		PATH=/usr/bin:$PATH perl "$pristine/scripts/checkpatch.pl" \
			--root="$pristine" \
			--strict --no-signoff --no-summary --terse --showfile \
			--show-types --ignore FILE_PATH_CHANGES "$patch" \
			>"$dir/log.all" 2>&1 || true
		grep -v -f "$dir/excepted" "$dir/log.all" >"$dir/log" || true
		excepted=$(($(wc -l <"$dir/log.all") - $(wc -l <"$dir/log")))
		[ "$excepted" -eq 0 ] ||
			name="$name ($excepted by linux-overlay/exceptions)"
		judge "checkpatch --strict $name" \
			"mend the source, then scripts/series build; what cannot be mended goes to linux-overlay/exceptions with its reason" \
			"$dir/log" || true
	done <"$dir/patches"
}

check_maintainers()
{
	local tree=$1 dir=$2 pristine=$3 top=$2/maintainers part

	# A stand-in for the tree: the script wants these at the top, and asks
	# git for the files, which are all in the index beside it.
	mkdir -p "$top/scripts"
	for part in COPYING CREDITS Kbuild Makefile README Documentation \
		    arch include drivers fs init ipc kernel lib; do
		ln -sfn "$pristine/$part" "$top/$part"
	done
	ln -sfn "$pristine/scripts/get_maintainer.pl" "$top/scripts/"
	echo "gitdir: $dir/repo/.git" >"$top/.git"
	cp "$dir/repo/MAINTAINERS" "$top/"
	(cd "$top" && perl scripts/get_maintainer.pl --self-test=sections) 2>&1 |
		grep -F -f <(snippet_titles) >"$dir/log" || true
	# Only our entries: matching the patterns of all takes minutes.
	{
		printf 'List of maintainers\n\nMaintainers List\n\n'
		cat "$culvert_top/MAINTAINERS-snippet"
	} >"$top/MAINTAINERS"
	(cd "$top" && perl scripts/get_maintainer.pl --self-test=patterns) \
		>>"$dir/log" 2>&1 || true
	judge "$tree: get_maintainer.pl --self-test on our entries" \
		"mend MAINTAINERS-snippet" "$dir/log" || true
}

snippet_titles()
{
	awk 'NF && (NR == 1 || blank) { print } { blank = !NF }' \
		"$culvert_top/MAINTAINERS-snippet"
}

# The .c and .h files that the series adds.
our_code()
{
	git -C "$1/repo" diff --name-only --diff-filter=A base series |
		grep '\.[ch]$'
}

check_kernel_doc()
{
	local tree=$1 dir=$2 pristine=$3

	(
		cd "$dir/repo"
		our_code "$dir" | xargs -r "$pristine/scripts/kernel-doc" \
			-none -Wall -Werror
	) 2>&1 | grep -v -e '^[0-9]* warnings as' \
		-f <(exceptions KERNEL_DOC | cut -d ' ' -f 1) >"$dir/log" || true
	judge "$tree: kernel-doc of $(our_code "$dir" | wc -l) files" \
		"mend the comment that it names" "$dir/log" || true
}

# A configuration with everything that the series needs; features on means
# also what it adds.
write_config()
{
	local src=$1 on=$2

	cat <<-CONFIG
	CONFIG_64BIT=y
	CONFIG_SMP=y
	CONFIG_MODULES=y
	CONFIG_PCI=y
	CONFIG_ACPI=y
	CONFIG_PRINTK=y
	CONFIG_PROC_FS=y
	CONFIG_SYSFS=y
	CONFIG_PM=y
	CONFIG_SUSPEND=y
	CONFIG_FTRACE=y
	CONFIG_DEBUG_KERNEL=y
	CONFIG_NET=y
	CONFIG_INET=y
	CONFIG_IPV6=y
	CONFIG_NET_NS=y
	CONFIG_NAMESPACES=y
	CONFIG_NETDEVICES=y
	CONFIG_NET_CORE=y
	CONFIG_CRYPTO=y
	CONFIG_KUNIT=m
	CONFIG_CULVERT_SERIES_CHECK=m
	CONFIG
	[ -z "$on" ] || prompts "$src" | sed 's/.*/CONFIG_&/'
}

# SYMBOL=m or =y for each Kconfig entry of ours that has a prompt.
prompts()
{
	# shellcheck disable=SC2016
	our_kconfigs "$1" | xargs -r awk '
		/^(menu)?config / { name = $2 }
		/^\t(tristate|bool) "/ { print name ($1 == "bool" ? "=y" : "=m") }'
	! grep -q CRYPTO_CHACHA20POLY1305_BATCH "$1/crypto/Kconfig" ||
		echo CRYPTO_CHACHA20POLY1305_BATCH=m
}

our_kconfigs()
{
	find "$1/lib/crypto/batch" "$1/drivers/net/culvert" -name Kconfig \
		2>/dev/null || true
}

# Library symbols have no prompt, since their users select them.  In the
# middle of the series nobody does yet; this stands in for the user.
select_hidden()
{
	local src=$1

	{
		echo "config CULVERT_SERIES_CHECK"
		echo "	tristate \"select the libraries of the series\""
		# shellcheck disable=SC2016
		our_kconfigs "$src" | xargs -r awk '
			/^(menu)?config / { name = $2 }
			/^\ttristate$/ { print "\tselect " name }'
	} >"$src/Kconfig.culvert-check"
	grep -q culvert-check "$src/Kconfig" ||
		echo 'source "Kconfig.culvert-check"' >>"$src/Kconfig"
}

# The driver is hooked up by the last patches; until then the files exist but
# nothing builds them, so hook them up for the check.
hook_early()
{
	local src=$1

	check_early=
	if [ -f "$src/drivers/net/culvert/Kconfig" ] &&
	   ! grep -q culvert/ "$src/drivers/net/Kconfig"; then
		check_early=y
		sed -i '/^if NETDEVICES/a source "drivers/net/culvert/Kconfig"' \
			"$src/drivers/net/Kconfig"
		# shellcheck disable=SC2016
		echo 'obj-$(CONFIG_CULVERT) += culvert/' >>"$src/drivers/net/Makefile"
	fi
}

kmake()
{
	make -s -C "$check_src" O="$check_obj" -j"$(nproc)" W=1 "$@"
}

# Configuring takes as long as compiling a file; most patches need none.
configure()
{
	local state

	write_config "$check_src" "$1" >"$check_obj/culvert.config"
	state=$( (cat "$check_obj/culvert.config" "$check_src/Kconfig.culvert-check" \
		"$check_src"/{crypto,lib/crypto,drivers/net}/Kconfig
		our_kconfigs "$check_src" | sort | xargs -r cat) | sha256sum)
	[ "$state" != "$check_state" ] || return 0
	kmake KCONFIG_ALLCONFIG="$check_obj/culvert.config" allnoconfig
	check_state=$state
}

# The files that the series has added up to a commit.
added_before()
{
	git -C "$check_src" diff --name-only --diff-filter=A refs/check/base "$1"
}

# Objects (and folders) that a patch of the series can change.
build_targets()
{
	local patch=$1 on=$2 path

	for path in lib/crypto/batch drivers/net/culvert; do
		[ ! -f "$check_src/$path/Makefile" ] || echo "$path/"
	done
	# Whichever patch it is, so that the last one alone builds all of it.
	path=crypto/chacha20poly1305_batch
	[ -z "$on" ] || [ ! -f "$check_src/$path.c" ] || echo "$path.o"
	# Existing files, and new ones beside existing ones.
	sed -n 's|^+++ b/\(.*\)\.c$|\1|p' "$patch" |
		sed -e '\|^lib/crypto/batch/|d' -e '\|^drivers/net/culvert/|d' \
			-e '\|^tools/|d' |
		while read -r path; do
			[ "$path" = crypto/chacha20poly1305_batch ] ||
				echo "$path.o"
		done
}

# What the objects built so far need and offer, if they are hooked up: a driver
# that no Makefile reaches yet may wait for its later parts.
note_symbols()
{
	local out=$1
	local -a dirs=("$check_obj/lib/crypto/batch")

	[ -n "$check_early" ] || dirs+=("$check_obj/drivers/net/culvert")
	find "${dirs[@]}" "$check_obj/crypto/chacha20poly1305_batch.o" \
		-name '*.o' -print0 2>/dev/null |
		xargs -0 -r nm -A 2>/dev/null >"$out.nm" || true
	awk '$(NF - 1) == "U" { print $NF }' "$out.nm" | sort -u >"$out.needs"
	awk '$(NF - 1) ~ /^[TDRBVW]$/ { print $NF }' "$out.nm" | sort -u >"$out.has"
}

prepare_tree()
{
	local tree=$1 dir=$2 pristine=$3

	check_src=$culvert_cache/check/$tree
	check_obj=$culvert_cache/build/$tree-check
	mkdir -p "$culvert_cache/check" "$check_obj"
	if [ ! -d "$check_src/.git" ]; then
		need_space "$culvert_cache" 3000 "a tree to check in"
		rm -rf "$check_src" "$check_src.new"
		progress "$tree: checking out a tree to check in" sh -ec "
			git clone -q --shared --no-checkout '$pristine' '$check_src.new'
			git -C '$check_src.new' checkout -q --detach HEAD" ||
			die "could not check out $pristine; is the disk full?"
		quiet_config "$check_src.new"
		mv "$check_src.new" "$check_src"
	fi
	rm -f "$check_src/.git/index.lock"
	git -C "$check_src" fetch -q --no-tags "$dir/repo" \
		"+refs/heads/*:refs/check/*"
}

step_to()
{
	git -C "$check_src" checkout -q -f --detach "$1"
	git -C "$check_src" clean -q -fdx lib/crypto drivers/net include \
		Documentation tools crypto
	select_hidden "$check_src"
	hook_early "$check_src"
}

# Warnings count only in files of ours, or that we change.
only_ours()
{
	# The compiler ends a warning with its name, and an error fails the make.
	sed -E -f <(exceptions SPARSE | cut -d ' ' -f 1 |
		    sed 's|.*|\\@&:@{/\\[-W/!d}|') |
		grep -E '(warning|error|Error|undefined|unmet)' |
		grep -E "lib/crypto/batch|drivers/net/culvert|_batch|[Cc]ulvert|$1|\*\*\*" |
		sort -u || true
}

check_builds()
{
	local tree=$1 dir=$2 pristine=$3 force=$4 stamp patch name commit log
	local number=0 total edits failed_before

	stamp=$culvert_cache/check/$tree.built
	if [ -z "$force" ] && [ -f "$stamp" ] &&
	   [ "$(cat "$stamp")" = "$(build_key "$dir" "$pristine")" ]; then
		ok "$tree: each patch builds (checked before, nothing has changed; --force builds again)"
		return 0
	fi
	prepare_tree "$tree" "$dir" "$pristine"
	check_state=''
	log=$dir/log
	total=$(wc -l <"$dir/patches")
	failed_before=$check_failed
	# What an earlier run built of later patches must not answer for them.
	rm -rf "$check_obj/lib/crypto/batch" "$check_obj/drivers/net/culvert" \
		"$check_obj"/crypto/chacha20poly1305_batch.*
	while read -r patch; do
		number=$((number + 1))
		[ -z "$check_last" ] || [ "$number" -eq "$total" ] || continue
		name=patches/${patch#"$dir/copy/"}
		commit=$(git -C "$check_src" rev-parse \
			 "refs/check/series~$((total - number))")
		step_to "$commit"
		if [ -z "$check_state" ]; then
			configure y >/dev/null 2>&1 || true
			progress "$tree: preparing a build folder" kmake prepare || true
		fi
		edits=$(git -C "$check_src" diff --name-only --diff-filter=M \
			"$commit^" "$commit" | grep -v -x -f <(added_before "$commit") |
			paste -s -d '|' || true)

		: >"$log"
		build_one y "$patch" C=1 CHECK="$culvert_top/scripts/lib/sparse" >"$log.all" 2>&1 ||
			echo "make failed: $(tail -n 2 "$log.all")" >"$log"
		only_ours "${edits:-^$}" <"$log.all" >>"$log"
		judge "build $number/$total, features on, W=1 C=1: $name" \
			"mend the source; \"git am\" up to here must build" "$log" || true
		note_symbols "$dir/symbols.$number"

		if [ -z "$edits" ]; then
			ok "build $number/$total, features off: changes no file that the tree has"
			continue
		fi
		: >"$log"
		build_one '' "$patch" >"$log.all" 2>&1 ||
			echo "make failed: $(tail -n 2 "$log.all")" >"$log"
		only_ours "$edits" <"$log.all" >>"$log"
		judge "build $number/$total, features off: $name" \
			"the hooks must be inert while the features are off" "$log" || true
	done <"$dir/patches"
	[ -n "$check_last" ] || check_links "$tree" "$dir" "$total"
	check_all_built "$tree" "$dir"
	check_selftests "$tree" "$dir"
	[ -n "$check_last" ] || [ "$check_failed" -ne "$failed_before" ] ||
		build_key "$dir" "$pristine" >"$stamp"
}

build_key()
{
	{
		git -C "$2" rev-parse HEAD
		gcc --version
		sparse --version
		cat "$culvert_top/scripts/lib/series-check.sh"
		xargs cat <"$1/patches"
	} | sha256sum
}

build_one()
{
	local on=$1 patch=$2
	local -a targets
	shift 2

	configure "$on" || return
	mapfile -t targets < <(build_targets "$patch" "$on")
	[ ${#targets[@]} -gt 0 ] || return 0
	kmake "$@" "${targets[@]}"
}

# A function used before the patch that brings it would break the link.
check_links()
{
	local tree=$1 dir=$2 total=$3 number

	: >"$dir/log"
	for ((number = 1; number < total; number++)); do
		comm -13 "$dir/symbols.$number.has" "$dir/symbols.$total.has" |
			comm -12 - "$dir/symbols.$number.needs" |
			sed "s/.*/patch $number of $total uses & of a later patch/" \
			>>"$dir/log"
	done
	judge "$tree: no patch uses a function of a later one" \
		"move a file in linux-overlay/manifest" "$dir/log" || true
}

# A file that no Makefile names would pass every check unread.
check_all_built()
{
	local tree=$1 dir=$2 path

	while read -r path; do
		case $path in
		tools/* | *neon* | *arm64*)
			continue ;;
		esac
		[ -f "$check_obj/${path%.c}.o" ] ||
			echo "$path was not built with the features on"
	done < <(our_code "$dir" | grep '\.c$') >"$dir/log"
	judge "$tree: every source file of the series was built" \
		"name it in its Makefile" "$dir/log" || true
}

check_selftests()
{
	local tree=$1 dir=$2 target

	python3 "$culvert_top/scripts/lib/overlay.py" files "$tree" |
		sed -n 's|^tools/testing/selftests/\(.*\)/[^/]*$|\1|p' | sort -u |
		while read -r target; do
			[ -f "$check_src/tools/testing/selftests/$target/Makefile" ] ||
				continue
			if ! make -s -C "$check_src/tools/testing/selftests" \
			     TARGETS="$target" O="$dir/selftests" \
			     INSTALL_PATH="$dir/installed" install \
			     >"$dir/log.all" 2>&1 </dev/null; then
				echo "$target: $(tail -n 3 "$dir/log.all")"
			fi
		done >"$dir/log"
	judge "$tree: kselftest install" "mend the selftest's Makefile" \
		"$dir/log" || true
}
