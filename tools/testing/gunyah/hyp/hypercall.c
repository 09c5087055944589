// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypercalls, in SMCCC form (function id in x0, arguments from x1) and in
 * native form (hvc #0x6000 + number, arguments from x0).  Results are in x0
 * (error) and x1 up in both; identify has no error word.
 *
 * Every VM may call; what it can reach is what it holds capabilities of.  When
 * a call fails its other results are 0.  Reserved arguments are not looked at,
 * as on the published hypervisor.
 *
 * A test may ask for a call of the primary VM to go wrong: see fault.h.  A
 * vcpu_run that is not done leaves the guest and its unanswered access as they
 * were; the answer that such a call brings is lost.
 */

#include "abi.h"
#include "cap.h"
#include "doorbell.h"
#include "fault.h"
#include "lib.h"
#include "mem.h"
#include "msgq.h"
#include "vm.h"

#define CALL_MAX_ARGS	5
#define CALL_MAX_RES	FAULT_RESULTS

struct call_args {
	u64 in[CALL_MAX_ARGS];
	u64 out[CALL_MAX_RES];
};

struct hypercall {
	u32 nr;
	/* Results beyond out[0], which is what fn returns. */
	u32 nr_out;
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

static const struct hypercall hypercalls[] = {
	{ HYP_CALL_IDENTIFY, 3, call_identify },
	{ HYP_CALL_BELL_SEND, 1, call_bell_send },
	{ HYP_CALL_BELL_RECEIVE, 1, call_bell_receive },
	{ HYP_CALL_BELL_SET_MASK, 0, call_bell_set_mask },
	{ HYP_CALL_MSGQ_SEND, 1, call_msgq_send },
	{ HYP_CALL_MSGQ_RECV, 2, call_msgq_recv },
	{ HYP_CALL_VCPU_RUN, 4, call_vcpu_run },
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
	a->out[0] = h->fn(v, a);
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
		if (hypercalls[i].nr != nr)
			continue;
		memcpy(a.in, &v->regs.x[first_arg], sizeof(a.in));
		call_or_fault(v, &hypercalls[i], &a);
		for (r = 0; r <= hypercalls[i].nr_out; r++)
			v->regs.x[r] = a.out[r];
		return;
	}
	v->regs.x[0] = HYP_UNIMPLEMENTED;
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
		v->regs.x[0] = HYP_UID0;
		v->regs.x[1] = HYP_UID1;
		v->regs.x[2] = HYP_UID2;
		v->regs.x[3] = HYP_UID3;
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
