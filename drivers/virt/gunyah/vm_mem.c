// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of one VM.
 *
 * A binding ties a range of a provider (mem_provider.h) to guest addresses.
 * Bindings stand as long as the user wants them, over any number of runs; the
 * memory behind them is given to the VM when it starts and comes back when it
 * has ended.  How it is given here is the eager flow, the one of the published
 * resource manager: all of it before the VM starts, as parcels.  The demand-paged
 * flow is in vm_paging.c.
 *
 * Words: the run of a VM's memory is the lent bindings that follow one another
 * without a gap in guest addresses and hold the device tree.  It is the guest's
 * RAM, and one parcel, the image parcel: the published resource manager (Dec
 * 2023) takes one only, which must be lent with all rights.  The firmware of a
 * protected VM may be in the run, or apart from it in a binding of its own, which
 * may be next to it.
 *
 * Invariants:
 * - Bindings of a VM don't overlap, neither do those of all VMs in one provider.
 * - Parcels exist while @given, and in the eager flow each binding is in one then.
 *
 * Everything that can be refused is looked at before the first page is touched;
 * what fails later is undone in reverse order.
 */
#define pr_fmt(fmt) "gunyah: " fmt

#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <kunit/visibility.h>
#include <uapi/linux/gunyah.h>

#include "guest_mem.h"
#include "rm_calls.h"
#include "vm_mem.h"
#include "vm_parcel.h"

/* The resource manager's page and the alignment of a guest's memory base. */
#define GUNYAH_RM_PAGE_SIZE	SZ_4K
#define GUNYAH_IMAGE_ALIGN	SZ_2M

#define GUNYAH_MEM_FLAGS \
	(GUNYAH_MEM_ACCESS_MASK | GUNYAH_MEM_ALLOW_RWX | GUNYAH_MEM_UNMAP)

void gunyah_vm_mem_init(struct gunyah_vm_mem *mem)
{
	mutex_init(&mem->lock);
	INIT_LIST_HEAD(&mem->bindings);
	INIT_LIST_HEAD(&mem->parcels);
	INIT_LIST_HEAD(&mem->image_parts);
	mem->given = false;
	mem->fw_gpa = 0;
	mem->fw_size = 0;
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

/*
 * Bindings
 */

/* The message has no guest address; the monitor writes the same into a shm node. */
static u32 gunyah_vm_mem_address_label(u64 gpa)
{
	return lower_32_bits(gpa >> 12);
}

static u32 gunyah_vm_binding_label(const struct gunyah_vm_binding *b)
{
	return b->labelled ? b->label : gunyah_vm_mem_address_label(b->gpa);
}

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

/* The first binding behind a free range, which is the place to insert; or ERR_PTR(-EEXIST). */
static struct gunyah_vm_binding *gunyah_vm_mem_behind(struct gunyah_vm_mem *mem, u64 gpa, u64 size)
{
	struct gunyah_vm_binding *next;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(next, &mem->bindings, list) {
		if (next->gpa >= gpa + size)
			break;
		if (gunyah_vm_binding_end(next) > gpa)
			return ERR_PTR(-EEXIST);
	}

	return next;
}

/* @label is NULL where the guest address says it. */
static int gunyah_vm_mem_bind(struct gunyah_vm_mem *mem, struct gunyah_mem_provider *provider,
			      const struct gunyah_map_mem_args *args, const u32 *label)
{
	struct gunyah_vm_binding *b, *next;
	int ret;

	lockdep_assert_held(&mem->lock);

	next = gunyah_vm_mem_behind(mem, args->guest_addr, args->size);
	if (IS_ERR(next))
		return PTR_ERR(next);

	/* With that everything was checked. */
	ret = provider->ops->claim(provider, args->guest_addr, args->offset, args->size);
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

	list_add_tail(&b->list, &next->list);
	if (!mem->paged)
		return 0;

	/* From here on the guest can have it. */
	ret = gunyah_vm_pieces_bind(&mem->pieces, b);
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
	bool share = (args->flags & GUNYAH_MEM_ACCESS_MASK) == GUNYAH_MEM_FORCE_SHARE;
	int ret = gunyah_vm_mem_may_change(mem);

	if (ret || !mem->given || share)
		return ret;
	/* Elsewhere the guest's touch would not be told as that of lent memory. */
	return gunyah_vm_pieces_named(&mem->pieces, args->guest_addr, args->size) ? 0 : -EOPNOTSUPP;
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
	struct gunyah_vm_binding *next;
	int ret;

	if (mutex_lock_killable(&mem->lock))
		return -EINTR;
	next = gunyah_vm_mem_behind(mem, args->guest_addr, args->size);
	ret = gunyah_vm_mem_may_bind(mem, args) ?: PTR_ERR_OR_ZERO(next);
	mutex_unlock(&mem->lock);
	return ret;
}

/*
 * Parcels
 */

/*
 * What can't be lent, whatever the device tree says: lent memory with less than
 * all rights, which the resource manager would not take for RAM; and anything,
 * where it can't leave the direct map.
 */
static int gunyah_vm_mem_check_bindings(struct gunyah_vm_mem *mem)
{
	struct gunyah_vm_binding *b;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (gunyah_vm_binding_shared(b))
			continue;
		if ((b->flags & GUNYAH_MEM_ALLOW_RWX) != GUNYAH_MEM_ALLOW_RWX)
			return -EOPNOTSUPP;
		if (!gunyah_vm_parcel_can_lend())
			return -EOPNOTSUPP;
	}

	return 0;
}

