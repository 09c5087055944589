// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's other ways to guest memory: other processes, pins, the kernel on
 * behalf of somebody, limits.  Before a start they are in the way of lending, or
 * not; while memory is lent none of them reaches it.
 */
#include <linux/elf.h>
#include <linux/falloc.h>
#include <linux/io_uring.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "../kselftest_harness.h"
#include "lib/control.h"

#define SHARED		0x90000000UL
#define PIECES_BASE	(GUEST_BASE + GUEST_SIZE)
#define CGROUP		"/sys/fs/cgroup/gunyah-test"
#define PUNCH		(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)

static void *map_file(int fd, size_t size, off_t offset)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	if (p == MAP_FAILED)
		test_die("mmap");
	return p;
}

/* What the driver counts of all guests' memory. */
struct driver_memory {
	__u64 given;
	__u64 reclaimed;
	__u64 shared;
	__u64 lent;
	__u64 leaked;
	__u64 entries;
};

static struct driver_memory driver_memory(void)
{
	return (struct driver_memory) {
		.given = driver_counter("gunyah_vm/memory", "given"),
		.reclaimed = driver_counter("gunyah_vm/memory", "reclaimed"),
		.shared = driver_counter("gunyah_vm/memory", "shared"),
		.lent = driver_counter("gunyah_vm/memory", "lent"),
		.leaked = driver_counter("gunyah_vm/memory", "leaked"),
		.entries = driver_counter("gunyah_vm/memory", "entries"),
	};
}

static bool driver_memory_is(const struct driver_memory *before)
{
	struct driver_memory now = driver_memory();

	return !memcmp(before, &now, sizeof(now));
}

/* A child that sleeps until it is killed. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid < 0)
		test_die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void kill_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * Before the start
 *
 * What the start gives in both flows is the device tree: it is in the second half of
 * RAM, and what is behind it nobody reads.
 */

#define DTB_OFFSET	(GUEST_DTB - GUEST_BASE)
#define DTB_LAST	(DTB_OFFSET + GUEST_DTB_SIZE - PAGE)

FIXTURE(start)
{
	struct test_vm vm;
};

