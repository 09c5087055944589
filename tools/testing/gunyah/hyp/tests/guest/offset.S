/* SPDX-License-Identifier: GPL-2.0-only */
/* A second entry, put behind the image: its own place and X0, then the guest. */
	.text
	.globl	_start
_start:
	movz	x1, #0x0900, lsl #16
	add	x1, x1, #0xee0
here:
	adr	x2, here
	str	x2, [x1]
	str	x0, [x1]
	movz	x1, #0x8000, lsl #16
	br	x1
