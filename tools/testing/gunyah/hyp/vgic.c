// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual GIC: state of interrupts, and where each one waits.
 *
 * An interrupt is "pending" when its latch is set or, for a level, its line is
 * up.  It is "queued" at one vCPU at most: at the one where it is active, or
 * else at its target when it is pending and enabled.  vgic_irq_update() keeps
 * that true after each change.  vgic_flush() takes queued interrupts into list
 * registers (in_lr) on the way into the guest, the latch goes with them;
 * vgic_sync() brings what is left back on each way out.  So while no vCPU is
 * in its guest, all state is in struct vgic_irq.  While in_lr, the queue does
 * not change, and updates make the vCPU leave its guest.
 *
 * Forwarded physical interrupts (the primary VM; vCPU n runs on CPU n): "phys"
 * says that EL2 has acknowledged the physical interrupt and that it is active.
 * It ends in one of three ways: by the guest's EOI through a list register with
 * the HW bit, by vgic_sync() when software state kept the HW bit away, or by
 * vgic_irq_withdraw() when the guest does not want it any more.
 *
 * "told" keeps notifications to one for each time that an interrupt becomes
 * pending: a second doorbell before the guest looks is not a second wake-up.
 */
#include "cpu.h"
#include "vgic_priv.h"

#define LOCK_TRIES	BIT(24)

void vgic_lock(struct vgic *vgic)
{
	u32 i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (spin_trylock(&vgic->lock))
			return;
		asm volatile("yield");
	}
	spin_lock(&vgic->lock);		/* says so when it is never free */
}

void vgic_unlock(struct vgic *vgic)
{
	spin_unlock(&vgic->lock);
}

struct vgic_irq *vgic_irq_get(struct vm *vm, struct vcpu *v, u32 intid)
{
	if (intid < 32)
		return v ? &v->vgic.priv[intid] : NULL;
	if (!vm->vgic.spi || intid >= vm->vgic.nr_lines)
		return NULL;
	return &vm->vgic.spi[intid - 32];
}

u8 vgic_find_vcpu(const struct vm *vm, u32 affinity)
{
	return affinity < vm->nr_vcpus ? affinity : VGIC_NO_VCPU;
}

bool vgic_irq_wanted(const struct vgic *vgic, const struct vgic_irq *irq)
{
	u32 group = irq->group1 ? GICD_CTLR_GRP1 : GICD_CTLR_GRP0;

	return irq->enabled && vgic_irq_pending(irq) && vgic->ctlr & group;
}

static void queue_move(struct vm *vm, struct vgic_irq *irq, u32 intid, u8 to)
{
	u64 bit = BIT(intid % 64);
	struct vgic_cpu *c;

	if (irq->queue != VGIC_NO_VCPU) {
		c = &vm->vcpu[irq->queue]->vgic;
		c->queued[intid / 64] &= ~bit;
		c->nr_queued--;
	}
	irq->queue = to;
	if (to != VGIC_NO_VCPU) {
		c = &vm->vcpu[to]->vgic;
		c->queued[intid / 64] |= bit;
		c->nr_queued++;
	}
}

u32 vgic_irq_update(struct vm *vm, struct vgic_irq *irq, u32 intid)
{
	bool wanted = vgic_irq_wanted(&vm->vgic, irq);
	u8 to = VGIC_NO_VCPU;
	bool news;

	if (irq->in_lr)
		return BIT(irq->queue);

	if (irq->active && irq->queue != VGIC_NO_VCPU)
		to = irq->queue;
	else if (irq->active || (irq->enabled && vgic_irq_pending(irq)))
		to = irq->target;

	news = wanted && (!irq->told || to != irq->queue);
	irq->told = wanted;
	if (to != irq->queue)
		queue_move(vm, irq, intid, to);
	return news && to != VGIC_NO_VCPU ? BIT(to) : 0;
}

u32 vgic_update_all(struct vm *vm)
{
	struct vgic_cpu *c;
	unsigned int i;
	u32 mask = 0;
	u32 intid;

	for (i = 0; i < vm->nr_vcpus; i++) {
		c = &vm->vcpu[i]->vgic;
		if (!c->nr_queued)
			continue;
		for (intid = 0; intid < VGIC_NR_LINES; intid++) {
			if (c->queued[intid / 64] & BIT(intid % 64))
				mask |= vgic_irq_update(vm, vgic_irq_get(vm, vm->vcpu[i], intid),
							intid);
		}
	}
	return mask;
}