FIXTURE_SETUP(start)
{
	require_gunyah();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(start)
{
	vm_destroy(&self->vm);
}

/* R20, R67 */
TEST_F(start, refused_while_a_child_has_the_mapping)
{
	char *p = map_file(self->vm.mem_fd, PAGE, DTB_OFFSET);
	pid_t pid = sleeper();

	munmap(p, PAGE);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	kill_child(pid);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

TEST_F(start, refused_while_a_part_is_mapped)
{
	char *p = map_file(self->vm.mem_fd, GUEST_SIZE, 0);

	munmap(p, SZ_2M);
	munmap(p + SZ_2M + PAGE, SZ_2M - PAGE);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	munmap(p + SZ_2M, PAGE);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

TEST_F(start, refused_while_mapped_elsewhere)
{
	char *p = map_file(self->vm.mem_fd, SZ_2M, DTB_OFFSET);
	char *q = mremap(p, SZ_2M, SZ_2M, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);

	if (q == MAP_FAILED)
		q = mremap(p, SZ_2M, PAGE, 0);
	ASSERT_NE(MAP_FAILED, q);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	munmap(p, SZ_2M);
	munmap(q, SZ_2M);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

TEST_F(start, refused_while_mapped_read_only)
{
	char *p = mmap(NULL, PAGE, PROT_NONE, MAP_SHARED, self->vm.mem_fd, DTB_OFFSET);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	munmap(p, PAGE);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* R67: a page in a pipe has no mapping any more */
TEST_F(start, refused_while_a_page_is_in_a_pipe)
{
	char *p = map_file(self->vm.mem_fd, PAGE, DTB_LAST);
	struct iovec iov = { .iov_base = p + PAGE - 16, .iov_len = 16 };
	int pipefd[2];
	char buf[16];

	p[PAGE - 16] = 'x';
	ASSERT_EQ(0, pipe(pipefd));
	ASSERT_EQ(16, vmsplice(pipefd[1], &iov, 1, 0));
	munmap(p, PAGE);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	EXPECT_EQ(16, read(pipefd[0], buf, 16));
	EXPECT_EQ('x', buf[0]);
	EXPECT_EQ(0, __vm_start(&self->vm));
	close(pipefd[0]);
	close(pipefd[1]);
}

/* R67: a buffer registered with io_uring is pinned for as long as that lives */
TEST_F(start, refused_while_registered_with_io_uring)
{
	struct io_uring_params params = {};
	char *p = map_file(self->vm.mem_fd, SZ_2M, DTB_OFFSET);
	struct iovec iov = { .iov_base = p, .iov_len = PAGE };
	int ring = syscall(__NR_io_uring_setup, 1, &params);

	if (ring < 0) {
		munmap(p, SZ_2M);
		SKIP(return, "no io_uring");
	}
	ASSERT_EQ(0, syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1));
	munmap(p, SZ_2M);
	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	ASSERT_EQ(0, syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0));
	close(ring);
	EXPECT_EQ(0, __vm_start(&self->vm));
}

/* A mapping does not outgrow what it was made for. */
TEST_F(start, a_mapping_does_not_grow)
{
	char *p = map_file(self->vm.mem_fd, PAGE, 0);

	EXPECT_EQ(MAP_FAILED, mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	munmap(p, PAGE);
}

/*
 * While it is lent
 */

FIXTURE(lent)
{
	struct test_vm vm;
	__u64 leaked, entries;
	char *p;
};

FIXTURE_SETUP(lent)
{
	require_gunyah();
	self->leaked = driver_counter("gunyah_vm/memory", "leaked");
	self->entries = driver_counter("gunyah_vm/memory", "entries");
	vm_create(&self->vm, 1);
	vm_start(&self->vm);
	/* With that it has all of it, in the demand-paged flow, too. */
	agent_do(&self->vm.vcpu[0], AGENT_SUM, GUEST_BASE, GUEST_SIZE, 0);
	self->p = map_file(self->vm.mem_fd, GUEST_SIZE, 0);
}

FIXTURE_TEARDOWN(lent)
{
	/* The guest is as well as before. */
	agent_do(&self->vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	munmap(self->p, GUEST_SIZE);
	vm_destroy(&self->vm);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "shared"));
	EXPECT_EQ(self->leaked, driver_counter("gunyah_vm/memory", "leaked"));
	EXPECT_EQ(self->entries, driver_counter("gunyah_vm/memory", "entries"));
}

TEST_F(lent, is_counted)
{
	EXPECT_EQ(GUEST_SIZE, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(paging_there() ? 0 : 1, driver_counter("gunyah_vm/memory", "parcels"));
}

/* R67 */
TEST_F(lent, process_vm_readv_gets_nothing)
{
	char buf[16];
	struct iovec to = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct iovec from = { .iov_base = self->p, .iov_len = sizeof(buf) };

	EXPECT_EQ(-1, process_vm_readv(getpid(), &to, 1, &from, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, process_vm_writev(getpid(), &to, 1, &from, 1, 0));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(lent, proc_pid_mem_gets_nothing)
{
	int fd = open("/proc/self/mem", O_RDWR);
	char buf[16] = {};

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-1, pread(fd, buf, sizeof(buf), (off_t)self->p));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, pwrite(fd, buf, sizeof(buf), (off_t)self->p));
	EXPECT_EQ(EIO, errno);
	close(fd);
}

TEST_F(lent, ptrace_gets_nothing)
{
	pid_t pid = sleeper();
	int status;

	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	errno = 0;
	EXPECT_EQ(-1, ptrace(PTRACE_PEEKDATA, pid, self->p, NULL));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, ptrace(PTRACE_POKEDATA, pid, self->p, NULL));
	EXPECT_EQ(EIO, errno);
	kill_child(pid);
}

TEST_F(lent, a_child_gets_sigbus)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(touch(self->p, false) == SIGBUS && touch(self->p, true) == SIGBUS ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(lent, populating_it_fails)
{
	EXPECT_EQ(-1, madvise(self->p, PAGE, MADV_POPULATE_READ));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, madvise(self->p, PAGE, MADV_POPULATE_WRITE));
	EXPECT_EQ(EFAULT, errno);
}

/* R67: io_uring and direct I/O can't pin it either */
TEST_F(lent, registering_it_with_io_uring_fails)
{
	struct io_uring_params params = {};
	struct iovec iov = { .iov_base = self->p, .iov_len = PAGE };
	int ring = syscall(__NR_io_uring_setup, 1, &params);

	if (ring < 0)
		SKIP(return, "no io_uring");
	EXPECT_EQ(-1, syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &iov, 1));
	EXPECT_EQ(EFAULT, errno);
	close(ring);
}

TEST_F(lent, vmsplice_of_it_fails)
{
	struct iovec iov = { .iov_base = self->p, .iov_len = 16 };
	int pipefd[2];

	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_EQ(-1, vmsplice(pipefd[1], &iov, 1, 0));
	EXPECT_EQ(EFAULT, errno);
	close(pipefd[0]);
	close(pipefd[1]);
}

/* Bytes that a core file has of the mapping at @p; -1: it does not have the mapping. */
static long bytes_in_core(const char *file, const void *p)
{
	int i, fd = open(file, O_RDONLY | O_CLOEXEC);
	struct elf64_hdr header = {};
	struct elf64_phdr segment;
	long bytes = -1;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		test_die("%s", file);
	for (i = 0; i < header.e_phnum && bytes < 0; i++) {
		if (pread(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) !=
		    sizeof(segment))
			test_die("%s", file);
		if (segment.p_type == PT_LOAD && (__u64)p >= segment.p_vaddr &&
		    (__u64)p - segment.p_vaddr < segment.p_memsz)
			bytes = segment.p_filesz;
	}
	close(fd);
	return bytes;
}

/* R67: a core dump ends, and leaves it out */
TEST_F(lent, a_core_dump_ends)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	static char stays[SZ_4K] = { 1 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (chdir("/tmp"))
			_exit(1);
		setrlimit(RLIMIT_CORE, &limit);
		/* Of all kinds of mappings, shared ones too. */
		if (write_file("/proc/self/coredump_filter", "0xff"))
			_exit(1);
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGABRT, WTERMSIG(status));
	ASSERT_TRUE(WCOREDUMP(status));
	EXPECT_EQ(0, bytes_in_core("/tmp/core", self->p));
	/* Other memory is in it. */
	EXPECT_LT(0, bytes_in_core("/tmp/core", stays));
	unlink("/tmp/core");
}

TEST_F(lent, a_hole_is_refused)
{
	EXPECT_EQ(-1, fallocate(self->vm.mem_fd, PUNCH, 0, PAGE));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(-1, madvise(self->p, SZ_2M, MADV_REMOVE));
	EXPECT_EQ(EBUSY, errno);
}

/* How they go in the demand-paged flow: paged_reclaim.c. */
TEST_F(lent, bindings_stand_while_it_runs)
{
	int mem = create_guest_mem(self->vm.dev_fd, SZ_2M);

	EXPECT_EQ(paging_there() ? 0 : -EOPNOTSUPP,
		  __map_mem(self->vm.fd, mem, SHARED, SZ_2M, 0, LEND_RWX));
	if (!paging_there())
		EXPECT_EQ(-EOPNOTSUPP, __map_mem(self->vm.fd, self->vm.mem_fd, GUEST_BASE,
						 GUEST_SIZE, 0, LEND_RWX | GUNYAH_MEM_UNMAP));
	close(mem);
}

/* R63: this resource manager can't take back a part: the guest keeps all, as it was. */
TEST_F(lent, reclaim_is_refused_while_it_runs)
{
	const struct gunyah_address_range ranges[] = {
		{ GUEST_BASE, GUEST_SIZE },
		{ GUEST_BASE + GUEST_SIZE - PAGE, PAGE },
	};
	__u64 at = GUEST_BASE + GUEST_SIZE - 8;
	struct test_vcpu *vcpu = &self->vm.vcpu[0];
	struct driver_memory before;
	unsigned int i;

	/* How it goes in the demand-paged flow: paged_reclaim.c. */
	if (paging_there())
		return;

	agent_do(vcpu, AGENT_STORE, at, 8, 0x1234);
	before = driver_memory();
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		EXPECT_EQ(-EOPNOTSUPP, __ioctl(self->vm.fd, GUNYAH_VM_RECLAIM_MEM, &ranges[i]));
	EXPECT_TRUE(driver_memory_is(&before));
	EXPECT_EQ(0x1234, agent_do(vcpu, AGENT_LOAD, at, 8, 0));
	EXPECT_EQ(0, vcpu->esr);
}

/*
 * Shared
 */

/* R63, R60: where memory can't be taken back, neither what is in it nor whose it is changes. */
TEST(shared_hole_while_it_runs)
{
	struct test_vm vm = { .shm = { .gpa = SHARED, .size = SZ_2M } };
	struct driver_memory before;
	struct stat was, is;
	int mem;
	__u64 *p;

	require_gunyah();
	vm_create(&vm, 1);
	mem = create_guest_mem(vm.dev_fd, SZ_2M);
	map_mem(vm.fd, mem, SHARED, SZ_2M, 0, GUNYAH_MEM_FORCE_SHARE | GUNYAH_MEM_ALLOW_RWX);
	EXPECT_EQ(0, fallocate(mem, PUNCH, 0, SZ_2M));
	vm_start(&vm);
	p = map_file(mem, SZ_2M, 0);
	p[0] = 0x1234;
	p[SZ_2M / 8 - 1] = 0x5678;
	ASSERT_EQ(0, fstat(mem, &was));
	if (paging_there()) {
		EXPECT_EQ(0, fallocate(mem, PUNCH, 0, SZ_2M));
		EXPECT_EQ(0, p[0]);
		goto out;
	}
	before = driver_memory();
	EXPECT_EQ(-1, fallocate(mem, PUNCH, 0, SZ_2M));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, fallocate(mem, PUNCH, SZ_2M - PAGE, PAGE));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_TRUE(driver_memory_is(&before));
	ASSERT_EQ(0, fstat(mem, &is));
	EXPECT_EQ(was.st_blocks, is.st_blocks);
	EXPECT_EQ(0x1234, p[0]);
	EXPECT_EQ(0x5678, p[SZ_2M / 8 - 1]);
	/* It is the guest's page all the same. */
	EXPECT_EQ(0x1234, agent_do(&vm.vcpu[0], AGENT_LOAD, SHARED, 8, 0));
	agent_do(&vm.vcpu[0], AGENT_STORE, SHARED + SZ_2M - 8, 8, 0x9abc);
	EXPECT_EQ(0x9abc, p[SZ_2M / 8 - 1]);
out:
	vm_destroy(&vm);
	EXPECT_EQ(0, fallocate(mem, PUNCH, 0, SZ_2M));
	EXPECT_EQ(0, p[0]);
	munmap(p, SZ_2M);
	close(mem);
}

