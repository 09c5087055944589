/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry of a payload: arm64 Image header, as the primary VM's kernel has it,
 * then EL1 with MMU off.  Exceptions of an access that was announced are
 * counted and passed over, all others end the test.
 */
	.section .head, "ax"
	.globl	_start
_start:
	b	1f
	.word	0
	.quad	0			/* text_offset */
	.quad	image_size
	.quad	0xa			/* little endian, 4K pages, anywhere */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0
1:
	mov	x19, x0
	ldr	x1, =stack_top
	mov	sp, x1
	ldr	x1, =bss_start
	ldr	x2, =bss_end
2:	cmp	x1, x2
	b.hs	3f
	str	xzr, [x1], #8
	b	2b
3:	bl	cpu_setup
	mov	x0, x19
	bl	payload_main
	bl	power_off

	/* x0 = stack of a secondary CPU */
	.globl	secondary_entry
secondary_entry:
	mov	sp, x0
	bl	cpu_setup
	bl	secondary_loop
	b	.

cpu_setup:
	ldr	x1, =vectors
	msr	vbar_el1, x1
	mov	x1, #3 << 20
	msr	cpacr_el1, x1
	mov	x1, #1
	msr	S3_0_C12_C12_5, x1	/* ICC_SRE_EL1 */
	isb
	mov	x1, #0xff
	msr	S3_0_C4_C6_0, x1	/* ICC_PMR_EL1 */
	mov	x1, #1
	msr	S3_0_C12_C12_7, x1	/* ICC_IGRPEN1_EL1 */
	isb
	ret
	.ltorg

	.text
	.macro	conduit	name, insn
	.globl	\name
\name:
	stp	x29, x30, [sp, #-32]!
	str	x0, [sp, #16]
	mov	x9, x0
	ldp	x0, x1, [x9]
	ldp	x2, x3, [x9, #16]
	ldp	x4, x5, [x9, #32]
	ldp	x6, x7, [x9, #48]
	\insn	#0
	ldr	x9, [sp, #16]
	stp	x0, x1, [x9]
	stp	x2, x3, [x9, #16]
	stp	x4, x5, [x9, #32]
	stp	x6, x7, [x9, #48]
	ldp	x29, x30, [sp], #32
	ret
	.endm

	conduit	hvc_call, hvc
	conduit	smc_call, smc

/*
 * Accesses that may fail: the instruction is at a known place; x0 comes back 0
 * or as ESR.  The fault handler returns to the instruction behind it.
 */
	.macro	attempt	name, insn:vararg
	.globl	\name
\name:
	mov	x9, #0
	.globl	\name\()_insn
\name\()_insn:
	\insn
	mov	x0, x9
	ret
	.endm

	attempt	raw_read64, ldr x10, [x0]
	attempt	raw_read32, ldr w10, [x0]
	attempt	raw_write64, str x1, [x0]
	attempt	raw_civac, dc civac, x0

	.globl	try_read64
try_read64:
	stp	x30, x1, [sp, #-16]!
	bl	raw_read64
	ldp	x30, x1, [sp], #16
	cbnz	x0, 1f
	str	x10, [x1]
1:	ret

	.globl	try_read32
try_read32:
	stp	x30, x1, [sp, #-16]!
	bl	raw_read32
	ldp	x30, x1, [sp], #16
	cbnz	x0, 1f
	str	w10, [x1]
1:	ret

	.globl	try_write64
try_write64:
	b	raw_write64
	.globl	try_civac
try_civac:
	b	raw_civac

	/* Whatever happens there ends at try_exec_back, by ret or by exception. */
	.globl	try_exec
try_exec:
	stp	x29, x30, [sp, #-16]!
	mov	x9, #1
	ldr	x10, =executing
	str	x9, [x10]
	mov	x9, #0
	blr	x0
	.globl	try_exec_back
try_exec_back:
	ldr	x10, =executing
	str	xzr, [x10]
	mov	x0, x9
	ldp	x29, x30, [sp], #16
	ret

	.align	11
vectors:
	.rept	16
	b	exception
	.org	. + 0x7c
	.endr

/* x9 takes the ESR; only x9 to x15 are touched when the access was announced. */
exception:
	mrs	x12, elr_el1
	mrs	x13, esr_el1
	mrs	x14, far_el1
	ldr	x15, =last_fault
	stp	x13, x14, [x15]
	str	x12, [x15, #16]
	ldr	x15, =executing
	ldr	x15, [x15]
	cbnz	x15, leave

	ldr	x15, =raw_read64_insn
	cmp	x12, x15
	b.eq	pass
	ldr	x15, =raw_read32_insn
	cmp	x12, x15
	b.eq	pass
	ldr	x15, =raw_write64_insn
	cmp	x12, x15
	b.eq	pass
	ldr	x15, =raw_civac_insn
	cmp	x12, x15
	b.eq	pass
	mov	x0, x13
	mov	x1, x14
	mov	x2, x12
	bl	unexpected_exception
	b	.
pass:
	mov	x9, x13
	add	x12, x12, #4
	msr	elr_el1, x12
	eret
leave:
	mov	x9, x13
	ldr	x12, =try_exec_back
	msr	elr_el1, x12
	eret
	.ltorg

	.bss
	.align	4
	.globl	last_fault
last_fault:
	.skip	24
executing:
	.skip	8
	.skip	0x10000
stack_top:
