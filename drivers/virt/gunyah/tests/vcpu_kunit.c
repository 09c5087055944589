// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the vCPU function: how it takes its resource and gives it up (R7), and
 * that a function that is not made leaves nothing (R43).  An interrupt controller
 * of the test stands for the GIC, and refuses what it is told to.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gunyah.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/of.h>
#include <uapi/linux/gunyah.h>

#include "../resource.h"
#include "../rm_calls.h"
#include "../vcpu.h"
#include "../vcpu_run.h"

#define HWIRQS		64
#define VIRQ		40	/* the resource's: 32 is the controller's 0 */

struct controller {
	struct device_node node;
	struct irq_domain *domain;
	int type_ret;
	int wake_ret;
	int started;
	int wakes;
};

static struct controller controller;

static int chip_set_type(struct irq_data *data, unsigned int type)
{
	return controller.type_ret ?: IRQ_SET_MASK_OK;
}

static int chip_set_wake(struct irq_data *data, unsigned int on)
{
	if (controller.wake_ret)
		return controller.wake_ret;
	controller.wakes += on ? 1 : -1;
	return 0;
}

static unsigned int chip_startup(struct irq_data *data)
{
	controller.started++;
	return 0;
}

static void chip_shutdown(struct irq_data *data)
{
	controller.started--;
}

static struct irq_chip chip = {
	.name = "gunyah-test",
	.irq_set_type = chip_set_type,
	.irq_set_wake = chip_set_wake,
	.irq_startup = chip_startup,
	.irq_shutdown = chip_shutdown,
};

static int domain_translate(struct irq_domain *domain, struct irq_fwspec *fwspec,
			    unsigned long *hwirq, unsigned int *type)
{
	*hwirq = fwspec->param[1];
	*type = fwspec->param[2];
	return 0;
}

static int domain_map(struct irq_domain *domain, unsigned int irq, irq_hw_number_t hwirq)
{
	irq_set_chip_and_handler(irq, &chip, handle_simple_irq);
	return 0;
}

static const struct irq_domain_ops domain_ops = {
	.translate = domain_translate,
	.map = domain_map,
};

#ifdef CONFIG_OF_KOBJ
static void node_release(struct kobject *kobj)
{
}

static const struct kobj_type node_ktype = {
	.release = node_release,
};
#endif

/**
 * struct vcpu_test - a VM that has no more than the function needs
 * @vm: the VM
 * @host: its connection
 * @arg: of @fn
 * @fn: the function, bound by bind()
 * @features: what the hypervisor says that it has
 */
struct vcpu_test {
	struct gunyah_vm vm;
	struct gunyah_vm_host host;
	struct gunyah_fn_vcpu_arg arg;
	struct gunyah_vm_function fn;
	u64 features;
};

static void fake_identify(struct gunyah_identify_result *result)
{
	struct vcpu_test *t = kunit_get_current_test()->priv;

	result->flags[0] = t->features;
}

/* A vCPU that has a resource where it should have none gets here, and no further. */
static enum gunyah_error fake_vcpu_run(u64 capid, u64 resume0, u64 resume1, u64 resume2,
				       struct gunyah_vcpu_run_result *result)
{
	return GUNYAH_ERROR_DENIED;
}

static void on_changed(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state state)
{
}

static const struct gunyah_vm_rm_ops rm_ops = {
	.changed = on_changed,
};

