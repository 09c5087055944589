/* SPDX-License-Identifier: GPL-2.0-only */
/* Synchronous exceptions that EL1 and EL0 take to EL2. */
#ifndef HYP_TRAPS_H
#define HYP_TRAPS_H

#include "vcpu.h"

/* [loaded] The primary VM's. */
void trap_primary(struct vcpu *v);
/* [loaded] A guest's; true: leave it, res is for the host. */
bool trap_guest(struct vcpu *v, struct vcpu_run_result *res);

#endif
