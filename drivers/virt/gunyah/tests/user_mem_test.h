/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of user memory have in common: a range of this thread's address
 * space, and what is charged for it.
 */
#ifndef _GUNYAH_TESTS_USER_MEM_TEST_H
#define _GUNYAH_TESTS_USER_MEM_TEST_H

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>

#define RANGE_PAGES	16UL
#define RANGE_SIZE	(RANGE_PAGES * PAGE_SIZE)

static inline unsigned long user_mem_map(struct kunit *test, struct file *file, size_t size,
					 unsigned long prot, unsigned long flags)
{
	unsigned long addr = kunit_vm_mmap(test, file, 0, size, prot, flags, 0);

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return addr;
}

static inline unsigned long user_mem_anon(struct kunit *test, size_t size)
{
	return user_mem_map(test, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}

/* Pages charged to this thread's address space. */
static inline unsigned long user_mem_charged(void)
{
	return READ_ONCE(current->mm->locked_vm);
}

#endif
