#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: X25519's million turns of RFC 7748; the crypto suites on two CPUs of ARCH=um
# class: full
# limit: 7200

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/kunit-count.sh
. scripts/lib/kunit-count.sh

sum=0
kunit_run "$CULVERT_SCRATCH/million" --suite crypto --set CRYPTO_LIB_BATCH_SLOW_TEST=y \
	crypto_batch_x25519.test_iterated_million
kunit_isas "$CULVERT_SCRATCH/million" "$(cpu_flags)"
n=$(kunit_count "$CULVERT_SCRATCH/million")
sum=$((sum + ${n%% *}))
# No emulator has AVX-512, so here alone do two CPUs run it at once.
kunit_run "$CULVERT_SCRATCH/smp" --suite crypto --set SMP=y 'crypto_batch_*_context' -- \
	--kernel_args=ncpus=2
kunit_isas "$CULVERT_SCRATCH/smp" "$(cpu_flags)"
n=$(kunit_count "$CULVERT_SCRATCH/smp")
sum=$((sum + ${n%% *}))
grep -aq 'Brought up 1 node, 2 CPUs' "$culvert_cache"/build/v7.3-kunit-um-crypto-SMP/test.log ||
	die "ARCH=um did not start two CPUs"
echo "$sum checks"
