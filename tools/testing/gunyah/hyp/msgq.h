/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Message queues: one sender, one receiver, messages of limited size and
 * number.  An end is a VM, which gets an interrupt, or the resource manager,
 * which gets a call.
 */
#ifndef HYP_MSGQ_H
#define HYP_MSGQ_H

#include "cap.h"

#define MSGQ_MAX_SIZE	240
#define MSGQ_MAX_DEPTH	256

struct msgq;

struct msgq_end {
	struct vm *vm;		/* NULL: the resource manager */
	u32 irq;		/* INTID at vm */
	/*
	 * The resource manager's end, called with no queue lock held:
	 * receiver: a message came (@hard: pushed), or the queue is full;
	 * sender: the queue has been emptied.
	 */
	void (*call)(struct msgq *q, bool hard);
};

struct msgq {
	struct object obj;
	spinlock_t lock;	/* guards all that changes */
	u32 max_size, depth;
	u32 head, count;
	bool tx_waits;		/* the sender was told that the queue is full */
	/* Queue lock held: a message goes in at the VM's end (@tx), or out there. */
	void (*log)(bool tx, const void *data, u32 len);
	struct msgq_end tx, rx;
	void *owner;		/* of the resource manager's end */
	u16 *len;
	u8 *buf;
};

/* Copies a message to its receiver; false: the receiver's buffer is no good. */
typedef bool (*msgq_copy_t)(void *ctx, const void *data, u32 len);

/* NULL when the pool is empty or the sizes are out of range. */
struct msgq *msgq_new(u32 max_size, u32 depth);
/* After cap_revoke(). */
void msgq_free(struct msgq *q);
u64 msgq_send(struct msgq *q, const void *data, u32 len, bool push, bool *ready);
u64 msgq_recv(struct msgq *q, u32 max, msgq_copy_t copy, void *ctx, u32 *len, bool *ready);
/* Free places. */
u32 msgq_room(struct msgq *q);

#endif
