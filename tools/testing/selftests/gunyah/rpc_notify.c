// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications that are wrong, of others, old or untrue, and queues that are
 * full: the VM goes on, or ends in a way that is counted.
 */
#include <glob.h>
#include "../kselftest_harness.h"
#include "lib/control.h"

#define FOREIGN_VMID	0xbd

#define STATUS_RESETTING	10
#define STATUS_RESET		11
#define STATUS_RESET_FAILED	12
#define STATES_TO_RUNNING	3	/* INIT, READY, RUNNING: one notification each */

struct vm_exited {
	__u16 vmid;
	__u16 type;
	__u32 reason_size;
	__u8 reason[224];
};

struct vm_status {
	__u16 vmid;
	__u16 zero;
	__u8 status;
	__u8 os;
	__u16 app;
};

FIXTURE(note)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct control_counters before;
	unsigned int vmid;
};

FIXTURE_SETUP(note)
{
	__u64 was;

	require_gunyah();
	require_control();
	control_clear(-1);
	self->before = control_counters();
	was = driver_counter("gunyah_rm/notifications_delivered", NULL);
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
	self->vmid = last_vmid();
	ASSERT_NE(0, self->vmid);
	/* The worker tells them after START has its reply: a test counts from here. */
	ASSERT_TRUE(counter_gets_to("gunyah_rm/notifications_delivered", was + STATES_TO_RUNNING));
}

FIXTURE_TEARDOWN(note)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
	now = control_counters();
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
}

/* The guest is alive, also for a while longer. */
#define goes_on() do {							\
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));	\
	EXPECT_EQ(GUEST_TIMER_INTID, agent_do(self->vcpu, AGENT_TIMER, 1600, 0, 0)); \
} while (0)

/* R22: the length of a notification is checked against what it says */
TEST_F(note, exited_that_is_too_short)
{
	struct vm_exited exited = { .vmid = self->vmid, .type = 7 };
	__u64 was = driver_counter("gunyah_rm/notifications_malformed", NULL);
	unsigned int len;

	for (len = 0; len < 8; len++)
		control_notify(NOTE_VM_EXITED, &exited, len);
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_malformed", was + 8));
	goes_on();
}

/* R22 */
TEST_F(note, exited_with_a_reason_beyond_its_end)
{
	static const __u32 sizes[] = { 5, 225, 0x7fffffff, 0xfffffff8, 0xffffffff };
	struct vm_exited exited = { .vmid = self->vmid, .type = 7 };
	__u64 was = driver_counter("gunyah_rm/notifications_malformed", NULL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		exited.reason_size = sizes[i];
		control_notify(NOTE_VM_EXITED, &exited, i ? sizeof(exited) : 12);
	}
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_malformed",
				    was + ARRAY_SIZE(sizes)));
	goes_on();
}

/* R22 */
TEST_F(note, status_that_is_too_short)
{
	struct vm_status status = { .vmid = self->vmid, .status = STATUS_RESET_FAILED };
	__u64 was = driver_counter("gunyah_rm/notifications_malformed", NULL);
	unsigned int len;

	for (len = 0; len < sizeof(status); len++)
		control_notify(NOTE_VM_STATUS, &status, len);
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_malformed", was + sizeof(status)));
	goes_on();
}

/* R22: each VM sees only its own */
TEST_F(note, of_other_vms)
{
	static const __u16 vmids[] = { 0, 3, 63, FOREIGN_VMID, 0xff, 0x7fff, 0xffff };
	__u64 was = driver_counter("gunyah_rm/notifications_unheard", NULL);
	struct vm_exited exited = { .type = 1 };
	struct vm_status status = { .status = STATUS_RESET_FAILED };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmids); i++) {
		exited.vmid = vmids[i];
		status.vmid = vmids[i];
		control_notify(NOTE_VM_EXITED, &exited, 8);
		control_notify(NOTE_VM_STATUS, &status, sizeof(status));
	}
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_unheard",
				    was + 2 * ARRAY_SIZE(vmids)));
	goes_on();
}

/* R22 */
TEST_F(note, unknown_ids)
{
	static const __u32 ids[] = {
		0, 0x51100011, 0x51100013, 0x51100014, 0x56100002, 0x56100011, 0x56100012,
		0x56100013, 0x56100080, 0x56000005, 0xffffffff,
	};
	__u64 was = driver_counter("gunyah_rm/notifications_ignored", NULL);
	__u8 payload[232];
	unsigned int i;

	memset(payload, 0xff, sizeof(payload));
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		control_notify(ids[i], payload, i * 23);
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_ignored", was + ARRAY_SIZE(ids)));
	goes_on();
}

/* MEM_RELEASED is counted and not waited for. */
TEST_F(note, released_again)
{
	__u64 was = driver_counter("gunyah_rm/notifications_released", NULL);
	__u8 payload[12] = { 0, 0, 0, 0, self->vmid };

	control_notify(NOTE_MEM_RELEASED, payload, sizeof(payload));
	control_notify(NOTE_MEM_RELEASED, payload, sizeof(payload));
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_released", was + 2));
	goes_on();
}