static int vcpu_test_init(struct kunit *test)
{
	struct vcpu_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	memset(&controller, 0, sizeof(controller));
	controller.node.full_name = "gunyah-test-controller";
	fwnode_init(&controller.node.fwnode, &of_fwnode_ops);
#ifdef CONFIG_OF_KOBJ
	kobject_init(&controller.node.kobj, &node_ktype);
#endif
	controller.domain = irq_domain_create_linear(of_fwnode_handle(&controller.node), HWIRQS,
						     &domain_ops, NULL);
	KUNIT_ASSERT_NOT_NULL(test, controller.domain);

	kref_init(&t->vm.ref);
	t->vm.host = &t->host;
	t->vm.state = GUNYAH_VM_RUNNING;
	gunyah_vm_rm_setup(&t->vm.rm, NULL, &rm_ops, &t->host.stats);
	gunyah_vm_resources_init(&t->vm.resources);
	INIT_LIST_HEAD(&t->vm.watchers);
	t->fn.type = &gunyah_vcpu_function;
	t->fn.vm = &t->vm;
	t->fn.arg = &t->arg;
	t->features = GUNYAH_FEATURE_VCPU_RUN;
	test->priv = t;
	kunit_activate_static_stub(test, gunyah_hypercall_hyp_identify, fake_identify);
	kunit_activate_static_stub(test, gunyah_hypercall_vcpu_run, fake_vcpu_run);
	return 0;
}

static void vcpu_test_exit(struct kunit *test)
{
	irq_domain_remove(controller.domain);
}

static struct gunyah_vcpu *bind(struct kunit *test)
{
	struct vcpu_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_vcpu_function.bind(&t->fn), 0);
	return t->fn.priv;
}

/* Undoes bind(): the file was not published, so it is the test's. */
static void unbind(struct vcpu_test *t, struct gunyah_vcpu *vcpu)
{
	struct file *file = vcpu->file;

	put_unused_fd(vcpu->fd);
	gunyah_vcpu_function.unbind(&t->fn);
	__fput_sync(file);
}

static int fill(struct vcpu_test *t, u32 virq)
{
	const struct gunyah_rm_hyp_resource list[] = {
		{ .type = GUNYAH_RESOURCE_VCPU, .label = t->arg.id, .capid = 1, .virq = virq },
	};

	return gunyah_vm_resources_fill(&t->vm.resources, &controller.node, 1, list);
}

/* No resource, and nothing left of a try to take it. */
static void expect_without(struct kunit *test, struct gunyah_vcpu *vcpu)
{
	struct vcpu_test *t = test->priv;

	KUNIT_EXPECT_NULL(test, vcpu->res);
	KUNIT_EXPECT_NULL(test, vcpu->ticket.res);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->vm.resources.resources));
	KUNIT_EXPECT_EQ(test, controller.started, 0);
	KUNIT_EXPECT_EQ(test, controller.wakes, 0);
	KUNIT_EXPECT_EQ(test, irq_find_mapping(controller.domain, VIRQ - 32), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(vcpu), -ENODEV);
}

struct take_case {
	const char *name;
	u32 virq;
	int type_ret;
	int wake_ret;
	int ret;
};

static const struct take_case take_cases[] = {
	{ "no interrupt", 0, 0, 0, -EOPNOTSUPP },
	{ "interrupt refused", VIRQ, -EPERM, 0, -EPERM },
	{ "wake-up refused", VIRQ, 0, -EPERM, -EPERM },
};

KUNIT_ARRAY_PARAM_DESC(take_fails, take_cases, name);

/* R7: the vCPU is as without a resource, and can take it when it is there. */
static void take_fails(struct kunit *test)
{
	const struct take_case *c = test->param_value;
	struct vcpu_test *t = test->priv;
	struct gunyah_vcpu *vcpu = bind(test);

	controller.type_ret = c->type_ret;
	controller.wake_ret = c->wake_ret;
	KUNIT_EXPECT_EQ(test, fill(t, c->virq), c->ret);
	expect_without(test, vcpu);

	controller.type_ret = 0;
	controller.wake_ret = 0;
	KUNIT_EXPECT_EQ(test, fill(t, VIRQ), 0);
	KUNIT_EXPECT_NOT_NULL(test, vcpu->res);
	gunyah_vm_resources_drain(&t->vm.resources);
	expect_without(test, vcpu);
	unbind(t, vcpu);
}

