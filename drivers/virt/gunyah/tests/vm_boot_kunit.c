// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the boot context: which registers there are, that values are kept as
 * they are (R25), and what of it can be had without SET_BOOT_CONTEXT (R20).
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/unaligned.h>
#include <uapi/linux/gunyah.h>

#include "fake_rm.h"
#include "../vm_boot.h"
#include "../vm_mem.h"

#define X	GUNYAH_VM_BOOT_CONTEXT_SET_X
#define PC	GUNYAH_VM_BOOT_CONTEXT_SET_PC
#define SP	GUNYAH_VM_BOOT_CONTEXT_SET_SP

struct reg_case {
	const char *name;
	u32 set;
	u32 index;
	int ret;
	int reg;
};

static const struct reg_case reg_cases[] = {
	{ "X0", X, 0, 0, 0 },
	{ "X1", X, 1, 0, 1 },
	{ "X30", X, 30, 0, 30 },
	{ "X31 is taken and ignored", X, 31, 0, -1 },
	{ "X32", X, 32, -EINVAL, -1 },
	{ "X255", X, 255, -EINVAL, -1 },
	{ "PC", PC, 0, 0, GUNYAH_VM_BOOT_PC },
	{ "PC 1", PC, 1, -EINVAL, -1 },
	{ "SP_EL0", SP, 0, 0, GUNYAH_VM_BOOT_SP },
	{ "SP_EL1", SP, 1, 0, GUNYAH_VM_BOOT_SP + 1 },
	{ "SP 2", SP, 2, -EINVAL, -1 },
	{ "set 3", 3, 0, -EINVAL, -1 },
	{ "upper bits of the set", 0x100, 0, -EINVAL, -1 },
	{ "all bits of the set", 0xffffff, 0, -EINVAL, -1 },
};

KUNIT_ARRAY_PARAM_DESC(reg, reg_cases, name);

static void reg(struct kunit *test)
{
	const struct reg_case *c = test->param_value;
	struct gunyah_vm_boot boot = {};

	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_set(&boot, c->set, c->index, 42), c->ret);
	if (c->reg < 0) {
		KUNIT_EXPECT_EQ(test, boot.set, 0);
		return;
	}
	KUNIT_EXPECT_EQ(test, boot.set, BIT_ULL(c->reg));
	KUNIT_EXPECT_EQ(test, boot.regs[c->reg], 42);
}

struct value_case {
	const char *name;
	u64 value;
};

static const struct value_case value_cases[] = {
	{ "0", 0 },
	{ "2", 2 },
	{ "0x402", 0x402 },
	{ "0x406", 0x406 },
	{ "a kernel pointer | 2", 0xffff800080000002 },
	{ "all ones", U64_MAX },
};

KUNIT_ARRAY_PARAM_DESC(value, value_cases, name);

static void value(struct kunit *test)
{
	const struct value_case *c = test->param_value;
	struct gunyah_vm_boot boot = {};

	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_set(&boot, X, 7, 1), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_set(&boot, X, 7, c->value), 0);
	KUNIT_EXPECT_EQ(test, boot.regs[7], c->value);
	KUNIT_EXPECT_EQ(test, boot.set, BIT_ULL(7));
}

#define DTB	0x80200000

struct eager_case {
	const char *name;
	u32 set;
	u32 index;
	u64 value;
	int ret;
};

static const struct eager_case eager_cases[] = {
	{ "X0 is the device tree", X, 0, DTB, 0 },
	{ "X0 is not", X, 0, DTB + 1, -EOPNOTSUPP },
	{ "X0 is 0", X, 0, 0, -EOPNOTSUPP },
	{ "X1", X, 1, 0, -EOPNOTSUPP },
	{ "X30", X, 30, 0, -EOPNOTSUPP },
	{ "X31", X, 31, 1, 0 },
	{ "SP_EL0", SP, 0, 0, -EOPNOTSUPP },
	{ "SP_EL1", SP, 1, 0, -EOPNOTSUPP },
	{ "PC is looked at later", PC, 0, 1, 0 },
};

KUNIT_ARRAY_PARAM_DESC(eager, eager_cases, name);

static void eager(struct kunit *test)
{
	const struct eager_case *c = test->param_value;
	struct gunyah_vm_boot boot = {};

	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_check_eager(&boot, DTB), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_boot_set(&boot, c->set, c->index, c->value), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_check_eager(&boot, DTB), c->ret);
}

#define BASE	0x80000000
#define SIZE	0x400000

struct pc_case {
	const char *name;
	u64 pc;
	int ret;
	u64 offset;
};

