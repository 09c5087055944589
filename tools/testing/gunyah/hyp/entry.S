/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exception vectors of EL2, the way into a vCPU and out of it.
 *
 * vcpu_enter() is an ordinary function for its caller: it saves the registers
 * that a function has to keep on the stack, loads the vCPU's, and returns when
 * an exception of EL1 or EL0 has come to EL2.  EL2 runs with all interrupts
 * masked, so an exception from EL2 itself is a bug and ends in panic_entry().
 */
#include "asm.h"

	.macro	from_lower type
	.balign	0x80
	stp	x0, x1, [sp, #-16]!
	mov	x1, #\type
	b	vcpu_exit
	.endm

	/*
	 * x0 is kept in SP_EL0: the vCPU's is lost, which does not matter any
	 * more.  The stack may be what is broken, so none is used here.
	 */
	.macro	from_el2 type
	.balign	0x80
	msr	spsel, #1
	msr	sp_el0, x0
	mov	x0, #\type
	b	el2_exception
	.endm

	.text
	.balign	0x800
	.globl	hyp_vectors
hyp_vectors:
	from_el2 4			/* current EL with SP_EL0: never selected */
	from_el2 5
	from_el2 6
	from_el2 7
	from_el2 0			/* current EL, SP_EL2 */
	from_el2 1
	from_el2 2
	from_el2 3
	from_lower EXIT_SYNC		/* AArch64 */
	from_lower EXIT_IRQ
	from_lower EXIT_FIQ
	from_lower EXIT_SERROR
	from_lower EXIT_SYNC		/* AArch32 (EL0 only) */
	from_lower EXIT_IRQ
	from_lower EXIT_FIQ
	from_lower EXIT_SERROR

/* u64 vcpu_enter(struct vcpu_regs *regs) */
	.globl	vcpu_enter
vcpu_enter:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	x0, xzr, [sp, #-16]!	/* vcpu_exit finds it */
	ldr	x1, [x0, #REGS_PC]
	ldr	x2, [x0, #REGS_PSTATE]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	ldp	x2, x3, [x0, #REGS_X(2)]
	ldp	x4, x5, [x0, #REGS_X(4)]
	ldp	x6, x7, [x0, #REGS_X(6)]
	ldp	x8, x9, [x0, #REGS_X(8)]
	ldp	x10, x11, [x0, #REGS_X(10)]
	ldp	x12, x13, [x0, #REGS_X(12)]
	ldp	x14, x15, [x0, #REGS_X(14)]
	ldp	x16, x17, [x0, #REGS_X(16)]
	ldp	x18, x19, [x0, #REGS_X(18)]
	ldp	x20, x21, [x0, #REGS_X(20)]
	ldp	x22, x23, [x0, #REGS_X(22)]
	ldp	x24, x25, [x0, #REGS_X(24)]
	ldp	x26, x27, [x0, #REGS_X(26)]
	ldp	x28, x29, [x0, #REGS_X(28)]
	ldr	x30, [x0, #REGS_X(30)]
	ldp	x0, x1, [x0, #REGS_X(0)]
	eret
	dsb	nsh			/* no speculation past eret */
	isb

/* On the stack: the vCPU's x0 and x1, its struct vcpu_regs, our caller's registers. */
vcpu_exit:
	ldr	x0, [sp, #16]
	stp	x2, x3, [x0, #REGS_X(2)]
	stp	x4, x5, [x0, #REGS_X(4)]
	stp	x6, x7, [x0, #REGS_X(6)]
	stp	x8, x9, [x0, #REGS_X(8)]
	stp	x10, x11, [x0, #REGS_X(10)]
	stp	x12, x13, [x0, #REGS_X(12)]
	stp	x14, x15, [x0, #REGS_X(14)]
	stp	x16, x17, [x0, #REGS_X(16)]
	stp	x18, x19, [x0, #REGS_X(18)]
	stp	x20, x21, [x0, #REGS_X(20)]
	stp	x22, x23, [x0, #REGS_X(22)]
	stp	x24, x25, [x0, #REGS_X(24)]
	stp	x26, x27, [x0, #REGS_X(26)]
	stp	x28, x29, [x0, #REGS_X(28)]
	str	x30, [x0, #REGS_X(30)]
	ldp	x2, x3, [sp], #32
	stp	x2, x3, [x0, #REGS_X(0)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	str	x2, [x0, #REGS_PC]
	str	x3, [x0, #REGS_PSTATE]
	mov	x0, x1
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

/*
 * x0 = which vector; the interrupted x0 is in SP_EL0.  The frame is built on
 * this CPU's panic stack, in the form of struct vcpu_regs.
 */
el2_exception:
	msr	tpidr_el1, x0		/* the vCPU's, lost as well */
	mrs	x0, tpidr_el2
	ldr	x0, [x0, #CPU_PANIC_SP]
	sub	x0, x0, #288
	stp	x2, x3, [x0, #REGS_X(2)]
	stp	x4, x5, [x0, #REGS_X(4)]
	stp	x6, x7, [x0, #REGS_X(6)]
	stp	x8, x9, [x0, #REGS_X(8)]
	stp	x10, x11, [x0, #REGS_X(10)]
	stp	x12, x13, [x0, #REGS_X(12)]
	stp	x14, x15, [x0, #REGS_X(14)]
	stp	x16, x17, [x0, #REGS_X(16)]
	stp	x18, x19, [x0, #REGS_X(18)]
	stp	x20, x21, [x0, #REGS_X(20)]
	stp	x22, x23, [x0, #REGS_X(22)]
	stp	x24, x25, [x0, #REGS_X(24)]
	stp	x26, x27, [x0, #REGS_X(26)]
	stp	x28, x29, [x0, #REGS_X(28)]
	str	x30, [x0, #REGS_X(30)]
	mrs	x2, sp_el0
	stp	x2, x1, [x0, #REGS_X(0)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #REGS_PC]
	mov	x2, sp
	mov	sp, x0
	mrs	x1, tpidr_el1
	b	panic_exception		/* (regs, vector, sp) */

/* void fp_save(struct fp_regs *), void fp_load(const struct fp_regs *) */
	.arch	armv8-a+fp+simd
	.macro	fp_all op
	\op	q0, q1, [x0, #0]
	\op	q2, q3, [x0, #32]
	\op	q4, q5, [x0, #64]
	\op	q6, q7, [x0, #96]
	\op	q8, q9, [x0, #128]
	\op	q10, q11, [x0, #160]
	\op	q12, q13, [x0, #192]
	\op	q14, q15, [x0, #224]
	\op	q16, q17, [x0, #256]
	\op	q18, q19, [x0, #288]
	\op	q20, q21, [x0, #320]
	\op	q22, q23, [x0, #352]
	\op	q24, q25, [x0, #384]
	\op	q26, q27, [x0, #416]
	\op	q28, q29, [x0, #448]
	\op	q30, q31, [x0, #480]
	.endm

	.globl	fp_save
fp_save:
	fp_all	stp
	mrs	x1, fpcr
	mrs	x2, fpsr
	str	x1, [x0, #512]
	str	x2, [x0, #520]
	ret

	.globl	fp_load
fp_load:
	fp_all	ldp
	ldr	x1, [x0, #512]
	ldr	x2, [x0, #520]
	msr	fpcr, x1
	msr	fpsr, x2
	ret
