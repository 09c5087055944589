// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot context: registers of the first vCPU when a VM starts.
 *
 * The published resource manager (Dec 2023) has no call for it.  It starts a VM
 * at the image's base plus the image offset, with the address of the device
 * tree in X0: so a PC inside of the image's parcel and that X0 can be had there,
 * and nothing else.
 */
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/export.h>
#include <uapi/linux/gunyah.h>

#include "rm_calls.h"
#include "vm_boot.h"
#include "vm_mem.h"

/**
 * gunyah_vm_boot_set() - note a register
 * @boot: the boot context
 * @set: enum gunyah_vm_boot_context_reg_set
 * @index: register of that set; X31 is taken and ignored, because monitors set it
 * @value: its value
 *
 * Return: 0, or -EINVAL when there is no such register.
 */
int gunyah_vm_boot_set(struct gunyah_vm_boot *boot, u32 set, u32 index, u64 value)
{
	unsigned int reg;

	if (set == GUNYAH_VM_BOOT_CONTEXT_SET_X && index == 31)
		return 0;
	else if (set == GUNYAH_VM_BOOT_CONTEXT_SET_X && index < 31)
		reg = GUNYAH_VM_BOOT_X0 + index;
	else if (set == GUNYAH_VM_BOOT_CONTEXT_SET_PC && index == 0)
		reg = GUNYAH_VM_BOOT_PC;
	else if (set == GUNYAH_VM_BOOT_CONTEXT_SET_SP && index < 2)
		reg = GUNYAH_VM_BOOT_SP + index;
	else
		return -EINVAL;

	boot->regs[reg] = value;
	boot->set |= BIT_ULL(reg);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_boot_set);

/**
 * gunyah_vm_boot_check_eager() - can it be had without SET_BOOT_CONTEXT?
 * @boot: the boot context
 * @dtb_gpa: address of the device tree
 *
 * The PC is left to gunyah_vm_boot_image_offset().
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int gunyah_vm_boot_check_eager(const struct gunyah_vm_boot *boot, u64 dtb_gpa)
{
	if (boot->set & ~(BIT_ULL(GUNYAH_VM_BOOT_X0) | BIT_ULL(GUNYAH_VM_BOOT_PC)))
		return -EOPNOTSUPP;
	if (boot->set & BIT_ULL(GUNYAH_VM_BOOT_X0) && boot->regs[GUNYAH_VM_BOOT_X0] != dtb_gpa)
		return -EOPNOTSUPP;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_boot_check_eager);

/**
 * gunyah_vm_boot_image_offset() - the PC as an offset in the image's parcel
 * @boot: the boot context
 * @image: the parcel
 * @offset: filled in; 0 when no PC was set
 *
 * Return: 0, or -EOPNOTSUPP for a PC outside of the parcel, or no instruction's.
 */
int gunyah_vm_boot_image_offset(const struct gunyah_vm_boot *boot,
				const struct gunyah_vm_image *image, u64 *offset)
{
	u64 pc = boot->regs[GUNYAH_VM_BOOT_PC];

	*offset = 0;
	if (!(boot->set & BIT_ULL(GUNYAH_VM_BOOT_PC)))
		return 0;
	if (pc < image->base || pc - image->base >= image->size || !IS_ALIGNED(pc, 4))
		return -EOPNOTSUPP;
	*offset = pc - image->base;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_boot_image_offset);

/* Back from the number in struct gunyah_vm_boot. */
static void reg_name(unsigned int reg, u8 *set, u8 *index)
{
	if (reg >= GUNYAH_VM_BOOT_SP) {
		*set = GUNYAH_VM_BOOT_CONTEXT_SET_SP;
		*index = reg - GUNYAH_VM_BOOT_SP;
	} else if (reg == GUNYAH_VM_BOOT_PC) {
		*set = GUNYAH_VM_BOOT_CONTEXT_SET_PC;
		*index = 0;
	} else {
		*set = GUNYAH_VM_BOOT_CONTEXT_SET_X;
		*index = reg - GUNYAH_VM_BOOT_X0;
	}
}

/**
 * gunyah_vm_boot_default_pc() - set the PC where the user did not
 * @boot: the boot context
 * @pc: where the guest begins then
 */
void gunyah_vm_boot_default_pc(struct gunyah_vm_boot *boot, u64 pc)
{
	if (!(boot->set & BIT_ULL(GUNYAH_VM_BOOT_PC)))
		gunyah_vm_boot_set(boot, GUNYAH_VM_BOOT_CONTEXT_SET_PC, 0, pc);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_boot_default_pc);

/**
 * gunyah_vm_boot_send() - tell the resource manager, where it has the call
 * @boot: the boot context
 * @rm: the connection
 * @vmid: a VM in READY
 *
 * Context: may sleep.
 * Return: 0 or the errno of the call.
 */
int gunyah_vm_boot_send(const struct gunyah_vm_boot *boot, struct gunyah_rm *rm, u16 vmid)
{
	unsigned int reg;
	u8 set, index;
	int ret;

	for (reg = 0; reg < GUNYAH_VM_BOOT_REGS; reg++) {
		if (!(boot->set & BIT_ULL(reg)))
			continue;
		reg_name(reg, &set, &index);
		ret = gunyah_rm_vm_set_boot_context(rm, vmid, set, index, boot->regs[reg]);
		if (ret)
			return ret;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_boot_send);
