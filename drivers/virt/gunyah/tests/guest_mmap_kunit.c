// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of guest-memory files in user space's mappings (R62, R67): a mapped
 * range is not lent, a lent one is a SIGBUS, which this thread sees as -EFAULT
 * of an access by the kernel.  And of pages that have failed (R68).
 */
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "../guest_pages.h"
#include "../mem_list.h"
#include "../rm_calls.h"
#include "mem_test.h"

#define FILE_SIZE	(2ULL * SZ_2M)
#define MAGIC		0x5a5a1234

struct mmap_test {
	struct file *file;
	struct gunyah_mem_provider *provider;
};

/* All of the file is claimed, in two halves. */
static int mmap_test_init(struct kunit *test)
{
	struct gunyah_mem_provider *p;
	struct mmap_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	t->file = mem_test_file(test, FILE_SIZE, 0);
	t->provider = gunyah_guest_mem_provider(t->file);
	p = t->provider;
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, 0, SZ_2M));
	KUNIT_ASSERT_EQ(test, 0, p->ops->claim(p, NULL, 0, SZ_2M, SZ_2M));
	test->priv = t;
	return 0;
}

static unsigned long map(struct kunit *test, u64 offset, u64 size)
{
	struct mmap_test *t = test->priv;
	unsigned long addr;

	addr = kunit_vm_mmap(test, t->file, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, offset);
	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return addr;
}

static int read_user(unsigned long addr, u32 *val)
{
	return get_user(*val, (u32 __user *)addr);
}

static int write_user(unsigned long addr, u32 val)
{
	return put_user(val, (u32 __user *)addr);
}

static int lend(struct kunit *test, u64 offset, u64 size)
{
	struct mmap_test *t = test->priv;
	struct gunyah_mem_list list = {};
	int ret;

	ret = t->provider->ops->give(t->provider, offset, size, GUNYAH_MEM_LENT, &list);
	gunyah_mem_list_free(&list);
	return ret;
}

static void take_back(struct kunit *test, u64 offset, u64 size)
{
	struct mmap_test *t = test->priv;

	t->provider->ops->take_back(t->provider, offset, size);
}

static void new_pages_are_zero(struct kunit *test)
{
	unsigned long addr = map(test, 0, FILE_SIZE);
	u64 offset;
	u32 val;

	for (offset = 0; offset < FILE_SIZE; offset += PAGE_SIZE) {
		KUNIT_ASSERT_EQ(test, read_user(addr + offset + 8, &val), 0);
		KUNIT_ASSERT_EQ(test, val, 0);
	}
}

static void two_mappings_are_coherent(struct kunit *test)
{
	unsigned long one = map(test, 0, FILE_SIZE);
	unsigned long two = map(test, SZ_1M, SZ_1M);
	u32 val;

	KUNIT_ASSERT_EQ(test, write_user(one + SZ_1M + 12, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, read_user(two + 12, &val), 0);
	KUNIT_EXPECT_EQ(test, val, MAGIC);
}

static void private_mapping_is_refused(struct kunit *test)
{
	struct mmap_test *t = test->priv;
	unsigned long addr;

	addr = kunit_vm_mmap(test, t->file, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 0);
	KUNIT_EXPECT_EQ(test, (long)addr, -EINVAL);
}

static void beyond_the_end_is_sigbus(struct kunit *test)
{
	unsigned long addr = map(test, FILE_SIZE - PAGE_SIZE, 2 * PAGE_SIZE);
	u32 val;

	KUNIT_EXPECT_EQ(test, read_user(addr, &val), 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + PAGE_SIZE, &val), -EFAULT);
}

static void mapped_is_not_lent(struct kunit *test)
{
	unsigned long addr = map(test, SZ_1M, PAGE_SIZE);

	/* Though never touched. */
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_2M), -EBUSY);
	/* The other half is not mapped. */
	KUNIT_EXPECT_EQ(test, lend(test, SZ_2M, SZ_2M), 0);
	take_back(test, SZ_2M, SZ_2M);

	KUNIT_ASSERT_EQ(test, vm_munmap(addr, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_2M), 0);
	take_back(test, 0, SZ_2M);
}

