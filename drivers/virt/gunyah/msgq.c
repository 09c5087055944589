// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pair of message queues of Gunyah: bytes in, bytes out, full and empty.
 *
 * A queue has one direction and holds a few messages of at most 240 bytes.  The
 * hypervisor copies a message in the hypercall, so a buffer is the caller's
 * again when it returns.
 *
 * Full: each send says whether another one fits.  When not, the queue's
 * interrupt comes once it has drained, and no send is tried before: that
 * interrupt may come before the send returns to its caller, so "full" is noted
 * before the hypercall and taken back after it.
 *
 * Empty: each receive says whether another message waits.  That word alone is
 * not to be trusted: the published hypervisor answers OK, size 0, "more", and
 * keeps the message, when it can't copy; so the size is looked at too.  A
 * receive that is answered "try again" is tried again for a while: what the
 * caller makes of a queue that can't be read can't be undone.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/gunyah.h>
#include <linux/jiffies.h>
#include <linux/module.h>

#include <kunit/visibility.h>

#include "msgq.h"

/* How often, and after how long, a receive that can't be done now is tried again. */
#define RECV_TRIES		100
#define RECV_PAUSE_US		1000

void gunyah_msgq_init(struct gunyah_msgq *msgq, u64 tx_capid, u64 rx_capid)
{
	msgq->tx_capid = tx_capid;
	msgq->rx_capid = rx_capid;
	msgq->send_limit_ms = GUNYAH_MSGQ_SEND_LIMIT_MS;
	msgq->full = false;
	init_waitqueue_head(&msgq->wait);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_msgq_init);

static enum gunyah_error send_once(struct gunyah_msgq *msgq, const void *buf, size_t size,
				   bool push)
{
	enum gunyah_error error;
	bool not_full = false;

	/*
	 * Pairs with gunyah_msgq_tx_ready(): when this message fills the queue,
	 * the interrupt that tells of room again may run from the hypercall on,
	 * and its "not full" must be the last word.
	 */
	WRITE_ONCE(msgq->full, true);

	error = gunyah_hypercall_msgq_send(msgq->tx_capid, size, buf,
					   push ? GUNYAH_MSGQ_TX_PUSH : 0, &not_full);
	if (error == GUNYAH_ERROR_MSGQUEUE_FULL)
		return error;
	if (error != GUNYAH_ERROR_OK || not_full)
		WRITE_ONCE(msgq->full, false);

	return error;
}

int gunyah_msgq_send(struct gunyah_msgq *msgq, const void *buf, size_t size, bool push)
{
	unsigned long end = jiffies + msecs_to_jiffies(msgq->send_limit_ms);
	enum gunyah_error error;
	unsigned long now, left;

	if (!size || size > GUNYAH_MSGQ_MSG_MAX)
		return -EMSGSIZE;

	do {
		now = jiffies;
		left = time_before(now, end) ? end - now : 0;
		left = wait_event_timeout(msgq->wait, !gunyah_msgq_is_full(msgq), left);

		/* Also at the limit: the queue knows best whether it is full. */
		error = send_once(msgq, buf, size, push);
		if (error != GUNYAH_ERROR_MSGQUEUE_FULL)
			return gunyah_error_to_errno(error);

		/*
		 * An interrupt of an earlier filling woke us; the next one will
		 * come.  The time runs also when such interrupts don't end.
		 */
		cond_resched();
	} while (left && time_before(jiffies, end));

	return -ETIMEDOUT;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_msgq_send);

int gunyah_msgq_recv(struct gunyah_msgq *msgq, void *buf, bool *more)
{
	unsigned int tries = 0;
	enum gunyah_error error;
	size_t size = 0;

	for (;;) {
		error = gunyah_hypercall_msgq_recv(msgq->rx_capid, buf, GUNYAH_MSGQ_MSG_MAX, &size,
						   more);
		/* "Not now": no interrupt will come for the message that is there. */
		if (error != GUNYAH_ERROR_RETRY && error != GUNYAH_ERROR_BUSY)
			break;
		if (++tries > RECV_TRIES)
			break;
		fsleep(RECV_PAUSE_US);
	}
	if (error == GUNYAH_ERROR_MSGQUEUE_EMPTY)
		return 0;
	if (error != GUNYAH_ERROR_OK)
		return gunyah_error_to_errno(error);
	if (!size || size > GUNYAH_MSGQ_MSG_MAX)
		return -EIO;

	return size;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_msgq_recv);

void gunyah_msgq_tx_ready(struct gunyah_msgq *msgq)
{
	WRITE_ONCE(msgq->full, false);
	wake_up(&msgq->wait);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_msgq_tx_ready);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Gunyah resource manager");
