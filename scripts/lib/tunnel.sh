# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the system tests: machines with the driver under test, alone or in pairs.
# Source common.sh first.
#
#   driver_args KERNEL	sets the array driver_args for scripts/vm: the driver that
#			$CULVERT_DRIVER names (culvert, or wireguard for the
#			in-tree one, against which the tests themselves are tested)
#   packet_files DIR	sets the array packet_files: what guest/packets.py needs
#   kernel_headers KERNEL	prints where modules for it are built
#   wg_args		sets the array wg_args: a wg(8) of 2025 in the guest
#   interop_pair ...	the driver under test against another implementation
#   on_kernel KERNEL CHECK...
#			the short forms of those checks on that kernel
#   two_vms A... ++ B... two machines on one cable, each argument list for scripts/vm
#			but for the link; 0 if both succeed; output on failure

guest_dir=${culvert_top:?source common.sh first}/scripts/tests/guest
CULVERT_DRIVER=${CULVERT_DRIVER:-culvert}

driver_args()
{
	local kernel=$1 driver=${2:-$CULVERT_DRIVER} list ko

	driver_args=(--kernel "$kernel")
	case $driver in
	wireguard)
		driver_args+=(--modprobe wireguard) ;;
	culvert)
		if [ "$kernel" = 6.12 ]; then
			list=$("$culvert_top/scripts/module" build) ||
				die "the external modules do not build; see scripts/module build"
			while read -r ko; do
				driver_args+=(--module "$ko")
			done <<<"$list"
		else
			driver_args+=(--modprobe culvert)
		fi ;;
	*)
		die "CULVERT_DRIVER=$driver: culvert or wireguard" ;;
	esac
}

# Files for guest/packets.py, and the Python that runs it, which is put into DIR.
packet_files()
{
	local f

	"$culvert_top/scripts/lib/guest-python" "$1" socket struct ctypes subprocess select os \
		time random json contextlib signal base64 errno _blake2 _sha256
	packet_files=(--file "$1:/")
	for f in "$guest_dir"/*.py; do
		packet_files+=(--file "$f:/root/${f##*/}")
	done
}

