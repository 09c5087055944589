// SPDX-License-Identifier: GPL-2.0-only
/*
 * One piece of memory's way to a guest and back by hypercalls:
 *
 *	lent:	out of the direct map, what the platform does, donate to the guest's
 *		private extent, map
 *	shared:	what the platform does, donate to the guest's shared extent, map
 *
 * and back in reverse.  The resource manager has no part in it: it hands out the
 * capabilities when the VM is made.
 *
 * Words: a memory extent is the right to map memory; to donate is to move it from
 * one extent to another.  The host's two extents are what this VM can give, the
 * guest's two are what the guest's address space can have mapped: private
 * memory leaves this VM's stage 2, shared memory stays in it.  Where shared and
 * private memory need not be told apart on the host's side, there may be one
 * extent for both.
 *
 * A hypercall that fails has done nothing, so each step can be undone or tried
 * again.
 *
 * An unmap with NOSYNC does not wait until no CPU has a translation of the piece any
 * more; the next hypercall without it does that for all before.  So pieces that come
 * back together are unmapped so, all but the last, and that one waits for them all;
 * none is donated back before.  Where the last one fails, the donations wait: none of
 * them is with NOSYNC, and no piece is anybody's before its own donation is through.
 */
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/gunyah.h>
#include <linux/sched.h>

#include "platform.h"
#include "resource.h"
#include "rm_calls.h"
#include "vm_extent.h"
#include "vm_parcel.h"

/* So often the hypervisor is asked when it says that it should be asked again. */
#define GUNYAH_EXTENT_TRIES	100

/*
 * Tickets
 */

static int gunyah_vm_extent_populate(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res)
{
	struct gunyah_vm_extent_ticket *t =
		container_of(ticket, struct gunyah_vm_extent_ticket, ticket);

	t->capid = res->capid;
	t->there = true;
	return 0;
}

static void gunyah_vm_extent_unpopulate(struct gunyah_vm_ticket *ticket,
					struct gunyah_resource *res)
{
	container_of(ticket, struct gunyah_vm_extent_ticket, ticket)->there = false;
}

static const struct gunyah_vm_ticket_ops gunyah_vm_extent_ticket_ops = {
	.populate = gunyah_vm_extent_populate,
	.unpopulate = gunyah_vm_extent_unpopulate,
};

void gunyah_vm_extents_init(struct gunyah_vm_extents *ex, struct gunyah_vm_resources *r)
{
	struct gunyah_vm_ticket *ticket;
	unsigned int i;

	for (i = 0; i < GUNYAH_VM_EXTENTS; i++) {
		ticket = &ex->tickets[i].ticket;
		ticket->type = i == GUNYAH_VM_ADDRSPACE ? GUNYAH_RESOURCE_ADDR_SPACE :
							  GUNYAH_RESOURCE_MEM_EXTENT;
		ticket->label = i == GUNYAH_VM_ADDRSPACE ? 0 : i;
		ticket->ops = &gunyah_vm_extent_ticket_ops;
		/* Nobody else can have claimed it. */
		gunyah_vm_ticket_add(r, ticket);
	}
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_extents_init);

/* There may be one extent of the host for both kinds. */
static enum gunyah_vm_extent gunyah_vm_extent_of_host(const struct gunyah_vm_extents *ex,
						      enum gunyah_mem_state state)
{
	if (state == GUNYAH_MEM_SHARED && ex->tickets[GUNYAH_VM_EXTENT_HOST_SHARED].there)
		return GUNYAH_VM_EXTENT_HOST_SHARED;
	return GUNYAH_VM_EXTENT_HOST_PRIVATE;
}

bool gunyah_vm_extents_there(const struct gunyah_vm_extents *ex)
{
	return ex->tickets[GUNYAH_VM_ADDRSPACE].there &&
	       ex->tickets[GUNYAH_VM_EXTENT_GUEST_PRIVATE].there &&
	       ex->tickets[GUNYAH_VM_EXTENT_HOST_PRIVATE].there &&
	       ex->tickets[GUNYAH_VM_EXTENT_GUEST_SHARED].there;
}

/*
 * Hypercalls
 */

static u64 gunyah_vm_extent_capid(const struct gunyah_vm_extents *ex, enum gunyah_vm_extent extent)
{
	return ex->tickets[extent].capid;
}

static u64 gunyah_vm_extent_of_guest(const struct gunyah_vm_extents *ex,
				     enum gunyah_mem_state state)
{
	return gunyah_vm_extent_capid(ex, state == GUNYAH_MEM_LENT ?
				      GUNYAH_VM_EXTENT_GUEST_PRIVATE :
				      GUNYAH_VM_EXTENT_GUEST_SHARED);
}

