// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest gets its memory when it touches it: how many calls that takes, what it may
 * do with it, what the host can do meanwhile, and that all of it comes back however
 * the VM ends.  Only where the resource manager knows demand paging.
 */
#include "../kselftest_harness.h"
#include "lib/paged.h"
#include "lib/trace.h"

#define BIG_SIZE	(16 * SZ_2M)
#define SCRATCH		(GUEST_BASE + 0x100000)

FIXTURE(paged)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	__u64 away;
	__u64 leaked;
	int mem;
};

FIXTURE_SETUP(paged)
{
	require_paging();
	require_control();
	self->away = pages_away();
	self->leaked = bytes_leaked();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->mem = create_guest_mem(self->vm.dev_fd, BIG_SIZE);
}

FIXTURE_TEARDOWN(paged)
{
	vm_destroy(&self->vm);
	close(self->mem);
	EXPECT_EQ(self->away, pages_away());
	EXPECT_EQ(self->leaked, bytes_leaked());
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "shared"));
}

/* R81: of the newer resource manager */
TEST_F(paged, extensions_are_there)
{
	int fd = self->vm.fd;

	EXPECT_EQ(1, __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_DEMAND_PAGING));
	EXPECT_EQ(1, __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_BOOT_CONTEXT));
	EXPECT_EQ(1, __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_RESUME_ACTIONS));
	EXPECT_EQ(1, __ioctl(fd, GUNYAH_CHECK_EXTENSION, GUNYAH_EXT_RECLAIM_RUNNING));
}

/* Of lent memory nothing but the device tree is given before it is touched. */
TEST_F(paged, start_gives_device_tree_and_shared_memory)
{
	__u64 given = (GUEST_DTB_SIZE + SZ_2M) / SZ_4K;

	map_mem(self->vm.fd, self->mem, SHARED, SZ_2M, 0, SHARE_RW);
	map_mem(self->vm.fd, self->mem, APART, SZ_2M, SZ_2M, LEND_RWX);
	vm_start(&self->vm);
	EXPECT_EQ(self->away + given, pages_away());
	EXPECT_EQ(GUEST_DTB_SIZE, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(SZ_2M, driver_counter("gunyah_vm/memory", "shared"));
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
	EXPECT_LT(self->away + given, pages_away());
	EXPECT_GE(self->away + SZ_2M / SZ_4K + VM_PAGES, pages_away());
}

/* The number of gives grows with folios, not with pages. */
TEST_F(paged, guest_touches_all_of_its_memory)
{
	static const char *const events[] = {
		"gunyah/gunyah_mem_give", "gunyah/gunyah_mem_reclaim", NULL
	};
	unsigned int gives, pages = BIG_SIZE / PAGE;

	if (!trace_there())
		SKIP(return, "no tracepoints");
	map_mem(self->vm.fd, self->mem, APART, BIG_SIZE, 0, LEND_RWX);
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);

	trace_start(events, false);
	agent_do(self->vcpu, AGENT_FILL, APART, BIG_SIZE, 3);
	trace_stop();
	gives = trace_count("gunyah_mem_give:");
	ksft_print_msg("%u gives for %u pages\n", gives, pages);
	EXPECT_GT(gives, 0);
	/* In folios of 2 MiB. */
	EXPECT_LE(gives, BIG_SIZE / SZ_2M);
	EXPECT_LE(self->away + BIG_SIZE / SZ_4K, pages_away());

	/* It has it: no more gives. */
	trace_start(events, false);
	EXPECT_EQ(3 * BIG_SIZE / 8, agent_do(self->vcpu, AGENT_SUM, APART, BIG_SIZE, 0));
	trace_stop();
	EXPECT_EQ(0, trace_count("gunyah_mem_give:"));
	EXPECT_EQ(0, self->vcpu->esr);
}

