// SPDX-License-Identifier: GPL-2.0-only
/* memextent_donate, on VMs that never run: who can touch a page afterwards. */

#include "paging.h"

#define MARK		0xd0a7ed0123456789UL
#define RET_INSN	0xd65f03c0d65f03c0UL

static struct paged_vm p, q;

static void fill(u64 addr, u64 size, u64 v)
{
	u64 i;

	for (i = 0; i < size; i += 8)
		*(u64 *)(addr + i) = v;
}

/* Every test but the first has the VM in READY, and leaves nothing with it. */
static bool with_vm(void (*test)(void))
{
	u64 before = pages_given();

	expect("ready", true, paged_prepare(&p, VM_IPA));
	test();
	expect("pages", before + IMAGE_PAGES, pages_given());
	expect("drop", true, paged_drop(&p));
	return true;
}

static void do_lend_hides(void)
{
	u64 before = pages_given();

	fill(PAGE_IPA, PAGE_SIZE, MARK);
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("counted", before + 1, pages_given());
	expect("first word", true, hidden(PAGE_IPA));
	expect("last word", true, hidden(PAGE_IPA + PAGE_SIZE - 8));
	expect("fetch", ESR_FETCH, try_exec(PAGE_IPA));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("counted", before, pages_given());
	expect("content", MARK, peek(PAGE_IPA));
	expect("write", 0, try_write64(PAGE_IPA, RET_INSN));
	expect("fetch", 0, try_exec(PAGE_IPA));
}

static bool lend_hides(void)
{
	return with_vm(do_lend_hides);
}

static void do_share_keeps(void)
{
	u64 before = pages_given();

	fill(PAGE_IPA, PAGE_SIZE, RET_INSN);
	expect("share", 0, share(&p, PAGE_IPA, PAGE_SIZE));
	expect("counted", before + 1, pages_given());
	expect("read", RET_INSN, peek(PAGE_IPA));
	expect("fetch", 0, try_exec(PAGE_IPA));
	expect("write", 0, try_write64(PAGE_IPA, MARK));
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("counted", before, pages_given());
	expect("content", MARK, peek(PAGE_IPA));
}

static bool share_keeps(void)
{
	return with_vm(do_share_keeps);
}

static void do_neighbours(void)
{
	u64 page = PAGE_IPA + 0x10000;

	fill(page - PAGE_SIZE, 3 * PAGE_SIZE, MARK);
	expect("lend", 0, lend(&p, page, PAGE_SIZE));
	expect("below", MARK, peek(page - 8));
	expect("above", MARK, peek(page + PAGE_SIZE));
	expect("itself", true, hidden(page));
	expect("back", 0, lend_back(&p, page, PAGE_SIZE));
}

static bool neighbours(void)
{
	return with_vm(do_neighbours);
}

static void do_block(void)
{
	fill(BLOCK_IPA, BLOCK_SIZE, MARK);
	expect("lend", 0, lend(&p, BLOCK_IPA, BLOCK_SIZE));
	expect("first", true, hidden(BLOCK_IPA));
	expect("last", true, hidden(BLOCK_IPA + BLOCK_SIZE - 8));
	expect("below", 0, try_write64(BLOCK_IPA - 8, MARK));
	expect("above", 0, try_write64(BLOCK_IPA + BLOCK_SIZE, MARK));
	expect("back", 0, lend_back(&p, BLOCK_IPA, BLOCK_SIZE));
	expect("content", MARK, peek(BLOCK_IPA + BLOCK_SIZE / 2));
}

static bool block(void)
{
	return with_vm(do_block);
}

static void do_block_in_parts(void)
{
	u64 page = BLOCK_IPA + 0x7000;
	u64 size = BLOCK_SIZE / 2;

	fill(BLOCK_IPA, BLOCK_SIZE, MARK);
	expect("lend", 0, lend(&p, BLOCK_IPA, BLOCK_SIZE));
	expect("page back", 0, lend_back(&p, page, PAGE_SIZE));
	expect("page", MARK, peek(page));
	expect("below", true, hidden(page - 8));
	expect("above", true, hidden(page + PAGE_SIZE));
	/* It is not the guest's any more: neither alone nor with others. */
	expect("again", E_OWNER, lend_back(&p, page, PAGE_SIZE));
	expect("with it", E_OWNER, lend_back(&p, BLOCK_IPA, BLOCK_SIZE));
	expect("still", true, hidden(BLOCK_IPA));
	expect("lend again", 0, lend(&p, page, PAGE_SIZE));
	expect("half", 0, lend_back(&p, BLOCK_IPA + size, size));
	expect("other half", 0, lend_back(&p, BLOCK_IPA, size));
	expect("content", MARK, peek(BLOCK_IPA + BLOCK_SIZE - 8));
}

