// SPDX-License-Identifier: GPL-2.0-only
/*
 * The private calls of Android's drivers, by the numbers that programs have compiled
 * in: each does what a call of this driver does, where they are built at all.
 */
#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define LEND_USER_MEM		0x40204111
#define SET_FW_CONFIG		0x40104112
#define RECLAIM_REGION		0x40104113
#define SET_AUTH_TYPE		0x40104116

FIXTURE(android)
{
	struct test_vm vm;
};

/* A bad pointer shows whether there is the call. */
static bool is_there(int fd, unsigned int nr)
{
	return __ioctl(fd, nr, 8) != -ENOTTY;
}

FIXTURE_SETUP(android)
{
	require_gunyah();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(android)
{
	vm_destroy(&self->vm);
}

/* R12: where they are not built they are unknown, as are those that never are */
TEST_F(android, all_or_none)
{
	bool there = is_there(self->vm.fd, SET_FW_CONFIG);
	unsigned int nr;

	EXPECT_EQ(there, is_there(self->vm.fd, RECLAIM_REGION));
	EXPECT_EQ(there, is_there(self->vm.fd, SET_AUTH_TYPE));
	EXPECT_EQ(there && is_there(self->vm.fd, GUNYAH_VM_SET_USER_MEM_REGION),
		  is_there(self->vm.fd, LEND_USER_MEM));
	/* Not for the device. */
	EXPECT_FALSE(is_there(self->vm.dev_fd, SET_FW_CONFIG));
	EXPECT_FALSE(is_there(self->vm.dev_fd, LEND_USER_MEM));
	EXPECT_FALSE(is_there(self->vm.dev_fd, RECLAIM_REGION));
	EXPECT_FALSE(is_there(self->vm.dev_fd, SET_AUTH_TYPE));

	EXPECT_FALSE(is_there(self->vm.fd, 0x4114));
	EXPECT_FALSE(is_there(self->vm.fd, 0x40284115));
	EXPECT_FALSE(is_there(self->vm.fd, 0x4117));
	for (nr = 0; nr < 0x20; nr++)
		EXPECT_FALSE(is_there(self->vm.fd, _IO('A', nr)));
}

/* R29 */
TEST_F(android, firmware)
{
	struct gunyah_vm_firmware_config fw = { .guest_phys_addr = GUEST_BASE, .size = SZ_4K };
	struct gunyah_vm_auth_desc none = {};

	/* That they are unknown then, all_or_none has seen. */
	if (!is_there(self->vm.fd, SET_FW_CONFIG))
		return;
	EXPECT_EQ(-EFAULT, __ioctl(self->vm.fd, SET_FW_CONFIG, 8));
	fw.size = 8;
	EXPECT_EQ(-EINVAL, __ioctl(self->vm.fd, SET_FW_CONFIG, &fw));
	fw.size = -SZ_4K;
	EXPECT_EQ(-EOVERFLOW, __ioctl(self->vm.fd, SET_FW_CONFIG, &fw));
	fw.size = SZ_4K;
	EXPECT_EQ(0, __ioctl(self->vm.fd, SET_FW_CONFIG, &fw));
	/* There is no firmware for it on this platform. */
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));

	ASSERT_EQ(0, __ioctl(self->vm.fd, GUNYAH_VM_SET_AUTH, &none));
	vm_start_anew(&self->vm);
	EXPECT_EQ(-EBUSY, __ioctl(self->vm.fd, SET_FW_CONFIG, &fw));
}

static int set_auth_type(int fd, __u32 type, const void *arg, __u32 size)
{
	struct gunyah_vm_auth_desc desc = {
		.type = type,
		.arg_size = size,
		.arg = (uintptr_t)arg,
	};

	return __ioctl(fd, SET_AUTH_TYPE, &desc);
}