/* R62: lent memory is gone from the host from the touch on, and not before. */
TEST_F(paged, host_has_memory_until_the_guest_touches_it)
{
	char *p;

	map_mem(self->vm.fd, self->mem, APART, SZ_2M, 0, LEND_RWX);
	vm_start(&self->vm);
	p = paged_map(self->mem, PAGE, 0);
	EXPECT_EQ(0, touch(p, true));
	p[8] = 77;

	/* While user space has it mapped, the guest can't get it. */
	EXPECT_EQ(-EBUSY, paged_attempt(self->vcpu, AGENT_LOAD, APART + 8, 1, 0));
	EXPECT_EQ(APART + 8, self->vcpu->run->page_fault.phys_addr);
	EXPECT_EQ(GUNYAH_VCPU_RESUME_FAULT, self->vcpu->run->page_fault.resume_action);
	/* But its neighbours. */
	munmap(p, PAGE);
	EXPECT_EQ(AGENT_DONE, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_RETRY));
	EXPECT_EQ(0, self->vcpu->esr);
	EXPECT_EQ(77, self->vcpu->result);

	p = paged_map(self->mem, PAGE, 0);
	EXPECT_EQ(SIGBUS, touch(p, false));
	munmap(p, PAGE);
}

TEST_F(paged, neighbours_of_mapped_memory_are_given)
{
	char *p;

	map_mem(self->vm.fd, self->mem, APART, SZ_2M, 0, LEND_RWX);
	vm_start(&self->vm);
	p = paged_map(self->mem, PAGE, 16 * PAGE);
	p[0] = 5;
	agent_do(self->vcpu, AGENT_STORE, APART + 15 * PAGE, 8, 1);
	EXPECT_EQ(0, self->vcpu->esr);
	agent_do(self->vcpu, AGENT_STORE, APART + 17 * PAGE, 8, 1);
	EXPECT_EQ(0, self->vcpu->esr);
	EXPECT_EQ(5, p[0]);
	EXPECT_EQ(-EBUSY, paged_attempt(self->vcpu, AGENT_LOAD, APART + 16 * PAGE, 1, 0));
	EXPECT_EQ(AGENT_DONE, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_FAULT));
	EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);
	munmap(p, PAGE);
}

/* A file whose folios are single pages; which of them are neighbours is luck. */
static int create_scattered_mem(int dev, __u64 size)
{
	int fd = create_guest_mem(dev, size);
	__u64 done;

	for (done = 0; done < size; done += PAGE)
		if (fallocate(fd, FALLOC_FL_KEEP_SIZE, done, PAGE))
			test_die("fallocate");
	return fd;
}

/* R62, R64: small folios are given, kept by the host and taken back one by one, too */
TEST_F(paged, small_folios_with_and_without_neighbours)
{
	__u64 kept = APART + 16 * PAGE, back = APART + 7 * PAGE;
	int fd = create_scattered_mem(self->vm.dev_fd, SZ_2M);
	char *p;

	map_mem(self->vm.fd, fd, APART, SZ_2M, 0, LEND_RWX);
	vm_start(&self->vm);
	p = paged_map(fd, PAGE, kept - APART);
	p[0] = 5;
	agent_do(self->vcpu, AGENT_FILL, APART, kept - APART, 3);
	EXPECT_EQ(0, self->vcpu->esr);
	agent_do(self->vcpu, AGENT_FILL, kept + PAGE, SZ_2M - PAGE - (kept - APART), 3);
	EXPECT_EQ(0, self->vcpu->esr);
	EXPECT_EQ(5, p[0]);
	EXPECT_EQ(-EBUSY, paged_attempt(self->vcpu, AGENT_LOAD, kept, 1, 0));
	munmap(p, PAGE);
	EXPECT_EQ(AGENT_DONE, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_RETRY));
	EXPECT_EQ(5, self->vcpu->result);
	/* All of it is the guest's, and besides it what the guest runs in. */
	EXPECT_LE(self->away + SZ_2M / SZ_4K, pages_away());
	EXPECT_GE(self->away + SZ_2M / SZ_4K + VM_PAGES, pages_away());
	EXPECT_LE(SZ_2M, driver_counter("gunyah_vm/memory", "lent"));

	/* From the middle of what was one piece, perhaps. */
	ASSERT_EQ(0, __reclaim(&self->vm, back, PAGE));
	p = paged_map(fd, PAGE, back - APART);
	EXPECT_EQ(0, touch(p, false));
	EXPECT_EQ(3, *(__u64 *)(p + 8));
	munmap(p, PAGE);
	p = paged_map(fd, PAGE, back - APART + PAGE);
	EXPECT_EQ(SIGBUS, touch(p, false));
	munmap(p, PAGE);
	EXPECT_EQ(3, agent_do(self->vcpu, AGENT_LOAD, back, 8, 0));
	EXPECT_EQ(0, self->vcpu->esr);
	close(fd);
}

