/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers, with the bits that may hold any value: those of the others
 * would switch something on.  Groups are those of regset.h.
 */
	.arch	armv8-a+fp+simd

	.set	GROUP_FP, 0
	.set	GROUP_PAUTH, 1
	.set	GROUP_THREAD, 2
	.set	GROUP_DEBUG, 3
	.set	GROUP_MMU, 4
	.set	GROUP_EXCEPTION, 5
	.set	GROUP_TIMER, 6
	.set	GROUP_GIC, 7

	.set	ANY, 0xffffffffffffffff
	.set	LOW32, 0xffffffff
	.set	TABLE_ADDRESS, 0x00007ffffffff000
	.set	DEBUG_ADDRESS, 0x0000fffffffffffc

	.macro	registers op
	\op	fpcr, 0x03c00000, GROUP_FP
	\op	fpsr, 0x0800001f, GROUP_FP
	\op	s3_0_c2_c1_0, ANY, GROUP_PAUTH		/* APIAKeyLo */
	\op	s3_0_c2_c1_1, ANY, GROUP_PAUTH		/* APIAKeyHi */
	\op	s3_0_c2_c1_2, ANY, GROUP_PAUTH		/* APIBKeyLo */
	\op	s3_0_c2_c1_3, ANY, GROUP_PAUTH		/* APIBKeyHi */
	\op	s3_0_c2_c2_0, ANY, GROUP_PAUTH		/* APDAKeyLo */
	\op	s3_0_c2_c2_1, ANY, GROUP_PAUTH		/* APDAKeyHi */
	\op	s3_0_c2_c2_2, ANY, GROUP_PAUTH		/* APDBKeyLo */
	\op	s3_0_c2_c2_3, ANY, GROUP_PAUTH		/* APDBKeyHi */
	\op	s3_0_c2_c3_0, ANY, GROUP_PAUTH		/* APGAKeyLo */
	\op	s3_0_c2_c3_1, ANY, GROUP_PAUTH		/* APGAKeyHi */
	\op	tpidr_el0, ANY, GROUP_THREAD
	\op	tpidrro_el0, ANY, GROUP_THREAD
	\op	tpidr_el1, ANY, GROUP_THREAD
	\op	contextidr_el1, LOW32, GROUP_THREAD
	\op	sp_el0, ANY, GROUP_THREAD
	\op	dbgbvr0_el1, DEBUG_ADDRESS, GROUP_DEBUG
	\op	dbgbcr0_el1, 0x1e6, GROUP_DEBUG		/* off */
	\op	dbgbvr1_el1, DEBUG_ADDRESS, GROUP_DEBUG
	\op	dbgwvr0_el1, DEBUG_ADDRESS, GROUP_DEBUG
	\op	dbgwcr0_el1, 0x1ffe, GROUP_DEBUG	/* off */
	\op	ttbr0_el1, TABLE_ADDRESS, GROUP_MMU
	\op	ttbr1_el1, TABLE_ADDRESS, GROUP_MMU
	\op	mair_el1, ANY, GROUP_MMU
	\op	par_el1, 0x0000fffffffff000, GROUP_MMU
	\op	esr_el1, LOW32, GROUP_EXCEPTION
	\op	far_el1, ANY, GROUP_EXCEPTION
	\op	elr_el1, ANY, GROUP_EXCEPTION
	\op	spsr_el1, 0xf00003c5, GROUP_EXCEPTION
	\op	cntv_cval_el0, ANY, GROUP_TIMER		/* the timer is off */
	\op	cntkctl_el1, 0x3ff, GROUP_TIMER
	\op	s3_0_c4_c6_0, 0xf0, GROUP_GIC		/* ICC_PMR_EL1 */
	\op	s3_0_c12_c12_3, 0x7, GROUP_GIC		/* ICC_BPR1_EL1 */
	\op	csselr_el1, 0xf, GROUP_MMU
	.endm

	.macro	read_one name, bits, group
	mrs	x1, \name
	str	x1, [x0], #8
	.endm

	.macro	write_one name, bits, group
	ldr	x1, [x0], #8
	msr	\name, x1
	.endm

	.macro	describe name, bits, group
	.quad	\bits, \group
	.endm

	.macro	each_pair insn
	\insn	q0, q1, [x0]
	\insn	q2, q3, [x0, #32]
	\insn	q4, q5, [x0, #64]
	\insn	q6, q7, [x0, #96]
	\insn	q8, q9, [x0, #128]
	\insn	q10, q11, [x0, #160]
	\insn	q12, q13, [x0, #192]
	\insn	q14, q15, [x0, #224]
	\insn	q16, q17, [x0, #256]
	\insn	q18, q19, [x0, #288]
	\insn	q20, q21, [x0, #320]
	\insn	q22, q23, [x0, #352]
	\insn	q24, q25, [x0, #384]
	\insn	q26, q27, [x0, #416]
	\insn	q28, q29, [x0, #448]
	\insn	q30, q31, [x0, #480]
	.endm

	.text
	.globl	registers_read
registers_read:
	each_pair	stp
	add	x0, x0, #512
	registers	read_one
	ret

	.globl	registers_write
registers_write:
	each_pair	ldp
	add	x0, x0, #512
	registers	write_one
	isb
	ret

	.section .rodata
	.align	3
	.globl	registers_table
registers_table:
	registers	describe
	.quad	0, 0
