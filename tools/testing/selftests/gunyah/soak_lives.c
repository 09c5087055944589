// SPDX-License-Identifier: GPL-2.0-only
/*
 * 1,000 lives of a VM and more: each in a process of its own (the "monitor"),
 * with a random number of vCPUs and a random end.  Afterwards hypervisor, resource
 * manager and driver have to be where they were, and so has the kernel's memory.
 *
 * Not a part of the usual run: GUNYAH_SOAK_LIVES (1,000) says how many there are
 * at least, GUNYAH_SOAK_SECONDS (0) for how long, GUNYAH_SOAK_RUNS (100) how often
 * one VM is reset, GUNYAH_SOAK_SEED repeats the choices.
 */
#include "../kselftest_harness.h"
#include "lib/soak.h"
#include "lib/sweep.h"

/* Caches have their size after so many lives. */
#define WARM_UP		100
/*
 * What the kernel's memory may differ by, in KiB: less than 2 KiB in each life.
 * Stacks of threads are mapped by vmap_areas, which are freed by the thousand.
 */
#define SLAB_SLACK	1536
#define FREE_SLACK	16384

enum end {
	END_OFF,		/* PSCI of some vCPU */
	END_RESET,
	END_RESET2,
	END_CLOSE,		/* the VM's file is closed while all vCPUs run */
	END_KILL,		/* the monitor is killed, wherever it is */
	END_NOT_RUN,		/* started, and closed */
	END_NOT_STARTED,
	END_AFTER_FAILURE,	/* a start that fails, then one that does not */
	END_AFTER_RESETS,	/* of some runs, each of which the guest ended */
	NR_ENDS,
};

static const char * const end_names[NR_ENDS] = {
	"SYSTEM_OFF", "SYSTEM_RESET", "SYSTEM_RESET2", "close", "kill", "not run", "not started",
	"off after a failed start", "off after resets",
};

static __thread unsigned int seed;

static unsigned int pick(unsigned int n)
{
	return rand_r(&seed) % n;
}

/* ---- in the monitor's process ---- */

#define must(cond)							\
	do {								\
		if (!(cond))						\
			test_die("monitor: " #cond);			\
	} while (0)

/* All secondary vCPUs are on. */
static void bring_up(struct test_vm *vm)
{
	unsigned int i;

	for (i = 1; i < vm->nr_vcpus; i++) {
		must(!agent_cpu_on(&vm->vcpu[0], i, i));
		must(agent_do(&vm->vcpu[i], AGENT_BOOT_X0, 0, 0, 0) == i);
	}
}

static void power_off(struct test_vm *vm, unsigned int fn, unsigned int type)
{
	unsigned int i;

	must(agent_psci(&vm->vcpu[pick(vm->nr_vcpus)], fn, 0, 0) == AGENT_STATUS);
	for (i = 0; i < vm->nr_vcpus; i++) {
		must(agent_run(&vm->vcpu[i]) == AGENT_STATUS);
		must(vm->vcpu[i].run->status.status == GUNYAH_VM_STATUS_EXITED);
		must(vm->vcpu[i].run->status.exit_info.type == type);
	}
}

/* All vCPUs compute, sleep or wait, each in a thread. */
static void all_busy(struct test_vm *vm, struct agent_job *jobs)
{
	static const __u64 ops[] = { AGENT_SPIN, AGENT_FAULT_LOOP, AGENT_WAIT_IRQ };
	unsigned int i;

	for (i = 0; i < vm->nr_vcpus; i++)
		job_start(&jobs[i], &vm->vcpu[i], ops[pick(ARRAY_SIZE(ops))], 0, 0, 0);
}

/* A vCPU can't go on, and the resource manager has not ended the VM. */
static void crash(struct test_vm *vm)
{
	int rule = CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .p = { 0, STATE_FAULT });

	must(!__vcpu_run(&vm->vcpu[0]));
	must(vm->vcpu[0].run->status.status == GUNYAH_VM_STATUS_CRASHED);
	control_clear(rule);
}

static void refused_start(struct test_vm *vm)
{
	vm->no_image_name = true;
	vm_load(vm);
	must(__vm_start(vm) == -ENODEV);
	vm->no_image_name = false;
	must(!__vm_reset(vm));
}

