// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a process's pages as a provider: what may be pinned and what it costs
 * (R60, R71), the states of any part of it (R63), and what is left of leaked pages
 * (R64).
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/shmem_fs.h>
#include <linux/sizes.h>

#include "../mem_list.h"
#include "../rm_calls.h"
#include "../user_mem.h"
#include "mem_test.h"
#include "user_mem_test.h"

static void put(void *provider)
{
	struct gunyah_mem_provider *p = provider;

	p->ops->put(p);
}

/* All of a range, claimed; put with the test. */
static struct gunyah_mem_provider *claimed(struct kunit *test, unsigned long addr)
{
	struct gunyah_mem_provider *p = gunyah_user_mem_create(addr, RANGE_SIZE, true);

	KUNIT_ASSERT_FALSE(test, IS_ERR(p));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put, p));
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, RANGE_SIZE));
	return p;
}

/*
 * What may be pinned
 */

static int create(unsigned long addr, size_t size, bool write)
{
	struct gunyah_mem_provider *p = gunyah_user_mem_create(addr, size, write);

	if (IS_ERR(p))
		return PTR_ERR(p);
	p->ops->put(p);
	return 0;
}

static struct file *shmem(struct kunit *test)
{
	struct file *file = shmem_file_setup("user_mem_kunit", RANGE_SIZE, VM_NORESERVE);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, mem_test_fput, file));
	return file;
}

enum kind { ANON, ANON_SHARED, SHMEM, SHMEM_PRIVATE, GUEST_MEM };

struct pin_case {
	const char *name;
	enum kind kind;
	unsigned long prot;
	long offset;		/* from the start of a mapping of 16 pages */
	size_t pages;
	bool write;
	int ret;
};

#define RW	(PROT_READ | PROT_WRITE)

static const struct pin_case pin_cases[] = {
	{ "anonymous", ANON, RW, 0, 16, true, 0 },
	{ "anonymous, a page of it", ANON, RW, 5 * PAGE_SIZE, 1, true, 0 },
	{ "anonymous, to be read", ANON, RW, 0, 16, false, 0 },
	{ "anonymous, read only, to be read", ANON, PROT_READ, 0, 16, false, 0 },
	{ "anonymous, read only, to be written", ANON, PROT_READ, 0, 16, true, -EFAULT },
	{ "anonymous, no access", ANON, PROT_NONE, 0, 16, false, -EFAULT },
	{ "shared anonymous", ANON_SHARED, RW, 0, 16, true, 0 },
	{ "shared memory", SHMEM, RW, 0, 16, true, 0 },
	{ "shared memory, private mapping", SHMEM_PRIVATE, RW, 0, 16, true, 0 },
	{ "shared memory, private mapping, to be read", SHMEM_PRIVATE, RW, 0, 16, false, 0 },
	{ "guest memory", GUEST_MEM, RW, 0, 16, true, -EINVAL },
	{ "over the end", ANON, RW, PAGE_SIZE, 16, true, -EFAULT },
	{ "before the start", ANON, RW, -(long)PAGE_SIZE, 16, true, -EFAULT },
	{ "behind the end", ANON, RW, RANGE_SIZE, 1, true, -EFAULT },
};

static void pin_desc(const struct pin_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(pin, pin_cases, pin_desc);

/* With a page of nothing on both sides. */
static unsigned long map_kind(struct kunit *test, const struct pin_case *c)
{
	unsigned long hole = user_mem_anon(test, RANGE_SIZE + 2 * PAGE_SIZE);
	unsigned long flags = MAP_FIXED | MAP_SHARED;
	struct file *file = NULL;
	unsigned long addr;

	if (c->kind == ANON || c->kind == SHMEM_PRIVATE)
		flags = MAP_FIXED | MAP_PRIVATE;
	if (c->kind == ANON || c->kind == ANON_SHARED)
		flags |= MAP_ANONYMOUS;
	if (c->kind == SHMEM || c->kind == SHMEM_PRIVATE)
		file = shmem(test);
	if (c->kind == GUEST_MEM)
		file = mem_test_file(test, RANGE_SIZE, 0);

	KUNIT_ASSERT_EQ(test, 0, vm_munmap(hole, RANGE_SIZE + 2 * PAGE_SIZE));
	addr = kunit_vm_mmap(test, file, hole + PAGE_SIZE, RANGE_SIZE, c->prot, flags, 0);
	KUNIT_ASSERT_EQ(test, addr, hole + PAGE_SIZE);
	return addr;
}

static void pinned_is_charged(struct kunit *test)
{
	const struct pin_case *c = test->param_value;
	unsigned long addr = map_kind(test, c);
	unsigned long before = user_mem_charged();
	struct gunyah_mem_provider *p;

	p = gunyah_user_mem_create(addr + c->offset, c->pages * PAGE_SIZE, c->write);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(p), c->ret);
	KUNIT_EXPECT_EQ(test, user_mem_charged() - before, c->ret ? 0 : c->pages);
	if (!IS_ERR(p))
		p->ops->put(p);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), before);
}

