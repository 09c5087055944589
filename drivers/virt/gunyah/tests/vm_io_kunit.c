// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the handlers of guest writes: lengths, values, overlaps (R45), a
 * thousand handlers, and writers against a reader (R87).
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../vm_io.h"

#define ADDR	0x9000000
#define NONE	((const u64 *)NULL)

struct counter {
	struct gunyah_vm_io_handler handler;
	unsigned int count;
	u64 addr;
	u32 len;
	u64 data;
	int ret;
};

static int count_write(struct gunyah_vm_io_handler *handler, u64 addr, u32 len, u64 data)
{
	struct counter *c = container_of(handler, struct counter, handler);

	c->count++;
	c->addr = addr;
	c->len = len;
	c->data = data;
	return c->ret;
}

static const struct gunyah_vm_io_ops count_ops = {
	.write = count_write,
};

static int make_key_and_add(struct gunyah_vm_io *io, struct gunyah_vm_io_handler *handler,
			    u64 addr, u32 len, const u64 *datamatch)
{
	return gunyah_vm_io_make_key(&handler->key, addr, len, datamatch) ?:
	       gunyah_vm_io_add(io, handler);
}

struct io_test {
	struct gunyah_vm_io io;
	struct counter a;
	struct counter b;
};

static int io_test_init(struct kunit *test)
{
	struct io_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	gunyah_vm_io_init(&t->io);
	t->a.handler.ops = &count_ops;
	t->b.handler.ops = &count_ops;
	test->priv = t;
	return 0;
}

static void io_test_exit(struct kunit *test)
{
	struct io_test *t = test->priv;

	/* Values are looked for only while somebody wants one. */
	KUNIT_EXPECT_EQ(test, t->io.n_values, 0);
	gunyah_vm_io_destroy(&t->io);
}

struct write_case {
	const char *name;
	u32 len;
	bool match;
	u64 datamatch;
	u64 write_addr;
	u32 write_len;
	u64 write_data;
	bool hit;
};

static const struct write_case write_cases[] = {
	{ "any length, 1", 0, false, 0, ADDR, 1, 5, true },
	{ "any length, 8", 0, false, 0, ADDR, 8, 5, true },
	{ "other address", 0, false, 0, ADDR + 1, 1, 5, false },
	{ "same length", 4, false, 0, ADDR, 4, 5, true },
	{ "shorter", 4, false, 0, ADDR, 2, 5, false },
	{ "longer", 4, false, 0, ADDR, 8, 5, false },
	{ "value", 4, true, 7, ADDR, 4, 7, true },
	{ "value, other length", 4, true, 7, ADDR, 2, 7, false },
	{ "other value", 4, true, 7, ADDR, 4, 8, false },
	{ "value 0", 4, true, 0, ADDR, 4, 0, true },
	{ "value 0, other written", 4, true, 0, ADDR, 4, 1, false },
	{ "dirty upper bits in the handler's value", 2, true, 0xffff0007, ADDR, 2, 7, true },
	{ "dirty upper bits in the written value", 2, true, 7, ADDR, 2, 0xabcd0007, true },
	{ "1 byte", 1, true, 0xff, ADDR, 1, 0xff, true },
	{ "8 bytes", 8, true, U64_MAX, ADDR, 8, U64_MAX, true },
	{ "8 bytes, top bit", 8, true, 1, ADDR, 8, BIT_ULL(63) | 1, false },
};

KUNIT_ARRAY_PARAM_DESC(write, write_cases, name);

static void write(struct kunit *test)
{
	const struct write_case *c = test->param_value;
	struct io_test *t = test->priv;
	const u64 *match = c->match ? &c->datamatch : NONE;
	int ret = c->hit ? 0 : -ENOENT;

	KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &t->a.handler, ADDR, c->len, match), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, c->write_addr, c->write_len,
						 c->write_data), ret);
	KUNIT_EXPECT_EQ(test, t->a.count, c->hit);
	if (c->hit) {
		KUNIT_EXPECT_EQ(test, t->a.addr, c->write_addr);
		KUNIT_EXPECT_EQ(test, t->a.len, c->write_len);
		KUNIT_EXPECT_EQ(test, t->a.data, c->write_data);
	}

	gunyah_vm_io_remove(&t->io, &t->a.handler);
	KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, c->write_addr, c->write_len,
						 c->write_data), -ENOENT);
}

struct add_case {
	const char *name;
	u64 addr;
	u32 len;
	bool match;
	int ret;
};

