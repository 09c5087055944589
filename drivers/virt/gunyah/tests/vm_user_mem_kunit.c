// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a VM's regions of user memory: the rules of SET_USER_MEM_REGION (R60,
 * R71), and which parcels they become (R61, R64).
 */
#include <linux/module.h>

#include "../vm_user_mem.h"
#include "parcel_test.h"
#include "user_mem_test.h"

#define SHARED_GPA	0x90000000ULL
#define RW		(GUNYAH_USER_MEM_READ | GUNYAH_USER_MEM_WRITE)
#define USER_RWX	(RW | GUNYAH_USER_MEM_EXEC)
#define LENT		(USER_RWX | GUNYAH_USER_MEM_LENT)

/* One test at a time. */
static struct gunyah_vm_user_mem regions;

/* In the order of vm.c; the memory itself is destroyed once more by parcel_test.h. */
static void destroy_regions(void *mem)
{
	gunyah_vm_mem_destroy(mem);
	gunyah_vm_user_mem_destroy(&regions);
	gunyah_vm_mem_init(mem);
}

static int regions_test_init(struct kunit *test)
{
	struct parcel_test *t;
	int ret;

	ret = parcel_test_init(test);
	if (ret)
		return ret;

	t = test->priv;
	/* This thread has an address space with its first mapping. */
	user_mem_anon(test, PAGE_SIZE);
	gunyah_vm_user_mem_init(&regions);
	return kunit_add_action_or_reset(test, destroy_regions, &t->mem);
}

static int set(struct kunit *test, u32 label, u32 flags, u64 gpa, u64 size, u64 addr)
{
	struct parcel_test *t = test->priv;
	struct gunyah_userspace_memory_region region = {
		.label = label,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = addr,
	};

	return gunyah_vm_user_mem_set(&regions, &t->mem, &region);
}

static int remove(struct kunit *test, u32 label)
{
	return set(test, label, 0, 0, 0, 0);
}

struct args_case {
	const char *name;
	u32 flags;
	u64 gpa;
	u64 size;
	u64 offset;		/* of the address */
	int ret;
};

static const struct args_case args_cases[] = {
	{ "lent", LENT, GPA, RANGE_SIZE, 0, 0 },
	{ "shared", RW, GPA, RANGE_SIZE, 0, 0 },
	{ "shared, read only", GUNYAH_USER_MEM_READ, GPA, RANGE_SIZE, 0, 0 },
	{ "guest address 0", RW, 0, PAGE_SIZE, 0, 0 },
	{ "last page", RW, GPA, PAGE_SIZE, RANGE_SIZE - PAGE_SIZE, 0 },
	{ "unknown flag 4", 1 << 4 | RW, GPA, RANGE_SIZE, 0, -EINVAL },
	{ "unknown flag 31", 1U << 31 | RW, GPA, RANGE_SIZE, 0, -EINVAL },
	{ "no permissions", 0, GPA, RANGE_SIZE, 0, -EINVAL },
	{ "write without read", GUNYAH_USER_MEM_WRITE, GPA, RANGE_SIZE, 0, -EINVAL },
	{ "lent without read", GUNYAH_USER_MEM_LENT, GPA, RANGE_SIZE, 0, -EINVAL },
	{ "guest address not aligned", RW, GPA + 8, RANGE_SIZE, 0, -EINVAL },
	{ "size not aligned", RW, GPA, PAGE_SIZE + 1, 0, -EINVAL },
	{ "address not aligned", RW, GPA, PAGE_SIZE, 1, -EINVAL },
	{ "guest address wraps", RW, -(u64)PAGE_SIZE, 2 * PAGE_SIZE, 0, -EOVERFLOW },
	{ "guest address ends at 2^64", RW, -(u64)PAGE_SIZE, PAGE_SIZE, 0, -EOVERFLOW },
	{ "address wraps", RW, GPA, -(u64)PAGE_SIZE, 0, -EOVERFLOW },
	{ "not mapped", RW, GPA, RANGE_SIZE, PAGE_SIZE, -EFAULT },
	{ "size 0", RW, GPA, 0, 0, -ENOENT },
	{ "size 0 and an unknown flag", 1 << 5, GPA, 0, 0, -EINVAL },
};

static void args_desc(const struct args_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(args, args_cases, args_desc);

static void set_args(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE + PAGE_SIZE);
	const struct args_case *c = test->param_value;
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0, vm_munmap(addr + RANGE_SIZE, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, set(test, 7, c->flags, c->gpa, c->size, addr + c->offset), c->ret);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&t->mem.bindings), c->ret ? 0 : 1);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), c->ret ? 0 : c->size / PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, remove(test, 7), c->ret ? -ENOENT : 0);
	KUNIT_EXPECT_EQ(test, list_count_nodes(&t->mem.bindings), 0);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), 0);
	/* Nothing stays claimed. */
	KUNIT_EXPECT_EQ(test, set(test, 7, RW, GPA, RANGE_SIZE, addr), 0);
}

