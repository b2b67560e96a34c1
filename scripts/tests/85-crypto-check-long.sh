#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the crypto library in user space, fuzzed for long, other compilers and limb sizes
# class: full
# limit: 7200

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

exec scripts/crypto-check --full
