/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of one VM: bindings of ranges of memory files to guest addresses,
 * and what becomes of their pages when the VM starts and ends.
 *
 * Lock order: the VM's lock, then struct gunyah_vm_mem's, then a memory file's.
 */
#ifndef _GUNYAH_VM_MEM_H
#define _GUNYAH_VM_MEM_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct gunyah_create_mem_args;
struct gunyah_map_mem_args;
struct gunyah_rm;

/**
 * struct gunyah_vm_mem - memory of a VM
 * @lock: guards all below
 * @bindings: all bindings, sorted by guest address, never overlapping
 * @parcels: what was given to the resource manager for the present run
 * @given: parcels may exist: bindings can't be changed
 */
struct gunyah_vm_mem {
	struct mutex lock;
	struct list_head bindings;
	struct list_head parcels;
	bool given;
};

/**
 * struct gunyah_vm_image - what CONFIG_IMAGE needs to know
 * @handle: handle of the image parcel
 * @base: guest address of the image parcel's start (the guest's memory base)
 * @size: its size in bytes
 * @dtb_offset: offset of the device tree in it, page aligned
 * @dtb_size: its size, page aligned
 */
struct gunyah_vm_image {
	u32 handle;
	u64 base;
	u64 size;
	u64 dtb_offset;
	u64 dtb_size;
};

void gunyah_vm_mem_init(struct gunyah_vm_mem *mem);

/**
 * gunyah_vm_mem_destroy() - drop all bindings
 * @mem: the VM's memory; nothing is given (or what was, was abandoned)
 */
void gunyah_vm_mem_destroy(struct gunyah_vm_mem *mem);

/* MAP_MEM without and with UNMAP; args are a kernel copy, unchecked. -EBUSY/-EOPNOTSUPP while given. */
int gunyah_vm_mem_map(struct gunyah_vm_mem *mem, const struct gunyah_map_mem_args *args);

/**
 * gunyah_vm_mem_give() - give all bound memory to a VM, before CONFIG_IMAGE (eager flow)
 * @mem: the VM's memory
 * @rm: connection
 * @vmid: the VM
 * @dtb_gpa: guest address of the device tree
 * @dtb_size: its size as the user said it, rounded up here
 * @image: filled in
 *
 * All or nothing: on an error all that was given was taken back (or, where the
 * resource manager did not take it back, is leaked knowingly and counted).
 *
 * Return: 0; -EINVAL when the device tree is not wholly inside lent RWX memory
 * that forms one run from a 2 MiB aligned base; -EBUSY when user space has a
 * lent range mapped; -E2BIG when the list entries of the connection would pass
 * 6,000; -EOPNOTSUPP for rights or kinds that this flow can't give (lent memory
 * with less than RWX, direct map not changeable); -ENOMEM; errnos of the calls.
 */
int gunyah_vm_mem_give(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
		       u64 dtb_gpa, u64 dtb_size, struct gunyah_vm_image *image);

/**
 * gunyah_vm_mem_take_back() - reclaim every parcel
 * @mem: the VM's memory
 * @rm: connection
 * @sanitize: the content is to be zero afterwards (protected guests)
 *
 * The VM is in LOAD, READY, INIT_FAILED or RESET: see the ways out of each
 * state.  A parcel that is not given back is leaked knowingly: its pages stay
 * out of the allocator and out of the direct map, are counted, and one message
 * says so.
 *
 * Return: number of parcels leaked.
 */
unsigned int gunyah_vm_mem_take_back(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, bool sanitize);

/* guest_mem.c: CREATE_GUEST_MEM; returns a new fd or an errno.  args: kernel copy, unchecked. */
int gunyah_guest_mem_create(const struct gunyah_create_mem_args *args);

#endif
