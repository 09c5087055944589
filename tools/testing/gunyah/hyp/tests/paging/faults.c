// SPDX-License-Identifier: GPL-2.0-only
/* What vcpu_run says of accesses to nothing, and what the host can answer. */

#include "paging.h"

#define MARK		0xfa017ed123456789UL

#define CMD_SPECIAL(nr)	CMD(7, 0, nr)
#define CMD_LOAD_OF(n)	CMD(1, n, 0)
#define LDP		0
#define STR_Q		8

static struct paged_vm p;

/* Gives a page to the guest there. */
static void provide(u64 gpa, u64 pa, u64 rights)
{
	expect("lend", 0, lend(&p, pa, PAGE_SIZE));
	expect("map", 0, map_lent(&p, gpa, rights, pa, PAGE_SIZE));
}

static void take(u64 gpa, u64 pa)
{
	expect("unmap", 0, unmap_lent(&p, gpa, pa, PAGE_SIZE));
	expect("back", 0, lend_back(&p, pa, PAGE_SIZE));
}

static bool read_fault(void)
{
	*(u64 *)(PAGE_IPA + 0x128) = MARK;
	expect("start", true, paged_open(&p, VM_IPA));
	expect("fault", true, faults(&p, CMD_LOAD, GPA + 0x128, false));
	expect("rest", 0, p.vm.last.data[2]);
	provide(GPA, PAGE_IPA, R | W);
	expect("on", true, answered(&p, 0, RETRY));
	expect("abort", 0, p.vm.esr);
	expect("guest sees", MARK, p.vm.regs[0]);
	take(GPA, PAGE_IPA);
	expect("end", true, paged_close(&p));
	return true;
}

static bool write_fault(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("fault", true, faults(&p, CMD_STORE, GPA + 0x128, true));
	provide(GPA, PAGE_IPA, R | W);
	expect("on", true, answered(&p, 0, RETRY));
	expect("abort", 0, p.vm.esr);
	take(GPA, PAGE_IPA);
	expect("host sees", 0x5709e, peek(PAGE_IPA + 0x128));
	expect("end", true, paged_close(&p));
	return true;
}

static bool fetch_fault(void)
{
	*(u64 *)PAGE_IPA = 0xd65f03c0d65f03c0UL;
	expect("start", true, paged_open(&p, VM_IPA));
	expect("fault", true, faults(&p, CMD_EXEC, GPA, false));
	provide(GPA, PAGE_IPA, R | X);
	expect("on", true, answered(&p, 0, RETRY));
	expect("abort", 0, p.vm.esr);
	take(GPA, PAGE_IPA);
	/* Refused, it is an abort of the fetch. */
	expect("fault", true, faults(&p, CMD_EXEC, GPA, false));
	expect("on", true, answered(&p, 0, FAULT));
	expect("ESR", ESR_FETCH, p.vm.esr);
	expect("FAR", GPA, p.vm.far);
	expect("end", true, paged_close(&p));
	return true;
}

/* Instructions that VMMIO does not take. */
static bool other_instructions(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("ldp", true, faults(&p, CMD_SPECIAL(LDP), GPA, false));
	provide(GPA, PAGE_IPA, R | W);
	expect("on", true, answered(&p, 0, RETRY));
	expect("abort", 0, p.vm.esr);
	take(GPA, PAGE_IPA);
	expect("str q", true, faults(&p, CMD_SPECIAL(STR_Q), GPA, true));
	expect("on", true, answered(&p, 0, FAULT));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("FAR", GPA, p.vm.far);
	/* Elsewhere there is nobody to ask. */
	expect("outside", true, vm_command(&p.vm, CMD_SPECIAL(LDP), GPA_SHARED, 0));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("FAR", GPA_SHARED, p.vm.far);
	expect("end", true, paged_close(&p));
	return true;
}

