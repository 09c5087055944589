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

#include "guest_mem.h"
#include "vm_pieces.h"

struct gunyah_map_mem_args;
struct gunyah_mem_provider;
struct gunyah_rm;

/**
 * struct gunyah_vm_mem - memory of a VM
 * @lock: guards all below
 * @bindings: all bindings, sorted by guest address, never overlapping
 * @parcels: what was given to the resource manager for the present run
 * @given: memory may be given: bindings can't be changed, but for what the paged
 *	flow allows
 * @paged: that is in the demand-paged flow; read without @lock, too
 * @image_parts: what of bindings is in the parcels of image and firmware then
 * @unsure: whether the guest was started, and these consumed, is not known
 * @fw_gpa: guest address of the firmware of a protected VM
 * @fw_size: its size, 0 where there is none
 * @n_leaked: parcels and pieces of the present run that did not come back
 * @owner: what providers know of this: who has claims on them
 * @pieces: what was given in the demand-paged flow
 */
struct gunyah_vm_mem {
	struct mutex lock;	/* see above */
	struct list_head bindings;
	struct list_head parcels;
	bool given;
	bool paged;
	struct list_head image_parts;
	bool unsure;
	u64 fw_gpa;
	u64 fw_size;
	unsigned int n_leaked;
	struct gunyah_mem_owner owner;
	struct gunyah_vm_pieces pieces;
};

/**
 * struct gunyah_vm_image - what CONFIG_IMAGE needs to know
 * @handle: handle of the image parcel
 * @ram: start of the run of lent bindings that holds the device tree
 * @base: guest address of the image parcel's start (in the eager flow the same, and
 *	the guest's memory base)
 * @size: its size in bytes
 * @dtb_offset: offset of the device tree in it, page aligned
 * @dtb_size: its size, page aligned
 * @fw_handle: handle of the parcel that holds the firmware, where there is one
 * @fw_offset: offset of the firmware in it
 */
struct gunyah_vm_image {
	u32 handle;
	u64 ram;
	u64 base;
	u64 size;
	u64 dtb_offset;
	u64 dtb_size;
	u32 fw_handle;
	u64 fw_offset;
};

/* Is [@gpa, @gpa + @size) inside of what begins at @base and has @len bytes? */
static inline bool gunyah_vm_mem_range_inside(u64 gpa, u64 size, u64 base, u64 len)
{
	return gpa >= base && size <= len && gpa - base <= len - size;
}

void gunyah_vm_mem_init(struct gunyah_vm_mem *mem);

/**
 * gunyah_vm_mem_set_firmware() - say where the firmware of a protected VM goes
 * @mem: the VM's memory, not given
 * @gpa: guest address, a multiple of 4K
 * @size: size, a multiple of 4K; 0: there is none
 */
void gunyah_vm_mem_set_firmware(struct gunyah_vm_mem *mem, u64 gpa, u64 size);

/* The kernel's pages for the firmware, by guest address; none: size 0.  The lock is held. */
struct gunyah_rm_mem_entry gunyah_vm_mem_firmware(const struct gunyah_vm_mem *mem);

/**
 * gunyah_vm_mem_find_image() - find the run of lent bindings that holds the device tree
 * @mem: the VM's memory, locked
 * @dtb_gpa: guest address of the device tree
 * @dtb_size: its size as the user said it
 * @image: filled in but for the handle, the whole run being the image
 *
 * Return: 0; -EINVAL when there is none; -EOPNOTSUPP for a device tree in shared
 * memory.
 */
int gunyah_vm_mem_find_image(struct gunyah_vm_mem *mem, u64 dtb_gpa, u64 dtb_size,
			     struct gunyah_vm_image *image);

/* The end of a run, or of a give that failed; the lock is held.  @rm may be NULL. */
void gunyah_vm_mem_end_locked(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, bool sanitize);

/**
 * gunyah_vm_mem_destroy() - drop all bindings
 * @mem: the VM's memory; what is still given is leaked, as by
 *	gunyah_vm_mem_abandon()
 */
void gunyah_vm_mem_destroy(struct gunyah_vm_mem *mem);

/**
 * gunyah_vm_mem_map() - MAP_MEM, without and with UNMAP
 * @mem: the VM's memory
 * @args: kernel copy, unchecked
 *
 * UNMAP names a range of one binding, at its front, its back, in its middle, or
 * all of it, with the file, the offset and the flags that it has there.
 *
 * In a VM that was started in the demand-paged flow UNMAP takes the memory back
 * first; and bindings can be added, but not over the firmware's place.  The guest has
 * all of them on return, unless lent memory was there when the VM was started.
 *
 * Return: 0; -EINVAL for size 0, what is not aligned or beyond the file, no
 * READ, unknown flags, a file of another kind; -EOVERFLOW when a range wraps;
 * -EEXIST when guest addresses or the file's range are bound already; -ENOENT
 * when there is nothing like it to take out; -EBADF; -EOPNOTSUPP while the
 * memory is given and the flow does not allow it; -EBUSY while a paged VM is
 * started or ended; -ENOMEM; -EINTR: a fatal signal; errnos of
 * gunyah_vm_pieces_give_all(), and then nothing is bound, or of
 * gunyah_vm_pieces_reclaim(), and then the range is still bound.
 */
int gunyah_vm_mem_map(struct gunyah_vm_mem *mem, const struct gunyah_map_mem_args *args);

/**
 * gunyah_vm_mem_is_free() - could a range be bound now?
 * @mem: the VM's memory
 * @args: as they will be given to gunyah_vm_mem_map_provider()
 *
 * For who has much to do before a binding: that may fail all the same.
 *
 * Return: 0; -EEXIST when a part of it is bound; -EOPNOTSUPP while the memory is
 * given and the flow does not allow it; -EBUSY while a paged VM is started or ended;
 * -EINTR: a fatal signal, while the lock was another's.
 */
int gunyah_vm_mem_is_free(struct gunyah_vm_mem *mem, const struct gunyah_map_mem_args *args);

/**
 * gunyah_vm_mem_map_provider() - the same as gunyah_vm_mem_map(), for any provider
 * @mem: the VM's memory
 * @provider: whose memory it is; a binding takes a reference of its own
 * @args: checked; the file is of no interest
 * @label: label of the parcel, should it be one of its own; NULL: the guest address
 *	says it
 *
 * Return: 0; -EEXIST when guest addresses are bound, or as the provider's claim;
 * -ENOENT when there is nothing like it to take out; -EOPNOTSUPP while the memory
 * is given; -ENOMEM; -EINTR: a fatal signal, while the lock was another's.
 */
int gunyah_vm_mem_map_provider(struct gunyah_vm_mem *mem, struct gunyah_mem_provider *provider,
			       const struct gunyah_map_mem_args *args, const u32 *label);

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
 * Return: number of parcels and pieces leaked since the memory was given, by a give that
 * failed, too.
 */
unsigned int gunyah_vm_mem_take_back(struct gunyah_vm_mem *mem, struct gunyah_rm *rm,
				     bool sanitize);

/**
 * gunyah_vm_mem_abandon() - give up what was given, without asking
 * @mem: the VM's memory
 *
 * For a VM that could not be brought to a state in which parcels come back.
 *
 * Return: number of parcels and pieces leaked since the memory was given, by a give that
 * failed, too.
 */
unsigned int gunyah_vm_mem_abandon(struct gunyah_vm_mem *mem);

#endif