/*
 * Races
 */

static unsigned int seed;

/* A page of the file, in bytes. */
static off_t random_page(void)
{
	return rand_r(&seed) % (GUEST_SIZE / PAGE) * PAGE;
}

static void touch_pages(int mem)
{
	size_t size = random_page() % (GUEST_SIZE / 2) + PAGE;
	off_t offset = random_page() % (GUEST_SIZE / 2);
	char *p = map_file(mem, size, offset);
	int i;

	for (i = 0; i < 5; i++)
		touch(p + random_page() % size, i & 1);
	munmap(p, size);
}

static void punch_pages(int mem)
{
	fallocate(mem, PUNCH, random_page(), random_page() + PAGE);
	usleep(100);
}

static void splice_pages(int mem)
{
	char *p = map_file(mem, PAGE, random_page());
	struct iovec iov = { .iov_base = p, .iov_len = 16 };
	int pipefd[2];

	if (pipe(pipefd))
		test_die("pipe");
	vmsplice(pipefd[1], &iov, 1, SPLICE_F_NONBLOCK);
	munmap(p, PAGE);
	close(pipefd[0]);
	close(pipefd[1]);
	usleep(1000);
}

static void fork_mappings(int mem)
{
	char *p = map_file(mem, GUEST_SIZE, 0);
	pid_t pid = fork();

	if (!pid) {
		munmap(p, SZ_2M);
		touch(p + SZ_2M, true);
		_exit(0);
	}
	munmap(p, GUEST_SIZE);
	waitpid(pid, NULL, 0);
	usleep(1000);
}

