// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of irqfd (R45): what is refused, signals and doorbells, signals without a
 * doorbell, level, hang-up, removal.
 */
#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/gunyah.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../irqfd.h"
#include "../resource.h"
#include "../rm_calls.h"
#include "eventfd_test.h"

#define CAPID		0x8123456789abcdef
#define LABEL		17
#define OTHER_LABEL	18

/**
 * struct irqfd_test - a VM and two eventfds
 * @vm: the VM
 * @host: its connection
 * @dev: for messages
 * @a: an eventfd
 * @b: another
 * @rings: how often the doorbell was rung
 * @masks: how often its masks were set
 * @rings_when_masked: @rings when they were set
 * @mask_error: answer to that
 * @unmasked: it was rung with interrupts enabled
 * @bad: another doorbell, other flags or masks
 */
struct irqfd_test {
	struct gunyah_vm vm;
	struct gunyah_vm_host host;
	struct device *dev;
	struct test_eventfd a;
	struct test_eventfd b;
	unsigned int rings;
	unsigned int masks;
	unsigned int rings_when_masked;
	enum gunyah_error mask_error;
	bool unmasked;
	bool bad;
};

static enum gunyah_error fake_bell_send(u64 capid, u64 new_flags, u64 *old_flags)
{
	struct irqfd_test *t = kunit_get_current_test()->priv;

	t->rings++;
	t->unmasked |= !irqs_disabled();
	t->bad |= capid != CAPID || new_flags != 1;
	return GUNYAH_ERROR_OK;
}

static enum gunyah_error fake_bell_set_mask(u64 capid, u64 enable_mask, u64 ack_mask)
{
	struct irqfd_test *t = kunit_get_current_test()->priv;

	t->masks++;
	t->rings_when_masked = t->rings;
	t->bad |= capid != CAPID || enable_mask != 1 || ack_mask != 1;
	return t->mask_error;
}

static struct device *fake_dev(struct gunyah_rm *rm)
{
	struct irqfd_test *t = kunit_get_current_test()->priv;

	return t->dev;
}

static int irqfd_test_init(struct kunit *test)
{
	struct irqfd_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->dev = kunit_device_register(test, "fake-rm");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->dev);
	test->priv = t;
	test_vm_init(test, &t->vm, &t->host);
	test_eventfd_open(test, &t->a);
	test_eventfd_open(test, &t->b);
	kunit_activate_static_stub(test, gunyah_hypercall_bell_send, fake_bell_send);
	kunit_activate_static_stub(test, gunyah_hypercall_bell_set_mask, fake_bell_set_mask);
	kunit_activate_static_stub(test, gunyah_rm_dev, fake_dev);
	kunit_activate_static_stub(test, gunyah_irqfd_eventfd, test_eventfd_ctx);
	return 0;
}

static void irqfd_test_exit(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	test_vm_exit(&t->vm);
	test_eventfd_expect_free(test, &t->a);
	test_eventfd_expect_free(test, &t->b);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->vm.resources.tickets));
	KUNIT_EXPECT_FALSE(test, t->unmasked);
	KUNIT_EXPECT_FALSE(test, t->bad);
	test_eventfd_close(&t->a);
	test_eventfd_close(&t->b);
}

static int add_arg(struct irqfd_test *t, const struct gunyah_fn_irqfd_arg *arg)
{
	return gunyah_vm_functions_add(&t->vm.functions, &t->vm, GUNYAH_FN_IRQFD, arg,
				       sizeof(*arg));
}

static int add(struct irqfd_test *t, struct test_eventfd *e, u32 label, u32 flags)
{
	const struct gunyah_fn_irqfd_arg arg = { .fd = e->fd, .label = label, .flags = flags };

	return add_arg(t, &arg);
}

static int remove(struct irqfd_test *t, u32 label)
{
	const struct gunyah_fn_irqfd_arg arg = { .fd = -1, .label = label };

	return gunyah_vm_functions_remove(&t->vm.functions, GUNYAH_FN_IRQFD, &arg, sizeof(arg));
}

/* READY: the VM has one doorbell. */
static void fill(struct kunit *test, struct gunyah_vm *vm)
{
	const struct gunyah_rm_hyp_resource list[] = {
		{ .type = GUNYAH_RESOURCE_BELL_TX, .label = LABEL, .capid = CAPID },
		{ .type = GUNYAH_RESOURCE_BELL_RX, .label = OTHER_LABEL, .capid = 1 },
		{ .type = GUNYAH_RESOURCE_VCPU, .label = OTHER_LABEL, .capid = 2 },
	};

	KUNIT_ASSERT_EQ(test, gunyah_vm_resources_fill(&vm->resources, NULL, ARRAY_SIZE(list),
						       list), 0);
}

static void start(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	fill(test, &t->vm);
	t->vm.run++;
}

static void end(struct irqfd_test *t)
{
	t->vm.run++;
	gunyah_vm_resources_drain(&t->vm.resources);
}

enum which_fd {
	FD_GOOD,
	FD_NONE,
	FD_FREE,
	FD_OTHER_KIND,
};

struct add_case {
	const char *name;
	enum which_fd fd;
	u32 flags;
	u32 padding;
	int ret;
};

static const struct add_case add_cases[] = {
	{ "edge", FD_GOOD, 0, 0, 0 },
	{ "level", FD_GOOD, GUNYAH_IRQFD_FLAGS_LEVEL, 0, 0 },
	{ "dirty padding", FD_GOOD, 0, 0xdeadbeef, 0 },
	{ "unknown flag, no fd", FD_NONE, 2, 0, -EINVAL },
	{ "unknown flag", FD_GOOD, 2, 0, -EINVAL },
	{ "level and an unknown flag", FD_GOOD, 3, 0, -EINVAL },
	{ "top flag", FD_GOOD, BIT(31), 0, -EINVAL },
	{ "no fd", FD_NONE, 0, 0, -EBADF },
	{ "fd not open", FD_FREE, 0, 0, -EBADF },
	{ "fd of another kind", FD_OTHER_KIND, 0, 0, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(add_checks, add_cases, name);

/* R45, R71: after an error nothing is left, and no signal was taken. */
static void add_checks(struct kunit *test)
{
	const struct add_case *c = test->param_value;
	struct gunyah_fn_irqfd_arg arg = {
		.label = LABEL,
		.flags = c->flags,
		.padding = c->padding,
	};
	struct irqfd_test *t = test->priv;

	arg.fd = c->fd == FD_NONE ? -1 : t->a.fd;
	t->a.ctx.count = 1;
	start(test);
	/* The real function does not take the test's file for an eventfd. */
	if (c->fd == FD_OTHER_KIND)
		kunit_deactivate_static_stub(test, gunyah_irqfd_eventfd);
	if (c->fd == FD_FREE)
		test_eventfd_close(&t->a);

	/* Flags are looked at before anything is allocated, the fd is not. */
	KUNIT_EXPECT_EQ(test, gunyah_irqfd_function.check_add(&arg), c->flags > 1 ? -EINVAL : 0);
	KUNIT_EXPECT_EQ(test, add_arg(t, &arg), c->ret);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, c->ret ? 1 : 0);
	KUNIT_EXPECT_EQ(test, t->rings, c->ret ? 0 : 1);
	KUNIT_EXPECT_EQ(test, list_empty(&t->vm.functions.list), c->ret != 0);
	if (c->ret)
		test_eventfd_expect_free(test, &t->a);
}

/* R45: one irqfd a label; the second one is refused before it takes a signal. */
static void label_twice(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	t->b.ctx.count = 1;
	KUNIT_EXPECT_EQ(test, add(t, &t->b, LABEL, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, add(t, &t->a, LABEL, GUNYAH_IRQFD_FLAGS_LEVEL), -EEXIST);
	KUNIT_EXPECT_EQ(test, t->b.ctx.count, 1);
	test_eventfd_expect_free(test, &t->b);
	KUNIT_EXPECT_EQ(test, add(t, &t->b, OTHER_LABEL, 0), 0);
}

/* R45: each signal is a ring, and leaves nothing in the counter. */
static void signal_rings(struct kunit *test)
{
	struct irqfd_test *t = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 0);
	for (i = 1; i <= 5; i++) {
		t->a.ctx.count = i - 1;
		eventfd_signal(&t->a.ctx);
		KUNIT_EXPECT_EQ(test, t->rings, i);
		KUNIT_EXPECT_EQ(test, t->a.ctx.count, 0);
	}
	KUNIT_EXPECT_EQ(test, t->masks, 0);

	gunyah_vm_resources_drain(&t->vm.resources);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 5);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 0);
}

