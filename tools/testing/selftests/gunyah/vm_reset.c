// SPDX-License-Identifier: GPL-2.0-only
/*
 * VM_RESET: a VM that has ended is brought back to before its start, and started
 * again.  What its calls give in each state is call_state's; what fails on the way
 * is rpc_reset's and fail_sweep's; what is left over is vm_cost's.
 */
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/hog.h"
#include "lib/trace.h"

/* Behind the first megabyte, which has the agent, and below the device tree. */
#define AREA		(GUEST_BASE + 0x100000)
#define AREA_SIZE	0x10000

FIXTURE(reset)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct gunyah_vcpu_run *page;
};

FIXTURE_SETUP(reset)
{
	require_gunyah();
	vm_create(&self->vm, 2);
	self->vcpu = &self->vm.vcpu[0];
	self->page = self->vcpu->run;
}

FIXTURE_TEARDOWN(reset)
{
	vm_destroy(&self->vm);
}

#define power_off()							\
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0))

/* The VM is as one that was not started: RUN says so, and nothing else. */
#define expect_not_started() do {					\
	unsigned int _i;						\
									\
	for (_i = 0; _i < self->vm.nr_vcpus; _i++) {			\
		EXPECT_EQ(-ENODEV, __vcpu_run(&self->vm.vcpu[_i]));	\
		EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN,			\
			  self->vm.vcpu[_i].run->exit_reason);		\
	}								\
} while (0)

/* A guest that was just started, at its first instruction, with both vCPUs. */
#define expect_first_instruction() do {					\
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));	\
	EXPECT_EQ(GUEST_DTB, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0)); \
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0x77));		\
	EXPECT_EQ(0x77, agent_do(&self->vm.vcpu[1], AGENT_BOOT_X0, 0, 0, 0)); \
} while (0)

/* ---- after each end ---- */

FIXTURE(ended)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct gunyah_vcpu_run *page;
};

FIXTURE_VARIANT(ended)
{
	unsigned int fn;	/* PSCI call; 0: the vCPU can't go on */
	unsigned int status;
	unsigned int type;
};

FIXTURE_VARIANT_ADD(ended, system_off) {
	PSCI_SYSTEM_OFF, GUNYAH_VM_STATUS_EXITED, GUNYAH_VM_EXIT_TYPE_PSCI_OFF };
FIXTURE_VARIANT_ADD(ended, system_reset) {
	PSCI_SYSTEM_RESET, GUNYAH_VM_STATUS_EXITED, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET };
FIXTURE_VARIANT_ADD(ended, system_reset2) {
	PSCI_SYSTEM_RESET2_64, GUNYAH_VM_STATUS_EXITED, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2 };
/* The resource manager still runs it: a forced stop comes first. */
FIXTURE_VARIANT_ADD(ended, crash) { 0, GUNYAH_VM_STATUS_CRASHED, 0 };

FIXTURE_SETUP(ended)
{
	require_gunyah();
	if (!variant->fn)
		require_control();
	vm_create(&self->vm, 2);
	self->vcpu = &self->vm.vcpu[0];
	self->page = self->vcpu->run;
}

FIXTURE_TEARDOWN(ended)
{
	vm_destroy(&self->vm);
}

/* R5, R10, R20, R57: ten times in a row; the status is each run's own */
TEST_F(ended, start_again)
{
	unsigned int i;
	int rule;

	for (i = 0; i < 10; i++) {
		vm_start_anew(&self->vm);
		EXPECT_EQ(-EBUSY, __vm_reset(&self->vm));
		expect_first_instruction();
		if (variant->fn) {
			ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, variant->fn, 0, 0));
		} else {
			control_mark();
			rule = CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .p = { 0, STATE_FAULT });
			ASSERT_EQ(0, __vcpu_run(self->vcpu));
			control_clear(rule);
		}
		EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, self->page->exit_reason);
		EXPECT_EQ(variant->status, self->page->status.status);
		EXPECT_EQ(variant->type, self->page->status.exit_info.type);
		EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
		ASSERT_EQ(0, __vm_reset(&self->vm));
		if (!variant->fn)
			EXPECT_EQ(1, control_count(CTL_MSG, MSG_VM_STOP));
		expect_not_started();
		/* There is nothing more to be done. */
		EXPECT_EQ(0, __vm_reset(&self->vm));
	}
}

