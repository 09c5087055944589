// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the private calls of Android's drivers: numbers and arguments. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../vm_android.h"

#define LEND	0x40204111
#define FW	0x40104112
#define RECLAIM	0x40104113
#define AUTH	0x40104116

struct number_case {
	const char *name;
	unsigned int cmd;
	unsigned int target;
};

static const struct number_case number_cases[] = {
	{ "lend user memory", LEND, GUNYAH_VM_SET_USER_MEM_REGION },
	{ "firmware", FW, GUNYAH_VM_SET_AUTH },
	{ "reclaim", RECLAIM, GUNYAH_VM_RECLAIM_MEM },
	{ "of another size", 0x40104111, 0x40104111 },
	{ "of another direction", 0x80104112, 0x80104112 },
	{ "carve-outs", 0x4114, 0x4114 },
	{ "carve-outs, bound", 0x40284115, 0x40284115 },
	{ "authentication", AUTH, GUNYAH_VM_SET_AUTH },
	{ "authentication, of another size", 0x40184116, 0x40184116 },
	{ "extensions", 0x4117, 0x4117 },
	{ "not Android's", GUNYAH_VM_START, GUNYAH_VM_START },
};

KUNIT_ARRAY_PARAM_DESC(number, number_cases, name);

static void number(struct kunit *test)
{
	const struct number_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, gunyah_vm_android_target(c->cmd), c->target);
}

static void lend(struct kunit *test)
{
	const struct gunyah_userspace_memory_region region = {
		.label = 7,
		.flags = GUNYAH_USER_MEM_READ | GUNYAH_USER_MEM_WRITE | GUNYAH_USER_MEM_EXEC,
		.guest_phys_addr = 0x80000000,
		.memory_size = 0x200000,
		.userspace_addr = 0x12345000,
	};
	union gunyah_ioctl_arg arg = { .user_mem = region };

	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(LEND, 0, &arg), 0);
	KUNIT_EXPECT_EQ(test, arg.user_mem.flags, region.flags | GUNYAH_USER_MEM_LENT);
	arg.user_mem.flags = region.flags;
	KUNIT_EXPECT_MEMEQ(test, &arg.user_mem, &region, sizeof(region));

	/* What Android does not know is not taken for what it would mean here. */
	arg.user_mem.flags |= GUNYAH_USER_MEM_LENT;
	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(LEND, 0, &arg), -EINVAL);
	/* All other flags are the other call's to look at. */
	arg.user_mem.flags = 0xfffffff0;
	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(LEND, 0, &arg), 0);
	KUNIT_EXPECT_EQ(test, arg.user_mem.flags, 0xfffffff8);
}

static void firmware(struct kunit *test)
{
	union gunyah_ioctl_arg arg = {};

	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(FW, 0x7fff12345678, &arg), 0);
	KUNIT_EXPECT_EQ(test, arg.auth.type, GUNYAH_VM_AUTH_QCOM_ANDROID_PVM);
	KUNIT_EXPECT_EQ(test, arg.auth.arg_size, 16);
	KUNIT_EXPECT_EQ(test, arg.auth.arg, 0x7fff12345678);
}

/* The argument is the other call's, and the type the only one that Android has. */
static void authentication(struct kunit *test)
{
	const struct gunyah_vm_auth_desc desc = {
		.type = GUNYAH_VM_AUTH_QCOM_TRUSTED_VM,
		.arg_size = 24,
		.arg = 0x7fff12345678,
	};
	union gunyah_ioctl_arg arg = { .auth = desc };

	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(AUTH, 1, &arg), 0);
	KUNIT_EXPECT_MEMEQ(test, &arg.auth, &desc, sizeof(desc));

	arg.auth.type = GUNYAH_VM_AUTH_NONE;
	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(AUTH, 1, &arg), -EINVAL);
	arg.auth.type = GUNYAH_VM_AUTH_QCOM_ANDROID_PVM;
	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(AUTH, 1, &arg), -EINVAL);
	arg.auth.type = U32_MAX;
	KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(AUTH, 1, &arg), -EINVAL);
}

/* Nothing else is changed. */
static void as_it_is(struct kunit *test)
{
	static const unsigned int cmds[] = { RECLAIM, GUNYAH_VM_SET_USER_MEM_REGION, 0x4117 };
	union gunyah_ioctl_arg arg, before;
	unsigned int i;

	memset(&before, 0x5a, sizeof(before));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		arg = before;
		KUNIT_EXPECT_EQ(test, gunyah_vm_android_arg(cmds[i], 1, &arg), 0);
		KUNIT_EXPECT_MEMEQ(test, &arg, &before, sizeof(arg));
	}
}

static struct kunit_case vm_android_cases[] = {
	KUNIT_CASE_PARAM(number, number_gen_params),
	KUNIT_CASE(lend),
	KUNIT_CASE(firmware),
	KUNIT_CASE(authentication),
	KUNIT_CASE(as_it_is),
	{}
};

static struct kunit_suite vm_android_suite = {
	.name = "gunyah_vm_android",
	.test_cases = vm_android_cases,
};

kunit_test_suite(vm_android_suite);

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
MODULE_DESCRIPTION("Tests of the private calls of Android's Gunyah drivers");
MODULE_LICENSE("GPL");
