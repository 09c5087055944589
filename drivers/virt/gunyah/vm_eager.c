// SPDX-License-Identifier: GPL-2.0-only
/*
 * The eager flow, that of the published resource manager (Dec 2023): all memory of
 * a VM is given before it starts, as parcels, and stays the guest's until the run
 * has ended.
 *
 * The run of lent bindings that holds the device tree is the guest's RAM, and one
 * parcel, the image parcel: that resource manager takes one only, which must be
 * lent with all rights.  Each other binding is a parcel of its own, and its label
 * says which it is.
 *
 * Everything that can be refused is looked at before the first page is touched;
 * what fails later is undone in reverse order.
 */
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <uapi/linux/gunyah.h>

#include "rm_calls.h"
#include "vm_eager.h"
#include "vm_parcel.h"

/* The alignment of a guest's memory base. */
#define GUNYAH_IMAGE_ALIGN	SZ_2M

/*
 * What can be given
 */

/*
 * What can't be lent, whatever the device tree says: lent memory with less than
 * all rights, which the resource manager would not take for RAM; and anything,
 * where it can't leave the direct map.
 */
static int gunyah_vm_eager_check_bindings(struct gunyah_vm_mem *mem)
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

/* The resource manager rounds the guest's memory base. */
static int gunyah_vm_eager_check_base(const struct gunyah_vm_image *image)
{
	return IS_ALIGNED(image->base, GUNYAH_IMAGE_ALIGN) ? 0 : -EINVAL;
}

static bool gunyah_vm_eager_in_image(const struct gunyah_vm_binding *b,
				     const struct gunyah_vm_image *image)
{
	return b->gpa >= image->base && b->gpa - image->base < image->size;
}

/* The lent binding outside of the run that holds all of the firmware. */
static struct gunyah_vm_binding *gunyah_vm_eager_find_firmware(struct gunyah_vm_mem *mem,
							       const struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *b;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (!gunyah_vm_eager_in_image(b, image) && !gunyah_vm_binding_shared(b) &&
		    gunyah_vm_mem_range_inside(mem->fw_gpa, mem->fw_size, b->gpa, b->size))
			return b;
	}

	return NULL;
}

static int gunyah_vm_eager_check_firmware(struct gunyah_vm_mem *mem,
					  const struct gunyah_vm_image *image)
{
	lockdep_assert_held(&mem->lock);

	if (!mem->fw_size ||
	    gunyah_vm_mem_range_inside(mem->fw_gpa, mem->fw_size, image->base, image->size))
		return 0;
	return gunyah_vm_eager_find_firmware(mem, image) ? 0 : -EINVAL;
}

/* With the parcels given: which of them has the firmware? */
static void gunyah_vm_eager_name_firmware(struct gunyah_vm_mem *mem, struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *b = gunyah_vm_eager_find_firmware(mem, image);
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

/*
 * Labels
 */

/* The message has no guest address; the monitor writes the same into a shm node. */
static u32 gunyah_vm_eager_address_label(u64 gpa)
{
	return lower_32_bits(gpa >> 12);
}

static u32 gunyah_vm_eager_binding_label(const struct gunyah_vm_binding *b)
{
	return b->labelled ? b->label : gunyah_vm_eager_address_label(b->gpa);
}

/* The image parcel has the label of its address, whatever bindings it is made of. */
static u32 gunyah_vm_eager_label(const struct gunyah_vm_binding *b,
				 const struct gunyah_vm_image *image)
{
	if (gunyah_vm_eager_in_image(b, image))
		return gunyah_vm_eager_address_label(image->base);

	return gunyah_vm_eager_binding_label(b);
}

/* Is there a label as that of @b, outside of the run or, if the user gave it, the run's own? */
static bool gunyah_vm_eager_label_taken(struct gunyah_vm_mem *mem,
					const struct gunyah_vm_binding *b,
					const struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *other;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(other, &mem->bindings, list) {
		if (other == b || (!b->labelled && gunyah_vm_eager_in_image(other, image)))
			continue;
		if (gunyah_vm_eager_label(other, image) == gunyah_vm_eager_binding_label(b))
			return true;
	}

	return false;
}

/*
 * The bindings outside of the run need labels: different ones, and, for what is
 * lent, not 0.  With that the resource manager takes lent memory for RAM, of
 * which it takes one parcel only.
 */
static int gunyah_vm_eager_check_labels(struct gunyah_vm_mem *mem,
					const struct gunyah_vm_image *image)
{
	struct gunyah_vm_binding *first, *b;

	lockdep_assert_held(&mem->lock);

	first = list_first_entry(&mem->bindings, struct gunyah_vm_binding, list);
	list_for_each_entry(b, &mem->bindings, list) {
		if (gunyah_vm_eager_in_image(b, image))
			continue;
		if (!gunyah_vm_eager_binding_label(b) && !gunyah_vm_binding_shared(b))
			return -EOPNOTSUPP;
		/* Equal ones of addresses are 16 TiB apart: nothing to look at for most guests. */
		if (!b->labelled && b->gpa - first->gpa < SZ_16T)
			continue;
		/* A user may have made very many bindings. */
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (gunyah_vm_eager_label_taken(mem, b, image))
			return -EINVAL;
	}

	return 0;
}

/*
 * Parcels
 */

static struct gunyah_vm_parcel *gunyah_vm_eager_new_parcel(struct gunyah_vm_mem *mem,
							   struct gunyah_vm_binding *b,
							   const struct gunyah_vm_image *image)
{
	enum gunyah_mem_state state = gunyah_vm_binding_shared(b) ? GUNYAH_MEM_SHARED :
								    GUNYAH_MEM_LENT;
	struct gunyah_vm_parcel *parcel;

	parcel = gunyah_vm_parcel_create(state, gunyah_vm_eager_label(b, image),
					 gunyah_vm_binding_rights(b));
	if (parcel)
		list_add_tail(&parcel->list, &mem->parcels);

	return parcel;
}

/* Make the parcels, the image parcel first in the list, and get their memory. */
static int gunyah_vm_eager_make_parcels(struct gunyah_vm_mem *mem,
					const struct gunyah_vm_image *image)
{
	struct gunyah_vm_parcel *parcel, *image_parcel = NULL;
	struct gunyah_vm_binding *b;
	int ret;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (image_parcel && gunyah_vm_eager_in_image(b, image)) {
			parcel = image_parcel;
		} else {
			parcel = gunyah_vm_eager_new_parcel(mem, b, image);
			if (!parcel)
				return -ENOMEM;
		}
		if (!image_parcel && gunyah_vm_eager_in_image(b, image)) {
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

int gunyah_vm_eager_give(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
			 u64 dtb_gpa, u64 dtb_size, struct gunyah_vm_image *image)
{
	struct gunyah_vm_parcel *parcel;
	int ret;

	guard(mutex)(&mem->lock);
	if (mem->given)
		return -EBUSY;

	ret = gunyah_vm_eager_check_bindings(mem) ?:
	      gunyah_vm_mem_find_image(mem, dtb_gpa, dtb_size, image) ?:
	      gunyah_vm_eager_check_firmware(mem, image) ?:
	      gunyah_vm_eager_check_base(image) ?:
	      gunyah_vm_eager_check_labels(mem, image);
	if (ret)
		return ret;

	mem->given = true;
	ret = gunyah_vm_eager_make_parcels(mem, image);
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
	gunyah_vm_eager_name_firmware(mem, image);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_eager_give);
