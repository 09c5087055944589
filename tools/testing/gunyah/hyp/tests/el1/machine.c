// SPDX-License-Identifier: GPL-2.0-only
/* Time, interrupt controller, hypercalls and second CPU of a payload. */

#include <libfdt.h>

#include "el1.h"

#define SMCCC_CALL(n)	(0xc6008000UL | (n))

#define PSCI_CPU_ON	0xc4000003UL

#define IDLE_MS		5

#define GICR_WAKER	0x014
#define IGROUPR		0x080
#define ISENABLER	0x100
#define ICENABLER	0x180
#define ICFGR		0xc00

u64 rm_tx_cap, rm_rx_cap;

/* ---- time ---- */

static u64 counter(void)
{
	u64 v;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(v));
	return v;
}

static u64 frequency(void)
{
	u64 v;

	asm volatile("mrs %0, cntfrq_el0" : "=r"(v));
	return v;
}

u64 now_ms(void)
{
	return counter() / (frequency() / 1000);
}

void delay_ms(u64 ms)
{
	u64 end = now_ms() + ms;

	while (now_ms() < end)
		idle();
}

void timer_arm(u64 ms)
{
	u64 on = 1;

	/* Not CNTV_TVAL, whose 32 bits are soon too few. */
	asm volatile("msr cntv_cval_el0, %0" : : "r"(counter() + frequency() / 1000 * ms));
	asm volatile("msr cntv_ctl_el0, %0\n\tisb" : : "r"(on));
}

void timer_stop(void)
{
	u64 off = 0;

	asm volatile("msr cntv_ctl_el0, %0\n\tisb" : : "r"(off));
}

/* ---- interrupt controller ---- */

static u32 counts[NR_INTID];

static void set_bits(u64 addr, u32 bits)
{
	mmio_write32(addr, mmio_read32(addr) | bits);
}

static unsigned int cpu_number(void)
{
	u64 mpidr;

	asm volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	return mpidr & 0xff;
}

static void gic_init_cpu(void)
{
	u64 rd = GICR + cpu_number() * GICR_STRIDE;
	u64 sgi = rd + 0x10000;

	mmio_write32(rd + GICR_WAKER, mmio_read32(rd + GICR_WAKER) & ~2U);
	while (mmio_read32(rd + GICR_WAKER) & 4)
		;
	mmio_write32(sgi + IGROUPR, ~0U);
	mmio_write32(sgi + ISENABLER, 1U << TIMER_INTID);
}

void gic_init(void)
{
	u32 intid;

	mmio_write32(GICD, 0x12);		/* affinity routing, group 1 */
	for (intid = RM_FIRST_INTID; intid < NR_INTID; intid++) {
		set_bits(GICD + IGROUPR + intid / 32 * 4, 1U << intid % 32);
		set_bits(GICD + ICFGR + intid / 16 * 4, 2U << intid % 16 * 2);
		mmio_write32(GICD + ISENABLER + intid / 32 * 4, 1U << intid % 32);
	}
	gic_init_cpu();
}

void gic_disable(u32 intid)
{
	mmio_write32(GICD + ICENABLER + intid / 32 * 4, 1U << intid % 32);
}

u32 gic_ack(void)
{
	u64 intid;

	asm volatile("mrs %0, S3_0_C12_C12_0" : "=r"(intid));	/* ICC_IAR1_EL1 */
	return (u32)intid;
}

void gic_eoi(u32 intid)
{
	asm volatile("msr S3_0_C12_C12_1, %0\n\tisb" : : "r"((u64)intid));
}

void gic_poll(void)
{
	u32 intid;

	for (;;) {
		intid = gic_ack();
		if (intid >= NR_INTID)
			break;
		if (intid == TIMER_INTID)
			timer_stop();
		/* The timers of other CPUs serve their idle() only. */
		if (intid != TIMER_INTID || !cpu_number())
			counts[intid]++;
		gic_eoi(intid);
	}
}

u32 gic_count(u32 intid)
{
	return counts[intid];
}

void gic_forget(u32 intid)
{
	counts[intid] = 0;
}

