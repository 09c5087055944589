// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of giving memory when a guest touches it and of taking it back: rights
 * (R61), what the host can do meanwhile (R62), what comes back (R63), and each
 * hypercall failing in turn (R64), pages that have failed (R68).
 */
#include <linux/mman.h>
#include <linux/module.h>

#include "paging_test.h"

#define DTB_PAGES	2

/* ---- capabilities ---- */

struct missing_case {
	const char *name;
	int missing;
	bool there;
};

static const struct missing_case missing_cases[] = {
	{ "none missing", -1, true },
	{ "guest private", 0, false },
	{ "host shared", 1, true },
	{ "host private", 2, false },
	{ "guest shared", 3, false },
	{ "address space", 4, false },
};

KUNIT_ARRAY_PARAM_DESC(missing, missing_cases, name);

static void capabilities(struct kunit *test)
{
	const struct missing_case *c = test->param_value;
	struct paging_test *t = test->priv;

	KUNIT_EXPECT_FALSE(test, gunyah_vm_paging_possible(&t->mem));
	fill_resources(test, c->missing);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_possible(&t->mem), c->there);
	gunyah_vm_resources_drain(&t->resources);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_paging_possible(&t->mem));
}

/* ---- give ---- */

/* One give for a folio, whoever comes first. */
static void fault_gives_a_folio(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 first, second, third;
	u64 size;

	map_guest(test);
	start(test);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_fault(&t->mem, RAM + 5, false, &first), 0);
	KUNIT_EXPECT_EQ(test, t->donates, 1);
	KUNIT_EXPECT_EQ(test, t->maps, 1);
	KUNIT_EXPECT_EQ(test, t->last_type, GUNYAH_DONATE_TO_PROTECTED);
	size = t->last_size;
	KUNIT_EXPECT_GE(test, size, PAGE_SIZE);
	KUNIT_EXPECT_LE(test, size, SZ_2M);
	expect_stats(test, size + 2 * PAGE_SIZE, 0, 0);

	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_fault(&t->mem, RAM + size - 1, true, &second), 0);
	KUNIT_EXPECT_EQ(test, first, second);
	KUNIT_EXPECT_EQ(test, t->calls, 2);

	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_fault(&t->mem, RAM + 2 * SZ_2M, true, &third), 0);
	KUNIT_EXPECT_NE(test, first, third);
	KUNIT_EXPECT_EQ(test, t->calls, 4);

	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* All of the guest, around the device tree that it has already. */
static void fault_everywhere(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 gpa;

	map_guest(test);
	start(test);
	for (gpa = RAM; gpa < RAM + RAM_SIZE; gpa += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, fault(t, gpa, true), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, RAM_SIZE / PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, t->donates, t->maps);
	kunit_info(test, "%u gives for %llu pages\n", t->donates, RAM_SIZE / PAGE_SIZE);
	KUNIT_EXPECT_LT(test, t->donates, RAM_SIZE / PAGE_SIZE / 4);
	expect_stats(test, RAM_SIZE, 0, 0);

	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

struct rights_case {
	const char *name;
	u32 flags;
	u64 access;
};

static const struct rights_case rights_cases[] = {
	{ "lent R", GUNYAH_MEM_ALLOW_READ, 4 },
	{ "lent RW", GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_WRITE, 6 },
	{ "lent RX", GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_EXEC, 5 },
	{ "lent RWX", GUNYAH_MEM_FORCE_LEND | GUNYAH_MEM_ALLOW_RWX, 7 },
	{ "shared R", GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_READ, 4 },
	{ "shared RW", SHARE, 6 },
	{ "shared RWX", GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX, 7 },
};

KUNIT_ARRAY_PARAM_DESC(rights, rights_cases, name);

/* R61 */
static void rights(struct kunit *test)
{
	const struct rights_case *c = test->param_value;
	bool shared = c->flags & GUNYAH_MEM_FORCE_SHARE;
	struct paging_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0xa0000000, 5 * SZ_2M, SZ_2M, c->flags), 0);
	start(test);

	if (!(c->flags & GUNYAH_MEM_ALLOW_WRITE)) {
		KUNIT_EXPECT_EQ(test, fault(t, 0xa0000000, true), -EACCES);
		KUNIT_EXPECT_EQ(test, t->calls, 0);
	}
	KUNIT_EXPECT_EQ(test, fault(t, 0xa0000000, false), 0);
	KUNIT_EXPECT_EQ(test, FIELD_GET(GUNYAH_MAP_ATTR_USER, t->last_attrs), c->access);
	KUNIT_EXPECT_EQ(test, FIELD_GET(GUNYAH_MAP_ATTR_KERNEL, t->last_attrs), c->access);
	KUNIT_EXPECT_EQ(test, FIELD_GET(GUNYAH_MAP_ATTR_MEMTYPE, t->last_attrs), 15);
	KUNIT_EXPECT_EQ(test, t->last_type, shared ? GUNYAH_DONATE_TO_SIBLING :
						     GUNYAH_DONATE_TO_PROTECTED);
	/* The record does not change what it may do. */
	if (!(c->flags & GUNYAH_MEM_ALLOW_WRITE))
		KUNIT_EXPECT_EQ(test, fault(t, 0xa0000000, true), -EACCES);

	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static void no_memory_there(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	KUNIT_EXPECT_EQ(test, fault(t, RAM, false), -EOPNOTSUPP);
	start(test);
	KUNIT_EXPECT_EQ(test, fault(t, RAM - 1, false), -ENOENT);
	KUNIT_EXPECT_EQ(test, fault(t, RAM + RAM_SIZE, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, fault(t, SHM + SHM_SIZE, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, fault(t, U64_MAX, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, fault(t, RAM, false), -EOPNOTSUPP);
}

/* R62: what user space has mapped is not lent; its neighbours are. */
static void fault_where_user_space_is(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 mapped = RAM + 2 * SZ_2M + 8 * PAGE_SIZE;
	unsigned long addr;

	map_guest(test);
	start(test);
	addr = kunit_vm_mmap(test, t->file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, mapped - RAM);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL((void *)addr));
	KUNIT_EXPECT_EQ(test, fault(t, mapped, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_EQ(test, fault(t, mapped - PAGE_SIZE, false), 0);
	KUNIT_EXPECT_EQ(test, fault(t, mapped + PAGE_SIZE, false), 0);
	KUNIT_EXPECT_EQ(test, fault(t, mapped, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, fault(t, mapped, false), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

#ifdef CONFIG_MEMORY_FAILURE
/* R68: what has failed is not given; its neighbours are. */
static void fault_where_a_page_has_failed(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 gpa = RAM + 8 * PAGE_SIZE;
	struct page *page;

	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, gpa, false), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, gpa, PAGE_SIZE), 0);
	page = pfn_to_page(PHYS_PFN(t->last_phys));
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, SZ_2M), 0);

	SetPageHWPoison(page);
	t->calls = 0;
	KUNIT_EXPECT_EQ(test, fault(t, gpa, false), -EIO);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_EQ(test, fault(t, gpa - PAGE_SIZE, false), 0);
	KUNIT_EXPECT_EQ(test, fault(t, gpa + PAGE_SIZE, false), 0);
	KUNIT_EXPECT_EQ(test, fault(t, gpa, false), -EIO);
	ClearPageHWPoison(page);
	KUNIT_EXPECT_EQ(test, fault(t, gpa, false), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}
#endif

static const struct gunyah_mem_provider_ops *real_ops;

/* As if other pages had been allocated since the provider was asked for a piece. */
static int torn_give(struct gunyah_mem_provider *provider, u64 offset, u64 size,
		     enum gunyah_mem_state state, struct gunyah_mem_list *list)
{
	int ret = real_ops->give(provider, offset, size, state, list);

	if (!ret)
		list->entries[0].size -= PAGE_SIZE;
	provider->ops = real_ops;
	return ret;
}

/* R64: what is not contiguous any more is not given as if it were. */
static void piece_changes(struct kunit *test)
{
	struct paging_test *t = test->priv;
	struct gunyah_mem_provider *provider = gunyah_guest_mem_provider(t->file);
	struct gunyah_mem_provider_ops ops;
	u64 where[] = { RAM, SHM };
	int i;

	map_guest(test);
	start(test);
	real_ops = provider->ops;
	ops = *real_ops;
	ops.give = torn_give;
	for (i = 0; i < 2; i++) {
		provider->ops = &ops;
		t->calls = 0;
		KUNIT_EXPECT_EQ(test, fault(t, where[i], true), -EAGAIN);
		KUNIT_EXPECT_PTR_EQ(test, provider->ops, real_ops);
		provider->ops = real_ops;
		KUNIT_EXPECT_EQ(test, t->calls, 0);
		KUNIT_EXPECT_EQ(test, fault(t, where[i], true), 0);
	}
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

struct give_case {
	const char *name;
	enum gunyah_error error;
	unsigned int fail_at;
	unsigned int n_fail;
	int ret;
	bool leaked;
};

static const struct give_case give_cases[] = {
	{ "no donation", GUNYAH_ERROR_DENIED, 1, 1, -EACCES, false },
	{ "no memory for a donation", GUNYAH_ERROR_NOMEM, 1, 1, -ENOMEM, false },
	{ "no mapping", 200, 2, 1, -EINVAL, false },
	{ "no memory for a mapping", GUNYAH_ERROR_NOMEM, 2, 1, -ENOMEM, false },
	{ "no mapping and no way back", GUNYAH_ERROR_NOMEM, 2, 2, -ENOMEM, true },
	{ "try again, once", GUNYAH_ERROR_RETRY, 1, 1, 0, false },
	{ "try again, for the last time", GUNYAH_ERROR_RETRY, 1, 99, 0, false },
	{ "try again, too often", GUNYAH_ERROR_RETRY, 1, 100, -EAGAIN, false },
	{ "try the mapping again, for the last time", GUNYAH_ERROR_RETRY, 2, 99, 0, false },
	{ "try the mapping again, too often", GUNYAH_ERROR_RETRY, 2, 100, -EAGAIN, false },
};

KUNIT_ARRAY_PARAM_DESC(give, give_cases, name);

/* R64, lent and shared. */
static void give_fails(struct kunit *test)
{
	const struct give_case *c = test->param_value;
	struct paging_test *t = test->priv;
	unsigned int n_leaked = 0;
	u64 where[] = { RAM, SHM };
	int i;

	/* Small: what is leaked is lost for good. */
	KUNIT_ASSERT_EQ(test, map_mem(t, RAM, 0, SOME_PAGES, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, DTB, SZ_2M, SOME_PAGES, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, SHM, RAM_SIZE, SHM_SIZE, SHARE), 0);
	start(test);

	for (i = 0; i < 2; i++) {
		fail(t, c->fail_at, c->n_fail, c->error);
		KUNIT_EXPECT_EQ(test, fault(t, where[i], true), c->ret);
		fail(t, 0, 0, 0);
		if (c->leaked) {
			n_leaked++;
			KUNIT_EXPECT_EQ(test, fault(t, where[i], true), -EIO);
			KUNIT_EXPECT_EQ(test, t->calls, 0);
		} else {
			/* Nothing stays of it. */
			KUNIT_EXPECT_EQ(test, fault(t, where[i], true), 0);
		}
	}

	KUNIT_EXPECT_EQ(test, end(t), n_leaked);
	if (c->leaked)
		KUNIT_EXPECT_GT(test, t->n_owned, 0);
	else
		expect_all_back(test);
	expect_stats(test, 0, 0, t->n_owned * PAGE_SIZE);
}

/* R64: with a page of a folio lost, the guest has the others all the same. */
static void leaked_page_has_neighbours(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 size = 8 * PAGE_SIZE;
	u64 gpa;

	KUNIT_ASSERT_EQ(test, map_mem(t, RAM, 0, size, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, DTB, SZ_2M, SOME_PAGES, RWX), 0);
	start(test);
	/* The page alone: the hole between two pieces. */
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	KUNIT_ASSERT_EQ(test, fault(t, RAM + PAGE_SIZE, true), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PAGE_SIZE), 0);
	fail(t, 2, 2, GUNYAH_ERROR_NOMEM);
	KUNIT_EXPECT_EQ(test, fault(t, RAM, true), -ENOMEM);
	fail(t, 0, 0, 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, size), 0);

	KUNIT_EXPECT_EQ(test, fault(t, RAM, true), -EIO);
	for (gpa = RAM + PAGE_SIZE; gpa < RAM + size; gpa += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, fault(t, gpa, true), 0);
	KUNIT_EXPECT_EQ(test, fault(t, RAM, true), -EIO);

	KUNIT_EXPECT_EQ(test, end(t), 1);
	KUNIT_EXPECT_EQ(test, t->n_owned, 1);
	expect_stats(test, 0, 0, PAGE_SIZE);
}

/* ---- take back ---- */

struct range_case {
	const char *name;
	u64 gpa;
	u64 size;
	int ret;
};

static const struct range_case range_cases[] = {
	{ "empty", RAM, 0, -EINVAL },
	{ "not aligned", RAM + 1, PAGE_SIZE, -EINVAL },
	{ "size not aligned", RAM, PAGE_SIZE + 1, -EINVAL },
	{ "wraps", (u64)-(2 * PAGE_SIZE), 4 * PAGE_SIZE, -EOVERFLOW },
	{ "not bound", RAM + RAM_SIZE, SZ_2M, -ENOENT },
	{ "a page", RAM + 7 * PAGE_SIZE, PAGE_SIZE, 0 },
	{ "the front of a folio", RAM, SZ_64K, 0 },
	{ "the back of a folio", RAM + SZ_2M - SZ_64K, SZ_64K, 0 },
	{ "over folios", RAM + SZ_2M - SZ_64K, SZ_2M, 0 },
	{ "everything and more", 0, RAM + RAM_SIZE + SZ_1G, 0 },
	{ "what was not given", RAM + 3 * SZ_2M, SZ_2M, 0 },
};

KUNIT_ARRAY_PARAM_DESC(range, range_cases, name);

static u64 overlap(u64 gpa, u64 size, u64 from, u64 to)
{
	u64 first = max(gpa, from), last = min(gpa + size, to);

	return first < last ? last - first : 0;
}

static void reclaim(struct kunit *test)
{
	const struct range_case *c = test->param_value;
	struct paging_test *t = test->priv;
	u64 gone = 0, gpa;

	map_guest(test);
	start(test);
	for (gpa = RAM; gpa < RAM + 3 * SZ_2M; gpa += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, fault(t, gpa, true), 0);
	KUNIT_ASSERT_EQ(test, fault(t, SHM, true), 0);
	for (gpa = SHM; gpa < SHM + SHM_SIZE; gpa += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, fault(t, gpa, true), 0);

	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, c->size), c->ret);
	if (!c->ret)
		gone = overlap(c->gpa, c->size, RAM, RAM + 3 * SZ_2M) +
		       overlap(c->gpa, c->size, SHM, SHM + SHM_SIZE);
	KUNIT_EXPECT_EQ(test, t->n_owned, (3 * SZ_2M + SHM_SIZE - gone) / PAGE_SIZE);

	/* Again, and nothing is to be done; then the guest can have it anew. */
	t->calls = 0;
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, c->gpa, c->size), c->ret);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	if (gone) {
		KUNIT_EXPECT_EQ(test, fault(t, max(c->gpa, RAM), true), 0);
		KUNIT_EXPECT_EQ(test, t->calls, 2);
	}

	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* R63: with its content, also what the host writes meanwhile. */
