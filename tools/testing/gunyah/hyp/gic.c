// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver of the physical GICv3 at EL2.
 *
 * One security state (GICD_CTLR.DS = 1), affinity routing, all interrupts in
 * group 1.  EL2's own interrupts have a lower priority than the forwarded
 * ones, so that the highest pending one tells whether any of the primary VM's
 * waits.  EOImode is 1: gic_ack() drops the priority with EOIR1, and the
 * interrupt stays active, hence can't come again, until it is deactivated.
 */
#include "cpu.h"
#include "gic.h"
#include "gic_regs.h"
#include "vm.h"

#define PRIO_FORWARDED	0xa0a0a0a0u
#define PRIO_OWN	0xc0
#define ISR_I		BIT(7)
#define GIC_MAX_SPI	1019

static u64 dist, redist;
static u32 nr_lines;

static u32 reg_read(u64 addr)
{
	return READ_ONCE(*(u32 *)addr);
}

static void reg_write(u64 addr, u32 val)
{
	WRITE_ONCE(*(u32 *)addr, val);
}

static u64 rd_frame(unsigned int cpu)
{
	return redist + (u64)cpu * GICR_SIZE;
}

/* The frame that has the banks of this interrupt. */
static u64 frame(unsigned int cpu, u32 intid)
{
	return intid < 32 ? rd_frame(cpu) + GICR_SGI_FRAME : dist;
}

static u64 bank_addr(unsigned int cpu, u32 intid, u32 bank)
{
	return frame(cpu, intid) + bank + intid / 32 * 4;
}

static void bank_write(unsigned int cpu, u32 intid, u32 bank)
{
	reg_write(bank_addr(cpu, intid, bank), 1u << intid % 32);
}

static void wait_rwp(u64 addr, u32 bit)
{
	while (reg_read(addr) & bit)
		asm volatile("yield");
}

void gic_init_dist(u64 dist_pa, u64 redist_pa)
{
	u32 i;

	dist = dist_pa;
	redist = redist_pa;
	nr_lines = ((reg_read(dist + GICD_TYPER) & 0x1f) + 1) * 32;
	nr_lines = MIN(nr_lines, GIC_MAX_SPI + 1U);

	reg_write(dist + GICD_CTLR, 0);
	wait_rwp(dist + GICD_CTLR, GICD_CTLR_RWP);
	for (i = 32; i < nr_lines; i += 32) {
		reg_write(dist + GIC_ICENABLER + i / 8, ~0u);
		reg_write(dist + GIC_ICACTIVER + i / 8, ~0u);
		reg_write(dist + GIC_ICPENDR + i / 8, ~0u);
		reg_write(dist + GIC_IGROUPR + i / 8, ~0u);
	}
	for (i = 32; i < nr_lines; i += 16)
		reg_write(dist + GIC_ICFGR + i / 4, 0);
	for (i = 32; i < nr_lines; i += 4)
		reg_write(dist + GIC_IPRIORITYR + i, PRIO_FORWARDED);
	reg_write(dist + GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_GRP1);
	wait_rwp(dist + GICD_CTLR, GICD_CTLR_RWP);
	for (i = 32; i < nr_lines; i++)
		gic_set_route(i, 0);
}

static void init_redist(u64 rd)
{
	u64 sgi = rd + GICR_SGI_FRAME;
	u32 i;

	reg_write(rd + GICR_WAKER, reg_read(rd + GICR_WAKER) & ~GICR_WAKER_SLEEP);
	while (reg_read(rd + GICR_WAKER) & GICR_WAKER_ASLEEP)
		asm volatile("yield");

	reg_write(sgi + GIC_ICENABLER, ~0u);
	reg_write(sgi + GIC_ICACTIVER, ~0u);
	reg_write(sgi + GIC_ICPENDR, ~0u);
	reg_write(sgi + GIC_IGROUPR, ~0u);
	reg_write(sgi + GIC_ICFGR + 4, 0);
	for (i = 0; i < 32; i += 4)
		reg_write(sgi + GIC_IPRIORITYR + i, PRIO_FORWARDED);
	WRITE_ONCE(*(u8 *)(sgi + GIC_IPRIORITYR + GIC_SGI_KICK), PRIO_OWN);
	WRITE_ONCE(*(u8 *)(sgi + GIC_IPRIORITYR + GIC_PPI_MAINT), PRIO_OWN);
	WRITE_ONCE(*(u8 *)(sgi + GIC_IPRIORITYR + GIC_PPI_HYPTIMER), PRIO_OWN);
	reg_write(sgi + GIC_ISENABLER,
		  BIT(GIC_SGI_KICK) | BIT(GIC_PPI_MAINT) | BIT(GIC_PPI_HYPTIMER));
}

