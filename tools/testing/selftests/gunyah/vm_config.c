// SPDX-License-Identifier: GPL-2.0-only
/* What is set on a VM before it starts: device tree, boot registers, functions. */
#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

FIXTURE(vm)
{
	int dev;
	int fd;
};

FIXTURE_SETUP(vm)
{
	require_gunyah();
	self->dev = open_gunyah();
	self->fd = create_vm(self->dev);
}

FIXTURE_TEARDOWN(vm)
{
	close(self->fd);
	close(self->dev);
}

/* R12 */
TEST_F(vm, unknown_ioctl_is_enotty)
{
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, _IO('G', 0x7f), 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_CREATE_VM, 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_VCPU_RUN, 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, _IO('A', 0x14), 0));
}

/* R24 */
TEST_F(vm, dtb_config_bad_pointer)
{
	EXPECT_EQ(-EFAULT, __ioctl(self->fd, GUNYAH_VM_SET_DTB_CONFIG, 8));
}

/* R24 */
TEST_F(vm, dtb_config_size_zero)
{
	EXPECT_EQ(-EINVAL, __set_dtb(self->fd, GUEST_DTB, 0));
}

/* R24 */
TEST_F(vm, dtb_config_wraps)
{
	EXPECT_EQ(-EOVERFLOW, __set_dtb(self->fd, ~0xfffUL, 2 * SZ_4K));
	EXPECT_EQ(-EOVERFLOW, __set_dtb(self->fd, SZ_4K, ~0UL));
	/* In whole pages only. */
	EXPECT_EQ(-EOVERFLOW, __set_dtb(self->fd, ~0xfffUL, 0x800));
}

/* R24 */
TEST_F(vm, dtb_config_unaligned_address)
{
	EXPECT_EQ(-EINVAL, __set_dtb(self->fd, GUEST_DTB + 8, SZ_4K));
}

/* R24: an existing monitor sets such a size, and before there is memory */
TEST_F(vm, dtb_config_odd_size_before_memory)
{
	EXPECT_EQ(0, __set_dtb(self->fd, GUEST_DTB, 0x41e));
}

FIXTURE(boot)
{
	int dev;
	int fd;
};

FIXTURE_SETUP(boot)
{
	require_gunyah();
	self->dev = open_gunyah();
	self->fd = create_vm(self->dev);
}

FIXTURE_TEARDOWN(boot)
{
	close(self->fd);
	close(self->dev);
}

FIXTURE_VARIANT(boot)
{
	__u32 reg;
	int result;
};

FIXTURE_VARIANT_ADD(boot, x0) { .reg = 0x000, .result = 0 };
FIXTURE_VARIANT_ADD(boot, x30) { .reg = 0x01e, .result = 0 };
FIXTURE_VARIANT_ADD(boot, x31_is_ignored) { .reg = 0x01f, .result = 0 };
FIXTURE_VARIANT_ADD(boot, x32) { .reg = 0x020, .result = -EINVAL };
FIXTURE_VARIANT_ADD(boot, pc) { .reg = 0x100, .result = 0 };
FIXTURE_VARIANT_ADD(boot, pc_1) { .reg = 0x101, .result = -EINVAL };
FIXTURE_VARIANT_ADD(boot, sp_el0) { .reg = 0x200, .result = 0 };
FIXTURE_VARIANT_ADD(boot, sp_el1) { .reg = 0x201, .result = 0 };
FIXTURE_VARIANT_ADD(boot, sp_2) { .reg = 0x202, .result = -EINVAL };
FIXTURE_VARIANT_ADD(boot, set_3) { .reg = 0x300, .result = -EINVAL };
FIXTURE_VARIANT_ADD(boot, upper_bits) { .reg = 0x10000, .result = -EINVAL };
FIXTURE_VARIANT_ADD(boot, top_bit) { .reg = 0x80000000, .result = -EINVAL };

/* R25 */
TEST_F(boot, reg)
{
	EXPECT_EQ(variant->result, __set_boot_reg(self->fd, variant->reg, 0x1234));
}

/* R25: any value */
TEST_F(vm, boot_context_values)
{
	static const __u64 values[] = {
		0, 2, 0x402, 0x406, 0xffff000000000002, ~0UL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		EXPECT_EQ(0, __set_boot_reg(self->fd, 5, values[i]));
}

/* R25 */
TEST_F(vm, boot_context_reserved)
{
	struct gunyah_vm_boot_context context = { .reg = 1, .reserved = 1 };

	EXPECT_EQ(-EINVAL, __ioctl(self->fd, GUNYAH_VM_SET_BOOT_CONTEXT, &context));
	EXPECT_EQ(-EFAULT, __ioctl(self->fd, GUNYAH_VM_SET_BOOT_CONTEXT, 8));
}

static int __function(int vm, unsigned long nr, __u32 type, __u32 size, __u64 arg)
{
	struct gunyah_fn_desc desc = { .type = type, .arg_size = size, .arg = arg };

	return __ioctl(vm, nr, &desc);
}

/* R41, R42 */
TEST_F(vm, add_function_checks_its_argument)
{
	char big[512] = {};
	struct gunyah_fn_vcpu_arg arg = { .id = 0 };
	__u64 ptr = (uintptr_t)&arg;

	EXPECT_EQ(-EFAULT, __ioctl(self->fd, GUNYAH_VM_ADD_FUNCTION, 8));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, 0, sizeof(arg), ptr));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, 999, sizeof(arg), ptr));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU, 0, 0));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU, 3, ptr));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU, 8,
				      (uintptr_t)big));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU, 257,
				      (uintptr_t)big));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU,
				      0xffffffff, (uintptr_t)big));
	EXPECT_EQ(-EFAULT, __function(self->fd, GUNYAH_VM_ADD_FUNCTION, GUNYAH_FN_VCPU,
				      sizeof(arg), 8));
}

/* R41 */
TEST_F(vm, remove_function_checks_its_argument)
{
	struct gunyah_fn_vcpu_arg arg = { .id = 0 };
	__u64 ptr = (uintptr_t)&arg;

	EXPECT_EQ(-EFAULT, __ioctl(self->fd, GUNYAH_VM_REMOVE_FUNCTION, 8));
	EXPECT_EQ(-ENOENT, __function(self->fd, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_VCPU,
				      sizeof(arg), ptr));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_REMOVE_FUNCTION, GUNYAH_FN_VCPU, 257,
				      ptr));
	EXPECT_EQ(-EINVAL, __function(self->fd, GUNYAH_VM_REMOVE_FUNCTION, 999, sizeof(arg), ptr));
}

/* R27 */
TEST_F(vm, vcpu_twice_is_eexist)
{
	int vcpu = __add_vcpu(self->fd, 0);

	ASSERT_GE(vcpu, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(vcpu, F_GETFD));
	EXPECT_EQ(-EEXIST, __add_vcpu(self->fd, 0));
	EXPECT_EQ(0, __remove_vcpu(self->fd, 0));
	close(vcpu);
}

/* An id is free as soon as REMOVE returns, with the fd open and mapped. */
TEST_F(vm, vcpu_id_is_free_after_remove)
{
	int old = __add_vcpu(self->fd, 3);
	int vcpu;
	void *p;

	ASSERT_GE(old, 0);
	p = mmap(NULL, SZ_4K, PROT_READ | PROT_WRITE, MAP_SHARED, old, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, __remove_vcpu(self->fd, 3));
	EXPECT_EQ(-ENOENT, __remove_vcpu(self->fd, 3));
	vcpu = __add_vcpu(self->fd, 3);
	EXPECT_GE(vcpu, 0);
	munmap(p, SZ_4K);
	close(old);
	close(vcpu);
}

/* R43: with no fd to be had nothing is left half-registered. */
TEST_F(vm, add_vcpu_without_a_free_fd)
{
	int fds[1024], n = 0, fd;

	for (;;) {
		fd = dup(self->dev);
		if (fd < 0 || n == 1024)
			break;
		fds[n++] = fd;
	}
	EXPECT_EQ(-EMFILE, __add_vcpu(self->fd, 1));
	while (n)
		close(fds[--n]);
	fd = __add_vcpu(self->fd, 1);
	EXPECT_GE(fd, 0);
	close(fd);
}

/* What CHECK_EXTENSION has not */
TEST_F(vm, what_this_driver_has_not_is_eopnotsupp)
{
	struct gunyah_address_range range = { .guest_phys_addr = GUEST_BASE, .size = SZ_4K };

	if (!__ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_RECLAIM_RUNNING))
		EXPECT_EQ(-EOPNOTSUPP, __ioctl(self->fd, GUNYAH_VM_RECLAIM_MEM, &range));
}

/* R29: the type is the user's to say; vm_auth has the others */
TEST_F(vm, auth_type)
{
	struct gunyah_vm_auth_desc desc = { .type = GUNYAH_VM_AUTH_NONE };

	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_VM_SET_AUTH, &desc));
	desc.arg_size = 8;
	EXPECT_EQ(-EINVAL, __ioctl(self->fd, GUNYAH_VM_SET_AUTH, &desc));
	desc.arg_size = 0;
	desc.arg = 8;
	EXPECT_EQ(-EINVAL, __ioctl(self->fd, GUNYAH_VM_SET_AUTH, &desc));
	desc.arg = 0;
	desc.type = 3;
	EXPECT_EQ(-EINVAL, __ioctl(self->fd, GUNYAH_VM_SET_AUTH, &desc));
	desc.type = 99;
	EXPECT_EQ(-EINVAL, __ioctl(self->fd, GUNYAH_VM_SET_AUTH, &desc));
	EXPECT_EQ(-EFAULT, __ioctl(self->fd, GUNYAH_VM_SET_AUTH, 8));
}

/* R29: the exit types of the header are the numbers that programs have compiled in */
TEST(exit_types)
{
	EXPECT_EQ(0, GUNYAH_VM_EXIT_TYPE_VM_EXIT);
	EXPECT_EQ(1, GUNYAH_VM_EXIT_TYPE_PSCI_OFF);
	EXPECT_EQ(2, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET);
	EXPECT_EQ(3, GUNYAH_VM_EXIT_TYPE_SYSTEM_RESET2);
	EXPECT_EQ(4, GUNYAH_VM_EXIT_TYPE_WATCHDOG_BITE);
	EXPECT_EQ(5, GUNYAH_VM_EXIT_TYPE_HYP_ERROR);
	EXPECT_EQ(6, GUNYAH_VM_EXIT_TYPE_ASYNC_EXT_ABORT);
	EXPECT_EQ(7, GUNYAH_VM_EXIT_TYPE_FORCED_STOP);
}

/* R27 */
TEST_F(vm, many_vcpus_each_once)
{
	int fds[32];
	int i;

	for (i = 0; i < 32; i++) {
		fds[i] = __add_vcpu(self->fd, i);
		ASSERT_GE(fds[i], 0);
	}
	for (i = 0; i < 32; i++)
		EXPECT_EQ(-EEXIST, __add_vcpu(self->fd, i));
	for (i = 31; i >= 0; i--) {
		EXPECT_EQ(0, __remove_vcpu(self->fd, i));
		close(fds[i]);
	}
}

TEST_HARNESS_MAIN