static void touched_and_unmapped_is_lent(struct kunit *test)
{
	unsigned long addr = map(test, 0, FILE_SIZE);
	u64 offset;

	for (offset = 0; offset < FILE_SIZE; offset += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, write_user(addr + offset, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, vm_munmap(addr, FILE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_2M), 0);
	take_back(test, 0, SZ_2M);
}

/* A mapping cut in two: what was cut out can be lent, what stays can't. */
static void split_mapping_is_exact(struct kunit *test)
{
	unsigned long addr = map(test, 0, FILE_SIZE);

	KUNIT_ASSERT_EQ(test, vm_munmap(addr, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, lend(test, SZ_2M, SZ_2M), -EBUSY);
	take_back(test, 0, SZ_2M);

	/* Leave one page in the middle, and then none. */
	KUNIT_ASSERT_EQ(test, vm_munmap(addr + SZ_2M, SZ_1M), 0);
	KUNIT_ASSERT_EQ(test, vm_munmap(addr + SZ_2M + SZ_1M + PAGE_SIZE, SZ_1M - PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, lend(test, SZ_2M, SZ_2M), -EBUSY);
	KUNIT_ASSERT_EQ(test, vm_munmap(addr + SZ_2M + SZ_1M, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, lend(test, SZ_2M, SZ_2M), 0);
	take_back(test, SZ_2M, SZ_2M);
}

static void lent_is_sigbus(struct kunit *test)
{
	unsigned long addr = map(test, 0, SZ_2M);
	u32 val;

	KUNIT_ASSERT_EQ(test, write_user(addr + 16, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, vm_munmap(addr, SZ_2M), 0);
	KUNIT_ASSERT_EQ(test, lend(test, 0, SZ_2M), 0);

	/* It can be mapped, but not touched. */
	addr = map(test, 0, FILE_SIZE);
	KUNIT_EXPECT_EQ(test, read_user(addr + 16, &val), -EFAULT);
	KUNIT_EXPECT_EQ(test, write_user(addr + SZ_2M - 4, 0), -EFAULT);
	KUNIT_EXPECT_EQ(test, write_user(addr + SZ_2M, MAGIC), 0);

	take_back(test, 0, SZ_2M);
	KUNIT_EXPECT_EQ(test, read_user(addr + 16, &val), 0);
	KUNIT_EXPECT_EQ(test, val, MAGIC);
}

/* A fault next to a lent range maps no page of it, though the folio is one. */
static void fault_around_stops_at_lent(struct kunit *test)
{
	struct mmap_test *t = test->priv;
	unsigned long addr;
	u32 val;

	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, lend(test, SZ_2M, SZ_2M), 0);
	addr = map(test, 0, FILE_SIZE);
	KUNIT_EXPECT_EQ(test, read_user(addr + SZ_2M - PAGE_SIZE, &val), 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + SZ_2M, &val), -EFAULT);
	take_back(test, SZ_2M, SZ_2M);
}

/* R67: a page pinned for I/O by someone who has unmapped it since. */
static void pinned_is_not_lent(struct kunit *test)
{
	unsigned long addr = map(test, 0, SZ_2M);
	struct page *page;

	KUNIT_ASSERT_EQ(test, write_user(addr + PAGE_SIZE, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, pin_user_pages_fast(addr + PAGE_SIZE, 1, FOLL_WRITE | FOLL_LONGTERM,
						  &page), 1);
	KUNIT_ASSERT_EQ(test, vm_munmap(addr, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_2M), -EBUSY);
	unpin_user_page(page);
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_2M), 0);
	take_back(test, 0, SZ_2M);
}

/* The same where the folio reaches into a range that is in use otherwise. */
static void folio_mapped_beside_is_lent(struct kunit *test)
{
	struct mmap_test *t = test->priv;
	unsigned long addr;
	struct page *page;
	u32 val;

	t->provider->ops->unclaim(t->provider, 0, SZ_2M);
	KUNIT_ASSERT_EQ(test, t->provider->ops->claim(t->provider, NULL, 0, 0, SZ_1M), 0);
	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);

	addr = map(test, SZ_1M, SZ_1M);
	KUNIT_ASSERT_EQ(test, write_user(addr, MAGIC), 0);
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, read_user(addr, &val), 0);
	KUNIT_EXPECT_EQ(test, val, MAGIC);
	take_back(test, 0, SZ_1M);

	KUNIT_ASSERT_EQ(test, pin_user_pages_fast(addr, 1, FOLL_WRITE, &page), 1);
	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_1M), -EBUSY);
	unpin_user_page(page);
}

/* R67: among many mappings, one in the other or apart, each page is found that is in one. */
static void mapped_among_many(struct kunit *test)
{
	static const struct { unsigned int first, n; } maps[] = {
		{ 20, 4 }, { 2, 1 }, { 40, 1 }, { 21, 1 }, { 8, 6 }, { 50, 14 }, { 9, 1 },
		{ 52, 1 }, { 23, 1 }, { 2, 1 }, { 30, 1 }, { 12, 4 }, { 53, 2 }, { 31, 1 },
	};
	const unsigned int n = 64;
	unsigned long mapped[BITS_TO_LONGS(64)] = {};
	unsigned int i, page;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		map(test, maps[i].first * PAGE_SIZE, maps[i].n * PAGE_SIZE);
		bitmap_set(mapped, maps[i].first, maps[i].n);
		for (page = 0; page < n; page++) {
			int ret = lend(test, page * PAGE_SIZE, PAGE_SIZE);

			KUNIT_ASSERT_EQ(test, ret, test_bit(page, mapped) ? -EBUSY : 0);
			if (!ret)
				take_back(test, page * PAGE_SIZE, PAGE_SIZE);
		}
	}
}

/*
 * R67: for an entry that can be executed arm64 cleans the caches of the whole folio, by the
 * direct map, where a lent part of it is not.
 */
static void never_for_execution(struct kunit *test)
{
	struct mmap_test *t = test->priv;
	const unsigned long addr = map(test, 0, SZ_2M);
	struct vm_area_struct *vma;
	unsigned long exec;

	exec = kunit_vm_mmap(test, t->file, 0, SZ_2M, PROT_READ | PROT_EXEC, MAP_SHARED, 0);
	KUNIT_EXPECT_TRUE(test, IS_ERR_VALUE(exec));

	/* Not by mprotect() either. */
	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, addr);
	KUNIT_EXPECT_NOT_NULL(test, vma);
	if (vma)
		KUNIT_EXPECT_EQ(test, vma->vm_flags & (VM_EXEC | VM_MAYEXEC), 0);
	mmap_read_unlock(current->mm);
}

/* A thread that has the lock of a file until nobody has that of the mappings. */
struct lock_holder {
	struct gunyah_guest_pages gp;
	struct mm_struct *mm;
	struct completion held;
	bool unlocked;
};

#define HOLD_MS	5000

static int hold_lock(void *arg)
{
	struct lock_holder *h = arg;
	unsigned int i;

	mutex_lock(&h->gp.lock);
	complete(&h->held);
	for (i = 0; i < HOLD_MS && !h->unlocked; i++) {
		h->unlocked = !rwsem_is_locked(&h->mm->mmap_lock);
		if (!h->unlocked)
			fsleep(1000);
	}
	mutex_unlock(&h->gp.lock);
	return 0;
}

