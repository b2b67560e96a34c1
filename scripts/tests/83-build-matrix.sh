#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: built in, modules, no IPv6, no SMP, PREEMPT_RT, 32 bits, big-endian, clang
# class: full
# limit: 7200

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

# Everything of ours in each kernel below, with W=1 and all KUnit suites. Each is
# allnoconfig and what it says here, so that what others would switch on is off.
# The modules are linked against a whole kernel by the virtual machine's build.
#
# tree|name|ARCH|compiler|=y or =m|options
matrix=(
	'v7.3|builtin|x86_64|gcc|y|64BIT=y SMP=y IPV6=y'
	'v7.3|modules|x86_64|gcc|m|64BIT=y SMP=y IPV6=y'
	'v7.3|no-ipv6|x86_64|gcc|m|64BIT=y SMP=y IPV6=n PROC_FS=y SYSFS=y PM=y SUSPEND=y'
	'v7.3|no-smp|x86_64|gcc|y|64BIT=y SMP=n IPV6=y'
	'v7.3|preempt-rt|x86_64|gcc|m|64BIT=y SMP=y IPV6=y EXPERT=y PREEMPT_RT=y'
	'v7.3|clang|x86_64|clang|y|64BIT=y SMP=y IPV6=y'
	'v7.3|clang-modules|x86_64|clang|m|64BIT=y SMP=n IPV6=n'
	'v7.3|arm64|arm64|aarch64-linux-gnu-|y|SMP=y IPV6=y KERNEL_MODE_NEON=y'
	'v7.3|arm64-clang|arm64|clang|m|SMP=y IPV6=y KERNEL_MODE_NEON=y'
	'v7.3|arm|arm|arm-linux-gnueabihf-|m|MMU=y ARCH_MULTI_V7=y ARCH_VIRT=y SMP=y IPV6=y'
	'v7.3|ppc32|powerpc|powerpc-linux-gnu-|m|PPC64=n CPU_BIG_ENDIAN=y SMP=n IPV6=y'
	'v7.3|s390|s390|s390x-linux-gnu-|y|CPU_BIG_ENDIAN=y IPV6=y'
	'v7.3|i386|i386|gcc|y|64BIT=n SMP=n IPV6=n PRINTK=y BINFMT_ELF=y'
	'v6.12|arm64|arm64|aarch64-linux-gnu-|m|SMP=y IPV6=y KERNEL_MODE_NEON=y'
	'v6.12|arm|arm|arm-linux-gnueabihf-|m|MMU=y ARCH_MULTI_V7=y ARCH_VIRT=y SMP=n IPV6=n'
	'v6.12|s390|s390|s390x-linux-gnu-|y|CPU_BIG_ENDIAN=y IPV6=y'
	'v6.12|clang|x86_64|clang|m|64BIT=y SMP=y IPV6=n'
)
# Linked whole, for what neither objects nor the other checks would show.
linked=v7.3-i386

clang=19
if ! (need_pkgs make gcc bc bison flex python3 libelf-dev libssl-dev \
	aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu \
	arm-linux-gnueabihf-gcc:gcc-arm-linux-gnueabihf \
	powerpc-linux-gnu-gcc:gcc-powerpc-linux-gnu \
	s390x-linux-gnu-gcc:gcc-s390x-linux-gnu \
	clang-$clang:clang-$clang ld.lld-$clang:lld-$clang llvm-nm-$clang:llvm-$clang); then
	# Who asks for everything must not believe to have had it.
	[ -z "${CULVERT_FULL:-}" ] ||
		die "the cross compilers or clang $clang cannot be installed"
	echo "the cross compilers or clang $clang cannot be installed"
	exit 77
fi

need_space "$culvert_cache" 4000 "a build folder for each kernel"
ours='lib/crypto/batch/|drivers/net/culvert/|crypto/chacha20poly1305_batch'
# What gcc calls for 64-bit arithmetic and the kernel has on purpose not.
helpers='^(__(u?div|u?mod|u?divmod)[dt]i[34]|__aeabi_u?ldivmod|__multi3|__float.*|__fix.*)$'
n=0

fragment()
{
	local how=$1 option
	shift

	# Of any architecture and compiler, no frame is larger than this.
	for option in FRAME_WARN=1024 \
		      MODULES=y NET=y INET=y NETDEVICES=y NET_CORE=y CRYPTO=y KUNIT="$how" \
		      CRYPTO_CHACHA20POLY1305_BATCH="$how" CULVERT="$how" \
		      CRYPTO_LIB_BATCH_KUNIT_TEST="$how" CULVERT_KUNIT_TEST="$how" "$@"; do
		echo "CONFIG_$option"
	done
}

