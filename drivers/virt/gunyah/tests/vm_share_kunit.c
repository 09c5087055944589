// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of memory in the demand-paged flow that is not named as lent page by page, which
 * is shared memory and what is lent where none was: it is given before the guest can
 * touch it (R60, R61), all or nothing (R64), and holes can be made in what is shared while
 * the guest has it (R63).
 */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <uapi/linux/falloc.h>

#include "paging_test.h"

#define PUNCH		(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)
#define DTB_PAGES	2
#define SHM_PAGES	(SHM_SIZE / PAGE_SIZE)
/* Another window, as large as the first one. */
#define OTHER		0x50000000ULL
#define OTHER_OFFSET	(RAM_SIZE + SZ_2M)

/* The kernel's address of the page behind a guest address that was mapped. */
static u32 *content(struct kunit *test, u64 gpa)
{
	struct paging_test *t = test->priv;
	unsigned long pfn;
	void *entry;

	xa_for_each(&t->owned, pfn, entry) {
		if (xa_to_value(entry) == hyp_value(false, gpa))
			return phys_to_virt(PFN_PHYS((u64)pfn));
	}
	KUNIT_FAIL_AND_ABORT(test, "no shared memory at %#llx\n", gpa);
	return NULL;
}

static void map_two_windows(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET, SHM_SIZE, SHARE), 0);
}

/* ---- give ---- */

static void shared_at_the_start(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 gpa;

	map_two_windows(test);
	start_sharing(test);
	expect_stats(test, DTB_PAGES * PAGE_SIZE, 2 * SHM_SIZE, 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + 2 * SHM_PAGES);
	KUNIT_EXPECT_EQ(test, FIELD_GET(GUNYAH_MAP_ATTR_USER, t->last_attrs), 6);

	/* There is nothing to do when it is touched. */
	t->calls = 0;
	for (gpa = SHM; gpa < SHM + SHM_SIZE; gpa += PAGE_SIZE) {
		KUNIT_EXPECT_NOT_NULL(test, content(test, gpa));
		KUNIT_EXPECT_EQ(test, fault(t, gpa, true), 0);
	}
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);

	/* And in the next run. */
	start_sharing(test);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + 2 * SHM_PAGES);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

struct error_case {
	const char *name;
	enum gunyah_error error;
	int start;
	int bind;
};

static const struct error_case error_cases[] = {
	{ "no memory", GUNYAH_ERROR_NOMEM, -ENOMEM, -ENOMEM },
	{ "refused", GUNYAH_ERROR_DENIED, -ENODEV, -EACCES },
	{ "busy", GUNYAH_ERROR_BUSY, -ENODEV, -EBUSY },
};

KUNIT_ARRAY_PARAM_DESC(error, error_cases, name);

