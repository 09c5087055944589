/* SPDX-License-Identifier: GPL-2.0-only */
/* vCPUs on physical CPUs: what the core's own files share. */
#ifndef HYP_VCPU_H
#define HYP_VCPU_H

#include "asm.h"
#include "cpu.h"

/* entry.S: runs the loaded vCPU until an exception comes to EL2; EXIT_*. */
u64 vcpu_enter(struct vcpu_regs *regs);

/* This CPU's loaded vCPU becomes v; nothing else may be loaded. */
void vcpu_load(struct vcpu *v);
void vcpu_put(struct vcpu *v);

/* Takes the physical interrupts that wait, for the primary VM's loaded vCPU. */
void vcpu_take_irqs(struct vcpu *primary);

/* The primary VM's vCPU of this CPU, for ever. */
void __noreturn vcpu_run_primary(struct vcpu *v);

/* Makes other CPUs that run a vCPU of the VM leave the guest. */
void vm_kick(struct vm *vm);

/*
 * Another vCPU of the VM starts (PSCI CPU_ON): VCPU_ON and a reset at its next
 * load.  False when it is on, or terminated.
 */
bool vcpu_start(struct vcpu *v, u64 entry, u64 context);

#endif
