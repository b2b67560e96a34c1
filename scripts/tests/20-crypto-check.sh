#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the crypto library in user space: against OpenSSL and libsodium, fuzzed, constant time, sizes
# class: short
# limit: 1800
# beside: yes

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

exec scripts/crypto-check
