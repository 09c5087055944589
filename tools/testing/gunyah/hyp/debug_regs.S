/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Breakpoint and watchpoint registers: {value, control} pairs to or from
 * memory, the first n of at most sixteen.  Those above n do not exist, so the
 * code jumps to the one of n - 1 and goes down from there; one is three
 * instructions.
 */

	.macro	save n, name
	mrs	x3, dbg\name\()vr\n\()_el1
	mrs	x4, dbg\name\()cr\n\()_el1
	stp	x3, x4, [x0, #(16 * \n)]
	.endm

	.macro	load n, name
	ldp	x3, x4, [x0, #(16 * \n)]
	msr	dbg\name\()vr\n\()_el1, x3
	msr	dbg\name\()cr\n\()_el1, x4
	.endm

	.macro	first_of what, name
	adr	x2, 1f
	mov	x3, #12
	msub	x2, x1, x3, x2
	br	x2
	.irp	n, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
	\what	\n, \name
	.endr
1:	ret
	.endm

	.text
/* void debug_save_brk(struct debug_pair *pairs, u64 n), and so on */
	.globl	debug_save_brk
debug_save_brk:
	first_of save, b

	.globl	debug_load_brk
debug_load_brk:
	first_of load, b

	.globl	debug_save_wat
debug_save_wat:
	first_of save, w

	.globl	debug_load_wat
debug_load_wat:
	first_of load, w
