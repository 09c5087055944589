// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of what stops GUNYAH_VCPU_RUN, and of what must not (R1, R2, R5, R6, R8):
 * signals and the end of things, at each point of a round.
 *
 * "Signal" here is the thread's flag alone: there is nobody to send one to.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "vcpu_test.h"

struct exit_case {
	const char *name;
	u64 state;
	u64 data[3];
	unsigned int events;
	u32 exit_reason;
	u32 status;
};

static const struct exit_case exit_cases[] = {
	{ "MMIO read", GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, { MMIO, 4 }, 0,
	  GUNYAH_VCPU_EXIT_MMIO },
	{ "MMIO write", GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE, { MMIO, 4, 5 }, 0,
	  GUNYAH_VCPU_EXIT_MMIO },
	{ "page fault", GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, { 0x80001000 }, 0,
	  GUNYAH_VCPU_EXIT_PAGE_FAULT },
	{ "off, and VM_EXITED came", GUNYAH_VCPU_STATE_POWERED_OFF, {}, EVENT_VM_EXITS,
	  GUNYAH_VCPU_EXIT_STATUS, GUNYAH_VM_STATUS_EXITED },
	{ "reset, and VM_EXITED came", GUNYAH_VCPU_STATE_PSCI_SYSTEM_RESET, {}, EVENT_VM_EXITS,
	  GUNYAH_VCPU_EXIT_STATUS, GUNYAH_VM_STATUS_EXITED },
	{ "fault", GUNYAH_VCPU_STATE_FAULT, {}, 0,
	  GUNYAH_VCPU_EXIT_STATUS, GUNYAH_VM_STATUS_CRASHED },
};

KUNIT_ARRAY_PARAM_DESC(exit_with_signal, exit_cases, name);

/* R1: a signal came while the guest ran, and there is something to report. */
static void exit_with_signal(struct kunit *test)
{
	const struct exit_case *c = test->param_value;
	struct run_test *t = test->priv;

	answer(t, c->state, c->data[0], c->data[1], c->data[2], c->events | EVENT_SIGNAL);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, c->exit_reason);
	if (c->status)
		KUNIT_EXPECT_EQ(test, t->run.status.status, c->status);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);
}

/* R1, R5: the end is told to one who asks with a signal or immediate_exit, too. */
static void status_with_signal(struct kunit *test)
{
	struct run_test *t = test->priv;

	do_events(t, EVENT_VM_EXITS | EVENT_SIGNAL);
	t->run.immediate_exit = 1;
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, t->n_calls, 0);
}

KUNIT_ARRAY_PARAM_DESC(answer_with_signal, exit_cases, name);

/* R2: the answer is taken before the signal is seen, and comes with the next entry. */
static void answer_with_signal(struct kunit *test)
{
	const struct exit_case *c = test->param_value;
	struct run_test *t = test->priv;
	bool read = c->state == GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ;
	bool fault = c->exit_reason == GUNYAH_VCPU_EXIT_PAGE_FAULT;

	/* A status has no answer. */
	if (c->exit_reason == GUNYAH_VCPU_EXIT_STATUS)
		return;

	answer(t, c->state, c->data[0], c->data[1], c->data[2], 0);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	t->run.mmio.data[0] = 0x42;
	if (fault)
		t->run.page_fault.resume_action = GUNYAH_VCPU_RESUME_RETRY;

	do_events(t, EVENT_SIGNAL);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINTR);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);

	/* Too late: it was taken. */
	memset(&t->run.mmio, 0xaa, sizeof(t->run.mmio));
	clear_thread_flag(TIF_SIGPENDING);
	expect_exited(test);
	expect_resume(test, 1, read ? 0x42 : 0,
		      fault ? GUNYAH_VCPU_ACTION_RETRY : GUNYAH_VCPU_ACTION_EMULATE);
}

struct stop_case {
	const char *name;
	unsigned int events;
	int ret;
};

/* What ends a run, with the errno; 0 is the status exit. */
static const struct stop_case stop_cases[] = {
	{ "signal", EVENT_SIGNAL, -EINTR },
	{ "immediate_exit", EVENT_IMMEDIATE_EXIT | EVENT_WAKE, -EINTR },
	{ "VM exits", EVENT_VM_EXITS, 0 },
	{ "VM closes", EVENT_VM_CLOSES, -EBUSY },
	{ "VM is reset", EVENT_VM_RESETS, -EBUSY },
	{ "VM was reset, and runs again", EVENT_VM_RUNS_AGAIN, -EBUSY },
	{ "removed", EVENT_REMOVED, -ENODEV },
	{ "resource gone", EVENT_NO_RESOURCE, -ENODEV },
};

