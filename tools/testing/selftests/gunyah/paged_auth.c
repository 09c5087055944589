// SPDX-License-Identifier: GPL-2.0-only
/*
 * Authentication where the resource manager knows demand paging (R29): a protected VM
 * gets its memory when it touches it, all but the device tree and the firmware; a
 * trusted VM has all of it before it runs.  What comes back is zeroes (R63), and what
 * is refused costs no more than it must (R57, R58).
 *
 * The resource manager of the test hypervisor has a firmware for protected VMs: it
 * leaves marks in its own page, and enters the guest.
 */
#include "../kselftest_harness.h"
#include "lib/auth.h"
#include "lib/paged.h"
#include "lib/sweep.h"

#define SCRATCH			(GUEST_BASE + 0x100000)
/* The last page of RAM. */
#define FIRMWARE		(GUEST_BASE + GUEST_SIZE - PAGE)
/* What the firmware leaves: that it ran, X0, X1. */
#define FIRMWARE_MARK		0x40
#define FIRMWARE_X0		0x48
#define FIRMWARE_X1		0x50
#define FIRMWARE_WORD		0x657261776d726966UL

#define SECRET			0x5ec3e7

static const struct cost nothing;

/* The first start of all asks how memory is given: that is not in the counts. */
static void start_one_before(void)
{
	struct test_vm first = {};

	vm_create(&first, 1);
	vm_start(&first);
	vm_destroy(&first);
}

static __u64 word(struct test_vcpu *vcpu, __u64 gpa)
{
	return agent_do(vcpu, AGENT_LOAD, gpa, 8, 0);
}

static void store(struct test_vcpu *vcpu, __u64 gpa, __u64 value)
{
	agent_do(vcpu, AGENT_STORE, gpa, 8, value);
}

/* ---- protected VMs ---- */

FIXTURE(protected)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct sweep_state before;
	int mem;
};

FIXTURE_SETUP(protected)
{
	require_paging();
	require_control();
	control_clear(-1);
	start_one_before();
	self->before = sweep_state();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->mem = create_guest_mem(self->vm.dev_fd, 2 * SZ_2M);
	control_mark();
}

FIXTURE_TEARDOWN(protected)
{
	control_clear(-1);
	vm_destroy(&self->vm);
	close(self->mem);
	EXPECT_TRUE(cost_is(&self->before, 1, &nothing));
}

TEST_F(protected, firmware_runs_and_enters_the_guest)
{
	__u64 away = pages_away();

	ASSERT_EQ(0, __set_protected(&self->vm, FIRMWARE, PAGE));
	vm_start(&self->vm);
	/* The device tree's pages and the firmware's; registers are not set from outside. */
	EXPECT_EQ(away + GUEST_DTB_SIZE / SZ_4K + PAGE_4KS, pages_away());
	EXPECT_EQ(2, control_count(CTL_MSG, MSG_MEM_LEND));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_SET_FIRMWARE_MEM));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_SET_DEMAND_PAGING));
	EXPECT_EQ(2, control_count(CTL_MSG, MSG_SET_ADDRESS_LAYOUT));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_SET_BOOT_CONTEXT));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_AUTH_IMAGE));

	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
	EXPECT_EQ(GUEST_DTB, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0));
	EXPECT_EQ(FIRMWARE_WORD, word(self->vcpu, FIRMWARE + FIRMWARE_MARK));
	EXPECT_EQ(GUEST_DTB, word(self->vcpu, FIRMWARE + FIRMWARE_X0));
	EXPECT_EQ(GUEST_BASE, word(self->vcpu, FIRMWARE + FIRMWARE_X1));
	/* Its neighbours are as all other memory. */
	store(self->vcpu, FIRMWARE - 8, 5);
	EXPECT_EQ(5, word(self->vcpu, FIRMWARE - 8));
	EXPECT_EQ(0, self->vcpu->esr);
}

TEST_F(protected, boot_context_is_not_used)
{
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0x100, 0x40000000));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0, 5));
	ASSERT_EQ(0, __set_protected(&self->vm, FIRMWARE, PAGE));
	vm_start(&self->vm);
	EXPECT_EQ(GUEST_DTB, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0));
}