/* R29: the image of a trusted VM */
TEST_F(android, authentication)
{
	struct gunyah_vm_qtvm_auth_arg image = {
		.vm_id = 3,
		.peripheral_id = 0x1c,
		.guest_phys_addr = GUEST_BASE,
		.size = SZ_4K,
	};
	struct gunyah_vm_firmware_config fw = { .guest_phys_addr = GUEST_BASE, .size = SZ_4K };

	/* That they are unknown then, all_or_none has seen. */
	if (!is_there(self->vm.fd, SET_FW_CONFIG))
		return;
	EXPECT_EQ(-EFAULT, __ioctl(self->vm.fd, SET_AUTH_TYPE, 8));
	EXPECT_EQ(-EFAULT, set_auth_type(self->vm.fd, 1, (void *)8, sizeof(image)));
	EXPECT_EQ(-EINVAL, set_auth_type(self->vm.fd, 1, &image, sizeof(image) - 1));
	/* Types of the other call. */
	EXPECT_EQ(-EINVAL, set_auth_type(self->vm.fd, 0, NULL, 0));
	EXPECT_EQ(-EINVAL, set_auth_type(self->vm.fd, 2, &fw, sizeof(fw)));

	/* That the argument arrives: this platform has no such vmid to give. */
	EXPECT_EQ(0, set_auth_type(self->vm.fd, 1, &image, sizeof(image)));
	EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
	image.vm_id = 0;
	EXPECT_EQ(0, set_auth_type(self->vm.fd, 1, &image, sizeof(image)));
	vm_start_anew(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	EXPECT_EQ(-EBUSY, set_auth_type(self->vm.fd, 1, &image, sizeof(image)));
}

/* The answers are those of the other call, good and bad. */
TEST_F(android, lend_user_memory)
{
	struct gunyah_userspace_memory_region region = {
		.label = 0x99,
		.flags = GUNYAH_USER_MEM_READ | GUNYAH_USER_MEM_WRITE | GUNYAH_USER_MEM_EXEC,
		.guest_phys_addr = 0xc0000000,
		.memory_size = 8,
	};
	struct gunyah_userspace_memory_region lent = region;
	void *p;

	/* That they are unknown then, all_or_none has seen. */
	if (!is_there(self->vm.fd, SET_FW_CONFIG))
		return;
	lent.flags |= GUNYAH_USER_MEM_LENT;
	EXPECT_EQ(__ioctl(self->vm.fd, GUNYAH_VM_SET_USER_MEM_REGION, &lent),
		  __ioctl(self->vm.fd, LEND_USER_MEM, &region));
	if (!__ioctl(self->vm.fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_USER_MEM_LENT))
		return;

	p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, p);
	region.memory_size = SZ_2M;
	region.userspace_addr = (uintptr_t)p;
	/* A flag of the other call only. */
	region.flags |= GUNYAH_USER_MEM_LENT;
	EXPECT_EQ(-EINVAL, __ioctl(self->vm.fd, LEND_USER_MEM, &region));
	region.flags &= ~GUNYAH_USER_MEM_LENT;
	EXPECT_EQ(0, __ioctl(self->vm.fd, LEND_USER_MEM, &region));
	EXPECT_EQ(-EEXIST, __ioctl(self->vm.fd, LEND_USER_MEM, &region));
	munmap(p, SZ_2M);
}

TEST_F(android, reclaim)
{
	struct gunyah_address_range range = { .guest_phys_addr = GUEST_BASE, .size = 8 };

	/* That they are unknown then, all_or_none has seen. */
	if (!is_there(self->vm.fd, SET_FW_CONFIG))
		return;
	EXPECT_EQ(-EFAULT, __ioctl(self->vm.fd, RECLAIM_REGION, 8));
	EXPECT_EQ(__ioctl(self->vm.fd, GUNYAH_VM_RECLAIM_MEM, &range),
		  __ioctl(self->vm.fd, RECLAIM_REGION, &range));
	range.size = SZ_4K;
	EXPECT_EQ(__ioctl(self->vm.fd, GUNYAH_VM_RECLAIM_MEM, &range),
		  __ioctl(self->vm.fd, RECLAIM_REGION, &range));
}

TEST_HARNESS_MAIN