# The options that did not come out as they were asked for.
not_so()
{
	local want=$1 config=$2 line

	while read -r line; do
		if [[ $line == *=n ]]; then
			! grep -q "^${line%n}" "$config" || echo "$line"
		else
			grep -qx "$line" "$config" || echo "$line"
		fi
	done <"$want"
}

# Sources that no object was made of, but for those of other architectures.
not_built()
{
	local src=$1 obj=$2 arch=$3 path

	(cd "$src" && find lib/crypto/batch drivers/net/culvert -name '*.c'
	 echo crypto/chacha20poly1305_batch.c) | while read -r path; do
		case $arch:$path in
		x86_64:*neon*) continue ;;
		x86_64:*) ;;
		arm64:*neon*) ;;
		*neon* | *_avx* | *_adx*) continue ;;
		esac
		[ -f "$obj/${path%.c}.o" ] || echo "$path"
	done
}

one()
{
	local name=$1-$2 arch=$3 cc=$4 how=$5 src obj log start=$SECONDS
	local -a make options
	read -r -a options <<<"$6"

	src=$culvert_cache/work/$1
	obj=$culvert_cache/build/matrix-$name
	log=$CULVERT_SCRATCH/$name
	mkdir -p "$obj"
	make=(make -s -C "$src" O="$obj" ARCH="$arch" -j"$(nproc)" W=1)
	case $cc in
	gcc) ;;
	clang) make+=(LLVM="-$clang") ;;
	*) make+=(CROSS_COMPILE="$cc") ;;
	esac
	fragment "$how" "${options[@]}" >"$log.want"
	"${make[@]}" KCONFIG_ALLCONFIG="$log.want" allnoconfig >"$log" 2>&1 ||
		die "$name: allnoconfig failed: $(tail -n 3 "$log")"
	not_so "$log.want" "$obj/.config" >"$log.not"
	[ ! -s "$log.not" ] ||
		die "$name: the configuration came out without $(paste -s -d ' ' "$log.not")"

	"${make[@]}" prepare >"$log" 2>&1 || {
		tail -n 20 "$log"
		die "$name: the tree itself does not build"
	}
	"${make[@]}" lib/crypto/batch/ drivers/net/culvert/ crypto/chacha20poly1305_batch.o \
		>"$log" 2>&1 || {
		grep -E -A 5 'error|\*\*\*' "$log" | head -n 40
		die "$name: does not build"
	}
	# An object that was made before keeps its warning, or it would be gone.
	if grep -E "($ours).*warning" "$log"; then
		find "$obj/lib/crypto/batch" "$obj/drivers/net/culvert" -name '*.o' -delete
		rm -f "$obj/crypto/chacha20poly1305_batch.o"
		die "$name: compiles with warnings"
	fi
	not_built "$src" "$obj" "$arch" >"$log.not"
	[ ! -s "$log.not" ] || die "$name: nothing compiles $(paste -s -d ' ' "$log.not")"
	if find "$obj/lib/crypto/batch" "$obj/drivers/net/culvert" \
		"$obj/crypto/chacha20poly1305_batch.o" -name '*.o' -print0 |
	   xargs -0 "llvm-nm-$clang" -u 2>/dev/null | awk 'NF == 2 { print $2 }' |
	   sort -u | grep -E "$helpers" >"$log.not"; then
		die "$name: needs the compiler's $(paste -s -d ' ' "$log.not")"
	fi
	if [ "$name" = "$linked" ] && ! "${make[@]}" vmlinux >"$log" 2>&1; then
		grep -E 'undefined|error|\*\*\*' "$log" | head -n 20
		die "$name: the kernel does not link"
	fi
	n=$((n + 1))
	printf 'ok %-18s %-7s %-21s =%s %s (%d s)\n' "$name" "$arch" "$cc" "$how" "$6" \
		$((SECONDS - start))
}

for tree in v7.3 v6.12; do
	scripts/tree lay "$tree" >/dev/null
done
for row in "${matrix[@]}"; do
	IFS='|' read -r tree name arch cc how options <<<"$row"
	# By hand: MATRIX=v7.3-i386, or 'v7.3-*'
	# shellcheck disable=SC2053
	[[ $tree-$name == ${MATRIX:-*} ]] || continue
	one "$tree" "$name" "$arch" "$cc" "$how" "$options"
done
[ -n "${MATRIX:-}" ] || [ "$n" -eq ${#matrix[@]} ] || die "$n kernels of ${#matrix[@]}"
echo "$n checks"