static void reclaim_keeps_the_content(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u32 *page;

	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	page = phys_to_virt(t->last_phys);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PAGE_SIZE), 0);
	KUNIT_EXPECT_TRUE(test, in_direct_map(virt_to_phys(page)));
	*page = 0x12345678;
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	KUNIT_EXPECT_EQ(test, t->last_phys, virt_to_phys(page));
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, RAM_SIZE), 0);
	KUNIT_EXPECT_EQ(test, *page, 0x12345678);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

struct reclaim_case {
	const char *name;
	enum gunyah_error error;
	unsigned int fail_at;
	int ret;
};

static const struct reclaim_case reclaim_cases[] = {
	{ "not unmapped", GUNYAH_ERROR_NOMEM, 1, -ENOMEM },
	{ "not donated back", GUNYAH_ERROR_NOMEM, 2, -ENOMEM },
	{ "refused", GUNYAH_ERROR_DENIED, 2, -EACCES },
};

KUNIT_ARRAY_PARAM_DESC(reclaim, reclaim_cases, name);

/* R64: while the guest is there, nothing is lost: it keeps what can't be taken. */
static void reclaim_fails(struct kunit *test)
{
	const struct reclaim_case *c = test->param_value;
	struct paging_test *t = test->priv;
	u64 where[] = { RAM, SHM };
	unsigned long owned;
	int i;

	map_guest(test);
	start(test);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_EQ(test, fault(t, where[i], true), 0);
		owned = t->n_owned;
		fail(t, c->fail_at, 1, c->error);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, where[i], PAGE_SIZE),
				c->ret);
		KUNIT_EXPECT_EQ(test, t->n_owned, owned);

		/* It has it as before; where it was unmapped, that is made good. */
		fail(t, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, fault(t, where[i], true), 0);
		KUNIT_EXPECT_EQ(test, t->calls, c->fail_at - 1);
		KUNIT_EXPECT_EQ(test, t->n_owned, owned);

		/* And not by a fault, but in the next attempt. */
		fail(t, c->fail_at, 1, c->error);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, where[i], PAGE_SIZE),
				c->ret);
		fail(t, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, where[i], PAGE_SIZE), 0);
		KUNIT_EXPECT_EQ(test, t->n_owned, owned - 1);
	}

	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* R64: each call is tried 100 times. */
