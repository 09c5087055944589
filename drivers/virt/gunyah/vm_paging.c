// SPDX-License-Identifier: GPL-2.0-only
/*
 * The demand-paged flow: a VM gets its memory when it touches it.
 *
 * Only the pages of the device tree are given before the guest is built, as a parcel,
 * for the resource manager reads and writes them: the image parcel.  So are, in a
 * second one, those for the firmware of a protected VM.  The resource manager is told
 * which guest addresses are lent page by page: a touch there becomes a page fault of the
 * vCPU.  Nor is the firmware's place named: what the guest trusts is not to be replaced.
 *
 * Shared bindings are not named, nor is what is lent where none was before the start; the
 * touch of an address where nothing is mapped looks like that of a device (VMMIO), or, if
 * it can't be described as one, is an abort in the guest.  So such memory is given before
 * the guest can touch it; and in case that the guest touches some that was taken back, the
 * bindings are looked at first.
 *
 * A start that succeeds consumes the parcels: the hypervisor has made their
 * pages the guest's private memory, and they come back by hypercalls as any other
 * piece.  After one that failed they are still parcels.  Where the answer never
 * came, the hypercall that unmaps the first page tells which it is: it fails
 * where nothing was mapped.
 *
 * The records of the parcels' pages are made with them, so that nothing can
 * fail once the guest was started.
 */
#define pr_fmt(fmt) "gunyah: " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/cleanup.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <uapi/linux/gunyah.h>

#include "rm_calls.h"
#include "vm_paging.h"
#include "vm_parcel.h"

/* range_id of SET_ADDRESS_LAYOUT */
#define GUNYAH_LAYOUT_IMAGE	0
#define GUNYAH_LAYOUT_FIRMWARE	1

/*
 * Before the start
 */

static int gunyah_vm_paging_check_lend(struct gunyah_vm_mem *mem)
{
	struct gunyah_vm_binding *b;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (!gunyah_vm_binding_shared(b))
			return gunyah_vm_parcel_can_lend() ? 0 : -EOPNOTSUPP;
	}

	return 0;
}

/* Of the run only the device tree's pages, in pages of this kernel. */
static void gunyah_vm_paging_cut_image(struct gunyah_vm_image *image)
{
	u64 dtb = image->base + image->dtb_offset;

	image->base = dtb & PAGE_MASK;
	image->dtb_offset = dtb - image->base;
	image->size = PAGE_ALIGN(image->dtb_offset + image->dtb_size);
}

/* All of them are lent, and none of them is the device tree's. */
static int gunyah_vm_paging_check_firmware(struct gunyah_vm_mem *mem,
					   const struct gunyah_vm_image *image,
					   const struct gunyah_rm_mem_entry *fw)
{
	struct gunyah_vm_binding *b;
	u64 found = 0;

	lockdep_assert_held(&mem->lock);

	if (!fw->size)
		return 0;

	list_for_each_entry(b, &mem->bindings, list) {
		if (found < fw->size && !gunyah_vm_binding_shared(b) &&
		    b->gpa <= fw->ipa + found && gunyah_vm_binding_end(b) > fw->ipa + found)
			found = gunyah_vm_binding_end(b) - fw->ipa;
	}
	if (found < fw->size)
		return -EINVAL;
	if (fw->ipa < image->base + image->size && image->base < fw->ipa + fw->size)
		return -EINVAL;
	/* With label 0 the resource manager would take it for RAM, as in the eager flow. */
	return lower_32_bits(fw->ipa >> 12) ? 0 : -EOPNOTSUPP;
}

/* Add to a parcel what of a binding is in [@base, @base + @size). */
static int gunyah_vm_paging_add_part(struct gunyah_vm_mem *mem, struct gunyah_vm_parcel *parcel,
				     const struct gunyah_vm_binding *b, u64 base, u64 size)
{
	u64 end = min(base + size, gunyah_vm_binding_end(b));
	u64 gpa = max(base, b->gpa);
	struct gunyah_vm_binding *part;

	/* The resource manager takes lent memory for RAM if it is lent with all rights. */
	if ((b->flags & GUNYAH_MEM_ALLOW_RWX) != GUNYAH_MEM_ALLOW_RWX)
		return -EOPNOTSUPP;

	/* The binding stands, and with it the reference to the provider. */
	part = kmemdup(b, sizeof(*b), GFP_KERNEL_ACCOUNT);
	if (!part)
		return -ENOMEM;

	INIT_LIST_HEAD(&part->parcel_list);
	part->gpa = gpa;
	part->offset += gpa - b->gpa;
	part->size = end - gpa;
	list_add_tail(&part->list, &mem->image_parts);
	return gunyah_vm_parcel_add(parcel, part);
}

