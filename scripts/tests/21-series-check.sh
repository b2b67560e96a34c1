#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: patches/ is what the overlay makes, applies, builds patch by patch, is clean
# class: short
# limit: 3600
# beside: yes

set -euo pipefail
log=$CULVERT_SCRATCH/log
# Each patch is built by itself on the primary tree; on the others with --full.
scripts/series check v7.3 | tee "$log"
if [ -n "${CULVERT_FULL:-}" ]; then
	scripts/series check v6.12 | tee -a "$log"
else
	scripts/series check --fast v6.12 | tee -a "$log"
fi
echo "$(grep -c '^ok ' "$log") checks"