static void reclaim_tries(struct kunit *test)
{
	struct paging_test *t = test->priv;
	unsigned int call;

	map_guest(test);
	start(test);
	for (call = 1; call <= 2; call++) {
		KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
		fail(t, call, 100, GUNYAH_ERROR_RETRY);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PAGE_SIZE), -EAGAIN);
		fail(t, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, fault(t, RAM, true), 0);

		fail(t, call, 99, GUNYAH_ERROR_RETRY);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PAGE_SIZE), 0);
		fail(t, 0, 0, 0);
	}
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* The first of several can't be taken: the others are. */
static void reclaim_goes_on(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	KUNIT_ASSERT_EQ(test, fault(t, RAM + 2 * SZ_2M, true), 0);
	fail(t, 1, 1, GUNYAH_ERROR_BUSY);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, RAM_SIZE), -EBUSY);
	KUNIT_EXPECT_GT(test, t->calls, 3);
	KUNIT_EXPECT_GT(test, t->n_owned, 0);
	fail(t, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, RAM_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

#define MANY		(2 * GUNYAH_VM_BATCH + 5)
/* Behind the device tree. */
#define MANY_GPA	(RAM + 2 * SZ_2M)

/* Many pieces, of a page each: none is next to another in the file. */
static void map_many(struct kunit *test)
{
	struct paging_test *t = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, map_mem(t, DTB, FILE_SIZE - SOME_PAGES, SOME_PAGES, RWX), 0);
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, map_mem(t, MANY_GPA + i * PAGE_SIZE, 2 * i * PAGE_SIZE,
					      PAGE_SIZE, RWX), 0);
	start(test);
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, fault(t, MANY_GPA + i * PAGE_SIZE, true), 0);
	KUNIT_ASSERT_EQ(test, t->donates, MANY);
}

