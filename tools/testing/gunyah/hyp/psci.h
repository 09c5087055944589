/* SPDX-License-Identifier: GPL-2.0-only */
/* PSCI 1.1 for guests and for the primary VM. */
#ifndef HYP_PSCI_H
#define HYP_PSCI_H

#include "vcpu.h"

/**
 * psci_call() - a call that may be PSCI's
 * @v: the loaded vCPU; id and arguments in v->regs, the answer goes there
 * @res: for the host, NULL for the primary VM
 * @leave: set when the guest can't go on and @res says why
 *
 * Does not return when the primary VM ends.
 *
 * Return: false when the id is none of PSCI's.
 */
bool psci_call(struct vcpu *v, struct vcpu_run_result *res, bool *leave);

/**
 * psci_guest_left() - what a call that ended a slice means for the VM
 * @v: the guest's vCPU, put, with its run_lock held
 * @res: of the slice
 */
void psci_guest_left(struct vcpu *v, const struct vcpu_run_result *res);

#endif
