// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of GUNYAH_VCPU_RUN: exits, their answers, and errors (R1 to R5, R8 to R10,
 * R14, R15).
 */
#include <linux/module.h>

#include "vcpu_test.h"

struct mmio_case {
	const char *name;
	u64 len;
	u64 value;
	u64 cut;
};

static const struct mmio_case mmio_cases[] = {
	{ "1 byte", 1, 0x8899aabbccddeeff, 0xff },
	{ "2 bytes", 2, 0x8899aabbccddeeff, 0xeeff },
	{ "4 bytes", 4, 0x8899aabbccddeeff, 0xccddeeff },
	{ "8 bytes", 8, 0x8899aabbccddeeff, 0x8899aabbccddeeff },
};

KUNIT_ARRAY_PARAM_DESC(read, mmio_cases, name);

/* R15: cut to the access; R4: what the page says of the access does not matter. */
static void read(struct kunit *test)
{
	const struct mmio_case *c = test->param_value;
	struct run_test *t = test->priv;
	__le64 value = cpu_to_le64(c->value);

	memset(&t->run.mmio, 0xaa, sizeof(t->run.mmio));
	answer_read(t, c->len);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_MMIO);
	KUNIT_EXPECT_EQ(test, t->run.mmio.phys_addr, MMIO);
	KUNIT_EXPECT_EQ(test, t->run.mmio.len, c->len);
	KUNIT_EXPECT_EQ(test, t->run.mmio.is_write, 0);
	KUNIT_EXPECT_EQ(test, t->run.mmio.resume_action, GUNYAH_VCPU_RESUME_HANDLED);
	KUNIT_EXPECT_EQ(test, t->run.mmio.padding[0] | t->run.mmio.padding[1], 0);

	memcpy(t->run.mmio.data, &value, sizeof(value));
	t->run.mmio.len = 8;
	t->run.mmio.is_write = 1;
	t->run.mmio.phys_addr = 0;
	answer(t, GUNYAH_VCPU_STATE_READY, 0, 0, 0, EVENT_NONE);
	expect_exited(test);

	/* Used by the call that brings it; the next brings nothing (fact 52). */
	expect_resume(test, 0, 0, 0);
	expect_resume(test, 1, c->cut, 0);
	expect_resume(test, 2, 0, 0);
}

KUNIT_ARRAY_PARAM_DESC(write, mmio_cases, name);

static void write(struct kunit *test)
{
	const struct mmio_case *c = test->param_value;
	struct run_test *t = test->priv;
	__le64 cut = cpu_to_le64(c->cut);

	answer_write(t, c->len, c->value);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_MMIO);
	KUNIT_EXPECT_EQ(test, t->run.mmio.len, c->len);
	KUNIT_EXPECT_EQ(test, t->run.mmio.is_write, 1);
	KUNIT_EXPECT_MEMEQ(test, t->run.mmio.data, &cut, sizeof(cut));

	/* Nothing of the page goes back as data. */
	expect_exited(test);
	expect_resume(test, 1, 0, 0);
}

struct len_case {
	const char *name;
	u64 len;
};

static const struct len_case len_cases[] = {
	{ "0", 0 }, { "3", 3 }, { "5", 5 }, { "7", 7 }, { "9", 9 }, { "16", 16 },
	{ "2^32 + 4", BIT_ULL(32) | 4 }, { "all ones", U64_MAX },
};

KUNIT_ARRAY_PARAM_DESC(bad_len, len_cases, name);

/* R14 */
static void bad_len(struct kunit *test)
{
	const struct len_case *c = test->param_value;
	struct run_test *t = test->priv;

	answer_read(t, c->len);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EIO);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
	answer_write(t, c->len, 1);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EIO);
	expect_exited(test);
}

struct action_case {
	const char *name;
	u8 action;
	int ret;
	u64 word1;
};

static const struct action_case action_cases[] = {
	{ "handled", GUNYAH_VCPU_RESUME_HANDLED, 0, GUNYAH_VCPU_ACTION_EMULATE },
	{ "fault", GUNYAH_VCPU_RESUME_FAULT, 0, GUNYAH_VCPU_ACTION_FAULT },
	{ "retry", GUNYAH_VCPU_RESUME_RETRY, 0, GUNYAH_VCPU_ACTION_RETRY },
	{ "3", 3, -EINVAL, 0 },
	{ "255", 255, -EINVAL, 0 },
};

