// SPDX-License-Identifier: GPL-2.0-only
/*
 * VM_SET_USER_MEM_REGION: which memory is taken, how each wrong region is refused
 * (R60, R71), and what the process is charged.
 */
#include <linux/mman.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/user_mem.h"

#define NR_PAGES		16UL
#define SIZE		(NR_PAGES * PAGE)
/* Of 2 MiB, which there are beside pages of any size; the usual ones may be much larger. */
#define HUGE_PAGES	"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

FIXTURE(region)
{
	int dev;
	int vm;
	char *p;
	unsigned long locked;
};

FIXTURE_SETUP(region)
{
	require_gunyah();
	require_user_mem();
	self->dev = open_gunyah();
	self->vm = create_vm(self->dev);
	self->p = map_user(SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	self->locked = locked_pages();
}

FIXTURE_TEARDOWN(region)
{
	close(self->vm);
	EXPECT_EQ(self->locked, locked_pages());
	munmap(self->p, SIZE);
	close(self->dev);
}

TEST_F(region, extensions)
{
	EXPECT_EQ(1, __ioctl(self->dev, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_USER_MEM));
	EXPECT_EQ(1, __ioctl(self->vm, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_USER_MEM));
	EXPECT_EQ(1, __ioctl(self->dev, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_USER_MEM_LENT));
}

TEST_F(region, bad_pointer)
{
	EXPECT_EQ(-EFAULT, __ioctl(self->vm, GUNYAH_VM_SET_USER_MEM_REGION, 8));
}

/* R12 */
TEST_F(region, is_a_call_of_the_vm)
{
	struct gunyah_userspace_memory_region r = {};

	EXPECT_EQ(-ENOTTY, __ioctl(self->dev, GUNYAH_VM_SET_USER_MEM_REGION, &r));
}

TEST_F(region, unknown_flag)
{
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, USER_RW | 0x10, GUEST_BASE, SIZE, self->p));
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, USER_RW | 1U << 31, GUEST_BASE, SIZE,
					  self->p));
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, 0x10, 0, 0, NULL));
}

TEST_F(region, without_read)
{
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, 0, GUEST_BASE, SIZE, self->p));
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, GUNYAH_USER_MEM_WRITE, GUEST_BASE, SIZE,
					  self->p));
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, GUNYAH_USER_MEM_LENT, GUEST_BASE, SIZE,
					  self->p));
}

TEST_F(region, unaligned)
{
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE + 8, SIZE, self->p));
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, SIZE - 1, self->p));
	EXPECT_EQ(-EINVAL, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, PAGE, self->p + 16));
}

TEST_F(region, wraps)
{
	EXPECT_EQ(-EOVERFLOW, __set_user_mem(self->vm, 1, USER_RW, -PAGE, SIZE, self->p));
	EXPECT_EQ(-EOVERFLOW, __set_user_mem(self->vm, 1, USER_RW, 0, SIZE, (void *)-PAGE));
}

TEST_F(region, not_mapped)
{
	EXPECT_EQ(-EFAULT, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, SIZE, NULL));
	EXPECT_EQ(-EFAULT, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, 1UL << 50, self->p));
	/* A kernel's address. */
	EXPECT_EQ(-EFAULT, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, SIZE,
					  (void *)0xffff800000000000UL));
	munmap(self->p + 5 * PAGE, PAGE);
	EXPECT_EQ(-EFAULT, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, SIZE, self->p));
	EXPECT_EQ(0, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, 5 * PAGE, self->p));
}

/* What the guest may write, the process must be able to. */
TEST_F(region, read_only)
{
	ASSERT_EQ(0, mprotect(self->p, SIZE, PROT_READ));
	EXPECT_EQ(-EFAULT, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, SIZE, self->p));
	EXPECT_EQ(-EFAULT, __set_user_mem(self->vm, 1, USER_LENT & ~GUNYAH_USER_MEM_WRITE,
					  GUEST_BASE, SIZE, self->p));
	EXPECT_EQ(0, __set_user_mem(self->vm, 1, GUNYAH_USER_MEM_READ, GUEST_BASE, SIZE, self->p));
}

TEST_F(region, no_access)
{
	ASSERT_EQ(0, mprotect(self->p, SIZE, PROT_NONE));
	EXPECT_EQ(-EFAULT, __set_user_mem(self->vm, 1, GUNYAH_USER_MEM_READ, GUEST_BASE, SIZE,
					  self->p));
}

/* R65, R71: a mapping that no memory can ever be behind */
TEST_F(region, larger_than_memory)
{
	void *p = map_user(1UL << 42, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	EXPECT_EQ(-ENOMEM, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, 1UL << 42, p));
	munmap(p, 1UL << 42);
}

/* Takes and gives back; the errno. */
static int try_memory(int vm, const void *p)
{
	return __set_user_mem(vm, 9, USER_RW, GUEST_BASE, PAGE, p) ?: __remove_user_mem(vm, 9);
}

