// SPDX-License-Identifier: GPL-2.0-only
/* addrspace_map and addrspace_unmap, and what the guest gets of it. */

#include "paging.h"

#define MARK		0x3a9bed0123456789UL
#define RET_INSN	0xd65f03c0d65f03c0UL

static struct paged_vm p;

static bool open_with(u64 pages)
{
	u64 i;

	for (i = 0; i < pages; i++)
		*(u64 *)(PAGE_IPA + i * PAGE_SIZE) = MARK + i;
	return paged_open(&p, VM_IPA);
}

static u64 load(u64 gpa)
{
	u64 v = 0;

	expect("load", true, vm_load(&p.vm, gpa, &v));
	return v;
}

static bool private_page(void)
{
	expect("start", true, open_with(1));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("not yet", true, faults(&p, CMD_LOAD, GPA, false));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("go on", true, answered(&p, 0, RETRY));
	expect("guest sees", MARK, p.vm.regs[0]);
	expect("host", true, hidden(PAGE_IPA));
	expect("store", true, vm_store(&p.vm, GPA + 8, ~MARK));
	expect("abort", 0, p.vm.esr);
	expect("guest sees", ~MARK, load(GPA + 8));
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
	expect("gone", true, faults(&p, CMD_LOAD, GPA, false));
	expect("host", true, hidden(PAGE_IPA));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("host sees", ~MARK, peek(PAGE_IPA + 8));
	expect("end", true, paged_close(&p));
	return true;
}

static bool shared_page(void)
{
	u64 i;

	expect("start", true, open_with(1));
	expect("share", 0, share(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_shared(&p, GPA_SHARED, R | W, PAGE_IPA, PAGE_SIZE));
	for (i = 0; i < 16; i++) {
		u64 off = i * 0xf8;

		expect("host write", 0, try_write64(PAGE_IPA + off, MARK - i));
		expect("guest sees", MARK - i, load(GPA_SHARED + off));
		expect("store", true, vm_store(&p.vm, GPA_SHARED + off, ~MARK + i));
		expect("host sees", ~MARK + i, peek(PAGE_IPA + off));
	}
	expect("unmap", 0, unmap_shared(&p, GPA_SHARED, PAGE_IPA, PAGE_SIZE));
	/* The fault of what is shared comes as MMIO. */
	expect("load", false, vm_command(&p.vm, CMD_LOAD, GPA_SHARED, 0));
	expect("state", STATE_READ, p.vm.last.state);
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

/* The guest tries all three at one page. */
static void try_rights(u64 rights)
{
	u64 v;

	*(u64 *)PAGE_IPA = RET_INSN;
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, rights, PAGE_IPA, PAGE_SIZE));
	expect("load", true, vm_load(&p.vm, GPA, &v));
	expect("read", RET_INSN, v);
	expect("read", 0, p.vm.esr);
	expect("fetch", true, vm_command(&p.vm, CMD_EXEC, GPA, 0));
	expect("fetch", rights & X ? 0 : ESR_FETCH, p.vm.esr);
	expect("store", true, vm_store(&p.vm, GPA + 8, MARK));
	expect("write", rights & W ? 0 : ESR_DATA, p.vm.esr);
	expect("FAR", rights & W ? 0 : GPA + 8, p.vm.far);
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("content", rights & W ? MARK : 0, peek(PAGE_IPA + 8));
	*(u64 *)(PAGE_IPA + 8) = 0;
}

static bool rights(void)
{
	expect("start", true, open_with(1));
	*(u64 *)(PAGE_IPA + 8) = 0;
	try_rights(R);
	try_rights(R | W);
	try_rights(R | X);
	try_rights(R | W | X);
	expect("end", true, paged_close(&p));
	return true;
}

