/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of /dev/gunyah and of a VM. */
#ifndef _GUNYAH_VM_IOCTL_H
#define _GUNYAH_VM_IOCTL_H

struct gunyah_vm_host;

long gunyah_dev_ioctl(struct gunyah_vm_host *host, unsigned int cmd, unsigned long uarg);

#endif
