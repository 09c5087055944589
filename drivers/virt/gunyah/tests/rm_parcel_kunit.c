// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of memparcels as the resource manager's calls make them: many entries in
 * several messages, and what becomes of a parcel that can't be finished.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/unaligned.h>

#include "../rm_calls.h"
#include "fake_rm.h"

#define VMID	128

static const struct gunyah_rm_mem_acl acl_guest_rwx[] = {
	{ VMID, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W | GUNYAH_RM_ACL_X },
};

/*
 * Recorded in 04b-fragments-600-entries: the first and the last fragment of its
 * MEM_LEND (36 fragments) and of its MEM_APPEND (7).
 */
static const struct rm_recorded recorded_600[] = {
	FRAGMENT(0x21, 0x8d, 0x02, 0x00, 0x12, 0x00, 0x00, 0x51,
		 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
		 0x00, 0x00, 0x80, 0x00, 0x07, 0x00, 0x00, 0x02, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x40, 0x50,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x40, 0x40, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x60,
		 0x40, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x40, 0x50, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0xa0, 0x40, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x40, 0x50,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0xe0, 0x40, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x41, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x41, 0x50, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x40, 0x41, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x60, 0x41, 0x50,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x80, 0x41, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa0,
		 0x41, 0x50),
	FRAGMENT(0x21, 0x8c, 0x02, 0x00, 0x12, 0x00, 0x00, 0x51,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x60, 0x7f, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80,
		 0x7f, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x7f, 0x50, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0xc0, 0x7f, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0x7f, 0x50,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x00),
	FRAGMENT(0x21, 0x19, 0x03, 0x00, 0x18, 0x00, 0x00, 0x51,
		 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x58, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x80, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20,
		 0x80, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x80, 0x50, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x60, 0x80, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x80, 0x50,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0xa0, 0x80, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0,
		 0x80, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0x80, 0x50, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x81, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x81, 0x50,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x40, 0x81, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x60,
		 0x81, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x81, 0x50, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0xa0, 0x81, 0x50, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
		 0x00, 0x00),
	FRAGMENT(0x21, 0x18, 0x03, 0x00, 0x18, 0x00, 0x00, 0x51,
		 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x00, 0x00, 0x20, 0x50, 0x00, 0x00, 0x00, 0x00,
		 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00),
};

/* What a memparcel's requests said, and which of them is refused. */
struct parcel_log {
	unsigned int n;
	u32 id[8];
	u8 flags[8];
	u16 entries[8];
	unsigned int refuse_from;
	unsigned int refuse_to;
};

static void answer_parcel(struct fake_rm *fake)
{
	struct parcel_log *log = fake->data;
	unsigned int i = log->n++;
	u16 acl = get_unaligned_le16(fake->request + 8);

	KUNIT_ASSERT_LT(fake->test, i, ARRAY_SIZE(log->id));
	log->id[i] = fake->request_id;

	switch (fake->request_id) {
	case GUNYAH_RM_MEM_LEND:
	case GUNYAH_RM_MEM_SHARE:
		log->flags[i] = fake->request[2];
		log->entries[i] = get_unaligned_le16(fake->request + 12 + 4 * acl);
		break;
	default:
		/* Both begin with the handle and the flags. */
		KUNIT_EXPECT_EQ(fake->test, get_unaligned_le32(fake->request), 5);
		log->flags[i] = fake->request[4];
		log->entries[i] = get_unaligned_le16(fake->request + 8);
		break;
	}

	if (i >= log->refuse_from && i < log->refuse_to)
		fake_rm_put_reply(fake, GUNYAH_RM_ERROR_DENIED, NULL, 0);
	else
		fake_rm_put_reply(fake, 0, "\5\0\0\0", 4);
}

static struct parcel_log *log_parcels(struct kunit *test)
{
	struct parcel_log *log = kunit_kzalloc(test, sizeof(*log), GFP_KERNEL);
	struct fake_rm *fake = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, log);
	fake->data = log;
	fake->answer = answer_parcel;

	return log;
}

/* A parcel of @n entries, those of the recording with 600. */
static struct gunyah_rm_mem_parcel *make_parcel(struct kunit *test, size_t n)
{
	struct gunyah_rm_mem_parcel *parcel = kunit_kzalloc(test, sizeof(*parcel), GFP_KERNEL);
	struct gunyah_rm_mem_entry *entries;
	size_t i;

	entries = kunit_kcalloc(test, n, sizeof(*entries), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, parcel);
	KUNIT_ASSERT_NOT_NULL(test, entries);

	for (i = 0; i < n; i++)
		entries[i] = (struct gunyah_rm_mem_entry){ 0x50400000 + i * 0x2000, 0x1000 };

	parcel->n_acl = ARRAY_SIZE(acl_guest_rwx);
	parcel->acl = acl_guest_rwx;
	parcel->n_entries = n;
	parcel->entries = entries;

	return parcel;
}

static void answer_handle_0(struct fake_rm *fake)
{
	fake_rm_put_reply(fake, 0, "\0\0\0\0", 4);
}

/* R65, R81: 600 entries are two requests: what was recorded of them is sent. */
static void recorded_600_entries(struct kunit *test)
{
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, 600);
	struct gunyah_rm_mem_entry *entries = (struct gunyah_rm_mem_entry *)parcel->entries;
	static const unsigned int places[] = { 0, 35, 36, 42 };
	struct fake_rm *fake = test->priv;
	unsigned int i;

	entries[0] = (struct gunyah_rm_mem_entry){ 0x50000000, 0x200000 };
	entries[599] = (struct gunyah_rm_mem_entry){ 0x50200000, 0x200000 };

	fake->answer = answer_handle_0;
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), 0);
	KUNIT_EXPECT_EQ(test, parcel->handle, 0);
	KUNIT_EXPECT_EQ(test, fake->n_sent, 43);
	for (i = 0; i < ARRAY_SIZE(places); i++)
		fake_rm_expect_sent(fake, places[i], &recorded_600[i]);
}

struct append_case {
	const char *name;
	size_t n;
	unsigned int requests;
	u16 entries[3];
	u8 flags[3];
};

/* MORE is 2, DONE is 1, which comes with an entry and only with one appended. */
static const struct append_case append_cases[] = {
	{ "one entry", 1, 1, { 1 }, { 0 } },
	{ "as many as one message takes", 512, 1, { 512 }, { 0 } },
	{ "one more", 513, 2, { 512, 1 }, { 2, 1 } },
	{ "two full messages", 1024, 2, { 512, 512 }, { 2, 1 } },
	{ "one more than two", 1025, 3, { 512, 512, 1 }, { 2, 0, 1 } },
};

KUNIT_ARRAY_PARAM_DESC(append, append_cases, name);

/* R65 */
static void append(struct kunit *test)
{
	const struct append_case *c = test->param_value;
	struct parcel_log *log = log_parcels(test);
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, c->n);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), 0);
	KUNIT_EXPECT_EQ(test, parcel->handle, 5);
	KUNIT_ASSERT_EQ(test, log->n, c->requests);
	for (i = 0; i < c->requests; i++) {
		KUNIT_EXPECT_EQ(test, log->id[i], i ? GUNYAH_RM_MEM_APPEND : GUNYAH_RM_MEM_LEND);
		KUNIT_EXPECT_EQ(test, log->entries[i], c->entries[i]);
		KUNIT_EXPECT_EQ(test, log->flags[i], c->flags[i]);
	}
}

/* R64: what was begun is taken back. */
static void append_refused(struct kunit *test)
{
	struct parcel_log *log = log_parcels(test);
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, 1025);

	log->refuse_from = 2;
	log->refuse_to = 3;
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), -EPERM);
	KUNIT_EXPECT_EQ(test, parcel->handle, GUNYAH_RM_MEM_HANDLE_INVALID);
	KUNIT_ASSERT_EQ(test, log->n, 4);
	KUNIT_EXPECT_EQ(test, log->id[3], GUNYAH_RM_MEM_RECLAIM);
	KUNIT_EXPECT_EQ(test, log->flags[3], 0);
}

/* R64: or the handle says that it is not. */
static void append_and_reclaim_refused(struct kunit *test)
{
	struct parcel_log *log = log_parcels(test);
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, 513);

	log->refuse_from = 1;
	log->refuse_to = 3;
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), -EPERM);
	KUNIT_EXPECT_EQ(test, parcel->handle, 5);
	KUNIT_EXPECT_EQ(test, log->n, 3);
}

/* R64: a request that could not be sent to its end: MEM_LEND of 36 fragments went. */
static void append_not_sent(struct kunit *test)
{
	struct parcel_log *log = log_parcels(test);
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, 600);

	fake->fail_send = 36 + 3;
	fake->send_error = GUNYAH_ERROR_NOMEM;
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), -ECOMM);
	KUNIT_EXPECT_EQ(test, parcel->handle, GUNYAH_RM_MEM_HANDLE_INVALID);
	KUNIT_ASSERT_EQ(test, log->n, 2);
	KUNIT_EXPECT_EQ(test, log->id[1], GUNYAH_RM_MEM_RECLAIM);
}

/* R64: nothing was begun. */
static void lend_refused(struct kunit *test)
{
	struct parcel_log *log = log_parcels(test);
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, 513);

	log->refuse_to = 1;
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), -EPERM);
	KUNIT_EXPECT_EQ(test, parcel->handle, GUNYAH_RM_MEM_HANDLE_INVALID);
	KUNIT_EXPECT_EQ(test, log->n, 1);
}

/* R63 */
static void sanitize_flags(struct kunit *test)
{
	struct parcel_log *log = log_parcels(test);
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, 513);

	parcel->sanitize = true;
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), 0);
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_reclaim(fake->rm, parcel->handle, true), 0);
	KUNIT_EXPECT_EQ(test, log->flags[0], 3);
	KUNIT_EXPECT_EQ(test, log->flags[1], 1);
	KUNIT_EXPECT_EQ(test, log->flags[2], 1);
}

struct list_case {
	const char *name;
	size_t n_acl;
	size_t n_entries;
	int ret;
};

static const struct list_case list_cases[] = {
	{ "nobody may", 0, 1, -EINVAL },
	{ "nothing to give", 1, 0, -EINVAL },
	{ "too many who may", 513, 1, -EINVAL },
	{ "both lists full", 512, 512, 0 },
};

KUNIT_ARRAY_PARAM_DESC(list, list_cases, name);

/* R71: looked at before anything is sent. */
static void lists(struct kunit *test)
{
	const struct list_case *c = test->param_value;
	struct parcel_log *log = log_parcels(test);
	struct fake_rm *fake = test->priv;
	struct gunyah_rm_mem_parcel *parcel = make_parcel(test, c->n_entries);

	parcel->n_acl = c->n_acl;
	parcel->acl = kunit_kcalloc(test, c->n_acl + 1, sizeof(*parcel->acl), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, parcel->acl);
	KUNIT_EXPECT_EQ(test, gunyah_rm_mem_give(fake->rm, parcel), c->ret);
	KUNIT_EXPECT_EQ(test, log->n, c->ret ? 0 : 1);
}

static int parcel_init(struct kunit *test)
{
	test->priv = fake_rm_create(test);

	return 0;
}

static struct kunit_case parcel_cases[] = {
	KUNIT_CASE(recorded_600_entries),
	KUNIT_CASE_PARAM(append, append_gen_params),
	KUNIT_CASE(append_refused),
	KUNIT_CASE(append_and_reclaim_refused),
	KUNIT_CASE(append_not_sent),
	KUNIT_CASE(lend_refused),
	KUNIT_CASE(sanitize_flags),
	KUNIT_CASE_PARAM(lists, list_gen_params),
	{}
};

static struct kunit_suite parcel_suite = {
	.name = "gunyah_rm_parcel",
	.init = parcel_init,
	.test_cases = parcel_cases,
};

kunit_test_suite(parcel_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of Gunyah memparcels on the wire");
MODULE_LICENSE("GPL");
