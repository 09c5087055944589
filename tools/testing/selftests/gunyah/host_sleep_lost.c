// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that did not come back is in the way of hibernation also when the driver is unbound
 * (R68), for an image has it all.  Needs CONFIG_HIBERNATION.
 */
#include "../kselftest_harness.h"
#include "lib/paged.h"

#define STATE		"/sys/power/state"

FIXTURE(lost)
{
	__u64 leaked;
};

FIXTURE_SETUP(lost)
{
	struct test_vm vm = {};

	require_gunyah();
	require_control();
	control_clear(-1);
	self->leaked = bytes_leaked();
	vm_create(&vm, 1);
	vm_start(&vm);
	agent_do(&vm.vcpu[0], AGENT_FILL, GUEST_BASE + GUEST_SIZE - PAGE, PAGE, 1);
	if (paging_there())
		CALL_RULE(CALL_DONATE, CTL_CALL_RESULT, .times = CTL_FOREVER, .p = { HYP_DENIED });
	else
		MSG_RULE(MSG_MEM_RECLAIM, CTL_REFUSE, .times = CTL_FOREVER, .p = { RM_NORESOURCE });
	vm_destroy(&vm);
	control_clear(-1);
}

FIXTURE_TEARDOWN(lost)
{
	EXPECT_TRUE(control_revive(true));
	control_reclaim();
	EXPECT_TRUE(driver_bind());
}

TEST_F(lost, hibernation_is_refused)
{
	EXPECT_LT(self->leaked, bytes_leaked());
	EXPECT_EQ(-EBUSY, write_file(STATE, "disk"));
	EXPECT_TRUE(driver_unbind());
	EXPECT_EQ(-EBUSY, write_file(STATE, "disk"));
}

TEST_HARNESS_MAIN
