// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what Qualcomm's firmware is told when memory is given and taken back:
 * owners and rights, and that after any failure every piece is this VM's again
 * (R64).
 *
 * The module itself does not load where there is no such firmware, so the file is
 * built into this one.
 */
/* A copy under another name: the module may be built in, too. */
#define gunyah_qcom_ops gunyah_qcom_ops_tested
#include "../qcom_assign.c"

#include "platform_test.h"

#define HOST		BIT_ULL(QCOM_SCM_VMID_HLOS)
#define GUESTS		BIT_ULL(GUNYAH_QCOM_VMID_RM)

/* A piece of memory, as the firmware knows it. */
struct piece {
	u64 phys;
	u64 owners;
};

/* The firmware.  @calls so far; call number @fail ends with @err, from 1. */
static struct {
	struct piece pieces[PIECES];
	unsigned int n;
	unsigned int calls;
	unsigned int fail;
	int err;
	u64 from;
	struct qcom_scm_vmperm to[4];
	unsigned int n_to;
	size_t size;
} fw;

/* Memory belongs to this VM if it was never heard of. */
static struct piece *find_piece(struct kunit *test, u64 phys)
{
	unsigned int i;

	for (i = 0; i < fw.n; i++) {
		if (fw.pieces[i].phys == phys)
			return &fw.pieces[i];
	}

	KUNIT_ASSERT_LT(test, fw.n, ARRAY_SIZE(fw.pieces));
	fw.pieces[fw.n] = (struct piece) { .phys = phys, .owners = HOST };
	return &fw.pieces[fw.n++];
}

static int fw_assign(phys_addr_t phys, size_t size, u64 *from, const struct qcom_scm_vmperm *to,
		     unsigned int n)
{
	struct kunit *test = kunit_get_current_test();
	struct piece *piece = find_piece(test, phys);
	unsigned int i;

	/* The firmware would refuse that. */
	KUNIT_EXPECT_EQ(test, *from, piece->owners);
	KUNIT_ASSERT_GT(test, n, 0);
	KUNIT_ASSERT_LE(test, n, ARRAY_SIZE(fw.to));
	if (++fw.calls == fw.fail)
		return fw.err;

	fw.from = *from;
	fw.n_to = n;
	fw.size = size;
	memcpy(fw.to, to, n * sizeof(*to));
	piece->owners = 0;
	for (i = 0; i < n; i++)
		piece->owners |= BIT_ULL(to[i].vmid);
	*from = piece->owners;
	return 0;
}

static int qcom_test_init(struct kunit *test)
{
	memset(&fw, 0, sizeof(fw));
	kunit_activate_static_stub(test, gunyah_qcom_call, fw_assign);
	return 0;
}

static const struct gunyah_rm_mem_entry entry = { .ipa = 0x123456000, .size = SZ_64K };

/*
 * Owners
 */

struct acl_case {
	const char *name;
	size_t n_acl;
	struct gunyah_rm_mem_acl acl[2];
	unsigned int n_to;
	struct qcom_scm_vmperm to[2];
};

static const struct acl_case acl_cases[] = {
	{ "lent", 1, { { 0x80, ACL_RWX } }, 1, { { 0x3a, QCOM_SCM_PERM_RWX } } },
	{ "lent, the last vmid", 1, { { 0xffff, ACL_RWX } }, 1, { { 0x3a, QCOM_SCM_PERM_RWX } } },
	{ "lent to a fixed vmid", 1, { { 0x2d, ACL_RWX } }, 1, { { 0x2d, QCOM_SCM_PERM_RWX } } },
	{ "lent to the last fixed vmid", 1, { { 0x3f, ACL_RWX } }, 1,
	  { { 0x3f, QCOM_SCM_PERM_RWX } } },
	{ "lent to the first dynamic vmid", 1, { { 0x40, ACL_RWX } }, 1,
	  { { 0x3a, QCOM_SCM_PERM_RWX } } },
	{ "lent read only", 1, { { 0x80, GUNYAH_RM_ACL_R } }, 1, { { 0x3a, QCOM_SCM_PERM_READ } } },
	{ "shared", 2, { { 0x80, ACL_RWX }, { 3, ACL_RWX } }, 2,
	  { { 0x3a, QCOM_SCM_PERM_RWX }, { 3, QCOM_SCM_PERM_RWX } } },
	{ "shared without exec", 2,
	  { { 0x80, GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W }, { 3, ACL_RWX } }, 2,
	  { { 0x3a, QCOM_SCM_PERM_RW }, { 3, QCOM_SCM_PERM_RWX } } },
	{ "two guests are one", 2, { { 0x80, GUNYAH_RM_ACL_R }, { 0x81, GUNYAH_RM_ACL_W } }, 1,
	  { { 0x3a, QCOM_SCM_PERM_RW } } },
};

