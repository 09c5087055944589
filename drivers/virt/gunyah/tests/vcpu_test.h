/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU without a hypervisor, for the tests of running it: what vcpu_run answers
 * is a list that the test writes, what it was asked is kept.
 *
 * The double runs with interrupts masked: it checks nothing itself.
 */
#ifndef _GUNYAH_TESTS_VCPU_TEST_H
#define _GUNYAH_TESTS_VCPU_TEST_H

#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/gunyah.h>
#include <linux/irqflags.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <uapi/linux/gunyah.h>

#include "../resource.h"
#include "../vcpu_run.h"

#define CAPID		0x8123456789abcdef
#define MMIO		0x9000000
#define MAX_CALLS	8

/* What else happens, in a call or elsewhere; several go together. */
enum event {
	EVENT_NONE = 0,
	EVENT_WAKE = BIT(0),
	EVENT_VM_EXITS = BIT(1),
	EVENT_VM_CLOSES = BIT(2),
	EVENT_REMOVED = BIT(3),
	EVENT_NO_RESOURCE = BIT(4),
	EVENT_SIGNAL = BIT(5),
	EVENT_VM_RESETS = BIT(6),
	EVENT_VM_RUNS_AGAIN = BIT(7),
	EVENT_IMMEDIATE_EXIT = BIT(8),
	EVENT_RESCHED = BIT(9),
	EVENT_NOTIFY = BIT(10),
};

struct answer {
	enum gunyah_error error;
	struct gunyah_vcpu_run_result result;
	unsigned int events;
};

struct call {
	u64 capid;
	u64 resume[3];
	bool masked;
	bool in_guest_time;
	bool work;
};

/**
 * struct run_test - a vCPU of a VM that has no more than a vCPU needs
 * @vm: the VM
 * @host: its connection
 * @vcpu: the vCPU
 * @res: its resource
 * @run: its run page
 * @dev: for messages
 * @answers: what the hypervisor answers
 * @n_answers: how many; then the VM exits
 * @calls: what it was asked
 * @n_calls: how often
 * @late_events: for a test that has them at another time
 */
struct run_test {
	struct gunyah_vm vm;
	struct gunyah_vm_host host;
	struct gunyah_vcpu vcpu;
	struct gunyah_resource res;
	struct gunyah_vcpu_run run;
	struct device *dev;
	struct answer answers[MAX_CALLS];
	unsigned int n_answers;
	struct call calls[MAX_CALLS];
	unsigned int n_calls;
	unsigned int late_events;
};

/* After each of these the driver kicks the vCPU. */
#define EVENTS_WITH_KICK	(EVENT_VM_EXITS | EVENT_VM_CLOSES | EVENT_VM_RESETS | \
				 EVENT_VM_RUNS_AGAIN | EVENT_REMOVED | EVENT_NO_RESOURCE)

static inline void do_events(struct run_test *t, unsigned int events)
{
	if (events & EVENT_WAKE)
		gunyah_vcpu_wake(&t->vcpu);
	if (events & EVENT_VM_EXITS)
		WRITE_ONCE(t->vm.state, GUNYAH_VM_EXITED);
	if (events & EVENT_VM_CLOSES)
		WRITE_ONCE(t->vm.state, GUNYAH_VM_CLOSING);
	if (events & (EVENT_VM_RESETS | EVENT_VM_RUNS_AGAIN))
		WRITE_ONCE(t->vm.run, t->vm.run + 2);
	if (events & EVENT_VM_RESETS)
		WRITE_ONCE(t->vm.state, GUNYAH_VM_RESETTING);
	if (events & EVENT_REMOVED)
		WRITE_ONCE(t->vcpu.removed, true);
	if (events & EVENT_NO_RESOURCE)
		WRITE_ONCE(t->vcpu.res, NULL);
	if (events & EVENTS_WITH_KICK)
		gunyah_vcpu_kick(&t->vcpu);
	if (events & EVENT_SIGNAL)
		set_thread_flag(TIF_SIGPENDING);
	if (events & EVENT_IMMEDIATE_EXIT)
		WRITE_ONCE(t->run.immediate_exit, 1);
	if (events & EVENT_RESCHED)
		set_tsk_need_resched(current);
	if (events & EVENT_NOTIFY)
		set_thread_flag(TIF_NOTIFY_RESUME);
}

static inline enum gunyah_error fake_vcpu_run(u64 capid, u64 resume0, u64 resume1, u64 resume2,
					      struct gunyah_vcpu_run_result *result)
{
	struct run_test *t = kunit_get_current_test()->priv;
	unsigned int n = t->n_calls;