TEST_F(region, memory_that_is_taken)
{
	const int rw = PROT_READ | PROT_WRITE;
	int mem = memfd_create("test", MFD_CLOEXEC);
	int shm = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	void *p;

	ASSERT_EQ(0, ftruncate(mem, PAGE));
	EXPECT_EQ(0, try_memory(self->vm, self->p));
	EXPECT_EQ(0, try_memory(self->vm, map_user(PAGE, rw, MAP_SHARED | MAP_ANONYMOUS, -1)));
	EXPECT_EQ(0, try_memory(self->vm, map_user(PAGE, rw, MAP_SHARED, mem)));
	EXPECT_EQ(0, try_memory(self->vm, map_user(PAGE, rw, MAP_PRIVATE, mem)));
	p = shmat(shm, NULL, 0);
	ASSERT_NE((void *)-1, p);
	EXPECT_EQ(0, try_memory(self->vm, p));
	shmdt(p);
	shmctl(shm, IPC_RMID, NULL);
	close(mem);
}

TEST_F(region, guest_memory_is_refused)
{
	int mem = create_guest_mem(self->dev, SZ_2M);

	EXPECT_EQ(-EINVAL, try_memory(self->vm, map_user(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
							 mem)));
	close(mem);
}

TEST_F(region, huge_page_is_refused)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB;
	void *p;

	write_file(HUGE_PAGES, "2");
	p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED) {
		write_file(HUGE_PAGES, "0");
		SKIP(return, "no huge pages");
	}
	EXPECT_EQ(-EINVAL, try_memory(self->vm, p));
	munmap(p, SZ_2M);
	write_file(HUGE_PAGES, "0");
}

TEST_F(region, device_is_refused)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	int vcpu = __add_vcpu(self->vm, 0);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EINVAL, try_memory(self->vm, map_user(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
							 fd)));
	close(fd);
	ASSERT_GE(vcpu, 0);
	EXPECT_EQ(-EINVAL, try_memory(self->vm, map_user(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
							 vcpu)));
	close(vcpu);
	EXPECT_EQ(-EINVAL, try_memory(self->vm, (void *)getauxval(AT_SYSINFO_EHDR)));
}

TEST_F(region, secret_memory_is_refused)
{
	int fd = syscall(SYS_memfd_secret, O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "no secret memory");
	ASSERT_EQ(0, ftruncate(fd, PAGE));
	EXPECT_EQ(-EINVAL, try_memory(self->vm, map_user(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
							 fd)));
	close(fd);
}

TEST_F(region, label_in_use)
{
	set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, PAGE, self->p);
	EXPECT_EQ(-EEXIST, __set_user_mem(self->vm, 1, USER_RW, GUEST_BASE + SZ_2M, PAGE,
					  self->p + PAGE));
	set_user_mem(self->vm, 0, USER_RW, GUEST_BASE + SZ_2M, PAGE, self->p + PAGE);
	set_user_mem(self->vm, ~0U, USER_RW, GUEST_BASE + PAGE, PAGE, self->p + 2 * PAGE);
	EXPECT_EQ(self->locked + 3, locked_pages());
}

TEST_F(region, guest_address_in_use)
{
	int mem = create_guest_mem(self->dev, SZ_2M);

	set_user_mem(self->vm, 1, USER_RW, GUEST_BASE + PAGE, PAGE, self->p);
	map_mem(self->vm, mem, GUEST_BASE + SZ_2M, SZ_2M, 0, LEND_RWX);
	EXPECT_EQ(-EEXIST, __set_user_mem(self->vm, 2, USER_RW, GUEST_BASE, 2 * PAGE,
					  self->p + PAGE));
	EXPECT_EQ(-EEXIST, __set_user_mem(self->vm, 2, USER_RW, GUEST_BASE + SZ_2M - PAGE,
					  2 * PAGE, self->p + PAGE));
	EXPECT_EQ(self->locked + 1, locked_pages());
	EXPECT_EQ(0, __set_user_mem(self->vm, 2, USER_RW, GUEST_BASE, PAGE, self->p + PAGE));
	EXPECT_EQ(-EEXIST, __map_mem(self->vm, mem, GUEST_BASE, PAGE, 0, LEND_RWX));
	close(mem);
}

TEST_F(region, page_in_use)
{
	int other = create_vm(self->dev);

	set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, 4 * PAGE, self->p + 4 * PAGE);
	EXPECT_EQ(-EEXIST, __set_user_mem(self->vm, 2, USER_RW, GUEST_BASE + SZ_2M, SIZE, self->p));
	EXPECT_EQ(-EEXIST, __set_user_mem(other, 1, USER_RW, GUEST_BASE, PAGE,
					  self->p + 7 * PAGE));
	EXPECT_EQ(self->locked + 4, locked_pages());
	/* The same label and address are another VM's own. */
	EXPECT_EQ(0, __set_user_mem(other, 1, USER_RW, GUEST_BASE, PAGE, self->p + 8 * PAGE));
	close(other);
	EXPECT_EQ(0, __set_user_mem(self->vm, 2, USER_RW, GUEST_BASE + SZ_2M, PAGE,
				    self->p + 8 * PAGE));
}

