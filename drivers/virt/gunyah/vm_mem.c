// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of one VM.
 *
 * A binding ties a range of a provider (mem_provider.h) to guest addresses.
 * Bindings stand as long as the user wants them, over any number of runs; the
 * memory behind them is given to the VM when it starts and comes back when it
 * has ended.  How it is given is in vm_eager.c and vm_paging.c, one for each flow.
 *
 * Words: the run of a VM's memory is the lent bindings that follow one another
 * without a gap in guest addresses and hold the device tree.  It is the guest's
 * RAM.  The firmware of a protected VM may be in the run, or apart from it in a
 * binding of its own, which may be next to it.
 *
 * Invariants:
 * - Bindings of a VM don't overlap, neither do those of all VMs in one provider.
 * - Parcels exist while @given, and in the eager flow each binding is in one then.
 */
#define pr_fmt(fmt) "gunyah: " fmt

#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <kunit/visibility.h>
#include <uapi/linux/gunyah.h>

#include "guest_mem.h"
#include "rm_calls.h"
#include "vm_mem.h"
#include "vm_parcel.h"

/* The resource manager's page. */
#define GUNYAH_RM_PAGE_SIZE	SZ_4K

#define GUNYAH_MEM_FLAGS \
	(GUNYAH_MEM_ACCESS_MASK | GUNYAH_MEM_ALLOW_RWX | GUNYAH_MEM_UNMAP)

/*
 * What providers ask for
 */

static bool gunyah_vm_mem_can_reclaim(const struct gunyah_mem_owner *owner)
{
	/* Set before anything is given, and cleared when all has come back. */
	return READ_ONCE(container_of(owner, struct gunyah_vm_mem, owner)->paged);
}

/* What is lent stays: the user is to take it back first. */
static int gunyah_vm_mem_reclaim_shared(struct gunyah_mem_owner *owner,
					struct gunyah_mem_provider *provider, u64 offset, u64 size)
{
	struct gunyah_vm_mem *mem = container_of(owner, struct gunyah_vm_mem, owner);
	struct gunyah_vm_binding *b;
	u64 start, end;
	int ret;

	lockdep_assert_held(&mem->lock);

	/* The run has ended since it was asked for, and all is back. */
	if (!mem->given)
		return 0;
	/* It is just being started or ended. */
	if (!mem->pieces.active)
		return -EBUSY;

	list_for_each_entry(b, &mem->bindings, list) {
		start = max(offset, b->offset);
		end = min(offset + size, b->offset + b->size);
		if (b->provider != provider || start >= end || !gunyah_vm_binding_shared(b))
			continue;
		ret = gunyah_vm_pieces_reclaim(&mem->pieces, b->gpa + (start - b->offset),
					       end - start);
		if (ret)
			return ret;
	}

	return 0;
}

static const struct gunyah_mem_owner_ops gunyah_vm_mem_owner_ops = {
	.can_reclaim	= gunyah_vm_mem_can_reclaim,
	.reclaim	= gunyah_vm_mem_reclaim_shared,
};

void gunyah_vm_mem_init(struct gunyah_vm_mem *mem)
{
	mutex_init(&mem->lock);
	INIT_LIST_HEAD(&mem->bindings);
	INIT_LIST_HEAD(&mem->parcels);
	INIT_LIST_HEAD(&mem->image_parts);
	mem->given = false;
	mem->fw_gpa = 0;
	mem->fw_size = 0;
	mem->owner.ops = &gunyah_vm_mem_owner_ops;
	mem->owner.lock = &mem->lock;
	atomic_set(&mem->owner.users, 0);
	gunyah_vm_pieces_init(&mem->pieces, &mem->lock);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_init);

void gunyah_vm_mem_set_firmware(struct gunyah_vm_mem *mem, u64 gpa, u64 size)
{
	guard(mutex)(&mem->lock);
	mem->fw_gpa = gpa;
	mem->fw_size = size;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_set_firmware);

struct gunyah_rm_mem_entry gunyah_vm_mem_firmware(const struct gunyah_vm_mem *mem)
{
	u64 base = mem->fw_gpa & PAGE_MASK;

	return (struct gunyah_rm_mem_entry) {
		.ipa	= base,
		.size	= PAGE_ALIGN(mem->fw_gpa - base + mem->fw_size),
	};
}

/*
 * Bindings
 */

static struct gunyah_vm_binding *gunyah_vm_binding_alloc(struct gunyah_mem_provider *provider,
							 u64 gpa, u64 offset, u64 size, u32 flags)
{
	struct gunyah_vm_binding *b;

	b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	if (!b)
		return NULL;

	INIT_LIST_HEAD(&b->list);
	INIT_LIST_HEAD(&b->parcel_list);
	b->provider = provider;
	b->gpa = gpa;
	b->offset = offset;
	b->size = size;
	b->flags = flags;
	provider->ops->get(provider);
	return b;
}

