// SPDX-License-Identifier: GPL-2.0-only
/* SET_DEMAND_PAGING, SET_ADDRESS_LAYOUT, SET_BOOT_CONTEXT, the resources. */

#include "paging.h"

#define MARK		0x1234567890abcdefUL
#define TELL_AT		0x300000UL	/* of the image: tell_start */
#define MAX_RANGES	512
#define SOME_RANGES	64

static struct paged_vm p;

static const u64 usual[2] = { NAMED_BASE, NAMED_SIZE };

/* READY: neither named ranges nor a layout may be set any more. */
static void expect_too_late(void)
{
	expect("ranges", RM_STATE, set_ranges(p.vm.vmid, 1, usual));
	expect("none", RM_STATE, set_ranges(p.vm.vmid, 0, usual));
	expect("layout", RM_STATE, set_layout(p.vm.vmid, 0, GUEST_BASE, VM_SIZE));
}

/* The driver's question whether there is demand paging. */
static bool probe_in_load(void)
{
	u16 vmid = rm_alloc();

	expect("none", RM_STATE, set_ranges(vmid, 0, usual));
	expect("ranges", RM_STATE, set_ranges(vmid, 1, usual));
	expect("dealloc", 0, rm_dealloc(vmid));
	return true;
}

static bool ranges_states(void)
{
	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("ranges", 0, set_ranges(p.vm.vmid, 1, usual));
	expect("layout", 0, set_layout(p.vm.vmid, 0, GUEST_BASE, VM_SIZE));
	expect("ready", true, paged_ready(&p));
	expect_too_late();
	expect("start", true, vm_go(&p.vm));
	expect_too_late();
	/* And they were not taken. */
	expect("fault", true, faults(&p, CMD_LOAD, GPA, false));
	expect("end", true, paged_end(&p));
	expect_too_late();
	expect("back", 0, lend_back(&p, VM_IPA, VM_SIZE));
	expect("dealloc", 0, rm_dealloc(p.vm.vmid));
	return true;
}

static bool layout_in_load(void)
{
	u16 vmid = rm_alloc();

	expect("layout", RM_STATE, set_layout(vmid, 0, GUEST_BASE, VM_SIZE));
	expect("dealloc", 0, rm_dealloc(vmid));
	return true;
}

static bool ranges_form(void)
{
	u8 msg[24] = { 0 };

	expect("begin", true, paged_begin(&p, VM_IPA));
	msg[0] = (u8)p.vm.vmid;
	expect("too short", RM_MESSAGE, rm_call(ID_PAGING, msg, 7));
	msg[4] = 1;
	expect("no range", RM_MESSAGE, rm_call(ID_PAGING, msg, 8));
	msg[4] = 0;
	expect("one too many", RM_MESSAGE, rm_call(ID_PAGING, msg, 24));
	msg[4] = 1;
	expect("half a range", RM_MESSAGE, rm_call(ID_PAGING, msg, 16));
	expect("layout", RM_MESSAGE, rm_call(ID_LAYOUT, msg, 23));
	expect("context", RM_MESSAGE, rm_call(ID_BOOT_CONTEXT, msg, 15));
	expect("vmid", RM_VMID, set_ranges(0xbd, 0, usual));
	expect("vmid", RM_VMID, set_layout(0xbd, 0, GUEST_BASE, VM_SIZE));
	expect("vmid", RM_VMID, set_boot(0xbd, 0, 0, 0));
	expect("ready", true, paged_ready(&p));
	expect("drop", true, paged_drop(&p));
	return true;
}

static bool ranges_nonsense(void)
{
	static const u64 bad[][4] = {
		{ GUEST_BASE + 1, PAGE_SIZE, GPA, PAGE_SIZE },
		{ GUEST_BASE, PAGE_SIZE - 1, GPA, PAGE_SIZE },
		{ GUEST_BASE, 0, GPA, PAGE_SIZE },
		{ -PAGE_SIZE, 2 * PAGE_SIZE, GPA, PAGE_SIZE },
		{ BIT(36) - PAGE_SIZE, 2 * PAGE_SIZE, GPA, PAGE_SIZE },
		{ BIT(36), PAGE_SIZE, GPA, PAGE_SIZE },
		{ GPA, 2 * PAGE_SIZE, GPA + PAGE_SIZE, PAGE_SIZE },
		{ GPA, PAGE_SIZE, GPA, PAGE_SIZE },
	};
	u32 i;

	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("good", 0, set_ranges(p.vm.vmid, 1, usual));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect("bad", RM_ARGUMENT, set_ranges(p.vm.vmid, 2, bad[i]));
	expect("ready", true, paged_ready(&p));
	expect("start", true, vm_go(&p.vm));
	/* The good one still holds. */
	expect("fault", true, faults(&p, CMD_LOAD, GPA, false));
	expect("end", true, paged_close(&p));
	return true;
}

