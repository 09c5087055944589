// SPDX-License-Identifier: GPL-2.0-only
/*
 * VM_RESET, and the resource manager does not do what it is asked for: refused, done
 * and not answered, answered and not done, dead.  What that costs, what the caller
 * is told, and that a VM of which something is lost is never started again.
 *
 * R5, R10, R20, R23, R57, R58, R64.
 */
#include "../kselftest_harness.h"
#include "lib/sweep.h"

/* The guest ends; or its vCPU can't go on, and the resource manager still runs it. */
static void end_guest(struct test_vm *vm, bool crash)
{
	int rule;

	if (!crash) {
		if (agent_psci(&vm->vcpu[0], PSCI_SYSTEM_OFF, 0, 0) != AGENT_STATUS)
			test_die("the guest did not end");
		return;
	}
	rule = CALL_RULE(CALL_VCPU_RUN, CTL_CALL_RESULT, .p = { 0, STATE_FAULT });
	if (__vcpu_run(&vm->vcpu[0]))
		test_die("VCPU_RUN");
	control_clear(rule);
}

static void start_and_end(struct test_vm *vm, bool crash)
{
	control_clear(-1);
	vm_create(vm, 1);
	vm_start(vm);
	agent_do(&vm->vcpu[0], AGENT_NOP, 0, 0, 0);
	end_guest(vm, crash);
}

/* The VM is there to be closed, and says so. */
static void expect_given_up(struct __test_metadata *_metadata, struct test_vm *vm, int error)
{
	struct gunyah_vcpu_run *run = vm->vcpu[0].run;

	EXPECT_EQ(0, __vcpu_run(&vm->vcpu[0]));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_STATUS, run->exit_reason);
	EXPECT_EQ(GUNYAH_VM_STATUS_CRASHED, run->status.status);
	EXPECT_EQ(-ENODEV, __vm_start(vm));
	EXPECT_EQ(-EBUSY, __set_dtb(vm->fd, GUEST_DTB, SZ_4K));
	control_mark();
	EXPECT_EQ(error, __vm_reset(vm));
	EXPECT_EQ(error, __vm_reset(vm));
	EXPECT_EQ(0, control_count(CTL_MSG, CTL_ANY));
}

/* ---- each message ---- */

FIXTURE(message)
{
	struct test_vm vm;
	struct sweep_state before;
};

FIXTURE_VARIANT(message)
{
	__u32 id;
	unsigned int times;
	bool torn;
	int ret;
	struct cost cost;
};

FIXTURE_VARIANT_ADD(message, stop_refused) { .id = MSG_VM_STOP, .times = 1 };
FIXTURE_VARIANT_ADD(message, stop_refused_twice) {
	.id = MSG_VM_STOP, .times = 2, .ret = -ETIMEDOUT, .cost = ALL_LOST };
FIXTURE_VARIANT_ADD(message, stop_torn) { .id = MSG_VM_STOP, .times = 1, .torn = true };
FIXTURE_VARIANT_ADD(message, reset_refused) { .id = MSG_VM_RESET, .times = 1 };
FIXTURE_VARIANT_ADD(message, reset_refused_twice) {
	.id = MSG_VM_RESET, .times = 2, .ret = -EIO, .cost = ALL_LOST };
FIXTURE_VARIANT_ADD(message, reset_torn) { .id = MSG_VM_RESET, .times = 1, .torn = true };
FIXTURE_VARIANT_ADD(message, reclaim_refused) {
	.id = MSG_MEM_RECLAIM, .times = 1, .ret = -EIO,
	.cost = { .pages = VM_PAGES, .parcels = 1, .leaked_pages = VM_PAGES,
		  .vmids = 1, .lost_vmids = 1 } };
FIXTURE_VARIANT_ADD(message, reclaim_torn) {
	.id = MSG_MEM_RECLAIM, .times = 1, .torn = true, .ret = -EIO,
	.cost = { .leaked_pages = VM_PAGES, .vmids = 1, .lost_vmids = 1 } };
/* A vmid is no loss for who resets: there is another one for the next start. */
FIXTURE_VARIANT_ADD(message, dealloc_refused) {
	.id = MSG_DEALLOC_VMID, .times = 1, .cost = { .vmids = 1, .lost_vmids = 1 } };
FIXTURE_VARIANT_ADD(message, dealloc_torn) {
	.id = MSG_DEALLOC_VMID, .times = 1, .torn = true, .cost = { .lost_vmids = 1 } };

FIXTURE_SETUP(message)
{
	struct test_vm vm = {};

	require_gunyah();
	require_control();
	/* The first start of all asks how memory is given; not in these counts. */
	start_and_end(&vm, false);
	vm_destroy(&vm);
	self->before = sweep_state();
	start_and_end(&self->vm, variant->id == MSG_VM_STOP);
}

FIXTURE_TEARDOWN(message)
{
	control_clear(-1);
	clean_up();
}

/* It fails so many times, and works, or has the cost that it has anywhere. */
TEST_F_TIMEOUT(message, fails, 90)
{
	unsigned int vmid = last_vmid();
	int rule;

	if (variant->torn)
		rule = MSG_RULE(variant->id, CTL_CUT, .times = variant->times, .p = { 0, 8 });
	else
		rule = MSG_RULE(variant->id, CTL_REFUSE, .times = variant->times,
				.p = { RM_NORESOURCE });
	EXPECT_EQ(variant->ret, __vm_reset(&self->vm));
	EXPECT_EQ(variant->times, control_fired(rule));
	EXPECT_TRUE(cost_is(&self->before, 1, &variant->cost));
	control_clear(-1);
	if (variant->ret) {
		expect_given_up(_metadata, &self->vm, variant->ret);
	} else {
		EXPECT_EQ(-ENODEV, __vcpu_run(&self->vm.vcpu[0]));
		vm_start_anew(&self->vm);
		/* R64: none to which memory may still be given, or that may be given twice. */
		if (variant->cost.vmids)
			EXPECT_NE(vmid, last_vmid());
		agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	}
	vm_destroy(&self->vm);
	EXPECT_TRUE(cost_is(&self->before, 1, &variant->cost));
}

/* ---- limits ---- */

FIXTURE(limit)
{
	struct test_vm vm;
	struct sweep_state before;
};

FIXTURE_SETUP(limit)
{
	require_gunyah();
	require_control();
	start_and_end(&self->vm, false);
	vm_destroy(&self->vm);
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(limit)
{
	control_clear(-1);
	clean_up();
}

struct resetter {
	struct test_vm vm;
	pthread_t thread;
	double took;
	int ret;
};

static void *reset_one(void *arg)
{
	struct resetter *r = arg;
	double start = seconds();

	r->ret = __vm_reset(&r->vm);
	r->took = seconds() - start;
	return NULL;
}

/* VM_STOP and VM_RESET are answered, and then nothing comes; both at the same time */
TEST_F_TIMEOUT(limit, nothing_comes_after_the_answer, 90)
{
	static const struct cost both = {
		.pages = 2 * VM_PAGES, .vmids = 2, .parcels = 2, .vms = 2,
		.leaked_pages = 2 * VM_PAGES, .lost_vms = 2, .lost_vmids = 2,
	};
	struct resetter r[2] = {};
	unsigned int vmids[2];
	int i;

	for (i = 0; i < 2; i++) {
		start_and_end(&r[i].vm, i == 0);
		vmids[i] = last_vmid();
	}
	MSG_RULE(MSG_VM_STOP, CTL_REFUSE, .target = vmids[0]);
	MSG_RULE(MSG_VM_RESET, CTL_REFUSE, .target = vmids[1]);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&r[i].thread, NULL, reset_one, &r[i]));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(r[i].thread, NULL));
		EXPECT_EQ(-ETIMEDOUT, r[i].ret);
		EXPECT_LE(30, r[i].took);
		EXPECT_GE(35, r[i].took);
		expect_given_up(_metadata, &r[i].vm, -ETIMEDOUT);
		vm_destroy(&r[i].vm);
	}
	EXPECT_TRUE(cost_is(&self->before, 1, &both));
}

/* RESET_FAILED instead of RESET: nobody waits */
TEST_F(limit, reset_failed)
{
	static const struct cost lost = ALL_LOST;
	__u8 status[8] = { 0, 0, 0, 0, 12 };
	double start;

	start_and_end(&self->vm, false);
	status[0] = last_vmid();
	MSG_RULE(MSG_VM_RESET, CTL_REFUSE);
	MSG_RULE(MSG_VM_RESET, CTL_NOTE, .p = { NOTE_VM_STATUS, 0 }, .data = status,
		 .len = sizeof(status));
	start = seconds();
	EXPECT_EQ(-EIO, __vm_reset(&self->vm));
	EXPECT_GT(5, seconds() - start);
	expect_given_up(_metadata, &self->vm, -EIO);
	vm_destroy(&self->vm);
	EXPECT_TRUE(cost_is(&self->before, 1, &lost));
}

struct vm_exited {
	__u16 vmid;
	__u16 type;
	__u32 reason_size;
};

/* An end that is none (as of a forced stop): it can't be reset, and is given up */
TEST_F(limit, exit_that_is_not_true)
{
	static const struct cost lost = ALL_LOST;
	struct vm_exited exited = { .type = GUNYAH_VM_EXIT_TYPE_FORCED_STOP };
	struct gunyah_vcpu_run *run;

	vm_create(&self->vm, 1);
	run = self->vm.vcpu[0].run;
	vm_start(&self->vm);
	exited.vmid = last_vmid();
	control_notify(NOTE_VM_EXITED, &exited, sizeof(exited));
	agent_post(&self->vm.vcpu[0], AGENT_SPIN, 0, 0, 0);
	ASSERT_EQ(AGENT_STATUS, agent_run(&self->vm.vcpu[0]));
	EXPECT_EQ(GUNYAH_VM_STATUS_EXITED, run->status.status);
	EXPECT_EQ(GUNYAH_VM_EXIT_TYPE_FORCED_STOP, run->status.exit_info.type);
	EXPECT_EQ(-EIO, __vm_reset(&self->vm));
	expect_given_up(_metadata, &self->vm, -EIO);
	vm_destroy(&self->vm);
	EXPECT_TRUE(cost_is(&self->before, 1, &lost));
}

/* ---- the connection dies ---- */

FIXTURE(dead)
{
	struct test_vm vm;
	struct test_vm other;
	struct sweep_state before;
};

FIXTURE_VARIANT(dead)
{
	__u32 id;
	bool crash;
	int ret;
	/* It was reclaimed, or was not, or nobody knows. */
	unsigned int leaked_pages;
};

FIXTURE_VARIANT_ADD(dead, stop) { MSG_VM_STOP, true, -ETIMEDOUT, VM_PAGES };
FIXTURE_VARIANT_ADD(dead, reset) { MSG_VM_RESET, false, -ETIMEDOUT, VM_PAGES };
FIXTURE_VARIANT_ADD(dead, reclaim) { MSG_MEM_RECLAIM, false, -EIO, VM_PAGES };
FIXTURE_VARIANT_ADD(dead, dealloc) { MSG_DEALLOC_VMID, false, -ETIMEDOUT, 0 };

FIXTURE_SETUP(dead)
{
	require_gunyah();
	require_control();
	start_and_end(&self->vm, variant->crash);
	start_and_end(&self->other, false);
	self->before = sweep_state();
}

FIXTURE_TEARDOWN(dead)
{
	control_clear(-1);
	clean_up();
	EXPECT_TRUE(driver_unbind());
	EXPECT_TRUE(driver_bind());
}

/* R50: not answered; then the reset of another VM fails at once */
TEST_F_TIMEOUT(dead, in_a_reset, 60)
{
	double start = seconds();

	MSG_RULE(variant->id, CTL_DROP, .times = CTL_FOREVER);
	EXPECT_EQ(variant->ret, __vm_reset(&self->vm));
	EXPECT_LE(10, seconds() - start);
	EXPECT_GE(15, seconds() - start);
	expect_given_up(_metadata, &self->vm, variant->ret);
	EXPECT_EQ(self->before.leaked_pages + variant->leaked_pages, sweep_state().leaked_pages);
	EXPECT_EQ(self->before.lost_vmids + 1, sweep_state().lost_vmids);

	start = seconds();
	EXPECT_EQ(-EIO, __vm_reset(&self->other));
	EXPECT_GT(5, seconds() - start);
	expect_given_up(_metadata, &self->other, -EIO);
	EXPECT_EQ(self->before.leaked_pages + variant->leaked_pages + VM_PAGES,
		  sweep_state().leaked_pages);
	vm_destroy(&self->vm);
	vm_destroy(&self->other);
}

TEST_HARNESS_MAIN