static void other_addresses(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);

	KUNIT_EXPECT_EQ(test, create(0, PAGE_SIZE, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, create((unsigned long)test & PAGE_MASK, PAGE_SIZE, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, create(-2 * PAGE_SIZE, PAGE_SIZE, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, create(addr, 1UL << 60, true), -EFAULT);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), 0);
}

/* A hole, and what may not be pinned, behind pages that may be. */
static void bad_pages_in_the_middle(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	struct file *file = mem_test_file(test, PAGE_SIZE, 0);

	KUNIT_ASSERT_EQ(test, 0, vm_munmap(addr + 3 * PAGE_SIZE, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, create(addr, RANGE_SIZE, true), -EFAULT);
	KUNIT_ASSERT_EQ(test, addr + 3 * PAGE_SIZE,
			vm_mmap(file, addr + 3 * PAGE_SIZE, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED,
				0));
	KUNIT_EXPECT_EQ(test, create(addr, RANGE_SIZE, true), -EINVAL);
	KUNIT_EXPECT_EQ(test, create(addr, 3 * PAGE_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, create(addr + 4 * PAGE_SIZE, RANGE_SIZE - 4 * PAGE_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), 0);
}

/* R65, R71: a size that no memory is there for is an error, nothing else */
static void more_than_there_is(struct kunit *test)
{
	unsigned long size = 1UL << 44;
	unsigned long addr = user_mem_map(test, NULL, size, RW,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);

	KUNIT_EXPECT_EQ(test, create(addr, size, true), -ENOMEM);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), 0);
}

static void a_page_is_in_one_provider(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	unsigned long before;

	claimed(test, addr);
	before = user_mem_charged();
	KUNIT_EXPECT_EQ(test, create(addr, RANGE_SIZE, true), -EEXIST);
	KUNIT_EXPECT_EQ(test, create(addr + RANGE_SIZE - PAGE_SIZE, PAGE_SIZE, false), -EEXIST);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), before);
}

/* By another mapping of it; and twice in one. */
static void a_shared_page_is_in_one_provider(struct kunit *test)
{
	struct file *file = shmem(test);
	unsigned long one = user_mem_map(test, file, RANGE_SIZE, RW, MAP_SHARED);
	unsigned long two = user_mem_anon(test, 2 * RANGE_SIZE);
	unsigned long before;

	KUNIT_ASSERT_EQ(test, two + RANGE_SIZE,
			vm_mmap(file, two + RANGE_SIZE, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED,
				3 * PAGE_SIZE));
	claimed(test, one);
	before = user_mem_charged();
	/* What was registered of it before the page that is taken is free again. */
	KUNIT_EXPECT_EQ(test, create(two, RANGE_SIZE + PAGE_SIZE, true), -EEXIST);
	KUNIT_EXPECT_EQ(test, create(two, RANGE_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), before);

	two = user_mem_map(test, shmem(test), RANGE_SIZE, RW, MAP_SHARED);
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(two + PAGE_SIZE, PAGE_SIZE));
	file = shmem(test);
	KUNIT_ASSERT_EQ(test, two, vm_mmap(file, two, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0));
	KUNIT_ASSERT_EQ(test, two + PAGE_SIZE,
			vm_mmap(file, two + PAGE_SIZE, PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, 0));
	KUNIT_EXPECT_EQ(test, create(two, 2 * PAGE_SIZE, true), -EEXIST);
	KUNIT_EXPECT_EQ(test, create(two, PAGE_SIZE, true), 0);
}

/* What is unmapped stays pinned; what comes in its place are other pages. */
static void unmapped_stays(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	struct gunyah_mem_provider *p = claimed(test, addr);
	struct gunyah_mem_list list = {};

	KUNIT_ASSERT_EQ(test, 0, vm_munmap(addr, RANGE_SIZE));
	KUNIT_EXPECT_EQ(test, user_mem_charged(), RANGE_PAGES);
	KUNIT_ASSERT_EQ(test, 0, p->ops->give(p, 0, RANGE_SIZE, GUNYAH_MEM_SHARED, &list));
	KUNIT_EXPECT_EQ(test, list.size, RANGE_SIZE);
	KUNIT_EXPECT_EQ(test, create(user_mem_anon(test, RANGE_SIZE), RANGE_SIZE, true), 0);
	p->ops->take_back(p, 0, RANGE_SIZE);
	gunyah_mem_list_free(&list);
}

