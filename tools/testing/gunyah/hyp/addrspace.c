// SPDX-License-Identifier: GPL-2.0-only
/*
 * addrspace_map and addrspace_unmap: pages of a VM's extents in its stage 2.
 *
 * Only parts of extents can be mapped (MAP_PARTIAL), as these are sparse: an
 * offset into one is a physical address.  A private extent's pages are mapped
 * with MAP_PRIVATE; a shared one's outside of the named ranges with MAP_VMMIO,
 * because an access there is an MMIO access when nothing is mapped.
 *
 * Invariant: stage 2 and the records of the pages say the same; mem_lock() is
 * held over the checks and the change.
 */

#include "abi.h"
#include "addrspace.h"
#include "vm.h"

/* The named range with the address, or NULL. */
static const struct mem_range *range_of(const struct addrspace *s, u64 gpa)
{
	u32 i;

	for (i = 0; i < s->nr_ranges; i++) {
		if (gpa >= s->range[i].ipa && gpa - s->range[i].ipa < s->range[i].size)
			return &s->range[i];
	}
	return NULL;
}

bool addrspace_paged(const struct addrspace *s, u64 gpa)
{
	return range_of(s, gpa);
}

/* All of [gpa, gpa + size) in named ranges, which may follow one another? */
static bool all_paged(const struct addrspace *s, u64 gpa, u64 size)
{
	const struct mem_range *r;
	u64 end = gpa + size;

	while (gpa < end) {
		r = range_of(s, gpa);
		if (!r)
			return false;
		gpa = r->ipa + r->size;
	}
	return true;
}

static u64 check_flags(const struct addrspace *s, const struct extent *e, const struct mapping *m)
{
	if (!(m->flags & MAP_PARTIAL))
		return HYP_DENIED;
	if (e->kind == EXTENT_GUEST_PRIVATE)
		return (m->flags & (MAP_PRIVATE | MAP_VMMIO)) == MAP_PRIVATE ? HYP_OK : HYP_DENIED;
	if (m->flags & MAP_PRIVATE)
		return HYP_DENIED;
	if (!(m->flags & MAP_VMMIO) && !all_paged(s, m->gpa, m->pages.size))
		return HYP_DENIED;
	return HYP_OK;
}

/* All that can be told without a look at pages. */
static u64 check(const struct addrspace *s, const struct extent *e, const struct mapping *m)
{
	u64 err;

	if (m->flags & ~MAP_FLAGS)
		return HYP_ARG_INVAL;
	err = extent_check_range(&m->pages);
	if (err)
		return err;
	if (!IS_ALIGNED(m->gpa, PAGE_SIZE))
		return HYP_ARG_ALIGN;
	if (m->gpa + m->pages.size < m->gpa)
		return HYP_ADDR_OVFL;
	if (m->gpa + m->pages.size > ADDRSPACE_END)
		return HYP_ADDR_INVAL;
	if (e->kind == EXTENT_HOST_SHARED || e->kind == EXTENT_HOST_PRIVATE ||
	    e->of->s2 != &s->vm->s2)
		return HYP_EXTENT_TYPE;
	return check_flags(s, e, m);
}

/* The same access for EL0 and EL1: R, RW, RX or RWX; and of memory, write-back. */
static u64 check_attrs(u64 attrs)
{
	u64 access = MAP_KERNEL(attrs);

	if (attrs & ~MAP_ATTRS || MAP_USER(attrs) != access || !(access & S2_R) ||
	    MAP_TYPE(attrs) != MAP_WRITE_BACK)
		return HYP_ARG_INVAL;
	return HYP_OK;
}

static void sync_all(struct addrspace *s)
{
	stage2_sync(&s->vm->s2);
	stage2_sync(&vm_primary()->s2);
}

static u64 map(struct addrspace *s, struct extent *e, const struct mapping *m)
{
	if (!extent_has(e, &m->pages))
		return HYP_NOT_OWNER;
	if (!stage2_range_empty(&s->vm->s2, m->gpa, m->pages.size))
		return HYP_EXISTING_MAPPING;
	if (extent_any_mapped(&m->pages))
		return HYP_MAPPINGS_FULL;
	/* What the host wrote reaches a guest whose caches are off. */
	mem_sync_icache(m->pages.ipa, m->pages.size);
	if (stage2_map(&s->vm->s2, m->gpa, m->pages.ipa, m->pages.size, MAP_KERNEL(m->attrs)))
		return HYP_NOMEM;
	extent_set_mapped(e, &m->pages, m->gpa, true);
	return HYP_OK;
}

static u64 unmap(struct addrspace *s, struct extent *e, const struct mapping *m)
{
	struct stage2 *s2 = &s->vm->s2;
	int ret;

	if (!extent_has(e, &m->pages) || !extent_mapped_at(&m->pages, m->gpa))
		return HYP_ADDR_INVAL;
	if (m->flags & MEM_NOSYNC)
		ret = stage2_unmap_nosync(s2, m->gpa, m->pages.size);
	else
		ret = stage2_unmap(s2, m->gpa, m->pages.size);
	if (ret)
		return HYP_NOMEM;
	extent_set_mapped(e, &m->pages, m->gpa, false);
	return HYP_OK;
}

u64 addrspace_map(struct addrspace *s, struct extent *e, const struct mapping *m)
{
	u64 err = check(s, e, m);

	if (!err)
		err = check_attrs(m->attrs);
	if (err)
		return err;
	mem_lock();
	err = map(s, e, m);
	if (!(m->flags & MEM_NOSYNC))
		sync_all(s);
	mem_unlock();
	return err;
}

u64 addrspace_unmap(struct addrspace *s, struct extent *e, const struct mapping *m)
{
	u64 err = check(s, e, m);

	if (err)
		return err;
	mem_lock();
	err = unmap(s, e, m);
	if (!(m->flags & MEM_NOSYNC))
		sync_all(s);
	mem_unlock();
	return err;
}
