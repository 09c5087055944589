// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the demand-paged flow around a run: what is given and said before the
 * start (R20), what becomes of the parcels (R64), firmware (R29), and bindings that change while
 * the guest runs (R60, R63).
 */
#include <linux/mman.h>
#include <linux/module.h>
#include <uapi/linux/falloc.h>

#include "paging_test.h"

#define DTB_PAGES_SIZE	(2 * PAGE_SIZE)

/* ---- before the start ---- */

static void only_the_device_tree_is_given(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t), 0);
	KUNIT_EXPECT_EQ(test, t->gives, 1);
	KUNIT_EXPECT_FALSE(test, t->parcel.share);
	KUNIT_EXPECT_EQ(test, t->parcel.n_acl, 1);
	KUNIT_EXPECT_EQ(test, t->image.handle, HANDLE);
	KUNIT_EXPECT_EQ(test, t->image.ram, RAM);
	KUNIT_EXPECT_EQ(test, t->image.base, DTB);
	KUNIT_EXPECT_EQ(test, t->image.size, DTB_PAGES_SIZE);
	KUNIT_EXPECT_EQ(test, t->image.dtb_offset, 0);
	KUNIT_EXPECT_EQ(test, t->image.dtb_size, ALIGN(DTB_SIZE, SZ_4K));
	expect_stats(test, DTB_PAGES_SIZE, 0, 0);
	KUNIT_EXPECT_EQ(test, give(t), -EBUSY);

	/* Only lent memory is named. */
	KUNIT_EXPECT_EQ(test, name(t), 0);
	KUNIT_EXPECT_EQ(test, t->n_named, 1);
	KUNIT_EXPECT_EQ(test, t->named[0].ipa, RAM);
	KUNIT_EXPECT_EQ(test, t->named[0].size, RAM_SIZE);
	KUNIT_EXPECT_EQ(test, t->layout_base, DTB);
	KUNIT_EXPECT_EQ(test, t->layout_size, DTB_PAGES_SIZE);

	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, t->reclaims, 1);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	expect_all_back(test);
}

/* Neighbours are one range, from whatever bindings; the device tree may be in two. */
static void ranges_are_merged(struct kunit *test)
{
	struct paging_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, DTB + PAGE_SIZE, 0, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, DTB - SZ_64K, 2 * SZ_2M, SZ_64K + PAGE_SIZE, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0xa0000000, SZ_2M, SZ_2M, GUNYAH_MEM_ALLOW_READ), 0);
	start(test);
	KUNIT_EXPECT_EQ(test, t->image.ram, DTB - SZ_64K);
	KUNIT_EXPECT_EQ(test, t->n_named, 2);
	KUNIT_EXPECT_EQ(test, t->named[0].ipa, DTB - SZ_64K);
	KUNIT_EXPECT_EQ(test, t->named[0].size, SZ_64K + PAGE_SIZE + SZ_2M);
	KUNIT_EXPECT_EQ(test, t->named[1].ipa, 0xa0000000);

	/* Each page of the image is the guest's. */
	KUNIT_EXPECT_EQ(test, fault(t, DTB, true), 0);
	KUNIT_EXPECT_EQ(test, fault(t, DTB + PAGE_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, t->reclaims, 0);
	expect_all_back(test);
}

struct layout_case {
	const char *name;
	u64 gpa;
	u64 size;
	u32 flags;
	int ret;
};

static const struct layout_case layout_cases[] = {
	{ "no memory", RAM, SZ_2M, RWX, -EINVAL },
	{ "the end is missing", DTB, PAGE_SIZE, RWX, -EINVAL },
	{ "the front is missing", DTB + PAGE_SIZE, SZ_2M, RWX, -EINVAL },
	{ "shared", DTB, SZ_2M, SHARE, -EOPNOTSUPP },
	{ "not all rights", DTB, SZ_2M, GUNYAH_MEM_ALLOW_READ, -EOPNOTSUPP },
	{ "not 2 MiB aligned", DTB - SZ_64K, SZ_2M, RWX, 0 },
};

KUNIT_ARRAY_PARAM_DESC(layout, layout_cases, name);

