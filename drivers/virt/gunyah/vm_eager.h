/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The eager flow of a VM's memory, see vm_eager.c.
 */
#ifndef _GUNYAH_VM_EAGER_H
#define _GUNYAH_VM_EAGER_H

#include <linux/types.h>

#include "vm_mem.h"

/**
 * gunyah_vm_eager_give() - give all bound memory to a VM, before CONFIG_IMAGE
 * @mem: the VM's memory
 * @rm: connection
 * @vmid: the VM
 * @dtb_gpa: guest address of the device tree
 * @dtb_size: its size as the user said it, rounded up here
 * @image: filled in
 *
 * The lent bindings that follow one another in guest addresses and hold the
 * device tree are one parcel; each other binding is a parcel of its own, with
 * its label or, without one, bits 43 to 12 of its guest address.  A binding for the
 * firmware alone does not follow another, nor another one it.
 *
 * All or nothing: on an error all that was given was taken back (or, where the
 * resource manager did not take it back, is leaked knowingly and counted).
 *
 * Return: 0; -EINVAL when the device tree is not wholly inside one run of lent
 * bindings from a 2 MiB aligned base, or two parcels would have one label, or the
 * firmware is not wholly inside one lent parcel;
 * -EBUSY when user space has a lent range mapped or pinned, or the memory is
 * given; -E2BIG when the list entries of all VMs would pass 6,000; -EOPNOTSUPP
 * for what this flow can't give (lent memory with less than RWX, a device tree
 * in shared memory, direct map not changeable); -ENODEV when the resource
 * manager refused; -EIO when some of the memory was leaked in an earlier run,
 * or the connection is dead; -ETIMEDOUT, -EINTR, -ENOMEM.
 */
int gunyah_vm_eager_give(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
			 u64 dtb_gpa, u64 dtb_size, struct gunyah_vm_image *image);

#endif
