// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of a pair of message queues: sizes, full, empty, and what a hypervisor
 * may answer.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/gunyah.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../msgq.h"

#define TX_CAPID	0xf9c61ff9adb1e866	/* with the top bit, as they come */
#define RX_CAPID	0

/* What the double of a queue answers, and what it saw. */
struct queue {
	struct gunyah_msgq msgq;
	enum gunyah_error error[4];	/* of each send, or of the receive */
	unsigned int busy;		/* receives that answer @error; 0: all */
	bool always_full;
	bool not_full;
	bool interrupt_in_send;
	unsigned int sends;
	u64 capid;
	u64 flags;
	size_t size;
	bool more;
};

static enum gunyah_error send_stub(u64 capid, size_t size, const void *buf, u64 tx_flags,
				   bool *not_full)
{
	struct queue *q = kunit_get_current_test()->priv;
	enum gunyah_error error;

	error = q->always_full ? GUNYAH_ERROR_MSGQUEUE_FULL : q->error[q->sends++];

	q->capid = capid;
	q->size = size;
	q->flags = tx_flags;
	if (q->interrupt_in_send)
		gunyah_msgq_tx_ready(&q->msgq);
	if (error == GUNYAH_ERROR_OK)
		*not_full = q->not_full;

	return error;
}

static enum gunyah_error recv_stub(u64 capid, void *buf, size_t max_size, size_t *size,
				   bool *not_empty)
{
	struct queue *q = kunit_get_current_test()->priv;

	q->capid = capid;
	if (q->busy && !--q->busy)
		q->error[0] = GUNYAH_ERROR_OK;
	if (q->error[0] == GUNYAH_ERROR_OK) {
		*size = q->size;
		*not_empty = q->more;
		memset(buf, 0xa5, min(q->size, max_size));
	}

	return q->error[0];
}

static int msgq_init(struct kunit *test)
{
	struct queue *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, q);
	gunyah_msgq_init(&q->msgq, TX_CAPID, RX_CAPID);
	q->msgq.send_limit_ms = 20;
	q->not_full = true;
	test->priv = q;

	kunit_activate_static_stub(test, gunyah_hypercall_msgq_send, send_stub);
	kunit_activate_static_stub(test, gunyah_hypercall_msgq_recv, recv_stub);

	return 0;
}

struct send_case {
	const char *name;
	size_t size;
	int ret;
};

/* The published hypervisor says OK and loses what is longer (R53). */
static const struct send_case send_cases[] = {
	{ "no byte", 0, -EMSGSIZE },
	{ "one byte", 1, 0 },
	{ "the longest", 240, 0 },
	{ "one too long", 241, -EMSGSIZE },
	{ "a wrapped size", SIZE_MAX, -EMSGSIZE },
};

KUNIT_ARRAY_PARAM_DESC(send, send_cases, name);

static void send_size(struct kunit *test)
{
	const struct send_case *c = test->param_value;
	struct queue *q = test->priv;
	u8 buf[GUNYAH_MSGQ_MSG_MAX] = {};

	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, buf, c->size, false), c->ret);
	KUNIT_EXPECT_EQ(test, q->sends, c->ret ? 0 : 1);
	if (!c->ret) {
		KUNIT_EXPECT_EQ(test, q->size, c->size);
		KUNIT_EXPECT_EQ(test, q->capid, TX_CAPID);
		KUNIT_EXPECT_EQ(test, q->flags, 0);
	}
}

/* R59: the receiver is told at once. */
static void send_push(struct kunit *test)
{
	struct queue *q = test->priv;

	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
	KUNIT_EXPECT_EQ(test, q->flags, GUNYAH_MSGQ_TX_PUSH);
}

struct error_case {
	const char *name;
	int error;
	int ret;
};

/* R55: the errors of both calls, but EMPTY and FULL, are those of the table. */
static const struct error_case error_cases[] = {
	{ "RETRY", GUNYAH_ERROR_RETRY, -EAGAIN },
	{ "ARG_INVAL", GUNYAH_ERROR_ARG_INVAL, -EINVAL },
	{ "ADDR_OVFL", GUNYAH_ERROR_ADDR_OVFL, -EINVAL },
	{ "CAP_NULL", GUNYAH_ERROR_CSPACE_CAP_NULL, -EACCES },
	{ "UNIMPLEMENTED", GUNYAH_ERROR_UNIMPLEMENTED, -EOPNOTSUPP },
};

KUNIT_ARRAY_PARAM_DESC(error, error_cases, name);

static void send_error(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	struct queue *q = test->priv;

	q->error[0] = c->error;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), c->ret);

	/* It says nothing about room: the next one goes at once. */
	q->msgq.send_limit_ms = 10 * MSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
}

static void recv_error(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	struct queue *q = test->priv;
	u8 buf[GUNYAH_MSGQ_MSG_MAX];
	bool more;

	q->error[0] = c->error;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_recv(&q->msgq, buf, &more), c->ret);
}

/* R50: a full queue is waited for, up to the limit. */
static void full_to_the_limit(struct kunit *test)
{
	struct queue *q = test->priv;

	q->not_full = false;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);

	q->error[1] = GUNYAH_ERROR_MSGQUEUE_FULL;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, q->sends, 2);
}

