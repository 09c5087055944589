// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lent pages leave the kernel's direct map.
 *
 * The hypervisor takes a lent page out of this VM's stage 2; an access of the
 * kernel would be an external abort.  Nobody has a reason to touch such a page,
 * but the kernel may read a few bytes past the page before it
 * (load_unaligned_zeropad()), and a CPU may speculate into it.  Both are
 * harmless once the page has no translation: so a page leaves the direct map
 * before it is lent, and comes back after it was reclaimed.
 *
 * The functions of mm/ and arch/ that do this are not exported, and are not to
 * be: this file is built in also when the driver is a module, and its calls are
 * for that driver alone (symbol namespace GUNYAH_DIRECT_MAP).
 *
 * Invariant: the direct map of these pages is made of page-sized entries, which
 * is what can_set_direct_map() says; so nothing is ever split, and putting back
 * needs no memory.
 *
 * An image of all memory (hibernation) is not made while a page is out: it is read for
 * that, by a translation made for the moment, and aborts.  Nor is one loaded.  That is
 * seen to here, for pages that were lost stay out when the driver is unbound, or gone.
 */
#define pr_fmt(fmt) "gunyah: " fmt

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/set_memory.h>
#include <linux/sizes.h>
#include <linux/suspend.h>

#include "direct_map.h"

/* What is changed between two chances for others to run. */
#define GUNYAH_DIRECT_MAP_STEP	((unsigned long)SZ_256M >> PAGE_SHIFT)

/* Pages that are out, or about to be. */
static atomic_long_t gunyah_direct_map_away;
/* An image of memory is about to be made or loaded: no page goes out. */
static bool gunyah_direct_map_image;

bool gunyah_direct_map_can_change(void)
{
	return can_set_direct_map();
}
EXPORT_SYMBOL_NS_GPL(gunyah_direct_map_can_change, GUNYAH_DIRECT_MAP);

static int gunyah_direct_map_check(phys_addr_t phys, size_t size)
{
	unsigned long nr = size >> PAGE_SHIFT;

	if (!can_set_direct_map())
		return -EOPNOTSUPP;
	if (!nr || !PAGE_ALIGNED(phys | size) ||
	    !pfn_is_map_memory(PHYS_PFN(phys)) ||
	    !pfn_is_map_memory(PHYS_PFN(phys) + nr - 1))
		return -EINVAL;

	return 0;
}

/*
 * A page that is not there has been taken out by somebody, who may not put it back: it
 * was leaked by this driver before it was loaded anew, say, and the process that it was
 * pinned for still has it.  So nobody else may take it out, and then put it back.
 */
static bool gunyah_direct_map_present(phys_addr_t phys, size_t size)
{
	unsigned long pfn, end = PHYS_PFN(phys + size);

	for (pfn = PHYS_PFN(phys); pfn < end; pfn++) {
		if (!kernel_page_present(pfn_to_page(pfn)))
			return false;
		if (!(pfn % GUNYAH_DIRECT_MAP_STEP))
			cond_resched();
	}

	return true;
}

static int gunyah_direct_map_set(phys_addr_t phys, size_t size, bool valid)
{
	unsigned long addr, nr = size >> PAGE_SHIFT;
	int n, ret;

	/* Flushes the TLBs too.  A guest's memory may be one piece of many GiB. */
	for (addr = (unsigned long)phys_to_virt(phys); nr; addr += (unsigned long)n << PAGE_SHIFT) {
		n = min(nr, GUNYAH_DIRECT_MAP_STEP);
		ret = set_memory_valid(addr, n, valid);
		if (ret)
			return ret;
		nr -= n;
		cond_resched();
	}

	return 0;
}

int gunyah_direct_map_remove(phys_addr_t phys, size_t size)
{
	int ret = gunyah_direct_map_check(phys, size);

	if (ret)
		return ret;

	atomic_long_add(PHYS_PFN(size), &gunyah_direct_map_away);
	/* Either this sees that there is to be an image, or who makes it sees the pages. */
	smp_mb__after_atomic();
	if (READ_ONCE(gunyah_direct_map_image)) {
		ret = -EBUSY;
	} else if (!gunyah_direct_map_present(phys, size)) {
		ret = -EIO;
	} else {
		ret = gunyah_direct_map_set(phys, size, false);
		/* Stopped half-way?  Making valid what is valid changes nothing. */
		if (ret)
			gunyah_direct_map_set(phys, size, true);
	}

	if (ret)
		atomic_long_sub(PHYS_PFN(size), &gunyah_direct_map_away);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(gunyah_direct_map_remove, GUNYAH_DIRECT_MAP);

int gunyah_direct_map_restore(phys_addr_t phys, size_t size)
{
	int ret;

	ret = gunyah_direct_map_check(phys, size) ?: gunyah_direct_map_set(phys, size, true);
	if (!ret)
		atomic_long_sub(PHYS_PFN(size), &gunyah_direct_map_away);

	return ret;
}
EXPORT_SYMBOL_NS_GPL(gunyah_direct_map_restore, GUNYAH_DIRECT_MAP);

#ifdef CONFIG_HIBERNATION
static int gunyah_direct_map_prepare(void)
{
	unsigned long away;

	WRITE_ONCE(gunyah_direct_map_image, true);
	/* See gunyah_direct_map_remove(). */
	smp_mb();
	away = atomic_long_read(&gunyah_direct_map_away);
	if (!away)
		return 0;

	WRITE_ONCE(gunyah_direct_map_image, false);
	pr_err("no hibernation: %lu KiB are lent or lost\n", away * (PAGE_SIZE / SZ_1K));
	return -EBUSY;
}

static int gunyah_direct_map_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		return notifier_from_errno(gunyah_direct_map_prepare());
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		WRITE_ONCE(gunyah_direct_map_image, false);
		return NOTIFY_OK;
	default:
		return NOTIFY_DONE;
	}
}

static struct notifier_block gunyah_direct_map_nb = {
	.notifier_call = gunyah_direct_map_notify,
};

static int __init gunyah_direct_map_init(void)
{
	return register_pm_notifier(&gunyah_direct_map_nb);
}
device_initcall(gunyah_direct_map_init);
#endif