static bool block_in_parts(void)
{
	return with_vm(do_block_in_parts);
}

static void do_sizes(void)
{
	expect("empty", E_SIZE, lend(&p, PAGE_IPA, 0));
	expect("unaligned size", E_SIZE, lend(&p, PAGE_IPA, PAGE_SIZE + 8));
	expect("both", E_SIZE, lend(&p, PAGE_IPA + 8, PAGE_SIZE - 8));
	expect("unaligned", E_ALIGN, lend(&p, PAGE_IPA + 8, PAGE_SIZE));
	expect("wrap", E_OVERFLOW, lend(&p, -PAGE_SIZE, 2 * PAGE_SIZE));
	expect("empty", E_SIZE, lend_back(&p, PAGE_IPA, 0));
	expect("unaligned", E_ALIGN, lend_back(&p, PAGE_IPA + 8, PAGE_SIZE));
	expect("wrap", E_OVERFLOW, share(&p, -PAGE_SIZE, 2 * PAGE_SIZE));
}

static bool sizes(void)
{
	return with_vm(do_sizes);
}

/* The first address that is not the primary VM's, from where a RAM of 1 GiB ends. */
static u64 ram_end(void)
{
	u64 end = 0x80000000, v;

	while (!try_read64(end, &v))
		end += 0x200000;
	while (try_read64(end - PAGE_SIZE, &v))
		end -= PAGE_SIZE;
	return end;
}

static void do_not_ram(void)
{
	u64 end = ram_end();

	expect("hypervisor", E_ADDRESS, lend(&p, 0x41000000, PAGE_SIZE));
	expect("half of it", E_ADDRESS, lend(&p, 0x43fff000, 2 * PAGE_SIZE));
	expect("device", E_ADDRESS, lend(&p, 0x09000000, PAGE_SIZE));
	expect("behind RAM", E_ADDRESS, lend(&p, end, PAGE_SIZE));
	expect("over the end", E_ADDRESS, lend(&p, end - PAGE_SIZE, 2 * PAGE_SIZE));
	expect("hypervisor", E_ADDRESS, share(&p, 0x41000000, PAGE_SIZE));
}

static bool not_ram(void)
{
	return with_vm(do_not_ram);
}

