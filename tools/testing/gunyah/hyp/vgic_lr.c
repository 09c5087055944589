// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual GIC: list registers.
 *
 * vgic_flush() writes the queued interrupts of highest priority into list
 * registers, vgic_sync() reads them all back; in between the vCPU is in its
 * guest.  While EL2 runs, list registers may still hold what was read back,
 * c->lr[] is what they hold, and the next flush writes those that differ.
 *
 * Under emulation each access to most ICH_* registers takes QEMU's global lock,
 * so none is done with the vgic's lock held, nor without need: an exit that
 * finds list registers unused and leaves them unused has no access at all.
 *
 * What an interrupt's list register looks like:
 *  - physical one behind it, pending or active but not both: HW = 1, the
 *    guest's EOI ends the physical interrupt too;
 *  - level, or a physical one with software state beside it: HW = 0, active is
 *    never combined with pending, and EOI = 1 brings a maintenance interrupt
 *    when it ends, for the next look at the line;
 *  - edge: pending, active, or both.
 *
 * More interrupts than list registers: maintenance interrupts ask for a refill
 * when at most one register is valid, or when none is pending.  An active
 * interrupt without a register may be ended by the guest: the hardware counts
 * that (EOIcount), and it is taken to be the one of highest priority, as EOIs
 * come in that order.
 */
#include "cpu.h"
#include "vgic_priv.h"

static u32 nr_lrs;
static u32 nr_aprs;

static u64 lr_read(u32 n)
{
	switch (n) {
	case 0:
		return gic_sysreg_read(ICH_LR_LOW_EL2(0));
	case 1:
		return gic_sysreg_read(ICH_LR_LOW_EL2(1));
	case 2:
		return gic_sysreg_read(ICH_LR_LOW_EL2(2));
	case 3:
		return gic_sysreg_read(ICH_LR_LOW_EL2(3));
	case 4:
		return gic_sysreg_read(ICH_LR_LOW_EL2(4));
	case 5:
		return gic_sysreg_read(ICH_LR_LOW_EL2(5));
	case 6:
		return gic_sysreg_read(ICH_LR_LOW_EL2(6));
	case 7:
		return gic_sysreg_read(ICH_LR_LOW_EL2(7));
	case 8:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(0));
	case 9:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(1));
	case 10:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(2));
	case 11:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(3));
	case 12:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(4));
	case 13:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(5));
	case 14:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(6));
	case 15:
		return gic_sysreg_read(ICH_LR_HIGH_EL2(7));
	}
	return 0;
}

static void lr_write(u32 n, u64 val)
{
	switch (n) {
	case 0:
		gic_sysreg_write(ICH_LR_LOW_EL2(0), val);
		break;
	case 1:
		gic_sysreg_write(ICH_LR_LOW_EL2(1), val);
		break;
	case 2:
		gic_sysreg_write(ICH_LR_LOW_EL2(2), val);
		break;
	case 3:
		gic_sysreg_write(ICH_LR_LOW_EL2(3), val);
		break;
	case 4:
		gic_sysreg_write(ICH_LR_LOW_EL2(4), val);
		break;
	case 5:
		gic_sysreg_write(ICH_LR_LOW_EL2(5), val);
		break;
	case 6:
		gic_sysreg_write(ICH_LR_LOW_EL2(6), val);
		break;
	case 7:
		gic_sysreg_write(ICH_LR_LOW_EL2(7), val);
		break;
	case 8:
		gic_sysreg_write(ICH_LR_HIGH_EL2(0), val);
		break;
	case 9:
		gic_sysreg_write(ICH_LR_HIGH_EL2(1), val);
		break;
	case 10:
		gic_sysreg_write(ICH_LR_HIGH_EL2(2), val);
		break;
	case 11:
		gic_sysreg_write(ICH_LR_HIGH_EL2(3), val);
		break;
	case 12:
		gic_sysreg_write(ICH_LR_HIGH_EL2(4), val);
		break;
	case 13:
		gic_sysreg_write(ICH_LR_HIGH_EL2(5), val);
		break;
	case 14:
		gic_sysreg_write(ICH_LR_HIGH_EL2(6), val);
		break;
	case 15:
		gic_sysreg_write(ICH_LR_HIGH_EL2(7), val);
		break;
	}
}

