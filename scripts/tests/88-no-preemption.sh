#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: bug class soft lockup: full queues, loops and floods on a kernel that does not preempt
# class: full
# limit: 3600

# v7.3 has no such kernel for x86 any more; Debian's 6.12 can be told not to preempt.

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools ethtool:ethtool

driver_args 6.12
packet_files "$CULVERT_SCRATCH/python"
# With one CPU, whoever does not let go lets nobody else run.
for cpus in 1 2; do
	scripts/vm --timeout 1700 --cpus $cpus --append preempt=none "${driver_args[@]}" \
		"${packet_files[@]}" -- "
		grep -qw preempt=none /proc/cmdline
		grep -q '^(none)\|(none) ' /sys/kernel/debug/sched/preempt || exit 3
		exec python3 /root/packets.py --long soft_lockup_full_queues soft_lockup \
			handshake_flood" | tee "$CULVERT_SCRATCH/out.$cpus"
done
echo "$(($(count_checks "$CULVERT_SCRATCH/out.1") + $(count_checks "$CULVERT_SCRATCH/out.2"))) checks"
