#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: bug classes: wrong protocol, mtu 0, metadata, nonces, replay, parser, queues, floods, loops
# class: short
# limit: 2400

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools ethtool:ethtool

driver_args "${CULVERT_KERNEL:-6.12}"
packet_files "$CULVERT_SCRATCH/python"
files=("${packet_files[@]}")
# A module that says that the machine was cloned.
if [[ ${CULVERT_KERNEL:-} != *-um* ]]; then
	mkdir -p "$CULVERT_SCRATCH/vmfork"
	cp "$guest_dir/vmfork.c" "$CULVERT_SCRATCH/vmfork/"
	echo 'obj-m := vmfork.o' >"$CULVERT_SCRATCH/vmfork/Makefile"
	make -s -C "$(kernel_headers "${CULVERT_KERNEL:-6.12}")" M="$CULVERT_SCRATCH/vmfork" \
		modules >&2 || die "the module vmfork does not build"
	files+=(--add-module "$CULVERT_SCRATCH/vmfork/vmfork.ko")
fi
limit=2000
long=()
[ -z "${CULVERT_LONG:-}" ] || { long=(--long) limit=5000; }
# With every detector one processor is slower than any flood: nobody gets through.
[[ ${CULVERT_KERNEL:-} != *-um-debug ]] || long+=(--without=handshake_flood)
classes=${CULVERT_CLASSES:-}
alone=()
if [ -z "$classes" ] && [[ ${CULVERT_KERNEL:-} != *-um* ]]; then
	long+=(--without=nonce_reuse_suspend)
	alone=(--cpus 1 --append no_console_suspend)
fi

# packets [OPTION...] -- [CLASS...]: these classes, in a machine with these options
packets()
{
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	scripts/vm --timeout $limit "${driver_args[@]}" "${files[@]}" "${options[@]}" \
		-- python3 /root/packets.py "$@" | tee "$CULVERT_SCRATCH/out"
	sum=$((sum + $(count_checks "$CULVERT_SCRATCH/out")))
}

sum=0
# shellcheck disable=SC2086
packets -- "${long[@]}" $classes
# Emulated, a machine with two processors was gone in the middle of its sleep once, without
# a word: so this one has one, and a console that stays.
[ ${#alone[@]} -eq 0 ] || packets "${alone[@]}" -- nonce_reuse_suspend
echo "$sum checks"
