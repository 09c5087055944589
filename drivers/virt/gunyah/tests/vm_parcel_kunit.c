// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what a VM's memory becomes in the eager flow: which parcels there
 * are, what is in them, what can't be given, and the limit of entries (R60).
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "../mem_list.h"
#include "../parcel_entries.h"
#include "parcel_test.h"

/*
 * The plan
 */

static void one_binding_is_one_parcel(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, FILE_SIZE, RWX), 0);
	KUNIT_ASSERT_EQ(test, give(t, GPA + SZ_2M, SZ_64K), 0);
	KUNIT_EXPECT_EQ(test, t->gives, 1);
	KUNIT_EXPECT_FALSE(test, t->seen[0].share);
	KUNIT_EXPECT_EQ(test, t->seen[0].size, FILE_SIZE);
	KUNIT_EXPECT_LE(test, t->seen[0].n_entries, FILE_SIZE / SZ_2M);
	KUNIT_EXPECT_EQ(test, t->seen[0].n_acl, 1);
	KUNIT_EXPECT_EQ(test, t->seen[0].acl[0].vmid, VMID);
	KUNIT_EXPECT_EQ(test, t->seen[0].acl[0].rights, ACL_RWX);
	KUNIT_EXPECT_EQ(test, t->image.handle, FIRST_HANDLE);
	KUNIT_EXPECT_EQ(test, t->image.base, GPA);
	KUNIT_EXPECT_EQ(test, t->image.size, FILE_SIZE);
	KUNIT_EXPECT_EQ(test, t->image.dtb_offset, SZ_2M);
	KUNIT_EXPECT_EQ(test, t->image.dtb_size, SZ_64K);
	expect_stats(test, FILE_SIZE, 0, 0, 1);

	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, t->reclaims, 1);
	KUNIT_EXPECT_EQ(test, t->sanitized, 0);
	expect_stats(test, 0, 0, 0, 0);
}

/* Bound in another order, with different flags for the same thing, from two files. */
static void neighbours_are_one_parcel(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	int fd = t->fd;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + 3 * SZ_2M, 0, SZ_2M, GUNYAH_MEM_FORCE_LEND | RWX),
			0);
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 5 * SZ_2M, SZ_2M, RWX), 0);
	t->fd = mem_test_fd(test, mem_test_file(test, SZ_2M * 2, 0));
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + SZ_2M, 0, 2 * SZ_2M, RWX), 0);
	t->fd = fd;

	KUNIT_ASSERT_EQ(test, give(t, GPA + 3 * SZ_2M, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, t->gives, 1);
	KUNIT_EXPECT_EQ(test, t->seen[0].size, 4 * SZ_2M);
	KUNIT_EXPECT_EQ(test, t->image.base, GPA);
	KUNIT_EXPECT_EQ(test, t->image.size, 4 * SZ_2M);
	KUNIT_EXPECT_EQ(test, t->image.dtb_offset, 3 * SZ_2M);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

static void image_parcel_is_first(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, t->gives, 3);
	KUNIT_EXPECT_EQ(test, t->seen[0].size, 4 * SZ_2M);
	KUNIT_EXPECT_EQ(test, t->image.handle, FIRST_HANDLE);
	expect_stats(test, 5 * SZ_2M, SZ_64K, 0, 3);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	/* In reverse. */
	KUNIT_EXPECT_EQ(test, t->last_reclaimed, FIRST_HANDLE);
	expect_stats(test, 0, 0, 0, 0);
}

