// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parcels and guests: what VM_START maps, and VM_RESET takes away again.
 *
 * The image parcel becomes the guest's RAM: its entries follow one another
 * from the memory base of the guest's device tree on (profile "paging": from
 * where SET_ADDRESS_LAYOUT says, if it was sent; and there it is a parcel no
 * more, see paging.c).  So is a parcel with firmware.  A parcel with the label
 * of a shm device is mapped where that device says.  All others that name the
 * VM are mapped too, at addresses chosen here.  A second parcel that looks
 * like RAM (lent, label 0, RWX) makes VM_START fail, as on the published
 * resource manager.
 *
 * Each guest also sees a read-only page below those, as on the published one.
 *
 * Invariant: VM_START maps and accepts all parcels of the VM or none.  Called
 * with the resource manager's lock held.
 */

#include "rm.h"

#define GUEST_IPA_END	BIT(36)
#define INFO_BASE	0x40000000UL	/* a page that every guest can read: zeroes */
#define CHOSEN_BASE	0x40001000UL	/* where parcels go that no device asks for */

static bool overlaps(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a < b + b_size && b < a + a_size;
}

static u32 check_image(const struct rm_vm *vm, const struct rm_parcel *p)
{
	if (!p || p->nr_acl < 1)
		return RM_NORESOURCE;
	if (rm_profile->image_must_be_lent) {
		if (p->kind != RM_PARCEL_LENT || p->nr_acl != 1 || p->acl[0].rights != S2_RWX)
			return RM_NORESOURCE;
	}
	if (!rm_parcel_acl((struct rm_parcel *)p, vm->vmid))
		return RM_NORESOURCE;
	return RM_OK;
}

static bool looks_like_ram(const struct rm_parcel *p, const struct rm_acl *acl)
{
	return p->kind == RM_PARCEL_LENT && !p->label && acl->rights == S2_RWX;
}

/* The shm device that waits for this parcel, or NULL. */
static const struct guest_device *shm_for(const struct guest_config *cfg, const struct rm_parcel *p)
{
	u32 i;

	for (i = 0; i < cfg->nr_devices; i++) {
		const struct guest_device *d = &cfg->dev[i];

		if (d->type == GUEST_DEV_SHM && d->mem_label == p->label)
			return d->has_base ? d : NULL;
	}
	return NULL;
}

/* The next parcel after @p (or the first) that this START maps; NULL at the end. */
static struct rm_parcel *next_mapped(const struct rm_vm *vm, struct rm_parcel *p)
{
	p = p ? p->next : rm_parcel_first();
	while (p && !rm_parcel_acl(p, vm->vmid))
		p = p->next;
	return p;
}

/* A placed parcel that overlaps the range; @p itself does not count. */
static struct rm_parcel *collision(const struct rm_vm *vm, const struct rm_parcel *p, u64 gpa)
{
	struct rm_parcel *q;

	for (q = next_mapped(vm, NULL); q; q = next_mapped(vm, q)) {
		const struct rm_acl *acl = rm_parcel_acl(q, vm->vmid);

		if (q != p && acl->gpa && overlaps(acl->gpa, q->size, gpa, p->size))
			return q;
	}
	return NULL;
}

static u32 place(const struct rm_vm *vm, struct rm_parcel *p, u64 gpa)
{
	if (!gpa || !IS_ALIGNED(gpa, PAGE_SIZE) || gpa >= GUEST_IPA_END ||
	    p->size > GUEST_IPA_END - gpa || collision(vm, p, gpa))
		return RM_MAP_FAILED;
	rm_parcel_acl(p, vm->vmid)->gpa = gpa;
	return RM_OK;
}

/* What the owner has mapped by itself stays. */
static u32 check_free(const struct rm_vm *vm)
{
	struct rm_parcel *p;

	for (p = next_mapped(vm, NULL); p; p = next_mapped(vm, p)) {
		if (!rm_paging_free(vm, rm_parcel_acl(p, vm->vmid)->gpa, p->size))
			return RM_MAP_FAILED;
	}
	return RM_OK;
}

static u32 place_anywhere(const struct rm_vm *vm, struct rm_parcel *p)
{
	struct rm_parcel *q;
	u64 gpa = CHOSEN_BASE;

	while ((q = collision(vm, p, gpa)))
		gpa = rm_parcel_acl(q, vm->vmid)->gpa + q->size;
	return place(vm, p, gpa);
}

