// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs of the emulated resource manager: vmids, states, the calls 0x560000xx.
 *
 * The states and what each call does in them are those of the published
 * resource manager (Dec 2023), recorded call by call: facts 1 to 20.  The
 * calls that kill it kill this one too: it never answers again.
 *
 * Invariant: vm->vm and vm->cfg are there from a VM_INIT that got as far as
 * making the VM until the late part of VM_RESET.  All is called with the rm
 * lock held.
 */

#include "rm.h"

#define VMID_FIXED		28	/* the one that may be asked for (fact 19) */
#define VMID_RM			255
#define STOP_FORCE		BIT(0)
#define NOTE_VM_SHUTDOWN	0x56100002U

enum exit_type {
	EXIT_OFF = 1,
	EXIT_RESET = 2,
	EXIT_RESET2 = 3,
	EXIT_FAULT = 5,
	EXIT_STOP = 7,
};

/* Dynamic vmids, then the fixed one. */
static struct rm_vm *vms[RM_VMID_DYN_LAST - RM_VMID_DYN_FIRST + 2];

static struct rm_vm **vm_slot(u16 vmid)
{
	if (vmid == VMID_FIXED)
		return &vms[ARRAY_SIZE(vms) - 1];
	if (vmid >= RM_VMID_DYN_FIRST && vmid <= RM_VMID_DYN_LAST)
		return &vms[vmid - RM_VMID_DYN_FIRST];
	return NULL;
}

struct rm_vm *rm_vm_get(u16 vmid)
{
	struct rm_vm **slot = vm_slot(vmid);

	return slot ? *slot : NULL;
}

struct rm_vm *rm_vm_next(struct rm_vm *vm)
{
	u32 i = vm ? (u32)(vm_slot(vm->vmid) - vms) + 1 : 0;

	for (; i < ARRAY_SIZE(vms); i++) {
		if (vms[i])
			return vms[i];
	}
	return NULL;
}

bool rm_vmid_valid(u16 vmid)
{
	return vmid == VMID_PRIMARY || rm_vm_get(vmid);
}

u32 rm_vm_count(void)
{
	u32 n = 0, i;

	for (i = 0; i < ARRAY_SIZE(vms); i++)
		n += !!READ_ONCE(vms[i]);
	return n;
}

/* A VM that was configured again from RESET tells nobody (fact 13). */
static void set_state(struct rm_vm *vm, enum rm_vm_state state)
{
	vm->state = state;
	if (!vm->second_life)
		rm_notify_status(vm, state);
}

static u32 fail(struct rm_vm *vm, u32 err)
{
	set_state(vm, RM_VM_INIT_FAILED);
	return err;
}

/* ---- vmids ---- */

u32 rm_vm_handle_alloc(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm **slot = NULL;
	u16 vmid;

	if (rq->len != 4)
		return RM_MSG_INVALID;
	vmid = rm_get16(rq->data);
	if (vmid == VMID_FIXED) {
		slot = vm_slot(vmid);
	} else if (!vmid) {
		for (vmid = RM_VMID_DYN_FIRST; vmid <= RM_VMID_DYN_LAST; vmid++) {
			slot = vm_slot(vmid);
			if (!*slot)
				break;
		}
	}
	if (!slot || *slot)
		return RM_NORESOURCE;
	*slot = hyp_alloc(sizeof(**slot));
	if (!*slot)
		return RM_NOMEM;
	(*slot)->vmid = vmid;
	(*slot)->owner = rq->from;
	(*slot)->state = RM_VM_LOAD;
	if (!rm_get16(rq->data))
		rm_reply_put32(rp, vmid);
	return RM_OK;
}

u32 rm_vm_handle_dealloc(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;

	if (rq->len != 4)
		return RM_MSG_INVALID;
	vm = rm_vm_get(rm_get16(rq->data));
	if (!vm) {
		rm_die("VM_DEALLOC_VMID of a vmid that is not allocated");
		return RM_OK;
	}
	if (vm->state != RM_VM_LOAD && vm->state != RM_VM_RESET)
		return RM_VM_STATE;
	*vm_slot(vm->vmid) = NULL;
	rm_paging_forget(vm);
	hyp_free(vm);
	return RM_OK;
}

/* ---- the way up ---- */

static u32 config_check(struct rm_vm *vm)
{
	struct rm_parcel *p = rm_parcel_get(vm->image);

	if (!p || !rm_parcel_acl(p, vm->vmid))
		return RM_MEM_INVALID;
	if (vm->image_off > p->size || vm->image_size > p->size - vm->image_off ||
	    vm->dtb_off > p->size || vm->dtb_size > p->size - vm->dtb_off)
		return RM_ARGUMENT_INVALID;
	if (!IS_ALIGNED(vm->dtb_off | vm->dtb_size, PAGE_SIZE))
		return RM_ARGUMENT_INVALID;
	return RM_OK;
}

u32 rm_vm_handle_config(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u32 err;

	if (rq->len != 40)
		return RM_MSG_INVALID;
	vm = rm_vm_get(rm_get16(rq->data));
	if (!vm)
		return RM_VMID_INVALID;
	if (vm->state != RM_VM_LOAD && vm->state != RM_VM_RESET)
		return RM_VM_STATE;

	if (vm->state == RM_VM_RESET)
		vm->second_life = true;
	rm_paging_forget(vm);
	vm->auth = rm_get16(rq->data + 2);
	vm->image = rm_get32(rq->data + 4);
	vm->image_off = rm_get64(rq->data + 8);
	vm->image_size = rm_get64(rq->data + 16);
	vm->dtb_off = rm_get64(rq->data + 24);
	vm->dtb_size = rm_get64(rq->data + 32);

	err = config_check(vm);
	if (err) {
		vm->config_failed = true;
		return fail(vm, err);
	}
	if (vm->auth > RM_AUTH_ANDROID) {
		vm->auth_unknown = true;
		return fail(vm, RM_ARGUMENT_INVALID);
	}
	set_state(vm, vm->auth == RM_AUTH_PLATFORM ? RM_VM_AUTH : RM_VM_INIT);
	return RM_OK;
}

u32 rm_vm_handle_auth(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;

	if (rq->len < 4 || rq->len != 4 + 8U * rm_get16(rq->data + 2))
		return RM_MSG_INVALID;
	vm = rm_vm_get(rm_get16(rq->data));
	if (!vm)
		return RM_VMID_INVALID;
	if (vm->state != RM_VM_AUTH)
		return RM_VM_STATE;
	/* Any parameters will do (06m). */
	set_state(vm, RM_VM_INIT);
	return RM_OK;
}

/* The VM of a request of le16 vmid, le16 0. */
static u32 simple_request(const struct rm_request *rq, struct rm_vm **vm)
{
	u16 vmid;

	if (rq->len != 4)
		return RM_MSG_INVALID;
	vmid = rm_get16(rq->data);
	*vm = rm_vm_get(vmid);
	if (vmid == VMID_PRIMARY || vmid == VMID_RM)
		return RM_DENIED;
	return *vm ? RM_OK : RM_VMID_INVALID;
}

u32 rm_vm_handle_init(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u32 err;

	if (rq->len == 4 && rm_get16(rq->data) == VMID_RM)
		return RM_VMID_INVALID;
	err = simple_request(rq, &vm);
	if (err)
		return err;
	if (rm_get16(rq->data + 2))
		return RM_MSG_INVALID;
	if (vm->state != RM_VM_INIT)
		return RM_VM_STATE;

	vm->cfg = hyp_alloc(sizeof(*vm->cfg));
	if (!vm->cfg)
		return fail(vm, RM_NOMEM);
	err = guest_fdt_parse(vm, vm->cfg);
	if (!err)
		err = rm_resources_make(vm);
	if (err)
		return fail(vm, err);
	set_state(vm, RM_VM_READY);
	return RM_OK;
}

/* VMs that were started and not taken apart yet. */
static u32 running(void)
{
	struct rm_vm *vm = NULL;
	u32 n = 0;

	while ((vm = rm_vm_next(vm)))
		n += vm->state == RM_VM_RUNNING || vm->state == RM_VM_EXITED;
	return n;
}

static u32 start_check(struct rm_vm *vm)
{
	u32 err = rm_mem_accept_for_start(vm);

	if (err)
		return err;
	/* On the published one none was ever given: there is no donor (06n). */
	if (vm->auth == RM_AUTH_ANDROID && !rm_firmware_parcel(vm))
		return RM_DENIED;
	if (running() >= rm_profile->max_running)
		return RM_NORESOURCE;
	return guest_fdt_finish(vm);
}

u32 rm_vm_handle_start(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u32 err;

	err = simple_request(rq, &vm);
	if (err)
		return err;
	if (vm->state != RM_VM_READY)
		return RM_VM_STATE;

	err = start_check(vm);
	if (err)
		return fail(vm, err);
	/* What the platform has authenticated stays in parcels. */
	if (rm_profile->paging && vm->auth != RM_AUTH_PLATFORM)
		rm_paging_adopt(vm);
	set_state(vm, RM_VM_RUNNING);
	/* Fact 20b: whatever the image size says. */
	rm_paging_start(vm);
	return RM_OK;
}

/* ---- the way down ---- */

static void vm_down(struct rm_vm *vm, u16 type, const void *reason, u32 size)
{
	vm_stop(vm->vm);
	set_state(vm, RM_VM_EXITED);
	rm_notify_exited(vm, type, reason, size);
}

u32 rm_vm_handle_stop(const struct rm_request *rq, struct rm_reply *rp)
{
	static const u8 reason[4];
	struct rm_vm *vm;

	if (rq->len != 8)
		return RM_MSG_INVALID;
	vm = rm_vm_get(rm_get16(rq->data));
	if (!vm)
		return RM_VMID_INVALID;
	if (vm->state != RM_VM_RUNNING)
		return RM_VM_STATE;

	if (rq->data[2] & STOP_FORCE) {
		rm_late_forget_exit(vm->vmid);
		vm_down(vm, EXIT_STOP, reason, sizeof(reason));
		return RM_OK;
	}
	if (!vm->channel) {
		rm_die("VM_STOP without force to a guest without a channel");
		return RM_OK;
	}
	rm_channel_notify(vm->channel, NOTE_VM_SHUTDOWN, rq->data + 4, 4);
	return RM_OK;
}

void rm_vm_exited(struct rm_vm *vm, enum vm_event ev, const u64 data[2])
{
	static const u16 types[] = {
		[VM_EV_OFF] = EXIT_OFF,
		[VM_EV_RESET] = EXIT_RESET,
		[VM_EV_RESET2] = EXIT_RESET2,
		[VM_EV_FAULT] = EXIT_FAULT,
	};
	u32 size = 4;
	u8 reason[16] = {};

	if (vm->state != RM_VM_RUNNING)
		return;
	if (ev == VM_EV_RESET2) {
		/* le16 flags: bit 15 says the 64-bit call; then type and cookie (fact 11). */
		rm_set16(reason, data[0] & BIT(62) ? 0x8000 : 0);
		rm_set32(reason + 4, (u32)data[0]);
		rm_set64(reason + 8, data[1]);
		size = sizeof(reason);
	}
	vm_down(vm, types[ev], reason, size);
}

u32 rm_vm_handle_reset(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u32 err;

	err = simple_request(rq, &vm);
	if (err)
		return err;
	if (vm->state == RM_VM_LOAD || vm->state == RM_VM_RESET || vm->config_failed) {
		rm_die("VM_RESET in LOAD, in RESET or after a failed VM_CONFIG_IMAGE");
		return RM_OK;
	}
	if (vm->state != RM_VM_READY && vm->state != RM_VM_EXITED &&
	    vm->state != RM_VM_INIT_FAILED)
		return RM_VM_STATE;
	if (vm->cfg && !vm->cfg->proxy && vm->cfg->sched_priority == -1) {
		rm_die("VM_RESET of a VM that was scheduled with priority -1");
		return RM_OK;
	}

	if (vm->vm && vm->state != RM_VM_EXITED)
		vm_stop(vm->vm);
	set_state(vm, RM_VM_RESETTING);
	if (vm->auth_unknown) {
		rp->die_after = "VM_RESET after an unknown authentication type";
	} else if (vm->second_life) {
		/* Nothing is released: the parcels stay in use for good (fact 13). */
		rm_resources_free(vm);
		vm->state = RM_VM_RESET;
	} else {
		rm_late_reset(vm->vmid);
	}
	return RM_OK;
}

void rm_vm_release(struct rm_vm *vm)
{
	rm_mem_release_all(vm);
	rm_resources_free(vm);
}

void rm_vm_reset_done(struct rm_vm *vm)
{
	set_state(vm, RM_VM_RESET);
}

void rm_vm_forget_all(void)
{
	struct rm_vm *vm;

	while ((vm = rm_vm_next(NULL))) {
		if (vm->vm)
			vm_stop(vm->vm);
		rm_resources_free(vm);
		*vm_slot(vm->vmid) = NULL;
		rm_paging_forget(vm);
		hyp_free(vm);
	}
}

/* ---- questions ---- */

u32 rm_vm_handle_get_state(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u16 vmid;

	if (rq->len != 4)
		return RM_MSG_INVALID;
	vmid = rm_get16(rq->data);
	vm = rm_vm_get(vmid);
	if (!vm && vmid != VMID_PRIMARY)
		return RM_NORESOURCE;
	/* u8 vm_status, u8 os_status, le16 app_status */
	rm_reply_put32(rp, vm ? vm->state : RM_VM_RUNNING);
	return RM_OK;
}

u32 rm_vm_handle_get_vmid(const struct rm_request *rq, struct rm_reply *rp)
{
	if (rq->len)
		return RM_MSG_INVALID;
	rm_reply_put32(rp, rq->from);
	return RM_OK;
}

u32 rm_vm_handle_get_owner(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm = rm_vm_get(rq->from);

	if (rq->len)
		return RM_MSG_INVALID;
	rm_reply_put32(rp, vm ? vm->owner : VMID_RM);
	return RM_OK;
}

u32 rm_vm_handle_get_peers(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm = NULL;

	if (rq->len)
		return RM_MSG_INVALID;
	rm_reply_put32(rp, rm_vm_count());
	while ((vm = rm_vm_next(vm)))
		rm_reply_put32(rp, vm->vmid);
	return RM_OK;
}

u32 rm_vm_handle_host_get_type(const struct rm_request *rq, struct rm_reply *rp)
{
	if (rq->len)
		return RM_MSG_INVALID;
	rm_reply_put32(rp, 0x01000164);	/* as recorded (06d) */
	return RM_OK;
}

u32 rm_vm_handle_set_firmware(const struct rm_request *rq, struct rm_reply *rp)
{
	struct rm_vm *vm;
	u32 err;

	if (rq->len != 24)
		return RM_MSG_INVALID;
	vm = rm_vm_get(rm_get16(rq->data));
	if (!vm)
		return RM_VMID_INVALID;
	if (vm->state != RM_VM_INIT)
		return RM_VM_STATE;
	if (vm->auth != RM_AUTH_ANDROID)
		err = RM_ARGUMENT_INVALID;
	else if (!rm_profile->paging)
		err = RM_DENIED;
	else
		err = rm_firmware_set(vm, rm_get32(rq->data + 4), rm_get64(rq->data + 8),
				      rm_get64(rq->data + 16));
	if (err)
		rm_reply_put32(rp, 1);	/* the hypervisor's error: argument invalid */
	return err;
}

u32 rm_vm_handle_set_time_base(const struct rm_request *rq, struct rm_reply *rp)
{
	if (rq->len != 20)
		return RM_MSG_INVALID;
	if (!rm_vm_get(rm_get16(rq->data)))
		return RM_VMID_INVALID;
	rm_reply_put32(rp, 30);		/* the hypervisor's error: denied */
	return RM_ARGUMENT_INVALID;
}

u32 rm_vm_handle_fatal_when_empty(const struct rm_request *rq, struct rm_reply *rp)
{
	if (rq->len)
		return RM_UNIMPLEMENTED;
	rm_die("empty interrupt or console call");
	return RM_OK;
}
