/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of guest memory that have failed (memory_failure()): nobody is given one, and
 * the kernel does not touch it.
 */
#ifndef _GUNYAH_MEM_PAGE_H
#define _GUNYAH_MEM_PAGE_H

#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sizes.h>

/**
 * gunyah_mem_page_failed() - has one of some pages failed?
 * @page: the first, with the others behind it in physical memory
 * @n: so many
 *
 * Looks at no page where the kernel does not know of such failures.
 *
 * Context: may sleep.
 * Return: true if one has.
 */
static inline bool gunyah_mem_page_failed(struct page *page, unsigned long n)
{
	unsigned long i;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return false;

	for (i = 0; i < n; i++) {
		if (PageHWPoison(page + i))
			return true;
		if (!(i % SZ_64K))
			cond_resched();
	}

	return false;
}

/**
 * gunyah_mem_page_clear() - clear pages, but for those that have failed
 * @page: the first, with the others behind it in physical memory
 * @n: so many
 *
 * Context: may sleep.
 */
static inline void gunyah_mem_page_clear(struct page *page, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (!PageHWPoison(page + i))
			clear_highpage(page + i);
		cond_resched();
	}
}

#endif
