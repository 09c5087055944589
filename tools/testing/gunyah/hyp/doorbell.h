/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doorbells: 64 flags that a sender ORs and a receiver reads and clears, with
 * an interrupt at the receiver.
 */
#ifndef HYP_DOORBELL_H
#define HYP_DOORBELL_H

#include "cap.h"

struct doorbell {
	struct object obj;
	spinlock_t lock;	/* guards flags, enable, ack */
	struct doorbell *next;	/* all doorbells, for doorbell_eoi_level() */
	u64 flags;
	u64 enable;		/* flags that make an interrupt; all ones at first */
	u64 ack;		/* flags cleared when the interrupt is raised; 0 at first */
	struct vm *rx_vm;
	u32 irq;		/* INTID at rx_vm */
	bool edge;
};

struct doorbell *doorbell_new(struct vm *rx_vm, u32 irq, bool edge);
/* After cap_revoke(). */
void doorbell_free(struct doorbell *d);
u64 doorbell_send(struct doorbell *d, u64 flags);
u64 doorbell_receive(struct doorbell *d, u64 clear);
void doorbell_set_mask(struct doorbell *d, u64 enable, u64 ack);

#endif
