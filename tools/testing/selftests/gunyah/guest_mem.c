// SPDX-License-Identifier: GPL-2.0-only
/* The guest-memory file: what a process may do with it while no guest has it. */
#include <linux/falloc.h>
#include <sched.h>

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

FIXTURE(mem)
{
	int dev;
	int fd;
};

FIXTURE_SETUP(mem)
{
	require_gunyah();
	self->dev = open_gunyah();
	self->fd = create_guest_mem(self->dev, 2 * SZ_2M);
}

FIXTURE_TEARDOWN(mem)
{
	close(self->fd);
	close(self->dev);
}

TEST_F(mem, size_is_what_was_asked)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(2 * SZ_2M, (unsigned long)st.st_size);
	EXPECT_TRUE(S_ISREG(st.st_mode));
}

TEST_F(mem, size_is_fixed)
{
	struct stat st;

	EXPECT_EQ(-1, ftruncate(self->fd, SZ_2M));
	EXPECT_EQ(-1, ftruncate(self->fd, 4 * SZ_2M));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(2 * SZ_2M, (unsigned long)st.st_size);
}

TEST_F(mem, mode_can_be_changed)
{
	struct stat st;

	ASSERT_EQ(0, fchmod(self->fd, 0400));
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(0400, st.st_mode & 0777);
}

TEST_F(mem, unknown_ioctl_is_enotty)
{
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, GUNYAH_CREATE_VM, 0));
	EXPECT_EQ(-ENOTTY, __ioctl(self->fd, _IO('G', 0x7f), 0));
}

TEST_F(mem, new_pages_are_zero)
{
	unsigned long i, *p;

	p = mmap(NULL, 2 * SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	for (i = 0; i < 2 * SZ_2M / sizeof(*p); i++)
		if (p[i])
			break;
	EXPECT_EQ(2 * SZ_2M / sizeof(*p), i);
	munmap(p, 2 * SZ_2M);
}

TEST_F(mem, mappings_see_each_other)
{
	char *a = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, SZ_2M);
	char *b = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, SZ_2M + PAGE);

	ASSERT_NE(MAP_FAILED, a);
	ASSERT_NE(MAP_FAILED, b);
	memcpy(a + PAGE, "both see it", sizeof("both see it"));
	EXPECT_STREQ("both see it", b);
	munmap(a, SZ_2M);
	munmap(b, PAGE);
}

TEST_F(mem, content_outlives_the_mapping)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, PAGE);

	ASSERT_NE(MAP_FAILED, p);
	memcpy(p, "still here", sizeof("still here"));
	munmap(p, PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, PAGE);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_STREQ("still here", p);
	munmap(p, PAGE);
}

TEST_F(mem, mapping_outlives_the_fd)
{
	int fd = create_guest_mem(self->dev, SZ_2M);
	char *p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	close(fd);
	memcpy(p + PAGE, "alive", sizeof("alive"));
	EXPECT_STREQ("alive", p + PAGE);
	munmap(p, SZ_2M);
}

TEST_F(mem, private_mapping_is_refused)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd, 0));
}

/* R67: 7.x's kernel lets nobody execute from an anonymous file (EPERM). */
TEST_F(mem, nothing_is_executed_there)
{
	char *p;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, self->fd, 0));
	EXPECT_TRUE(errno == EINVAL || errno == EPERM);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-1, mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, *p);
	munmap(p, PAGE);
}

TEST_F(mem, access_beyond_the_end_is_sigbus)
{
	char *p = mmap(NULL, 3 * SZ_2M, PROT_READ, MAP_SHARED, self->fd, 0);

	if (p == MAP_FAILED) {
		/* Refusing the mapping is as good. */
		return;
	}
	EXPECT_EQ(0, touch(p + 2 * SZ_2M - 1, false));
	EXPECT_EQ(SIGBUS, touch(p + 2 * SZ_2M, false));
	munmap(p, 3 * SZ_2M);
}

TEST_F(mem, read_and_write_are_refused)
{
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(-1, write(self->fd, &c, 1));
}

TEST_F(mem, fallocate_needs_keep_size)
{
	EXPECT_EQ(-1, fallocate(self->fd, 0, 0, SZ_2M));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_KEEP_SIZE, 0, SZ_2M));
	EXPECT_EQ(-1, fallocate(self->fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_ZERO_RANGE, 0, SZ_2M));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(mem, fallocate_must_be_aligned)
{
	EXPECT_EQ(-1, fallocate(self->fd, FALLOC_FL_KEEP_SIZE, 1, PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, fallocate(self->fd, FALLOC_FL_KEEP_SIZE, 0, PAGE + 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(mem, fallocate_beyond_the_end)
{
	EXPECT_EQ(-1, fallocate(self->fd, FALLOC_FL_KEEP_SIZE, 2 * SZ_2M, PAGE));
	EXPECT_EQ(EINVAL, errno);
	/* ... but a hole there is fine: there is nothing to do. */
	EXPECT_EQ(0, fallocate(self->fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
			       2 * SZ_2M, PAGE));
}

TEST_F(mem, hole_reads_as_zero)
{
	char *p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	memset(p, 0xa5, SZ_2M);
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, SZ_2M));
	EXPECT_EQ(0, p[0]);
	EXPECT_EQ(0, p[SZ_2M - 1]);
	munmap(p, SZ_2M);
}

TEST_F(mem, hole_in_the_middle)
{
	char *p = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);

	ASSERT_NE(MAP_FAILED, p);
	memset(p, 0x5a, SZ_2M);
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
			       PAGE, PAGE));
	EXPECT_EQ(0x5a, p[PAGE - 1]);
	EXPECT_EQ(0, p[PAGE]);
	EXPECT_EQ(0, p[2 * PAGE - 1]);
	EXPECT_EQ(0x5a, p[2 * PAGE]);
	munmap(p, SZ_2M);
}

