// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager answers wrongly, in pieces, too much, or says no: the
 * connection goes on, and the same VM starts afterwards.
 */
#include "../kselftest_harness.h"
#include "lib/control.h"

/* A VM that nobody has. */
#define FOREIGN_VMID	0xbd

/* A whole queue message. */
struct message {
	__u8 api;
	__u8 type;
	__u16 seq;
	__u32 id;
	__u8 payload[232];
};

#define TYPE_CONTINUATION	0
#define TYPE_REQUEST		1
#define TYPE_REPLY		2
#define TYPE_NOTIFICATION	3
#define FRAGMENTS(n)		((n) << 2)

/* INIT, READY, RUNNING */
#define NOTES_OF_A_START	3

static const __u8 foreign_status[8] = { FOREIGN_VMID, 0, 0, 0, 9 };

FIXTURE(rpc)
{
	struct test_vm vm;
	struct control_counters before;
};

/* What may be left: stated by the test before it ends. */
static struct control_counters left;

FIXTURE_SETUP(rpc)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	memset(&left, 0, sizeof(left));
	/* The first start of all asks how memory is given: not in these counts. */
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
	vm_destroy(&self->vm);
	self->before = control_counters();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(rpc)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	now = control_counters();
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
	EXPECT_EQ(self->before.pages + left.pages, now.pages);
	EXPECT_EQ(self->before.vmids + left.vmids, now.vmids);
	EXPECT_EQ(self->before.parcels + left.parcels, now.parcels);
	EXPECT_EQ(self->before.entries + left.entries, now.entries);
	EXPECT_EQ(self->before.vms + left.vms, now.vms);
	if (left.vmids || left.parcels || left.vms) {
		EXPECT_TRUE(control_revive(true));
		EXPECT_EQ(left.pages, control_reclaim());
	}
}

/* The next start works, as does the guest. */
#define starts_now() do {						\
	control_clear(-1);						\
	ASSERT_EQ(0, __vm_start(&self->vm));				\
	ASSERT_EQ(1, 1 + agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0)); \
} while (0)

/* One counter of the connection goes up by so much; some by a worker, after the reply. */
#define counted(name, number, ...) do {					\
	const char *_file = "gunyah_rm/" name;				\
	__u64 _was = driver_counter(_file, NULL);			\
									\
	__VA_ARGS__;							\
	EXPECT_TRUE(counter_gets_to(_file, _was + (number)));		\
} while (0)

