// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest-memory file owns memory for guests: so much as was asked for when it
 * was made.  User space sees it through shared mappings, VMs through bindings,
 * for which it is a provider (mem_provider.h).  Its pages and their states are
 * in guest_pages.c.
 *
 * User space and a guest that has a range lent never meet in it: a range that is
 * in a mapping is not lent, even if no page of it was touched; one that is lent
 * can be mapped, but every touch is a SIGBUS.  A page-table entry is made with
 * the file's lock held, so no fault is under way when a range becomes lent.
 *
 * Lock order: mmap_lock, or the lock of a VM's bindings, then the file's lock, then
 * i_mmap_rwsem.  Nothing is copied from or to user space with the file's lock held.
 * Who wants memory back from a guest gives the file's lock up first, and holds the
 * owner of the claim by a reference meanwhile: see struct gunyah_mem_owner.
 */
#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kunit/visibility.h>
#include <uapi/linux/gunyah.h>

#include "guest_mem.h"
#include "guest_pages.h"
#include "mem_list.h"
#include "mem_page.h"
#include "mem_provider.h"

/* Pages that one page fault maps at most. */
#define GUNYAH_FAULT_AROUND	16

/* What fallocate() allocates before it lets others have the lock. */
#define GUNYAH_ALLOCATE_STEP	(SZ_128M >> PAGE_SHIFT)

/**
 * struct gunyah_guest_mem - a guest-memory file
 * @provider: what bindings see
 * @pages: its memory
 */
struct gunyah_guest_mem {
	struct gunyah_mem_provider provider;
	struct gunyah_guest_pages pages;
};

/*
 * Provider
 */

static struct gunyah_guest_pages *gunyah_guest_mem_pages(struct gunyah_mem_provider *provider)
{
	return &container_of(provider, struct gunyah_guest_mem, provider)->pages;
}

static void gunyah_guest_mem_get(struct gunyah_mem_provider *provider)
{
	get_file(gunyah_guest_mem_pages(provider)->file);
}

static void gunyah_guest_mem_put(struct gunyah_mem_provider *provider)
{
	fput(gunyah_guest_mem_pages(provider)->file);
}

static int gunyah_guest_mem_claim(struct gunyah_mem_provider *provider,
				  struct gunyah_mem_owner *owner, u64 gpa, u64 offset, u64 size)
{
	struct gunyah_guest_pages *gp = gunyah_guest_mem_pages(provider);
	pgoff_t last = PHYS_PFN(offset + size) - 1;
	int ret;

	if (last >= gp->nr_pages)
		return -EINVAL;
	if (gp->huge && !IS_ALIGNED(gpa | offset | size, GUNYAH_HUGE_SIZE))
		return -EINVAL;

	if (mutex_lock_killable(&gp->lock))
		return -EINTR;
	ret = gunyah_guest_pages_claim(gp, owner, PHYS_PFN(offset), last);
	mutex_unlock(&gp->lock);
	return ret;
}

static void gunyah_guest_mem_unclaim(struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
	struct gunyah_guest_pages *gp = gunyah_guest_mem_pages(provider);

	guard(mutex)(&gp->lock);
	gunyah_guest_pages_unclaim(gp, PHYS_PFN(offset), PHYS_PFN(offset + size) - 1);
}

/* Append the memory of [first, last], all of it allocated, to the list. */
static int gunyah_guest_mem_list(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last,
				 enum gunyah_mem_state state, struct gunyah_mem_list *list)
{
	pgoff_t start, end;
	struct folio *folio;
	int ret;

	MA_STATE(mas, &gp->folios, first, first);

	mas_for_each(&mas, folio, last) {
		start = max(mas.index, first);
		end = min(mas.last, last) + 1;
		/* First: what the kernel has found failed has a reference of it, too. */
		if (gunyah_mem_page_failed(folio_page(folio, start - mas.index), end - start))
			return -EIO;
		if (state == GUNYAH_MEM_LENT &&
		    gunyah_guest_pages_pinned(gp, folio, mas.index, first, last))
			return -EBUSY;

		ret = gunyah_mem_list_add(list, PFN_PHYS(folio_pfn(folio) + start - mas.index),
					  PFN_PHYS(end - start));
		if (ret)
			return ret;
		cond_resched();
	}