static void layout(struct kunit *test)
{
	const struct layout_case *c = test->param_value;
	struct paging_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, c->gpa, 0, c->size, c->flags), 0);
	KUNIT_EXPECT_EQ(test, give(t), c->ret);
	KUNIT_EXPECT_EQ(test, t->gives, c->ret ? 0 : 1);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static void give_is_refused(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	t->give_error = -EPERM;
	KUNIT_EXPECT_EQ(test, give(t), -ENODEV);
	expect_all_back(test);
	/* All is as before. */
	KUNIT_EXPECT_EQ(test, unmap_mem(t, SHM, RAM_SIZE, SHM_SIZE, SHARE), 0);
	t->give_error = 0;
	KUNIT_EXPECT_EQ(test, give(t), 0);
	t->name_error = -E2BIG;
	KUNIT_EXPECT_EQ(test, name(t), -E2BIG);
	KUNIT_EXPECT_EQ(test, t->layout_size, 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static void device_tree_is_mapped(struct kunit *test)
{
	struct paging_test *t = test->priv;
	unsigned long addr;

	map_guest(test);
	addr = kunit_vm_mmap(test, t->file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, DTB - RAM);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL((void *)addr));
	KUNIT_EXPECT_EQ(test, give(t), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->gives, 0);
	KUNIT_EXPECT_EQ(test, vm_munmap(addr, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, give(t), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* ---- the image parcel ---- */

static void refused_start_leaves_a_parcel(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	prepare_start(test);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_share(&t->mem), 0);
	gunyah_vm_paging_started(&t->mem, -EPERM);
	KUNIT_EXPECT_EQ(test, fault(t, RAM, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, fault(t, SHM, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, t->n_owned, SHM_SIZE / PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, t->donates, 2 * t->maps);
	KUNIT_EXPECT_EQ(test, t->unmaps, t->maps);
	KUNIT_EXPECT_EQ(test, t->reclaims, 1);
	expect_all_back(test);
}

static void start_consumes_the_parcel(struct kunit *test)
{
	struct paging_test *t = test->priv;
	struct gunyah_mem_stats now;

	map_guest(test);
	start(test);
	expect_stats(test, DTB_PAGES_SIZE, 0, 0);
	gunyah_mem_stats_read(&now);
	KUNIT_EXPECT_EQ(test, now.parcels, t->before.parcels);
	KUNIT_EXPECT_EQ(test, now.entries, t->before.entries);

	/* In parts, as any other memory. */
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, DTB, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, 1);
	KUNIT_EXPECT_EQ(test, fault(t, DTB, true), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, t->reclaims, 0);
	expect_all_back(test);
}

struct unsure_case {
	const char *name;
	int ret;
	bool adopted;
	bool lost;
	bool leaks;
};

static const struct unsure_case unsure_cases[] = {
	{ "no answer, started, dead", -ETIMEDOUT, true, true, false },
	{ "no answer, not started, dead", -ETIMEDOUT, false, true, true },
	{ "no answer, not sent", -ETIMEDOUT, false, false, false },
	{ "bad answer, started", -EIO, true, false, false },
	{ "bad answer, not started", -EIO, false, false, false },
};

KUNIT_ARRAY_PARAM_DESC(unsure, unsure_cases, name);

/* Was the VM started?  The hypervisor knows. */
static void start_without_answer(struct kunit *test)
{
	const struct unsure_case *c = test->param_value;
	struct paging_test *t = test->priv;

	map_guest(test);
	prepare_start(test);
	/* Below the image, and mapped in any case: that tells nothing. */
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_share(&t->mem), 0);
	if (c->adopted)
		hyp_adopt(test);
	gunyah_vm_paging_started(&t->mem, c->ret);
	gunyah_vm_paging_stop(&t->mem);
	KUNIT_EXPECT_EQ(test, t->n_owned, 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_mem_take_back(&t->mem, c->lost ? NULL : rm_of(t), false),
			c->leaks);
	KUNIT_EXPECT_EQ(test, t->reclaims, !c->adopted && !c->lost);
	if (c->leaks)
		expect_stats(test, 0, 0, DTB_PAGES_SIZE);
	else
		expect_all_back(test);
}

/* ---- firmware ---- */

static void firmware_is_given_besides(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	gunyah_vm_mem_set_firmware(&t->mem, FW, FW_SIZE);
	start(test);
	KUNIT_EXPECT_EQ(test, t->gives, 2);
	KUNIT_EXPECT_EQ(test, t->image.handle, HANDLE);
	KUNIT_EXPECT_EQ(test, t->image.fw_handle, FW_HANDLE);
	KUNIT_EXPECT_EQ(test, t->image.fw_offset, 0);
	KUNIT_EXPECT_EQ(test, t->layout_base, DTB);
	KUNIT_EXPECT_EQ(test, t->fw_base, FW);
	KUNIT_EXPECT_EQ(test, t->fw_size, FW_SIZE);
	expect_stats(test, DTB_PAGES_SIZE + FW_SIZE, 0, 0);

	/* All but the firmware's place is named. */
	KUNIT_ASSERT_EQ(test, t->n_named, 2);
	KUNIT_EXPECT_EQ(test, t->named[0].ipa, RAM);
	KUNIT_EXPECT_EQ(test, t->named[0].size, FW - RAM);
	KUNIT_EXPECT_EQ(test, t->named[1].ipa, FW + FW_SIZE);
	KUNIT_EXPECT_EQ(test, t->named[1].size, RAM + RAM_SIZE - FW - FW_SIZE);

	/* The guest has it, and what is around it is a piece of its own. */
	t->calls = 0;
	KUNIT_EXPECT_EQ(test, fault(t, FW, true), 0);
	KUNIT_EXPECT_EQ(test, fault(t, FW + FW_SIZE - 1, true), 0);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_EQ(test, fault(t, FW + FW_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, t->reclaims, 0);
	expect_all_back(test);
}

struct firmware_case {
	const char *name;
	u64 gpa;
	u64 size;
	u32 n_named;
	int ret;
};

static const struct firmware_case firmware_cases[] = {
	{ "at the start of RAM", RAM, PAGE_SIZE, 1, 0 },
	{ "at the end of RAM", RAM + RAM_SIZE - PAGE_SIZE, PAGE_SIZE, 1, 0 },
	{ "up to the device tree", DTB - SZ_64K, SZ_64K, 2, 0 },
	{ "behind the device tree", DTB + DTB_PAGES_SIZE, PAGE_SIZE, 2, 0 },
	{ "before RAM", RAM - PAGE_SIZE, 2 * PAGE_SIZE, 0, -EINVAL },
	{ "behind RAM", RAM + RAM_SIZE - PAGE_SIZE, 2 * PAGE_SIZE, 0, -EINVAL },
	{ "nowhere", 0x1000000, PAGE_SIZE, 0, -EINVAL },
	{ "at the end of all", -(u64)SZ_4K, SZ_4K - 1, 0, -EINVAL },
	{ "shared", SHM, PAGE_SIZE, 0, -EINVAL },
	{ "in the device tree", DTB + PAGE_SIZE, PAGE_SIZE, 0, -EINVAL },
	{ "around the device tree", DTB - SZ_64K, SZ_2M, 0, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(firmware, firmware_cases, name);

/* R20, R71: before anything is given. */
static void firmware_place(struct kunit *test)
{
	const struct firmware_case *c = test->param_value;
	struct paging_test *t = test->priv;

	map_guest(test);
	gunyah_vm_mem_set_firmware(&t->mem, c->gpa, c->size);
	KUNIT_EXPECT_EQ(test, give(t), c->ret);
	KUNIT_EXPECT_EQ(test, t->gives, c->ret ? 0 : 2);
	if (!c->ret) {
		KUNIT_EXPECT_EQ(test, name(t), 0);
		KUNIT_EXPECT_EQ(test, t->n_named, c->n_named);
	}
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* What makes no label would be RAM for the resource manager; less than all rights, too. */
static void firmware_that_can_not_be_lent(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0, 5 * SZ_2M, SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0xa0000000, 6 * SZ_2M, SZ_2M, GUNYAH_MEM_ALLOW_READ), 0);
	gunyah_vm_mem_set_firmware(&t->mem, 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, give(t), -EOPNOTSUPP);
	gunyah_vm_mem_set_firmware(&t->mem, 0xa0000000, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, give(t), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, t->gives, 0);
	expect_all_back(test);
}

/* R62: what would stay in the direct map is not lent; nothing is given then. */
static void nothing_lent_that_stays_mapped(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	kunit_activate_static_stub(test, gunyah_vm_parcel_can_lend, mem_test_can_not_lend);
	KUNIT_EXPECT_EQ(test, give(t), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, t->gives, 0);
	expect_all_back(test);

	kunit_deactivate_static_stub(test, gunyah_vm_parcel_can_lend);
	KUNIT_EXPECT_EQ(test, give(t), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* R64: the second parcel is refused: the first one comes back. */
static void firmware_is_refused(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	gunyah_vm_mem_set_firmware(&t->mem, FW, FW_SIZE);
	t->give_error = -EPERM;
	t->fail_give = 2;
	KUNIT_EXPECT_EQ(test, give(t), -ENODEV);
	KUNIT_EXPECT_EQ(test, t->reclaims, 1);
	expect_all_back(test);
}

/* What the guest trusts is not to be replaced while the guest runs. */
static void firmware_is_not_replaced(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u64 offset = FW - RAM;

	map_guest(test);
	gunyah_vm_mem_set_firmware(&t->mem, FW, FW_SIZE);
	start(test);
	KUNIT_ASSERT_EQ(test, unmap_mem(t, FW, offset, FW_SIZE, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(t, FW, offset, FW_SIZE, RWX), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, map_mem(t, FW, offset, PAGE_SIZE, SHARE), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, map_mem(t, FW + FW_SIZE - PAGE_SIZE, offset, PAGE_SIZE, RWX),
			-EOPNOTSUPP);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(&t->mem.pieces, FW));

	/* Beside it there can be something. */
	KUNIT_ASSERT_EQ(test, unmap_mem(t, FW + FW_SIZE, offset + FW_SIZE, PAGE_SIZE, RWX), 0);
	KUNIT_EXPECT_EQ(test, map_mem(t, FW + FW_SIZE, offset, PAGE_SIZE, RWX), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* Nor is it given again when it was taken back: neither by a touch, nor by one beside it. */
static void firmware_is_not_given_again(struct kunit *test)
{
	struct paging_test *t = test->priv;

	/* In folios of 2 MiB or more, where there are such. */
	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);
	map_guest(test);
	gunyah_vm_mem_set_firmware(&t->mem, FW, FW_SIZE);
	start(test);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, FW, FW_SIZE), 0);
	t->donates = 0;
	KUNIT_EXPECT_EQ(test, fault(t, FW, false), -ENOENT);
	KUNIT_EXPECT_EQ(test, fault(t, FW + FW_SIZE - 1, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, t->donates, 0);
	/* In one folio with it. */
	KUNIT_EXPECT_EQ(test, fault(t, FW + FW_SIZE, true), 0);
	KUNIT_EXPECT_LE(test, t->last_size, SZ_2M - FW_SIZE);
	KUNIT_EXPECT_EQ(test, fault(t, FW - 1, true), 0);
	KUNIT_EXPECT_EQ(test, fault(t, FW, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* R63: what the guest left in lent memory is gone, wherever it comes back from. */
static void protected_memory_is_cleared(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u32 *lent, *shared, *dtb;

	map_guest(test);
	gunyah_vm_mem_set_firmware(&t->mem, FW, FW_SIZE);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	lent = phys_to_virt(t->last_phys);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, *lent, 0);
	/* The host's to write: the guest finds that. */
	*lent = 0x12345678;
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	KUNIT_ASSERT_EQ(test, fault(t, SHM, true), 0);
	shared = phys_to_virt(t->last_phys);
	*shared = 0x12345678;
	dtb = phys_to_virt(t->entries[0].ipa);

	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, *lent, 0);
	KUNIT_EXPECT_EQ(test, *dtb, 0);
	KUNIT_EXPECT_EQ(test, *shared, 0x12345678);
	expect_all_back(test);

	/* A guest that is not protected keeps it. */
	*lent = 0x12345678;
	gunyah_vm_mem_set_firmware(&t->mem, 0, 0);
	t->n_fw_entries = 0;
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, *lent, 0x12345678);
}

#ifdef CONFIG_MEMORY_FAILURE
/* R68: but for a page that failed while the guest had it, which is not written to. */
static void failed_page_is_not_cleared(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u32 *lent;

	map_guest(test);
	gunyah_vm_mem_set_firmware(&t->mem, FW, FW_SIZE);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	lent = phys_to_virt(t->last_phys);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PAGE_SIZE), 0);
	*lent = 0x12345678;
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);

	SetPageHWPoison(virt_to_page(lent));
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, *lent, 0x12345678);
	ClearPageHWPoison(virt_to_page(lent));
	expect_all_back(test);
}
#endif

/* ---- bindings while the guest runs ---- */

static void map_while_running(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, give(t), 0);
	KUNIT_EXPECT_EQ(test, map_mem(t, 0x50000000, 5 * SZ_2M, SZ_2M, SHARE), -EBUSY);
	KUNIT_EXPECT_EQ(test, unmap_mem(t, SHM, RAM_SIZE, SHM_SIZE, SHARE), -EBUSY);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, RAM_SIZE), -EBUSY);
	KUNIT_EXPECT_EQ(test, end(t), 0);

	start(test);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(&t->mem.pieces, 0x50000000));
	KUNIT_EXPECT_EQ(test, map_mem(t, 0x50000000, 5 * SZ_2M, SZ_2M, SHARE), 0);
	KUNIT_EXPECT_TRUE(test, gunyah_vm_pieces_unnamed_at(&t->mem.pieces, 0x50000000));
	KUNIT_EXPECT_EQ(test, t->last_type, GUNYAH_DONATE_TO_SIBLING);
	t->calls = 0;
	KUNIT_EXPECT_EQ(test, fault(t, 0x50000000, true), 0);
	KUNIT_EXPECT_EQ(test, t->calls, 0);

	/* Where lent memory was at the start, it is given when it is touched. */
	KUNIT_EXPECT_EQ(test, unmap_mem(t, RAM + 2 * SZ_2M, 2 * SZ_2M, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, fault(t, RAM + 2 * SZ_2M, false), -ENOENT);
	t->calls = 0;
	KUNIT_EXPECT_EQ(test, map_mem(t, RAM + 2 * SZ_2M, 6 * SZ_2M, SZ_2M, RWX), 0);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(&t->mem.pieces, RAM + 2 * SZ_2M));
	KUNIT_EXPECT_EQ(test, fault(t, RAM + 2 * SZ_2M, false), 0);

	/* Overlaps are found as ever (R60). */
	KUNIT_EXPECT_EQ(test, map_mem(t, 0x50000000, 7 * SZ_2M, SZ_2M, SHARE), -EEXIST);
	KUNIT_EXPECT_EQ(test, map_mem(t, 0x60000000, 5 * SZ_2M, SZ_2M, SHARE), -EEXIST);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

