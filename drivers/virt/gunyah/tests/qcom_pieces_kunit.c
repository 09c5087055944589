// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what Qualcomm's firmware is told in the demand-paged flow: whoever was
 * named when memory went is named when it comes back, also where it went in a parcel
 * and comes back as pieces (R64).
 */
/* A copy under another name: the module may be built in, too. */
#define gunyah_qcom_ops gunyah_qcom_ops_in_pieces
#include "../qcom_assign.c"

#include "paging_test.h"

#define HOST		BIT_ULL(QCOM_SCM_VMID_HLOS)
#define GUESTS		BIT_ULL(GUNYAH_QCOM_VMID_RM)

/* The last call. */
static struct {
	u64 from;
	u64 to;
	size_t size;
} fw;

static int fw_assign(phys_addr_t phys, size_t size, u64 *from, const struct qcom_scm_vmperm *to,
		     unsigned int n)
{
	fw.from = *from;
	fw.size = size;
	for (fw.to = 0; n; n--)
		fw.to |= BIT_ULL(to[n - 1].vmid);
	return 0;
}

static void unregister(void *unused)
{
	gunyah_platform_unregister(&gunyah_qcom_ops);
}

static int qcom_pieces_test_init(struct kunit *test)
{
	int ret = paging_test_init(test);

	if (ret)
		return ret;

	memset(&fw, 0, sizeof(fw));
	kunit_activate_static_stub(test, gunyah_qcom_call, fw_assign);
	ret = gunyah_platform_register(&gunyah_qcom_ops);
	if (ret == -EEXIST)
		kunit_skip(test, "the platform of this machine is registered");
	KUNIT_ASSERT_EQ(test, ret, 0);
	return kunit_add_action_or_reset(test, unregister, NULL);
}

static void expect_call(struct kunit *test, u64 from, u64 to)
{
	KUNIT_EXPECT_EQ(test, fw.from, from);
	KUNIT_EXPECT_EQ(test, fw.to, to);
}

struct vmid_case {
	const char *name;
	u16 vmid;
	u64 owner;
};

static const struct vmid_case vmid_cases[] = {
	{ "a vmid that the firmware knows", 0x2d, BIT_ULL(0x2d) },
	{ "the last of these", 0x3f, BIT_ULL(0x3f) },
	{ "the first that it does not know", 0x40, GUESTS },
	{ "a dynamic one", 0x80, GUESTS },
};

KUNIT_ARRAY_PARAM_DESC(vmid, vmid_cases, name);

/* The device tree goes to the VM itself, as a parcel; what it touches to all guests. */
static void owner_is_named_again(struct kunit *test)
{
	const struct vmid_case *c = test->param_value;
	struct paging_test *t = test->priv;

	map_guest(test);
	KUNIT_ASSERT_EQ(test, gunyah_vm_paging_give(&t->mem, rm_of(t), c->vmid, DTB, DTB_SIZE,
						    &t->image), 0);
	expect_call(test, HOST, c->owner);
	t->layout_base = t->image.base;
	fill_resources(test, -1);
	hyp_adopt(test);
	gunyah_vm_paging_started(&t->mem, 0);

	KUNIT_ASSERT_EQ(test, fault(t, RAM, true), 0);
	expect_call(test, HOST, GUESTS);
	KUNIT_ASSERT_EQ(test, fault(t, SHM, true), 0);
	expect_call(test, HOST, GUESTS | HOST);

	/* A part, and the rest at the end. */
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, DTB, PAGE_SIZE), 0);
	expect_call(test, c->owner, HOST);
	KUNIT_EXPECT_EQ(test, fw.size, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, SHM, PAGE_SIZE), 0);
	expect_call(test, GUESTS | HOST, HOST);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, RAM, PAGE_SIZE), 0);
	expect_call(test, GUESTS, HOST);

	/* It comes back page by page then. */
	KUNIT_ASSERT_EQ(test, fault(t, DTB, true), 0);
	expect_call(test, HOST, GUESTS);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, DTB, PAGE_SIZE), 0);
	expect_call(test, GUESTS, HOST);
	KUNIT_EXPECT_EQ(test, gunyah_vm_paging_reclaim(&t->mem, DTB + PAGE_SIZE, PAGE_SIZE), 0);
	expect_call(test, c->owner, HOST);
	KUNIT_EXPECT_EQ(test, end(t), 0);
	expect_all_back(test);
}

static struct kunit_case qcom_pieces_test_cases[] = {
	KUNIT_CASE_PARAM(owner_is_named_again, vmid_gen_params),
	{}
};

static struct kunit_suite qcom_pieces_test_suite = {
	.name		= "gunyah_qcom_pieces",
	.init		= qcom_pieces_test_init,
	.exit		= paging_test_exit,
	.test_cases	= qcom_pieces_test_cases,
};

kunit_test_suites(&qcom_pieces_test_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_IMPORT_NS(GUNYAH_DIRECT_MAP);
MODULE_DESCRIPTION("KUnit tests of a Gunyah VM's pieces of memory in Qualcomm's firmware");
MODULE_LICENSE("GPL");
