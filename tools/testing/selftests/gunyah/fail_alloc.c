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
#include "lib/points.h"
#include "lib/user_mem.h"

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
FIXTURE_VARIANT_ADD(allocations, irqfds_and_ioeventfds) { .path = &events_path };
FIXTURE_VARIANT_ADD(allocations, late_functions) { .path = &late_path };
FIXTURE_VARIANT_ADD(allocations, start_1_vcpu) { .path = &start_1_path };
FIXTURE_VARIANT_ADD(allocations, start_4_vcpus) { .path = &start_4_path };
FIXTURE_VARIANT_ADD(allocations, reset) { .path = &reset_path };
FIXTURE_VARIANT_ADD(allocations, user_memory) { .path = &user_path };

FIXTURE_SETUP(allocations)
{
	struct life l;

	require_gunyah();
	require_control();
	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	if (variant->path == &user_path)
		require_user_mem();
	control_clear(-1);
	mlockall(MCL_CURRENT);
	ASSERT_TRUE(path_live(&l, variant->path));
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(allocations)
{
	fail_nth(0);
}

/* R7, R20, R30, R64: those of the driver in the calling thread */
TEST_F_TIMEOUT(allocations, of_the_caller, 600)
{
	EXPECT_TRUE(path_sweep_allocations(variant->path, &self->before));
}

/* R30: the end of a VM, and what is received, need no memory */
TEST_F_TIMEOUT(allocations, of_others, 600)
{
	EXPECT_TRUE(path_live_without_workers(variant->path, &self->before));
}

/* Some have fewer, see lib/alloc_fault.c. */
#define MISSES	4

#define HOLE_FILE	(2 * SZ_2M)
/* Of many pieces on both sides, so that the file's list of them has to grow. */
#define HOLE_START	(SZ_2M / 2 - SZ_4K)
#define HOLE_SIZE	(SZ_2M + 2 * SZ_4K)

/* Each page of the file has its number in it, but for the hole. */
static bool hole_is_right(const __u64 *p)
{
	__u64 i, at, wanted;

	for (i = 0; i < HOLE_FILE / sizeof(*p); i++) {
		at = i * sizeof(*p);
		if (at >= HOLE_START && at < HOLE_START + HOLE_SIZE)
			wanted = 0;
		else
			wanted = at / SZ_4K + 1;
		if (p[i] != wanted)
			return false;
	}
	return true;
}

/* The bytes that a file with a hole has left, or 0 when it is not what it should be. */
static __u64 live_hole(int dev, unsigned int nth, bool *fired)
{
	__u64 left = 0, *p;
	struct stat st;
	unsigned int i;
	int mem, ret;

	mem = create_guest_mem(dev, HOLE_FILE);
	if (fallocate(mem, FALLOC_FL_KEEP_SIZE, 0, HOLE_FILE))
		test_die("fallocate");
	p = mmap(NULL, HOLE_FILE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	if (p == MAP_FAILED)
		test_die("mmap");
	for (i = 0; i < HOLE_FILE / sizeof(*p); i++)
		p[i] = i * sizeof(*p) / SZ_4K + 1;
	fail_nth(nth);
	ret = fallocate(mem, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, HOLE_START, HOLE_SIZE);
	*fired = !fail_nth_end();
	if (!ret && !fstat(mem, &st) && hole_is_right(p))
		left = st.st_blocks * 512;
	munmap(p, HOLE_FILE);
	close(mem);
	return left;
}

/*
 * R60, R64: a hole in a large piece needs smaller ones for what is left of it.
 * Without memory for them the piece stays, and the hole is made of zeros.
 */
TEST(hole_in_a_large_piece)
{
	unsigned int nth, misses = 0, points = 0, kept = 0;
	__u64 left;
	bool fired;
	int dev;

	require_gunyah();
	if (!fail_nth_there())
		SKIP(return, "%s", fail_nth_why());
	mlockall(MCL_CURRENT);
	dev = open_gunyah();
	/* The piece has to be larger than a huge page. */
	write_file("/proc/sys/vm/drop_caches", "3");
	write_file("/proc/sys/vm/compact_memory", "1");
	EXPECT_EQ(HOLE_FILE - HOLE_SIZE, live_hole(dev, 0, &fired));
	for (nth = 1; misses < MISSES; nth++) {
		left = live_hole(dev, nth, &fired);
		EXPECT_TRUE(left == HOLE_FILE || left == HOLE_FILE - HOLE_SIZE) {
			TH_LOG("at the allocation number %u: %llu bytes are left", nth, left);
		}
		points += fired;
		misses = fired ? 0 : misses + 1;
		kept += left == HOLE_FILE;
	}
	fail_nth(0);
	ksft_print_msg("%u allocations failed, the piece stayed %u times\n", points, kept);
	EXPECT_LT(0, kept);
	EXPECT_LT(kept, points);
	close(dev);
}

TEST_HARNESS_MAIN
