/* SPDX-License-Identifier: GPL-2.0-only */
/* The private calls of Android's drivers.  See vm_android.c. */
#ifndef _GUNYAH_VM_ANDROID_H
#define _GUNYAH_VM_ANDROID_H

#include "vm_ioctl_arg.h"

#ifdef CONFIG_GUNYAH_ANDROID_CALLS

/**
 * gunyah_vm_android_target() - which call is meant
 * @cmd: number
 *
 * Return: the number of the call that does the same; @cmd when it is none of
 * Android's.
 */
unsigned int gunyah_vm_android_target(unsigned int cmd);

/**
 * gunyah_vm_android_arg() - make the argument that of the call that is meant
 * @cmd: number, any
 * @uarg: the user's argument
 * @arg: its copy, by @cmd
 *
 * Return: 0, or -EINVAL for a flag, or a type, that Android's call does not have.
 */
int gunyah_vm_android_arg(unsigned int cmd, unsigned long uarg, union gunyah_ioctl_arg *arg);

#else

static inline unsigned int gunyah_vm_android_target(unsigned int cmd)
{
	return cmd;
}

static inline int gunyah_vm_android_arg(unsigned int cmd, unsigned long uarg,
					union gunyah_ioctl_arg *arg)
{
	return 0;
}

#endif

#endif
