// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions of user memory: SET_USER_MEM_REGION.
 *
 * A region is a provider of its own (user_mem.c) and one binding of all of it
 * (vm_mem.c).  It has a label, by which the user takes it out again, and which is
 * that of its parcel where it is one.
 *
 * Only the process that made the VM adds regions and takes them out: what it pins
 * is charged to it, also when the VM's file has been passed on.
 *
 * Lock order: the lock here, then the process's mmap_lock; or then that of struct
 * gunyah_vm_mem.  Pages are pinned and unpinned with this one held alone, so that a
 * start never waits for that.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <kunit/visibility.h>
#include <uapi/linux/gunyah.h>

#include "mem_provider.h"
#include "user_mem.h"
#include "vm_mem.h"
#include "vm_user_mem.h"

#define GUNYAH_USER_MEM_FLAGS \
	(GUNYAH_USER_MEM_READ | GUNYAH_USER_MEM_WRITE | GUNYAH_USER_MEM_EXEC | GUNYAH_USER_MEM_LENT)

/**
 * struct gunyah_vm_user_region - a region
 * @provider: its pages, referenced
 * @args: its binding
 */
struct gunyah_vm_user_region {
	struct gunyah_mem_provider *provider;
	struct gunyah_map_mem_args args;
};

void gunyah_vm_user_mem_init(struct gunyah_vm_user_mem *um)
{
	um->mm = current->mm;
	mmgrab(um->mm);
	mutex_init(&um->lock);
	xa_init_flags(&um->regions, XA_FLAGS_ACCOUNT);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_user_mem_init);

static void gunyah_vm_user_region_free(struct gunyah_vm_user_region *region)
{
	region->provider->ops->put(region->provider);
	kfree(region);
}

void gunyah_vm_user_mem_destroy(struct gunyah_vm_user_mem *um)
{
	struct gunyah_vm_user_region *region;
	unsigned long label;

	xa_for_each(&um->regions, label, region) {
		gunyah_vm_user_region_free(region);
		cond_resched();
	}
	xa_destroy(&um->regions);
	mutex_destroy(&um->lock);
	mmdrop(um->mm);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_user_mem_destroy);

static int gunyah_vm_user_mem_check(const struct gunyah_userspace_memory_region *what)
{
	u64 end;

	if (what->flags & ~(u32)GUNYAH_USER_MEM_FLAGS)
		return -EINVAL;
	if (!what->memory_size)
		return 0;
	if (!(what->flags & GUNYAH_USER_MEM_READ))
		return -EINVAL;
	if (!PAGE_ALIGNED(what->guest_phys_addr | what->memory_size | what->userspace_addr))
		return -EINVAL;
	if (check_add_overflow(what->guest_phys_addr, what->memory_size, &end) ||
	    check_add_overflow(what->userspace_addr, what->memory_size, &end))
		return -EOVERFLOW;

	return 0;
}

/* The binding of a region, in the words of MAP_MEM. */
static void gunyah_vm_user_region_args(const struct gunyah_userspace_memory_region *what,
				       struct gunyah_map_mem_args *args)
{
	*args = (struct gunyah_map_mem_args) {
		.guest_addr	= what->guest_phys_addr,
		.flags		= what->flags & GUNYAH_USER_MEM_LENT ?
				  GUNYAH_MEM_FORCE_LEND : GUNYAH_MEM_FORCE_SHARE,
		.guest_mem_fd	= -1,
		.size		= what->memory_size,
	};

	if (what->flags & GUNYAH_USER_MEM_READ)
		args->flags |= GUNYAH_MEM_ALLOW_READ;
	if (what->flags & GUNYAH_USER_MEM_WRITE)
		args->flags |= GUNYAH_MEM_ALLOW_WRITE;
	if (what->flags & GUNYAH_USER_MEM_EXEC)
		args->flags |= GUNYAH_MEM_ALLOW_EXEC;
}

/* Pins its pages. */
static struct gunyah_vm_user_region *
gunyah_vm_user_region_create(const struct gunyah_userspace_memory_region *what,
			     const struct gunyah_map_mem_args *args)
{
	bool write = what->flags & (GUNYAH_USER_MEM_WRITE | GUNYAH_USER_MEM_LENT);
	struct gunyah_vm_user_region *region;
	struct gunyah_mem_provider *provider;

	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return ERR_PTR(-ENOMEM);

	provider = gunyah_user_mem_create(what->userspace_addr, what->memory_size, write);
	if (IS_ERR(provider)) {
		kfree(region);
		return ERR_CAST(provider);
	}

	region->provider = provider;
	region->args = *args;
	return region;
}

static int gunyah_vm_user_mem_add(struct gunyah_vm_user_mem *um, struct gunyah_vm_mem *mem,
				  const struct gunyah_userspace_memory_region *what)
{
	struct gunyah_vm_user_region *region;
	struct gunyah_map_mem_args args;
	int ret;

	lockdep_assert_held(&um->lock);

	if (xa_load(&um->regions, what->label))
		return -EEXIST;
	gunyah_vm_user_region_args(what, &args);
	ret = gunyah_vm_mem_is_free(mem, &args);
	if (ret)
		return ret;

	region = gunyah_vm_user_region_create(what, &args);
	if (IS_ERR(region))
		return PTR_ERR(region);
	ret = xa_insert(&um->regions, what->label, region, GFP_KERNEL);
	if (ret)
		goto err_free;
	/* A start may have come first. */
	ret = gunyah_vm_mem_map_provider(mem, region->provider, &region->args, &what->label);
	if (ret)
		goto err_erase;

	return 0;

err_erase:
	xa_erase(&um->regions, what->label);
err_free:
	gunyah_vm_user_region_free(region);
	return ret;
}

static int gunyah_vm_user_mem_remove(struct gunyah_vm_user_mem *um, struct gunyah_vm_mem *mem,
				     u32 label)
{
	struct gunyah_vm_user_region *region = xa_load(&um->regions, label);
	struct gunyah_map_mem_args args;
	int ret;

	lockdep_assert_held(&um->lock);

	if (!region)
		return -ENOENT;
	args = region->args;
	args.flags |= GUNYAH_MEM_UNMAP;
	ret = gunyah_vm_mem_map_provider(mem, region->provider, &args, &label);
	if (ret)
		return ret;

	xa_erase(&um->regions, label);
	gunyah_vm_user_region_free(region);
	return 0;
}

int gunyah_vm_user_mem_set(struct gunyah_vm_user_mem *um, struct gunyah_vm_mem *mem,
			   const struct gunyah_userspace_memory_region *what)
{
	int ret;

	ret = gunyah_vm_user_mem_check(what);
	if (ret)
		return ret;
	if (um->mm != current->mm)
		return -EPERM;

	if (mutex_lock_killable(&um->lock))
		return -EINTR;
	if (what->memory_size)
		ret = gunyah_vm_user_mem_add(um, mem, what);
	else
		ret = gunyah_vm_user_mem_remove(um, mem, what->label);
	mutex_unlock(&um->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_user_mem_set);
