// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of a guest-memory file: in the largest contiguous pieces there are,
 * never moved and never swapped.
 *
 * The memory is in folios that belong to the file alone.  They are not in the
 * page cache and on no LRU list, so reclaim, compaction, splitting and
 * collapsing don't know them, and they have one reference: the file's.  Every
 * other reference is somebody's access: a page-table entry, or a pin.  They are
 * allocated when first needed, zeroed, by the NUMA policy and on the account of
 * the task that needs them.
 *
 * Maple trees, by page index in the file: a range of the first is a folio, a range of
 * the second is of one state, a range of the third is a claim of a binding.  So there
 * is one entry for a folio, and one for a claim, however large they are.
 *
 * Invariants:
 * - A page that is lent has no user mapping and no pin, and one that is lent or
 *   leaked gets none.  What was leaked while it was shared keeps those it had.
 * - A folio with a leaked page is never freed.
 * - What is freed was never the hypervisor's, or has come back.
 */
#define pr_fmt(fmt) "gunyah: guest memory: " fmt

#include <kunit/visibility.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/xarray.h>

#include "guest_pages.h"
#include "mem_page.h"

#define GUNYAH_HUGE_ORDER	get_order(GUNYAH_HUGE_SIZE)

/* Most that is taken at once when a range is filled, and for a single page. */
#define GUNYAH_FILL_ORDER	min_t(unsigned int, MAX_PAGE_ORDER, get_order(SZ_32M))
#define GUNYAH_GET_ORDER	min_t(unsigned int, MAX_PAGE_ORDER, GUNYAH_HUGE_ORDER)

/*
 * For tree nodes on the way back: pages must not be lost for want of them.  On
 * the account of the task all the same: a claim that is given up in pieces, and
 * a hole, cost nodes.
 */
#define GUNYAH_GFP_NOFAIL	(GFP_KERNEL_ACCOUNT | __GFP_NOFAIL)

void gunyah_guest_pages_init(struct gunyah_guest_pages *gp, pgoff_t nr_pages, bool huge)
{
	mutex_init(&gp->lock);
	mt_init_flags(&gp->folios, MT_FLAGS_LOCK_EXTERN);
	mt_set_external_lock(&gp->folios, &gp->lock);
	mt_init_flags(&gp->ranges, MT_FLAGS_LOCK_EXTERN);
	mt_set_external_lock(&gp->ranges, &gp->lock);
	mt_init_flags(&gp->claims, MT_FLAGS_LOCK_EXTERN);
	mt_set_external_lock(&gp->claims, &gp->lock);
	gp->nr_pages = nr_pages;
	gp->huge = huge;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_guest_pages_init);

/*
 * Folios
 */

static gfp_t gunyah_guest_pages_gfp(struct gunyah_guest_pages *gp, unsigned int order)
{
	/* Not movable; a shortage is an errno here, never the OOM killer's work. */
	gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_ACCOUNT | __GFP_NOWARN;

	if (!order || (gp->huge && order <= GUNYAH_HUGE_ORDER))
		return gfp | __GFP_RETRY_MAYFAIL;
	/* Up to a huge page it is worth some compaction, beyond it is luck. */
	if (order <= GUNYAH_HUGE_ORDER)
		return gfp | __GFP_NORETRY;
	return gfp & ~__GFP_RECLAIM;
}

/*
 * Fill the hole at @index with a folio of at most *@order, inside of [first,
 * last] unless it is to be a huge page.  *@order goes down when there is no
 * memory in such pieces, so that who fills a range does not try again and again.
 */