/* R67: who waits for a start does not keep others from the process's mappings. */
static void fault_waits_without_the_mmap_lock(struct kunit *test)
{
	struct lock_holder *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	struct vm_fault vmf = {};
	struct task_struct *task;
	unsigned long addr;

	KUNIT_ASSERT_NOT_NULL(test, h);
	addr = map(test, 0, SZ_2M);
	mutex_init(&h->gp.lock);
	init_completion(&h->held);
	h->mm = current->mm;

	mmap_read_lock(h->mm);
	memcpy(&vmf, &(struct vm_fault) {
		.vma = vma_lookup(h->mm, addr),
		.flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT,
	}, sizeof(vmf));
	task = kthread_create(hold_lock, h, "gunyah-test");
	if (IS_ERR(task)) {
		mmap_read_unlock(h->mm);
		KUNIT_FAIL_AND_ABORT(test, "no thread");
	}
	/* For kthread_stop(), when it has ended by itself. */
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&h->held);

	/* Who can't wait keeps the lock. */
	KUNIT_EXPECT_TRUE(test, gunyah_guest_mem_fault_lock(&vmf, &h->gp) == VM_FAULT_RETRY);
	mmap_assert_locked(h->mm);

	vmf.flags = FAULT_FLAG_ALLOW_RETRY;
	KUNIT_EXPECT_TRUE(test, gunyah_guest_mem_fault_lock(&vmf, &h->gp) == VM_FAULT_RETRY);
	/* It is out of the lock, and of this module, before they go. */
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_TRUE(test, h->unlocked);

	/* The second time. */
	mmap_read_lock(h->mm);
	vmf.flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_TRIED;
	KUNIT_EXPECT_FALSE(test, gunyah_guest_mem_fault_lock(&vmf, &h->gp));
	mutex_unlock(&h->gp.lock);
	mmap_read_unlock(h->mm);
}

static void punch_clears_mapped_memory(struct kunit *test)
{
	struct mmap_test *t = test->priv;
	unsigned long addr = map(test, 0, FILE_SIZE);
	const int mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	u32 val;

	KUNIT_ASSERT_EQ(test, write_user(addr, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, write_user(addr + PAGE_SIZE, MAGIC), 0);

	/* A part of a folio, if it is a large one: cleared. */
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, mode, PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + PAGE_SIZE, &val), 0);
	KUNIT_EXPECT_EQ(test, val, 0);
	KUNIT_EXPECT_EQ(test, read_user(addr, &val), 0);
	KUNIT_EXPECT_EQ(test, val, MAGIC);

	/* All of it: freed, and new on the next touch. */
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, mode, 0, FILE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, file_inode(t->file)->i_blocks, 0);
	KUNIT_EXPECT_EQ(test, read_user(addr, &val), 0);
	KUNIT_EXPECT_EQ(test, val, 0);
}

/* Holes of all sizes and places, against what should be there. */
static void check_holes(struct kunit *test)
{
	static const struct {
		u64 offset;
		u64 size;
	} holes[] = {
		{ 0, PAGE_SIZE },
		{ SZ_2M, SZ_2M },
		{ 0, SZ_2M },
		{ SZ_1M, SZ_2M },
		{ SZ_1M + PAGE_SIZE, SZ_2M + PAGE_SIZE },
		{ 2 * SZ_2M - PAGE_SIZE, PAGE_SIZE },
		{ 0, 2 * SZ_2M - PAGE_SIZE },
	};
	struct mmap_test *t = test->priv;
	unsigned long addr = map(test, 0, FILE_SIZE);
	const int mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	u32 val, expected;
	u64 offset;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		/* In one piece, if there is one. */
		KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, mode, 0, FILE_SIZE), 0);
		KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);
		for (offset = 0; offset < FILE_SIZE; offset += PAGE_SIZE)
			KUNIT_ASSERT_EQ(test, write_user(addr + offset, MAGIC + offset), 0);

		KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, mode, holes[i].offset, holes[i].size),
				0);
		if (IS_ALIGNED(holes[i].offset | holes[i].size, SZ_2M))
			KUNIT_EXPECT_EQ(test, file_inode(t->file)->i_blocks << 9,
					FILE_SIZE - holes[i].size);
		for (offset = 0; offset < FILE_SIZE; offset += PAGE_SIZE) {
			expected = offset - holes[i].offset < holes[i].size ? 0 : MAGIC + offset;
			KUNIT_ASSERT_EQ(test, read_user(addr + offset, &val), 0);
			KUNIT_ASSERT_EQ(test, val, expected);
		}
	}
}

static void holes_keep_the_rest(struct kunit *test)
{
	check_holes(test);
}

static void holes_keep_the_rest_of_huge_pages(struct kunit *test)
{
	struct mmap_test *t = test->priv;

	t->file = mem_test_file(test, FILE_SIZE, GHMF_ALLOW_HUGEPAGE);
	check_holes(test);
}

