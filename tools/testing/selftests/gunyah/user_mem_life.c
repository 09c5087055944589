// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests of user memory: what they get of it, what comes back to the process (R61 to
 * R63), and what becomes of it when processes fork, end, or have not enough.
 *
 * Memory that is lent must not be touched by the kernel on behalf of the process:
 * it is kept out of children and core dumps, and no system call gets its address.
 */
#include <sched.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "lib/control.h"
#include "lib/user_mem.h"

#define SHARED		0x90000000UL
#define SHARED_LABEL	0x1234
#define SCRATCH		(GUEST_BASE + 0x100000)
#define CGROUP		"/sys/fs/cgroup/gunyah-user"

/* Nothing of the driver's is left, and the process is charged for so much. */
#define expect_all_back(locked) do {					\
	EXPECT_EQ(locked, locked_pages());				\
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));	\
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "shared"));	\
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "parcels"));	\
} while (0)

/* In the demand-paged flow it is lent when it is touched. */
static void touch_all(struct test_vcpu *vcpu)
{
	agent_do(vcpu, AGENT_SUM, GUEST_BASE, GUEST_SIZE, 0);
}

/* And not in a parcel then. */
static unsigned int parcels(void)
{
	return paging_there() ? 0 : 1;
}

static __u64 *scratch(char *mem)
{
	return (__u64 *)(mem + SCRATCH - GUEST_BASE);
}

/* ---- lent ---- */

enum kind { SMALL_PAGES, HUGE_PAGES, MEMFD, MEMFD_PRIVATE };

FIXTURE(lent)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	char *mem;
	unsigned long locked;
	__u64 leaked, entries;
};

FIXTURE_VARIANT(lent)
{
	enum kind kind;
};

FIXTURE_VARIANT_ADD(lent, small_pages) { .kind = SMALL_PAGES };
FIXTURE_VARIANT_ADD(lent, huge_pages) { .kind = HUGE_PAGES };
FIXTURE_VARIANT_ADD(lent, memfd) { .kind = MEMFD };
FIXTURE_VARIANT_ADD(lent, memfd_private) { .kind = MEMFD_PRIVATE };

static char *memory(enum kind kind)
{
	int flags = kind == MEMFD ? MAP_SHARED : MAP_PRIVATE;
	char *mem;
	int fd;

	if (kind == SMALL_PAGES || kind == HUGE_PAGES) {
		mem = map_lendable(GUEST_SIZE);
		madvise(mem, GUEST_SIZE, kind == HUGE_PAGES ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		return mem;
	}
	fd = memfd_create("guest", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, GUEST_SIZE))
		test_die("memfd_create");
	mem = to_lend(map_user(GUEST_SIZE, PROT_READ | PROT_WRITE, flags, fd), GUEST_SIZE);
	close(fd);
	return mem;
}

