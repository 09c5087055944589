// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private calls of Android's Gunyah drivers that monitors were compiled with, and
 * have a call of this driver that does the same.  Nothing is done here but to give
 * them its number and its argument; what it answers is the answer.
 *
 * Programs have the numbers compiled in.  They are in no header: who writes a
 * program today uses the other calls.
 */
#include <kunit/visibility.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/ioctl.h>

#include "vm_android.h"

#define ANDROID_LEND_USER_MEM	_IOW('A', 0x11, struct gunyah_userspace_memory_region)
#define ANDROID_SET_FW_CONFIG	_IOW('A', 0x12, struct gunyah_vm_firmware_config)
#define ANDROID_RECLAIM_REGION	_IOW('A', 0x13, struct gunyah_address_range)
#define ANDROID_SET_AUTH_TYPE	_IOW('A', 0x16, struct gunyah_vm_auth_desc)

unsigned int gunyah_vm_android_target(unsigned int cmd)
{
	BUILD_BUG_ON(ANDROID_LEND_USER_MEM != 0x40204111);
	BUILD_BUG_ON(ANDROID_SET_FW_CONFIG != 0x40104112);
	BUILD_BUG_ON(ANDROID_RECLAIM_REGION != 0x40104113);
	BUILD_BUG_ON(ANDROID_SET_AUTH_TYPE != 0x40104116);

	switch (cmd) {
	case ANDROID_LEND_USER_MEM:
		return GUNYAH_VM_SET_USER_MEM_REGION;
	case ANDROID_SET_FW_CONFIG:
	case ANDROID_SET_AUTH_TYPE:
		return GUNYAH_VM_SET_AUTH;
	case ANDROID_RECLAIM_REGION:
		return GUNYAH_VM_RECLAIM_MEM;
	default:
		return cmd;
	}
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_android_target);

int gunyah_vm_android_arg(unsigned int cmd, unsigned long uarg, union gunyah_ioctl_arg *arg)
{
	switch (cmd) {
	case ANDROID_LEND_USER_MEM:
		if (arg->user_mem.flags & GUNYAH_USER_MEM_LENT)
			return -EINVAL;
		arg->user_mem.flags |= GUNYAH_USER_MEM_LENT;
		return 0;
	case ANDROID_SET_FW_CONFIG:
		/* The argument of the type is the whole argument, and copied from there. */
		arg->auth = (struct gunyah_vm_auth_desc) {
			.type		= GUNYAH_VM_AUTH_QCOM_ANDROID_PVM,
			.arg_size	= sizeof(struct gunyah_vm_firmware_config),
			.arg		= uarg,
		};
		return 0;
	case ANDROID_SET_AUTH_TYPE:
		/* The only type that it has; the firmware has a call of its own. */
		return arg->auth.type == GUNYAH_VM_AUTH_QCOM_TRUSTED_VM ? 0 : -EINVAL;
	default:
		return 0;
	}
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_android_arg);
