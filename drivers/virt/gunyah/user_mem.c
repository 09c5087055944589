// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of a process are a provider (mem_provider.h), too: a range of its address
 * space, pinned where it is when the provider is made, and charged to the
 * process's locked memory.
 *
 * The process keeps its mapping.  So, other than with a guest-memory file, nothing
 * here keeps it, or the kernel on its behalf, from lent pages: its own access is a
 * SIGBUS where the hypervisor has taken the page away, the kernel's is the end of
 * the host.  See the warning in Kconfig.
 *
 * What may be pinned is anonymous and shared memory (shmem).  Their pages have no
 * other way to content than through memory; a file system writes pages back, and
 * a device's are its own.
 *
 * Invariants:
 * - A page is in one provider only, of all there are: gunyah_user_pages has it.
 * - What goes back to the process was never the hypervisor's, or has come back.
 *   A leaked page stays pinned, charged, and in gunyah_user_pages.
 *
 * A provider's states are guarded by the lock of the bindings that claim it: these
 * are of one VM, that for which the provider was made.
 */
#include <linux/err.h>
#include <linux/kref.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include <kunit/visibility.h>

#include "mem_list.h"
#include "mem_page.h"
#include "mem_provider.h"
#include "user_mem.h"

/* Pages that are pinned at once. */
#define GUNYAH_PIN_STEP		512UL

/* Beside enum gunyah_mem_state: no binding has claimed the page. */
#define GUNYAH_USER_MEM_FREE	0xff

/**
 * struct gunyah_user_mem - pages of a process
 * @provider: what bindings see
 * @ref: references
 * @mm: whose pages they are and who is charged; the struct is held, not its memory
 * @nr_pages: pages
 * @write: they are pinned for writing
 * @pages: the pages, pinned, in the order of their addresses
 * @states: of each page: enum gunyah_mem_state, or GUNYAH_USER_MEM_FREE
 */
struct gunyah_user_mem {
	struct gunyah_mem_provider provider;
	struct kref ref;
	struct mm_struct *mm;
	unsigned long nr_pages;
	bool write;
	struct page **pages;
	u8 *states;
};

/*
 * The physical page numbers of all pages that are in a provider, or were leaked.
 * A page in two of them would be lent twice, and be the host's again with the one
 * while it is still lent with the other.
 */
static DEFINE_MTREE(gunyah_user_pages);

static struct gunyah_user_mem *gunyah_user_mem_of(struct gunyah_mem_provider *provider)
{
	return container_of(provider, struct gunyah_user_mem, provider);
}

/* How many pages from @first to @end follow one another in memory, in the same state. */
static unsigned long gunyah_user_mem_run(const struct gunyah_user_mem *um, unsigned long first,
					 unsigned long end)
{
	unsigned long pfn = page_to_pfn(um->pages[first]);
	unsigned long n = 1;

	while (first + n < end && um->states[first + n] == um->states[first] &&
	       page_to_pfn(um->pages[first + n]) == pfn + n)
		n++;

	return n;
}

/*
 * What may be pinned
 */

static bool gunyah_user_mem_vma_fits(struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return false;
	if (vma_is_anonymous(vma))
		return true;

	return vma->vm_file && shmem_mapping(vma->vm_file->f_mapping);
}

/*
 * Before anything is charged or allocated.  The mappings may change until the
 * pages are pinned: that they are of the right kind is looked at again then.
 */
static int gunyah_user_mem_check_range(struct mm_struct *mm, unsigned long start,
				       unsigned long end)
{
	unsigned long next = start;
	struct vm_area_struct *vma;
	int ret = 0;

	VMA_ITERATOR(vmi, mm, start);

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for_each_vma_range(vmi, vma, end) {
		if (vma->vm_start > next)
			break;
		if (!gunyah_user_mem_vma_fits(vma)) {
			ret = -EINVAL;
			break;
		}
		next = vma->vm_end;
	}
	mmap_read_unlock(mm);

	return !ret && next < end ? -EFAULT : ret;
}

/* The folio is pinned; it may be truncated just now, but its inode goes after a grace period. */
static bool gunyah_user_mem_page_fits(struct page *page)
{
	struct folio *folio = page_folio(page);
	struct address_space *mapping;

	if (folio_test_hugetlb(folio))
		return false;
	if (folio_test_anon(folio))
		return true;

	guard(rcu)();
	mapping = READ_ONCE(folio->mapping);
	if (!mapping || (unsigned long)mapping & PAGE_MAPPING_FLAGS)
		return false;

	return shmem_mapping(mapping);
}

/*
 * Making and freeing
 */