KUNIT_ARRAY_PARAM_DESC(action, action_cases, name);

/* R3: an unknown one leaves the exit pending. */
static void action(struct kunit *test)
{
	const struct action_case *c = test->param_value;
	struct run_test *t = test->priv;

	answer_read(t, 4);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	t->run.mmio.resume_action = c->action;
	t->run.mmio.data[0] = 0x12;
	if (c->ret) {
		KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), c->ret);
		KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
		KUNIT_EXPECT_EQ(test, t->n_calls, 1);
		t->run.mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	}
	expect_exited(test);
	expect_resume(test, 1, 0x12, c->word1);
}

/* R1: whatever the answer is, the end is told; and in the next run there was no exit. */
static void bad_action_at_the_end(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer_read(t, 4);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	t->run.mmio.resume_action = 3;
	do_events(t, EVENT_VM_EXITS);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);

	do_events(t, EVENT_VM_RUNS_AGAIN);
	t->vm.state = GUNYAH_VM_RUNNING;
	t->run.mmio.resume_action = 3;
	expect_exited(test);
	expect_resume(test, 1, 0, 0);
}

static void page_fault(struct kunit *test)
{
	const struct action_case *c = test->param_value;
	struct run_test *t = test->priv;

	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, 0x80001000, 1, 0, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_PAGE_FAULT);
	KUNIT_EXPECT_EQ(test, t->run.page_fault.phys_addr, 0x80001000);
	KUNIT_EXPECT_LT(test, t->run.page_fault.attempt, 0);
	KUNIT_EXPECT_EQ(test, t->run.page_fault.resume_action, GUNYAH_VCPU_RESUME_FAULT);

	t->run.page_fault.resume_action = c->action;
	if (c->ret) {
		KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), c->ret);
		t->run.page_fault.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	}
	expect_exited(test);
	expect_resume(test, 1, 0, c->word1);
}

/* R2: the answer is taken before immediate_exit is looked at. */
static void immediate_exit(struct kunit *test)
{
	struct run_test *t = test->priv;

	t->run.immediate_exit = 1;
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINTR);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
	KUNIT_EXPECT_EQ(test, t->n_calls, 0);

	t->run.immediate_exit = 0;
	answer_read(t, 1);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	t->run.mmio.data[0] = 0x42;
	t->run.immediate_exit = 1;
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINTR);

	/* Too late to change the answer. */
	t->run.mmio.data[0] = 0x43;
	t->run.immediate_exit = 0;
	expect_exited(test);
	expect_resume(test, 1, 0x42, 0);
}

/* R8: an answer is not lost when the hypervisor could not take it. */
static void hypercall_errors(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer_read(t, 1);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	t->run.mmio.data[0] = 0x42;

	answer_error(t, GUNYAH_ERROR_RETRY, EVENT_NONE);
	answer_error(t, GUNYAH_ERROR_BUSY, EVENT_NONE);
	answer_error(t, GUNYAH_ERROR_ARG_INVAL, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
	KUNIT_EXPECT_EQ(test, t->n_calls, 4);

	/* Not taken for no entry: what no hypervisor says yet, and the low half of that mark. */
	answer_error(t, INT_MIN, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINVAL);
	answer_error(t, GUNYAH_ERROR_ARG_INVAL, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINVAL);
	KUNIT_EXPECT_EQ(test, t->n_calls, 6);

	answer_error(t, GUNYAH_ERROR_CSPACE_CAP_NULL, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EACCES);

	expect_exited(test);
	expect_resume(test, 1, 0x42, 0);
	expect_resume(test, 2, 0x42, 0);
	expect_resume(test, 3, 0x42, 0);
	expect_resume(test, 5, 0x42, 0);
}

/* The capability is dead because the VM is: that is what is reported. */
static void error_at_the_end(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer_error(t, GUNYAH_ERROR_CSPACE_CAP_NULL, EVENT_VM_EXITS);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);
}

/* While a VM goes down: busy, then the status (never -EBUSY). */
static void busy_at_the_end(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer_error(t, GUNYAH_ERROR_BUSY, EVENT_NONE);
	answer_error(t, GUNYAH_ERROR_BUSY, EVENT_NONE);
	answer_error(t, GUNYAH_ERROR_BUSY, EVENT_VM_EXITS);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, t->n_calls, 3);
}

