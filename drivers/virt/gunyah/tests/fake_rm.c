// SPDX-License-Identifier: GPL-2.0-only
/*
 * A resource manager for tests.
 *
 * It stands behind the two message-queue hypercalls: what a connection sends is
 * kept, and when a request is whole a function of the test answers it.  The
 * receive interrupt comes at once, in the sender's thread: static stubs follow
 * the thread of the test only.
 *
 * Its capabilities are its own address, so that a hypercall finds it.
 */
#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../rm_calls.h"
#include "fake_rm.h"

/* True when the request is whole with this fragment. */
static bool take_fragment(struct fake_rm *fake, const struct fake_rm_fragment *fragment)
{
	const struct gunyah_rm_header *header = (const void *)fragment->data;
	size_t size = fragment->size - sizeof(*header);

	if ((header->type & GUNYAH_RM_TYPE_MASK) == GUNYAH_RM_TYPE_REQUEST)
		fake->request_size = 0;

	memcpy(fake->request + fake->request_size, header + 1, size);
	fake->request_size += size;
	fake->request_id = le32_to_cpu(header->msg_id);
	fake->request_seq = le16_to_cpu(header->seq);
	fake->requests += fragment->push;

	return fragment->push;
}

static enum gunyah_error fake_send(u64 capid, size_t size, const void *buf, u64 tx_flags,
				   bool *not_full)
{
	struct fake_rm *fake = (struct fake_rm *)capid;
	void (*answer)(struct fake_rm *fake) = NULL;
	struct fake_rm_fragment *fragment;

	scoped_guard(spinlock, &fake->lock) {
		if (fake->fail_send && !--fake->fail_send) {
			/* Once full it stays full. */
			fake->fail_send = fake->send_error == GUNYAH_ERROR_MSGQUEUE_FULL;
			return fake->send_error;
		}

		if (fake->n_sent == FAKE_RM_MESSAGES) {
			KUNIT_FAIL(fake->test, "more messages than the double can keep");
			return GUNYAH_ERROR_MSGQUEUE_FULL;
		}

		fragment = &fake->sent[fake->n_sent++];
		fragment->size = size;
		fragment->push = tx_flags & GUNYAH_MSGQ_TX_PUSH;
		memcpy(fragment->data, buf, size);
		/* By the lock: a test that has seen the request sets it for the next one. */
		if (take_fragment(fake, fragment))
			answer = fake->answer;
	}

	*not_full = !fake->always_full;

	if (answer) {
		answer(fake);
		if (!fake->no_interrupt)
			fake_rm_interrupt(fake);
	}

	return GUNYAH_ERROR_OK;
}

static enum gunyah_error fake_recv(u64 capid, void *buf, size_t max_size, size_t *size,
				   bool *not_empty)
{
	struct fake_rm *fake = (struct fake_rm *)capid;
	struct fake_rm_fragment *fragment;

	guard(spinlock)(&fake->lock);

	if (fake->received == fake->n_to_send)
		return GUNYAH_ERROR_MSGQUEUE_EMPTY;

	fragment = &fake->to_send[fake->received++];
	*size = min(fragment->size, max_size);
	memcpy(buf, fragment->data, *size);
	*not_empty = fake->received < fake->n_to_send;

	return GUNYAH_ERROR_OK;
}

void fake_rm_put(struct fake_rm *fake, const void *data, size_t size)
{
	struct fake_rm_fragment *fragment;

	guard(spinlock)(&fake->lock);

	/* All read: begin anew. */
	if (fake->received == fake->n_to_send) {
		fake->received = 0;
		fake->n_to_send = 0;
	}

	if (fake->n_to_send == FAKE_RM_MESSAGES || size > sizeof(fragment->data)) {
		KUNIT_FAIL(fake->test, "the double cannot send that");
		return;
	}

	fragment = &fake->to_send[fake->n_to_send++];
	fragment->size = size;
	memcpy(fragment->data, data, size);
}
EXPORT_SYMBOL_GPL(fake_rm_put);

void fake_rm_put_fragment(struct fake_rm *fake, u8 type, u8 continuations, u16 seq, u32 msg_id,
			  const void *payload, size_t size)
{
	u8 data[GUNYAH_RM_FRAGMENT_MAX];
	struct gunyah_rm_header header = {
		.api = GUNYAH_RM_API,
		.type = type | FIELD_PREP(GUNYAH_RM_FRAGMENTS_MASK, continuations),
		.seq = cpu_to_le16(seq),
		.msg_id = cpu_to_le32(msg_id),
	};

	memcpy(data, &header, sizeof(header));
	if (size)
		memcpy(data + sizeof(header), payload, size);

	fake_rm_put(fake, data, sizeof(header) + size);
}
EXPORT_SYMBOL_GPL(fake_rm_put_fragment);

