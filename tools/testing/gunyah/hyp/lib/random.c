// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time and random numbers.  With ghyp.seed=N the sequence is the same in each
 * run; without, it starts from the device tree's rng-seed and the counter.
 */
#include "random.h"
#include "../cpu.h"

static spinlock_t lock;
static u64 state;

void random_init(const void *seed, size_t len)
{
	const char *opt = hyp_option("seed");
	const u8 *p = seed;

	if (opt) {
		state = strtoul(opt, NULL, 0);
		return;
	}
	state = read_sysreg(cntpct_el0);
	for (; len; len--)
		state = (state ^ *p++) * 0x100000001b3UL;
}

/* splitmix64 */
u64 hyp_random(void)
{
	u64 z;

	spin_lock(&lock);
	state += 0x9e3779b97f4a7c15UL;
	z = state;
	spin_unlock(&lock);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
	return z ^ (z >> 31);
}

u64 hyp_time_us(void)
{
	u64 freq = read_sysreg(cntfrq_el0);
	u64 t = read_sysreg(cntpct_el0);

	return t / freq * 1000000 + t % freq * 1000000 / freq;
}
