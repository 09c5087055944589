/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the virtual GIC share with each other and with nobody else. */
#ifndef HYP_VGIC_PRIV_H
#define HYP_VGIC_PRIV_H

#include "gic_regs.h"
#include "vgic.h"
#include "vm.h"

#define VGIC_PRIORITY_MASK	0xf8	/* five bits, as QEMU's GIC has them */

/*
 * The lock of a vGIC, taken by whoever runs first and not in turn: under an
 * emulator with more CPUs than the machine has, the next in turn is often one
 * that does not run, and all wait for it.
 */
void vgic_lock(struct vgic *vgic);
void vgic_unlock(struct vgic *vgic);

/*
 * All of these with the vgic's lock held.  Those that return a u32 return a
 * mask of vCPU indices, for vgic_notify() after the lock is dropped.
 */

/* NULL: no such interrupt.  v is looked at for SGIs and PPIs only. */
struct vgic_irq *vgic_irq_get(struct vm *vm, struct vcpu *v, u32 intid);

/* The line or the latch, as the trigger type has it. */
static inline bool vgic_irq_pending(const struct vgic_irq *irq)
{
	return irq->pending || (irq->level && !irq->edge);
}

/* Enabled and pending, in a group that the distributor forwards. */
bool vgic_irq_wanted(const struct vgic *vgic, const struct vgic_irq *irq);

/* After each change of the interrupt: put it where its state wants it. */
u32 vgic_irq_update(struct vm *vm, struct vgic_irq *irq, u32 intid);

/*
 * An acknowledged physical interrupt that its vCPU has not taken, and that has
 * been disabled or cleared: end the physical one.
 */
void vgic_irq_withdraw(struct vgic_irq *irq, u32 intid);

/*
 * Get the interrupt out of the list register of a vCPU that runs on another
 * CPU, so that its state is all in @irq.  Drops and takes the lock.  That vCPU
 * leaves its guest, and does not flush before the lock was had here.
 */
void vgic_irq_pull(struct vm *vm, struct vgic_irq *irq);

/* Trigger type, of the physical interrupt too.  Without effect on SGIs. */
void vgic_irq_set_edge(struct vgic_irq *irq, u32 intid, bool edge);

/* The active state ends, and the physical one's that caused it. */
void vgic_irq_end_active(struct vgic_irq *irq, u32 intid);

/* Update everything that is queued; after a change of GICD_CTLR. */
u32 vgic_update_all(struct vm *vm);

/* vCPU index of an affinity (Aff3 in the top byte), or VGIC_NO_VCPU. */
u8 vgic_find_vcpu(const struct vm *vm, u32 affinity);

/* Without the lock: tell the vCPUs, those not loaded here. */
void vgic_notify(struct vm *vm, u32 mask);

/*
 * vgic_dist.c and vgic_redist.c: registers.  They take the lock.  off is
 * aligned to size and within the frame; size 1, 2, 4 or 8.
 */
u64 vgic_dist_read(struct vcpu *v, u32 off, unsigned int size);
void vgic_dist_write(struct vcpu *v, u32 off, unsigned int size, u64 val);
/* v = the redistributor's vCPU. */
u64 vgic_redist_read(struct vcpu *v, u32 off, unsigned int size);
void vgic_redist_write(struct vcpu *v, u32 off, unsigned int size, u64 val);

/* Without the lock: registers 0x80 to 0xdff, the same for both. */
u32 vgic_bank_read(struct vm *vm, struct vcpu *v, u32 off);
void vgic_bank_write(struct vm *vm, struct vcpu *v, u32 off, unsigned int size, u32 val);

#endif
