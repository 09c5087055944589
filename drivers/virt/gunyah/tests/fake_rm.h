/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A resource manager for tests: a connection whose message-queue hypercalls are
 * answered here.  See fake_rm.c.
 */
#ifndef _GUNYAH_FAKE_RM_H
#define _GUNYAH_FAKE_RM_H

#include <kunit/test.h>
#include <linux/gunyah.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "../rm_rpc.h"
#include "../rm_wire.h"

#define FAKE_RM_MESSAGES	160

/**
 * struct fake_rm_fragment - one message of a queue
 * @size: its size
 * @push: of a sent one: with the push flag
 * @data: its bytes
 */
struct fake_rm_fragment {
	size_t size;
	bool push;
	u8 data[GUNYAH_RM_FRAGMENT_MAX];
};

/**
 * struct rm_recorded - a fragment as it was recorded
 * @size: its size
 * @data: its bytes
 */
struct rm_recorded {
	size_t size;
	const u8 *data;
};

#define FRAGMENT(...) {						\
	.size = sizeof((const u8[]){ __VA_ARGS__ }),			\
	.data = (const u8[]){ __VA_ARGS__ },				\
}

/**
 * struct fake_rm - the double
 * @test: the test
 * @rm: the connection under test
 * @answer: called when a request is whole, in the sender's thread; NULL: no
 *	answer.  fake_rm_reply() is what it usually calls.
 * @data: @answer's
 * @no_interrupt: an answer comes without the receive interrupt
 * @always_full: the queue is full after each send, and no interrupt comes
 * @fail_send: number of the send that fails with @send_error (0: none), from 1
 * @send_error: what it answers; FULL is answered from then on
 * @lock: guards what follows
 * @sent: what was sent, fragment by fragment
 * @n_sent: how many
 * @to_send: what waits to be received
 * @n_to_send: how many
 * @received: how many of these were
 * @request: payload of the last whole request
 * @request_size: its size
 * @request_id: its message id
 * @request_seq: its token
 * @requests: whole requests so far
 */
struct fake_rm {
	struct kunit *test;
	struct gunyah_rm *rm;
	void (*answer)(struct fake_rm *fake);
	void *data;
	bool no_interrupt;
	bool always_full;
	unsigned int fail_send;
	enum gunyah_error send_error;

	spinlock_t lock; /* all below */
	struct fake_rm_fragment sent[FAKE_RM_MESSAGES];
	unsigned int n_sent;
	struct fake_rm_fragment to_send[FAKE_RM_MESSAGES];
	unsigned int n_to_send;
	unsigned int received;
	u8 request[GUNYAH_RM_MESSAGE_MAX];
	size_t request_size;
	u32 request_id;
	u16 request_seq;
	unsigned int requests;
};

/*
 * Make a connection with a double behind it, for the calling thread (and for
 * those that set current->kunit_test).  Its limits are short.  It ends with the
 * test.
 */
struct fake_rm *fake_rm_create(struct kunit *test);

/* Put a fragment as it is into the queue to the connection. */
void fake_rm_put(struct fake_rm *fake, const void *fragment, size_t size);

/* The same, made of its parts. */
void fake_rm_put_fragment(struct fake_rm *fake, u8 type, u8 continuations, u16 seq, u32 msg_id,
			  const void *payload, size_t size);

/* A whole message, in as many fragments as it takes. */
void fake_rm_put_message(struct fake_rm *fake, u8 type, u16 seq, u32 msg_id, const void *payload,
			 size_t size);

/* A reply to the last request; @payload without the error, which goes in front. */
void fake_rm_put_reply(struct fake_rm *fake, u32 error, const void *payload, size_t size);

/* For @answer: OK, nothing else. */
void fake_rm_answer_ok(struct fake_rm *fake);

/* Put a recorded fragment into the queue, with the token of the last request if it has one. */
void fake_rm_put_recorded(struct fake_rm *fake, const struct rm_recorded *recorded);

/* The @i-th fragment sent is the recorded one, but for the token. */
void fake_rm_expect_sent(struct fake_rm *fake, unsigned int i,
			 const struct rm_recorded *recorded);

/* The receive interrupt. */
void fake_rm_interrupt(struct fake_rm *fake);

#endif
