// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM's resources: the struct vm with its vGIC and vCPUs, doorbells, message
 * queues, and what GET_HYP_RESOURCES tells the owner of them.
 *
 * The entries are vCPUs first, by index, then the devices in the order of the
 * guest's device tree (fact 55), then those of paging.c.  Interrupts of the
 * owner are the lowest free INTIDs from 962 up, given in the same order; those
 * of the guest that its tree does not name are given from 0x3c0 up (fact 63).
 *
 * Invariant: a number of the owner is in use from VM_INIT to the late part of
 * VM_RESET, by one resource.  All is called with the rm lock held.
 */

#include "../abi.h"
#include "../addrspace.h"
#include "../cap.h"
#include "../doorbell.h"
#include "../msgq.h"
#include "rm.h"

#define VGIC_LINES	VGIC_NR_LINES
#define VMID_RM		255

/* Types of entries (the published resource manager's API). */
enum res_type {
	RES_BELL_TX = 0,
	RES_BELL_RX = 1,
	RES_MSGQ_TX = 2,
	RES_MSGQ_RX = 3,
	RES_VCPU = 4,
};

#define RES_ENTRY_SIZE	44

static struct {
	bool used[RES_INTID_LAST - RES_INTID_FIRST + 1];
	struct object rm_thread;	/* the resource manager's own vCPU */
	u64 rm_thread_cap;
} res;

void rm_resources_init(void)
{
	res.rm_thread.type = OBJ_THREAD;
	res.rm_thread_cap = cap_new(vm_primary(), &res.rm_thread, 0);
}

/* An INTID of the owner; 0 when none is left. */
static u32 intid_get(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(res.used); i++) {
		if (!res.used[i]) {
			res.used[i] = true;
			return RES_INTID_FIRST + i;
		}
	}
	return 0;
}

static void intid_put(u32 intid)
{
	if (intid)
		res.used[intid - RES_INTID_FIRST] = false;
}

static struct rm_resource *add_entry(struct rm_vm *vm, u8 type, u16 partner, u32 label)
{
	struct rm_resource *r = &vm->res[vm->nr_res++];

	*r = (struct rm_resource){ .type = type, .partner = partner, .label = label };
	return r;
}

/* The object is the VM's from here on; rm_resources_free() frees it. */
static void add_object(struct rm_vm *vm, struct object *obj)
{
	vm->object[vm->nr_objects++] = obj;
}

static bool make_vcpu(struct rm_vm *vm, u32 index)
{
	struct rm_resource *r = add_entry(vm, RES_VCPU, 0, index);
	struct vcpu_object *vo;

	r->virq = intid_get();
	vo = hyp_alloc(sizeof(*vo));
	if (!vo || !r->virq) {
		hyp_free(vo);
		return false;
	}
	vo->obj.type = OBJ_VCPU;
	vo->proxy = vm->cfg->proxy;
	add_object(vm, &vo->obj);
	vo->vcpu = vm_add_vcpu(vm->vm, r->virq);
	if (!vo->vcpu)
		return false;
	r->cap = cap_new(vm_primary(), &vo->obj, CAP_RUN);
	return r->cap != CAP_INVALID;
}

static bool make_doorbell(struct rm_vm *vm, struct guest_device *d)
{
	struct rm_resource *r = add_entry(vm, RES_BELL_TX, vm->vmid, d->label);
	struct doorbell *bell;

	bell = doorbell_new(vm->vm, d->irq[0], d->irq_edge);
	if (!bell)
		return false;
	add_object(vm, &bell->obj);
	vgic_config(vm->vm, d->irq[0], d->irq_edge);
	r->cap = cap_new(vm_primary(), &bell->obj,
			 d->source_can_clear ? CAP_SEND | CAP_RECEIVE : CAP_SEND);
	d->cap[0] = cap_new(vm->vm, &bell->obj, CAP_RECEIVE);
	return r->cap != CAP_INVALID && d->cap[0] != CAP_INVALID;
}

static bool make_doorbell_source(struct rm_vm *vm, struct guest_device *d)
{
	struct rm_resource *r = add_entry(vm, RES_BELL_RX, vm->vmid, d->label);
	struct doorbell *bell;

	r->virq = intid_get();
	if (!r->virq)
		return false;
	bell = doorbell_new(vm_primary(), r->virq, true);
	if (!bell)
		return false;
	add_object(vm, &bell->obj);
	r->cap = cap_new(vm_primary(), &bell->obj, CAP_RECEIVE);
	d->cap[0] = cap_new(vm->vm, &bell->obj, CAP_SEND);
	return r->cap != CAP_INVALID && d->cap[0] != CAP_INVALID;
}

/* One queue; the guest sends or receives. */
static bool make_queue(struct rm_vm *vm, struct guest_device *d, bool guest_sends)
{
	struct rm_resource *r = add_entry(vm, guest_sends ? RES_MSGQ_RX : RES_MSGQ_TX,
					  vm->vmid, d->label);
	u32 guest_irq = d->irq[guest_sends ? 0 : 1];
	struct msgq_end owner, guest;
	struct msgq *q;

	r->virq = intid_get();
	q = msgq_new(d->msg_size, d->depth);
	if (!q || !r->virq) {
		if (q)
			msgq_free(q);
		return false;
	}
	add_object(vm, &q->obj);
	owner = (struct msgq_end){ .vm = vm_primary(), .irq = r->virq };
	guest = (struct msgq_end){ .vm = vm->vm, .irq = guest_irq };
	q->tx = guest_sends ? guest : owner;
	q->rx = guest_sends ? owner : guest;
	vgic_config(vm->vm, guest_irq, true);
	r->cap = cap_new(vm_primary(), &q->obj, guest_sends ? CAP_RECEIVE : CAP_SEND);
	d->cap[guest_sends ? 0 : 1] =
		cap_new(vm->vm, &q->obj, guest_sends ? CAP_SEND : CAP_RECEIVE);
	return r->cap != CAP_INVALID && d->cap[guest_sends ? 0 : 1] != CAP_INVALID;
}

/* The guest's own channel to the resource manager; the owner sees nothing of it. */
static bool make_channel(struct rm_vm *vm, struct guest_device *d)
{
	struct msgq *in = msgq_new(d->msg_size, d->depth);
	struct msgq *out = msgq_new(d->msg_size, d->depth);

	if (in)
		add_object(vm, &in->obj);
	if (out)
		add_object(vm, &out->obj);
	if (!in || !out || d->msg_size != RM_QUEUE_SIZE || vm->channel)
		return false;
	in->tx = (struct msgq_end){ .vm = vm->vm, .irq = d->irq[0] };
	in->rx = (struct msgq_end){ .call = rm_queue_guest };
	out->tx = (struct msgq_end){ .call = rm_queue_guest };
	out->rx = (struct msgq_end){ .vm = vm->vm, .irq = d->irq[1] };
	vgic_config(vm->vm, d->irq[0], true);
	vgic_config(vm->vm, d->irq[1], true);
	vm->channel = rm_channel_new(vm->vmid, in, out);
	d->cap[0] = cap_new(vm->vm, &in->obj, CAP_SEND);
	d->cap[1] = cap_new(vm->vm, &out->obj, CAP_RECEIVE);
	return vm->channel && d->cap[0] != CAP_INVALID && d->cap[1] != CAP_INVALID;
}

/* Guest's INTIDs for a device whose interrupts the tree doesn't name. */
static void give_guest_irqs(struct guest_device *d, u32 *next)
{
	switch (d->type) {
	case GUEST_DEV_DOORBELL:
		if (!d->has_irq)
			d->irq[0] = (*next)++;
		break;
	case GUEST_DEV_MSGQ:
		d->irq[d->is_sender ? 0 : 1] = (*next)++;
		break;
	case GUEST_DEV_MSGQ_PAIR:
	case GUEST_DEV_RM_RPC:
		d->irq[0] = (*next)++;
		d->irq[1] = (*next)++;
		break;
	default:
		break;
	}
}

static bool guest_irq_ok(u32 irq)
{
	return !irq || (irq >= 32 && irq < VGIC_LINES);
}

static bool make_device(struct rm_vm *vm, struct guest_device *d)
{
	if (!guest_irq_ok(d->irq[0]) || !guest_irq_ok(d->irq[1]))
		return false;
	switch (d->type) {
	case GUEST_DEV_DOORBELL:
		return make_doorbell(vm, d);
	case GUEST_DEV_DOORBELL_SOURCE:
		return make_doorbell_source(vm, d);
	case GUEST_DEV_MSGQ:
		return make_queue(vm, d, d->is_sender);
	case GUEST_DEV_MSGQ_PAIR:
		return make_queue(vm, d, false) && make_queue(vm, d, true);
	case GUEST_DEV_RM_RPC:
		return make_channel(vm, d);
	case GUEST_DEV_SHM:
		return true;
	case GUEST_DEV_OTHER:
		break;
	}
	return false;
}

/**
 * rm_resources_make() - make the VM and all that its device tree asks for
 * @vm: with cfg filled by guest_fdt_parse()
 *
 * What was made stays on an error; VM_RESET frees it.
 *
 * Return: RM_OK, RM_MEM_INVALID when there is no memory for a VM,
 * RM_NORESOURCE for a device that can't be made.
 */
u32 rm_resources_make(struct rm_vm *vm)
{
	struct guest_config *cfg = vm->cfg;
	u32 next = GUEST_INTID_FIRST;
	u32 i;

	if (!cfg->nr_vcpus || cfg->nr_vcpus > VM_MAX_VCPUS)
		return RM_MEM_INVALID;
	vm->vm = vm_create(vm->vmid);
	if (!vm->vm)
		return RM_MEM_INVALID;
	vm->vm->rm = vm;
	vm->vm->vmmio_base = rm_profile->vmmio_base;
	vm->vm->vmmio_size = rm_profile->vmmio_size;
	if (vgic_init(vm->vm, cfg->gicd_base, cfg->gicr_base, VGIC_LINES))
		return RM_MEM_INVALID;

	for (i = 0; i < cfg->nr_vcpus; i++) {
		if (!make_vcpu(vm, i))
			return RM_NORESOURCE;
	}
	for (i = 0; i < cfg->nr_devices; i++) {
		give_guest_irqs(&cfg->dev[i], &next);
		if (!make_device(vm, &cfg->dev[i]))
			return RM_NORESOURCE;
	}
	return rm_paging_make(vm) ? RM_OK : RM_NORESOURCE;
}

static void free_object(struct object *obj)
{
	switch (obj->type) {
	case OBJ_DOORBELL:
		doorbell_free(container_of(obj, struct doorbell, obj));
		break;
	case OBJ_MSGQ:
		msgq_free(container_of(obj, struct msgq, obj));
		break;
	case OBJ_VCPU:
		hyp_free(container_of(obj, struct vcpu_object, obj));
		break;
	case OBJ_ADDRSPACE:
		hyp_free(container_of(obj, struct addrspace, obj));
		break;
	case OBJ_THREAD:
	case OBJ_EXTENT:
		break;
	}
}

/**
 * rm_resources_free() - take the VM apart
 * @vm: stopped, with vm_stop(), when it has a struct vm
 */
void rm_resources_free(struct rm_vm *vm)
{
	u32 i;

	/* No hypercall is in any of them when this loop is through. */
	for (i = 0; i < vm->nr_objects; i++)
		cap_revoke(vm->object[i]);
	if (vm->channel)
		rm_channel_free(vm->channel);
	vm->channel = NULL;
	rm_paging_release(vm);
	if (vm->vm)
		vm_destroy(vm->vm);
	vm->vm = NULL;
	for (i = 0; i < vm->nr_objects; i++)
		free_object(vm->object[i]);
	vm->nr_objects = 0;
	for (i = 0; i < vm->nr_res; i++)
		intid_put(vm->res[i].virq);
	vm->nr_res = 0;
	hyp_free(vm->cfg);
	vm->cfg = NULL;
}

static void put_entry(struct rm_reply *rp, const struct rm_resource *r)
{
	u8 e[RES_ENTRY_SIZE] = {};

	e[0] = r->type;
	rm_set16(e + 2, r->partner);
	rm_set32(e + 8, r->label);
	rm_set64(e + 12, r->cap);
	rm_set32(e + 24, r->virq);
	rm_reply_put(rp, e, sizeof(e));
}

u32 rm_vm_handle_get_resources(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u16 vmid;
	u32 i;

	if (rq->len != 4)
		return RM_MSG_INVALID;
	vmid = rm_get16(rq->data);
	if (vmid == VMID_PRIMARY) {
		rm_reply_put32(rp, 0);
		return RM_OK;
	}
	if (vmid == VMID_RM) {
		struct rm_resource r = { .type = RES_VCPU, .cap = res.rm_thread_cap };

		rm_reply_put32(rp, 1);
		put_entry(rp, &r);
		return RM_OK;
	}
	vm = rm_vm_get(vmid);
	if (!vm)
		return RM_ARGUMENT_INVALID;
	if (!vm->vm && vm->state != RM_VM_INIT)
		return RM_NORESOURCE;
	rm_reply_put32(rp, vm->nr_res);
	for (i = 0; i < vm->nr_res; i++)
		put_entry(rp, &vm->res[i]);
	return RM_OK;
}