/*
 * Claims and states
 */

struct claim_case {
	const char *name;
	u64 first;		/* pages; 4 to 8 are claimed */
	u64 n;
	int ret;
};

static const struct claim_case claim_cases[] = {
	{ "before", 0, 4, 0 },
	{ "behind", 8, 8, 0 },
	{ "the same", 4, 4, -EEXIST },
	{ "its front", 0, 5, -EEXIST },
	{ "its back", 7, 9, -EEXIST },
	{ "inside", 5, 1, -EEXIST },
	{ "around", 0, 16, -EEXIST },
	{ "beyond the end", 16, 1, -EINVAL },
	{ "over the end", 15, 2, -EINVAL },
	{ "far beyond the end", 1ULL << 40, 1, -EINVAL },
};

static void claim_desc(const struct claim_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(claim, claim_cases, claim_desc);

/* R60 */
static void provider_claim(struct kunit *test)
{
	struct gunyah_mem_provider *p = claimed(test, user_mem_anon(test, RANGE_SIZE));
	const struct claim_case *c = test->param_value;

	p->ops->unclaim(p, 0, RANGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 4 * PAGE_SIZE, 4 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, c->ret,
			p->ops->claim(p, NULL, 0, c->first * PAGE_SIZE, c->n * PAGE_SIZE));
}

static void unclaim_part(struct kunit *test)
{
	struct gunyah_mem_provider *p = claimed(test, user_mem_anon(test, RANGE_SIZE));

	p->ops->unclaim(p, 3 * PAGE_SIZE, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, -EEXIST, p->ops->claim(p, NULL, 0, 2 * PAGE_SIZE, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EEXIST, p->ops->claim(p, NULL, 0, 4 * PAGE_SIZE, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, p->ops->claim(p, NULL, 0, 3 * PAGE_SIZE, PAGE_SIZE));
}

/* The physical address of a page that is mapped here. */
static u64 phys_of(struct kunit *test, unsigned long addr)
{
	struct page *page;
	u64 phys;

	KUNIT_ASSERT_EQ(test, 1, get_user_pages_fast(addr, 1, 0, &page));
	phys = page_to_phys(page);
	put_page(page);
	return phys;
}

/* Each page of a part is in the list, in the order of the addresses. */
static void give_lists_the_pages(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	struct gunyah_mem_provider *p = claimed(test, addr);
	struct gunyah_mem_list list = {};
	u64 at = addr + 2 * PAGE_SIZE, i, offset;

	KUNIT_ASSERT_EQ(test, 0, p->ops->give(p, 2 * PAGE_SIZE, 9 * PAGE_SIZE, GUNYAH_MEM_SHARED,
					      &list));
	KUNIT_EXPECT_EQ(test, list.size, 9 * PAGE_SIZE);
	for (i = 0; i < list.n; i++) {
		for (offset = 0; offset < list.entries[i].size; offset += PAGE_SIZE) {
			KUNIT_EXPECT_EQ(test, list.entries[i].ipa + offset, phys_of(test, at));
			at += PAGE_SIZE;
		}
		/* Neighbours are one entry. */
		if (i)
			KUNIT_EXPECT_NE(test, list.entries[i].ipa,
					list.entries[i - 1].ipa + list.entries[i - 1].size);
	}
	KUNIT_EXPECT_EQ(test, at, addr + 11 * PAGE_SIZE);
	p->ops->take_back(p, 2 * PAGE_SIZE, 9 * PAGE_SIZE);
	gunyah_mem_list_free(&list);
}

static int give(struct gunyah_mem_provider *p, u64 first, u64 n)
{
	struct gunyah_mem_list list = {};
	int ret;

	ret = p->ops->give(p, first * PAGE_SIZE, n * PAGE_SIZE, GUNYAH_MEM_SHARED, &list);
	gunyah_mem_list_free(&list);
	return ret;
}

/*
 * R64: two pages are lost for good here.  They stay charged, to the end of the
 * address space, and nobody gets them again.
 */
static void leaked_stays_leaked(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	unsigned long before = user_mem_charged();
	struct gunyah_mem_provider *p;

	p = gunyah_user_mem_create(addr, RANGE_SIZE, true);
	KUNIT_ASSERT_FALSE(test, IS_ERR(p));
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, RANGE_SIZE));
	KUNIT_ASSERT_EQ(test, 0, give(p, 0, RANGE_PAGES));
	p->ops->take_back(p, 0, 7 * PAGE_SIZE);
	p->ops->leak(p, 7 * PAGE_SIZE, 2 * PAGE_SIZE);
	p->ops->take_back(p, 9 * PAGE_SIZE, 7 * PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, give(p, 0, RANGE_PAGES), -EIO);
	KUNIT_EXPECT_EQ(test, give(p, 7, 1), -EIO);
	KUNIT_EXPECT_EQ(test, give(p, 5, 3), -EIO);
	KUNIT_EXPECT_EQ(test, give(p, 0, 7), 0);
	p->ops->take_back(p, 0, 7 * PAGE_SIZE);
	p->ops->unclaim(p, 0, RANGE_SIZE);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, 8 * PAGE_SIZE, PAGE_SIZE), -EEXIST);
	KUNIT_EXPECT_EQ(test, p->ops->claim(p, NULL, 0, 9 * PAGE_SIZE, PAGE_SIZE), 0);
	p->ops->put(p);

	KUNIT_EXPECT_EQ(test, user_mem_charged(), before + 2);
	KUNIT_EXPECT_EQ(test, create(addr + 7 * PAGE_SIZE, PAGE_SIZE, true), -EEXIST);
	KUNIT_EXPECT_EQ(test, create(addr + 8 * PAGE_SIZE, PAGE_SIZE, true), -EEXIST);
	KUNIT_EXPECT_EQ(test, create(addr, 7 * PAGE_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, create(addr + 9 * PAGE_SIZE, 7 * PAGE_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), before + 2);
}