static void aprs_save(struct vgic_cpu *c)
{
	c->ap0r[0] = gic_sysreg_read(ICH_AP0R_EL2(0));
	c->ap1r[0] = gic_sysreg_read(ICH_AP1R_EL2(0));
	if (nr_aprs < 2)
		return;
	c->ap0r[1] = gic_sysreg_read(ICH_AP0R_EL2(1));
	c->ap1r[1] = gic_sysreg_read(ICH_AP1R_EL2(1));
	if (nr_aprs < 4)
		return;
	c->ap0r[2] = gic_sysreg_read(ICH_AP0R_EL2(2));
	c->ap1r[2] = gic_sysreg_read(ICH_AP1R_EL2(2));
	c->ap0r[3] = gic_sysreg_read(ICH_AP0R_EL2(3));
	c->ap1r[3] = gic_sysreg_read(ICH_AP1R_EL2(3));
}

static void aprs_load(const struct vgic_cpu *c)
{
	gic_sysreg_write(ICH_AP0R_EL2(0), c->ap0r[0]);
	gic_sysreg_write(ICH_AP1R_EL2(0), c->ap1r[0]);
	if (nr_aprs < 2)
		return;
	gic_sysreg_write(ICH_AP0R_EL2(1), c->ap0r[1]);
	gic_sysreg_write(ICH_AP1R_EL2(1), c->ap1r[1]);
	if (nr_aprs < 4)
		return;
	gic_sysreg_write(ICH_AP0R_EL2(2), c->ap0r[2]);
	gic_sysreg_write(ICH_AP1R_EL2(2), c->ap1r[2]);
	gic_sysreg_write(ICH_AP0R_EL2(3), c->ap0r[3]);
	gic_sysreg_write(ICH_AP1R_EL2(3), c->ap1r[3]);
}

/* The same on every CPU, so each writes the same numbers. */
void vgic_init_cpu(void)
{
	static const struct vgic_cpu empty;
	u64 vtr = gic_sysreg_read(ICH_VTR_EL2);
	u32 i;

	nr_lrs = MIN((u32)ICH_VTR_LRS(vtr), (u32)VGIC_MAX_LR);
	nr_aprs = 1u << (ICH_VTR_PREBITS(vtr) - 5);
	gic_sysreg_write(ICH_HCR_EL2, 0);
	for (i = 0; i < nr_lrs; i++)
		lr_write(i, 0);
	aprs_load(&empty);
	gic_sysreg_write(ICH_VMCR_EL2, 0);
}

static bool lr_valid(u64 lr)
{
	return lr & (ICH_LR_ACTIVE | ICH_LR_PENDING);
}

static void lr_set(struct vgic_cpu *c, u32 n, u64 lr)
{
	if (c->lr[n] == lr)
		return;
	c->lr[n] = lr;
	lr_write(n, lr);
}

static void hcr_set(struct vgic_cpu *c, u64 hcr)
{
	if (c->hcr == hcr)
		return;
	c->hcr = hcr;
	gic_sysreg_write(ICH_HCR_EL2, hcr);
}

void vgic_load(struct vcpu *v)
{
	aprs_load(&v->vgic);
	gic_sysreg_write(ICH_VMCR_EL2, v->vgic.vmcr);
	hcr_set(&v->vgic, ICH_HCR_EN);
}

void vgic_put(struct vcpu *v)
{
	u32 i;

	hcr_set(&v->vgic, 0);
	for (i = 0; i < nr_lrs; i++)
		lr_set(&v->vgic, i, 0);
	aprs_save(&v->vgic);
	v->vgic.vmcr = gic_sysreg_read(ICH_VMCR_EL2);
}

/* The list register for this interrupt. */
static u64 lr_build(const struct vgic_irq *irq, u32 intid, bool wanted)
{
	bool hw = irq->phys && !(irq->active && (wanted || !irq->act_phys));
	u64 lr = intid | ICH_LR_PRIO(irq->priority);

	if (irq->group1)
		lr |= ICH_LR_GROUP1;
	if (irq->active)
		lr |= ICH_LR_ACTIVE;
	if (wanted && (!irq->active || (irq->edge && !irq->phys)))
		lr |= ICH_LR_PENDING;
	if (hw)
		lr |= ICH_LR_HW | ICH_LR_PINTID(intid);
	else if (!irq->edge || irq->phys)
		lr |= ICH_LR_EOI;
	return lr;
}

/*
 * Interrupts sorted by a key, lowest first: priority, then active before
 * pending, then INTID.
 */
