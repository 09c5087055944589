// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of guest-memory files and of lists of memory: what the file's contract
 * says (R60, R67), by the file's own operations and as a provider.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "../mem_list.h"
#include "../rm_calls.h"
#include "mem_test.h"

#define FILE_SIZE	(4ULL * SZ_2M)

/*
 * Lists
 */

static void add(struct kunit *test, struct gunyah_mem_list *list, u64 phys, u64 size)
{
	KUNIT_ASSERT_EQ(test, 0, gunyah_mem_list_add(list, phys, size));
}

static void list_merges_neighbours(struct kunit *test)
{
	struct gunyah_mem_list list = {};

	add(test, &list, 0x80000000, SZ_4K);
	add(test, &list, 0x80001000, SZ_2M);
	add(test, &list, 0x80201000, SZ_64K);
	KUNIT_EXPECT_EQ(test, list.n, 1);
	KUNIT_EXPECT_EQ(test, list.entries[0].ipa, 0x80000000);
	KUNIT_EXPECT_EQ(test, list.entries[0].size, SZ_4K + SZ_2M + SZ_64K);
	KUNIT_EXPECT_EQ(test, list.size, SZ_4K + SZ_2M + SZ_64K);
	gunyah_mem_list_free(&list);
	KUNIT_EXPECT_EQ(test, list.n, 0);
}

static void list_keeps_gaps(struct kunit *test)
{
	struct gunyah_mem_list list = {};

	add(test, &list, 0x80000000, SZ_4K);
	add(test, &list, 0x80002000, SZ_4K);
	KUNIT_EXPECT_EQ(test, list.n, 2);
	KUNIT_EXPECT_EQ(test, list.entries[1].ipa, 0x80002000);
	gunyah_mem_list_free(&list);
}

/* The guest sees the entries in this order: a neighbour below is not one. */
static void list_keeps_the_order(struct kunit *test)
{
	struct gunyah_mem_list list = {};

	add(test, &list, 0x80001000, SZ_4K);
	add(test, &list, 0x80000000, SZ_4K);
	KUNIT_EXPECT_EQ(test, list.n, 2);
	KUNIT_EXPECT_EQ(test, list.entries[0].ipa, 0x80001000);
	KUNIT_EXPECT_EQ(test, list.entries[1].ipa, 0x80000000);
	gunyah_mem_list_free(&list);
}

/* R65: to more than kmalloc() gives where pages are of 4K */
static void list_grows(struct kunit *test)
{
	const u64 n = SZ_4M / sizeof(struct gunyah_rm_mem_entry) + 1;
	struct gunyah_mem_list list = {};
	u64 i;

	for (i = 0; i < n; i++)
		add(test, &list, i * SZ_64K, SZ_4K);
	KUNIT_EXPECT_EQ(test, list.n, n);
	KUNIT_EXPECT_EQ(test, list.entries[0].ipa, 0);
	KUNIT_EXPECT_EQ(test, list.entries[n - 1].ipa, (n - 1) * SZ_64K);
	KUNIT_EXPECT_EQ(test, list.size, n * SZ_4K);
	gunyah_mem_list_free(&list);
}

/*
 * Creating
 */

struct create_case {
	const char *name;
	struct gunyah_create_mem_args args;
	int ret;
};

static const struct create_case create_cases[] = {
	{ "one page", { .size = PAGE_SIZE }, 0 },
	{ "close on exec", { .size = PAGE_SIZE, .flags = GHMF_CLOEXEC }, 0 },
	{ "huge pages", { .size = SZ_2M, .flags = GHMF_ALLOW_HUGEPAGE }, 0 },
	{ "larger than memory", { .size = 1ULL << 50 }, 0 },
	{ "size 0", { .size = 0 }, -EINVAL },
	{ "size not aligned", { .size = PAGE_SIZE + 1 }, -EINVAL },
	{ "size beyond files", { .size = 1ULL << 63 }, -EINVAL },
	{ "unknown flag", { .size = PAGE_SIZE, .flags = 1 << 2 }, -EINVAL },
	{ "unknown high flag", { .size = PAGE_SIZE, .flags = 1ULL << 63 }, -EINVAL },
	{ "first reserved member", { .size = PAGE_SIZE, .reserved = { 1 } }, -EINVAL },
	{ "last reserved member", { .size = PAGE_SIZE, .reserved = { [5] = 1 } }, -EINVAL },
	{ "huge pages, size of one and a half",
	  { .size = SZ_2M + SZ_1M, .flags = GHMF_ALLOW_HUGEPAGE }, -EINVAL },
};

static void create_desc(const struct create_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(create, create_cases, create_desc);

static void file_create(struct kunit *test)
{
	const struct create_case *c = test->param_value;
	struct file *file = gunyah_guest_mem_file(&c->args);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(file), c->ret);
	if (IS_ERR(file))
		return;

	KUNIT_EXPECT_EQ(test, i_size_read(file_inode(file)), c->args.size);
	KUNIT_EXPECT_EQ(test, file_inode(file)->i_blocks, 0);
	mem_test_fput(file);
}

static void file_size_is_fixed(struct kunit *test)
{
	struct file *file = mem_test_file(test, FILE_SIZE, 0);
	struct iattr attr = { .ia_valid = ATTR_SIZE, .ia_size = SZ_2M };
	struct inode *inode = file_inode(file);

	KUNIT_EXPECT_EQ(test, inode->i_op->setattr(&nop_mnt_idmap, file_dentry(file), &attr),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), FILE_SIZE);
}

static void file_of_another_kind_is_none(struct kunit *test)
{
	struct file *root = filp_open("/", O_RDONLY | O_DIRECTORY, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(root));
	KUNIT_EXPECT_NULL(test, gunyah_guest_mem_provider(root));
	fput(root);
}

/*
 * fallocate()
 */

#define KEEP	FALLOC_FL_KEEP_SIZE
#define PUNCH	(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)

struct fallocate_case {
	const char *name;
	int mode;
	loff_t offset;
	loff_t len;
	int ret;
	u64 bytes;		/* allocated afterwards, of an empty file */
};

static const struct fallocate_case fallocate_cases[] = {
	{ "all of it", KEEP, 0, FILE_SIZE, 0, FILE_SIZE },
	{ "a page in the middle", KEEP, SZ_2M + PAGE_SIZE, PAGE_SIZE, 0, PAGE_SIZE },
	{ "a part that is not aligned", KEEP, PAGE_SIZE, SZ_2M + SZ_1M, 0, SZ_2M + SZ_1M },
	{ "its end", KEEP, FILE_SIZE - SZ_2M, SZ_2M, 0, SZ_2M },
	{ "hole in nothing", PUNCH, 0, FILE_SIZE, 0, 0 },
	{ "hole past the end", PUNCH, FILE_SIZE, SZ_2M, 0, 0 },
	{ "hole over the end", PUNCH, FILE_SIZE - SZ_2M, 1ULL << 40, 0, 0 },
	{ "without KEEP_SIZE", 0, 0, SZ_2M, -EOPNOTSUPP, 0 },
	{ "zero range", KEEP | FALLOC_FL_ZERO_RANGE, 0, SZ_2M, -EOPNOTSUPP, 0 },
	{ "collapse", FALLOC_FL_COLLAPSE_RANGE, 0, SZ_2M, -EOPNOTSUPP, 0 },
	{ "offset not aligned", KEEP, 1, PAGE_SIZE, -EINVAL, 0 },
	{ "length not aligned", KEEP, 0, PAGE_SIZE - 1, -EINVAL, 0 },
	{ "hole not aligned", PUNCH, 512, PAGE_SIZE, -EINVAL, 0 },
	{ "past the end", KEEP, FILE_SIZE, PAGE_SIZE, -EINVAL, 0 },
	{ "over the end", KEEP, FILE_SIZE - PAGE_SIZE, 2 * PAGE_SIZE, -EINVAL, 0 },
};

static void fallocate_desc(const struct fallocate_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fallocate, fallocate_cases, fallocate_desc);

static u64 allocated(struct file *file)
{
	return (u64)file_inode(file)->i_blocks << 9;
}

static void file_fallocate(struct kunit *test)
{
	const struct fallocate_case *c = test->param_value;
	struct file *file = mem_test_file(test, FILE_SIZE, 0);

	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, c->mode, c->offset, c->len), c->ret);
	KUNIT_EXPECT_EQ(test, allocated(file), c->bytes);
	KUNIT_EXPECT_EQ(test, i_size_read(file_inode(file)), FILE_SIZE);
}

/* Here a page is a huge page. */
static void huge_file_has_huge_folios(struct kunit *test)
{
	struct file *file = mem_test_file(test, FILE_SIZE, GHMF_ALLOW_HUGEPAGE);

	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, KEEP, SZ_2M + PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, allocated(file), SZ_2M);
	/* A part of one is cleared, all of it is freed. */
	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, SZ_2M, SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, allocated(file), SZ_2M);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, SZ_2M, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, allocated(file), 0);
}

static void punch_frees_and_allocates_again(struct kunit *test)
{
	struct file *file = mem_test_file(test, FILE_SIZE, GHMF_ALLOW_HUGEPAGE);
	int i;

	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, vfs_fallocate(file, KEEP, 0, FILE_SIZE), 0);
		KUNIT_ASSERT_EQ(test, vfs_fallocate(file, PUNCH, 0, FILE_SIZE), 0);
	}
	KUNIT_EXPECT_EQ(test, allocated(file), 0);
}

/*
 * Provider
 */

static struct gunyah_mem_provider *provider_of(struct kunit *test, struct file *file)
{
	struct gunyah_mem_provider *provider = gunyah_guest_mem_provider(file);

	KUNIT_ASSERT_NOT_NULL(test, provider);
	return provider;
}

struct claim_case {
	const char *name;
	u64 offset;
	u64 size;
	int ret;
};

/* The second and third quarter of the file are claimed. */
static const struct claim_case claim_cases[] = {
	{ "before", 0, SZ_2M, 0 },
	{ "behind", FILE_SIZE - SZ_2M, SZ_2M, 0 },
	{ "the same", SZ_2M, 2 * SZ_2M, -EEXIST },
	{ "its front", 0, SZ_2M + PAGE_SIZE, -EEXIST },
	{ "its back", FILE_SIZE - SZ_2M - PAGE_SIZE, SZ_2M, -EEXIST },
	{ "inside", SZ_2M + PAGE_SIZE, PAGE_SIZE, -EEXIST },
	{ "around", 0, FILE_SIZE, -EEXIST },
	{ "beyond the end", FILE_SIZE, PAGE_SIZE, -EINVAL },
	{ "over the end", FILE_SIZE - PAGE_SIZE, 2 * PAGE_SIZE, -EINVAL },
};

static void claim_desc(const struct claim_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(claim, claim_cases, claim_desc);

/* R60 */
static void provider_claim(struct kunit *test)
{
	const struct claim_case *c = test->param_value;
	struct gunyah_mem_provider *p;

	p = provider_of(test, mem_test_file(test, FILE_SIZE, 0));
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, SZ_2M, 2 * SZ_2M));
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, c->offset, c->size), c->ret);
}

static void provider_unclaim_part(struct kunit *test)
{
	struct gunyah_mem_provider *p;

	p = provider_of(test, mem_test_file(test, FILE_SIZE, 0));
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, FILE_SIZE));
	p->ops->unclaim(p, SZ_2M, SZ_2M);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, SZ_2M - PAGE_SIZE, PAGE_SIZE), -EEXIST);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, 2 * SZ_2M, PAGE_SIZE), -EEXIST);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, SZ_2M, SZ_2M), 0);
}

static void provider_huge_is_aligned(struct kunit *test)
{
	struct gunyah_mem_provider *p;

	p = provider_of(test, mem_test_file(test, FILE_SIZE, GHMF_ALLOW_HUGEPAGE));
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, SZ_1M, SZ_2M), -EINVAL);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, 0, SZ_1M), -EINVAL);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, SZ_1M, 0, SZ_2M), -EINVAL);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, SZ_2M, 0, SZ_2M), 0);
}

/* Claim and give; the list is freed. */
static int give(struct gunyah_mem_provider *p, u64 offset, u64 size, enum gunyah_mem_state state)
{
	struct gunyah_mem_list list = {};
	int ret;

	ret = p->ops->give(p, offset, size, state, &list);
	gunyah_mem_list_free(&list);
	return ret;
}

static void give_lists_all_pages(struct kunit *test)
{
	struct file *file = mem_test_file(test, FILE_SIZE, GHMF_ALLOW_HUGEPAGE);
	struct gunyah_mem_provider *p = provider_of(test, file);
	struct gunyah_mem_list list = {};
	size_t i;

	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, FILE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, p->ops->give(p, 0, FILE_SIZE, GUNYAH_MEM_LENT, &list));
	KUNIT_EXPECT_EQ(test, list.size, FILE_SIZE);
	KUNIT_EXPECT_LE(test, list.n, FILE_SIZE / SZ_2M);
	for (i = 0; i < list.n; i++)
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(list.entries[i].ipa, SZ_2M));
	p->ops->take_back(p, 0, FILE_SIZE);
	gunyah_mem_list_free(&list);
}