static pid_t disturber(void (*disturb)(int mem), int mem, unsigned int id)
{
	pid_t pid = fork();

	if (pid < 0)
		test_die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		seed = id;
		for (;;)
			disturb(mem);
	}
	setpgid(pid, pid);
	return pid;
}

/* It may have a child with a mapping of its own: on return that is gone, too. */
static void end_disturber(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(-pid, NULL, 0) > 0)
		;
}

/* A VM on the memory: started or refused, and closed. */
static int start_once(int dev, int mem)
{
	int vm = create_vm(dev);
	int ret;

	map_mem(vm, mem, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX);
	ret = __set_dtb(vm, GUEST_DTB, GUEST_DTB_SIZE) ?: __ioctl(vm, GUNYAH_VM_START, 0);
	close(vm);
	return ret;
}

/* R64, R67: a start is refused or not, and nothing else happens. */
TEST(starts_race_with_mappings_and_holes)
{
	static void (*const disturb[])(int mem) = {
		touch_pages, punch_pages, splice_pages, fork_mappings,
	};
	pid_t pid[ARRAY_SIZE(disturb)];
	struct test_vm vm = { .nr_vcpus = 1 };
	unsigned int i, refused = 0;
	__u64 leaked;
	time_t stop;
	int ret;

	require_gunyah();
	leaked = driver_counter("gunyah_vm/memory", "leaked");
	vm.dev_fd = open_gunyah();
	vm.mem_fd = create_guest_mem(vm.dev_fd, GUEST_SIZE);
	vm_load(&vm);
	/* Their orphans become ours. */
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	/* These have no fd of a VM. */
	for (i = 0; i < ARRAY_SIZE(disturb); i++)
		pid[i] = disturber(disturb[i], vm.mem_fd, i + 1);

	/* As many as there is time for, where all is slow. */
	stop = time(NULL) + 15;
	for (i = 0; i < 300 && time(NULL) < stop; i++) {
		ret = start_once(vm.dev_fd, vm.mem_fd);
		/* ENODEV: the device tree fell into a hole. */
		EXPECT_TRUE(ret == 0 || ret == -EBUSY || ret == -ENODEV)
			TH_LOG("start: %d", ret);
		refused += ret == -EBUSY;
	}
	TH_LOG("%u of %u starts found the memory mapped", refused, i);

	for (i = 0; i < ARRAY_SIZE(disturb); i++)
		end_disturber(pid[i]);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(leaked, driver_counter("gunyah_vm/memory", "leaked"));
	/* Undisturbed it works. */
	vm_load(&vm);
	vm.fd = create_vm(vm.dev_fd);
	vcpu_add(&vm, 0);
	map_mem(vm.fd, vm.mem_fd, GUEST_BASE, GUEST_SIZE, 0, LEND_RWX);
	ASSERT_EQ(0, __set_dtb(vm.fd, GUEST_DTB, GUEST_DTB_SIZE));
	EXPECT_EQ(0, __vm_start(&vm));
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
}

