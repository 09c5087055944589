// SPDX-License-Identifier: GPL-2.0-only
/* User memory that the resource manager refuses, or does not give back: R20, R64. */
#include "../kselftest_harness.h"
#include "lib/paged.h"
#include "lib/sweep.h"
#include "lib/user_mem.h"

FIXTURE(refused)
{
	struct test_vm vm;
	struct sweep_state before;
	char *mem;
	unsigned long locked;
};

FIXTURE_SETUP(refused)
{
	require_gunyah();
	require_user_mem();
	require_control();
	control_clear(-1);
	self->locked = locked_pages();
	self->before = sweep_state();
	/* The host's tables are split where the process's pages are, which is anywhere. */
	self->before.pool_pages = 0;
	self->mem = map_lendable(GUEST_SIZE);
	vm_create_user(&self->vm, self->mem);
}

FIXTURE_TEARDOWN(refused)
{
	control_clear(-1);
}

/* R20, R64 */
TEST_F(refused, lend_is_refused)
{
	static const struct cost nothing;
	struct sweep_state now;

	MSG_RULE(MSG_MEM_LEND, CTL_REFUSE, .p = { RM_NORESOURCE });
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(self->locked + GUEST_PAGES, locked_pages());
	/* It is the process's, and the kernel's, as it was. */
	vm_write(&self->vm, self->mem);
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&self->vm);
	EXPECT_EQ(self->locked, locked_pages());
	now = sweep_state();
	EXPECT_TRUE(sweep_same("lend refused", &self->before, &nothing, &now));
	munmap(self->mem, GUEST_SIZE);
}

/*
 * R64: lost pages stay pinned and charged, and nobody gets them again.  Nobody takes
 * back from a guest either what it was given page by page.
 */
TEST_F(refused, reclaim_is_refused)
{
	const struct cost cost = {
		.pages = VM_PAGES, .vmids = 1, .parcels = !paging_there(),
		.leaked_pages = VM_PAGES, .lost_vmids = 1,
	};
	struct sweep_state now;

	vm_start(&self->vm);
	/* It has all of it. */
	agent_do(&self->vm.vcpu[0], AGENT_SUM, GUEST_BASE, GUEST_SIZE, 0);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	MSG_RULE(MSG_MEM_RECLAIM, CTL_REFUSE, .p = { RM_NORESOURCE });
	CALL_RULE(CALL_DONATE, CTL_CALL_RESULT, .times = CTL_FOREVER, .p = { HYP_DENIED });
	EXPECT_EQ(-EIO, __vm_reset(&self->vm));
	now = sweep_state();
	EXPECT_TRUE(sweep_same("reclaim refused", &self->before, &cost, &now));
	control_clear(-1);

	/* The region can be taken out; what is behind it can't be had again. */
	EXPECT_EQ(0, __remove_user_mem(self->vm.fd, RAM_LABEL));
	EXPECT_EQ(self->locked + GUEST_PAGES, locked_pages());
	EXPECT_EQ(-EEXIST, __set_user_mem(self->vm.fd, 1, USER_RW, SHARED, PAGE, self->mem));
	vm_destroy(&self->vm);
	EXPECT_EQ(self->locked + GUEST_PAGES, locked_pages());
	munmap(self->mem, GUEST_SIZE);
	clean_up();
}

TEST_HARNESS_MAIN