static bool only_named(void)
{
	u64 end = NAMED_BASE + NAMED_SIZE;

	expect("start", true, paged_open(&p, VM_IPA));
	expect("last", true, faults(&p, CMD_LOAD, end - 8, false));
	expect("on", true, answered(&p, 0, FAULT));
	expect("load", false, vm_command(&p.vm, CMD_LOAD, end, 0));
	expect("behind", STATE_READ, p.vm.last.state);
	expect("address", end, p.vm.last.data[0]);
	expect("size", 8, p.vm.last.data[1]);
	expect("on", true, answered(&p, MARK, EMULATE));
	expect("guest sees", MARK, p.vm.regs[0]);
	expect("load", false, vm_command(&p.vm, CMD_LOAD, NAMED_BASE - 8, 0));
	expect("before", STATE_READ, p.vm.last.state);
	expect("on", true, answered(&p, 0, EMULATE));
	expect("end", true, paged_close(&p));
	return true;
}

/* All below 36 bits is VMMIO, and nothing above. */
static bool mmio_range(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("load", false, vm_command(&p.vm, CMD_LOAD_OF(2), BIT(36) - 2, 0));
	expect("last", STATE_READ, p.vm.last.state);
	expect("address", BIT(36) - 2, p.vm.last.data[0]);
	expect("size", 2, p.vm.last.data[1]);
	expect("on", true, answered(&p, 0, EMULATE));
	expect("store", false, vm_command(&p.vm, CMD_STORE, BIT(36) - 8, MARK));
	expect("store", STATE_WRITE, p.vm.last.state);
	expect("size", 8, p.vm.last.data[1]);
	expect("value", MARK, p.vm.last.data[2]);
	expect("on", true, answered(&p, 0, EMULATE));
	expect("above", true, vm_command(&p.vm, CMD_LOAD, BIT(36), 0));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("FAR", BIT(36), p.vm.far);
	expect("end", true, paged_close(&p));
	return true;
}

