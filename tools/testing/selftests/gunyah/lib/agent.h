/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent: a program of some hundred instructions that runs in the guests of
 * the tests, bare at EL1.  It asks for a command, does it, tells the result,
 * and asks again.  It asks and tells by accesses to its mailbox, addresses
 * where there is no memory, so each one ends VCPU_RUN and the test answers.
 *
 * Shared by agent.S and C.
 */
#ifndef GUNYAH_TEST_AGENT_H
#define GUNYAH_TEST_AGENT_H

/* One mailbox a vCPU. */
#define AGENT_MAILBOX		0x0a000000
#define AGENT_MAILBOX_SHIFT	12

/* Registers of a mailbox: the guest reads these, 8 bytes each ... */
#define AGENT_OP		0x00
#define AGENT_ARG0		0x08
#define AGENT_ARG1		0x10
#define AGENT_ARG2		0x18
#define AGENT_ARG3		0x40	/* of AGENT_HVC only */
/* ... and writes these. */
#define AGENT_RESULT		0x20
#define AGENT_ESR		0x28	/* of an exception, before AGENT_RESULT */
#define AGENT_FAR		0x30
#define AGENT_IRQ		0x38	/* INTID of an interrupt taken */

/* Commands (args) -> result */
#define AGENT_NOP		0
#define AGENT_LOAD		1	/* address, size -> value as the load left it in X */
#define AGENT_STORE		2	/* address, size, value */
#define AGENT_LOAD_SIGNED	3	/* address, size (1, 2, 4) -> X, sign extended */
#define AGENT_LOAD_PAIR		4	/* address: LDP */
#define AGENT_WFI		5
#define AGENT_HVC		6	/* x0, x1, x2, x3 -> x0 */
#define AGENT_CALL		7	/* address: BLR */
#define AGENT_TIMER		8	/* us, to 2 s: arm the virtual timer, WFI until it fired */
#define AGENT_STORE_LOOP	9	/* address, count: stores 1, 2, ... count (8 bytes) */
#define AGENT_SPIN		10	/* for ever */
#define AGENT_FAULT_LOOP	11	/* exceptions without a handler, for ever */
#define AGENT_FILL		12	/* address, size, value: 8-byte words */
#define AGENT_SUM		13	/* address, size -> sum of the 8-byte words */
#define AGENT_LOAD_LOOP		14	/* address, count -> sum of what the loads gave */
#define AGENT_BOOT_X0		15	/* -> X0 at the entry */
#define AGENT_MPIDR		16	/* -> affinity */
#define AGENT_PC		17	/* -> address of the agent's first instruction */
#define AGENT_SGI		18	/* target CPU: SGI 1 to it */
#define AGENT_WAIT_IRQ		19	/* WFI until an interrupt -> INTID */
#define AGENT_IRQ_ON		20	/* INTID of an SPI, 1 edge or 0 level: to this CPU */
#define AGENT_POLL_IRQ		21	/* take one that is pending -> INTID, 1023 without any */
/*
 * Interrupt after interrupt until the one of INTID c: WFI, take and end it, copy
 * the word at b to the word behind it (b not 0), write INTID (4 bytes) to
 * a + 8 * INTID.  No timer: what is not woken sleeps for ever.
 */
#define AGENT_ECHO		22	/* address, shared memory, INTID -> interrupts before it */
#define AGENT_ECHO_LATE		23	/* the same, but ends each as the last thing */
#define AGENT_LOAD_POST		24	/* address: LDR that writes the address back */

/* Offset of the entry for CPU_ON. */
#define AGENT_SECONDARY		8

/* What agent.S uses of the device tree of lib/devicetree.c. */
#define GUEST_GICD		0x3fff0000
#define GUEST_GICR		0x3fe00000
#define GUEST_TIMER_INTID	27
#define GUEST_SPI		32	/* INTID of SPI 0 */

#endif
