// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory extents: donations, and a record for each page of the host's RAM.
 *
 * The record says which VM's extents have the page, and where it is mapped; the
 * page's state (mem.c) says which of the two: PAGE_LENT is the private one's,
 * PAGE_SHARED the shared one's.  Pages of parcels have the same states and an
 * empty record.
 *
 * Invariants: a page is in one extent at most and in no parcel then; a page
 * that is mapped belongs to an extent of that VM; m->pages and m->mapped are
 * the numbers of such records.  All of it is guarded by mem_lock(), held from
 * the first check to the last change; what can fail is done before anything
 * changes.
 */

#include "abi.h"
#include "extent.h"
#include "lib/alloc.h"
#include "vm.h"

#define MEMORIES	512	/* VMs that exist, and those that left pages */

struct page_record {
	u16 owner;		/* vm_memory.id, 0: nobody's */
	bool mapped;
	u32 gfn;		/* where it is mapped: 36 bits of address */
};

ASSERT_TRUE(sizeof(struct page_record) == EXTENT_RECORD_SIZE);

static struct {
	struct page_record *page;	/* of each page of RAM; NULL: another profile */
	struct vm_memory *memory[MEMORIES];	/* by id - 1; guarded by mem_lock() */
} extents;

void extents_init(void)
{
	extents.page = boot_alloc(mem_ram_pages() * sizeof(*extents.page));
	if (!extents.page)
		hyp_panic("no memory for the records of %lu pages",
			  (unsigned long)mem_ram_pages());
}

bool extents_on(void)
{
	return extents.page;
}

static struct page_record *record_of(u64 pa)
{
	return &extents.page[mem_page_number(pa)];
}

static u64 pages_of(const struct mem_range *r)
{
	return r->size >> PAGE_SHIFT;
}

/* ---- the extents of a VM ---- */

static u16 id_get(struct vm_memory *m)
{
	u16 i;

	for (i = 0; i < MEMORIES; i++) {
		if (!extents.memory[i]) {
			extents.memory[i] = m;
			return i + 1;
		}
	}
	return 0;
}

struct vm_memory *vm_memory_new(struct stage2 *s2)
{
	struct vm_memory *m = hyp_alloc(sizeof(*m));
	u32 i;

	if (!m)
		return NULL;
	mem_lock();
	m->id = id_get(m);
	mem_unlock();
	if (!m->id) {
		hyp_free(m);
		return NULL;
	}
	m->s2 = s2;
	for (i = 0; i < EXTENT_KINDS; i++) {
		m->extent[i].obj.type = OBJ_EXTENT;
		m->extent[i].kind = (enum extent_kind)i;
		m->extent[i].of = m;
	}
	return m;
}

void vm_memory_free(struct vm_memory *m)
{
	u32 i;

	for (i = 0; i < EXTENT_KINDS; i++)
		cap_revoke(&m->extent[i].obj);
	mem_lock();
	extents.memory[m->id - 1] = NULL;
	mem_unlock();
	hyp_free(m);
}

void vm_memory_release(struct vm_memory *m)
{
	struct page_record *p = extents.page;
	u64 pages = mem_ram_pages();
	bool empty;

	mem_lock();
	m->s2 = NULL;
	m->gone = true;
	empty = !m->pages;
	/* The mappings go with the VM's tables. */
	for (; m->mapped && pages--; p++) {
		if (p->owner != m->id || !p->mapped)
			continue;
		p->mapped = false;
		m->mapped--;
	}
	mem_unlock();
	if (empty)
		vm_memory_free(m);
}

static void set_owner(struct vm_memory *m, const struct mem_range *r)
{
	struct page_record *p = record_of(r->ipa);
	u64 i;

	for (i = 0; i < pages_of(r); i++)
		p[i] = (struct page_record){ .owner = m ? m->id : 0 };
}

void vm_memory_adopt(struct vm_memory *m, const struct mem_range *r, u64 gpa)
{
	mem_lock();
	set_owner(m, r);
	m->pages += pages_of(r);
	extent_set_mapped(&m->extent[EXTENT_GUEST_PRIVATE], r, gpa, true);
	mem_unlock();
}

/* ---- what tests leave behind ---- */

u64 vm_memory_forget_all(void)
{
	struct vm_memory *m;
	u64 pages = 0;
	u32 i;

	mem_lock();
	for (i = 0; i < MEMORIES; i++) {
		m = extents.memory[i];
		if (!m || !m->gone || m->lost)
			continue;
		m->lost = true;
		pages += m->pages;
	}
	mem_unlock();
	return pages;
}

static void take_all_back(struct vm_memory *m)
{
	u64 i;

	for (i = 0; m->pages && i < mem_ram_pages(); i++) {
		struct mem_range r = { .ipa = mem_page_address(i), .size = PAGE_SIZE };

		if (extents.page[i].owner != m->id)
			continue;
		if (mem_take_back(&r))
			hyp_panic("no table for a page that a VM left");
		set_owner(NULL, &r);
		m->pages--;
	}
}

u64 vm_memory_reclaim_lost(void)
{
	struct vm_memory *m;
	u64 pages = 0;
	u32 i;

	for (i = 0; i < MEMORIES; i++) {
		mem_lock();
		m = extents.memory[i];
		if (m && !m->lost)
			m = NULL;
		if (m) {
			pages += m->pages;
			take_all_back(m);
		}
		mem_unlock();
		/* A donation of its last page at the same time would free it too. */
		if (m)
			vm_memory_free(m);
	}
	return pages;
}