/* R3, R61 */
TEST_F(paged, nothing_bound_is_an_exit)
{
	map_mem(self->vm.fd, self->mem, APART, SZ_2M, 0, LEND_RWX);
	vm_start(&self->vm);
	ASSERT_EQ(0, __map_mem(self->vm.fd, self->mem, APART, SZ_2M, 0,
			       LEND_RWX | GUNYAH_MEM_UNMAP));
	EXPECT_EQ(-ENOENT, paged_attempt(self->vcpu, AGENT_STORE, APART, 8, 1));
	/* The instruction is run again: the same exit. */
	EXPECT_EQ(AGENT_OTHER_EXIT, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_RETRY));
	EXPECT_EQ(-ENOENT, self->vcpu->run->page_fault.attempt);
	self->vcpu->run->page_fault.resume_action = 3;
	EXPECT_EQ(-EINVAL, __vcpu_run(self->vcpu));
	EXPECT_EQ(AGENT_DONE, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_FAULT));
	EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);
	EXPECT_EQ(APART, self->vcpu->far);
}

/* An access of a device's address, as the guest makes it and as it comes out. */
static void expect_access(struct __test_metadata *_metadata, struct test_vcpu *vcpu, bool write)
{
	EXPECT_EQ(GUEST_MMIO + 8, vcpu->run->mmio.phys_addr);
	EXPECT_EQ(4, vcpu->run->mmio.len);
	EXPECT_EQ(write, vcpu->run->mmio.is_write);
	if (write)
		EXPECT_EQ(0, memcmp(vcpu->run->mmio.data, "\x78\x56\x34\x12", 4));
}

static void device_actions(struct __test_metadata *_metadata, struct test_vcpu *vcpu, bool write)
{
	const __u64 answer = 0x87654321;
	unsigned int i;

	agent_post(vcpu, write ? AGENT_STORE : AGENT_LOAD, GUEST_MMIO + 8, 4, 0x12345678);
	ASSERT_EQ(AGENT_MMIO, agent_run(vcpu));
	expect_access(_metadata, vcpu, write);
	/* The instruction is run again: the same exit, and what was to be read is not read. */
	for (i = 0; i < 3; i++) {
		memset(vcpu->run->mmio.data, 0x55, sizeof(vcpu->run->mmio.data));
		vcpu->run->mmio.resume_action = GUNYAH_VCPU_RESUME_RETRY;
		ASSERT_EQ(AGENT_MMIO, agent_run(vcpu));
		expect_access(_metadata, vcpu, write);
	}
	vcpu->run->mmio.resume_action = 3;
	EXPECT_EQ(-EINVAL, __vcpu_run(vcpu));
	memcpy(vcpu->run->mmio.data, &answer, sizeof(answer));
	vcpu->run->mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	ASSERT_EQ(AGENT_DONE, agent_run(vcpu));
	EXPECT_EQ(0, vcpu->esr);
	if (!write)
		EXPECT_EQ(answer, vcpu->result);

	/* There is nothing at that address. */
	agent_post(vcpu, write ? AGENT_STORE : AGENT_LOAD, GUEST_MMIO + 8, 4, 0x12345678);
	ASSERT_EQ(AGENT_MMIO, agent_run(vcpu));
	vcpu->run->mmio.resume_action = GUNYAH_VCPU_RESUME_FAULT;
	ASSERT_EQ(AGENT_DONE, agent_run(vcpu));
	EXPECT_EQ(ESR_DATA_ABORT, vcpu->esr);
	EXPECT_EQ(GUEST_MMIO + 8, vcpu->far);
}