/* Gives each parcel of the VM its guest address; fixed addresses first. */
static u32 place_all(struct rm_vm *vm, struct rm_parcel *image)
{
	struct rm_parcel *fw = rm_firmware_parcel(vm);
	struct rm_parcel *p;
	u32 err;

	for (p = next_mapped(vm, NULL); p; p = next_mapped(vm, p))
		rm_parcel_acl(p, vm->vmid)->gpa = 0;
	if (!rm_paging_image_fits(vm, image->size))
		return RM_MAP_FAILED;
	err = place(vm, image, rm_paging_image_base(vm));
	if (!err && fw && fw != image && vm->fw.layout.size)
		err = fw->size <= vm->fw.layout.size ? place(vm, fw, vm->fw.layout.ipa) :
						       RM_MAP_FAILED;
	for (p = next_mapped(vm, NULL); p && !err; p = next_mapped(vm, p)) {
		const struct guest_device *shm = shm_for(vm->cfg, p);

		if (p != image && p != fw && shm)
			err = place(vm, p, shm->base);
	}
	for (p = next_mapped(vm, NULL); p && !err; p = next_mapped(vm, p)) {
		if (!rm_parcel_acl(p, vm->vmid)->gpa)
			err = place_anywhere(vm, p);
	}
	return err;
}

static void unmap_parcel(struct rm_vm *vm, struct rm_parcel *p)
{
	struct rm_acl *acl = rm_parcel_acl(p, vm->vmid);

	/* The primary's tables were cut when the parcel was made; this VM's may go whole. */
	if (vm->vm && stage2_unmap(&vm->vm->s2, acl->gpa, p->size))
		hyp_panic("parcel %u can't be unmapped from VM %u", p->handle, vm->vmid);
	acl->accepted = false;
}

static u32 map_parcel(struct rm_vm *vm, struct rm_parcel *p)
{
	struct rm_acl *acl = rm_parcel_acl(p, vm->vmid);
	u64 gpa = acl->gpa;
	u32 i;

	for (i = 0; i < p->nr_entries; i++) {
		const struct mem_range *e = &p->entry[i];

		if (stage2_map(&vm->vm->s2, gpa, e->ipa, e->size, acl->rights)) {
			unmap_parcel(vm, p);
			return RM_NOMEM;
		}
		/* What the host wrote reaches a guest that starts with caches off. */
		mem_sync_icache(e->ipa, e->size);
		gpa += e->size;
	}
	acl->accepted = true;
	return RM_OK;
}

/* One page for all guests; a guest whose RAM is there gets its RAM. */
static u32 map_info_page(struct rm_vm *vm)
{
	static void *page;

	if (rm_paging_named(vm, INFO_BASE) || !rm_paging_free(vm, INFO_BASE, PAGE_SIZE))
		return RM_OK;
	if (!page)
		page = page_alloc(0);
	if (!page || stage2_map(&vm->vm->s2, INFO_BASE, (u64)page, PAGE_SIZE, S2_R))
		return RM_NOMEM;
	return RM_OK;
}

static u64 entries_of_all(void)
{
	struct rm_parcel *p;
	u64 n = 0;

	for (p = rm_parcel_first(); p; p = p->next)
		n += p->nr_entries;
	return n;
}

u32 rm_mem_accept_for_start(struct rm_vm *vm)
{
	struct rm_parcel *image = rm_parcel_get(vm->image);
	struct rm_parcel *p, *q;
	bool second_ram = false;
	u32 order = 0;
	u32 err;

	err = check_image(vm, image);
	if (err)
		return err;
	if (entries_of_all() > rm_profile->start_entries)
		return RM_NORESOURCE;
	err = place_all(vm, image);
	if (!err)
		err = check_free(vm);
	if (!err)
		err = map_info_page(vm);
	if (err)
		return err;

	for (p = next_mapped(vm, NULL); p; p = next_mapped(vm, p)) {
		err = map_parcel(vm, p);
		if (err)
			break;
		rm_parcel_acl(p, vm->vmid)->order = order++;
		second_ram |= p != image && looks_like_ram(p, rm_parcel_acl(p, vm->vmid));
	}
	if (!err) {
		/* Refused only now: RESET will release them all (05b). */
		return second_ram ? RM_DENIED : RM_OK;
	}
	for (q = next_mapped(vm, NULL); q != p; q = next_mapped(vm, q))
		unmap_parcel(vm, q);
	return err;
}

void rm_mem_release_all(struct rm_vm *vm)
{
	for (;;) {
		struct rm_parcel *p, *last = NULL;
		struct rm_acl *acl, *best = NULL;

		for (p = next_mapped(vm, NULL); p; p = next_mapped(vm, p)) {
			acl = rm_parcel_acl(p, vm->vmid);
			if (acl->accepted && (!best || acl->order > best->order)) {
				best = acl;
				last = p;
			}
		}
		if (!last)
			break;
		unmap_parcel(vm, last);
		rm_notify_mem_released(last->handle, vm->vmid, 0);
	}
}
