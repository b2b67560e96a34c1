#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: bug classes: races, dumps, locks, namespaces, CPU hotplug, allocations that fail
# class: short
# limit: 2400

# On a kernel without fault injection, those that need it are left to 82-debug-*.

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools iperf3:iperf3 ethtool:ethtool gcc:gcc libc6-dev

kernel=${CULVERT_KERNEL:-6.12}
seconds=5
[ -z "${CULVERT_FULL:-}" ] || seconds=30
classes="replace_remove_race lock_order_deadlock dump_against_removal namespace_teardown_hang"
classes+=" circular_references"
# ARCH=um has neither CPUs that come and go nor functions that can be made to fail.
[[ $kernel == *-um* ]] || classes+=" cpu_hotplug"
[[ $kernel != *-debug ]] || classes+=" error_path_random error_path_use_after_free"
[[ $kernel != *-debug || $kernel == *-um* ]] || classes+=" lost_wake_up"
gcc -O1 -Wall -shared -fPIC -o "$CULVERT_SCRATCH/fail-nth.so" "$guest_dir/fail-nth.c" -ldl
driver_args "$kernel"
# shellcheck disable=SC2086
scripts/vm --timeout 2300 --append slab_nomerge "${driver_args[@]}" --file "$CULVERT_SCRATCH/fail-nth.so:/root/fail-nth.so" \
	--file "$guest_dir/lib.sh:/root/lib.sh" --file "$guest_dir/churn.sh:/root/churn.sh" \
	-- bash /root/churn.sh "$seconds" ${CULVERT_CLASSES:-$classes} | tee "$CULVERT_SCRATCH/out"
echo "$(count_checks "$CULVERT_SCRATCH/out") checks"
