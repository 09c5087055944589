// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failure sweeps over allocations: on each way that works, each allocation of the
 * driver fails, one in each life, until there is no further one.  Nothing is
 * given up for want of memory, and the step that failed works when it is tried
 * again.
 *
 * That no allocation is left out is seen by counting those of a clean life twice:
 * by fault injection itself, and by the tracepoints of the allocators
 * (lib/alloc_fault.c).
 *
 * R20, R30, R64.
 */
#include "../kselftest_harness.h"
#include "lib/alloc_fault.h"
#include "lib/path.h"

FIXTURE(allocations)
{
	struct sweep_state before;
};

FIXTURE_VARIANT(allocations)
{
	const struct path *path;
};

FIXTURE_VARIANT_ADD(allocations, create) { .path = &create_path };
FIXTURE_VARIANT_ADD(allocations, memory) { .path = &memory_path };
FIXTURE_VARIANT_ADD(allocations, map) { .path = &map_path };
FIXTURE_VARIANT_ADD(allocations, functions) { .path = &functions_path };
FIXTURE_VARIANT_ADD(allocations, late_functions) { .path = &late_path };
FIXTURE_VARIANT_ADD(allocations, start_1_vcpu) { .path = &start_1_path };
FIXTURE_VARIANT_ADD(allocations, start_4_vcpus) { .path = &start_4_path };
FIXTURE_VARIANT_ADD(allocations, reset) { .path = &reset_path };

FIXTURE_SETUP(allocations)
{
	struct life l;

	require_gunyah();
	require_control();
	if (!fail_nth_there())
		SKIP(return, "no fault injection in this kernel");
	control_clear(-1);
	mlockall(MCL_CURRENT);
	ASSERT_TRUE(path_live(&l, variant->path));
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(allocations)
{
	fail_nth(0);
}

/* Some lives have fewer, see lib/alloc_fault.c. */
#define MISSES	4

/* A life in which the @nth fails; false when it has not so many. */
static bool alloc_point(struct __test_metadata *_metadata, const struct path *path,
			unsigned int nth, const struct sweep_state *before, unsigned int *errors)
{
	static const struct cost nothing;
	struct sweep_state now;
	struct life l;
	bool fired;

	sweep_progress(path->name, nth);
	fail_nth(nth);
	path_live(&l, path);
	fired = !fail_nth_end();
	now = sweep_state();
	EXPECT_TRUE(sweep_same("allocation", before, &nothing, &now)) {
		TH_LOG("at the allocation number %u, in %s", nth, l.failed);
	}
	EXPECT_EQ(0, l.again) {
		TH_LOG("at the allocation number %u, in %s", nth, l.failed);
	}
	/* The core of interrupts does not say why it made no mapping. */
	EXPECT_TRUE(!l.error || l.error == -ENOMEM ||
		    (l.error == -ENODEV && !strcmp(l.failed, "VM_START"))) {
		TH_LOG("at the allocation number %u: %s: error %d", nth, l.failed, l.error);
	}
	*errors += !!l.error;
	return fired;
}

static struct alloc_count clean_life(struct __test_metadata *_metadata, const struct path *path)
{
	struct alloc_count count;
	struct life l;

	alloc_count_begin();
	EXPECT_TRUE(path_live(&l, path));
	count = alloc_count_end();
	EXPECT_EQ(0, l.error);
	return count;
}

/* R7, R20, R30, R64: those of the driver in the calling thread */
TEST_F_TIMEOUT(allocations, of_the_caller, 600)
{
	unsigned int nth, misses = 0, points = 0, errors = 0;
	struct alloc_count count;

	count = clean_life(_metadata, variant->path);
	EXPECT_EQ(count.traced, count.injector);
	for (nth = 1; misses < MISSES; nth++) {
		if (alloc_point(_metadata, variant->path, nth, &self->before, &errors)) {
			misses = 0;
			points++;
		} else {
			misses++;
		}
	}
	ksft_print_msg("%s: %u allocations failed, %u calls with them\n", variant->path->name,
		       points, errors);
	EXPECT_TRUE(alloc_count_same(&count, points));
}

/* R30: the end of a VM, and what is received, need no memory */
TEST_F_TIMEOUT(allocations, of_others, 600)
{
	static const struct cost nothing;
	struct life l;
	unsigned int n;

	fail_workers(true);
	path_live(&l, variant->path);
	n = fail_workers_count();
	fail_workers(false);
	EXPECT_TRUE(as_stated("allocations of others", &l, 0, 0, &self->before, &nothing));
	ksft_print_msg("%s: %u allocations of workers failed\n", variant->path->name, n);
}

TEST_HARNESS_MAIN
