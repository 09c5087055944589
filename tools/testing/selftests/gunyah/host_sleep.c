// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host goes to sleep (R68): a guest does not notice that the host was suspended; the
 * host can't hibernate.  Needs CONFIG_SUSPEND, CONFIG_HIBERNATION and a real-time clock that
 * wakes the host up.
 */
#include "../kselftest_harness.h"
#include "lib/paged.h"

#define STATE		"/sys/power/state"
#define WAKE		"/sys/class/rtc/rtc0/wakealarm"
/* What the guest does meanwhile: several seconds' work, where CPUs are emulated. */
#define LOADS		300000000ULL
#define NUMBER		(GUEST_BASE + GUEST_SIZE - 16)

FIXTURE(running)
{
	struct test_vm vm;
};

FIXTURE_SETUP(running)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_STORE, GUEST_BASE + GUEST_SIZE - 8, 8, 0x1234);
}

FIXTURE_TEARDOWN(running)
{
	/* The guest is as well as before. */
	EXPECT_EQ(0x1234, agent_do(&self->vm.vcpu[0], AGENT_LOAD, GUEST_BASE + GUEST_SIZE - 8, 8,
				   0));
	vm_destroy(&self->vm);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "leaked"));
}

static unsigned long suspends(void)
{
	unsigned long n;
	FILE *f = fopen("/sys/power/suspend_stats/success", "r");

	if (!f || fscanf(f, "%lu", &n) != 1)
		test_die("suspend_stats");
	fclose(f);
	return n;
}

/* The guest is at work: the call of the thread ends, as by a signal, and the next goes on. */
TEST_F(running, a_guest_outlives_suspend)
{
	struct test_vcpu *vcpu = &self->vm.vcpu[0];
	unsigned long before = suspends();
	struct agent_job job;

	agent_do(vcpu, AGENT_STORE, NUMBER, 8, 3);
	job_start(&job, vcpu, AGENT_LOAD_LOOP, NUMBER, LOADS, 0);
	agent_wait_busy(vcpu);
	ASSERT_EQ(0, write_file(WAKE, "+10"));
	ASSERT_EQ(0, write_file(STATE, "freeze"));
	EXPECT_EQ(before + 1, suspends());
	EXPECT_EQ(-EINTR, job_end(&job));
	EXPECT_EQ(AGENT_DONE, agent_run(vcpu));
	EXPECT_EQ(3 * LOADS, vcpu->result);
}

TEST_F(running, hibernation_is_refused)
{
	EXPECT_EQ(-EBUSY, write_file(STATE, "disk"));
	/* By way of the device for user space, too. */
	EXPECT_EQ(-1, open("/dev/snapshot", O_RDONLY));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(-1, open("/dev/snapshot", O_WRONLY));
	EXPECT_EQ(EBUSY, errno);
}

/* With nothing lent: the connection does not outlive it. */
TEST(hibernation_is_refused_while_bound)
{
	require_gunyah();
	EXPECT_EQ(-EOPNOTSUPP, write_file(STATE, "disk"));
}

/* Who has begun to make an image, or to load one, finds no memory lent later. */
TEST(nothing_is_lent_for_an_image)
{
	static const int modes[] = { O_RDONLY, O_WRONLY };
	struct test_vm vm = {};
	unsigned int i;
	int fd;

	require_gunyah();
	for (i = 0; i < 2; i++) {
		vm_create(&vm, 1);
		fd = open("/dev/snapshot", modes[i]);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(-EBUSY, __vm_start(&vm));
		EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
		close(fd);
		EXPECT_EQ(0, __vm_start(&vm));
		agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
		vm_destroy(&vm);
	}
}

TEST_HARNESS_MAIN
