/* SPDX-License-Identifier: GPL-2.0-only */
	.text
/* void hvc_long(u64 x[9]): call with x0 to x8, x0 back in the same array. */
	.globl	hvc_long
hvc_long:
	stp	x29, x30, [sp, #-32]!
	str	x0, [sp, #16]
	mov	x9, x0
	ldp	x0, x1, [x9]
	ldp	x2, x3, [x9, #16]
	ldp	x4, x5, [x9, #32]
	ldp	x6, x7, [x9, #48]
	ldr	x8, [x9, #64]
	hvc	#0
	ldr	x9, [sp, #16]
	str	x0, [x9]
	ldp	x29, x30, [sp], #32
	ret

/*
 * A guest's first code, anywhere in its memory: it tells its place, x0, x30 and
 * its two stack pointers by writes of 8 bytes to VMMIO, then waits for ever.
 */
	.align	3
	.globl	tell_start, tell_end
tell_start:
	adr	x1, tell_start
	movz	x2, #0x0900, lsl #16
	str	x1, [x2]
	str	x0, [x2, #8]
	str	x30, [x2, #16]
	mrs	x1, sp_el0
	str	x1, [x2, #24]
	mov	x1, sp
	str	x1, [x2, #32]
1:	wfi
	b	1b
	.align	3
tell_end:
