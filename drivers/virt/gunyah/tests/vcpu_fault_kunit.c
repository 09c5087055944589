// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of page faults of a vCPU in GUNYAH_VCPU_RUN: memory that is given, that can't
 * be given, and that does not help (R1, R3, R8).
 */
#include <linux/module.h>

#include "../vm_paging.h"
#include "vcpu_test.h"

#define RAM		0x80001000
#define SHM		0x40000000
#define SHM_SIZE	0x10000

/*
 * @t: the first member; @shared: a binding; @ret: what is answered to a fault, with
 * @serial, which is another one each time with @new_serials; @n_faults: how often;
 * @addr, @write: of the last one; @events: what else happens then.
 */
struct fault_test {
	struct run_test t;
	struct gunyah_vm_binding shared;
	int ret;
	u64 serial;
	bool new_serials;
	unsigned int n_faults;
	u64 addr;
	bool write;
	unsigned int events;
};

static struct fault_test *fault_test(struct kunit *test)
{
	return container_of((struct run_test *)test->priv, struct fault_test, t);
}

static int fake_fault(struct gunyah_vm_mem *mem, u64 gpa, bool write, u64 *serial)
{
	struct fault_test *f = fault_test(kunit_get_current_test());

	f->n_faults++;
	f->addr = gpa;
	f->write = write;
	f->serial += f->new_serials;
	*serial = f->serial;
	do_events(&f->t, f->events);
	return f->ret;
}

static int fault_test_init(struct kunit *test)
{
	struct fault_test *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct gunyah_vm_pieces *p;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, f);
	ret = run_test_begin(test, &f->t);
	if (ret)
		return ret;

	f->serial = 1;
	f->shared.gpa = SHM;
	f->shared.size = SHM_SIZE;
	f->shared.flags = GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_READ;
	f->shared.unnamed = true;
	gunyah_vm_mem_init(&f->t.vm.mem);
	f->t.vm.mem.paged = true;
	p = &f->t.vm.mem.pieces;
	scoped_guard(mutex, &f->t.vm.mem.lock) {
		KUNIT_EXPECT_EQ(test, gunyah_vm_pieces_bind(p, &f->shared), 0);
		p->active = true;
	}
	kunit_activate_static_stub(test, gunyah_vm_paging_fault, fake_fault);
	return 0;
}

static void fault_test_exit(struct kunit *test)
{
	struct fault_test *f;

	if (!test->priv)
		return;

	f = fault_test(test);
	scoped_guard(mutex, &f->t.vm.mem.lock)
		gunyah_vm_pieces_end(&f->t.vm.mem.pieces);
	run_test_exit(test);
}

static void answer_fault(struct run_test *t, u64 write)
{
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, RAM, write, 0, EVENT_NONE);
}

struct given_case {
	const char *name;
	u64 state;
	u64 addr;
	u64 data1;
	bool write;
};

static const struct given_case given_cases[] = {
	{ "read", GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, RAM, 0, false },
	{ "write", GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, RAM, 1, true },
	{ "read of shared memory", GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, SHM, 8, false },
	{ "write to shared memory", GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE,
	  SHM + SHM_SIZE - 4, 4, true },
	/* Only a device's access has a length that matters. */
	{ "odd length", GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, SHM, 3, false },
};

KUNIT_ARRAY_PARAM_DESC(given, given_cases, name);

/* Without an exit: the guest tries again. */
static void given(struct kunit *test)
{
	const struct given_case *c = test->param_value;
	struct fault_test *f = fault_test(test);

	answer(&f->t, c->state, c->addr, c->data1, 0, EVENT_NONE);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, f->n_faults, 1);
	KUNIT_EXPECT_EQ(test, f->addr, c->addr);
	KUNIT_EXPECT_EQ(test, f->write, c->write);
	expect_resume(test, 1, 0, GUNYAH_VCPU_ACTION_RETRY);
}

