// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware of protected VMs, which profile "paging" has and others have not.
 *
 * In INIT the owner names a parcel, lent to the VM alone, and where in it the
 * firmware goes (SET_FIRMWARE_MEM); it is copied there at once.  The parcel is mapped
 * at VM_START, where SET_ADDRESS_LAYOUT says, and the VM is entered in it.  Then it is
 * the VM's as the image parcel is: see paging.c.
 *
 * No resource manager with firmware could be recorded: what the owner can't see is
 * decided here.
 */

#include "rm.h"

extern const u8 rm_firmware_image[], rm_firmware_image_end[];

static bool lent_to_alone(struct rm_parcel *p, u16 vmid)
{
	const struct rm_acl *acl = p ? rm_parcel_acl(p, vmid) : NULL;

	return acl && p->kind == RM_PARCEL_LENT && p->nr_acl == 1 && p->done &&
	       acl->rights == S2_RWX;
}

u32 rm_firmware_set(struct rm_vm *vm, u32 handle, u64 off, u64 size)
{
	u64 len = (u64)(rm_firmware_image_end - rm_firmware_image);
	struct rm_parcel *p = rm_parcel_get(handle);

	if (!lent_to_alone(p, vm->vmid))
		return RM_HANDLE_INVALID;
	if (!IS_ALIGNED(off | size, PAGE_SIZE) || off > p->size || size > p->size - off ||
	    size < len)
		return RM_ARGUMENT_INVALID;

	if (!rm_parcel_write(p, off, rm_firmware_image, len))
		return RM_MEM_INVALID;
	vm->fw.there = true;
	vm->fw.handle = handle;
	vm->fw.off = off;
	return RM_OK;
}

struct rm_parcel *rm_firmware_parcel(const struct rm_vm *vm)
{
	return vm->fw.there ? rm_parcel_get(vm->fw.handle) : NULL;
}