static bool rights_shared(void)
{
	expect("start", true, open_with(1));
	expect("share", 0, share(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_shared(&p, GPA_SHARED, R, PAGE_IPA, PAGE_SIZE));
	expect("guest sees", MARK, load(GPA_SHARED));
	expect("store", true, vm_store(&p.vm, GPA_SHARED, 1));
	expect("ESR", ESR_DATA, p.vm.esr);
	expect("host sees", MARK, peek(PAGE_IPA));
	expect("host writes", 0, try_write64(PAGE_IPA, ~MARK));
	expect("guest sees", ~MARK, load(GPA_SHARED));
	expect("unmap", 0, unmap_shared(&p, GPA_SHARED, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, share_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static bool another_page(void)
{
	expect("start", true, open_with(2));
	expect("lend", 0, lend(&p, PAGE_IPA, 2 * PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	expect("first", MARK, load(GPA));
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("second", MARK + 1, load(GPA));
	/* And the first one elsewhere, in another GiB. */
	expect("map", 0, map_lent(&p, GPA_FAR, R | W, PAGE_IPA, PAGE_SIZE));
	expect("first", MARK, load(GPA_FAR));
	expect("unmap", 0, unmap_lent(&p, GPA_FAR, PAGE_IPA, PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA + PAGE_SIZE, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, 2 * PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static bool block(void)
{
	u64 last = BLOCK_SIZE - 8, page = 0x5000;

	expect("start", true, open_with(0));
	*(u64 *)BLOCK_IPA = MARK;
	*(u64 *)(BLOCK_IPA + last) = ~MARK;
	*(u64 *)(BLOCK_IPA + page) = MARK + 5;
	expect("lend", 0, lend(&p, BLOCK_IPA, BLOCK_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, BLOCK_IPA, BLOCK_SIZE));
	expect("first", MARK, load(GPA));
	expect("last", ~MARK, load(GPA + last));
	expect("page", MARK + 5, load(GPA + page));
	expect("above", true, faults(&p, CMD_LOAD, GPA + BLOCK_SIZE, false));
	expect("on", true, answered(&p, 0, FAULT));

	/* One page out of it. */
	expect("unmap", 0, unmap_lent(&p, GPA + page, BLOCK_IPA + page, PAGE_SIZE));
	expect("page", true, faults(&p, CMD_LOAD, GPA + page, false));
	expect("on", true, answered(&p, 0, FAULT));
	expect("below", true, vm_store(&p.vm, GPA + page - 8, 77));
	expect("below", 0, p.vm.esr);
	expect("above", true, vm_store(&p.vm, GPA + page + PAGE_SIZE, 78));
	expect("above", 0, p.vm.esr);
	expect("last", ~MARK, load(GPA + last));
	expect("back", 0, lend_back(&p, BLOCK_IPA + page, PAGE_SIZE));
	expect("host sees", MARK + 5, peek(BLOCK_IPA + page));
	expect("others", true, hidden(BLOCK_IPA + page - 8));

	/* What is not whole can't be unmapped whole; its two parts can. */
	expect("whole", E_ADDRESS, unmap_lent(&p, GPA, BLOCK_IPA, BLOCK_SIZE));
	expect("first part", 0, unmap_lent(&p, GPA, BLOCK_IPA, page));
	page += PAGE_SIZE;
	expect("last part", 0, unmap_lent(&p, GPA + page, BLOCK_IPA + page, BLOCK_SIZE - page));
	expect("back", 0, lend_back(&p, BLOCK_IPA, page - PAGE_SIZE));
	expect("back", 0, lend_back(&p, BLOCK_IPA + page, BLOCK_SIZE - page));
	expect("host sees", 77, peek(BLOCK_IPA + page - PAGE_SIZE - 8));
	expect("host sees", 78, peek(BLOCK_IPA + page));
	expect("end", true, paged_close(&p));
	return true;
}

/* A block of pages that are not a block of the host's: no block in stage 2 either. */
static bool block_unaligned(void)
{
	u64 at = BLOCK_IPA + 0x3000, i;

	expect("start", true, open_with(0));
	for (i = 0; i < BLOCK_SIZE; i += PAGE_SIZE)
		*(u64 *)(at + i) = MARK + i;
	expect("lend", 0, lend(&p, at, BLOCK_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, at, BLOCK_SIZE));
	for (i = 0; i < BLOCK_SIZE; i += 0x25000)
		expect("guest sees", MARK + i, load(GPA + i));
	expect("behind", true, faults(&p, CMD_LOAD, GPA + BLOCK_SIZE, false));
	expect("unmap", 0, unmap_lent(&p, GPA, at, BLOCK_SIZE));
	expect("back", 0, lend_back(&p, at, BLOCK_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static bool map_no_memory(void)
{
	u64 gpa = GPA_FAR + BLOCK_SIZE - PAGE_SIZE;

	expect("start", true, open_with(2));
	expect("lend", 0, lend(&p, PAGE_IPA, 2 * PAGE_SIZE));
	/* Three tables: for the GiB and for two of its blocks. */
	starve(CALL_MAP, 0);
	expect("first", E_NOMEM, map_lent(&p, gpa, R | W, PAGE_IPA, 2 * PAGE_SIZE));
	expect("fired", true, starved());
	starve(CALL_MAP, 1);
	expect("second", E_NOMEM, map_lent(&p, gpa, R | W, PAGE_IPA, 2 * PAGE_SIZE));
	expect("fired", true, starved());
	starve(CALL_MAP, 1);
	expect("third", E_NOMEM, map_lent(&p, gpa, R | W, PAGE_IPA, 2 * PAGE_SIZE));
	expect("fired", true, starved());
	/* Nothing is mapped there, and the pages are free to be. */
	expect("load", false, vm_command(&p.vm, CMD_LOAD, gpa, 0));
	expect("state", STATE_READ, p.vm.last.state);
	expect("on", true, answered(&p, 0, EMULATE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	starve(CALL_MAP, 2);
	expect("enough", 0, map_lent(&p, gpa, R | W, PAGE_IPA, 2 * PAGE_SIZE));
	expect("fired", true, starved());
	expect("first", MARK, load(gpa));
	expect("second", MARK + 1, load(gpa + PAGE_SIZE));
	expect("unmap", 0, unmap_lent(&p, gpa, PAGE_IPA, 2 * PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, 2 * PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

/* Out of the middle of two blocks: both have to be split. */
static bool unmap_no_memory(void)
{
	u64 off = BLOCK_SIZE - PAGE_SIZE;
	u64 tables;

	expect("start", true, open_with(0));
	*(u64 *)(BLOCK_IPA + off) = MARK;
	*(u64 *)(BLOCK_IPA + BLOCK_SIZE) = ~MARK;
	expect("lend", 0, lend(&p, BLOCK_IPA, 2 * BLOCK_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, BLOCK_IPA, 2 * BLOCK_SIZE));
	for (tables = 0; tables < 2; tables++) {
		starve(CALL_UNMAP, 0);
		expect("unmap", E_NOMEM,
		       unmap_lent(&p, GPA + off, BLOCK_IPA + off, 2 * PAGE_SIZE));
		expect("fired", true, starved());
		expect("first", MARK, load(GPA + off));
		expect("second", ~MARK, load(GPA + BLOCK_SIZE));
		expect("mapped", E_BUSY, lend_back(&p, BLOCK_IPA + off, PAGE_SIZE));
		/* The first table there now is one less to be had. */
		if (!tables) {
			starve(CALL_UNMAP, 1);
			expect("unmap", E_NOMEM,
			       unmap_lent(&p, GPA + off, BLOCK_IPA + off, 2 * PAGE_SIZE));
			expect("fired", true, starved());
		}
	}
	expect("unmap", 0, unmap_lent(&p, GPA + off, BLOCK_IPA + off, 2 * PAGE_SIZE));
	expect("first", true, faults(&p, CMD_LOAD, GPA + off, false));
	expect("unmap", 0, unmap_lent(&p, GPA, BLOCK_IPA, off));
	off += 2 * PAGE_SIZE;
	expect("unmap", 0, unmap_lent(&p, GPA + off, BLOCK_IPA + off, 2 * BLOCK_SIZE - off));
	expect("back", 0, lend_back(&p, BLOCK_IPA, 2 * BLOCK_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static bool host_memory_stays_out(void)
{
	*(u64 *)(PAGE_IPA + PAGE_SIZE) = MARK;
	expect("start", true, open_with(1));
	expect("lend", 0, lend(&p, PAGE_IPA, PAGE_SIZE));
	expect("map", 0, map_lent(&p, GPA, R | W, PAGE_IPA, PAGE_SIZE));
	/* Neither the next page, nor the host's RAM at its own address. */
	expect("next", true, faults(&p, CMD_LOAD, GPA + PAGE_SIZE, false));
	expect("on", true, answered(&p, 0, FAULT));
	expect("load", false, vm_command(&p.vm, CMD_LOAD, PAGE_IPA + PAGE_SIZE, 0));
	expect("state", STATE_READ, p.vm.last.state);
	expect("unmap", 0, unmap_lent(&p, GPA, PAGE_IPA, PAGE_SIZE));
	expect("back", 0, lend_back(&p, PAGE_IPA, PAGE_SIZE));
	expect("end", true, paged_close(&p));
	return true;
}

static const struct test tests[] = {
	{ "a private page: the guest's, not the host's, and back", private_page },
	{ "a shared page is coherent both ways", shared_page },
	{ "a private page with R, RW, RX and RWX", rights },
	{ "a shared page with R: only the host writes", rights_shared },
	{ "an address gets another page, a page another address", another_page },
	{ "a 2 MiB block is mapped, and loses a page", block },
	{ "2 MiB that are not aligned are mapped", block_unaligned },
	{ "map: no memory for the first, second or third table", map_no_memory },
	{ "unmap: no memory to split the first or the second block", unmap_no_memory },
	{ "the guest gets no page but those that are mapped", host_memory_stays_out },
};

void run_map(void)
{
	run_all(tests, ARRAY_SIZE(tests));
}
