// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test hypervisor's control channel itself: what it counts, what it refuses,
 * and those of its faults that no other test has a use for.  The faults of all
 * other kinds are seen to work where they are used: see testing.rst.
 */
#include "../kselftest_harness.h"
#include "lib/control.h"

#define FOREIGN_VMID	0xbd

#define STATUS_UNKNOWN	1
#define STATUS_INVALID	2

#define COMMAND_RULE	1
#define COMMAND_SEEN	3
#define COMMAND_COUNT	5
#define COMMAND_NOTIFY	6
#define COMMAND_RAW	7

FIXTURE(control)
{
	struct test_vm vm;
	struct control_counters before;
};

FIXTURE_SETUP(control)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	/* The first start of all asks how memory is given: not in these counts. */
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
	vm_destroy(&self->vm);
	self->before = control_counters();
	vm_create(&self->vm, 2);
}

FIXTURE_TEARDOWN(control)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	now = control_counters();
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
}

/* Replies that came, to a call or to nothing. */
static __u64 answers(void)
{
	return driver_counter("gunyah_rm/replies", NULL) + driver_counter("gunyah_rm/alien", NULL);
}

/* A command that makes no sense is told, and does nothing. */
TEST_F(control, refuses_nonsense)
{
	static const struct {
		unsigned int command;
		__u64 args[12];
		int status;
	} cases[] = {
		{ 0, {}, STATUS_UNKNOWN },
		{ 99, {}, STATUS_UNKNOWN },
		{ COMMAND_SEEN, { 99 }, STATUS_INVALID },
		{ COMMAND_COUNT, { 2 }, STATUS_INVALID },
		{ COMMAND_NOTIFY, { NOTE_VM_STATUS, 233 }, STATUS_INVALID },
		{ COMMAND_RAW, { 0 }, STATUS_INVALID },
		{ COMMAND_RAW, { 241 }, STATUS_INVALID },
		/* kind, key, nth, times, target, action, p0 to p4, bytes */
		{ COMMAND_RULE, { 2, 0, 1, 1 }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_CALL, 0, 0, 1 }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_CALL, 0, 1, 0 }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_CALL, 0, 1, 1, 0, CTL_REFUSE }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_MSG, 0, 1, 1, 0, CTL_CALL_RESULT }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_MSG, 0, 1, 1, 0, 0x7f }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_MSG, 0, 1, 1, 0, CTL_SPLIT, 0 }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_MSG, 0, 1, 1, 0, CTL_SPLIT, 233 }, STATUS_INVALID },
		{ COMMAND_RULE, { CTL_MSG, 0, 1, 1, 0, CTL_REFUSE, [11] = 241 }, STATUS_INVALID },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_EQ(cases[i].status, __control(cases[i].command, cases[i].args, 12)) {
			TH_LOG("case %u", i);
		}
	EXPECT_EQ(0, control_read(CTL_ARMED));
}