	return 0;
}

static int gunyah_guest_mem_piece(struct gunyah_mem_provider *provider, u64 offset, u64 *start,
				  u64 *size)
{
	struct gunyah_guest_pages *gp = gunyah_guest_mem_pages(provider);
	pgoff_t first = PHYS_PFN(*start), last = PHYS_PFN(*start + *size) - 1;
	int ret;

	if (mutex_lock_killable(&gp->lock))
		return -EINTR;
	ret = gunyah_guest_pages_piece(gp, PHYS_PFN(offset), &first, &last);
	if (!ret) {
		*start = PFN_PHYS((u64)first);
		*size = PFN_PHYS((u64)last + 1 - first);
	}
	mutex_unlock(&gp->lock);
	return ret;
}

static int gunyah_guest_mem_give_locked(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last,
					enum gunyah_mem_state state, struct gunyah_mem_list *list)
{
	int ret;

	lockdep_assert_held(&gp->lock);
	if (gunyah_guest_pages_has(gp, first, last, BIT(GUNYAH_MEM_LEAKED)))
		return -EIO;
	if (state == GUNYAH_MEM_LENT && gunyah_guest_pages_mapped(gp, first, last))
		return -EBUSY;

	ret = gunyah_guest_pages_fill(gp, first, last) ?:
	      gunyah_guest_mem_list(gp, first, last, state, list);
	if (ret)
		return ret;

	gunyah_guest_pages_set(gp, first, last, state);
	return 0;
}

static int gunyah_guest_mem_give(struct gunyah_mem_provider *provider, u64 offset, u64 size,
				 enum gunyah_mem_state state, struct gunyah_mem_list *list)
{
	struct gunyah_guest_pages *gp = gunyah_guest_mem_pages(provider);
	int ret;

	/* A vCPU that waits here can be killed. */
	if (mutex_lock_killable(&gp->lock))
		return -EINTR;
	ret = gunyah_guest_mem_give_locked(gp, PHYS_PFN(offset), PHYS_PFN(offset + size) - 1,
					   state, list);
	mutex_unlock(&gp->lock);
	return ret;
}

static void gunyah_guest_mem_take_back(struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
	struct gunyah_guest_pages *gp = gunyah_guest_mem_pages(provider);

	guard(mutex)(&gp->lock);
	gunyah_guest_pages_set(gp, PHYS_PFN(offset), PHYS_PFN(offset + size) - 1, GUNYAH_MEM_HOST);
}

static void gunyah_guest_mem_leak(struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
	struct gunyah_guest_pages *gp = gunyah_guest_mem_pages(provider);

	guard(mutex)(&gp->lock);
	gunyah_guest_pages_set(gp, PHYS_PFN(offset), PHYS_PFN(offset + size) - 1,
			       GUNYAH_MEM_LEAKED);
}

static const struct gunyah_mem_provider_ops gunyah_guest_mem_provider_ops = {
	.get		= gunyah_guest_mem_get,
	.put		= gunyah_guest_mem_put,
	.claim		= gunyah_guest_mem_claim,
	.unclaim	= gunyah_guest_mem_unclaim,
	.piece		= gunyah_guest_mem_piece,
	.give		= gunyah_guest_mem_give,
	.take_back	= gunyah_guest_mem_take_back,
	.leak		= gunyah_guest_mem_leak,
};

/*
 * Mappings of user space
 */

/* Map pages of the folio at @start, from the one that faulted up to @last. */
static vm_fault_t gunyah_guest_mem_map(struct vm_fault *vmf, struct folio *folio, pgoff_t start,
				       pgoff_t last)
{
	unsigned long addr = vmf->address & PAGE_MASK;
	struct page *pages[GUNYAH_FAULT_AROUND];
	unsigned long i, n;
	int ret;

	n = min3(last - vmf->pgoff + 1, start + folio_nr_pages(folio) - vmf->pgoff,
		 (vmf->vma->vm_end - addr) >> PAGE_SHIFT);
	n = min(n, ARRAY_SIZE(pages));
	for (i = 0; i < n; i++) {
		pages[i] = folio_page(folio, vmf->pgoff - start + i);
		if (PageHWPoison(pages[i]))
			break;
	}
	if (!i)
		return VM_FAULT_HWPOISON;

	ret = vm_insert_pages(vmf->vma, addr, pages, &i);
	/* -EBUSY: there is an entry, made by another thread or by a fault before. */
	if (!ret || ret == -EBUSY)
		return VM_FAULT_NOPAGE;

	return vmf_error(ret);
}

