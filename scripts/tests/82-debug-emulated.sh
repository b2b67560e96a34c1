#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: a kernel with every detector, emulated: interrupts, FPU rules, CPU hotplug, spilled trains
# class: full
# limit: 18000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh

# Slow as it is, fewer peers have to do for the configuration.
export CULVERT_PEERS=1000
on_kernel v7.3-debug 31-kunit-vm 45-tools 46-config 48-bug-classes 49-churn 50-interop-go \
	51-interop-intree
