/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM's memory with a double in the resource manager's place: for the tests of
 * giving memory.
 */
#ifndef _GUNYAH_TESTS_PARCEL_TEST_H
#define _GUNYAH_TESTS_PARCEL_TEST_H

#include <kunit/static_stub.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../rm_calls.h"
#include "../vm_eager.h"
#include "../vm_mem.h"
#include "../vm_parcel.h"
#include "mem_test.h"

#define FILE_SIZE	(8ULL * SZ_2M)
#define GPA		0x80000000ULL
#define RWX		GUNYAH_MEM_ALLOW_RWX
#define SHARE		(GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX)
#define ACL_RWX		(GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W | GUNYAH_RM_ACL_X)
#define VMID		0x80
#define OWN_VMID	3
#define FIRST_HANDLE	0	/* a normal handle */
#define MAX_PARCELS	8

/* A parcel as the double saw it. */
struct seen {
	u32 label;
	bool share;
	bool alive;
	size_t n_acl;
	struct gunyah_rm_mem_acl acl[2];
	size_t n_entries;
	u64 first_ipa;
	u64 size;
};

/*
 * @gives, @reclaims: calls so far; @fail_give, @fail_reclaim: which of them fails
 * with @err, from 1; @keep_handle: a parcel that was given in part stays; @dead:
 * the connection is.
 */
struct parcel_test {
	struct gunyah_vm_mem mem;
	struct file *file;
	int fd;
	struct gunyah_vm_image image;
	struct gunyah_mem_stats before;
	struct seen seen[MAX_PARCELS];
	unsigned int gives;
	unsigned int reclaims;
	unsigned int fail_give;
	unsigned int fail_reclaim;
	int err;
	bool keep_handle;
	bool dead;
	u32 last_reclaimed;
	unsigned int sanitized;
};

static inline int give_stub(struct gunyah_rm *rm, struct gunyah_rm_mem_parcel *parcel)
{
	struct kunit *test = kunit_get_current_test();
	struct parcel_test *t = test->priv;
	struct seen *seen;
	size_t i;

	KUNIT_ASSERT_LT(test, t->gives, MAX_PARCELS);
	seen = &t->seen[t->gives++];
	if (t->gives == t->fail_give) {
		if (t->keep_handle)
			parcel->handle = FIRST_HANDLE + t->gives - 1;
		parcel->unknown = t->err == -EIO || (t->err == -ETIMEDOUT && t->dead);
		return t->err;
	}

	KUNIT_ASSERT_GE(test, parcel->n_acl, 1);
	KUNIT_ASSERT_LE(test, parcel->n_acl, ARRAY_SIZE(seen->acl));
	KUNIT_EXPECT_FALSE(test, parcel->sanitize);
	seen->label = parcel->label;
	seen->share = parcel->share;
	seen->alive = true;
	seen->n_acl = parcel->n_acl;
	memcpy(seen->acl, parcel->acl, parcel->n_acl * sizeof(*parcel->acl));
	seen->n_entries = parcel->n_entries;
	seen->first_ipa = parcel->entries[0].ipa;
	for (i = 0; i < parcel->n_entries; i++)
		seen->size += parcel->entries[i].size;

	parcel->handle = FIRST_HANDLE + t->gives - 1;
	return 0;
}

static inline int reclaim_stub(struct gunyah_rm *rm, u32 handle, bool sanitize)
{
	struct kunit *test = kunit_get_current_test();
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_LT(test, handle - FIRST_HANDLE, t->gives);
	t->last_reclaimed = handle;
	if (sanitize)
		t->sanitized |= BIT(handle - FIRST_HANDLE);
	if (++t->reclaims == t->fail_reclaim)
		return t->err;

	t->seen[handle - FIRST_HANDLE].alive = false;
	return 0;
}

static inline u16 own_vmid_stub(struct gunyah_rm *rm)
{
	return OWN_VMID;
}

static inline bool is_dead_stub(struct gunyah_rm *rm)
{
	struct parcel_test *t = kunit_get_current_test()->priv;

	return t->dead;
}

static inline void destroy(void *mem)
{
	gunyah_vm_mem_destroy(mem);
}

static inline int parcel_test_init(struct kunit *test)
{
	struct parcel_test *t;

	if (!gunyah_vm_parcel_can_lend())
		kunit_skip(test, "the direct map can't be changed on this kernel");

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	t->file = mem_test_file(test, FILE_SIZE, 0);
	t->fd = mem_test_fd(test, t->file);
	gunyah_vm_mem_init(&t->mem);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy, &t->mem));
	gunyah_mem_stats_read(&t->before);
	test->priv = t;

	kunit_activate_static_stub(test, gunyah_rm_mem_give, give_stub);
	kunit_activate_static_stub(test, gunyah_rm_mem_reclaim, reclaim_stub);
	kunit_activate_static_stub(test, gunyah_rm_own_vmid, own_vmid_stub);
	kunit_activate_static_stub(test, gunyah_rm_is_dead, is_dead_stub);
	return 0;
}

static inline int map_mem(struct parcel_test *t, u64 gpa, u64 offset, u64 size, u32 flags)
{
	struct gunyah_map_mem_args args = {
		.guest_addr = gpa,
		.flags = flags,
		.guest_mem_fd = t->fd,
		.offset = offset,
		.size = size,
	};

	return gunyah_vm_mem_map(&t->mem, &args);
}

/* The double needs no connection; it must not be NULL. */
static inline struct gunyah_rm *rm_of(struct parcel_test *t)
{
	return (struct gunyah_rm *)t;
}

static inline int give(struct parcel_test *t, u64 dtb_gpa, u64 dtb_size)
{
	return gunyah_vm_eager_give(&t->mem, rm_of(t), VMID, dtb_gpa, dtb_size, &t->image);
}

static inline unsigned int take_back(struct parcel_test *t)
{
	return gunyah_vm_mem_take_back(&t->mem, rm_of(t), false);
}

static inline void expect_stats(struct kunit *test, u64 lent, u64 shared, u64 leaked, u64 parcels)
{
	struct parcel_test *t = test->priv;
	struct gunyah_mem_stats now;

	gunyah_mem_stats_read(&now);
	KUNIT_EXPECT_EQ(test, now.lent - t->before.lent, lent);
	KUNIT_EXPECT_EQ(test, now.shared - t->before.shared, shared);
	KUNIT_EXPECT_EQ(test, now.leaked - t->before.leaked, leaked);
	KUNIT_EXPECT_EQ(test, now.parcels - t->before.parcels, parcels);
	if (!parcels && !leaked)
		KUNIT_EXPECT_EQ(test, now.entries, t->before.entries);
}

/* The usual guest: 8 MiB of RAM, a shared window, and a lent one apart. */
static inline void map_guest(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, GPA, 0, 4 * SZ_2M, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0x40000000, 4 * SZ_2M, SZ_64K, SHARE), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, 0xa0000000, 5 * SZ_2M, SZ_2M, RWX), 0);
}

#endif
