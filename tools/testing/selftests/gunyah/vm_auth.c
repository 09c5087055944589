// SPDX-License-Identifier: GPL-2.0-only
/*
 * Authentication of a VM's image (R29): arguments, what the resource manager of
 * the test hypervisor says to each type, and what becomes of the memory (R63).
 *
 * As the published resource manager on this platform it authenticates whatever it
 * is shown, has one fixed vmid to give, and no firmware for protected VMs.
 */
#include "../kselftest_harness.h"
#include "lib/auth.h"
#include "lib/sweep.h"

#define SCRATCH			(GUEST_BASE + SZ_2M / 2)

FIXTURE(auth)
{
	struct test_vm vm;
};

FIXTURE_SETUP(auth)
{
	require_gunyah();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(auth)
{
	vm_destroy(&self->vm);
}

/* ---- arguments ---- */

TEST_F(auth, all_types_are_there)
{
	EXPECT_EQ(7, __ioctl(self->vm.fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_AUTH_TYPES));
	EXPECT_EQ(7, __ioctl(self->vm.dev_fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_AUTH_TYPES));
}

/* R71 */
TEST_F(auth, argument_of_a_trusted_vm)
{
	static const struct {
		struct gunyah_vm_qtvm_auth_arg arg;
		int ret;
	} cases[] = {
		{ { FIXED_VMID, 0, PAS_ID, GUEST_BASE, 1 }, 0 },
		{ { 0, 0, 0, 0, ~0ULL }, 0 },
		{ { FIXED_VMID, 1, PAS_ID, GUEST_BASE, SZ_4K }, -EINVAL },
		{ { FIXED_VMID, 0xffff, PAS_ID, GUEST_BASE, SZ_4K }, -EINVAL },
		{ { FIXED_VMID, 0, PAS_ID, GUEST_BASE, 0 }, -EINVAL },
		{ { FIXED_VMID, 0, PAS_ID, GUEST_BASE + 1, SZ_4K }, -EINVAL },
		{ { FIXED_VMID, 0, PAS_ID, SZ_4K, ~0ULL }, -EOVERFLOW },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		EXPECT_EQ(cases[i].ret,
			  __set_auth(self->vm.fd, GUNYAH_VM_AUTH_QCOM_TRUSTED_VM, &cases[i].arg,
				     sizeof(cases[i].arg))) {
			TH_LOG("case %u", i);
		}
	}
}

/* R71 */
TEST_F(auth, argument_of_a_protected_vm)
{
	EXPECT_EQ(0, __set_protected(&self->vm, GUEST_BASE, SZ_4K));
	EXPECT_EQ(0, __set_protected(&self->vm, 0, SZ_2M));
	EXPECT_EQ(-EINVAL, __set_protected(&self->vm, GUEST_BASE, 0));
	EXPECT_EQ(-EINVAL, __set_protected(&self->vm, GUEST_BASE, SZ_4K - 1));
	EXPECT_EQ(-EINVAL, __set_protected(&self->vm, GUEST_BASE + 8, SZ_4K));
	EXPECT_EQ(-EOVERFLOW, __set_protected(&self->vm, -SZ_4K, 2 * SZ_4K));
}

TEST_F(auth, size_and_address_of_the_argument)
{
	static const __u32 sizes[] = {
		[GUNYAH_VM_AUTH_QCOM_TRUSTED_VM] = sizeof(struct gunyah_vm_qtvm_auth_arg),
		[GUNYAH_VM_AUTH_QCOM_ANDROID_PVM] = sizeof(struct gunyah_vm_firmware_config),
	};
	char arg[32] = {};
	__u32 type, size;

	for (type = 1; type <= 2; type++) {
		for (size = 0; size <= sizeof(arg); size++) {
			/* Of the right size it is all zeroes, which is no range. */
			EXPECT_EQ(-EINVAL, __set_auth(self->vm.fd, type, arg, size));
		}
		EXPECT_EQ(-EINVAL, __set_auth(self->vm.fd, type, arg, ~0U));
		EXPECT_EQ(-EFAULT, __set_auth(self->vm.fd, type, (void *)8, sizes[type]));
		EXPECT_EQ(-EFAULT, __set_auth(self->vm.fd, type, NULL, sizes[type]));
	}
	EXPECT_EQ(-EINVAL, __set_auth(self->vm.fd, 3, arg, 0));
	EXPECT_EQ(-EINVAL, __set_auth(self->vm.fd, ~0U, arg, 0));
}

/* A call that fails changes nothing, and the last one that succeeds counts. */
TEST_F(auth, the_last_one_counts)
{
	ASSERT_EQ(0, __set_protected(&self->vm, GUEST_BASE, SZ_4K));
	ASSERT_EQ(0, __set_none(&self->vm));
	EXPECT_EQ(-EINVAL, __set_protected(&self->vm, GUEST_BASE, 0));
	ASSERT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(-EBUSY, __set_none(&self->vm));
	EXPECT_EQ(-EBUSY, __set_trusted(&self->vm, 0));
	EXPECT_EQ(-EBUSY, __set_protected(&self->vm, GUEST_BASE, SZ_4K));
	/* The argument is looked at first. */
	EXPECT_EQ(-EINVAL, __set_protected(&self->vm, GUEST_BASE, 0));
}

/* ---- trusted VMs ---- */

TEST_F(auth, trusted_vm_runs)
{
	ASSERT_EQ(0, __set_trusted(&self->vm, FIXED_VMID));
	ASSERT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(GUEST_BASE, agent_do(&self->vm.vcpu[0], AGENT_PC, 0, 0, 0));
	EXPECT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
}

/* R63: what it left is not for the host; and the type stands over the reset */
TEST_F(auth, memory_of_a_trusted_vm_is_cleared)
{
	int i;

	ASSERT_EQ(0, __set_trusted(&self->vm, FIXED_VMID));
	for (i = 0; i < 2; i++) {
		vm_start_anew(&self->vm);
		agent_do(&self->vm.vcpu[0], AGENT_STORE, SCRATCH, 8, 0x5ec3e7);
		ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
		ASSERT_EQ(0, __vm_reset(&self->vm));
		EXPECT_EQ(0, words_left(&self->vm));
	}

	/* And not any more. */
	ASSERT_EQ(0, __set_none(&self->vm));
	vm_start_anew(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_STORE, SCRATCH, 8, 0x5ec3e7);
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_NE(0, words_left(&self->vm));
}

TEST_F(auth, memory_of_a_trusted_vm_that_is_closed)
{
	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	ASSERT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_STORE, SCRATCH, 8, 0x5ec3e7);
	munmap(self->vm.vcpu[0].run, SZ_4K);
	close(self->vm.vcpu[0].fd);
	close(self->vm.fd);
	EXPECT_EQ(0, words_left(&self->vm));
	self->vm.fd = create_vm(self->vm.dev_fd);
	vcpu_add(&self->vm, 0);
}

