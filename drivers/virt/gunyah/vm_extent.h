/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What gives memory to a guest without a parcel: the guest's address space and
 * the memory extents around it, and the hypercalls for one piece of memory.  See
 * vm_extent.c.
 */
#ifndef _GUNYAH_VM_EXTENT_H
#define _GUNYAH_VM_EXTENT_H

#include <linux/types.h>

#include "mem_provider.h"
#include "vm_resource.h"

struct gunyah_platform_ops;

/* The capabilities; of the extents in the order of the resource manager's labels. */
enum gunyah_vm_extent {
	GUNYAH_VM_EXTENT_GUEST_PRIVATE,
	GUNYAH_VM_EXTENT_HOST_SHARED,
	GUNYAH_VM_EXTENT_HOST_PRIVATE,
	GUNYAH_VM_EXTENT_GUEST_SHARED,
	GUNYAH_VM_ADDRSPACE,
	/* private: how many there are */
	GUNYAH_VM_EXTENTS
};

/**
 * struct gunyah_vm_extent_ticket - a claim on one of the capabilities
 * @ticket: the claim
 * @capid: the capability
 * @there: the present run has it
 */
struct gunyah_vm_extent_ticket {
	struct gunyah_vm_ticket ticket;
	u64 capid;
	bool there;
};

/**
 * struct gunyah_vm_extents - the capabilities of a VM
 * @tickets: by enum gunyah_vm_extent
 *
 * Changed by the start and the end of a run only, while no vCPU can run.
 */
struct gunyah_vm_extents {
	struct gunyah_vm_extent_ticket tickets[GUNYAH_VM_EXTENTS];
};

/**
 * struct gunyah_vm_piece - contiguous memory that a guest has, or is to get
 * @provider: whose memory it is; there is a binding, which holds the reference
 * @gpa: guest address
 * @offset: in the provider
 * @phys: physical address
 * @size: in bytes
 * @state: GUNYAH_MEM_SHARED or GUNYAH_MEM_LENT
 * @platform: what the platform did for it is undone by these; a reference
 * @parcel_vmid: the platform did that for a parcel lent to this VM; 0: for the piece
 * @mapped: it is in the guest's address space; not after a take-back that failed
 * @serial: another number for each piece that there ever was in a VM
 */
struct gunyah_vm_piece {
	struct gunyah_mem_provider *provider;
	u64 gpa;
	u64 offset;
	u64 phys;
	u64 size;
	enum gunyah_mem_state state;
	const struct gunyah_platform_ops *platform;
	u16 parcel_vmid;
	bool mapped;
	u64 serial;
};

/* So many pieces are taken back together at most. */
#define GUNYAH_VM_BATCH		32

/**
 * struct gunyah_vm_back - a piece that comes back
 * @piece: a piece that was given
 * @ret: filled in: 0 when it is the host's again; or an errno, and then it is still
 *	the guest's, perhaps not mapped, and can be tried again; or is @lost
 * @lost: filled in: it came back, but nothing may use it any more
 */
struct gunyah_vm_back {
	struct gunyah_vm_piece *piece;
	int ret;
	bool lost;
};

/**
 * struct gunyah_vm_batch - pieces that come back together
 * @n: so many
 * @backs: the pieces
 */
struct gunyah_vm_batch {
	unsigned int n;
	struct gunyah_vm_back backs[GUNYAH_VM_BATCH];
};

/* Claim the capabilities, in the VM's table that is still empty. */
void gunyah_vm_extents_init(struct gunyah_vm_extents *ex, struct gunyah_vm_resources *r);

/* True when the run has all that is needed. */
bool gunyah_vm_extents_there(const struct gunyah_vm_extents *ex);

/**
 * gunyah_vm_extent_give() - give a piece to the guest
 * @ex: the VM's capabilities
 * @piece: the host's memory; @piece->mapped is set on return
 * @rights: what the guest may do: GUNYAH_MAP_ACCESS_*
 * @lost: filled in: the hypervisor may have it, for good; or it can't come back
 *	into the direct map
 *
 * Return: 0; or an errno, and then it is the host's as before, or @lost.
 * -EAGAIN: the hypervisor was busy, try again.
 */
int gunyah_vm_extent_give(const struct gunyah_vm_extents *ex, struct gunyah_vm_piece *piece,
			  u8 rights, bool *lost);

/**
 * gunyah_vm_extent_map() - map a piece again that a failed take-back has unmapped
 * @ex: the VM's capabilities
 * @piece: a piece that was given
 * @rights: as for gunyah_vm_extent_give()
 *
 * Return: 0; or an errno, and then nothing has changed.
 */
int gunyah_vm_extent_map(const struct gunyah_vm_extents *ex, struct gunyah_vm_piece *piece,
			 u8 rights);

/**
 * gunyah_vm_extent_unmap() - take a piece out of the guest's address space
 * @ex: the VM's capabilities
 * @piece: a piece that was given
 *
 * Return: 0, also when it was not mapped; or an errno, and then it is.
 */
int gunyah_vm_extent_unmap(const struct gunyah_vm_extents *ex, struct gunyah_vm_piece *piece);

/**
 * gunyah_vm_extent_take_back() - take pieces back from the guest
 * @ex: the VM's capabilities
 * @batch: the pieces; says of each what became of it
 *
 * The CPUs' translations are waited for once, for all of them.
 */
void gunyah_vm_extent_take_back(const struct gunyah_vm_extents *ex, struct gunyah_vm_batch *batch);

#endif
