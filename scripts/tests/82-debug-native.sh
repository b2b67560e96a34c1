#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: a kernel with every detector, natively (ARCH=um): all the vector code, the pace of races
# class: full
# limit: 18000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh

on_kernel v7.3-um-debug 31-kunit-vm 40-netns 45-tools 46-config 48-bug-classes 49-churn \
	50-interop-go 51-interop-intree
