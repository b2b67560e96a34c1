#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: wg, wg-quick up/down/save, wg syncconf, systemd-networkd
# class: short
# limit: 700

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools

more=()
networkd=/usr/lib/systemd/systemd-networkd
[ -x $networkd ] || networkd=/lib/systemd/systemd-networkd
if [ -x $networkd ]; then
	more=(--program "$networkd:/usr/lib/systemd/systemd-networkd")
else
	need_pkgs systemd
	more=(--program "$networkd:/usr/lib/systemd/systemd-networkd")
fi
driver_args "${CULVERT_KERNEL:-6.12}"
scripts/vm --timeout 600 "${driver_args[@]}" "${more[@]}" \
	--file "$guest_dir/lib.sh:/root/lib.sh" --file "$guest_dir/tools.sh:/root/tools.sh" \
	-- bash /root/tools.sh "$CULVERT_DRIVER" | tee "$CULVERT_SCRATCH/out"
grep -qx 'systemd-networkd: done' "$CULVERT_SCRATCH/out"
echo "$(count_checks "$CULVERT_SCRATCH/out") checks"
