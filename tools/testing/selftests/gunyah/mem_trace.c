// SPDX-License-Identifier: GPL-2.0-only
/*
 * R85: the tracepoints of guest memory and the counters in debugfs say the same, in
 * both flows.  Loses memory on purpose.
 */
#include "../kselftest_harness.h"
#include "lib/paged.h"
#include "lib/trace.h"

/* Of a shared window beside RAM. */
#define WINDOW		(16 * SZ_4K)

static const char *const events[] = {
	"gunyah/gunyah_mem_give", "gunyah/gunyah_mem_reclaim", "gunyah/gunyah_parcel_give",
	"gunyah/gunyah_parcel_reclaim", "gunyah/gunyah_mem_leak", NULL
};

/**
 * struct sums - bytes in events, without those of calls that failed
 * @given: to guests
 * @reclaimed: from guests
 * @leaked: lost
 * @failed: number of calls that failed
 */
struct sums {
	__u64 given;
	__u64 reclaimed;
	__u64 leaked;
	unsigned int failed;
};

static void add_line(const char *line, void *ctx)
{
	const char *size = line ? strstr(line, " size=") : NULL;
	struct sums *sums = ctx;
	__u64 bytes;

	if (!size)
		return;
	bytes = strtoull(size + strlen(" size="), NULL, 0);
	if (strstr(line, "gunyah_mem_leak:"))
		sums->leaked += bytes;
	else if (!strstr(line, " error=0\n"))
		sums->failed++;
	else if (strstr(line, "give:"))
		sums->given += bytes;
	else
		sums->reclaimed += bytes;
}

static struct sums counters(void)
{
	return (struct sums) {
		.given = driver_counter("gunyah_vm/memory", "given"),
		.reclaimed = driver_counter("gunyah_vm/memory", "reclaimed"),
		.leaked = driver_counter("gunyah_vm/memory", "leaked"),
	};
}

FIXTURE(traced)
{
	struct test_vm vm;
	struct sums before;
	int mem;
};

FIXTURE_SETUP(traced)
{
	require_gunyah();
	require_control();
	if (!trace_there())
		SKIP(return, "no tracepoints");
	control_clear(-1);
	vm_create(&self->vm, 1);
	self->mem = create_guest_mem(self->vm.dev_fd, WINDOW);
	map_mem(self->vm.fd, self->mem, SHARED, WINDOW, 0, SHARE_RW);
	self->before = counters();
	trace_start(events, false);
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

FIXTURE_TEARDOWN(traced)
{
	close(self->mem);
	control_clear(-1);
	if (bytes_leaked() == self->before.leaked)
		return;
	EXPECT_TRUE(driver_unbind());
	EXPECT_TRUE(control_revive(true));
	control_reclaim();
	EXPECT_TRUE(driver_bind());
}

/* What the events add up to is what the counters have grown by. */
static void expect_counted(struct __test_metadata *_metadata, const struct sums *before,
			   struct sums *sums)
{
	struct sums now = counters();

	trace_read(add_line, sums);
	EXPECT_EQ(now.given - before->given, sums->given);
	EXPECT_EQ(now.reclaimed - before->reclaimed, sums->reclaimed);
	EXPECT_EQ(now.leaked - before->leaked, sums->leaked);
}

TEST_F(traced, all_comes_back)
{
	struct sums sums = {};

	vm_destroy(&self->vm);
	trace_stop();
	expect_counted(_metadata, &self->before, &sums);
	EXPECT_LE(WINDOW + GUEST_DTB_SIZE, sums.given);
	EXPECT_EQ(sums.given, sums.reclaimed);
	EXPECT_EQ(0, sums.leaked);
	EXPECT_EQ(0, sums.failed);
	/* The parcel of the device tree: all of RAM in the eager flow. */
	EXPECT_EQ(paging_there() ? 1 : 2, trace_count("gunyah_parcel_give:"));
	EXPECT_EQ(paging_there() ? 0 : 2, trace_count("gunyah_parcel_reclaim:"));
	EXPECT_EQ(paging_there() ? 0 : 2, trace_count("label=0x48000 entries="));
}

/* The resource manager, or in the demand-paged flow the hypervisor, keeps it. */
TEST_F(traced, memory_is_lost)
{
	struct sums sums = {};

	if (paging_there())
		CALL_RULE(CALL_DONATE, CTL_CALL_RESULT, .times = CTL_FOREVER, .p = { HYP_DENIED });
	else
		MSG_RULE(MSG_MEM_RECLAIM, CTL_REFUSE, .times = CTL_FOREVER, .p = { RM_NORESOURCE });
	vm_destroy(&self->vm);
	trace_stop();
	expect_counted(_metadata, &self->before, &sums);
	EXPECT_EQ(0, sums.reclaimed);
	EXPECT_EQ(sums.given, sums.leaked);
	EXPECT_NE(0, sums.failed);
}

/* One that is refused is seen, and counts for nothing. */
TEST_F(traced, start_is_refused)
{
	struct sums sums = {};

	vm_destroy(&self->vm);
	self->vm = (struct test_vm) {};
	vm_create(&self->vm, 1);
	trace_stop();
	self->before = counters();
	MSG_RULE(MSG_MEM_LEND, CTL_REFUSE, .p = { RM_NORESOURCE });
	trace_start(events, false);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	trace_stop();
	expect_counted(_metadata, &self->before, &sums);
	EXPECT_EQ(0, sums.given);
	EXPECT_EQ(1, sums.failed);
	vm_destroy(&self->vm);
}

TEST_HARNESS_MAIN