struct state_case {
	const char *name;
	u64 state;
	int ret;
	unsigned int events;
	unsigned int calls;
};

static const struct state_case state_cases[] = {
	{ "READY", GUNYAH_VCPU_STATE_READY, 0, EVENT_NONE, 2 },
	{ "BLOCKED", GUNYAH_VCPU_STATE_BLOCKED, 0, EVENT_NONE, 2 },
	{ "WFI, woken", GUNYAH_VCPU_STATE_EXPECTS_WAKEUP, 0, EVENT_WAKE, 2 },
	{ "WFI, VM exits", GUNYAH_VCPU_STATE_EXPECTS_WAKEUP, 0, EVENT_VM_EXITS, 1 },
	{ "WFI, VM closes", GUNYAH_VCPU_STATE_EXPECTS_WAKEUP, -EBUSY, EVENT_VM_CLOSES, 1 },
	{ "WFI, VM runs again", GUNYAH_VCPU_STATE_EXPECTS_WAKEUP, -EBUSY, EVENT_VM_RUNS_AGAIN, 1 },
	{ "WFI, removed", GUNYAH_VCPU_STATE_EXPECTS_WAKEUP, -ENODEV, EVENT_REMOVED, 1 },
	{ "WFI, unbound", GUNYAH_VCPU_STATE_EXPECTS_WAKEUP, -ENODEV, EVENT_NO_RESOURCE, 1 },
	{ "off, woken", GUNYAH_VCPU_STATE_POWERED_OFF, 0, EVENT_WAKE, 2 },
	{ "off, VM exits", GUNYAH_VCPU_STATE_POWERED_OFF, 0, EVENT_VM_EXITS, 1 },
	{ "reset", GUNYAH_VCPU_STATE_PSCI_SYSTEM_RESET, 0, EVENT_VM_EXITS, 1 },
	{ "unknown 8", 8, -EIO, EVENT_NONE, 1 },
	{ "unknown 0x101", 0x101, -EIO, EVENT_NONE, 1 },
	{ "unknown, all ones", U64_MAX, -EIO, EVENT_NONE, 1 },
	{ "READY, VM closes", GUNYAH_VCPU_STATE_READY, -EBUSY, EVENT_VM_CLOSES, 1 },
	{ "READY, removed", GUNYAH_VCPU_STATE_READY, -ENODEV, EVENT_REMOVED, 1 },
};

KUNIT_ARRAY_PARAM_DESC(state, state_cases, name);

/* R8, R9 */
static void state(struct kunit *test)
{
	const struct state_case *c = test->param_value;
	struct run_test *t = test->priv;

	answer(t, c->state, 0, 0, 0, c->events);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), c->ret);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason,
			c->ret ? GUNYAH_VCPU_EXIT_UNKNOWN : GUNYAH_VCPU_EXIT_STATUS);
	KUNIT_EXPECT_EQ(test, t->n_calls, c->calls);
}

/* R1: what the hypervisor told is reported, whatever happened meanwhile. */
static void exit_is_not_lost(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE, MMIO, 4, 0x77, EVENT_VM_EXITS);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_MMIO);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);
}

struct status_case {
	const char *name;
	enum gunyah_vm_state state;
	bool crashed;
	bool load_failed;
	struct gunyah_rm_vm_exited exited;
	int ret;
	u32 status;
	u32 reason_size;
};