static struct folio *gunyah_guest_pages_add(struct gunyah_guest_pages *gp, pgoff_t index,
					    pgoff_t first, pgoff_t last, unsigned int *order)
{
	unsigned int min_order = gp->huge ? GUNYAH_HUGE_ORDER : 0;
	unsigned int try = *order;
	struct folio *folio;
	pgoff_t start;
	int ret;

	MA_STATE(mas, &gp->folios, index, index);

	lockdep_assert_held(&gp->lock);

	/* The hole goes from the end of the folio before it to the next. */
	mas_walk(&mas);
	first = max(mas.index, round_down(first, 1UL << min_order));
	last = min(mas.last, round_up(last + 1, 1UL << min_order) - 1);

	for (;; try--) {
		start = round_down(index, 1UL << try);
		if (start >= first && start + (1UL << try) - 1 <= last) {
			folio = folio_alloc(gunyah_guest_pages_gfp(gp, try), try);
			if (folio)
				break;
			*order = max(try, min_order + 1) - 1;
		}
		if (try <= min_order)
			return ERR_PTR(-ENOMEM);
	}

	mas_set_range(&mas, start, start + folio_nr_pages(folio) - 1);
	ret = mas_store_gfp(&mas, folio, GFP_KERNEL_ACCOUNT);
	if (ret) {
		folio_put(folio);
		return ERR_PTR(ret);
	}

	inode_add_bytes(file_inode(gp->file), folio_size(folio));
	return folio;
}

int gunyah_guest_pages_fill(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last)
{
	unsigned int order = GUNYAH_FILL_ORDER;
	pgoff_t index = first;
	struct folio *folio;

	MA_STATE(mas, &gp->folios, first, first);

	lockdep_assert_held(&gp->lock);

	folio = mas_walk(&mas);
	while (index <= last) {
		if (!folio) {
			if (fatal_signal_pending(current))
				return -EINTR;
			folio = gunyah_guest_pages_add(gp, index, first, last, &order);
			if (IS_ERR(folio))
				return PTR_ERR(folio);
			cond_resched();
			mas_set(&mas, index);
			mas_walk(&mas);
		}
		/* The next folio, or a hole that begins there. */
		index = mas.last + 1;
		folio = mas_next_range(&mas, last);
	}

	return 0;
}

/* The folio of the page that @mas is set to, allocated if need be; @mas is at it then. */
static struct folio *gunyah_guest_pages_walk(struct gunyah_guest_pages *gp, struct ma_state *mas)
{
	unsigned int order = GUNYAH_GET_ORDER;
	pgoff_t index = mas->index;
	struct folio *folio;

	lockdep_assert_held(&gp->lock);

	folio = mas_walk(mas);
	if (folio)
		return folio;

	folio = gunyah_guest_pages_add(gp, index, 0, gp->nr_pages - 1, &order);
	if (!IS_ERR(folio)) {
		mas_set(mas, index);
		mas_walk(mas);
	}
	return folio;
}

struct folio *gunyah_guest_pages_get(struct gunyah_guest_pages *gp, pgoff_t index, pgoff_t *start)
{
	struct folio *folio;

	MA_STATE(mas, &gp->folios, index, index);

	folio = gunyah_guest_pages_walk(gp, &mas);
	if (!IS_ERR(folio))
		*start = mas.index;

	return folio;
}

/*
 * From [@first, @last] keep the folio that @mas is at and what is contiguous with it.  Folios
 * are aligned in the file: none crosses an end of a block, but those of whole blocks, which
 * are left as they are.
 */
static void gunyah_guest_pages_join(struct ma_state *mas, struct folio *folio, pgoff_t *first,
				    pgoff_t *last)
{
	pgoff_t block = round_down(mas->index, PHYS_PFN(GUNYAH_HUGE_SIZE));
	pgoff_t low = max(*first, block);
	pgoff_t high = min(*last, block + PHYS_PFN(GUNYAH_HUGE_SIZE) - 1);
	unsigned long start_pfn = folio_pfn(folio);
	unsigned long end_pfn = start_pfn + (mas->last + 1 - mas->index);
	pgoff_t start = mas->index, end = mas->last;
	struct ma_state back = *mas;

	while (end < high) {
		folio = mas_next_range(mas, high);
		if (!folio || folio_pfn(folio) != end_pfn)
			break;
		end_pfn += mas->last - end;
		end = mas->last;
	}
	while (start > low) {
		folio = mas_prev_range(&back, low);
		if (!folio || folio_pfn(folio) + (start - back.index) != start_pfn)
			break;
		start_pfn -= start - back.index;
		start = back.index;
	}

	*first = max(*first, start);
	*last = min(*last, end);
}