/*
 * Limits
 */

/* Bind n pages behind the guest's memory, in an order in which none follows another. */
static int bind_pieces(struct test_vm *vm, int mem, unsigned int n)
{
	unsigned int i;
	int ret;

	if (fallocate(mem, FALLOC_FL_KEEP_SIZE, 0, n * PAGE))
		return -errno;
	for (i = 0; i < n; i++) {
		ret = __map_mem(vm->fd, mem, PIECES_BASE + i * PAGE, PAGE, (n - 1 - i) * PAGE,
				LEND_RWX);
		if (ret)
			return ret;
	}
	return 0;
}

/* R65: more list entries than the resource manager can stand; page by page there are none */
TEST(too_many_pieces)
{
	struct test_vm vm = {};
	int mem, too_many;

	require_gunyah();
	too_many = paging_there() ? 0 : -E2BIG;
	vm_create(&vm, 1);
	mem = create_guest_mem(vm.dev_fd, 6100 * PAGE);
	ASSERT_EQ(0, bind_pieces(&vm, mem, 6100));
	EXPECT_EQ(too_many, __vm_start(&vm));
	/* Nothing of them is lent: all of it can be mapped and touched. */
	EXPECT_EQ(0, touch(map_file(mem, PAGE, 6099 * PAGE), true));
	if (too_many)
		EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	vm_destroy(&vm);
	close(mem);
}

