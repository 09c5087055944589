// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of ioeventfd (R45): what is refused, which writes signal, which function is
 * meant by a removal.  The look-up itself is tested in vm_io_kunit.c.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/module.h>

#include "../ioeventfd.h"
#include "eventfd_test.h"

#define ADDR	0x9000050
#define MATCH	GUNYAH_IOEVENTFD_FLAGS_DATAMATCH

/**
 * struct ioeventfd_test - a VM and two eventfds
 * @vm: the VM
 * @host: its connection
 * @a: an eventfd
 * @b: another
 */
struct ioeventfd_test {
	struct gunyah_vm vm;
	struct gunyah_vm_host host;
	struct test_eventfd a;
	struct test_eventfd b;
};

/* In eventfd_ctx_fdget()'s place. */
static struct eventfd_ctx *fake_eventfd(int fd)
{
	CLASS(fd, f)(fd);

	return fd_empty(f) ? ERR_PTR(-EBADF) : test_eventfd_ctx(fd_file(f));
}

static int ioeventfd_test_init(struct kunit *test)
{
	struct ioeventfd_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	test_vm_init(test, &t->vm, &t->host);
	test_eventfd_open(test, &t->a);
	test_eventfd_open(test, &t->b);
	kunit_activate_static_stub(test, gunyah_ioeventfd_eventfd, fake_eventfd);
	return 0;
}

static void ioeventfd_test_exit(struct kunit *test)
{
	struct ioeventfd_test *t = test->priv;

	test_vm_exit(&t->vm);
	test_eventfd_expect_free(test, &t->a);
	test_eventfd_expect_free(test, &t->b);
	test_eventfd_close(&t->a);
	test_eventfd_close(&t->b);
}

static int add(struct ioeventfd_test *t, const struct gunyah_fn_ioeventfd_arg *arg)
{
	return gunyah_vm_functions_add(&t->vm.functions, &t->vm, GUNYAH_FN_IOEVENTFD, arg,
				       sizeof(*arg));
}

static int remove(struct ioeventfd_test *t, const struct gunyah_fn_ioeventfd_arg *arg)
{
	return gunyah_vm_functions_remove(&t->vm.functions, GUNYAH_FN_IOEVENTFD, arg,
					  sizeof(*arg));
}

static int write(struct ioeventfd_test *t, u32 len, u64 data)
{
	return gunyah_vm_io_write(&t->vm.io, ADDR, len, data);
}

struct add_case {
	const char *name;
	u64 addr;
	u32 len;
	u32 flags;
	u32 padding;
	int ret;
};

static const struct add_case add_cases[] = {
	{ "any length", ADDR, 0, 0, 0, 0 },
	{ "1", ADDR, 1, 0, 0, 0 },
	{ "2", ADDR, 2, 0, 0, 0 },
	{ "3", ADDR, 3, 0, 0, -EINVAL },
	{ "4", ADDR, 4, 0, 0, 0 },
	{ "8", ADDR, 8, 0, 0, 0 },
	{ "9", ADDR, 9, 0, 0, -EINVAL },
	{ "16", ADDR, 16, 0, 0, -EINVAL },
	{ "all ones", ADDR, U32_MAX, 0, 0, -EINVAL },
	{ "value, any length", ADDR, 0, MATCH, 0, -EINVAL },
	{ "value, 1", ADDR, 1, MATCH, 0, 0 },
	{ "value, 3", ADDR, 3, MATCH, 0, -EINVAL },
	{ "value, 8", ADDR, 8, MATCH, 0, 0 },
	{ "unknown flag", ADDR, 4, 2, 0, -EINVAL },
	{ "value and an unknown flag", ADDR, 4, MATCH | 2, 0, -EINVAL },
	{ "top flag", ADDR, 4, BIT(31), 0, -EINVAL },
	{ "dirty padding", ADDR, 4, 0, U32_MAX, 0 },
	{ "wraps", U64_MAX - 2, 4, 0, 0, -EOVERFLOW },
	{ "last bytes", U64_MAX - 3, 4, 0, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(add_checks, add_cases, name);

/* R45, R71: after an error nothing is left. */
static void add_checks(struct kunit *test)
{
	const struct add_case *c = test->param_value;
	struct ioeventfd_test *t = test->priv;
	const struct gunyah_fn_ioeventfd_arg arg = {
		.datamatch = 5,
		.addr = c->addr,
		.len = c->len,
		.fd = t->a.fd,
		.flags = c->flags,
		.padding = c->padding,
	};

	/* All of this is seen before anything is allocated. */
	KUNIT_EXPECT_EQ(test, gunyah_ioeventfd_function.check_add(&arg), c->ret);
	KUNIT_EXPECT_EQ(test, add(t, &arg), c->ret);
	KUNIT_EXPECT_EQ(test, list_empty(&t->vm.functions.list), c->ret != 0);
	KUNIT_EXPECT_EQ(test, list_empty(&t->vm.io.handlers), c->ret != 0);
	if (c->ret)
		test_eventfd_expect_free(test, &t->a);
}

/* R45 */
static void bad_fd(struct kunit *test)
{
	struct ioeventfd_test *t = test->priv;
	struct gunyah_fn_ioeventfd_arg arg = { .addr = ADDR, .fd = -1 };

	KUNIT_EXPECT_EQ(test, add(t, &arg), -EBADF);
	arg.fd = t->a.fd;
	/* The real function does not take the test's file for an eventfd. */
	kunit_deactivate_static_stub(test, gunyah_ioeventfd_eventfd);
	KUNIT_EXPECT_EQ(test, add(t, &arg), -EINVAL);
	test_eventfd_close(&t->a);
	KUNIT_EXPECT_EQ(test, add(t, &arg), -EBADF);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->vm.functions.list));
}

