/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM's memory in the demand-paged flow, with doubles in the places of the
 * hypervisor and of the resource manager.
 *
 * The double of the hypervisor keeps a record of each page that it was given, and
 * refuses what does not fit, as the hypervisor does: so a test can tell at any time
 * which pages are not the host's.
 */
#ifndef _GUNYAH_TESTS_PAGING_TEST_H
#define _GUNYAH_TESTS_PAGING_TEST_H

#include <kunit/static_stub.h>
#include <linux/bitfield.h>
#include <linux/gunyah.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "../direct_map.h"
#include "../resource.h"
#include "../rm_calls.h"
#include "../vm_paging.h"
#include "mem_test.h"

#define FILE_SIZE	(8ULL * SZ_2M)
#define RAM		0x80000000ULL
#define RAM_SIZE	(4ULL * SZ_2M)
#define SHM		0x40000000ULL
#define SHM_SIZE	SOME_PAGES
#define DTB		(RAM + SZ_2M)
#define DTB_SIZE	(PAGE_SIZE + 0x123)
/* The firmware of protected guests, in RAM. */
#define FW		(RAM + 3 * SZ_2M)
#define FW_SIZE		(2 * PAGE_SIZE)
#define RWX		GUNYAH_MEM_ALLOW_RWX
#define SHARE		(GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_WRITE)
#define VMID		0x80
#define HANDLE		0
#define FW_HANDLE	1
#define MAX_NAMED	4

/* Capabilities: those of extents are @CAP_EXTENT + label. */
#define CAP_ADDRSPACE	0x8000000000000000ULL
#define CAP_EXTENT	0x10

/* A page that is not the host's: its kind, and the guest address where it is mapped. */
#define PAGE_PRIVATE	BIT(0)
#define PAGE_MAPPED	BIT(1)

/*
 * @owned: by page number; @calls: hypercalls so far, of which @fail_at (from 1) and
 * the @n_fail - 1 after it fail with @error; @no_addrspace: it is gone; @stale: CPUs may
 * have translations of unmapped pages, @late: as the call that was to wait has failed;
 * @syncs: unmaps that have waited;
 * @gives, @reclaims: requests; @fw_entries: of the parcel with the firmware;
 * @fail_give: of the requests the one that fails, 0: all
 */
struct paging_test {
	struct gunyah_vm_mem mem;
	struct gunyah_vm_resources resources;
	struct file *file;
	int fd;
	struct gunyah_vm_image image;
	struct gunyah_mem_stats before;
	struct xarray owned;
	unsigned long n_owned;
	unsigned int calls;
	unsigned int donates;
	unsigned int maps;
	unsigned int unmaps;
	unsigned int syncs;
	bool stale;
	bool late;
	unsigned int fail_at;
	unsigned int n_fail;
	enum gunyah_error error;
	bool no_addrspace;
	u64 last_attrs;
	u64 last_flags;
	u64 last_type;
	u64 last_phys;
	u64 last_size;
	unsigned int gives;
	unsigned int reclaims;
	struct gunyah_rm_mem_parcel parcel;
	struct gunyah_rm_mem_entry entries[4];
	size_t n_fw_entries;
	struct gunyah_rm_mem_entry fw_entries[4];
	u32 n_named;
	struct gunyah_rm_mem_entry named[MAX_NAMED];
	u64 layout_base;
	u64 layout_size;
	u64 fw_base;
	u64 fw_size;
	unsigned int fail_give;
	int give_error;
	int name_error;
};

/* ---- the hypervisor ---- */

static inline bool hyp_fails(struct paging_test *t)
{
	t->calls++;
	return t->fail_at && t->calls >= t->fail_at && t->calls < t->fail_at + t->n_fail;
}

static inline void fail(struct paging_test *t, unsigned int at, unsigned int n,
			enum gunyah_error error)
{
	t->calls = 0;
	t->fail_at = at;
	t->n_fail = n;
	t->error = error;
}

static inline unsigned long hyp_page(struct paging_test *t, u64 phys)
{
	void *entry = xa_load(&t->owned, PHYS_PFN(phys));

	return entry ? xa_to_value(entry) : 0;
}

/* 0 takes the page out. */
static inline void hyp_set(struct kunit *test, u64 phys, unsigned long value)
{
	struct paging_test *t = test->priv;
	bool was = xa_load(&t->owned, PHYS_PFN(phys));

	KUNIT_ASSERT_FALSE(test, xa_is_err(xa_store(&t->owned, PHYS_PFN(phys),
						    value ? xa_mk_value(value) : NULL,
						    GFP_KERNEL)));
	t->n_owned += (value ? 1 : 0) - (was ? 1 : 0);
}

