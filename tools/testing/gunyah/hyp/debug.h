/* SPDX-License-Identifier: GPL-2.0-only */
/* Debug registers of guests. */
#ifndef HYP_DEBUG_H
#define HYP_DEBUG_H

#include "cpu.h"

/* How many breakpoints and watchpoints this machine has; once, boot CPU. */
void debug_init(void);

/* [loaded] A guest's vCPU comes, MDSCR_EL1 written last; and leaves. */
void debug_load(struct vcpu *v);
void debug_put(struct vcpu *v);

/**
 * debug_trap() - [loaded] a guest's access to a register with op0 = 2
 * @v: the vCPU
 * @op1: of the register's encoding, as the next three
 * @crn: see @op1
 * @crm: see @op1
 * @op2: see @op1
 * @read: direction
 * @val: what is written, or the answer
 *
 * Return: false when there is no such register.
 */
bool debug_trap(struct vcpu *v, unsigned int op1, unsigned int crn, unsigned int crm,
		unsigned int op2, bool read, u64 *val);

#endif