#define KEY_PENDING	BIT(12)
#define KEY_INTID(key)	((key) & 0xfff)

struct choice {
	u32 key[VGIC_MAX_LR];
	u32 nr;
	bool spilled;			/* some found no list register */
	bool spilled_active;
};

static u32 key_of(const struct vgic_irq *irq, u32 intid)
{
	return (u32)irq->priority << 16 | (irq->active ? 0 : KEY_PENDING) | intid;
}

static void choose(struct choice *ch, u32 key)
{
	u32 out = ~0u;
	u32 i;

	if (ch->nr == nr_lrs) {
		ch->spilled = true;
		out = MAX(key, ch->key[nr_lrs - 1]);
		if (!(out & KEY_PENDING))
			ch->spilled_active = true;
		if (out == key)
			return;
		ch->nr--;
	}
	for (i = ch->nr++; i && ch->key[i - 1] > key; i--)
		ch->key[i] = ch->key[i - 1];
	ch->key[i] = key;
}

static void choose_all(struct vcpu *v, struct choice *ch)
{
	struct vgic_irq *irq;
	u32 intid;
	u64 bits;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(v->vgic.queued); i++) {
		for (bits = v->vgic.queued[i]; bits; bits &= bits - 1) {
			intid = i * 64 + __builtin_ctzll(bits);
			irq = vgic_irq_get(v->vm, v, intid);
			if (irq->active || vgic_irq_wanted(&v->vm->vgic, irq))
				choose(ch, key_of(irq, intid));
		}
	}
}

/* An interrupt goes into a list register: what is to be written there. */
static u64 lr_take(struct vcpu *v, u32 intid)
{
	struct vgic_irq *irq = vgic_irq_get(v->vm, v, intid);
	u64 lr = lr_build(irq, intid, vgic_irq_wanted(&v->vm->vgic, irq));

	irq->in_lr = 1;
	irq->lr_latch = 0;
	if (lr & ICH_LR_PENDING) {
		irq->lr_latch = irq->pending;
		irq->pending = 0;
		irq->told = 0;
	}
	return lr;
}

void vgic_flush(struct vcpu *v)
{
	struct vgic_cpu *c = &v->vgic;
	struct choice ch = { .nr = 0 };
	u64 hcr = ICH_HCR_EN;
	u64 lr[VGIC_MAX_LR];
	u32 i;

	/* Whoever queues one from now on finds on_cpu set, and makes it come out. */
	smp_mb();
	if (READ_ONCE(c->nr_queued)) {
		vgic_lock(&v->vm->vgic);
		while (c->pullers) {
			vgic_unlock(&v->vm->vgic);
			asm volatile("yield");
			vgic_lock(&v->vm->vgic);
		}
		choose_all(v, &ch);
		for (i = 0; i < ch.nr; i++)
			lr[i] = lr_take(v, KEY_INTID(ch.key[i]));
		c->used_lrs = ch.nr;
		vgic_unlock(&v->vm->vgic);
	}
	for (i = 0; i < ch.nr; i++) {
		lr_set(c, i, lr[i]);
		if (ch.spilled && lr[i] & ICH_LR_PENDING)
			hcr |= ICH_HCR_NPIE;
	}
	for (; i < nr_lrs; i++) {
		if (lr_valid(c->lr[i]))
			lr_set(c, i, 0);
	}
	if (ch.spilled)
		hcr |= ICH_HCR_UIE;
	if (ch.spilled_active)
		hcr |= ICH_HCR_LRENPIE;
	hcr_set(c, hcr);
}

/*
 * Bring an interrupt back from its list register, as the guest has left it.
 * Returns true when the guest has ended it.
 */
static bool lr_fold(struct vgic_irq *irq, u32 intid, u64 lr)
{
	bool ended = !lr_valid(lr);

	irq->in_lr = 0;
	if (lr & ICH_LR_PENDING && irq->lr_latch)
		irq->pending = 1;
	if (lr & ICH_LR_HW) {
		irq->active = !!(lr & ICH_LR_ACTIVE);
		irq->act_phys = irq->active;
		if (ended)
			irq->phys = irq->again;
	} else if (lr & ICH_LR_ACTIVE) {
		irq->active = 1;
	} else {
		vgic_irq_end_active(irq, intid);
	}
	irq->again = 0;
	/* Forwarded while it was active and disabled. */
	if (!irq->enabled)
		vgic_irq_withdraw(irq, intid);
	return ended;
}

