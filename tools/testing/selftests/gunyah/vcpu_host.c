// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host does with the threads of vCPUs while guests run: CPUs come and
 * go, threads move, freeze, get task work, and are accounted.
 *
 * A "runner" is a thread that lets its vCPU do one thing after another, and
 * counts them: that its count goes on is what says that the guest runs.
 */
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define AREA(i)		(GUEST_BASE + 0x100000 + (i) * 0x10000)

/**
 * struct runner - a thread that runs a vCPU
 * @vcpu: the vCPU
 * @thread: the thread
 * @count: things done, in memory that a parent sees
 * @stop: all runners are to end
 */
struct runner {
	struct test_vcpu *vcpu;
	pthread_t thread;
	unsigned long *count;
	bool *stop;
};

/* Signals and the like end a run; the next one goes on. */
static bool finish(struct test_vcpu *vcpu)
{
	int event;

	do {
		event = agent_run(vcpu);
	} while (event == -EINTR);
	return event == AGENT_DONE;
}

static void *run(void *arg)
{
	struct runner *r = arg;
	unsigned int i = r->vcpu->id;

	while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED)) {
		switch (*r->count % 3) {
		case 0:
			agent_post(r->vcpu, AGENT_FILL, AREA(i), 0x10000, i);
			break;
		case 1:
			agent_post(r->vcpu, AGENT_TIMER, 1600, 0, 0);
			break;
		case 2:
			agent_post(r->vcpu, AGENT_SUM, AREA(i), 0x10000, 0);
			break;
		}
		if (!finish(r->vcpu))
			return (void *)1;
		if (*r->count % 3 == 2 && r->vcpu->result != i * 0x2000)
			return (void *)2;
		__atomic_fetch_add(r->count, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

FIXTURE(host)
{
	struct test_vm vm;
	struct runner runners[MAX_VCPUS];
	unsigned long *counts;
	bool *stop;
};

FIXTURE_VARIANT(host)
{
	unsigned int vcpus;
};

FIXTURE_VARIANT_ADD(host, 1) { .vcpus = 1 };
FIXTURE_VARIANT_ADD(host, 4) { .vcpus = 4 };
FIXTURE_VARIANT_ADD(host, 8) { .vcpus = 8 };

FIXTURE_SETUP(host)
{
	unsigned int i;
	void *p;

	require_gunyah();
	p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, p);
	self->counts = p;
	self->stop = (bool *)(self->counts + MAX_VCPUS);
	vm_create(&self->vm, variant->vcpus);
	vm_start(&self->vm);
	for (i = 1; i < variant->vcpus; i++)
		ASSERT_EQ(0, agent_cpu_on(&self->vm.vcpu[0], i, 0));
}

FIXTURE_TEARDOWN(host)
{
	vm_destroy(&self->vm);
}

static void start_runners(struct runner *r, struct test_vm *vm, unsigned long *counts, bool *stop)
{
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++) {
		r[i] = (struct runner) {
			.vcpu = &vm->vcpu[i],
			.count = &counts[i],
			.stop = stop,
		};
		if (pthread_create(&r[i].thread, NULL, run, &r[i]))
			test_die("pthread_create");
	}
}

/* True when all of them went well. */
static bool end_runners(struct runner *r, unsigned int n, bool *stop)
{
	bool ok = true;
	unsigned int i;
	void *ret;

	__atomic_store_n(stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < n; i++) {
		pthread_join(r[i].thread, &ret);
		ok &= !ret;
	}
	return ok;
}

/* Returns when each of the runners has done something more. */
static void wait_for_progress(const unsigned long *counts, unsigned int n)
{
	unsigned long before[MAX_VCPUS];
	unsigned int i;

	memcpy(before, counts, n * sizeof(*counts));
	for (i = 0; i < n; i++)
		while (__atomic_load_n(&counts[i], __ATOMIC_RELAXED) < before[i] + 2)
			usleep(1000);
}

