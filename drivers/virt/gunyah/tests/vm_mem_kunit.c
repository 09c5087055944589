// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a VM's bindings: the rules of MAP_MEM and UNMAP (R60).
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "../vm_mem.h"
#include "../vm_parcel.h"
#include "mem_test.h"

#define FILE_SIZE	(8ULL * SZ_2M)
#define GPA		0x80000000ULL
#define RWX		GUNYAH_MEM_ALLOW_RWX

struct vm_mem_test {
	struct gunyah_vm_mem mem;
	struct file *file;
	int fd;
};

static void destroy(void *mem)
{
	gunyah_vm_mem_destroy(mem);
}

static int vm_mem_test_init(struct kunit *test)
{
	struct vm_mem_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	t->file = mem_test_file(test, FILE_SIZE, 0);
	t->fd = mem_test_fd(test, t->file);
	gunyah_vm_mem_init(&t->mem);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy, &t->mem));
	test->priv = t;
	return 0;
}

static int map_mem(struct gunyah_vm_mem *mem, int fd, u64 gpa, u64 offset, u64 size, u32 flags)
{
	struct gunyah_map_mem_args args = {
		.guest_addr = gpa,
		.flags = flags,
		.guest_mem_fd = fd,
		.offset = offset,
		.size = size,
	};

	return gunyah_vm_mem_map(mem, &args);
}

static unsigned int bindings(struct vm_mem_test *t)
{
	return list_count_nodes(&t->mem.bindings);
}

/*
 * One call on an empty VM
 */

struct args_case {
	const char *name;
	u64 gpa;
	u64 offset;
	u64 size;
	u32 flags;
	int ret;
};

static const struct args_case args_cases[] = {
	{ "default access", GPA, 0, FILE_SIZE, RWX, 0 },
	{ "lend", GPA, 0, FILE_SIZE, GUNYAH_MEM_FORCE_LEND | RWX, 0 },
	{ "share", GPA, 0, FILE_SIZE, GUNYAH_MEM_FORCE_SHARE | RWX, 0 },
	{ "read only", GPA, 0, FILE_SIZE, GUNYAH_MEM_ALLOW_READ, 0 },
	{ "one page at the end", GPA, FILE_SIZE - PAGE_SIZE, PAGE_SIZE, RWX, 0 },
	{ "guest address 0", 0, 0, PAGE_SIZE, RWX, 0 },
	{ "size 0", GPA, 0, 0, RWX, -EINVAL },
	{ "guest address not aligned", GPA + 8, 0, PAGE_SIZE, RWX, -EINVAL },
	{ "offset not aligned", GPA, 512, PAGE_SIZE, RWX, -EINVAL },
	{ "size not aligned", GPA, 0, PAGE_SIZE + 1, RWX, -EINVAL },
	{ "offset beyond the file", GPA, FILE_SIZE, PAGE_SIZE, RWX, -EINVAL },
	{ "end beyond the file", GPA, PAGE_SIZE, FILE_SIZE, RWX, -EINVAL },
	{ "no permissions", GPA, 0, PAGE_SIZE, 0, -EINVAL },
	{ "write without read", GPA, 0, PAGE_SIZE, GUNYAH_MEM_ALLOW_WRITE, -EINVAL },
	{ "exec without read", GPA, 0, PAGE_SIZE, GUNYAH_MEM_ALLOW_EXEC, -EINVAL },
	{ "lend and share", GPA, 0, PAGE_SIZE, 3 | RWX, -EINVAL },
	{ "unknown access", GPA, 0, PAGE_SIZE, 4 | RWX, -EINVAL },
	{ "unknown flag 3", GPA, 0, PAGE_SIZE, 1 << 3 | RWX, -EINVAL },
	{ "unknown flag 7", GPA, 0, PAGE_SIZE, 1 << 7 | RWX, -EINVAL },
	{ "unknown flag 31", GPA, 0, PAGE_SIZE, 1U << 31 | RWX, -EINVAL },
	{ "guest address wraps", -(u64)PAGE_SIZE, 0, 2 * PAGE_SIZE, RWX, -EOVERFLOW },
	{ "guest address ends at 2^64", -(u64)PAGE_SIZE, 0, PAGE_SIZE, RWX, -EOVERFLOW },
	{ "offset wraps", GPA, -(u64)PAGE_SIZE, 2 * PAGE_SIZE, RWX, -EOVERFLOW },
	{ "unmap of nothing", GPA, 0, PAGE_SIZE, GUNYAH_MEM_UNMAP | RWX, -ENOENT },
	{ "unmap of size 0", GPA, 0, 0, GUNYAH_MEM_UNMAP | RWX, -EINVAL },
};

