/* SPDX-License-Identifier: GPL-2.0-only */
/* A pair of message queues: bytes in, bytes out.  See msgq.c. */
#ifndef _GUNYAH_MSGQ_H
#define _GUNYAH_MSGQ_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/wait.h>

/* Message size of the resource manager's queues (published hypervisor). */
#define GUNYAH_MSGQ_MSG_MAX		240

#define GUNYAH_MSGQ_SEND_LIMIT_MS	10000

/**
 * struct gunyah_msgq - a sending queue and a receiving queue
 * @tx_capid: capability of the queue that this VM sends to
 * @rx_capid: capability of the queue that this VM receives from
 * @send_limit_ms: how long a sender waits for room in a full queue
 * @full: the hypervisor said that the queue is full, and no interrupt came since
 * @wait: a sender waits here for the interrupt
 */
struct gunyah_msgq {
	u64 tx_capid;
	u64 rx_capid;
	unsigned int send_limit_ms;
	bool full;
	wait_queue_head_t wait;
};

void gunyah_msgq_init(struct gunyah_msgq *msgq, u64 tx_capid, u64 rx_capid);

/* Would a send wait?  Context: the sender. */
static inline bool gunyah_msgq_is_full(const struct gunyah_msgq *msgq)
{
	return READ_ONCE(msgq->full);
}

/**
 * gunyah_msgq_send() - send one message
 * @msgq: the pair
 * @buf: the message
 * @size: its size, 1 to GUNYAH_MSGQ_MSG_MAX
 * @push: raise the receiver's interrupt now
 *
 * Waits for room when the queue is full.
 *
 * Context: may sleep; one sender at a time, which the caller sees to.
 * Return: 0; -EMSGSIZE for a wrong size; -ETIMEDOUT when the queue stayed full
 * for the whole limit; the hypercall's errno.  Nothing was sent unless it is 0.
 */
int gunyah_msgq_send(struct gunyah_msgq *msgq, const void *buf, size_t size, bool push);

/**
 * gunyah_msgq_recv() - receive one message
 * @msgq: the pair
 * @buf: where to, GUNYAH_MSGQ_MSG_MAX bytes
 * @more: filled in when the return value is above 0: false when the queue is
 *        empty now, so that the interrupt will tell about the next message
 *
 * Context: may sleep; one receiver at a time, which the caller sees to.
 * Return: the size of the message; 0 when there is none; -EIO when the
 * hypervisor answers what can't be (the message is not taken then); the
 * hypercall's errno.
 */
int gunyah_msgq_recv(struct gunyah_msgq *msgq, void *buf, bool *more);

/* To be called from the interrupt of the sending queue: there is room again. */
void gunyah_msgq_tx_ready(struct gunyah_msgq *msgq);

#endif
