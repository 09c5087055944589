// SPDX-License-Identifier: GPL-2.0-only
/*
 * vcpu_run says what it should not, or says no: VCPU_RUN ends with a documented
 * exit or errno, or goes on and stays killable, and nothing warns.
 */

#include "../kselftest_harness.h"
#include "lib/control.h"

#define STATE_READY		0
#define STATE_EXPECTS_WAKEUP	1
#define STATE_POWERED_OFF	2
#define STATE_BLOCKED		3
#define STATE_VMMIO_READ	4
#define STATE_VMMIO_WRITE	5
#define STATE_PAGE_FAULT	7
#define STATE_SYSTEM_RESET	0x100

/* vcpu_run returns this, so many times. */
#define RUN_RULE(number, ...)						\
	CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .times = (number), .p = { __VA_ARGS__ })

FIXTURE(faked)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct gunyah_vcpu_run *page;
	struct control_counters before;
};

FIXTURE_SETUP(faked)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->before = control_counters();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->page = self->vcpu->run;
	vm_start(&self->vm);
	/* No answer is owed to the guest from here on but to its write. */
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

FIXTURE_TEARDOWN(faked)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	now = control_counters();
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
}

/* The guest goes on as if nothing had been. */
#define goes_on() EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0))

/* R14: EIO, the run page says nothing, and no WARN (the kernel's log is looked at) */
TEST_F(faked, length_of_an_access)
{
	static const __u64 lengths[] = { 0, 3, 5, 6, 7, 9, 16, 0x100000004, -1ULL };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		RUN_RULE(1, 0, STATE_VMMIO_READ, GUEST_MMIO, lengths[i]);
		EXPECT_EQ(-EIO, __vcpu_run(self->vcpu));
		EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
		RUN_RULE(1, 0, STATE_VMMIO_WRITE, GUEST_MMIO, lengths[i], -1);
		EXPECT_EQ(-EIO, __vcpu_run(self->vcpu));
		EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
		control_clear(-1);
	}
	goes_on();
}

/* R8 */
TEST_F(faked, unknown_state)
{
	static const __u64 states[] = { 8, 0xff, 0x101, 0x100000000, -1ULL };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		RUN_RULE(1, 0, states[i], 1, 2, 3);
		EXPECT_EQ(-EIO, __vcpu_run(self->vcpu));
		EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
		control_clear(-1);
	}
	goes_on();
}

/* R4, R70: any address will do, the value is cut to the access */
TEST_F(faked, write_with_dirty_upper_bits)
{
	__u64 data;

	RUN_RULE(1, 0, STATE_VMMIO_WRITE, 0xfffffffffffffff8, 2, 0x1122334455667788);
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_MMIO, self->page->exit_reason);
	EXPECT_EQ(0xfffffffffffffff8, self->page->mmio.phys_addr);
	EXPECT_EQ(2, self->page->mmio.len);
	EXPECT_EQ(1, self->page->mmio.is_write);
	memcpy(&data, self->page->mmio.data, 8);
	EXPECT_EQ(0x7788, data);
	goes_on();
}

/* R3 */
TEST_F(faked, page_fault)
{
	RUN_RULE(1, 0, STATE_PAGE_FAULT, GUEST_HOLE, 1);
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_PAGE_FAULT, self->page->exit_reason);
	EXPECT_EQ(GUEST_HOLE, self->page->page_fault.phys_addr);
	EXPECT_GT(0, self->page->page_fault.attempt);
	self->page->page_fault.resume_action = GUNYAH_VCPU_RESUME_RETRY;
	goes_on();
}

/* R10: the one state that is a crash */
TEST_F(faked, state_fault_is_a_crash)
{
	int i;

	RUN_RULE(1, 0, STATE_FAULT);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, __vcpu_run(self->vcpu));
		EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, self->page->exit_reason);
		EXPECT_EQ(GUNYAH_VM_STATUS_CRASHED, self->page->status.status);
		EXPECT_EQ(0, self->page->status.exit_info.reason_size);
	}
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
}

