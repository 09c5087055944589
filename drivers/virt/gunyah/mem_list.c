// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entries of a memparcel.  The guest's size decides how many there are, so
 * the array is kvmalloc'ed, and doubles when it is full.
 */
#include <linux/slab.h>
#include <kunit/visibility.h>

#include "mem_list.h"
#include "rm_calls.h"

/* One page of entries to begin with. */
#define GUNYAH_MEM_LIST_MIN	(SZ_4K / sizeof(struct gunyah_rm_mem_entry))

static int gunyah_mem_list_grow(struct gunyah_mem_list *list)
{
	size_t max = list->max ? 2 * list->max : GUNYAH_MEM_LIST_MIN;
	struct gunyah_rm_mem_entry *entries;

	entries = kvrealloc(list->entries, array_size(max, sizeof(*entries)),
			    GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;

	list->entries = entries;
	list->max = max;
	return 0;
}

int gunyah_mem_list_add(struct gunyah_mem_list *list, u64 phys, u64 size)
{
	struct gunyah_rm_mem_entry *last = list->n ? &list->entries[list->n - 1] : NULL;
	int ret;

	if (last && last->ipa + last->size == phys) {
		last->size += size;
		list->size += size;
		return 0;
	}

	if (list->n == list->max) {
		ret = gunyah_mem_list_grow(list);
		if (ret)
			return ret;
	}

	list->entries[list->n++] = (struct gunyah_rm_mem_entry) {
		.ipa	= phys,
		.size	= size,
	};
	list->size += size;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_mem_list_add);

void gunyah_mem_list_free(struct gunyah_mem_list *list)
{
	kvfree(list->entries);
	*list = (struct gunyah_mem_list) {};
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_mem_list_free);
