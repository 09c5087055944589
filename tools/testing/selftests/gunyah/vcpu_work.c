// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread in VCPU_RUN is a thread of the host: it gives its CPU away, does its
 * task work, and takes from the run page what is there, once.
 */
#include <sched.h>
#include <sys/rseq.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define ROUNDS	2000

FIXTURE(work)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct gunyah_vcpu_run *page;
	pthread_t thread;
};

FIXTURE_SETUP(work)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->page = self->vcpu->run;
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(work)
{
	vm_destroy(&self->vm);
}

static void *run_agent(void *arg)
{
	return (void *)(long)agent_run(arg);
}

static int put_on_cpu(pid_t tid, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(tid, sizeof(set), &set);
}

/* R8: a spinning guest shares its CPU: with this thread, and with another guest */
TEST_F(work, guest_leaves_its_cpu_to_others)
{
	struct test_vm other = {};
	unsigned int i;
	void *ret;

	/* Threads that are made from here on are on it, too. */
	ASSERT_EQ(0, put_on_cpu(0, 0));
	vm_create(&other, 1);
	vm_start(&other);
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, run_agent, self->vcpu));
	agent_wait_busy(self->vcpu);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(GUEST_BASE, agent_do(&other.vcpu[0], AGENT_PC, 0, 0, 0));
	EXPECT_EQ(GUEST_TIMER_INTID, agent_do(&other.vcpu[0], AGENT_TIMER, 1600, 0, 0));
	vm_destroy(&other);
	EXPECT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	ASSERT_EQ(0, pthread_join(self->thread, &ret));
	EXPECT_EQ(-ENODEV, (long)ret);
}

/**
 * struct spinner - a thread in a guest, as the kernel tells of it
 * @vcpu: its vCPU
 * @tid: the thread
 * @area: of the C library, where the kernel notes the thread's CPU for it
 */
struct spinner {
	struct test_vcpu *vcpu;
	pid_t tid;
	struct rseq *area;
};

static void *spin_with_rseq(void *arg)
{
	struct spinner *s = arg;

	s->area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	s->tid = syscall(SYS_gettid);
	return (void *)(long)agent_run(s->vcpu);
}

static unsigned int noted_cpu(const struct spinner *s)
{
	return __atomic_load_n(&s->area->cpu_id, __ATOMIC_ACQUIRE);
}

/*
 * R8: work of the kind that is done on the way to user mode is done while the
 * thread is in the guest, and does not end the run.  Here: to note the CPU that
 * the thread was moved to.
 */
TEST_F(work, task_work_is_done_in_the_guest)
{
	struct spinner s = { .vcpu = self->vcpu };
	unsigned int i;
	void *ret;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || !__rseq_size)
		SKIP(return, "one CPU only, or no restartable sequences");
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, spin_with_rseq, &s));
	agent_wait_busy(self->vcpu);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, put_on_cpu(s.tid, i & 1));
		while (noted_cpu(&s) != (i & 1))
			usleep(100);
		/* It is in the same run. */
		ASSERT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);
	}
	EXPECT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	ASSERT_EQ(0, pthread_join(self->thread, &ret));
	EXPECT_EQ(-ENODEV, (long)ret);
}

/* R8: being traced stops it, and lets it go on */
TEST_F(work, stopped_and_continued)
{
	int i, status;
	pid_t pid;

	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		while (agent_run(self->vcpu) == -EINTR)
			;
		_exit(1);
	}
	wait_for_guest_time(pid);
	for (i = 0; i < 5; i++) {
		kill(pid, SIGSTOP);
		ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));
		kill(pid, SIGCONT);
		ASSERT_EQ(pid, waitpid(pid, &status, WCONTINUED));
		ASSERT_TRUE(WIFCONTINUED(status));
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

static bool no_more_scribbling;

/* All but the answer, and what would end the run. */
static void *scribble(void *arg)
{
	struct gunyah_vcpu_run *run = arg;
	volatile __u8 *p = (volatile __u8 *)run;
	unsigned int seed = 1, i;

	while (!__atomic_load_n(&no_more_scribbling, __ATOMIC_RELAXED)) {
		for (i = offsetof(struct gunyah_vcpu_run, exit_reason); i < sizeof(*run); i++) {
			if (i >= offsetof(struct gunyah_vcpu_run, mmio.data) &&
			    i < offsetof(struct gunyah_vcpu_run, mmio.len))
				continue;
			if (i == offsetof(struct gunyah_vcpu_run, mmio.resume_action))
				continue;
			p[i] = rand_r(&seed);
		}
	}
	return NULL;
}

/*
 * R4: direction, length and address of an access are what they were, whatever the
 * page says by the time of the answer.
 */
TEST_F(work, answers_while_the_page_is_scribbled_over)
{
	pthread_t scribbler;
	__u64 n;

	agent_post(self->vcpu, AGENT_LOAD_LOOP, GUEST_MMIO, ROUNDS, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	no_more_scribbling = false;
	ASSERT_EQ(0, pthread_create(&scribbler, NULL, scribble, self->page));
	/* Each call is a load, so nothing has to be read from the page. */
	for (n = 1; n < ROUNDS; n++) {
		memcpy(self->page->mmio.data, &n, 8);
		ASSERT_EQ(0, __vcpu_run(self->vcpu));
	}
	no_more_scribbling = true;
	ASSERT_EQ(0, pthread_join(scribbler, NULL));
	self->page->mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	memcpy(self->page->mmio.data, &n, 8);
	ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
	EXPECT_EQ((__u64)ROUNDS * (ROUNDS + 1) / 2, self->vcpu->result);
}

/* Does the hypervisor look at resume actions? */
static bool actions_count(struct test_vm *vm)
{
	return __ioctl(vm->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_RESUME_ACTIONS) > 0;
}

struct changer {
	struct gunyah_vcpu_run *run;
	bool may_fault;
};

static void *change_action(void *arg)
{
	struct changer *c = arg;
	unsigned int seed = 1;
	__u8 action;

	while (!__atomic_load_n(&no_more_scribbling, __ATOMIC_RELAXED)) {
		action = rand_r(&seed) & 7;
		if (action == GUNYAH_VCPU_RESUME_FAULT && !c->may_fault)
			action = GUNYAH_VCPU_RESUME_RETRY;
		*(volatile __u8 *)&c->run->mmio.resume_action = action;
	}
	return NULL;
}

/*
 * Answers loads until the guest tells its result; that exit is left.  Each of them is one
 * answer, the 1st 1, the 2nd 2, where a retry is none; else all are @same.  How many were
 * refused.
 */
static unsigned int answer_loads(struct test_vcpu *vcpu, __u64 same)
{
	struct gunyah_vcpu_run *page = vcpu->run;
	unsigned int refused = 0;
	__u64 n = 1, value;
	int ret;

	do {
		value = same ?: n;
		memcpy(page->mmio.data, &value, 8);
		ret = __vcpu_run(vcpu);
		if (ret && ret != -EINVAL)
			test_die("VCPU_RUN");
		if (ret)
			refused++;
		else
			n++;
	} while (ret || page->mmio.phys_addr == GUEST_MMIO);
	return refused;
}

/* R3, R4: the action is looked at once: good, and it counts, or bad, and nothing does */
TEST_F(work, resume_action_changes_all_the_time)
{
	struct changer c = { .run = self->page, .may_fault = !actions_count(&self->vm) };
	const __u64 same = c.may_fault ? 0 : 0x123456789;
	unsigned int refused;
	pthread_t changer;
	__u64 sum;

	agent_post(self->vcpu, AGENT_LOAD_LOOP, GUEST_MMIO, ROUNDS, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	no_more_scribbling = false;
	ASSERT_EQ(0, pthread_create(&changer, NULL, change_action, &c));
	refused = answer_loads(self->vcpu, same);
	no_more_scribbling = true;
	ASSERT_EQ(0, pthread_join(changer, NULL));
	EXPECT_EQ(AGENT_MAILBOX + AGENT_RESULT, self->page->mmio.phys_addr);
	memcpy(&sum, self->page->mmio.data, 8);
	EXPECT_EQ(same ? ROUNDS * same : (__u64)ROUNDS * (ROUNDS + 1) / 2, sum);
	ksft_print_msg("%u answers were refused\n", refused);
}

/* R3: an access is done, done again, or an abort; where nobody looks, it is done */
TEST_F(work, resume_actions)
{
	static const __u8 actions[] = {
		GUNYAH_VCPU_RESUME_FAULT, GUNYAH_VCPU_RESUME_RETRY, GUNYAH_VCPU_RESUME_HANDLED,
	};
	bool count = actions_count(&self->vm), aborts;
	unsigned int i;
	__u64 answer;

	for (i = 0; i < 2 * ARRAY_SIZE(actions); i++) {
		answer = 0x1000 + i;
		agent_post(self->vcpu, i & 1 ? AGENT_LOAD : AGENT_STORE, GUEST_MMIO, 8, 1);
		ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
		self->page->mmio.resume_action = actions[i / 2];
		if (count && actions[i / 2] == GUNYAH_VCPU_RESUME_RETRY) {
			ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
			EXPECT_EQ(!(i & 1), self->page->mmio.is_write);
			EXPECT_EQ(GUNYAH_VCPU_RESUME_HANDLED, self->page->mmio.resume_action);
		}
		memcpy(self->page->mmio.data, &answer, 8);
		ASSERT_EQ(AGENT_DONE, agent_run(self->vcpu));
		aborts = count && actions[i / 2] == GUNYAH_VCPU_RESUME_FAULT;
		EXPECT_EQ(aborts ? ESR_DATA_ABORT : 0, self->vcpu->esr);
		if ((i & 1) && !aborts)
			EXPECT_EQ(answer, self->vcpu->result);
	}
}

/* R3: a write's answer is checked as a read's is, and stays owed */
TEST_F(work, unknown_action_for_a_write)
{
	agent_post(self->vcpu, AGENT_STORE, GUEST_MMIO, 8, 7);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	self->page->mmio.resume_action = 3;
	EXPECT_EQ(-EINVAL, __vcpu_run(self->vcpu));
	self->page->mmio.resume_action = 255;
	EXPECT_EQ(-EINVAL, __vcpu_run(self->vcpu));
	self->page->mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	EXPECT_EQ(AGENT_DONE, agent_run(self->vcpu));
}

TEST_HARNESS_MAIN
