// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ticket locks.  A lock that is not had for a minute is a bug and a panic,
 * not a silent end of the test.
 */
#include "../lib.h"

#define LOCK_LIMIT_US	60000000UL

void spin_lock(spinlock_t *lock)
{
	u32 ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	u64 start = 0;

	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket) {
		asm volatile("yield");
		if (!start)
			start = hyp_time_us();
		else if (hyp_time_us() - start > LOCK_LIMIT_US)
			hyp_panic("lock %p: not free for a minute", (void *)lock);
	}
}

bool spin_trylock(spinlock_t *lock)
{
	u32 owner = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);
	u32 expected = owner;

	return __atomic_compare_exchange_n(&lock->next, &expected, owner + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}