/* ---- pages of an extent ---- */

u64 extent_check_range(const struct mem_range *r)
{
	if (!r->size || !IS_ALIGNED(r->size, PAGE_SIZE))
		return HYP_ARG_SIZE;
	if (!IS_ALIGNED(r->ipa, PAGE_SIZE))
		return HYP_ARG_ALIGN;
	if (r->ipa + r->size < r->ipa)
		return HYP_ADDR_OVFL;
	if (!mem_is_ram(r->ipa, r->size))
		return HYP_ADDR_INVAL;
	return HYP_OK;
}

bool extent_has(const struct extent *e, const struct mem_range *r)
{
	enum page_state state = e->kind == EXTENT_GUEST_SHARED ? PAGE_SHARED : PAGE_LENT;
	const struct page_record *p = record_of(r->ipa);
	u64 i;

	for (i = 0; i < pages_of(r); i++) {
		if (p[i].owner != e->of->id || mem_state(r->ipa + i * PAGE_SIZE) != state)
			return false;
	}
	return true;
}

bool extent_any_mapped(const struct mem_range *r)
{
	const struct page_record *p = record_of(r->ipa);
	u64 i;

	for (i = 0; i < pages_of(r); i++) {
		if (p[i].mapped)
			return true;
	}
	return false;
}

bool extent_mapped_at(const struct mem_range *r, u64 gpa)
{
	const struct page_record *p = record_of(r->ipa);
	u64 i;

	for (i = 0; i < pages_of(r); i++) {
		if (!p[i].mapped || p[i].gfn != (gpa >> PAGE_SHIFT) + i)
			return false;
	}
	return true;
}

void extent_set_mapped(struct extent *e, const struct mem_range *r, u64 gpa, bool mapped)
{
	struct page_record *p = record_of(r->ipa);
	u64 i;

	for (i = 0; i < pages_of(r); i++) {
		p[i].mapped = mapped;
		p[i].gfn = (u32)((gpa >> PAGE_SHIFT) + i);
	}
	if (mapped)
		e->of->mapped += pages_of(r);
	else
		e->of->mapped -= pages_of(r);
}

/* ---- donations ---- */

/* Which way the pages go, or that there is no such donation. */
static u64 check_kinds(u64 type, const struct extent *from, const struct extent *to, bool *give)
{
	static const struct {
		u64 type;
		enum extent_kind from, to;
		bool give;
	} ways[] = {
		{ DONATE_SIBLING, EXTENT_HOST_SHARED, EXTENT_GUEST_SHARED, true },
		{ DONATE_SIBLING, EXTENT_GUEST_SHARED, EXTENT_HOST_SHARED, false },
		{ DONATE_PROTECTED, EXTENT_HOST_PRIVATE, EXTENT_GUEST_PRIVATE, true },
		{ DONATE_UNPROTECTED, EXTENT_GUEST_PRIVATE, EXTENT_HOST_PRIVATE, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].type != type || ways[i].from != from->kind || ways[i].to != to->kind)
			continue;
		*give = ways[i].give;
		return from->of == to->of ? HYP_OK : HYP_EXTENT_TYPE;
	}
	return HYP_EXTENT_TYPE;
}

static u64 give(struct extent *to, const struct mem_range *r, bool nosync)
{
	enum page_state state = to->kind == EXTENT_GUEST_SHARED ? PAGE_SHARED : PAGE_LENT;
	struct vm_memory *m = to->of;

	if (m->gone)
		return HYP_DENIED;
	if (mem_check_host(r, 1))
		return HYP_NOT_OWNER;
	if (mem_give(r, state, nosync))
		return HYP_NOMEM;
	set_owner(m, r);
	m->pages += pages_of(r);
	return HYP_OK;
}

static u64 take_back(struct extent *from, const struct mem_range *r, struct vm_memory **empty)
{
	struct vm_memory *m = from->of;

	if (!extent_has(from, r))
		return HYP_NOT_OWNER;
	if (extent_any_mapped(r))
		return HYP_BUSY;
	if (mem_take_back(r))
		return HYP_NOMEM;
	set_owner(NULL, r);
	m->pages -= pages_of(r);
	if (m->gone && !m->pages)
		*empty = m;
	return HYP_OK;
}

/* The first call without MEM_NOSYNC finishes what those with it left. */
static void sync_all(struct vm_memory *m)
{
	stage2_sync(&vm_primary()->s2);
	if (m->s2)
		stage2_sync(m->s2);
}

u64 extent_donate(u64 options, struct extent *from, struct extent *to,
		  const struct mem_range *r, struct vm_memory **empty)
{
	u64 type = DONATE_TYPE(options);
	bool nosync = options & MEM_NOSYNC;
	bool giving;
	u64 err;

	*empty = NULL;
	if (options & ~DONATE_OPTIONS || type > DONATE_UNPROTECTED)
		return HYP_ARG_INVAL;
	if (type == DONATE_CHILD || type == DONATE_PARENT)
		return HYP_DENIED;
	err = extent_check_range(r);
	if (!err)
		err = check_kinds(type, from, to, &giving);
	if (err)
		return err;

	mem_lock();
	err = giving ? give(to, r, nosync) : take_back(from, r, empty);
	if (!nosync)
		sync_all(from->of);
	mem_unlock();
	return err;
}