void vgic_irq_withdraw(struct vgic_irq *irq, u32 intid)
{
	if (!irq->phys || irq->active)
		return;
	/* A level comes again by itself; an edge is known to the latch alone. */
	if (!irq->edge)
		irq->pending = 0;
	irq->phys = 0;
	gic_clear_active(irq->target, intid);
}

void vgic_irq_pull(struct vm *vm, struct vgic_irq *irq)
{
	struct vcpu *v;
	u32 syncs;
	int cpu;

	while (irq->in_lr) {
		v = vm->vcpu[irq->queue];
		syncs = v->vgic.syncs;
		v->vgic.pullers++;
		vgic_unlock(&vm->vgic);
		cpu = READ_ONCE(v->on_cpu);
		if (cpu >= 0)
			gic_send_sgi(cpu, GIC_SGI_KICK);
		while (READ_ONCE(v->vgic.syncs) == syncs)
			asm volatile("yield");
		vgic_lock(&vm->vgic);
		v->vgic.pullers--;
	}
}

void vgic_irq_end_active(struct vgic_irq *irq, u32 intid)
{
	irq->active = 0;
	if (!irq->act_phys)
		return;
	irq->act_phys = 0;
	irq->phys = 0;
	gic_clear_active(irq->target, intid);
}

void vgic_irq_set_edge(struct vgic_irq *irq, u32 intid, bool edge)
{
	if (intid < 16 || irq->edge == edge)
		return;				/* SGIs are edges */
	irq->edge = edge;
	if (irq->hw)
		gic_set_edge(irq->target, intid, edge);
}

void vgic_notify(struct vm *vm, u32 mask)
{
	unsigned int i;

	/* Either we see where the vCPU runs, or it sees what we have queued. */
	smp_mb();
	for (i = 0; mask; i++, mask >>= 1) {
		if (mask & 1 && vm->vcpu[i] != this_vcpu())
			vcpu_irq_pending(vm->vcpu[i]);
	}
}

static void irq_init(struct vgic_irq *irq, u8 target)
{
	memset(irq, 0, sizeof(*irq));
	irq->target = target;
	irq->queue = VGIC_NO_VCPU;
	irq->group1 = 1;
}

int vgic_init(struct vm *vm, u64 dist_base, u64 redist_base, u32 nr_lines)
{
	struct vgic *vgic = &vm->vgic;
	struct vgic_irq *spi;
	u32 i;

	if (nr_lines < 64 || nr_lines > VGIC_NR_LINES)
		return -1;
	spi = hyp_alloc((nr_lines - 32) * sizeof(*spi));
	if (!spi)
		return -1;
	for (i = 32; i < nr_lines; i++) {
		irq_init(&spi[i - 32], 0);
		spi[i - 32].hw = vm->primary && gic_is_forwardable(i);
	}
	vgic_lock(vgic);
	vgic->dist_base = dist_base;
	vgic->redist_base = redist_base;
	vgic->nr_lines = nr_lines;
	vgic->ctlr = 0;
	vgic->spi = spi;
	vgic_unlock(vgic);
	return 0;
}

void vgic_destroy(struct vm *vm)
{
	struct vgic *vgic = &vm->vgic;
	struct vgic_irq *spi;

	vgic_lock(vgic);
	spi = vgic->spi;
	vgic->spi = NULL;
	vgic_unlock(vgic);
	if (spi)
		hyp_free(spi);
}

static void priv_init(struct vcpu *v, u32 intid)
{
	struct vgic_irq *irq = &v->vgic.priv[intid];

	irq_init(irq, v->index);
	irq->edge = intid < 16;
	irq->hw = v->vm->primary && gic_is_forwardable(intid);
	if (irq->hw) {
		gic_set_enable(v->index, intid, false);
		gic_set_edge(v->index, intid, false);
	}
}

void vgic_vcpu_init(struct vcpu *v)
{
	u32 i;

	vgic_lock(&v->vm->vgic);
	for (i = 0; i < 32; i++)
		priv_init(v, i);
	v->vgic.asleep = true;
	vgic_unlock(&v->vm->vgic);
	vgic_vcpu_reset(v);
}

void vgic_vcpu_reset(struct vcpu *v)
{
	memset(v->vgic.ap0r, 0, sizeof(v->vgic.ap0r));
	memset(v->vgic.ap1r, 0, sizeof(v->vgic.ap1r));
	v->vgic.vmcr = 0;
}