/* R20: and with the end of one run behind it the VM can be closed */
TEST_F(ended, close)
{
	int event = AGENT_STATUS;

	vm_start_anew(&self->vm);
	if (variant->fn)
		event = agent_psci(self->vcpu, variant->fn, 0, 0);
	ASSERT_EQ(AGENT_STATUS, event);
	EXPECT_EQ(variant->fn ? 0 : -EBUSY, __vm_reset(&self->vm));
	vm_destroy(&self->vm);
	vm_create(&self->vm, 1);
}

/* ---- without an end ---- */

/* R10, R20: a start that failed is forgotten */
TEST_F(reset, after_a_failed_start)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		self->vm.no_image_name = true;
		vm_load(&self->vm);
		ASSERT_EQ(-ENODEV, __vm_start(&self->vm));
		ASSERT_EQ(0, __vcpu_run(self->vcpu));
		EXPECT_EQ(GUNYAH_VM_STATUS_LOAD_FAILED, self->page->status.status);
		ASSERT_EQ(0, __vm_reset(&self->vm));
		expect_not_started();
		self->vm.no_image_name = false;
		vm_start_anew(&self->vm);
		expect_first_instruction();
		power_off();
		ASSERT_EQ(0, __vm_reset(&self->vm));
		expect_not_started();
	}
}

/* Nothing happens, and nothing is forgotten. */
TEST_F(reset, before_the_first_start)
{
	if (control_there())
		control_mark();
	EXPECT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(0, __ioctl(self->vm.fd, GUNYAH_VM_RESET, -1UL));
	if (control_there())
		EXPECT_EQ(0, control_count(CTL_MSG, CTL_ANY));
	vm_start(&self->vm);
	expect_first_instruction();
}

/* ---- what stays, and what can be changed ---- */

/* Agent and device tree at another place in the same memory. */
static void load_at(struct test_vm *vm, __u64 dtb)
{
	char *mem;

	vm_load(vm);
	mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->mem_fd, 0);
	if (mem == MAP_FAILED)
		test_die("mmap of guest memory");
	guest_devicetree(vm, mem + dtb - GUEST_BASE, GUEST_DTB_SIZE / 2);
	munmap(mem, GUEST_SIZE);
}

/* R24, R25: they can be set again, and are the next run's */
TEST_F(reset, another_device_tree_and_entry)
{
	__u64 dtb = GUEST_DTB + 0x40000;

	vm_start(&self->vm);
	power_off();
	EXPECT_EQ(-EBUSY, __set_dtb(self->vm.fd, dtb, GUEST_DTB_SIZE));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	load_at(&self->vm, dtb);
	ASSERT_EQ(0, __set_dtb(self->vm.fd, dtb, GUEST_DTB_SIZE));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_PC, 0),
				    GUEST_BASE + AGENT_SECONDARY));
	vm_start(&self->vm);
	/* The entry of secondary vCPUs: it is the first one all the same. */
	EXPECT_EQ(dtb, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0));
	power_off();
	ASSERT_EQ(0, __vm_reset(&self->vm));
	/* Both stay. */
	load_at(&self->vm, dtb);
	vm_start(&self->vm);
	EXPECT_EQ(dtb, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0));
}

/* R27, R43: vCPUs come and go between the runs, and their files stay what they are */
TEST_F(reset, other_vcpus)
{
	struct test_vcpu *other = &self->vm.vcpu[1];

	vm_start(&self->vm);
	expect_first_instruction();
	power_off();
	ASSERT_EQ(0, __vm_reset(&self->vm));

	/* The second one goes, a third one comes that the guest has not. */
	ASSERT_EQ(0, __remove_vcpu(self->vm.fd, 1));
	vcpu_add(&self->vm, 2);
	vm_start_anew(&self->vm);
	EXPECT_EQ(-ENODEV, __vcpu_run(other));
	EXPECT_EQ(-ENODEV, __vcpu_run(&self->vm.vcpu[2]));
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
	power_off();
	ASSERT_EQ(0, __vm_reset(&self->vm));

	/* The guest has all three now; the second one is another one. */
	munmap(other->run, SZ_4K);
	close(other->fd);
	vcpu_add(&self->vm, 1);
	self->vm.nr_vcpus = 3;
	vm_start_anew(&self->vm);
	expect_first_instruction();
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 2, 0x55));
	EXPECT_EQ(0x55, agent_do(&self->vm.vcpu[2], AGENT_BOOT_X0, 0, 0, 0));
}