static bool ranges_many(void)
{
	static u64 many[2 * (MAX_RANGES + 1)];
	u32 i;

	for (i = 0; i <= MAX_RANGES; i++) {
		many[2 * i] = GPA_FAR + 2 * i * PAGE_SIZE;
		many[2 * i + 1] = PAGE_SIZE;
	}
	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("too many", 2, set_ranges(p.vm.vmid, MAX_RANGES + 1, many));
	expect("many", 0, set_ranges(p.vm.vmid, MAX_RANGES, many));
	/* The guest's tree names them all, and has no room for so many here. */
	expect("some", 0, set_ranges(p.vm.vmid, SOME_RANGES, many));
	expect("ready", true, paged_ready(&p));
	expect("start", true, vm_go(&p.vm));
	expect("last", true, faults(&p, CMD_LOAD, many[2 * SOME_RANGES - 2] + 8, false));
	expect("on", true, answered(&p, 0, FAULT));
	expect("behind", false, vm_command(&p.vm, CMD_LOAD, many[2 * SOME_RANGES], 0));
	expect("state", STATE_READ, p.vm.last.state);
	expect("end", true, paged_close(&p));
	return true;
}

static bool ranges_replaced(void)
{
	static const u64 first[2] = { GPA, PAGE_SIZE };
	static const u64 second[2] = { GPA + PAGE_SIZE, PAGE_SIZE };

	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("first", 0, set_ranges(p.vm.vmid, 1, first));
	expect("second", 0, set_ranges(p.vm.vmid, 1, second));
	expect("ready", true, paged_ready(&p));
	expect("start", true, vm_go(&p.vm));
	expect("second", true, faults(&p, CMD_LOAD, GPA + PAGE_SIZE, false));
	expect("fault", true, answered(&p, 0, FAULT));
	/* The first is VMMIO, as all else. */
	expect("first", false, vm_command(&p.vm, CMD_LOAD, GPA, 0));
	expect("state", STATE_READ, p.vm.last.state);
	expect("end", true, paged_close(&p));
	return true;
}

static bool ranges_none(void)
{
	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("usual", 0, set_ranges(p.vm.vmid, 1, usual));
	expect("none", 0, set_ranges(p.vm.vmid, 0, usual));
	expect("ready", true, paged_ready(&p));
	expect("start", true, vm_go(&p.vm));
	expect("load", false, vm_command(&p.vm, CMD_LOAD, GPA, 0));
	expect("state", STATE_READ, p.vm.last.state);
	expect("end", true, paged_close(&p));
	return true;
}

static bool layout_nonsense(void)
{
	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("id", RM_ARGUMENT, set_layout(p.vm.vmid, 2, GUEST_BASE, VM_SIZE));
	expect("firmware", 0, set_layout(p.vm.vmid, 1, GPA_FAR, VM_SIZE));
	expect("base", RM_ARGUMENT, set_layout(p.vm.vmid, 0, GUEST_BASE + 8, VM_SIZE));
	expect("size", RM_ARGUMENT, set_layout(p.vm.vmid, 0, GUEST_BASE, VM_SIZE + 8));
	expect("empty", RM_ARGUMENT, set_layout(p.vm.vmid, 0, GUEST_BASE, 0));
	expect("wrap", RM_ARGUMENT, set_layout(p.vm.vmid, 0, -PAGE_SIZE, VM_SIZE));
	expect("high", RM_ARGUMENT, set_layout(p.vm.vmid, 0, BIT(36) - PAGE_SIZE, VM_SIZE));
	/* None of these moved the image. */
	expect("ready", true, paged_ready(&p));
	expect("start", true, vm_go(&p.vm));
	expect("end", true, paged_close(&p));
	return true;
}

/* What tell_start tells, word by word. */
static bool told(u32 n, u64 *v)
{
	static const u64 none[4];
	u64 end = now_ms() + WAIT_MS;

	while (now_ms() < end) {
		hyp_vcpu_run(p.vm.vcpu, none, &p.vm.last);
		gic_poll();
		if (p.vm.last.err)
			return false;
		if (p.vm.last.state == STATE_READY || p.vm.last.state == STATE_BLOCKED)
			continue;
		*v = p.vm.last.data[2];
		return p.vm.last.state == STATE_WRITE &&
		       p.vm.last.data[0] == 0x09000000UL + 8 * n;
	}
	return false;
}

static void expect_told(u64 pc, u64 x0, u64 x30, u64 sp0, u64 sp1)
{
	const u64 want[] = { pc, x0, x30, sp0, sp1 };
	u64 v = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		expect("word", true, told(i, &v));
		expect("value", want[i], v);
	}
}

/* The image has other code than the guest's; it is in the parcel before it is lent. */
static bool begin_with_tell(u64 at)
{
	static u8 code[PAGE_SIZE];
	u64 len = (u64)(tell_end - tell_start);
	bool ok = paged_begin(&p, VM_IPA);

	/* The parcel comes back once: the code can't be written into a lent one. */
	ok = ok && paged_ready(&p) && paged_drop(&p);
	memcpy(code, tell_start, len);
	memset(&p, 0, sizeof(p));
	p.vm.ipa = VM_IPA;
	memcpy((void *)(VM_IPA + at), code, len);
	p.vm.vmid = rm_alloc();
	p.vm.handle = rm_lend(VM_IPA, VM_SIZE, p.vm.vmid, R | W | X, 0, 0, 0);
	return ok && p.vm.vmid && p.vm.handle != ~0U && !vm_configure(&p.vm);
}

static bool layout_moves_image(void)
{
	expect("begin", true, begin_with_tell(0));
	expect("layout", 0, set_layout(p.vm.vmid, 0, 0xc0000000, VM_SIZE));
	expect("ready", true, paged_ready(&p));
	expect("start", 0, vm_start(&p.vm));
	expect_told(0xc0000000, 0xc0000000 + GUEST_DTB, 0, 0, 0);
	expect("end", true, paged_close(&p));
	return true;
}

static bool layout_too_small(void)
{
	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("layout", 0, set_layout(p.vm.vmid, 0, GUEST_BASE, VM_SIZE - PAGE_SIZE));
	expect("ready", true, paged_ready(&p));
	expect("start", RM_MAP_FAILED, vm_start(&p.vm));
	expect("drop", true, paged_drop(&p));
	return true;
}

static bool boot_states(void)
{
	u16 vmid = rm_alloc();

	expect("LOAD", RM_STATE, set_boot(vmid, 0, 0, 0));
	expect("dealloc", 0, rm_dealloc(vmid));
	expect("start", true, paged_open(&p, VM_IPA));
	expect("RUNNING", RM_STATE, set_boot(p.vm.vmid, 0, 0, 0));
	expect("end", true, paged_end(&p));
	expect("RESET", RM_STATE, set_boot(p.vm.vmid, 0, 0, 0));
	expect("back", 0, lend_back(&p, VM_IPA, VM_SIZE));
	expect("dealloc", 0, rm_dealloc(p.vm.vmid));
	return true;
}

static bool boot_nonsense(void)
{
	expect("begin", true, paged_begin(&p, VM_IPA));
	expect("x31", RM_ARGUMENT, set_boot(p.vm.vmid, 0, 31, 1));
	expect("pc 1", RM_ARGUMENT, set_boot(p.vm.vmid, 1, 1, 1));
	expect("sp 2", RM_ARGUMENT, set_boot(p.vm.vmid, 2, 2, 1));
	expect("set 3", RM_ARGUMENT, set_boot(p.vm.vmid, 3, 0, 1));
	expect("ready", true, paged_ready(&p));
	/* The guest finds its entry and its device tree. */
	expect("start", true, vm_go(&p.vm));
	expect("command", true, vm_command(&p.vm, CMD_ENTRY_X, 0, 0));
	expect("x0", GUEST_BASE + GUEST_DTB, p.vm.regs[0]);
	expect("x1", 0, p.vm.regs[1]);
	expect("end", true, paged_close(&p));
	return true;
}

