#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: every KUnit suite on arm64 (NEON), s390 (big-endian) and arm (32 bits)
# class: full
# limit: 14400

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh
# shellcheck source-path=SCRIPTDIR source=../lib/kunit-count.sh
. scripts/lib/kunit-count.sh

if ! (need_pkgs aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu \
	s390x-linux-gnu-gcc:gcc-s390x-linux-gnu \
	arm-linux-gnueabihf-gcc:gcc-arm-linux-gnueabihf \
	qemu-system-aarch64:qemu-system-arm qemu-system-s390x:qemu-system-s390x); then
	# Who asks for everything must not believe to have had it.
	[ -z "${CULVERT_FULL:-}" ] || die "the cross compilers or the emulators cannot be installed"
	echo "the cross compilers or the emulators cannot be installed"
	exit 77
fi

sum=0
for arch in arm64 s390 arm; do
	out=$CULVERT_SCRATCH/$arch
	kunit_run "$out" --arch "$arch"
	passed=$(kunit_count "$out")
	if [ "$arch" = arm64 ]; then
		# A case that was skipped must be told from one that ran.
		neon=$(kunit_passed "$out" neon)
		want=$(($(kunit_passed "$out" generic) + $(kunit_passed "$out" lib)))
		[ "$neon" -ge "$want" ] && [ "$neon" -ge 30 ] ||
			die "arm64: the NEON code passed $neon cases only"
		passed="$passed, $neon of them NEON's"
	fi
	echo "$arch: $passed"
	sum=$((sum + ${passed%% *}))
done
echo "$sum checks"
