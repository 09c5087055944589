// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual GIC: the distributor's registers, and the banks that it has in
 * common with the redistributors' SGI frames (one bit, byte or two bits for
 * each INTID).
 *
 * One security state, affinity routing always on, no LPIs, no message-based or
 * extended SPIs.  Registers that are not there read as zero and ignore writes.
 * Interrupts below 32 belong to the redistributors: their words in the
 * distributor's banks are such registers too.
 *
 * In the primary VM, enable, trigger type, route, and the clearing of states
 * go on to the physical interrupt of the same INTID where there is one.
 * Priorities stay virtual.
 */
#include "vgic_priv.h"

static u32 bit_read(struct vm *vm, struct vgic_irq *irq, u32 intid, u32 bank)
{
	switch (bank) {
	case GIC_IGROUPR:
		return irq->group1;
	case GIC_ISENABLER:
	case GIC_ICENABLER:
		return irq->enabled;
	case GIC_ISPENDR:
	case GIC_ICPENDR:
		vgic_irq_pull(vm, irq);
		return vgic_irq_pending(irq) || (irq->hw && gic_is_pending(irq->target, intid));
	case GIC_ISACTIVER:
	case GIC_ICACTIVER:
		vgic_irq_pull(vm, irq);
		return irq->active;
	}
	return 0;
}

static void enable(struct vm *vm, struct vgic_irq *irq, u32 intid, bool on)
{
	if (irq->enabled == on)
		return;
	if (!on)
		vgic_irq_pull(vm, irq);
	irq->enabled = on;
	if (irq->hw)
		gic_set_enable(irq->target, intid, on);
	if (!on)
		vgic_irq_withdraw(irq, intid);
}

static void clear_pending(struct vgic_irq *irq, u32 intid)
{
	irq->pending = 0;
	if (irq->hw)
		gic_clear_pending(irq->target, intid);
	vgic_irq_withdraw(irq, intid);
}

/* A one was written to this interrupt's bit. */
static void bit_write(struct vm *vm, struct vgic_irq *irq, u32 intid, u32 bank)
{
	switch (bank) {
	case GIC_ISENABLER:
		enable(vm, irq, intid, true);
		break;
	case GIC_ICENABLER:
		enable(vm, irq, intid, false);
		break;
	case GIC_ISPENDR:
		vgic_irq_pull(vm, irq);
		irq->pending = 1;
		break;
	case GIC_ICPENDR:
		vgic_irq_pull(vm, irq);
		clear_pending(irq, intid);
		break;
	case GIC_ISACTIVER:
		vgic_irq_pull(vm, irq);
		irq->active = 1;
		break;
	case GIC_ICACTIVER:
		vgic_irq_pull(vm, irq);
		vgic_irq_end_active(irq, intid);
		break;
	}
}

/*
 * An interrupt's field of a bank is written, from bit 0 of val on.  Returns
 * true when that may have changed where the interrupt has to wait.
 */
static bool field_write(struct vm *vm, struct vgic_irq *irq, u32 intid, u32 bank, u32 val)
{
	switch (bank) {
	case GIC_IPRIORITYR:			/* counts from the next entry on */
		irq->priority = val & VGIC_PRIORITY_MASK;
		return false;
	case GIC_ICFGR:
		vgic_irq_set_edge(irq, intid, val & 2);
		return true;
	case GIC_IGROUPR:
		if (irq->group1 == (val & 1))
			return false;
		irq->group1 = val & 1;
		return true;
	}
	if (!(val & 1))
		return false;
	bit_write(vm, irq, intid, bank);
	return true;
}

/* How many INTIDs a 32-bit word of this register holds, and where they begin. */
static u32 bank_first(u32 off, u32 *bank, u32 *per_word)
{
	if (off >= GIC_ICFGR) {
		*bank = GIC_ICFGR;
		*per_word = 16;
		return (off - GIC_ICFGR) / 4 * 16;
	}
	if (off >= GIC_IPRIORITYR) {
		*bank = GIC_IPRIORITYR;
		*per_word = 4;
		return (off - GIC_IPRIORITYR) & ~3u;
	}
	*bank = off & ~0x7fu;
	*per_word = 32;
	return (off & 0x7c) * 8;
}

u32 vgic_bank_read(struct vm *vm, struct vcpu *v, u32 off)
{
	struct vgic_irq *irq;
	u32 bank, n, i;
	u32 first;
	u32 val = 0;

	if ((off >= GIC_ITARGETSR && off < GIC_ICFGR) || off >= GIC_IGRPMODR)
		return 0;
	first = bank_first(off, &bank, &n);
	vgic_lock(&vm->vgic);
	for (i = 0; i < n; i++) {
		irq = vgic_irq_get(vm, v, first + i);
		if (!irq)
			continue;
		if (bank == GIC_IPRIORITYR)
			val |= (u32)irq->priority << i * 8;
		else if (bank == GIC_ICFGR)
			val |= (u32)irq->edge << (i * 2 + 1);
		else
			val |= bit_read(vm, irq, first + i, bank) << i;
	}
	vgic_unlock(&vm->vgic);
	return val;
}