/* Who has a page pinned goes on seeing what the file has there. */
static void hole_beside_a_pin(struct kunit *test)
{
	struct mmap_test *t = test->priv;
	unsigned long addr = map(test, 0, FILE_SIZE);
	const int mode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	struct page *page;
	u32 val;

	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, write_user(addr + SZ_2M, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, pin_user_pages_fast(addr, 1, FOLL_WRITE, &page), 1);
	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, mode, SZ_2M, SZ_2M), 0);
	*(u32 *)page_address(page) = MAGIC + 1;
	unpin_user_page(page);
	KUNIT_EXPECT_EQ(test, read_user(addr, &val), 0);
	KUNIT_EXPECT_EQ(test, val, MAGIC + 1);
	KUNIT_EXPECT_EQ(test, read_user(addr + SZ_2M, &val), 0);
	KUNIT_EXPECT_EQ(test, val, 0);
}

#ifdef CONFIG_MEMORY_FAILURE
/* A page of the file, in one piece if there is one, which has failed with MAGIC in it. */
static struct page *failed(struct kunit *test, u64 offset)
{
	struct mmap_test *t = test->priv;
	unsigned long addr = map(test, 0, FILE_SIZE);
	struct page *page;

	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);
	KUNIT_ASSERT_EQ(test, write_user(addr + offset, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, pin_user_pages_fast(addr + offset, 1, FOLL_WRITE, &page), 1);
	unpin_user_page(page);
	KUNIT_ASSERT_EQ(test, vm_munmap(addr, FILE_SIZE), 0);
	SetPageHWPoison(page);
	return page;
}

/* What the driver has kept, for good as it thinks, is the allocator's again. */
static void sound(struct page *page)
{
	ClearPageHWPoison(page);
	folio_put(page_folio(page));
}

static int share(struct kunit *test, u64 offset, u64 size)
{
	struct mmap_test *t = test->priv;
	struct gunyah_mem_list list = {};
	int ret;

	ret = t->provider->ops->give(t->provider, offset, size, GUNYAH_MEM_SHARED, &list);
	gunyah_mem_list_free(&list);
	return ret;
}

static int punch(struct kunit *test, u64 offset, u64 size)
{
	struct mmap_test *t = test->priv;

	return vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, size);
}

/* R68: a page that failed is not mapped again, and does not go back to the allocator. */
static void failed_page_is_contained(struct kunit *test)
{
	struct page *page = failed(test, PAGE_SIZE);
	unsigned long addr = map(test, 0, SZ_2M);
	u32 val;

	KUNIT_EXPECT_EQ(test, read_user(addr, &val), 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + PAGE_SIZE, &val), -EFAULT);
	KUNIT_EXPECT_EQ(test, read_user(addr + 2 * PAGE_SIZE, &val), 0);

	KUNIT_EXPECT_EQ(test, punch(test, 0, FILE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(compound_head(page)), 1);
	KUNIT_EXPECT_EQ(test, read_user(addr + PAGE_SIZE, &val), 0);
	sound(page);
}

