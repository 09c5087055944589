/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the plugin, the payload and the monitors of the benchmark share.
 *
 * The payload is a program that runs bare at EL1 of a guest.  It asks for an operation,
 * does it so many times between two markers, tells how long that took by the
 * counter, and asks again.
 */
#ifndef BENCH_H
#define BENCH_H

/* Markers: a phase lies between "movz xzr, #BENCH_BEGIN" and "movz xzr, #BENCH_STOP". */
#define BENCH_BEGIN		0x4700
#define BENCH_STOP		0x4701
#define BENCH_MOVZ		0xd280001f

/* Operations. */
#define BENCH_END		0	/* no more */
#define BENCH_MMIO_WRITE	1
#define BENCH_MMIO_READ		2
#define BENCH_IOEVENTFD		3
#define BENCH_LOOP		4	/* ioeventfd to irqfd to handler */
#define BENCH_WFI		5	/* irqfd to guest in WFI to ioeventfd */
#define BENCH_PSCI		6
#define BENCH_FAULT		7
#define BENCH_NOTHING		8	/* an empty loop */
#define BENCH_FAULT_HUGE	9
#define BENCH_CPU_ON		10	/* start the second vCPU; not measured */

/* Devices of the guest: addresses where accesses exit. */
#define BENCH_DEVICE		0x09000000	/* the monitor's */
#define BENCH_EVENT		0x09001000	/* an ioeventfd that nobody waits for */
#define BENCH_EVENT_SECOND	0x09001100	/* the same of the second vCPU */
#define BENCH_EVENT_LOOP	0x09002000	/* one whose eventfd is that of an irqfd */
#define BENCH_EVENT_BACK	0x09003000	/* one that the monitor waits for */
#define BENCH_EVENT_MORE	0x09010000	/* many more that are not used */
#define BENCH_CONTROL		0x0a000000
#define BENCH_CONTROL_SECOND	0x0a001000	/* the second vCPU's */

/* Registers there, of 8 bytes. */
#define BENCH_NEXT		0x0	/* read: operation, number << 8 */
#define BENCH_TICKS		0x8	/* written: ticks of the counter that it took */

/* Memory that the guest has when it starts, and, behind it, where it touches new pages. */
#define BENCH_RAM		0x80000000
#define BENCH_RAM_SIZE		0x400000
#define BENCH_NEW		0x80400000
#define BENCH_NEW_SIZE		0x2000000
/* The same, in steps of BENCH_HUGE. */
#define BENCH_NEW_HUGE		0xa0000000
#define BENCH_NEW_HUGE_SIZE	0x9000000
#define BENCH_HUGE		0x200000

#define BENCH_GICD		0x3fff0000
#define BENCH_GICR		0x3fe00000

/* Shared interrupts: of the loop, of the way into WFI. */
#define BENCH_SPI_LOOP		8
#define BENCH_SPI_WFI		9
#define BENCH_SPI_MORE		10	/* and of irqfds that are not used */

#endif
