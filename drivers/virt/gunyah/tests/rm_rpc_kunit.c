// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the connection to the resource manager: fragments both ways, and
 * replies that come wrong, late, twice or not at all.
 */
#include <kunit/test.h>
#include <linux/hex.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "../rm_calls.h"
#include "fake_rm.h"

/* Any message: the connection does not know them. */
#define MSG	0x51001234
#define OTHER	0x51004321

struct fixture {
	struct fake_rm *fake;
	struct gunyah_rm *rm;
	u8 request[GUNYAH_RM_MESSAGE_MAX];
	u8 reply[GUNYAH_RM_MESSAGE_MAX];
	struct gunyah_rm_message msg;
};

static void fill(u8 *buf, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		buf[i] = i * 7 + (i >> 8);
}

static int rpc_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->fake = fake_rm_create(test);
	f->rm = f->fake->rm;
	f->fake->data = f;
	fill(f->request, sizeof(f->request));
	f->msg.id = MSG;
	f->msg.request = f->request;
	f->msg.reply = f->reply;
	f->msg.reply_max = sizeof(f->reply);
	test->priv = f;

	return 0;
}

/* After what a test did: the next call works and the connection is up. */
static void expect_working(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct gunyah_rm_message msg = { .id = OTHER, .request = "abcd", .request_size = 4 };

	f->fake->answer = fake_rm_answer_ok;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.error, 0);
	KUNIT_EXPECT_FALSE(test, gunyah_rm_is_dead(f->rm));
}

struct request_case {
	const char *name;
	size_t size;
	unsigned int fragments;
	int ret;
};

static const struct request_case request_cases[] = {
	{ "empty", 0, 1, 0 },
	{ "one byte", 1, 1, 0 },
	{ "one whole fragment", 232, 1, 0 },
	{ "one byte more", 233, 2, 0 },
	{ "two whole fragments", 464, 2, 0 },
	{ "512 list entries", 8216, 36, 0 },
	{ "the longest", 14384, 62, 0 },
	{ "one byte too long", 14385, 0, -E2BIG },
};

KUNIT_ARRAY_PARAM_DESC(request, request_cases, name);

/* R53: the headers of all fragments, the bytes, and push on the last one only. */
static void request(struct kunit *test)
{
	const struct request_case *c = test->param_value;
	struct fixture *f = test->priv;
	unsigned int i;

	f->fake->answer = fake_rm_answer_ok;
	f->rm->next_seq = 0xffff;
	f->msg.request_size = c->size;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), c->ret);
	KUNIT_ASSERT_EQ(test, f->fake->n_sent, c->fragments);

	for (i = 0; i < c->fragments; i++) {
		const struct fake_rm_fragment *sent = &f->fake->sent[i];
		u8 header[] = { 0x21, (c->fragments - 1) << 2 | (i ? 0 : 1), 0xff, 0xff,
				0x34, 0x12, 0x00, 0x51 };

		KUNIT_EXPECT_MEMEQ(test, sent->data, header, sizeof(header));
		KUNIT_EXPECT_EQ(test, sent->push, i == c->fragments - 1);
	}

	if (c->ret)
		return;

	KUNIT_EXPECT_EQ(test, f->fake->request_size, c->size);
	if (c->size)
		KUNIT_EXPECT_MEMEQ(test, f->fake->request, f->request, c->size);
}

struct reply_case {
	const char *name;
	size_t size;
	size_t max;
	size_t got;
};