/* Each run ends in another way; before every second one a start fails. */
static void some_runs(struct test_vm *vm, unsigned int n)
{
	static const struct {
		unsigned int fn;
		unsigned int type;
	} ways[] = {
		{ PSCI_SYSTEM_OFF, GUNYAH_VM_EXIT_TYPE_PSCI_OFF },
		{ PSCI_SYSTEM_RESET, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET },
		{ PSCI_SYSTEM_RESET2_32, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2 },
		{ PSCI_SYSTEM_RESET2_64, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2 },
	};
	unsigned int i, way;

	for (i = 0; i < n; i++) {
		way = i % (ARRAY_SIZE(ways) + 1);
		bring_up(vm);
		if (way < ARRAY_SIZE(ways))
			power_off(vm, ways[way].fn, ways[way].type);
		else
			crash(vm);
		must(!__vm_reset(vm));
		must(__vcpu_run(&vm->vcpu[pick(vm->nr_vcpus)]) == -ENODEV);
		if (i & 1)
			refused_start(vm);
		vm_start_anew(vm);
	}
}

static void close_while_running(struct test_vm *vm)
{
	struct agent_job jobs[MAX_VCPUS];
	unsigned int i;
	int event;

	all_busy(vm, jobs);
	usleep(pick(5000));
	close(vm->fd);
	for (i = 0; i < vm->nr_vcpus; i++) {
		event = job_end(&jobs[i]);
		must(event == -EBUSY || event == -ENODEV);
	}
	vm->fd = create_vm(vm->dev_fd);
}

/* A mapping is in the way of the first start. */
static void fail_to_start(struct test_vm *vm)
{
	void *p = mmap(NULL, SZ_4K, PROT_READ, MAP_SHARED, vm->mem_fd, 0);

	must(p != MAP_FAILED);
	must(__vm_start(vm) == -EBUSY);
	munmap(p, SZ_4K);
}

static void monitor(enum end end, unsigned int nr_vcpus)
{
	struct agent_job jobs[MAX_VCPUS];
	struct test_vm vm = {};

	/* Half of them have shared memory, too. */
	if (pick(2))
		vm.shm = (struct test_shm) { .gpa = GUEST_BASE + 0x10000000, .size = SZ_2M };
	vm_create(&vm, nr_vcpus);
	if (vm.shm.size) {
		int fd = create_guest_mem(vm.dev_fd, vm.shm.size);

		map_mem(vm.fd, fd, vm.shm.gpa, vm.shm.size, 0,
			GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX);
		close(fd);
	}
	if (end == END_AFTER_FAILURE)
		fail_to_start(&vm);
	if (end != END_NOT_STARTED)
		vm_start(&vm);
	if (end == END_AFTER_RESETS)
		some_runs(&vm, 1 + pick(4));
	if (end < END_NOT_RUN || end > END_NOT_STARTED)
		bring_up(&vm);
	switch (end) {
	case END_OFF:
	case END_AFTER_FAILURE:
	case END_AFTER_RESETS:
		power_off(&vm, PSCI_SYSTEM_OFF, GUNYAH_VM_EXIT_TYPE_PSCI_OFF);
		break;
	case END_RESET:
		power_off(&vm, PSCI_SYSTEM_RESET, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET);
		break;
	case END_RESET2:
		power_off(&vm, PSCI_SYSTEM_RESET2_64, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2);
		break;
	case END_CLOSE:
		close_while_running(&vm);
		break;
	case END_KILL:
		all_busy(&vm, jobs);
		pause();
		break;
	default:
		break;
	}
	/* Or the end of the process closes it. */
	if (pick(2))
		vm_destroy(&vm);
	exit(KSFT_PASS);
}

/* ---- the test ---- */

static bool one_life(enum end end)
{
	unsigned int nr_vcpus = 1 + pick(MAX_VCPUS);
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		test_die("fork");
	if (!pid)
		monitor(end, nr_vcpus);
	if (end == END_KILL) {
		usleep(pick(60000));
		kill(pid, SIGKILL);
	}
	if (waitpid(pid, &status, 0) != pid)
		test_die("waitpid");
	if (end == END_KILL ? WIFSIGNALED(status) : !status)
		return true;
	ksft_print_msg("%s, %u vCPUs: status %#x\n", end_names[end], nr_vcpus, status);
	return false;
}

/* The kernel's memory, in KiB, without what it would give back at once. */
struct memory {
	unsigned long slab;
	unsigned long free;
};