/* R52: a reply in three pieces */
TEST_F(rpc, reply_in_pieces)
{
	int rule = MSG_RULE(MSG_GET_RESOURCES, CTL_SPLIT, .p = { 20 });

	EXPECT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R52: 62 continuations; the error word is whole in the first piece */
TEST_F(rpc, reply_in_as_many_pieces_as_can_be)
{
	MSG_RULE(MSG_GET_RESOURCES, CTL_SPLIT, .p = { 4 });
	MSG_RULE(MSG_GET_RESOURCES, CTL_PAD, .p = { 4 * 63 });
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* R52: the notification is delivered, and the reply goes on */
TEST_F(rpc, notification_between_two_pieces)
{
	MSG_RULE(MSG_GET_RESOURCES, CTL_SPLIT, .p = { 20 });
	MSG_RULE(MSG_GET_RESOURCES, CTL_NOTE, .p = { NOTE_VM_STATUS, 1 },
		 .data = foreign_status, .len = sizeof(foreign_status));
	MSG_RULE(MSG_GET_RESOURCES, CTL_NOTE, .p = { NOTE_VM_STATUS, 2 },
		 .data = foreign_status, .len = sizeof(foreign_status));
	counted("failed", 0,
		counted("notifications_unheard", 2, EXPECT_EQ(0, __vm_start(&self->vm))));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R52: one in two pieces, between the three of the reply */
TEST_F(rpc, pieces_of_both_by_turns)
{
	struct message first = { 0x21, TYPE_NOTIFICATION | FRAGMENTS(1), 7, NOTE_VM_STATUS };
	struct message last = { 0x21, TYPE_CONTINUATION | FRAGMENTS(1), 7, NOTE_VM_STATUS };

	memcpy(first.payload, foreign_status, 5);
	memcpy(last.payload, foreign_status + 5, 3);
	MSG_RULE(MSG_GET_RESOURCES, CTL_SPLIT, .p = { 20 });
	MSG_RULE(MSG_GET_RESOURCES, CTL_RAW, .p = { 0, 1 }, .data = &first, .len = 8 + 5);
	MSG_RULE(MSG_GET_RESOURCES, CTL_RAW, .p = { 0, 2 }, .data = &last, .len = 8 + 3);
	counted("failed", 0,
		counted("stray", 0,
			counted("notifications", 1 + NOTES_OF_A_START,
				EXPECT_EQ(0, __vm_start(&self->vm)))));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R22: the reply comes before the notifications that it caused, and behind others */
TEST_F(rpc, reply_overtakes_notifications)
{
	MSG_RULE(CTL_ANY, CTL_NOTES_LAST, .times = CTL_FOREVER);
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&self->vm);
	control_clear(-1);
	MSG_RULE(CTL_ANY, CTL_NOTE, .p = { NOTE_VM_STATUS, 0 }, .times = CTL_FOREVER,
		 .data = foreign_status, .len = sizeof(foreign_status));
	vm_create(&self->vm, 1);
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R50: slow, but in time */
TEST_F(rpc, reply_late_but_in_time)
{
	MSG_RULE(MSG_VM_INIT, CTL_DELAY, .p = { 2000000 });
	counted("late", 0, EXPECT_EQ(0, __vm_start(&self->vm)));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R52: once is enough; a copy may find the next call waiting already */
TEST_F(rpc, reply_three_times)
{
	__u64 was = driver_counter("gunyah_rm/duplicate", NULL) +
		    driver_counter("gunyah_rm/alien", NULL);

	MSG_RULE(MSG_VM_INIT, CTL_REPEAT, .p = { 2 });
	EXPECT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(was + 2, driver_counter("gunyah_rm/duplicate", NULL) +
			   driver_counter("gunyah_rm/alien", NULL));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* A queue message in front of a good reply: dropped, counted under that name. */
FIXTURE(stray)
{
	struct test_vm vm;
	struct control_counters before;
};

FIXTURE_VARIANT(stray)
{
	struct message msg;
	unsigned int len;
	const char *counter;
	unsigned int count;
};

/* R52: each is one thing that a peer must not send */
FIXTURE_VARIANT_ADD(stray, alien_reply) {
	.msg = { 0x21, TYPE_REPLY, 0x5a5a, MSG_VM_INIT }, .len = 12,
	.counter = "gunyah_rm/alien", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, continuation_of_nothing) {
	.msg = { 0x21, TYPE_CONTINUATION, 0x5a5a, MSG_VM_INIT }, .len = 30,
	.counter = "gunyah_rm/stray", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, request) {
	.msg = { 0x21, TYPE_REQUEST, 1, MSG_VM_INIT }, .len = 12,
	.counter = "gunyah_rm/bad_header", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, other_version) {
	.msg = { 0x22, TYPE_REPLY, 1, MSG_VM_INIT }, .len = 12,
	.counter = "gunyah_rm/bad_header", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, other_header_size) {
	.msg = { 0x31, TYPE_REPLY, 1, MSG_VM_INIT }, .len = 12,
	.counter = "gunyah_rm/bad_header", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, half_a_header) {
	.msg = { 0x21, TYPE_NOTIFICATION, 1, NOTE_VM_STATUS }, .len = 7,
	.counter = "gunyah_rm/bad_header", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, one_byte) {
	.msg = { 0x21 }, .len = 1,
	.counter = "gunyah_rm/bad_header", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, notification_of_63_continuations) {
	.msg = { 0x21, TYPE_NOTIFICATION | FRAGMENTS(63), 1, NOTE_VM_STATUS }, .len = 240,
	.counter = "gunyah_rm/bad_header", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, unknown_notification) {
	.msg = { 0x21, TYPE_NOTIFICATION, 1, 0x567890ab }, .len = 240,
	.counter = "gunyah_rm/notifications_ignored", .count = 1,
};

FIXTURE_VARIANT_ADD(stray, empty_notification) {
	.msg = { 0x21, TYPE_NOTIFICATION, 1, NOTE_VM_EXITED }, .len = 8,
	.counter = "gunyah_rm/notifications_malformed", .count = 1,
};

FIXTURE_SETUP(stray)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->before = control_counters();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(stray)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	now = control_counters();
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
}

TEST_F(stray, before_a_reply)
{
	__u64 was = driver_counter(variant->counter, NULL);
	int rule;

	rule = MSG_RULE(MSG_VM_INIT, CTL_RAW, .data = &variant->msg, .len = variant->len);
	EXPECT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	EXPECT_EQ(was + variant->count, driver_counter(variant->counter, NULL));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R52: a notification that is begun and not finished is lost, the next one is not */
TEST_F(rpc, notification_that_breaks_off)
{
	struct message msg = { 0x21, TYPE_NOTIFICATION | FRAGMENTS(1), 1, NOTE_VM_STATUS };

	MSG_RULE(MSG_VM_INIT, CTL_RAW, .data = &msg, .len = sizeof(msg));
	MSG_RULE(MSG_VM_INIT, CTL_NOTE, .p = { NOTE_VM_STATUS, 0 }, .data = foreign_status,
		 .len = sizeof(foreign_status));
	counted("broken_notifications", 1,
		counted("notifications_unheard", 1, EXPECT_EQ(0, __vm_start(&self->vm))));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* A reply that does not hold together: its call is EIO, the next start works. */
FIXTURE(torn)
{
	struct test_vm vm;
	struct control_counters before;
};

FIXTURE_VARIANT(torn)
{
	struct control_rule rule[3];
};

#define TORN(what, ...)							\
	{ .kind = CTL_MSG, .key = MSG_GET_RESOURCES, .action = what, ## __VA_ARGS__ }
#define IN_PIECES	TORN(CTL_SPLIT, .p = { 20 })

FIXTURE_VARIANT_ADD(torn, other_id_in_the_middle) {
	{ IN_PIECES, TORN(CTL_BYTE, .p = { 1, 4, 0x24 }) } };
/* Both bytes: one may be the token's own. */
FIXTURE_VARIANT_ADD(torn, other_token_in_the_middle) {
	{ IN_PIECES, TORN(CTL_BYTE, .p = { 1, 2, 0x5a }), TORN(CTL_BYTE, .p = { 1, 3, 0x5a }) } };
FIXTURE_VARIANT_ADD(torn, fewer_pieces_in_the_middle) {
	{ IN_PIECES, TORN(CTL_BYTE, .p = { 1, 1, FRAGMENTS(1) }) } };
FIXTURE_VARIANT_ADD(torn, more_pieces_at_the_end) {
	{ IN_PIECES, TORN(CTL_BYTE, .p = { 2, 1, FRAGMENTS(3) }) } };
FIXTURE_VARIANT_ADD(torn, begun_twice) {
	{ IN_PIECES, TORN(CTL_BYTE, .p = { 1, 1, FRAGMENTS(2) | TYPE_REPLY }) } };
FIXTURE_VARIANT_ADD(torn, longer_than_a_message) {
	{ TORN(CTL_PAD, .p = { 64 * 232 }) } };
FIXTURE_VARIANT_ADD(torn, no_error_word) {
	{ TORN(CTL_CUT, .p = { 0, 8 }) } };
FIXTURE_VARIANT_ADD(torn, half_an_error_word) {
	{ TORN(CTL_CUT, .p = { 0, 10 }) } };
/* R26 */
FIXTURE_VARIANT_ADD(torn, no_count) {
	{ TORN(CTL_CUT, .p = { 0, 12 }) } };
FIXTURE_VARIANT_ADD(torn, half_a_count) {
	{ TORN(CTL_CUT, .p = { 0, 14 }) } };
FIXTURE_VARIANT_ADD(torn, count_above_the_length) {
	{ TORN(CTL_BYTE, .p = { 0, 12, 2 }) } };
FIXTURE_VARIANT_ADD(torn, count_far_above_the_length) {
	{ TORN(CTL_BYTE, .p = { 0, 15, 0xff }) } };
FIXTURE_VARIANT_ADD(torn, entry_one_byte_short) {
	{ TORN(CTL_CUT, .p = { 0, 8 + 4 + 4 + 43 }) } };

FIXTURE_SETUP(torn)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->before = control_counters();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(torn)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	now = control_counters();
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
}

/* R52, R20 */
TEST_F(torn, reply)
{
	unsigned int i;
	int rule = 0;

	for (i = 0; i < ARRAY_SIZE(variant->rule) && variant->rule[i].key; i++)
		rule = control_rule(&variant->rule[i]);
	EXPECT_EQ(-EIO, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	starts_now();
}

/* R26: a longer reply than its count says is good */
TEST_F(rpc, reply_longer_than_its_count)
{
	MSG_RULE(MSG_GET_RESOURCES, CTL_PAD, .p = { 14616 });
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R26: a vmid was given, but the reply does not name it: one is lost */
TEST_F(rpc, vmid_without_a_number)
{
	left.vmids = 1;
	MSG_RULE(MSG_ALLOC_VMID, CTL_CUT, .p = { 0, 12 });
	EXPECT_EQ(-EIO, __vm_start(&self->vm));
	starts_now();
}

/* A parcel without a handle can't be reclaimed: its memory is given up. */
TEST_F(rpc, parcel_without_a_handle)
{
	__u64 leaked = driver_counter("gunyah_vm/memory", "leaked");

	left.pages = GUEST_SIZE / SZ_4K;
	left.parcels = 1;
	/* It goes with the parcel. */
	left.vmids = 1;
	left.entries = control_counters().entries;
	MSG_RULE(MSG_MEM_LEND, CTL_CUT, .p = { 0, 12 });
	EXPECT_EQ(-EIO, __vm_start(&self->vm));
	left.entries = control_counters().entries - left.entries;
	EXPECT_EQ(leaked + GUEST_SIZE, driver_counter("gunyah_vm/memory", "leaked"));
}

/* ---- many at once ---- */

#define CALLERS	4

static void *start_one(void *arg)
{
	return (void *)(long)__vm_start(arg);
}

/* R51, R59: one after the other on the wire; the slow one holds nobody up for good */
TEST_F(rpc, several_callers_and_a_slow_one)
{
	struct test_vm vms[CALLERS] = {};
	pthread_t threads[CALLERS];
	void *ret;
	int i;

	for (i = 0; i < CALLERS; i++)
		vm_create(&vms[i], 1);
	MSG_RULE(MSG_VM_INIT, CTL_DELAY, .nth = 2, .p = { 3000000 });
	MSG_RULE(CTL_ANY, CTL_DELAY, .times = CTL_FOREVER, .p = { 5000 });
	for (i = 0; i < CALLERS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, start_one, &vms[i]));
	for (i = 0; i < CALLERS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &ret));
		EXPECT_EQ(0, (long)ret);
	}
	control_clear(-1);
	for (i = 0; i < CALLERS; i++) {
		agent_do(&vms[i].vcpu[0], AGENT_NOP, 0, 0, 0);
		vm_destroy(&vms[i]);
	}
}

/* R51: who is killed while another one's call is slow does not disturb it */
TEST_F(rpc, killed_while_another_call_is_slow)
{
	struct test_vm other = {};
	pthread_t thread;
	int status;
	void *ret;
	pid_t pid;

	vm_create(&other, 1);
	MSG_RULE(MSG_VM_INIT, CTL_DELAY, .p = { 3000000 });
	ASSERT_EQ(0, pthread_create(&thread, NULL, start_one, &self->vm));
	usleep(500000);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		__vm_start(&other);
		_exit(0);
	}
	usleep(500000);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(0, (long)ret);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	EXPECT_EQ(0, __vm_start(&other));
	agent_do(&other.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&other);
}

/* R51: who is killed while its own call is answered: that is waited for */
TEST_F(rpc, killed_while_its_call_is_slow)
{
	unsigned int tries;
	int status, rule;
	pid_t pid;

	rule = MSG_RULE(MSG_VM_INIT, CTL_DELAY, .p = { 2000000 });
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		__vm_start(&self->vm);
		_exit(0);
	}
	for (tries = 0; tries < 10000 && !control_fired(rule); tries++)
		usleep(1000);
	control_mark();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	/* Nobody else wanted the wire, so the start went on to its end. */
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_VM_START));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_VM_STOP));
	control_clear(rule);
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R59: more than the queue holds; none is lost, and the reply finds its call */
TEST_F(rpc, queue_full_of_notifications)
{
	pthread_t thread;
	void *ret;
	int i;

	MSG_RULE(MSG_VM_INIT, CTL_DELAY, .p = { 100000 });
	counted("notifications_unheard", 200,
		ASSERT_EQ(0, pthread_create(&thread, NULL, start_one, &self->vm));
		for (i = 0; i < 200; i++)
			control_notify(NOTE_VM_STATUS, foreign_status, sizeof(foreign_status));
		ASSERT_EQ(0, pthread_join(thread, &ret));
		EXPECT_EQ(0, (long)ret);
		agent_do(&self->vm.vcpu[0], AGENT_TIMER, 16000, 0, 0));
}

TEST_HARNESS_MAIN
