/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages of a guest-memory file and their states, see guest_pages.c.
 */
#ifndef _GUNYAH_GUEST_PAGES_H
#define _GUNYAH_GUEST_PAGES_H

#include <linux/bits.h>
#include <linux/maple_tree.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "mem_provider.h"

struct file;
struct folio;

/* A huge page is a block of the hypervisor's stage 2, whatever the host's page size. */
#define GUNYAH_HUGE_SIZE	SZ_2M

/* The states of pages that are not the host's alone. */
#define GUNYAH_GIVEN_STATES \
	(BIT(GUNYAH_MEM_SHARED) | BIT(GUNYAH_MEM_LENT) | BIT(GUNYAH_MEM_LEAKED))

/**
 * struct gunyah_guest_pages - pages of a guest-memory file
 * @file: the file; no reference, it owns this structure
 * @lock: guards the trees, and who may make page-table entries for the pages
 * @folios: page index to folio
 * @ranges: page index to state (as an XArray value) of what is claimed
 * @claims: page index to struct gunyah_mem_owner, for a claim whose owner is known
 * @nr_pages: size of the file
 * @huge: each folio is at least a huge page
 *
 * Unless they say otherwise, the functions below take @lock as held, ranges of
 * page indices inside of the file, first and last one, and may sleep.
 */
struct gunyah_guest_pages {
	struct file *file;
	struct mutex lock;	/* see above */
	struct maple_tree folios;
	struct maple_tree ranges;
	struct maple_tree claims;
	pgoff_t nr_pages;
	bool huge;
};

/* The lock is not held: nobody else has the structure yet, or any more. */
void gunyah_guest_pages_init(struct gunyah_guest_pages *gp, pgoff_t nr_pages, bool huge);

/* All that is not leaked goes back to the allocator, or to those who have it pinned. */
void gunyah_guest_pages_destroy(struct gunyah_guest_pages *gp);

/**
 * gunyah_guest_pages_fill() - allocate what is missing in a range
 * @gp: the pages
 * @first: first page
 * @last: last page
 *
 * Return: 0, -ENOMEM, -EINTR (a fatal signal); a part may have been allocated.
 */
int gunyah_guest_pages_fill(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last);

/**
 * gunyah_guest_pages_get() - the folio of a page, allocated if need be
 * @gp: the pages
 * @index: the page
 * @start: filled in: page index of the folio's first page
 *
 * Return: the folio, no reference is taken; or ERR_PTR(-ENOMEM).
 */
struct folio *gunyah_guest_pages_get(struct gunyah_guest_pages *gp, pgoff_t index, pgoff_t *start);

/**
 * gunyah_guest_pages_piece() - find what is contiguous around a page
 * @gp: the pages
 * @index: the page; its folio is allocated if need be
 * @first: the first page that is wanted; filled in: that of what is found
 * @last: the last one, likewise
 *
 * The page's folio, and those that are there already and follow one another in physical
 * memory as in the file, in one block of a huge page's size.
 *
 * Return: 0 or -ENOMEM.
 */
int gunyah_guest_pages_piece(struct gunyah_guest_pages *gp, pgoff_t index, pgoff_t *first,
			     pgoff_t *last);

/**
 * gunyah_guest_pages_punch() - make a hole
 * @gp: the pages; those of the range are the host's
 * @first: first page
 * @last: last page
 *
 * Frees the folios in the hole; of a larger folio a part of a huge page's size
 * or more, if the rest of it can be copied elsewhere; and clears what is left of
 * the hole.
 */
void gunyah_guest_pages_punch(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last);

/**
 * gunyah_guest_pages_claim() - claim a range: its state becomes host
 * @gp: the pages
 * @owner: whose claim it is, or NULL
 * @first: first page
 * @last: last page
 *
 * Return: 0, -EEXIST when a part of it is claimed, -ENOMEM.
 */
int gunyah_guest_pages_claim(struct gunyah_guest_pages *gp, struct gunyah_mem_owner *owner,
			     pgoff_t first, pgoff_t last);

/* Give up a claim or a part of one.  Leaked pages stay claimed, without an owner. */
void gunyah_guest_pages_unclaim(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last);

/* Set the state of a claim; never fails. */
void gunyah_guest_pages_set(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last,
			    enum gunyah_mem_state state);

/**
 * gunyah_guest_pages_find() - find a page of a range in one of some states
 * @gp: the pages
 * @first: first page
 * @last: last page
 * @states: BIT(state) of each
 *
 * Return: the first of such pages, or @last + 1.
 */
pgoff_t gunyah_guest_pages_find(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last,
				unsigned long states);

/* Has a page of the range one of the states?  @states: BIT(state) of each. */
static inline bool gunyah_guest_pages_has(struct gunyah_guest_pages *gp, pgoff_t first,
					  pgoff_t last, unsigned long states)
{
	return gunyah_guest_pages_find(gp, first, last, states) <= last;
}

/**
 * gunyah_guest_pages_owner() - whose claim a page belongs to
 * @gp: the pages
 * @index: the page
 * @last: filled in: the last page up to which it is the same claim
 *
 * Return: the owner, as long as the lock is held; or NULL.
 */
struct gunyah_mem_owner *gunyah_guest_pages_owner(struct gunyah_guest_pages *gp, pgoff_t index,
						  pgoff_t *last);

/**
 * gunyah_guest_pages_state() - state of a page
 * @gp: the pages
 * @index: the page
 * @last: filled in: the last page up to which it is the same
 *
 * Return: the state; host for what is not claimed.
 */
enum gunyah_mem_state gunyah_guest_pages_state(struct gunyah_guest_pages *gp, pgoff_t index,
					       pgoff_t *last);

/* Is a page of the range in a mapping of user space, touched or not? */
bool gunyah_guest_pages_mapped(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last);

/**
 * gunyah_guest_pages_pinned() - has anybody else a reference to a folio?
 * @gp: the pages
 * @folio: one of theirs
 * @start: page index of its first page
 * @first: first page of a range that is not mapped
 * @last: last page of it; the folio has pages in it
 *
 * A folio that reaches beyond the range may be mapped there: then it is taken
 * out of the mappings, and whoever uses it faults it in again.
 *
 * Return: true when the folio has references that are not the file's.
 */
bool gunyah_guest_pages_pinned(struct gunyah_guest_pages *gp, struct folio *folio, pgoff_t start,
			       pgoff_t first, pgoff_t last);

#endif