/* R7: interrupt and wake-up are had once, and given back at each end. */
static void take_and_give_back(struct kunit *test)
{
	struct vcpu_test *t = test->priv;
	struct gunyah_vcpu *vcpu = bind(test);
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, fill(t, VIRQ), 0);
		KUNIT_EXPECT_NOT_NULL(test, vcpu->res);
		KUNIT_EXPECT_EQ(test, controller.started, 1);
		KUNIT_EXPECT_EQ(test, controller.wakes, 1);

		vcpu->woken = false;
		generic_handle_domain_irq_safe(controller.domain, VIRQ - 32);
		KUNIT_EXPECT_TRUE(test, vcpu->woken);

		gunyah_vm_resources_drain(&t->vm.resources);
		expect_without(test, vcpu);
	}
	unbind(t, vcpu);
}

/* R7: the function goes first; its resource is there for the next one. */
static void removed_with_resource(struct kunit *test)
{
	struct vcpu_test *t = test->priv;
	struct gunyah_vcpu *vcpu = bind(test);

	KUNIT_EXPECT_EQ(test, fill(t, VIRQ), 0);
	unbind(t, vcpu);
	KUNIT_EXPECT_EQ(test, controller.started, 0);
	KUNIT_EXPECT_EQ(test, controller.wakes, 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&t->vm.resources.resources));

	vcpu = bind(test);
	KUNIT_EXPECT_NOT_NULL(test, vcpu->res);
	KUNIT_EXPECT_EQ(test, controller.started, 1);
	KUNIT_EXPECT_EQ(test, controller.wakes, 1);
	gunyah_vm_resources_drain(&t->vm.resources);
	expect_without(test, vcpu);
	unbind(t, vcpu);
}

/* What a function that was not made would have left. */
static void expect_nothing_left(struct kunit *test, int fd)
{
	struct vcpu_test *t = test->priv;
	int now = get_unused_fd_flags(O_CLOEXEC);

	KUNIT_EXPECT_EQ(test, now, fd);
	if (now >= 0)
		put_unused_fd(now);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->vm.resources.tickets));
	KUNIT_EXPECT_TRUE(test, list_empty(&t->vm.watchers));
	KUNIT_EXPECT_EQ(test, kref_read(&t->vm.ref), 1);
}

/* R43: neither of these leaves an fd, a ticket, a watcher or a reference. */
static void not_made(struct kunit *test)
{
	struct vcpu_test *t = test->priv;
	struct gunyah_vm_function second = t->fn;
	struct gunyah_vcpu *vcpu;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	KUNIT_ASSERT_GE(test, fd, 0);
	put_unused_fd(fd);

	t->features = 0;
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_function.bind(&t->fn), -EOPNOTSUPP);
	expect_nothing_left(test, fd);

	/* Its resource is there, and can't be taken. */
	t->features = GUNYAH_FEATURE_VCPU_RUN;
	KUNIT_EXPECT_EQ(test, fill(t, VIRQ), 0);
	controller.wake_ret = -EPERM;
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_function.bind(&t->fn), -EPERM);
	expect_nothing_left(test, fd);
	KUNIT_EXPECT_EQ(test, controller.started, 0);

	controller.wake_ret = 0;
	vcpu = bind(test);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_function.bind(&second), -EEXIST);
	KUNIT_EXPECT_NOT_NULL(test, vcpu->res);
	unbind(t, vcpu);
	expect_nothing_left(test, fd);
	gunyah_vm_resources_drain(&t->vm.resources);
}

static struct kunit_case vcpu_cases[] = {
	KUNIT_CASE_PARAM(take_fails, take_fails_gen_params),
	KUNIT_CASE(take_and_give_back),
	KUNIT_CASE(removed_with_resource),
	KUNIT_CASE(not_made),
	{}
};

static struct kunit_suite vcpu_suite = {
	.name = "gunyah_vcpu",
	.init = vcpu_test_init,
	.exit = vcpu_test_exit,
	.test_cases = vcpu_cases,
};

kunit_test_suite(vcpu_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the vCPU function of Gunyah VMs");
MODULE_LICENSE("GPL");