/* R3: what the monitor wants done about an access is done */
TEST_F(paged, resume_actions_of_a_device)
{
	vm_start(&self->vm);
	device_actions(_metadata, self->vcpu, false);
	device_actions(_metadata, self->vcpu, true);
}

/* All registers, and an entry that is not in the parcel (R25). */
TEST_F(paged, boot_context_is_honoured)
{
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_PC, 0),
				    GUEST_BASE));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_X, 0),
				    0x1234567890));
	ASSERT_EQ(0, __set_boot_reg(self->vm.fd, GUNYAH_VM_BOOT_CONTEXT_REG(REG_SET_X, 9), 1));
	vm_start(&self->vm);
	EXPECT_EQ(0x1234567890, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0));
}

TEST_F(paged, without_one_it_is_as_in_the_eager_flow)
{
	vm_start(&self->vm);
	EXPECT_EQ(GUEST_DTB, agent_do(self->vcpu, AGENT_BOOT_X0, 0, 0, 0));
	EXPECT_EQ(GUEST_BASE, agent_do(self->vcpu, AGENT_PC, 0, 0, 0));
}

/* R20 */
TEST_F(paged, start_is_refused_while_the_device_tree_is_mapped)
{
	char *p = paged_map(self->vm.mem_fd, PAGE, GUEST_DTB - GUEST_BASE);

	EXPECT_EQ(-EBUSY, __vm_start(&self->vm));
	munmap(p, PAGE);
	/* Elsewhere it may be. */
	p = paged_map(self->vm.mem_fd, PAGE, GUEST_SIZE - PAGE);
	EXPECT_EQ(0, __vm_start(&self->vm));
	munmap(p, PAGE);
}

/* R20: each message refused in turn; then it starts after all. */
TEST_F(paged, refused_start_can_be_tried_again)
{
	static const __u32 ids[] = {
		MSG_ALLOC_VMID, MSG_MEM_LEND, MSG_CONFIG_IMAGE, MSG_SET_DEMAND_PAGING,
		MSG_SET_ADDRESS_LAYOUT, MSG_VM_INIT, MSG_SET_BOOT_CONTEXT, MSG_GET_RESOURCES,
		MSG_VM_START,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		MSG_RULE(ids[i], CTL_REFUSE, .p = { RM_NORESOURCE });
		EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
		control_clear(-1);
		EXPECT_EQ(self->away, pages_away());
		EXPECT_EQ(self->leaked, bytes_leaked());
		EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	}
	/* A refused CONFIG_IMAGE has cost a vmid, and may have changed the tree. */
	vm_load(&self->vm);
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
}

/* Content is kept, and the memory is the host's between two runs (R63). */
TEST_F(paged, second_run)
{
	__u64 *p;
	int i;

	map_mem(self->vm.fd, self->mem, APART, SZ_2M, 0, LEND_RWX);
	for (i = 1; i < 4; i++) {
		vm_start_anew(&self->vm);
		EXPECT_EQ(i - 1, agent_do(self->vcpu, AGENT_LOAD, APART, 8, 0));
		agent_do(self->vcpu, AGENT_STORE, APART, 8, i);
		ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
		/* Still the guest's. */
		EXPECT_LT(self->away, pages_away());
		EXPECT_EQ(-ENODEV, __vm_start(&self->vm));
		EXPECT_EQ(0, __reclaim(&self->vm, APART, SZ_2M));
		ASSERT_EQ(0, __vm_reset(&self->vm));
		EXPECT_EQ(self->away, pages_away());
		p = paged_map(self->mem, PAGE, 0);
		EXPECT_EQ(i, p[0]);
		munmap(p, PAGE);
	}
}