static void gunyah_vm_binding_free(struct gunyah_vm_binding *b)
{
	list_del(&b->list);
	b->provider->ops->put(b->provider);
	kfree_rcu(b, rcu);
}

static int gunyah_vm_mem_check_args(const struct gunyah_map_mem_args *args)
{
	u64 end;

	if (args->flags & ~(u32)GUNYAH_MEM_FLAGS)
		return -EINVAL;
	if ((args->flags & GUNYAH_MEM_ACCESS_MASK) > GUNYAH_MEM_FORCE_SHARE)
		return -EINVAL;
	if (!(args->flags & GUNYAH_MEM_ALLOW_READ))
		return -EINVAL;
	if (!args->size || !PAGE_ALIGNED(args->guest_addr | args->offset | args->size))
		return -EINVAL;
	if (check_add_overflow(args->guest_addr, args->size, &end) ||
	    check_add_overflow(args->offset, args->size, &end))
		return -EOVERFLOW;

	return 0;
}

/* What a binding of a free range is inserted before; or ERR_PTR(-EEXIST). */
static struct list_head *gunyah_vm_mem_behind(struct gunyah_vm_mem *mem, u64 gpa, u64 size)
{
	struct gunyah_vm_binding *next;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(next, &mem->bindings, list) {
		if (next->gpa >= gpa + size)
			return &next->list;
		if (gunyah_vm_binding_end(next) > gpa)
			return ERR_PTR(-EEXIST);
	}

	return &mem->bindings;
}

/* @label is NULL where the guest address says it. */
static int gunyah_vm_mem_bind(struct gunyah_vm_mem *mem, struct gunyah_mem_provider *provider,
			      const struct gunyah_map_mem_args *args, const u32 *label)
{
	struct gunyah_vm_binding *b;
	struct list_head *next;
	int ret;

	lockdep_assert_held(&mem->lock);

	next = gunyah_vm_mem_behind(mem, args->guest_addr, args->size);
	if (IS_ERR(next))
		return PTR_ERR(next);

	/* With that everything was checked. */
	ret = provider->ops->claim(provider, &mem->owner, args->guest_addr, args->offset,
				   args->size);
	if (ret)
		return ret;

	b = gunyah_vm_binding_alloc(provider, args->guest_addr, args->offset, args->size,
				    args->flags);
	if (!b) {
		provider->ops->unclaim(provider, args->offset, args->size);
		return -ENOMEM;
	}
	if (label) {
		b->labelled = true;
		b->label = *label;
	}

	list_add_tail(&b->list, next);
	if (!mem->paged)
		return 0;

	/* From here on the guest can have it; what it can't ask for it has on return. */
	b->unnamed = gunyah_vm_binding_shared(b) ||
		     !gunyah_vm_pieces_named(&mem->pieces, b->gpa, b->size);
	ret = gunyah_vm_pieces_bind(&mem->pieces, b);
	if (!ret && b->unnamed) {
		ret = gunyah_vm_pieces_give_all(&mem->pieces, b);
		if (ret)
			gunyah_vm_pieces_unbind(&mem->pieces, b->gpa, b->size);
	}
	if (ret) {
		provider->ops->unclaim(provider, args->offset, args->size);
		gunyah_vm_binding_free(b);
	}
	return ret;
}

/* The binding that has all of the range, as it is named. */
static struct gunyah_vm_binding *gunyah_vm_mem_find(struct gunyah_vm_mem *mem,
						    struct gunyah_mem_provider *provider,
						    const struct gunyah_map_mem_args *args)
{
	u64 end = args->guest_addr + args->size;
	struct gunyah_vm_binding *b;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (b->gpa > args->guest_addr || gunyah_vm_binding_end(b) < end)
			continue;
		if (b->provider == provider && b->flags == (args->flags & ~GUNYAH_MEM_UNMAP) &&
		    args->offset - b->offset == args->guest_addr - b->gpa)
			return b;
	}

	return NULL;
}

static int gunyah_vm_mem_unbind(struct gunyah_vm_mem *mem, struct gunyah_mem_provider *provider,
				const struct gunyah_map_mem_args *args)
{
	struct gunyah_vm_binding *b = gunyah_vm_mem_find(mem, provider, args);
	struct gunyah_vm_binding *tail;
	u64 front, back;
	int ret;

	if (!b)
		return -ENOENT;

	if (mem->paged) {
		ret = gunyah_vm_pieces_reclaim(&mem->pieces, args->guest_addr, args->size);
		if (ret)
			return ret;
	}

	/* What stays of it before and behind. */
	front = args->guest_addr - b->gpa;
	back = b->size - front - args->size;

	if (front && back) {
		tail = gunyah_vm_binding_alloc(provider, args->guest_addr + args->size,
					       args->offset + args->size, back, b->flags);
		if (!tail)
			return -ENOMEM;
		tail->unnamed = b->unnamed;
		list_add(&tail->list, &b->list);
		ret = mem->paged ? gunyah_vm_pieces_bind(&mem->pieces, tail) : 0;
		if (ret) {
			gunyah_vm_binding_free(tail);
			return ret;
		}
	}

	if (mem->paged)
		gunyah_vm_pieces_unbind(&mem->pieces, args->guest_addr, args->size);
	provider->ops->unclaim(provider, args->offset, args->size);
	if (front) {
		b->size = front;
	} else if (back) {
		b->gpa += args->size;
		b->offset += args->size;
		b->size = back;
	} else {
		gunyah_vm_binding_free(b);
	}

	return 0;
}

/* Can bindings be changed now? */
static int gunyah_vm_mem_may_change(const struct gunyah_vm_mem *mem)
{
	lockdep_assert_held(&mem->lock);

	if (!mem->given)
		return 0;
	if (!mem->paged)
		return -EOPNOTSUPP;
	/* The VM is just being started or ended. */
	return mem->pieces.active ? 0 : -EBUSY;
}

static int gunyah_vm_mem_may_bind(const struct gunyah_vm_mem *mem,
				  const struct gunyah_map_mem_args *args)
{
	const struct gunyah_rm_mem_entry fw = gunyah_vm_mem_firmware(mem);
	int ret = gunyah_vm_mem_may_change(mem);

	if (ret || !mem->given)
		return ret;
	/* What the guest trusts is not to be replaced. */
	return fw.ipa < args->guest_addr + args->size && args->guest_addr < fw.ipa + fw.size ?
	       -EOPNOTSUPP : 0;
}

static int gunyah_vm_mem_map_locked(struct gunyah_vm_mem *mem, struct gunyah_mem_provider *provider,
				    const struct gunyah_map_mem_args *args, const u32 *label)
{
	int ret;

	lockdep_assert_held(&mem->lock);

	if (args->flags & GUNYAH_MEM_UNMAP)
		ret = gunyah_vm_mem_may_change(mem) ?: gunyah_vm_mem_unbind(mem, provider, args);
	else
		ret = gunyah_vm_mem_may_bind(mem, args) ?:
		      gunyah_vm_mem_bind(mem, provider, args, label);
	return ret;
}

int gunyah_vm_mem_map_provider(struct gunyah_vm_mem *mem, struct gunyah_mem_provider *provider,
			       const struct gunyah_map_mem_args *args, const u32 *label)
{
	int ret;

	/* A start holds the lock while it allocates and gives the memory. */
	if (mutex_lock_killable(&mem->lock))
		return -EINTR;
	ret = gunyah_vm_mem_map_locked(mem, provider, args, label);
	mutex_unlock(&mem->lock);
	return ret;
}

int gunyah_vm_mem_map(struct gunyah_vm_mem *mem, const struct gunyah_map_mem_args *args)
{
	struct gunyah_mem_provider *provider;
	int ret;

	ret = gunyah_vm_mem_check_args(args);
	if (ret)
		return ret;

	CLASS(fd, f)(args->guest_mem_fd);
	if (!fd_file(f))
		return -EBADF;
	provider = gunyah_guest_mem_provider(fd_file(f));
	if (!provider)
		return -EINVAL;

	return gunyah_vm_mem_map_provider(mem, provider, args, NULL);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_map);

int gunyah_vm_mem_is_free(struct gunyah_vm_mem *mem, const struct gunyah_map_mem_args *args)
{
	struct list_head *next;
	int ret;

	if (mutex_lock_killable(&mem->lock))
		return -EINTR;
	next = gunyah_vm_mem_behind(mem, args->guest_addr, args->size);
	ret = gunyah_vm_mem_may_bind(mem, args) ?: PTR_ERR_OR_ZERO(next);
	mutex_unlock(&mem->lock);
	return ret;
}

/*
 * What is given
 */

/* Is @b for the firmware alone?  That may begin and end within pages of this kernel. */
static bool gunyah_vm_mem_is_firmware(const struct gunyah_vm_mem *mem,
				      const struct gunyah_vm_binding *b)
{
	const struct gunyah_rm_mem_entry fw = gunyah_vm_mem_firmware(mem);

	return gunyah_vm_mem_range_inside(b->gpa, b->size, fw.ipa, fw.size);
}