/* Sizes without the error, which is in the first fragment. */
static const struct reply_case reply_cases[] = {
	{ "empty", 0, 14612, 0 },
	{ "one word", 4, 14612, 4 },
	{ "one whole fragment", 228, 14612, 228 },
	{ "one byte more", 229, 14612, 229 },
	{ "22 resources", 972, 14612, 972 },
	{ "the longest", 14612, 14612, 14612 },
	{ "longer than wanted", 16, 4, 4 },
	{ "not wanted", 16, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(reply, reply_cases, name);

static void answer_reply_case(struct fake_rm *fake)
{
	const struct reply_case *c = fake->test->param_value;
	struct fixture *f = fake->data;

	fake_rm_put_reply(fake, 0, f->request, c->size);
}

/* R53: whole, in order, and no byte behind the caller's buffer. */
static void reply(struct kunit *test)
{
	const struct reply_case *c = test->param_value;
	struct fixture *f = test->priv;

	f->fake->answer = answer_reply_case;
	f->msg.reply_max = c->max;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), 0);
	KUNIT_EXPECT_EQ(test, f->msg.reply_size, c->got);
	KUNIT_EXPECT_EQ(test, f->msg.error, 0);
	if (c->got)
		KUNIT_EXPECT_MEMEQ(test, f->reply, f->request, c->got);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(f->reply + c->got, 0, sizeof(f->reply) - c->got),
			    NULL);
}

static void answer_error(struct fake_rm *fake)
{
	fake_rm_put_reply(fake, GUNYAH_RM_ERROR_DENIED, "\1\0\0\0", 4);
}

/* R55: a refused call is a reply like any other; its payload is there too. */
static void error_reply(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fake->answer = answer_error;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), 0);
	KUNIT_EXPECT_EQ(test, f->msg.error, GUNYAH_RM_ERROR_DENIED);
	KUNIT_EXPECT_EQ(test, f->msg.reply_size, 4);
	expect_working(test);
}

/*
 * What is put before, between or in the place of the fragments of a good reply.
 * "$" is the token of the request, "@" the next one, "I" its message id, "O"
 * another id; the rest is hexadecimal.
 */
struct bad_case {
	const char *name;
	const char *fragments[4];
	int ret;
	size_t counter;
	int count;
};

#define COUNTER(name)	offsetof(struct gunyah_rm_stats, name)
#define GOOD		"2102$I00000000"

static const struct bad_case bad_cases[] = {
	/* A bad header is dropped and counted; the reply behind it is taken. */
	{ "empty header", { "21", GOOD }, 0, COUNTER(bad_header), 1 },
	{ "header one byte short", { "2102$341200", GOOD }, 0, COUNTER(bad_header), 1 },
	{ "version 2", { "2202$I00000000", GOOD }, 0, COUNTER(bad_header), 1 },
	{ "version 0", { "2002$I00000000", GOOD }, 0, COUNTER(bad_header), 1 },
	{ "header of 3 words", { "3102$I00000000", GOOD }, 0, COUNTER(bad_header), 1 },
	{ "a request", { "2101$I00000000", GOOD }, 0, COUNTER(bad_header), 1 },
	{ "notification of 64 fragments", { "21ff0000I", GOOD }, 0, COUNTER(bad_header), 1 },

	/* So is a reply that nobody waits for. */
	{ "alien token", { "2102@I00000000", GOOD }, 0, COUNTER(alien), 1 },
	{ "alien message", { "2102$O00000000", GOOD }, 0, COUNTER(alien), 1 },
	{ "alien of two fragments", { "2106@I00000000", "2104@I00", GOOD }, 0,
	  COUNTER(stray), 1 },
	{ "twice", { GOOD, GOOD }, 0, COUNTER(duplicate), 1 },
	{ "continuation of nothing", { "2104$I00", GOOD }, 0, COUNTER(stray), 1 },

	/* A reply that does not hold together fails its call. */
	{ "without an error", { "2102$I" }, -EIO, COUNTER(failed), 1 },
	{ "with half an error", { "2102$I0000" }, -EIO, COUNTER(failed), 1 },
	{ "of 64 fragments", { "21fe$I00000000" }, -EIO, COUNTER(failed), 1 },
	{ "foreign token between", { "2106$I00000000", "2104@I00" }, -EIO, COUNTER(failed), 1 },
	{ "foreign message between", { "2106$I00000000", "2104$O00" }, -EIO,
	  COUNTER(failed), 1 },
	{ "counted too high", { "2106$I00000000", "2108$I00" }, -EIO, COUNTER(failed), 1 },
	{ "counted too low", { "210a$I00000000", "2104$I00" }, -EIO, COUNTER(failed), 1 },
	{ "begun twice", { "2106$I00000000", "2106$I00000000", "2104$I00" }, -EIO,
	  COUNTER(failed), 1 },
	{ "goes on after it failed", { "2106$I00000000", "2108$I00", "2104$I00" }, -EIO,
	  COUNTER(stray), 1 },

	/* What comes between does no harm. */
	{ "alien between", { "2106$I00000000", "2102@I00000000", "2104$I00" }, 0,
	  COUNTER(alien), 1 },
	{ "bad header between", { "2106$I00000000", "2206$I00", "2104$I00" }, 0,
	  COUNTER(bad_header), 1 },
	{ "notification between", { "2106$I00000000", "21030000080010568000000003000000",
	  "2104$I00" }, 0, COUNTER(notifications), 1 },
	{ "notification of the same id between", { "2106$I00000000", "2103$I00", "2104$I00" }, 0,
	  COUNTER(notifications), 1 },
	{ "notification of two fragments between", { "2106$I00000000", "21070000O00",
	  "21040000O00", "2104$I00" }, 0, COUNTER(notifications), 1 },
	{ "both by turns", { "21070000O00", "2106$I00000000", "21040000O00", "2104$I00" }, 0,
	  COUNTER(notifications), 1 },
	{ "notification in a notification", { "21070000O00", "21030000O00", GOOD }, 0,
	  COUNTER(broken_notifications), 1 },
	{ "miscounted notification", { "21070000O00", "21080000O00", GOOD }, 0,
	  COUNTER(broken_notifications), 1 },
};