void vgic_bank_write(struct vm *vm, struct vcpu *v, u32 off, unsigned int size, u32 val)
{
	struct vgic_irq *irq;
	u32 bank, per_word;
	u32 first, n, i;
	u32 mask = 0;

	if ((off >= GIC_ITARGETSR && off < GIC_ICFGR) || off >= GIC_IGRPMODR)
		return;
	first = bank_first(off, &bank, &per_word);
	n = per_word;
	if (bank == GIC_IPRIORITYR) {		/* may be written by bytes */
		first += off & 3;
		n = size;
	} else if (size != 4) {
		return;
	}
	vgic_lock(&vm->vgic);
	for (i = 0; i < n; i++) {
		irq = vgic_irq_get(vm, v, first + i);
		if (irq && field_write(vm, irq, first + i, bank, val >> i * 32 / per_word))
			mask |= vgic_irq_update(vm, irq, first + i);
	}
	vgic_unlock(&vm->vgic);
	vgic_notify(vm, mask);
}

/* As the register has it: Aff3 in bits 39:32. */
static u64 route_of(const struct vgic_irq *irq)
{
	return (u64)(irq->route >> 24) << 32 | (irq->route & 0xffffff) |
	       (irq->any ? GICD_IROUTER_IRM : 0);
}

static u64 router_read(struct vm *vm, u32 intid)
{
	struct vgic_irq *irq;
	u64 val = 0;

	vgic_lock(&vm->vgic);
	irq = vgic_irq_get(vm, NULL, intid);
	if (irq)
		val = route_of(irq);
	vgic_unlock(&vm->vgic);
	return val;
}

/* IRM = 1 is "any of them": always the first vCPU. */
static void router_write(struct vm *vm, u32 intid, u64 val, u64 bits)
{
	struct vgic_irq *irq;
	u32 mask = 0;

	vgic_lock(&vm->vgic);
	irq = vgic_irq_get(vm, NULL, intid);
	if (irq) {
		val = (val & bits) | (route_of(irq) & ~bits);
		irq->route = (u32)(val >> 32 & 0xff) << 24 | (val & 0xffffff);
		irq->any = !!(val & GICD_IROUTER_IRM);
		irq->target = irq->any ? 0 : vgic_find_vcpu(vm, irq->route);
		if (irq->hw)
			gic_set_route(intid, irq->any ? 0 : val & 0xff00ffffffUL);
		mask = vgic_irq_update(vm, irq, intid);
	}
	vgic_unlock(&vm->vgic);
	vgic_notify(vm, mask);
}

static u32 dist_read32(struct vm *vm, u32 off)
{
	switch (off) {
	case GICD_CTLR:
		return vm->vgic.ctlr | GICD_CTLR_ARE | GICD_CTLR_DS;
	case GICD_TYPER:
		return ((vm->vgic.nr_lines + 31) / 32 - 1) | GICD_TYPER_IDBITS(10) |
		       GICD_TYPER_A3V | GICD_TYPER_NO1N;
	case GICD_IIDR:
		return GIC_IIDR_ARM;
	case GIC_PIDR2:
		return GIC_PIDR2_V3;
	}
	if (off >= GIC_IGROUPR && off < GIC_IGRPMODR)
		return vgic_bank_read(vm, NULL, off);
	if (off >= GICD_IROUTER + 32 * 8 && off < GICD_IROUTER + 1020 * 8)
		return router_read(vm, (off - GICD_IROUTER) / 8) >> off % 8 * 8;
	return 0;
}

u64 vgic_dist_read(struct vcpu *v, u32 off, unsigned int size)
{
	u64 val;

	if (size == 8)
		return dist_read32(v->vm, off) | (u64)dist_read32(v->vm, off + 4) << 32;
	val = dist_read32(v->vm, off & ~3u) >> off % 4 * 8;
	return val & GENMASK(size * 8 - 1, 0);
}

static void ctlr_write(struct vm *vm, u32 val)
{
	u32 mask;

	vgic_lock(&vm->vgic);
	vm->vgic.ctlr = val & (GICD_CTLR_GRP0 | GICD_CTLR_GRP1);
	mask = vgic_update_all(vm);
	vgic_unlock(&vm->vgic);
	vgic_notify(vm, mask);
}

void vgic_dist_write(struct vcpu *v, u32 off, unsigned int size, u64 val)
{
	if (off >= GICD_IROUTER + 32 * 8 && off < GICD_IROUTER + 1020 * 8) {
		u32 intid = (off - GICD_IROUTER) / 8;

		if (size == 8)
			router_write(v->vm, intid, val, ~0UL);
		else if (size == 4 && off % 8)
			router_write(v->vm, intid, val << 32, GENMASK(63, 32));
		else if (size == 4)
			router_write(v->vm, intid, val, GENMASK(31, 0));
		return;
	}
	if (size == 8)
		return;
	if (off == GICD_CTLR && size == 4)
		ctlr_write(v->vm, val);
	else if (off >= GIC_IGROUPR && off < GIC_IGRPMODR)
		vgic_bank_write(v->vm, NULL, off, size, val);
}
