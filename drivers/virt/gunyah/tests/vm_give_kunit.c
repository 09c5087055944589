// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of giving a VM's memory and taking it back in the eager flow: what is
 * undone when a step fails, what is leaked, and what the host can do meanwhile
 * (R62 to R64).
 */
#include <kunit/static_stub.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <uapi/linux/falloc.h>

#include "../direct_map.h"
#include "parcel_test.h"

/*
 * Errors of the resource manager
 */

struct error_case {
	const char *name;
	int err;
	int ret;
};

static const struct error_case error_cases[] = {
	{ "denied", -EPERM, -ENODEV },
	{ "invalid", -EINVAL, -ENODEV },
	{ "busy", -EBUSY, -ENODEV },
	{ "no resource", -ENODEV, -ENODEV },
	{ "not implemented", -EOPNOTSUPP, -ENODEV },
	{ "unknown error", -EBADMSG, -ENODEV },
	{ "no memory", -ENOMEM, -ENOMEM },
	{ "killed before it was sent", -EINTR, -EINTR },
	{ "others had the connection for too long", -ETIMEDOUT, -ETIMEDOUT },
};

static void error_desc(const struct error_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(error, error_cases, error_desc);

/* Each of the three parcels in turn; then it works after all (R20, R64). */
static void give_fails(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	struct parcel_test *t = test->priv;
	unsigned int i;

	map_guest(test);
	for (i = 1; i <= 3; i++) {
		t->gives = 0;
		t->reclaims = 0;
		t->fail_give = i;
		t->err = c->err;
		KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), c->ret);
		KUNIT_EXPECT_EQ(test, t->gives, i);
		KUNIT_EXPECT_EQ(test, t->reclaims, i - 1);
		expect_stats(test, 0, 0, 0, 0);
	}

	t->gives = 0;
	t->fail_give = 0;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/* The parcel is there though the call failed: it is reclaimed. */
static void give_fails_half_done(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_guest(test);
	t->fail_give = 1;
	t->err = -ENOMEM;
	t->keep_handle = true;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ENOMEM);
	KUNIT_EXPECT_EQ(test, t->reclaims, 1);
	expect_stats(test, 0, 0, 0, 0);
}

static void give_fails_when_mapped(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned long addr;

	map_guest(test);
	/* In the lent binding that comes last. */
	addr = kunit_vm_mmap(test, t->file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, 5 * SZ_2M);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL((void *)addr));
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->gives, 0);
	expect_stats(test, 0, 0, 0, 0);

	KUNIT_ASSERT_EQ(test, vm_munmap(addr, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/* Shared memory may be mapped. */
static void give_of_mapped_shared_memory(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned long addr;

	map_guest(test);
	addr = kunit_vm_mmap(test, t->file, 0, SZ_64K, PROT_READ | PROT_WRITE, MAP_SHARED,
			     4 * SZ_2M);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL((void *)addr));
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, put_user(0x55, (u32 __user *)addr), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/*
 * Leaks.  Small ones: this memory is lost for good.
 */

static void map_small_guest(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SOME_PAGES, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0x40000000, SOME_PAGES, SOME_PAGES, SHARE), 0);
}

static void no_answer_leaks(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_small_guest(test);
	t->fail_give = 1;
	t->err = -ETIMEDOUT;
	t->dead = true;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, t->gives, 1);
	KUNIT_EXPECT_EQ(test, t->reclaims, 0);
	expect_stats(test, 0, 0, SOME_PAGES, 0);

	/* What is lost can't be given again. */
	t->fail_give = 0;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EIO);
	KUNIT_EXPECT_EQ(test, t->gives, 1);
}

/* An answer that is none: the resource manager may have done it. */
static void bad_answer_leaks(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_small_guest(test);
	t->fail_give = 2;
	t->err = -EIO;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EIO);
	/* The first one is back. */
	KUNIT_EXPECT_EQ(test, t->reclaims, 1);
	KUNIT_EXPECT_EQ(test, t->last_reclaimed, FIRST_HANDLE);
	expect_stats(test, 0, 0, SOME_PAGES, 0);
	/* Who ends the run is told, once. */
	KUNIT_EXPECT_EQ(test, take_back(t), 1);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

static void failed_reclaim_leaks(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_small_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	/* The shared one comes first. */
	t->fail_reclaim = 2;
	t->err = -EINVAL;
	KUNIT_EXPECT_EQ(test, take_back(t), 1);
	KUNIT_EXPECT_EQ(test, t->reclaims, 2);
	KUNIT_EXPECT_FALSE(test, t->seen[1].alive);
	expect_stats(test, 0, 0, SOME_PAGES, 0);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EIO);
}

static void abandoned_leaks_all(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_small_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_mem_abandon(&t->mem), 2);
	KUNIT_EXPECT_EQ(test, t->reclaims, 0);
	expect_stats(test, 0, 0, 2 * SOME_PAGES, 0);
}

/*
 * While given
 */

static void given_bindings_stand(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, map_mem(t, GPA + SZ_1G, 6 * SZ_2M, SZ_2M, RWX), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, map_mem(t, 0xa0000000, 5 * SZ_2M, SZ_2M, RWX | GUNYAH_MEM_UNMAP),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EBUSY);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, map_mem(t, 0xa0000000, 5 * SZ_2M, SZ_2M, RWX | GUNYAH_MEM_UNMAP), 0);
}

/* R63: of what was lent; what was shared could be read all the time. */
static void sanitize_is_passed_on(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned int i;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_mem_take_back(&t->mem, rm_of(t), true), 0);
	KUNIT_ASSERT_LE(test, 2, t->gives);
	for (i = 0; i < t->gives; i++)
		KUNIT_EXPECT_NE(test, !!(t->sanitized & BIT(i)), t->seen[i].share);
}

