// SPDX-License-Identifier: GPL-2.0-only
/* Who can read and write what while a guest runs, and what is left afterwards. */

#include "../kselftest_harness.h"
#include "lib/gunyah_test.h"

#define SHARED		0x90000000UL
#define SCRATCH		(GUEST_BASE + 0x100000)

FIXTURE(lent)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
};

FIXTURE_SETUP(lent)
{
	require_gunyah();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(lent)
{
	vm_destroy(&self->vm);
}

/* R62 */
TEST_F(lent, host_access_is_sigbus)
{
	char *p = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.mem_fd, 0);

	if (p == MAP_FAILED)
		return;		/* not even a mapping: as good */
	EXPECT_EQ(SIGBUS, touch(p, false));
	EXPECT_EQ(SIGBUS, touch(p + GUEST_SIZE - 1, true));
	munmap(p, GUEST_SIZE);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

/* R62: nor through the kernel */
TEST_F(lent, system_call_on_it_is_efault)
{
	char *p = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.mem_fd, 0);
	int pipefd[2];

	if (p == MAP_FAILED)
		return;
	ASSERT_EQ(0, pipe(pipefd));
	EXPECT_EQ(-1, write(pipefd[1], p, 16));
	EXPECT_EQ(EFAULT, errno);
	close(pipefd[0]);
	close(pipefd[1]);
	munmap(p, GUEST_SIZE);
}

TEST_F(lent, guest_reads_and_writes_all_of_it)
{
	__u64 size = GUEST_SIZE - (SCRATCH - GUEST_BASE);

	agent_do(self->vcpu, AGENT_FILL, SCRATCH, SZ_2M / 4, 3);
	EXPECT_EQ(3 * SZ_2M / 4 / 8, agent_do(self->vcpu, AGENT_SUM, SCRATCH, SZ_2M / 4, 0));
	agent_do(self->vcpu, AGENT_LOAD, SCRATCH + size - 8, 8, 0);
	EXPECT_EQ(0, self->vcpu->esr);
}

/* R63: authentication none: the host finds what the guest wrote */
TEST_F(lent, content_is_kept_after_the_end)
{
	__u64 *p;

	agent_do(self->vcpu, AGENT_STORE, SCRATCH, 8, 0x600df00d);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	munmap(self->vcpu->run, SZ_4K);
	close(self->vcpu->fd);
	close(self->vm.fd);
	p = mmap(NULL, SZ_4K, PROT_READ, MAP_SHARED, self->vm.mem_fd, SCRATCH - GUEST_BASE);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0x600df00d, *p);
	munmap(p, SZ_4K);
	self->vm.fd = create_vm(self->vm.dev_fd);
	vcpu_add(&self->vm, 0);
}

/* R63: the same after a forced stop */
TEST_F(lent, content_is_kept_after_close)
{
	__u64 *p;

	agent_do(self->vcpu, AGENT_STORE, SCRATCH, 8, 0xcafe);
	munmap(self->vcpu->run, SZ_4K);
	close(self->vcpu->fd);
	close(self->vm.fd);
	p = mmap(NULL, SZ_4K, PROT_READ, MAP_SHARED, self->vm.mem_fd, SCRATCH - GUEST_BASE);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0xcafe, *p);
	munmap(p, SZ_4K);
	self->vm.fd = create_vm(self->vm.dev_fd);
	vcpu_add(&self->vm, 0);
}

FIXTURE(shared)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	int mem;
	__u64 *host;
};

FIXTURE_VARIANT(shared)
{
	__u32 rights;
};

FIXTURE_VARIANT_ADD(shared, r) { .rights = GUNYAH_MEM_ALLOW_READ };
FIXTURE_VARIANT_ADD(shared, rw) { .rights = GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_WRITE };
FIXTURE_VARIANT_ADD(shared, rx) { .rights = GUNYAH_MEM_ALLOW_READ | GUNYAH_MEM_ALLOW_EXEC };
FIXTURE_VARIANT_ADD(shared, rwx) { .rights = GUNYAH_MEM_ALLOW_RWX };

FIXTURE_SETUP(shared)
{
	require_gunyah();
	self->vm.shm = (struct test_shm) { .gpa = SHARED, .size = SZ_2M };
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	map_mem(self->vm.fd, self->mem, SHARED, SZ_2M, 0,
		GUNYAH_MEM_FORCE_SHARE | variant->rights);
	/* Mapped by the host before and while the guest has it. */
	self->host = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_SHARED, self->mem, 0);
	ASSERT_NE(MAP_FAILED, self->host);
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(shared)
{
	vm_destroy(&self->vm);
	/* All of it is the host's again. */
	self->host[SZ_2M / 8 - 1] = 1;
	munmap(self->host, SZ_2M);
	close(self->mem);
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
	bool may = variant->rights & GUNYAH_MEM_ALLOW_WRITE;

	self->host[5] = 1;
	agent_do(self->vcpu, AGENT_STORE, SHARED + 40, 8, 2);
	EXPECT_EQ(may ? 0 : ESR_DATA_ABORT, self->vcpu->esr);
	EXPECT_EQ(may ? 2 : 1, self->host[5]);
}

/* R61 */
TEST_F(shared, guest_executes_if_it_may)
{
	bool may = variant->rights & GUNYAH_MEM_ALLOW_EXEC;

	/* mov x0, #77; ret */
	self->host[0] = 0xd65f03c0d28009a0;
	__builtin___clear_cache((char *)self->host, (char *)self->host + 8);
	agent_do(self->vcpu, AGENT_CALL, SHARED, 0, 0);
	EXPECT_EQ(may ? 0 : ESR_FETCH_ABORT, self->vcpu->esr);
	if (may)
		EXPECT_EQ(77, self->vcpu->result);
}

TEST_HARNESS_MAIN