/* All of X, half in INIT and half in READY; those set twice have the last value. */
static bool boot_general(void)
{
	u32 i;

	expect("begin", true, paged_begin(&p, VM_IPA));
	for (i = 0; i < 31; i++)
		expect("INIT", 0, set_boot(p.vm.vmid, 0, i, i));
	expect("ready", true, paged_ready(&p));
	for (i = 0; i < 31; i += 2)
		expect("READY", 0, set_boot(p.vm.vmid, 0, i, MARK + i));
	expect("start", true, vm_go(&p.vm));
	expect("command", true, vm_command(&p.vm, CMD_ENTRY_X, 0, 0));
	expect("registers", 31, p.vm.nr_results);
	for (i = 0; i < 31; i++)
		expect("x", i % 2 ? i : MARK + i, p.vm.regs[i]);
	expect("end", true, paged_close(&p));
	return true;
}

static bool boot_pc_and_sp(void)
{
	expect("begin", true, begin_with_tell(TELL_AT));
	expect("ready", true, paged_ready(&p));
	expect("pc", 0, set_boot(p.vm.vmid, 1, 0, GUEST_BASE + TELL_AT));
	expect("x0", 0, set_boot(p.vm.vmid, 0, 0, 0));
	expect("x30", 0, set_boot(p.vm.vmid, 0, 30, ~MARK));
	expect("sp_el0", 0, set_boot(p.vm.vmid, 2, 0, MARK & ~0xfUL));
	expect("sp_el1", 0, set_boot(p.vm.vmid, 2, 1, ~0xfUL));
	expect("start", 0, vm_start(&p.vm));
	expect_told(GUEST_BASE + TELL_AT, 0, ~MARK, MARK & ~0xfUL, ~0xfUL);
	expect("end", true, paged_close(&p));
	return true;
}

/* One address space and four extents, behind all else; no two are the same. */
static bool resources(void)
{
	u64 cap[EXTENTS + 1];
	const u8 *entry;
	u32 i, j, n;

	expect("ready", true, paged_prepare(&p, VM_IPA));
	expect("call", 0, vm_call(ID_VM_RESOURCES, p.vm.vmid));
	memcpy(&n, rm_reply(), 4);
	/* A vCPU and a doorbell. */
	expect("entries", 2 + ARRAY_SIZE(cap), n);
	expect("length", 4 + 44 * n, rm_reply_len());
	entry = rm_reply() + 4 + 2 * 44;
	for (i = 0; i < ARRAY_SIZE(cap); i++, entry += 44) {
		u32 label, want = i ? i - 1 : 0;

		memcpy(&label, entry + 8, 4);
		memcpy(&cap[i], entry + 12, 8);
		expect("type", i ? 9 : 10, entry[0]);
		expect("label", want, label);
		for (j = 0; j < i; j++)
			expect("another", false, cap[i] == cap[j]);
	}
	expect("drop", true, paged_drop(&p));
	return true;
}

static const struct test tests[] = {
	{ "SET_DEMAND_PAGING in LOAD: the error of a wrong state", probe_in_load },
	{ "SET_ADDRESS_LAYOUT in LOAD: the error of a wrong state", layout_in_load },
	{ "both are too late in READY, RUNNING and RESET", ranges_states },
	{ "requests of a wrong length or vmid", ranges_form },
	{ "SET_DEMAND_PAGING: ranges that make no sense", ranges_nonsense },
	{ "SET_DEMAND_PAGING: 512 ranges, not more", ranges_many },
	{ "SET_DEMAND_PAGING replaces what was named before", ranges_replaced },
	{ "SET_DEMAND_PAGING without a range names none", ranges_none },
	{ "SET_ADDRESS_LAYOUT: places that make no sense", layout_nonsense },
	{ "SET_ADDRESS_LAYOUT moves the image, its entry and its tree", layout_moves_image },
	{ "SET_ADDRESS_LAYOUT: START fails when the image does not fit", layout_too_small },
	{ "SET_BOOT_CONTEXT in LOAD, RUNNING and RESET is refused", boot_states },
	{ "SET_BOOT_CONTEXT: registers that there are not", boot_nonsense },
	{ "SET_BOOT_CONTEXT: X0 to X30, in INIT and READY, the last counts", boot_general },
	{ "SET_BOOT_CONTEXT: PC, X0 of 0 and both SPs", boot_pc_and_sp },
	{ "resources: one address space, four extents", resources },
};

void run_requests(void)
{
	run_all(tests, ARRAY_SIZE(tests));
}