static void args_desc(const struct args_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(args, args_cases, args_desc);

static void map_args(struct kunit *test)
{
	const struct args_case *c = test->param_value;
	struct vm_mem_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, c->gpa, c->offset, c->size, c->flags),
			c->ret);
	KUNIT_EXPECT_EQ(test, bindings(t), c->ret ? 0 : 1);
	/* Nothing is allocated, and nothing stays claimed. */
	KUNIT_EXPECT_EQ(test, file_inode(t->file)->i_blocks, 0);
	if (c->ret)
		KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, FILE_SIZE, RWX), 0);
}

static void map_no_fd(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, -1, GPA, 0, PAGE_SIZE, RWX), -EBADF);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, 1 << 20, GPA, 0, PAGE_SIZE, RWX), -EBADF);
}

static void map_fd_of_another_kind(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;
	struct file *root = filp_open("/", O_RDONLY | O_DIRECTORY, 0);
	int fd;

	KUNIT_ASSERT_FALSE(test, IS_ERR(root));
	fd = mem_test_fd(test, root);
	fput(root);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, fd, GPA, 0, PAGE_SIZE, RWX), -EINVAL);
}

/*
 * A second binding beside one of [GPA, GPA + 4 MiB)
 */

static const struct args_case second_cases[] = {
	{ "just below", GPA - SZ_2M, 0, SZ_2M, RWX, 0 },
	{ "just above", GPA + 2 * SZ_2M, 0, SZ_2M, RWX, 0 },
	{ "the same", GPA, 0, 2 * SZ_2M, RWX, -EEXIST },
	{ "over its front", GPA - SZ_2M, 0, SZ_2M + PAGE_SIZE, RWX, -EEXIST },
	{ "over its back", GPA + 2 * SZ_2M - PAGE_SIZE, 0, SZ_2M, RWX, -EEXIST },
	{ "inside", GPA + SZ_1M, 0, PAGE_SIZE, RWX, -EEXIST },
	{ "around", GPA - SZ_2M, 0, 4 * SZ_2M, RWX, -EEXIST },
	{ "elsewhere, the file's first page is bound",
	  GPA + SZ_1G, 4 * SZ_2M, SZ_2M, RWX, -EEXIST },
	{ "elsewhere, the file's last page is bound",
	  GPA + SZ_1G, 5 * SZ_2M - PAGE_SIZE, SZ_2M, RWX, -EEXIST },
	{ "elsewhere, beside it in the file", GPA + SZ_1G, 6 * SZ_2M, SZ_2M, RWX, 0 },
};

KUNIT_ARRAY_PARAM(second, second_cases, args_desc);

static void map_second(struct kunit *test)
{
	const struct args_case *c = test->param_value;
	struct vm_mem_test *t = test->priv;
	struct gunyah_vm_binding *b;
	u64 end = 0;

	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA, 4 * SZ_2M, 2 * SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, c->gpa, c->offset, c->size, c->flags),
			c->ret);
	KUNIT_EXPECT_EQ(test, bindings(t), c->ret ? 1 : 2);

	list_for_each_entry(b, &t->mem.bindings, list) {
		KUNIT_EXPECT_GE(test, b->gpa, end);
		end = b->gpa + b->size;
	}
}

static void map_file_range_of_another_vm(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;
	struct gunyah_vm_mem other;

	gunyah_vm_mem_init(&other);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(&other, t->fd, GPA, SZ_1M, SZ_2M, RWX), -EEXIST);
	KUNIT_EXPECT_EQ(test, map_mem(&other, t->fd, GPA, SZ_2M, SZ_2M, RWX), 0);
	gunyah_vm_mem_destroy(&other);
	/* And is free with the other VM gone. */
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA + SZ_1G, SZ_2M, SZ_2M, RWX), 0);
}

static void bindings_hold_the_file(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;
	long refs = file_count(t->file);

	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA + SZ_2M, SZ_2M, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, file_count(t->file), refs + 2);
	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, SZ_2M, RWX | GUNYAH_MEM_UNMAP), 0);
	KUNIT_EXPECT_EQ(test, file_count(t->file), refs + 1);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, SZ_2M, RWX | (1 << 30)), -EINVAL);
	KUNIT_EXPECT_EQ(test, file_count(t->file), refs + 1);
	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA + SZ_2M, SZ_2M, SZ_2M,
				      RWX | GUNYAH_MEM_UNMAP), 0);
	KUNIT_EXPECT_EQ(test, file_count(t->file), refs);
}

/*
 * UNMAP from one binding: [GPA, GPA + 8 MiB) at offset 2 MiB of the file
 */

struct unmap_case {
	const char *name;
	u64 gpa;
	u64 offset;
	u64 size;
	u32 flags;
	int ret;
	unsigned int left;	/* bindings afterwards */
};