/* A device beside shared memory is one all the same. */
static void device(struct kunit *test)
{
	struct fault_test *f = fault_test(test);

	answer(&f->t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, SHM + SHM_SIZE, 4, 0, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&f->t.vcpu), 0);
	KUNIT_EXPECT_EQ(test, f->t.run.exit_reason, GUNYAH_VCPU_EXIT_MMIO);
	KUNIT_EXPECT_EQ(test, f->n_faults, 0);
}

/* Shared memory is unbound while the vCPU waits for its turn. */
static void device_by_now(struct kunit *test)
{
	struct fault_test *f = fault_test(test);

	f->ret = -ENOENT;
	answer(&f->t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, SHM, 4, 0, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&f->t.vcpu), 0);
	KUNIT_EXPECT_EQ(test, f->t.run.exit_reason, GUNYAH_VCPU_EXIT_MMIO);
	KUNIT_EXPECT_EQ(test, f->t.run.mmio.phys_addr, SHM);
	KUNIT_EXPECT_EQ(test, f->n_faults, 1);
}

struct refused_case {
	const char *name;
	int ret;
	u64 state;
	u64 addr;
};

static const struct refused_case refused_cases[] = {
	{ "mapped", -EBUSY, GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, RAM },
	{ "nothing there", -ENOENT, GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, RAM },
	{ "no memory", -ENOMEM, GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT, RAM },
	{ "read only", -EACCES, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE, SHM },
};

KUNIT_ARRAY_PARAM_DESC(refused, refused_cases, name);

/* The monitor is told why, and its answer goes to the hypervisor. */
static void refused(struct kunit *test)
{
	const struct refused_case *c = test->param_value;
	struct fault_test *f = fault_test(test);
	struct run_test *t = &f->t;

	f->ret = c->ret;
	answer(t, c->state, c->addr, 4, 0, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), 0);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_PAGE_FAULT);
	KUNIT_EXPECT_EQ(test, t->run.page_fault.phys_addr, c->addr);
	KUNIT_EXPECT_EQ(test, t->run.page_fault.attempt, c->ret);
	KUNIT_EXPECT_EQ(test, t->run.page_fault.resume_action, GUNYAH_VCPU_RESUME_FAULT);

	t->run.page_fault.resume_action = GUNYAH_VCPU_RESUME_RETRY;
	f->ret = 0;
	answer(t, c->state, c->addr, 4, 0, EVENT_NONE);
	expect_exited(test);
	expect_resume(test, 1, 0, GUNYAH_VCPU_ACTION_RETRY);
	expect_resume(test, 2, 0, GUNYAH_VCPU_ACTION_RETRY);
}

/* R1: a signal while the lock is waited for: the fault happens again. */
static void signal_while_waiting(struct kunit *test)
{
	struct fault_test *f = fault_test(test);
	struct run_test *t = &f->t;

	f->ret = -EINTR;
	f->events = EVENT_SIGNAL;
	answer_fault(t, 1);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINTR);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);

	clear_thread_flag(TIF_SIGPENDING);
	f->ret = 0;
	f->events = EVENT_NONE;
	answer_fault(t, 1);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, f->n_faults, 2);
	expect_resume(test, 1, 0, GUNYAH_VCPU_ACTION_RETRY);
}

/* R8: memory that the guest has and can't use is an exit, in the end. */
static void refault(struct kunit *test)
{
	struct fault_test *f = fault_test(test);
	struct run_test *t = &f->t;
	int runs;

	/* More than the double has answers for, so some at a time. */
	for (runs = 0; runs < 20; runs++) {
		t->n_calls = 0;
		t->n_answers = 0;
		answer_fault(t, 0);
		answer(t, GUNYAH_VCPU_STATE_READY, 0, 0, 0, EVENT_SIGNAL);
		if (!gunyah_vcpu_run(&t->vcpu))
			break;
		clear_thread_flag(TIF_SIGPENDING);
	}
	KUNIT_EXPECT_EQ(test, f->n_faults, 18);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_PAGE_FAULT);
	KUNIT_EXPECT_EQ(test, t->run.page_fault.attempt, -EFAULT);
}