/* A record for each contiguous part of a parcel: parts and entries are in one order. */
static int gunyah_vm_paging_make_records(struct gunyah_vm_mem *mem,
					 const struct gunyah_vm_parcel *parcel)
{
	struct gunyah_vm_piece piece = { .state = GUNYAH_MEM_LENT, .mapped = true };
	const struct gunyah_rm_mem_entry *entry = parcel->mem.entries;
	struct gunyah_vm_binding *part;
	u64 in_part, in_entry = 0;
	int ret;

	list_for_each_entry(part, &parcel->bindings, parcel_list) {
		for (in_part = 0; in_part < part->size; in_part += piece.size) {
			piece.provider = part->provider;
			piece.gpa = part->gpa + in_part;
			piece.offset = part->offset + in_part;
			piece.phys = entry->ipa + in_entry;
			piece.size = min(part->size - in_part, entry->size - in_entry);
			ret = gunyah_vm_pieces_adopt(&mem->pieces, &piece);
			if (ret)
				return ret;

			in_entry += piece.size;
			if (in_entry == entry->size) {
				in_entry = 0;
				entry++;
			}
		}
	}

	return 0;
}

/* A parcel, not given yet, and the records of its pages. */
static int gunyah_vm_paging_make_parcel(struct gunyah_vm_mem *mem, u64 base, u64 size)
{
	struct gunyah_vm_parcel *parcel;
	struct gunyah_vm_binding *b;
	int ret;

	lockdep_assert_held(&mem->lock);

	parcel = gunyah_vm_parcel_create(GUNYAH_MEM_LENT, lower_32_bits(base >> 12),
					 GUNYAH_RM_ACL_R | GUNYAH_RM_ACL_W | GUNYAH_RM_ACL_X);
	if (!parcel)
		return -ENOMEM;
	list_add_tail(&parcel->list, &mem->parcels);

	list_for_each_entry(b, &mem->bindings, list) {
		if (b->gpa >= base + size)
			break;
		if (gunyah_vm_binding_end(b) <= base)
			continue;
		ret = gunyah_vm_paging_add_part(mem, parcel, b, base, size);
		if (ret)
			return ret;
	}

	return gunyah_vm_parcel_reserve(parcel) ?: gunyah_vm_paging_make_records(mem, parcel);
}

static int gunyah_vm_paging_give_locked(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
					struct gunyah_vm_image *image,
					const struct gunyah_rm_mem_entry *fw)
{
	struct gunyah_vm_parcel *parcel;
	int ret;

	lockdep_assert_held(&mem->lock);

	/* Firmware runs in protected guests only. */
	mem->pieces.clear = fw->size;
	ret = gunyah_vm_pieces_begin(&mem->pieces, &mem->bindings, fw) ?:
	      gunyah_vm_paging_make_parcel(mem, image->base, image->size);
	if (!ret && fw->size)
		ret = gunyah_vm_paging_make_parcel(mem, fw->ipa, fw->size);
	if (ret)
		return ret;

	list_for_each_entry(parcel, &mem->parcels, list) {
		ret = gunyah_vm_parcel_give(parcel, rm, vmid);
		if (ret)
			return ret;
	}

	parcel = list_first_entry(&mem->parcels, struct gunyah_vm_parcel, list);
	image->handle = parcel->handle;
	if (fw->size) {
		parcel = list_last_entry(&mem->parcels, struct gunyah_vm_parcel, list);
		image->fw_handle = parcel->handle;
		image->fw_offset = mem->fw_gpa - fw->ipa;
	}
	return 0;
}

int gunyah_vm_paging_give(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
			  u64 dtb_gpa, u64 dtb_size, struct gunyah_vm_image *image)
{
	struct gunyah_rm_mem_entry fw;
	int ret;

	guard(mutex)(&mem->lock);
	if (mem->given)
		return -EBUSY;

	ret = gunyah_vm_paging_check_lend(mem) ?:
	      gunyah_vm_mem_find_image(mem, dtb_gpa, dtb_size, image);
	if (ret)
		return ret;

	gunyah_vm_paging_cut_image(image);
	fw = gunyah_vm_mem_firmware(mem);
	ret = gunyah_vm_paging_check_firmware(mem, image, &fw);
	if (ret)
		return ret;

	mem->given = true;
	WRITE_ONCE(mem->paged, true);
	ret = gunyah_vm_paging_give_locked(mem, rm, vmid, image, &fw);
	if (ret)
		gunyah_vm_mem_end_locked(mem, rm, false);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_give);

int gunyah_vm_paging_name(struct gunyah_vm_mem *mem, struct gunyah_rm *rm, u16 vmid,
			  const struct gunyah_vm_image *image)
{
	const struct gunyah_mem_list *named = &mem->pieces.named;
	struct gunyah_rm_mem_entry fw;
	int ret = 0;

	guard(mutex)(&mem->lock);
	fw = gunyah_vm_mem_firmware(mem);
	if (named->n)
		ret = gunyah_rm_vm_set_demand_paging(rm, vmid, named->n, named->entries);
	if (!ret)
		ret = gunyah_rm_vm_set_address_layout(rm, vmid, GUNYAH_LAYOUT_IMAGE, image->base,
						      image->size);
	if (!ret && fw.size)
		ret = gunyah_rm_vm_set_address_layout(rm, vmid, GUNYAH_LAYOUT_FIRMWARE, fw.ipa,
						      fw.size);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_name);