/* A range that begins and ends inside of folios. */
static void give_lists_parts_of_folios(struct kunit *test)
{
	struct file *file = mem_test_file(test, FILE_SIZE, 0);
	struct gunyah_mem_provider *p = provider_of(test, file);
	struct gunyah_mem_list list = {};

	KUNIT_ASSERT_EQ(test, 0, vfs_fallocate(file, KEEP, 0, FILE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, SZ_1M, SZ_2M + PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, p->ops->give(p, SZ_1M, SZ_2M + PAGE_SIZE, GUNYAH_MEM_SHARED,
					      &list));
	KUNIT_EXPECT_EQ(test, list.size, SZ_2M + PAGE_SIZE);
	p->ops->take_back(p, SZ_1M, SZ_2M + PAGE_SIZE);
	gunyah_mem_list_free(&list);
}

struct punch_case {
	const char *name;
	enum gunyah_mem_state state;
	int ret;
};

static const struct punch_case punch_cases[] = {
	{ "host", GUNYAH_MEM_HOST, 0 },
	{ "lent", GUNYAH_MEM_LENT, -EBUSY },
	{ "shared", GUNYAH_MEM_SHARED, -EOPNOTSUPP },
};

static void punch_desc(const struct punch_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(punch, punch_cases, punch_desc);

static void punch_of_bound(struct kunit *test)
{
	const struct punch_case *c = test->param_value;
	struct file *file = mem_test_file(test, FILE_SIZE, 0);
	struct gunyah_mem_provider *p = provider_of(test, file);

	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, SZ_2M, SZ_2M));
	if (c->state != GUNYAH_MEM_HOST)
		KUNIT_ASSERT_EQ(test, 0, give(p, SZ_2M, SZ_2M, c->state));

	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, 0, FILE_SIZE), c->ret);
	/* What is beside it can go. */
	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, 0, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, 2 * SZ_2M, SZ_2M), 0);

	p->ops->take_back(p, SZ_2M, SZ_2M);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, 0, FILE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, allocated(file), 0);
}

/* One page is lost for good here. */
static void leaked_stays_leaked(struct kunit *test)
{
	struct file *file = mem_test_file(test, PAGE_SIZE, 0);
	struct gunyah_mem_provider *p = provider_of(test, file);

	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, give(p, 0, PAGE_SIZE, GUNYAH_MEM_LENT));
	p->ops->leak(p, 0, PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, give(p, 0, PAGE_SIZE, GUNYAH_MEM_LENT), -EIO);
	KUNIT_EXPECT_EQ(test, give(p, 0, PAGE_SIZE, GUNYAH_MEM_SHARED), -EIO);
	p->ops->unclaim(p, 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, 0, PAGE_SIZE), -EEXIST);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, 0, PAGE_SIZE), -EBUSY);
}

/* R64: the others of a claim are free again; one more page is lost for good. */
static void neighbours_of_leaked_are_free(struct kunit *test)
{
	struct file *file = mem_test_file(test, 4 * PAGE_SIZE, 0);
	struct gunyah_mem_provider *p = provider_of(test, file);
	u64 bad = 2 * PAGE_SIZE;

	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, 4 * PAGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, give(p, 0, 4 * PAGE_SIZE, GUNYAH_MEM_LENT));
	p->ops->take_back(p, 0, 4 * PAGE_SIZE);
	p->ops->leak(p, bad, PAGE_SIZE);
	p->ops->unclaim(p, 0, 4 * PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, 0, 4 * PAGE_SIZE), -EEXIST);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, bad, PAGE_SIZE), -EEXIST);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, 0, bad), 0);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, bad + PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, give(p, 0, bad, GUNYAH_MEM_LENT), 0);
	p->ops->take_back(p, 0, bad);

	/* And the leaked one alone. */
	p->ops->unclaim(p, bad, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, bad, PAGE_SIZE), -EEXIST);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(file, PUNCH, bad, PAGE_SIZE), -EBUSY);
}

static struct kunit_case mem_list_test_cases[] = {
	KUNIT_CASE(list_merges_neighbours),
	KUNIT_CASE(list_keeps_gaps),
	KUNIT_CASE(list_keeps_the_order),
	KUNIT_CASE(list_grows),
	{}
};

static struct kunit_suite mem_list_test_suite = {
	.name		= "gunyah_mem_list",
	.test_cases	= mem_list_test_cases,
};

static struct kunit_case guest_mem_test_cases[] = {
	KUNIT_CASE_PARAM(file_create, create_gen_params),
	KUNIT_CASE(file_size_is_fixed),
	KUNIT_CASE(file_of_another_kind_is_none),
	KUNIT_CASE_PARAM(file_fallocate, fallocate_gen_params),
	KUNIT_CASE(huge_file_has_huge_folios),
	KUNIT_CASE(punch_frees_and_allocates_again),
	KUNIT_CASE_PARAM(provider_claim, claim_gen_params),
	KUNIT_CASE(provider_unclaim_part),
	KUNIT_CASE(provider_huge_is_aligned),
	KUNIT_CASE(give_lists_all_pages),
	KUNIT_CASE(give_lists_parts_of_folios),
	KUNIT_CASE_PARAM(punch_of_bound, punch_gen_params),
	KUNIT_CASE(leaked_stays_leaked),
	KUNIT_CASE(neighbours_of_leaked_are_free),
	{}
};

static struct kunit_suite guest_mem_test_suite = {
	.name		= "gunyah_guest_mem",
	.test_cases	= guest_mem_test_cases,
};

kunit_test_suites(&mem_list_test_suite, &guest_mem_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of Gunyah's guest-memory files");
MODULE_LICENSE("GPL");
