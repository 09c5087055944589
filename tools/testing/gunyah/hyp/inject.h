/* SPDX-License-Identifier: GPL-2.0-only */
/* Exceptions that EL2 makes the loaded vCPU take at EL1. */
#ifndef HYP_INJECT_H
#define HYP_INJECT_H

#include "cpu.h"

/* [loaded] A synchronous external abort (fact 59); fsc: 0x10, or 0x14 up on a walk. */
void inject_abort(struct vcpu *v, bool exec, u64 far, unsigned int fsc);
/* [loaded] An undefined instruction at the current one. */
void inject_undef(struct vcpu *v);

#endif