/* Each hypercall in turn: what was given before it comes back with the run. */
static void start_fails(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	struct paging_test *t = test->priv;
	unsigned int i, n;

	map_two_windows(test);
	start_sharing(test);
	n = t->calls;
	KUNIT_ASSERT_GE(test, n, 4);
	KUNIT_EXPECT_EQ(test, end(t), 0);

	for (i = 1; i <= n; i++) {
		t->reclaims = 0;
		prepare_start(test);
		fail(t, i, 1, c->error);
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_share(&t->mem), c->start);
		KUNIT_EXPECT_EQ(test, end(t), 0);
		KUNIT_EXPECT_EQ(test, t->reclaims, 1);
		expect_all_back(test);
		fail(t, 0, 0, 0);
	}

	start_sharing(test);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static void bind_flags_fails(struct kunit *test, u32 flags)
{
	const struct error_case *c = test->param_value;
	struct paging_test *t = test->priv;
	unsigned int i, n;

	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET, SHM_SIZE, flags), 0);
	n = t->calls;
	KUNIT_ASSERT_GE(test, n, 2);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + SHM_PAGES);
	KUNIT_EXPECT_EQ(test, unmap_mem(t, OTHER, OTHER_OFFSET, SHM_SIZE, flags), 0);

	for (i = 1; i <= n; i++) {
		fail(t, i, 1, c->error);
		KUNIT_EXPECT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET, SHM_SIZE, flags), c->bind);
		KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES);
		KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(&t->mem.pieces, OTHER));
		KUNIT_EXPECT_EQ(test, fault(t, OTHER, true), -ENOENT);
		fail(t, 0, 0, 0);
	}

	/* Nothing stays of it. */
	KUNIT_EXPECT_EQ(test, map_mem(t, OTHER + PAGE_SIZE, OTHER_OFFSET, SHM_SIZE, flags), 0);
	KUNIT_EXPECT_EQ(test, unmap_mem(t, OTHER + PAGE_SIZE, OTHER_OFFSET, SHM_SIZE, flags), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static void bind_fails(struct kunit *test)
{
	bind_flags_fails(test, SHARE);
}

static void bind_lent_fails(struct kunit *test)
{
	bind_flags_fails(test, RWX);
}

struct flags_case {
	const char *name;
	u32 flags;
};

static const struct flags_case flags_cases[] = {
	{ "shared", SHARE },
	{ "lent", RWX },
};

KUNIT_ARRAY_PARAM_DESC(flags, flags_cases, name);

/* R64: what can't be taken back then is lost, and nothing else. */
static void bind_leaks(struct kunit *test)
{
	const struct flags_case *c = test->param_value;
	struct paging_test *t = test->priv;
	u32 flags = c->flags;

	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET, PAGE_SIZE, flags), 0);
	KUNIT_ASSERT_EQ(test, unmap_mem(t, OTHER, OTHER_OFFSET, PAGE_SIZE, flags), 0);
	fail(t, 2, 2, GUNYAH_ERROR_NOMEM);
	KUNIT_EXPECT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET, PAGE_SIZE, flags), -ENOMEM);
	fail(t, 0, 0, 0);
	expect_stats(test, DTB_PAGES * PAGE_SIZE, 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, fault(t, OTHER, true), -ENOENT);

	/* The guest's address is free, and of the file all but the page. */
	KUNIT_EXPECT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET, SHM_SIZE, flags), -EEXIST);
	KUNIT_EXPECT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET + PAGE_SIZE, SHM_SIZE, flags), 0);
	KUNIT_EXPECT_EQ(test, end(t), 1);
	KUNIT_EXPECT_EQ(test, t->n_owned, 1);
	expect_stats(test, 0, 0, PAGE_SIZE);
}

