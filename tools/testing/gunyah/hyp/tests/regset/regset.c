// SPDX-License-Identifier: GPL-2.0-only
/* Patterns for the registers of registers.S. */

#include "regset.h"

u32 regset_count(void)
{
	u32 n = 0;

	while (registers_table[n].bits)
		n++;
	return REGSET_FP + n;
}

enum reg_group regset_group(u32 index)
{
	if (index < REGSET_FP)
		return GROUP_FP;
	return (enum reg_group)registers_table[index - REGSET_FP].group;
}

/* Different for each register and seed, both in the high and the low bits. */
static u64 pattern(u64 seed, u32 index)
{
	u64 v = (seed + index) * 0x9e3779b97f4a7c15UL;

	v ^= v >> 29;
	return index < REGSET_FP ? v : v & registers_table[index - REGSET_FP].bits;
}

void regset_fill(u64 seed, u64 *to)
{
	u32 i;

	for (i = 0; i < regset_count(); i++)
		to[i] = pattern(seed, i);
	registers_write(to);
	registers_read(to);
}
