// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the image of a VM is authenticated: not at all, by the platform (a
 * "trusted VM"), or by firmware that runs first in the guest (a protected VM of
 * Android's).
 *
 * With the last two the guest is not this VM's to look into: where it is entered
 * is said by the image or the firmware, not by the boot context; and what comes
 * back of its memory comes back as zeroes.
 */
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <uapi/linux/gunyah.h>

#include "vm_auth.h"
#include "vm_mem.h"
#include "vm_rm.h"

static int check_range(u64 gpa, u64 size)
{
	u64 end;

	if (!size || !IS_ALIGNED(gpa, SZ_4K))
		return -EINVAL;
	return check_add_overflow(gpa, size, &end) ? -EOVERFLOW : 0;
}

/**
 * gunyah_vm_auth_trusted() - by the platform
 * @auth: filled in
 * @arg: kernel copy, unchecked
 *
 * Return: 0; -EINVAL for padding that is not 0, a size of 0, or an address that
 * is not page aligned; -EOVERFLOW when the range wraps.
 */
int gunyah_vm_auth_trusted(struct gunyah_vm_auth *auth, const struct gunyah_vm_qtvm_auth_arg *arg)
{
	if (arg->padding)
		return -EINVAL;

	*auth = (struct gunyah_vm_auth) {
		.type	= GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM,
		.vmid	= arg->vm_id,
		.pas_id	= arg->peripheral_id,
		.gpa	= arg->guest_phys_addr,
		.size	= arg->size,
	};
	return check_range(auth->gpa, auth->size);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_auth_trusted);

/**
 * gunyah_vm_auth_firmware() - by firmware in the guest
 * @auth: filled in
 * @arg: kernel copy, unchecked
 *
 * Return: 0; -EINVAL for a size of 0, or a size or an address that is not page
 * aligned; -EOVERFLOW when the range, or its size in pages of this kernel, wraps.
 */
int gunyah_vm_auth_firmware(struct gunyah_vm_auth *auth,
			    const struct gunyah_vm_firmware_config *arg)
{
	*auth = (struct gunyah_vm_auth) {
		.type	= GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM,
		.gpa	= arg->guest_phys_addr,
		.size	= arg->size,
	};
	if (!IS_ALIGNED(auth->size, SZ_4K))
		return -EINVAL;
	/* In pages of this kernel it would have no size. */
	if (auth->size > PAGE_ALIGN_DOWN(U64_MAX))
		return -EOVERFLOW;
	return check_range(auth->gpa, auth->size);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_auth_firmware);

/**
 * gunyah_vm_auth_image_range() - where the authenticated image is in its parcel
 * @auth: what the user chose
 * @image: the parcel
 * @offset: filled in; 0 where nothing is said of an image
 * @size: filled in; the same
 *
 * Return: 0, or -EINVAL for an image that is not wholly inside of the parcel.
 */
int gunyah_vm_auth_image_range(const struct gunyah_vm_auth *auth,
			       const struct gunyah_vm_image *image, u64 *offset, u64 *size)
{
	*offset = 0;
	*size = 0;
	if (auth->type != GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM)
		return 0;
	if (auth->gpa < image->base || auth->gpa - image->base >= image->size ||
	    auth->size > image->size - (auth->gpa - image->base))
		return -EINVAL;

	*offset = auth->gpa - image->base;
	*size = auth->size;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_auth_image_range);

/**
 * gunyah_vm_auth_load() - name the image and authenticate it: LOAD to INIT
 * @auth: what the user chose; @v knows the type
 * @v: the VM
 * @image: the parcel of the image
 * @offset: of the image, or of the entry point, in it
 * @size: of the image, 0 where nothing is said
 * @what: filled in: what failed, for a message
 *
 * Return: 0, or the errno of the call that failed.
 */
int gunyah_vm_auth_load(const struct gunyah_vm_auth *auth, struct gunyah_vm_rm *v,
			const struct gunyah_vm_image *image, u64 offset, u64 size,
			const char **what)
{
	int ret;

	*what = "load";
	ret = gunyah_vm_rm_configure(v, image, offset, size);
	if (ret)
		return ret;

	switch (auth->type) {
	case GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM:
		*what = "authenticate the image";
		return gunyah_vm_rm_authenticate(v);
	case GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM:
		*what = "take the firmware";
		return gunyah_vm_rm_set_firmware(v, image->fw_handle, image->fw_offset,
						 auth->size);
	default:
		return 0;
	}
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_auth_load);