/* R67 */
TEST_F(mem, fork_shares_the_mapping)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	int status;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, p);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		memcpy(p, "child", sizeof("child"));
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_STREQ("child", p);
	munmap(p, PAGE);
}

TEST_F(mem, huge_pages_as_a_demand)
{
	int fd = __create_guest_mem(self->dev, 2 * SZ_2M, 2);
	char *p;

	ASSERT_GE(fd, 0);
	p = mmap(NULL, 2 * SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	p[SZ_2M] = 1;
	EXPECT_EQ(1, p[SZ_2M]);
	munmap(p, 2 * SZ_2M);
	close(fd);
}

/*
 * Somebody allocates a gigabyte: fallocate() here, or a start, which keeps the
 * file locked until the last page is there.  st_blocks tells how far it is.
 */
#define LONG_SIZE	(512 * SZ_2M)

FIXTURE(allocating)
{
	int dev;
	int mem;
	int vm;
	int other_vm;
	char *behind;		/* a page of the file that is not allocated by that */
	pthread_t thread;
};

static unsigned long allocated(int mem)
{
	struct stat st;

	if (fstat(mem, &st))
		test_die("fstat");
	return st.st_blocks * 512UL;
}

static void *fallocate_all(void *arg)
{
	return (void *)(long)fallocate((long)arg, FALLOC_FL_KEEP_SIZE, 0, LONG_SIZE);
}

/* There is no device tree in it: the start fails when all memory is there. */
static void *start_vm(void *arg)
{
	return (void *)(long)__ioctl((long)arg, GUNYAH_VM_START, 0);
}

FIXTURE_SETUP(allocating)
{
	require_gunyah();
	self->dev = open_gunyah();
	self->mem = create_guest_mem(self->dev, LONG_SIZE + SZ_2M);
	self->vm = create_vm(self->dev);
	self->other_vm = create_vm(self->dev);
	map_mem(self->vm, self->mem, GUEST_BASE, LONG_SIZE, 0, LEND_RWX);
	ASSERT_EQ(0, __set_dtb(self->vm, GUEST_BASE, PAGE));
	self->behind = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->mem,
			    LONG_SIZE);
	ASSERT_NE(MAP_FAILED, self->behind);
}

FIXTURE_TEARDOWN(allocating)
{
	pthread_join(self->thread, NULL);
	munmap(self->behind, PAGE);
	close(self->vm);
	close(self->other_vm);
	close(self->mem);
	close(self->dev);
}

/* R8: a page fault meanwhile has its page before that is done. */
TEST_F(allocating, a_touch_does_not_wait_to_the_end)
{
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, fallocate_all, (void *)(long)self->mem));
	while (!allocated(self->mem))
		sched_yield();
	EXPECT_EQ(0, touch(self->behind, true));
	EXPECT_LT(allocated(self->mem), LONG_SIZE);
}

/* What may have to wait for a start. */
static void victim(struct _test_data_allocating *self, int nr)
{
	switch (nr) {
	case 0:
		touch(self->behind, true);
		break;
	case 1:
		fallocate(self->mem, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, LONG_SIZE, PAGE);
		break;
	case 2:
		fallocate(self->mem, FALLOC_FL_KEEP_SIZE, LONG_SIZE, PAGE);
		break;
	case 3:
		__map_mem(self->other_vm, self->mem, GUEST_BASE, SZ_2M, LONG_SIZE, LEND_RWX);
		break;
	default:
		__map_mem(self->vm, self->mem, GUEST_BASE, SZ_2M, LONG_SIZE, LEND_RWX);
		break;
	}
}

#define VICTIMS		5

/* 'D' while it waits in the kernel, 0 when it can't be told. */
static char state_of(pid_t pid)
{
	char path[32], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state;
}

/* R8, R20: who waits for a start can be killed at once. */
TEST_F(allocating, who_waits_for_a_start_can_be_killed)
{
	pid_t pid[VICTIMS];
	int i;

	/* There it gets no memory that would take long. */
	if (paging_there()) {
		ASSERT_EQ(0, pthread_create(&self->thread, NULL, start_vm, (void *)(long)self->vm));
		return;
	}
	for (i = 0; i < VICTIMS; i++) {
		pid[i] = fork();
		ASSERT_GE(pid[i], 0);
		if (!pid[i]) {
			while (!allocated(self->mem))
				sched_yield();
			victim(self, i);
			_exit(0);
		}
	}
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, start_vm, (void *)(long)self->vm));
	while (!allocated(self->mem))
		sched_yield();
	for (i = 0; i < VICTIMS; i++) {
		while (state_of(pid[i]) != 'D' && allocated(self->mem) < LONG_SIZE)
			sched_yield();
		kill(pid[i], SIGKILL);
	}
	for (i = 0; i < VICTIMS; i++)
		ASSERT_EQ(pid[i], waitpid(pid[i], NULL, 0));
	EXPECT_LT(allocated(self->mem), LONG_SIZE);
}

TEST_HARNESS_MAIN
