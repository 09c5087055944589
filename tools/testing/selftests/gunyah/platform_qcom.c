// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module for Qualcomm's firmware (Documentation/virt/gunyah/memory.rst), where the
 * hypervisor says it is Qualcomm's: option ghyp.qcom of the test hypervisor.  There
 * is no firmware, which is what a user sees when its driver is not bound: memory is
 * not given, and nothing is lost by that.  When the module is gone, nobody asks the
 * firmware any more.
 *
 * R64, R82.
 */

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/gunyah_test.h"

#define MODULE		"/sys/module/gunyah_qcom"

TEST(memory_is_given_by_way_of_the_firmware)
{
	struct control_counters before, after;
	struct test_vm vm = {};

	require_gunyah();
	require_control();
	if (access(MODULE, F_OK))
		SKIP(return, "the hypervisor is not Qualcomm's");

	before = control_counters();
	vm_create(&vm, 1);
	EXPECT_EQ(-ENODEV, __vm_start(&vm));
	vm_destroy(&vm);
	after = control_counters();
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));

	/* No memory is given: the module may go, and has been asked for the last time. */
	ASSERT_EQ(0, module_unload("gunyah_qcom"));
	EXPECT_NE(0, access(MODULE, F_OK));
	vm_create(&vm, 1);
	vm_start(&vm);
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);

	/* And it comes back. */
	ASSERT_EQ(0, system("modprobe gunyah_qcom"));
	vm_create(&vm, 1);
	EXPECT_EQ(-ENODEV, __vm_start(&vm));
	vm_destroy(&vm);
}

TEST_HARNESS_MAIN