/* The teardown closes it, and looks whether everything is back. */
TEST_F(paged, close_after_start)
{
	vm_start(&self->vm);
}

TEST_F(paged, close_while_it_runs)
{
	map_mem(self->vm.fd, self->mem, SHARED, SZ_2M, 0, SHARE_RW);
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_FILL, SCRATCH, PAGE, 1);
	agent_do(self->vcpu, AGENT_FILL, SHARED, SZ_2M, 1);
	EXPECT_EQ(0, self->vcpu->esr);
}

TEST_F(paged, close_after_exit)
{
	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
}

TEST_F(paged, close_after_reset)
{
	vm_start(&self->vm);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	ASSERT_EQ(0, __vm_reset(&self->vm));
}

TEST_F(paged, close_with_a_page_fault_unanswered)
{
	map_mem(self->vm.fd, self->mem, APART, SZ_2M, 0, GUNYAH_MEM_ALLOW_READ);
	vm_start(&self->vm);
	EXPECT_EQ(-EACCES, paged_attempt(self->vcpu, AGENT_STORE, APART, 8, 1));
}

/* What a guest may do is what the binding says. */
FIXTURE(rights)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	__u64 away;
	int mem;
};

FIXTURE_VARIANT(rights)
{
	__u32 flags;
	__u64 gpa;
};

#define R	GUNYAH_MEM_ALLOW_READ
#define W	GUNYAH_MEM_ALLOW_WRITE
#define X	GUNYAH_MEM_ALLOW_EXEC
#define S	GUNYAH_MEM_FORCE_SHARE

FIXTURE_VARIANT_ADD(rights, lent_r) { .flags = R, .gpa = APART };
FIXTURE_VARIANT_ADD(rights, lent_rw) { .flags = R | W, .gpa = APART };
FIXTURE_VARIANT_ADD(rights, lent_rx) { .flags = R | X, .gpa = APART };
FIXTURE_VARIANT_ADD(rights, lent_rwx) { .flags = R | W | X, .gpa = APART };
FIXTURE_VARIANT_ADD(rights, shared_r) { .flags = S | R, .gpa = SHARED };
FIXTURE_VARIANT_ADD(rights, shared_rw) { .flags = S | R | W, .gpa = SHARED };
FIXTURE_VARIANT_ADD(rights, shared_rx) { .flags = S | R | X, .gpa = SHARED };
FIXTURE_VARIANT_ADD(rights, shared_rwx) { .flags = S | R | W | X, .gpa = SHARED };

FIXTURE_SETUP(rights)
{
	__u64 *p;

	require_paging();
	require_control();
	self->away = pages_away();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	self->mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	p = paged_map(self->mem, PAGE, 0);
	/* mov x0, #77; ret */
	p[0] = 0xd65f03c0d28009a0;
	munmap(p, PAGE);
	map_mem(self->vm.fd, self->mem, variant->gpa, SZ_2M, 0, variant->flags);
	vm_start(&self->vm);
}

FIXTURE_TEARDOWN(rights)
{
	vm_destroy(&self->vm);
	close(self->mem);
	EXPECT_EQ(self->away, pages_away());
}

TEST_F(rights, read)
{
	EXPECT_EQ(0xd65f03c0d28009a0, agent_do(self->vcpu, AGENT_LOAD, variant->gpa, 8, 0));
	EXPECT_EQ(0, self->vcpu->esr);
}