static int set_online(unsigned int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	return write_file(path, online ? "1" : "0");
}

/* CPUs of the host go and come while the guest runs on them, or sleeps. */
TEST_F_TIMEOUT(host, cpu_hotplug, 300)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int cpu;
	int round;

	if (cpus < 2 || access("/sys/devices/system/cpu/cpu1/online", W_OK))
		SKIP(return, "no second CPU that can be taken out");
	start_runners(self->runners, &self->vm, self->counts, self->stop);
	for (round = 0; round < 3; round++) {
		for (cpu = 1; cpu < cpus; cpu++)
			ASSERT_EQ(0, set_online(cpu, false));
		wait_for_progress(self->counts, variant->vcpus);
		for (cpu = 1; cpu < cpus; cpu++)
			ASSERT_EQ(0, set_online(cpu, true));
		wait_for_progress(self->counts, variant->vcpus);
	}
	EXPECT_TRUE(end_runners(self->runners, variant->vcpus, self->stop));
}

/* The threads are moved from CPU to CPU while they are in the guest. */
TEST_F_TIMEOUT(host, threads_move, 300)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int i, round;
	cpu_set_t set;

	start_runners(self->runners, &self->vm, self->counts, self->stop);
	for (round = 0; round < 100; round++) {
		for (i = 0; i < variant->vcpus; i++) {
			CPU_ZERO(&set);
			CPU_SET((round + i) % cpus, &set);
			ASSERT_EQ(0, pthread_setaffinity_np(self->runners[i].thread, sizeof(set),
							    &set));
		}
		if (round % 10 == 9)
			wait_for_progress(self->counts, variant->vcpus);
		else
			usleep(2000);
	}
	EXPECT_TRUE(end_runners(self->runners, variant->vcpus, self->stop));
}

static bool is_frozen(const char *group)
{
	char path[80], events[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.events", group);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, events, sizeof(events) - 1) <= 0)
		test_die("%s", path);
	close(fd);
	return strstr(events, "frozen 1");
}

static int set_frozen(const char *group, bool freeze)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/cgroup.freeze", group);
	return write_file(path, freeze ? "1" : "0");
}

/* R8: the cgroup freezer stops all threads in RUN, and lets them go on. */
TEST_F_TIMEOUT(host, freezer, 300)
{
	static const char group[] = "/sys/fs/cgroup/gunyah-freezer";
	unsigned long before[MAX_VCPUS];
	char text[16], path[80];
	int status, round;
	pid_t pid;

	if (mkdir(group, 0755))
		SKIP(return, "no cgroup2");
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		start_runners(self->runners, &self->vm, self->counts, self->stop);
		while (!__atomic_load_n(self->stop, __ATOMIC_RELAXED))
			usleep(1000);
		_exit(!end_runners(self->runners, variant->vcpus, self->stop));
	}
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(text, sizeof(text), "%d", pid);
	EXPECT_EQ(0, write_file(path, text));
	for (round = 0; round < 5; round++) {
		wait_for_progress(self->counts, variant->vcpus);
		EXPECT_EQ(0, set_frozen(group, true));
		while (!is_frozen(group))
			usleep(1000);
		memcpy(before, self->counts, sizeof(before));
		usleep(50000);
		EXPECT_EQ(0, memcmp(before, self->counts, sizeof(before)));
		EXPECT_EQ(0, set_frozen(group, false));
	}
	__atomic_store_n(self->stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, rmdir(group));
}

FIXTURE(one)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
};

FIXTURE_SETUP(one)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(one)
{
	vm_destroy(&self->vm);
}

/* A frozen thread whose guest spins can be killed. */
TEST_F(one, killed_while_frozen)
{
	static const char group[] = "/sys/fs/cgroup/gunyah-freezer-one";
	char text[16], path[80];
	int status;
	pid_t pid;

	if (mkdir(group, 0755))
		SKIP(return, "no cgroup2");
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		agent_run(self->vcpu);
		_exit(0);
	}
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(text, sizeof(text), "%d", pid);
	EXPECT_EQ(0, write_file(path, text));
	EXPECT_EQ(0, set_frozen(group, true));
	while (!is_frozen(group))
		usleep(1000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, rmdir(group));
}

