#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: the crypto bench runs, and everybody in it agrees on every result
# class: short
# limit: 400

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

# No figure is judged here: the machine may be busy.
exec scripts/crypto-bench --quick
