// SPDX-License-Identifier: GPL-2.0-only
/* Memory as a guest sees it, and as the host does while a guest has it. */

#include "isolation.h"

#define MARK		0x0123456789abcdefUL
#define SECRET		0x5ec2e75ec2e75ec2UL
#define RET_INSN	0xd65f03c0d65f03c0UL
#define DATA_AT		0x300000UL	/* of the guest's RAM, unused */

static struct test_vm vm, vm2;

bool guest_ram_hidden(void)
{
	u64 v;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("read", ESR_DATA, try_read64(VM_IPA, &v));
	expect("write", ESR_DATA, try_write64(VM_IPA + DATA_AT, 1));
	expect("fetch", ESR_FETCH, try_exec(VM_IPA));
	expect("end", true, vm_end(&vm));
	/* RESET gives nothing back, RECLAIM does. */
	expect("read", ESR_DATA, try_read64(VM_IPA, &v));
	expect("reclaim", 0, rm_reclaim(vm.handle, 0));
	expect("read", 0, try_read64(VM_IPA, &v));
	expect("dealloc", 0, rm_dealloc(vm.vmid));
	return true;
}

bool guest_keeps_content(void)
{
	u64 v = 0;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("store", true, vm_store(&vm, GUEST_BASE + DATA_AT, MARK));
	expect("abort", 0, vm.esr);
	expect("end", true, vm_close(&vm));
	expect("read", 0, try_read64(VM_IPA + DATA_AT, &v));
	expect("content", MARK, v);
	return true;
}

/* The guest loads from there and has to get an external abort. */
static bool no_load(u64 gpa)
{
	u64 v;

	expect("load", true, vm_load(&vm, gpa, &v));
	expect("ESR", ESR_DATA, vm.esr);
	expect("FAR", gpa, vm.far);
	expect("store", true, vm_store(&vm, gpa, 1));
	expect("ESR", ESR_DATA, vm.esr);
	return true;
}

bool guest_not_host_ram(void)
{
	bool good;

	*(u64 *)PARCEL_IPA = SECRET;
	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	good = no_load(PARCEL_IPA) && no_load(0x60000000);
	expect("end", true, vm_close(&vm));
	expect("content", SECRET, *(u64 *)PARCEL_IPA);
	return good;
}

bool guest_not_hyp_memory(void)
{
	bool good;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	good = no_load(0x40200000) && no_load(0x43fffff8);
	expect("end", true, vm_close(&vm));
	return good;
}

bool guest_not_behind_ram(void)
{
	bool good;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	good = no_load(GUEST_BASE + VM_SIZE) && no_load(GUEST_BASE - 8);
	expect("end", true, vm_close(&vm));
	return good;
}

bool guest_not_above_36_bits(void)
{
	bool good;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	good = no_load(BIT(36)) && no_load(BIT(40) - 8);
	expect("end", true, vm_close(&vm));
	return good;
}

bool guest_exec_outside(void)
{
	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("fetch", true, vm_command(&vm, CMD_EXEC, 0x60000000, 0));
	expect("ESR", ESR_FETCH, vm.esr);
	expect("FAR", 0x60000000, vm.far);
	expect("end", true, vm_close(&vm));
	return true;
}

/* A VM of tree "shm" with a parcel there. */
static bool open_shared(u32 *handle, u8 rights)
{
	if (!vm_prepare(&vm, VM_IPA, "shm"))
		return false;
	*handle = rm_lend(PARCEL_IPA, 2 * PAGE_SIZE, vm.vmid, rights, R | W | X, SHM_LABEL, 0);
	return *handle != ~0U && vm_go(&vm);
}

static bool close_shared(u32 handle)
{
	return vm_end(&vm) && !rm_reclaim(handle, 0) && !rm_reclaim(vm.handle, 0) &&
	       !rm_dealloc(vm.vmid);
}