static void shared_is_a_parcel_of_its_own(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_TRUE(test, t->seen[1].share);
	KUNIT_EXPECT_EQ(test, t->seen[1].label, 0x40000);
	KUNIT_EXPECT_EQ(test, t->seen[1].size, SZ_64K);
	KUNIT_ASSERT_EQ(test, t->seen[1].n_acl, 2);
	KUNIT_EXPECT_EQ(test, t->seen[1].acl[0].vmid, VMID);
	KUNIT_EXPECT_EQ(test, t->seen[1].acl[0].rights, ACL_RWX);
	KUNIT_EXPECT_EQ(test, t->seen[1].acl[1].vmid, OWN_VMID);
	KUNIT_EXPECT_EQ(test, t->seen[1].acl[1].rights, ACL_RWX);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

static void lent_apart_is_a_parcel_of_its_own(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_FALSE(test, t->seen[2].share);
	KUNIT_EXPECT_EQ(test, t->seen[2].label, 0xa0000);
	KUNIT_EXPECT_EQ(test, t->seen[2].size, SZ_2M);
	KUNIT_EXPECT_EQ(test, t->seen[2].n_acl, 1);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/* R61 */
static void rights_of_shared_memory(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + SZ_2M, SZ_2M, SZ_64K,
				      GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_READ), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + 2 * SZ_2M, 2 * SZ_2M, SZ_64K,
				      GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_READ |
				      GUNYAH_MEM_ALLOW_WRITE), 0);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, t->seen[1].acl[0].rights, GUNYAH_RM_ACL_R);
	KUNIT_EXPECT_EQ(test, t->seen[2].acl[0].rights, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/* Shared memory in between ends the run, also without a gap. */
static void shared_memory_ends_the_run(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + SZ_2M, SZ_2M, SZ_2M, SHARE), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + 2 * SZ_2M, 2 * SZ_2M, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, give(t, GPA + 2 * SZ_2M, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, t->gives, 3);
	KUNIT_EXPECT_EQ(test, t->image.base, GPA + 2 * SZ_2M);
	KUNIT_EXPECT_EQ(test, t->image.size, SZ_2M);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/*
 * The device tree: lent RAM [GPA, GPA + 8 MiB), lent RAM from GPA + 12 MiB + 4K,
 * shared memory at GPA + 8 MiB
 */

struct dtb_case {
	const char *name;
	u64 gpa;
	u64 size;
	int ret;
	u64 dtb_size;
};

static const struct dtb_case dtb_cases[] = {
	{ "at the base", GPA, SZ_4K, 0, SZ_4K },
	{ "up to the end", GPA + 3 * SZ_2M, SZ_2M, 0, SZ_2M },
	{ "all of it", GPA, 4 * SZ_2M, 0, 4 * SZ_2M },
	{ "size not aligned", GPA + SZ_2M, 0x41e, 0, SZ_4K },
	{ "size 0", GPA, 0, -EINVAL, 0 },
	{ "address not aligned", GPA + 8, SZ_4K, -EINVAL, 0 },
	{ "size beyond all", GPA, U64_MAX, -EINVAL, 0 },
	{ "one byte over the end", GPA + 3 * SZ_2M, SZ_2M + 1, -EINVAL, 0 },
	{ "below", GPA - SZ_4K, SZ_4K, -EINVAL, 0 },
	{ "over the base", GPA - SZ_4K, SZ_2M, -EINVAL, 0 },
	{ "far above", 1ULL << 40, SZ_4K, -EINVAL, 0 },
	{ "in shared memory", GPA + 4 * SZ_2M, SZ_4K, -EOPNOTSUPP, 0 },
	{ "where the base is not aligned", GPA + 6 * SZ_2M + SZ_1M, SZ_4K, -EINVAL, 0 },
};

static void dtb_desc(const struct dtb_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(dtb, dtb_cases, dtb_desc);

/* R24 */
static void device_tree(struct kunit *test)
{
	const struct dtb_case *c = test->param_value;
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, 4 * SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + 4 * SZ_2M, 4 * SZ_2M, SZ_2M, SHARE), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, GPA + 6 * SZ_2M + SZ_64K, 5 * SZ_2M, SZ_2M, RWX), 0);

	KUNIT_EXPECT_EQ(test, give(t, c->gpa, c->size), c->ret);
	if (c->ret) {
		KUNIT_EXPECT_EQ(test, t->gives, 0);
		KUNIT_EXPECT_EQ(test, file_inode(t->file)->i_blocks, 0);
		return;
	}

	KUNIT_EXPECT_EQ(test, t->image.base, GPA);
	KUNIT_EXPECT_EQ(test, t->image.dtb_offset, c->gpa - GPA);
	KUNIT_EXPECT_EQ(test, t->image.dtb_size, c->dtb_size);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
}

/*
 * What this flow can't give
 */

struct refuse_case {
	const char *name;
	u64 gpa;		/* of a second binding, of 64K */
	u32 flags;
	int ret;
};

static const struct refuse_case refuse_cases[] = {
	{ "lent read only", GPA + SZ_1G, GUNYAH_MEM_ALLOW_READ, -EOPNOTSUPP },
	{ "lent without exec", GPA + SZ_1G,
	  GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_WRITE, -EOPNOTSUPP },
	{ "lent without write", GPA + SZ_1G,
	  GUNYAH_MEM_FORCE_LEND | GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_EXEC, -EOPNOTSUPP },
	{ "lent without write, beside the image", GPA + SZ_2M,
	  GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_EXEC, -EOPNOTSUPP },
	{ "lent with label 0", 0, RWX, -EOPNOTSUPP },
	{ "lent with label 0, high up", 1ULL << 44, RWX, -EOPNOTSUPP },
	{ "shared with label 0", 0, SHARE, 0 },
	{ "shared twice with one label", (1ULL << 44) + 0x40000000, SHARE, -EINVAL },
};

static void refuse_desc(const struct refuse_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refuse, refuse_cases, refuse_desc);

