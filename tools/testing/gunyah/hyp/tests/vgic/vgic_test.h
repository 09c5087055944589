/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual GIC by itself: the hypervisor's gic.c and vgic*.c linked with a
 * bare program that runs at EL2 in the hypervisor's place.  Two VMs of two
 * vCPUs, "host" with physical interrupts and "other" without; vCPU 0 of the
 * host runs short pieces of code at EL1 (head.S).
 */
#ifndef VGIC_TEST_H
#define VGIC_TEST_H

#include "vgic_priv.h"

#define GICD		0x08000000UL
#define GICR		0x080a0000UL
#define GICR_SGI(n)	(GICR + (n) * GICR_SIZE + GICR_SGI_FRAME)
#define OTHER_GICD	0x3fff0000UL
#define OTHER_GICR	0x3ff00000UL

#define PL011_IRQ	33U
#define EDGE_IRQ	960U		/* edge, priority 0xa0, enabled */
#define LEVEL_IRQ	970U		/* level, priority 0xa0, enabled */

extern struct vm host, other;
extern struct vcpu host_vcpu[2], other_vcpu[2];
extern struct vcpu *loaded;
/* How often vcpu_irq_pending() was called for the vCPU of this index. */
extern unsigned int notified[2];
/* Calls of vgic_eoi_level(); whether it takes the line down. */
extern unsigned int eois;
extern bool eoi_drops;
/* The last forwarded physical interrupts were so many. */
extern unsigned int forwarded;
/* Kicks to leave the guest since guest_stays(). */
extern unsigned int kicks;
/* List register 0 as of the last entry. */
extern u64 first_lr;

/* head.S: at EL1 */
void guest_init(void);
void guest_ack(void);
void guest_eoi(void);
void guest_spin(void);

/* Runs code at EL1 until its HVC, or guest_spin until an interrupt: x0. */
u64 guest(void (*code)(void), u64 x0);
/*
 * The same, if there is code, and host_vcpu[0] is still in its guest afterwards, as
 * if it were on another CPU: host_vcpu[1] is loaded.  It comes out when somebody
 * waits for that, or by guest_comes_out().
 */
u64 guest_stays(void (*code)(void));
void guest_comes_out(void);
/* Registers, as the loaded vCPU has them. */
u64 reg_get(u64 ipa, unsigned int size);
void reg_set(u64 ipa, unsigned int size, u64 val);
void irq_enable(u32 intid, bool on);
void irq_setup(u32 intid, u8 priority, bool edge);
/* The same interrupt's physical state. */
bool phys_active(u32 intid);
/* The UART's transmit interrupt. */
void uart_line(bool up);

/* One case goes on after a wrong value, and fails. */
void expect(bool good, const char *what, int line);
#define EXPECT(c)	expect(c, #c, __LINE__)
#define EXPECT_EQ(a, b)	EXPECT((u64)(a) == (u64)(b))

struct test_case {
	const char *name;
	void (*run)(void);
};

extern const struct test_case cases[];
extern const unsigned int nr_cases;

#endif