/* R61: as the first touch, and when the guest has the memory. */
TEST_F(rights, write)
{
	if (variant->flags & W) {
		agent_do(self->vcpu, AGENT_STORE, variant->gpa + 8, 8, 5);
		EXPECT_EQ(0, self->vcpu->esr);
		EXPECT_EQ(5, agent_do(self->vcpu, AGENT_LOAD, variant->gpa + 8, 8, 0));
		return;
	}
	EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa, SZ_2M));
	EXPECT_EQ(-EACCES, paged_attempt(self->vcpu, AGENT_STORE, variant->gpa + 8, 8, 5));
	EXPECT_EQ(AGENT_DONE, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_FAULT));
	EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);

	EXPECT_EQ(0, agent_do(self->vcpu, AGENT_LOAD, variant->gpa + 8, 8, 0));
	agent_do(self->vcpu, AGENT_STORE, variant->gpa + 8, 8, 5);
	EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);
	EXPECT_EQ(0, agent_do(self->vcpu, AGENT_LOAD, variant->gpa + 8, 8, 0));
}

/* R61: of shared memory it is the first touch, which is not the access of a device. */
TEST_F(rights, execute)
{
	if (!(variant->flags & S))
		agent_do(self->vcpu, AGENT_LOAD, variant->gpa, 8, 0);
	agent_do(self->vcpu, AGENT_CALL, variant->gpa, 0, 0);
	if (variant->flags & X) {
		EXPECT_EQ(0, self->vcpu->esr);
		EXPECT_EQ(77, self->vcpu->result);
	} else {
		EXPECT_EQ(ESR_FETCH_ABORT, self->vcpu->esr);
	}
}

/* R62: both ways, from the first touch on. */
TEST_F(rights, shared_memory_is_coherent)
{
	__u64 *host;
	int i;

	if (!(variant->flags & S))
		return;
	host = paged_map(self->mem, SZ_2M, 0);
	for (i = 1; i < 10; i++) {
		host[i * 1000] = i * 77;
		EXPECT_EQ(i * 77, agent_do(self->vcpu, AGENT_LOAD, variant->gpa + i * 8000, 8, 0));
		if (!(variant->flags & W))
			continue;
		agent_do(self->vcpu, AGENT_STORE, variant->gpa + i * 8000, 8, i);
		EXPECT_EQ(i, host[i * 1000]);
	}
	munmap(host, SZ_2M);
}

/* An LDP is not the access of a device either, as the first touch. */
TEST_F(rights, pair)
{
	agent_do(self->vcpu, AGENT_LOAD_PAIR, variant->gpa, 0, 0);
	EXPECT_EQ(0, self->vcpu->esr);
	agent_do(self->vcpu, AGENT_LOAD_PAIR, variant->gpa + SZ_2M - 16, 0, 0);
	EXPECT_EQ(0, self->vcpu->esr);
}

TEST_F(rights, writeback)
{
	EXPECT_EQ(0xd65f03c0d28009a0, agent_do(self->vcpu, AGENT_LOAD_POST, variant->gpa, 0, 0));
	EXPECT_EQ(0, self->vcpu->esr);
}

/* With shared memory that was taken back it has to be a load or store of one register. */
TEST_F(rights, pair_after_a_reclaim)
{
	bool shared = variant->flags & S;

	EXPECT_EQ(0, __reclaim(&self->vm, variant->gpa, SZ_2M));
	agent_do(self->vcpu, AGENT_LOAD_PAIR, variant->gpa, 0, 0);
	EXPECT_EQ(shared ? ESR_DATA_ABORT : 0, self->vcpu->esr);
	agent_do(self->vcpu, AGENT_LOAD, variant->gpa, 8, 0);
	EXPECT_EQ(0, self->vcpu->esr);
	agent_do(self->vcpu, AGENT_LOAD_PAIR, variant->gpa, 0, 0);
	EXPECT_EQ(0, self->vcpu->esr);
}

TEST_HARNESS_MAIN