static const struct add_case add_cases[] = {
	{ "any length", ADDR, 0, false, 0 },
	{ "1", ADDR, 1, false, 0 },
	{ "2", ADDR, 2, false, 0 },
	{ "3", ADDR, 3, false, -EINVAL },
	{ "4", ADDR, 4, true, 0 },
	{ "5", ADDR, 5, false, -EINVAL },
	{ "8", ADDR, 8, true, 0 },
	{ "9", ADDR, 9, true, -EINVAL },
	{ "16", ADDR, 16, false, -EINVAL },
	{ "all ones", ADDR, U32_MAX, false, -EINVAL },
	{ "value without length", ADDR, 0, true, -EINVAL },
	{ "not aligned", ADDR + 1, 8, false, 0 },
	{ "last byte", U64_MAX, 1, false, 0 },
	{ "wraps", U64_MAX, 2, false, -EOVERFLOW },
	{ "last byte, any length", U64_MAX, 0, false, 0 },
};

KUNIT_ARRAY_PARAM_DESC(add, add_cases, name);

static void add(struct kunit *test)
{
	const struct add_case *c = test->param_value;
	struct io_test *t = test->priv;
	u64 value = 1;
	int ret;

	ret = make_key_and_add(&t->io, &t->a.handler, c->addr, c->len, c->match ? &value : NONE);
	KUNIT_EXPECT_EQ(test, ret, c->ret);
	if (!ret)
		gunyah_vm_io_remove(&t->io, &t->a.handler);
}

struct overlap_case {
	const char *name;
	u32 len[2];
	bool match[2];
	u64 value[2];
	u64 addr_offset;
	int ret;
};

static const struct overlap_case overlap_cases[] = {
	{ "same", { 4, 4 }, {}, {}, 0, -EEXIST },
	{ "next address", { 4, 4 }, {}, {}, 1, 0 },
	{ "other length", { 4, 2 }, {}, {}, 0, 0 },
	{ "any and a length", { 0, 4 }, {}, {}, 0, -EEXIST },
	{ "a length and any", { 4, 0 }, {}, {}, 0, -EEXIST },
	{ "same value", { 4, 4 }, { true, true }, { 1, 1 }, 0, -EEXIST },
	{ "same value in the low bytes", { 1, 1 }, { true, true }, { 1, 0x101 }, 0, -EEXIST },
	{ "other value", { 4, 4 }, { true, true }, { 1, 2 }, 0, 0 },
	{ "same value, other length", { 4, 2 }, { true, true }, { 1, 1 }, 0, 0 },
	{ "any value and one", { 4, 4 }, { false, true }, { 0, 2 }, 0, -EEXIST },
	{ "one value and any", { 4, 4 }, { true, false }, { 2, 0 }, 0, -EEXIST },
	{ "any length and a value", { 0, 4 }, { false, true }, { 0, 2 }, 0, -EEXIST },
};

KUNIT_ARRAY_PARAM_DESC(overlap, overlap_cases, name);

static void overlap(struct kunit *test)
{
	const struct overlap_case *c = test->param_value;
	struct io_test *t = test->priv;
	int ret;

	KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &t->a.handler, ADDR, c->len[0],
					       c->match[0] ? &c->value[0] : NONE), 0);
	ret = make_key_and_add(&t->io, &t->b.handler, ADDR + c->addr_offset, c->len[1],
			       c->match[1] ? &c->value[1] : NONE);
	KUNIT_EXPECT_EQ(test, ret, c->ret);
	if (!ret)
		gunyah_vm_io_remove(&t->io, &t->b.handler);
	gunyah_vm_io_remove(&t->io, &t->a.handler);

	/* Free again. */
	KUNIT_EXPECT_EQ(test, make_key_and_add(&t->io, &t->b.handler, ADDR, c->len[1],
					       c->match[1] ? &c->value[1] : NONE), 0);
	gunyah_vm_io_remove(&t->io, &t->b.handler);
}

static void handler_refuses(struct kunit *test)
{
	struct io_test *t = test->priv;

	t->a.ret = -EAGAIN;
	KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &t->a.handler, ADDR, 0, NONE), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, ADDR, 4, 1), -EAGAIN);
	gunyah_vm_io_remove(&t->io, &t->a.handler);
}

#define MANY	1000

/* Half of them on one address. */
static u64 nth_addr(unsigned int i)
{
	return i % 2 ? ADDR : ADDR + 8 * (i + 1);
}

static void many(struct kunit *test)
{
	struct io_test *t = test->priv;
	struct counter *c;
	unsigned int i;
	u64 value;

	c = kunit_kcalloc(test, MANY, sizeof(*c), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c);

	for (i = 0; i < MANY; i++) {
		c[i].handler.ops = &count_ops;
		value = i;
		KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &c[i].handler, nth_addr(i), 4,
						       &value), 0);
	}

	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, nth_addr(i), 4, i), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, ADDR, 4, MANY + 1), -ENOENT);

	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, c[i].count, 1);

	for (i = 0; i < MANY; i++) {
		if (i % 100)
			continue;
		gunyah_vm_io_remove(&t->io, &c[i].handler);
		KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, nth_addr(i), 4, i), -ENOENT);
		KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &c[i].handler, nth_addr(i), 0,
						       NONE), 0);
	}
	KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, nth_addr(100), 2, 77), 0);

	for (i = 0; i < MANY; i++)
		gunyah_vm_io_remove(&t->io, &c[i].handler);
}