TEST_F(auth, a_vmid_is_one_vms)
{
	struct test_vm other = {};

	vm_create(&other, 1);
	ASSERT_EQ(0, __set_trusted(&self->vm, FIXED_VMID));
	ASSERT_EQ(0, __set_trusted(&other, FIXED_VMID));
	ASSERT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(-ENODEV, __vm_start(&other));
	/* It was never configured: nothing is lost of the memory. */
	EXPECT_NE(0, words_left(&other));

	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(0, __vm_start(&other));
	agent_do(&other.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&other);
}

TEST_F(auth, a_vmid_that_the_resource_manager_has_not)
{
	ASSERT_EQ(0, __set_trusted(&self->vm, 3));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	EXPECT_EQ(0, __vm_start(&self->vm));
}

TEST_F(auth, image_outside_of_its_memory)
{
	struct gunyah_vm_qtvm_auth_arg arg = {
		.guest_phys_addr = GUEST_BASE + GUEST_SIZE - SZ_4K,
		.size = SZ_4K + 1,
	};

	ASSERT_EQ(0, __set_auth(self->vm.fd, GUNYAH_VM_AUTH_QCOM_TRUSTED_VM, &arg, sizeof(arg)));
	EXPECT_EQ(-EINVAL, __vm_start(&self->vm));
	arg.guest_phys_addr = 0;
	ASSERT_EQ(0, __set_auth(self->vm.fd, GUNYAH_VM_AUTH_QCOM_TRUSTED_VM, &arg, sizeof(arg)));
	EXPECT_EQ(-EINVAL, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	vm_load(&self->vm);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* Where it is entered is said by the image: a PC that could not be had is no matter. */
TEST_F(auth, boot_context_is_not_used)
{
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0x100, 0x40000000));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 5, 5));
	ASSERT_EQ(-EOPNOTSUPP, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	ASSERT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(GUEST_BASE, agent_do(&self->vm.vcpu[0], AGENT_PC, 0, 0, 0));
}

/* ---- protected VMs ---- */

/* There is no firmware on this platform: refused, and the VM starts without. */
TEST_F(auth, no_firmware_here)
{
	ASSERT_EQ(0, __set_protected(&self->vm, GUEST_BASE + GUEST_SIZE - SZ_4K, SZ_4K));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(0, words_left(&self->vm));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));

	ASSERT_EQ(0, __set_none(&self->vm));
	vm_start_anew(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

TEST_F(auth, firmware_that_is_nowhere)
{
	ASSERT_EQ(0, __set_protected(&self->vm, GUEST_BASE + GUEST_SIZE - SZ_4K, 2 * SZ_4K));
	EXPECT_EQ(-EINVAL, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_protected(&self->vm, 0, SZ_4K));
	EXPECT_EQ(-EINVAL, __vm_start(&self->vm));
	ASSERT_EQ(0, __set_none(&self->vm));
	/* Nothing was given, and nothing cleared. */
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* ---- what is sent, and what that costs when it fails ---- */

FIXTURE(calls)
{
	struct test_vm vm;
	struct sweep_state before;
};

FIXTURE_SETUP(calls)
{
	struct test_vm first = {};

	require_gunyah();
	require_control();
	control_clear(-1);
	/* The first start of all asks how memory is given. */
	vm_create(&first, 1);
	vm_start(&first);
	vm_destroy(&first);
	self->before = sweep_state();
	vm_create(&self->vm, 1);
	control_mark();
}

FIXTURE_TEARDOWN(calls)
{
	control_clear(-1);
	vm_destroy(&self->vm);
	clean_up();
}

TEST_F(calls, none)
{
	static const struct cost cost;

	ASSERT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_AUTH_IMAGE));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_SET_FIRMWARE_MEM));
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_TRUE(cost_is(&self->before, 1, &cost));
}

