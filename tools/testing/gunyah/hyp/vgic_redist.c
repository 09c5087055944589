// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual GIC: a vCPU's redistributor.  Two frames of 64K: control, then
 * the banks of its SGIs and PPIs.  No LPIs: GICR_CTLR, PROPBASER and PENDBASER
 * read as zero.  GICR_WAKER only remembers: interrupts are delivered whether
 * the vCPU calls itself asleep or not, as no power controller looks.
 */
#include "vgic_priv.h"

static u32 rd_read32(struct vcpu *v, u32 off)
{
	switch (off) {
	case GICR_IIDR:
		return GIC_IIDR_ARM;
	case GICR_TYPER:			/* processor number, Last */
		return v->index << 8 |
		       (v->index + 1 == v->vm->nr_vcpus ? GICR_TYPER_LAST : 0);
	case GICR_TYPER + 4:
		return v->index;		/* affinity 0.0.0.index */
	case GICR_WAKER:
		return v->vgic.asleep ? GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP : 0;
	case GIC_PIDR2:
		return GIC_PIDR2_V3;
	}
	return 0;
}

/* The banks' first words are the vCPU's own interrupts. */
static bool is_private(u32 off)
{
	if (off < GIC_IGROUPR || off >= GIC_IGRPMODR)
		return false;
	if (off >= GIC_ICFGR)
		return off < GIC_ICFGR + 8;
	if (off >= GIC_IPRIORITYR)
		return off < GIC_IPRIORITYR + 32;
	return !(off & 0x7c);
}

static u32 redist_read32(struct vcpu *v, u32 off)
{
	if (off < GICR_SGI_FRAME)
		return rd_read32(v, off);
	off -= GICR_SGI_FRAME;
	if (off == GIC_PIDR2)
		return GIC_PIDR2_V3;
	return is_private(off) ? vgic_bank_read(v->vm, v, off) : 0;
}

u64 vgic_redist_read(struct vcpu *v, u32 off, unsigned int size)
{
	u64 val;

	if (size == 8)
		return redist_read32(v, off) | (u64)redist_read32(v, off + 4) << 32;
	val = redist_read32(v, off & ~3u) >> off % 4 * 8;
	return val & GENMASK(size * 8 - 1, 0);
}

void vgic_redist_write(struct vcpu *v, u32 off, unsigned int size, u64 val)
{
	if (size == 8)
		return;
	if (off == GICR_WAKER && size == 4)
		v->vgic.asleep = !!(val & GICR_WAKER_SLEEP);
	else if (off >= GICR_SGI_FRAME && is_private(off - GICR_SGI_FRAME))
		vgic_bank_write(v->vm, v, off - GICR_SGI_FRAME, size, val);
}
