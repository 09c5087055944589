/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent of agent.h.  Position independent, no stack, no memory but code.
 *
 * x19: X0 at the entry, x20: mailbox, x21..x28: the command at work.
 */
#include "agent.h"

/* mov reg, imm of 32 bits */
.macro mov32 reg, val
	movz	\reg, #((\val) >> 16), lsl #16
	movk	\reg, #((\val) & 0xffff)
.endm

	.section .rodata
	.balign	2048
	.globl	agent_start
agent_start:
	mov	x19, x0
	b	common
	/* AGENT_SECONDARY */
	mov	x19, x0
	b	common

	.balign	2048
vectors:
	.rept	4
	.balign	128
	b	unexpected
	.endr
	.balign	128		/* current EL, SP_ELx: synchronous */
	b	exception
	.balign	128		/* IRQ */
	b	interrupt
	.rept	10
	.balign	128
	b	unexpected
	.endr

	.balign	128
common:
	mrs	x0, mpidr_el1
	and	x0, x0, #0xff
	mov32	x20, AGENT_MAILBOX
	add	x20, x20, x0, lsl #AGENT_MAILBOX_SHIFT
	adr	x1, vectors
	msr	vbar_el1, x1
	/* FP/SIMD registers may be used */
	mov	x1, #(3 << 20)
	msr	cpacr_el1, x1
	/* CPU interface of the GIC on */
	mov	x1, #7
	msr	s3_0_c12_c12_5, x1	/* ICC_SRE_EL1 */
	isb
	mov	x1, #0xff
	msr	s3_0_c4_c6_0, x1	/* ICC_PMR_EL1 */
	mov	x1, #1
	msr	s3_0_c12_c12_7, x1	/* ICC_IGRPEN1_EL1 */
	isb

