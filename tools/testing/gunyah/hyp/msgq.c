// SPDX-License-Identifier: GPL-2.0-only
/*
 * Message queues, with the ways of the published hypervisor (facts 29 to 33).
 *
 * The receiver's interrupt is raised when the queue stops being empty and at
 * each push.  The sender's is raised when the queue has been emptied after the
 * sender was told that it is full; never in normal traffic.
 *
 * Invariant: count <= depth.  The queue's lock is held over the copy to the
 * receiver, so that a message that can't be copied stays the first one.
 * Order: queue lock > stage2.lock, vgic.lock.
 */

#include "abi.h"
#include "msgq.h"
#include "vgic.h"
#include "vm.h"

struct msgq *msgq_new(u32 max_size, u32 depth)
{
	struct msgq *q;

	if (!max_size || max_size > MSGQ_MAX_SIZE || !depth || depth > MSGQ_MAX_DEPTH)
		return NULL;
	q = hyp_alloc(sizeof(*q));
	if (!q)
		return NULL;
	q->obj.type = OBJ_MSGQ;
	q->max_size = max_size;
	q->depth = depth;
	q->len = hyp_alloc(depth * sizeof(*q->len));
	q->buf = hyp_alloc((size_t)depth * max_size);
	if (!q->len || !q->buf) {
		msgq_free(q);
		return NULL;
	}
	return q;
}

void msgq_free(struct msgq *q)
{
	hyp_free(q->len);
	hyp_free(q->buf);
	hyp_free(q);
}

u32 msgq_room(struct msgq *q)
{
	u32 room;

	spin_lock(&q->lock);
	room = q->depth - q->count;
	spin_unlock(&q->lock);
	return room;
}

/**
 * msgq_send() - put a message in
 * @q: the queue
 * @data: the message
 * @len: its size, 1 to the queue's maximum
 * @push: tell the receiver now
 * @ready: set to whether another message would fit
 *
 * Context: no queue lock held; may call the resource manager.
 *
 * Return: HYP_OK or HYP_MSGQ_FULL.
 */
u64 msgq_send(struct msgq *q, const void *data, u32 len, bool push, bool *ready)
{
	bool was_empty, full;
	u32 at;

	spin_lock(&q->lock);
	if (q->count == q->depth) {
		q->tx_waits = true;
		spin_unlock(&q->lock);
		*ready = false;
		return HYP_MSGQ_FULL;
	}
	at = (q->head + q->count) % q->depth;
	memcpy(q->buf + (size_t)at * q->max_size, data, len);
	q->len[at] = (u16)len;
	was_empty = !q->count++;
	full = q->count == q->depth;
	if (q->log && q->tx.vm)
		q->log(true, data, len);
	if (q->rx.vm && (was_empty || push))
		vgic_raise(q->rx.vm, NULL, q->rx.irq);
	spin_unlock(&q->lock);

	if (q->rx.call)
		q->rx.call(q, push);

	spin_lock(&q->lock);
	/* A push may have emptied the queue; else the sender waits for its interrupt. */
	if (full && q->count == q->depth)
		q->tx_waits = true;
	*ready = q->count < q->depth;
	spin_unlock(&q->lock);
	return HYP_OK;
}

/**
 * msgq_recv() - take the first message out
 * @q: the queue
 * @max: size of the receiver's buffer
 * @copy: writes the message there
 * @ctx: for @copy
 * @len: set to the message's size; 0 when it did not fit or copy, then it stays
 * @ready: set to whether another message waits
 *
 * Context: as msgq_send().
 *
 * Return: HYP_OK or HYP_MSGQ_EMPTY.
 */
u64 msgq_recv(struct msgq *q, u32 max, msgq_copy_t copy, void *ctx, u32 *len, bool *ready)
{
	bool emptied = false;
	const u8 *data;

	*len = 0;
	*ready = false;
	spin_lock(&q->lock);
	if (!q->count) {
		spin_unlock(&q->lock);
		return HYP_MSGQ_EMPTY;
	}
	data = q->buf + (size_t)q->head * q->max_size;
	if (q->len[q->head] <= max && copy(ctx, data, q->len[q->head])) {
		*len = q->len[q->head];
		if (q->log && q->rx.vm)
			q->log(false, data, *len);
		q->head = (q->head + 1) % q->depth;
		emptied = !--q->count;
	}
	*ready = q->count;
	if (emptied && q->tx_waits) {
		q->tx_waits = false;
		if (q->tx.vm)
			vgic_raise(q->tx.vm, NULL, q->tx.irq);
	}
	spin_unlock(&q->lock);

	if (emptied && q->tx.call)
		q->tx.call(q, true);
	return HYP_OK;
}