/* A shared page that the host maps when it is asked for. */
static bool mmio_retry(void)
{
	*(u64 *)PAGE_IPA = MARK;
	expect("start", true, paged_open(&p, VM_IPA));
	expect("share", 0, share(&p, PAGE_IPA, PAGE_SIZE));
	expect("load", false, vm_command(&p.vm, CMD_LOAD, GPA_SHARED, 0));
	expect("state", STATE_READ, p.vm.last.state);
	expect("map", 0, map_shared(&p, GPA_SHARED, R | W, PAGE_IPA, PAGE_SIZE));
	/* The answer is not looked at: the instruction is run again. */
	expect("on", true, answered(&p, ~0UL, RETRY));
	expect("guest sees", MARK, p.vm.regs[0]);
	expect("unmap", 0, unmap_shared(&p, GPA_SHARED, PAGE_IPA, PAGE_SIZE));
	expect("store", false, vm_command(&p.vm, CMD_STORE, GPA_SHARED + 8, ~MARK));
	expect("state", STATE_WRITE, p.vm.last.state);
	expect("map", 0, map_shared(&p, GPA_SHARED, R | W, PAGE_IPA, PAGE_SIZE));
	expect("on", true, answered(&p, 0, RETRY));
	expect("host sees", ~MARK, peek(PAGE_IPA + 8));
	expect("unmap", 0, unmap_shared(&p, GPA_SHARED, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

/* Run again with nothing mapped, it is the same exit again. */
static bool retry_again(void)
{
	u32 i;

	expect("start", true, paged_open(&p, VM_IPA));
	expect("load", false, vm_command(&p.vm, CMD_LOAD, GPA_SHARED, 0));
	for (i = 0; i < 3; i++) {
		expect("retry", false, answered(&p, 1, RETRY));
		expect("state", STATE_READ, p.vm.last.state);
		expect("address", GPA_SHARED, p.vm.last.data[0]);
	}
	expect("on", true, answered(&p, MARK, EMULATE));
	expect("guest sees", MARK, p.vm.regs[0]);
	expect("fault", true, faults(&p, CMD_STORE, GPA, true));
	for (i = 0; i < 4; i++) {
		/* There is nothing to emulate in a page fault. */
		expect("retry", false, answered(&p, 1, i % 2 ? RETRY : EMULATE));
		expect("state", STATE_FAULT, p.vm.last.state);
		expect("address", GPA, p.vm.last.data[0]);
		expect("write", true, p.vm.last.data[1] != 0);
	}
	expect("on", true, answered(&p, 0, FAULT));
	expect("end", true, paged_close(&p));
	return true;
}

static bool refused(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("load", false, vm_command(&p.vm, CMD_LOAD, GPA_SHARED + 16, 0));
	expect("on", true, answered(&p, MARK, FAULT));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("FAR", GPA_SHARED + 16, p.vm.far);
	/* The handler passes over it: the register has what it had. */
	expect("guest sees", GPA_SHARED + 16, p.vm.regs[0]);
	expect("store", false, vm_command(&p.vm, CMD_STORE, GPA_SHARED + 24, MARK));
	expect("on", true, answered(&p, 0, FAULT));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("FAR", GPA_SHARED + 24, p.vm.far);
	expect("fault", true, faults(&p, CMD_LOAD, GPA + 32, false));
	expect("on", true, answered(&p, MARK, FAULT));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("FAR", GPA + 32, p.vm.far);
	expect("guest sees", GPA + 32, p.vm.regs[0]);
	/* It is over: the next access is as ever. */
	expect("fault", true, faults(&p, CMD_LOAD, GPA + 40, false));
	expect("on", true, answered(&p, 0, FAULT));
	expect("FAR", GPA + 40, p.vm.far);
	expect("end", true, paged_close(&p));
	return true;
}

static void expect_refused(u64 action)
{
	expect("answer", false, answered(&p, MARK, action));
	expect("error", E_INVAL, p.vm.last.err);
	expect("state", 0, p.vm.last.state);
}

/* The exit waits for an answer that there is. */
static bool unknown_action(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("load", false, vm_command(&p.vm, CMD_LOAD, GPA_SHARED, 0));
	expect_refused(3);
	expect_refused(~0UL);
	expect("on", true, answered(&p, ~MARK, EMULATE));
	expect("guest sees", ~MARK, p.vm.regs[0]);
	expect("fault", true, faults(&p, CMD_LOAD, GPA, false));
	expect_refused(3);
	expect_refused(BIT(32));
	*(u64 *)PAGE_IPA = MARK;
	provide(GPA, PAGE_IPA, R);
	expect("on", true, answered(&p, 0, RETRY));
	expect("guest sees", MARK, p.vm.regs[0]);
	take(GPA, PAGE_IPA);
	expect("end", true, paged_close(&p));
	return true;
}

/* Rights that a mapping has not are no page fault. */
static bool no_right_is_abort(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	provide(GPA, PAGE_IPA, R);
	expect("store", true, vm_store(&p.vm, GPA, MARK));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("FAR", GPA, p.vm.far);
	take(GPA, PAGE_IPA);
	expect("end", true, paged_close(&p));
	return true;
}

/* A whole working set, page by page as the guest asks. */
static bool many_faults(void)
{
	u64 i;

	expect("start", true, paged_open(&p, VM_IPA));
	for (i = 0; i < 64; i++) {
		expect("fault", true, faults(&p, CMD_STORE, GPA + i * PAGE_SIZE, true));
		/* Not in their order. */
		provide(GPA + i * PAGE_SIZE, PAGE_IPA + (i ^ 21) * PAGE_SIZE, R | W | X);
		expect("on", true, answered(&p, 0, RETRY));
		expect("abort", 0, p.vm.esr);
	}
	for (i = 0; i < 64; i++)
		take(GPA + i * PAGE_SIZE, PAGE_IPA + (i ^ 21) * PAGE_SIZE);
	for (i = 0; i < 64; i++)
		expect("host sees", 0x5709e, peek(PAGE_IPA + i * PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static const struct test tests[] = {
	{ "a load in a named range is a page fault", read_fault },
	{ "a store in a named range is a page fault of a write", write_fault },
	{ "a fetch in a named range is a page fault", fetch_fault },
	{ "any instruction in a named range; elsewhere an abort", other_instructions },
	{ "the ends of a named range", only_named },
	{ "VMMIO up to 36 bits, an abort above", mmio_range },
	{ "answer RETRY of VMMIO: the access is made again", mmio_retry },
	{ "answer RETRY with nothing mapped: the same exit again", retry_again },
	{ "answer FAULT: the guest gets an abort", refused },
	{ "an unknown answer is an error, and the exit waits", unknown_action },
	{ "a right that is missing is an abort", no_right_is_abort },
	{ "64 pages, each given when the guest asks for it", many_faults },
};

void run_faults(void)
{
	run_all(tests, ARRAY_SIZE(tests));
}
