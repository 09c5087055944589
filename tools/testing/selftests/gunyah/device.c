// SPDX-License-Identifier: GPL-2.0-only
/* The device file: who gets what from /dev/gunyah itself. */
#include <sys/resource.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

FIXTURE(dev)
{
	int fd;
};

FIXTURE_SETUP(dev)
{
	require_gunyah();
	self->fd = open_gunyah();
}

FIXTURE_TEARDOWN(dev)
{
	close(self->fd);
}

/* R12 */
TEST_F(dev, unknown_ioctl_is_enotty)
{
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, _IO('G', 0x7f), 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, _IO('A', 0x17), 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, _IOW('G', 0x0, int), 0));
}

/* R12: a VM's and a vCPU's calls are not the device's */
TEST_F(dev, other_fds_ioctls_are_enotty)
{
	struct gunyah_vm_dtb_config config = {};

	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_VM_SET_DTB_CONFIG, &config));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_VM_START, 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_VCPU_RUN, 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_VCPU_MMAP_SIZE, 0));
}

TEST_F(dev, create_vm_argument_must_be_zero)
{
	EXPECT_EQ(-EINVAL, __ioctl(self->fd, GUNYAH_CREATE_VM, 1));
}

TEST_F(dev, create_vm_is_close_on_exec)
{
	int vm = create_vm(self->fd);

	EXPECT_EQ(FD_CLOEXEC, fcntl(vm, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(vm, F_GETFL) & O_ACCMODE);
	close(vm);
}

/* Nothing is made for which there is no fd, and the limit leaves nothing behind. */
TEST_F(dev, no_fd_left_is_emfile)
{
	struct rlimit old, none;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = self->fd + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, __create_vm(self->fd));
	EXPECT_EQ(-EMFILE, __create_guest_mem(self->fd, SZ_2M, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	close(create_vm(self->fd));
	close(create_guest_mem(self->fd, SZ_2M));
}

TEST_F(dev, vm_fd_has_its_name)
{
	int vm = create_vm(self->fd);
	char link[64] = "", path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", vm);
	ASSERT_GT(readlink(path, link, sizeof(link) - 1), 0);
	EXPECT_STREQ("anon_inode:gunyah-vm", link);
	close(vm);
}

TEST_F(dev, create_vm_many)
{
	int vms[100];
	int i;

	/* Nothing is asked of the resource manager before START. */
	for (i = 0; i < 100; i++)
		vms[i] = create_vm(self->fd);
	for (i = 0; i < 100; i++)
		EXPECT_EQ(0, close(vms[i]));
}

TEST_F(dev, vm_outlives_the_device_fd)
{
	int dev = open_gunyah();
	int vm = create_vm(dev);

	close(dev);
	EXPECT_EQ(0, __set_dtb(vm, GUEST_DTB, SZ_4K));
	close(vm);
}

TEST_F(dev, read_and_write_are_refused)
{
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(dev, extensions)
{
	EXPECT_GE(__ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_API_VERSION), 1);
	EXPECT_GE(__ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_MAX_VCPUS), 1);
	EXPECT_EQ(1, 1 & __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_AUTH_TYPES));
	EXPECT_EQ(1, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_HUGE_PAGES));
	EXPECT_EQ(1, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_VM_RESET));
}

/* R81: the flow is what the resource manager answers */
TEST_F(dev, extensions_of_the_eager_flow)
{
	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_DEMAND_PAGING));
	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_BOOT_CONTEXT));
	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_RESUME_ACTIONS));
	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_RECLAIM_RUNNING));
}

TEST_F(dev, unknown_extension_is_zero)
{
	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, 11));
	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, 0xffffffff));
	EXPECT_EQ(0, __ioctl(self->fd, GUNYAH_CHECK_EXTENSION, ~0UL));
}

TEST_F(dev, vm_answers_extensions_too)
{
	int vm = create_vm(self->fd);
	unsigned long i;

	for (i = 0; i < 16; i++)
		EXPECT_EQ(__ioctl(self->fd, GUNYAH_CHECK_EXTENSION, i),
			  __ioctl(vm, GUNYAH_CHECK_EXTENSION, i));
	close(vm);
}

/* R71 */
TEST_F(dev, create_guest_mem_checks_its_argument)
{
	struct gunyah_create_mem_args args = { .size = SZ_2M };
	int i;

	EXPECT_EQ(-EFAULT, __ioctl(self->fd, GUNYAH_CREATE_GUEST_MEM, 8));
	EXPECT_EQ(-EINVAL, __create_guest_mem(self->fd, 0, 0));
	EXPECT_EQ(-EINVAL, __create_guest_mem(self->fd, 1, 0));
	EXPECT_EQ(-EINVAL, __create_guest_mem(self->fd, SZ_2M + 1, 0));
	EXPECT_EQ(-EINVAL, __create_guest_mem(self->fd, SZ_2M, 4));
	EXPECT_EQ(-EINVAL, __create_guest_mem(self->fd, SZ_2M, 1UL << 63));
	for (i = 0; i < 6; i++) {
		args.reserved[i] = 1;
		EXPECT_EQ(-EINVAL, __ioctl(self->fd, GUNYAH_CREATE_GUEST_MEM, &args));
		args.reserved[i] = 0;
	}
}

TEST_F(dev, create_guest_mem_size_beyond_any_file)
{
	EXPECT_GT(0, __create_guest_mem(self->fd, 1UL << 63, 0));
	EXPECT_GT(0, __create_guest_mem(self->fd, ~0UL & ~0xfffUL, 0));
}

TEST_F(dev, create_guest_mem_cloexec_by_flag)
{
	int plain = __create_guest_mem(self->fd, SZ_2M, 0);
	int cloexec = __create_guest_mem(self->fd, SZ_2M, 1);

	ASSERT_GE(plain, 0);
	ASSERT_GE(cloexec, 0);
	EXPECT_EQ(0, fcntl(plain, F_GETFD));
	EXPECT_EQ(FD_CLOEXEC, fcntl(cloexec, F_GETFD));
	close(plain);
	close(cloexec);
}

TEST_HARNESS_MAIN