static vm_fault_t gunyah_guest_mem_fault_locked(struct vm_fault *vmf, struct gunyah_guest_pages *gp)
{
	enum gunyah_mem_state state;
	pgoff_t start, last;
	struct folio *folio;

	lockdep_assert_held(&gp->lock);
	if (vmf->pgoff >= gp->nr_pages)
		return VM_FAULT_SIGBUS;

	state = gunyah_guest_pages_state(gp, vmf->pgoff, &last);
	if (state == GUNYAH_MEM_LENT || state == GUNYAH_MEM_LEAKED)
		return VM_FAULT_SIGBUS;

	folio = gunyah_guest_pages_get(gp, vmf->pgoff, &start);
	/* The allocator has tried all it may: to fault again would not help. */
	if (IS_ERR(folio))
		return VM_FAULT_SIGBUS;

	return gunyah_guest_mem_map(vmf, folio, start, last);
}

/*
 * Take the lock, 0 then.  A start holds it while it allocates a guest's memory: who waits
 * for that does not keep others from the process's mappings, and begins anew afterwards;
 * unless that is the second time, or the caller of the fault handler can't do so.  Who is
 * killed meanwhile needs no page; to fault again would not end where the kernel touches
 * the page on behalf of the process.
 */
VISIBLE_IF_KUNIT vm_fault_t gunyah_guest_mem_fault_lock(struct vm_fault *vmf,
							struct gunyah_guest_pages *gp)
{
	struct file *file;

	if (mutex_trylock(&gp->lock))
		return 0;
	if (!fault_flag_allow_retry_first(vmf->flags))
		return mutex_lock_killable(&gp->lock) ? VM_FAULT_SIGBUS : 0;
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;

	/* The mapping may go then, and the file with it. */
	file = get_file(vmf->vma->vm_file);
	release_fault_lock(vmf);
	if (!mutex_lock_killable(&gp->lock))
		mutex_unlock(&gp->lock);
	fput(file);
	return VM_FAULT_RETRY;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_guest_mem_fault_lock);

static vm_fault_t gunyah_guest_mem_fault(struct vm_fault *vmf)
{
	struct gunyah_guest_mem *gm = vmf->vma->vm_file->private_data;
	struct gunyah_guest_pages *gp = &gm->pages;
	vm_fault_t ret;

	ret = gunyah_guest_mem_fault_lock(vmf, gp);
	if (ret)
		return ret;
	ret = gunyah_guest_mem_fault_locked(vmf, gp);
	mutex_unlock(&gp->lock);
	return ret;
}

static const struct vm_operations_struct gunyah_guest_mem_vm_ops = {
	.fault	= gunyah_guest_mem_fault,
};

static int gunyah_guest_mem_mmap(struct file *file, struct vm_area_struct *vma)
{
	/*
	 * Not for execution: for such an entry arm64 cleans the caches of the whole folio, by
	 * the direct map, and a part of it may be lent.
	 */
	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_flags & VM_EXEC)
		return -EINVAL;

	/*
	 * Mixed map: single pages of a folio are mapped, from the fault handler.
	 * That also keeps mlock, khugepaged and NUMA balancing off.
	 */
	vm_flags_mod(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	vma->vm_ops = &gunyah_guest_mem_vm_ops;
	return 0;
}

/*
 * The file
 */

/*
 * The next part of [*@first, *@last] that a guest has shared, and that is in one claim:
 * these are the two then.  False when there is none.
 */
static bool gunyah_guest_mem_next_shared(struct gunyah_guest_pages *gp, pgoff_t *first,
					 pgoff_t *last, struct gunyah_mem_owner **owner)
{
	pgoff_t end;

	*first = gunyah_guest_pages_find(gp, *first, *last, BIT(GUNYAH_MEM_SHARED));
	if (*first > *last)
		return false;

	*owner = gunyah_guest_pages_owner(gp, *first, &end);
	*last = min(*last, end);
	return true;
}