/* What is lent where none was: there at once, then as other lent memory (R60, R63). */
static void lend_anew(struct kunit *test)
{
	struct gunyah_vm_pieces *p;
	struct paging_test *t = test->priv;
	u64 gpa, page = 3 * PAGE_SIZE;

	p = &t->mem.pieces;
	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, map_mem(t, OTHER, OTHER_OFFSET, SHM_SIZE, RWX), 0);
	KUNIT_EXPECT_EQ(test, t->last_type, GUNYAH_DONATE_TO_PROTECTED);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + SHM_PAGES);
	expect_stats(test, (DTB_PAGES + SHM_PAGES) * PAGE_SIZE, 0, 0);
	t->calls = 0;
	for (gpa = OTHER; gpa < OTHER + SHM_SIZE; gpa += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, fault(t, gpa, true), 0);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, OTHER_OFFSET, PAGE_SIZE), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->calls, 0);

	/* What was taken back looks like a device when it is touched, and comes again. */
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, OTHER + page, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + SHM_PAGES - 1);
	KUNIT_EXPECT_TRUE(test, gunyah_vm_pieces_unnamed_at(p, OTHER + page));
	KUNIT_EXPECT_EQ(test, fault(t, OTHER + page, true), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + SHM_PAGES);

	/* So does what stays behind a part that is taken out. */
	KUNIT_EXPECT_EQ(test, unmap_mem(t, OTHER + page, OTHER_OFFSET + page, PAGE_SIZE, RWX), 0);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(p, OTHER + page));
	KUNIT_EXPECT_TRUE(test, gunyah_vm_pieces_unnamed_at(p, OTHER + page - 1));
	KUNIT_EXPECT_TRUE(test, gunyah_vm_pieces_unnamed_at(p, OTHER + page + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);

	/* In the next run it is lent memory as any other. */
	start(test);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(p, OTHER));
	KUNIT_EXPECT_EQ(test, fault(t, OTHER, true), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* In part where lent memory was: also as a whole. */
static void lend_anew_in_part(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 gpa = RAM + RAM_SIZE - PAGE_SIZE;

	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, unmap_mem(t, gpa, RAM_SIZE - PAGE_SIZE, PAGE_SIZE, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(t, gpa, OTHER_OFFSET, 2 * PAGE_SIZE, RWX), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + 2);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* ---- holes ---- */

static void hole(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 at = 3 * PAGE_SIZE;

	map_guest(test);
	start_sharing(test);
	*content(test, SHM) = 1;
	*content(test, SHM + at) = 2;
	*content(test, SHM + at + PAGE_SIZE) = 3;
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, RAM_SIZE + at, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + SHM_PAGES - 1);
	expect_stats(test, DTB_PAGES * PAGE_SIZE, SHM_SIZE - PAGE_SIZE, 0);

	/* It is still bound. */
	KUNIT_EXPECT_EQ(test, fault(t, SHM + at, true), 0);
	KUNIT_EXPECT_EQ(test, *content(test, SHM), 1);
	KUNIT_EXPECT_EQ(test, *content(test, SHM + at), 0);
	KUNIT_EXPECT_EQ(test, *content(test, SHM + at + PAGE_SIZE), 3);

	/* All of it, and beyond. */
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, RAM_SIZE, FILE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES);
	KUNIT_EXPECT_EQ(test, fault(t, SHM, true), 0);
	KUNIT_EXPECT_EQ(test, *content(test, SHM), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* Over bindings, of two VMs, and what is nobody's: each part is cleared. */
static void hole_over_owners(struct kunit *test)
{
	struct paging_test *t = test->priv;
	struct gunyah_vm_mem second;
	struct gunyah_map_mem_args args = {
		.guest_addr = RAM,
		.flags = SHARE,
		.guest_mem_fd = t->fd,
		.offset = RAM_SIZE + SHM_SIZE,
		.size = SHM_SIZE,
	};

	map_two_windows(test);
	gunyah_vm_mem_init(&second);
	KUNIT_EXPECT_EQ(test, gunyah_vm_mem_map(&second, &args), 0);
	start_sharing(test);
	*content(test, SHM + SHM_SIZE - PAGE_SIZE) = 1;
	*content(test, OTHER) = 2;
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, RAM_SIZE, FILE_SIZE - RAM_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES);
	KUNIT_EXPECT_EQ(test, fault(t, SHM + SHM_SIZE - 1, true), 0);
	KUNIT_EXPECT_EQ(test, fault(t, OTHER, true), 0);
	KUNIT_EXPECT_EQ(test, *content(test, SHM + SHM_SIZE - PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, *content(test, OTHER), 0);
	gunyah_vm_mem_destroy(&second);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* With lent memory that the guest has in it, nothing changes. */
static void hole_is_refused(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	prepare_start(test);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_share(&t->mem), 0);
	*content(test, SHM) = 1;
	/* Not while the VM is started. */
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, RAM_SIZE, SHM_SIZE), -EBUSY);
	hyp_adopt(test);
	gunyah_vm_paging_started(&t->mem, 0);

	KUNIT_ASSERT_EQ(test, fault(t, RAM + RAM_SIZE - PAGE_SIZE, true), 0);
	t->calls = 0;
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, RAM_SIZE - PAGE_SIZE, SHM_SIZE),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, 0, FILE_SIZE), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_EQ(test, *content(test, SHM), 1);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* R64: what the hypervisor does not let go stays the guest's, with its content. */
static void hole_fails(struct kunit *test)
{
	struct paging_test *t = test->priv;
	unsigned int i;

	map_guest(test);
	for (i = 1; i <= 2; i++) {
		start_sharing(test);
		*content(test, SHM) = 1;
		fail(t, i, 1, GUNYAH_ERROR_NOMEM);
		KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, RAM_SIZE, PAGE_SIZE), -ENOMEM);
		KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + SHM_PAGES);
		fail(t, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, fault(t, SHM, true), 0);
		KUNIT_EXPECT_EQ(test, *content(test, SHM), 1);

		KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, PUNCH, RAM_SIZE, PAGE_SIZE), 0);
		KUNIT_EXPECT_EQ(test, t->n_owned, DTB_PAGES + SHM_PAGES - 1);
		KUNIT_EXPECT_EQ(test, fault(t, SHM, true), 0);
		KUNIT_EXPECT_EQ(test, *content(test, SHM), 0);
		KUNIT_EXPECT_EQ(test, end(t), 0);
		expect_all_back(test);
	}
}

