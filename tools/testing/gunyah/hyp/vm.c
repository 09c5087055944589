// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs and their vCPUs: made, started, stopped, freed.
 *
 * vms_lock guards the table of VMs, whose index + 1 is the VM's VMID for the
 * MMU; entry 0 is the primary VM.  vm->lock guards dying and power.  Order:
 * run_lock > vm->lock.
 */
#include "gic.h"
#include "sysregs.h"
#include "vcpu.h"
#include "vtimer.h"

static struct vm *vms[VM_MAX];
static spinlock_t vms_lock;

struct vm *vm_primary(void)
{
	return vms[0];
}

unsigned int vm_count(void)
{
	unsigned int i, n = 0;

	for (i = 1; i < VM_MAX; i++)
		n += !!READ_ONCE(vms[i]);
	return n;
}

static int slot_take(struct vm *vm)
{
	unsigned int i;

	spin_lock(&vms_lock);
	for (i = 0; i < VM_MAX && vms[i]; i++)
		;
	if (i < VM_MAX)
		vms[i] = vm;
	spin_unlock(&vms_lock);
	return i < VM_MAX ? (int)i : -1;
}

static void slot_free(struct vm *vm)
{
	unsigned int i;

	spin_lock(&vms_lock);
	for (i = 0; i < VM_MAX; i++)
		if (vms[i] == vm)
			vms[i] = NULL;
	spin_unlock(&vms_lock);
}

struct vm *vm_create(u16 vmid)
{
	struct vm *vm = hyp_alloc(sizeof(*vm));
	int slot;

	if (!vm)
		return NULL;
	vm->vmid = vmid;
	vm->primary = vmid == VMID_PRIMARY;
	slot = slot_take(vm);
	if (slot < 0) {
		hyp_free(vm);
		return NULL;
	}
	if (stage2_init(&vm->s2, (u16)(slot + 1))) {
		slot_free(vm);
		hyp_free(vm);
		return NULL;
	}
	hyp_debug("vmid %u: made", vmid);
	return vm;
}

struct vcpu *vm_add_vcpu(struct vm *vm, u32 wake_virq)
{
	struct vcpu *v;

	if (vm->nr_vcpus == VM_MAX_VCPUS)
		return NULL;
	v = hyp_alloc(sizeof(*v));
	if (!v)
		return NULL;
	v->sys = hyp_alloc(sizeof(*v->sys));
	if (!v->sys) {
		hyp_free(v);
		return NULL;
	}
	v->vm = vm;
	v->index = vm->nr_vcpus;
	v->on_cpu = -1;
	v->wake_virq = wake_virq;
	sysregs_reset(v);
	vgic_vcpu_init(v);
	vm->vcpu[vm->nr_vcpus++] = v;
	return v;
}

void vm_destroy(struct vm *vm)
{
	unsigned int i;

	hyp_debug("vmid %u: freed", vm->vmid);
	for (i = 0; i < vm->nr_vcpus; i++)
		vtimer_unwatch(vm->vcpu[i]);
	vgic_destroy(vm);
	stage2_destroy(&vm->s2);
	slot_free(vm);
	for (i = 0; i < vm->nr_vcpus; i++) {
		hyp_free(vm->vcpu[i]->sys);
		hyp_free(vm->vcpu[i]);
	}
	hyp_free(vm);
}

bool vcpu_start(struct vcpu *v, u64 entry, u64 context)
{
	bool ok;

	spin_lock(&v->vm->lock);
	ok = v->power == VCPU_OFF && !v->vm->dying;
	if (ok) {
		v->reset_entry = entry;
		v->reset_context = context;
		v->reset_pending = true;
		v->wfi = false;
		smp_mb();	/* vcpu_run looks at power first */
		WRITE_ONCE(v->power, VCPU_ON);
	}
	spin_unlock(&v->vm->lock);
	if (ok)
		hyp_debug("vmid %u: vcpu %u: on, at %lx", v->vm->vmid, v->index, entry);
	return ok;
}

void vcpu_power_on(struct vcpu *v, u64 entry, u64 context)
{
	if (vcpu_start(v, entry, context) && v->wake_virq)
		vgic_raise(vm_primary(), NULL, v->wake_virq);
}

void vm_kick(struct vm *vm)
{
	unsigned int i;
	int cpu;

	smp_mb();	/* kill or dying before on_cpu: vcpu.c, top */
	for (i = 0; i < vm->nr_vcpus; i++) {
		cpu = READ_ONCE(vm->vcpu[i]->on_cpu);
		if (cpu >= 0 && (unsigned int)cpu != this_cpu())
			gic_send_sgi((unsigned int)cpu, GIC_SGI_KICK);
	}
}

void vm_stop(struct vm *vm)
{
	struct vcpu *v;
	unsigned int i;

	hyp_debug("vmid %u: stopped", vm->vmid);
	spin_lock(&vm->lock);
	vm->dying = true;
	for (i = 0; i < vm->nr_vcpus; i++)
		WRITE_ONCE(vm->vcpu[i]->kill, true);
	spin_unlock(&vm->lock);
	vm_kick(vm);
	for (i = 0; i < vm->nr_vcpus; i++) {
		v = vm->vcpu[i];
		spin_lock(&v->run_lock);	/* free when it has left its CPU */
		v->power = VCPU_TERMINATED;
		vtimer_unwatch(v);
		spin_unlock(&v->run_lock);
		if (v->wake_virq)
			vgic_raise(vm_primary(), NULL, v->wake_virq);
	}
}
