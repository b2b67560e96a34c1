#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the in-tree driver as the other end, on another machine
# class: short
# limit: 6600

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools

interop_pair "4-psk-2-1420 6-nopsk-1-8920 6-psk-2-1280" wireguard --modprobe wireguard
