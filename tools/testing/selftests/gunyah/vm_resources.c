// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of a VM's resources is not what it should be (R26, R27, R70): START
 * fails cleanly, or the vCPU is as one that the guest does not have.
 */
#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/gunyah_test.h"

/* Offsets in the first piece of the reply: behind the header and the error. */
#define COUNT		12
#define ENTRY(n)	(16 + 44 * (n))
#define TYPE(n)		(ENTRY(n) + 0)
#define LABEL(n)	(ENTRY(n) + 8)
#define CAP(n)		(ENTRY(n) + 12)
#define VIRQ(n)		(ENTRY(n) + 24)

/* Of the queue from the resource manager, SPI 0x3a1: this VM's already. */
#define VIRQ_OF_THE_QUEUE	(0x3a1 + 32)

struct edit {
	unsigned int at;
	__u8 value;
};

FIXTURE(resources)
{
	struct test_vm vm;
	struct control_counters before;
};

FIXTURE_VARIANT(resources)
{
	struct edit edit[4];
	unsigned int cut;
	int start;	/* what START says */
	int run[2];	/* what RUN of each vCPU says where START is 0 */
};

#define NO_VCPU		-ENODEV
#define RUNS		1
#define REFUSED		2	/* by the hypervisor: EINVAL or EACCES */

/* R26: the count is borne out by the length, or the list is none */
FIXTURE_VARIANT_ADD(resources, one_more_than_there_are) {
	.edit = { { COUNT, 3 } }, .start = -EIO };
FIXTURE_VARIANT_ADD(resources, very_many) {
	.edit = { { COUNT, 0xff }, { COUNT + 1, 0xff }, { COUNT + 2, 0xff }, { COUNT + 3, 0xff } },
	.start = -EIO };
/* So that 44 bytes each wrap to what there is. */
FIXTURE_VARIANT_ADD(resources, so_many_that_the_length_wraps) {
	.edit = { { COUNT + 3, 0x40 } }, .start = -EIO };
FIXTURE_VARIANT_ADD(resources, not_even_a_count) { .cut = COUNT, .start = -EIO };
FIXTURE_VARIANT_ADD(resources, torn_in_the_second_entry) {
	.cut = ENTRY(1) + 20, .start = -EIO };
/* What is behind the list is not looked at. */
FIXTURE_VARIANT_ADD(resources, one_less_than_there_are) {
	.edit = { { COUNT, 1 } }, .run = { RUNS, NO_VCPU } };
FIXTURE_VARIANT_ADD(resources, none) {
	.edit = { { COUNT, 0 } }, .run = { NO_VCPU, NO_VCPU } };

/* R26: a type that nobody knows is skipped, whatever else it has */
FIXTURE_VARIANT_ADD(resources, unknown_type) {
	.edit = { { TYPE(1), 200 }, { VIRQ(1), 1 }, { VIRQ(1) + 1, 0 } },
	.run = { RUNS, NO_VCPU } };
/* R27: what nobody asked for is dropped */
FIXTURE_VARIANT_ADD(resources, label_that_nobody_claims) {
	.edit = { { LABEL(1), 77 } }, .run = { RUNS, NO_VCPU } };
FIXTURE_VARIANT_ADD(resources, interrupt_that_can_not_be_and_nobody_claims) {
	.edit = { { LABEL(1), 77 }, { VIRQ(1), 27 }, { VIRQ(1) + 1, 0 } },
	.run = { RUNS, NO_VCPU } };
FIXTURE_VARIANT_ADD(resources, same_label_twice) {
	.edit = { { LABEL(1), 0 } }, .run = { RUNS, NO_VCPU } };

/* R7, R27: a vCPU that can't be woken: the function refuses the resource */
FIXTURE_VARIANT_ADD(resources, vcpu_without_interrupt) {
	.edit = { { VIRQ(1), 0 }, { VIRQ(1) + 1, 0 } }, .start = -EOPNOTSUPP };
/* R56, R70: interrupts that can't be */
FIXTURE_VARIANT_ADD(resources, interrupt_of_the_cpu) {
	.edit = { { VIRQ(1), 27 }, { VIRQ(1) + 1, 0 } }, .start = -ENODEV };
FIXTURE_VARIANT_ADD(resources, interrupt_beyond_all) {
	.edit = { { VIRQ(1) + 2, 0xff }, { VIRQ(1) + 3, 0xff } }, .start = -ENODEV };
FIXTURE_VARIANT_ADD(resources, interrupt_of_a_device) {
	.edit = { { VIRQ(1), VIRQ_OF_THE_QUEUE & 0xff }, { VIRQ(1) + 1, VIRQ_OF_THE_QUEUE >> 8 } },
	.start = -ENODEV };

/* R8: any capability is taken; the hypervisor has the say */
FIXTURE_VARIANT_ADD(resources, capability_of_nothing) {
	.edit = { { CAP(1), 0x5a }, { CAP(1) + 3, 0x5a }, { CAP(1) + 7, 0x5a } },
	.run = { RUNS, REFUSED } };

FIXTURE_SETUP(resources)
{
	require_gunyah();
	require_control();
	control_clear(-1);
	self->before = control_counters();
	vm_create(&self->vm, 2);
}

FIXTURE_TEARDOWN(resources)
{
	struct control_counters now;

	control_clear(-1);
	vm_destroy(&self->vm);
	EXPECT_EQ(0, control_read(CTL_RM_DEAD));
	now = control_counters();
	EXPECT_EQ(0, memcmp(&self->before, &now, sizeof(now)));
}

static void expect_run(struct __test_metadata *_metadata, struct test_vcpu *vcpu, int result)
{
	if (result != RUNS) {
		int ret = __vcpu_run(vcpu);

		if (result == REFUSED && (ret == -EINVAL || ret == -EACCES))
			ret = REFUSED;
		EXPECT_EQ(result, ret);
		EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, vcpu->run->exit_reason);
		return;
	}
	if (vcpu->id)
		EXPECT_EQ(0, agent_cpu_on(&vcpu->vm->vcpu[0], vcpu->id, 0));
	EXPECT_EQ(vcpu->id, agent_do(vcpu, AGENT_MPIDR, 0, 0, 0));
}

TEST_F(resources, start)
{
	static const int all[2] = { RUNS, RUNS };
	const int *run = variant->run;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(variant->edit) && variant->edit[i].at; i++)
		MSG_RULE(MSG_GET_RESOURCES, CTL_BYTE,
			 .p = { 0, variant->edit[i].at, variant->edit[i].value });
	if (variant->cut)
		MSG_RULE(MSG_GET_RESOURCES, CTL_CUT, .p = { 0, variant->cut });
	ASSERT_EQ(variant->start, __vm_start(&self->vm));
	EXPECT_EQ(0, control_read(CTL_ARMED));
	if (variant->start) {
		/* R20: everything is back, and the next start is a good one. */
		for (i = 0; i < 2; i++)
			EXPECT_EQ(-ENODEV, __vcpu_run(&self->vm.vcpu[i]));
		EXPECT_EQ(self->before.pages, control_read(CTL_PAGES_NOT_HOST));
		EXPECT_EQ(self->before.vmids, control_read(CTL_VMIDS));
		ASSERT_EQ(0, __vm_start(&self->vm));
		run = all;
	}
	for (i = 0; i < 2; i++)
		expect_run(_metadata, &self->vm.vcpu[i], run[i]);
}

TEST_HARNESS_MAIN