int gunyah_guest_pages_piece(struct gunyah_guest_pages *gp, pgoff_t index, pgoff_t *first,
			     pgoff_t *last)
{
	struct folio *folio;

	MA_STATE(mas, &gp->folios, index, index);

	folio = gunyah_guest_pages_walk(gp, &mas);
	if (!IS_ERR(folio))
		gunyah_guest_pages_join(&mas, folio, first, last);

	return PTR_ERR_OR_ZERO(folio);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_guest_pages_piece);

static void gunyah_guest_pages_free(struct folio *folio)
{
	/*
	 * A page that failed must not go back to the allocator inside of a large folio;
	 * of one by itself the allocator takes care.
	 */
	if (folio_test_large(folio) &&
	    gunyah_mem_page_failed(folio_page(folio, 0), folio_nr_pages(folio)))
		pr_err_ratelimited("%zu KiB kept: a page of them has failed\n",
				   folio_size(folio) / SZ_1K);
	else
		folio_put(folio);
}

/* Take a folio out of the tree, and out of the mappings: no new ones while the lock is held. */
static void gunyah_guest_pages_remove(struct gunyah_guest_pages *gp, struct folio *folio,
				      pgoff_t start)
{
	MA_STATE(mas, &gp->folios, start, start + folio_nr_pages(folio) - 1);

	unmap_mapping_range(gp->file->f_mapping, (loff_t)start << PAGE_SHIFT, folio_size(folio), 0);
	inode_sub_bytes(file_inode(gp->file), folio_size(folio));
	mas_store_gfp(&mas, NULL, GUNYAH_GFP_NOFAIL);
}

/* Copy pages [first, end) of the folio that began at @start to those that are there now. */
static void gunyah_guest_pages_copy(struct gunyah_guest_pages *gp, struct folio *from,
				    pgoff_t start, pgoff_t first, pgoff_t end)
{
	struct folio *to = NULL;
	pgoff_t index;

	MA_STATE(mas, &gp->folios, first, first);

	for (index = first; index < end; index++) {
		if (!to || index > mas.last) {
			mas_set(&mas, index);
			to = mas_walk(&mas);
			cond_resched();
		}
		copy_highpage(folio_page(to, index - mas.index), folio_page(from, index - start));
	}
}

/*
 * Replace a folio by smaller ones that have its content but for a hole.  False
 * when that is not possible: the folio is what it was.
 */
static bool gunyah_guest_pages_replace(struct gunyah_guest_pages *gp, struct folio *folio,
				       pgoff_t start, pgoff_t hole_start, pgoff_t hole_end)
{
	pgoff_t end = start + folio_nr_pages(folio);
	struct folio *piece;
	int ret = 0;

	MA_STATE(mas, &gp->folios, start, start);

	/* What has failed can't be copied.  In the hole it is given up with the folio. */
	if (gunyah_mem_page_failed(folio_page(folio, 0), hole_start - start) ||
	    gunyah_mem_page_failed(folio_page(folio, hole_end - start), end - hole_end))
		return false;
	/* A guest may have the rest of it: that stays where it is. */
	if (gunyah_guest_pages_has(gp, start, end - 1, GUNYAH_GIVEN_STATES))
		return false;

	gunyah_guest_pages_remove(gp, folio, start);
	if (folio_ref_count(folio) != 1)
		ret = -EBUSY;
	if (!ret && hole_start > start)
		ret = gunyah_guest_pages_fill(gp, start, hole_start - 1);
	if (!ret && hole_end < end)
		ret = gunyah_guest_pages_fill(gp, hole_end, end - 1);

	if (!ret) {
		gunyah_guest_pages_copy(gp, folio, start, start, hole_start);
		gunyah_guest_pages_copy(gp, folio, start, hole_end, end);
		gunyah_guest_pages_free(folio);
		return true;
	}

	mas_for_each(&mas, piece, end - 1) {
		inode_sub_bytes(file_inode(gp->file), folio_size(piece));
		folio_put(piece);
	}
	mas_set_range(&mas, start, end - 1);
	mas_store_gfp(&mas, folio, GUNYAH_GFP_NOFAIL);
	inode_add_bytes(file_inode(gp->file), folio_size(folio));
	return false;
}