/* The guest ended an active interrupt that had no list register. */
static u32 end_spilled(struct vcpu *v)
{
	struct vgic_irq *irq, *best = NULL;
	u32 intid, id = 0;

	for (intid = 0; intid < v->vm->vgic.nr_lines; intid++) {
		if (!(v->vgic.queued[intid / 64] & BIT(intid % 64)))
			continue;
		irq = vgic_irq_get(v->vm, v, intid);
		if (!irq->active || irq->in_lr)
			continue;
		if (!best || irq->priority < best->priority) {
			best = irq;
			id = intid;
		}
	}
	if (!best)
		return 0;
	vgic_irq_end_active(best, id);
	return vgic_irq_update(v->vm, best, id);
}

/*
 * Read the used list registers back, and how many interrupts have been ended
 * without one.  A level that has ended asks for maintenance until its list
 * register is cleared.
 */
static u32 lrs_read(struct vgic_cpu *c, u64 *lr)
{
	u64 empty = gic_sysreg_read(ICH_ELRSR_EL2);
	u32 count = 0;
	u32 i;

	if (c->hcr & ICH_HCR_LRENPIE)
		count = ICH_HCR_EOICOUNT(gic_sysreg_read(ICH_HCR_EL2));
	for (i = 0; i < c->used_lrs; i++) {
		if (empty & BIT(i))
			c->lr[i] &= ~(ICH_LR_ACTIVE | ICH_LR_PENDING);
		else
			c->lr[i] = lr_read(i);
		lr[i] = c->lr[i];
		if (!lr_valid(lr[i]) && lr[i] & ICH_LR_EOI && !(lr[i] & ICH_LR_HW))
			lr_set(c, i, 0);
	}
	hcr_set(c, ICH_HCR_EN);
	return count;
}

void vgic_sync(struct vcpu *v)
{
	struct vgic_cpu *c = &v->vgic;
	u32 level[VGIC_MAX_LR];
	u64 lr[VGIC_MAX_LR];
	struct vgic_irq *irq;
	u32 nr_level = 0;
	u32 mask = 0;
	u32 intid, i;

	if (!c->used_lrs)
		return;
	i = lrs_read(c, lr);
	vgic_lock(&v->vm->vgic);
	for (; i; i--)
		mask |= end_spilled(v);
	for (i = 0; i < c->used_lrs; i++) {
		intid = ICH_LR_VINTID(lr[i]);
		irq = vgic_irq_get(v->vm, v, intid);
		if (lr_fold(irq, intid, lr[i]) && !irq->edge && !irq->hw)
			level[nr_level++] = intid;
		mask |= vgic_irq_update(v->vm, irq, intid);
	}
	c->used_lrs = 0;
	WRITE_ONCE(c->syncs, c->syncs + 1);
	vgic_unlock(&v->vm->vgic);

	vgic_notify(v->vm, mask);
	for (i = 0; i < nr_level; i++)
		vgic_eoi_level(v->vm, v, level[i]);
}

/* Of those that are queued at the vCPU. */
static bool deliverable(const struct vcpu *v, const struct vgic_irq *irq, u64 vmcr)
{
	return !irq->active && !irq->in_lr && vgic_irq_wanted(&v->vm->vgic, irq) &&
	       vmcr & (irq->group1 ? ICH_VMCR_ENG1 : ICH_VMCR_ENG0);
}

bool vgic_has_pending(struct vcpu *v)
{
	struct vgic_cpu *c = &v->vgic;
	bool found = false;
	u64 vmcr, bits;
	u32 i;

	/* Against the caller's on_cpu, as in vgic_flush(). */
	smp_mb();
	if (!READ_ONCE(c->nr_queued))
		return false;
	vmcr = v == this_vcpu() ? gic_sysreg_read(ICH_VMCR_EL2) : c->vmcr;
	vgic_lock(&v->vm->vgic);
	for (i = 0; i < ARRAY_SIZE(c->queued) && !found; i++) {
		for (bits = c->queued[i]; bits && !found; bits &= bits - 1)
			found = deliverable(v, vgic_irq_get(v->vm, v,
							    i * 64 + __builtin_ctzll(bits)), vmcr);
	}
	vgic_unlock(&v->vm->vgic);
	return found;
}
