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

/* R87: the thread of a vCPU that is off waits in RUN, and another one lets it go on. */
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

/* Stores of the guest, of which two threads take as many each, and the first one nobody. */
#define STORES_EACH	5000
#define STORES		(2 * STORES_EACH + 1)

static pthread_barrier_t both_are_there;

/* So many runs; returns those that were no exit. */
static void *run_stores(void *arg)
{
	struct test_vcpu *vcpu = arg;
	long i, other = 0;

	pthread_barrier_wait(&both_are_there);
	/* Whose exit the page has can't be told here: the other one may be in the next run. */
	for (i = 0; i < STORES_EACH; i++)
		other += !!__vcpu_run(vcpu);
	return (void *)other;
}

/*
 * R13: two threads take turns; each exit is one thread's.  Where one exit ended the runs
 * of both the guest would not have come to its last store, and where one ended nobody's
 * it would be beyond that.
 */
TEST_F(one, two_threads_run_it)
{
	pthread_t threads[2];
	void *other;
	__u64 data;
	int i;

	ASSERT_EQ(0, pthread_barrier_init(&both_are_there, NULL, 2));
	agent_post(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, STORES, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run_stores, self->vcpu));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &other));
		EXPECT_EQ(0, (long)other);
	}
	ASSERT_EQ(GUNYAH_VCPU_EXIT_MMIO, self->vcpu->run->exit_reason);
	EXPECT_EQ(GUEST_MMIO, self->vcpu->run->mmio.phys_addr);
	memcpy(&data, self->vcpu->run->mmio.data, 8);
	EXPECT_EQ(STORES, data);
	EXPECT_EQ(AGENT_DONE, agent_run(self->vcpu));
	pthread_barrier_destroy(&both_are_there);
}

/* A thread in a loop of exits, until there is another end. */
struct looper {
	struct test_vcpu *vcpu;
	pthread_t thread;
	unsigned long *exits;
	int ret;
};

static void *run_for_ever(void *arg)
{
	struct looper *l = arg;

	for (;;) {
		l->ret = __vcpu_run(l->vcpu);
		if (l->ret)
			return NULL;
		__atomic_fetch_add(l->exits, 1, __ATOMIC_RELAXED);
	}
}

/* R5, R13: it is taken away from both, whoever has it and whoever waits */
TEST_F(one, taken_away_from_two_threads)
{
	struct looper loopers[2];
	unsigned long exits = 0;
	int i;

	agent_post(self->vcpu, AGENT_STORE_LOOP, GUEST_MMIO, 1UL << 40, 0);
	ASSERT_EQ(AGENT_MMIO, agent_run(self->vcpu));
	for (i = 0; i < 2; i++) {
		loopers[i] = (struct looper) { .vcpu = self->vcpu, .exits = &exits };
		ASSERT_EQ(0, pthread_create(&loopers[i].thread, NULL, run_for_ever, &loopers[i]));
	}
	while (__atomic_load_n(&exits, __ATOMIC_RELAXED) < 1000)
		usleep(1000);
	ASSERT_EQ(0, __remove_vcpu(self->vm.fd, 0));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(loopers[i].thread, NULL));
		EXPECT_EQ(-ENODEV, loopers[i].ret);
	}
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

/* A thread that lets its vCPU write and read, round after round, until all are told to stop. */
struct worker {
	struct test_vcpu *vcpu;
	pthread_t thread;
	__u64 value;
	unsigned long rounds;
	bool wrong;
};

static struct worker workers[NR_VMS][MAX_VCPUS];
static bool no_more_work;

static void *work_on(void *arg)
{
	struct worker *w = arg;
	__u64 area = AREA(w->vcpu->id), value;

	while (!__atomic_load_n(&no_more_work, __ATOMIC_RELAXED)) {
		value = w->value + w->rounds;
		agent_do(w->vcpu, AGENT_FILL, area, 0x1000, value);
		if (agent_do(w->vcpu, AGENT_SUM, area, 0x1000, 0) != value * 0x200)
			w->wrong = true;
		__atomic_fetch_add(&w->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Returns when each of them has done one round more, from its beginning to its end. */
static void wait_for_rounds(void)
{
	unsigned long before[NR_VMS][MAX_VCPUS];
	unsigned int v, i;

	for (v = 0; v < NR_VMS; v++)
		for (i = 0; i < MAX_VCPUS; i++)
			before[v][i] = __atomic_load_n(&workers[v][i].rounds, __ATOMIC_RELAXED);
	for (v = 0; v < NR_VMS; v++)
		for (i = 0; i < MAX_VCPUS; i++)
			while (__atomic_load_n(&workers[v][i].rounds, __ATOMIC_RELAXED) <
			       before[v][i] + 2)
				usleep(1000);
}

/* All vCPUs of all VMs are at work at the same time. */
static void all_work_together(struct __test_metadata *_metadata, struct test_vm *vms)
{
	struct worker *w;
	unsigned int v, i;

	no_more_work = false;
	for (v = 0; v < NR_VMS; v++) {
		for (i = 0; i < MAX_VCPUS; i++) {
			w = &workers[v][i];
			*w = (struct worker) {
				.vcpu = &vms[v].vcpu[i],
				.value = 1000000 * (v * MAX_VCPUS + i + 1),
			};
			ASSERT_EQ(0, pthread_create(&w->thread, NULL, work_on, w));
		}
	}
	/* Nobody stops before the last one has been seen to go on. */
	wait_for_rounds();
	__atomic_store_n(&no_more_work, true, __ATOMIC_RELAXED);
	for (v = 0; v < NR_VMS; v++) {
		for (i = 0; i < MAX_VCPUS; i++) {
			w = &workers[v][i];
			ASSERT_EQ(0, pthread_join(w->thread, NULL));
			EXPECT_FALSE(w->wrong) {
				TH_LOG("VM %u, vCPU %u", v, i);
			}
		}
	}
}

/* What each of them wrote last is there, as another one sees it. */
static void look_at_work(struct __test_metadata *_metadata, struct test_vm *vms)
{
	struct worker *w;
	unsigned int v, i;

	for (v = 0; v < NR_VMS; v++) {
		for (i = 0; i < MAX_VCPUS; i++) {
			w = &workers[v][i];
			EXPECT_EQ((w->value + w->rounds - 1) * 0x200,
				  agent_do(&vms[v].vcpu[MAX_VCPUS - 1 - i], AGENT_SUM, AREA(i),
					   0x1000, 0)) {
				TH_LOG("VM %u, vCPU %u", v, i);
			}
		}
	}
}

/* More vCPU threads than the host has CPUs: 4 VMs of 8. */
TEST_F_TIMEOUT(many, four_vms_of_eight_vcpus, 300)
{
	static struct test_vm vms[NR_VMS];
	unsigned int v;

	for (v = 0; v < NR_VMS; v++) {
		vm_create(&vms[v], MAX_VCPUS);
		vm_start(&vms[v]);
		all_on(_metadata, &vms[v]);
	}
	all_work_together(_metadata, vms);
	look_at_work(_metadata, vms);
	for (v = 0; v < NR_VMS; v++) {
		ring(_metadata, &vms[v]);
		all_off_and_on(_metadata, &vms[v]);
	}
	for (v = 0; v < NR_VMS; v++) {
		power_off(_metadata, &vms[v]);
		vm_destroy(&vms[v]);
	}
}

TEST_HARNESS_MAIN