KUNIT_ARRAY_PARAM_DESC(bad, bad_cases, name);

/* A line of the table in bytes; its size. */
static size_t make_fragment(struct fake_rm *fake, const char *from, u8 *to)
{
	u8 *at = to;

	while (*from) {
		switch (*from) {
		case '$':
		case '@':
			put_unaligned_le16(fake->request_seq + (*from == '@'), at);
			at += 2;
			from++;
			break;
		case 'I':
		case 'O':
			put_unaligned_le32(*from == 'I' ? MSG : OTHER, at);
			at += 4;
			from++;
			break;
		default:
			if (hex2bin(at++, from, 1))
				KUNIT_FAIL(fake->test, "bad table");
			from += 2;
			break;
		}
	}

	return at - to;
}

static void answer_bad_case(struct fake_rm *fake)
{
	const struct bad_case *c = fake->test->param_value;
	u8 fragment[GUNYAH_RM_FRAGMENT_MAX];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->fragments) && c->fragments[i]; i++)
		fake_rm_put(fake, fragment, make_fragment(fake, c->fragments[i], fragment));
}

/* R52, and R59: all is read, whatever it is. */
static void bad(struct kunit *test)
{
	const struct bad_case *c = test->param_value;
	struct fixture *f = test->priv;

	f->fake->answer = answer_bad_case;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), c->ret);
	KUNIT_EXPECT_EQ(test, atomic_read((void *)&f->rm->stats + c->counter), c->count);
	KUNIT_EXPECT_EQ(test, f->fake->received, f->fake->n_to_send);
	expect_working(test);
}

static void answer_too_long(struct fake_rm *fake)
{
	struct fixture *f = fake->data;
	unsigned int i;

	fake_rm_put_fragment(fake, GUNYAH_RM_TYPE_REPLY, 63, fake->request_seq, MSG, f->request,
			     GUNYAH_RM_PAYLOAD_MAX);
	for (i = 0; i < 63; i++)
		fake_rm_put_fragment(fake, GUNYAH_RM_TYPE_CONTINUATION, 63, fake->request_seq,
				     MSG, f->request, GUNYAH_RM_PAYLOAD_MAX);
}

/* R52: 64 whole fragments are 14,848 bytes; one more than there may be. */
static void longer_than_possible(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fake->answer = answer_too_long;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), -EIO);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->rm->stats.stray), 63);
	expect_working(test);
}