/* There is room for sixteen rules. */
TEST_F(control, rules_are_few)
{
	static const __u64 rule[12] = { CTL_MSG, MSG_VM_INIT, 1, 1, 0, CTL_REFUSE, 2 };
	unsigned int i;

	for (i = 0; i < 16; i++)
		EXPECT_EQ(0, __control(COMMAND_RULE, rule, 12));
	EXPECT_EQ(16, control_read(CTL_ARMED));
	EXPECT_EQ(STATUS_INVALID, __control(COMMAND_RULE, rule, 12));
	control_clear(3);
	EXPECT_EQ(15, control_read(CTL_ARMED));
	EXPECT_EQ(0, __control(COMMAND_RULE, rule, 12));
	control_clear(-1);
	EXPECT_EQ(0, control_read(CTL_ARMED));
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* What is given is counted, and by whom it is had. */
TEST_F(control, counters_of_a_vm)
{
	__u64 log = control_read(CTL_LOG_POSITION), pool = control_read(CTL_POOL_PAGES);
	struct control_counters now;

	ASSERT_EQ(0, __vm_start(&self->vm));
	now = control_counters();
	EXPECT_EQ(self->before.vmids + 1, now.vmids);
	EXPECT_EQ(self->before.vms + 1, now.vms);
	EXPECT_EQ(self->before.parcels + 1, now.parcels);
	EXPECT_EQ(self->before.pages + GUEST_SIZE / SZ_4K, now.pages);
	EXPECT_LT(self->before.entries, now.entries);
	EXPECT_LT(pool, control_read(CTL_POOL_PAGES));
	EXPECT_GT(control_read(CTL_POOL_PAGES), control_read(CTL_PRIMARY_TABLES));
	EXPECT_LT(log, control_read(CTL_LOG_POSITION));
}

/* The Nth from now on, so many times, and then no more. */
TEST_F(control, nth_and_times)
{
	__u64 fired = control_read(CTL_FIRED);
	int rule = MSG_RULE(MSG_ALLOC_VMID, CTL_REFUSE, .nth = 2, .times = 2, .p = { 2 });

	EXPECT_EQ(1, control_read(CTL_ARMED));
	EXPECT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(0, control_fired(rule));
	vm_destroy(&self->vm);
	vm_create(&self->vm, 2);
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(2, control_fired(rule));
	EXPECT_EQ(fired + 2, control_read(CTL_FIRED));
	EXPECT_EQ(0, control_read(CTL_ARMED));
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* A rule for one vCPU of one VM leaves the other alone. */
TEST_F(control, rule_for_one_vcpu)
{
	int rule;

	ASSERT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	ASSERT_EQ(0, agent_cpu_on(&self->vm.vcpu[0], 1, 0));
	rule = CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .p = { HYP_DENIED },
			 .target = last_vmid() | (1 + 1) << 16);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	EXPECT_EQ(0, control_fired(rule));
	EXPECT_EQ(-EACCES, __vcpu_run(&self->vm.vcpu[1]));
	EXPECT_EQ(1, control_fired(rule));
	agent_do(&self->vm.vcpu[1], AGENT_NOP, 0, 0, 0);
}

/* R52: any bytes, in their turn among the notifications */
TEST_F(control, any_bytes)
{
	__u8 note[16] = { 0x21, 3, 0, 0, 8, 0, 0x10, 0x56, FOREIGN_VMID, 0, 0, 0, 9 };
	__u64 unheard = driver_counter("gunyah_rm/notifications_unheard", NULL);
	__u64 bad = driver_counter("gunyah_rm/bad_header", NULL);
	__u8 garbage[240];

	memset(garbage, 0xa5, sizeof(garbage));
	control_raw(note, sizeof(note));
	EXPECT_TRUE(counter_gets_to("gunyah_rm/notifications_unheard", unheard + 1));
	control_raw(garbage, sizeof(garbage));
	control_raw(garbage, 1);
	EXPECT_TRUE(counter_gets_to("gunyah_rm/bad_header", bad + 2));
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/*
 * R51, R52: a hypercall that says that it failed and has sent all the same: the
 * answer is to nothing, or comes before the call has seen the error; the stream
 * is in step.
 */
TEST_F(control, sent_with_an_error)
{
	__u64 was = answers(), messages;
	int rule, tries;

	/* The fifth is VM_GET_HYP_RESOURCES, which changes nothing. */
	rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_ERROR, .nth = 5, .p = { HYP_DENIED });
	control_mark();
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_GET_RESOURCES));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_VM_START));
	messages = control_count(CTL_MSG, CTL_ANY);
	for (tries = 0; tries < 5000 && answers() != was + messages; tries++)
		usleep(1000);
	EXPECT_EQ(was + messages, answers());
	control_clear(rule);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* Nothing is taken from a VM that is alive unless it is asked for. */
TEST_F(control, revive_is_refused)
{
	ASSERT_EQ(0, __vm_start(&self->vm));
	EXPECT_FALSE(control_revive(false));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&self->vm);
	EXPECT_TRUE(control_revive(false));
	EXPECT_EQ(0, control_reclaim());
	vm_create(&self->vm, 1);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

TEST_HARNESS_MAIN
