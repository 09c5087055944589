/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A parcel: memory of one VM that goes to the resource manager, and comes back,
 * as one.  See vm_parcel.c.
 */
#ifndef _GUNYAH_VM_PARCEL_H
#define _GUNYAH_VM_PARCEL_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/gunyah.h>

#include "mem_list.h"
#include "mem_provider.h"
#include "rm_calls.h"

struct dentry;
struct gunyah_platform_ops;

/**
 * struct gunyah_vm_binding - a range of a provider at a guest address
 * @list: in struct gunyah_vm_mem
 * @parcel_list: in its parcel, while it has one
 * @provider: whose memory it is; the binding holds a reference
 * @rcu: vCPUs may still look at @unnamed when it is freed
 * @gpa: guest address
 * @offset: in the provider
 * @size: in bytes
 * @flags: enum gunyah_map_flags, as the user gave them; never changed
 * @unnamed: in the demand-paged flow, not all of it was named to the resource manager as
 *	lent page by page: it is given as a whole, and a touch of what was taken back may
 *	look like a device's
 * @labelled: @label is the label of its parcel; without, its guest address says it
 * @label: as the user gave it
 *
 * Guarded by the lock of struct gunyah_vm_mem.
 */
struct gunyah_vm_binding {
	struct list_head list;
	struct list_head parcel_list;
	struct rcu_head rcu;
	struct gunyah_mem_provider *provider;
	u64 gpa;
	u64 offset;
	u64 size;
	u32 flags;
	bool unnamed;
	bool labelled;
	u32 label;
};

static inline u64 gunyah_vm_binding_end(const struct gunyah_vm_binding *b)
{
	return b->gpa + b->size;
}

static inline bool gunyah_vm_binding_shared(const struct gunyah_vm_binding *b)
{
	return (b->flags & GUNYAH_MEM_ACCESS_MASK) == GUNYAH_MEM_FORCE_SHARE;
}

/* What its pages are when the guest has them. */
static inline enum gunyah_mem_state gunyah_vm_binding_state(const struct gunyah_vm_binding *b)
{
	return gunyah_vm_binding_shared(b) ? GUNYAH_MEM_SHARED : GUNYAH_MEM_LENT;
}

/* What the guest may do: GUNYAH_RM_ACL_* */
static inline u8 gunyah_vm_binding_rights(const struct gunyah_vm_binding *b)
{
	return (b->flags & GUNYAH_MEM_ALLOW_READ ? GUNYAH_RM_ACL_R : 0) |
	       (b->flags & GUNYAH_MEM_ALLOW_WRITE ? GUNYAH_RM_ACL_W : 0) |
	       (b->flags & GUNYAH_MEM_ALLOW_EXEC ? GUNYAH_RM_ACL_X : 0);
}

/**
 * struct gunyah_vm_parcel - a parcel
 * @list: in struct gunyah_vm_mem
 * @bindings: whose memory it is, in the order in which the guest sees it
 * @mem: the memory: entries of the request
 * @state: what its pages become: shared or lent
 * @label: label of the parcel
 * @rights: what the guest may do: GUNYAH_RM_ACL_*
 * @reserved: its entries are counted
 * @hidden: so many of its entries are out of the direct map
 * @acl: who may do what with it: the guest and, when it is shared, this VM; as it
 *	was or would have been given
 * @n_acl: entries in @acl
 * @platform: what was done for it by the platform is undone by the same; NULL
 *	where there is none.  A reference to the module
 * @prepared: for so many of its entries
 * @fate: what is known of the request
 * @handle: valid when @fate is GUNYAH_PARCEL_GIVEN
 *
 * Guarded by the lock of struct gunyah_vm_mem.
 */
struct gunyah_vm_parcel {
	struct list_head list;
	struct list_head bindings;
	struct gunyah_mem_list mem;
	enum gunyah_mem_state state;
	u32 label;
	u8 rights;
	bool reserved;
	size_t hidden;
	struct gunyah_rm_mem_acl acl[2];
	size_t n_acl;
	const struct gunyah_platform_ops *platform;
	size_t prepared;
	enum {
		GUNYAH_PARCEL_NOT_GIVEN,
		GUNYAH_PARCEL_GIVEN,
		/* No answer, or none that could be understood. */
		GUNYAH_PARCEL_UNKNOWN,
	} fate;
	u32 handle;
};