/* Can a hole be made in [@first, @last]?  Before anything changes. */
static int gunyah_guest_mem_may_punch(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last)
{
	struct gunyah_mem_owner *owner;
	pgoff_t end;

	lockdep_assert_held(&gp->lock);
	if (gunyah_guest_pages_has(gp, first, last, BIT(GUNYAH_MEM_LENT) | BIT(GUNYAH_MEM_LEAKED)))
		return -EBUSY;

	for (; first <= last; first = end + 1) {
		end = last;
		if (!gunyah_guest_mem_next_shared(gp, &first, &end, &owner))
			break;
		/* A parcel comes back as a whole or not at all. */
		if (!owner || !owner->ops->can_reclaim(owner))
			return -EOPNOTSUPP;
	}

	return 0;
}

/*
 * Up to the first page that a guest has shared, at *@first on return; @owner is who
 * can take it back then, referenced, and *@last the end of what that is good for.
 */
static int gunyah_guest_mem_punch_front(struct gunyah_guest_pages *gp, pgoff_t *first,
					pgoff_t *last, struct gunyah_mem_owner **owner)
{
	pgoff_t start = *first;
	int ret;

	*owner = NULL;
	if (mutex_lock_killable(&gp->lock))
		return -EINTR;
	ret = gunyah_guest_mem_may_punch(gp, *first, *last);
	if (!ret) {
		if (gunyah_guest_mem_next_shared(gp, first, last, owner))
			gunyah_mem_owner_get(*owner);
		if (*first > start)
			gunyah_guest_pages_punch(gp, start, *first - 1);
	}
	mutex_unlock(&gp->lock);
	return ret;
}

/*
 * A hole in a claim of @owner.  Its lock is held over the reclaim and the making of the
 * hole: so the guest, which may go on touching the memory, gets none of it between.
 */
static int gunyah_guest_mem_punch_claim(struct gunyah_guest_mem *gm,
					struct gunyah_mem_owner *owner, pgoff_t first, pgoff_t last)
{
	struct gunyah_guest_pages *gp = &gm->pages;
	int ret;

	if (mutex_lock_killable(owner->lock))
		return -EINTR;
	ret = owner->ops->reclaim(owner, &gm->provider, PFN_PHYS((u64)first),
				  PFN_PHYS((u64)last - first + 1));
	if (!ret) {
		mutex_lock(&gp->lock);
		/* Another has claimed and given it since the claim was found? */
		if (gunyah_guest_pages_has(gp, first, last, GUNYAH_GIVEN_STATES))
			ret = -EBUSY;
		else
			gunyah_guest_pages_punch(gp, first, last);
		mutex_unlock(&gp->lock);
	}
	mutex_unlock(owner->lock);
	return ret;
}

static int gunyah_guest_mem_punch(struct gunyah_guest_mem *gm, pgoff_t first, pgoff_t last)
{
	struct gunyah_mem_owner *owner;
	pgoff_t end;
	int ret;

	for (; first <= last; first = end + 1) {
		end = last;
		ret = gunyah_guest_mem_punch_front(&gm->pages, &first, &end, &owner);
		if (ret)
			return ret;
		if (!owner)
			break;

		ret = gunyah_guest_mem_punch_claim(gm, owner, first, end);
		gunyah_mem_owner_put(owner);
		if (ret)
			return ret;
	}

	return 0;
}

/* In steps: page faults of other threads wait for the lock. */
static int gunyah_guest_mem_allocate(struct gunyah_guest_pages *gp, pgoff_t first, pgoff_t last)
{
	pgoff_t end;
	int ret = 0;

	for (; !ret && first <= last; first = end + 1) {
		end = min(last, round_down(first, GUNYAH_ALLOCATE_STEP) + GUNYAH_ALLOCATE_STEP - 1);
		if (mutex_lock_killable(&gp->lock))
			return -EINTR;
		ret = gunyah_guest_pages_fill(gp, first, end);
		mutex_unlock(&gp->lock);
	}

	return ret;
}

