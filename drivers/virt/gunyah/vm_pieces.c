// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that a guest has in the demand-paged flow, piece by piece.
 *
 * A piece is contiguous in physical memory, in guest addresses and in its
 * provider, and was given by one hypercall: as a rule a folio, or small ones that are
 * neighbours, or what of them is in the binding.  There is a record for each, in a tree by
 * guest address; so one look finds whether the guest has an address, and two vCPUs that
 * fault on one piece cost one give.
 *
 * Lent memory is given when the guest touches it.  Shared memory, and what is lent where
 * the resource manager was told of none before the start, is given as a whole, before the
 * guest can touch it, for not every access of it can be told from that of a device; what
 * was taken back since is given by a touch, as other lent memory is.
 *
 * Invariants:
 * - There is a record from before the first hypercall for a piece until it is the
 *   host's again, or leaked.  So no memory is given twice.
 * - The range of a record has a binding, which holds the provider: it is not
 *   unbound while there is one.
 * - A provider gets memory back only after the hypercalls that took it from the
 *   guest have succeeded.  While a guest is there one that fails leaves the piece
 *   with the guest; at the end of the run, and where the undoing of a half-done
 *   give fails, the piece is leaked.
 *
 * Lock order: the lock of struct gunyah_vm_mem, then what providers take.
 */
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/gunyah.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/gunyah.h>

#include "mem_page.h"
#include "mem_trace.h"
#include "platform.h"
#include "rm_calls.h"
#include "vm_pieces.h"

/* For tree nodes on the way back: nothing must be lost for want of them. */
#define GUNYAH_GFP_NOFAIL	(GFP_KERNEL_ACCOUNT | __GFP_NOFAIL)

/* Rights are the same bits for parcels and mappings. */
static_assert(GUNYAH_RM_ACL_R == GUNYAH_MAP_ACCESS_R);
static_assert(GUNYAH_RM_ACL_W == GUNYAH_MAP_ACCESS_W);
static_assert(GUNYAH_RM_ACL_X == GUNYAH_MAP_ACCESS_X);

void gunyah_vm_pieces_init(struct gunyah_vm_pieces *p, struct mutex *lock)
{
	p->lock = lock;
	mt_init_flags(&p->bindings, MT_FLAGS_LOCK_EXTERN | MT_FLAGS_USE_RCU);
	mt_set_external_lock(&p->bindings, lock);
	mt_init_flags(&p->pieces, MT_FLAGS_LOCK_EXTERN);
	mt_set_external_lock(&p->pieces, lock);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_pieces_init);

/*
 * Trees: by host page of the guest address
 */

static int gunyah_vm_pieces_store(struct maple_tree *tree, u64 gpa, u64 size, void *entry,
				  gfp_t gfp)
{
	MA_STATE(mas, tree, gpa >> PAGE_SHIFT, (gpa + size - 1) >> PAGE_SHIFT);

	return mas_store_gfp(&mas, entry, gfp);
}

int gunyah_vm_pieces_bind(struct gunyah_vm_pieces *p, struct gunyah_vm_binding *b)
{
	lockdep_assert_held(p->lock);

	return gunyah_vm_pieces_store(&p->bindings, b->gpa, b->size, b, GFP_KERNEL_ACCOUNT);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_pieces_bind);

void gunyah_vm_pieces_unbind(struct gunyah_vm_pieces *p, u64 gpa, u64 size)
{
	lockdep_assert_held(p->lock);

	gunyah_vm_pieces_store(&p->bindings, gpa, size, NULL, GUNYAH_GFP_NOFAIL);
}

static struct gunyah_vm_piece *gunyah_vm_pieces_add(struct gunyah_vm_pieces *p,
						    const struct gunyah_vm_piece *from)
{
	struct gunyah_vm_piece *piece;

	piece = kmemdup(from, sizeof(*from), GFP_KERNEL_ACCOUNT);
	if (!piece)
		return NULL;

	piece->serial = ++p->serial;
	if (gunyah_vm_pieces_store(&p->pieces, piece->gpa, piece->size, piece,
				   GFP_KERNEL_ACCOUNT)) {
		kfree(piece);
		return NULL;
	}

	return piece;
}

static void gunyah_vm_pieces_del(struct gunyah_vm_pieces *p, struct gunyah_vm_piece *piece)
{
	gunyah_vm_pieces_store(&p->pieces, piece->gpa, piece->size, NULL, GUNYAH_GFP_NOFAIL);
	kfree(piece);
}

int gunyah_vm_pieces_adopt(struct gunyah_vm_pieces *p, const struct gunyah_vm_piece *piece)
{
	lockdep_assert_held(p->lock);

	return gunyah_vm_pieces_add(p, piece) ? 0 : -ENOMEM;
}

void gunyah_vm_pieces_prepared(struct gunyah_vm_pieces *p, u64 gpa, u64 size,
			       const struct gunyah_platform_ops *platform, u16 vmid)
{
	unsigned long first = gpa >> PAGE_SHIFT, last = (gpa + size - 1) >> PAGE_SHIFT;
	struct gunyah_vm_piece *piece;

	MA_STATE(mas, &p->pieces, first, first);

	lockdep_assert_held(p->lock);

	mas_for_each(&mas, piece, last) {
		piece->platform = gunyah_platform_dup(platform);
		piece->parcel_vmid = vmid;
	}
}

struct gunyah_vm_piece *gunyah_vm_pieces_first_lent(struct gunyah_vm_pieces *p)
{
	struct gunyah_vm_piece *piece;

	MA_STATE(mas, &p->pieces, 0, 0);

	lockdep_assert_held(p->lock);

	mas_for_each(&mas, piece, ULONG_MAX) {
		if (piece->state == GUNYAH_MEM_LENT)
			break;
	}

	return piece;
}

/*
 * A run
 */

/* What of a lent binding is before and behind of @besides. */
static int gunyah_vm_pieces_name(struct gunyah_vm_pieces *p, const struct gunyah_vm_binding *b,
				 const struct gunyah_rm_mem_entry *besides)
{
	u64 end = gunyah_vm_binding_end(b);
	u64 stop = clamp(besides->ipa, b->gpa, end);
	u64 go_on = clamp(besides->ipa + besides->size, b->gpa, end);
	int ret = 0;

	if (stop > b->gpa)
		ret = gunyah_mem_list_add(&p->named, b->gpa, stop - b->gpa);
	if (!ret && go_on < end)
		ret = gunyah_mem_list_add(&p->named, go_on, end - go_on);
	return ret;
}

int gunyah_vm_pieces_begin(struct gunyah_vm_pieces *p, struct list_head *bindings,
			   const struct gunyah_rm_mem_entry *besides)
{
	struct gunyah_vm_binding *b;
	int ret;

	lockdep_assert_held(p->lock);

	p->besides = *besides;
	list_for_each_entry(b, bindings, list) {
		WRITE_ONCE(b->unnamed, gunyah_vm_binding_shared(b));
		ret = gunyah_vm_pieces_bind(p, b);
		if (!ret && !gunyah_vm_binding_shared(b))
			ret = gunyah_vm_pieces_name(p, b, besides);
		if (ret)
			return ret;
		cond_resched();
	}

	return 0;
}

bool gunyah_vm_pieces_named(const struct gunyah_vm_pieces *p, u64 gpa, u64 size)
{
	const struct gunyah_rm_mem_entry *entry;
	size_t i;

	lockdep_assert_held(p->lock);

	for (i = 0; i < p->named.n; i++) {
		entry = &p->named.entries[i];
		if (gpa >= entry->ipa && gpa + size <= entry->ipa + entry->size)
			return true;
	}

	return false;
}

/* It is lost: the provider keeps it for ever. */
static void gunyah_vm_pieces_leak(struct gunyah_vm_pieces *p, struct gunyah_vm_piece *piece)
{
	gunyah_platform_put(piece->platform);
	piece->platform = NULL;
	trace_gunyah_mem_leak(piece->phys, piece->size, piece->state);
	piece->provider->ops->leak(piece->provider, piece->offset, piece->size);
	p->leaked += piece->size;
	p->n_leaked++;
}

/* The hypervisor certainly does not have it, unless @lost. */
static void gunyah_vm_pieces_give_up(struct gunyah_vm_pieces *p, struct gunyah_vm_piece *piece,
				     bool lost)
{
	if (lost)
		gunyah_vm_pieces_leak(p, piece);
	else
		piece->provider->ops->take_back(piece->provider, piece->offset, piece->size);
}

/* The hypervisor does not have it any more: before anybody can map it. */
static void gunyah_vm_pieces_clear(const struct gunyah_vm_pieces *p,
				   const struct gunyah_vm_piece *piece)
{
	if (p->clear && piece->state == GUNYAH_MEM_LENT)
		gunyah_mem_page_clear(pfn_to_page(PHYS_PFN(piece->phys)), PHYS_PFN(piece->size));
}

/*
 * Take back what is in the batch, which is empty then, and give up what came back.
 * Pieces that did not, and are not lost, are still the guest's.
 */
static int gunyah_vm_pieces_take_back(struct gunyah_vm_pieces *p, struct gunyah_vm_batch *batch,
				      void (*done)(struct gunyah_vm_pieces *p,
						   const struct gunyah_vm_back *back))
{
	const struct gunyah_vm_back *back;
	struct gunyah_vm_piece *piece;
	int first_ret = 0;
	unsigned int i;

	gunyah_vm_extent_take_back(&p->extents, batch);
	for (i = 0; i < batch->n; i++) {
		back = &batch->backs[i];
		piece = back->piece;
		trace_gunyah_mem_reclaim(piece->gpa, piece->phys, piece->size, piece->state,
					 back->ret);
		first_ret = first_ret ?: back->ret;
		if (!back->ret)
			gunyah_vm_pieces_clear(p, piece);
		done(p, back);
		cond_resched();
	}
	batch->n = 0;
	return first_ret;
}

/* There is no later time at which to try again: it came back, or is leaked. */
static void gunyah_vm_pieces_for_good(struct gunyah_vm_pieces *p, const struct gunyah_vm_back *back)
{
	struct gunyah_vm_piece *piece = back->piece;

	if (back->ret && !back->lost)
		gunyah_mem_stats_move(piece->state, GUNYAH_MEM_LEAKED, piece->size);
	gunyah_vm_pieces_give_up(p, piece, back->ret);
}

/* The whole tree goes. */
static void gunyah_vm_pieces_stopped(struct gunyah_vm_pieces *p, const struct gunyah_vm_back *back)
{
	gunyah_vm_pieces_for_good(p, back);
	kfree(back->piece);
}

static void gunyah_vm_pieces_undone(struct gunyah_vm_pieces *p, const struct gunyah_vm_back *back)
{
	gunyah_vm_pieces_for_good(p, back);
	gunyah_vm_pieces_del(p, back->piece);
}

/* What is in @state of host pages [@first, @last] of the guest's addresses. */
static void gunyah_vm_pieces_undo(struct gunyah_vm_pieces *p, unsigned long first,
				  unsigned long last, enum gunyah_mem_state state)
{
	struct gunyah_vm_batch batch = {};
	struct gunyah_vm_piece *piece;
	unsigned long next;

	MA_STATE(mas, &p->pieces, first, first);

	mas_for_each(&mas, piece, last) {
		if (piece->state != state)
			continue;
		batch.backs[batch.n++].piece = piece;
		if (batch.n < GUNYAH_VM_BATCH)
			continue;
		next = mas.last + 1;
		gunyah_vm_pieces_take_back(p, &batch, gunyah_vm_pieces_undone);
		/* The tree has changed. */
		mas_set(&mas, next);
	}
	gunyah_vm_pieces_take_back(p, &batch, gunyah_vm_pieces_undone);
}

void gunyah_vm_pieces_stop(struct gunyah_vm_pieces *p)
{
	struct gunyah_vm_batch batch = {};
	struct gunyah_vm_piece *piece;

	MA_STATE(mas, &p->pieces, 0, 0);

	lockdep_assert_held(p->lock);

	/* What is lent then is the image, which is still a parcel. */
	if (!p->active) {
		gunyah_vm_pieces_undo(p, 0, ULONG_MAX, GUNYAH_MEM_SHARED);
		return;
	}

	/* Who finds it so finds that the run has ended, too: see handle_mmio(). */
	smp_store_release(&p->active, false);
	mas_for_each(&mas, piece, ULONG_MAX) {
		batch.backs[batch.n++].piece = piece;
		if (batch.n == GUNYAH_VM_BATCH)
			gunyah_vm_pieces_take_back(p, &batch, gunyah_vm_pieces_stopped);
	}
	gunyah_vm_pieces_take_back(p, &batch, gunyah_vm_pieces_stopped);
	__mt_destroy(&p->pieces);
}

/*
 * Who looks a binding up without the lock has looked whether there is a run, in the same
 * read-side section: after a grace period nobody is there, and nobody comes.  So nodes
 * need not be freed by RCU; which is more than a shortcut, for __mt_destroy() in that mode
 * takes the count of children in a node with 15 of them for another child (6.12).
 */
static void gunyah_vm_pieces_end_bindings(struct gunyah_vm_pieces *p)
{
	if (mtree_empty(&p->bindings))
		return;

	synchronize_rcu_expedited();
	mt_clear_in_rcu(&p->bindings);
	__mt_destroy(&p->bindings);
	mt_set_in_rcu(&p->bindings);
}

void gunyah_vm_pieces_end(struct gunyah_vm_pieces *p)
{
	struct gunyah_vm_piece *piece;

	MA_STATE(mas, &p->pieces, 0, 0);

	lockdep_assert_held(p->lock);

	WRITE_ONCE(p->active, false);
	mas_for_each(&mas, piece, ULONG_MAX)
		kfree(piece);
	__mt_destroy(&p->pieces);
	gunyah_vm_pieces_end_bindings(p);
	gunyah_mem_list_free(&p->named);
	p->besides.size = 0;
	p->clear = false;
	p->leaked = 0;
	p->n_leaked = 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_pieces_end);

/*
 * Give
 */

/*
 * Which pages of the guest around @page may be given with it, [@first, @last]: none of them
 * is given yet; and what was not named is not given by a touch beside it, either.
 */
static int gunyah_vm_pieces_around(struct gunyah_vm_pieces *p, const struct gunyah_vm_binding *b,
				   unsigned long page, unsigned long *first, unsigned long *last)
{
	const struct gunyah_rm_mem_entry *besides = &p->besides;

	MA_STATE(mas, &p->pieces, page, page);

	/* Nothing is there: so the state has the hole around it. */
	mas_walk(&mas);
	*first = max(mas.index, PHYS_PFN(b->gpa));
	*last = min(mas.last, PHYS_PFN(gunyah_vm_binding_end(b)) - 1);

	if (!besides->size)
		return 0;
	if (page < PHYS_PFN(besides->ipa))
		*last = min(*last, PHYS_PFN(besides->ipa) - 1);
	else if (page >= PHYS_PFN(besides->ipa + besides->size))
		*first = max(*first, PHYS_PFN(besides->ipa + besides->size));
	else
		return -ENOENT;
	return 0;
}

/* What can be given with @gpa: what is contiguous in physical memory with it. */
static int gunyah_vm_pieces_find(struct gunyah_vm_pieces *p, const struct gunyah_vm_binding *b,
				 u64 gpa, struct gunyah_vm_piece *piece)
{
	unsigned long first, last;
	u64 start, size;
	int ret;

	ret = gunyah_vm_pieces_around(p, b, PHYS_PFN(gpa), &first, &last);
	if (ret)
		return ret;

	start = b->offset + (PFN_PHYS((u64)first) - b->gpa);
	size = PFN_PHYS((u64)last + 1 - first);
	ret = b->provider->ops->piece(b->provider, b->offset + (gpa - b->gpa), &start, &size);
	if (ret)
		return ret;

	*piece = (struct gunyah_vm_piece) {
		.provider	= b->provider,
		.gpa		= b->gpa + (start - b->offset),
		.offset		= start,
		.size		= size,
		.state		= gunyah_vm_binding_state(b),
	};
	return 0;
}

/*
 * Keep the largest part with @gpa that is aligned in the provider as folios are: so a folio
 * is one of the parts that are tried.
 */
