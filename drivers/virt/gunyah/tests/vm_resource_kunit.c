// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of tickets and resources: claims before and after the resources come,
 * failing claims, resources that nobody wants (R26, R27).
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../resource.h"
#include "../rm_calls.h"
#include "../vm_resource.h"

/* Not an interrupt that a resource can have. */
#define BAD_VIRQ	5

struct holder {
	struct gunyah_vm_ticket ticket;
	int fail;
	u64 capid;
	unsigned int populated;
	unsigned int unpopulated;
};

struct resource_test {
	struct gunyah_vm_resources r;
	struct holder holders[4];
};

static int populate(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res)
{
	struct holder *h = container_of(ticket, struct holder, ticket);

	h->populated++;
	if (h->fail)
		return h->fail;
	h->capid = res->capid;
	return 0;
}

static void unpopulate(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res)
{
	struct holder *h = container_of(ticket, struct holder, ticket);

	h->unpopulated++;
	h->capid = 0;
}

static const struct gunyah_vm_ticket_ops ops = {
	.populate = populate,
	.unpopulate = unpopulate,
};

static struct holder *holder(struct resource_test *t, unsigned int n, u32 type, u32 label)
{
	struct holder *h = &t->holders[n];

	h->ticket.type = type;
	h->ticket.label = label;
	h->ticket.ops = &ops;
	return h;
}

static int resource_test_init(struct kunit *test)
{
	struct resource_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	gunyah_vm_resources_init(&t->r);
	test->priv = t;
	return 0;
}

static void resource_test_exit(struct kunit *test)
{
	struct resource_test *t = test->priv;

	gunyah_vm_resources_drain(&t->r);
}

static const struct gunyah_rm_hyp_resource two_vcpus_and_a_bell[] = {
	{ .type = GUNYAH_RESOURCE_VCPU, .label = 0, .capid = 0x8000000000000010 },
	{ .type = GUNYAH_RESOURCE_VCPU, .label = 1, .capid = 0x11 },
	{ .type = GUNYAH_RESOURCE_BELL_TX, .label = 1, .capid = 0x12 },
};

static int fill(struct resource_test *t)
{
	return gunyah_vm_resources_fill(&t->r, NULL, ARRAY_SIZE(two_vcpus_and_a_bell),
					two_vcpus_and_a_bell);
}

static void claim_before_start(struct kunit *test)
{
	struct resource_test *t = test->priv;
	struct holder *vcpu = holder(t, 0, GUNYAH_RESOURCE_VCPU, 0);
	struct holder *bell = holder(t, 1, GUNYAH_RESOURCE_BELL_TX, 1);

	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &vcpu->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &bell->ticket), 0);
	KUNIT_EXPECT_EQ(test, vcpu->populated, 0);

	KUNIT_EXPECT_EQ(test, fill(t), 0);
	KUNIT_EXPECT_EQ(test, vcpu->capid, 0x8000000000000010);
	KUNIT_EXPECT_EQ(test, bell->capid, 0x12);

	gunyah_vm_resources_drain(&t->r);
	KUNIT_EXPECT_EQ(test, vcpu->unpopulated, 1);
	KUNIT_EXPECT_EQ(test, bell->unpopulated, 1);
	KUNIT_EXPECT_NULL(test, vcpu->ticket.res);

	/* The tickets stand: the next run fills them anew. */
	KUNIT_EXPECT_EQ(test, fill(t), 0);
	KUNIT_EXPECT_EQ(test, vcpu->populated, 2);
	KUNIT_EXPECT_EQ(test, bell->populated, 2);

	gunyah_vm_ticket_remove(&t->r, &vcpu->ticket);
	gunyah_vm_ticket_remove(&t->r, &bell->ticket);
	KUNIT_EXPECT_EQ(test, vcpu->unpopulated, 2);
}

static void claim_while_running(struct kunit *test)
{
	struct resource_test *t = test->priv;
	struct holder *first = holder(t, 0, GUNYAH_RESOURCE_VCPU, 1);
	struct holder *second = holder(t, 1, GUNYAH_RESOURCE_VCPU, 1);

	KUNIT_EXPECT_EQ(test, fill(t), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &first->ticket), 0);
	KUNIT_EXPECT_EQ(test, first->capid, 0x11);
	gunyah_vm_ticket_remove(&t->r, &first->ticket);
	KUNIT_EXPECT_EQ(test, first->unpopulated, 1);

	/* Its resource is there for another. */
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &second->ticket), 0);
	KUNIT_EXPECT_EQ(test, second->capid, 0x11);
	gunyah_vm_ticket_remove(&t->r, &second->ticket);
}

static void second_claim(struct kunit *test)
{
	struct resource_test *t = test->priv;
	struct holder *first = holder(t, 0, GUNYAH_RESOURCE_VCPU, 0);
	struct holder *second = holder(t, 1, GUNYAH_RESOURCE_VCPU, 0);
	struct holder *other_type = holder(t, 2, GUNYAH_RESOURCE_BELL_TX, 0);
	struct holder *other_label = holder(t, 3, GUNYAH_RESOURCE_VCPU, 1);

	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &first->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &second->ticket), -EEXIST);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &other_type->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &other_label->ticket), 0);
	KUNIT_EXPECT_EQ(test, fill(t), 0);
	KUNIT_EXPECT_EQ(test, second->populated, 0);
	KUNIT_EXPECT_EQ(test, other_type->populated, 0);
	KUNIT_EXPECT_EQ(test, other_label->populated, 1);

	gunyah_vm_ticket_remove(&t->r, &first->ticket);
	gunyah_vm_ticket_remove(&t->r, &other_type->ticket);
	gunyah_vm_ticket_remove(&t->r, &other_label->ticket);
}