/* Pin up to *@n pages from *@n on; *@n is how many are pinned then, also on an error. */
static int gunyah_user_mem_pin(struct gunyah_user_mem *um, unsigned long addr, unsigned long *n)
{
	unsigned int flags = FOLL_LONGTERM | (um->write ? FOLL_WRITE : 0);
	unsigned long i;
	int got;

	for (*n = 0; *n < um->nr_pages; cond_resched()) {
		i = *n;
		got = pin_user_pages_fast(addr + (i << PAGE_SHIFT),
					  min(um->nr_pages - i, GUNYAH_PIN_STEP), flags,
					  um->pages + i);
		if (got == -ENOMEM || got == -EINTR)
			return got;
		if (got <= 0)
			return -EFAULT;

		for (*n += got; i < *n; i++) {
			if (!gunyah_user_mem_page_fits(um->pages[i]))
				return -EINVAL;
		}
	}

	return 0;
}

static void gunyah_user_mem_unregister(struct gunyah_user_mem *um, unsigned long first,
				       unsigned long n)
{
	unsigned long pfn = page_to_pfn(um->pages[first]);

	/* They must not be lost for want of a tree's node. */
	mtree_store_range(&gunyah_user_pages, pfn, pfn + n - 1, NULL,
			  GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
}

static int gunyah_user_mem_register(struct gunyah_user_mem *um)
{
	unsigned long i, j, n, pfn;
	int ret;

	for (i = 0; i < um->nr_pages; i += n) {
		n = gunyah_user_mem_run(um, i, um->nr_pages);
		pfn = page_to_pfn(um->pages[i]);
		ret = mtree_insert_range(&gunyah_user_pages, pfn, pfn + n - 1, xa_mk_value(0),
					 GFP_KERNEL_ACCOUNT);
		if (ret)
			goto undo;
		cond_resched();
	}

	return 0;

undo:
	for (j = 0; j < i; j += n) {
		n = gunyah_user_mem_run(um, j, i);
		gunyah_user_mem_unregister(um, j, n);
	}
	return ret;
}

static void gunyah_user_mem_free(struct gunyah_user_mem *um)
{
	kvfree(um->states);
	kvfree(um->pages);
	mmdrop(um->mm);
	kfree(um);
}

static void gunyah_user_mem_release(struct kref *ref)
{
	struct gunyah_user_mem *um = container_of(ref, struct gunyah_user_mem, ref);
	unsigned long i, n, back = 0;

	for (i = 0; i < um->nr_pages; i += n) {
		n = gunyah_user_mem_run(um, i, um->nr_pages);
		if (um->states[i] == GUNYAH_MEM_LEAKED)
			continue;

		/* In this order: who pins a page next finds it free. */
		gunyah_user_mem_unregister(um, i, n);
		unpin_user_pages_dirty_lock(um->pages + i, n, um->write);
		back += n;
		cond_resched();
	}

	account_locked_vm(um->mm, back, false);
	gunyah_user_mem_free(um);
}

static struct gunyah_user_mem *gunyah_user_mem_alloc(unsigned long nr_pages, bool write)
{
	/* A user names the size: too large a one is no reason for a warning. */
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	struct gunyah_user_mem *um;

	/* More than there is can't be pinned. */
	if (nr_pages > totalram_pages())
		return NULL;

	um = kzalloc(sizeof(*um), GFP_KERNEL_ACCOUNT);
	if (!um)
		return NULL;

	kref_init(&um->ref);
	um->mm = current->mm;
	mmgrab(um->mm);
	um->nr_pages = nr_pages;
	um->write = write;
	um->pages = kvmalloc_array(nr_pages, sizeof(*um->pages), gfp);
	um->states = kvmalloc(nr_pages, gfp);
	if (!um->pages || !um->states) {
		gunyah_user_mem_free(um);
		return NULL;
	}

	memset(um->states, GUNYAH_USER_MEM_FREE, nr_pages);
	return um;
}

/*
 * Provider
 */

static void gunyah_user_mem_get(struct gunyah_mem_provider *provider)
{
	kref_get(&gunyah_user_mem_of(provider)->ref);
}

static void gunyah_user_mem_put(struct gunyah_mem_provider *provider)
{
	kref_put(&gunyah_user_mem_of(provider)->ref, gunyah_user_mem_release);
}

static int gunyah_user_mem_claim(struct gunyah_mem_provider *provider,
				 struct gunyah_mem_owner *owner, u64 gpa, u64 offset, u64 size)
{
	struct gunyah_user_mem *um = gunyah_user_mem_of(provider);
	unsigned long first = PHYS_PFN(offset);
	unsigned long n = PHYS_PFN(size);

	if (first >= um->nr_pages || n > um->nr_pages - first)
		return -EINVAL;
	if (memchr_inv(um->states + first, GUNYAH_USER_MEM_FREE, n))
		return -EEXIST;

	memset(um->states + first, GUNYAH_MEM_HOST, n);
	return 0;
}

/* A leaked page stays claimed. */
static void gunyah_user_mem_unclaim(struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
	struct gunyah_user_mem *um = gunyah_user_mem_of(provider);
	unsigned long i;

	for (i = PHYS_PFN(offset); i < PHYS_PFN(offset + size); i++) {
		if (um->states[i] != GUNYAH_MEM_LEAKED)
			um->states[i] = GUNYAH_USER_MEM_FREE;
	}
}

static bool gunyah_user_mem_follows(const struct gunyah_user_mem *um, unsigned long i)
{
	return page_to_pfn(um->pages[i]) == page_to_pfn(um->pages[i - 1]) + 1;
}

static int gunyah_user_mem_piece(struct gunyah_mem_provider *provider, u64 offset, u64 *start,
				 u64 *size)
{
	struct gunyah_user_mem *um = gunyah_user_mem_of(provider);
	unsigned long low = PHYS_PFN(*start), high = PHYS_PFN(*start + *size);
	unsigned long first = PHYS_PFN(offset);
	unsigned long end = first + 1;

	while (first > low && gunyah_user_mem_follows(um, first))
		first--;
	while (end < high && gunyah_user_mem_follows(um, end))
		end++;

	*start = PFN_PHYS((u64)first);
	*size = PFN_PHYS((u64)end - first);
	return 0;
}

static int gunyah_user_mem_give(struct gunyah_mem_provider *provider, u64 offset, u64 size,
				enum gunyah_mem_state state, struct gunyah_mem_list *list)
{
	struct gunyah_user_mem *um = gunyah_user_mem_of(provider);
	unsigned long first = PHYS_PFN(offset);
	unsigned long end = first + PHYS_PFN(size);
	unsigned long i, n;
	int ret;

	if (memchr(um->states + first, GUNYAH_MEM_LEAKED, end - first))
		return -EIO;

	for (i = first; i < end; i += n) {
		n = gunyah_user_mem_run(um, i, end);
		if (gunyah_mem_page_failed(um->pages[i], n))
			return -EIO;
		ret = gunyah_mem_list_add(list, page_to_phys(um->pages[i]), PFN_PHYS((u64)n));
		if (ret)
			return ret;
		cond_resched();
	}

	memset(um->states + first, state, end - first);
	return 0;
}

static void gunyah_user_mem_take_back(struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
	struct gunyah_user_mem *um = gunyah_user_mem_of(provider);

	memset(um->states + PHYS_PFN(offset), GUNYAH_MEM_HOST, PHYS_PFN(size));
}

static void gunyah_user_mem_leak(struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
	struct gunyah_user_mem *um = gunyah_user_mem_of(provider);

	memset(um->states + PHYS_PFN(offset), GUNYAH_MEM_LEAKED, PHYS_PFN(size));
}

static const struct gunyah_mem_provider_ops gunyah_user_mem_provider_ops = {
	.get		= gunyah_user_mem_get,
	.put		= gunyah_user_mem_put,
	.claim		= gunyah_user_mem_claim,
	.unclaim	= gunyah_user_mem_unclaim,
	.piece		= gunyah_user_mem_piece,
	.give		= gunyah_user_mem_give,
	.take_back	= gunyah_user_mem_take_back,
	.leak		= gunyah_user_mem_leak,
};

struct gunyah_mem_provider *gunyah_user_mem_create(u64 addr, u64 size, bool write)
{
	unsigned long start = untagged_addr((unsigned long)addr);
	unsigned long n_pinned = 0;
	struct gunyah_user_mem *um;
	int ret;

	if (!access_ok((void __user *)(unsigned long)addr, size))
		return ERR_PTR(-EFAULT);
	ret = gunyah_user_mem_check_range(current->mm, start, start + size);
	if (ret)
		return ERR_PTR(ret);

	um = gunyah_user_mem_alloc(PHYS_PFN(size), write);
	if (!um)
		return ERR_PTR(-ENOMEM);
	um->provider.ops = &gunyah_user_mem_provider_ops;

	ret = account_locked_vm(um->mm, um->nr_pages, true);
	if (ret)
		goto err_free;
	ret = gunyah_user_mem_pin(um, start, &n_pinned);
	if (ret)
		goto err_unpin;
	ret = gunyah_user_mem_register(um);
	if (ret)
		goto err_unpin;

	return &um->provider;

err_unpin:
	unpin_user_pages(um->pages, n_pinned);
	account_locked_vm(um->mm, um->nr_pages, false);
err_free:
	gunyah_user_mem_free(um);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_user_mem_create);

void gunyah_user_mem_exit(void)
{
	mtree_destroy(&gunyah_user_pages);
}