TEST(too_many_pieces_of_two_vms)
{
	struct test_vm one = {}, two = {};
	int mem, too_many;

	require_gunyah();
	too_many = paging_there() ? 0 : -E2BIG;
	vm_create(&one, 1);
	vm_create(&two, 1);
	mem = create_guest_mem(one.dev_fd, 4000 * PAGE);
	ASSERT_EQ(0, bind_pieces(&one, mem, 4000));
	EXPECT_EQ(0, __vm_start(&one));
	agent_do(&one.vcpu[0], AGENT_STORE, PIECES_BASE + 3999 * PAGE, 8, 0x77);
	close(mem);

	mem = create_guest_mem(two.dev_fd, 4000 * PAGE);
	ASSERT_EQ(0, bind_pieces(&two, mem, 4000));
	EXPECT_EQ(too_many, __vm_start(&two));
	vm_destroy(&one);
	EXPECT_EQ(0, __vm_start(&two));
	agent_do(&two.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&two);
	close(mem);
}

static int allocate_in_cgroup(int mem)
{
	if (write_file(CGROUP "/cgroup.procs", "0"))
		return 1;
	if (!fallocate(mem, FALLOC_FL_KEEP_SIZE, 0, 32 * SZ_2M) || errno != ENOMEM)
		return 2;
	/* What there is of it is charged: give it up and a smaller part fits. */
	if (fallocate(mem, PUNCH, 0, 32 * SZ_2M))
		return 3;
	return fallocate(mem, FALLOC_FL_KEEP_SIZE, 0, SZ_2M) ? 4 : 0;
}

/* R28 */
TEST(memory_is_charged_to_the_cgroup)
{
	int status, dev, mem;
	pid_t pid;

	require_gunyah();
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) || write_file(CGROUP "/memory.max", "16M")) {
		rmdir(CGROUP);
		SKIP(return, "no memory cgroup");
	}
	dev = open_gunyah();
	mem = create_guest_mem(dev, 32 * SZ_2M);
	pid = fork();
	if (!pid)
		_exit(allocate_in_cgroup(mem));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	/* An error of the call, not the end of the process. */
	EXPECT_EQ(0, status);
	close(mem);
	close(dev);
	rmdir(CGROUP);
}

TEST_HARNESS_MAIN
