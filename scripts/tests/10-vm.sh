#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: scripts/vm passes on output and status, and notices what the kernel reports
# class: short
# limit: 500

# shellcheck source-path=SCRIPTDIR source=../lib/common.sh
. scripts/lib/common.sh

n=0
expect()
{
	local want=$1 got=0
	shift
	scripts/vm "$@" >"$CULVERT_SCRATCH/out" 2>"$CULVERT_SCRATCH/err" || got=$?
	if [ "$got" -ne "$want" ]; then
		cat "$CULVERT_SCRATCH/out" "$CULVERT_SCRATCH/err"
		die "scripts/vm ... ${*: -1}: status $got, not $want"
	fi
	n=$((n + 1))
}

expect 7 --out "$CULVERT_SCRATCH" -- 'echo hello; echo back >/out/file; exit 7'
grep -qx hello "$CULVERT_SCRATCH/out"
grep -qx back "$CULVERT_SCRATCH/file"
# A kernel warning with a command that is content.
expect 1 -- 'echo "------------[ cut here ]------------" >/dev/kmsg'
grep -q 'must not be there' "$CULVERT_SCRATCH/err"
# Nobody but the kernel has its last word, and what it says afterwards is nobody's fault.
expect 1 -- 'echo "reboot: Power down" >/dev/kmsg
	echo "------------[ cut here ]------------" >/dev/kmsg
	for i in 1 2 3; do echo more >/dev/kmsg; done'
for log in 'reboot: Power down\nWARNING: CPU: 0:0' 'WARNING: CPU: 0\nreboot: Power down:1'; do
	printf '%b\n' "${log%:*}" >"$CULVERT_SCRATCH/log"
	found=$(python3 -c 'import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("vm", "scripts/vm")
vm = importlib.util.module_from_spec(importlib.util.spec_from_loader("vm", loader))
loader.exec_module(vm)
print(vm.bad_lines(sys.argv[1], None)[0])' "$CULVERT_SCRATCH/log")
	[ "$found" = "${log##*:}" ] || die "of '$log' scripts/vm finds $found lines"
	n=$((n + 1))
done
expect 1 --timeout 100 -- 'echo c >/proc/sysrq-trigger; sleep 50'
grep -q 'sysrq triggered crash' "$CULVERT_SCRATCH/err"
expect 124 --timeout 15 -- sleep 100
expect 2 --kernel /nonexistent -- true
expect 2 --module /nonexistent.ko -- true
expect 2 --timeout 0 -- true
# What it says of KVM is what a machine then runs on.
works=0
scripts/vm --kvm-works || works=$?
expect "$works" -- 'dmesg | grep -q "Hypervisor detected: KVM"'
echo "$((n + 3)) checks"