static const struct pc_case pc_cases[] = {
	{ "base", BASE, 0, 0 },
	{ "inside", BASE + 0x80000, 0, 0x80000 },
	{ "last instruction", BASE + SIZE - 4, 0, SIZE - 4 },
	{ "behind", BASE + SIZE, -EOPNOTSUPP, 0 },
	{ "before", BASE - 4, -EOPNOTSUPP, 0 },
	{ "not aligned", BASE + 2, -EOPNOTSUPP, 0 },
	{ "0", 0, -EOPNOTSUPP, 0 },
	{ "all ones", U64_MAX, -EOPNOTSUPP, 0 },
};

KUNIT_ARRAY_PARAM_DESC(pc, pc_cases, name);

static void pc(struct kunit *test)
{
	const struct gunyah_vm_image image = { .base = BASE, .size = SIZE };
	const struct pc_case *c = test->param_value;
	struct gunyah_vm_boot boot = {};
	u64 offset = 1;

	/* Without a PC the image is entered at its base. */
	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_image_offset(&boot, &image, &offset), 0);
	KUNIT_EXPECT_EQ(test, offset, 0);

	KUNIT_ASSERT_EQ(test, gunyah_vm_boot_set(&boot, PC, 0, c->pc), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_image_offset(&boot, &image, &offset), c->ret);
	KUNIT_EXPECT_EQ(test, offset, c->offset);
}

struct sent_reg {
	u8 set;
	u8 index;
	u64 value;
};

/* The double's answer: the first register is taken, the PC is not. */
static void take_a_register(struct fake_rm *fake)
{
	struct sent_reg *sent = fake->data;

	KUNIT_EXPECT_EQ(fake->test, get_unaligned_le16(fake->request), 0x31);
	sent += fake->requests - 1;
	sent->set = fake->request[2];
	sent->index = fake->request[3];
	sent->value = get_unaligned_le64(fake->request + 8);
	fake_rm_put_reply(fake, sent->set == PC ? 1 : 0, NULL, 0);
}

/* R25: what was set is told by the names that it was set by, and nothing else is. */
static void send(struct kunit *test)
{
	struct fake_rm *fake = fake_rm_create(test);
	struct gunyah_vm_boot boot = {};
	struct sent_reg sent[3] = {};

	fake->answer = take_a_register;
	fake->data = sent;
	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_send(&boot, fake->rm, 0x31), 0);
	KUNIT_EXPECT_EQ(test, fake->requests, 0);

	KUNIT_ASSERT_EQ(test, gunyah_vm_boot_set(&boot, SP, 1, 0x402), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_boot_set(&boot, X, 30, U64_MAX), 0);
	KUNIT_EXPECT_EQ(test, gunyah_vm_boot_send(&boot, fake->rm, 0x31), 0);
	KUNIT_ASSERT_EQ(test, fake->requests, 2);
	KUNIT_EXPECT_EQ(test, sent[0].set, X);
	KUNIT_EXPECT_EQ(test, sent[0].index, 30);
	KUNIT_EXPECT_EQ(test, sent[0].value, U64_MAX);
	KUNIT_EXPECT_EQ(test, sent[1].set, SP);
	KUNIT_EXPECT_EQ(test, sent[1].index, 1);
	KUNIT_EXPECT_EQ(test, sent[1].value, 0x402);

	/* One that is refused is the last. */
	boot.set = 0;
	KUNIT_ASSERT_EQ(test, gunyah_vm_boot_set(&boot, SP, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, gunyah_vm_boot_set(&boot, PC, 0, BASE), 0);
	KUNIT_EXPECT_NE(test, gunyah_vm_boot_send(&boot, fake->rm, 0x31), 0);
	KUNIT_ASSERT_EQ(test, fake->requests, 3);
	KUNIT_EXPECT_EQ(test, sent[2].set, PC);
	KUNIT_EXPECT_EQ(test, sent[2].value, BASE);
}

static struct kunit_case vm_boot_cases[] = {
	KUNIT_CASE_PARAM(reg, reg_gen_params),
	KUNIT_CASE_PARAM(value, value_gen_params),
	KUNIT_CASE_PARAM(eager, eager_gen_params),
	KUNIT_CASE_PARAM(pc, pc_gen_params),
	KUNIT_CASE(send),
	{}
};

static struct kunit_suite vm_boot_suite = {
	.name = "gunyah_vm_boot",
	.test_cases = vm_boot_cases,
};

kunit_test_suite(vm_boot_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the boot context of Gunyah VMs");
MODULE_LICENSE("GPL");
