// SPDX-License-Identifier: GPL-2.0-only
/*
 * PSCI 1.1.
 *
 * Guests' calls are answered as the published hypervisor does (facts 10 to 12,
 * 53, 61, trace 13c).  The primary VM's calls are carried out: a CPU that was
 * never started is asked of the firmware and enters at EL2; CPU_OFF leaves the
 * CPU parked in EL2 (vcpu.c), from where CPU_ON takes it back.
 *
 * vm->lock guards power and dying.  A vCPU's own CPU_OFF takes effect when it
 * has left the CPU (psci_guest_left), so that who sees VCPU_OFF may start it.
 */
#include "gic.h"
#include "psci.h"
#include "vtimer.h"

#define PSCI_VERSION		0x84000000
#define PSCI_CPU_SUSPEND	0x84000001
#define PSCI_CPU_OFF		0x84000002
#define PSCI_CPU_ON		0x84000003
#define PSCI_AFFINITY_INFO	0x84000004
#define PSCI_MIGRATE_INFO_TYPE	0x84000006
#define PSCI_SYSTEM_OFF		0x84000008
#define PSCI_SYSTEM_RESET	0x84000009
#define PSCI_FEATURES		0x8400000a
#define PSCI_SYSTEM_RESET2	0x84000012
#define PSCI_64			0x40000000
#define SMCCC_VERSION		0x80000000

#define PSCI_RANGE		0x84000000
#define PSCI_RANGE_MASK		0xbfffffe0	/* the 64-bit form too */

#define PSCI_1_1		0x10001

#define PSCI_OK			0L
#define PSCI_NOT_SUPPORTED	(-1L)
#define PSCI_INVALID_PARAMETERS	(-2L)
#define PSCI_ALREADY_ON		(-4L)
#define PSCI_INTERNAL_FAILURE	(-6L)

#define POWER_DOWN		BIT(16)	/* original format of the power state */
#define AFF_MASK		0xff00ffffffUL

#define RESET_SYSTEM_RESET	BIT(63)
#define RESET_SMC64		BIT(62)

#define EXIT_STATUS_RESET	3	/* QEMU's, when the primary VM resets */

/* One call; args cut to 32 bits where its id is a 32-bit one. */
struct call {
	struct vcpu *v;
	struct vcpu_run_result *res;
	u32 fn;			/* without PSCI_64 */
	bool is_64;
	u64 arg[3];
	bool leave;
};

static struct vcpu *target_of(struct vm *vm, u64 mpidr)
{
	u64 i = mpidr & AFF_MASK;

	return i < vm->nr_vcpus && !(mpidr & ~AFF_MASK) ? vm->vcpu[i] : NULL;
}