static void gunyah_vm_piece_shrink(struct gunyah_vm_piece *piece, u64 gpa)
{
	u64 size = PFN_PHYS((u64)rounddown_pow_of_two(PHYS_PFN(piece->size) - 1));
	u64 part = round_down(piece->offset + (gpa - piece->gpa), size);
	u64 start = max(part, piece->offset);
	u64 end = min(part + size, piece->offset + piece->size);

	piece->gpa += start - piece->offset;
	piece->offset = start;
	piece->size = end - start;
}

/*
 * The provider lets the piece go, or, where user space has other pages of it mapped
 * or others of it were leaked or have failed, a part of it.
 */
static int gunyah_vm_pieces_get(struct gunyah_vm_piece *piece, u64 gpa)
{
	struct gunyah_mem_provider *provider = piece->provider;
	struct gunyah_mem_list list = {};
	int ret;

	for (;;) {
		list.n = 0;
		list.size = 0;
		ret = provider->ops->give(provider, piece->offset, piece->size, piece->state,
					  &list);
		if ((ret != -EBUSY && ret != -EIO) || piece->size == PAGE_SIZE)
			break;
		gunyah_vm_piece_shrink(piece, gpa);
	}

	if (!ret) {
		piece->phys = list.entries[0].ipa;
		/* A hole was made since it was found, and filled with other pages. */
		if (list.entries[0].size != piece->size) {
			provider->ops->take_back(provider, piece->offset, piece->size);
			ret = -EAGAIN;
		}
	}
	gunyah_mem_list_free(&list);
	return ret;
}

/* What the provider has let go: it is the guest's, or the provider's again. */
static int gunyah_vm_pieces_give_new(struct gunyah_vm_pieces *p, struct gunyah_vm_piece *new,
				     u8 rights, u64 *serial)
{
	struct gunyah_vm_piece *piece;
	bool lost;
	int ret;

	piece = gunyah_vm_pieces_add(p, new);
	if (!piece) {
		gunyah_vm_pieces_give_up(p, new, false);
		return -ENOMEM;
	}

	ret = gunyah_vm_extent_give(&p->extents, piece, rights, &lost);
	trace_gunyah_mem_give(piece->gpa, piece->phys, piece->size, piece->state, ret);
	if (ret) {
		gunyah_vm_pieces_give_up(p, piece, lost);
		gunyah_vm_pieces_del(p, piece);
		return ret;
	}

	*serial = piece->serial;
	return 0;
}

static int gunyah_vm_pieces_give(struct gunyah_vm_pieces *p, const struct gunyah_vm_binding *b,
				 u64 gpa, u64 *serial)
{
	struct gunyah_vm_piece new;
	int ret;

	ret = gunyah_vm_pieces_find(p, b, gpa, &new) ?: gunyah_vm_pieces_get(&new, gpa);
	if (ret)
		return ret;
	return gunyah_vm_pieces_give_new(p, &new, gunyah_vm_binding_rights(b), serial);
}

/* A piece for each entry; what follows one that fails is given up. */
static int gunyah_vm_pieces_give_list(struct gunyah_vm_pieces *p,
				      const struct gunyah_vm_binding *b,
				      const struct gunyah_mem_list *list)
{
	struct gunyah_vm_piece new = {
		.provider	= b->provider,
		.state		= gunyah_vm_binding_state(b),
	};
	u64 done = 0, serial;
	int ret = 0;
	size_t i;

	for (i = 0; i < list->n && !ret; i++) {
		new.gpa = b->gpa + done;
		new.offset = b->offset + done;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		new.phys = list->entries[i].ipa;
		new.size = list->entries[i].size;
		ret = gunyah_vm_pieces_give_new(p, &new, gunyah_vm_binding_rights(b), &serial);
		done += new.size;
		cond_resched();
	}

	if (ret && done < b->size)
		b->provider->ops->take_back(b->provider, b->offset + done, b->size - done);
	return ret;
}

int gunyah_vm_pieces_give_all(struct gunyah_vm_pieces *p, const struct gunyah_vm_binding *b)
{
	enum gunyah_mem_state state = gunyah_vm_binding_state(b);
	struct gunyah_mem_list list = {};
	int ret;

	lockdep_assert_held(p->lock);

	ret = b->provider->ops->give(b->provider, b->offset, b->size, state, &list);
	if (!ret) {
		ret = gunyah_vm_pieces_give_list(p, b, &list);
		if (ret)
			gunyah_vm_pieces_undo(p, PHYS_PFN(b->gpa),
					      PHYS_PFN(gunyah_vm_binding_end(b)) - 1, state);
	}
	gunyah_mem_list_free(&list);
	return ret;
}

int gunyah_vm_pieces_fault(struct gunyah_vm_pieces *p, u64 gpa, bool write, u64 *serial)
{
	struct gunyah_vm_piece *piece;
	struct gunyah_vm_binding *b;

	MA_STATE(mas, &p->pieces, gpa >> PAGE_SHIFT, gpa >> PAGE_SHIFT);

	lockdep_assert_held(p->lock);

	b = mtree_load(&p->bindings, gpa >> PAGE_SHIFT);
	if (!b)
		return -ENOENT;
	if (write && !(b->flags & GUNYAH_MEM_ALLOW_WRITE))
		return -EACCES;

	piece = mas_walk(&mas);
	if (!piece)
		return gunyah_vm_pieces_give(p, b, gpa & PAGE_MASK, serial);

	*serial = piece->serial;
	if (piece->mapped)
		return 0;
	return gunyah_vm_extent_map(&p->extents, piece, gunyah_vm_binding_rights(b));
}

/*
 * Take back
 */

/* Cut a piece at @gpa, which is inside of it.  Returns the second part, or NULL. */
static struct gunyah_vm_piece *gunyah_vm_pieces_cut(struct gunyah_vm_pieces *p,
						    struct gunyah_vm_piece *piece, u64 gpa)
{
	struct gunyah_vm_piece tail = *piece, *new;
	u64 front = gpa - piece->gpa;

	tail.gpa += front;
	tail.offset += front;
	tail.phys += front;
	tail.size -= front;

	/* In the tree that takes the range from the first part. */
	new = gunyah_vm_pieces_add(p, &tail);
	if (!new)
		return NULL;

	gunyah_platform_dup(new->platform);
	piece->size = front;
	piece->serial = ++p->serial;
	return new;
}

/* While the guest is there, what can't be taken back is still its. */
static void gunyah_vm_pieces_reclaimed(struct gunyah_vm_pieces *p,
				       const struct gunyah_vm_back *back)
{
	if (back->ret && !back->lost)
		return;

	gunyah_vm_pieces_give_up(p, back->piece, back->lost);
	gunyah_vm_pieces_del(p, back->piece);
}

/* Put into the batch what of @piece is in the range. */
static int gunyah_vm_pieces_select(struct gunyah_vm_pieces *p, struct gunyah_vm_piece *piece,
				   u64 gpa, u64 end, struct gunyah_vm_batch *batch)
{
	if (piece->gpa < gpa) {
		piece = gunyah_vm_pieces_cut(p, piece, gpa);
		if (!piece)
			return -ENOMEM;
	}
	if (piece->gpa + piece->size > end && !gunyah_vm_pieces_cut(p, piece, end))
		return -ENOMEM;

	batch->backs[batch->n++].piece = piece;
	return 0;
}

int gunyah_vm_pieces_reclaim(struct gunyah_vm_pieces *p, u64 gpa, u64 size)
{
	unsigned long index = gpa >> PAGE_SHIFT, last = (gpa + size - 1) >> PAGE_SHIFT;
	struct gunyah_vm_batch batch = {};
	struct gunyah_vm_piece *piece;
	int ret, first_ret = 0;

	lockdep_assert_held(p->lock);

	while (index <= last) {
		MA_STATE(mas, &p->pieces, index, index);

		piece = mas_find(&mas, last);
		if (!piece)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;

		index = mas.last + 1;
		ret = gunyah_vm_pieces_select(p, piece, gpa, gpa + size, &batch);
		if (batch.n == GUNYAH_VM_BATCH)
			ret = gunyah_vm_pieces_take_back(p, &batch, gunyah_vm_pieces_reclaimed);
		first_ret = first_ret ?: ret;
	}

	ret = gunyah_vm_pieces_take_back(p, &batch, gunyah_vm_pieces_reclaimed);
	return first_ret ?: ret;
}