/* R62: not even the kernel reads lent memory; R63: it is back with its content. */
static void lent_memory_leaves_the_direct_map(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	u32 *lent, *shared, val;

	if (!gunyah_direct_map_can_change())
		kunit_skip(test, "the direct map can't be changed on this kernel");

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	lent = phys_to_virt(t->seen[0].first_ipa);
	shared = phys_to_virt(t->seen[1].first_ipa);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, lent, sizeof(val)), -EFAULT);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, (void *)lent + SZ_64K - 4,
						       sizeof(val)), -EFAULT);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, shared, sizeof(val)), 0);

	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, lent, sizeof(val)), 0);
	KUNIT_EXPECT_EQ(test, val, 0);
	*lent = 0x12345678;

	/* Once more, and the content stays. */
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, lent, sizeof(val)), -EFAULT);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, *lent, 0x12345678);
}

struct range_case {
	const char *name;
	phys_addr_t offset;	/* from a page of the test's file */
	size_t size;
};

static const struct range_case range_cases[] = {
	{ "nothing", 0, 0 },
	{ "less than a page", 0, PAGE_SIZE / 2 },
	{ "not aligned", 8, PAGE_SIZE },
	{ "beyond all memory", 1ULL << 47, PAGE_SIZE },
	{ "more pages than can be named", 0, (size_t)PAGE_SIZE << 32 },
};

static void range_desc(const struct range_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(range, range_cases, range_desc);

static void direct_map_refuses(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct parcel_test *t = test->priv;
	phys_addr_t phys;

	if (!gunyah_direct_map_can_change())
		kunit_skip(test, "the direct map can't be changed on this kernel");

	map_small_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	phys = t->seen[1].first_ipa + c->offset;
	KUNIT_EXPECT_EQ(test, gunyah_direct_map_remove(phys, c->size), -EINVAL);
	KUNIT_EXPECT_EQ(test, gunyah_direct_map_restore(phys, c->size), -EINVAL);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/* R62: what would stay in the direct map is not lent; nothing is given then. */
static void nothing_lent_that_stays_mapped(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_guest(test);
	kunit_activate_static_stub(test, gunyah_vm_parcel_can_lend, mem_test_can_not_lend);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, t->gives, 0);

	kunit_deactivate_static_stub(test, gunyah_vm_parcel_can_lend);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/*
 * R62, R64: as if somebody had leaked a page that is now to be lent: it is not, and it
 * does not come into the direct map.
 */
static void page_is_out_already(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	phys_addr_t phys;
	u32 *p, val;

	if (!gunyah_direct_map_can_change())
		kunit_skip(test, "the direct map can't be changed on this kernel");

	map_small_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	phys = t->seen[0].first_ipa;
	p = phys_to_virt(phys);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);

	/* The second page: the first one, before it, stays where it is. */
	KUNIT_ASSERT_EQ(test, gunyah_direct_map_remove(phys + PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, gunyah_direct_map_remove(phys, 2 * PAGE_SIZE), -EIO);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, p, sizeof(val)), 0);
	t->gives = 0;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -EIO);
	KUNIT_EXPECT_EQ(test, t->gives, 0);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, p, sizeof(val)), 0);
	KUNIT_EXPECT_EQ(test, copy_from_kernel_nofault(&val, (void *)p + PAGE_SIZE, sizeof(val)),
			-EFAULT);

	KUNIT_ASSERT_EQ(test, gunyah_direct_map_restore(phys + PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/* A parcel comes back as a whole or not at all: a hole in it is not made, nor beside it. */
static void hole_in_a_parcel(struct kunit *test)
{
	int punch = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	struct parcel_test *t = test->priv;
	u32 *shared;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	shared = phys_to_virt(t->seen[1].first_ipa);
	*shared = 0x12345678;
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, punch, 0, FILE_SIZE), -EBUSY);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, punch, 4 * SZ_2M, PAGE_SIZE), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, punch, 4 * SZ_2M, SZ_2M), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, *shared, 0x12345678);
	KUNIT_EXPECT_EQ(test, file_inode(t->file)->i_blocks, FILE_SIZE / 512);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, punch, 0, FILE_SIZE), 0);
}

static struct kunit_case vm_give_test_cases[] = {
	KUNIT_CASE_PARAM(give_fails, error_gen_params),
	KUNIT_CASE(give_fails_half_done),
	KUNIT_CASE(give_fails_when_mapped),
	KUNIT_CASE(give_of_mapped_shared_memory),
	KUNIT_CASE(no_answer_leaks),
	KUNIT_CASE(bad_answer_leaks),
	KUNIT_CASE(failed_reclaim_leaks),
	KUNIT_CASE(abandoned_leaks_all),
	KUNIT_CASE(given_bindings_stand),
	KUNIT_CASE(sanitize_is_passed_on),
	KUNIT_CASE(lent_memory_leaves_the_direct_map),
	KUNIT_CASE_PARAM(direct_map_refuses, range_gen_params),
	KUNIT_CASE(nothing_lent_that_stays_mapped),
	KUNIT_CASE(page_is_out_already),
	KUNIT_CASE(hole_in_a_parcel),
	{}
};

static struct kunit_suite vm_give_test_suite = {
	.name		= "gunyah_vm_give",
	.init		= parcel_test_init,
	.test_cases	= vm_give_test_cases,
};

kunit_test_suites(&vm_give_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_DESCRIPTION("KUnit tests of giving memory to a Gunyah VM");
MODULE_LICENSE("GPL");