static void second_binding(struct kunit *test)
{
	const struct refuse_case *c = test->param_value;
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0x40000000, SZ_2M, SZ_64K, SHARE), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, c->gpa, 2 * SZ_2M, SZ_64K, c->flags), 0);
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), c->ret);
	KUNIT_EXPECT_EQ(test, t->gives, c->ret ? 0 : 3);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	expect_stats(test, 0, 0, 0, 0);
}

/*
 * Limits.  A provider of scattered pages that are never touched: shared memory
 * stays in the direct map.
 */

static void scattered_ref(struct gunyah_mem_provider *provider)
{
}

static int scattered_claim(struct gunyah_mem_provider *provider, struct gunyah_mem_owner *owner,
			   u64 gpa, u64 offset, u64 size)
{
	return 0;
}

static void scattered_range(struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
}

static int scattered_give(struct gunyah_mem_provider *provider, u64 offset, u64 size,
			  enum gunyah_mem_state state, struct gunyah_mem_list *list)
{
	u64 i;
	int ret;

	for (i = 0; i < size / SZ_4K; i++) {
		ret = gunyah_mem_list_add(list, 2 * i * SZ_4K, SZ_4K);
		if (ret)
			return ret;
	}
	return 0;
}

static const struct gunyah_mem_provider_ops scattered_ops = {
	.get = scattered_ref,
	.put = scattered_ref,
	.claim = scattered_claim,
	.unclaim = scattered_range,
	.give = scattered_give,
	.take_back = scattered_range,
	.leak = scattered_range,
};

static struct gunyah_mem_provider scattered = { .ops = &scattered_ops };

static void bind_scattered(struct kunit *test, struct gunyah_vm_mem *mem, u64 n)
{
	struct gunyah_vm_binding *b = kzalloc(sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	INIT_LIST_HEAD(&b->parcel_list);
	b->provider = &scattered;
	b->gpa = 0x1000000000;
	b->size = n * SZ_4K;
	b->flags = SHARE;
	list_add_tail(&b->list, &mem->bindings);
}

/* Entries that a test may use up, whatever else this machine does. */
static u64 entries_left(struct parcel_test *t)
{
	return GUNYAH_MAX_MEM_ENTRIES - t->before.entries;
}

static void too_many_entries(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SZ_2M, RWX), 0);
	bind_scattered(test, &t->mem, entries_left(t));
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -E2BIG);
	KUNIT_EXPECT_EQ(test, t->gives, 0);
	expect_stats(test, 0, 0, 0, 0);
}

/* Two VMs of which each would be all right alone. */
static void too_many_entries_of_two_vms(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	struct gunyah_vm_mem other;
	struct gunyah_map_mem_args args = {
		.guest_addr = GPA,
		.flags = RWX,
		.guest_mem_fd = t->fd,
		.offset = SZ_2M,
		.size = SZ_2M,
	};

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, SZ_2M, RWX), 0);
	bind_scattered(test, &t->mem, entries_left(t) * 2 / 3);
	gunyah_vm_mem_init(&other);
	KUNIT_ASSERT_EQ(test, gunyah_vm_mem_map(&other, &args), 0);
	bind_scattered(test, &other, entries_left(t) * 2 / 3);

	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_eager_give(&other, rm_of(t), VMID + 1, GPA, SZ_4K,
						   &t->image), -E2BIG);
	KUNIT_EXPECT_EQ(test, t->gives, 2);

	/* The first one is gone: then it goes. */
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_eager_give(&other, rm_of(t), VMID + 1, GPA, SZ_4K,
						   &t->image), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_mem_take_back(&other, rm_of(t), false), 0);
	gunyah_vm_mem_destroy(&other);
	expect_stats(test, 0, 0, 0, 0);
}

static struct kunit_case vm_parcel_test_cases[] = {
	KUNIT_CASE(one_binding_is_one_parcel),
	KUNIT_CASE(neighbours_are_one_parcel),
	KUNIT_CASE(image_parcel_is_first),
	KUNIT_CASE(shared_is_a_parcel_of_its_own),
	KUNIT_CASE(lent_apart_is_a_parcel_of_its_own),
	KUNIT_CASE(rights_of_shared_memory),
	KUNIT_CASE(shared_memory_ends_the_run),
	KUNIT_CASE_PARAM(device_tree, dtb_gen_params),
	KUNIT_CASE_PARAM(second_binding, refuse_gen_params),
	KUNIT_CASE(too_many_entries),
	KUNIT_CASE(too_many_entries_of_two_vms),
	{}
};

static struct kunit_suite vm_parcel_test_suite = {
	.name		= "gunyah_vm_parcel",
	.init		= parcel_test_init,
	.test_cases	= vm_parcel_test_cases,
};

kunit_test_suites(&vm_parcel_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of the memparcels of a Gunyah VM");
MODULE_LICENSE("GPL");
