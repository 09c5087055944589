/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first instructions, at EL2 with the MMU off, and what the test runs at
 * EL1 as "the guest": a few instructions each, then HVC.
 */
	.section .head.text, "ax"
	.globl	_start
_start:
	msr	daifset, #0xf
	adrp	x1, hyp_vectors
	add	x1, x1, :lo12:hyp_vectors
	msr	vbar_el2, x1
	msr	spsel, #1
	adrp	x1, stack_top
	add	x1, x1, :lo12:stack_top
	mov	sp, x1
	isb
	bl	test_main
1:	wfi
	b	1b

	.text
/* Priority mask open, EOIR deactivates, group 1 on. */
	.globl	guest_init
guest_init:
	mov	x0, #0xf8
	msr	S3_0_C4_C6_0, x0	/* ICC_PMR_EL1 */
	msr	S3_0_C12_C12_4, xzr	/* ICC_CTLR_EL1 */
	mov	x0, #1
	msr	S3_0_C12_C12_7, x0	/* ICC_IGRPEN1_EL1 */
	isb
	hvc	#0

/* x0 = the interrupt acknowledged */
	.globl	guest_ack
guest_ack:
	mrs	x0, S3_0_C12_C12_0	/* ICC_IAR1_EL1 */
	hvc	#0

/* End interrupt x0, and stay a little for what that brings. */
	.globl	guest_eoi
guest_eoi:
	msr	S3_0_C12_C12_1, x0	/* ICC_EOIR1_EL1 */
	isb
	mov	x1, #1000
1:	subs	x1, x1, #1
	b.ne	1b
	hvc	#0

/* Until an interrupt of the machine comes. */
	.globl	guest_spin
guest_spin:
	b	guest_spin

	.bss
	.balign	16
	.space	0x4000
stack_top:
