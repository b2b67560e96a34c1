#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: many peers, dumps during changes, ports, keys, namespaces, unloading
# class: short
# limit: 600

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools ss:iproute2 ncat:ncat

driver_args "${CULVERT_KERNEL:-6.12}"
scripts/vm --timeout 550 "${driver_args[@]}" \
	--file "$guest_dir/lib.sh:/root/lib.sh" --file "$guest_dir/config.sh:/root/config.sh" \
	-- bash /root/config.sh "${CULVERT_PEERS:-20000}" 12 | tee "$CULVERT_SCRATCH/out"
echo "$(count_checks "$CULVERT_SCRATCH/out") checks"