/* R10, R22: states that a running VM can't come to, and those that nobody knows */
TEST_F(note, impossible_states_of_a_running_vm)
{
	__u64 was = driver_counter("gunyah_rm/notifications_delivered", NULL);
	struct vm_status status = { .vmid = self->vmid };
	unsigned int state, n = 0;

	for (state = 0; state < 256; state++) {
		if (state == STATUS_RESET_FAILED)
			continue;
		status.status = state;
		control_notify(NOTE_VM_STATUS, &status, sizeof(status));
		n++;
	}
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_delivered", was + n));
	goes_on();
}

/* A longer one than is known is good: a newer resource manager's. */
TEST_F(note, longer_than_known)
{
	__u64 was = driver_counter("gunyah_rm/notifications_delivered", NULL);
	struct vm_exited status = { .vmid = self->vmid };

	control_notify(NOTE_VM_STATUS, &status, sizeof(status));
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_delivered", was + 1));
	goes_on();
}

/* R5, R22: told twice, and differently: the first one counts */
TEST_F(note, exited_twice)
{
	__u64 was = driver_counter("gunyah_rm/notifications_delivered", NULL);
	struct vm_exited exited = { .vmid = self->vmid, .type = 4, .reason_size = 224 };
	struct gunyah_vcpu_run *run = self->vcpu->run;

	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	/* Its own state and exit first. */
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_delivered", was + 2));
	memset(exited.reason, 0xee, sizeof(exited.reason));
	control_notify(NOTE_VM_EXITED, &exited, sizeof(exited));
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_delivered", was + 3));
	ASSERT_EQ(0, __vcpu_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_PSCI_OFF, run->status.exit_info.type);
	EXPECT_EQ(4, run->status.exit_info.reason_size);
}

/* ---- what is not true costs the VM, and no more ---- */

FIXTURE(lie)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct control_counters before;
	__u64 leaked, lost_vms, lost_vmids;
	unsigned int vmid;
};

FIXTURE_SETUP(lie)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->before = control_counters();
	self->leaked = driver_counter("gunyah_vm/memory", "leaked");
	self->lost_vms = driver_counter("gunyah_vm/lost_vms", NULL);
	self->lost_vmids = driver_counter("gunyah_vm/lost_vmids", NULL);
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
	self->vmid = last_vmid();
}

/* The VM is lost, with its vmid and memory; the driver counts it, and goes on. */
FIXTURE_TEARDOWN(lie)
{
	struct control_counters now;
	struct test_vm vm = {};

	vm_destroy(&self->vm);
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
	now = control_counters();
	EXPECT_EQ(self->before.pages + VM_PAGES, now.pages);
	EXPECT_EQ(self->before.vmids + 1, now.vmids);
	EXPECT_EQ(self->before.parcels + 1, now.parcels);
	EXPECT_EQ(self->leaked + GUEST_SIZE, driver_counter("gunyah_vm/memory", "leaked"));
	EXPECT_EQ(self->lost_vms + 1, driver_counter("gunyah_vm/lost_vms", NULL));
	EXPECT_EQ(self->lost_vmids + 1, driver_counter("gunyah_vm/lost_vmids", NULL));
	vm_create(&vm, 1);
	EXPECT_EQ(0, __vm_start(&vm));
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
	EXPECT_TRUE(control_revive(true));
	EXPECT_EQ(VM_PAGES, control_reclaim());
}

/* R10, R23 */
TEST_F(lie, reset_failed_of_a_running_vm)
{
	struct vm_status status = { .vmid = self->vmid, .status = STATUS_RESET_FAILED };
	struct gunyah_vcpu_run *run = self->vcpu->run;

	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	control_notify(NOTE_VM_STATUS, &status, sizeof(status));
	ASSERT_EQ(AGENT_STATUS, agent_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VM_STATUS_CRASHED, run->status.status);
}

/* R10, R57, R70: it runs on, so it can't be reset; the reason is cut to 8 bytes */
TEST_F(lie, exited_of_a_running_vm)
{
	struct vm_exited exited = { .vmid = self->vmid, .type = 0x1234, .reason_size = 224 };
	struct gunyah_vcpu_run *run = self->vcpu->run;
	unsigned int i;

	for (i = 0; i < sizeof(exited.reason); i++)
		exited.reason[i] = i + 1;
	agent_post(self->vcpu, AGENT_SPIN, 0, 0, 0);
	control_notify(NOTE_VM_EXITED, &exited, sizeof(exited));
	ASSERT_EQ(AGENT_STATUS, agent_run(self->vcpu));
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(0x1234, run->status.exit_info.type);
	EXPECT_EQ(8, run->status.exit_info.reason_size);
	EXPECT_EQ(0, memcmp(run->status.exit_info.reason, exited.reason, 8));
}

/* How many interrupts the kernel knows. */
static unsigned int nr_irqs(void)
{
	unsigned int n = 0;
	glob_t g;

	if (!glob("/sys/kernel/irq/*", 0, NULL, &g))
		n = g.gl_pathc;
	globfree(&g);
	return n;
}