/* Given anew each time (somebody reclaims it): that is no endless loop of one fault. */
static void given_again_and_again(struct kunit *test)
{
	struct fault_test *f = fault_test(test);
	struct run_test *t = &f->t;
	int runs;

	f->new_serials = true;
	for (runs = 0; runs < 40; runs++) {
		t->n_calls = 0;
		t->n_answers = 0;
		answer_fault(t, 0);
		answer(t, GUNYAH_VCPU_STATE_READY, 0, 0, 0, EVENT_SIGNAL);
		KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EINTR);
		clear_thread_flag(TIF_SIGPENDING);
	}
	KUNIT_EXPECT_EQ(test, f->n_faults, 40);
}

/* The VM ended meanwhile: its status is what there is to say. */
static void vm_ended(struct kunit *test)
{
	struct fault_test *f = fault_test(test);

	f->ret = -EAGAIN;
	f->events = EVENT_VM_EXITS;
	answer_fault(&f->t, 1);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, f->t.n_calls, 1);
}

static void vm_ended_and_refused(struct kunit *test)
{
	struct fault_test *f = fault_test(test);

	f->ret = -EOPNOTSUPP;
	f->events = EVENT_VM_EXITS;
	answer_fault(&f->t, 1);
	expect_exited(test);
	KUNIT_EXPECT_EQ(test, f->t.n_calls, 1);
}

struct over_case {
	const char *name;
	unsigned int events;
};

static const struct over_case over_cases[] = {
	{ "is reset", EVENT_VM_RESETS },
	{ "runs again", EVENT_VM_RUNS_AGAIN },
};

KUNIT_ARRAY_PARAM_DESC(over, over_cases, name);

/* R2: what was shared is forgotten by then: it is no device's address for all that. */
static void run_is_over(struct kunit *test)
{
	const struct over_case *c = test->param_value;
	struct fault_test *f = fault_test(test);
	struct run_test *t = &f->t;

	t->vm.mem.pieces.active = false;
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ, SHM, 4, 0, c->events);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
	KUNIT_EXPECT_EQ(test, t->n_calls, 1);
}

/* The same with the bindings gone when it is looked what is there. */
static void run_is_over_by_now(struct kunit *test)
{
	struct fault_test *f = fault_test(test);
	struct run_test *t = &f->t;

	f->ret = -ENOENT;
	f->events = EVENT_VM_RESETS;
	answer(t, GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE, SHM, 4, 0, EVENT_NONE);
	KUNIT_EXPECT_EQ(test, gunyah_vcpu_run(&t->vcpu), -EBUSY);
	KUNIT_EXPECT_EQ(test, t->run.exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);
	KUNIT_EXPECT_EQ(test, f->n_faults, 1);
}

static struct kunit_case vcpu_fault_cases[] = {
	KUNIT_CASE_PARAM(given, given_gen_params),
	KUNIT_CASE(device),
	KUNIT_CASE(device_by_now),
	KUNIT_CASE_PARAM(refused, refused_gen_params),
	KUNIT_CASE(signal_while_waiting),
	KUNIT_CASE(refault),
	KUNIT_CASE(given_again_and_again),
	KUNIT_CASE(vm_ended),
	KUNIT_CASE(vm_ended_and_refused),
	KUNIT_CASE_PARAM(run_is_over, over_gen_params),
	KUNIT_CASE(run_is_over_by_now),
	{}
};

static struct kunit_suite vcpu_fault_suite = {
	.name = "gunyah_vcpu_fault",
	.init = fault_test_init,
	.exit = fault_test_exit,
	.test_cases = vcpu_fault_cases,
};

kunit_test_suite(vcpu_fault_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("KUnit tests of page faults of Gunyah vCPUs");
MODULE_LICENSE("GPL");