/* R60: the bindings are there, and can be changed; paged ones could be before */
TEST_F(reset, other_memory)
{
	__u64 more = GUEST_BASE + GUEST_SIZE;
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	bool paged = paging_there();

	vm_start(&self->vm);
	power_off();
	EXPECT_EQ(paged ? 0 : -EOPNOTSUPP,
		  __map_mem(self->vm.fd, mem, more, SZ_2M, 0, LEND_RWX));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(-EEXIST, __map_mem(self->vm.fd, mem, GUEST_BASE, SZ_2M, 0, LEND_RWX));
	if (!paged)
		map_mem(self->vm.fd, mem, more, SZ_2M, 0, LEND_RWX);
	vm_start_anew(&self->vm);
	agent_do(self->vcpu, AGENT_STORE, more + SZ_2M - 8, 8, 0x1234);
	EXPECT_EQ(0x1234, agent_do(self->vcpu, AGENT_LOAD, more + SZ_2M - 8, 8, 0));
	power_off();
	ASSERT_EQ(0, __vm_reset(&self->vm));
	map_mem(self->vm.fd, mem, more, SZ_2M, 0, LEND_RWX | GUNYAH_MEM_UNMAP);
	vm_start_anew(&self->vm);
	agent_post(self->vcpu, AGENT_LOAD, more, 8, 0);
	/* Where memory is paged, any address that has none is a device's. */
	EXPECT_EQ(paged ? AGENT_MMIO : AGENT_DONE, agent_run(self->vcpu));
	EXPECT_EQ(paged ? 0 : ESR_DATA_ABORT, self->vcpu->esr);
	close(mem);
}

/* R62, R63: out of the host's reach until the reset, there with all that it holds after it */
TEST_F(reset, memory_keeps_its_content)
{
	__u64 sum, *words;
	unsigned int i;
	char *mem;

	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, AREA, AREA_SIZE, 0x1122334455667788);
	sum = agent_do(self->vcpu, AGENT_SUM, AREA, AREA_SIZE, 0);
	power_off();
	mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.mem_fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(SIGBUS, touch(mem + AREA - GUEST_BASE, false));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	ASSERT_EQ(0, touch(mem + AREA - GUEST_BASE, true));
	words = (__u64 *)(mem + AREA - GUEST_BASE);
	for (i = 0; i < AREA_SIZE / 8; i++)
		ASSERT_EQ(0x1122334455667788, words[i]);
	/* Mapped, it is not lent. */
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	words[0]++;
	vm_write(&self->vm, mem);
	munmap(mem, GUEST_SIZE);
	vm_start(&self->vm);
	EXPECT_EQ(sum + 1, agent_do(self->vcpu, AGENT_SUM, AREA, AREA_SIZE, 0));
}

/* ---- what was open in one run is not carried into the next ---- */

static void first_enter(const char *line, void *ctx)
{
	char *first = ctx;

	if (line && !first[0] && strstr(line, " gunyah_vcpu_enter: "))
		snprintf(first, 256, "%s", line);
}

/* The guest is at its first read, whatever the last one waited for. */
#define expect_first_exit() do {					\
	EXPECT_EQ(GUNYAH_VCPU_EXIT_MMIO, self->page->exit_reason);	\
	EXPECT_EQ(AGENT_MAILBOX + AGENT_OP, self->page->mmio.phys_addr);	\
	EXPECT_EQ(0, self->page->mmio.is_write);			\
} while (0)

/* And goes on from there: what it is answered first is that there is nothing to do. */
#define expect_goes_on() do {						\
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);			\
	expect_first_instruction();					\
} while (0)

/* R2: an exit without an answer; the page has one that would be refused */
TEST_F(reset, exit_without_an_answer)
{
	vm_start(&self->vm);
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	expect_first_exit();
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[1], PSCI_SYSTEM_OFF, 0, 0));
	self->page->mmio.resume_action = 77;
	EXPECT_EQ(0, __vm_reset(&self->vm));
	vm_start_anew(&self->vm);
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	expect_first_exit();
	expect_goes_on();
}

/* R2: an answer that was taken, and not brought: the hypercall's words are zero */
TEST_F(reset, answer_not_brought)
{
	static const char *const events[] = { "gunyah/gunyah_vcpu_enter", NULL };
	char first[256] = "";
	__u64 value = 0xabcdef;

	vm_start(&self->vm);
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	expect_first_exit();
	memcpy(self->page->mmio.data, &value, sizeof(value));
	self->page->immediate_exit = 1;
	ASSERT_EQ(-EINTR, __vcpu_run(self->vcpu));
	self->page->immediate_exit = 0;
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[1], PSCI_SYSTEM_OFF, 0, 0));
	EXPECT_EQ(0, __vm_reset(&self->vm));
	vm_start_anew(&self->vm);
	if (!trace_there())
		SKIP(return, "no tracepoints");
	trace_start(events, false);
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	trace_stop();
	trace_read(first_enter, first);
	EXPECT_NE(NULL, strstr(first, "resume=0x0,0x0\n")) {
		ksft_print_msg("%s", first);
	}
	expect_first_exit();
	expect_goes_on();
}

