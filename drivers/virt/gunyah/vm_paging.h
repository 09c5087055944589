/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The demand-paged flow of a VM's memory, see vm_paging.c.
 */
#ifndef _GUNYAH_VM_PAGING_H
#define _GUNYAH_VM_PAGING_H

#include <linux/types.h>

#include "vm_mem.h"

/**
 * gunyah_vm_paging_give() - give what a VM needs before CONFIG_IMAGE
 * @mem: the VM's memory
 * @rm: connection
 * @vmid: the VM
 * @dtb_gpa: guest address of the device tree
 * @dtb_size: its size as the user said it, rounded up here
 * @image: filled in: the pages of the device tree, and the firmware's
 *
 * Only these go as parcels.  All or nothing, as gunyah_vm_eager_give().
 *
 * Return: 0; -EINVAL when the device tree is not wholly inside one run of lent
 * bindings, or the firmware not in lent bindings, or both are in one page; -EBUSY
 * when user space has pages of them mapped or pinned, or the memory is given;
 * -EOPNOTSUPP for a device tree in shared memory, for one of them in lent memory
 * with less than RWX, for firmware at an address that makes no label, and when the
 * direct map is not changeable; otherwise as gunyah_vm_eager_give().
 */
int gunyah_vm_paging_give(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
			  u64 dtb_gpa, u64 dtb_size, struct gunyah_vm_image *image);

/**
 * gunyah_vm_paging_name() - say what will be given page by page: in INIT
 * @mem: the VM's memory
 * @rm: connection
 * @vmid: the VM
 * @image: from gunyah_vm_paging_give()
 *
 * Return: 0, or the errno of a call: -E2BIG when there are too many ranges.
 */
int gunyah_vm_paging_name(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
			  const struct gunyah_vm_image *image);

/* Has the run all capabilities that are needed?  For the time after the tickets were filled. */
bool gunyah_vm_paging_possible(struct gunyah_vm_mem *mem);

/**
 * gunyah_vm_paging_share() - give all shared memory: between INIT and VM_START
 * @mem: the VM's memory; gunyah_vm_paging_possible()
 *
 * After an error some of it may have been given: gunyah_vm_paging_stop() takes it back.
 *
 * Return: 0; -EIO: some of it was leaked; -EINTR: a fatal signal; -ENOMEM; -ENODEV for
 * all else.
 */
int gunyah_vm_paging_share(struct gunyah_vm_mem *mem);

/**
 * gunyah_vm_paging_started() - VM_START was answered, or was not
 * @mem: the VM's memory
 * @ret: the errno of the call
 *
 * A VM that was started has consumed its parcels: their pages are pieces as
 * all others are, from now on.
 */
void gunyah_vm_paging_started(struct gunyah_vm_mem *mem, int ret);

/**
 * gunyah_vm_paging_stop() - take back what was given piece by piece
 * @mem: the VM's memory, in any flow
 *
 * The guest has stopped, and the capabilities are still there.  The resource manager
 * is not asked.
 */
void gunyah_vm_paging_stop(struct gunyah_vm_mem *mem);

/**
 * gunyah_vm_paging_fault() - a vCPU can't go on without the memory at an address
 * @mem: the VM's memory
 * @gpa: guest address
 * @write: for writing
 * @serial: filled in on 0: another number for each piece of memory
 *
 * Context: the vCPU's thread; may sleep.
 * Return: as gunyah_vm_pieces_fault(); -EOPNOTSUPP in the eager flow; -EAGAIN
 * while the VM is started or ended; -EINTR: a signal.
 */
int gunyah_vm_paging_fault(struct gunyah_vm_mem *mem, u64 gpa, bool write, u64 *serial);

/**
 * gunyah_vm_paging_reclaim() - RECLAIM_MEM, where the flow is the paged one
 * @mem: the VM's memory
 * @gpa: guest address
 * @size: in bytes
 *
 * The guest gets the memory anew when it touches it.
 *
 * Return: 0, also when the guest has nothing of the range; -EINVAL for what is not
 * aligned or empty; -EOVERFLOW; -ENOENT when nothing of it is bound; -EBUSY
 * while the VM is started or ended; -EOPNOTSUPP in a run that has all its memory
 * in parcels; -EINTR: a fatal signal; errnos of gunyah_vm_pieces_reclaim().
 */
int gunyah_vm_paging_reclaim(struct gunyah_vm_mem *mem, u64 gpa, u64 size);

#endif
