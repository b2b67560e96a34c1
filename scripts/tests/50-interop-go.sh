#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: wireguard-go as the other end, both roles, both protocols, with bad networks
# class: short
# limit: 4000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools wireguard-go:wireguard-go

interop_files
cases="4-psk-1-1420 4-nopsk-2-8920 6-nopsk-1-1280 6-psk-2-1420"
limit=800
if [ -n "${CULVERT_FULL:-}" ]; then
	cases=$(for o in 4 6; do for p in psk nopsk; do for f in 1 2; do
		for m in 1280 1420 8920; do echo "$o-$p-$f-$m"; done; done; done; done)
	cases="$(tr '\n' ' ' <<<"$cases") rekey"
	limit=3600
fi
driver_args "${CULVERT_KERNEL:-6.12}"
two_vms --timeout "$limit" "${driver_args[@]}" "${interop_files[@]}" \
		-- bash /root/interop.sh 1 "$CULVERT_DRIVER" "$cases" ++ \
	--timeout "$limit" "${interop_files[@]}" -- bash /root/interop.sh 2 go "$cases"
grep ": done" "$pair_out_a"
echo "$(($(count_checks "$pair_out_a") + $(count_checks "$pair_out_b"))) checks"