/* R55: the hypervisor's errors, each once; the guest goes on after it */
TEST_F(faked, errno_of_each_error)
{
	static const struct { __u64 error; int ret; } table[] = {
		{ -1ULL, -EOPNOTSUPP },
		{ 1, -EINVAL }, { 2, -EINVAL }, { 3, -EINVAL },
		{ 10, -ENOMEM },
		{ 20, -EINVAL }, { 21, -EINVAL }, { 22, -EINVAL },
		{ 30, -EACCES },
		{ 32, -EBUSY },
		{ 40, -EIO }, { 41, -EIO },
		{ 50, -EACCES }, { 51, -EACCES }, { 52, -EACCES }, { 53, -EACCES },
		{ 54, -EBUSY },
		{ 60, -EIO }, { 61, -EIO },
		/* Those that the public table does not have. */
		{ 11, -EINVAL }, { 33, -EINVAL }, { 36, -EINVAL }, { 111, -EINVAL },
		{ 200, -EINVAL }, { 0x7fffffff, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		RUN_RULE(1, table[i].error);
		EXPECT_EQ(table[i].ret, __vcpu_run(self->vcpu)) {
			TH_LOG("error %llu", (unsigned long long)table[i].error);
		}
		EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
		control_clear(-1);
	}
	goes_on();
}

/* R8: a while of what means "again" does no harm */
TEST_F(faked, again_some_times)
{
	static const struct { __u64 error, state; } table[] = {
		{ 0, STATE_READY }, { 0, STATE_BLOCKED }, { HYP_RETRY }, { HYP_BUSY },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		RUN_RULE(50, table[i].error, table[i].state);
		goes_on();
		EXPECT_EQ(0, control_read(CTL_ARMED));
		control_clear(-1);
	}
}

/* For ever: also what nothing wakes the vCPU from in these tests. */
FIXTURE(again)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
};

FIXTURE_VARIANT(again)
{
	__u64 error;
	__u64 state;
};

FIXTURE_VARIANT_ADD(again, ready) { 0, STATE_READY };
FIXTURE_VARIANT_ADD(again, blocked) { 0, STATE_BLOCKED };
FIXTURE_VARIANT_ADD(again, retry) { HYP_RETRY };
FIXTURE_VARIANT_ADD(again, busy) { HYP_BUSY };
FIXTURE_VARIANT_ADD(again, expects_wakeup) { 0, STATE_EXPECTS_WAKEUP };
FIXTURE_VARIANT_ADD(again, powered_off) { 0, STATE_POWERED_OFF };
FIXTURE_VARIANT_ADD(again, system_reset) { 0, STATE_SYSTEM_RESET };

FIXTURE_SETUP(again)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

FIXTURE_TEARDOWN(again)
{
	control_clear(-1);
	vm_destroy(&self->vm);
}

/* R5, R8: for ever, a signal ends it */
TEST_F(again, interrupted)
{
	RUN_RULE(CTL_FOREVER, variant->error, variant->state);
	alarm_every_ms(300);
	EXPECT_EQ(-EINTR, __vcpu_run(self->vcpu));
	alarm_every_ms(0);
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->vcpu->run->exit_reason);
	control_clear(-1);
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
}

/* R8: and so does SIGKILL */
TEST_F(again, killed)
{
	int status;
	pid_t pid;

	RUN_RULE(CTL_FOREVER, variant->error, variant->state);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		__vcpu_run(self->vcpu);
		_exit(0);
	}
	usleep(300000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	control_clear(-1);
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
}

static void *run_one(void *arg)
{
	return (void *)(long)__vcpu_run(arg);
}

/* R6, R8: the function is removed meanwhile */
TEST_F(again, removed)
{
	pthread_t thread;
	void *ret;

	RUN_RULE(CTL_FOREVER, variant->error, variant->state);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_one, self->vcpu));
	usleep(100000);
	EXPECT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(-ENODEV, (long)ret);
}

/* R5, R8: the VM is closed meanwhile */
TEST_F(again, closed)
{
	pthread_t thread;
	void *ret;

	RUN_RULE(CTL_FOREVER, variant->error, variant->state);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_one, self->vcpu));
	usleep(100000);
	close(self->vm.fd);
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_TRUE((long)ret == -EBUSY || (long)ret == -ENODEV || (long)ret == 0);
	self->vm.fd = create_vm(self->vm.dev_fd);
}

/* R8: busy for longer than a VM needs to go down is somebody else's vCPU */
TEST_F_TIMEOUT(faked, busy_for_good, 60)
{
	double start, took;

	RUN_RULE(CTL_FOREVER, HYP_BUSY);
	start = seconds();
	EXPECT_EQ(-EBUSY, __vcpu_run(self->vcpu));
	took = seconds() - start;
	EXPECT_LE(29, took);
	EXPECT_GE(36, took);
	control_clear(-1);
	goes_on();
}

TEST_HARNESS_MAIN
