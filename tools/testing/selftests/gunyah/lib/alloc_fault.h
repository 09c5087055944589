/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail, by the kernel's fault injection, and their number by
 * two counts that know nothing of each other.
 */
#ifndef GUNYAH_TEST_ALLOC_FAULT_H
#define GUNYAH_TEST_ALLOC_FAULT_H

#include "gunyah_test.h"

/* Whose allocations are meant. */
enum alloc_scope {
	ALLOC_DRIVER,		/* with a function of the driver's modules on the stack */
	ALLOC_MODULES,		/* of any module, wherever it will be loaded */
};

/* False when allocations can't be made to fail here. */
bool fail_nth_there(void);
/* Why not, when it was false. */
const char *fail_nth_why(void);
/* To be called again when the modules were loaded again: they have another place. */
void fail_nth_scope(enum alloc_scope scope);
/* The @nth allocation of that scope in this thread from here on fails; 0: none. */
void fail_nth(unsigned int nth);
/* Ends that.  Allocations that were still to be made before the one that fails, 0: it failed. */
unsigned int fail_nth_end(void);
/* All allocations of the kernel's workers and interrupt threads fail, until told not to. */
void fail_workers(bool fail);
/* Allocations that failed since then. */
unsigned int fail_workers_count(void);
/* Has a worker do something that needs memory: does that fail? */
bool fail_workers_do(void);

/*
 * From one allocation that is to fail to the next one.  A debug kernel is slow, and
 * half of what is counted there it allocates for its own books, one for each of
 * the driver's: @debug there, 1 on all others.
 */
unsigned int alloc_step(unsigned int debug);

/**
 * struct alloc_count - allocations of one stretch
 * @injector: that fault injection would have made fail
 * @traced: by the tracepoints of the allocators
 * @refills: of them, those that not each such stretch has
 */
struct alloc_count {
	unsigned int injector;
	unsigned int traced;
	unsigned int refills;
};

/*
 * Counts the scope's allocations in this thread, of which none fails, from here
 * to alloc_count_end().
 */
void alloc_count_begin(void);
struct alloc_count alloc_count_end(void);
/* Are both the same, but for what has no tracepoint? */
bool alloc_counts_agree(const struct alloc_count *count);
/* Were they as many as failed one after the other?  Prints both. */
bool alloc_count_same(const struct alloc_count *count, unsigned int points);

#endif
