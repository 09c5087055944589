// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profile "paging": a newer resource manager, whose guests get their memory
 * page by page.
 *
 * Before VM_INIT the owner names the ranges that it will map on demand
 * (SET_DEMAND_PAGING) and says where the image parcel goes (SET_ADDRESS_LAYOUT);
 * until VM_START, what the first vCPU's registers are (SET_BOOT_CONTEXT).  From
 * VM_INIT on it finds the VM's address space and its memory extents among the
 * resources.  A VM_START that succeeds takes the image parcel in, and that of the
 * firmware, if there is one: the handles are used up, the pages are the guest's
 * private extent's and mapped, and are taken back as all others of it are.
 *
 * A VM that the platform authenticates has none of this: its memory has to be there
 * when its image is looked at, so it is given and taken back as on the published
 * resource manager.  Registers are not set from outside in a VM with firmware.
 *
 * No such resource manager could be recorded: the interface is the one that
 * drivers have used, and what they can't see is decided here.
 */

#include "../addrspace.h"
#include "rm.h"

#define RES_MEM_EXTENT		9
#define RES_ADDR_SPACE		10

#define RANGE_IMAGE		0
#define RANGE_FIRMWARE		1
#define RANGE_SIZE		16	/* le64 address, le64 size */

enum boot_set { BOOT_X, BOOT_PC, BOOT_SP };

#define BOOT_X_REGS		31

/* ---- requests ---- */

/* The VM of a request that begins with its vmid, which may be in these states. */
static u32 get_vm(const struct rm_request *rq, enum rm_vm_state a, enum rm_vm_state b,
		  struct rm_vm **vm)
{
	*vm = rm_vm_get(rm_get16(rq->data));
	if (!*vm)
		return RM_VMID_INVALID;
	return (*vm)->state == a || (*vm)->state == b ? RM_OK : RM_VM_STATE;
}

static bool range_ok(const struct mem_range *r)
{
	return r->size && IS_ALIGNED(r->ipa | r->size, PAGE_SIZE) && r->ipa < ADDRSPACE_END &&
	       r->size <= ADDRSPACE_END - r->ipa;
}

static bool overlaps_any(const struct mem_range *r, const struct mem_range *others, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (r->ipa < others[i].ipa + others[i].size &&
		    others[i].ipa < r->ipa + r->size)
			return true;
	}
	return false;
}

static u32 read_ranges(const u8 *data, u32 nr, struct mem_range *range)
{
	u32 i;

	for (i = 0; i < nr; i++, data += RANGE_SIZE) {
		range[i].ipa = rm_get64(data);
		range[i].size = rm_get64(data + 8);
		if (!range_ok(&range[i]) || overlaps_any(&range[i], range, i))
			return RM_ARGUMENT_INVALID;
	}
	return RM_OK;
}

u32 rm_vm_handle_set_demand_paging(const struct rm_request *rq, struct rm_reply *rp)
{
	struct mem_range *range = NULL;
	struct rm_vm *vm;
	u32 nr, err;

	if (rq->len < 8)
		return RM_MSG_INVALID;
	nr = rm_get32(rq->data + 4);
	if ((rq->len - 8) % RANGE_SIZE || (rq->len - 8) / RANGE_SIZE != nr)
		return RM_MSG_INVALID;
	err = get_vm(rq, RM_VM_INIT, RM_VM_INIT, &vm);
	if (err)
		return err;
	if (vm->auth == RM_AUTH_PLATFORM)
		return RM_DENIED;
	if (nr > rm_profile->max_list)
		return RM_NORESOURCE;
	if (nr) {
		range = hyp_alloc(nr * sizeof(*range));
		if (!range)
			return RM_NOMEM;
		err = read_ranges(rq->data + 8, nr, range);
	}
	if (err) {
		hyp_free(range);
		return err;
	}
	hyp_free(vm->range);
	vm->range = range;
	vm->nr_ranges = nr;
	return RM_OK;
}

u32 rm_vm_handle_set_layout(const struct rm_request *rq, struct rm_reply *rp)
{
	struct mem_range r;
	struct rm_vm *vm;
	u32 id, err;

	if (rq->len != 24)
		return RM_MSG_INVALID;
	err = get_vm(rq, RM_VM_INIT, RM_VM_INIT, &vm);
	if (err)
		return err;
	if (vm->auth == RM_AUTH_PLATFORM)
		return RM_DENIED;
	id = rm_get32(rq->data + 4);
	r.ipa = rm_get64(rq->data + 8);
	r.size = rm_get64(rq->data + 16);
	if (id > RANGE_FIRMWARE || !range_ok(&r))
		return RM_ARGUMENT_INVALID;
	if (id == RANGE_IMAGE)
		vm->layout = r;
	else
		vm->fw.layout = r;
	return RM_OK;
}