TEST_F(region, page_in_use_by_another_mapping)
{
	int mem = memfd_create("test", MFD_CLOEXEC);
	void *p;

	ASSERT_EQ(0, ftruncate(mem, SIZE));
	p = map_user(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mem);
	set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, SIZE, p);
	munmap(p, SIZE);
	p = map_user(SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mem);
	EXPECT_EQ(-EEXIST, __set_user_mem(self->vm, 2, USER_RW, GUEST_BASE + SZ_2M, PAGE, p));
	munmap(p, SIZE);
	close(mem);
}

TEST_F(region, remove)
{
	EXPECT_EQ(-ENOENT, __remove_user_mem(self->vm, 1));
	set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, SIZE, self->p);
	EXPECT_EQ(-ENOENT, __remove_user_mem(self->vm, 2));
	EXPECT_EQ(self->locked + NR_PAGES, locked_pages());
	EXPECT_EQ(0, __remove_user_mem(self->vm, 1));
	EXPECT_EQ(self->locked, locked_pages());
	EXPECT_EQ(-ENOENT, __remove_user_mem(self->vm, 1));
	/* Label, guest address and pages are free. */
	set_user_mem(self->vm, 1, USER_LENT, GUEST_BASE, SIZE, self->p);
	/* It is no binding of a file. */
	EXPECT_EQ(-EBADF, __map_mem(self->vm, -1, GUEST_BASE, SIZE, 0,
				    LEND_RWX | GUNYAH_MEM_UNMAP));
}

/* In a child: 0 when it is refused. */
static int look_from_child(int vm, char *p)
{
	if (__set_user_mem(vm, 2, USER_RW, GUEST_BASE + SZ_2M, PAGE, p + PAGE) != -EPERM)
		return 1;
	if (__remove_user_mem(vm, 1) != -EPERM)
		return 2;
	/* Its own VM is another thing; the page is another one, too. */
	p[0] = 1;
	vm = create_vm(open_gunyah());
	return __set_user_mem(vm, 1, USER_RW, GUEST_BASE, PAGE, p) ? 3 : 0;
}

TEST_F(region, another_process)
{
	int status;
	pid_t pid;

	set_user_mem(self->vm, 1, USER_RW, GUEST_BASE, PAGE, self->p);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(look_from_child(self->vm, self->p));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(self->locked + 1, locked_pages());
	EXPECT_EQ(0, __remove_user_mem(self->vm, 1));
}

/* Each page many times, and each time all of it comes back. */
TEST_F(region, many_times)
{
	unsigned int i, j;

	for (i = 0; i < 200; i++) {
		for (j = 0; j < NR_PAGES; j++)
			set_user_mem(self->vm, j, USER_RW, GUEST_BASE + j * SZ_2M, PAGE,
				     self->p + (i + j) % NR_PAGES * PAGE);
		EXPECT_EQ(self->locked + NR_PAGES, locked_pages());
		for (j = 0; j < NR_PAGES; j++)
			EXPECT_EQ(0, __remove_user_mem(self->vm, j));
	}
}

/* ---- RLIMIT_MEMLOCK ---- */

static int look_at_limit(int dev, char *p)
{
	struct rlimit limit = { 8 * PAGE, 8 * PAGE };
	unsigned long locked = locked_pages();
	int vm;

	/* Without the capability that the limit is not for. */
	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setresuid(65534, 65534, 65534))
		return 1;
	vm = create_vm(dev);
	if (__set_user_mem(vm, 1, USER_RW, GUEST_BASE, 9 * PAGE, p) != -ENOMEM)
		return 2;
	if (__set_user_mem(vm, 1, USER_RW, GUEST_BASE, 5 * PAGE, p))
		return 3;
	if (__set_user_mem(vm, 2, USER_RW, GUEST_BASE + SZ_2M, 4 * PAGE, p + 8 * PAGE) != -ENOMEM)
		return 4;
	if (__set_user_mem(vm, 2, USER_RW, GUEST_BASE + SZ_2M, 3 * PAGE, p + 8 * PAGE))
		return 5;
	if (locked_pages() != locked + 8)
		return 6;
	/* What mlock() gets is out of the same purse. */
	if (!mlock(p + 15 * PAGE, PAGE) || errno != ENOMEM)
		return 7;
	if (__remove_user_mem(vm, 2) || mlock(p + 15 * PAGE, PAGE))
		return 8;
	close(vm);
	return locked_pages() == locked + 1 ? 0 : 9;
}

TEST_F(region, memlock_limit)
{
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(look_at_limit(self->dev, self->p));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
