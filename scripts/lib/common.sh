# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Shared by every shell script of the project.  Use:
#
#	. "$(dirname "$(readlink -f "$0")")/lib/common.sh"
#
# What a caller gets:
#   $culvert_top		the overlay's top directory
#   $culvert_cache		the cache, ${CULVERT_CACHE:-~/.cache/culvert}; created
#   die MESSAGE...		one line on stderr, exit 1
#   usage_error MESSAGE...	the same with a hint at --help, exit 2
#   note MESSAGE...		one line on stderr with the elapsed time
#   progress LABEL COMMAND...	run a long step; see below
#   need_pkgs [CMD:]PKG...	install what is missing, listing it first
#   need_space DIR MIB WHAT	die early when a disk is too full
#   lock NAME			hold a lock until this shell ends
#   unlock NAME			let go of it earlier
#   at_exit COMMAND		run COMMAND when the shell ends, newest first
#   temp_dir			a fresh directory in the cache, removed at exit;
#				its name is in $REPLY

set -euo pipefail

culvert_top=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
export culvert_top
culvert_name=${0##*/}
# A root shell in a container may come without HOME.
culvert_cache=${CULVERT_CACHE:-${HOME:-/root}/.cache/culvert}
export CULVERT_CACHE=$culvert_cache

die()
{
	printf '%s: %s\n' "$culvert_name" "$*" >&2
	exit 1
}

usage_error()
{
	printf '%s: %s (see %s --help)\n' "$culvert_name" "$*" "$culvert_name" >&2
	exit 2
}

note()
{
	printf '[%3d s] %s\n' "$SECONDS" "$*" >&2
}

mkdir -p "$culvert_cache" 2>/dev/null ||
	die "cannot create the cache $culvert_cache: set CULVERT_CACHE to a directory that you may write"
culvert_cache=$(cd "$culvert_cache" && pwd)

culvert_exit_hooks=()
culvert_hooks_pid=$BASHPID
culvert_child=

culvert_run_exit_hooks()
{
	local status=$? i

	set +e
	# A shell's background job ignores the terminal's interrupt.
	[ -z "$culvert_child" ] || pkill -TERM -P "$culvert_child"
	[ -z "$culvert_child" ] || kill "$culvert_child" 2>/dev/null
	for ((i = ${#culvert_exit_hooks[@]} - 1; i >= 0; i--)); do
		eval "${culvert_exit_hooks[i]}"
	done
	exit "$status"
}

at_exit()
{
	# What a subshell inherits is its parent's to tidy up.
	if [ "$culvert_hooks_pid" != "$BASHPID" ]; then
		culvert_exit_hooks=()
		culvert_hooks_pid=$BASHPID
	fi
	culvert_exit_hooks+=("$*")
	trap culvert_run_exit_hooks EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# A directory rather than /tmp: it is on the same file system as the trees, so
# that a finished piece can be renamed into place.
temp_dir()
{
	mkdir -p "$culvert_cache/tmp"
	REPLY=$(mktemp -d "$culvert_cache/tmp/$culvert_name.XXXXXX") ||
		die "cannot write to $culvert_cache/tmp: is the disk full?"
	at_exit "rm -rf '$REPLY'"
}

# Run a long step.  Its output goes to a log; a terminal sees one line that
# counts the seconds, a log file one line each half minute.  When the step fails, the
# end of its output is shown and its status returned.
progress()
{
	local label=$1 log pid start=$SECONDS shown=0 status=0
	shift

	mkdir -p "$culvert_cache/log"
	log=$culvert_cache/log/$culvert_name.$$.$RANDOM
	at_exit :
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	culvert_child=$pid
	while kill -0 "$pid" 2>/dev/null; do
		if [ -t 2 ]; then
			printf '\r[%3d s] %s ... ' "$SECONDS" "$label" >&2
		elif ((SECONDS - start >= shown + 30)); then
			shown=$((SECONDS - start))
			note "$label ... ($shown s so far)"
		fi
		sleep 0.3
	done
	wait "$pid" || status=$?
	culvert_child=
	[ -t 2 ] && printf '\r' >&2
	if [ "$status" -eq 0 ]; then
		note "$label: done in $((SECONDS - start)) s"
	else
		note "$label: failed, status $status; the end of its output:"
		tail -n 20 "$log" | sed 's/^/    /' >&2
	fi
	rm -f "$log"
	return "$status"
}

is_debian()
{
	command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root to run: $* (run it yourself as root, then try again)"
	fi
}

# need_pkgs [CMD:]PKG...: with CMD, a command of that name is as good as
# the package, so that other distributions can be used with the tools installed.
need_pkgs()
{
	local item cmd pkg missing=()

	for item in "$@"; do
		cmd=${item%%:*} pkg=${item#*:}
		if [ "$cmd" != "$item" ] &&
		   PATH=$PATH:/usr/sbin:/sbin command -v "$cmd" >/dev/null; then
			continue
		fi
		if is_debian && [ "$(dpkg-query -W -f '${db:Status-Status}' \
				     "$pkg" 2>/dev/null)" = installed ]; then
			continue
		fi
		missing+=("$pkg")
	done
	[ ${#missing[@]} -gt 0 ] || return 0

	is_debian || die "this is not a Debian system; install the tools that these Debian packages hold, then try again: ${missing[*]}"

	lock apt
	note "installing with apt-get: ${missing[*]}"
	if ! progress "apt-get install (${#missing[@]} packages)" as_root env \
	     DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	     -o DPkg::Lock::Timeout=300 \
	     --no-install-recommends "${missing[@]}"; then
		# Lists that are empty or too old are the usual reason.
		progress "apt-get update" as_root apt-get update -q ||
			die "apt-get update failed: check the network and /etc/apt, then try again"
		progress "apt-get install (${#missing[@]} packages)" as_root env \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
			-o DPkg::Lock::Timeout=300 \
			--no-install-recommends "${missing[@]}" ||
			die "apt-get could not install: ${missing[*]}"
	fi
	unlock apt
}

need_space()
{
	local dir=$1 want=$2 what=$3 have

	have=$(df -Pm "$dir" | awk 'NR == 2 { print $4 }')
	[ "$have" -ge "$want" ] ||
		die "$what needs $want MiB in $dir, but $have MiB are free: make room or set CULVERT_CACHE to a larger disk"
}

declare -A culvert_lock_fd=()

# Locks are flock(2) on files in the cache, so a killed run leaves none behind.
lock()
{
	local name=${1//\//_} fd

	[ -z "${culvert_lock_fd[$name]:-}" ] || return 0
	command -v flock >/dev/null ||
		die "flock is missing: install util-linux"
	mkdir -p "$culvert_cache/lock"
	exec {fd}>"$culvert_cache/lock/$name"
	if ! flock -n "$fd"; then
		note "waiting for another run that holds the lock \"$name\""
		flock "$fd"
	fi
	culvert_lock_fd[$name]=$fd
}

unlock()
{
	local name=${1//\//_} fd

	fd=${culvert_lock_fd[$name]:-}
	[ -n "$fd" ] || return 0
	exec {fd}>&-
	unset "culvert_lock_fd[$name]"
}