bool gunyah_vm_paging_possible(struct gunyah_vm_mem *mem)
{
	return gunyah_vm_extents_there(&mem->pieces.extents);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_possible);

/*
 * The run
 */

/* The records that stand for the parcels' memory take their place. */
static void gunyah_vm_paging_consume_parcels(struct gunyah_vm_mem *mem)
{
	struct gunyah_vm_parcel *parcel, *next;
	struct gunyah_vm_binding *part;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry_safe(parcel, next, &mem->parcels, list) {
		list_del(&parcel->list);
		list_for_each_entry(part, &parcel->bindings, parcel_list)
			gunyah_vm_pieces_prepared(&mem->pieces, part->gpa, part->size,
						  parcel->platform, parcel->acl[0].vmid);
		gunyah_vm_parcel_consume(parcel);
	}
	WRITE_ONCE(mem->pieces.active, true);
}

/* What else hypervisor and platform say means something else to who starts a VM. */
static int gunyah_vm_paging_share_error(const struct gunyah_vm_binding *b, int ret)
{
	if (ret == -EINTR || ret == -EIO || ret == -ENOMEM)
		return ret;

	pr_warn_ratelimited("the memory at %#llx of a guest can't be shared: error %d\n",
			    b->gpa, ret);
	return -ENODEV;
}

int gunyah_vm_paging_share(struct gunyah_vm_mem *mem)
{
	struct gunyah_vm_binding *b;
	int ret;

	guard(mutex)(&mem->lock);
	list_for_each_entry(b, &mem->bindings, list) {
		if (!gunyah_vm_binding_shared(b))
			continue;
		ret = gunyah_vm_pieces_give_all(&mem->pieces, b);
		if (ret)
			return gunyah_vm_paging_share_error(b, ret);
		cond_resched();
	}

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_share);

void gunyah_vm_paging_started(struct gunyah_vm_mem *mem, int ret)
{
	guard(mutex)(&mem->lock);
	if (!ret)
		gunyah_vm_paging_consume_parcels(mem);
	else
		mem->unsure = ret == -ETIMEDOUT || ret == -EIO;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_started);

void gunyah_vm_paging_stop(struct gunyah_vm_mem *mem)
{
	struct gunyah_vm_piece *first;

	guard(mutex)(&mem->lock);
	if (mem->unsure) {
		mem->unsure = false;
		first = gunyah_vm_pieces_first_lent(&mem->pieces);
		if (!gunyah_vm_extent_unmap(&mem->pieces.extents, first))
			gunyah_vm_paging_consume_parcels(mem);
	}
	gunyah_vm_pieces_stop(&mem->pieces);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_stop);

int gunyah_vm_paging_fault(struct gunyah_vm_mem *mem, u64 gpa, bool write, u64 *serial)
{
	int ret;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_vm_paging_fault, mem, gpa, write, serial);

	/* Set before there is a vCPU that could come here, as long as its run lasts. */
	if (!READ_ONCE(mem->paged))
		return -EOPNOTSUPP;
	if (mutex_lock_interruptible(&mem->lock))
		return -EINTR;
	ret = mem->pieces.active ? gunyah_vm_pieces_fault(&mem->pieces, gpa, write, serial) :
				   -EAGAIN;
	mutex_unlock(&mem->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_fault);

static bool gunyah_vm_paging_bound(struct gunyah_vm_mem *mem, u64 gpa, u64 size)
{
	struct gunyah_vm_binding *b;

	lockdep_assert_held(&mem->lock);

	list_for_each_entry(b, &mem->bindings, list) {
		if (b->gpa < gpa + size && gunyah_vm_binding_end(b) > gpa)
			return true;
	}

	return false;
}

static int gunyah_vm_paging_reclaim_locked(struct gunyah_vm_mem *mem, u64 gpa, u64 size)
{
	lockdep_assert_held(&mem->lock);

	if (!gunyah_vm_paging_bound(mem, gpa, size))
		return -ENOENT;
	/* All of it is the host's. */
	if (!mem->given)
		return 0;
	/* All was given before the start, although the resource manager knows the other way. */
	if (!mem->paged)
		return -EOPNOTSUPP;
	if (!mem->pieces.active)
		return -EBUSY;
	return gunyah_vm_pieces_reclaim(&mem->pieces, gpa, size);
}

int gunyah_vm_paging_reclaim(struct gunyah_vm_mem *mem, u64 gpa, u64 size)
{
	u64 end;
	int ret;

	if (!size || !PAGE_ALIGNED(gpa | size))
		return -EINVAL;
	if (check_add_overflow(gpa, size, &end))
		return -EOVERFLOW;

	if (mutex_lock_killable(&mem->lock))
		return -EINTR;
	ret = gunyah_vm_paging_reclaim_locked(mem, gpa, size);
	mutex_unlock(&mem->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vm_paging_reclaim);