u32 rm_vm_handle_set_boot_context(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u8 index;
	u64 value;
	u32 err;

	if (rq->len != 16)
		return RM_MSG_INVALID;
	err = get_vm(rq, RM_VM_INIT, RM_VM_READY, &vm);
	if (err)
		return err;
	if (vm->auth != RM_AUTH_NONE)
		return RM_DENIED;
	index = rq->data[3];
	value = rm_get64(rq->data + 8);
	switch (rq->data[2]) {
	case BOOT_X:
		if (index >= BOOT_X_REGS)
			return RM_ARGUMENT_INVALID;
		vm->boot.x[index] = value;
		vm->boot.has_x0 |= !index;
		return RM_OK;
	case BOOT_PC:
		if (index)
			return RM_ARGUMENT_INVALID;
		vm->boot.pc = value;
		vm->boot.has_pc = true;
		return RM_OK;
	case BOOT_SP:
		if (index >= ARRAY_SIZE(vm->boot.sp))
			return RM_ARGUMENT_INVALID;
		vm->boot.sp[index] = value;
		return RM_OK;
	default:
		return RM_ARGUMENT_INVALID;
	}
}

void rm_paging_forget(struct rm_vm *vm)
{
	hyp_free(vm->range);
	vm->range = NULL;
	vm->nr_ranges = 0;
	vm->layout = (struct mem_range){};
	vm->boot = (struct vcpu_boot){};
	memset(&vm->fw, 0, sizeof(vm->fw));
}

/* ---- resources ---- */

static bool add_resource(struct rm_vm *vm, u8 type, u32 label, struct object *obj, u32 rights)
{
	struct rm_resource *r = &vm->res[vm->nr_res++];

	*r = (struct rm_resource){
		.type = type,
		.label = label,
		.cap = cap_new(vm_primary(), obj, rights),
	};
	return r->cap != CAP_INVALID;
}

bool rm_paging_make(struct rm_vm *vm)
{
	struct addrspace *s;
	u32 i;

	if (!rm_profile->paging)
		return true;
	s = hyp_alloc(sizeof(*s));
	if (!s)
		return false;
	s->obj.type = OBJ_ADDRSPACE;
	s->vm = vm->vm;
	s->range = vm->range;
	s->nr_ranges = vm->nr_ranges;
	vm->object[vm->nr_objects++] = &s->obj;
	vm->vm->space = s;
	vm->memory = vm_memory_new(&vm->vm->s2);
	if (!vm->memory || !add_resource(vm, RES_ADDR_SPACE, 0, &s->obj, CAP_MAP))
		return false;
	for (i = 0; i < EXTENT_KINDS; i++) {
		if (!add_resource(vm, RES_MEM_EXTENT, i, &vm->memory->extent[i].obj,
				  CAP_MAP | CAP_DONATE))
			return false;
	}
	return true;
}

void rm_paging_release(struct rm_vm *vm)
{
	if (vm->memory)
		vm_memory_release(vm->memory);
	vm->memory = NULL;
}

/* ---- START ---- */

u64 rm_paging_image_base(const struct rm_vm *vm)
{
	return vm->layout.size ? vm->layout.ipa : vm->cfg->mem_base;
}

bool rm_paging_image_fits(const struct rm_vm *vm, u64 size)
{
	return !vm->layout.size || size <= vm->layout.size;
}

bool rm_paging_named(const struct rm_vm *vm, u64 gpa)
{
	return vm->vm->space && addrspace_paged(vm->vm->space, gpa);
}

bool rm_paging_free(const struct rm_vm *vm, u64 gpa, u64 size)
{
	return !vm->vm->space || stage2_range_empty(&vm->vm->s2, gpa, size);
}

void rm_paging_start(struct rm_vm *vm)
{
	u64 base = rm_paging_image_base(vm);
	u64 entry = base + vm->image_off;
	u64 context = base + vm->dtb_off;

	if (vm->boot.has_pc)
		entry = vm->boot.pc;
	if (vm->boot.has_x0)
		context = vm->boot.x[0];
	if (vm->fw.entry) {
		entry = vm->fw.entry;
		vm->boot.x[1] = vm->cfg->mem_base;
	}
	vm->vm->vcpu[0]->boot = &vm->boot;
	vcpu_power_on(vm->vm->vcpu[0], entry, context);
}

static void take_in(struct rm_vm *vm, struct rm_parcel *p)
{
	u64 gpa = rm_parcel_acl(p, vm->vmid)->gpa;
	u32 i;

	for (i = 0; i < p->nr_entries; i++) {
		vm_memory_adopt(vm->memory, &p->entry[i], gpa);
		gpa += p->entry[i].size;
	}
	rm_log_event("adopt handle=0x%x vmid=%u pages=%lu", p->handle, vm->vmid,
		     (unsigned long)(p->size >> PAGE_SHIFT));
	rm_parcel_forget(p);
}

void rm_paging_adopt(struct rm_vm *vm)
{
	struct rm_parcel *fw = rm_firmware_parcel(vm);

	if (fw)
		vm->fw.entry = rm_parcel_acl(fw, vm->vmid)->gpa + vm->fw.off;
	if (fw && vm->fw.handle != vm->image)
		take_in(vm, fw);
	take_in(vm, rm_parcel_get(vm->image));
}