void fake_rm_put_message(struct fake_rm *fake, u8 type, u16 seq, u32 msg_id, const void *payload,
			 size_t size)
{
	u8 continuations = size ? DIV_ROUND_UP(size, GUNYAH_RM_PAYLOAD_MAX) - 1 : 0;
	size_t chunk;

	do {
		chunk = min(size, GUNYAH_RM_PAYLOAD_MAX);
		fake_rm_put_fragment(fake, type, continuations, seq, msg_id, payload, chunk);
		type = GUNYAH_RM_TYPE_CONTINUATION;
		payload += chunk;
		size -= chunk;
	} while (size);
}
EXPORT_SYMBOL_GPL(fake_rm_put_message);

void fake_rm_put_reply(struct fake_rm *fake, u32 error, const void *payload, size_t size)
{
	__le32 wire_error = cpu_to_le32(error);
	u8 *all;

	all = kunit_kmalloc(fake->test, sizeof(wire_error) + size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(fake->test, all);

	memcpy(all, &wire_error, sizeof(wire_error));
	if (size)
		memcpy(all + sizeof(wire_error), payload, size);

	fake_rm_put_message(fake, GUNYAH_RM_TYPE_REPLY, fake->request_seq, fake->request_id, all,
			    sizeof(wire_error) + size);
	kunit_kfree(fake->test, all);
}
EXPORT_SYMBOL_GPL(fake_rm_put_reply);

void fake_rm_answer_ok(struct fake_rm *fake)
{
	fake_rm_put_reply(fake, GUNYAH_RM_ERROR_OK, NULL, 0);
}
EXPORT_SYMBOL_GPL(fake_rm_answer_ok);

void fake_rm_interrupt(struct fake_rm *fake)
{
	gunyah_rm_receive(fake->rm);
}
EXPORT_SYMBOL_GPL(fake_rm_interrupt);

/* Copy a recorded fragment, with another token if it has one. */
static void copy_recorded(const struct rm_recorded *recorded, u16 seq, u8 *to)
{
	struct gunyah_rm_header *header = (struct gunyah_rm_header *)to;

	memcpy(to, recorded->data, recorded->size);
	if ((header->type & GUNYAH_RM_TYPE_MASK) != GUNYAH_RM_TYPE_NOTIFICATION)
		header->seq = cpu_to_le16(seq);
}

void fake_rm_put_recorded(struct fake_rm *fake, const struct rm_recorded *recorded)
{
	u8 data[GUNYAH_RM_FRAGMENT_MAX];

	copy_recorded(recorded, fake->request_seq, data);
	fake_rm_put(fake, data, recorded->size);
}
EXPORT_SYMBOL_GPL(fake_rm_put_recorded);

void fake_rm_expect_sent(struct fake_rm *fake, unsigned int i, const struct rm_recorded *recorded)
{
	struct fake_rm_fragment *sent = &fake->sent[i];
	struct gunyah_rm_header *header = (struct gunyah_rm_header *)sent->data;
	u8 data[GUNYAH_RM_FRAGMENT_MAX];

	KUNIT_ASSERT_LT(fake->test, i, fake->n_sent);
	copy_recorded(recorded, le16_to_cpu(header->seq), data);
	KUNIT_EXPECT_EQ(fake->test, sent->size, recorded->size);
	KUNIT_EXPECT_MEMEQ(fake->test, sent->data, data, recorded->size);
}
EXPORT_SYMBOL_GPL(fake_rm_expect_sent);

static void fake_rm_end(void *data)
{
	struct fake_rm *fake = data;

	if (READ_ONCE(fake->rm->state) != GUNYAH_RM_GONE)
		gunyah_rm_shutdown(fake->rm);
	gunyah_rm_put(fake->rm);
}

struct fake_rm *fake_rm_create(struct kunit *test)
{
	struct fake_rm *fake;
	struct device *dev;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);

	dev = kunit_device_register(test, "fake-rm");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);

	fake->test = test;
	spin_lock_init(&fake->lock);
	fake->rm = gunyah_rm_create(dev, NULL, (uintptr_t)fake, (uintptr_t)fake);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fake->rm);

	fake->rm->msgq.send_limit_ms = 20;
	fake->rm->reply_limit_ms = 20;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, fake_rm_end, fake), 0);

	kunit_activate_static_stub(test, gunyah_hypercall_msgq_send, fake_send);
	kunit_activate_static_stub(test, gunyah_hypercall_msgq_recv, fake_recv);

	return fake;
}
EXPORT_SYMBOL_GPL(fake_rm_create);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("A resource manager for tests of the Gunyah drivers");
MODULE_LICENSE("GPL");
