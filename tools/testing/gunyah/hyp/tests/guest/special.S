/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads and stores that VMMIO does not take, and some that it does; the
 * numbers are the recorded guest's (trace 10a).  x0 is the number and, when
 * the instruction gives none, the result; x1 is the address.
 */
	.arch	armv8.1-a+fp+simd
	.text
	.globl	special
special:
	cmp	x0, #0xa
	b.eq	execute
	adr	x2, table
	add	x2, x2, x0, lsl #3
	mov	x5, #0x55
	br	x2

	.macro	form	insn:vararg
	\insn
	ret
	.endm

table:
	form	ldp	x3, x4, [x1]		/* 0 */
	form	stp	x3, x4, [x1]
	form	ldr	x3, [x1], #8
	form	ldr	x3, [x1, #8]!
	form	ldxr	x3, [x1]		/* 4 */
	form	stxr	w0, x3, [x1]
	form	ldadd	x3, x3, [x1]
	form	ldr	q0, [x1]
	form	str	q0, [x1]		/* 8 */
	form	dc	zva, x1
	form	nop
	form	ldrsw	x0, [x1]
	form	ldur	x0, [x1, #1]		/* c */
	form	ldar	x0, [x1]
	form	prfm	pldl1keep, [x1]
	form	at	s1e1r, x1
	form	ldrsb	w0, [x1]		/* 10 */
	form	ldnp	x3, x4, [x1]
	form	stlr	x5, [x1]
	form	ldtr	x0, [x1]
	form	str	xzr, [x1]		/* 14 */
	form	ldr	xzr, [x1]
	form	at	s1e1w, x1
	form	swp	x3, x4, [x1]

execute:
	stp	x29, x30, [sp, #-16]!
	blr	x1
	ldp	x29, x30, [sp], #16
	ret
