#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: wireguard-go as the other end, both roles, both protocols, with bad networks
# class: short
# limit: 6600

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/tunnel.sh
. scripts/lib/tunnel.sh
need_pkgs wg:wireguard-tools wireguard-go:wireguard-go

interop_pair "4-psk-1-1420 6-nopsk-2-8920 6-psk-1-1280" go