TEST_F(calls, trusted)
{
	static const struct cost cost;

	ASSERT_EQ(0, __set_trusted(&self->vm, FIXED_VMID));
	ASSERT_EQ(0, __vm_start(&self->vm));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_AUTH_IMAGE));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_SET_FIRMWARE_MEM));
	ASSERT_EQ(AGENT_STATUS, agent_psci(&self->vm.vcpu[0], PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_TRUE(cost_is(&self->before, 1, &cost));
}

/* R57, R58: an image that was refused: the vmid is given up, and nothing else */
TEST_F(calls, image_is_refused)
{
	static const __u32 errors[] = { RM_DENIED, RM_VALIDATE_FAILED, RM_UNIMPLEMENTED };
	static const struct cost cost = { .vmids = 1, .lost_vmids = 1 };
	unsigned int i;
	int rule;

	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	for (i = 0; i < 3; i++) {
		rule = MSG_RULE(MSG_AUTH_IMAGE, CTL_REFUSE, .p = { errors[i] });
		EXPECT_EQ(errors[i] == RM_UNIMPLEMENTED ? -EOPNOTSUPP : -ENODEV,
			  __vm_start(&self->vm));
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		vm_load(&self->vm);
	}
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_VM_RESET));
	EXPECT_TRUE(cost_is(&self->before, 3, &cost));
	EXPECT_EQ(0, __vm_start(&self->vm));
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R52, R57: authenticated, and the answer was torn */
TEST_F(calls, answer_to_auth_is_torn)
{
	static const struct cost cost = { .vmids = 1, .lost_vmids = 1 };
	int rule = MSG_RULE(MSG_AUTH_IMAGE, CTL_CUT, .p = { 0, 8 });

	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	EXPECT_EQ(-EIO, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	EXPECT_TRUE(cost_is(&self->before, 1, &cost));
	control_clear(rule);
	vm_start_anew(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R58: the way out of AUTH is to authenticate after all */
TEST_F(calls, auth_is_not_sent)
{
	static const struct cost cost;
	int rule;

	/* The fourth message, and each is one piece: ALLOC, LEND, CONFIG come before it. */
	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = 4, .p = { 20 });
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_AUTH_IMAGE));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_VM_RESET));
	EXPECT_TRUE(cost_is(&self->before, 1, &cost));
	control_clear(rule);
	vm_start_anew(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
}

/* R57, R58: the VM is brought to its end, and nothing is lost */
TEST_F(calls, firmware_is_refused)
{
	static const struct cost cost;

	ASSERT_EQ(0, __set_protected(&self->vm, GUEST_BASE, SZ_4K));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_SET_FIRMWARE_MEM));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_AUTH_IMAGE));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_VM_START));
	EXPECT_TRUE(cost_is(&self->before, 1, &cost));

	MSG_RULE(MSG_SET_FIRMWARE_MEM, CTL_REFUSE, .p = { RM_UNIMPLEMENTED });
	EXPECT_EQ(-EOPNOTSUPP, __vm_start(&self->vm));
	EXPECT_TRUE(cost_is(&self->before, 1, &cost));
}

/* Taken, by a rule; but then the start is refused. */
TEST_F(calls, firmware_is_taken)
{
	static const struct cost cost;

	MSG_RULE(MSG_SET_FIRMWARE_MEM, CTL_REFUSE, .p = { RM_OK });
	ASSERT_EQ(0, __set_protected(&self->vm, GUEST_BASE, SZ_4K));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_SET_FIRMWARE_MEM));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_VM_START));
	EXPECT_TRUE(cost_is(&self->before, 1, &cost));
}

/* A firmware of its own, right below RAM: two parcels, and RAM begins where it did. */
TEST_F(calls, firmware_below_ram)
{
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);

	map_mem(self->vm.fd, mem, GUEST_BASE - SZ_2M, SZ_2M, 0, LEND_RWX);
	ASSERT_EQ(0, __set_protected(&self->vm, GUEST_BASE - SZ_2M, SZ_2M));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(2, control_count(CTL_MSG, MSG_MEM_LEND));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_SET_FIRMWARE_MEM));
	close(mem);
}

TEST_HARNESS_MAIN
