/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A list of physically contiguous ranges that grows: the entries of a
 * memparcel, in the order in which the guest sees them.  Neighbours merge.
 */
#ifndef _GUNYAH_MEM_LIST_H
#define _GUNYAH_MEM_LIST_H

#include <linux/types.h>

struct gunyah_rm_mem_entry;

/**
 * struct gunyah_mem_list - ranges
 * @entries: kvmalloc'ed array, NULL when nothing was added
 * @n: entries in use
 * @max: entries that there is room for
 * @size: bytes of all entries together
 */
struct gunyah_mem_list {
	struct gunyah_rm_mem_entry *entries;
	size_t n;
	size_t max;
	u64 size;
};

/**
 * gunyah_mem_list_add() - append a range
 * @list: the list; zeroed memory is an empty one
 * @phys: physical address, which is the IPA of this VM
 * @size: its size in bytes, not 0
 *
 * A range that begins where the last entry ends makes that one longer.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int gunyah_mem_list_add(struct gunyah_mem_list *list, u64 phys, u64 size);

/* Free the entries; the list is empty then. */
void gunyah_mem_list_free(struct gunyah_mem_list *list);

#endif