/* A hole of pages [start, end) in the folio whose first page is @index. */
static void gunyah_guest_pages_punch_folio(struct gunyah_guest_pages *gp, struct folio *folio,
					   pgoff_t index, pgoff_t start, pgoff_t end)
{
	if (end - start == folio_nr_pages(folio)) {
		gunyah_guest_pages_remove(gp, folio, index);
		gunyah_guest_pages_free(folio);
		return;
	}

	if (end - start >= 1UL << GUNYAH_HUGE_ORDER &&
	    gunyah_guest_pages_replace(gp, folio, index, start, end))
		return;

	gunyah_mem_page_clear(folio_page(folio, start - index), end - start);
}

void gunyah_guest_pages_punch(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last)
{
	pgoff_t index, next;
	struct folio *folio;

	MA_STATE(mas, &gp->folios, first, first);

	lockdep_assert_held(&gp->lock);

	mas_for_each(&mas, folio, last) {
		index = mas.index;
		next = mas.last + 1;
		gunyah_guest_pages_punch_folio(gp, folio, index, max(index, first),
					       min(next, last + 1));
		/* The tree has changed. */
		mas_set(&mas, next);
		cond_resched();
	}
}

/*
 * Ranges and their states
 */

/* No claim of it is left. */
static void gunyah_guest_pages_forget(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last)
{
	MA_STATE(mas, &gp->ranges, first, last);

	mas_store_gfp(&mas, NULL, GUNYAH_GFP_NOFAIL);
}

int gunyah_guest_pages_claim(struct gunyah_guest_pages *gp, struct gunyah_mem_owner *owner,
			     pgoff_t first, pgoff_t last)
{
	int ret;

	MA_STATE(mas, &gp->ranges, first, last);
	MA_STATE(claim, &gp->claims, first, last);

	lockdep_assert_held(&gp->lock);

	if (mas_find(&mas, last))
		return -EEXIST;

	mas_set_range(&mas, first, last);
	ret = mas_store_gfp(&mas, xa_mk_value(GUNYAH_MEM_HOST), GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;

	ret = mas_store_gfp(&claim, owner, GFP_KERNEL_ACCOUNT);
	if (ret) {
		mas_set_range(&mas, first, last);
		mas_store_gfp(&mas, NULL, GUNYAH_GFP_NOFAIL);
	}
	return ret;
}

void gunyah_guest_pages_unclaim(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last)
{
	pgoff_t index, end;

	MA_STATE(mas, &gp->claims, first, last);

	lockdep_assert_held(&gp->lock);

	mas_store_gfp(&mas, NULL, GUNYAH_GFP_NOFAIL);

	/* From one leaked page to the next. */
	for (index = first; index <= last; index = end + 1) {
		end = gunyah_guest_pages_find(gp, index, last, BIT(GUNYAH_MEM_LEAKED));
		if (end > index)
			gunyah_guest_pages_forget(gp, index, end - 1);
		if (end <= last)
			gunyah_guest_pages_state(gp, end, &end);
	}
}

void gunyah_guest_pages_set(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last,
			    enum gunyah_mem_state state)
{
	MA_STATE(mas, &gp->ranges, first, last);

	lockdep_assert_held(&gp->lock);

	mas_store_gfp(&mas, xa_mk_value(state), GUNYAH_GFP_NOFAIL);
}

pgoff_t gunyah_guest_pages_find(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last,
				unsigned long states)
{
	void *entry;

	MA_STATE(mas, &gp->ranges, first, first);

	lockdep_assert_held(&gp->lock);

	mas_for_each(&mas, entry, last) {
		if (BIT(xa_to_value(entry)) & states)
			return max(mas.index, first);
	}

	return last + 1;
}

struct gunyah_mem_owner *gunyah_guest_pages_owner(struct gunyah_guest_pages *gp, pgoff_t index,
						  pgoff_t *last)
{
	struct gunyah_mem_owner *owner;

	MA_STATE(mas, &gp->claims, index, index);

	lockdep_assert_held(&gp->lock);

	owner = mas_walk(&mas);
	*last = mas.last;
	return owner;
}

enum gunyah_mem_state gunyah_guest_pages_state(struct gunyah_guest_pages *gp, pgoff_t index,
					       pgoff_t *last)
{
	void *entry;

	MA_STATE(mas, &gp->ranges, index, index);

	lockdep_assert_held(&gp->lock);

	entry = mas_walk(&mas);
	*last = min(mas.last, gp->nr_pages - 1);
	return entry ? xa_to_value(entry) : GUNYAH_MEM_HOST;
}

/*
 * Exact also when mappings were split, moved or inherited: the tree of mappings
 * is kept, under i_mmap_rwsem, by those who do that.  A mapping leaves it after
 * its page-table entries are gone; the references that these had may still be on
 * their way: see gunyah_guest_pages_pinned().  There may be very many: the tree is one of
 * intervals, by their beginnings, and a node knows the last end below it.
 */
bool gunyah_guest_pages_mapped(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last)
{
	struct address_space *mapping = gp->file->f_mapping;
	struct vm_area_struct *vma, *left;
	struct rb_node *node;
	bool mapped = false;

	lockdep_assert_held(&gp->lock);

	i_mmap_lock_read(mapping);
	node = mapping->i_mmap.rb_root.rb_node;
	while (node && !mapped) {
		vma = rb_entry(node, struct vm_area_struct, shared.rb);
		left = rb_entry_safe(node->rb_left, struct vm_area_struct, shared.rb);
		/* Either it is there, or all that is further right begins behind @last. */
		if (left && left->shared.rb_subtree_last >= first) {
			node = node->rb_left;
			continue;
		}
		if (vma->vm_pgoff > last)
			break;
		mapped = vma->vm_pgoff + vma_pages(vma) > first;
		node = node->rb_right;
	}
	i_mmap_unlock_read(mapping);

	return mapped;
}

bool gunyah_guest_pages_pinned(struct gunyah_guest_pages *gp, struct folio *folio, pgoff_t start,
			       pgoff_t first, pgoff_t last)
{
	lockdep_assert_held(&gp->lock);

	if (likely(folio_ref_count(folio) == 1))
		return false;
	if (start >= first && start + folio_nr_pages(folio) - 1 <= last)
		return true;

	unmap_mapping_range(gp->file->f_mapping, (loff_t)start << PAGE_SHIFT, folio_size(folio), 0);
	return folio_ref_count(folio) != 1;
}

void gunyah_guest_pages_destroy(struct gunyah_guest_pages *gp)
{
	struct folio *folio;

	MA_STATE(mas, &gp->folios, 0, 0);

	/* For the trees' lockdep checks; nobody else is here. */
	mutex_lock(&gp->lock);
	mas_for_each(&mas, folio, ULONG_MAX) {
		if (!gunyah_guest_pages_has(gp, mas.index, mas.last, BIT(GUNYAH_MEM_LEAKED)))
			gunyah_guest_pages_free(folio);
		cond_resched();
	}
	__mt_destroy(&gp->folios);
	__mt_destroy(&gp->ranges);
	__mt_destroy(&gp->claims);
	mutex_unlock(&gp->lock);

	mutex_destroy(&gp->lock);
}
