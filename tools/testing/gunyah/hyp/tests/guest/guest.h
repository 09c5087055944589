/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of the recorded traces, written anew from what it did there.
 *
 * It runs at EL1 with MMU and caches off and interrupts masked, linked for the
 * memory base 0x80000000.  It talks to the host by single loads and stores to
 * the VMMIO range: the host sees each as an exit of vcpu_run.
 *
 * Words: "report" is a write of 8 bytes to VMMIO; a "program" is one of the
 * recorded guests; the host writes its number into the image.
 */
#ifndef GUEST_H
#define GUEST_H

#include "../../types.h"
#include "../regset/regset.h"

#define MMIO		0x09000000UL
#define CMD_READ	0x09000f00UL	/* the next word of a command */
#define CMD_RESULT	0x09000f08UL

#define PSCI_CPU_SUSPEND	0xc4000001UL
#define PSCI_CPU_OFF		0x84000002UL
#define PSCI_CPU_ON		0xc4000003UL
#define PSCI_AFFINITY_INFO	0xc4000004UL
#define PSCI_SYSTEM_OFF		0x84000008UL
#define PSCI_SYSTEM_RESET	0x84000009UL
#define PSCI_SYSTEM_SUSPEND	0xc400000eUL
#define PSCI_SYSTEM_RESET2	0x84000012UL
#define PSCI_SYSTEM_RESET2_64	0xc4000012UL

#define TIMER_INTID	27

/* Number of the program at a fixed place of the image; see programs[]. */
enum program {
	PROG_SHELL,
	PROG_BASIC,
	PROG_CPU_OFF,
	PROG_SUSPEND,
	PROG_RESET,
	PROG_RESET2_32,
	PROG_RESET2_64,
	PROG_RESET2_ODD,
	PROG_LOOP,
	PROG_WFI,
	PROG_SMP_3_OFF,
	PROG_SMP_2_WFI,
	PROG_SMP_1_TIMER,
	PROG_SMP_1_OFF,
};

static inline void write64(u64 addr, u64 v)
{
	asm volatile("str %0, [%1]" : : "r"(v), "r"(addr) : "memory");
}

static inline void write32(u64 addr, u32 v)
{
	asm volatile("str %w0, [%1]" : : "r"(v), "r"(addr) : "memory");
}

static inline void write16(u64 addr, u16 v)
{
	asm volatile("strh %w0, [%1]" : : "r"(v), "r"(addr) : "memory");
}

static inline void write8(u64 addr, u8 v)
{
	asm volatile("strb %w0, [%1]" : : "r"(v), "r"(addr) : "memory");
}

static inline u64 read64(u64 addr)
{
	u64 v;

	asm volatile("ldr %0, [%1]" : "=r"(v) : "r"(addr) : "memory");
	return v;
}

/*
 * Narrow loads give the whole W register: the hypervisor does not cut the
 * answer to the size of the access, and that is to be seen.
 */
static inline u64 read32(u64 addr)
{
	u64 v;

	asm volatile("ldr %w0, [%1]" : "=r"(v) : "r"(addr) : "memory");
	return v;
}

static inline u64 read16(u64 addr)
{
	u64 v;

	asm volatile("ldrh %w0, [%1]" : "=r"(v) : "r"(addr) : "memory");
	return v;
}

static inline u64 read8(u64 addr)
{
	u64 v;

	asm volatile("ldrb %w0, [%1]" : "=r"(v) : "r"(addr) : "memory");
	return v;
}

static inline void wfi(void)
{
	asm volatile("dsb sy\n\twfi" : : : "memory");
}

/* head.S: HVC with x0..x3, the results in the same array. */
void hvc(u64 regs[4]);
void secondary_entry(void);
void resume_entry(void);
extern u64 dtb_address;

static inline u64 psci(u64 fn, u64 a, u64 b, u64 c)
{
	u64 regs[4] = { fn, a, b, c };

	hvc(regs);
	return regs[0];
}

/* special.S: the nr-th of the load and store forms at addr; result or nr. */
u64 special(u64 nr, u64 addr);

/* gic.c */
void gic_on(void);
void gic_enable(u32 intid, int level);
u32 gic_ack(void);
u64 gic_highest_pending(void);
u64 gic_pending_word(u32 intid);
void timer_on(u64 ms);
void timer_fired(u64 report_at);
void sleep_until_timer(u64 report_at);

void shell(void);
/* What x0 to x30 and the registers of regset.h were at the entry. */
extern u64 entry_x[31];
extern u64 entry_regs[REGSET_MAX];

void smp(unsigned int others, u64 finish_at);
void guest_main(u64 program, u64 entry);
void secondary_main(u64 context, u64 program);
void resume_main(u64 context);

#endif