/* R45: an eventfd that counts down: a signal takes one off. */
static void semaphore(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	t->a.ctx.flags = EFD_SEMAPHORE;
	t->a.ctx.count = 3;
	start(test);
	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 2);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 2);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 2);
}

/* R45: two irqfds, of any VM, hear of the same eventfd. */
static void shared_eventfd(struct kunit *test)
{
	struct irqfd_test *t = test->priv;
	struct gunyah_vm *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	const struct gunyah_fn_irqfd_arg arg = { .fd = t->a.fd, .label = LABEL };

	KUNIT_ASSERT_NOT_NULL(test, other);
	test_vm_init(test, other, &t->host);
	KUNIT_EXPECT_EQ(test, add(t, &t->a, OTHER_LABEL, 0), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_functions_add(&other->functions, other, GUNYAH_FN_IRQFD,
						      &arg, sizeof(arg)), 0);
	KUNIT_EXPECT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	fill(test, &t->vm);
	fill(test, other);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 2);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 0);
	test_vm_exit(other);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 3);
}

/* R45: a signal from before the start is the next run's, once, however many there were. */
static void signal_before_start(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	eventfd_signal(&t->a.ctx);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 0);
	KUNIT_EXPECT_EQ(test, t->rings, 0);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 1);

	end(t);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
	end(t);
	eventfd_signal(&t->a.ctx);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 2);
}

/* R45: a start that fails takes the doorbell with the signal: the next start has both. */
static void signal_before_failed_start(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	eventfd_signal(&t->a.ctx);
	fill(test, &t->vm);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
	gunyah_vm_resources_drain(&t->vm.resources);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 2);
	end(t);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 2);
}

/* R45: what was signalled in a run, or after its exit, does not reach the next one. */
static void no_stale_signal(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	/* The first run has no doorbell at all. */
	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	t->vm.run++;
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 0);
	end(t);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 0);

	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
	end(t);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
}

/* R45: what the eventfd has counted when it is bound is a signal. */
static void signal_before_bind(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	t->a.ctx.count = 7;
	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 0);
	start(test);
	KUNIT_EXPECT_EQ(test, t->rings, 1);

	KUNIT_EXPECT_EQ(test, remove(t, LABEL), 0);
	t->b.ctx.count = 1;
	KUNIT_ASSERT_EQ(test, add(t, &t->b, LABEL, 0), 0);
	KUNIT_EXPECT_EQ(test, t->b.ctx.count, 0);
	KUNIT_EXPECT_EQ(test, t->rings, 2);
}

struct writer {
	wait_queue_entry_t wait;
	unsigned int woken;
};

static int writer_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	if (key_to_poll(key) & EPOLLOUT)
		container_of(wait, struct writer, wait)->woken++;
	return 0;
}

/* R45: who waits for room in the counter is told when it is drained. */
static void bind_wakes_writer(struct kunit *test)
{
	struct irqfd_test *t = test->priv;
	struct writer w = {};

	init_waitqueue_func_entry(&w.wait, writer_wakeup);
	add_wait_queue(&t->a.ctx.wqh, &w.wait);
	t->a.ctx.count = U64_MAX - 1;
	KUNIT_EXPECT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	KUNIT_EXPECT_EQ(test, w.woken, 1);
	remove_wait_queue(&t->a.ctx.wqh, &w.wait);
}

/* R45: masks are set for each doorbell that comes, and before it is rung. */
static void level(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, GUNYAH_IRQFD_FLAGS_LEVEL), 0);
	KUNIT_EXPECT_EQ(test, t->masks, 0);
	eventfd_signal(&t->a.ctx);
	start(test);
	KUNIT_EXPECT_EQ(test, t->masks, 1);
	KUNIT_EXPECT_EQ(test, t->rings_when_masked, 0);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->masks, 1);
	KUNIT_EXPECT_EQ(test, t->rings, 2);

	end(t);
	start(test);
	KUNIT_EXPECT_EQ(test, t->masks, 2);
	KUNIT_EXPECT_EQ(test, t->rings, 2);
}

