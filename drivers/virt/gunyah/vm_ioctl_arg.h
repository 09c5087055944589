/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _GUNYAH_VM_IOCTL_ARG_H
#define _GUNYAH_VM_IOCTL_ARG_H

#include <uapi/linux/gunyah.h>

/* The argument of a call of /dev/gunyah or of a VM, by its number. */
union gunyah_ioctl_arg {
	unsigned long value;
	struct gunyah_create_mem_args create_mem;
	struct gunyah_userspace_memory_region user_mem;
	struct gunyah_vm_dtb_config dtb;
	struct gunyah_fn_desc fn;
	struct gunyah_map_mem_args map_mem;
	struct gunyah_vm_boot_context boot;
	struct gunyah_vm_auth_desc auth;
	struct gunyah_address_range range;
};

#endif
