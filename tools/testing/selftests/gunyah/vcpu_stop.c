// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a run ends when it is taken away from its thread, and what VCPU_RUN says
 * before the start, while the VM goes, and afterwards.
 */
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/gunyah_test.h"
#include "lib/hog.h"

/* How a vCPU is taken away. */
enum way { REMOVE, CLOSE, UNBIND };

/* A thread in VCPU_RUN, again and again until it is over. */
struct runner {
	struct test_vcpu *vcpu;
	pthread_t thread;
	pid_t tid;
	bool done;
	unsigned long runs;
	int ret;
};

static void *run_on(void *arg)
{
	struct runner *r = arg;

	__atomic_store_n(&r->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	do {
		r->ret = agent_run(r->vcpu);
	} while (r->ret == -EINTR);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void start_runner(struct runner *r, struct test_vcpu *vcpu)
{
	r->vcpu = vcpu;
	r->tid = 0;
	r->done = false;
	if (pthread_create(&r->thread, NULL, run_on, r))
		test_die("pthread_create");
}

/* What a run that was under way may end with, and what comes after it. */
static bool ended_by(enum way way, int ret)
{
	if (way == REMOVE)
		return ret == -ENODEV;
	return ret == -EBUSY || ret == -ENODEV;
}

FIXTURE(stop)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct runner runner;
};

FIXTURE_VARIANT(stop)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(stop, remove) { .way = REMOVE };
FIXTURE_VARIANT_ADD(stop, close) { .way = CLOSE };
FIXTURE_VARIANT_ADD(stop, unbind) { .way = UNBIND };

FIXTURE_SETUP(stop)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(stop)
{
	vm_destroy(&self->vm);
	if (variant->way == UNBIND)
		EXPECT_TRUE(driver_bind());
}

static void take_away(struct __test_metadata *_metadata, struct test_vm *vm, enum way way)
{
	switch (way) {
	case REMOVE:
		EXPECT_EQ(0, __remove_vcpu(vm->fd, 0));
		break;
	case CLOSE:
		EXPECT_EQ(0, close(vm->fd));
		vm->fd = open("/dev/null", O_RDONLY);
		break;
	case UNBIND:
		EXPECT_TRUE(driver_unbind());
		break;
	}
}

/* R5: for good */
static void expect_over(struct __test_metadata *_metadata, struct test_vcpu *vcpu)
{
	vcpu->run->exit_reason = 77;
	EXPECT_EQ(-ENODEV, __vcpu_run(vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, vcpu->run->exit_reason);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), __ioctl(vcpu->fd, GUNYAH_VCPU_MMAP_SIZE, 0));
}

/* R5, R6 */
TEST_F(stop, spinning_guest)
{
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	start_runner(&self->runner, self->vcpu);
	agent_wait_busy(self->vcpu);
	take_away(_metadata, &self->vm, variant->way);
	ASSERT_EQ(0, pthread_join(self->runner.thread, NULL));
	EXPECT_TRUE(ended_by(variant->way, self->runner.ret));
	expect_over(_metadata, self->vcpu);
}

/* R5, R6 */
TEST_F(stop, sleeping_guest)
{
	agent_post(self->vcpu, AGENT_WFI, 0, 0, 0);
	start_runner(&self->runner, self->vcpu);
	ASSERT_TRUE(wait_for_sleep(&self->runner.tid, &self->runner.done));
	take_away(_metadata, &self->vm, variant->way);
	ASSERT_EQ(0, pthread_join(self->runner.thread, NULL));
	EXPECT_TRUE(ended_by(variant->way, self->runner.ret));
	expect_over(_metadata, self->vcpu);
}

/* R13: those who wait for their turn find the same */
TEST_F(stop, threads_that_wait_for_their_turn)
{
	struct runner waiters[3];
	unsigned int i;

	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	start_runner(&self->runner, self->vcpu);
	agent_wait_busy(self->vcpu);
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		start_runner(&waiters[i], self->vcpu);
		ASSERT_TRUE(wait_for_sleep(&waiters[i].tid, &waiters[i].done));
	}
	take_away(_metadata, &self->vm, variant->way);
	ASSERT_EQ(0, pthread_join(self->runner.thread, NULL));
	EXPECT_TRUE(ended_by(variant->way, self->runner.ret));
	for (i = 0; i < ARRAY_SIZE(waiters); i++) {
		ASSERT_EQ(0, pthread_join(waiters[i].thread, NULL));
		EXPECT_TRUE(ended_by(variant->way, waiters[i].ret));
	}
	expect_over(_metadata, self->vcpu);
}

static bool no_more_scribbling;
static unsigned long scribbles;

/* All that the page has, and above all immediate_exit. */
static void *scribble(void *arg)
{
	struct gunyah_vcpu_run *run = arg;
	volatile __u8 *p = (volatile __u8 *)run;
	unsigned int i;

	while (!__atomic_load_n(&no_more_scribbling, __ATOMIC_RELAXED)) {
		p[0] = 0;
		for (i = offsetof(struct gunyah_vcpu_run, exit_reason); i < sizeof(*run); i++)
			p[i] = 0;
		__atomic_fetch_add(&scribbles, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Returns when all of the page was written since, so it is being written. */
static void wait_for_scribbles(void)
{
	unsigned long before = __atomic_load_n(&scribbles, __ATOMIC_RELAXED);

	while (__atomic_load_n(&scribbles, __ATOMIC_RELAXED) < before + 2)
		usleep(100);
}

static void *run_bare(void *arg)
{
	struct runner *r = arg;

	do {
		r->ret = __vcpu_run(r->vcpu);
		__atomic_fetch_add(&r->runs, 1, __ATOMIC_RELAXED);
	} while (!r->ret || r->ret == -EINTR);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Returns when run_bare() comes and goes, or has come to its end. */
static void wait_for_runs(const struct runner *r)
{
	while (__atomic_load_n(&r->runs, __ATOMIC_RELAXED) < 100 &&
	       !__atomic_load_n(&r->done, __ATOMIC_ACQUIRE))
		usleep(100);
}

/* R6: the page is written all the time, so nothing that is in it can end the run */
TEST_F(stop, page_is_cleared_all_the_time)
{
	pthread_t scribbler;

	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	start_runner(&self->runner, self->vcpu);
	agent_wait_busy(self->vcpu);
	no_more_scribbling = false;
	ASSERT_EQ(0, pthread_create(&scribbler, NULL, scribble, self->vcpu->run));
	wait_for_scribbles();
	take_away(_metadata, &self->vm, variant->way);
	ASSERT_EQ(0, pthread_join(self->runner.thread, NULL));
	EXPECT_TRUE(ended_by(variant->way, self->runner.ret));
	no_more_scribbling = true;
	ASSERT_EQ(0, pthread_join(scribbler, NULL));
	expect_over(_metadata, self->vcpu);
}

/* R6: the same with a thread that comes and goes: each exit's answer is what it is */
TEST_F(stop, page_is_cleared_under_a_loop_of_exits)
{
	pthread_t scribbler;

	agent_post(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 1UL << 40, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	no_more_scribbling = false;
	ASSERT_EQ(0, pthread_create(&scribbler, NULL, scribble, self->vcpu->run));
	self->runner = (struct runner) { .vcpu = self->vcpu };
	ASSERT_EQ(0, pthread_create(&self->runner.thread, NULL, run_bare, &self->runner));
	wait_for_scribbles();
	wait_for_runs(&self->runner);
	take_away(_metadata, &self->vm, variant->way);
	ASSERT_EQ(0, pthread_join(self->runner.thread, NULL));
	EXPECT_TRUE(ended_by(variant->way, self->runner.ret));
	no_more_scribbling = true;
	ASSERT_EQ(0, pthread_join(scribbler, NULL));
	expect_over(_metadata, self->vcpu);
}

/* R6: another process ran the guest, and is stopped now: it does not come to say why */
TEST_F(stop, stopped_process)
{
	int status;
	pid_t pid;

	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		/* The VM is the parent's alone. */
		close(self->vm.fd);
		agent_run(self->vcpu);
		_exit(0);
	}
	wait_for_guest_time(pid);
	kill(pid, SIGSTOP);
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	take_away(_metadata, &self->vm, variant->way);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	expect_over(_metadata, self->vcpu);
}

/* R6: the thread is woken up, and can't leave: nobody waits until it has */
TEST_F(stop, thread_that_can_not_leave)
{
	struct hog hog;

	if (!hog_possible())
		SKIP(return, "one CPU");
	agent_post(self->vcpu, AGENT_WFI, 0, 0, 0);
	start_runner(&self->runner, self->vcpu);
	hog_subject(self->runner.thread);
	ASSERT_TRUE(wait_for_sleep(&self->runner.tid, &self->runner.done));
	hog_begin(&hog);
	take_away(_metadata, &self->vm, variant->way);
	EXPECT_FALSE(__atomic_load_n(&self->runner.done, __ATOMIC_ACQUIRE));
	hog_end(&hog);
	ASSERT_EQ(0, pthread_join(self->runner.thread, NULL));
	EXPECT_TRUE(ended_by(variant->way, self->runner.ret));
	expect_over(_metadata, self->vcpu);
}

/* ---- what RUN says in each phase ---- */

FIXTURE(phase)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct gunyah_vcpu_run *page;
};

FIXTURE_SETUP(phase)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->page = self->vcpu->run;
}

FIXTURE_TEARDOWN(phase)
{
	vm_destroy(&self->vm);
}

#define expect_errno(error) do {					\
	memset(self->page, 0x77, sizeof(*self->page));			\
	self->page->immediate_exit = 0;					\
	EXPECT_EQ(-(error), __vcpu_run(self->vcpu));			\
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->page->exit_reason);	\
} while (0)

/* R5, R10: not yet running is no crash, and does not stick */
TEST_F(phase, before_the_start)
{
	int i;

	for (i = 0; i < 3; i++)
		expect_errno(ENODEV);
	vm_start(&self->vm);
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
}

/* R10: a start that this driver refused is none of the resource manager's failures */
TEST_F(phase, after_a_start_that_was_refused_here)
{
	void *p = mmap(NULL, SZ_4K, PROT_READ, MAP_SHARED, self->vm.mem_fd, SZ_2M);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	expect_errno(ENODEV);
	munmap(p, SZ_4K);
	vm_start(&self->vm);
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
}

/* R10: INIT_FAILED is LOAD_FAILED, the same each time, until the next start */
TEST_F(phase, after_a_start_that_the_resource_manager_failed)
{
	int i;

	self->vm.no_image_name = true;
	vm_load(&self->vm);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	for (i = 0; i < 3; i++) {
		memset(self->page, 0x77, sizeof(*self->page));
		ASSERT_EQ(0, __vcpu_run(self->vcpu));
		EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, self->page->exit_reason);
		EXPECT_EQ(GUNYAH_VM_STATUS_LOAD_FAILED, self->page->status.status);
		EXPECT_EQ(0, self->page->status.exit_info.type);
		EXPECT_EQ(0, self->page->status.exit_info.reason_size);
	}
	self->page->immediate_exit = 0;
	self->vm.no_image_name = false;
	vm_load(&self->vm);
	vm_start(&self->vm);
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
}

/* R5, R44: the end, and then the removal, and the end of the VM */
TEST_F(phase, after_the_end)
{
	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	/* Whatever the page asks for. */
	memset(self->page, 0xff, sizeof(*self->page));
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, self->page->exit_reason);
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, self->page->status.status);
	EXPECT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	expect_errno(ENODEV);
}

/* R5: a vCPU that is added after the end has the same to tell */
TEST_F(phase, added_after_the_end)
{
	struct gunyah_vcpu_run *run;
	int fd;

	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_RESET, 0, 0));
	fd = __add_vcpu(self->vm.fd, 1);
	ASSERT_GE(fd, 0);
	run = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, run);
	ASSERT_EQ(0, __ioctl(fd, GUNYAH_VCPU_RUN, 0));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, run->exit_reason);
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET, run->status.exit_info.type);
	munmap(run, SZ_4K);
	close(fd);
}

/* R5: there is no such vCPU in the device tree */
TEST_F(phase, vcpu_that_the_guest_has_not)
{
	int fd = __add_vcpu(self->vm.fd, 5);

	ASSERT_GE(fd, 0);
	vm_start(&self->vm);
	EXPECT_EQ(-ENODEV, __ioctl(fd, GUNYAH_VCPU_RUN, 0));
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
	close(fd);
}

static bool closed;

static void *close_fd(void *arg)
{
	close((long)arg);
	__atomic_store_n(&closed, true, __ATOMIC_RELEASE);
	return NULL;
}

/* R5: while the VM is being closed, which the resource manager holds up */
TEST_F(phase, while_the_vm_closes)
{
	pthread_t closer;

	require_control();
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
	control_clear(-1);
	control_mark();
	MSG_RULE(MSG_VM_RESET, CTL_DELAY, .p = { 6000000 });
	closed = false;
	ASSERT_EQ(0, pthread_create(&closer, NULL, close_fd, (void *)(long)self->vm.fd));
	while (!control_count(CTL_MSG, MSG_VM_RESET))
		usleep(1000);
	expect_errno(EBUSY);
	expect_errno(EBUSY);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), __ioctl(self->vcpu->fd, GUNYAH_VCPU_MMAP_SIZE, 0));
	EXPECT_FALSE(__atomic_load_n(&closed, __ATOMIC_ACQUIRE));
	ASSERT_EQ(0, pthread_join(closer, NULL));
	control_clear(-1);
	expect_errno(ENODEV);
	self->vm.fd = create_vm(self->vm.dev_fd);
}

TEST_HARNESS_MAIN