static void expect_stopped(struct kunit *test, const struct stop_case *c)
{
	struct run_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), c->ret);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason,
			c->ret ? GUNYAH_VCPU_EXIT_UNKNOWN : GUNYAH_VCPU_EXIT_STATUS);
}

KUNIT_ARRAY_PARAM_DESC(stops_at_the_door, stop_cases, name);

static int event_after_the_look(void)
{
	struct run_test *t = kunit_get_current_test()->priv;

	clear_thread_flag(TIF_NOTIFY_RESUME);
	if (!test_thread_flag(TIF_SIGPENDING)) {
		do_events(t, t->late_events);
		return 0;
	}
	return -EINTR;
}

/*
 * R8: it comes behind all that the loop looks at when there is work, but before the guest
 * is entered: the last look is with interrupts masked, so the guest is not entered.
 */
static void stops_at_the_door(struct kunit *test)
{
	const struct stop_case *c = test->param_value;
	struct run_test *t = test->priv;

	t->late_events = c->events;
	do_events(t, EVENT_NOTIFY);
	kunit_activate_static_stub(test, gunyah_guest_work, event_after_the_look);
	expect_stopped(test, c);
	KUNIT_EXPECT_EQ(test, t->n_calls, 0);
}

KUNIT_ARRAY_PARAM_DESC(stops_before_the_door, stop_cases, name);

/* R8: it is there from the beginning: nothing is entered. */
static void stops_before_the_door(struct kunit *test)
{
	const struct stop_case *c = test->param_value;
	struct run_test *t = test->priv;

	/* The call belongs to the run in which it begins. */
	if (c->events & EVENT_VM_RUNS_AGAIN)
		return;

	do_events(t, c->events);
	expect_stopped(test, c);
	KUNIT_EXPECT_EQ(test, t->n_calls, 0);
}

/* R8: work of the thread that came while the guest ran is done before it runs again. */
static void work_before_the_door(struct kunit *test)
{
	struct run_test *t = test->priv;
	unsigned int i;

	do_events(t, EVENT_NOTIFY);
	answer(t, GUNYAH_VCPU_STATE_READY, 0, 0, 0, EVENT_RESCHED);
	answer(t, GUNYAH_VCPU_STATE_READY, 0, 0, 0, EVENT_NOTIFY);
	answer(t, GUNYAH_VCPU_STATE_EXPECTS_WAKEUP, 0, 0, 0, EVENT_RESCHED | EVENT_WAKE);
	answer_error(t, GUNYAH_ERROR_BUSY, EVENT_NOTIFY);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, t->n_calls, 5);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_FALSE(test, t->calls[i].work);
}

struct round_case {
	const char *name;
	enum gunyah_error error;
	u64 state;
};

/* Each way in which a round ends without an exit. */
static const struct round_case round_cases[] = {
	{ "READY", GUNYAH_ERROR_OK, GUNYAH_VCPU_STATE_READY },
	{ "BLOCKED", GUNYAH_ERROR_OK, GUNYAH_VCPU_STATE_BLOCKED },
	{ "EXPECTS_WAKEUP", GUNYAH_ERROR_OK, GUNYAH_VCPU_STATE_EXPECTS_WAKEUP },
	{ "POWERED_OFF", GUNYAH_ERROR_OK, GUNYAH_VCPU_STATE_POWERED_OFF },
	{ "SYSTEM_RESET", GUNYAH_ERROR_OK, GUNYAH_VCPU_STATE_PSCI_SYSTEM_RESET },
	{ "RETRY", GUNYAH_ERROR_RETRY, 0 },
	{ "BUSY", GUNYAH_ERROR_BUSY, 0 },
};

KUNIT_ARRAY_PARAM_DESC(stops_each_loop, round_cases, name);

/* R6, R8: none of the loops goes on, or sleeps on, when a run is to stop. */
static void stops_each_loop(struct kunit *test)
{
	const struct round_case *c = test->param_value;
	struct run_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stop_cases); i++) {
		t->n_calls = 0;
		t->n_answers = 0;
		t->vm.state = GUNYAH_VM_RUNNING;
		t->vcpu.removed = false;
		t->run.immediate_exit = 0;
		gunyah_vcpu_set_resource(&t->vcpu, &t->res);
		clear_thread_flag(TIF_SIGPENDING);

		if (c->error)
			answer_error(t, c->error, stop_cases[i].events);
		else
			answer(t, c->state, 0, 0, 0, stop_cases[i].events);
		expect_stopped(test, &stop_cases[i]);
		KUNIT_EXPECT_EQ(test, t->n_calls, 1);
	}
}

