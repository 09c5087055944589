// SPDX-License-Identifier: GPL-2.0-only
/* What is set before a VM is started; it stands over runs. */
#include <linux/align.h>
#include <linux/overflow.h>
#include <linux/sizes.h>

#include "vm.h"

/* Is this the time to configure?  The VM's lock is held. */
static int may_configure_locked(struct gunyah_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	switch (gunyah_vm_state(vm)) {
	case GUNYAH_VM_NOT_STARTED:
		return 0;
	case GUNYAH_VM_CLOSING:
	case GUNYAH_VM_GONE:
		return -ENODEV;
	default:
		return -EBUSY;
	}
}

/**
 * gunyah_vm_set_dtb() - say where the device tree is
 * @vm: the VM
 * @gpa: guest address
 * @size: size in bytes
 *
 * Return: 0; -EINVAL for a size of 0 or an address that is not page aligned;
 * -EOVERFLOW when the range, in pages, wraps; -EBUSY when the VM was started;
 * -ENODEV; -EINTR.
 */
int gunyah_vm_set_dtb(struct gunyah_vm *vm, u64 gpa, u64 size)
{
	u64 end;
	int ret;

	if (!size || !IS_ALIGNED(gpa, SZ_4K))
		return -EINVAL;
	if (check_add_overflow(gpa, size, &end) || check_add_overflow(end, (u64)SZ_4K - 1, &end))
		return -EOVERFLOW;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	ret = may_configure_locked(vm);
	if (!ret) {
		vm->dtb_gpa = gpa;
		vm->dtb_size = size;
	}
	mutex_unlock(&vm->lock);
	return ret;
}

/**
 * gunyah_vm_set_boot_reg() - set a register of the first vCPU
 * @vm: the VM
 * @set: enum gunyah_vm_boot_context_reg_set
 * @index: register of that set
 * @value: its value
 *
 * Return: 0; -EINVAL when there is no such register; -EBUSY when the VM was
 * started; -ENODEV; -EINTR.
 */
int gunyah_vm_set_boot_reg(struct gunyah_vm *vm, u32 set, u32 index, u64 value)
{
	int ret;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	ret = may_configure_locked(vm);
	if (!ret)
		ret = gunyah_vm_boot_set(&vm->boot, set, index, value);
	mutex_unlock(&vm->lock);
	return ret;
}

/**
 * gunyah_vm_set_auth() - choose how the image is authenticated
 * @vm: the VM
 * @auth: checked
 *
 * Return: 0; -EBUSY when the VM was started; -ENODEV; -EINTR.
 */
int gunyah_vm_set_auth(struct gunyah_vm *vm, const struct gunyah_vm_auth *auth)
{
	bool firmware = auth->type == GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM;
	int ret;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	ret = may_configure_locked(vm);
	if (!ret) {
		vm->auth = *auth;
		/* Between runs nothing is sent. */
		gunyah_vm_rm_set_auth(&vm->rm, auth->type, auth->vmid, auth->pas_id);
		gunyah_vm_mem_set_firmware(&vm->mem, firmware ? auth->gpa : 0,
					   firmware ? auth->size : 0);
	}
	mutex_unlock(&vm->lock);
	return ret;
}
