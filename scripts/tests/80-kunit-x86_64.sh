#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: every KUnit suite with kunit.py --arch=x86_64, and under ARCH=um with KASAN
# class: full
# limit: 4800

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/kunit-count.sh
. scripts/lib/kunit-count.sh

scripts/kunit --summary --kasan | tee "$CULVERT_SCRATCH/kasan"
kunit_count "$CULVERT_SCRATCH/kasan"
scripts/kunit --summary --arch x86_64 | tee "$CULVERT_SCRATCH/out"
kunit_count "$CULVERT_SCRATCH/out"