static u64 gunyah_vm_extent_flags(enum gunyah_mem_state state)
{
	return GUNYAH_MAP_PARTIAL | (state == GUNYAH_MEM_LENT ? GUNYAH_MAP_PRIVATE :
								GUNYAH_MAP_VMMIO);
}

static bool gunyah_vm_extent_again(enum gunyah_error error, unsigned int *tries)
{
	if (error != GUNYAH_ERROR_RETRY || ++*tries == GUNYAH_EXTENT_TRIES)
		return false;
	cond_resched();
	return true;
}

static int gunyah_vm_extent_donate(const struct gunyah_vm_extents *ex,
				   const struct gunyah_vm_piece *piece, bool back)
{
	u64 host = gunyah_vm_extent_capid(ex, gunyah_vm_extent_of_host(ex, piece->state));
	u64 guest = gunyah_vm_extent_of_guest(ex, piece->state);
	u64 type = GUNYAH_DONATE_TO_SIBLING;
	enum gunyah_error error;
	unsigned int tries = 0;

	if (piece->state == GUNYAH_MEM_LENT)
		type = back ? GUNYAH_DONATE_FROM_PROTECTED : GUNYAH_DONATE_TO_PROTECTED;

	do {
		error = gunyah_hypercall_memextent_donate(type, back ? guest : host,
							  back ? host : guest, piece->phys,
							  piece->size);
	} while (gunyah_vm_extent_again(error, &tries));

	return gunyah_error_to_errno(error);
}

int gunyah_vm_extent_map(const struct gunyah_vm_extents *ex, struct gunyah_vm_piece *piece,
			 u8 rights)
{
	u64 attrs = FIELD_PREP(GUNYAH_MAP_ATTR_USER, rights) |
		    FIELD_PREP(GUNYAH_MAP_ATTR_KERNEL, rights) |
		    FIELD_PREP(GUNYAH_MAP_ATTR_MEMTYPE, GUNYAH_MAP_MEMTYPE_NORMAL_WB);
	u64 addrspace = gunyah_vm_extent_capid(ex, GUNYAH_VM_ADDRSPACE);
	u64 extent = gunyah_vm_extent_of_guest(ex, piece->state);
	u64 flags = gunyah_vm_extent_flags(piece->state);
	enum gunyah_error error;
	unsigned int tries = 0;

	do {
		error = gunyah_hypercall_addrspace_map(addrspace, extent, piece->gpa, attrs,
						       flags, piece->phys, piece->size);
	} while (gunyah_vm_extent_again(error, &tries));

	piece->mapped = !error;
	return gunyah_error_to_errno(error);
}

static int gunyah_vm_extent_unmap_flags(const struct gunyah_vm_extents *ex,
					struct gunyah_vm_piece *piece, u64 flags)
{
	u64 addrspace = gunyah_vm_extent_capid(ex, GUNYAH_VM_ADDRSPACE);
	u64 extent = gunyah_vm_extent_of_guest(ex, piece->state);
	enum gunyah_error error;
	unsigned int tries = 0;

	if (!piece->mapped)
		return 0;

	flags |= gunyah_vm_extent_flags(piece->state);
	do {
		error = gunyah_hypercall_addrspace_unmap(addrspace, extent, piece->gpa, flags,
							 piece->phys, piece->size);
	} while (gunyah_vm_extent_again(error, &tries));

	/* The address space may be gone, and its mappings with it: donating back will tell. */
	if (error == GUNYAH_ERROR_CSPACE_CAP_NULL || error == GUNYAH_ERROR_CSPACE_CAP_REVOKED)
		error = GUNYAH_ERROR_OK;

	piece->mapped = !!error;
	return gunyah_error_to_errno(error);
}

int gunyah_vm_extent_unmap(const struct gunyah_vm_extents *ex, struct gunyah_vm_piece *piece)
{
	return gunyah_vm_extent_unmap_flags(ex, piece, 0);
}

/*
 * Pieces
 */

/* By the function that belongs to the one that prepared it. */
static int gunyah_vm_extent_undo_platform(const struct gunyah_vm_piece *piece)
{
	const struct gunyah_rm_mem_entry entry = { .ipa = piece->phys, .size = piece->size };
	/* Parcels that become the guest's are lent with all rights. */
	const struct gunyah_rm_mem_acl acl = {
		.vmid	= piece->parcel_vmid,
		.rights	= GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W | GUNYAH_RM_ACL_X,
	};

	if (!piece->platform)
		return 0;
	if (piece->parcel_vmid)
		return piece->platform->post_reclaim(&entry, &acl, 1);
	return piece->platform->release_demand_page(&entry, piece->state == GUNYAH_MEM_SHARED);
}