/* R45: a device tree without source-can-clear: the start goes on, and so do signals. */
static void level_refused(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	t->mask_error = GUNYAH_ERROR_CSPACE_INSUF_RIGHTS;
	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, GUNYAH_IRQFD_FLAGS_LEVEL), 0);
	start(test);
	KUNIT_EXPECT_EQ(test, t->masks, 1);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
}

/* R45: the last close of the eventfd frees the label: for who asks next, at once. */
static void hang_up(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	start(test);
	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	test_eventfd_close(&t->a);
	KUNIT_EXPECT_EQ(test, add(t, &t->b, LABEL, 0), 0);
	test_eventfd_expect_free(test, &t->a);
	eventfd_signal(&t->b.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 1);

	test_eventfd_close(&t->b);
	KUNIT_EXPECT_EQ(test, remove(t, LABEL), -ENOENT);
	test_eventfd_expect_free(test, &t->b);
}

/* R45: the same when nobody asks. */
static void hang_up_alone(struct kunit *test)
{
	struct irqfd_test *t = test->priv;

	start(test);
	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, 0), 0);
	KUNIT_ASSERT_EQ(test, add(t, &t->a, OTHER_LABEL, 0), 0);
	KUNIT_ASSERT_EQ(test, add(t, &t->b, LABEL + 100, 0), 0);
	test_eventfd_close(&t->a);
	flush_work(&t->vm.functions.hang_up_work);
	test_eventfd_expect_free(test, &t->a);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&t->vm.functions.list));
	KUNIT_EXPECT_TRUE(test, list_is_singular(&t->vm.resources.tickets));
}

/* R45: a removed irqfd takes no signal. */
static void removal(struct kunit *test)
{
	const struct gunyah_fn_irqfd_arg dirty = {
		.fd = 12345,
		.label = LABEL,
		.flags = U32_MAX,
		.padding = U32_MAX,
	};
	struct irqfd_test *t = test->priv;

	start(test);
	KUNIT_ASSERT_EQ(test, add(t, &t->a, LABEL, GUNYAH_IRQFD_FLAGS_LEVEL), 0);
	KUNIT_EXPECT_EQ(test, remove(t, OTHER_LABEL), -ENOENT);
	KUNIT_EXPECT_EQ(test, remove(t, LABEL), 0);
	KUNIT_EXPECT_EQ(test, remove(t, LABEL), -ENOENT);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 0);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 1);

	/* Only the label is looked at. */
	KUNIT_ASSERT_EQ(test, add(t, &t->b, LABEL, 0), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_functions_remove(&t->vm.functions, GUNYAH_FN_IRQFD,
							 &dirty, sizeof(dirty)), 0);
}

#define MANY	256

/* R45: as a monitor adds one for each interrupt that there could be. */
static void many(struct kunit *test)
{
	struct irqfd_test *t = test->priv;
	u32 i;

	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, add(t, i == LABEL ? &t->b : &t->a, i,
					  GUNYAH_IRQFD_FLAGS_LEVEL), 0);
	start(test);
	KUNIT_EXPECT_EQ(test, t->masks, 1);
	eventfd_signal(&t->a.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 0);
	eventfd_signal(&t->b.ctx);
	KUNIT_EXPECT_EQ(test, t->rings, 1);
}

static struct kunit_case irqfd_cases[] = {
	KUNIT_CASE_PARAM(add_checks, add_checks_gen_params),
	KUNIT_CASE(label_twice),
	KUNIT_CASE(signal_rings),
	KUNIT_CASE(semaphore),
	KUNIT_CASE(shared_eventfd),
	KUNIT_CASE(signal_before_start),
	KUNIT_CASE(signal_before_failed_start),
	KUNIT_CASE(no_stale_signal),
	KUNIT_CASE(signal_before_bind),
	KUNIT_CASE(bind_wakes_writer),
	KUNIT_CASE(level),
	KUNIT_CASE(level_refused),
	KUNIT_CASE(hang_up),
	KUNIT_CASE(hang_up_alone),
	KUNIT_CASE(removal),
	KUNIT_CASE(many),
	{}
};

static struct kunit_suite irqfd_suite = {
	.name = "gunyah_irqfd",
	.init = irqfd_test_init,
	.exit = irqfd_test_exit,
	.test_cases = irqfd_cases,
};

kunit_test_suite(irqfd_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of irqfds of Gunyah VMs");
MODULE_LICENSE("GPL");
