#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: a kernel with every detector, natively (ARCH=um): all the vector code, the pace of races
# class: full
# limit: 18000

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh

# Other machines are left to 82-debug-emulated: lockdep complains about the network card
# that ARCH=um has, and is of no more use then.
on_kernel v7.3-um-debug 31-kunit-vm 40-netns 45-tools 46-config 48-bug-classes 49-churn
