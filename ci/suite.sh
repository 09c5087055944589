# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Helpers of the suites that boot QEMU. Sourced by them.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Programs of the suites "faults" and "sweeps"; "selftests" has all others.
# shellcheck disable=SC2034
FAULT_TESTS=control,rpc_fault,rpc_refused,rpc_reset,rpc_notify,rpc_dead,vcpu_fault,vm_race,observe,user_mem_lost,free_memory,mem_trace
# shellcheck disable=SC2034
SWEEP_TESTS=fail_sweep,fail_alloc,fail_bind
# The same of the demand-paged flow: the suite "sweeps-paged".
# shellcheck disable=SC2034
PAGED_SWEEP_TESTS=fail_paged
# What needs the debug kernel: in the suites "selftests" and "paged", and in "faults".
# shellcheck disable=SC2034
DEBUG_TESTS=memory_failure,host_sleep
# shellcheck disable=SC2034
DEBUG_FAULT_TESTS=host_sleep_lost
# Those of the suite "paged", and what it has of the others.
# shellcheck disable=SC2034
PAGED_TESTS=paged_start,paged_reclaim,paged_fault,paged_auth,user_mem_lost,free_memory,mem_trace
# shellcheck disable=SC2034
BOTH_FLOWS=call_state,guest_mem,map_mem,vcpu_fd,vcpu_run,vcpu_stop,vcpu_smp,ioeventfd,irqfd,user_mem,user_mem_life,memory_host,lifetime,monitor_test_vmm,monitor_crosvm,monitor_qemu,monitor_sample
# What means the same in both flows, too, but not only by the size of pages: races, ends
# and threads. The suite "paged" has them besides.
# shellcheck disable=SC2034
BOTH_RACES=vm_reset,vm_race,vcpu_host,vcpu_work,event_race,fuzz

# A CPU that signs no return addresses, which takes a fifth of the emulator's time.
# The suites without this have one that does.
# shellcheck disable=SC2034
FAST_CPU=--cpu=max,pauth=off

# For boots in which allocations of the driver fail: its modules are told from the kernel by
# one range of addresses, and with KASLR there are, now and then, some on each side of it.
# shellcheck disable=SC2034
NO_KASLR=--append=nokaslr

# boot NAME OPTION...: boot quietly; how it went is kept for results. On the
# debug kernel the boot's name is debug-NAME.
boot()
{
	local name=${DEBUG:+debug-}$1
	shift
	BOOT_STATUS=0
	BOOT_WHY=
	"$CI/boot.sh" --name "$name" --quiet "$@" 2> "$LOGS/$name.err" ||
		BOOT_STATUS=$?
	cat "$LOGS/$name.err" >&2
	BOOT_WHY=$(grep '^error: ' "$LOGS/$name.err" | tail -n 1) || true
	BOOT_LOG=$(sed -n 's/^== booting QEMU .*, log: //p' "$LOGS/$name.err")
}

# results NAME: print what the programs of the last boot said, and the boot
# itself as a case.
results()
{
	local text n

	text=$(python3 "$CI/ktap.py" "$BOOT_LOG")
	n=$(printf '%s\n' "$text" | sed -n 's/^1\.\.//p')
	n=$((n + 1))
	printf '%s\n' "$text" | grep -v '^1\.\.'
	if [ "$BOOT_STATUS" -eq 0 ]; then
		echo "ok $n boot-$1"
	else
		echo "# $BOOT_WHY"
		echo "not ok $n boot-$1"
	fi
	echo "1..$n"
}
