// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that did not come back is in nobody's hands: all free memory can be written
 * to afterwards (R63, R64).  A page of it that is not the host's ends the boot, for the
 * access aborts in the kernel.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "lib/paged.h"
#include "lib/soak.h"

#define STEP		(4UL << 20)
/* What the kernel keeps for itself and some more, in KiB: what was freed last is not in it. */
#define ROOM		(64UL << 10)

/* Takes and fills memory until next to nothing is free; never returns. */
static void fill_memory(void)
{
	unsigned long taken = 0;
	char *p;

	/* The one to be killed, should there be too little. */
	write_file("/proc/self/oom_score_adj", "1000");
	while (memory_kib("MemFree") > ROOM) {
		p = mmap(NULL, STEP, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (p == MAP_FAILED)
			_exit(1);
		memset(p, 0x5a, STEP);
		taken += STEP;
	}
	ksft_print_msg("%lu MiB were free\n", taken >> 20);
	_exit(0);
}

static int fill_all(void)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		fill_memory();
	waitpid(pid, &status, 0);
	return status;
}

FIXTURE(ended)
{
	struct test_vm vm;
	__u64 leaked;
};

FIXTURE_SETUP(ended)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->leaked = bytes_leaked();
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_FILL, GUEST_BASE + SZ_2M, SZ_4K, 1);
}

FIXTURE_TEARDOWN(ended)
{
	control_clear(-1);
	EXPECT_TRUE(driver_unbind());
	EXPECT_TRUE(control_revive(true));
	control_reclaim();
	EXPECT_TRUE(driver_bind());
}

/* The resource manager, or in the demand-paged flow the hypervisor, keeps it. */
TEST_F(ended, memory_did_not_come_back)
{
	__u64 away;

	if (paging_there())
		CALL_RULE(CALL_DONATE, CTL_CALL_RESULT, .times = CTL_FOREVER, .p = { HYP_DENIED });
	else
		MSG_RULE(MSG_MEM_RECLAIM, CTL_REFUSE, .times = CTL_FOREVER, .p = { RM_NORESOURCE });
	vm_destroy(&self->vm);
	control_clear(-1);
	EXPECT_LT(self->leaked, bytes_leaked());
	away = pages_away();
	EXPECT_NE(0, away);
	EXPECT_EQ(0, fill_all());
	EXPECT_EQ(away, pages_away());
}

TEST_HARNESS_MAIN