/* CPUs are waited for once for many pieces, and before any of them is the host's. */
static void many_come_back_together(struct kunit *test)
{
	struct paging_test *t = test->priv;
	unsigned int i;

	map_many(test);
	t->donates = 0;
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, MANY_GPA, MANY * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->unmaps, MANY);
	KUNIT_EXPECT_EQ(test, t->donates, MANY);
	KUNIT_EXPECT_EQ(test, t->syncs, DIV_ROUND_UP(MANY, GUNYAH_VM_BATCH));

	/* And at the end of the run. */
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, fault(t, MANY_GPA + i * PAGE_SIZE, true), 0);
	t->unmaps = 0;
	t->syncs = 0;
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, t->unmaps, MANY + t->parcel.n_entries);
	KUNIT_EXPECT_EQ(test, t->syncs, DIV_ROUND_UP(t->unmaps, GUNYAH_VM_BATCH));
	expect_all_back(test);
}

/* R64: one of many is not unmapped, be it the one that would wait, or not donated back. */
static void one_of_many_fails(struct kunit *test)
{
	static const unsigned int where[] = {
		1, GUNYAH_VM_BATCH, GUNYAH_VM_BATCH + 1, 2 * GUNYAH_VM_BATCH,
	};
	struct paging_test *t = test->priv;
	unsigned int i, k;

	map_many(test);
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		fail(t, where[i], 1, GUNYAH_ERROR_BUSY);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, MANY_GPA, MANY * PAGE_SIZE),
				-EBUSY);
		KUNIT_EXPECT_EQ(test, t->n_owned, 1 + DTB_PAGES);
		fail(t, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, MANY_GPA, MANY * PAGE_SIZE),
				0);
		KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES);
		for (k = 0; k < MANY; k++)
			KUNIT_ASSERT_EQ(test, fault(t, MANY_GPA + k * PAGE_SIZE, true), 0);
	}
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* At the end there is no next attempt: what does not come is leaked. */
static void end_fails(struct kunit *test)
{
	const struct reclaim_case *c = test->param_value;
	struct paging_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, RAM, 0, SOME_PAGES, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, DTB, SZ_2M, SOME_PAGES, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, SHM, RAM_SIZE, SHM_SIZE, SHARE), 0);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, SHM, true), 0);
	/* The lowest address, which is the shared piece; all are unmapped first. */
	fail(t, c->fail_at == 1 ? 1 : 2 + t->parcel.n_entries, 1, c->error);
	KUNIT_EXPECT_EQ(test, end(t), 1);
	KUNIT_EXPECT_GT(test, t->n_owned, 0);
	expect_stats(test, 0, 0, t->n_owned * PAGE_SIZE);
	/* It is told once. */
	KUNIT_EXPECT_EQ(test, end(t), 0);
}