struct unmap_case {
	const char *name;
	u64 front;
	u64 back;
};

static const struct unmap_case unmap_cases[] = {
	{ "all", 0, 0 },
	{ "front", 0, SZ_64K },
	{ "back", SZ_64K, 0 },
	{ "middle", SZ_64K, SZ_64K },
};

KUNIT_ARRAY_PARAM_DESC(unmap, unmap_cases, name);

/* What is taken out comes back first; what stays is still the guest's. */
static void unmap_while_running(struct kunit *test)
{
	const struct unmap_case *c = test->param_value;
	u64 base = RAM + 2 * SZ_2M, size = 2 * SZ_2M;
	struct paging_test *t = test->priv;
	u64 gpa;

	map_guest(test);
	start(test);
	/* A binding's worth of memory, so that its ends are the binding's ends. */
	KUNIT_ASSERT_EQ(test, unmap_mem(t, base, base - RAM, size, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, base, base - RAM, size, RWX), 0);
	for (gpa = base; gpa < base + size; gpa += PAGE_SIZE)
		KUNIT_ASSERT_EQ(test, fault(t, gpa, true), 0);

	KUNIT_EXPECT_EQ(test, unmap_mem(t, base + c->front, base + c->front - RAM,
					size - c->front - c->back, RWX), 0);
	KUNIT_EXPECT_EQ(test, t->n_owned, (DTB_PAGES_SIZE + c->front + c->back) / PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, fault(t, base + c->front, false), -ENOENT);
	KUNIT_EXPECT_EQ(test, fault(t, base + size - c->back - 1, false), -ENOENT);

	/* The guest keeps the rest, without a further call. */
	t->calls = 0;
	if (c->front)
		KUNIT_EXPECT_EQ(test, fault(t, base + c->front - 1, true), 0);
	if (c->back)
		KUNIT_EXPECT_EQ(test, fault(t, base + size - 1, true), 0);
	KUNIT_EXPECT_EQ(test, t->calls, 0);
	if (c->back) {
		KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, base + size - PAGE_SIZE,
							       PAGE_SIZE), 0);
		KUNIT_EXPECT_EQ(test, fault(t, base + size - 1, true), 0);
	}
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* R64: what can't be taken back is not unbound. */
static void unmap_fails(struct kunit *test)
{
	struct paging_test *t = test->priv;

	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, SHM, true), 0);
	fail(t, 1, 1, GUNYAH_ERROR_NOMEM);
	KUNIT_EXPECT_EQ(test, unmap_mem(t, SHM, RAM_SIZE, SHM_SIZE, SHARE), -ENOMEM);
	KUNIT_EXPECT_EQ(test, map_mem(t, SHM, 6 * SZ_2M, SHM_SIZE, SHARE), -EEXIST);
	KUNIT_EXPECT_EQ(test, fault(t, SHM, true), 0);
	fail(t, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, unmap_mem(t, SHM, RAM_SIZE, SHM_SIZE, SHARE), 0);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(&t->mem.pieces, SHM));
	KUNIT_EXPECT_EQ(test, fault(t, SHM, true), -ENOENT);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