next:
	ldr	x21, [x20, #AGENT_OP]
	ldr	x22, [x20, #AGENT_ARG0]
	ldr	x23, [x20, #AGENT_ARG1]
	ldr	x24, [x20, #AGENT_ARG2]
	adr	x1, table
	cmp	x21, #((table_end - table) / 4)
	b.hs	result_zero
	ldr	w0, [x1, x21, lsl #2]
	add	x1, x1, w0, sxtw
	mov	x0, #0
	br	x1

result_zero:
	mov	x0, #0
result:
	str	x0, [x20, #AGENT_RESULT]
	b	next

	.balign	4
table:
	.word	result_zero - table
	.word	op_load - table
	.word	op_store - table
	.word	op_load_signed - table
	.word	op_load_pair - table
	.word	op_wfi - table
	.word	op_hvc - table
	.word	op_call - table
	.word	op_timer - table
	.word	op_store_loop - table
	.word	op_spin - table
	.word	op_fault_loop - table
	.word	op_fill - table
	.word	op_sum - table
	.word	op_load_loop - table
	.word	op_boot_x0 - table
	.word	op_mpidr - table
	.word	op_pc - table
	.word	op_sgi - table
	.word	op_wait_irq - table
	.word	op_irq_on - table
	.word	op_poll_irq - table
	.word	op_echo - table
	.word	op_echo_late - table
	.word	op_load_post - table
table_end:

op_load:
	cmp	x23, #1
	b.eq	1f
	cmp	x23, #2
	b.eq	2f
	cmp	x23, #4
	b.eq	4f
	ldr	x0, [x22]
	b	result
1:	ldrb	w0, [x22]
	b	result
2:	ldrh	w0, [x22]
	b	result
4:	ldr	w0, [x22]
	b	result

op_load_signed:
	cmp	x23, #1
	b.eq	1f
	cmp	x23, #2
	b.eq	2f
	ldrsw	x0, [x22]
	b	result
1:	ldrsb	x0, [x22]
	b	result
2:	ldrsh	x0, [x22]
	b	result

op_store:
	cmp	x23, #1
	b.eq	1f
	cmp	x23, #2
	b.eq	2f
	cmp	x23, #4
	b.eq	4f
	str	x24, [x22]
	b	result
1:	strb	w24, [x22]
	b	result
2:	strh	w24, [x22]
	b	result
4:	str	w24, [x22]
	b	result

op_load_pair:
	ldp	x0, x1, [x22]
	b	result

op_load_post:
	ldr	x0, [x22], #8
	b	result

op_wfi:
	wfi
	b	result

op_hvc:
	mov	x0, x22
	mov	x1, x23
	mov	x2, x24
	ldr	x3, [x20, #AGENT_ARG3]
	hvc	#0
	b	result

op_call:
	/* Code that was just written: make it visible to fetches. */
	dc	cvau, x22
	dsb	ish
	ic	ivau, x22
	dsb	ish
	isb
	adr	x30, result
	br	x22

/* Group 1 and enabled for the SGIs and PPIs of mask w3, distributor on; uses x1, x2, x4. */
	.macro	enable_private
	mrs	x1, mpidr_el1
	and	x1, x1, #0xff
	mov32	x2, (GUEST_GICR + 0x10000)
	add	x2, x2, x1, lsl #17
	ldr	w4, [x2, #0x80]		/* GICR_IGROUPR0 */
	orr	w4, w4, w3
	str	w4, [x2, #0x80]
	str	w3, [x2, #0x100]	/* GICR_ISENABLER0 */
	mov32	x2, GUEST_GICD
	mov	w3, #0x12		/* ARE, group 1 */
	str	w3, [x2]		/* GICD_CTLR */
	.endm

/* Sleep until an interrupt is there, take and end it: INTID in x0; uses x1. */
	.macro	take_interrupt
9:	mrs	x1, isr_el1
	cbnz	x1, 8f
	wfi
	b	9b
8:	mrs	x0, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	.endm

	.macro	end_interrupt
	msr	s3_0_c12_c12_1, x0	/* ICC_EOIR1_EL1 */
	isb
	.endm

op_timer:
	mov	w3, #(1 << GUEST_TIMER_INTID)
	enable_private
	mrs	x1, cntfrq_el0
	mul	x1, x1, x22
	mov32	x2, 1000000
	udiv	x1, x1, x2
	msr	cntv_tval_el0, x1
	mov	x1, #1
	msr	cntv_ctl_el0, x1
	isb
	take_interrupt
	msr	cntv_ctl_el0, xzr
	isb
	end_interrupt
	b	result

op_sgi:
	mov	x1, #1
	lsl	x1, x1, x22		/* target list */
	orr	x1, x1, #(1 << 24)	/* SGI 1 */
	msr	s3_0_c12_c11_5, x1	/* ICC_SGI1R_EL1 */
	isb
	b	result_zero

op_wait_irq:
	mov	w3, #2
	enable_private
	take_interrupt
	end_interrupt
	b	result

op_irq_on:
	mov32	x2, GUEST_GICD
	mov	w1, #0x12		/* ARE, group 1 */
	str	w1, [x2]		/* GICD_CTLR */
	lsr	x3, x22, #4		/* two bits each */
	add	x3, x2, x3, lsl #2
	lsl	x4, x22, #1
	mov	w5, #2
	lsl	w5, w5, w4		/* the upper one: edge */
	ldr	w1, [x3, #0xc00]	/* GICD_ICFGR */
	bic	w1, w1, w5
	cbz	x23, 1f
	orr	w1, w1, w5
1:	str	w1, [x3, #0xc00]
	lsr	x3, x22, #5		/* a bit each */
	add	x3, x2, x3, lsl #2
	mov	w5, #1
	lsl	w5, w5, w22
	ldr	w1, [x3, #0x80]		/* GICD_IGROUPR */
	orr	w1, w1, w5
	str	w1, [x3, #0x80]
	mrs	x1, mpidr_el1
	and	x1, x1, #0xffffff
	add	x4, x2, #0x6000		/* GICD_IROUTER */
	str	x1, [x4, x22, lsl #3]
	str	w5, [x3, #0x100]	/* GICD_ISENABLER */
	b	result_zero

op_poll_irq:
	mrs	x0, s3_0_c12_c12_0	/* ICC_IAR1_EL1 */
	cmp	x0, #1020
	b.hs	result
	end_interrupt
	b	result

op_echo_late:
	mov	x26, #1
	b	1f
op_echo:
	mov	x26, #0
1:	mov	x25, #0
2:	take_interrupt
	cmp	x0, #1020
	b.hs	2b
	cmp	x0, x24
	b.eq	6f
	cbnz	x26, 3f
	end_interrupt
3:	add	x25, x25, #1
	cbz	x23, 4f
	/* Not before the interrupt is taken, or over. */
	dsb	sy
	ldr	x1, [x23]
	str	x1, [x23, #8]
	dsb	sy
4:	add	x1, x22, x0, lsl #3
	str	w0, [x1]
	cbz	x26, 2b
	end_interrupt
	b	2b
6:	end_interrupt
	mov	x0, x25
	b	result

op_store_loop:
	mov	x1, #0
1:	cmp	x1, x23
	b.hs	result
	add	x1, x1, #1
	str	x1, [x22]
	b	1b

op_load_loop:
	mov	x0, #0
1:	cbz	x23, result
	ldr	x1, [x22]
	add	x0, x0, x1
	sub	x23, x23, #1
	b	1b

op_spin:
	b	.

op_fault_loop:
	/* No memory there, in no range: the fetch of the vector faults again. */
	mov	x1, #0x4000000000
	msr	vbar_el1, x1
	isb
	svc	#0
	b	.

/* Without writeback: memory that is not there yet may look like a device. */
op_fill:
	add	x23, x22, x23
1:	cmp	x22, x23
	b.hs	result
	str	x24, [x22]
	add	x22, x22, #8
	b	1b

op_sum:
	add	x23, x22, x23
	mov	x0, #0
1:	cmp	x22, x23
	b.hs	result
	ldr	x1, [x22]
	add	x22, x22, #8
	add	x0, x0, x1
	b	1b

op_boot_x0:
	mov	x0, x19
	b	result

op_mpidr:
	mrs	x0, mpidr_el1
	and	x0, x0, #0xffffff
	b	result

op_pc:
	adr	x0, agent_start
	b	result

	/* Tell it; a failed fetch goes back to the caller, all else to the next instruction. */
exception:
	mrs	x25, esr_el1
	mrs	x26, far_el1
	str	x25, [x20, #AGENT_ESR]
	str	x26, [x20, #AGENT_FAR]
	lsr	x25, x25, #26
	cmp	x25, #0x21
	b.eq	1f
	mrs	x26, elr_el1
	add	x26, x26, #4
	msr	elr_el1, x26
	eret
1:	msr	elr_el1, x30
	eret

interrupt:
	mrs	x25, s3_0_c12_c12_0
	str	x25, [x20, #AGENT_IRQ]
	msr	s3_0_c12_c12_1, x25
	isb
	eret

unexpected:
	mrs	x25, esr_el1
	str	x25, [x20, #AGENT_ESR]
	b	.

	.balign	8
	.globl	agent_end
agent_end:
	.section .note.GNU-stack, "", %progbits