/* R45: two values of one address, each with its eventfd; other writes are the monitor's. */
static void values(struct kunit *test)
{
	struct ioeventfd_test *t = test->priv;
	const struct gunyah_fn_ioeventfd_arg one = {
		.addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 0xdead0001, .fd = t->a.fd,
	};
	const struct gunyah_fn_ioeventfd_arg two = {
		.addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 2, .fd = t->b.fd,
	};
	const struct gunyah_fn_ioeventfd_arg same = {
		.addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 1, .fd = t->b.fd,
	};
	const struct gunyah_fn_ioeventfd_arg any = { .addr = ADDR, .fd = t->b.fd };

	KUNIT_ASSERT_EQ(test, add(t, &one), 0);
	KUNIT_ASSERT_EQ(test, add(t, &two), 0);
	KUNIT_EXPECT_EQ(test, add(t, &same), -EEXIST);
	KUNIT_EXPECT_EQ(test, add(t, &any), -EEXIST);

	KUNIT_EXPECT_EQ(test, write(t, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, write(t, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, write(t, 2, 0xbeef0002), 0);
	KUNIT_EXPECT_EQ(test, write(t, 2, 3), -ENOENT);
	KUNIT_EXPECT_EQ(test, write(t, 4, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 2);
	KUNIT_EXPECT_EQ(test, t->b.ctx.count, 1);
}

/* R45: a counter that is full stays so, and the write is done all the same. */
static void full_counter(struct kunit *test)
{
	struct ioeventfd_test *t = test->priv;
	const struct gunyah_fn_ioeventfd_arg arg = { .addr = ADDR, .fd = t->a.fd };

	KUNIT_ASSERT_EQ(test, add(t, &arg), 0);
	t->a.ctx.count = U64_MAX;
	KUNIT_EXPECT_EQ(test, write(t, 4, 1), 0);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, U64_MAX);
}

/* R45: the eventfd's file goes: the writes are still the ioeventfd's, until it is removed. */
static void file_goes(struct kunit *test)
{
	struct ioeventfd_test *t = test->priv;
	const struct gunyah_fn_ioeventfd_arg arg = { .addr = ADDR, .fd = t->a.fd };

	KUNIT_ASSERT_EQ(test, add(t, &arg), 0);
	test_eventfd_close(&t->a);
	KUNIT_EXPECT_EQ(test, write(t, 4, 1), 0);
	KUNIT_EXPECT_EQ(test, remove(t, &arg), 0);
	KUNIT_EXPECT_EQ(test, write(t, 4, 1), -ENOENT);
}

struct remove_case {
	const char *name;
	struct gunyah_fn_ioeventfd_arg added;
	struct gunyah_fn_ioeventfd_arg removed;
	int ret;
};

static const struct remove_case remove_cases[] = {
	{ "only the address", { .addr = ADDR }, { .addr = ADDR }, 0 },
	{ "another fd", { .addr = ADDR, .len = 4 }, { .addr = ADDR, .len = 4, .fd = 12345 }, 0 },
	{ "dirty padding", { .addr = ADDR }, { .addr = ADDR, .padding = U32_MAX }, 0 },
	{ "value not asked for", { .addr = ADDR }, { .addr = ADDR, .datamatch = 7 }, 0 },
	{ "other address", { .addr = ADDR }, { .addr = ADDR + 1 }, -ENOENT },
	{ "other length", { .addr = ADDR, .len = 4 }, { .addr = ADDR, .len = 2 }, -ENOENT },
	{ "any length for one", { .addr = ADDR, .len = 4 }, { .addr = ADDR }, -ENOENT },
	{ "one length for any", { .addr = ADDR }, { .addr = ADDR, .len = 4 }, -ENOENT },
	{ "value", { .addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 1 },
	  { .addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 1 }, 0 },
	{ "value, dirty upper bits", { .addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 1 },
	  { .addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 0xffff0001 }, 0 },
	{ "other value", { .addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 1 },
	  { .addr = ADDR, .len = 2, .flags = MATCH, .datamatch = 2 }, -ENOENT },
	{ "no value for one", { .addr = ADDR, .len = 2, .flags = MATCH },
	  { .addr = ADDR, .len = 2 }, -ENOENT },
	{ "value for none", { .addr = ADDR, .len = 2 },
	  { .addr = ADDR, .len = 2, .flags = MATCH }, -ENOENT },
	{ "length that is none", { .addr = ADDR }, { .addr = ADDR, .len = 3 }, -ENOENT },
	{ "unknown flag", { .addr = ADDR }, { .addr = ADDR, .flags = 2 }, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(removal, remove_cases, name);

/* R45 */
static void removal(struct kunit *test)
{
	const struct remove_case *c = test->param_value;
	struct ioeventfd_test *t = test->priv;
	struct gunyah_fn_ioeventfd_arg arg = c->added;
	u32 len = arg.len ?: 4;

	arg.fd = t->a.fd;
	KUNIT_ASSERT_EQ(test, add(t, &arg), 0);
	KUNIT_EXPECT_EQ(test, remove(t, &c->removed), c->ret);
	KUNIT_EXPECT_EQ(test, write(t, len, arg.datamatch), c->ret ? 0 : -ENOENT);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, c->ret ? 1 : 0);
	KUNIT_EXPECT_EQ(test, remove(t, &arg), c->ret ? 0 : -ENOENT);
	test_eventfd_expect_free(test, &t->a);
}

/* R45: of several on one address the one that is meant goes. */
static void remove_one_of_several(struct kunit *test)
{
	struct ioeventfd_test *t = test->priv;
	struct gunyah_fn_ioeventfd_arg arg = {
		.addr = ADDR, .len = 2, .flags = MATCH, .fd = t->a.fd,
	};
	u64 value;

	for (value = 0; value < 4; value++) {
		arg.datamatch = value;
		KUNIT_ASSERT_EQ(test, add(t, &arg), 0);
	}
	arg.datamatch = 2;
	KUNIT_EXPECT_EQ(test, remove(t, &arg), 0);
	for (value = 0; value < 4; value++)
		KUNIT_EXPECT_EQ(test, write(t, 2, value), value == 2 ? -ENOENT : 0);
	KUNIT_EXPECT_EQ(test, t->a.ctx.count, 3);
}

static struct kunit_case ioeventfd_cases[] = {
	KUNIT_CASE_PARAM(add_checks, add_checks_gen_params),
	KUNIT_CASE(bad_fd),
	KUNIT_CASE(values),
	KUNIT_CASE(full_counter),
	KUNIT_CASE(file_goes),
	KUNIT_CASE_PARAM(removal, removal_gen_params),
	KUNIT_CASE(remove_one_of_several),
	{}
};

static struct kunit_suite ioeventfd_suite = {
	.name = "gunyah_ioeventfd",
	.init = ioeventfd_test_init,
	.exit = ioeventfd_test_exit,
	.test_cases = ioeventfd_cases,
};

kunit_test_suite(ioeventfd_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of ioeventfds of Gunyah VMs");
MODULE_LICENSE("GPL");
