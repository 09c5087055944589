/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The firmware of protected VMs: what a guest begins with where one is
 * authenticated so.  It notes that it ran, and what it was told, in its own pages,
 * where a test finds it (8 bytes each):
 *
 *	0x40	"firmware"
 *	0x48	X0: address of the device tree
 *	0x50	X1: address where the guest's memory begins
 *
 * and enters the guest there, with X0 as it was.  Runs wherever it is copied to.
 */

	.section .rodata, "a"
	.balign 8
	.global rm_firmware_image
rm_firmware_image:
	adr	x9, rm_firmware_image + 0x40
	ldr	x10, rm_firmware_image + 0x58
	stp	x10, x0, [x9]
	str	x1, [x9, #0x10]
	dsb	sy
	br	x1

	.org	rm_firmware_image + 0x58
	.ascii	"firmware"
	.global rm_firmware_image_end
rm_firmware_image_end:
