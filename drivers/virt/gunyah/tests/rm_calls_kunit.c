// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the resource manager's calls: each against messages recorded from the
 * published resource manager, errors, short and lying replies.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/device.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../resource.h"
#include "../rm_calls.h"
#include "fake_rm.h"
#include "rm_vectors.h"

#define VMID	128

static int calls_init(struct kunit *test)
{
	struct fake_rm *fake = fake_rm_create(test);

	fake->answer = fake_rm_answer_ok;
	test->priv = fake;

	return 0;
}

struct error_case {
	const char *name;
	u32 error;
	int ret;
};

/* R55 */
static const struct error_case error_cases[] = {
	{ "OK", 0, 0 },
	{ "UNIMPLEMENTED", 0xffffffff, -EOPNOTSUPP },
	{ "NOMEM", 0x1, -ENOMEM },
	{ "NORESOURCE", 0x2, -ENODEV },
	{ "DENIED", 0x3, -EPERM },
	{ "MSG_INVALID", 0x4, -EINVAL },
	{ "BUSY", 0x5, -EBUSY },
	{ "ARGUMENT_INVALID", 0x6, -EINVAL },
	{ "HANDLE_INVALID", 0x7, -EINVAL },
	{ "VALIDATE_FAILED", 0x8, -EINVAL },
	{ "MAP_FAILED", 0x9, -EINVAL },
	{ "MEM_INVALID", 0xa, -EINVAL },
	{ "MEM_INUSE", 0xb, -EINVAL },
	{ "MEM_RELEASED", 0xc, -EINVAL },
	{ "VMID_INVALID", 0xd, -EINVAL },
	{ "LOOKUP_FAILED", 0xe, -EINVAL },
	{ "IRQ_INVALID", 0xf, -EINVAL },
	{ "IRQ_INUSE", 0x10, -EINVAL },
	{ "IRQ_RELEASED", 0x11, -EINVAL },
	{ "IN_USE", 0x12, -EBUSY },
	{ "IRQ_NOT_MAPPED", 0x13, -EINVAL },
	{ "VM_STATE", 0x14, -EBUSY },
	{ "behind the last", 0x15, -EBADMSG },
	{ "negative", 0x80000000, -EBADMSG },
};

KUNIT_ARRAY_PARAM_DESC(error, error_cases, name);

static void answer_error_case(struct fake_rm *fake)
{
	const struct error_case *c = fake->test->param_value;

	fake_rm_put_reply(fake, c->error, NULL, 0);
}

static void error(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	struct fake_rm *fake = test->priv;

	KUNIT_EXPECT_EQ(test, gunyah_rm_error_to_errno(c->error), c->ret);
	fake->answer = answer_error_case;
	KUNIT_EXPECT_EQ(test, gunyah_rm_vm_start(fake->rm, VMID), c->ret);
}

/* The calls of the recordings: each returns what its call does, and looks at results. */
static int do_get_vmid(struct kunit *test, struct gunyah_rm *rm)
{
	u16 vmid = 0;
	int ret = gunyah_rm_get_vmid(rm, &vmid);

	KUNIT_EXPECT_EQ(test, vmid, 3);
	return ret;
}

static int do_alloc_any(struct kunit *test, struct gunyah_rm *rm)
{
	u16 vmid = 0;
	int ret = gunyah_rm_alloc_vmid(rm, &vmid);

	KUNIT_EXPECT_EQ(test, vmid, 0x80);
	return ret;
}

static int do_alloc_28(struct kunit *test, struct gunyah_rm *rm)
{
	u16 vmid = 28;
	int ret = gunyah_rm_alloc_vmid(rm, &vmid);

	KUNIT_EXPECT_EQ(test, vmid, 28);
	return ret;
}

static int do_dealloc(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_dealloc_vmid(rm, VMID);
}

static const struct gunyah_rm_mem_acl acl_guest_rwx[] = {
	{ VMID, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W | GUNYAH_RM_ACL_X },
};

static int do_lend(struct kunit *test, struct gunyah_rm *rm)
{
	const struct gunyah_rm_mem_entry entry = { 0x50000000, 0x400000 };
	struct gunyah_rm_mem_parcel parcel = {
		.n_acl = ARRAY_SIZE(acl_guest_rwx),
		.acl = acl_guest_rwx,
		.n_entries = 1,
		.entries = &entry,
	};
	int ret = gunyah_rm_mem_give(rm, &parcel);

	/* A normal handle. */
	KUNIT_EXPECT_EQ(test, parcel.handle, 0);
	return ret;
}

static int do_lend_40(struct kunit *test, struct gunyah_rm *rm)
{
	struct gunyah_rm_mem_entry entries[40];
	struct gunyah_rm_mem_parcel parcel = {
		.n_acl = ARRAY_SIZE(acl_guest_rwx),
		.acl = acl_guest_rwx,
		.n_entries = ARRAY_SIZE(entries),
		.entries = entries,
	};
	int ret, i;

	entries[0] = (struct gunyah_rm_mem_entry){ 0x50000000, 0x200000 };
	for (i = 1; i < 39; i++)
		entries[i] = (struct gunyah_rm_mem_entry){ 0x50400000 + i * 0x20000, 0x10000 };
	entries[39] = (struct gunyah_rm_mem_entry){ 0x50200000, 0x200000 };

	ret = gunyah_rm_mem_give(rm, &parcel);
	KUNIT_EXPECT_EQ(test, parcel.handle, 0);
	return ret;
}

static int do_share(struct kunit *test, struct gunyah_rm *rm)
{
	static const struct gunyah_rm_mem_acl acl[] = {
		{ 3, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W },
		{ VMID, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W },
	};
	const struct gunyah_rm_mem_entry entry = { 0x50a00000, 0x10000 };
	struct gunyah_rm_mem_parcel parcel = {
		.label = 0x77,
		.share = true,
		.n_acl = ARRAY_SIZE(acl),
		.acl = acl,
		.n_entries = 1,
		.entries = &entry,
	};
	int ret = gunyah_rm_mem_give(rm, &parcel);

	KUNIT_EXPECT_EQ(test, parcel.handle, 1);
	return ret;
}

static int do_reclaim(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_mem_reclaim(rm, 0, false);
}

static int do_configure(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_configure(rm, VMID, GUNYAH_RM_VM_AUTH_NONE, 0, 0, 0, 0x200000,
				      0x100000);
}

static int do_auth(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_auth_image(rm, VMID, 28);
}

static int do_init(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_init(rm, VMID);
}

static int do_start(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_start(rm, VMID);
}

static int do_stop(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_stop(rm, VMID);
}

static int do_reset(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_reset(rm, VMID);
}

static int do_boot_context(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_set_boot_context(rm, VMID, 1, 0, 0x80000000);
}

static int do_firmware(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_set_firmware_mem(rm, VMID, 0, 0, 0x200000);
}

static int do_paging(struct kunit *test, struct gunyah_rm *rm)
{
	const struct gunyah_rm_mem_entry range = { 0x80400000, 0x400000 };

	return gunyah_rm_vm_set_demand_paging(rm, VMID, 1, &range);
}

static int do_layout(struct kunit *test, struct gunyah_rm *rm)
{
	return gunyah_rm_vm_set_address_layout(rm, VMID, 0, 0x80000000, 0x400000);
}

static int do_resources(struct kunit *test, struct gunyah_rm *rm)
{
	struct gunyah_rm_hyp_resource *list;
	size_t n;
	int ret;

	ret = gunyah_rm_get_hyp_resources(rm, VMID, &n, &list);
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_ASSERT_EQ(test, n, 2);

	KUNIT_EXPECT_EQ(test, list[0].type, GUNYAH_RESOURCE_VCPU);
	KUNIT_EXPECT_EQ(test, list[0].label, 0);
	KUNIT_EXPECT_EQ(test, list[0].capid, 0x4f404785f7a6009);
	KUNIT_EXPECT_EQ(test, list[0].virq, 962);
	KUNIT_EXPECT_EQ(test, list[1].type, GUNYAH_RESOURCE_BELL_TX);
	KUNIT_EXPECT_EQ(test, list[1].partner_vmid, VMID);
	KUNIT_EXPECT_EQ(test, list[1].label, 5);
	KUNIT_EXPECT_EQ(test, list[1].capid, 0x4f404785f7bbc42);
	KUNIT_EXPECT_EQ(test, list[1].virq, 0);
	kvfree(list);

	return ret;
}

static int do_22_resources(struct kunit *test, struct gunyah_rm *rm)
{
	struct gunyah_rm_hyp_resource *list;
	size_t n;
	int ret;

	ret = gunyah_rm_get_hyp_resources(rm, VMID, &n, &list);
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_ASSERT_EQ(test, n, 22);

	KUNIT_EXPECT_EQ(test, list[1].virq, 963);
	/* This one is cut by the end of a fragment. */
	KUNIT_EXPECT_EQ(test, list[5].label, 19);
	KUNIT_EXPECT_EQ(test, list[5].capid, 0xf9c61ff9adb56c7e);
	KUNIT_EXPECT_EQ(test, list[21].label, 35);
	KUNIT_EXPECT_EQ(test, list[21].capid, 0xf9c61ff9adbc642e);
	kvfree(list);

	return ret;
}

struct vector_case {
	const char *name;
	enum rm_vector_id id;
	int (*call)(struct kunit *test, struct gunyah_rm *rm);
	int ret;
	int notifications;
};

static const struct vector_case vector_cases[] = {
	{ "GET_VMID", RM_VECTOR_GET_VMID, do_get_vmid, 0 },
	{ "ALLOC_VMID, any", RM_VECTOR_ALLOC_VMID_ANY, do_alloc_any, 0 },
	{ "ALLOC_VMID, 28", RM_VECTOR_ALLOC_VMID_FIXED, do_alloc_28, 0 },
	{ "ALLOC_VMID, refused", RM_VECTOR_ALLOC_VMID_REFUSED, do_alloc_28, -ENODEV },
	{ "DEALLOC_VMID", RM_VECTOR_DEALLOC_VMID, do_dealloc, 0 },
	{ "MEM_LEND", RM_VECTOR_MEM_LEND, do_lend, 0 },
	{ "MEM_LEND, 40 entries", RM_VECTOR_MEM_LEND_40_ENTRIES, do_lend_40, 0 },
	{ "MEM_SHARE", RM_VECTOR_MEM_SHARE, do_share, 0 },
	{ "MEM_RECLAIM, in use", RM_VECTOR_MEM_RECLAIM_IN_USE, do_reclaim, -EINVAL },
	{ "MEM_RECLAIM", RM_VECTOR_MEM_RECLAIM, do_reclaim, 0 },
	{ "VM_CONFIG_IMAGE", RM_VECTOR_VM_CONFIG_IMAGE, do_configure, 0, 1 },
	{ "VM_AUTH_IMAGE", RM_VECTOR_VM_AUTH_IMAGE, do_auth, 0, 1 },
	{ "VM_INIT", RM_VECTOR_VM_INIT, do_init, 0, 1 },
	{ "VM_INIT, bad device tree", RM_VECTOR_VM_INIT_BAD_TREE, do_init, -EINVAL, 1 },
	{ "VM_START", RM_VECTOR_VM_START, do_start, 0, 3 },
	{ "VM_STOP", RM_VECTOR_VM_STOP, do_stop, 0, 2 },
	{ "VM_STOP, after the exit", RM_VECTOR_VM_STOP_AFTER_EXIT, do_stop, -EBUSY },
	{ "VM_RESET", RM_VECTOR_VM_RESET, do_reset, 0, 3 },
	{ "VM_SET_BOOT_CONTEXT", RM_VECTOR_VM_SET_BOOT_CONTEXT, do_boot_context, -EOPNOTSUPP },
	{ "VM_SET_FIRMWARE_MEM", RM_VECTOR_VM_SET_FIRMWARE_MEM, do_firmware, -EPERM },
	{ "VM_SET_DEMAND_PAGING", RM_VECTOR_VM_SET_DEMAND_PAGING, do_paging, -EOPNOTSUPP },
	{ "VM_SET_ADDRESS_LAYOUT", RM_VECTOR_VM_SET_ADDRESS_LAYOUT, do_layout, -EOPNOTSUPP },
	{ "GET_HYP_RESOURCES", RM_VECTOR_GET_HYP_RESOURCES, do_resources, 0 },
	{ "GET_HYP_RESOURCES, 5 fragments", RM_VECTOR_GET_HYP_RESOURCES_5_FRAGMENTS,
	  do_22_resources, 0 },
};

KUNIT_ARRAY_PARAM_DESC(vector, vector_cases, name);

static void answer_vector(struct fake_rm *fake)
{
	const struct vector_case *c = fake->test->param_value;
	const struct rm_vector *vector = &rm_vectors[c->id];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vector->rx) && vector->rx[i].size; i++)
		fake_rm_put_recorded(fake, &vector->rx[i]);
}

/* R81: the bytes sent are those recorded, and what came for them is understood. */
static void vector(struct kunit *test)
{
	const struct vector_case *c = test->param_value;
	const struct rm_vector *vector = &rm_vectors[c->id];
	struct fake_rm *fake = test->priv;
	unsigned int i;

	fake->answer = answer_vector;
	KUNIT_EXPECT_EQ(test, c->call(test, fake->rm), c->ret);

	for (i = 0; i < ARRAY_SIZE(vector->tx) && vector->tx[i].size; i++)
		fake_rm_expect_sent(fake, i, &vector->tx[i]);
	KUNIT_EXPECT_EQ(test, fake->n_sent, i);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake->rm->stats.notifications), c->notifications);
}

static int short_get_vmid(struct kunit *test, struct gunyah_rm *rm)
{
	u16 vmid;

	return gunyah_rm_get_vmid(rm, &vmid);
}

static int short_alloc(struct kunit *test, struct gunyah_rm *rm)
{
	u16 vmid = 0;

	return gunyah_rm_alloc_vmid(rm, &vmid);
}

static int short_lend(struct kunit *test, struct gunyah_rm *rm)
{
	const struct gunyah_rm_mem_entry entry = { 0x50000000, 0x1000 };
	struct gunyah_rm_mem_parcel parcel = {
		.n_acl = ARRAY_SIZE(acl_guest_rwx),
		.acl = acl_guest_rwx,
		.n_entries = 1,
		.entries = &entry,
	};
	int ret = gunyah_rm_mem_give(rm, &parcel);

	KUNIT_EXPECT_EQ(test, parcel.handle, GUNYAH_RM_MEM_HANDLE_INVALID);
	return ret;
}

static int short_resources(struct kunit *test, struct gunyah_rm *rm)
{
	struct gunyah_rm_hyp_resource *list;
	size_t n;

	return gunyah_rm_get_hyp_resources(rm, VMID, &n, &list);
}

/* A reply of @size bytes: a word, and nothing but zeros behind it. */
struct short_case {
	const char *name;
	int (*call)(struct kunit *test, struct gunyah_rm *rm);
	u32 word;
	size_t size;
};

/* R26, R53: replies shorter than they have to be, and counts that lie. */
static const struct short_case short_cases[] = {
	{ "vmid missing", short_get_vmid, 3, 0 },
	{ "vmid of 3 bytes", short_get_vmid, 3, 3 },
	{ "new vmid missing", short_alloc, 0x80, 0 },
	{ "new vmid of 3 bytes", short_alloc, 0x80, 3 },
	{ "handle missing", short_lend, 0, 0 },
	{ "handle of 3 bytes", short_lend, 0, 3 },
	{ "count missing", short_resources, 0, 0 },
	{ "count of 3 bytes", short_resources, 0, 3 },
	{ "one resource, no entry", short_resources, 1, 4 },
	{ "one resource, one byte short", short_resources, 1, 47 },
	{ "two resources, one entry", short_resources, 2, 48 },
	{ "as many resources as a word can say", short_resources, U32_MAX, 48 },
	{ "a count whose size wraps", short_resources, 0x05d1745e, 48 },
	{ "one more than the longest reply holds", short_resources, 333, 14612 },
};

KUNIT_ARRAY_PARAM_DESC(short, short_cases, name);

static void put_word_reply(struct fake_rm *fake, u32 word, size_t size)
{
	u8 *payload = kunit_kzalloc(fake->test, size + sizeof(word), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(fake->test, payload);
	put_unaligned_le32(word, payload);
	fake_rm_put_reply(fake, 0, payload, size);
}

static void answer_short_case(struct fake_rm *fake)
{
	const struct short_case *c = fake->test->param_value;

	put_word_reply(fake, c->word, c->size);
}

static void short_reply(struct kunit *test)
{
	const struct short_case *c = test->param_value;
	struct fake_rm *fake = test->priv;

	fake->answer = answer_short_case;
	KUNIT_EXPECT_EQ(test, c->call(test, fake->rm), -EIO);
	KUNIT_EXPECT_FALSE(test, gunyah_rm_is_dead(fake->rm));
}

static void answer_no_resources(struct fake_rm *fake)
{
	put_word_reply(fake, 0, 4);
}

static void answer_332_resources(struct fake_rm *fake)
{
	put_word_reply(fake, 332, 14612);
}

/* R26: no entry is no error. */
static void no_resources(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_hyp_resource *list = (void *)1;
	size_t n = 1;

	fake->answer = answer_no_resources;
	KUNIT_EXPECT_EQ(test, gunyah_rm_get_hyp_resources(fake->rm, VMID, &n, &list), 0);
	KUNIT_EXPECT_EQ(test, n, 0);
	KUNIT_EXPECT_PTR_EQ(test, list, NULL);
}

/* R26: as many as fit, in 63 fragments. */
static void most_resources(struct kunit *test)
{
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_hyp_resource *list;
	size_t n;

	fake->answer = answer_332_resources;
	KUNIT_ASSERT_EQ(test, gunyah_rm_get_hyp_resources(fake->rm, VMID, &n, &list), 0);
	KUNIT_EXPECT_EQ(test, n, 332);
	kvfree(list);
}

struct paging_case {
	const char *name;
	u32 count;
	int ret;
};

static const struct paging_case paging_cases[] = {
	{ "none: the question which flow", 0, 0 },
	{ "as many as fit", 898, 0 },
	{ "one more", 899, -E2BIG },
	{ "a number whose size wraps", U32_MAX, -E2BIG },
};

KUNIT_ARRAY_PARAM_DESC(paging, paging_cases, name);

/* R81: with no range it asks which flow there is. */
static void paging(struct kunit *test)
{
	const struct paging_case *c = test->param_value;
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_entry *ranges;

	ranges = kunit_kcalloc(test, 900, sizeof(*ranges), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ranges);

	KUNIT_EXPECT_EQ(test, gunyah_rm_vm_set_demand_paging(fake->rm, VMID, c->count, ranges),
			c->ret);
	KUNIT_EXPECT_EQ(test, fake->requests, c->ret ? 0 : 1);
	if (!c->ret) {
		KUNIT_EXPECT_EQ(test, fake->request_size, 8 + c->count * 16);
		KUNIT_EXPECT_EQ(test, get_unaligned_le32(fake->request + 4), c->count);
	}
}

struct flow_case {
	const char *name;
	u16 vmid;
	u32 error;
	bool paging;
	unsigned int requests;
};

/* With a vmid of its own: ALLOC_VMID, the question, DEALLOC_VMID. */
static const struct flow_case flow_cases[] = {
	{ "unimplemented", VMID, GUNYAH_RM_ERROR_UNIMPLEMENTED, false, 1 },
	{ "done", VMID, GUNYAH_RM_ERROR_OK, true, 1 },
	{ "another error", VMID, GUNYAH_RM_ERROR_VM_STATE, true, 1 },
	{ "unimplemented, a vmid for it", 0, GUNYAH_RM_ERROR_UNIMPLEMENTED, false, 3 },
	{ "done, a vmid for it", 0, GUNYAH_RM_ERROR_OK, true, 3 },
};

KUNIT_ARRAY_PARAM_DESC(flow, flow_cases, name);

static void flow_answer(struct fake_rm *fake)
{
	const struct flow_case *c = fake->data;
	__le32 vmid = cpu_to_le32(VMID);

	if (fake->request_id == GUNYAH_RM_VM_SET_DEMAND_PAGING)
		fake_rm_put_reply(fake, c->error, NULL, 0);
	else if (fake->request_id == GUNYAH_RM_VM_ALLOC_VMID)
		fake_rm_put_reply(fake, 0, &vmid, sizeof(vmid));
	else
		fake_rm_put_reply(fake, 0, NULL, 0);
}

/* R81: the question for the flow is put once a connection. */
static void flow(struct kunit *test)
{
	const struct flow_case *c = test->param_value;
	struct fake_rm *fake = test->priv;
	bool paging = !c->paging;

	fake->answer = flow_answer;
	fake->data = (void *)c;

	KUNIT_EXPECT_EQ(test, gunyah_rm_demand_paging(fake->rm, c->vmid, &paging), 0);
	KUNIT_EXPECT_EQ(test, paging, c->paging);
	KUNIT_EXPECT_EQ(test, fake->requests, c->requests);

	paging = !c->paging;
	KUNIT_EXPECT_EQ(test, gunyah_rm_demand_paging(fake->rm, VMID, &paging), 0);
	KUNIT_EXPECT_EQ(test, gunyah_rm_demand_paging(fake->rm, 0, &paging), 0);
	KUNIT_EXPECT_EQ(test, paging, c->paging);
	KUNIT_EXPECT_EQ(test, fake->requests, c->requests);
}

/* R81: a question that was not put is no answer. */
static void flow_not_asked(struct kunit *test)
{
	static const struct flow_case c = { .error = GUNYAH_RM_ERROR_UNIMPLEMENTED };
	struct fake_rm *fake = test->priv;
	bool paging = true;

	fake->answer = flow_answer;
	fake->data = (void *)&c;
	fake->fail_send = 1;
	fake->send_error = GUNYAH_ERROR_ARG_INVAL;

	KUNIT_EXPECT_EQ(test, gunyah_rm_demand_paging(fake->rm, VMID, &paging), -ECOMM);
	KUNIT_EXPECT_EQ(test, gunyah_rm_demand_paging(fake->rm, VMID, &paging), 0);
	KUNIT_EXPECT_FALSE(test, paging);
}

/* R57: a type of authentication that kills the resource manager is never sent. */
static void unknown_auth(struct kunit *test)
{
	struct fake_rm *fake = test->priv;

	KUNIT_EXPECT_EQ(test, gunyah_rm_vm_configure(fake->rm, VMID, 3, 0, 0, 0, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, gunyah_rm_vm_configure(fake->rm, VMID, 7, 0, 0, 0, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, gunyah_rm_vm_configure(fake->rm, VMID, -1, 0, 0, 0, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 0);
}

/* R25: any value goes as it is. */
static void boot_context_values(struct kunit *test)
{
	static const u64 values[] = { 0, 2, 0x402, 0x406, 0xffff800081234562, U64_MAX };
	struct fake_rm *fake = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		KUNIT_EXPECT_EQ(test, gunyah_rm_vm_set_boot_context(fake->rm, VMID, 2, 1,
								    values[i]), 0);
		KUNIT_EXPECT_EQ(test, get_unaligned_le64(fake->request + 8), values[i]);
		KUNIT_EXPECT_EQ(test, fake->request[2], 2);
		KUNIT_EXPECT_EQ(test, fake->request[3], 1);
	}
}

static void unheard(struct gunyah_rm_listener *l)
{
}

/* R54: after unbind each call is -ENODEV, the reference keeps the rest alive. */
static void after_unbind(struct kunit *test)
{
	static const struct gunyah_rm_listener_ops ops = { .dead = unheard };
	struct gunyah_rm_listener early = { .ops = &ops, .vmid = VMID };
	struct gunyah_rm_listener l = { .ops = &ops, .vmid = VMID + 1 };
	struct fake_rm *fake = test->priv;
	struct gunyah_rm *rm = gunyah_rm_get(fake->rm);
	u16 vmid = 0;

	KUNIT_EXPECT_EQ(test, gunyah_rm_listen(rm, &early), 0);
	gunyah_rm_shutdown(rm);

	KUNIT_EXPECT_EQ(test, gunyah_rm_alloc_vmid(rm, &vmid), -ENODEV);
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_reclaim(rm, 0, false), -ENODEV);
	KUNIT_EXPECT_EQ(test, gunyah_rm_vm_stop(rm, VMID), -ENODEV);
	KUNIT_EXPECT_EQ(test, gunyah_rm_listen(rm, &l), -ENODEV);
	KUNIT_EXPECT_TRUE(test, gunyah_rm_is_dead(rm));
	KUNIT_EXPECT_NOT_NULL(test, dev_name(gunyah_rm_dev(rm)));
	KUNIT_EXPECT_EQ(test, fake->n_sent, 0);

	gunyah_rm_unlisten(rm, &early);
	gunyah_rm_put(rm);
}

static struct kunit_case calls_cases[] = {
	KUNIT_CASE_PARAM(error, error_gen_params),
	KUNIT_CASE_PARAM(vector, vector_gen_params),
	KUNIT_CASE_PARAM(short_reply, short_gen_params),
	KUNIT_CASE(no_resources),
	KUNIT_CASE(most_resources),
	KUNIT_CASE_PARAM(paging, paging_gen_params),
	KUNIT_CASE_PARAM(flow, flow_gen_params),
	KUNIT_CASE(flow_not_asked),
	KUNIT_CASE(unknown_auth),
	KUNIT_CASE(boot_context_values),
	KUNIT_CASE(after_unbind),
	{}
};

static struct kunit_suite calls_suite = {
	.name = "gunyah_rm_calls",
	.init = calls_init,
	.test_cases = calls_cases,
};

kunit_test_suite(calls_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the calls of Gunyah's resource manager");
MODULE_LICENSE("GPL");