static long gunyah_guest_mem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct gunyah_guest_mem *gm = file->private_data;
	struct gunyah_guest_pages *gp = &gm->pages;
	u64 size = PFN_PHYS((u64)gp->nr_pages);
	u64 end = (u64)offset + len;

	if (mode != FALLOC_FL_KEEP_SIZE && mode != (FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (!PAGE_ALIGNED(offset) || !PAGE_ALIGNED(len))
		return -EINVAL;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (offset >= size)
			return 0;
		return gunyah_guest_mem_punch(gm, PHYS_PFN(offset), PHYS_PFN(min(end, size)) - 1);
	}

	if (end > size)
		return -EINVAL;

	return gunyah_guest_mem_allocate(gp, PHYS_PFN(offset), PHYS_PFN(end) - 1);
}

/* The last user is gone: no mapping and no binding is left, pins may be. */
static int gunyah_guest_mem_release(struct inode *inode, struct file *file)
{
	struct gunyah_guest_mem *gm = file->private_data;

	gunyah_guest_pages_destroy(&gm->pages);
	kfree(gm);
	return 0;
}

static const struct file_operations gunyah_guest_mem_fops = {
	.owner		= THIS_MODULE,
	.mmap		= gunyah_guest_mem_mmap,
	.fallocate	= gunyah_guest_mem_fallocate,
	.release	= gunyah_guest_mem_release,
};

static int gunyah_guest_mem_setattr(struct mnt_idmap *idmap, struct dentry *dentry,
				    struct iattr *attr)
{
	/* The size stays what it was when the file was made. */
	if (attr->ia_valid & ATTR_SIZE)
		return -EINVAL;

	return simple_setattr(idmap, dentry, attr);
}

static const struct inode_operations gunyah_guest_mem_iops = {
	.setattr	= gunyah_guest_mem_setattr,
};

static int gunyah_guest_mem_check_args(const struct gunyah_create_mem_args *args)
{
	if (args->flags & ~(u64)(GHMF_CLOEXEC | GHMF_ALLOW_HUGEPAGE))
		return -EINVAL;
	if (memchr_inv(args->reserved, 0, sizeof(args->reserved)))
		return -EINVAL;
	if (!args->size || !PAGE_ALIGNED(args->size) || args->size > MAX_LFS_FILESIZE)
		return -EINVAL;
	if (args->flags & GHMF_ALLOW_HUGEPAGE && !IS_ALIGNED(args->size, GUNYAH_HUGE_SIZE))
		return -EINVAL;

	return 0;
}

struct file *gunyah_guest_mem_file(const struct gunyah_create_mem_args *args)
{
	struct gunyah_guest_mem *gm;
	struct inode *inode;
	struct file *file;
	int ret;

	ret = gunyah_guest_mem_check_args(args);
	if (ret)
		return ERR_PTR(ret);

	gm = kzalloc(sizeof(*gm), GFP_KERNEL_ACCOUNT);
	if (!gm)
		return ERR_PTR(-ENOMEM);
	gm->provider.ops = &gunyah_guest_mem_provider_ops;
	gunyah_guest_pages_init(&gm->pages, PHYS_PFN(args->size),
				args->flags & GHMF_ALLOW_HUGEPAGE);

	file = anon_inode_create_getfile("[gunyah-mem]", &gunyah_guest_mem_fops, gm, O_RDWR, NULL);
	if (IS_ERR(file)) {
		gunyah_guest_pages_destroy(&gm->pages);
		kfree(gm);
		return file;
	}
	gm->pages.file = file;

	inode = file_inode(file);
	inode->i_op = &gunyah_guest_mem_iops;
	inode->i_mode |= S_IFREG;
	i_size_write(inode, args->size);
	file->f_flags |= O_LARGEFILE;
	return file;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_guest_mem_file);

struct gunyah_mem_provider *gunyah_guest_mem_provider(struct file *file)
{
	struct gunyah_guest_mem *gm;

	if (file->f_op != &gunyah_guest_mem_fops)
		return NULL;

	gm = file->private_data;
	return &gm->provider;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_guest_mem_provider);

int gunyah_guest_mem_create(const struct gunyah_create_mem_args *args)
{
	struct file *file;
	int fd;

	file = gunyah_guest_mem_file(args);
	if (IS_ERR(file))
		return PTR_ERR(file);

	fd = get_unused_fd_flags(args->flags & GHMF_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0) {
		fput(file);
		return fd;
	}

	fd_install(fd, file);
	return fd;
}