/* R50, R51: without a reply the call ends, the connection is dead, the rest fails fast. */
static void no_reply(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int sent;

	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, gunyah_rm_is_dead(f->rm));

	sent = f->fake->n_sent;
	f->fake->answer = fake_rm_answer_ok;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), -EIO);
	KUNIT_EXPECT_EQ(test, f->fake->n_sent, sent);
}

/* R51: a reply whose interrupt got lost is a reply: the connection lives. */
static void reply_without_interrupt(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fake->answer = fake_rm_answer_ok;
	f->fake->no_interrupt = true;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->rm->stats.timeouts), 0);
	expect_working(test);
}

/* R50: a queue that drains slowly: 62 fragments don't wait 62 times the limit. */
static void slow_queue(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fake->answer = fake_rm_answer_ok;
	f->fake->always_full = true;
	f->msg.request_size = GUNYAH_RM_REQUEST_MAX;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), -ETIMEDOUT);
	KUNIT_EXPECT_LT(test, f->fake->n_sent, 4);
	KUNIT_EXPECT_TRUE(test, gunyah_rm_is_dead(f->rm));
}

/* R50: a reply after the limit touches nothing, wherever it begins. */
static void late_reply(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), -ETIMEDOUT);
	fake_rm_put_reply(f->fake, 0, f->request, 4);
	fake_rm_interrupt(f->fake);

	KUNIT_EXPECT_EQ(test, atomic_read(&f->rm->stats.late), 1);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(f->reply, 0, sizeof(f->reply)), NULL);
}

static void answer_half(struct fake_rm *fake)
{
	fake_rm_put_fragment(fake, GUNYAH_RM_TYPE_REPLY, 1, fake->request_seq, MSG, "\0\0\0\0", 4);
}

/* R50: the same with a reply that had begun. */
static void late_half(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->fake->answer = answer_half;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), -ETIMEDOUT);
	fake_rm_put_fragment(f->fake, GUNYAH_RM_TYPE_CONTINUATION, 1, f->fake->request_seq, MSG,
			     "x", 1);
	fake_rm_interrupt(f->fake);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->rm->stats.late), 1);
}

/* R50: tokens go up, over the end too, and 0 is one. */
static void tokens(struct kunit *test)
{
	static const u16 expected[] = { 0xfffe, 0xffff, 0, 1 };
	struct fixture *f = test->priv;
	unsigned int i;

	f->fake->answer = fake_rm_answer_ok;
	f->rm->next_seq = 0xfffe;
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), 0);
		KUNIT_EXPECT_EQ(test, f->fake->request_seq, expected[i]);
	}
}

/* R50: nor does a connection begin with those of the one before it. */
static void tokens_of_the_next_connection(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i, same = 0;
	struct gunyah_rm *rm;

	for (i = 0; i < 4; i++) {
		rm = gunyah_rm_create(f->rm->dev, NULL, 0, 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rm);
		same += rm->next_seq == f->rm->next_seq;
		gunyah_rm_shutdown(rm);
		kref_put(&rm->ref, gunyah_rm_release);
	}
	/* They are drawn, so that one may be the same. */
	KUNIT_EXPECT_LT(test, same, 3);
}

struct send_error_case {
	const char *name;
	unsigned int fail_send;
	int error;
	int ret;
	bool dead;
};

/* R51: three fragments, and the send that fails. */
static const struct send_error_case send_error_cases[] = {
	{ "at the first fragment", 1, GUNYAH_ERROR_CSPACE_INSUF_RIGHTS, -ECOMM, false },
	{ "in the middle", 2, GUNYAH_ERROR_NOMEM, -ECOMM, false },
	{ "at the last fragment", 3, GUNYAH_ERROR_ARG_INVAL, -ECOMM, false },
	{ "full for the whole limit", 1, GUNYAH_ERROR_MSGQUEUE_FULL, -ETIMEDOUT, true },
	{ "full in the middle", 2, GUNYAH_ERROR_MSGQUEUE_FULL, -ETIMEDOUT, true },
};

KUNIT_ARRAY_PARAM_DESC(send_error, send_error_cases, name);

