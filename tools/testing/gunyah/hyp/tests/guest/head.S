/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry of the guest.  Its first word is a branch by 0x60, as the recorded
 * guest's was: the traces show it being read.
 */
	.section .head, "ax"
	.globl	_start
_start:
	b	. + 0x60
	.org	0x8
	.globl	program
program:
	.quad	0			/* written by the host */
	.org	0x60

	/* All of x0 to x30, for the tests of isolation; SP is free. */
	mov	sp, x3
	adrp	x3, entry_x
	add	x3, x3, :lo12:entry_x
	stp	x0, x1, [x3]
	mov	x1, sp
	stp	x2, x1, [x3, #16]
	stp	x4, x5, [x3, #32]
	stp	x6, x7, [x3, #48]
	stp	x8, x9, [x3, #64]
	stp	x10, x11, [x3, #80]
	stp	x12, x13, [x3, #96]
	stp	x14, x15, [x3, #112]
	stp	x16, x17, [x3, #128]
	stp	x18, x19, [x3, #144]
	stp	x20, x21, [x3, #160]
	stp	x22, x23, [x3, #176]
	stp	x24, x25, [x3, #192]
	stp	x26, x27, [x3, #208]
	stp	x28, x29, [x3, #224]
	str	x30, [x3, #240]

	adr	x2, _start
	adrp	x3, dtb_address
	str	x0, [x3, :lo12:dtb_address]
	bl	setup
	adr	x0, program
	ldr	x0, [x0]
	mov	x1, x2
	bl	guest_main
	b	.

	.globl	secondary_entry
secondary_entry:
	mov	x19, x0
	bl	setup
	mov	x0, x19
	adr	x1, program
	ldr	x1, [x1]
	bl	secondary_main
	b	.

	.globl	resume_entry
resume_entry:
	mov	x19, x0
	bl	setup
	mov	x0, x19
	bl	resume_main
	b	.

/* Stack of this CPU, vectors, FP/SIMD on; clobbers x3, x4. */
setup:
	mrs	x4, mpidr_el1
	and	x4, x4, #0xff
	ldr	x3, =0x80180000
	sub	x3, x3, x4, lsl #14
	mov	sp, x3
	ldr	x3, =vectors
	msr	vbar_el1, x3
	mov	x3, #3 << 20
	msr	cpacr_el1, x3
	isb
	ret
	.ltorg

	.text
	.globl	hvc
hvc:
	stp	x29, x30, [sp, #-32]!
	str	x0, [sp, #16]
	mov	x8, x0
	ldp	x0, x1, [x8]
	ldp	x2, x3, [x8, #16]
	mov	x4, #0
	mov	x5, #0
	mov	x6, #0
	mov	x7, #0
	hvc	#0
	ldr	x8, [sp, #16]
	stp	x0, x1, [x8]
	stp	x2, x3, [x8, #16]
	ldp	x29, x30, [sp], #32
	ret

/*
 * Synchronous exceptions are reported by three writes; then the instruction
 * after the one that failed runs, or after a failed fetch the caller.
 */
	.align	11
vectors:
	.rept	4
	b	.
	.org	. + 0x7c
	.endr
	b	synchronous
	.org	vectors + 0x800

synchronous:
	stp	x0, x1, [sp, #-32]!
	str	x2, [sp, #16]
	movz	x1, #0x0900, lsl #16
	mrs	x0, esr_el1
	add	x2, x1, #0xe00
	str	x0, [x2]
	mrs	x0, far_el1
	add	x2, x1, #0xe08
	str	x0, [x2]
	mrs	x0, elr_el1
	add	x2, x1, #0xe10
	str	x0, [x2]
	mrs	x1, esr_el1
	lsr	x1, x1, #26
	cmp	x1, #0x21
	add	x0, x0, #4
	csel	x0, x30, x0, eq
	msr	elr_el1, x0
	ldr	x2, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret

	.bss
	.align	3
	.globl	dtb_address
dtb_address:
	.skip	8
	.globl	entry_x
entry_x:
	.skip	248
	.align	4
	.globl	entry_regs
entry_regs:
	.skip	1024