/* The path of MMIO looks there without a lock. */
static void shared_addresses(struct kunit *test)
{
	struct paging_test *t = test->priv;
	struct gunyah_vm_pieces *p = &t->mem.pieces;

	map_guest(test);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(p, SHM));
	start(test);
	KUNIT_EXPECT_TRUE(test, gunyah_vm_pieces_unnamed_at(p, SHM));
	KUNIT_EXPECT_TRUE(test, gunyah_vm_pieces_unnamed_at(p, SHM + SHM_SIZE - 1));
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(p, SHM + SHM_SIZE));
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(p, SHM - 1));
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(p, RAM));
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_FALSE(test, gunyah_vm_pieces_unnamed_at(p, SHM));
}

/* Once more, with the same bindings and content. */
static void second_run(struct kunit *test)
{
	struct paging_test *t = test->priv;
	u32 *page;

	map_guest(test);
	start(test);
	KUNIT_EXPECT_EQ(test, fault(t, RAM, true), 0);
	page = phys_to_virt(t->last_phys);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
	*page = 0x12345678;

	start(test);
	KUNIT_EXPECT_EQ(test, fault(t, RAM, true), 0);
	KUNIT_EXPECT_EQ(test, t->last_phys, virt_to_phys(page));
	KUNIT_EXPECT_EQ(test, end(t), 0);
	KUNIT_EXPECT_EQ(test, *page, 0x12345678);
	expect_all_back(test);
}

