/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The payload: see bench.h.  Position independent, no stack, no memory but code.
 *
 * x19: BENCH_CONTROL, x20: address of the operation, x21: how many are left, x22: the
 * next new page, x23: when it began, x24: the ioeventfd, x25: the next new huge page,
 * x26: interrupts that are taken and not waited for.
 */
#include "bench.h"

/* mov reg, imm of 32 bits */
.macro mov32 reg, val
	movz	\reg, #((\val) >> 16), lsl #16
	movk	\reg, #((\val) & 0xffff)
.endm

/* The counter outside of the markers: what it takes itself is the same in all. */
.macro begin
	isb
	mrs	x23, cntvct_el0
	movz	xzr, #BENCH_BEGIN
.endm

.macro end
	movz	xzr, #BENCH_STOP
	b	done
.endm

	.section .rodata
	.balign	4096
	.globl	payload_start
payload_start:
	b	start

	.balign	2048
vectors:
	.rept	5
	.balign	128
	b	.
	.endr
	.balign	128		/* current EL, SP_ELx: IRQ */
	mrs	x9, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	add	x26, x26, #1
	msr	s3_0_c12_c12_1, x9	/* ICC_EOIR1_EL1 */
	isb
	eret
	.rept	10
	.balign	128
	b	.
	.endr

/* An SPI, edge triggered, to this CPU; the distributor is x2, uses x1, x4, w5. */
.macro spi_on number
	.set	intid, 32 + \number
	ldr	w1, [x2, #(0xc00 + intid / 16 * 4)]	/* GICD_ICFGR */
	orr	w1, w1, #(2 << (intid % 16 * 2))
	str	w1, [x2, #(0xc00 + intid / 16 * 4)]
	mov	w5, #(1 << (intid % 32))
	ldr	w1, [x2, #(0x80 + intid / 32 * 4)]	/* GICD_IGROUPR */
	orr	w1, w1, w5
	str	w1, [x2, #(0x80 + intid / 32 * 4)]
	add	x4, x2, #0x6000				/* GICD_IROUTER */
	str	xzr, [x4, #(intid * 8)]
	str	w5, [x2, #(0x100 + intid / 32 * 4)]	/* GICD_ISENABLER */
.endm

	.balign	128
start:
	adr	x1, vectors
	msr	vbar_el1, x1
	mov	x1, #7
	msr	s3_0_c12_c12_5, x1	/* ICC_SRE_EL1 */
	isb
	mov	x1, #0xff
	msr	s3_0_c4_c6_0, x1	/* ICC_PMR_EL1 */
	mov	x1, #1
	msr	s3_0_c12_c12_7, x1	/* ICC_IGRPEN1_EL1 */
	isb
	mov32	x2, BENCH_GICD
	mov	w1, #0x12		/* ARE, group 1 */
	str	w1, [x2]		/* GICD_CTLR */
	spi_on	BENCH_SPI_LOOP
	spi_on	BENCH_SPI_WFI
	mov	x26, #0
	mov32	x22, BENCH_NEW
	mov32	x25, BENCH_NEW_HUGE
	mov32	x19, BENCH_CONTROL
	mov32	x24, BENCH_EVENT
	msr	daifclr, #2
	b	next

done:
	isb
	mrs	x0, cntvct_el0
	sub	x0, x0, x23
	str	x0, [x19, #BENCH_TICKS]
next:
	ldr	x0, [x19, #BENCH_NEXT]
	lsr	x21, x0, #8
	and	x0, x0, #0xff
	adr	x1, table
	ldr	w0, [x1, x0, lsl #2]
	add	x1, x1, w0, sxtw
	br	x1

	.balign	4
table:
	.word	stop - table
	.word	mmio_write - table
	.word	mmio_read - table
	.word	ioeventfd - table
	.word	loop - table
	.word	wfi_round - table
	.word	psci - table
	.word	fault - table
	.word	nothing - table
	.word	fault_huge - table
	.word	cpu_on - table

stop:
	wfi
	b	stop

mmio_write:
	mov32	x20, BENCH_DEVICE
	begin
1:	str	w21, [x20]
	subs	x21, x21, #1
	b.ne	1b
	end

mmio_read:
	mov32	x20, BENCH_DEVICE
	begin
1:	ldr	w0, [x20]
	subs	x21, x21, #1
	b.ne	1b
	end

ioeventfd:
	begin
1:	str	w21, [x24]
	subs	x21, x21, #1
	b.ne	1b
	end

/* Wait until an interrupt was taken; with them masked none is missed before the WFI. */
.macro wait_irq
8:	msr	daifset, #2
	cbnz	x26, 9f
	wfi
	msr	daifclr, #2
	isb
	b	8b
9:	msr	daifclr, #2
	sub	x26, x26, #1
.endm

loop:
	mov32	x20, BENCH_EVENT_LOOP
	begin
1:	str	w21, [x20]
	wait_irq
	subs	x21, x21, #1
	b.ne	1b
	end

wfi_round:
	mov32	x20, BENCH_EVENT_BACK
	begin
1:	wait_irq
	str	w21, [x20]
	subs	x21, x21, #1
	b.ne	1b
	end

psci:
	begin
1:	mov32	x0, 0x84000000		/* PSCI_VERSION */
	hvc	#0
	subs	x21, x21, #1
	b.ne	1b
	end

fault:
	begin
1:	str	x21, [x22]
	add	x22, x22, #4096
	subs	x21, x21, #1
	b.ne	1b
	end

fault_huge:
	begin
1:	str	x21, [x25]
	add	x25, x25, #BENCH_HUGE
	subs	x21, x21, #1
	b.ne	1b
	end

nothing:
	begin
1:	subs	x21, x21, #1
	b.ne	1b
	end

cpu_on:
	mov32	x0, 0xc4000003		/* PSCI_CPU_ON */
	mov	x1, #1
	adr	x2, second
	mov	x3, #0
	hvc	#0
	b	done

/* The second vCPU: the same operations, with devices of its own, and no interrupts. */
second:
	mov32	x19, BENCH_CONTROL_SECOND
	mov32	x24, BENCH_EVENT_SECOND
	b	next

	.balign	8
	.globl	payload_end
payload_end:
	.section .note.GNU-stack, "", %progbits