/**
 * struct gunyah_mem_stats - what became of guests' memory, all VMs together
 * @given: bytes given so far
 * @reclaimed: bytes that came back so far
 * @shared: bytes shared now
 * @lent: bytes lent now
 * @leaked: bytes lost
 * @parcels: parcels alive
 * @entries: list entries of these and of lost ones
 */
struct gunyah_mem_stats {
	u64 given;
	u64 reclaimed;
	u64 shared;
	u64 lent;
	u64 leaked;
	u64 parcels;
	u64 entries;
};

/**
 * gunyah_mem_stats_move() - count a move of memory that is in no parcel
 * @from: its state before
 * @to: its state now
 * @size: bytes
 *
 * Takes no lock: vCPUs count with it.
 */
void gunyah_mem_stats_move(enum gunyah_mem_state from, enum gunyah_mem_state to, u64 size);

/* A copy of the counters; those of parcels are consistent among themselves. */
void gunyah_mem_stats_read(struct gunyah_mem_stats *stats);

/* Add the file "memory" with the counters to a debugfs folder, whose owner removes it. */
void gunyah_mem_stats_debugfs(struct dentry *dir);

/**
 * gunyah_vm_parcel_create() - begin a parcel
 * @state: GUNYAH_MEM_LENT or GUNYAH_MEM_SHARED
 * @label: label of the parcel
 * @rights: what the guest may do: GUNYAH_RM_ACL_*
 *
 * Return: the parcel, empty, or NULL.
 */
struct gunyah_vm_parcel *gunyah_vm_parcel_create(enum gunyah_mem_state state, u32 label, u8 rights);

/**
 * gunyah_vm_parcel_add() - add a binding's memory behind what is there
 * @parcel: not given yet
 * @binding: in no parcel
 *
 * Return: 0, or the errnos of the provider's give: the parcel is good for
 * gunyah_vm_parcel_destroy() only then.
 */
int gunyah_vm_parcel_add(struct gunyah_vm_parcel *parcel, struct gunyah_vm_binding *binding);

/**
 * gunyah_vm_parcel_reserve() - reserve the parcel's list entries
 * @parcel: complete, not given yet
 *
 * Return: 0, or -E2BIG when all parcels alive would have more than
 * GUNYAH_MAX_MEM_ENTRIES.
 */
int gunyah_vm_parcel_reserve(struct gunyah_vm_parcel *parcel);

/**
 * gunyah_vm_parcel_give() - lend or share it
 * @parcel: complete, with its entries reserved
 * @rm: connection
 * @vmid: the VM that gets it
 *
 * Return: 0; -ENODEV when the resource manager or the platform refused; -ETIMEDOUT, -EIO,
 * -ENOMEM, -EINTR as from the connection; -EOPNOTSUPP when the direct map can't
 * be changed.
 */
int gunyah_vm_parcel_give(struct gunyah_vm_parcel *parcel, struct gunyah_rm *rm, u16 vmid);

/**
 * gunyah_vm_parcel_destroy() - end a parcel, given or not
 * @parcel: the parcel, out of all lists
 * @rm: connection; NULL when nothing can be asked of the resource manager
 * @sanitize: the resource manager clears the memory
 *
 * What was given is reclaimed, and the bindings' memory is the host's again; or,
 * where that fails, it is leaked knowingly.  The caller says so.
 *
 * Return: bytes that were leaked.
 */
u64 gunyah_vm_parcel_destroy(struct gunyah_vm_parcel *parcel, struct gunyah_rm *rm, bool sanitize);

/**
 * gunyah_vm_parcel_consume() - a parcel that was given is one no more
 * @parcel: the image parcel of a VM that was started in the paged flow, out of all
 *	lists; freed
 *
 * Its memory stays lent, and counted as that: see gunyah_mem_stats_move().
 */
void gunyah_vm_parcel_consume(struct gunyah_vm_parcel *parcel);

/* True when memory can be lent on this kernel. */
bool gunyah_vm_parcel_can_lend(void);

/**
 * gunyah_vm_parcel_hide() - take memory that is to be lent out of the direct map
 * @phys: physical address
 * @size: in bytes
 *
 * Does nothing where memory is lent although the direct map can't be changed.
 *
 * Return: 0; -EOPNOTSUPP when memory can't be lent; other errnos of the
 * direct map.  Nothing has changed then.
 */
int gunyah_vm_parcel_hide(u64 phys, u64 size);

/* Undo that, for all of it or a part; after an errno nothing may use the memory any more. */
int gunyah_vm_parcel_show(u64 phys, u64 size);

#endif