# Where modules for a kernel of scripts/vm are built against; the kernel must be there.
kernel_headers()
{
	local dir

	if [ "$1" != 6.12 ]; then
		dir=${1#v7.3}
		dir=${dir#-}
		"$culvert_top/scripts/kernel" path v7.3 --config "${dir:-vm}"
		return
	fi
	dir=$(echo "${culvert_cache:?}"/deb/linux-6.12*/usr/src/linux-headers-*-amd64)
	[ -f "$dir/Module.symvers" ] || die "the headers of Debian's 6.12 are not in the cache"
	echo "$dir"
}

# shellcheck disable=SC2034
wg_args()
{
	local dir

	dir=$("$culvert_top/scripts/lib/wg-tools") || die "no new enough wg(8)"
	wg_args=()
	[ -z "$dir" ] ||
		wg_args=(--file "$dir:/opt/wg" --file "$dir/wg:/usr/local/bin/wg")
}

two_vms()
{
	local a=() b=() dir status_a=0 status_b=0 first=0 ended pid_a pid_b

	while [ "$1" != ++ ]; do
		a+=("$1")
		shift
	done
	shift
	b=("$@")
	dir=$(mktemp -d "${CULVERT_SCRATCH:-${TMPDIR:-/tmp}}/pair.XXXXXX")
	"$culvert_top/scripts/vm" --hostname a --link "$dir/a,$dir/b" "${a[@]}" \
		>"$dir/a.out" 2>&1 </dev/null &
	pid_a=$!
	"$culvert_top/scripts/vm" --hostname b --link "$dir/b,$dir/a" "${b[@]}" \
		>"$dir/b.out" 2>&1 </dev/null &
	pid_b=$!
	# When one fails, the other would wait for it in vain.
	wait -n -p ended "$pid_a" "$pid_b" || first=$?
	if [ "$first" -ne 0 ]; then
		sleep 1
		kill "$pid_a" "$pid_b" 2>/dev/null || true
	fi
	if [ "$ended" = "$pid_a" ]; then
		status_a=$first
		wait "$pid_b" || status_b=$?
	else
		status_b=$first
		wait "$pid_a" || status_a=$?
	fi
	pair_out_a=$dir/a.out
	pair_out_b=$dir/b.out
	if [ "$status_a" -ne 0 ] || [ "$status_b" -ne 0 ]; then
		sed 's/^/a: /' "$dir/a.out"
		sed 's/^/b: /' "$dir/b.out"
		echo "machine a ended with $status_a, machine b with $status_b"
		return 1
	fi
}
export pair_out_a='' pair_out_b=''

# Files for guest/interop.sh: keys, a megabyte of data, datagrams of many sizes.
interop_files()
{
	local dir=$CULVERT_SCRATCH/files key

	mkdir -p "$dir"
	for key in key1 key2; do
		(umask 077; wg genkey >"$dir/$key")
	done
	(umask 077; wg genpsk >"$dir/psk")
	head -c 1000000 /dev/urandom >"$dir/data"
	python3 - "$dir/lines" <<-'PY'
		import random, sys
		letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		with open(sys.argv[1], "w") as f:
		    for i in range(400):
		        size = random.choice((0, 1, 17, 200, 1100, 1400))
		        f.write("%d%s\n" % (i, "".join(random.choices(letters, k=size))))
	PY
	interop_files=()
	for key in key1 key2 psk data lines; do
		interop_files+=(--file "$dir/$key:/root/$key")
	done
	interop_files+=(--file "$guest_dir/lib.sh:/root/lib.sh"
			--file "$guest_dir/interop.sh:/root/interop.sh")
}

# interop_pair CASES KIND [VM_OPTION...]: the driver under test against one of KIND, as
# guest/interop.sh has them; every case there is, and rekeys, with --full; by hand those in
# $CULVERT_CASES.
interop_pair()
{
	local cases=$1 kind=$2 limit=800 kernel=${CULVERT_KERNEL:-6.12} patience=1
	shift 2

	if [ -n "${CULVERT_FULL:-}" ]; then
		cases=$(printf '%s ' {4,6}-{psk,nopsk}-{1,2}-{1280,1420,8920} rekey-{4,6}-{1,2})
		limit=6000
	fi
	cases=${CULVERT_CASES:-$cases}
	interop_files
	driver_args "$kernel"
	# A debug kernel gets six times the time from scripts/vm; so must who talks to it.
	[[ $kernel != *-@(debug|kcsan) ]] || patience=6
	two_vms --timeout "$limit" "${driver_args[@]}" "${interop_files[@]}" \
			-- bash /root/interop.sh 1 "$CULVERT_DRIVER" "$cases" ++ \
		--timeout $((limit * patience)) "$@" "${interop_files[@]}" \
			-- bash /root/interop.sh 2 "$kind" "$cases"
	grep ": done" "$pair_out_a"
	echo "$(($(count_checks "$pair_out_a") + $(count_checks "$pair_out_b"))) checks"
}

# The number in a last line "N checks"; without it the run was cut short.
count_checks()
{
	sed -n '$ s/^\([1-9][0-9]*\) checks$/\1/p' "$1" | grep . ||
		die "the run in the machine has no last line \"N checks\": $(tail -n 1 "$1")"
}

on_kernel()
{
	local kernel=$1 name out sum=0 n status
	shift

	progress "the kernel $kernel" "$culvert_top/scripts/kernel" build v7.3 \
		--config "${kernel#v7.3-}" || die "$kernel does not build"
	for name; do
		echo "== $kernel: $name"
		out=$CULVERT_SCRATCH/$name.out status=0
		mkdir -p "$CULVERT_SCRATCH/$name"
		CULVERT_KERNEL=$kernel CULVERT_FULL='' CULVERT_SCRATCH=$CULVERT_SCRATCH/$name \
			bash "scripts/tests/$name.sh" >"$out" 2>&1 || status=$?
		n=$(sed -n '$ s/^\([1-9][0-9]*\) checks$/\1/p' "$out")
		if [ "$status" -ne 0 ] || [ -z "$n" ]; then
			cat "$out"
			die "$name on $kernel ended with $status, ${n:-no} checks"
		fi
		tail -n 5 "$out"
		sum=$((sum + n))
	done
	echo "$sum checks"
}