/* The value of a page that is in the guest's extent and, unless @gpa is 0, mapped there. */
static inline unsigned long hyp_value(bool private, u64 gpa)
{
	unsigned long value = private ? PAGE_PRIVATE : 0;

	/* Never 0: a shared page that is not mapped, too, is there. */
	return value | (gpa ? PAGE_MAPPED : 0) | (PHYS_PFN(gpa) + 1) << 2;
}

static inline bool in_direct_map(u64 phys)
{
	u32 val;

	return !copy_from_kernel_nofault(&val, phys_to_virt(phys), sizeof(val));
}

static inline enum gunyah_error donate_stub(u64 options, u64 from, u64 to, u64 phys, u64 size)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;
	bool private = options != GUNYAH_DONATE_TO_SIBLING;
	u64 guest = CAP_EXTENT + (private ? 0 : 3);
	u64 host = CAP_EXTENT + (private ? 2 : 1);
	bool back = from == guest;
	unsigned long want = back ? hyp_value(private, 0) : 0;
	u64 at;

	t->donates++;
	t->last_type = options;
	if (hyp_fails(t))
		return t->error;

	KUNIT_EXPECT_EQ(test, from, back ? guest : host);
	KUNIT_EXPECT_EQ(test, to, back ? host : guest);
	if (private)
		KUNIT_EXPECT_EQ(test, options, back ? GUNYAH_DONATE_FROM_PROTECTED :
						      GUNYAH_DONATE_TO_PROTECTED);
	/* Not while a CPU may still go there. */
	if (back)
		KUNIT_EXPECT_FALSE(test, t->stale && !t->late);
	for (at = phys; at < phys + size; at += PAGE_SIZE) {
		if (hyp_page(t, at) != want)
			return 111;
		/* R62: nobody here can touch it by then. */
		if (private && gunyah_direct_map_can_change())
			KUNIT_EXPECT_FALSE(test, in_direct_map(at));
	}
	for (at = phys; at < phys + size; at += PAGE_SIZE)
		hyp_set(test, at, back ? 0 : hyp_value(private, 0));
	t->stale = false;
	return GUNYAH_ERROR_OK;
}

static inline void expect_map_args(struct kunit *test, u64 capid, u64 extent, u64 flags)
{
	bool private = extent == CAP_EXTENT;

	KUNIT_EXPECT_EQ(test, capid, CAP_ADDRSPACE);
	if (!private)
		KUNIT_EXPECT_EQ(test, extent, CAP_EXTENT + 3);
	KUNIT_EXPECT_EQ(test, flags, GUNYAH_MAP_PARTIAL | (private ? GUNYAH_MAP_PRIVATE :
								     GUNYAH_MAP_VMMIO));
}

static inline enum gunyah_error map_stub(u64 capid, u64 extent, u64 gpa, u64 attrs, u64 flags,
					 u64 phys, u64 size)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;
	bool private = extent == CAP_EXTENT;
	u64 off;

	t->maps++;
	t->last_attrs = attrs;
	t->last_flags = flags;
	t->last_phys = phys;
	t->last_size = size;
	if (hyp_fails(t))
		return t->error;

	expect_map_args(test, capid, extent, flags);
	for (off = 0; off < size; off += PAGE_SIZE) {
		if (hyp_page(t, phys + off) != hyp_value(private, 0))
			return 120;
	}
	for (off = 0; off < size; off += PAGE_SIZE)
		hyp_set(test, phys + off, hyp_value(private, gpa + off));
	return GUNYAH_ERROR_OK;
}

static inline enum gunyah_error unmap_stub(u64 capid, u64 extent, u64 gpa, u64 flags, u64 phys,
					   u64 size)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;
	bool private = extent == CAP_EXTENT;
	u64 off;

	t->unmaps++;
	t->last_phys = phys;
	t->last_size = size;
	t->late = !(flags & GUNYAH_MAP_NOSYNC);
	if (hyp_fails(t))
		return t->error;
	if (t->no_addrspace)
		return GUNYAH_ERROR_CSPACE_CAP_REVOKED;

	t->late = false;
	t->stale = flags & GUNYAH_MAP_NOSYNC;
	t->syncs += !t->stale;
	expect_map_args(test, capid, extent, flags & ~GUNYAH_MAP_NOSYNC);
	for (off = 0; off < size; off += PAGE_SIZE) {
		if (hyp_page(t, phys + off) != hyp_value(private, gpa + off))
			return GUNYAH_ERROR_ADDR_INVAL;
	}
	for (off = 0; off < size; off += PAGE_SIZE)
		hyp_set(test, phys + off, hyp_value(private, 0));
	return GUNYAH_ERROR_OK;
}

/* ---- the resource manager ---- */

static inline int give_stub(struct gunyah_rm *rm, struct gunyah_rm_mem_parcel *parcel)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;

	t->gives++;
	if (t->give_error && (!t->fail_give || t->gives == t->fail_give))
		return t->give_error;
	KUNIT_ASSERT_LE(test, parcel->n_entries, ARRAY_SIZE(t->entries));
	if (parcel->label == FW >> 12) {
		t->n_fw_entries = parcel->n_entries;
		memcpy(t->fw_entries, parcel->entries,
		       parcel->n_entries * sizeof(*parcel->entries));
		parcel->handle = FW_HANDLE;
		return 0;
	}
	memcpy(t->entries, parcel->entries, parcel->n_entries * sizeof(*parcel->entries));
	t->parcel = *parcel;
	t->parcel.acl = NULL;
	parcel->handle = HANDLE;
	return 0;
}

static inline int reclaim_stub(struct gunyah_rm *rm, u32 handle, bool sanitize)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;

	KUNIT_EXPECT_TRUE(test, handle == HANDLE || handle == FW_HANDLE);
	t->reclaims++;
	return 0;
}

static inline int demand_paging_stub(struct gunyah_rm *rm, u16 vmid, u32 count,
				     const struct gunyah_rm_mem_entry *ranges)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, vmid, VMID);
	KUNIT_ASSERT_LE(test, count, MAX_NAMED);
	t->n_named = count;
	memcpy(t->named, ranges, count * sizeof(*ranges));
	return t->name_error;
}

static inline int layout_stub(struct gunyah_rm *rm, u16 vmid, u32 range_id, u64 base, u64 size)
{
	struct kunit *test = kunit_get_current_test();
	struct paging_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, vmid, VMID);
	KUNIT_EXPECT_LE(test, range_id, 1);
	if (range_id) {
		t->fw_base = base;
		t->fw_size = size;
	} else {
		t->layout_base = base;
		t->layout_size = size;
	}
	return 0;
}

static inline void hyp_adopt_parcel(struct kunit *test, u64 gpa, size_t n,
				    const struct gunyah_rm_mem_entry *entries)
{
	u64 off;
	size_t i;

	for (i = 0; i < n; i++) {
		for (off = 0; off < entries[i].size; off += PAGE_SIZE, gpa += PAGE_SIZE)
			hyp_set(test, entries[i].ipa + off, hyp_value(true, gpa));
	}
}

/* A start that succeeded: the pages of the parcels are the guest's, and mapped. */
static inline void hyp_adopt(struct kunit *test)
{
	struct paging_test *t = test->priv;

	hyp_adopt_parcel(test, t->layout_base, t->parcel.n_entries, t->entries);
	hyp_adopt_parcel(test, t->fw_base, t->n_fw_entries, t->fw_entries);
}

/* ---- tests ---- */

static inline void paging_test_destroy(void *mem)
{
	gunyah_vm_mem_destroy(mem);
}

/* All but one of the capabilities; -1: all. */
static inline void fill_resources(struct kunit *test, int missing)
{
	struct gunyah_rm_hyp_resource list[5] = {};
	struct paging_test *t = test->priv;
	int i, n = 0;

	for (i = 0; i < 5; i++) {
		if (i == missing)
			continue;
		list[n].type = i == 4 ? GUNYAH_RESOURCE_ADDR_SPACE : GUNYAH_RESOURCE_MEM_EXTENT;
		list[n].label = i == 4 ? 0 : i;
		list[n].capid = i == 4 ? CAP_ADDRSPACE : CAP_EXTENT + i;
		n++;
	}
	KUNIT_ASSERT_EQ(test, gunyah_vm_resources_fill(&t->resources, NULL, n, list), 0);
}

static inline int paging_test_init(struct kunit *test)
{
	struct paging_test *t;

	if (!gunyah_vm_parcel_can_lend())
		kunit_skip(test, "the direct map can't be changed on this kernel");

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	xa_init(&t->owned);
	t->file = mem_test_file(test, FILE_SIZE, 0);
	t->fd = mem_test_fd(test, t->file);
	gunyah_vm_resources_init(&t->resources);
	gunyah_vm_mem_init(&t->mem);
	gunyah_vm_extents_init(&t->mem.pieces.extents, &t->resources);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, paging_test_destroy, &t->mem));
	gunyah_mem_stats_read(&t->before);

	kunit_activate_static_stub(test, gunyah_hypercall_memextent_donate, donate_stub);
	kunit_activate_static_stub(test, gunyah_hypercall_addrspace_map, map_stub);
	kunit_activate_static_stub(test, gunyah_hypercall_addrspace_unmap, unmap_stub);
	kunit_activate_static_stub(test, gunyah_rm_mem_give, give_stub);
	kunit_activate_static_stub(test, gunyah_rm_mem_reclaim, reclaim_stub);
	kunit_activate_static_stub(test, gunyah_rm_vm_set_demand_paging, demand_paging_stub);
	kunit_activate_static_stub(test, gunyah_rm_vm_set_address_layout, layout_stub);
	return 0;
}