/* Does @b go on where the binding before it ends, both being lent? */
static bool gunyah_vm_mem_follows(struct gunyah_vm_mem *mem, struct gunyah_vm_binding *b)
{
	struct gunyah_vm_binding *prev;

	if (list_is_first(&b->list, &mem->bindings))
		return false;

	prev = list_prev_entry(b, list);
	return gunyah_vm_binding_end(prev) == b->gpa && !gunyah_vm_binding_shared(prev) &&
	       !gunyah_vm_binding_shared(b) &&
	       gunyah_vm_mem_is_firmware(mem, prev) == gunyah_vm_mem_is_firmware(mem, b);
}

int gunyah_vm_mem_find_image(struct gunyah_vm_mem *mem, u64 dtb_gpa, u64 dtb_size,
			     struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *b;
	u64 base = 0, end = 0;

	lockdep_assert_held(&mem->lock);

	if (!dtb_size || dtb_size > U64_MAX - GUNYAH_RM_PAGE_SIZE ||
	    !IS_ALIGNED(dtb_gpa, GUNYAH_RM_PAGE_SIZE))
		return -EINVAL;
	dtb_size = ALIGN(dtb_size, GUNYAH_RM_PAGE_SIZE);

	list_for_each_entry(b, &mem->bindings, list) {
		if (!gunyah_vm_mem_follows(mem, b)) {
			if (end > dtb_gpa)
				break;
			base = b->gpa;
		}
		end = gunyah_vm_binding_end(b);
		if (end > dtb_gpa && b->gpa <= dtb_gpa && gunyah_vm_binding_shared(b))
			return -EOPNOTSUPP;
	}

	if (dtb_gpa < base || dtb_gpa >= end || dtb_size > end - dtb_gpa)
		return -EINVAL;

	*image = (struct gunyah_vm_image) {
		.handle		= GUNYAH_RM_MEM_HANDLE_INVALID,
		.ram		= base,
		.base		= base,
		.size		= end - base,
		.dtb_offset	= dtb_gpa - base,
		.dtb_size	= dtb_size,
	};
	return 0;
}

/* The last one first.  @rm is NULL when the resource manager is not to be asked. */
void gunyah_vm_mem_end_locked(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, bool sanitize)
{
	struct gunyah_vm_parcel *parcel, *next;
	struct gunyah_vm_binding *part, *next_part;
	unsigned int n_leaked;
	u64 leaked, size;

	lockdep_assert_held(&mem->lock);

	gunyah_vm_pieces_stop(&mem->pieces);
	n_leaked = mem->pieces.n_leaked;
	leaked = mem->pieces.leaked;

	list_for_each_entry_safe_reverse(parcel, next, &mem->parcels, list) {
		list_del(&parcel->list);
		size = gunyah_vm_parcel_destroy(parcel, rm, sanitize);
		leaked += size;
		n_leaked += !!size;
		cond_resched();
	}
	list_for_each_entry_safe(part, next_part, &mem->image_parts, list) {
		list_del(&part->list);
		kfree(part);
	}
	gunyah_vm_pieces_end(&mem->pieces);
	mem->given = false;
	WRITE_ONCE(mem->paged, false);
	mem->unsure = false;
	mem->n_leaked += n_leaked;

	if (n_leaked)
		pr_err("%llu KiB of guest memory did not come back (%u parcels or pieces): lost until the next boot\n",
		       leaked / SZ_1K, n_leaked);
}

unsigned int gunyah_vm_mem_take_back(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, bool sanitize)
{
	unsigned int n_leaked;

	guard(mutex)(&mem->lock);
	gunyah_vm_mem_end_locked(mem, rm, sanitize);
	n_leaked = mem->n_leaked;
	mem->n_leaked = 0;
	return n_leaked;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_take_back);

unsigned int gunyah_vm_mem_abandon(struct gunyah_vm_mem *mem)
{
	return gunyah_vm_mem_take_back(mem, NULL, false);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_abandon);

void gunyah_vm_mem_destroy(struct gunyah_vm_mem *mem)
{
	struct gunyah_vm_binding *b, *next;

	/* A vCPU's thread may be about to take the lock: it stays good, and finds nothing. */
	scoped_guard(mutex, &mem->lock) {
		gunyah_vm_mem_end_locked(mem, NULL, false);
		list_for_each_entry_safe(b, next, &mem->bindings, list) {
			b->provider->ops->unclaim(b->provider, b->offset, b->size);
			gunyah_vm_binding_free(b);
			cond_resched();
		}
	}
	/* So may be who makes a hole in a file that was bound here. */
	gunyah_mem_owner_wait(&mem->owner);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_destroy);