/* An errno: nothing may use it any more. */
static int gunyah_vm_extent_undo_prepare(struct gunyah_vm_piece *piece)
{
	int ret = gunyah_vm_extent_undo_platform(piece);

	gunyah_platform_put(piece->platform);
	piece->platform = NULL;
	if (!ret && piece->state == GUNYAH_MEM_LENT)
		ret = gunyah_vm_parcel_show(piece->phys, piece->size);
	return ret;
}

/* What there is to do before the hypervisor is asked; @lost: it could not be undone. */
static int gunyah_vm_extent_prepare(struct gunyah_vm_piece *piece, bool *lost)
{
	const struct gunyah_rm_mem_entry entry = { .ipa = piece->phys, .size = piece->size };
	int ret;

	if (piece->state == GUNYAH_MEM_LENT) {
		ret = gunyah_vm_parcel_hide(piece->phys, piece->size);
		if (ret)
			return ret;
	}

	piece->platform = gunyah_platform_get();
	if (!piece->platform)
		return 0;

	ret = piece->platform->pre_demand_page(&entry, piece->state == GUNYAH_MEM_SHARED);
	if (!ret)
		return 0;

	gunyah_platform_put(piece->platform);
	piece->platform = NULL;
	*lost = gunyah_vm_extent_undo_prepare(piece);
	/* What else it may say has a meaning of its own for who gives memory. */
	return ret == -ENOMEM || ret == -EIO ? ret : -EINVAL;
}

/* Steps after gunyah_vm_extent_prepare(). */
static int gunyah_vm_extent_give_prepared(const struct gunyah_vm_extents *ex,
					  struct gunyah_vm_piece *piece, u8 rights, bool *lost)
{
	int ret;

	ret = gunyah_vm_extent_donate(ex, piece, false);
	if (!ret) {
		gunyah_mem_stats_move(GUNYAH_MEM_HOST, piece->state, piece->size);
		ret = gunyah_vm_extent_map(ex, piece, rights);
		if (!ret)
			return 0;

		if (gunyah_vm_extent_donate(ex, piece, true)) {
			gunyah_mem_stats_move(piece->state, GUNYAH_MEM_LEAKED, piece->size);
			*lost = true;
			return ret;
		}
		gunyah_mem_stats_move(piece->state, GUNYAH_MEM_HOST, piece->size);
	}

	*lost = gunyah_vm_extent_undo_prepare(piece);
	if (*lost)
		gunyah_mem_stats_move(GUNYAH_MEM_HOST, GUNYAH_MEM_LEAKED, piece->size);
	return ret;
}

int gunyah_vm_extent_give(const struct gunyah_vm_extents *ex, struct gunyah_vm_piece *piece,
			  u8 rights, bool *lost)
{
	int ret;

	*lost = false;
	ret = gunyah_vm_extent_prepare(piece, lost);
	if (!ret)
		return gunyah_vm_extent_give_prepared(ex, piece, rights, lost);
	if (*lost)
		gunyah_mem_stats_move(GUNYAH_MEM_HOST, GUNYAH_MEM_LEAKED, piece->size);
	return ret;
}

/* The last one that is mapped waits for all. */
static void gunyah_vm_extent_unmap_batch(const struct gunyah_vm_extents *ex,
					 struct gunyah_vm_batch *batch)
{
	struct gunyah_vm_back *back;
	unsigned int i, last = 0;

	for (i = 0; i < batch->n; i++) {
		if (batch->backs[i].piece->mapped)
			last = i;
	}
	for (i = 0; i < batch->n; i++) {
		back = &batch->backs[i];
		back->ret = gunyah_vm_extent_unmap_flags(ex, back->piece,
							 i < last ? GUNYAH_MAP_NOSYNC : 0);
	}
}

void gunyah_vm_extent_take_back(const struct gunyah_vm_extents *ex, struct gunyah_vm_batch *batch)
{
	struct gunyah_vm_piece *piece;
	struct gunyah_vm_back *back;
	unsigned int i;

	gunyah_vm_extent_unmap_batch(ex, batch);
	for (i = 0; i < batch->n; i++) {
		back = &batch->backs[i];
		piece = back->piece;
		back->lost = false;
		if (!back->ret)
			back->ret = gunyah_vm_extent_donate(ex, piece, true);
		if (back->ret)
			continue;

		if (gunyah_vm_extent_undo_prepare(piece)) {
			back->lost = true;
			back->ret = -EIO;
		}
		gunyah_mem_stats_move(piece->state, back->lost ? GUNYAH_MEM_LEAKED :
								 GUNYAH_MEM_HOST, piece->size);
	}
}