/* ---- who makes a hole, and a VM that is closed meanwhile ---- */

struct closer {
	struct gunyah_vm_mem *mem;
	struct completion done;
};

static int close_vm(void *arg)
{
	struct closer *c = arg;

	gunyah_vm_mem_destroy(c->mem);
	complete(&c->done);
	return 0;
}

static void owner_stays(struct kunit *test)
{
	struct paging_test *t = test->priv;
	struct closer c = { .mem = &t->mem };
	struct task_struct *task;

	map_guest(test);
	init_completion(&c.done);
	gunyah_mem_owner_get(&t->mem.owner);
	gunyah_mem_owner_get(&t->mem.owner);
	task = kthread_run(close_vm, &c, "vm_share_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));

	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&c.done, HZ / 10), 0);
	gunyah_mem_owner_put(&t->mem.owner);
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&c.done, HZ / 10), 0);
	/* Its lock is free meanwhile, and it has nothing to give back. */
	scoped_guard(mutex, t->mem.owner.lock) {
		KUNIT_EXPECT_TRUE(test, list_empty(&t->mem.bindings));
		KUNIT_EXPECT_EQ(test, t->mem.owner.ops->reclaim(&t->mem.owner,
								gunyah_guest_mem_provider(t->file),
								0, FILE_SIZE), 0);
	}
	gunyah_mem_owner_put(&t->mem.owner);
	wait_for_completion(&c.done);
}

static struct kunit_case vm_share_test_cases[] = {
	KUNIT_CASE(shared_at_the_start),
	KUNIT_CASE_PARAM(start_fails, error_gen_params),
	KUNIT_CASE_PARAM(bind_fails, error_gen_params),
	KUNIT_CASE_PARAM(bind_lent_fails, error_gen_params),
	KUNIT_CASE_PARAM(bind_leaks, flags_gen_params),
	KUNIT_CASE(lend_anew),
	KUNIT_CASE(lend_anew_in_part),
	KUNIT_CASE(hole),
	KUNIT_CASE(hole_over_owners),
	KUNIT_CASE(hole_is_refused),
	KUNIT_CASE(hole_fails),
	KUNIT_CASE(owner_stays),
	{}
};

static struct kunit_suite vm_share_test_suite = {
	.name		= "gunyah_vm_share",
	.init		= paging_test_init,
	.exit		= paging_test_exit,
	.test_cases	= vm_share_test_cases,
};

kunit_test_suites(&vm_share_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_DESCRIPTION("KUnit tests of shared memory in the demand-paged flow of a Gunyah VM");
MODULE_LICENSE("GPL");