/* Each time another token, so that a reply to the begun one would be an alien. */
static void send_error(struct kunit *test)
{
	const struct send_error_case *c = test->param_value;
	struct fixture *f = test->priv;
	u16 seq = f->rm->next_seq;

	f->fake->answer = fake_rm_answer_ok;
	f->fake->fail_send = c->fail_send;
	f->fake->send_error = c->error;
	f->msg.request_size = 500;
	KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), c->ret);
	KUNIT_EXPECT_EQ(test, gunyah_rm_is_dead(f->rm), c->dead);
	KUNIT_EXPECT_EQ(test, f->fake->requests, 0);
	KUNIT_EXPECT_EQ(test, f->rm->next_seq, (u16)(seq + 1));

	if (c->dead)
		KUNIT_EXPECT_EQ(test, gunyah_rm_transfer(f->rm, &f->msg), -EIO);
	else
		expect_working(test);
}

/* R59: one interrupt, several messages: all are read. */
static void reads_to_the_end(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < 20; i++)
		fake_rm_put_fragment(f->fake, GUNYAH_RM_TYPE_NOTIFICATION, 0, i, OTHER, "x", 1);
	fake_rm_interrupt(f->fake);

	KUNIT_EXPECT_EQ(test, f->fake->received, 20);
	KUNIT_EXPECT_EQ(test, atomic_read(&f->rm->stats.notifications), 20);

	/* And one that finds nothing. */
	fake_rm_interrupt(f->fake);
}

/* R54: an interrupt that still comes reads nothing and harms nothing. */
static void interrupt_after_unbind(struct kunit *test)
{
	struct fixture *f = test->priv;

	gunyah_rm_shutdown(f->rm);
	fake_rm_put_fragment(f->fake, GUNYAH_RM_TYPE_NOTIFICATION, 0, 0, GUNYAH_RM_VM_STATUS,
			     "\200\0\0\0\3\0\0", 8);
	fake_rm_interrupt(f->fake);
	KUNIT_EXPECT_EQ(test, f->fake->received, 0);
	KUNIT_EXPECT_TRUE(test, gunyah_rm_is_dead(f->rm));
}

/* References to nodes are counted only there. */
#ifdef CONFIG_OF_DYNAMIC
static void node_is_gone(struct kobject *kobj)
{
}

static const struct kobj_type node_type = { .release = node_is_gone };

/* R56: the last user of a connection puts the node. */
static void puts_its_interrupt_controller(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct device_node *node;
	struct gunyah_rm *rm;

	node = kunit_kzalloc(test, sizeof(*node), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, node);
	kobject_init(&node->kobj, &node_type);

	rm = gunyah_rm_create(f->rm->dev, node, 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rm);
	gunyah_rm_shutdown(rm);
	kref_put(&rm->ref, gunyah_rm_release);
	KUNIT_EXPECT_EQ(test, kref_read(&node->kobj.kref), 1);
}
#endif

static struct kunit_case rpc_cases[] = {
	KUNIT_CASE_PARAM(request, request_gen_params),
	KUNIT_CASE_PARAM(reply, reply_gen_params),
	KUNIT_CASE(error_reply),
	KUNIT_CASE_PARAM(bad, bad_gen_params),
	KUNIT_CASE(longer_than_possible),
	KUNIT_CASE(no_reply),
	KUNIT_CASE(reply_without_interrupt),
	KUNIT_CASE(slow_queue),
	KUNIT_CASE(late_reply),
	KUNIT_CASE(late_half),
	KUNIT_CASE(tokens),
	KUNIT_CASE(tokens_of_the_next_connection),
	KUNIT_CASE_PARAM(send_error, send_error_gen_params),
	KUNIT_CASE(reads_to_the_end),
	KUNIT_CASE(interrupt_after_unbind),
#ifdef CONFIG_OF_DYNAMIC
	KUNIT_CASE(puts_its_interrupt_controller),
#endif
	{}
};

static struct kunit_suite rpc_suite = {
	.name = "gunyah_rm_rpc",
	.init = rpc_init,
	.test_cases = rpc_cases,
};

kunit_test_suite(rpc_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the connection to Gunyah's resource manager");
MODULE_LICENSE("GPL");