struct addresses_case {
	const char *name;
	u32 len;
	bool match;
};

static const struct addresses_case addresses_cases[] = {
	{ "any length", 0, false },
	{ "length", 4, false },
	{ "value", 4, true },
};

KUNIT_ARRAY_PARAM_DESC(addresses, addresses_cases, name);

/* Many handlers that differ in nothing but the address share the chains of the table. */
static void addresses(struct kunit *test)
{
	const struct addresses_case *c = test->param_value;
	struct io_test *t = test->priv;
	struct counter *counters;
	u64 value = 7;
	unsigned int i;

	counters = kunit_kcalloc(test, MANY, sizeof(*counters), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, counters);

	for (i = 0; i < MANY; i++) {
		counters[i].handler.ops = &count_ops;
		KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &counters[i].handler, ADDR + 8 * i,
						       c->len, c->match ? &value : NONE), 0);
	}

	for (i = 0; i < MANY; i++) {
		KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, ADDR + 8 * i, 4, value), 0);
		KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, ADDR + 8 * i + 4, 4, value),
				-ENOENT);
	}

	for (i = 0; i < MANY; i++) {
		KUNIT_EXPECT_EQ(test, counters[i].count, 1);
		KUNIT_EXPECT_EQ(test, counters[i].addr, ADDR + 8 * i);
	}

	gunyah_vm_io_close(&t->io);
	for (i = 0; i < MANY; i++)
		gunyah_vm_io_remove(&t->io, &counters[i].handler);
}

/* A VM that goes away: its handlers are out before the first of them is removed. */
static void close(struct kunit *test)
{
	struct io_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &t->a.handler, ADDR, 4, NONE), 0);
	KUNIT_ASSERT_EQ(test, make_key_and_add(&t->io, &t->b.handler, ADDR + 4, 0, NONE), 0);
	gunyah_vm_io_close(&t->io);
	KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, ADDR, 4, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, gunyah_vm_io_write(&t->io, ADDR + 4, 1, 1), -ENOENT);

	gunyah_vm_io_remove(&t->io, &t->a.handler);
	gunyah_vm_io_remove(&t->io, &t->b.handler);
	KUNIT_EXPECT_TRUE(test, list_empty(&t->io.handlers));
	KUNIT_EXPECT_EQ(test, make_key_and_add(&t->io, &t->a.handler, ADDR, 4, NONE), -ENODEV);
	gunyah_vm_io_close(&t->io);
	KUNIT_EXPECT_EQ(test, t->a.count + t->b.count, 0);
}

/* A vCPU that writes all the time. */
static int writer(void *data)
{
	struct gunyah_vm_io *io = data;

	while (!kthread_should_stop()) {
		gunyah_vm_io_write(io, ADDR, 4, 1);
		cond_resched();
	}
	return 0;
}

/* A handler that was removed is not called any more: its memory is poisoned at once. */
static void remove_under_writes(struct kunit *test)
{
	struct io_test *t = test->priv;
	struct task_struct *task;
	unsigned int i, total = 0;
	struct counter *c;
	int ret;

	task = kthread_run(writer, &t->io, "gunyah-io-test");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));

	for (i = 0; i < 20; i++) {
		c = kzalloc(sizeof(*c), GFP_KERNEL);
		if (!c)
			break;
		c->handler.ops = &count_ops;
		ret = make_key_and_add(&t->io, &c->handler, ADDR, 4, NONE);
		KUNIT_EXPECT_EQ(test, ret, 0);
		if (ret) {
			kfree(c);
			break;
		}
		/* It is in use when it goes, each time. */
		while (!READ_ONCE(c->count))
			usleep_range(100, 200);
		gunyah_vm_io_remove(&t->io, &c->handler);
		total += c->count;
		memset(c, 0x5a, sizeof(*c));
		kfree(c);
	}

	kthread_stop(task);
	KUNIT_EXPECT_EQ(test, i, 20);
	KUNIT_EXPECT_GE(test, total, 20);
}

static struct kunit_case vm_io_cases[] = {
	KUNIT_CASE_PARAM(write, write_gen_params),
	KUNIT_CASE_PARAM(add, add_gen_params),
	KUNIT_CASE_PARAM(overlap, overlap_gen_params),
	KUNIT_CASE(handler_refuses),
	KUNIT_CASE_SLOW(many),
	KUNIT_CASE_PARAM(addresses, addresses_gen_params),
	KUNIT_CASE(close),
	KUNIT_CASE(remove_under_writes),
	{}
};

static struct kunit_suite vm_io_suite = {
	.name = "gunyah_vm_io",
	.init = io_test_init,
	.exit = io_test_exit,
	.test_cases = vm_io_cases,
};

kunit_test_suite(vm_io_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the handlers of guest writes of Gunyah VMs");
MODULE_LICENSE("GPL");