static void populate_fails_at_start(struct kunit *test)
{
	struct resource_test *t = test->priv;
	struct holder *good = holder(t, 0, GUNYAH_RESOURCE_VCPU, 0);
	struct holder *bad = holder(t, 1, GUNYAH_RESOURCE_VCPU, 1);

	bad->fail = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &good->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &bad->ticket), 0);

	/* All or nothing. */
	KUNIT_EXPECT_EQ(test, fill(t), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, good->populated, 1);
	KUNIT_EXPECT_EQ(test, good->unpopulated, 1);
	KUNIT_EXPECT_EQ(test, bad->unpopulated, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->r.resources));

	bad->fail = 0;
	KUNIT_EXPECT_EQ(test, fill(t), 0);
	KUNIT_EXPECT_EQ(test, bad->capid, 0x11);

	gunyah_vm_ticket_remove(&t->r, &good->ticket);
	gunyah_vm_ticket_remove(&t->r, &bad->ticket);
}

static void populate_fails_late(struct kunit *test)
{
	struct resource_test *t = test->priv;
	struct holder *h = holder(t, 0, GUNYAH_RESOURCE_VCPU, 0);

	h->fail = -ENOMEM;
	KUNIT_EXPECT_EQ(test, fill(t), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &h->ticket), -ENOMEM);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->r.tickets));

	h->fail = 0;
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &h->ticket), 0);
	gunyah_vm_ticket_remove(&t->r, &h->ticket);
}

static void unknown_types(struct kunit *test)
{
	static const struct gunyah_rm_hyp_resource list[] = {
		{ .type = 7, .label = 0, .capid = 1 },
		{ .type = 200, .label = 0, .capid = 2, .virq = BAD_VIRQ },
		{ .type = GUNYAH_RESOURCE_VCPU, .label = 0, .capid = 3 },
	};
	struct resource_test *t = test->priv;
	struct holder *unknown = holder(t, 0, 7, 0);
	struct holder *vcpu = holder(t, 1, GUNYAH_RESOURCE_VCPU, 0);

	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &unknown->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &vcpu->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_resources_fill(&t->r, NULL, ARRAY_SIZE(list), list), 0);
	KUNIT_EXPECT_EQ(test, unknown->populated, 0);
	KUNIT_EXPECT_EQ(test, vcpu->capid, 3);

	gunyah_vm_ticket_remove(&t->r, &unknown->ticket);
	gunyah_vm_ticket_remove(&t->r, &vcpu->ticket);
}

/* R27: the one that can't be is of consequence where somebody has claimed it. */
static void bad_interrupt(struct kunit *test)
{
	static const struct gunyah_rm_hyp_resource list[] = {
		{ .type = GUNYAH_RESOURCE_VCPU, .label = 0, .capid = 1 },
		{ .type = GUNYAH_RESOURCE_VCPU, .label = 1, .capid = 2, .virq = BAD_VIRQ },
	};
	struct resource_test *t = test->priv;
	struct holder *vcpu = holder(t, 0, GUNYAH_RESOURCE_VCPU, 0);
	struct holder *second = holder(t, 1, GUNYAH_RESOURCE_VCPU, 1);

	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &vcpu->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &second->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_resources_fill(&t->r, NULL, ARRAY_SIZE(list), list),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vcpu->populated, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->r.resources));
	gunyah_vm_ticket_remove(&t->r, &second->ticket);

	KUNIT_EXPECT_EQ(test, gunyah_vm_resources_fill(&t->r, NULL, ARRAY_SIZE(list), list), 0);
	KUNIT_EXPECT_EQ(test, vcpu->capid, 1);
	/* Who comes for it now finds nothing. */
	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &second->ticket), 0);
	KUNIT_EXPECT_EQ(test, second->populated, 0);
	gunyah_vm_ticket_remove(&t->r, &second->ticket);
	gunyah_vm_ticket_remove(&t->r, &vcpu->ticket);
}

static void no_resources(struct kunit *test)
{
	struct resource_test *t = test->priv;
	struct holder *vcpu = holder(t, 0, GUNYAH_RESOURCE_VCPU, 0);

	KUNIT_EXPECT_EQ(test, gunyah_vm_ticket_add(&t->r, &vcpu->ticket), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_resources_fill(&t->r, NULL, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, vcpu->populated, 0);
	gunyah_vm_resources_drain(&t->r);
	KUNIT_EXPECT_EQ(test, vcpu->unpopulated, 0);
	gunyah_vm_ticket_remove(&t->r, &vcpu->ticket);
}

static struct kunit_case vm_resource_cases[] = {
	KUNIT_CASE(claim_before_start),
	KUNIT_CASE(claim_while_running),
	KUNIT_CASE(second_claim),
	KUNIT_CASE(populate_fails_at_start),
	KUNIT_CASE(populate_fails_late),
	KUNIT_CASE(unknown_types),
	KUNIT_CASE(bad_interrupt),
	KUNIT_CASE(no_resources),
	{}
};

static struct kunit_suite vm_resource_suite = {
	.name = "gunyah_vm_resource",
	.init = resource_test_init,
	.exit = resource_test_exit,
	.test_cases = vm_resource_cases,
};

kunit_test_suite(vm_resource_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the resources of Gunyah VMs");
MODULE_LICENSE("GPL");