/* R8: in the guest interrupts are masked and the time is the guest's; not outside. */
static void masked_and_accounted(struct kunit *test)
{
	struct run_test *t = test->priv;
	unsigned int i;

	answer(t, GUNYAH_VCPU_STATE_READY, 0, 0, 0, 0);
	answer_error(t, GUNYAH_ERROR_RETRY, 0);
	answer_read(t, 4);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->n_calls, 3);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, t->calls[i].masked);
		KUNIT_EXPECT_TRUE(test, t->calls[i].in_guest_time);
	}
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	KUNIT_EXPECT_FALSE(test, current->flags & PF_VCPU);
	KUNIT_EXPECT_EQ(test, preempt_count(), 0);
}

/**
 * struct slow - a guest that is left some time after its resource was taken away
 * @test: the test
 * @entered: it runs
 * @left: it does not any more
 * @ret: of GUNYAH_VCPU_RUN, 1 while it is under way
 */
struct slow {
	struct kunit *test;
	bool entered;
	bool left;
	int ret;
};

static struct slow slow;

static enum gunyah_error slow_vcpu_run(u64 capid, u64 resume0, u64 resume1, u64 resume2,
				       struct gunyah_vcpu_run_result *result)
{
	struct run_test *t = kunit_get_current_test()->priv;

	WRITE_ONCE(slow.entered, true);
	while (READ_ONCE(t->vcpu.res))
		cpu_relax();
	mdelay(2);
	WRITE_ONCE(slow.left, true);
	result->state = GUNYAH_VCPU_STATE_READY;
	return GUNYAH_ERROR_OK;
}

static int slow_thread(void *unused)
{
	struct run_test *t = slow.test->priv;

	current->kunit_test = slow.test;
	WRITE_ONCE(slow.ret, gunyah_vcpu_run(&t->vcpu));
	while (!kthread_should_stop())
		fsleep(1000);
	return 0;
}

/* R6: when the resource is gone, so is who used it; the thread itself is not waited for. */
static void resource_taken_from_a_guest(struct kunit *test)
{
	int here = cpumask_first(cpu_online_mask);
	int there = cpumask_next(here, cpu_online_mask);
	struct run_test *t = test->priv;
	struct task_struct *thread;

	if (there >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");

	slow = (struct slow){ .test = test, .ret = 1 };
	kunit_activate_static_stub(test, gunyah_hypercall_vcpu_run, slow_vcpu_run);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(here)), 0);
	thread = kthread_create(slow_thread, NULL, "gunyah-vcpu");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	kthread_bind(thread, there);
	wake_up_process(thread);
	while (!READ_ONCE(slow.entered))
		fsleep(100);

	gunyah_vcpu_clear_resource(&t->vcpu);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(slow.left));

	while (READ_ONCE(slow.ret) == 1)
		fsleep(100);
	KUNIT_EXPECT_EQ(test, slow.ret, -ENODEV);
	kthread_stop(thread);
}

static struct kunit_case vcpu_loop_cases[] = {
	KUNIT_CASE_PARAM(exit_with_signal, exit_with_signal_gen_params),
	KUNIT_CASE(status_with_signal),
	KUNIT_CASE_PARAM(answer_with_signal, answer_with_signal_gen_params),
	KUNIT_CASE_PARAM(stops_at_the_door, stops_at_the_door_gen_params),
	KUNIT_CASE_PARAM(stops_before_the_door, stops_before_the_door_gen_params),
	KUNIT_CASE(work_before_the_door),
	KUNIT_CASE_PARAM(stops_each_loop, stops_each_loop_gen_params),
	KUNIT_CASE(masked_and_accounted),
	KUNIT_CASE(resource_taken_from_a_guest),
	{}
};

static struct kunit_suite vcpu_loop_suite = {
	.name = "gunyah_vcpu_loop",
	.init = run_test_init,
	.exit = run_test_exit,
	.test_cases = vcpu_loop_cases,
};

kunit_test_suite(vcpu_loop_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of what stops a Gunyah vCPU");
MODULE_LICENSE("GPL");
