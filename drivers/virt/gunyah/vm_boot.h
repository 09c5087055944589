/* SPDX-License-Identifier: GPL-2.0-only */
/* The boot context: registers of the first vCPU when a VM starts. */
#ifndef _GUNYAH_VM_BOOT_H
#define _GUNYAH_VM_BOOT_H

#include <linux/types.h>

struct gunyah_rm;
struct gunyah_vm_image;

/* Registers of the boot context: X0 to X30, PC, SP_EL0, SP_EL1. */
#define GUNYAH_VM_BOOT_X0	0
#define GUNYAH_VM_BOOT_PC	31
#define GUNYAH_VM_BOOT_SP	32
#define GUNYAH_VM_BOOT_REGS	34

/**
 * struct gunyah_vm_boot - the boot context that the user asked for
 * @set: bit n: register n was set
 * @regs: their values
 */
struct gunyah_vm_boot {
	u64 set;
	u64 regs[GUNYAH_VM_BOOT_REGS];
};

int gunyah_vm_boot_set(struct gunyah_vm_boot *boot, u32 set, u32 index, u64 value);
int gunyah_vm_boot_check_eager(const struct gunyah_vm_boot *boot, u64 dtb_gpa);
int gunyah_vm_boot_image_offset(const struct gunyah_vm_boot *boot,
				const struct gunyah_vm_image *image, u64 *offset);
void gunyah_vm_boot_default_pc(struct gunyah_vm_boot *boot, u64 pc);
int gunyah_vm_boot_send(const struct gunyah_vm_boot *boot, struct gunyah_rm *rm, u16 vmid);

#endif
