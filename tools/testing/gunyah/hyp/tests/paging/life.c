// SPDX-License-Identifier: GPL-2.0-only
/* The image that START takes in, and what outlives a VM. */

#include "paging.h"

#define MARK		0x11fe0d0123456789UL
#define UNUSED_AT	0x3ff000UL	/* of the image: its last page */

#define RM_DENIED	3

#define CONTROL_VMS	0x38
#define CONTROL_RESULT	0x90
#define COMMAND_CLEAR	2
#define COMMAND_REVIVE	10
#define COMMAND_RECLAIM	11

static struct paged_vm p, q;

/* START takes the parcel: no handle any more, the same pages. */
static bool image_adopted(void)
{
	expect("ready", true, paged_prepare(&p, VM_IPA));
	expect("parcels", 1, control_read(CONTROL_PARCELS));
	expect("start", true, vm_go(&p.vm));
	expect("parcels", 0, control_read(CONTROL_PARCELS));
	expect("pages", IMAGE_PAGES, pages_given());
	expect("handle", RM_HANDLE, rm_reclaim(p.vm.handle, 0));
	expect("host", true, hidden(VM_IPA));
	expect("guest", true, vm_store(&p.vm, GUEST_BASE + UNUSED_AT, MARK));
	expect("abort", 0, p.vm.esr);
	expect("end", true, paged_close(&p));
	expect("content", MARK, peek(VM_IPA + UNUSED_AT));
	expect("pages", 0, pages_given());
	return true;
}

/* Its pages are as all others, while the guest runs too. */
static bool image_in_parts(void)
{
	u64 page = VM_IPA + UNUSED_AT;

	expect("start", true, paged_open(&p, VM_IPA));
	expect("mapped", E_BUSY, lend_back(&p, page, PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, GUEST_BASE + UNUSED_AT, page, PAGE_SIZE));
	expect("back", 0, lend_back(&p, page, PAGE_SIZE));
	expect("host", 0, try_write64(page, MARK));
	expect("fault", true, faults(&p, CMD_LOAD, GUEST_BASE + UNUSED_AT, false));
	expect("lend", 0, lend(&p, page, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GUEST_BASE + UNUSED_AT, R | W, page, PAGE_SIZE));
	expect("on", true, answered(&p, 0, RETRY));
	expect("guest sees", MARK, p.vm.regs[0]);
	expect("end", true, paged_close(&p));
	return true;
}

/* A second parcel that looks like RAM makes START fail: all stays a parcel. */
static bool failed_start(void)
{
	u32 handle;

	expect("ready", true, paged_prepare(&p, VM_IPA));
	handle = rm_lend(PAGE_IPA, PAGE_SIZE, p.vm.vmid, R | W | X, 0, 0, 0);
	expect("start", RM_DENIED, vm_start(&p.vm));
	expect("parcels", 2, control_read(CONTROL_PARCELS));
	expect("not an extent's", E_OWNER, lend_back(&p, VM_IPA, PAGE_SIZE));
	expect("reset", true, paged_reset(&p));
	expect("reclaim", 0, rm_reclaim(handle, 0));
	expect("reclaim", 0, rm_reclaim(p.vm.handle, 0));
	expect("host", 0, try_write64(VM_IPA, 0));
	expect("dealloc", 0, rm_dealloc(p.vm.vmid));
	return true;
}

static bool reset_ends_space(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("share", 0, share(&p, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("end", true, paged_end(&p));
	expect("map", E_CAP, map_lent(&p, GPA + PAGE_SIZE, R | W, PAGE_IPA, PAGE_SIZE));
	expect("unmap", E_CAP, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
	/* What it had stays away from the host ... */
	expect("pages", IMAGE_PAGES + 2, pages_given());
	expect("host", true, hidden(PAGE_IPA));
	expect("host", true, hidden(VM_IPA));
	/* ... and gets no more; it is mapped nowhere now. */
	expect("lend", E_DENIED, lend(&p, PAGE_IPA + 2 * PAGE_SIZE, PAGE_SIZE));
	expect("share", E_DENIED, share(&p, PAGE_IPA + 2 * PAGE_SIZE, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, share_back(&p, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("back", 0, lend_back(&p, VM_IPA, VM_SIZE));
	/* With the last page the extents are gone. */
	expect("over", E_CAP, lend_back(&p, VM_IPA, PAGE_SIZE));
	expect("over", E_CAP, share_back(&p, VM_IPA, PAGE_SIZE));
	expect("dealloc", 0, rm_dealloc(p.vm.vmid));
	return true;
}

static bool past_dealloc(void)
{
	u64 i;

	expect("start", true, paged_open(&p, VM_IPA));
	expect("end", true, paged_end(&p));
	expect("dealloc", 0, rm_dealloc(p.vm.vmid));
	expect("vmids", 0, control_read(CONTROL_VMIDS));
	expect("VMs", 0, control_read(CONTROL_VMS));
	/* Another VM has the vmid, and not the pages. */
	expect("start", true, paged_open(&q, VM2_IPA));
	expect("vmid", p.vm.vmid, q.vm.vmid);
	expect("the other's", E_OWNER, lend_back(&q, VM_IPA, PAGE_SIZE));
	expect("the other's", E_OWNER, lend(&q, VM_IPA, PAGE_SIZE));
	expect("the other's", E_OWNER, map_lent(&q, GPA, R | W, VM_IPA, PAGE_SIZE));
	expect("across", E_EXTENT, donate(FROM_PROTECTED, p.extent[GUEST_PRIVATE],
					  q.extent[HOST_PRIVATE], VM_IPA, PAGE_SIZE));
	for (i = 0; i < VM_SIZE; i += BLOCK_SIZE)
		expect("back", 0, lend_back(&p, VM_IPA + i, BLOCK_SIZE));
	expect("over", E_CAP, lend_back(&p, VM_IPA, PAGE_SIZE));
	expect("host", 0, try_write64(VM_IPA, 0));
	expect("end", true, paged_close(&q));
	return true;
}

/* Pages may be given before START, and a VM that never starts gives them back. */
static bool never_started(void)
{
	expect("ready", true, paged_prepare(&p, VM_IPA));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("reset", true, paged_reset(&p));
	expect("reclaim", 0, rm_reclaim(p.vm.handle, 0));
	expect("host", true, hidden(PAGE_IPA));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("dealloc", 0, rm_dealloc(p.vm.vmid));
	return true;
}

/* A page mapped before START is there at START, and takes no place of the image. */
static bool given_before_start(void)
{
	u64 v = 0;

	*(u64 *)PAGE_IPA = MARK;
	expect("ready", true, paged_prepare(&p, VM_IPA));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("start", true, vm_go(&p.vm));
	expect("load", true, vm_load(&p.vm, GPA, &v));
	expect("guest sees", MARK, v);
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

/* What is mapped at the image's addresses stays there: START fails. */
static bool given_in_the_way(void)
{
	u64 gpa = GUEST_BASE + UNUSED_AT;

	expect("ready", true, paged_prepare(&p, VM_IPA));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, gpa, R | W, PAGE_IPA, PAGE_SIZE));
	expect("start", RM_MAP_FAILED, vm_start(&p.vm));
	expect("unmap", 0, unmap_lent(&p, gpa, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("drop", true, paged_drop(&p));
	return true;
}

/* The resource manager is made new under a VM that runs; its memory is asked for. */
static bool revived(void)
{
	expect("start", true, paged_open(&p, VM_IPA));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("share", 0, share(&p, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("revive", 0, control_command(COMMAND_REVIVE, 1));
	expect("VMs", 0, control_read(CONTROL_VMS));
	expect("pages", IMAGE_PAGES + 2, pages_given());
	expect("host", true, hidden(PAGE_IPA));
	expect("reclaim", 0, control_command(COMMAND_RECLAIM, 0));
	expect("reclaimed", IMAGE_PAGES + 2, control_read(CONTROL_RESULT));
	expect("pages", 0, pages_given());
	expect("host", 0, try_write64(PAGE_IPA, MARK));
	expect("host", 0, try_write64(VM_IPA, MARK));
	expect("over", E_CAP, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	/* And all works as before. */
	expect("start", true, paged_open(&p, VM_IPA));
	expect("end", true, paged_close(&p));
	return true;
}

static bool none_left(void)
{
	u64 pool = 0;
	u32 i;

	expect("pages", 0, pages_given());
	expect("vmids", 0, control_read(CONTROL_VMIDS));
	expect("parcels", 0, control_read(CONTROL_PARCELS));
	/* The hypervisor's own pages: lives with donated pages take none. */
	for (i = 0; i < 20; i++) {
		if (i == 1)
			pool = control_read(CONTROL_POOL_PAGES);
		expect("start", true, paged_open(&p, VM_IPA));
		expect("lend", 0, lend(&p, BLOCK_IPA, BLOCK_SIZE));
		expect("share", 0, share(&p, PAGE_IPA, PAGE_SIZE));
		expect("map", 0, map_lent(&p, GPA, R | W, BLOCK_IPA, BLOCK_SIZE));
		expect("map", 0, map_shared(&p, GPA_FAR, R | W, PAGE_IPA, PAGE_SIZE));
		expect("unmap", 0, unmap_lent(&p, GPA + PAGE_SIZE, BLOCK_IPA + PAGE_SIZE,
					      PAGE_SIZE));
		expect("end", true, paged_end(&p));
		expect("back", 0, lend_back(&p, BLOCK_IPA, BLOCK_SIZE));
		expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
		expect("back", 0, lend_back(&p, VM_IPA, VM_SIZE));
		expect("dealloc", 0, rm_dealloc(p.vm.vmid));
	}
	expect("pool", pool, control_read(CONTROL_POOL_PAGES));
	expect("pages", 0, pages_given());
	return true;
}

static const struct test tests[] = {
	{ "START takes the image parcel in", image_adopted },
	{ "pages of the image are taken and given while the guest runs", image_in_parts },
	{ "a START that fails leaves the image a parcel", failed_start },
	{ "RESET ends the address space, not the extents", reset_ends_space },
	{ "pages come back past DEALLOC, and to no other VM", past_dealloc },
	{ "a VM that never starts gives its pages back", never_started },
	{ "a page mapped before START is the guest's", given_before_start },
	{ "a page mapped in the image's place: START fails", given_in_the_way },
	{ "a revived resource manager: the pages are found", revived },
	{ "no page, vmid or parcel is left", none_left },
};

void run_life(void)
{
	run_all(tests, ARRAY_SIZE(tests));
}
