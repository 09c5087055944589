/* SPDX-License-Identifier: GPL-2.0-only */
/* vCPUs on physical CPUs: what the core's own files share. */
#ifndef HYP_VCPU_H
#define HYP_VCPU_H

#include "asm.h"
#include "cpu.h"

/**
 * vcpu_enter() - run the loaded vCPU until an exception comes to EL2 (entry.S)
 * @regs: v->regs of the vCPU
 *
 * Return: EXIT_SYNC, EXIT_IRQ, EXIT_FIQ or EXIT_SERROR.
 */
u64 vcpu_enter(struct vcpu_regs *regs);

/* This CPU's loaded vCPU becomes v, or v leaves it; between the two nothing is loaded. */
void vcpu_load(struct vcpu *v);
void vcpu_put(struct vcpu *v);

/* Takes the physical interrupts that wait, for the primary VM's loaded vCPU. */
void vcpu_take_irqs(struct vcpu *primary);

/* The primary VM's vCPU of this CPU, for ever. */
void __noreturn vcpu_run_primary(struct vcpu *v);

/* Makes other CPUs that run a vCPU of the VM leave the guest. */
void vm_kick(struct vm *vm);

/**
 * vcpu_start() - a vCPU is VCPU_ON, with a reset at its next load
 * @v: the vCPU
 * @entry: its first instruction
 * @context: its x0
 *
 * Takes vm->lock.
 *
 * Return: false when it is on already, terminated, or its VM is ending.
 */
bool vcpu_start(struct vcpu *v, u64 entry, u64 context);

#endif
