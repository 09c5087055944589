// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypercalls, in SMCCC form (function id in x0, arguments from x1) and in
 * native form (hvc #0x6000 + number, arguments from x0).  Results are in x0
 * (error) and x1 up in both; identify has no error word.
 *
 * Every VM may call; what it can reach is what it holds capabilities of.  When
 * a call fails its other results are 0.  Reserved arguments are not looked at,
 * as on the published hypervisor; those of the profile "paging" are.
 *
 * A test may ask for a call of the primary VM to go wrong: see fault.h.  A
 * vcpu_run that is not done leaves the guest and its unanswered access as they
 * were; the answer that such a call brings is lost.
 */

#include "abi.h"
#include "addrspace.h"
#include "cap.h"
#include "cpu.h"
#include "doorbell.h"
#include "fault.h"
#include "lib.h"
#include "mem.h"
#include "msgq.h"
#include "vm.h"

#define CALL_MAX_ARGS	8
#define CALL_MAX_RES	FAULT_RESULTS

struct call_args {
	u64 in[CALL_MAX_ARGS];
	u64 out[CALL_MAX_RES];
};

struct hypercall {
	u32 nr;
	/* Results beyond out[0], which is what fn returns. */
	u32 nr_out;
	bool paging;		/* of this profile only */
	u64 (*fn)(struct vcpu *v, struct call_args *a);
};

static u64 call_identify(struct vcpu *v, struct call_args *a)
{
	a->out[1] = HYP_API_FLAGS0;
	return HYP_API_INFO;
}

static u64 call_bell_send(struct vcpu *v, struct call_args *a)
{
	struct object *obj;
	u64 err;

	err = cap_get(v->vm, a->in[0], OBJ_DOORBELL, CAP_SEND, &obj);
	if (err)
		return err;
	a->out[1] = doorbell_send(container_of(obj, struct doorbell, obj), a->in[1]);
	cap_put(obj);
	return HYP_OK;
}

static u64 call_bell_receive(struct vcpu *v, struct call_args *a)
{
	struct object *obj;
	u64 err;

	err = cap_get(v->vm, a->in[0], OBJ_DOORBELL, CAP_RECEIVE, &obj);
	if (err)
		return err;
	a->out[1] = doorbell_receive(container_of(obj, struct doorbell, obj), a->in[1]);
	cap_put(obj);
	return HYP_OK;
}

static u64 call_bell_set_mask(struct vcpu *v, struct call_args *a)
{
	struct object *obj;
	u64 err;

	err = cap_get(v->vm, a->in[0], OBJ_DOORBELL, CAP_RECEIVE, &obj);
	if (err)
		return err;
	doorbell_set_mask(container_of(obj, struct doorbell, obj), a->in[1], a->in[2]);
	cap_put(obj);
	return HYP_OK;
}

/* A buffer in the caller's address space, page by page. */
struct caller_buf {
	struct vcpu *v;
	u64 va;
};

static bool caller_copy(const struct caller_buf *cb, u8 *data, u32 len, bool to_caller)
{
	u64 va = cb->va;

	while (len) {
		u32 part = MIN(len, (u32)(PAGE_SIZE - (va & ~PAGE_MASK)));
		bool ok;
		u64 ipa;

		if (!vcpu_translate(cb->v, va, to_caller, &ipa))
			return false;
		if (to_caller)
			ok = mem_copy_to_vm(cb->v->vm, ipa, data, part);
		else
			ok = mem_copy_from_vm(cb->v->vm, data, ipa, part);
		if (!ok)
			return false;
		va += part;
		data += part;
		len -= part;
	}
	return true;
}

static bool copy_to_caller(void *ctx, const void *data, u32 len)
{
	return caller_copy(ctx, (u8 *)data, len, true);
}

/*
 * Size 0, a size above the queue's and a buffer that can't be read: success,
 * and nothing is sent (fact 32).
 */
static u64 call_msgq_send(struct vcpu *v, struct call_args *a)
{
	struct caller_buf cb = { .v = v, .va = a->in[2] };
	u8 data[MSGQ_MAX_SIZE];
	struct object *obj;
	bool ready = true;
	struct msgq *q;
	u64 err;

	err = cap_get(v->vm, a->in[0], OBJ_MSGQ, CAP_SEND, &obj);
	if (err)
		return err;
	q = container_of(obj, struct msgq, obj);
	if (a->in[1] && a->in[1] <= q->max_size &&
	    caller_copy(&cb, data, (u32)a->in[1], false))
		err = msgq_send(q, data, (u32)a->in[1], a->in[3] & MSGQ_SEND_PUSH, &ready);
	cap_put(obj);
	a->out[1] = ready;
	return err;
}

static u64 call_msgq_recv(struct vcpu *v, struct call_args *a)
{
	struct caller_buf cb = { .v = v, .va = a->in[1] };
	struct object *obj;
	bool ready;
	u32 len;
	u64 err;

	err = cap_get(v->vm, a->in[0], OBJ_MSGQ, CAP_RECEIVE, &obj);
	if (err)
		return err;
	err = msgq_recv(container_of(obj, struct msgq, obj), (u32)MIN(a->in[2], 0xffffUL),
			copy_to_caller, &cb, &len, &ready);
	cap_put(obj);
	a->out[1] = len;
	a->out[2] = ready;
	return err;
}

static u64 call_vcpu_run(struct vcpu *v, struct call_args *a)
{
	struct vcpu_run_result res = {};
	struct vcpu_object *vo;
	struct object *obj;
	u64 err;

	err = cap_get(v->vm, a->in[0], OBJ_VCPU, CAP_RUN, &obj);
	if (err)
		return err;
	vo = container_of(obj, struct vcpu_object, obj);
	rm_note_vcpu_run();
	err = vo->proxy ? vcpu_run(v, vo->vcpu, &a->in[1], &res) : HYP_BUSY;
	cap_put(obj);
	if (err)
		return err;
	a->out[1] = res.state;
	memcpy(&a->out[2], res.data, sizeof(res.data));
	return HYP_OK;
}

/* Looks an address space and an extent up; both or none. */
static u64 get_space(struct vcpu *v, const struct call_args *a, struct object **space,
		     struct object **extent)
{
	u64 err = cap_get(v->vm, a->in[0], OBJ_ADDRSPACE, CAP_MAP, space);

	if (err)
		return err;
	err = cap_get(v->vm, a->in[1], OBJ_EXTENT, CAP_MAP, extent);
	if (err)
		cap_put(*space);
	return err;
}

static u64 change_space(struct vcpu *v, const struct call_args *a, const struct mapping *m,
			u64 (*change)(struct addrspace *s, struct extent *e,
				      const struct mapping *m))
{
	struct object *space, *extent;
	u64 err;

	err = get_space(v, a, &space, &extent);
	if (err)
		return err;
	err = change(container_of(space, struct addrspace, obj),
		     container_of(extent, struct extent, obj), m);
	cap_put(extent);
	cap_put(space);
	return err;
}

static u64 call_addrspace_map(struct vcpu *v, struct call_args *a)
{
	struct mapping m = {
		.gpa = a->in[2], .attrs = a->in[3], .flags = a->in[4],
		.pages = { .ipa = a->in[5], .size = a->in[6] },
	};

	return a->in[7] ? HYP_ARG_INVAL : change_space(v, a, &m, addrspace_map);
}

static u64 call_addrspace_unmap(struct vcpu *v, struct call_args *a)
{
	struct mapping m = {
		.gpa = a->in[2], .flags = a->in[3],
		.pages = { .ipa = a->in[4], .size = a->in[5] },
	};

	return a->in[6] ? HYP_ARG_INVAL : change_space(v, a, &m, addrspace_unmap);
}

static u64 call_memextent_donate(struct vcpu *v, struct call_args *a)
{
	struct mem_range r = { .ipa = a->in[3], .size = a->in[4] };
	struct vm_memory *empty = NULL;
	struct object *from, *to;
	u64 err;

	if (a->in[5])
		return HYP_ARG_INVAL;
	err = cap_get(v->vm, a->in[1], OBJ_EXTENT, CAP_DONATE, &from);
	if (err)
		return err;
	err = cap_get(v->vm, a->in[2], OBJ_EXTENT, CAP_DONATE, &to);
	if (!err) {
		err = extent_donate(a->in[0], container_of(from, struct extent, obj),
				    container_of(to, struct extent, obj), &r, &empty);
		cap_put(to);
	}
	cap_put(from);
	if (empty)
		vm_memory_free(empty);
	return err;
}

static const struct hypercall hypercalls[] = {
	{ HYP_CALL_IDENTIFY, 3, false, call_identify },
	{ HYP_CALL_BELL_SEND, 1, false, call_bell_send },
	{ HYP_CALL_BELL_RECEIVE, 1, false, call_bell_receive },
	{ HYP_CALL_BELL_SET_MASK, 0, false, call_bell_set_mask },
	{ HYP_CALL_MSGQ_SEND, 1, false, call_msgq_send },
	{ HYP_CALL_MSGQ_RECV, 2, false, call_msgq_recv },
	{ HYP_CALL_ADDRSPACE_MAP, 0, true, call_addrspace_map },
	{ HYP_CALL_ADDRSPACE_UNMAP, 0, true, call_addrspace_unmap },
	{ HYP_CALL_MEMEXTENT_DONATE, 0, true, call_memextent_donate },
	{ HYP_CALL_VCPU_RUN, 4, false, call_vcpu_run },
};

/* Whom a vcpu_run is about, as rules name it; 0 for all other calls. */
static u64 fault_target(struct vcpu *v, u32 nr, u64 cap)
{
	struct vcpu_object *vo;
	struct object *obj;
	u64 target;

	if (nr != HYP_CALL_VCPU_RUN || cap_get(v->vm, cap, OBJ_VCPU, CAP_RUN, &obj))
		return 0;
	vo = container_of(obj, struct vcpu_object, obj);
	target = vo->vcpu->vm->vmid | (u64)(vo->vcpu->index + 1) << 16;
	cap_put(obj);
	return target;
}

/* Does the call, or what a rule wants in its place; fills out[], out[0] too. */
static void call_or_fault(struct vcpu *v, const struct hypercall *h, struct call_args *a)
{
	struct fault_call f = {};
	bool fault = false;

	if (v->vm->primary)
		fault = fault_hypercall(h->nr, fault_looks() ?
					fault_target(v, h->nr, a->in[0]) : 0, &f);
	if (fault && f.skip) {
		memcpy(a->out, f.result, sizeof(a->out));
		return;
	}
	if (fault && f.starve) {
		cpu_this()->tables = f.result[0];
		cpu_this()->starved = true;
	}
	a->out[0] = h->fn(v, a);
	cpu_this()->starved = false;
	if (fault && f.error) {
		memset(a->out, 0, sizeof(a->out));
		a->out[0] = f.result[0];
	}
}

static void do_hypercall(struct vcpu *v, u32 nr, unsigned int first_arg)
{
	struct call_args a = {};
	u32 i, r;

	for (i = 0; i < ARRAY_SIZE(hypercalls); i++) {
		if (hypercalls[i].nr != nr || (hypercalls[i].paging && !extents_on()))
			continue;
		memcpy(a.in, &v->regs.x[first_arg], sizeof(a.in));
		call_or_fault(v, &hypercalls[i], &a);
		for (r = 0; r <= hypercalls[i].nr_out; r++)
			v->regs.x[r] = a.out[r];
		return;
	}
	v->regs.x[0] = HYP_UNIMPLEMENTED;
}

/* Who this is; a test may want it to be another. */
static void call_uid(struct vcpu *v)
{
	u64 uid[] = { HYP_UID0, HYP_UID1, HYP_UID2, HYP_UID3 };
	struct fault_call f = {};

	if (v->vm->primary && fault_hypercall(SMCCC_CALL_UID, 0, &f) && f.skip)
		memcpy(uid, f.result, sizeof(uid));
	memcpy(v->regs.x, uid, sizeof(uid));
}

/**
 * hypercall_smccc() - a call of the vendor hypervisor's range
 * @v: the loaded vCPU; x0 is the function id
 *
 * Return: false when the id isn't one of this range, then nothing was changed.
 */
bool hypercall_smccc(struct vcpu *v)
{
	u64 id = (u32)v->regs.x[0];

	if (!(id & SMCCC_FAST) || (id & SMCCC_OWNER_MASK) != SMCCC_OWNER_HYP)
		return false;

	if (id == SMCCC_CALL_UID) {
		call_uid(v);
	} else if (id == SMCCC_QCOM_CALL_UID && hyp_option("qcom")) {
		v->regs.x[0] = QCOM_UID0;
		v->regs.x[1] = QCOM_UID1;
		v->regs.x[2] = QCOM_UID2;
		v->regs.x[3] = QCOM_UID3;
	} else if ((id & SMCCC_HYP_CALL_MASK) == SMCCC_HYP_CALL) {
		do_hypercall(v, (u32)(id & SMCCC_HYP_CALL_NR), 1);
	} else {
		v->regs.x[0] = HYP_UNIMPLEMENTED;
	}
	return true;
}

/**
 * hypercall_native() - hvc with an immediate of the hypercall range
 * @v: the loaded vCPU
 * @imm: the immediate
 *
 * Return: false when @imm isn't in the range.
 */
bool hypercall_native(struct vcpu *v, u32 imm)
{
	if (imm < HVC_NATIVE_BASE || imm > HVC_NATIVE_LAST)
		return false;
	do_hypercall(v, imm - HVC_NATIVE_BASE, 0);
	return true;
}

void objects_init(void)
{
	cap_init();
}
