/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image's header and the first instructions of each CPU, MMU and caches
 * off.  The boot CPU comes here from QEMU at EL2 with x0 = device tree; the
 * others from PSCI CPU_ON, at EL2 too, with x0 = their index.
 */
#include "asm.h"

	.section .head.text, "ax"
	.globl	_start
_start:
	b	boot_entry		/* the arm64 Image header */
	.long	0
	.quad	0			/* text offset: 2 MiB are added by QEMU */
	.quad	__image_size
	.quad	0xa			/* little endian, 4K pages, anywhere */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.long	0

	.text
boot_entry:
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	not_el2
	mov	x20, x0
	adrp	x0, __bss_start
	add	x0, x0, :lo12:__bss_start
	adrp	x1, __bss_end
	add	x1, x1, :lo12:__bss_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	mov	x0, #0
	bl	cpu_early
	mov	x0, x20
	b	boot_main

	.globl	secondary_entry
secondary_entry:
	mov	x20, x0
	bl	cpu_early
	mov	x0, x20
	b	boot_secondary

/* x0 = CPU index: vectors, SCTLR_EL2 with the MMU off, stack. */
cpu_early:
	msr	daifset, #0xf
	ldr	x1, =0x30c50830
	msr	sctlr_el2, x1
	adrp	x1, hyp_vectors
	add	x1, x1, :lo12:hyp_vectors
	msr	vbar_el2, x1
	msr	spsel, #1
	adrp	x1, cpu_stacks
	add	x1, x1, :lo12:cpu_stacks
	mov	x2, #CPU_STACK_STRIDE
	add	x3, x0, #1
	madd	x1, x2, x3, x1
	mov	sp, x1
	mov	x29, #0
	isb
	ret

/* Say so and end QEMU with status 2: nothing else can work. */
not_el2:
	mov	x1, #0x09000000
	adr	x2, 2f
1:	ldrb	w3, [x2], #1
	cbz	w3, 3f
	str	w3, [x1]
	b	1b
2:	.asciz	"hyp: PANIC: not entered at EL2 (virtualization=on is missing)\r\n"
	.balign	8
4:	.quad	0x20026, 2
3:	mov	w0, #0x20
	adr	x1, 4b
	hlt	#0xf000
5:	wfi
	b	5b