KUNIT_ARRAY_PARAM_DESC(acl, acl_cases, name);

static void expect_to(struct kunit *test, const struct qcom_scm_vmperm *to, unsigned int n)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, fw.size, entry.size);
	KUNIT_ASSERT_EQ(test, fw.n_to, n);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, fw.to[i].vmid, to[i].vmid);
		KUNIT_EXPECT_EQ(test, fw.to[i].perm, to[i].perm);
	}
}

static void expect_to_host(struct kunit *test)
{
	static const struct qcom_scm_vmperm host = { QCOM_SCM_VMID_HLOS, QCOM_SCM_PERM_RWX };

	expect_to(test, &host, 1);
	KUNIT_EXPECT_EQ(test, find_piece(test, entry.ipa)->owners, HOST);
}

static void owners_of_a_parcel(struct kunit *test)
{
	const struct acl_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.pre_give(&entry, c->acl, c->n_acl), 0);
	KUNIT_EXPECT_EQ(test, fw.from, HOST);
	expect_to(test, c->to, c->n_to);

	KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.post_reclaim(&entry, c->acl, c->n_acl), 0);
	expect_to_host(test);
	KUNIT_EXPECT_EQ(test, fw.calls, 2);
}

/* No parcel of this driver has so many: nothing is asked of the firmware. */
static void too_many_owners(struct kunit *test)
{
	static const struct gunyah_rm_mem_acl acl[] = {
		{ 0x80, ACL_RWX }, { 3, ACL_RWX }, { 0x2d, ACL_RWX },
	};

	KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.pre_give(&entry, acl, ARRAY_SIZE(acl)), -EINVAL);
	KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.post_reclaim(&entry, acl, ARRAY_SIZE(acl)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, fw.calls, 0);
}

static void owners_of_a_page(struct kunit *test)
{
	static const struct qcom_scm_vmperm to[] = {
		{ GUNYAH_QCOM_VMID_RM, QCOM_SCM_PERM_RWX },
		{ QCOM_SCM_VMID_HLOS, QCOM_SCM_PERM_RWX },
	};
	int shared;

	for (shared = 0; shared < 2; shared++) {
		KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.pre_demand_page(&entry, shared), 0);
		KUNIT_EXPECT_EQ(test, fw.from, HOST);
		expect_to(test, to, shared + 1);

		KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.release_demand_page(&entry, shared), 0);
		KUNIT_EXPECT_EQ(test, fw.from, shared ? GUESTS | HOST : GUESTS);
		expect_to_host(test);
	}
}

static void errors_of_the_firmware(struct kunit *test)
{
	static const struct gunyah_rm_mem_acl acl = { 0x80, ACL_RWX };
	static const int errs[][2] = {
		{ -ENOMEM, -ENOMEM }, { -EINVAL, -EINVAL }, { 1, -EIO }, { 0x7fffffff, -EIO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		fw.err = errs[i][0];
		fw.calls = 0;
		fw.fail = 1;
		KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.pre_give(&entry, &acl, 1), errs[i][1]);
		fw.calls = 0;
		KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.pre_demand_page(&entry, true), errs[i][1]);

		fw.calls = 0;
		fw.fail = 2;
		KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.pre_give(&entry, &acl, 1), 0);
		KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.post_reclaim(&entry, &acl, 1), errs[i][1]);
		fw.fail = 0;
		KUNIT_EXPECT_EQ(test, gunyah_qcom_ops.post_reclaim(&entry, &acl, 1), 0);
	}
}

/*
 * With the real give
 */

static void unregister(void *unused)
{
	gunyah_platform_unregister(&gunyah_qcom_ops);
}

static int qcom_give_test_init(struct kunit *test)
{
	int ret = parcel_test_init(test) ?: qcom_test_init(test);

	if (ret)
		return ret;

	ret = gunyah_platform_register(&gunyah_qcom_ops);
	if (ret == -EEXIST)
		kunit_skip(test, "the platform of this machine is registered");
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister, NULL), 0);
	return 0;
}

/* How many pieces have these owners? */
static unsigned int n_owned(u64 owners)
{
	unsigned int i, n = 0;

	for (i = 0; i < fw.n; i++)
		n += fw.pieces[i].owners == owners;
	return n;
}

static void expect_all_hosts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, n_owned(HOST), fw.n);
	expect_stats(test, 0, 0, 0, 0);
}

static void guest_there_and_back(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_pieces(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, fw.calls, PIECES);
	KUNIT_EXPECT_EQ(test, n_owned(GUESTS), LENT_PIECES);
	KUNIT_EXPECT_EQ(test, n_owned(GUESTS | HOST), 1);

	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	KUNIT_EXPECT_EQ(test, fw.calls, 2 * PIECES);
	expect_all_hosts(test);
}

/* All assigned or none, whichever fails; then it works. */
static void each_assignment_fails(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned int i;

	map_pieces(test);
	fw.err = -EINVAL;
	for (i = 1; i <= PIECES; i++) {
		forget_calls(t);
		fw.calls = 0;
		fw.fail = i;
		KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ENODEV);
		/* As many back as there. */
		KUNIT_EXPECT_EQ(test, fw.calls, 2 * i - 1);
		KUNIT_EXPECT_EQ(test, t->gives, i > LENT_PIECES);
		KUNIT_EXPECT_EQ(test, t->reclaims, t->gives);
		expect_all_hosts(test);
	}

	forget_calls(t);
	fw.fail = 0;
	KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), 0);
	KUNIT_EXPECT_EQ(test, take_back(t), 0);
	expect_all_hosts(test);
}

static void each_request_fails(struct kunit *test)
{
	struct parcel_test *t = test->priv;
	unsigned int i;

	map_pieces(test);
	for (i = 1; i <= 2; i++) {
		forget_calls(t);
		t->fail_give = i;
		t->err = -EPERM;
		KUNIT_EXPECT_EQ(test, give(t, GPA, SZ_4K), -ENODEV);
		KUNIT_EXPECT_EQ(test, t->gives, i);
		expect_all_hosts(test);
	}
}

/* The way back fails in the middle: all of that parcel is lost, the rest is not. */
static void way_back_fails(struct kunit *test)
{
	struct parcel_test *t = test->priv;

	map_pieces(test);
	KUNIT_ASSERT_EQ(test, give(t, GPA, SZ_4K), 0);
	fw.calls = 0;
	fw.fail = 3;
	fw.err = -EINVAL;
	KUNIT_EXPECT_EQ(test, take_back(t), 1);
	KUNIT_EXPECT_EQ(test, fw.calls, 3);
	/* The shared one, and one of the image. */
	KUNIT_EXPECT_EQ(test, n_owned(HOST), 2);
	KUNIT_EXPECT_EQ(test, n_owned(GUESTS), LENT_PIECES - 1);
	expect_stats(test, 0, 0, LENT_PIECES * PAGE_SIZE, 0);
}

static struct kunit_case qcom_assign_test_cases[] = {
	KUNIT_CASE_PARAM(owners_of_a_parcel, acl_gen_params),
	KUNIT_CASE(too_many_owners),
	KUNIT_CASE(owners_of_a_page),
	KUNIT_CASE(errors_of_the_firmware),
	{}
};

static struct kunit_suite qcom_assign_test_suite = {
	.name		= "gunyah_qcom_assign",
	.init		= qcom_test_init,
	.test_cases	= qcom_assign_test_cases,
};

static struct kunit_case qcom_give_test_cases[] = {
	KUNIT_CASE(guest_there_and_back),
	KUNIT_CASE(each_assignment_fails),
	KUNIT_CASE(each_request_fails),
	KUNIT_CASE(way_back_fails),
	{}
};

static struct kunit_suite qcom_give_test_suite = {
	.name		= "gunyah_qcom_give",
	.init		= qcom_give_test_init,
	.test_cases	= qcom_give_test_cases,
};

kunit_test_suites(&qcom_assign_test_suite, &qcom_give_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of memory of Gunyah VMs in Qualcomm's firmware");
MODULE_LICENSE("GPL");
