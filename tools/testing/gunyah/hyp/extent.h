/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory extents: who has which page, for memory that goes to and fro without
 * memparcels.  Profile "paging" only.
 *
 * A VM has four of them.  Two stand for the host's own pages, two for those
 * that the VM has been given; memextent_donate moves pages between a pair:
 *
 *   host private -> guest private	gone from the host's stage 2 ("lent")
 *   host shared -> guest shared	the host keeps its access
 *
 * and back.  A page of a guest's extent is mapped in the VM's address space
 * once at most: addrspace.h.
 *
 * The extents outlive the VM while they have pages, so that these can be taken
 * back: vm_memory_release().
 */
#ifndef HYP_EXTENT_H
#define HYP_EXTENT_H

#include "cap.h"
#include "mem.h"

#define EXTENT_RECORD_SIZE	8	/* bytes for each page of RAM */

/* Also the labels that the resource manager tells. */
enum extent_kind {
	EXTENT_GUEST_PRIVATE = 0,
	EXTENT_HOST_SHARED = 1,
	EXTENT_HOST_PRIVATE = 2,
	EXTENT_GUEST_SHARED = 3,
	EXTENT_KINDS = 4,
};

struct vm_memory;

struct extent {
	struct object obj;
	enum extent_kind kind;
	struct vm_memory *of;
};

/* The four of a VM.  All but extent[] is guarded by mem_lock(). */
struct vm_memory {
	struct extent extent[EXTENT_KINDS];
	u16 id;			/* of the pages' records, not 0 */
	bool gone;		/* the VM is: pages come back only */
	bool lost;		/* and nobody is to ask for them */
	u64 pages;		/* that the VM's two have */
	u64 mapped;		/* of these */
	struct stage2 *s2;	/* the VM's; NULL when it is gone */
};

/* Profile "paging": records for all pages.  Once, at boot, after mem_init(). */
void extents_init(void);
/* Is this the profile that has them? */
bool extents_on(void);

/**
 * vm_memory_new() - the extents of a VM, empty
 * @s2: its stage 2
 *
 * Return: NULL when the pool is empty or there are too many.
 */
struct vm_memory *vm_memory_new(struct stage2 *s2);

/**
 * vm_memory_release() - the VM and its address space go
 * @m: its extents; freed now, or when they have given their last page back
 *
 * Context: no hypercall uses the address space any more, and none will.
 */
void vm_memory_release(struct vm_memory *m);

/* Frees what extent_donate() found empty; no reference is held. */
void vm_memory_free(struct vm_memory *m);

/**
 * vm_memory_adopt() - pages of a parcel, mapped in the VM, become its own
 * @m: the VM's
 * @r: a range of pages that are lent
 * @gpa: where it is mapped
 *
 * They are the guest's private extent's from here on.
 */
void vm_memory_adopt(struct vm_memory *m, const struct mem_range *r, u64 gpa);

/*
 * For tests: VMs are gone and nobody will ask for the pages that they had;
 * returns how many.  The second gives them back to the host.
 */
u64 vm_memory_forget_all(void);
u64 vm_memory_reclaim_lost(void);

/**
 * extent_donate() - the hypercall of this name, memextent_donate
 * @options: type of the donation, MEM_NOSYNC
 * @from: who has the pages
 * @to: who gets them
 * @r: the pages
 * @empty: set to what is to be freed, when no reference is held any more
 *
 * Context: takes mem_lock().
 * Return: the hypercall's error.
 */
u64 extent_donate(u64 options, struct extent *from, struct extent *to,
		  const struct mem_range *r, struct vm_memory **empty);

/* What the calls on ranges of memory have in common: sizes, alignment, RAM. */
u64 extent_check_range(const struct mem_range *r);

/* ---- for addrspace.c; mem_lock() is held, the ranges are RAM ---- */

/* Has the extent all of these pages? */
bool extent_has(const struct extent *e, const struct mem_range *r);
/* Is one of them mapped? */
bool extent_any_mapped(const struct mem_range *r);
/* Are all of them mapped from @gpa on? */
bool extent_mapped_at(const struct mem_range *r, u64 gpa);
void extent_set_mapped(struct extent *e, const struct mem_range *r, u64 gpa, bool mapped);

#endif