static struct memory memory(void)
{
	write_file("/proc/sys/vm/drop_caches", "3");
	return (struct memory) { .slab = memory_kib("Slab"), .free = memory_kib("MemFree") };
}

/**
 * struct cache - of the kernel's allocator, a line of /proc/slabinfo
 * @name: its name
 * @objects: in use
 * @size: of each, in bytes
 */
struct cache {
	char name[32];
	unsigned long objects;
	unsigned long size;
};

#define MAX_CACHES	256

static unsigned int read_caches(struct cache *c)
{
	unsigned int n = 0;
	char line[256];
	FILE *f;

	f = fopen("/proc/slabinfo", "r");
	while (f && n < MAX_CACHES && fgets(line, sizeof(line), f))
		n += sscanf(line, "%31s %lu %*u %lu", c[n].name, &c[n].objects, &c[n].size) == 3;
	if (f)
		fclose(f);
	return n;
}

/* Which ones have grown by a page and more? */
static void tell_growth(const struct cache *before, unsigned int n)
{
	static struct cache now[MAX_CACHES];
	unsigned int i;
	long more;

	if (read_caches(now) != n)
		return;
	for (i = 0; i < n; i++) {
		more = (now[i].objects - before[i].objects) * now[i].size;
		if (more >= (long)SZ_4K)
			ksft_print_msg("%s: %lu objects of %lu bytes, %+ld bytes\n", now[i].name,
				       now[i].objects, now[i].size, more);
	}
}

FIXTURE(lives) {};

FIXTURE_SETUP(lives)
{
	require_gunyah();
	require_control();
}

FIXTURE_TEARDOWN(lives)
{
}

/* R30 */
TEST_F_TIMEOUT(lives, nothing_is_left, SOAK_LIMIT)
{
	unsigned int lives = env_number("GUNYAH_SOAK_LIVES", 1000);
	unsigned int until = uptime() + env_number("GUNYAH_SOAK_SECONDS", 0);
	static struct cache caches[MAX_CACHES];
	unsigned long ended[NR_ENDS] = {};
	struct sweep_state before, now;
	struct memory warm = {}, last;
	unsigned int nr_caches = 0, n;
	struct cost nothing = {};
	enum end end;

	seed = env_seed("GUNYAH_SOAK_SEED");
	before = sweep_state();
	/* The tables of the hypervisor know where memory was lent. */
	before.pool_pages = 0;
	for (n = 0; n < lives || uptime() < until; n++) {
		if (n == WARM_UP) {
			warm = memory();
			nr_caches = read_caches(caches);
		}
		end = pick(NR_ENDS);
		ASSERT_TRUE(one_life(end));
		ended[end]++;
		now = sweep_state();
		ASSERT_TRUE(sweep_same(end_names[end], &before, &nothing, &now));
		if (n % 100 == 99)
			ksft_print_msg("%u lives after %u s: slab %lu KiB, free %lu KiB\n", n + 1,
				       uptime(), memory_kib("Slab"), memory_kib("MemFree"));
	}
	last = memory();
	tell_growth(caches, nr_caches);
	for (end = 0; end < NR_ENDS; end++) {
		ksft_print_msg("%-26s %lu times\n", end_names[end], ended[end]);
		EXPECT_LT(0, ended[end]);
	}
	ksft_print_msg("%u lives; from life %u on slab %+ld KiB, free memory %+ld KiB\n", n,
		       WARM_UP, (long)(last.slab - warm.slab), (long)(last.free - warm.free));
	EXPECT_LT(last.slab, warm.slab + SLAB_SLACK);
	EXPECT_GT(last.free + FREE_SLACK, warm.free);
}

/* R30: a hundred runs of one VM */
TEST_F_TIMEOUT(lives, one_vm_is_reset_again_and_again, SOAK_LIMIT)
{
	unsigned int runs = env_number("GUNYAH_SOAK_RUNS", 100);
	struct sweep_state before, now;
	struct cost nothing = {};
	struct test_vm vm = {};

	seed = env_seed("GUNYAH_SOAK_SEED");
	before = sweep_state();
	vm_create(&vm, 4);
	vm_start(&vm);
	some_runs(&vm, runs);
	vm_destroy(&vm);
	now = sweep_state();
	EXPECT_TRUE(sweep_same("runs", &before, &nothing, &now));
	ksft_print_msg("%u runs of one VM\n", runs + 1);
}

TEST_HARNESS_MAIN
