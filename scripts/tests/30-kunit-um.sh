#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: every KUnit suite natively, ARCH=um, v7.3
# class: short
# limit: 3000
# beside: yes

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/kunit-count.sh
. scripts/lib/kunit-count.sh

kunit_run "$CULVERT_SCRATCH/out"
kunit_isas "$CULVERT_SCRATCH/out" "$(cpu_flags)"
kunit_count "$CULVERT_SCRATCH/out"