FIXTURE_SETUP(lent)
{
	require_gunyah();
	require_user_mem();
	self->locked = locked_pages();
	self->leaked = driver_counter("gunyah_vm/memory", "leaked");
	self->entries = driver_counter("gunyah_vm/memory", "entries");
	self->mem = memory(variant->kind);
	vm_create_user(&self->vm, self->mem);
	self->vcpu = &self->vm.vcpu[0];
	EXPECT_EQ(self->locked + GUEST_PAGES, locked_pages());
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(lent)
{
	vm_destroy(&self->vm);
	expect_all_back(self->locked);
	EXPECT_EQ(self->leaked, driver_counter("gunyah_vm/memory", "leaked"));
	/* All of it is the process's again, for whatever the kernel does with it. */
	memset(self->mem, 0x5a, GUEST_SIZE);
	munmap(self->mem, GUEST_SIZE);
}

TEST_F(lent, guest_runs_from_it)
{
	agent_do(self->vcpu, AGENT_FILL, SCRATCH, SZ_2M / 4, 3);
	EXPECT_EQ(3 * SZ_2M / 4 / 8, agent_do(self->vcpu, AGENT_SUM, SCRATCH, SZ_2M / 4, 0));
	touch_all(self->vcpu);
	EXPECT_EQ(0, self->vcpu->esr);
	EXPECT_EQ(GUEST_SIZE, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(parcels(), driver_counter("gunyah_vm/memory", "parcels"));
}

/* A huge page is an entry, or less; beside pages of 4K they are of 2 MiB. */
TEST_F(lent, contiguous_pages_are_one_entry)
{
	__u64 entries = driver_counter("gunyah_vm/memory", "entries") - self->entries;

	if (paging_there())
		return;
	EXPECT_LT(0, entries);
	EXPECT_LE(entries, GUEST_PAGES);
	if (variant->kind == HUGE_PAGES && PAGE == SZ_4K)
		EXPECT_LE(entries, GUEST_SIZE / SZ_2M);
}

/* R63: and it can be run again */
TEST_F(lent, content_is_kept_after_reset)
{
	agent_do(self->vcpu, AGENT_STORE, SCRATCH, 8, 0x600df00d);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(0x600df00d, *scratch(self->mem));
	EXPECT_EQ(self->locked + GUEST_PAGES, locked_pages());
	vm_write(&self->vm, self->mem);
	vm_start(&self->vm);
	EXPECT_EQ(0x600df00d, agent_do(self->vcpu, AGENT_LOAD, SCRATCH, 8, 0));
}

/* R63: the same after a forced stop; what the guest wrote is not thrown away */
TEST_F(lent, content_is_kept_after_close)
{
	unsigned int i;

	agent_do(self->vcpu, AGENT_FILL, SCRATCH, SZ_2M / 4, 0xcafe);
	vm_destroy(&self->vm);
	for (i = 0; i < SZ_2M / 4 / 8; i++)
		ASSERT_EQ(0xcafe, scratch(self->mem)[i]);
	vm_create_user(&self->vm, self->mem);
}

/* How they come and go in the demand-paged flow: user_mem.c. */
TEST_F(lent, regions_stand_while_it_runs)
{
	char *p;

	if (paging_there())
		return;
	p = map_lendable(SZ_2M);
	EXPECT_EQ(-EOPNOTSUPP, __remove_user_mem(self->vm.fd, RAM_LABEL));
	EXPECT_EQ(-EOPNOTSUPP, __set_user_mem(self->vm.fd, 1, USER_RW, SHARED, SZ_2M, p));
	EXPECT_EQ(self->locked + GUEST_PAGES, locked_pages());
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	EXPECT_EQ(-EOPNOTSUPP, __remove_user_mem(self->vm.fd, RAM_LABEL));
	ASSERT_EQ(0, __vm_reset(&self->vm));
	EXPECT_EQ(0, __set_user_mem(self->vm.fd, 1, USER_RW, SHARED, SZ_2M, p));
	EXPECT_EQ(0, __remove_user_mem(self->vm.fd, RAM_LABEL));
	EXPECT_EQ(-EINVAL, __vm_start(&self->vm));
	munmap(p, SZ_2M);
}

/* The mapping goes, the guest does not notice; what comes in its place is other memory. */
TEST_F(lent, unmapping_it_changes_nothing)
{
	char *again;

	agent_do(self->vcpu, AGENT_STORE, SCRATCH, 8, 77);
	munmap(self->mem, GUEST_SIZE);
	again = mmap(self->mem, GUEST_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_EQ(self->mem, again);
	EXPECT_EQ(0, *scratch(self->mem));
	EXPECT_EQ(77, agent_do(self->vcpu, AGENT_LOAD, SCRATCH, 8, 0));
	EXPECT_EQ(self->locked + GUEST_PAGES, locked_pages());
}

/* ---- beside guest memory ---- */

/* R61: the guest's RAM is a file, and behind it user memory: one parcel */
TEST(lent_beside_a_file)
{
	unsigned long locked = locked_pages();
	struct test_vm vm = {};
	char *mem;

	require_gunyah();
	require_user_mem();
	vm_create(&vm, 1);
	mem = map_lendable(SZ_2M);
	mem[8] = 0x42;
	set_user_mem(vm.fd, 0, USER_LENT, GUEST_BASE + GUEST_SIZE, SZ_2M, mem);
	vm_start(&vm);
	EXPECT_EQ(parcels(), driver_counter("gunyah_vm/memory", "parcels"));
	EXPECT_EQ(0x42, agent_do(&vm.vcpu[0], AGENT_LOAD, GUEST_BASE + GUEST_SIZE + 8, 1, 0));
	agent_do(&vm.vcpu[0], AGENT_STORE, GUEST_BASE + GUEST_SIZE + SZ_2M - 8, 8, 0x4711);
	vm_destroy(&vm);
	EXPECT_EQ(0x4711, *(__u64 *)(mem + SZ_2M - 8));
	expect_all_back(locked);
	munmap(mem, SZ_2M);
}

/* Lent memory without all rights can't be had in a parcel. */
TEST(lent_with_less_rights)
{
	struct test_vm vm = {};
	char *mem;

	require_gunyah();
	require_user_mem();
	vm_create(&vm, 1);
	mem = map_lendable(SZ_2M);
	set_user_mem(vm.fd, 1, USER_LENT & ~GUNYAH_USER_MEM_EXEC, SHARED, SZ_2M, mem);
	EXPECT_EQ(paging_there() ? 0 : -EOPNOTSUPP, __vm_start(&vm));
	EXPECT_EQ(0, __remove_user_mem(vm.fd, 1));
	EXPECT_EQ(0, __vm_start(&vm));
	vm_destroy(&vm);
	munmap(mem, SZ_2M);
}

/* ---- shared ---- */

FIXTURE(shared)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	unsigned long locked;
	__u64 *host;
};

FIXTURE_VARIANT(shared)
{
	__u32 rights;
};

FIXTURE_VARIANT_ADD(shared, r) { .rights = GUNYAH_USER_MEM_READ };
FIXTURE_VARIANT_ADD(shared, rw) { .rights = USER_RW };
FIXTURE_VARIANT_ADD(shared, rx) { .rights = GUNYAH_USER_MEM_READ | GUNYAH_USER_MEM_EXEC };
FIXTURE_VARIANT_ADD(shared, rwx) { .rights = USER_RWX };

FIXTURE_SETUP(shared)
{
	require_gunyah();
	require_user_mem();
	self->locked = locked_pages();
	self->vm.shm = (struct test_shm) { .gpa = SHARED, .size = SZ_2M, .label = SHARED_LABEL };
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	/* Never touched before: without write it must not be the page of zeros. */
	self->host = map_user(SZ_2M, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	set_user_mem(self->vm.fd, SHARED_LABEL, variant->rights, SHARED, SZ_2M, self->host);
	vm_start(&self->vm);
	EXPECT_EQ(self->locked + SZ_2M / PAGE, locked_pages());
	EXPECT_EQ(SZ_2M, driver_counter("gunyah_vm/memory", "shared"));
}

FIXTURE_TEARDOWN(shared)
{
	vm_destroy(&self->vm);
	expect_all_back(self->locked);
	munmap(self->host, SZ_2M);
}

/* R62 */
TEST_F(shared, guest_sees_what_the_host_writes)
{
	int i;

	for (i = 1; i < 10; i++) {
		self->host[i * 1000] = i * 77;
		EXPECT_EQ(i * 77, agent_do(self->vcpu, AGENT_LOAD, SHARED + i * 8000, 8, 0));
	}
}

/* R61, R62 */
TEST_F(shared, guest_writes_if_it_may)
{
	bool may = variant->rights & GUNYAH_USER_MEM_WRITE;

	self->host[5] = 1;
	agent_do(self->vcpu, AGENT_STORE, SHARED + 40, 8, 2);
	EXPECT_EQ(may ? 0 : ESR_DATA_ABORT, self->vcpu->esr);
	EXPECT_EQ(may ? 2 : 1, self->host[5]);
}

/* R61 */
TEST_F(shared, guest_executes_if_it_may)
{
	bool may = variant->rights & GUNYAH_USER_MEM_EXEC;

	/* mov x0, #77; ret */
	self->host[0] = 0xd65f03c0d28009a0;
	__builtin___clear_cache((char *)self->host, (char *)self->host + 8);
	agent_do(self->vcpu, AGENT_CALL, SHARED, 0, 0);
	EXPECT_EQ(may ? 0 : ESR_FETCH_ABORT, self->vcpu->esr);
	if (may)
		EXPECT_EQ(77, self->vcpu->result);
}

/* R67: a child gets copies, the parent keeps the pages that the guest has */
TEST_F(shared, fork_leaves_the_pages_to_the_parent)
{
	int status;
	pid_t pid;

	self->host[0] = 1;
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		self->host[0] = 2;
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(1, agent_do(self->vcpu, AGENT_LOAD, SHARED, 8, 0));
	self->host[0] = 3;
	EXPECT_EQ(3, agent_do(self->vcpu, AGENT_LOAD, SHARED, 8, 0));
}

/* ---- the process's own touch ---- */

/*
 * R62: nobody takes the mapping away, but the hypervisor the page.  The published one
 * does so from the first share on: so something is shared, too.
 */
TEST(touch_of_lent_memory_is_sigbus)
{
	struct test_vm vm = { .shm = { .gpa = SHARED, .size = PAGE, .label = SHARED_LABEL } };
	char *mem, *page;

	require_gunyah();
	require_user_mem();
	mem = map_lendable(GUEST_SIZE);
	page = map_user(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	vm_create_user(&vm, mem);
	set_user_mem(vm.fd, SHARED_LABEL, USER_RW, SHARED, PAGE, page);
	vm_start(&vm);
	touch_all(&vm.vcpu[0]);
	EXPECT_EQ(SIGBUS, touch(mem, false));
	EXPECT_EQ(SIGBUS, touch(mem + GUEST_SIZE - 1, true));
	agent_do(&vm.vcpu[0], AGENT_NOP, 0, 0, 0);
	vm_destroy(&vm);
	EXPECT_EQ(0, touch(mem, true));
	EXPECT_EQ(0, touch(mem + GUEST_SIZE - 1, true));
	munmap(mem, GUEST_SIZE);
	munmap(page, PAGE);
}

/* ---- limits ---- */

#define MANY	6100UL

/* R65: in so many pieces that the resource manager can't take them; it need not, by hypercalls */
TEST(too_many_pieces)
{
	unsigned long locked = locked_pages(), i;
	struct test_vm vm = {};
	int fd;
	char *mem;

	require_gunyah();
	require_user_mem();
	fd = memfd_create("pieces", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(fd, 2 * MANY * PAGE));
	vm_create(&vm, 1);
	mem = map_user(MANY * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	/* Every other page, and those backwards: hardly any two follow one another in memory. */
	ASSERT_EQ(0, fallocate(fd, 0, 0, 2 * MANY * PAGE));
	for (i = 0; i < MANY; i++)
		ASSERT_NE(MAP_FAILED, mmap(mem + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_FIXED, fd, 2 * (MANY - 1 - i) * PAGE));
	set_user_mem(vm.fd, 0, USER_RW, SHARED, MANY * PAGE, mem);
	EXPECT_EQ(paging_there() ? 0 : -E2BIG, __vm_start(&vm));
	if (!paging_there())
		expect_all_back(locked + MANY);
	EXPECT_EQ(0, __remove_user_mem(vm.fd, 0));
	EXPECT_EQ(0, __vm_start(&vm));
	vm_destroy(&vm);
	munmap(mem, MANY * PAGE);
	close(fd);
}

/* In the group: more than it may have. */
static int pin_in_cgroup(int dev)
{
	char *p = map_user(32 * SZ_2M, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int ret;

	if (write_file(CGROUP "/cgroup.procs", "0"))
		return 1;
	ret = __set_user_mem(create_vm(dev), 1, USER_RW, SHARED, 32 * SZ_2M, p);
	return ret == -ENOMEM ? 0 : 2;
}

/* R28: the pages are charged to the memory cgroup, as any of the process's */
TEST(small_cgroup)
{
	int status, dev;
	pid_t pid;

	require_gunyah();
	require_user_mem();
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) || write_file(CGROUP "/memory.max", "16M")) {
		rmdir(CGROUP);
		SKIP(return, "no memory cgroup");
	}
	dev = open_gunyah();
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(pin_in_cgroup(dev));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	/* Either is the group's: an error, or the end of the process. */
	EXPECT_TRUE(!status || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	EXPECT_EQ(0, rmdir(CGROUP));
	close(dev);
}

/* ---- processes that end ---- */

/* Shared with the child, which has the same files. */
struct passed {
	struct test_vm vm;
	bool started;
};

/* A process with our files, but memory of its own. */
static pid_t fork_with_files(void)
{
	return syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
}

static void make_guest(struct passed *passed)
{
	char *page = map_user(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *mem = map_lendable(GUEST_SIZE);
	struct test_vm *vm = &passed->vm;

	vm->shm = (struct test_shm) { .gpa = SHARED, .size = PAGE, .label = SHARED_LABEL };
	*page = 0x66;
	vm_create_user(vm, mem);
	set_user_mem(vm->fd, SHARED_LABEL, USER_RW, SHARED, PAGE, page);
	if (!__vm_start(vm))
		passed->started = true;
}

/* R54, R63: the VM's file is what keeps the memory, not the process that it is of */
TEST(process_ends_before_its_vm)
{
	struct passed *passed;
	struct test_vcpu *vcpu;
	__u64 leaked;
	int status;
	pid_t pid;

	require_gunyah();
	require_user_mem();
	leaked = driver_counter("gunyah_vm/memory", "leaked");
	passed = map_user(sizeof(*passed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	pid = fork_with_files();
	ASSERT_GE(pid, 0);
	if (!pid) {
		make_guest(passed);
		/* No handlers of exit(): they are the parent's. */
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_TRUE(passed->started);

	vcpu = &passed->vm.vcpu[0];
	vcpu->run = map_user(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd);
	EXPECT_EQ(0x66, agent_do(vcpu, AGENT_LOAD, SHARED, 1, 0));
	agent_do(vcpu, AGENT_FILL, SCRATCH, SZ_2M / 4, 3);
	EXPECT_EQ(3 * SZ_2M / 4 / 8, agent_do(vcpu, AGENT_SUM, SCRATCH, SZ_2M / 4, 0));
	touch_all(vcpu);
	EXPECT_EQ(GUEST_SIZE, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(-EPERM, __remove_user_mem(passed->vm.fd, RAM_LABEL));
	vm_destroy(&passed->vm);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(leaked, driver_counter("gunyah_vm/memory", "leaked"));
	munmap(passed, sizeof(*passed));
}

/* A process that is killed with its guest running takes nothing with it. */
TEST(process_is_killed_with_its_vm)
{
	struct passed *passed;
	unsigned int i;
	__u64 leaked;
	pid_t pid;

	require_gunyah();
	require_user_mem();
	leaked = driver_counter("gunyah_vm/memory", "leaked");
	passed = map_user(sizeof(*passed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	for (i = 0; i < 10; i++) {
		passed->started = false;
		memset(&passed->vm, 0, sizeof(passed->vm));
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			make_guest(passed);
			agent_post(&passed->vm.vcpu[0], AGENT_SPIN, 0, 0, 0);
			agent_run(&passed->vm.vcpu[0]);
			_exit(0);
		}
		/* The run page is the child's. */
		wait_for_guest_time(pid);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		EXPECT_TRUE(passed->started);
	}
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "shared"));
	EXPECT_EQ(leaked, driver_counter("gunyah_vm/memory", "leaked"));
	munmap(passed, sizeof(*passed));
}

TEST_HARNESS_MAIN