static s64 features(u32 fn)
{
	switch (fn) {
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND:
	case PSCI_CPU_SUSPEND | PSCI_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_CPU_ON | PSCI_64:
	case PSCI_AFFINITY_INFO:
	case PSCI_AFFINITY_INFO | PSCI_64:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
	case PSCI_SYSTEM_RESET2:
	case PSCI_SYSTEM_RESET2 | PSCI_64:
	case SMCCC_VERSION:
		return PSCI_OK;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

static s64 affinity_info(const struct call *c)
{
	const struct vcpu *t = target_of(c->v->vm, c->arg[0]);

	if (!t || c->arg[1])
		return PSCI_INVALID_PARAMETERS;
	return READ_ONCE(t->power) == VCPU_ON ? 0 : 1;
}

/* The physical CPU of a vCPU of the primary VM that has just been started. */
static s64 start_physical(struct vcpu *t)
{
	struct cpu *cpu = &cpus[t->index];
	s64 err;

	if (cpu->started) {
		gic_send_sgi(t->index, GIC_SGI_KICK);
		return PSCI_OK;
	}
	cpu->started = true;
	err = cpu_start(t->index);
	if (err) {
		hyp_log("cpu %u: the firmware's CPU_ON says %ld", t->index, err);
		cpu->started = false;
		WRITE_ONCE(t->power, VCPU_OFF);
		return PSCI_INTERNAL_FAILURE;
	}
	return PSCI_OK;
}

static s64 cpu_on(const struct call *c)
{
	struct vm *vm = c->v->vm;
	struct vcpu *t = target_of(vm, c->arg[0]);
	s64 ret = PSCI_OK;

	if (!t)
		return vm->primary ? PSCI_INVALID_PARAMETERS : PSCI_INTERNAL_FAILURE;
	if (!vcpu_start(t, c->arg[1], c->arg[2]))
		return PSCI_ALREADY_ON;
	if (vm->primary) {
		spin_lock(&vm->lock);
		ret = start_physical(t);
		spin_unlock(&vm->lock);
	} else if (t->wake_virq) {
		vgic_raise(vm_primary(), NULL, t->wake_virq);	/* fact 48 */
	}
	return ret;
}

static s64 cpu_off(struct call *c)
{
	if (c->v->vm->primary) {
		WRITE_ONCE(c->v->power, VCPU_OFF);
		return PSCI_OK;
	}
	c->leave = true;
	c->v->off_pending = true;
	c->res->state = VCPU_RUN_POWERED_OFF;
	return PSCI_OK;
}

/* The primary VM: as WFI, and a wake-up without a reason is allowed. */
static s64 cpu_suspend(struct call *c)
{
	struct vcpu *v = c->v;

	if (v->vm->primary) {
		vtimer_program(NULL);
		if (!vgic_has_pending(v))
			wfi();
		return PSCI_OK;
	}
	c->leave = true;
	c->res->state = VCPU_RUN_EXPECTS_WAKEUP;
	c->res->data[0] = c->arg[0];
	c->res->data[1] = 2;
	v->suspend_down = c->arg[0] & POWER_DOWN;
	v->suspend_entry = c->arg[1];
	v->suspend_context = c->arg[2];
	return PSCI_OK;
}

/* No vCPU of the VM runs any more; the first call to say so is the one that counts. */
static void end_vm(struct vcpu *v)
{
	spin_lock(&v->vm->lock);
	v->ended_vm = !v->vm->dying;
	v->vm->dying = true;
	spin_unlock(&v->vm->lock);
}

static s64 system_off(struct call *c)
{
	if (c->v->vm->primary) {
		rm_finish();
		hyp_exit(0);
	}
	c->leave = true;
	c->res->state = VCPU_RUN_POWERED_OFF;
	end_vm(c->v);
	return PSCI_OK;
}

static s64 system_reset(struct call *c)
{
	if (c->v->vm->primary) {
		rm_finish();
		hyp_exit(EXIT_STATUS_RESET);
	}
	c->leave = true;
	c->res->state = VCPU_RUN_SYSTEM_RESET;
	if (c->fn == PSCI_SYSTEM_RESET) {
		c->res->data[0] = RESET_SYSTEM_RESET;
	} else {
		c->res->data[0] = (u32)c->arg[0] | (c->is_64 ? RESET_SMC64 : 0);
		c->res->data[1] = c->arg[1];
	}
	end_vm(c->v);
	return PSCI_OK;
}

static s64 dispatch(struct call *c)
{
	if (features(c->fn | (c->is_64 ? PSCI_64 : 0)) != PSCI_OK)
		return PSCI_NOT_SUPPORTED;
	switch (c->fn) {
	case PSCI_VERSION:
		return PSCI_1_1;
	case PSCI_FEATURES:
		return features((u32)c->arg[0]);
	case PSCI_AFFINITY_INFO:
		return affinity_info(c);
	case PSCI_CPU_ON:
		return cpu_on(c);
	case PSCI_CPU_OFF:
		return cpu_off(c);
	case PSCI_CPU_SUSPEND:
		return cpu_suspend(c);
	case PSCI_SYSTEM_OFF:
		return system_off(c);
	case PSCI_SYSTEM_RESET:
	case PSCI_SYSTEM_RESET2:
		return system_reset(c);
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

bool psci_call(struct vcpu *v, struct vcpu_run_result *res, bool *leave)
{
	u32 id = (u32)v->regs.x[0];
	struct call c = {
		.v = v, .res = res, .fn = id & ~PSCI_64, .is_64 = id & PSCI_64,
		.arg = { v->regs.x[1], v->regs.x[2], v->regs.x[3] },
	};
	unsigned int i;

	if ((id & PSCI_RANGE_MASK) != PSCI_RANGE)
		return false;
	for (i = 0; !c.is_64 && i < ARRAY_SIZE(c.arg); i++)
		c.arg[i] = (u32)c.arg[i];
	if (res)
		*res = (struct vcpu_run_result){};
	v->regs.x[0] = (u64)dispatch(&c);
	*leave = c.leave;
	return true;
}

void psci_guest_left(struct vcpu *v, const struct vcpu_run_result *res)
{
	enum vm_event ev = VM_EV_OFF;

	if (v->off_pending) {
		v->off_pending = false;
		hyp_debug("vmid %u: vcpu %u: off", v->vm->vmid, v->index);
		spin_lock(&v->vm->lock);
		if (v->power == VCPU_ON)
			v->power = VCPU_OFF;
		spin_unlock(&v->vm->lock);
	}
	if (!v->ended_vm)
		return;
	v->ended_vm = false;
	if (READ_ONCE(v->kill))			/* VM_STOP came first */
		return;
	if (res->state == VCPU_RUN_SYSTEM_RESET)
		ev = res->data[0] & RESET_SYSTEM_RESET ? VM_EV_RESET : VM_EV_RESET2;
	hyp_debug("vmid %u: vcpu %u: ended the VM, event %u", v->vm->vmid, v->index, ev);
	vm_kick(v->vm);
	rm_vm_event(v->vm, ev, res->data);
}
