// SPDX-License-Identifier: GPL-2.0-only
/* The vCPU file and its run page, without a running guest. */
#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

FIXTURE(vcpu)
{
	int dev;
	int vm;
	int fd;
};

FIXTURE_SETUP(vcpu)
{
	require_gunyah();
	self->dev = open_gunyah();
	self->vm = create_vm(self->dev);
	self->fd = __add_vcpu(self->vm, 0);
	ASSERT_GE(self->fd, 0);
}

FIXTURE_TEARDOWN(vcpu)
{
	close(self->fd);
	close(self->vm);
	close(self->dev);
}

/* R12 */
TEST_F(vcpu, unknown_ioctl_is_enotty)
{
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, _IO('G', 0x7f), 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_VM_START, 0));
}

TEST_F(vcpu, has_its_name)
{
	char link[64] = "", path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	ASSERT_GT(readlink(path, link, sizeof(link) - 1), 0);
	EXPECT_STREQ("anon_inode:gunyah-vcpu", link);
}

/* The third argument is garbage in existing monitors. */
TEST_F(vcpu, mmap_size)
{
	EXPECT_EQ(sysconf(_SC_PAGESIZE), __ioctl(self->fd, GUNYAH_VCPU_MMAP_SIZE, 0));
	EXPECT_EQ(sysconf(_SC_PAGESIZE), __ioctl(self->fd, GUNYAH_VCPU_MMAP_SIZE, 0xdeadbeef));
}

/* R5 */
TEST_F(vcpu, run_before_start)
{
	struct gunyah_vcpu_run *run;

	run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, run);
	run->exit_reason = 77;
	EXPECT_EQ(-ENODEV, __ioctl(self->fd, GUNYAH_VCPU_RUN, 0xdeadbeef));
	EXPECT_EQ(GUNYAH_VCPU_EXIT_UNKNOWN, run->exit_reason);
	munmap(run, PAGE);
}

/* R5 */
TEST_F(vcpu, run_after_remove)
{
	ASSERT_EQ(0, __remove_vcpu(self->vm, 0));
	EXPECT_EQ(-ENODEV, __ioctl(self->fd, GUNYAH_VCPU_RUN, 0));
}

/* R11 */
TEST_F(vcpu, run_page_is_zero_and_shared)
{
	char *a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	char *b = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	unsigned int i;

	ASSERT_NE(MAP_FAILED, a);
	ASSERT_NE(MAP_FAILED, b);
	for (i = 0; i < PAGE; i++)
		if (a[i])
			break;
	EXPECT_EQ(PAGE, i);
	a[100] = 'x';
	EXPECT_EQ('x', b[100]);
	munmap(a, PAGE);
	munmap(b, PAGE);
}

/* R11 */
TEST_F(vcpu, run_page_private)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

/* R11 */
TEST_F(vcpu, run_page_exec)
{
	void *p;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, self->fd, 0));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-1, mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	munmap(p, PAGE);
}

/* R11 */
TEST_F(vcpu, run_page_only_one)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, PAGE));
}

/* R11 */
TEST_F(vcpu, run_page_does_not_grow)
{
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(MAP_FAILED, mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	munmap(p, PAGE);
}

/* R11: a child has it, too, and sees what is written */
TEST_F(vcpu, run_page_is_shared_with_a_child)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, p);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		p[200] = 'c';
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ('c', p[200]);
	munmap(p, PAGE);
}

/* R11 */
TEST_F(vcpu, run_page_outlives_the_fd)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, __remove_vcpu(self->vm, 0));
	close(self->fd);
	close(self->vm);
	p[8] = 1;
	EXPECT_EQ(1, p[8]);
	munmap(p, PAGE);
	self->vm = create_vm(self->dev);
	self->fd = __add_vcpu(self->vm, 0);
}

TEST_HARNESS_MAIN