static void second_region(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, 2 * RANGE_SIZE);
	unsigned long other = addr + RANGE_SIZE;
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, set(test, 0, RW, GPA, RANGE_SIZE, addr), 0);
	/* Label, guest address, page. */
	KUNIT_EXPECT_EQ(test, set(test, 0, RW, GPA + SZ_1G, RANGE_SIZE, other), -EEXIST);
	KUNIT_EXPECT_EQ(test, set(test, 1, RW, GPA + PAGE_SIZE, RANGE_SIZE, other), -EEXIST);
	KUNIT_EXPECT_EQ(test, set(test, 1, RW, GPA + SZ_1G, RANGE_SIZE, other - PAGE_SIZE),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), RANGE_PAGES);
	KUNIT_EXPECT_EQ(test, set(test, ~0U, RW, GPA + RANGE_SIZE, RANGE_SIZE, other), 0);

	/* A file's binding, and one beside it. */
	KUNIT_EXPECT_EQ(test, map_mem(t, GPA, 0, SZ_2M, RWX), -EEXIST);
	KUNIT_EXPECT_EQ(test, map_mem(t, GPA + SZ_2M, 0, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, remove(test, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, remove(test, 0), 0);
	KUNIT_EXPECT_EQ(test, remove(test, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, set(test, 0, RW, GPA + SZ_2M, RANGE_SIZE, addr), -EEXIST);
	KUNIT_EXPECT_EQ(test, set(test, 0, RW, GPA, RANGE_SIZE, addr), 0);
	KUNIT_EXPECT_EQ(test, remove(test, ~0U), 0);
}

/* MAP_MEM's unmap is for files. */
static void unmap_does_not_find_a_region(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, set(test, 0, USER_RWX, GPA, RANGE_SIZE, addr), 0);
	KUNIT_EXPECT_EQ(test, map_mem(t, GPA, 0, RANGE_SIZE, SHARE | GUNYAH_MEM_UNMAP), -ENOENT);
	KUNIT_EXPECT_EQ(test, remove(test, 0), 0);
}

static void another_process(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	struct mm_struct *mm = regions.mm;

	KUNIT_ASSERT_EQ(test, set(test, 1, RW, GPA, PAGE_SIZE, addr), 0);
	/* Only compared. */
	regions.mm = (struct mm_struct *)test;
	KUNIT_EXPECT_EQ(test, set(test, 2, RW, GPA + SZ_1G, PAGE_SIZE, addr + PAGE_SIZE), -EPERM);
	KUNIT_EXPECT_EQ(test, remove(test, 1), -EPERM);
	regions.mm = mm;
	KUNIT_EXPECT_EQ(test, remove(test, 1), 0);
}

/*
 * Parcels
 */

/* A guest whose RAM is 2 MiB of a file and, behind them, a region of user memory. */
static unsigned long map_user_guest(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, 3 * RANGE_SIZE);
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, set(test, 5, LENT, GPA + SZ_2M, RANGE_SIZE, addr), 0);
	return addr;
}

static void lent_is_of_the_image(struct kunit *test)
{
	unsigned long addr = map_user_guest(test) + RANGE_SIZE;
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, give(t, GPA + SZ_2M, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->gives, 1);
	KUNIT_EXPECT_FALSE(test, t->seen[0].share);
	KUNIT_EXPECT_EQ(test, t->seen[0].size, SZ_2M + RANGE_SIZE);
	KUNIT_EXPECT_EQ(test, t->seen[0].label, GPA >> 12);
	expect_stats(test, SZ_2M + RANGE_SIZE, 0, 0, 1);

	/* While it is given nothing changes. */
	KUNIT_EXPECT_EQ(test, remove(test, 5), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, set(test, 6, RW, GPA + SZ_1G, PAGE_SIZE, addr), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), RANGE_PAGES);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	expect_stats(test, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, remove(test, 5), 0);
}