static inline struct gunyah_rm *rm_of(struct paging_test *t)
{
	return (struct gunyah_rm *)t;
}

/* The end of a run: the number of pieces and parcels that did not come back. */
static inline unsigned int end(struct paging_test *t)
{
	gunyah_vm_paging_stop(&t->mem);
	gunyah_vm_resources_drain(&t->resources);
	return gunyah_vm_mem_take_back(&t->mem, rm_of(t), false);
}

static inline void paging_test_exit(struct kunit *test)
{
	struct paging_test *t = test->priv;

	if (!t)
		return;
	/* Where the test stopped half-way: as long as the doubles are there. */
	end(t);
	xa_destroy(&t->owned);
}

static inline int map_mem(struct paging_test *t, u64 gpa, u64 offset, u64 size, u32 flags)
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

static inline int unmap_mem(struct paging_test *t, u64 gpa, u64 offset, u64 size, u32 flags)
{
	return map_mem(t, gpa, offset, size, flags | GUNYAH_MEM_UNMAP);
}

/* The usual guest: 8 MiB of RAM and a shared window. */
static inline void map_guest(struct kunit *test)
{
	struct paging_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, map_mem(t, RAM, 0, RAM_SIZE, RWX), 0);
	KUNIT_ASSERT_EQ(test, map_mem(t, SHM, RAM_SIZE, SHM_SIZE, SHARE), 0);
}

static inline int give(struct paging_test *t)
{
	return gunyah_vm_paging_give(&t->mem, rm_of(t), VMID, DTB, DTB_SIZE, &t->image);
}

static inline int name(struct paging_test *t)
{
	return gunyah_vm_paging_name(&t->mem, rm_of(t), VMID, &t->image);
}

/* All that comes before shared memory is given. */
static inline void prepare_start(struct kunit *test)
{
	struct paging_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, give(t), 0);
	KUNIT_ASSERT_EQ(test, name(t), 0);
	fill_resources(test, -1);
	KUNIT_ASSERT_TRUE(test, gunyah_vm_paging_possible(&t->mem));
}

static inline void start_sharing(struct kunit *test)
{
	struct paging_test *t = test->priv;

	prepare_start(test);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_share(&t->mem), 0);
	hyp_adopt(test);
	gunyah_vm_paging_started(&t->mem, 0);
}

/* As if all shared memory had been taken back since: only the device tree is there. */
static inline void start(struct kunit *test)
{
	struct paging_test *t = test->priv;
	struct gunyah_vm_binding *b;

	start_sharing(test);
	list_for_each_entry(b, &t->mem.bindings, list) {
		if (gunyah_vm_binding_shared(b))
			KUNIT_ASSERT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, b->gpa, b->size),
					0);
	}
	t->calls = 0;
	t->donates = 0;
	t->maps = 0;
	t->unmaps = 0;
	t->syncs = 0;
}

static inline int fault(struct paging_test *t, u64 gpa, bool write)
{
	u64 serial;

	return gunyah_vm_paging_fault(&t->mem, gpa, write, &serial);
}

static inline void expect_stats(struct kunit *test, u64 lent, u64 shared, u64 leaked)
{
	struct paging_test *t = test->priv;
	struct gunyah_mem_stats now;

	gunyah_mem_stats_read(&now);
	KUNIT_EXPECT_EQ(test, now.lent - t->before.lent, lent);
	KUNIT_EXPECT_EQ(test, now.shared - t->before.shared, shared);
	KUNIT_EXPECT_EQ(test, now.leaked - t->before.leaked, leaked);
	/* Nothing that was given is lost track of. */
	KUNIT_EXPECT_EQ(test, now.given - t->before.given,
			now.reclaimed - t->before.reclaimed + lent + shared + leaked);
}

/* All is the host's again, and usable. */
static inline void expect_all_back(struct kunit *test)
{
	struct paging_test *t = test->priv;
	struct gunyah_mem_stats now;

	KUNIT_EXPECT_EQ(test, t->n_owned, 0);
	expect_stats(test, 0, 0, 0);
	gunyah_mem_stats_read(&now);
	KUNIT_EXPECT_EQ(test, now.parcels, t->before.parcels);
	KUNIT_EXPECT_EQ(test, now.entries, t->before.entries);
}

#endif