static const struct status_case status_cases[] = {
	{ "not started", GUNYAH_VM_NOT_STARTED, false, false, {}, -ENODEV, 0, 0 },
	{ "starting", GUNYAH_VM_STARTING, false, false, {}, -ENODEV, 0, 0 },
	{ "exited", GUNYAH_VM_EXITED, false, false, { 1, 4, { 1, 2, 3, 4 } }, 0,
	  GUNYAH_VM_STATUS_EXITED, 4 },
	{ "exited, long reason", GUNYAH_VM_EXITED, false, false,
	  { 3, 16, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } }, 0,
	  GUNYAH_VM_STATUS_EXITED, 8 },
	{ "exited, unknown type", GUNYAH_VM_EXITED, false, false, { 0xffff, 0, {} }, 0,
	  GUNYAH_VM_STATUS_EXITED, 0 },
	{ "crashed", GUNYAH_VM_EXITED, true, false, { 5, 4, { 1 } }, 0,
	  GUNYAH_VM_STATUS_CRASHED, 0 },
	{ "start failed", GUNYAH_VM_NOT_STARTED, false, true, {}, 0,
	  GUNYAH_VM_STATUS_LOAD_FAILED, 0 },
	{ "start failed, cleaning up", GUNYAH_VM_ENDING, false, true, {}, 0,
	  GUNYAH_VM_STATUS_LOAD_FAILED, 0 },
	{ "start refused", GUNYAH_VM_ENDING, false, false, {}, -ENODEV, 0, 0 },
	{ "resetting", GUNYAH_VM_RESETTING, false, false, { 1 }, -EBUSY, 0, 0 },
	{ "resetting after a crash", GUNYAH_VM_RESETTING, true, false, {}, -EBUSY, 0, 0 },
	{ "closing", GUNYAH_VM_CLOSING, false, false, {}, -EBUSY, 0, 0 },
	{ "closing after a failed start", GUNYAH_VM_CLOSING, false, true, {}, -EBUSY, 0, 0 },
	{ "gone", GUNYAH_VM_GONE, true, true, {}, -ENODEV, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(status, status_cases, name);

/* R5, R10: the same content each time, written anew each time. */
static void status(struct kunit *test)
{
	const struct status_case *c = test->param_value;
	struct run_test *t = test->priv;
	int i;

	t->vm.state = c->state;
	t->vm.crashed = c->crashed;
	t->vm.load_failed = c->load_failed;
	t->vm.rm.exited = c->exited;

	for (i = 0; i < 2; i++) {
		memset(&t->run.exit_reason, 0xaa,
		       sizeof(t->run) - offsetof(struct gunyah_vcpu_run, exit_reason));
		KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), c->ret);
		if (c->ret) {
			KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
			continue;
		}
		KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_STATUS);
		KUNIT_EXPECT_EQ(test, t->run.status.status, c->status);
		KUNIT_EXPECT_EQ(test, t->run.status.exit_info.reason_size, c->reason_size);
		KUNIT_EXPECT_MEMEQ(test, t->run.status.exit_info.reason, c->exited.reason,
				   c->reason_size);
		KUNIT_EXPECT_NULL(test, memchr_inv(t->run.status.exit_info.reason +
						   c->reason_size, 0, 8 - c->reason_size));
		if (c->status == GUNYAH_VM_STATUS_EXITED)
			KUNIT_EXPECT_EQ(test, t->run.status.exit_info.type, c->exited.type);
	}
	KUNIT_EXPECT_EQ(test, t->n_calls, 0);
}

/* A vCPU that can't go on is the end of the VM, for all its vCPUs. */
static void fault(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer(t, GUNYAH_VCPU_STATE_FAULT, 0, 0, 0, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_STATUS);
	KUNIT_EXPECT_EQ(test, t->run.status.status, GUNYAH_VM_STATUS_CRASHED);
	KUNIT_EXPECT_EQ(test, t->vm.state, GUNYAH_VM_EXITED);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);
}

static void no_resource(struct kunit *test)
{
	struct run_test *t = test->priv;

	gunyah_vcpu_clear_resource(&t->vcpu);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -ENODEV);
	KUNIT_EXPECT_EQ(test, t->n_calls, 0);
}

/* R2: an exit of one run is not answered in the next. */
static void new_run(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer_read(t, 4);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	t->run.mmio.data[0] = 0x12;
	t->run.mmio.resume_action = 77;

	gunyah_vcpu_clear_resource(&t->vcpu);
	do_events(t, EVENT_VM_RUNS_AGAIN);
	gunyah_vcpu_set_resource(&t->vcpu, &t->res);
	expect_exited(test);
	expect_resume(test, 1, 0, 0);
}

/* R2: neither is an answer that was taken, and not brought yet, brought there. */
static void answer_of_another_run(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer_read(t, 4);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	t->run.mmio.data[0] = 0x12;
	t->run.immediate_exit = 1;
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINTR);
	t->run.immediate_exit = 0;

	do_events(t, EVENT_VM_RUNS_AGAIN);
	expect_exited(test);
	expect_resume(test, 1, 0, 0);
}

