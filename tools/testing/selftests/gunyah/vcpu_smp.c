// SPDX-License-Identifier: GPL-2.0-only
/* Guests with several vCPUs, several such guests, and what the host does meanwhile. */
#include <sched.h>
#include <sys/time.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define AREA(i)		(GUEST_BASE + 0x100000 + (i) * 0x10000)
#define NR_VMS		4

/* A thread that lets its vCPU's agent do one thing. */
struct job {
	struct test_vcpu *vcpu;
	pthread_t thread;
	int event;
};

static void *do_job(void *arg)
{
	struct job *job = arg;

	job->event = agent_run(job->vcpu);
	return NULL;
}

static void start_job(struct job *job, struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c)
{
	agent_post(vcpu, op, a, b, c);
	job->vcpu = vcpu;
	if (pthread_create(&job->thread, NULL, do_job, job))
		test_die("pthread_create");
}

static int end_job(struct job *job)
{
	pthread_join(job->thread, NULL);
	return job->event;
}

FIXTURE(smp)
{
	struct test_vm vm;
	struct job jobs[MAX_VCPUS];
};

FIXTURE_VARIANT(smp)
{
	unsigned int vcpus;
};

FIXTURE_VARIANT_ADD(smp, 2) { .vcpus = 2 };
FIXTURE_VARIANT_ADD(smp, 4) { .vcpus = 4 };
FIXTURE_VARIANT_ADD(smp, 8) { .vcpus = 8 };

FIXTURE_SETUP(smp)
{
	require_gunyah();
	vm_create(&self->vm, variant->vcpus);
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(smp)
{
	vm_destroy(&self->vm);
}

/* Turns all secondary vCPUs on; each agent answers with its affinity. */
static void all_on(struct __test_metadata *_metadata, struct test_vm *vm)
{
	unsigned int i;

	for (i = 1; i < vm->nr_vcpus; i++) {
		ASSERT_EQ(0, agent_cpu_on(&vm->vcpu[0], i, 1000 + i));
		ASSERT_EQ(i, agent_do(&vm->vcpu[i], AGENT_MPIDR, 0, 0, 0));
	}
}

TEST_F(smp, all_vcpus_come_up)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 1; i < variant->vcpus; i++)
		EXPECT_EQ(1000 + i, agent_do(&self->vm.vcpu[i], AGENT_BOOT_X0, 0, 0, 0));
}

TEST_F(smp, cpu_on_twice)
{
	ASSERT_EQ(0, agent_cpu_on(&self->vm.vcpu[0], 1, 0));
	EXPECT_EQ(-4, agent_cpu_on(&self->vm.vcpu[0], 1, 0));
	EXPECT_GT(0, agent_cpu_on(&self->vm.vcpu[0], variant->vcpus, 0));
}

/* The thread of a vCPU that is off waits; CPU_ON lets it go on. */
TEST_F(smp, thread_waits_for_cpu_on)
{
	start_job(&self->jobs[1], &self->vm.vcpu[1], AGENT_MPIDR, 0, 0, 0);
	usleep(50000);
	ASSERT_EQ(0, agent_cpu_on(&self->vm.vcpu[0], 1, 0));
	EXPECT_EQ(AGENT_DONE, end_job(&self->jobs[1]));
	EXPECT_EQ(1, self->vm.vcpu[1].result);
}

/* AFFINITY_INFO, as another vCPU sees it */
static void wait_until_off(struct test_vcpu *by, unsigned int target)
{
	do {
		agent_psci(by, PSCI_AFFINITY_INFO, target, 0);
	} while (by->result != 1);
}

TEST_F(smp, off_and_on_again)
{
	struct test_vcpu *first = &self->vm.vcpu[0], *second = &self->vm.vcpu[1];
	int i;

	ASSERT_EQ(0, agent_cpu_on(first, 1, 0));
	for (i = 0; i < 20; i++) {
		start_job(&self->jobs[1], second, AGENT_HVC, PSCI_CPU_OFF, 0, 0);
		wait_until_off(first, 1);
		/* The thread stays in RUN; when the vCPU is on again the agent begins anew. */
		agent_post(second, AGENT_BOOT_X0, 0, 0, 0);
		ASSERT_EQ(0, agent_cpu_on(first, 1, i));
		ASSERT_EQ(AGENT_DONE, end_job(&self->jobs[1]));
		ASSERT_EQ(i, second->result);
	}
}

