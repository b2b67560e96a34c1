#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: patches/ is what the overlay makes, applies, builds patch by patch, is clean
# class: short
# limit: 3600

set -euo pipefail
log=$CULVERT_SCRATCH/log
scripts/series check | tee "$log"
echo "$(grep -c '^ok ' "$log") checks"
