// SPDX-License-Identifier: GPL-2.0-only
/* The guest's GICv3 at 0x3fff0000, polled: interrupts stay masked. */

#include "guest.h"

#define GICD		0x3fff0000UL
#define GICR		0x3ff00000UL
#define GICR_SIZE	0x20000UL
#define SGI_FRAME	0x10000UL

#define SLEEP_MS	250	/* long enough that WFI comes first on a busy machine */

#define GICD_CTLR	0x000
#define GICR_WAKER	0x014
#define IGROUPR		0x080
#define ISENABLER	0x100
#define ISPENDR		0x200
#define ICFGR		0xc00

static u64 redist(void)
{
	u64 mpidr;

	asm volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	return GICR + (mpidr & 0xff) * GICR_SIZE;
}

/* Registers of an interrupt: the distributor's or this CPU's own. */
static u64 frame(u32 intid)
{
	return intid < 32 ? redist() + SGI_FRAME : GICD;
}

static void set_bits(u64 addr, u32 clear, u32 set)
{
	write32(addr, ((u32)read32(addr) & ~clear) | set);
}

void gic_on(void)
{
	u64 one = 1, mask = 0xff;

	set_bits(GICD + GICD_CTLR, 0, 0x12);
	set_bits(redist() + GICR_WAKER, 2, 0);
	while (read32(redist() + GICR_WAKER) & 4)
		;
	asm volatile("msr S3_0_C12_C12_5, %0\n\tisb" : : "r"(one));	/* ICC_SRE_EL1 */
	asm volatile("msr S3_0_C4_C6_0, %0" : : "r"(mask));		/* ICC_PMR_EL1 */
	asm volatile("msr S3_0_C12_C12_7, %0\n\tisb" : : "r"(one));	/* ICC_IGRPEN1_EL1 */
}

void gic_enable(u32 intid, int level)
{
	u64 at = frame(intid);
	u32 shift = intid % 16 * 2;

	gic_on();
	set_bits(at + IGROUPR + intid / 32 * 4, 0, 1U << intid % 32);
	if (intid >= 32)
		set_bits(at + ICFGR + intid / 16 * 4, 2U << shift, level ? 0 : 2U << shift);
	write32(at + ISENABLER + intid / 32 * 4, 1U << intid % 32);
}

/* Take the highest pending interrupt and end it; 1023 when there is none. */
u32 gic_ack(void)
{
	u64 intid;

	asm volatile("mrs %0, S3_0_C12_C12_0" : "=r"(intid));		/* ICC_IAR1_EL1 */
	if (intid < 1020)
		asm volatile("msr S3_0_C12_C12_1, %0\n\tisb" : : "r"(intid));
	return (u32)intid;
}

u64 gic_highest_pending(void)
{
	u64 intid;

	asm volatile("mrs %0, S3_0_C12_C12_2" : "=r"(intid));		/* ICC_HPPIR1_EL1 */
	return intid;
}

u64 gic_pending_word(u32 intid)
{
	return read32(frame(intid) + ISPENDR + intid / 32 * 4);
}

/* Take the timer's interrupt and end it when the timer is off; report its number. */
void timer_fired(u64 report_at)
{
	u64 intid, off = 0;

	asm volatile("mrs %0, S3_0_C12_C12_0" : "=r"(intid));
	asm volatile("msr cntv_ctl_el0, %0\n\tisb" : : "r"(off));
	if (intid < 1020)
		asm volatile("msr S3_0_C12_C12_1, %0\n\tisb" : : "r"(intid));
	write64(report_at, intid);
}

/* By CNTV_CVAL: CNTV_TVAL has 32 bits and a sign, which is 2 s where the counter has 1 GHz. */
void timer_on(u64 ms)
{
	u64 freq, now, on = 1;

	gic_enable(TIMER_INTID, 1);
	asm volatile("mrs %0, cntfrq_el0" : "=r"(freq));
	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(now));
	asm volatile("msr cntv_cval_el0, %0" : : "r"(now + freq / 1000 * ms));
	asm volatile("msr cntv_ctl_el0, %0\n\tisb" : : "r"(on));
}

void sleep_until_timer(u64 report_at)
{
	timer_on(SLEEP_MS);
	wfi();
	timer_fired(report_at);
}