/* A range of its own, in two bindings, of which the second goes on behind it. */
TEST_F(protected, firmware_apart_from_ram)
{
	map_mem(self->vm.fd, self->mem, APART, PAGE, SZ_2M, LEND_RWX);
	map_mem(self->vm.fd, self->mem, APART + PAGE, SZ_2M - PAGE, 0, LEND_RWX);
	ASSERT_EQ(0, __set_protected(&self->vm, APART, 2 * PAGE));
	vm_start(&self->vm);
	EXPECT_EQ(FIRMWARE_WORD, word(self->vcpu, APART + FIRMWARE_MARK));
	store(self->vcpu, APART + PAGE, 1);
	store(self->vcpu, APART + 2 * PAGE, 2);
	EXPECT_EQ(0, self->vcpu->esr);

	/* It is not lent page by page: once given up it does not come back. */
	ASSERT_EQ(0, __map_mem(self->vm.fd, self->mem, APART, PAGE, SZ_2M,
			       LEND_RWX | GUNYAH_MEM_UNMAP));
	EXPECT_EQ(-EOPNOTSUPP, __map_mem(self->vm.fd, self->mem, APART, PAGE, SZ_2M, LEND_RWX));
	EXPECT_EQ(-EOPNOTSUPP, __map_mem(self->vm.fd, self->mem, APART, PAGE, SZ_2M, SHARE_RW));
	EXPECT_EQ(0, words_in(self->mem, SZ_2M, PAGE));
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(0, words_in(self->mem, 0, SZ_2M));
}

/* Right below RAM: it begins where it did. */
TEST_F(protected, firmware_below_ram)
{
	map_mem(self->vm.fd, self->mem, GUEST_BASE - SZ_2M, SZ_2M, 0, LEND_RWX);
	ASSERT_EQ(0, __set_protected(&self->vm, GUEST_BASE - SZ_2M, SZ_2M));
	vm_start(&self->vm);
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
	EXPECT_EQ(FIRMWARE_WORD, word(self->vcpu, GUEST_BASE - SZ_2M + FIRMWARE_MARK));
}

/* R20: nothing is given then, and it starts with a better one. */
TEST_F(protected, firmware_that_can_not_be_there)
{
	const struct {
		__u64 gpa;
		__u64 size;
		int ret;
	} cases[] = {
		{ PAGE, PAGE, -EINVAL },
		{ FIRMWARE, 2 * PAGE, -EINVAL },
		{ GUEST_BASE - PAGE, 2 * PAGE, -EINVAL },
		{ GUEST_DTB, PAGE, -EINVAL },
		{ GUEST_DTB - PAGE, GUEST_DTB_SIZE + 2 * PAGE, -EINVAL },
		{ GUEST_DTB + GUEST_DTB_SIZE - PAGE, 2 * PAGE, -EINVAL },
		{ SHARED, PAGE, -EINVAL },
		{ APART, PAGE, -EOPNOTSUPP },
		{ FIRMWARE, PAGE, -EBUSY },
	};
	unsigned int i;
	char *p;

	map_mem(self->vm.fd, self->mem, SHARED, SZ_2M, 0, SHARE_RW);
	map_mem(self->vm.fd, self->mem, APART, SZ_2M, SZ_2M, GUNYAH_MEM_ALLOW_READ);
	p = paged_map(self->vm.mem_fd, PAGE, FIRMWARE - GUEST_BASE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, __set_protected(&self->vm, cases[i].gpa, cases[i].size));
		EXPECT_EQ(cases[i].ret, __vm_start(&self->vm)) {
			TH_LOG("case %u", i);
		}
	}
	munmap(p, PAGE);
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_MEM_LEND));
	EXPECT_TRUE(cost_is(&self->before, 1, &nothing));

	vm_start(&self->vm);
	EXPECT_EQ(FIRMWARE_WORD, word(self->vcpu, FIRMWARE + FIRMWARE_MARK));
}

/* R63: what it left in lent memory is not for the host, not while it runs either. */
TEST_F(protected, memory_is_cleared)
{
	int i;

	map_mem(self->vm.fd, self->mem, SHARED, SZ_2M, 0, SHARE_RW);
	ASSERT_EQ(0, __set_protected(&self->vm, FIRMWARE, PAGE));
	for (i = 0; i < 2; i++) {
		vm_start_anew(&self->vm);
		agent_do(self->vcpu, AGENT_FILL, SCRATCH, 3 * PAGE, SECRET);
		store(self->vcpu, SHARED, SECRET);
		EXPECT_EQ(0, __reclaim(&self->vm, SCRATCH + PAGE, PAGE));
		EXPECT_EQ(0, words_in(self->vm.mem_fd, SCRATCH + PAGE - GUEST_BASE, PAGE));
		/* No more than that. */
		EXPECT_EQ(SECRET, word(self->vcpu, SCRATCH + PAGE - 8));
		EXPECT_EQ(SECRET, word(self->vcpu, SCRATCH + 2 * PAGE));
		EXPECT_EQ(0, word(self->vcpu, SCRATCH + PAGE));
		EXPECT_EQ(0, __reclaim(&self->vm, SHARED, PAGE));
		EXPECT_EQ(1, words_in(self->mem, 0, PAGE));

		ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
		ASSERT_EQ(0, __vm_reset(&self->vm));
		EXPECT_EQ(0, words_left(&self->vm));
		EXPECT_EQ(1, words_in(self->mem, 0, SZ_2M));
	}

	/* And not any more. */
	ASSERT_EQ(0, __set_none(&self->vm));
	vm_start_anew(&self->vm);
	store(self->vcpu, SCRATCH, SECRET);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(1, words_in(self->vm.mem_fd, SCRATCH - GUEST_BASE, PAGE));
	EXPECT_NE(0, words_in(self->vm.mem_fd, 0, PAGE));
}

