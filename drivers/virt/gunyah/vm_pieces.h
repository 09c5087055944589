/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pieces of memory that a VM has in the demand-paged flow, see vm_pieces.c.
 */
#ifndef _GUNYAH_VM_PIECES_H
#define _GUNYAH_VM_PIECES_H

#include <linux/maple_tree.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "mem_list.h"
#include "vm_extent.h"
#include "vm_parcel.h"

/**
 * struct gunyah_vm_pieces - the pieces of a VM
 * @extents: the VM's capabilities
 * @lock: the lock of struct gunyah_vm_mem, which guards all below
 * @active: the guest was started: memory can be given to it; read without @lock, too
 * @bindings: host page of the guest address to binding; read under RCU, too
 * @pieces: host page of the guest address to struct gunyah_vm_piece
 * @named: guest addresses of what is lent page by page; neighbours are one
 * @besides: guest addresses of what is lent and not named, nor given by a touch; size 0: none
 * @clear: what the guest leaves in lent memory is not for the host
 * @serial: of the last piece
 * @leaked: bytes that were lost in the present run
 * @n_leaked: in so many pieces
 *
 * Unless they say otherwise, the functions below take @lock as held and may sleep.
 */
struct gunyah_vm_pieces {
	struct gunyah_vm_extents extents;
	struct mutex *lock;	/* see above */
	bool active;
	struct maple_tree bindings;
	struct maple_tree pieces;
	struct gunyah_mem_list named;
	struct gunyah_rm_mem_entry besides;
	bool clear;
	u64 serial;
	u64 leaked;
	unsigned int n_leaked;
};

/* The lock is not held: nobody else has the structure yet. */
void gunyah_vm_pieces_init(struct gunyah_vm_pieces *p, struct mutex *lock);

/**
 * gunyah_vm_pieces_begin() - take the bindings in, before a start
 * @p: the VM's pieces, none
 * @bindings: its bindings, sorted by guest address
 * @besides: guest addresses that are not named although they are lent, nor given again by a
 *	touch; size 0: none
 *
 * Return: 0 or -ENOMEM; gunyah_vm_pieces_end() undoes it in both cases.
 */
int gunyah_vm_pieces_begin(struct gunyah_vm_pieces *p, struct list_head *bindings,
			   const struct gunyah_rm_mem_entry *besides);

/* Forget the bindings and what is left of pieces; they are the host's, or a parcel's. */
void gunyah_vm_pieces_end(struct gunyah_vm_pieces *p);

/**
 * gunyah_vm_pieces_adopt() - note a piece that was given in another way
 * @p: the VM's pieces
 * @piece: what it is; a copy is kept
 *
 * Return: 0 or -ENOMEM.
 */
int gunyah_vm_pieces_adopt(struct gunyah_vm_pieces *p, const struct gunyah_vm_piece *piece);

/**
 * gunyah_vm_pieces_prepared() - note what the platform did for a parcel of pieces
 * @p: the VM's pieces
 * @gpa: guest address of a part of the parcel
 * @size: of that part
 * @platform: by which it was done; NULL: nothing was
 * @vmid: the VM that the parcel is lent to, with all rights
 */
void gunyah_vm_pieces_prepared(struct gunyah_vm_pieces *p, u64 gpa, u64 size,
			       const struct gunyah_platform_ops *platform, u16 vmid);

/* The lent piece with the lowest guest address, NULL when there is none. */
struct gunyah_vm_piece *gunyah_vm_pieces_first_lent(struct gunyah_vm_pieces *p);

/* Note a binding, and that it may have taken over the end of another; 0 or -ENOMEM. */
int gunyah_vm_pieces_bind(struct gunyah_vm_pieces *p, struct gunyah_vm_binding *b);

/* Forget guest addresses, of which no piece is left. */
void gunyah_vm_pieces_unbind(struct gunyah_vm_pieces *p, u64 gpa, u64 size);

/* Was all of the range named as lent page by page? */
bool gunyah_vm_pieces_named(const struct gunyah_vm_pieces *p, u64 gpa, u64 size);

/**
 * gunyah_vm_pieces_give_all() - give all of a binding
 * @p: the VM's pieces, which has been told of the binding; its capabilities are there
 * @b: the binding; the guest has nothing of it
 *
 * All or nothing: what can't be taken back, when it fails half-way, is leaked.
 *
 * Return: 0; -EBUSY: it is to be lent, and user space has some of it mapped or pinned;
 * -EIO: some of it was leaked; -EINTR: a fatal signal; -ENOMEM; errnos of the hypercalls.
 */
int gunyah_vm_pieces_give_all(struct gunyah_vm_pieces *p, const struct gunyah_vm_binding *b);

/**
 * gunyah_vm_pieces_fault() - the guest touched memory that it does not have (yet)
 * @p: the VM's pieces, active
 * @gpa: guest address
 * @write: for writing
 * @serial: filled in: which piece it is
 *
 * Return: 0 when the guest has it now; -ENOENT: no binding there, or what is not given by
 * a touch; -EACCES: it may not write there; -EBUSY: it is lent memory, and user space has
 * it mapped or pinned; -EIO: it was leaked; -EAGAIN: try again; -EINTR: a fatal signal;
 * -EOPNOTSUPP: nothing can be lent; -ENOMEM; errnos of the hypercalls.
 */
int gunyah_vm_pieces_fault(struct gunyah_vm_pieces *p, u64 gpa, bool write, u64 *serial);

/**
 * gunyah_vm_pieces_reclaim() - take a range of guest addresses back
 * @p: the VM's pieces, active
 * @gpa: guest address
 * @size: in bytes
 *
 * What the guest does not have is passed over.
 *
 * Return: 0; or the first errno, with as much taken back as could be; the guest
 * still has the rest, or it is leaked (-EIO).  -EINTR: a fatal signal.
 */
int gunyah_vm_pieces_reclaim(struct gunyah_vm_pieces *p, u64 gpa, u64 size);

/**
 * gunyah_vm_pieces_stop() - take everything back, at the end of a run
 * @p: the VM's pieces; not active any more
 *
 * What does not come back is leaked.  Of a VM that was not started, what is lent is in
 * a parcel, and stays.
 */
void gunyah_vm_pieces_stop(struct gunyah_vm_pieces *p);

/**
 * gunyah_vm_pieces_unnamed_at() - is there memory where a touch looks like a device's?
 * @p: the VM's pieces
 * @gpa: guest address
 *
 * For the path of MMIO: takes no lock.
 *
 * Return: true when there is a binding that was not named, in a guest that gets its
 * memory page by page.
 */
static inline bool gunyah_vm_pieces_unnamed_at(struct gunyah_vm_pieces *p, u64 gpa)
{
	const struct gunyah_vm_binding *b;

	/* The look at the run is a part of it: see the end of one. */
	guard(rcu)();
	if (!READ_ONCE(p->active))
		return false;

	b = mtree_load(&p->bindings, gpa >> PAGE_SHIFT);
	return b && READ_ONCE(b->unnamed);
}

#endif