/* A hole in a folio of which the guest has another part: that is not moved. */
static void hole_beside_given_memory(struct kunit *test)
{
	int punch = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	struct paging_test *t = test->priv;
	u64 phys;

	/* In pieces of more than 2 MiB, where there are such. */
	KUNIT_ASSERT_EQ(test, vfs_fallocate(t->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), 0);
	map_guest(test);
	start(test);
	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	KUNIT_ASSERT_EQ(test, fault(t, SHM, true), 0);
	phys = t->last_phys;
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, punch, RAM_SIZE + SZ_2M, 2 * SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, punch, 0, PAGE_SIZE), -EBUSY);
	KUNIT_EXPECT_EQ(test, vfs_fallocate(t->file, punch, RAM_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, SHM, SHM_SIZE), 0);
	KUNIT_EXPECT_EQ(test, fault(t, SHM, true), 0);
	KUNIT_EXPECT_EQ(test, t->last_phys, phys);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static struct kunit_case vm_paging_test_cases[] = {
	KUNIT_CASE(only_the_device_tree_is_given),
	KUNIT_CASE(ranges_are_merged),
	KUNIT_CASE_PARAM(layout, layout_gen_params),
	KUNIT_CASE(give_is_refused),
	KUNIT_CASE(device_tree_is_mapped),
	KUNIT_CASE(refused_start_leaves_a_parcel),
	KUNIT_CASE(start_consumes_the_parcel),
	KUNIT_CASE_PARAM(start_without_answer, unsure_gen_params),
	KUNIT_CASE(firmware_is_given_besides),
	KUNIT_CASE_PARAM(firmware_place, firmware_gen_params),
	KUNIT_CASE(firmware_that_can_not_be_lent),
	KUNIT_CASE(nothing_lent_that_stays_mapped),
	KUNIT_CASE(firmware_is_refused),
	KUNIT_CASE(firmware_is_not_replaced),
	KUNIT_CASE(firmware_is_not_given_again),
	KUNIT_CASE(protected_memory_is_cleared),
#ifdef CONFIG_MEMORY_FAILURE
	KUNIT_CASE(failed_page_is_not_cleared),
#endif
	KUNIT_CASE(map_while_running),
	KUNIT_CASE_PARAM(unmap_while_running, unmap_gen_params),
	KUNIT_CASE(unmap_fails),
	KUNIT_CASE(shared_addresses),
	KUNIT_CASE(second_run),
	KUNIT_CASE(hole_beside_given_memory),
	{}
};

static struct kunit_suite vm_paging_test_suite = {
	.name		= "gunyah_vm_paging",
	.init		= paging_test_init,
	.exit		= paging_test_exit,
	.test_cases	= vm_paging_test_cases,
};

kunit_test_suites(&vm_paging_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_DESCRIPTION("KUnit tests of the demand-paged flow of a Gunyah VM's memory");
MODULE_LICENSE("GPL");
