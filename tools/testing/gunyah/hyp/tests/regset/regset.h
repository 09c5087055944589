/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of registers that the primary VM and a guest both have, each its own.
 * Both sides fill theirs with a pattern and look whether the other's shows.
 */
#ifndef REGSET_H
#define REGSET_H

#include "../../types.h"

enum reg_group {
	GROUP_FP,
	GROUP_PAUTH,
	GROUP_THREAD,
	GROUP_DEBUG,
	GROUP_MMU,
	GROUP_EXCEPTION,
	GROUP_TIMER,
	GROUP_GIC,
	NR_GROUPS,
};

#define REGSET_FP	64		/* halves of q0 to q31 come first */
#define REGSET_MAX	128

/* How many there are; group of each. */
u32 regset_count(void);
enum reg_group regset_group(u32 index);
/* Fill all of them; what they hold then, which may be less, goes to @to. */
void regset_fill(u64 seed, u64 *to);

/* registers.S: all of them, in order; @from and @to are 16-byte aligned. */
void registers_read(u64 *to);
void registers_write(const u64 *from);

extern const struct {
	u64 bits, group;
} registers_table[];

#endif
