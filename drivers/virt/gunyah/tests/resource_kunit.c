// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of resources: interrupts that are and are not taken, and that a mapping
 * goes with its resource.  An interrupt controller of the test stands for the
 * GIC.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/of.h>

#include "../resource.h"

/* Numbers of the controller below: shared interrupts first, then extended ones. */
#define HWIRQ_ESPI	1024
#define HWIRQS		2048
#define HWIRQ_REFUSED	7

struct controller {
	struct device_node node;
	struct irq_domain *domain;
	unsigned int type;
};

static struct controller controller;

static int controller_translate(struct irq_domain *domain, struct irq_fwspec *fwspec,
				unsigned long *hwirq, unsigned int *type)
{
	if (fwspec->param_count != 3)
		return -EINVAL;

	switch (fwspec->param[0]) {
	case 0:
		*hwirq = fwspec->param[1];
		break;
	case 2:
		*hwirq = HWIRQ_ESPI + fwspec->param[1];
		break;
	default:
		return -EINVAL;
	}

	*type = fwspec->param[2];
	controller.type = *type;

	return *hwirq == HWIRQ_REFUSED ? -EINVAL : 0;
}

static int controller_set_type(struct irq_data *data, unsigned int type)
{
	return IRQ_SET_MASK_OK;
}

static struct irq_chip controller_chip = {
	.name = "gunyah-test",
	.irq_set_type = controller_set_type,
};

static int controller_map(struct irq_domain *domain, unsigned int irq, irq_hw_number_t hwirq)
{
	irq_set_chip_and_handler(irq, &controller_chip, handle_simple_irq);
	return 0;
}

static const struct irq_domain_ops controller_ops = {
	.translate = controller_translate,
	.map = controller_map,
};

#ifdef CONFIG_OF_KOBJ
static void controller_release(struct kobject *kobj)
{
}

/* References to the node are counted, it is never freed. */
static const struct kobj_type controller_ktype = {
	.release = controller_release,
};
#endif

static int resource_init(struct kunit *test)
{
	memset(&controller, 0, sizeof(controller));
	controller.node.full_name = "gunyah-test-controller";
	fwnode_init(&controller.node.fwnode, &of_fwnode_ops);
#ifdef CONFIG_OF_KOBJ
	kobject_init(&controller.node.kobj, &controller_ktype);
#endif
	controller.domain = irq_domain_create_linear(of_fwnode_handle(&controller.node), HWIRQS,
						     &controller_ops, NULL);

	return controller.domain ? 0 : -ENOMEM;
}

static void resource_exit(struct kunit *test)
{
	irq_domain_remove(controller.domain);
}

static struct gunyah_resource *create(u32 virq)
{
	return gunyah_resource_create(&controller.node, GUNYAH_RESOURCE_VCPU, 0, 1, virq);
}

struct virq_case {
	const char *name;
	u32 virq;
	int ret;
	unsigned long hwirq;
};

static const struct virq_case virq_cases[] = {
	{ "a private one", 31, -EINVAL },
	{ "the first shared one", 32, 0, 0 },
	{ "as recorded", 962, 0, 930 },
	{ "the last shared one", 1019, 0, 987 },
	{ "behind the shared ones", 1020, -EINVAL },
	{ "before the extended ones", 4095, -EINVAL },
	{ "the first extended one", 4096, 0, HWIRQ_ESPI },
	{ "the last extended one", 5119, 0, HWIRQ_ESPI + 1023 },
	{ "behind all", 5120, -EINVAL },
	{ "the largest number", U32_MAX, -EINVAL },
	{ "refused by the controller", 32 + HWIRQ_REFUSED, -ENXIO },
};

KUNIT_ARRAY_PARAM_DESC(virq, virq_cases, name);

/* R56, R70 */
static void virq(struct kunit *test)
{
	const struct virq_case *c = test->param_value;
	struct gunyah_resource *res = create(c->virq);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(res), c->ret);
	if (IS_ERR(res))
		return;

	KUNIT_EXPECT_NE(test, res->irq, 0);
	KUNIT_EXPECT_EQ(test, res->irq, irq_find_mapping(controller.domain, c->hwirq));
	KUNIT_EXPECT_EQ(test, controller.type, IRQ_TYPE_EDGE_RISING);
	gunyah_resource_destroy(res);
}

/* R70: a capability is any number, a type is not second-guessed. */
static void fields(struct kunit *test)
{
	struct gunyah_resource *res;

	/* A type that nobody knows, a capability with its top bit set. */
	res = gunyah_resource_create(&controller.node, 77, 0xffffffff, 0xf9c61ff9adb059ef, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, res);
	KUNIT_EXPECT_EQ(test, res->type, 77);
	KUNIT_EXPECT_EQ(test, res->label, 0xffffffff);
	KUNIT_EXPECT_EQ(test, res->capid, 0xf9c61ff9adb059ef);
	KUNIT_EXPECT_EQ(test, res->irq, 0);
	gunyah_resource_destroy(res);
}

/* R56: the mapping goes with its resource, and can be made again. */
static void mapping_goes_with_resource(struct kunit *test)
{
	struct gunyah_resource *res;
	int i;

	for (i = 0; i < 3; i++) {
		res = create(962);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, res);
		KUNIT_EXPECT_NE(test, irq_find_mapping(controller.domain, 930), 0);
		gunyah_resource_destroy(res);
		KUNIT_EXPECT_EQ(test, irq_find_mapping(controller.domain, 930), 0);
	}
}

/* R70: a second resource with the interrupt of the first would take it away from it. */
static void interrupt_of_another_resource(struct kunit *test)
{
	struct gunyah_resource *first = create(962);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(create(962)), -EBUSY);
	KUNIT_EXPECT_EQ(test, irq_find_mapping(controller.domain, 930), first->irq);
	gunyah_resource_destroy(first);
}

/* R70: the same with an interrupt of a device of this VM. */
static void interrupt_of_a_device(struct kunit *test)
{
	unsigned int irq = irq_create_mapping(controller.domain, 930);

	KUNIT_ASSERT_NE(test, irq, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(create(962)), -EBUSY);
	KUNIT_EXPECT_EQ(test, irq_find_mapping(controller.domain, 930), irq);
	irq_dispose_mapping(irq);
}

static struct kunit_case resource_cases[] = {
	KUNIT_CASE_PARAM(virq, virq_gen_params),
	KUNIT_CASE(fields),
	KUNIT_CASE(mapping_goes_with_resource),
	KUNIT_CASE(interrupt_of_another_resource),
	KUNIT_CASE(interrupt_of_a_device),
	{}
};

static struct kunit_suite resource_suite = {
	.name = "gunyah_resource",
	.init = resource_init,
	.exit = resource_exit,
	.test_cases = resource_cases,
};

kunit_test_suite(resource_suite);

MODULE_DESCRIPTION("Tests of Gunyah's resources");
MODULE_LICENSE("GPL");