bool guest_shared_coherent(void)
{
	u32 handle;
	u64 i, v;

	expect("start", true, open_shared(&handle, R | W));
	for (i = 0; i < 16; i++) {
		u64 off = i * 0x208;

		expect("host write", 0, try_write64(PARCEL_IPA + off, MARK + i));
		expect("load", true, vm_load(&vm, GUEST_SHM + off, &v));
		expect("guest sees", MARK + i, v);
		expect("store", true, vm_store(&vm, GUEST_SHM + off, ~MARK - i));
		expect("host read", 0, try_read64(PARCEL_IPA + off, &v));
		expect("host sees", ~MARK - i, v);
	}
	expect("in use", 0xb, rm_reclaim(handle, 0));
	expect("end", true, close_shared(handle));
	return true;
}

bool guest_read_only(void)
{
	u32 handle;
	u64 v;

	*(u64 *)PARCEL_IPA = MARK;
	expect("start", true, open_shared(&handle, R));
	expect("load", true, vm_load(&vm, GUEST_SHM, &v));
	expect("guest sees", MARK, v);
	expect("store", true, vm_store(&vm, GUEST_SHM, 1));
	expect("ESR", ESR_DATA, vm.esr);
	expect("FAR", GUEST_SHM, vm.far);
	expect("host sees", MARK, *(u64 *)PARCEL_IPA);
	expect("end", true, close_shared(handle));
	return true;
}

bool guest_no_exec(void)
{
	u32 handle;

	*(u64 *)PARCEL_IPA = RET_INSN;
	expect("start", true, open_shared(&handle, R | W));
	expect("fetch", true, vm_command(&vm, CMD_EXEC, GUEST_SHM, 0));
	expect("ESR", ESR_FETCH, vm.esr);
	expect("end", true, close_shared(handle));
	/* With X the same code runs. */
	expect("start", true, open_shared(&handle, R | W | X));
	expect("fetch", true, vm_command(&vm, CMD_EXEC, GUEST_SHM, 0));
	expect("ESR", 0, vm.esr);
	expect("end", true, close_shared(handle));
	return true;
}

/* Both have RAM at the same guest address. */
bool guests_apart(void)
{
	u64 at = GUEST_BASE + DATA_AT;
	u64 v;

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("start", true, vm_open(&vm2, VM2_IPA, "base"));
	expect("store", true, vm_store(&vm, at, MARK));
	expect("store", true, vm_store(&vm2, at, SECRET));
	expect("load", true, vm_load(&vm, at, &v));
	expect("first", MARK, v);
	expect("load", true, vm_load(&vm2, at, &v));
	expect("second", SECRET, v);
	expect("end", true, vm_close(&vm));
	/* The end of one takes nothing from the other. */
	expect("load", true, vm_load(&vm2, at, &v));
	expect("second", SECRET, v);
	expect("end", true, vm_close(&vm2));
	return true;
}

/* The vCPU's capability is dead: nothing runs on the memory any more. */
bool guest_reset_unmaps(void)
{
	static const u64 none[4];

	expect("start", true, vm_open(&vm, VM_IPA, "base"));
	expect("end", true, vm_end(&vm));
	hyp_vcpu_run(vm.vcpu, none, &vm.last);
	expect("run", 50, vm.last.err);
	expect("reclaim", 0, rm_reclaim(vm.handle, 0));
	expect("dealloc", 0, rm_dealloc(vm.vmid));
	return true;
}

/* ---- the end ---- */

bool nothing_left(void)
{
	static const char * const trees[] = { "base", "msgq", "bells" };
	u64 pool;
	u32 i, t;

	expect("pages", 0, control_read(CONTROL_PAGES_NOT_HOST));
	expect("vmids", 0, control_read(CONTROL_VMIDS));
	expect("parcels", 0, control_read(CONTROL_PARCELS));
	/* The hypervisor's own pages: twenty lives of any kind of guest take none. */
	for (t = 0; t < ARRAY_SIZE(trees); t++) {
		pool = control_read(CONTROL_POOL_PAGES);
		for (i = 0; i < 20; i++) {
			expect("start", true, vm_open(&vm, VM_IPA, trees[t]));
			expect("end", true, vm_close(&vm));
		}
		expect(trees[t], pool, control_read(CONTROL_POOL_PAGES));
	}
	return true;
}