/* R50: at the limit the queue itself is asked: an interrupt that was lost does no harm. */
static void full_interrupt_lost(struct kunit *test)
{
	struct queue *q = test->priv;

	q->not_full = false;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
	KUNIT_EXPECT_EQ(test, q->sends, 2);
}

/* R50: after the interrupt a send does not wait. */
static void full_then_interrupt(struct kunit *test)
{
	struct queue *q = test->priv;
	unsigned long end;

	q->msgq.send_limit_ms = 10 * MSEC_PER_SEC;
	q->not_full = false;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
	gunyah_msgq_tx_ready(&q->msgq);

	end = jiffies + 5 * HZ;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, end));
}

/* R50: the interrupt may come before the send that filled the queue is back. */
static void full_interrupt_in_hypercall(struct kunit *test)
{
	struct queue *q = test->priv;
	unsigned long end;

	q->msgq.send_limit_ms = 10 * MSEC_PER_SEC;
	q->not_full = false;
	q->interrupt_in_send = true;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);

	end = jiffies + 5 * HZ;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, end));
}

/* R50: an interrupt of an earlier filling: the queue says FULL, the next one is waited for. */
static void full_stale_interrupt(struct kunit *test)
{
	struct queue *q = test->priv;

	q->error[0] = GUNYAH_ERROR_MSGQUEUE_FULL;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), 0);
	KUNIT_EXPECT_EQ(test, q->sends, 2);
}

/* R50: the limit is one, also when such interrupts come again and again. */
static void full_interrupts_without_end(struct kunit *test)
{
	struct queue *q = test->priv;

	q->always_full = true;
	q->interrupt_in_send = true;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_send(&q->msgq, "x", 1, true), -ETIMEDOUT);
}

static const struct error_case busy_cases[] = {
	{ "RETRY", GUNYAH_ERROR_RETRY, -EAGAIN },
	{ "BUSY", GUNYAH_ERROR_BUSY, -EBUSY },
};

KUNIT_ARRAY_PARAM_DESC(busy, busy_cases, name);

/* R51: "not now" is not the end of the queue; for ever, it is. */
static void recv_busy(struct kunit *test)
{
	const struct error_case *c = test->param_value;
	struct queue *q = test->priv;
	u8 buf[GUNYAH_MSGQ_MSG_MAX];
	bool more;

	q->error[0] = c->error;
	q->size = 8;
	q->busy = 3;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_recv(&q->msgq, buf, &more), 8);

	q->error[0] = c->error;
	q->busy = 0;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_recv(&q->msgq, buf, &more), c->ret);
}

/* R59: the normal end. */
static void recv_empty(struct kunit *test)
{
	struct queue *q = test->priv;
	u8 buf[GUNYAH_MSGQ_MSG_MAX];
	bool more;

	q->error[0] = GUNYAH_ERROR_MSGQUEUE_EMPTY;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_recv(&q->msgq, buf, &more), 0);
	KUNIT_EXPECT_EQ(test, q->capid, RX_CAPID);
}

struct recv_case {
	const char *name;
	size_t size;
	bool more;
	int ret;
};

/* R59: the size counts, not only "more"; R53: it is not believed. */
static const struct recv_case recv_cases[] = {
	{ "one byte", 1, false, 1 },
	{ "the longest, more wait", 240, true, 240 },
	{ "nothing, more wait", 0, true, -EIO },
	{ "nothing, none waits", 0, false, -EIO },
	{ "longer than the buffer", 241, true, -EIO },
	{ "a wrapped size", SIZE_MAX, true, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(recv, recv_cases, name);

static void recv_size(struct kunit *test)
{
	const struct recv_case *c = test->param_value;
	struct queue *q = test->priv;
	u8 buf[GUNYAH_MSGQ_MSG_MAX] = {};
	bool more = !c->more;

	q->size = c->size;
	q->more = c->more;
	KUNIT_EXPECT_EQ(test, gunyah_msgq_recv(&q->msgq, buf, &more), c->ret);
	if (c->ret > 0) {
		KUNIT_EXPECT_EQ(test, more, c->more);
		KUNIT_EXPECT_EQ(test, buf[c->size - 1], 0xa5);
	}
}

static struct kunit_case msgq_cases[] = {
	KUNIT_CASE_PARAM(send_size, send_gen_params),
	KUNIT_CASE(send_push),
	KUNIT_CASE_PARAM(send_error, error_gen_params),
	KUNIT_CASE_PARAM(recv_error, error_gen_params),
	KUNIT_CASE(full_to_the_limit),
	KUNIT_CASE(full_interrupt_lost),
	KUNIT_CASE(full_then_interrupt),
	KUNIT_CASE(full_interrupt_in_hypercall),
	KUNIT_CASE(full_stale_interrupt),
	KUNIT_CASE(full_interrupts_without_end),
	KUNIT_CASE_PARAM(recv_busy, busy_gen_params),
	KUNIT_CASE(recv_empty),
	KUNIT_CASE_PARAM(recv_size, recv_gen_params),
	{}
};

static struct kunit_suite msgq_suite = {
	.name = "gunyah_msgq",
	.init = msgq_init,
	.test_cases = msgq_cases,
};

kunit_test_suite(msgq_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of Gunyah's message queues");
MODULE_LICENSE("GPL");