/* R68: nobody is given it, and its neighbours are as good as before. */
static void failed_page_is_not_given(struct kunit *test)
{
	struct page *page = failed(test, PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, lend(test, 0, SZ_2M), -EIO);
	KUNIT_EXPECT_EQ(test, share(test, 0, SZ_2M), -EIO);
	KUNIT_EXPECT_EQ(test, lend(test, PAGE_SIZE, PAGE_SIZE), -EIO);
	/* Also where the kernel has taken a reference for good, as for a pin. */
	get_page(page);
	KUNIT_EXPECT_EQ(test, lend(test, PAGE_SIZE, PAGE_SIZE), -EIO);
	put_page(page);

	KUNIT_EXPECT_EQ(test, lend(test, 0, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, share(test, 2 * PAGE_SIZE, SZ_2M - 2 * PAGE_SIZE), 0);
	take_back(test, 0, PAGE_SIZE);
	take_back(test, 2 * PAGE_SIZE, SZ_2M - 2 * PAGE_SIZE);
	ClearPageHWPoison(page);
}

/* R68: a hole in a part of a folio is cleared, but for that page. */
static void failed_page_is_not_cleared(struct kunit *test)
{
	struct page *page = failed(test, PAGE_SIZE);
	unsigned long addr = map(test, 0, FILE_SIZE);
	u32 val;

	KUNIT_ASSERT_EQ(test, write_user(addr, MAGIC), 0);
	KUNIT_ASSERT_EQ(test, write_user(addr + 2 * PAGE_SIZE, MAGIC), 0);
	KUNIT_EXPECT_EQ(test, punch(test, PAGE_SIZE, 2 * PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, *(u32 *)page_address(page), MAGIC);
	KUNIT_EXPECT_EQ(test, read_user(addr + PAGE_SIZE, &val), -EFAULT);
	KUNIT_EXPECT_EQ(test, read_user(addr + 2 * PAGE_SIZE, &val), 0);
	KUNIT_EXPECT_EQ(test, val, 0);
	KUNIT_EXPECT_EQ(test, read_user(addr, &val), 0);
	KUNIT_EXPECT_EQ(test, val, MAGIC);
	ClearPageHWPoison(page);
}

/* R68: what is left of a larger folio beside a hole: it is copied only if it is sound. */
static void hole_beside_a_failed_page(struct kunit *test)
{
	struct page *page = failed(test, PAGE_SIZE);
	unsigned long addr = map(test, 0, FILE_SIZE);
	u32 val;

	kunit_info(test, "a folio of %zu\n", folio_size(page_folio(page)));
	KUNIT_ASSERT_EQ(test, write_user(addr + SZ_2M, MAGIC), 0);
	KUNIT_EXPECT_EQ(test, punch(test, SZ_2M, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + SZ_2M, &val), 0);
	KUNIT_EXPECT_EQ(test, val, 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + PAGE_SIZE, &val), -EFAULT);

	KUNIT_ASSERT_EQ(test, write_user(addr + SZ_2M, MAGIC), 0);
	KUNIT_EXPECT_EQ(test, punch(test, 0, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + PAGE_SIZE, &val), 0);
	KUNIT_EXPECT_EQ(test, val, 0);
	KUNIT_EXPECT_EQ(test, read_user(addr + SZ_2M, &val), 0);
	KUNIT_EXPECT_EQ(test, val, MAGIC);
	KUNIT_EXPECT_EQ(test, page_ref_count(compound_head(page)), 1);
	sound(page);
}
#endif

static struct kunit_case guest_mmap_test_cases[] = {
	KUNIT_CASE(new_pages_are_zero),
	KUNIT_CASE(two_mappings_are_coherent),
	KUNIT_CASE(private_mapping_is_refused),
	KUNIT_CASE(beyond_the_end_is_sigbus),
	KUNIT_CASE(mapped_is_not_lent),
	KUNIT_CASE(touched_and_unmapped_is_lent),
	KUNIT_CASE(split_mapping_is_exact),
	KUNIT_CASE(lent_is_sigbus),
	KUNIT_CASE(fault_around_stops_at_lent),
	KUNIT_CASE(pinned_is_not_lent),
	KUNIT_CASE(folio_mapped_beside_is_lent),
	KUNIT_CASE(mapped_among_many),
	KUNIT_CASE(never_for_execution),
	KUNIT_CASE(fault_waits_without_the_mmap_lock),
	KUNIT_CASE(punch_clears_mapped_memory),
	KUNIT_CASE(holes_keep_the_rest),
	KUNIT_CASE(holes_keep_the_rest_of_huge_pages),
	KUNIT_CASE(hole_beside_a_pin),
#ifdef CONFIG_MEMORY_FAILURE
	KUNIT_CASE(failed_page_is_contained),
	KUNIT_CASE(failed_page_is_not_given),
	KUNIT_CASE(failed_page_is_not_cleared),
	KUNIT_CASE(hole_beside_a_failed_page),
#endif
	{}
};

static struct kunit_suite guest_mmap_test_suite = {
	.name		= "gunyah_guest_mmap",
	.init		= mmap_test_init,
	.test_cases	= guest_mmap_test_cases,
};

kunit_test_suites(&guest_mmap_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of mappings of Gunyah's guest-memory files");
MODULE_LICENSE("GPL");