void gic_init_cpu(void)
{
	init_redist(rd_frame(this_cpu()));

	gic_sysreg_write(ICC_SRE_EL2, ICC_SRE_ALL | ICC_SRE_EL2_ENABLE);
	isb();
	gic_sysreg_write(ICC_SRE_EL1, ICC_SRE_ALL);
	isb();
	gic_sysreg_write(ICC_PMR_EL1, 0xff);
	gic_sysreg_write(ICC_BPR1_EL1, 0);
	gic_sysreg_write(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	gic_sysreg_write(ICC_IGRPEN1_EL1, 1);
	vgic_init_cpu();
	isb();
}

void gic_send_sgi(unsigned int cpu, unsigned int sgi)
{
	dsb_ish();
	gic_sysreg_write(ICC_SGI1R_EL1, (u64)sgi << 24 | BIT(cpu));
	isb();
}

static bool is_own(u32 intid)
{
	return intid == GIC_SGI_KICK || intid == GIC_PPI_MAINT || intid == GIC_PPI_HYPTIMER;
}

/* Cheaper than asking the GIC: most often there is nothing. */
static bool irq_line(void)
{
	return read_sysreg(isr_el1) & ISR_I;
}

u32 gic_ack(void)
{
	u32 intid;

	if (!irq_line())
		return GIC_NO_IRQ;
	intid = gic_sysreg_read(ICC_IAR1_EL1);
	dsb_sy();
	if (intid > GIC_MAX_SPI)
		return GIC_NO_IRQ;

	gic_sysreg_write(ICC_EOIR1_EL1, intid);
	isb();
	if (is_own(intid))
		gic_deactivate(intid);
	return intid;
}

void gic_deactivate(u32 intid)
{
	gic_sysreg_write(ICC_DIR_EL1, intid);
	isb();
}

bool gic_irq_waiting(void)
{
	u32 intid;

	if (!irq_line())
		return false;
	intid = gic_sysreg_read(ICC_HPPIR1_EL1);
	return intid <= GIC_MAX_SPI && !is_own(intid);
}

void gic_set_enable(unsigned int cpu, u32 intid, bool on)
{
	bank_write(cpu, intid, on ? GIC_ISENABLER : GIC_ICENABLER);
	if (on)
		return;
	if (intid < 32)
		wait_rwp(rd_frame(cpu) + GICR_CTLR, GICR_CTLR_RWP);
	else
		wait_rwp(dist + GICD_CTLR, GICD_CTLR_RWP);
}

void gic_set_edge(unsigned int cpu, u32 intid, bool edge)
{
	u64 addr = frame(cpu, intid) + GIC_ICFGR + intid / 16 * 4;
	u32 bit = 2u << intid % 16 * 2;
	u32 val = reg_read(addr) & ~bit;

	reg_write(addr, edge ? val | bit : val);
}

void gic_clear_pending(unsigned int cpu, u32 intid)
{
	bank_write(cpu, intid, GIC_ICPENDR);
}

void gic_clear_active(unsigned int cpu, u32 intid)
{
	bank_write(cpu, intid, GIC_ICACTIVER);
}

bool gic_is_pending(unsigned int cpu, u32 intid)
{
	return reg_read(bank_addr(cpu, intid, GIC_ISPENDR)) & 1u << intid % 32;
}

void gic_set_active(unsigned int cpu, u32 intid)
{
	bank_write(cpu, intid, GIC_ISACTIVER);
}

bool gic_is_active(unsigned int cpu, u32 intid)
{
	return reg_read(bank_addr(cpu, intid, GIC_ISACTIVER)) & 1u << intid % 32;
}

void gic_set_route(u32 intid, u64 affinity)
{
	WRITE_ONCE(*(u64 *)(dist + GICD_IROUTER + (u64)intid * 8), affinity);
}

bool gic_is_forwardable(u32 intid)
{
	return intid >= 16 && intid < nr_lines && !is_own(intid);
}
