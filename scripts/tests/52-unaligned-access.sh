#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: bug class unaligned access: packets through code that checks the alignment
# class: full
# limit: 2400

# Machines that mind are slow to emulate. So the compiler has every access checked, on
# Debian's 6.12: CONFIG_UBSAN_ALIGNMENT would check the whole kernel, which relies on
# x86 not to mind, and panic_on_warn would end at the first of its reports.

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools ethtool:ethtool

# Its headers and compiler, too.
scripts/module build >/dev/null
headers=$(kernel_headers 6.12)
compiler=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\([^ ]*\).*/\1/p' "$headers/.config")
shim=$CULVERT_SCRATCH/alignment
mkdir -p "$shim"
cp "$guest_dir/alignment.c" "$shim/"
echo 'obj-m := alignment.o' >"$shim/Makefile"
make -s -C "$headers" M="$shim" modules >&2 || die "the module alignment does not build"
list=$(scripts/module build --tag alignment \
	"CC=$culvert_top/scripts/lib/cc-alignment $compiler" \
	"KBUILD_EXTRA_SYMBOLS=$shim/Module.symvers") || die "the modules do not build"
args=(--module "$shim/alignment.ko")
while read -r ko; do
	args+=(--module "$ko")
	# A build without checks would find nothing.
	grep -q __ubsan_handle_type_mismatch_v1 "$ko" || die "${ko##*/} checks nothing"
done <<<"$list"
packet_files "$CULVERT_SCRATCH/python"
scripts/vm --timeout 1800 "${args[@]}" "${packet_files[@]}" -- python3 /root/packets.py \
	wrong_protocol mtu_0 metadata_lost replay parser parser_inner error_path_requests \
	fair_sharing big_tcp | tee "$CULVERT_SCRATCH/out"
echo "$(count_checks "$CULVERT_SCRATCH/out") checks"