/* What was the end of one run is not that of the next. */
static void fault_overtaken_by_a_reset(struct kunit *test)
{
	struct run_test *t = test->priv;

	answer(t, GUNYAH_VCPU_STATE_FAULT, 0, 0, 0, EVENT_VM_RUNS_AGAIN);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->vm.state, GUNYAH_VM_RUNNING);
	KUNIT_EXPECT_FALSE(test, t->vm.crashed);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);
	expect_exited(test);
}

struct io_handler {
	struct gunyah_vm_io_handler handler;
	unsigned int count;
};

static int io_write(struct gunyah_vm_io_handler *handler, u64 addr, u32 len, u64 data)
{
	container_of(handler, struct io_handler, handler)->count++;
	return 0;
}

static const struct gunyah_vm_io_ops io_ops = {
	.write = io_write,
};

/* A write that the kernel handles is no exit; a read of the same address is. */
static void handled_write(struct kunit *test)
{
	struct io_handler h = { .handler.ops = &io_ops };
	struct run_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, gunyah_vm_io_make_key(&h.handler.key, MMIO, 4, NULL), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_io_add(&t->vm.io, &h.handler), 0);
	answer_write(t, 4, 1);
	answer_write(t, 4, 2);
	answer_read(t, 4);
	answer_write(t, 2, 3);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_MMIO);
	KUNIT_EXPECT_EQ(test, t->run.mmio.is_write, 0);
	KUNIT_EXPECT_EQ(test, h.count, 2);
	expect_resume(test, 1, 0, 0);

	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.mmio.is_write, 1);
	KUNIT_EXPECT_EQ(test, t->run.mmio.len, 2);
	KUNIT_EXPECT_EQ(test, h.count, 2);
	gunyah_vm_io_remove(&t->vm.io, &h.handler);
}

/* R2, R5: an access of the guest that was is not one of the guest that is there now. */
static void access_overtaken_by_a_reset(struct kunit *test)
{
	struct io_handler h = { .handler.ops = &io_ops };
	struct run_test *t = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, gunyah_vm_io_make_key(&h.handler.key, MMIO, 4, NULL), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_io_add(&t->vm.io, &h.handler), 0);
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE, MMIO, 4, 1, EVENT_VM_RUNS_AGAIN);
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE, MMIO + 4, 4, 1, EVENT_VM_RUNS_AGAIN);
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, MMIO, 4, 0, EVENT_VM_RUNS_AGAIN);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EBUSY);
		KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
		KUNIT_EXPECT_EQ(test, t->n_calls, i + 1);
	}
	KUNIT_EXPECT_EQ(test, h.count, 0);
	expect_exited(test);
	expect_resume(test, 3, 0, 0);
	gunyah_vm_io_remove(&t->vm.io, &h.handler);
}

static struct kunit_case vcpu_run_cases[] = {
	KUNIT_CASE_PARAM(read, read_gen_params),
	KUNIT_CASE_PARAM(write, write_gen_params),
	KUNIT_CASE_PARAM(bad_len, bad_len_gen_params),
	KUNIT_CASE_PARAM(action, action_gen_params),
	KUNIT_CASE(bad_action_at_the_end),
	KUNIT_CASE_PARAM(page_fault, action_gen_params),
	KUNIT_CASE(immediate_exit),
	KUNIT_CASE(hypercall_errors),
	KUNIT_CASE(error_at_the_end),
	KUNIT_CASE(busy_at_the_end),
	KUNIT_CASE_PARAM(state, state_gen_params),
	KUNIT_CASE(exit_is_not_lost),
	KUNIT_CASE_PARAM(status, status_gen_params),
	KUNIT_CASE(fault),
	KUNIT_CASE(no_resource),
	KUNIT_CASE(new_run),
	KUNIT_CASE(answer_of_another_run),
	KUNIT_CASE(access_overtaken_by_a_reset),
	KUNIT_CASE(fault_overtaken_by_a_reset),
	KUNIT_CASE(handled_write),
	{}
};

static struct kunit_suite vcpu_run_suite = {
	.name = "gunyah_vcpu_run",
	.init = run_test_init,
	.exit = run_test_exit,
	.test_cases = vcpu_run_cases,
};

kunit_test_suite(vcpu_run_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of running Gunyah vCPUs");
MODULE_LICENSE("GPL");