static void do_not_owner(void)
{
	u16 vmid = p.vm.vmid;
	u32 handle;

	expect("not given", E_OWNER, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("not given", E_OWNER, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("twice", E_OWNER, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("and shared", E_OWNER, share(&p, PAGE_IPA, PAGE_SIZE));
	expect("the other way", E_OWNER, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("parcel", ~0U, rm_lend(PAGE_IPA, PAGE_SIZE, vmid, 7, 0, 9, 0));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("share", 0, share(&p, PAGE_IPA, PAGE_SIZE));
	expect("twice", E_OWNER, share(&p, PAGE_IPA, PAGE_SIZE));
	expect("the other way", E_OWNER, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("parcel", ~0U, rm_lend(PAGE_IPA, PAGE_SIZE, vmid, 7, 7, 9, 0));
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	/* What a parcel has is no extent's, nor is the image before START. */
	handle = rm_lend(PAGE_IPA, PAGE_SIZE, vmid, 7, 0, 9, 0);
	expect("of a parcel", E_OWNER, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("of a parcel", E_OWNER, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("reclaim", 0, rm_reclaim(handle, 0));
	expect("image", E_OWNER, lend_back(&p, VM_IPA, PAGE_SIZE));
	expect("still hidden", true, hidden(VM_IPA));
}

static bool not_owner(void)
{
	return with_vm(do_not_owner);
}

/* One page of many is not right: none of them moves. */
static void do_all_or_none(void)
{
	u64 before = pages_given();

	fill(PAGE_IPA, 4 * PAGE_SIZE, MARK);
	expect("lend", 0, lend(&p, PAGE_IPA + 3 * PAGE_SIZE, PAGE_SIZE));
	expect("with it", E_OWNER, lend(&p, PAGE_IPA, 4 * PAGE_SIZE));
	expect("first", 0, try_write64(PAGE_IPA, MARK));
	expect("counted", before + 1, pages_given());
	expect("back", E_OWNER, lend_back(&p, PAGE_IPA + 2 * PAGE_SIZE, 2 * PAGE_SIZE));
	expect("hidden", true, hidden(PAGE_IPA + 3 * PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA + 3 * PAGE_SIZE, PAGE_SIZE));
}

static bool all_or_none(void)
{
	return with_vm(do_all_or_none);
}

static void do_mapped(void)
{
	expect("lend", 0, lend(&p, PAGE_IPA, 2 * PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("mapped", E_BUSY, lend_back(&p, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("with it", E_BUSY, lend_back(&p, PAGE_IPA, 2 * PAGE_SIZE));
	expect("still", true, hidden(PAGE_IPA));
	expect("alone", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
}

static bool mapped(void)
{
	return with_vm(do_mapped);
}

/* All pairs of extents with all types: four of them are right. */
static void do_kinds(void)
{
	u64 type, from, to, want;

	for (type = TO_SIBLING; type <= FROM_PROTECTED; type++) {
		for (from = 0; from < EXTENTS; from++) {
			for (to = 0; to < EXTENTS; to++) {
				want = E_EXTENT;
				if (type == TO_SIBLING && from == GUEST_SHARED && to == HOST_SHARED)
					want = E_OWNER;
				if (type == FROM_PROTECTED && from == GUEST_PRIVATE &&
				    to == HOST_PRIVATE)
					want = E_OWNER;
				if (type == TO_SIBLING && from == HOST_SHARED && to == GUEST_SHARED)
					want = 0;
				if (type == TO_PROTECTED && from == HOST_PRIVATE &&
				    to == GUEST_PRIVATE)
					want = 0;
				expect("donate", want, donate(type, p.extent[from], p.extent[to],
							      PAGE_IPA, PAGE_SIZE));
				if (!want && type == TO_SIBLING)
					expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
				else if (!want)
					expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
			}
		}
	}
}

static bool kinds(void)
{
	return with_vm(do_kinds);
}

static void do_two_vms(void)
{
	expect("ready", true, paged_prepare(&q, VM2_IPA));
	expect("across", E_EXTENT, donate(TO_PROTECTED, p.extent[HOST_PRIVATE],
					  q.extent[GUEST_PRIVATE], PAGE_IPA, PAGE_SIZE));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("the other's", E_OWNER, lend(&q, PAGE_IPA, PAGE_SIZE));
	expect("the other's", E_OWNER, lend_back(&q, PAGE_IPA, PAGE_SIZE));
	expect("across", E_EXTENT, donate(FROM_PROTECTED, p.extent[GUEST_PRIVATE],
					  q.extent[HOST_PRIVATE], PAGE_IPA, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("drop", true, paged_drop(&q));
}

static bool two_vms(void)
{
	return with_vm(do_two_vms);
}

static void do_types(void)
{
	u64 from = p.extent[HOST_PRIVATE], to = p.extent[GUEST_PRIVATE];

	expect("to child", E_DENIED, donate(0, from, to, PAGE_IPA, PAGE_SIZE));
	expect("to parent", E_DENIED, donate(1, from, to, PAGE_IPA, PAGE_SIZE));
	expect("type 5", E_INVAL, donate(5, from, to, PAGE_IPA, PAGE_SIZE));
	expect("type 255", E_INVAL, donate(255, from, to, PAGE_IPA, PAGE_SIZE));
	expect("bit 8", E_INVAL, donate(0x103, from, to, PAGE_IPA, PAGE_SIZE));
	expect("bit 32", E_INVAL, donate(BIT(32) | 3, from, to, PAGE_IPA, PAGE_SIZE));
	expect("not moved", 0, try_write64(PAGE_IPA, MARK));
}

static bool types(void)
{
	return with_vm(do_types);
}

static void do_capabilities(void)
{
	u64 from = p.extent[HOST_PRIVATE], to = p.extent[GUEST_PRIVATE];
	u64 x[9] = { 0xc6008061UL, TO_PROTECTED, from, to, PAGE_IPA, PAGE_SIZE, 1 };

	expect("space", E_TYPE, donate(TO_PROTECTED, p.space, to, PAGE_IPA, PAGE_SIZE));
	expect("vCPU", E_TYPE, donate(TO_PROTECTED, from, p.vm.vcpu, PAGE_IPA, PAGE_SIZE));
	expect("none", E_INVAL, donate(TO_PROTECTED, 0, to, PAGE_IPA, PAGE_SIZE));
	expect("none", E_INVAL, donate(TO_PROTECTED, from, ~0UL, PAGE_IPA, PAGE_SIZE));
	hvc_long(x);
	expect("reserved", E_INVAL, x[0]);
	expect("not moved", 0, try_write64(PAGE_IPA, MARK));
}

static bool capabilities(void)
{
	return with_vm(do_capabilities);
}

/* A page of a block that is whole in the host's stage 2: that takes a table. */
static void do_no_memory(void)
{
	u64 first = BLOCK_IPA + 5 * BLOCK_SIZE - PAGE_SIZE;
	u64 before = pages_given();

	fill(first, 2 * PAGE_SIZE, MARK);
	starve(CALL_DONATE, 0);
	expect("first table", E_NOMEM, lend(&p, first, 2 * PAGE_SIZE));
	expect("fired", true, starved());
	expect("read", MARK, peek(first));
	starve(CALL_DONATE, 1);
	expect("second table", E_NOMEM, lend(&p, first, 2 * PAGE_SIZE));
	expect("fired", true, starved());
	expect("read", MARK, peek(first));
	expect("read", MARK, peek(first + PAGE_SIZE));
	expect("write", 0, try_write64(first, MARK));
	expect("counted", before, pages_given());
	expect("not given", E_OWNER, lend_back(&p, first, PAGE_SIZE));
	expect("lend", 0, lend(&p, first, 2 * PAGE_SIZE));
	expect("back", 0, lend_back(&p, first, 2 * PAGE_SIZE));
}

static bool no_memory(void)
{
	return with_vm(do_no_memory);
}

/* The same for a page that comes back out of a whole block. */
static void do_no_memory_back(void)
{
	u64 at = BLOCK_IPA + 6 * BLOCK_SIZE;

	fill(at, PAGE_SIZE, MARK);
	expect("lend", 0, lend(&p, at, BLOCK_SIZE));
	starve(CALL_DONATE, 0);
	expect("back", E_NOMEM, lend_back(&p, at, PAGE_SIZE));
	expect("fired", true, starved());
	expect("still", true, hidden(at));
	expect("still the guest's", E_OWNER, lend(&p, at, PAGE_SIZE));
	expect("all back", 0, lend_back(&p, at, BLOCK_SIZE));
	expect("content", MARK, peek(at));
}

static bool no_memory_back(void)
{
	return with_vm(do_no_memory_back);
}

/*
 * Two tables below the entry of 1 GiB, made for a page of it, are not needed any more
 * when all of it goes.  The second GiB of RAM is all the host's, where there is one.
 */
static void do_gigabyte(void)
{
	u64 tables = control_read(CONTROL_PRIMARY_TABLES);
	u64 page = GIGABYTE_IPA + 0x7000;

	if (ram_end() < GIGABYTE_IPA + GIGABYTE_SIZE)
		return;
	print("# 1 GiB at once\n");
	expect("page", 0, lend(&p, page, PAGE_SIZE));
	expect("page back", 0, lend_back(&p, page, PAGE_SIZE));
	expect("tables", tables + 2, control_read(CONTROL_PRIMARY_TABLES));
	expect("lend", 0, lend(&p, GIGABYTE_IPA, GIGABYTE_SIZE));
	expect("no tables", tables, control_read(CONTROL_PRIMARY_TABLES));
	expect("back", 0, lend_back(&p, GIGABYTE_IPA, GIGABYTE_SIZE));
	expect("no tables", tables, control_read(CONTROL_PRIMARY_TABLES));
}

static bool gigabyte(void)
{
	return with_vm(do_gigabyte);
}

/* The hypervisor itself reads it for nobody. */
static void do_send_buffer(void)
{
	u8 buf[240] __aligned(8);
	u64 ready, size;

	fill(PAGE_IPA, PAGE_SIZE, 0x5600002400770121UL);
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	hyp_msgq_send(rm_tx_cap, 8, (void *)PAGE_IPA, 1, 0, &ready);
	delay_ms(20);
	expect("answer", 60, hyp_msgq_recv(rm_rx_cap, buf, sizeof(buf), &size, &ready));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
}

static bool send_buffer(void)
{
	return with_vm(do_send_buffer);
}

static const struct test tests[] = {
	{ "donated to protected: the host's accesses abort until it is back", lend_hides },
	{ "donated to sibling: the host keeps its access", share_keeps },
	{ "donated page: its neighbours stay", neighbours },
	{ "donated 2 MiB block: first and last word abort", block },
	{ "donated 2 MiB block: parts of it come back", block_in_parts },
	{ "donate: sizes and addresses", sizes },
	{ "donate: only RAM of the primary VM", not_ram },
	{ "donate: only by who has the page, parcels included", not_owner },
	{ "donate: all pages of a range or none", all_or_none },
	{ "donate: not while it is mapped", mapped },
	{ "donate: each pair of extents with each type", kinds },
	{ "donate: the extents of two VMs are apart", two_vms },
	{ "donate: types and bits that there are not", types },
	{ "donate: capabilities of other things, reserved argument", capabilities },
	{ "donate: no memory for the first or the second table", no_memory },
	{ "donate back: no memory for a table", no_memory_back },
	{ "donated 1 GiB: the tables below it are freed, where there is so much", gigabyte },
	{ "donated page as a message to send is not read", send_buffer },
};

void run_donate(void)
{
	run_all(tests, ARRAY_SIZE(tests));
}
