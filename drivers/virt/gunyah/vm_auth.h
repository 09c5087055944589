/* SPDX-License-Identifier: GPL-2.0-only */
/* How the image of a VM is authenticated.  See vm_auth.c. */
#ifndef _GUNYAH_VM_AUTH_H
#define _GUNYAH_VM_AUTH_H

#include <linux/types.h>

#include "rm_calls.h"

struct gunyah_vm_firmware_config;
struct gunyah_vm_image;
struct gunyah_vm_qtvm_auth_arg;
struct gunyah_vm_rm;

/**
 * struct gunyah_vm_auth - what the user chose
 * @type: the type
 * @vmid: GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM: the VM's vmid, 0 for any
 * @pas_id: the same: the platform's id of the image
 * @gpa: the same: where the image is; GUNYAH_RM_VM_AUTH_QCOM_ANDROID_PVM: where
 *	the firmware is
 * @size: the size of that
 *
 * Zeroed memory is "not at all".
 */
struct gunyah_vm_auth {
	enum gunyah_rm_vm_auth type;
	u16 vmid;
	u32 pas_id;
	u64 gpa;
	u64 size;
};

int gunyah_vm_auth_trusted(struct gunyah_vm_auth *auth, const struct gunyah_vm_qtvm_auth_arg *arg);
int gunyah_vm_auth_firmware(struct gunyah_vm_auth *auth,
			    const struct gunyah_vm_firmware_config *arg);
int gunyah_vm_auth_image_range(const struct gunyah_vm_auth *auth,
			       const struct gunyah_vm_image *image, u64 *offset, u64 *size);
int gunyah_vm_auth_load(const struct gunyah_vm_auth *auth, struct gunyah_vm_rm *v,
			const struct gunyah_vm_image *image, u64 offset, u64 size,
			const char **what);

#endif
