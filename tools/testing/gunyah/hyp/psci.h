/* SPDX-License-Identifier: GPL-2.0-only */
/* PSCI 1.1 for guests and for the primary VM. */
#ifndef HYP_PSCI_H
#define HYP_PSCI_H

#include "vcpu.h"

/*
 * Handles the call in v->regs when its id is one of PSCI's; false: not PSCI.
 * Sets *leave, with the result for the host, when the guest can't go on (never
 * for the primary VM, for which res is NULL).
 */
bool psci_call(struct vcpu *v, struct vcpu_run_result *res, bool *leave);

/*
 * The guest's vCPU is put, its run_lock held: what a call of it that ended the
 * slice means for the VM.
 */
void psci_guest_left(struct vcpu *v, const struct vcpu_run_result *res);

#endif