TEST_F(protected, memory_is_cleared_when_it_is_closed)
{
	ASSERT_EQ(0, __set_protected(&self->vm, FIRMWARE, PAGE));
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, SCRATCH, PAGE, SECRET);
	munmap(self->vcpu->run, PAGE);
	close(self->vcpu->fd);
	close(self->vm.fd);
	EXPECT_EQ(0, words_left(&self->vm));
	self->vm.fd = create_vm(self->vm.dev_fd);
	vcpu_add(&self->vm, 0);
}

/* R57, R58: each message refused in turn; it is brought to its end, and starts after all. */
TEST_F(protected, refused_start_can_be_tried_again)
{
	static const struct {
		__u32 id;
		unsigned int nth;
		__u32 error;
		int ret;
	} cases[] = {
		{ MSG_MEM_LEND, 1, RM_DENIED, -ENODEV },
		{ MSG_MEM_LEND, 2, RM_DENIED, -ENODEV },
		{ MSG_MEM_LEND, 2, RM_NOMEM, -ENOMEM },
		{ MSG_SET_FIRMWARE_MEM, 1, RM_DENIED, -ENODEV },
		{ MSG_SET_FIRMWARE_MEM, 1, RM_HANDLE_INVALID, -ENODEV },
		{ MSG_SET_FIRMWARE_MEM, 1, RM_MEM_INVALID, -ENODEV },
		{ MSG_SET_FIRMWARE_MEM, 1, RM_NOMEM, -ENOMEM },
		{ MSG_SET_FIRMWARE_MEM, 1, RM_UNIMPLEMENTED, -EOPNOTSUPP },
		{ MSG_SET_DEMAND_PAGING, 1, RM_DENIED, -ENODEV },
		{ MSG_SET_ADDRESS_LAYOUT, 1, RM_DENIED, -ENODEV },
		{ MSG_SET_ADDRESS_LAYOUT, 2, RM_DENIED, -ENODEV },
		{ MSG_VM_INIT, 1, RM_DENIED, -ENODEV },
		{ MSG_GET_RESOURCES, 1, RM_DENIED, -ENODEV },
		{ MSG_VM_START, 1, RM_DENIED, -ENODEV },
		{ MSG_VM_START, 1, RM_VALIDATE_FAILED, -ENODEV },
	};
	unsigned int i;
	int rule;

	ASSERT_EQ(0, __set_protected(&self->vm, FIRMWARE, PAGE));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vm_load(&self->vm);
		rule = MSG_RULE(cases[i].id, CTL_REFUSE, .nth = cases[i].nth,
				.p = { cases[i].error });
		EXPECT_EQ(cases[i].ret, __vm_start(&self->vm)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		EXPECT_TRUE(cost_is(&self->before, 1, &nothing));
		EXPECT_EQ(0, words_in(self->vm.mem_fd, FIRMWARE - GUEST_BASE, PAGE));
	}
	vm_start_anew(&self->vm);
	EXPECT_EQ(FIRMWARE_WORD, word(self->vcpu, FIRMWARE + FIRMWARE_MARK));
}

/* Its place was not taken, by a rule: so it is refused at the start, by the real thing. */
TEST_F(protected, firmware_is_not_there)
{
	MSG_RULE(MSG_SET_FIRMWARE_MEM, CTL_REFUSE, .p = { RM_OK });
	ASSERT_EQ(0, __set_protected(&self->vm, FIRMWARE, PAGE));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_VM_START));
}

/* R52, R64: started, or not, and the answer was torn: both parcels come back either way. */
TEST_F(protected, answer_to_start_is_torn)
{
	int rule = MSG_RULE(MSG_VM_START, CTL_CUT, .p = { 0, 8 });

	ASSERT_EQ(0, __set_protected(&self->vm, FIRMWARE, PAGE));
	EXPECT_EQ(-EIO, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	control_clear(rule);
	EXPECT_TRUE(cost_is(&self->before, 1, &nothing));
	EXPECT_EQ(0, words_in(self->vm.mem_fd, GUEST_DTB - GUEST_BASE, GUEST_DTB_SIZE));
	EXPECT_EQ(0, words_in(self->vm.mem_fd, FIRMWARE - GUEST_BASE, PAGE));
	vm_start_anew(&self->vm);
	EXPECT_EQ(FIRMWARE_WORD, word(self->vcpu, FIRMWARE + FIRMWARE_MARK));
}

/* ---- trusted VMs ---- */

FIXTURE(trusted)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	struct sweep_state before;
};