/* The image parcel has its address's label, also when it is made of user memory alone. */
static void image_of_user_memory(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, set(test, 5, LENT, GPA, RANGE_SIZE, user_mem_anon(test, RANGE_SIZE)),
			0);
	KUNIT_ASSERT_EQ(test, give(t, GPA, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->seen[0].label, GPA >> 12);
	KUNIT_EXPECT_EQ(test, t->image.base, GPA);
	KUNIT_EXPECT_EQ(test, t->image.size, RANGE_SIZE);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/* R61 */
static void shared_has_its_label_and_rights(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned long addr = map_user_guest(test) + RANGE_SIZE;

	KUNIT_ASSERT_EQ(test, set(test, 0x1234, RW, SHARED_GPA, RANGE_SIZE, addr), 0);
	KUNIT_ASSERT_EQ(test, set(test, 0x1235, GUNYAH_USER_MEM_READ, SHARED_GPA + SZ_2M,
				  RANGE_SIZE, addr + RANGE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, give(t, GPA, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->gives, 3);
	KUNIT_EXPECT_TRUE(test, t->seen[1].share);
	KUNIT_EXPECT_EQ(test, t->seen[1].label, 0x1234);
	KUNIT_EXPECT_EQ(test, t->seen[1].size, RANGE_SIZE);
	KUNIT_EXPECT_EQ(test, t->seen[1].acl[0].rights, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W);
	KUNIT_EXPECT_EQ(test, t->seen[2].label, 0x1235);
	KUNIT_EXPECT_EQ(test, t->seen[2].acl[0].rights, GUNYAH_RM_ACL_R);
	expect_stats(test, SZ_2M + RANGE_SIZE, 2 * RANGE_SIZE, 0, 3);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

struct refuse_case {
	const char *name;
	u32 label;
	u32 flags;
	u64 gpa;
	int ret;
};

static const struct refuse_case refuse_cases[] = {
	{ "lent, read only", 1, GUNYAH_USER_MEM_LENT | GUNYAH_USER_MEM_READ, SHARED_GPA,
	  -EOPNOTSUPP },
	{ "lent, no exec", 1, GUNYAH_USER_MEM_LENT | RW, SHARED_GPA, -EOPNOTSUPP },
	{ "lent apart", 1, LENT, SHARED_GPA, 0 },
	{ "lent apart with label 0", 0, LENT, SHARED_GPA, -EOPNOTSUPP },
	{ "shared with label 0", 0, RW, SHARED_GPA, 0 },
	{ "shared with a file's label", 0x40000, RW, SHARED_GPA, -EINVAL },
	{ "the same, below it", 0x40000, RW, 0x1000000, -EINVAL },
	{ "shared with the image's label", GPA >> 12, RW, SHARED_GPA, -EINVAL },
	{ "shared with its address's label", SHARED_GPA >> 12, RW, SHARED_GPA, 0 },
};

static void refuse_desc(const struct refuse_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refuse, refuse_cases, refuse_desc);

static void one_more_region(struct kunit *test)
{
	const struct refuse_case *c = test->param_value;
	struct parcel_test *t = test->priv;
	unsigned long addr = map_user_guest(test) + RANGE_SIZE;

	KUNIT_ASSERT_EQ(test, map_mem(t, 0x40000000, SZ_2M, SZ_64K, SHARE), 0);
	KUNIT_ASSERT_EQ(test, set(test, c->label, c->flags, c->gpa, RANGE_SIZE, addr), 0);
	KUNIT_EXPECT_EQ(test, give(t, GPA, PAGE_SIZE), c->ret);
	KUNIT_EXPECT_EQ(test, t->gives, c->ret ? 0 : 3);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	expect_stats(test, 0, 0, 0, 0);
}

/* R64: the parcel is lost for good here, with its pages, which stay charged. */
static void leaked_region(struct kunit *test)
{
	unsigned long addr = map_user_guest(test) + RANGE_SIZE;
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, set(test, 6, RW, SHARED_GPA, PAGE_SIZE, addr), 0);
	KUNIT_ASSERT_EQ(test, give(t, GPA, PAGE_SIZE), 0);
	/* The last one given comes back first. */
	t->fail_reclaim = 1;
	t->err = -EIO;
	KUNIT_EXPECT_EQ(test, take_back(t), 1);
	expect_stats(test, 0, 0, PAGE_SIZE, 0);

	KUNIT_EXPECT_EQ(test, give(t, GPA, PAGE_SIZE), -EIO);
	KUNIT_EXPECT_EQ(test, remove(test, 6), 0);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), RANGE_PAGES + 1);
	KUNIT_EXPECT_EQ(test, set(test, 6, RW, SHARED_GPA, PAGE_SIZE, addr), -EEXIST);
	KUNIT_EXPECT_EQ(test, set(test, 6, RW, SHARED_GPA, PAGE_SIZE, addr + PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, give(t, GPA, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

static struct kunit_case regions_test_cases[] = {
	KUNIT_CASE_PARAM(set_args, args_gen_params),
	KUNIT_CASE(second_region),
	KUNIT_CASE(unmap_does_not_find_a_region),
	KUNIT_CASE(another_process),
	KUNIT_CASE(lent_is_of_the_image),
	KUNIT_CASE(image_of_user_memory),
	KUNIT_CASE(shared_has_its_label_and_rights),
	KUNIT_CASE_PARAM(one_more_region, refuse_gen_params),
	KUNIT_CASE(leaked_region),
	{}
};

static struct kunit_suite regions_test_suite = {
	.name		= "gunyah_vm_user_mem",
	.init		= regions_test_init,
	.test_cases	= regions_test_cases,
};

kunit_test_suite(regions_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of regions of user memory");
MODULE_LICENSE("GPL");