#ifdef CONFIG_MEMORY_FAILURE
/* R68: what has failed while it was pinned is nobody's to give. */
static void failed_page_is_not_given(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	struct gunyah_mem_provider *p;
	struct page *page;

	p = gunyah_user_mem_create(addr, RANGE_SIZE, true);
	KUNIT_ASSERT_FALSE(test, IS_ERR(p));
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, RANGE_SIZE));
	KUNIT_ASSERT_EQ(test, 1, pin_user_pages_fast(addr + 7 * PAGE_SIZE, 1, FOLL_WRITE, &page));
	unpin_user_page(page);

	SetPageHWPoison(page);
	KUNIT_EXPECT_EQ(test, give(p, 0, RANGE_PAGES), -EIO);
	KUNIT_EXPECT_EQ(test, give(p, 7, 1), -EIO);
	KUNIT_EXPECT_EQ(test, give(p, 0, 7), 0);
	KUNIT_EXPECT_EQ(test, give(p, 8, RANGE_PAGES - 8), 0);
	p->ops->take_back(p, 0, RANGE_SIZE);
	ClearPageHWPoison(page);
	p->ops->unclaim(p, 0, RANGE_SIZE);
	p->ops->put(p);
}
#endif

static void references(struct kunit *test)
{
	unsigned long addr = user_mem_anon(test, RANGE_SIZE);
	struct gunyah_mem_provider *p = gunyah_user_mem_create(addr, RANGE_SIZE, true);

	KUNIT_ASSERT_FALSE(test, IS_ERR(p));
	p->ops->get(p);
	p->ops->put(p);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), RANGE_PAGES);
	p->ops->put(p);
	KUNIT_EXPECT_EQ(test, user_mem_charged(), 0);
}

static struct kunit_case user_mem_test_cases[] = {
	KUNIT_CASE_PARAM(pinned_is_charged, pin_gen_params),
	KUNIT_CASE(other_addresses),
	KUNIT_CASE(bad_pages_in_the_middle),
	KUNIT_CASE(more_than_there_is),
	KUNIT_CASE(a_page_is_in_one_provider),
	KUNIT_CASE(a_shared_page_is_in_one_provider),
	KUNIT_CASE(unmapped_stays),
	KUNIT_CASE_PARAM(provider_claim, claim_gen_params),
	KUNIT_CASE(unclaim_part),
	KUNIT_CASE(give_lists_the_pages),
	KUNIT_CASE(leaked_stays_leaked),
#ifdef CONFIG_MEMORY_FAILURE
	KUNIT_CASE(failed_page_is_not_given),
#endif
	KUNIT_CASE(references),
	{}
};

static struct kunit_suite user_mem_test_suite = {
	.name		= "gunyah_user_mem",
	.test_cases	= user_mem_test_cases,
};

kunit_test_suite(user_mem_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of user memory as guests' memory");
MODULE_LICENSE("GPL");