static const struct unmap_case unmap_cases[] = {
	{ "all", GPA, SZ_2M, 4 * SZ_2M, RWX, 0, 0 },
	{ "front", GPA, SZ_2M, SZ_2M, RWX, 0, 1 },
	{ "back", GPA + 3 * SZ_2M, 4 * SZ_2M, SZ_2M, RWX, 0, 1 },
	{ "middle", GPA + SZ_2M, 2 * SZ_2M, SZ_2M, RWX, 0, 2 },
	{ "one page of the middle", GPA + SZ_1M, SZ_2M + SZ_1M, PAGE_SIZE, RWX, 0, 2 },
	{ "other rights", GPA, SZ_2M, 4 * SZ_2M, GUNYAH_MEM_ALLOW_READ, -ENOENT, 1 },
	{ "other access", GPA, SZ_2M, 4 * SZ_2M, GUNYAH_MEM_FORCE_SHARE | RWX, -ENOENT, 1 },
	{ "other offset", GPA, 0, 4 * SZ_2M, RWX, -ENOENT, 1 },
	{ "other address", GPA + SZ_2M, SZ_2M, SZ_2M, RWX, -ENOENT, 1 },
	{ "over the front", GPA - SZ_2M, 0, 2 * SZ_2M, RWX, -ENOENT, 1 },
	{ "over the back", GPA + 3 * SZ_2M, 4 * SZ_2M, 2 * SZ_2M, RWX, -ENOENT, 1 },
	{ "nothing there", GPA + SZ_1G, SZ_2M, SZ_2M, RWX, -ENOENT, 1 },
};

static void unmap_desc(const struct unmap_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(unmap, unmap_cases, unmap_desc);

static void unmap(struct kunit *test)
{
	const struct unmap_case *c = test->param_value;
	struct vm_mem_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA, SZ_2M, 4 * SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, c->gpa, c->offset, c->size,
				      c->flags | GUNYAH_MEM_UNMAP), c->ret);
	KUNIT_EXPECT_EQ(test, bindings(t), c->left);

	/* What went out can come in again, and what stayed is what it was. */
	if (!c->ret)
		KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, c->gpa, c->offset, c->size, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA + 4 * SZ_2M - PAGE_SIZE, 6 * SZ_2M,
				      PAGE_SIZE, RWX), -EEXIST);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA + SZ_1G, SZ_2M, PAGE_SIZE, RWX),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA + SZ_1G, 5 * SZ_2M - PAGE_SIZE,
				      PAGE_SIZE, RWX), -EEXIST);
}

static void unmap_of_another_file(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;
	int fd = mem_test_fd(test, mem_test_file(test, FILE_SIZE, 0));

	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, fd, GPA, 0, SZ_2M, RWX | GUNYAH_MEM_UNMAP), -ENOENT);
}

/* An fd is a name of the file, not the binding. */
static void unmap_by_another_fd(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;
	int fd = mem_test_fd(test, t->file);

	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, fd, GPA, 0, SZ_2M, RWX | GUNYAH_MEM_UNMAP), 0);
}

static void unmap_of_two_bindings(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA + SZ_2M, SZ_2M, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(&t->mem, t->fd, GPA, 0, 2 * SZ_2M, RWX | GUNYAH_MEM_UNMAP),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, bindings(t), 2);
}

static void map_many(struct kunit *test)
{
	struct vm_mem_test *t = test->priv;
	u64 i, n = FILE_SIZE / SZ_64K;

	/* From the top down, every second one first. */
	for (i = n; i-- > 0; )
		if (i & 1)
			KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA + i * SZ_64K, i * SZ_64K,
						      SZ_64K, RWX), 0);
	for (i = 0; i < n; i += 2)
		KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA + i * SZ_64K, i * SZ_64K,
					      SZ_64K, RWX), 0);
	KUNIT_EXPECT_EQ(test, bindings(t), n);
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, map_mem(&t->mem, t->fd, GPA + i * SZ_64K, i * SZ_64K, SZ_64K,
					      RWX | GUNYAH_MEM_UNMAP), 0);
	KUNIT_EXPECT_EQ(test, bindings(t), 0);
}

static struct kunit_case vm_mem_test_cases[] = {
	KUNIT_CASE_PARAM(map_args, args_gen_params),
	KUNIT_CASE(map_no_fd),
	KUNIT_CASE(map_fd_of_another_kind),
	KUNIT_CASE_PARAM(map_second, second_gen_params),
	KUNIT_CASE(map_file_range_of_another_vm),
	KUNIT_CASE(bindings_hold_the_file),
	KUNIT_CASE_PARAM(unmap, unmap_gen_params),
	KUNIT_CASE(unmap_of_another_file),
	KUNIT_CASE(unmap_by_another_fd),
	KUNIT_CASE(unmap_of_two_bindings),
	KUNIT_CASE(map_many),
	{}
};

static struct kunit_suite vm_mem_test_suite = {
	.name		= "gunyah_vm_mem",
	.init		= vm_mem_test_init,
	.test_cases	= vm_mem_test_cases,
};

kunit_test_suites(&vm_mem_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of the bindings of a Gunyah VM");
MODULE_LICENSE("GPL");
