#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: bug class data races: traffic, new keys, roaming and dumps under KCSAN
# class: full
# limit: 9000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools iperf3:iperf3 ethtool:ethtool

scripts/kernel build v7.3 --config kcsan >/dev/null
driver_args v7.3-kcsan
scripts/vm --timeout 1200 --mem 2048 --append slab_nomerge "${driver_args[@]}" \
	--file "$guest_dir/lib.sh:/root/lib.sh" --file "$guest_dir/churn.sh:/root/churn.sh" \
	-- bash /root/churn.sh "${CULVERT_SECONDS:-600}" data_races | tee "$CULVERT_SCRATCH/out"
echo "$(count_checks "$CULVERT_SCRATCH/out") checks"
