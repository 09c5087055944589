/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's address space, as its owner changes it.  Profile "paging" only.
 *
 * The owner names ranges in which an access to an unmapped page is a page fault
 * for it (SET_DEMAND_PAGING).  By addrspace_map and addrspace_unmap it maps
 * pages of the VM's extents, there and elsewhere.
 */
#ifndef HYP_ADDRSPACE_H
#define HYP_ADDRSPACE_H

#include "extent.h"

#define ADDRSPACE_END	BIT(36)

struct addrspace {
	struct object obj;
	struct vm *vm;
	const struct mem_range *range;	/* named ones; don't change any more */
	u32 nr_ranges;
};

/* What the two hypercalls are about. */
struct mapping {
	u64 gpa, attrs, flags;
	struct mem_range pages;
};

/* Is the address in a named range? */
bool addrspace_paged(const struct addrspace *s, u64 gpa);

/*
 * The hypercalls of these names; their errors.  They take mem_lock().  On an
 * error nothing is changed.
 */
u64 addrspace_map(struct addrspace *s, struct extent *e, const struct mapping *m);
u64 addrspace_unmap(struct addrspace *s, struct extent *e, const struct mapping *m);

#endif