/* ---- threads that are in RUN ---- */

/*
 * R2, R5, R6: a thread that sleeps in RUN is not let run while its guest ends, is reset
 * and started again.  It does not take the new guest for its own: it would sleep
 * there for ever, or bring it what was meant for another.
 */
TEST_F(reset, sleeper_wakes_up_in_the_next_run)
{
	struct agent_job job;
	struct hog hog;

	if (!hog_possible())
		SKIP(return, "one CPU");
	vm_start(&self->vm);
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
	job_start(&job, &self->vm.vcpu[1], AGENT_WAIT_IRQ, 0, 0, 0);
	hog_subject(job.thread);
	agent_wait_busy(&self->vm.vcpu[1]);
	/* It is in this run for sure. */
	ASSERT_TRUE(wait_for_sleep(&job.tid, &job.over));

	hog_begin(&hog);
	power_off();
	ASSERT_EQ(0, __vm_reset(&self->vm));
	vm_start_anew(&self->vm);
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
	ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0x77));
	hog_end(&hog);

	EXPECT_EQ(-EBUSY, job_end(&job));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, self->vm.vcpu[1].run->exit_reason);
	EXPECT_EQ(0x77, agent_do(&self->vm.vcpu[1], AGENT_BOOT_X0, 0, 0, 0));
}

/* R5: threads that wait in RUN are told of the end, and are not in the way */
TEST_F(reset, all_threads_in_run)
{
	struct agent_job jobs[2];
	unsigned int i;

	vm_start(&self->vm);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, agent_cpu_on(self->vcpu, 1, 0));
		job_start(&jobs[1], &self->vm.vcpu[1], i & 1 ? AGENT_SPIN : AGENT_WAIT_IRQ, 0, 0,
			  0);
		agent_wait_busy(&self->vm.vcpu[1]);
		job_start(&jobs[0], self->vcpu, AGENT_HVC, PSCI_SYSTEM_OFF, 0, 0);
		EXPECT_EQ(AGENT_STATUS, job_end(&jobs[0]));
		/* It may be on its way out yet: then it is told of one or the other. */
		ASSERT_EQ(0, __vm_reset(&self->vm));
		job_end(&jobs[1]);
		EXPECT_TRUE(jobs[1].event == AGENT_STATUS || jobs[1].event == -EBUSY) {
			TH_LOG("%d", jobs[1].event);
		}
		expect_not_started();
		vm_start_anew(&self->vm);
	}
	expect_first_instruction();
}

/* ---- signals ---- */

static pid_t child_that_resets(struct test_vm *vm)
{
	pid_t pid = fork();

	if (!pid)
		_exit(__vm_reset(vm) ? 1 : 0);
	if (pid < 0)
		test_die("fork");
	return pid;
}

static void *start_it(void *vm)
{
	return (void *)(long)__vm_start(vm);
}

/* R51: who waits for its turn can be killed */
TEST_F(reset, killed_while_it_waits)
{
	pthread_t starter;
	void *ret;
	int status;
	pid_t pid;

	require_control();
	control_mark();
	MSG_RULE(MSG_VM_START, CTL_DELAY, .p = { 6000000 });
	ASSERT_EQ(0, pthread_create(&starter, NULL, start_it, &self->vm));
	while (!control_count(CTL_MSG, MSG_VM_START))
		usleep(1000);
	pid = child_that_resets(&self->vm);
	/* Before its call, or in it: it is all the same. */
	usleep(10000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(EBUSY, pthread_tryjoin_np(starter, &ret));
	ASSERT_EQ(0, pthread_join(starter, &ret));
	EXPECT_EQ(0, (long)ret);
	control_clear(-1);
	expect_first_instruction();
}

/* R23, R57: once begun a reset is brought to its end */
TEST_F(reset, killed_on_the_way)
{
	int status;
	pid_t pid;

	require_control();
	vm_start(&self->vm);
	power_off();
	control_mark();
	MSG_RULE(MSG_VM_RESET, CTL_DELAY, .p = { 1000000 });
	pid = child_that_resets(&self->vm);
	while (!control_count(CTL_MSG, MSG_VM_RESET))
		usleep(1000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	control_clear(-1);
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_DEALLOC_VMID));
	expect_not_started();
	vm_start_anew(&self->vm);
	expect_first_instruction();
}

TEST_HARNESS_MAIN
