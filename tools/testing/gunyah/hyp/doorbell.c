// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells, as facts 64 to 68 have them recorded.
 *
 * An edge doorbell raises its interrupt at each send, whatever the flags and
 * the masks.  A level doorbell raises its line when an enabled flag is set.
 * The line comes down when the receiver ends the interrupt (EOI) and no
 * enabled flag is left: flags that are cleared earlier, by the receiver, by the
 * sender or by the ack mask, do not take an interrupt back that was raised.
 *
 * Locking: list lock > doorbell lock > vgic.lock.
 */

#include "doorbell.h"
#include "vgic.h"
#include "vm.h"

static struct {
	spinlock_t lock;	/* guards the list */
	struct doorbell *first;
} bells;

struct doorbell *doorbell_new(struct vm *rx_vm, u32 irq, bool edge)
{
	struct doorbell *d = hyp_alloc(sizeof(*d));

	if (!d)
		return NULL;
	d->obj.type = OBJ_DOORBELL;
	d->enable = ~0UL;
	d->rx_vm = rx_vm;
	d->irq = irq;
	d->edge = edge;
	spin_lock(&bells.lock);
	d->next = bells.first;
	bells.first = d;
	spin_unlock(&bells.lock);
	return d;
}

void doorbell_free(struct doorbell *d)
{
	struct doorbell **p;

	spin_lock(&bells.lock);
	for (p = &bells.first; *p; p = &(*p)->next) {
		if (*p == d) {
			*p = d->next;
			break;
		}
	}
	spin_unlock(&bells.lock);
	hyp_free(d);
}

/* Raise the interrupt; the ack mask works when an enabled flag is the cause. */
static void doorbell_fire(struct doorbell *d)
{
	if (d->edge)
		vgic_raise(d->rx_vm, NULL, d->irq);
	else
		vgic_set_level(d->rx_vm, NULL, d->irq, true);
	if (d->flags & d->enable)
		d->flags &= ~d->ack;
}

u64 doorbell_send(struct doorbell *d, u64 flags)
{
	u64 old;

	spin_lock(&d->lock);
	old = d->flags;
	d->flags |= flags;
	if (d->edge || (d->flags & d->enable))
		doorbell_fire(d);
	spin_unlock(&d->lock);
	return old;
}

u64 doorbell_receive(struct doorbell *d, u64 clear)
{
	u64 old;

	spin_lock(&d->lock);
	old = d->flags;
	d->flags &= ~clear;
	spin_unlock(&d->lock);
	return old;
}

void doorbell_set_mask(struct doorbell *d, u64 enable, u64 ack)
{
	spin_lock(&d->lock);
	d->enable = enable;
	d->ack = ack;
	if (d->flags & d->enable)
		doorbell_fire(d);
	spin_unlock(&d->lock);
}

/**
 * doorbell_eoi_level() - the receiver ended a level interrupt
 * @vm: the VM
 * @intid: the interrupt
 *
 * Context: any, without the vGIC's lock.
 */
void doorbell_eoi_level(struct vm *vm, u32 intid)
{
	struct doorbell *d;

	spin_lock(&bells.lock);
	for (d = bells.first; d; d = d->next) {
		if (d->rx_vm != vm || d->irq != intid || d->edge)
			continue;
		spin_lock(&d->lock);
		vgic_set_level(vm, NULL, intid, d->flags & d->enable);
		if (d->flags & d->enable)
			d->flags &= ~d->ack;
		spin_unlock(&d->lock);
	}
	spin_unlock(&bells.lock);
}