TEST_F(smp, work_at_the_same_time)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 0; i < variant->vcpus; i++)
		start_job(&self->jobs[i], &self->vm.vcpu[i], AGENT_FILL, AREA(i), 0x10000, i + 1);
	for (i = 0; i < variant->vcpus; i++)
		ASSERT_EQ(AGENT_DONE, end_job(&self->jobs[i]));
	for (i = 0; i < variant->vcpus; i++)
		EXPECT_EQ((i + 1) * 0x2000, agent_do(&self->vm.vcpu[variant->vcpus - 1 - i],
						     AGENT_SUM, AREA(i), 0x10000, 0));
}

TEST_F(smp, interrupt_between_vcpus)
{
	unsigned int i, n;

	all_on(_metadata, &self->vm);
	for (n = 0; n < 20; n++) {
		for (i = 1; i < variant->vcpus; i++)
			start_job(&self->jobs[i], &self->vm.vcpu[i], AGENT_WAIT_IRQ, 0, 0, 0);
		for (i = 1; i < variant->vcpus; i++)
			agent_do(&self->vm.vcpu[0], AGENT_SGI, i, 0, 0);
		for (i = 1; i < variant->vcpus; i++) {
			ASSERT_EQ(AGENT_DONE, end_job(&self->jobs[i]));
			ASSERT_EQ(1, self->vm.vcpu[i].result);
		}
	}
}

TEST_F(smp, timers_of_all_vcpus)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 0; i < variant->vcpus; i++)
		start_job(&self->jobs[i], &self->vm.vcpu[i], AGENT_TIMER, 500000 + 10000 * i, 0, 0);
	for (i = 0; i < variant->vcpus; i++) {
		ASSERT_EQ(AGENT_DONE, end_job(&self->jobs[i]));
		EXPECT_EQ(GUEST_TIMER_INTID, self->vm.vcpu[i].result);
	}
}

/* R10: one vCPU powers off, all threads get the same status */
TEST_F(smp, power_off_ends_all_runs)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 0; i < variant->vcpus - 1; i++)
		start_job(&self->jobs[i], &self->vm.vcpu[i], i & 1 ? AGENT_SPIN : AGENT_WFI, 0, 0,
			  0);
	usleep(20000);
	ASSERT_EQ(AGENT_STATUS,
		  agent_psci(&self->vm.vcpu[variant->vcpus - 1], PSCI_SYSTEM_OFF, 0, 0));
	for (i = 0; i < variant->vcpus - 1; i++) {
		int event = end_job(&self->jobs[i]);

		/* A WFI may have ended before; the next run tells the status. */
		if (event == AGENT_DONE)
			event = agent_run(&self->vm.vcpu[i]);
		ASSERT_EQ(AGENT_STATUS, event);
		EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, self->vm.vcpu[i].run->status.status);
		EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_PSCI_OFF,
			  self->vm.vcpu[i].run->status.exit_info.type);
	}
}

/* R6: closing the VM while all of its vCPUs run */
TEST_F(smp, close_while_all_run)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 0; i < variant->vcpus; i++)
		start_job(&self->jobs[i], &self->vm.vcpu[i], AGENT_SPIN, 0, 0, 0);
	usleep(20000);
	close(self->vm.fd);
	for (i = 0; i < variant->vcpus; i++) {
		int event = end_job(&self->jobs[i]);

		EXPECT_TRUE(event == -EBUSY || event == -ENODEV || event == AGENT_STATUS);
	}
	self->vm.fd = create_vm(self->vm.dev_fd);
}

FIXTURE(one)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct job job;
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

static void run_on_cpu(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

TEST_F(one, run_from_changing_cpus)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	__u64 data, expected = 1;
	int event;

	agent_post(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 1000, 0);
	for (;;) {
		run_on_cpu(expected % cpus);
		event = agent_run(self->vcpu);
		if (event != AGENT_MMIO)
			break;
		memcpy(&data, self->vcpu->run->mmio.data, 8);
		ASSERT_EQ(expected, data);
		expected++;
	}
	EXPECT_EQ(AGENT_DONE, event);
	EXPECT_EQ(1001, expected);
}

static void *run_stores(void *arg)
{
	struct test_vcpu *vcpu = arg;
	long n = 0;
	int ret;

	/* Both threads answer by doing nothing, so it does not matter who runs next. */
	do {
		ret = __vcpu_run(vcpu);
		if (!ret && vcpu->run->exit_reason == GUNYAH_VCPU_EXIT_STATUS)
			break;
		n += !ret;
	} while (!ret);
	return (void *)n;
}

/* R13: two threads take turns; each exit is one thread's */
TEST_F(one, two_threads_run_it)
{
	pthread_t threads[2];
	void *n[2];
	int i;

	agent_post(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 1UL << 40, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run_stores, self->vcpu));
	usleep(300000);
	ASSERT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &n[i]));
		ksft_print_msg("thread %d: %ld exits\n", i, (long)n[i]);
	}
	EXPECT_LT(0, (long)n[0] + (long)n[1]);
}

/* CPUs of the host come and go while the guest runs. */
TEST_F(one, cpu_hotplug_of_the_host)
{
	static const char online[] = "/sys/devices/system/cpu/cpu1/online";
	int i;

	if (access(online, W_OK))
		SKIP(return, "no second CPU that can be taken out");
	for (i = 0; i < 3; i++) {
		start_job(&self->job, self->vcpu, AGENT_TIMER, 6000000, 0, 0);
		EXPECT_EQ(0, write_file(online, "0"));
		EXPECT_EQ(0, write_file(online, "1"));
		ASSERT_EQ(AGENT_DONE, end_job(&self->job));
		EXPECT_EQ(GUEST_TIMER_INTID, self->vcpu->result);
	}
}

/* R8: the cgroup freezer stops a thread in RUN, and lets it go on. */
TEST_F(one, freezer)
{
	static const char group[] = "/sys/fs/cgroup/gunyah-freezer";
	char text[16], path[64];
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
	snprintf(path, sizeof(path), "%s/cgroup.freeze", group);
	EXPECT_EQ(0, write_file(path, "1"));
	snprintf(path, sizeof(path), "%s/cgroup.events", group);
	for (;;) {
		char events[64] = "";
		int fd = open(path, O_RDONLY);

		ASSERT_GE(fd, 0);
		ASSERT_GT(read(fd, events, sizeof(events) - 1), 0);
		close(fd);
		if (strstr(events, "frozen 1"))
			break;
		usleep(1000);
	}
	snprintf(path, sizeof(path), "%s/cgroup.freeze", group);
	EXPECT_EQ(0, write_file(path, "0"));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, rmdir(group));
}

static void on_alarm(int sig)
{
}

/* Field 43 of /proc/self/stat: time spent in guests, in ticks. */
static unsigned long guest_ticks(void)
{
	unsigned long value = 0;
	char buf[1024] = "", *p;
	int fd, i;

	fd = open("/proc/self/stat", O_RDONLY);
	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		test_die("/proc/self/stat");
	close(fd);
	p = strrchr(buf, ')');
	for (i = 2; p && i < 43; i++)
		p = strchr(p + 1, ' ');
	if (p)
		value = strtoul(p, NULL, 10);
	return value;
}

/* R8: time in the guest is guest time */
TEST_F(one, guest_time_is_accounted)
{
	struct itimerval timer = { .it_value = { .tv_usec = 500000 } };
	struct sigaction sa = { .sa_handler = on_alarm };

	EXPECT_EQ(0, guest_ticks());
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	ASSERT_EQ(-EINTR, agent_run(self->vcpu));
	EXPECT_LT(10, guest_ticks());
}

/* More vCPU threads than the host has CPUs: 4 VMs of 8. */
TEST(four_vms_of_eight_vcpus)
{
	static struct test_vm vms[NR_VMS];
	static struct job jobs[NR_VMS][MAX_VCPUS];
	unsigned int v, i;

	require_gunyah();
	for (v = 0; v < NR_VMS; v++) {
		vm_create(&vms[v], MAX_VCPUS);
		vm_start(&vms[v]);
		all_on(_metadata, &vms[v]);
	}
	for (v = 0; v < NR_VMS; v++)
		for (i = 0; i < MAX_VCPUS; i++)
			start_job(&jobs[v][i], &vms[v].vcpu[i], AGENT_FILL, AREA(i), 0x10000,
				  100 * v + i);
	for (v = 0; v < NR_VMS; v++)
		for (i = 0; i < MAX_VCPUS; i++)
			ASSERT_EQ(AGENT_DONE, end_job(&jobs[v][i]));
	for (v = 0; v < NR_VMS; v++) {
		for (i = 0; i < MAX_VCPUS; i++)
			EXPECT_EQ((100 * v + i) * 0x2000,
				  agent_do(&vms[v].vcpu[0], AGENT_SUM, AREA(i), 0x10000, 0));
		ASSERT_EQ(AGENT_STATUS, agent_psci(&vms[v].vcpu[v], PSCI_SYSTEM_OFF, 0, 0));
		vm_destroy(&vms[v]);
	}
}

TEST_HARNESS_MAIN