/*
 * R23, R54, R64, R70: it says that it has reset the VM, and has not: it keeps the memory.
 * What the driver had of the VM is given up all the same.
 */
TEST(reset_that_was_not)
{
	static const __u8 states[] = { STATUS_RESETTING, STATUS_RESET };
	struct control_counters before, now;
	struct vm_status status = {};
	__u64 delivered, leaked;
	unsigned int irqs, i;
	struct test_vm vm = {};

	require_gunyah();
	require_control();
	control_clear(-1);
	before = control_counters();
	leaked = driver_counter("gunyah_vm/memory", "leaked");
	irqs = nr_irqs();
	vm_create(&vm, 2);
	vm_start(&vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	EXPECT_EQ(irqs + 2, nr_irqs());
	status.vmid = last_vmid();
	delivered = driver_counter("gunyah_rm/notifications_delivered", NULL);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		status.status = states[i];
		control_notify(NOTE_VM_STATUS, &status, sizeof(status));
	}
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_delivered", delivered + i));
	EXPECT_EQ(-EIO, __vm_reset(&vm));
	EXPECT_EQ(irqs, nr_irqs());
	EXPECT_EQ(leaked + GUEST_SIZE, driver_counter("gunyah_vm/memory", "leaked"));
	EXPECT_EQ(-EIO, __vm_reset(&vm));
	EXPECT_EQ(-ENODEV, __vm_start(&vm));
	vm_destroy(&vm);
	now = control_counters();
	EXPECT_EQ(before.pages + VM_PAGES, now.pages);
	EXPECT_EQ(before.parcels + 1, now.parcels);
	EXPECT_EQ(before.vmids + 1, now.vmids);
	EXPECT_TRUE(control_revive(true));
	EXPECT_EQ(VM_PAGES, control_reclaim());
}

/* ---- full queues ---- */

#define SMALL_PAGES	300

FIXTURE(queue)
{
	struct test_vm vm;
	struct control_counters before;
	int mem;
};

/*
 * More list entries than the send queue holds: the pages get their places in the
 * order of the file, and are bound in another one.
 */
FIXTURE_SETUP(queue)
{
	unsigned int i;
	char *p;

	require_gunyah();
	require_control();
	control_clear(-1);
	self->before = control_counters();
	vm_create(&self->vm, 1);
	self->mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, self->mem, 0);
	ASSERT_NE(MAP_FAILED, p);
	memset(p, 1, SMALL_PAGES * SZ_4K);
	munmap(p, SZ_2M);
	for (i = 0; i < SMALL_PAGES; i++)
		map_mem(self->vm.fd, self->mem, GUEST_BASE + GUEST_SIZE + i * SZ_4K, SZ_4K,
			i * 37 % SMALL_PAGES * SZ_4K, LEND_RWX);
}

FIXTURE_TEARDOWN(queue)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	close(self->mem);
	now = control_counters();
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
}

/* R59: a full send queue is waited for, without trying again and again */
TEST_F(queue, requests_are_not_taken_up_for_a_while)
{
	__u64 messages, pieces;
	double start;

	/* How many pieces this request takes: memory has its places from here on. */
	control_mark();
	MSG_RULE(MSG_MEM_LEND, CTL_REFUSE, .p = { 2 });
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	control_clear(-1);
	pieces = control_count(CTL_CALL, CALL_MSGQ_SEND) - control_count(CTL_MSG, CTL_ANY) + 1;
	ksft_print_msg("the request takes %llu pieces\n", (unsigned long long)pieces);
	ASSERT_LT(9, pieces);

	/* From the first message on. */
	control_mark();
	start = seconds();
	control_stall(2000);
	EXPECT_EQ(0, __vm_start(&self->vm));
	EXPECT_LE(1.9, seconds() - start);
	messages = control_count(CTL_MSG, CTL_ANY);
	EXPECT_EQ(messages - 1 + pieces, control_count(CTL_CALL, CALL_MSGQ_SEND));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

static void *start_one(void *arg)
{
	return (void *)(long)__vm_start(arg);
}

/* R59: the queue is full in the middle of a request */
TEST_F(queue, full_in_the_middle)
{
	pthread_t thread;
	__u64 calls = 0;
	void *ret;

	/* The stall has to be there before the answer is. */
	MSG_RULE(MSG_ALLOC_VMID, CTL_DELAY, .p = { 1500000 });
	control_mark();
	ASSERT_EQ(0, pthread_create(&thread, NULL, start_one, &self->vm));
	/* ALLOC is taken up, its answer is on its way: what follows is not taken up. */
	while (!control_count(CTL_MSG, MSG_ALLOC_VMID))
		usleep(200);
	control_stall(5000);
	while (control_count(CTL_CALL, CALL_MSGQ_SEND) < 9)
		usleep(1000);
	usleep(500000);
	/* ALLOC and 8 pieces; no more were tried. */
	calls = control_count(CTL_CALL, CALL_MSGQ_SEND);
	EXPECT_EQ(9, calls);
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(0, (long)ret);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

TEST_HARNESS_MAIN
