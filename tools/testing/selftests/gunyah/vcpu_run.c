// SPDX-License-Identifier: GPL-2.0-only
/* VCPU_RUN with a guest: MMIO, signals, sleep, end. */
#include <sys/time.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

FIXTURE(run)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct gunyah_vcpu_run *page;
};

FIXTURE_SETUP(run)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->page = self->vcpu->run;
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(run)
{
	vm_destroy(&self->vm);
}

TEST_F(run, entry_and_x0)
{
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
	EXPECT_EQ(GUEST_DTB, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0));
	EXPECT_EQ(0, agent_do(self->vcpu, AGENT_MPIDR, 0, 0, 0));
}

static void expect_mmio(struct __test_metadata *_metadata, const struct gunyah_vcpu_run *page,
			__u64 addr, unsigned int len, bool write)
{
	ASSERT_EQ(GUNYAH_VCPU_EXIT_MMIO, page->exit_reason);
	EXPECT_EQ(addr, page->mmio.phys_addr);
	EXPECT_EQ(len, page->mmio.len);
	EXPECT_EQ(write, page->mmio.is_write);
	EXPECT_EQ(GUNYAH_VCPU_RESUME_HANDLED, page->mmio.resume_action);
}

FIXTURE(size)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct gunyah_vcpu_run *page;
};

FIXTURE_VARIANT(size)
{
	unsigned int len;
};

FIXTURE_VARIANT_ADD(size, 1) { .len = 1 };
FIXTURE_VARIANT_ADD(size, 2) { .len = 2 };
FIXTURE_VARIANT_ADD(size, 4) { .len = 4 };
FIXTURE_VARIANT_ADD(size, 8) { .len = 8 };

FIXTURE_SETUP(size)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->page = self->vcpu->run;
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(size)
{
	vm_destroy(&self->vm);
}

#define PATTERN	0x8899aabbccddeeffUL

static __u64 cut(__u64 value, unsigned int len)
{
	return len == 8 ? value : value & ((1UL << (8 * len)) - 1);
}

TEST_F(size, mmio_write)
{
	__u64 data;

	agent_post(self->vcpu, AGENT_STORE, GUEST_MMIO, variant->len, PATTERN);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	expect_mmio(_metadata, self->page, GUEST_MMIO, variant->len, true);
	memcpy(&data, self->page->mmio.data, 8);
	EXPECT_EQ(cut(PATTERN, variant->len), data);
	EXPECT_EQ(AGENT_DONE, agent_run(self->vcpu));
}

/* R15: what is beyond the size never reaches the guest */
TEST_F(size, mmio_read_is_cut)
{
	__u64 answer = PATTERN;

	agent_post(self->vcpu, AGENT_LOAD, GUEST_MMIO + 0x40, variant->len, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	expect_mmio(_metadata, self->page, GUEST_MMIO + 0x40, variant->len, false);
	memcpy(self->page->mmio.data, &answer, 8);
	ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
	EXPECT_EQ(cut(PATTERN, variant->len), self->vcpu->result);
}

/* R15 */
TEST_F(size, mmio_read_signed)
{
	__u64 answer = PATTERN;
	unsigned int bits = 64 - 8 * variant->len;

	if (variant->len == 8)
		return;		/* there is no such load */
	agent_post(self->vcpu, AGENT_LOAD_SIGNED, GUEST_MMIO, variant->len, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	memcpy(self->page->mmio.data, &answer, 8);
	ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
	EXPECT_EQ((__u64)((__s64)(PATTERN << bits) >> bits), self->vcpu->result);
}

/*
 * R4: what the user changes in the page has no effect but for the answer.  (Of 2
 * bytes: 4 would be cut by the guest's own register.)
 */
TEST_F(run, page_is_not_read_back)
{
	__u64 answer = 0x1122334455667788;

	agent_post(self->vcpu, AGENT_LOAD, GUEST_MMIO, 2, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	memset((char *)self->page + 16, 0xff, 24);
	memcpy(self->page->mmio.data, &answer, 8);
	self->page->mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	self->page->mmio.is_write = 1;
	self->page->mmio.len = 8;
	ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
	EXPECT_EQ(0x7788, self->vcpu->result);
}

/* R3 */
TEST_F(run, unknown_resume_action)
{
	__u64 answer = 42;

	agent_post(self->vcpu, AGENT_LOAD, GUEST_MMIO, 8, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	self->page->mmio.resume_action = 3;
	EXPECT_EQ(-EINVAL, __vcpu_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
	/* The exit is still pending: answer it now. */
	memcpy(self->page->mmio.data, &answer, 8);
	self->page->mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
	EXPECT_EQ(42, self->vcpu->result);
}

TEST_F(run, unaligned_mmio)
{
	agent_post(self->vcpu, AGENT_STORE, GUEST_MMIO + 1, 8, 7);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	expect_mmio(_metadata, self->page, GUEST_MMIO + 1, 8, true);
	EXPECT_EQ(AGENT_DONE, agent_run(self->vcpu));
}

TEST_F(run, pair_load_is_an_abort_in_the_guest)
{
	agent_do(self->vcpu, AGENT_LOAD_PAIR, GUEST_MMIO, 0, 0);
	EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);
	EXPECT_EQ(GUEST_MMIO, self->vcpu->far);
}

TEST_F(run, access_outside_of_all_is_an_abort_in_the_guest)
{
	agent_do(self->vcpu, AGENT_LOAD, GUEST_HOLE, 8, 0);
	EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);
	EXPECT_EQ(GUEST_HOLE, self->vcpu->far);
	/* With demand paging it might be shared memory that is to come. */
	if (!paging_there()) {
		agent_do(self->vcpu, AGENT_STORE, GUEST_BASE + GUEST_SIZE, 8, 0);
		EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);
	}
	agent_do(self->vcpu, AGENT_CALL, GUEST_HOLE, 0, 0);
	EXPECT_EQ(ESR_FETCH_ABORT, self->vcpu->esr);
}

/* R5 */
TEST_F(run, immediate_exit)
{
	self->page->immediate_exit = 1;
	self->page->exit_reason = 77;
	EXPECT_EQ(-EINTR, __vcpu_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
	self->page->immediate_exit = 0;
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

/* R2: the answer is delivered although immediate_exit is set */
TEST_F(run, immediate_exit_with_an_answer_pending)
{
	__u64 answer = 0x5a5a;

	agent_post(self->vcpu, AGENT_LOAD, GUEST_MMIO, 8, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	memcpy(self->page->mmio.data, &answer, 8);
	self->page->immediate_exit = 1;
	ASSERT_EQ(-EINTR, __vcpu_run(self->vcpu));
	/* From here on the page is the kernel's: the answer was taken. */
	memset(self->page->mmio.data, 0, 8);
	self->page->immediate_exit = 0;
	ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
	EXPECT_EQ(0x5a5a, self->vcpu->result);
}

static void on_alarm(int sig)
{
}

/* Until a signal ends it, when the guest has its whole command. */
static int run_to_signal(struct test_vcpu *vcpu)
{
	int ret;

	alarm_every_ms(100);
	do {
		ret = agent_run(vcpu);
	} while (ret == -EINTR && !vcpu->busy);
	alarm_every_ms(0);
	return ret;
}

/**
 * struct storm - a signal for each exit
 * @exits: signals so far
 * @last: when the exit before was
 * @gap: what an exit takes, in seconds, smoothed
 * @interrupted: how many runs they ended
 */
struct storm {
	unsigned int exits;
	double last;
	double gap;
	unsigned int interrupted;
};

/*
 * After an exit: the next signal comes at any time from now to when the exit
 * after the next is due.  A signal that is there before the guest is entered
 * ends the run, so the next one is not sent before the guest has got on: that is
 * what makes it end on a machine of any speed.
 */
static void storm_next(struct storm *s)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval timer = {};
	double now = seconds();

	if (!s->exits) {
		sigaction(SIGALRM, &sa, NULL);
		s->gap = 0.0001;
	} else {
		s->gap += (now - s->last - s->gap) / 8;
	}
	s->last = now;
	timer.it_value.tv_usec = 1 + s->exits++ % 32 * s->gap / 16 * 1e6;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void storm_end(struct storm *s)
{
	struct itimerval timer = {};

	setitimer(ITIMER_REAL, &timer, NULL);
	ksft_print_msg("%u signals, %u of the runs were interrupted\n", s->exits, s->interrupted);
}

/* R5, R8: a guest that spins is left for a signal */
TEST_F(run, signal_ends_the_run_of_a_spinning_guest)
{
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	EXPECT_EQ(-EINTR, run_to_signal(self->vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
}

/* R8: the production hypervisor lets such a guest spin; it stays killable */
TEST_F(run, signal_ends_the_run_of_a_faulting_guest)
{
	agent_post(self->vcpu, AGENT_FAULT_LOOP, 0, 0, 0);
	EXPECT_EQ(-EINTR, run_to_signal(self->vcpu));
}

/* R5 */
TEST_F(run, signal_ends_the_run_of_a_sleeping_guest)
{
	agent_post(self->vcpu, AGENT_WFI, 0, 0, 0);
	EXPECT_EQ(-EINTR, run_to_signal(self->vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
}

/* R8 */
TEST_F(run, spinning_guest_is_killable)
{
	int status;
	pid_t pid;

	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		agent_run(self->vcpu);
		_exit(0);
	}
	usleep(100000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(run, timer_wakes_a_sleeping_guest)
{
	EXPECT_EQ(GUEST_TIMER_INTID, agent_do(self->vcpu, AGENT_TIMER, 16000, 0, 0));
	EXPECT_EQ(GUEST_TIMER_INTID, agent_do(self->vcpu, AGENT_TIMER, 1, 0, 0));
}

TEST_F(run, timer_many_times)
{
	int i;

	for (i = 0; i < 100; i++)
		ASSERT_EQ(GUEST_TIMER_INTID, agent_do(self->vcpu, AGENT_TIMER, 160, 0, 0));
}

/* R1: the writes that the guest made are the writes that were seen */
TEST_F(run, no_exit_is_lost_to_signals)
{
	__u64 data, expected = 1;
	struct storm storm = {};
	int ret;

	agent_post(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 2000, 0);
	for (;;) {
		ret = agent_run(self->vcpu);
		if (ret == -EINTR) {
			storm.interrupted++;
			continue;
		}
		if (ret != AGENT_MMIO)
			break;
		memcpy(&data, self->page->mmio.data, 8);
		ASSERT_EQ(expected, data);
		expected++;
		storm_next(&storm);
	}
	storm_end(&storm);
	EXPECT_EQ(AGENT_DONE, ret);
	EXPECT_EQ(2001, expected);
	EXPECT_LT(0, storm.interrupted);
}

/* R2: no answer is lost either */
TEST_F(run, no_answer_is_lost_to_signals)
{
	struct storm storm = {};
	__u64 n = 0;
	int ret;

	agent_post(self->vcpu, AGENT_LOAD_LOOP, GUEST_MMIO, 2000, 0);
	for (;;) {
		ret = agent_run(self->vcpu);
		if (ret == -EINTR) {
			storm.interrupted++;
			/* The answer was taken before. */
			memset(self->page->mmio.data, 0xee, 8);
			continue;
		}
		if (ret != AGENT_MMIO)
			break;
		n++;
		memcpy(self->page->mmio.data, &n, 8);
		storm_next(&storm);
	}
	storm_end(&storm);
	EXPECT_EQ(AGENT_DONE, ret);
	EXPECT_EQ(2000, n);
	EXPECT_EQ(2000 * 2001 / 2, self->vcpu->result);
	EXPECT_LT(0, storm.interrupted);
}

static void *run_until_error(void *arg)
{
	return (void *)(long)agent_run(arg);
}

/* R13: the second thread waits, and a signal ends its wait; the page is the first one's */
TEST_F(run, second_runner_waits_interruptibly)
{
	pthread_t thread;
	sigset_t set;
	void *ret;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_until_error, self->vcpu));
	agent_wait_busy(self->vcpu);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	self->page->exit_reason = 77;
	alarm_every_ms(100);
	EXPECT_EQ(-EINTR, __vcpu_run(self->vcpu));
	alarm_every_ms(0);
	EXPECT_EQ(77, self->page->exit_reason);
	EXPECT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(-ENODEV, (long)ret);
}

TEST_HARNESS_MAIN