FIXTURE_SETUP(trusted)
{
	require_paging();
	require_control();
	control_clear(-1);
	start_one_before();
	self->before = sweep_state();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	ASSERT_EQ(0, __set_trusted(&self->vm, 0));
	control_mark();
}

FIXTURE_TEARDOWN(trusted)
{
	control_clear(-1);
	vm_destroy(&self->vm);
	clean_up();
}

/* The eager flow, although the resource manager knows the other one. */
TEST_F(trusted, has_all_its_memory_before_it_runs)
{
	__u64 away = pages_away();
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);

	ASSERT_EQ(0, __set_trusted(&self->vm, FIXED_VMID));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0x100, 0x40000000));
	vm_start(&self->vm);
	EXPECT_EQ(away + VM_PAGES, pages_away());
	EXPECT_EQ(FIXED_VMID, last_vmid());
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_MEM_LEND));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_AUTH_IMAGE));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_SET_DEMAND_PAGING));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_SET_ADDRESS_LAYOUT));
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_SET_BOOT_CONTEXT));
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));

	/* What goes with demand paging only. */
	EXPECT_EQ(-EOPNOTSUPP, __reclaim(&self->vm, SCRATCH, PAGE));
	EXPECT_EQ(-EOPNOTSUPP, __map_mem(self->vm.fd, mem, SHARED, SZ_2M, 0, SHARE_RW));
	close(mem);

	/* R63 */
	store(self->vcpu, SCRATCH, SECRET);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(0, words_left(&self->vm));
	EXPECT_EQ(0, __reclaim(&self->vm, SCRATCH, PAGE));
	EXPECT_TRUE(cost_is(&self->before, 1, &nothing));

	/* And the next one as others, page by page. */
	ASSERT_EQ(0, __set_none(&self->vm));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, 0x100, GUEST_BASE));
	vm_start_anew(&self->vm);
	EXPECT_EQ(away + GUEST_DTB_SIZE / SZ_4K, pages_away());
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
	EXPECT_EQ(0, __reclaim(&self->vm, SCRATCH, PAGE));
}

TEST_F(trusted, vmid_that_is_not_to_be_had)
{
	ASSERT_EQ(0, __set_trusted(&self->vm, 3));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_TRUE(cost_is(&self->before, 1, &nothing));
}

/* R57, R58: the vmid of an image that was refused is given up, and nothing else */
TEST_F(trusted, image_is_refused)
{
	static const struct cost cost = { .vmids = 1, .lost_vmids = 1 };
	static const struct {
		__u32 error;
		int ret;
	} cases[] = {
		{ RM_NOMEM, -ENOMEM },
		{ RM_DENIED, -ENODEV },
		{ RM_VALIDATE_FAILED, -ENODEV },
		{ RM_MEM_INVALID, -ENODEV },
		{ RM_UNIMPLEMENTED, -EOPNOTSUPP },
	};
	unsigned int i;
	int rule;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rule = MSG_RULE(MSG_AUTH_IMAGE, CTL_REFUSE, .p = { cases[i].error });
		EXPECT_EQ(cases[i].ret, __vm_start(&self->vm)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(1, control_fired(rule));
		control_clear(rule);
		vm_load(&self->vm);
	}
	EXPECT_EQ(0, control_count(CTL_MSG, MSG_VM_RESET));
	EXPECT_TRUE(cost_is(&self->before, ARRAY_SIZE(cases), &cost));
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

/* R58: the way out of AUTH is to authenticate after all */
TEST_F(trusted, authentication_is_not_sent)
{
	int rule;

	/* The fourth message, and each is one piece: ALLOC, LEND, CONFIG come before it. */
	rule = CALL_RULE(CALL_MSGQ_SEND, CTL_CALL_RESULT, .nth = 4, .p = { 20 });
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	EXPECT_EQ(1, control_fired(rule));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_AUTH_IMAGE));
	EXPECT_EQ(1, control_count(CTL_MSG, MSG_VM_RESET));
	EXPECT_TRUE(cost_is(&self->before, 1, &nothing));
	control_clear(rule);
	vm_start_anew(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

/* R58: as after any other start that was refused */
TEST_F(trusted, start_is_refused)
{
	static const __u32 ids[] = { MSG_VM_INIT, MSG_GET_RESOURCES, MSG_VM_START };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		MSG_RULE(ids[i], CTL_REFUSE, .p = { RM_DENIED });
		EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
		control_clear(-1);
		EXPECT_EQ(0, words_left(&self->vm));
		EXPECT_TRUE(cost_is(&self->before, 1, &nothing));
		vm_load(&self->vm);
	}
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

TEST_HARNESS_MAIN
