#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: bug classes: wrong protocol, mtu 0, metadata, ECN, nonces, replay, floods, loops
# class: short
# limit: 1500

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools ethtool:ethtool

scripts/lib/guest-python "$CULVERT_SCRATCH/python" socket struct ctypes subprocess select os \
	time random json contextlib signal base64 _blake2
driver_args "${CULVERT_KERNEL:-6.12}"
limit=1200
[[ ${CULVERT_KERNEL:-} != v7.3-* ]] || limit=3600
long=()
[ -z "${CULVERT_LONG:-}" ] || { long=(--long) limit=5000; }
# shellcheck disable=SC2086
scripts/vm --timeout $limit "${driver_args[@]}" --file "$CULVERT_SCRATCH/python:/" \
	--file "$guest_dir/pair.py:/root/pair.py" --file "$guest_dir/packets.py:/root/packets.py" \
	-- python3 /root/packets.py "${long[@]}" ${CULVERT_CLASSES:-} | tee "$CULVERT_SCRATCH/out"
echo "$(count_checks "$CULVERT_SCRATCH/out") checks"