/* A reset may have been done already: the mappings are gone with the address space. */
static void end_without_address_space(struct kunit *test)
{
	struct paging_test *t = test->priv;
	unsigned long pfn;
	void *entry;

	map_guest(test);
	start(test);
	xa_for_each(&t->owned, pfn, entry)
		hyp_set(test, PFN_PHYS((u64)pfn), hyp_value(true, 0));
	t->no_addrspace = true;
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static struct kunit_case vm_pieces_test_cases[] = {
	KUNIT_CASE_PARAM(capabilities, missing_gen_params),
	KUNIT_CASE(fault_gives_a_folio),
	KUNIT_CASE(fault_everywhere),
	KUNIT_CASE_PARAM(rights, rights_gen_params),
	KUNIT_CASE(no_memory_there),
	KUNIT_CASE(fault_where_user_space_is),
#ifdef CONFIG_MEMORY_FAILURE
	KUNIT_CASE(fault_where_a_page_has_failed),
#endif
	KUNIT_CASE(piece_changes),
	KUNIT_CASE_PARAM(give_fails, give_gen_params),
	KUNIT_CASE(leaked_page_has_neighbours),
	KUNIT_CASE_PARAM(reclaim, range_gen_params),
	KUNIT_CASE(reclaim_keeps_the_content),
	KUNIT_CASE_PARAM(reclaim_fails, reclaim_gen_params),
	KUNIT_CASE(reclaim_tries),
	KUNIT_CASE(reclaim_goes_on),
	KUNIT_CASE(many_come_back_together),
	KUNIT_CASE(one_of_many_fails),
	KUNIT_CASE_PARAM(end_fails, reclaim_gen_params),
	KUNIT_CASE(end_without_address_space),
	{}
};

static struct kunit_suite vm_pieces_test_suite = {
	.name		= "gunyah_vm_pieces",
	.init		= paging_test_init,
	.exit		= paging_test_exit,
	.test_cases	= vm_pieces_test_cases,
};

kunit_test_suites(&vm_pieces_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_DESCRIPTION("KUnit tests of the memory that a Gunyah VM gets page by page");
MODULE_LICENSE("GPL");