	if (n < MAX_CALLS) {
		t->calls[n].capid = capid;
		t->calls[n].resume[0] = resume0;
		t->calls[n].resume[1] = resume1;
		t->calls[n].resume[2] = resume2;
		t->calls[n].masked = irqs_disabled();
		t->calls[n].in_guest_time = current->flags & PF_VCPU;
		t->calls[n].work = gunyah_guest_work_pending();
	}
	t->n_calls++;

	if (n >= t->n_answers) {
		result->state = GUNYAH_VCPU_STATE_POWERED_OFF;
		do_events(t, EVENT_VM_EXITS);
		return GUNYAH_ERROR_OK;
	}

	if (t->answers[n].error == GUNYAH_ERROR_OK)
		*result = t->answers[n].result;
	do_events(t, t->answers[n].events);
	return t->answers[n].error;
}

static inline struct device *fake_dev(struct gunyah_rm *rm)
{
	struct run_test *t = kunit_get_current_test()->priv;

	return t->dev;
}

static inline void on_changed(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state state)
{
}

static const struct gunyah_vm_rm_ops rm_ops = {
	.changed = on_changed,
};

static inline void watcher_kick(struct gunyah_vm_watcher *watcher)
{
	gunyah_vcpu_kick(container_of(watcher, struct gunyah_vcpu, watcher));
}

/* @t is zeroed, and the test's for as long as it runs. */
static inline int run_test_begin(struct kunit *test, struct run_test *t)
{
	KUNIT_ASSERT_NOT_NULL(test, t);
	t->dev = kunit_device_register(test, "fake-rm");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->dev);
	test->priv = t;

	gunyah_vm_rm_setup(&t->vm.rm, NULL, &rm_ops, &t->host.stats);
	gunyah_vm_io_init(&t->vm.io);
	t->vm.host = &t->host;
	t->vm.rm.vmid = 0x80;
	t->vm.state = GUNYAH_VM_RUNNING;
	INIT_LIST_HEAD(&t->vm.watchers);

	t->res.capid = CAPID;
	t->vcpu.vm = &t->vm;
	t->vcpu.run = &t->run;
	gunyah_vcpu_setup_run(&t->vcpu);
	t->vcpu.watcher.kick = watcher_kick;
	list_add_tail(&t->vcpu.watcher.list, &t->vm.watchers);
	gunyah_vcpu_set_resource(&t->vcpu, &t->res);

	kunit_activate_static_stub(test, gunyah_hypercall_vcpu_run, fake_vcpu_run);
	kunit_activate_static_stub(test, gunyah_rm_dev, fake_dev);
	return 0;
}

static inline int run_test_init(struct kunit *test)
{
	return run_test_begin(test, kunit_kzalloc(test, sizeof(struct run_test), GFP_KERNEL));
}

static inline void run_test_exit(struct kunit *test)
{
	struct run_test *t = test->priv;

	clear_thread_flag(TIF_SIGPENDING);
	clear_thread_flag(TIF_NOTIFY_RESUME);
	gunyah_vm_io_destroy(&t->vm.io);
}

static inline void answer(struct run_test *t, u64 state, u64 data0, u64 data1, u64 data2,
			  unsigned int events)
{
	struct answer *a = &t->answers[t->n_answers++];

	a->result.state = state;
	a->result.data[0] = data0;
	a->result.data[1] = data1;
	a->result.data[2] = data2;
	a->events = events;
}

static inline void answer_error(struct run_test *t, enum gunyah_error error, unsigned int events)
{
	struct answer *a = &t->answers[t->n_answers++];

	a->error = error;
	a->events = events;
}

static inline void answer_read(struct run_test *t, u64 len)
{
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, MMIO, len, 0, EVENT_NONE);
}

static inline void answer_write(struct run_test *t, u64 len, u64 data)
{
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE, MMIO, len, data, EVENT_NONE);
}

static inline void expect_resume(struct kunit *test, unsigned int n, u64 word0, u64 word1)
{
	struct run_test *t = test->priv;

	KUNIT_ASSERT_GT(test, t->n_calls, n);
	KUNIT_EXPECT_EQ(test, t->calls[n].capid, CAPID);
	KUNIT_EXPECT_EQ(test, t->calls[n].resume[0], word0);
	KUNIT_EXPECT_EQ(test, t->calls[n].resume[1], word1);
	KUNIT_EXPECT_EQ(test, t->calls[n].resume[2], 0);
}

static inline void expect_exited(struct kunit *test)
{
	struct run_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_STATUS);
	KUNIT_EXPECT_EQ(test, t->run.status.status, GUNYAH_VM_STATUS_EXITED);
}

#endif
