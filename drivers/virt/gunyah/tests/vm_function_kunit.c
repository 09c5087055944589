// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the registry of function types and of a VM's functions (R40 to R43), and
 * of functions that hang up (R45).
 */
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include <uapi/linux/gunyah.h>

#include "../vm_function.h"

/* Of no real function. */
#define TYPE		0x7e57
#define TYPE_UNKNOWN	0x7e58

struct fn_arg {
	u32 id;
	u32 other;
};

struct function_test {
	struct gunyah_vm_functions fns;
	struct gunyah_vm_function *last;
	int bind_ret;
	int publish_ret;
	int check_ret;
	int check_add_ret;
	unsigned int binds;
	bool hang_up_in_bind;
	unsigned int bound;
	unsigned int unbound;
	u32 last_unbound;
	bool in_list_when_published;
	int refs;
};

/* References to this module; built in there are none. */
static int refs(void)
{
#ifdef MODULE
	return module_refcount(THIS_MODULE);
#else
	return 0;
#endif
}

static struct function_test *current_test(void)
{
	return kunit_get_current_test()->priv;
}

static int fn_bind(struct gunyah_vm_function *fn)
{
	struct function_test *t = current_test();

	t->binds++;
	if (t->hang_up_in_bind)
		gunyah_vm_function_hang_up(fn);
	if (t->bind_ret)
		return t->bind_ret;
	t->bound++;
	t->last = fn;
	fn->priv = t;
	return 0;
}

static int fn_publish(struct gunyah_vm_function *fn)
{
	struct function_test *t = current_test();
	struct gunyah_vm_function *other;

	list_for_each_entry(other, &t->fns.list, list) {
		if (other == fn)
			t->in_list_when_published = true;
	}
	return t->publish_ret;
}

static void fn_unbind(struct gunyah_vm_function *fn)
{
	struct function_test *t = fn->priv;
	const struct fn_arg *arg = fn->arg;

	t->unbound++;
	t->last_unbound = arg->id;
}

static int fn_check_add(const void *arg)
{
	return current_test()->check_add_ret;
}

static int fn_check_remove(const void *arg)
{
	return current_test()->check_ret;
}

static bool fn_compare(const struct gunyah_vm_function *fn, const void *arg)
{
	const struct fn_arg *a = fn->arg;
	const struct fn_arg *b = arg;

	return a->id == b->id;
}

static const struct gunyah_vm_function_type type = {
	.type = TYPE,
	.name = "test",
	.owner = THIS_MODULE,
	.arg_size = sizeof(struct fn_arg),
	.check_add = fn_check_add,
	.bind = fn_bind,
	.publish = fn_publish,
	.unbind = fn_unbind,
	.check_remove = fn_check_remove,
	.compare = fn_compare,
};

static int function_test_init(struct kunit *test)
{
	struct function_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	gunyah_vm_functions_init(&t->fns);
	test->priv = t;
	t->refs = refs();
	KUNIT_ASSERT_EQ(test, gunyah_vm_function_register(&type), 0);
	return 0;
}

static void function_test_exit(struct kunit *test)
{
	struct function_test *t = test->priv;

	gunyah_vm_functions_close(&t->fns);
	KUNIT_EXPECT_EQ(test, t->bound, t->unbound);
	KUNIT_EXPECT_EQ(test, refs(), t->refs);
	gunyah_vm_function_unregister(&type);
}

static int add(struct function_test *t, u32 id)
{
	struct fn_arg arg = { .id = id, .other = 0xdeadbeef };

	return gunyah_vm_functions_add(&t->fns, NULL, TYPE, &arg, sizeof(arg));
}

static int remove(struct function_test *t, u32 id)
{
	struct fn_arg arg = { .id = id };

	return gunyah_vm_functions_remove(&t->fns, TYPE, &arg, sizeof(arg));
}

/* R40 */
static void register_twice(struct kunit *test)
{
	struct gunyah_vm_function_type other = type;

	KUNIT_EXPECT_EQ(test, gunyah_vm_function_register(&type), -EEXIST);
	KUNIT_EXPECT_EQ(test, gunyah_vm_function_register(&other), -EEXIST);

	/* Of a type that is not registered: the other one stays. */
	gunyah_vm_function_unregister(&other);
	KUNIT_EXPECT_EQ(test, gunyah_vm_function_register(&other), -EEXIST);
}

struct register_case {
	const char *name;
	bool no_bind;
	bool no_unbind;
	bool no_compare;
	size_t arg_size;
	int ret;
};