void idle(void)
{
	timer_arm(IDLE_MS);
	asm volatile("dsb sy\n\twfi" : : : "memory");
	timer_stop();
	gic_poll();
}

bool gic_wait(u32 intid, u64 ms)
{
	u64 end = now_ms() + ms;

	gic_poll();
	while (!counts[intid] && now_ms() < end)
		idle();
	return counts[intid];
}

/* ---- hypercalls ---- */

u64 hyp_msgq_send(u64 cap, u64 size, const void *buf, u64 flags, u64 reserved, u64 *ready)
{
	u64 r[8] = { SMCCC_CALL(0x1b), cap, size, (u64)buf, flags, reserved };

	hvc_call(r);
	*ready = r[1];
	return r[0];
}

u64 hyp_msgq_recv(u64 cap, void *buf, u64 max, u64 *size, u64 *ready)
{
	u64 r[8] = { SMCCC_CALL(0x1c), cap, (u64)buf, max };

	hvc_call(r);
	*size = r[1];
	*ready = r[2];
	return r[0];
}

u64 hyp_bell_send(u64 cap, u64 flags, u64 *old)
{
	u64 r[8] = { SMCCC_CALL(0x12), cap, flags };

	hvc_call(r);
	*old = r[1];
	return r[0];
}

u64 hyp_bell_receive(u64 cap, u64 clear, u64 *flags)
{
	u64 r[8] = { SMCCC_CALL(0x13), cap, clear };

	hvc_call(r);
	*flags = r[1];
	return r[0];
}

u64 hyp_bell_set_mask(u64 cap, u64 enable, u64 ack)
{
	u64 r[8] = { SMCCC_CALL(0x15), cap, enable, ack };

	hvc_call(r);
	return r[0];
}

void hyp_vcpu_run(u64 cap, const u64 resume[4], struct run_result *res)
{
	u64 r[8] = { SMCCC_CALL(0x65), cap, resume[0], resume[1], resume[2], resume[3] };

	hvc_call(r);
	res->err = r[0];
	res->state = r[1];
	res->data[0] = r[2];
	res->data[1] = r[3];
	res->data[2] = r[4];
}

/* ---- second CPU ---- */

#define SECONDARY_STACK	0x4000

static u8 stacks[8][SECONDARY_STACK] __aligned(16);
static void (*work[8])(void *arg);
static void *work_arg[8];
static bool started[8];

void secondary_loop(void)
{
	unsigned int cpu = cpu_number();

	gic_init_cpu();
	for (;;) {
		void (*fn)(void *arg) = READ_ONCE(work[cpu]);

		if (!fn) {
			idle();
			continue;
		}
		asm volatile("dsb sy" : : : "memory");
		fn(work_arg[cpu]);
		asm volatile("dsb sy" : : : "memory");
		WRITE_ONCE(work[cpu], NULL);
	}
}

bool cpu_is_idle(unsigned int cpu)
{
	return !READ_ONCE(work[cpu]);
}

bool cpu_call(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	u64 r[8] = { PSCI_CPU_ON, cpu, (u64)secondary_entry, (u64)stacks[cpu] + SECONDARY_STACK };

	if (!cpu_is_idle(cpu))
		return false;
	work_arg[cpu] = arg;
	asm volatile("dsb sy" : : : "memory");
	WRITE_ONCE(work[cpu], fn);
	if (started[cpu])
		return true;
	started[cpu] = true;
	smc_call(r);
	return !r[0];
}

/* ---- device tree ---- */

bool find_rm_queues(const void *fdt)
{
	int node = fdt_node_offset_by_compatible(fdt, -1, "gunyah-resource-manager");
	int len;
	const u8 *p = node < 0 ? NULL : fdt_getprop(fdt, node, "reg", &len);
	unsigned int i;

	if (!p || len != 16)
		return false;
	for (i = 0; i < 8; i++) {
		rm_tx_cap = rm_tx_cap << 8 | p[i];
		rm_rx_cap = rm_rx_cap << 8 | p[8 + i];
	}
	return true;
}
