#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: every KUnit suite with kunit.py --arch=x86_64, and under ARCH=um with KASAN
# class: full
# limit: 4800

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/kunit-count.sh
. scripts/lib/kunit-count.sh

kunit_run "$CULVERT_SCRATCH/kasan" --kasan
kunit_isas "$CULVERT_SCRATCH/kasan" "$(cpu_flags)"
kunit_count "$CULVERT_SCRATCH/kasan"
kunit_run "$CULVERT_SCRATCH/out" --arch x86_64
# What "-cpu max" of the emulator has
kunit_isas "$CULVERT_SCRATCH/out" "adx bmi2 avx2"
kunit_count "$CULVERT_SCRATCH/out"