/* An io_uring with room for all that the test asks of it. */
struct ring {
	int fd;
	char *sq;
	struct io_uring_sqe *sqe;
	struct io_uring_params params;
};

static bool ring_open(struct ring *ring)
{
	size_t size;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(__NR_io_uring_setup, 8, &ring->params);
	if (ring->fd < 0)
		return false;
	size = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	if (size < SZ_4K)
		size = SZ_4K;
	ring->sq = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			IORING_OFF_SQ_RING);
	ring->sqe = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			 IORING_OFF_SQES);
	return ring->sq != MAP_FAILED && ring->sqe != MAP_FAILED;
}

/* Ask to be told of what can be read from @fd. */
static bool ring_poll(struct ring *ring, int fd)
{
	unsigned int *tail = (unsigned int *)(ring->sq + ring->params.sq_off.tail);
	unsigned int *array = (unsigned int *)(ring->sq + ring->params.sq_off.array);

	*ring->sqe = (struct io_uring_sqe) {
		.opcode = IORING_OP_POLL_ADD,
		.fd = fd,
		.poll32_events = 1,
	};
	array[*tail % ring->params.sq_entries] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(__NR_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) == 1;
}

static unsigned int ring_done(struct ring *ring)
{
	return __atomic_load_n((unsigned int *)(ring->sq + ring->params.cq_off.tail),
			       __ATOMIC_ACQUIRE);
}

struct late_write {
	struct test_vcpu *vcpu;
	int fd;
};

/* When the thread is in its guest, which it does not leave by itself. */
static void *write_later(void *arg)
{
	struct late_write *w = arg;
	unsigned long ticks;

	agent_wait_busy(w->vcpu);
	ticks = guest_time(getpid());
	while (guest_time(getpid()) == ticks)
		usleep(1000);
	return (void *)(long)write(w->fd, "", 1);
}

/*
 * R8: what io_uring has to do in a thread is done, though that is in a guest that
 * never comes back by itself.
 */
TEST_F(one, task_work)
{
	struct late_write w = { .vcpu = self->vcpu };
	struct ring ring;
	pthread_t thread;
	int fds[2], i;
	void *ret;

	if (!ring_open(&ring))
		SKIP(return, "no io_uring");
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, pipe(fds));
		ASSERT_TRUE(ring_poll(&ring, fds[0]));
		EXPECT_EQ(i - 1, ring_done(&ring));
		w.fd = fds[1];
		ASSERT_EQ(0, pthread_create(&thread, NULL, write_later, &w));
		/* The work is the only thing that ends the run. */
		while (ring_done(&ring) < i)
			ASSERT_EQ(-EINTR, agent_run(self->vcpu));
		ASSERT_EQ(0, pthread_join(thread, &ret));
		EXPECT_EQ(1, (long)ret);
		close(fds[0]);
		close(fds[1]);
	}
	close(ring.fd);
}

static void on_alarm(int sig)
{
}

/* R8: time in the guest is guest time */
TEST_F(one, guest_time_is_accounted)
{
	struct itimerval timer = { .it_value = { .tv_usec = 500000 } };
	struct sigaction sa = { .sa_handler = on_alarm };

	EXPECT_EQ(0, guest_time(getpid()));
	/* Of CPU time: how much of it a busy machine gives does not matter. */
	sigaction(SIGPROF, &sa, NULL);
	setitimer(ITIMER_PROF, &timer, NULL);
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	ASSERT_EQ(-EINTR, agent_run(self->vcpu));
	EXPECT_LT(10, guest_time(getpid()));
}

TEST_HARNESS_MAIN