void vgic_forward(struct vcpu *primary, u32 intid)
{
	struct vm *vm = primary->vm;
	struct vgic_irq *irq;
	u32 mask;

	vgic_lock(&vm->vgic);
	irq = vgic_irq_get(vm, primary, intid);
	if (!irq || !irq->hw) {
		vgic_unlock(&vm->vgic);
		gic_deactivate(intid);
		return;
	}
	/* Its list register is done with, and not read back yet: two lives. */
	if (irq->in_lr && irq->phys)
		irq->again = 1;
	irq->phys = 1;
	irq->pending = 1;
	if (!irq->enabled && !irq->in_lr)
		vgic_irq_withdraw(irq, intid);
	mask = vgic_irq_update(vm, irq, intid);
	vgic_unlock(&vm->vgic);
	vgic_notify(vm, mask);
}

void vgic_raise(struct vm *vm, struct vcpu *v, u32 intid)
{
	struct vgic_irq *irq;
	u32 mask = 0;

	vgic_lock(&vm->vgic);
	irq = vgic_irq_get(vm, v, intid);
	if (irq && !irq->pending) {
		irq->pending = 1;
		mask = vgic_irq_update(vm, irq, intid);
	}
	vgic_unlock(&vm->vgic);
	vgic_notify(vm, mask);
}

void vgic_set_level(struct vm *vm, struct vcpu *v, u32 intid, bool level)
{
	struct vgic_irq *irq;
	u32 mask = 0;

	vgic_lock(&vm->vgic);
	irq = vgic_irq_get(vm, v, intid);
	if (irq && irq->level != level) {
		irq->level = level;
		if (irq->edge && level)
			irq->pending = 1;
		mask = vgic_irq_update(vm, irq, intid);
	}
	vgic_unlock(&vm->vgic);
	vgic_notify(vm, mask);
}

void vgic_config(struct vm *vm, u32 intid, bool edge)
{
	struct vgic_irq *irq;

	vgic_lock(&vm->vgic);
	irq = vgic_irq_get(vm, NULL, intid);
	if (irq)
		vgic_irq_set_edge(irq, intid, edge);
	vgic_unlock(&vm->vgic);
}

bool vgic_is_enabled(struct vm *vm, struct vcpu *v, u32 intid)
{
	struct vgic_irq *irq;
	bool enabled;

	vgic_lock(&vm->vgic);
	irq = vgic_irq_get(vm, v, intid);
	enabled = irq && irq->enabled;
	vgic_unlock(&vm->vgic);
	return enabled;
}

static u32 sgi_send(struct vm *vm, struct vcpu *to, u32 sgi)
{
	struct vgic_irq *irq = &to->vgic.priv[sgi];

	if (irq->pending)
		return 0;
	irq->pending = 1;
	return vgic_irq_update(vm, irq, sgi);
}

void vgic_sgi1r(struct vcpu *v, u64 val)
{
	u32 base = (val >> 48 & 0xff) << 24 | (val >> 32 & 0xff) << 16 | (val >> 16 & 0xff) << 8 |
		   (val >> 44 & 0xf) << 4;
	u32 sgi = val >> 24 & 0xf;
	struct vm *vm = v->vm;
	unsigned int i;
	u32 mask = 0;
	u8 to;

	vgic_lock(&vm->vgic);
	if (val & BIT(40)) {			/* IRM: all but the sender */
		for (i = 0; i < vm->nr_vcpus; i++) {
			if (vm->vcpu[i] != v)
				mask |= sgi_send(vm, vm->vcpu[i], sgi);
		}
	} else {
		for (i = 0; i < 16; i++) {
			to = vgic_find_vcpu(vm, base + i);
			if (val & BIT(i) && to != VGIC_NO_VCPU)
				mask |= sgi_send(vm, vm->vcpu[to], sgi);
		}
	}
	vgic_unlock(&vm->vgic);
	vgic_notify(vm, mask);
}

bool vgic_mmio(struct vcpu *v, u64 ipa, unsigned int size, bool write, u64 *val)
{
	struct vgic *vgic = &v->vm->vgic;
	u64 roff = ipa - vgic->redist_base;
	u64 off = ipa - vgic->dist_base;
	u64 data = 0;

	if (!vgic->spi)
		return false;
	if (off >= GICD_SIZE && roff >= (u64)v->vm->nr_vcpus * GICR_SIZE)
		return false;
	if (!IS_ALIGNED(ipa, size)) {
		/* An access that no register takes: reads as zero, changes nothing. */
	} else if (off < GICD_SIZE) {
		if (write)
			vgic_dist_write(v, off, size, *val);
		else
			data = vgic_dist_read(v, off, size);
	} else {
		v = v->vm->vcpu[roff / GICR_SIZE];
		if (write)
			vgic_redist_write(v, roff % GICR_SIZE, size, *val);
		else
			data = vgic_redist_read(v, roff % GICR_SIZE, size);
	}
	if (!write)
		*val = data;
	return true;
}
