// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that did not come back is in nobody's hands: all free memory can be written
 * to afterwards (R63, R64).  A page of it that is not the host's ends the boot: it is not in
 * the kernel's direct map, or, if it is, the access aborts.
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "lib/paged.h"
#include "lib/soak.h"
#include "lib/user_mem.h"

/* What the guest touches of its memory, and so loses: all but the agent, 3 MiB at least. */
#define TOUCHED		(GUEST_BASE + 0x10000)
#define LOST		(GUEST_SIZE - SZ_2M / 2)

/*
 * There is free memory that nobody gets, and the first to be kept so is what was freed last.
 * With these it is 1 MiB, less than what was lost, and what a CPU keeps for itself; but all
 * is done on one CPU, which gets what it keeps.
 */
static struct {
	const char *path;
	const char *value;
	char usual[16];
} settings[] = {
	{ .path = "/proc/sys/vm/min_free_kbytes", .value = "1024" },
	{ .path = "/proc/sys/vm/watermark_boost_factor", .value = "0" },
	{ .path = "/proc/sys/vm/percpu_pagelist_high_fraction", .value = "1000000" },
};

static void keep_little(void)
{
	unsigned int i;
	cpu_set_t set;
	FILE *f;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		test_die("sched_setaffinity");
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		f = fopen(settings[i].path, "r");
		if (!f || fscanf(f, "%15s", settings[i].usual) != 1)
			test_die("%s", settings[i].path);
		fclose(f);
		if (write_file(settings[i].path, settings[i].value))
			test_die("%s", settings[i].path);
	}
}

static void keep_as_usual(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		write_file(settings[i].path, settings[i].usual);
}

/*
 * Takes all there is, and never returns.  The memory of a file for guests is the kernel's to
 * clear, so all of it is touched; it is of the kind that can't be moved, as what such a file
 * has lost is, which others get last, and of any when that is at its end; and when there is
 * no more, that is an error.
 */
static void fill_memory(void)
{
	__u64 size = memory_kib("MemTotal") * 1024 / SZ_2M * SZ_2M;
	int mem = create_guest_mem(open_gunyah(), size);
	bool full;

	/* The one to be killed if it is another who comes into need just then. */
	write_file("/proc/self/oom_score_adj", "1000");
	/* It is not in need itself. */
	if (mlockall(MCL_CURRENT))
		_exit(1);
	full = fallocate(mem, FALLOC_FL_KEEP_SIZE, 0, size) && errno == ENOMEM;
	_exit(full ? 0 : 1);
}

/* True when all of it was taken. */
static bool fill_all(void)
{
	int status = -1;
	pid_t pid;

	ksft_print_msg("%lu MiB are free\n", memory_kib("MemFree") / 1024);
	fflush(stdout);
	pid = fork();
	if (!pid)
		fill_memory();
	waitpid(pid, &status, 0);
	return !status || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

FIXTURE(ended)
{
	struct test_vm vm;
	char *user;
	__u64 leaked;
};

FIXTURE_VARIANT(ended)
{
	bool user;
};

FIXTURE_VARIANT_ADD(ended, file) { .user = false };
FIXTURE_VARIANT_ADD(ended, user) { .user = true };

FIXTURE_SETUP(ended)
{
	require_gunyah();
	require_control();
	if (variant->user)
		require_user_mem();
	control_clear(-1);
	self->leaked = bytes_leaked();
	if (variant->user) {
		self->user = map_lendable(GUEST_SIZE);
		vm_create_user(&self->vm, self->user);
	} else {
		vm_create(&self->vm, 1);
	}
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_FILL, TOUCHED, GUEST_BASE + GUEST_SIZE - TOUCHED, 1);
	keep_little();
}

FIXTURE_TEARDOWN(ended)
{
	keep_as_usual();
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
	if (self->user)
		munmap(self->user, GUEST_SIZE);
	control_clear(-1);
	EXPECT_LE(self->leaked + LOST, bytes_leaked());
	away = pages_away();
	EXPECT_NE(0, away);
	EXPECT_TRUE(fill_all());
	EXPECT_EQ(away, pages_away());
}

TEST_HARNESS_MAIN
