// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, both ways.  One guest is started for all tests of this file: at
 * its entry it looks at its registers while the host's hold a pattern.
 */

#include "isolation.h"

#define HOST_SEED	0x1234567UL
#define GUEST_SEED	0x7654321UL

static struct test_vm vm;
static u64 host_before[REGSET_MAX] __aligned(16);
static u64 host_after[REGSET_MAX] __aligned(16);
static u64 host_saved[REGSET_MAX] __aligned(16);
static u64 guest_entry[REGSET_MAX], guest_x[31];
static u64 kept;		/* first register that changed in the guest, or ~0 */
static u64 general[31];
static bool done, good;

/*
 * The pattern stands in the host's registers over all of the guest's first
 * run, and again over the run in which the guest puts its own pattern there.
 */
static bool collect(void)
{
	bool ok;

	if (!vm_prepare(&vm, VM_IPA, "base"))
		return false;
	registers_read(host_saved);
	regset_fill(HOST_SEED, host_before);
	ok = vm_go(&vm);
	/* vm_go() uses some of them. */
	regset_fill(HOST_SEED, host_before);
	run_all_registers(vm.vcpu, CMD_REGS_FILL(GUEST_SEED), general);
	registers_read(host_after);
	registers_write(host_saved);
	gic_poll();

	ok = ok && vm_command(&vm, CMD_REGS_CHECK, 0, 0) && vm.nr_results == 1;
	kept = vm.regs[0];
	ok = ok && vm_command(&vm, CMD_ENTRY_REGS, 0, 0) && vm.nr_results == regset_count();
	memcpy(guest_entry, vm.regs, sizeof(guest_entry));
	ok = ok && vm_command(&vm, CMD_ENTRY_X, 0, 0) && vm.nr_results == ARRAY_SIZE(guest_x);
	memcpy(guest_x, vm.regs, sizeof(guest_x));
	return vm_close(&vm) && ok;
}

static bool collected(void)
{
	if (!done)
		good = collect();
	done = true;
	return good;
}

/* A value of the host's pattern that the guest found at its entry. */
bool regs_host_to_guest(enum reg_group group)
{
	u32 i;

	expect("collected", true, collected());
	for (i = 0; i < regset_count(); i++) {
		if (regset_group(i) != group || !host_before[i])
			continue;
		if (guest_entry[i] == host_before[i]) {
			print("# register %u of the set is the host's\n", i);
			return false;
		}
	}
	return true;
}

bool regs_guest_to_host(enum reg_group group)
{
	u32 i;

	expect("collected", true, collected());
	for (i = 0; i < regset_count(); i++) {
		if (regset_group(i) != group)
			continue;
		if (host_before[i] != host_after[i]) {
			print("# register %u of the set changed\n", i);
			return false;
		}
	}
	return true;
}

bool regs_guest_keeps(enum reg_group group)
{
	expect("collected", true, collected());
	if (kept == ~0UL || regset_group((u32)kept) != group)
		return true;
	print("# register %lu of the set changed in the guest\n", kept);
	return false;
}

/* x0 is the device tree. */
bool general_host_to_guest(void)
{
	u32 i;

	expect("collected", true, collected());
	expect("x0", GUEST_BASE + GUEST_DTB, guest_x[0]);
	for (i = 1; i < ARRAY_SIZE(guest_x); i++)
		expect("x register", 0, guest_x[i]);
	return true;
}

/*
 * Over the run x18 to x30 held GENERAL_MARK plus their number; x5 to x17 may
 * hold anything but an address of the guest, which is where its registers
 * pointed to.
 */
bool general_guest_to_host(void)
{
	u32 i;

	expect("collected", true, collected());
	for (i = 18; i < 31; i++)
		expect("x register", GENERAL_MARK + i, general[i]);
	for (i = 5; i < 18; i++) {
		if (general[i] >= GUEST_BASE && general[i] < GUEST_BASE + VM_SIZE) {
			print("# x%u holds 0x%lx\n", i, general[i]);
			return false;
		}
	}
	return true;
}

#define ESR_EC(esr)	((esr) >> 26)
#define EC_BREAKPOINT	0x31
#define EC_WATCHPOINT	0x35
#define WATCHED		(GUEST_BASE + 0x300000UL)

bool debug_watchpoint(void)
{
	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("command", true, vm_command(&vm, CMD_WATCH, WATCHED, 0));
	expect("exception", EC_WATCHPOINT, ESR_EC(vm.esr));
	expect("address", WATCHED, vm.far);
	expect("load", true, vm_command(&vm, CMD_LOAD, WATCHED, 0));
	expect("exception when it is off", 0, vm.esr);
	expect("end", true, vm_close(&vm));
	return true;
}

bool debug_breakpoint(void)
{
	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("command", true, vm_command(&vm, CMD_BREAK, 0, 0));
	expect("exception", EC_BREAKPOINT, ESR_EC(vm.esr));
	expect("end", true, vm_close(&vm));
	return true;
}