static const struct register_case register_cases[] = {
	{ "no bind", true, false, false, 8, -EINVAL },
	{ "no unbind", false, true, false, 8, -EINVAL },
	{ "no compare", false, false, true, 8, -EINVAL },
	{ "argument too large", false, false, false, GUNYAH_FN_MAX_ARG_SIZE + 1, -EINVAL },
	{ "largest argument", false, false, false, GUNYAH_FN_MAX_ARG_SIZE, 0 },
	{ "no argument", false, false, false, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(register_type, register_cases, name);

static void register_type(struct kunit *test)
{
	const struct register_case *c = test->param_value;
	struct gunyah_vm_function_type other = {
		.type = TYPE_UNKNOWN,
		.owner = THIS_MODULE,
		.arg_size = c->arg_size,
		.bind = c->no_bind ? NULL : fn_bind,
		.unbind = c->no_unbind ? NULL : fn_unbind,
		.compare = c->no_compare ? NULL : fn_compare,
	};

	KUNIT_EXPECT_EQ(test, gunyah_vm_function_register(&other), c->ret);
	gunyah_vm_function_unregister(&other);
}

/* R41, R42 */
struct size_case {
	const char *name;
	u32 type;
	size_t size;
	int add_ret;
	int remove_ret;
};

static const struct size_case size_cases[] = {
	{ "right", TYPE, sizeof(struct fn_arg), 0, 0 },
	{ "0", TYPE, 0, -EINVAL, -EINVAL },
	{ "one less", TYPE, sizeof(struct fn_arg) - 1, -EINVAL, -EINVAL },
	{ "one more", TYPE, sizeof(struct fn_arg) + 1, -EINVAL, -EINVAL },
	{ "largest", TYPE, GUNYAH_FN_MAX_ARG_SIZE, -EINVAL, -EINVAL },
	{ "above the largest", TYPE, GUNYAH_FN_MAX_ARG_SIZE + 1, -EINVAL, -EINVAL },
	{ "all ones", TYPE, SIZE_MAX, -EINVAL, -EINVAL },
	{ "unknown type", TYPE_UNKNOWN, sizeof(struct fn_arg), -EINVAL, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(size, size_cases, name);

static void size(struct kunit *test)
{
	const struct size_case *c = test->param_value;
	struct function_test *t = test->priv;
	u8 arg[GUNYAH_FN_MAX_ARG_SIZE] = {};

	KUNIT_EXPECT_EQ(test, gunyah_vm_functions_add(&t->fns, NULL, c->type, arg, c->size),
			c->add_ret);
	KUNIT_EXPECT_EQ(test, gunyah_vm_functions_remove(&t->fns, c->type, arg, c->size),
			c->remove_ret);
}

/* R43 */
static void add_publishes_last(struct kunit *test)
{
	struct function_test *t = test->priv;

	t->publish_ret = 17;
	KUNIT_EXPECT_EQ(test, add(t, 1), 17);
	KUNIT_EXPECT_TRUE(test, t->in_list_when_published);
	KUNIT_EXPECT_EQ(test, refs(), t->refs + IS_MODULE(CONFIG_GUNYAH_KUNIT_TEST));
	KUNIT_EXPECT_EQ(test, remove(t, 1), 0);
	KUNIT_EXPECT_EQ(test, refs(), t->refs);
}

static void bind_fails(struct kunit *test)
{
	struct function_test *t = test->priv;

	t->bind_ret = -EEXIST;
	KUNIT_EXPECT_EQ(test, add(t, 1), -EEXIST);
	KUNIT_EXPECT_FALSE(test, t->in_list_when_published);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->fns.list));
	KUNIT_EXPECT_EQ(test, refs(), t->refs);

	t->bind_ret = 0;
	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
}

/* R71: what the type says of the argument by itself comes before its bind. */
static void add_checks(struct kunit *test)
{
	struct function_test *t = test->priv;

	t->check_add_ret = -EOVERFLOW;
	KUNIT_EXPECT_EQ(test, add(t, 1), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, t->binds, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->fns.list));
	KUNIT_EXPECT_EQ(test, refs(), t->refs);

	t->check_add_ret = 0;
	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	KUNIT_EXPECT_EQ(test, t->binds, 1);
}

static void remove_compares(struct kunit *test)
{
	struct function_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, remove(t, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	KUNIT_EXPECT_EQ(test, add(t, 2), 0);
	KUNIT_EXPECT_EQ(test, add(t, 3), 0);
	KUNIT_EXPECT_EQ(test, remove(t, 4), -ENOENT);
	KUNIT_EXPECT_EQ(test, remove(t, 2), 0);
	KUNIT_EXPECT_EQ(test, t->last_unbound, 2);
	KUNIT_EXPECT_EQ(test, remove(t, 2), -ENOENT);
	KUNIT_EXPECT_EQ(test, add(t, 2), 0);
	KUNIT_EXPECT_EQ(test, remove(t, 2), 0);
	KUNIT_EXPECT_EQ(test, t->unbound, 2);
}

/* What a type says of the argument comes before the look for the function. */
static void remove_checks(struct kunit *test)
{
	struct function_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	t->check_ret = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, remove(t, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, remove(t, 2), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, t->unbound, 0);
	t->check_ret = 0;
	KUNIT_EXPECT_EQ(test, remove(t, 1), 0);
}

/* The worker removes what hung up, and that only. */
static void hang_up(struct kunit *test)
{
	struct function_test *t = test->priv;
	struct gunyah_vm_function *fn;

	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	KUNIT_EXPECT_EQ(test, add(t, 2), 0);
	fn = t->last;
	KUNIT_EXPECT_EQ(test, add(t, 3), 0);
	gunyah_vm_function_hang_up(fn);
	flush_work(&t->fns.hang_up_work);
	KUNIT_EXPECT_EQ(test, t->unbound, 1);
	KUNIT_EXPECT_EQ(test, t->last_unbound, 2);
	KUNIT_EXPECT_EQ(test, refs(), t->refs + 2 * IS_MODULE(CONFIG_GUNYAH_KUNIT_TEST));
	KUNIT_EXPECT_EQ(test, remove(t, 2), -ENOENT);
	KUNIT_EXPECT_EQ(test, remove(t, 1), 0);
}

/* Before the worker comes, adding and removing find it gone, too. */
static void hang_up_is_seen(struct kunit *test)
{
	struct function_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	gunyah_vm_function_hang_up(t->last);
	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	KUNIT_EXPECT_EQ(test, t->unbound, 1);
	gunyah_vm_function_hang_up(t->last);
	KUNIT_EXPECT_EQ(test, remove(t, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, t->unbound, 2);

	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	gunyah_vm_function_hang_up(t->last);
	gunyah_vm_functions_close(&t->fns);
	KUNIT_EXPECT_EQ(test, t->unbound, 3);
	KUNIT_EXPECT_FALSE(test, work_busy(&t->fns.hang_up_work));
}

/* It hangs up before it is in the list, and before its bind fails. */
static void hang_up_in_bind(struct kunit *test)
{
	struct function_test *t = test->priv;

	t->hang_up_in_bind = true;
	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	flush_work(&t->fns.hang_up_work);
	KUNIT_EXPECT_EQ(test, t->unbound, 1);

	t->bind_ret = -ENOMEM;
	KUNIT_EXPECT_EQ(test, add(t, 1), -ENOMEM);
	flush_work(&t->fns.hang_up_work);
	KUNIT_EXPECT_EQ(test, t->unbound, 1);
}

static void close(struct kunit *test)
{
	struct function_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, add(t, 1), 0);
	KUNIT_EXPECT_EQ(test, add(t, 2), 0);
	KUNIT_EXPECT_EQ(test, add(t, 3), 0);
	gunyah_vm_functions_close(&t->fns);
	KUNIT_EXPECT_EQ(test, t->unbound, 3);
	/* The last one went first. */
	KUNIT_EXPECT_EQ(test, t->last_unbound, 1);
	KUNIT_EXPECT_EQ(test, add(t, 4), -ENODEV);
	KUNIT_EXPECT_EQ(test, t->bound, 3);
}

static struct kunit_case vm_function_cases[] = {
	KUNIT_CASE(register_twice),
	KUNIT_CASE_PARAM(register_type, register_type_gen_params),
	KUNIT_CASE_PARAM(size, size_gen_params),
	KUNIT_CASE(add_publishes_last),
	KUNIT_CASE(bind_fails),
	KUNIT_CASE(add_checks),
	KUNIT_CASE(remove_compares),
	KUNIT_CASE(remove_checks),
	KUNIT_CASE(hang_up),
	KUNIT_CASE(hang_up_is_seen),
	KUNIT_CASE(hang_up_in_bind),
	KUNIT_CASE(close),
	{}
};

static struct kunit_suite vm_function_suite = {
	.name = "gunyah_vm_function",
	.init = function_test_init,
	.exit = function_test_exit,
	.test_cases = vm_function_cases,
};

kunit_test_suite(vm_function_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the functions of Gunyah VMs");
MODULE_LICENSE("GPL");
