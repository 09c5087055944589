/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * void run_all_registers(u64 cap, u64 answer, u64 x[31]): one vcpu_run with a
 * mark in x18 to x30, then all registers as they came back.
 */
	.text
	.globl	run_all_registers
run_all_registers:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	str	x2, [sp, #96]

	mov	x2, x1
	mov	x1, x0
	ldr	x18, =0x4d41524b00000000
	add	x19, x18, #19
	add	x20, x18, #20
	add	x21, x18, #21
	add	x22, x18, #22
	add	x23, x18, #23
	add	x24, x18, #24
	add	x25, x18, #25
	add	x26, x18, #26
	add	x27, x18, #27
	add	x28, x18, #28
	add	x29, x18, #29
	add	x30, x18, #30
	add	x18, x18, #18
	ldr	x0, =0xc6008065
	mov	x3, #0
	mov	x4, #0
	mov	x5, #0
	mov	x6, #0
	mov	x7, #0
	hvc	#0

	/* x2 to x4 are results, so x2 may go. */
	ldr	x2, [sp, #96]
	stp	x0, x1, [x2]
	str	x3, [x2, #24]
	stp	x4, x5, [x2, #32]
	stp	x6, x7, [x2, #48]
	stp	x8, x9, [x2, #64]
	stp	x10, x11, [x2, #80]
	stp	x12, x13, [x2, #96]
	stp	x14, x15, [x2, #112]
	stp	x16, x17, [x2, #128]
	stp	x18, x19, [x2, #144]
	stp	x20, x21, [x2, #160]
	stp	x22, x23, [x2, #176]
	stp	x24, x25, [x2, #192]
	stp	x26, x27, [x2, #208]
	stp	x28, x29, [x2, #224]
	str	x30, [x2, #240]

	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret
