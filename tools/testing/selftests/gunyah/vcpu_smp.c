// SPDX-License-Identifier: GPL-2.0-only
/* Guests with several vCPUs, and several such guests. */
#include <sched.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define AREA(i)		(GUEST_BASE + 0x100000 + (i) * 0x10000)
#define NR_VMS		4

FIXTURE(smp)
{
	struct test_vm vm;
	struct agent_job jobs[MAX_VCPUS];
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
	job_start(&self->jobs[1], &self->vm.vcpu[1], AGENT_MPIDR, 0, 0, 0);
	usleep(50000);
	ASSERT_EQ(0, agent_cpu_on(&self->vm.vcpu[0], 1, 0));
	EXPECT_EQ(AGENT_DONE, job_end(&self->jobs[1]));
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
		job_start(&self->jobs[1], second, AGENT_HVC, PSCI_CPU_OFF, 0, 0);
		wait_until_off(first, 1);
		/* The thread stays in RUN; when the vCPU is on again the agent begins anew. */
		agent_post(second, AGENT_BOOT_X0, 0, 0, 0);
		ASSERT_EQ(0, agent_cpu_on(first, 1, i));
		ASSERT_EQ(AGENT_DONE, job_end(&self->jobs[1]));
		ASSERT_EQ(i, second->result);
	}
}

TEST_F(smp, work_at_the_same_time)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 0; i < variant->vcpus; i++)
		job_start(&self->jobs[i], &self->vm.vcpu[i], AGENT_FILL, AREA(i), 0x10000, i + 1);
	for (i = 0; i < variant->vcpus; i++)
		ASSERT_EQ(AGENT_DONE, job_end(&self->jobs[i]));
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
			job_start(&self->jobs[i], &self->vm.vcpu[i], AGENT_WAIT_IRQ, 0, 0, 0);
		for (i = 1; i < variant->vcpus; i++)
			agent_do(&self->vm.vcpu[0], AGENT_SGI, i, 0, 0);
		for (i = 1; i < variant->vcpus; i++) {
			ASSERT_EQ(AGENT_DONE, job_end(&self->jobs[i]));
			ASSERT_EQ(1, self->vm.vcpu[i].result);
		}
	}
}

TEST_F(smp, timers_of_all_vcpus)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 0; i < variant->vcpus; i++)
		job_start(&self->jobs[i], &self->vm.vcpu[i], AGENT_TIMER, 8000 + 160 * i, 0, 0);
	for (i = 0; i < variant->vcpus; i++) {
		ASSERT_EQ(AGENT_DONE, job_end(&self->jobs[i]));
		EXPECT_EQ(GUEST_TIMER_INTID, self->vm.vcpu[i].result);
	}
}

/* R10: one vCPU powers off, all threads get the same status */
TEST_F(smp, power_off_ends_all_runs)
{
	unsigned int i;

	all_on(_metadata, &self->vm);
	for (i = 0; i < variant->vcpus - 1; i++)
		job_start(&self->jobs[i], &self->vm.vcpu[i], i & 1 ? AGENT_SPIN : AGENT_WFI, 0, 0,
			  0);
	usleep(20000);
	ASSERT_EQ(AGENT_STATUS,
		  agent_psci(&self->vm.vcpu[variant->vcpus - 1], PSCI_SYSTEM_OFF, 0, 0));
	for (i = 0; i < variant->vcpus - 1; i++) {
		int event = job_end(&self->jobs[i]);

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
		job_start(&self->jobs[i], &self->vm.vcpu[i], AGENT_SPIN, 0, 0, 0);
	usleep(20000);
	close(self->vm.fd);
	for (i = 0; i < variant->vcpus; i++) {
		int event = job_end(&self->jobs[i]);

		EXPECT_TRUE(event == -EBUSY || event == -ENODEV || event == AGENT_STATUS);
	}
	self->vm.fd = create_vm(self->vm.dev_fd);
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

FIXTURE(many) {};

FIXTURE_SETUP(many)
{
	require_gunyah();
	ksft_print_msg("%ld CPUs\n", sysconf(_SC_NPROCESSORS_ONLN));
}

FIXTURE_TEARDOWN(many)
{
}

/* Each vCPU sends an interrupt to the next one. */
static void ring(struct __test_metadata *_metadata, struct test_vm *vm)
{
	unsigned int i, next;
	struct agent_job job;

	for (i = 0; i < vm->nr_vcpus && vm->nr_vcpus > 1; i++) {
		next = (i + 1) % vm->nr_vcpus;
		job_start(&job, &vm->vcpu[next], AGENT_WAIT_IRQ, 0, 0, 0);
		agent_do(&vm->vcpu[i], AGENT_SGI, next, 0, 0);
		ASSERT_EQ(AGENT_DONE, job_end(&job));
		ASSERT_EQ(1, vm->vcpu[next].result);
	}
}

/* All secondary vCPUs go off together, and come up again. */
static void all_off_and_on(struct __test_metadata *_metadata, struct test_vm *vm)
{
	struct agent_job jobs[MAX_VCPUS];
	unsigned int i;

	for (i = 1; i < vm->nr_vcpus; i++)
		job_start(&jobs[i], &vm->vcpu[i], AGENT_HVC, PSCI_CPU_OFF, 0, 0);
	for (i = 1; i < vm->nr_vcpus; i++) {
		wait_until_off(&vm->vcpu[0], i);
		agent_post(&vm->vcpu[i], AGENT_BOOT_X0, 0, 0, 0);
		ASSERT_EQ(0, agent_cpu_on(&vm->vcpu[0], i, 100 + i));
	}
	for (i = 1; i < vm->nr_vcpus; i++) {
		ASSERT_EQ(AGENT_DONE, job_end(&jobs[i]));
		ASSERT_EQ(100 + i, vm->vcpu[i].result);
	}
}

/* All vCPUs write at the same time, and read what another one wrote. */
static void all_work(struct __test_metadata *_metadata, struct test_vm *vm, __u64 value)
{
	struct agent_job jobs[MAX_VCPUS];
	unsigned int i, n = vm->nr_vcpus;

	for (i = 0; i < n; i++)
		job_start(&jobs[i], &vm->vcpu[i], AGENT_FILL, AREA(i), 0x10000, value + i);
	for (i = 0; i < n; i++)
		ASSERT_EQ(AGENT_DONE, job_end(&jobs[i]));
	for (i = 0; i < n; i++)
		EXPECT_EQ((value + i) * 0x2000,
			  agent_do(&vm->vcpu[n - 1 - i], AGENT_SUM, AREA(i), 0x10000, 0));
}

/* The last vCPU powers off: so have all. */
static void power_off(struct __test_metadata *_metadata, struct test_vm *vm)
{
	unsigned int i;

	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm->vcpu[vm->nr_vcpus - 1], PSCI_SYSTEM_OFF, 0, 0));
	for (i = 0; i < vm->nr_vcpus; i++) {
		ASSERT_EQ(AGENT_STATUS, agent_run(&vm->vcpu[i]));
		EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, vm->vcpu[i].run->status.status);
	}
}

TEST_F_TIMEOUT(many, one_to_eight_vcpus, 300)
{
	unsigned int n;

	for (n = 1; n <= MAX_VCPUS; n++) {
		struct test_vm vm = {};

		vm_create(&vm, n);
		vm_start(&vm);
		all_on(_metadata, &vm);
		all_work(_metadata, &vm, 1);
		ring(_metadata, &vm);
		all_off_and_on(_metadata, &vm);
		all_work(_metadata, &vm, 1000);
		power_off(_metadata, &vm);
		vm_destroy(&vm);
	}
}

/* More vCPU threads than the host has CPUs: 4 VMs of 8. */
TEST_F_TIMEOUT(many, four_vms_of_eight_vcpus, 300)
{
	static struct agent_job jobs[NR_VMS][MAX_VCPUS];
	static struct test_vm vms[NR_VMS];
	unsigned int v, i;

	for (v = 0; v < NR_VMS; v++) {
		vm_create(&vms[v], MAX_VCPUS);
		vm_start(&vms[v]);
		all_on(_metadata, &vms[v]);
	}
	for (v = 0; v < NR_VMS; v++)
		for (i = 0; i < MAX_VCPUS; i++)
			job_start(&jobs[v][i], &vms[v].vcpu[i], AGENT_FILL, AREA(i), 0x10000,
				  100 * v + i);
	for (v = 0; v < NR_VMS; v++)
		for (i = 0; i < MAX_VCPUS; i++)
			ASSERT_EQ(AGENT_DONE, job_end(&jobs[v][i]));
	for (v = 0; v < NR_VMS; v++) {
		for (i = 0; i < MAX_VCPUS; i++)
			EXPECT_EQ((100 * v + i) * 0x2000,
				  agent_do(&vms[v].vcpu[0], AGENT_SUM, AREA(i), 0x10000, 0));
		ring(_metadata, &vms[v]);
		all_off_and_on(_metadata, &vms[v]);
	}
	for (v = 0; v < NR_VMS; v++) {
		power_off(_metadata, &vms[v]);
		vm_destroy(&vms[v]);
	}
}

TEST_HARNESS_MAIN