/* Is [@gpa, @gpa + @size) inside of what begins at @base and has @len bytes? */
static bool gunyah_vm_mem_inside(u64 gpa, u64 size, u64 base, u64 len)
{
	return gpa >= base && size <= len && gpa - base <= len - size;
}

/* Is @b for the firmware alone? */
static bool gunyah_vm_mem_is_firmware(const struct gunyah_vm_mem *mem,
				      const struct gunyah_vm_binding *b)
{
	return gunyah_vm_mem_inside(b->gpa, b->size, mem->fw_gpa, mem->fw_size);
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

/* The resource manager rounds the guest's memory base. */
static int gunyah_vm_mem_check_base(const struct gunyah_vm_image *image)
{
	return IS_ALIGNED(image->base, GUNYAH_IMAGE_ALIGN) ? 0 : -EINVAL;
}

static bool gunyah_vm_mem_in_image(const struct gunyah_vm_binding *b,
				   const struct gunyah_vm_image *image)
{
	return b->gpa >= image->base && b->gpa - image->base < image->size;
}

/* The lent binding outside of the run that holds all of the firmware. */
static struct gunyah_vm_binding *gunyah_vm_mem_find_firmware(struct gunyah_vm_mem *mem,
							     const struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *b;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (!gunyah_vm_mem_in_image(b, image) && !gunyah_vm_binding_shared(b) &&
		    gunyah_vm_mem_inside(mem->fw_gpa, mem->fw_size, b->gpa, b->size))
			return b;
	}

	return NULL;
}

static int gunyah_vm_mem_check_firmware(struct gunyah_vm_mem *mem,
					const struct gunyah_vm_image *image)
{
	lockdep_assert_held(&mem->lock);

	if (!mem->fw_size ||
	    gunyah_vm_mem_inside(mem->fw_gpa, mem->fw_size, image->base, image->size))
		return 0;
	return gunyah_vm_mem_find_firmware(mem, image) ? 0 : -EINVAL;
}

/* With the parcels given: which of them has the firmware? */
static void gunyah_vm_mem_name_firmware(struct gunyah_vm_mem *mem, struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *b = gunyah_vm_mem_find_firmware(mem, image);
	struct gunyah_vm_parcel *parcel;

	lockdep_assert_held(&mem->lock);

	if (!mem->fw_size)
		return;

	image->fw_handle = image->handle;
	image->fw_offset = mem->fw_gpa - image->base;
	if (!b)
		return;

	/* It is alone in its parcel. */
	list_for_each_entry(parcel, &mem->parcels, list) {
		if (list_first_entry(&parcel->bindings, struct gunyah_vm_binding,
				     parcel_list) == b)
			image->fw_handle = parcel->handle;
	}
	image->fw_offset = mem->fw_gpa - b->gpa;
}

/* The image parcel has the label of its address, whatever bindings it is made of. */
static u32 gunyah_vm_mem_label(const struct gunyah_vm_binding *b,
			       const struct gunyah_vm_image *image)
{
	if (gunyah_vm_mem_in_image(b, image))
		return gunyah_vm_mem_address_label(image->base);

	return gunyah_vm_binding_label(b);
}

/* Is there a label as that of @b, outside of the run or, if the user gave it, the run's own? */
static bool gunyah_vm_mem_label_taken(struct gunyah_vm_mem *mem, const struct gunyah_vm_binding *b,
				      const struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *other;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(other, &mem->bindings, list) {
		if (other == b || (!b->labelled && gunyah_vm_mem_in_image(other, image)))
			continue;
		if (gunyah_vm_mem_label(other, image) == gunyah_vm_binding_label(b))
			return true;
	}

	return false;
}

/*
 * The bindings outside of the run need labels: different ones, and, for what is
 * lent, not 0.  With that the resource manager takes lent memory for RAM, of
 * which it takes one parcel only.
 */
static int gunyah_vm_mem_check_labels(struct gunyah_vm_mem *mem,
				      const struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *first, *b;

	lockdep_assert_held(&mem->lock);

	first = list_first_entry(&mem->bindings, struct gunyah_vm_binding, list);
	list_for_each_entry(b, &mem->bindings, list) {
		if (gunyah_vm_mem_in_image(b, image))
			continue;
		if (!gunyah_vm_binding_label(b) && !gunyah_vm_binding_shared(b))
			return -EOPNOTSUPP;
		/* Equal ones of addresses are 16 TiB apart: nothing to look at for most guests. */
		if (!b->labelled && b->gpa - first->gpa < SZ_16T)
			continue;
		/* A user may have made very many bindings. */
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (gunyah_vm_mem_label_taken(mem, b, image))
			return -EINVAL;
	}

	return 0;
}

static struct gunyah_vm_parcel *gunyah_vm_mem_new_parcel(struct gunyah_vm_mem *mem,
							 struct gunyah_vm_binding *b,
							 const struct gunyah_vm_image *image)
{
	enum gunyah_mem_state state = gunyah_vm_binding_shared(b) ? GUNYAH_MEM_SHARED :
								    GUNYAH_MEM_LENT;
	struct gunyah_vm_parcel *parcel;

	parcel = gunyah_vm_parcel_create(state, gunyah_vm_mem_label(b, image),
					 gunyah_vm_binding_rights(b));
	if (parcel)
		list_add_tail(&parcel->list, &mem->parcels);

	return parcel;
}

/* Make the parcels, the image parcel first in the list, and get their memory. */
static int gunyah_vm_mem_make_parcels(struct gunyah_vm_mem *mem,
				      const struct gunyah_vm_image *image)
{
	struct gunyah_vm_parcel *parcel, *image_parcel = NULL;
	struct gunyah_vm_binding *b;
	int ret;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (image_parcel && gunyah_vm_mem_in_image(b, image)) {
			parcel = image_parcel;
		} else {
			parcel = gunyah_vm_mem_new_parcel(mem, b, image);
			if (!parcel)
				return -ENOMEM;
		}
		if (!image_parcel && gunyah_vm_mem_in_image(b, image)) {
			image_parcel = parcel;
			list_move(&parcel->list, &mem->parcels);
		}

		ret = gunyah_vm_parcel_add(parcel, b);
		if (ret)
			return ret;
		cond_resched();
	}

	list_for_each_entry(parcel, &mem->parcels, list) {
		ret = gunyah_vm_parcel_reserve(parcel);
		if (ret)
			return ret;
	}

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

	if (mem->pieces.active)
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

int gunyah_vm_mem_give(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
		       u64 dtb_gpa, u64 dtb_size, struct gunyah_vm_image *image)
{
	struct gunyah_vm_parcel *parcel;
	int ret;

	guard(mutex)(&mem->lock);
	if (mem->given)
		return -EBUSY;

	ret = gunyah_vm_mem_check_bindings(mem) ?:
	      gunyah_vm_mem_find_image(mem, dtb_gpa, dtb_size, image) ?:
	      gunyah_vm_mem_check_firmware(mem, image) ?:
	      gunyah_vm_mem_check_base(image) ?:
	      gunyah_vm_mem_check_labels(mem, image);
	if (ret)
		return ret;

	mem->given = true;
	ret = gunyah_vm_mem_make_parcels(mem, image);
	if (!ret) {
		list_for_each_entry(parcel, &mem->parcels, list) {
			ret = gunyah_vm_parcel_give(parcel, rm, vmid);
			if (ret)
				break;
		}
	}
	if (ret) {
		gunyah_vm_mem_end_locked(mem, rm, false);
		return ret;
	}

	image->handle = list_first_entry(&mem->parcels, struct gunyah_vm_parcel, list)->handle;
	gunyah_vm_mem_name_firmware(mem, image);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_give);

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
	guard(mutex)(&mem->lock);
	gunyah_vm_mem_end_locked(mem, NULL, false);
	list_for_each_entry_safe(b, next, &mem->bindings, list) {
		b->provider->ops->unclaim(b->provider, b->offset, b->size);
		gunyah_vm_binding_free(b);
		cond_resched();
	}
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_mem_destroy);
