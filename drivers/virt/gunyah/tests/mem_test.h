/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of guest memory have in common: files that go away with the
 * test, and their providers.
 */
#ifndef _GUNYAH_TESTS_MEM_TEST_H
#define _GUNYAH_TESTS_MEM_TEST_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <uapi/linux/gunyah.h>

#include "../guest_mem.h"
#include "../mem_provider.h"

/* Some pages, whatever size they have. */
#define SOME_PAGES	(16 * PAGE_SIZE)

/*
 * Synchronous where it can be: a test that has dropped all references sees the
 * memory go at once.
 */
static inline void mem_test_fput(void *file)
{
	fput(file);
	flush_delayed_fput();
}

static inline struct file *mem_test_file(struct kunit *test, u64 size, u64 flags)
{
	struct gunyah_create_mem_args args = { .size = size, .flags = flags };
	struct file *file;

	file = gunyah_guest_mem_file(&args);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, mem_test_fput, file));
	return file;
}

static inline void mem_test_close_fd(void *fd)
{
	close_fd((long)fd);
	flush_delayed_fput();
}

/* An fd of the file, in the table that all kernel threads share. */
static inline int mem_test_fd(struct kunit *test, struct file *file)
{
	long fd = get_unused_fd_flags(O_CLOEXEC);

	KUNIT_ASSERT_GE(test, fd, 0);
	fd_install(fd, get_file(file));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, mem_test_close_fd, (void *)fd));
	return fd;
}

/* In place of gunyah_vm_parcel_can_lend(): a kernel whose direct map can't be changed. */
static inline bool mem_test_can_not_lend(void)
{
	return false;
}

#endif
