// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a guest-memory file that fails (R68): nobody touches it any more, no guest
 * gets it, and it does not go back to the allocator.  It is failed by MADV_HWPOISON, which
 * a kernel without CONFIG_MEMORY_FAILURE does not know.  What fails is lost to the machine
 * until its next boot, with the folio that it is in.
 */
#include <linux/falloc.h>
#include <setjmp.h>

#include "../kselftest_harness.h"
#include "lib/paged.h"
#include "lib/soak.h"

#define PUNCH		(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)

/* The last page of the guest's memory, away from agent and device tree. */
#define BAD		(GUEST_SIZE - PAGE)

/* Of /proc/kpageflags. */
#define KPF_BUDDY	0x400ULL
#define KPF_HWPOISON	0x80000ULL

static sigjmp_buf touched_env;
static siginfo_t touched_info;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	touched_info = *info;
	siglongjmp(touched_env, 1);
}

/* Reads a byte.  The si_code of the SIGBUS that it cost, 0 for none. */
static int touch_code(char *p)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	memset(&touched_info, 0, sizeof(touched_info));
	sigaction(SIGBUS, &sa, NULL);
	if (!sigsetjmp(touched_env, 1))
		__atomic_load_n(p, __ATOMIC_RELAXED);
	signal(SIGBUS, SIG_DFL);
	return touched_info.si_code;
}

/* One word of a file that has one for each page: of this process, or of the machine. */
static __u64 page_word(const char *path, unsigned long index)
{
	int fd = open(path, O_RDONLY);
	__u64 word;

	if (fd < 0 || pread(fd, &word, sizeof(word), index * sizeof(word)) != sizeof(word))
		test_die("%s", path);
	close(fd);
	return word;
}

static __u64 page_flags(unsigned long pfn)
{
	return page_word("/proc/kpageflags", pfn);
}

static char *map_all(int mem)
{
	char *p = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);

	if (p == MAP_FAILED)
		test_die("mmap");
	return p;
}

FIXTURE(failed)
{
	struct test_vm vm;
	unsigned long corrupted;
	unsigned long pfn;
};

FIXTURE_SETUP(failed)
{
	char *p;

	require_gunyah();
	self->corrupted = memory_kib("HardwareCorrupted");
	vm_create(&self->vm, 1);
	p = map_all(self->vm.mem_fd);
	p[BAD] = 'x';
	self->pfn = page_word("/proc/self/pagemap", (unsigned long)(p + BAD) / PAGE) &
		    ((1ULL << 55) - 1);
	/* The kernel can't take the page out of the mapping, and says so. */
	ASSERT_EQ(-1, madvise(p + BAD, PAGE, MADV_HWPOISON));
	ASSERT_TRUE(errno == EHWPOISON || errno == EBUSY);
	munmap(p, GUEST_SIZE);
}

FIXTURE_TEARDOWN(failed)
{
	vm_destroy(&self->vm);
	/* Nobody's for good, and counted. */
	EXPECT_EQ(self->corrupted + PAGE / 1024, memory_kib("HardwareCorrupted"));
	EXPECT_EQ(KPF_HWPOISON, page_flags(self->pfn) & (KPF_HWPOISON | KPF_BUDDY));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "shared"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "leaked"));
}

/* R68 */
TEST_F(failed, a_touch_is_sigbus)
{
	char *p = map_all(self->vm.mem_fd);
	int fd[2];

	EXPECT_EQ(BUS_MCEERR_AR, touch_code(p + BAD));
	EXPECT_EQ((void *)(p + BAD), touched_info.si_addr);
	/* The kernel on behalf of the process gets there no more than the process does. */
	ASSERT_EQ(0, pipe(fd));
	EXPECT_EQ(-1, write(fd[1], p + BAD, 1));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, touch(p + BAD - 1, true));
	EXPECT_EQ(1, write(fd[1], p + BAD - 1, 1));
	close(fd[0]);
	close(fd[1]);
	munmap(p, GUEST_SIZE);
}

/* R68: in the eager flow no guest gets such memory, in the other one all but that page. */
TEST_F(failed, a_guest_does_not_get_it)
{
	struct test_vcpu *vcpu = &self->vm.vcpu[0];

	if (!paging_there()) {
		EXPECT_EQ(-EIO, __vm_start(&self->vm));
		EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
		return;
	}

	vm_start(&self->vm);
	EXPECT_EQ(-EIO, paged_attempt(vcpu, AGENT_STORE, GUEST_BASE + BAD, 8, 5));
	EXPECT_EQ(AGENT_DONE, paged_answer(vcpu, GUNYAH_VCPU_RESUME_FAULT));
	EXPECT_EQ(ESR_DATA_ABORT, vcpu->esr);
	agent_do(vcpu, AGENT_STORE, GUEST_BASE + BAD - 8, 8, 5);
	EXPECT_EQ(0, vcpu->esr);
	EXPECT_EQ(5, agent_do(vcpu, AGENT_LOAD, GUEST_BASE + BAD - 8, 8, 0));
}

/* R68: a hole in a part of the folio leaves it alone. */
TEST_F(failed, a_hole_clears_the_others)
{
	char *p = map_all(self->vm.mem_fd);

	p[BAD - 1] = 'x';
	EXPECT_EQ(0, fallocate(self->vm.mem_fd, PUNCH, BAD - PAGE, 2 * PAGE));
	EXPECT_EQ(0, p[BAD - 1]);
	munmap(p, GUEST_SIZE);
}

/* R68: a hole over all of the folio gives it up, and there is sound memory in its place. */
TEST_F(failed, a_hole_brings_other_memory)
{
	char *p;

	EXPECT_EQ(0, fallocate(self->vm.mem_fd, PUNCH, 0, GUEST_SIZE));
	p = map_all(self->vm.mem_fd);
	EXPECT_EQ(0, touch_code(p + BAD));
	EXPECT_EQ(0, p[BAD]);
	munmap(p, GUEST_SIZE);

	vm_load(&self->vm);
	vm_start(&self->vm);
	agent_do(&self->vm.vcpu[0], AGENT_STORE, GUEST_BASE + BAD, 8, 5);
	EXPECT_EQ(0, self->vm.vcpu[0].esr);
}

/* R68: with a mapping from before, the second report of the same page is the signal. */
TEST(a_mapping_from_before_gets_sigbus)
{
	char *p;
	int dev, mem;

	require_gunyah();
	dev = open_gunyah();
	mem = create_guest_mem(dev, GUEST_SIZE);
	p = map_all(mem);
	p[BAD] = 'x';
	ASSERT_EQ(-1, madvise(p + BAD, PAGE, MADV_HWPOISON));
	if (!sigsetjmp(touched_env, 1)) {
		struct sigaction sa = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

		sigaction(SIGBUS, &sa, NULL);
		madvise(p + BAD, PAGE, MADV_HWPOISON);
	}
	EXPECT_EQ(BUS_MCEERR_AR, touched_info.si_code);
	EXPECT_EQ((void *)(p + BAD), touched_info.si_addr);
	munmap(p, GUEST_SIZE);
	close(mem);
	close(dev);
}

TEST_HARNESS_MAIN
