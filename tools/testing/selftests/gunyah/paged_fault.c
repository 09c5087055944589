// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each hypercall of the demand-paged flow fails in turn: nothing is lost that can
 * be saved, and what is lost is counted (R64).  Only where the resource manager
 * knows demand paging, and with the test hypervisor.
 */
#include <linux/falloc.h>

#include "../kselftest_harness.h"
#include "lib/alloc_fault.h"
#include "lib/paged.h"

/* Below all else: the first that is taken back at the end. */
#define LOW		0x20000000UL

FIXTURE(fail)
{
	struct test_vm vm;
	struct test_vcpu *vcpu;
	__u64 away;
	__u64 leaked;
	int mem;
	__u64 gpa;
};

FIXTURE_VARIANT(fail)
{
	__u32 flags;
	__u64 gpa;
};

FIXTURE_VARIANT_ADD(fail, lent) { .flags = LEND_RWX, .gpa = APART };
FIXTURE_VARIANT_ADD(fail, shared) { .flags = SHARE_RW, .gpa = SHARED };

FIXTURE_SETUP(fail)
{
	require_paging();
	require_control();
	vm_create(&self->vm, 1);
	self->vcpu = &self->vm.vcpu[0];
	/* Small, for what is leaked is lost for good. */
	self->mem = create_guest_mem(self->vm.dev_fd, PAGE);
	self->gpa = variant->gpa;
	map_mem(self->vm.fd, self->mem, self->gpa, PAGE, 0, variant->flags);
	vm_start(&self->vm);
	agent_do(self->vcpu, AGENT_NOP, 0, 0, 0);
	/* What is shared was given by the start. */
	EXPECT_EQ(0, __reclaim(&self->vm, self->gpa, PAGE));
	self->away = pages_away();
	self->leaked = bytes_leaked();
}

FIXTURE_TEARDOWN(fail)
{
	control_clear(-1);
	vm_destroy(&self->vm);
	close(self->mem);
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "shared"));
}

/* A call that the guest has to wait for; it is told, tries again, and has it. */
static void give_fails(struct __test_metadata *_metadata, struct test_vcpu *vcpu, __u64 gpa,
		       unsigned int call)
{
	__u64 away = pages_away();

	CALL_RULE(call, CTL_CALL_RESULT, .p = { HYP_NOMEM });
	EXPECT_EQ(-ENOMEM, paged_attempt(vcpu, AGENT_STORE, gpa, 8, 5));
	EXPECT_EQ(gpa, vcpu->run->page_fault.phys_addr);
	EXPECT_EQ(away, pages_away());
	EXPECT_EQ(AGENT_DONE, paged_answer(vcpu, GUNYAH_VCPU_RESUME_RETRY));
	EXPECT_EQ(0, vcpu->esr);
	EXPECT_EQ(away + PAGE_4KS, pages_away());
	EXPECT_EQ(5, agent_do(vcpu, AGENT_LOAD, gpa, 8, 0));
}

TEST_F(fail, donate)
{
	give_fails(_metadata, self->vcpu, self->gpa, CALL_DONATE);
	EXPECT_EQ(self->leaked, bytes_leaked());
}

TEST_F(fail, map)
{
	give_fails(_metadata, self->vcpu, self->gpa, CALL_ADDRSPACE_MAP);
	EXPECT_EQ(self->leaked, bytes_leaked());
}

/* It was to be undone, and that fails, too: lost, and said so. */
TEST_F(fail, map_and_donate_back)
{
	char *p;

	CALL_RULE(CALL_ADDRSPACE_MAP, CTL_CALL_RESULT, .p = { HYP_NOMEM });
	CALL_RULE(CALL_DONATE, CTL_CALL_RESULT, .nth = 2, .p = { HYP_DENIED });
	EXPECT_EQ(-ENOMEM, paged_attempt(self->vcpu, AGENT_STORE, self->gpa, 8, 5));
	EXPECT_EQ(self->leaked + PAGE, bytes_leaked());
	EXPECT_EQ(self->away + PAGE_4KS, pages_away());
	EXPECT_EQ(AGENT_OTHER_EXIT, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_RETRY));
	EXPECT_EQ(-EIO, self->vcpu->run->page_fault.attempt);
	EXPECT_EQ(AGENT_DONE, paged_answer(self->vcpu, GUNYAH_VCPU_RESUME_FAULT));
	EXPECT_EQ(ESR_DATA_ABORT, self->vcpu->esr);

	/* Nobody touches it, for ever. */
	p = paged_map(self->mem, PAGE, 0);
	EXPECT_EQ(SIGBUS, touch(p, false));
	munmap(p, PAGE);
	ASSERT_EQ(AGENT_STATUS, agent_psci(self->vcpu, PSCI_SYSTEM_OFF, 0, 0));
	EXPECT_EQ(-EIO, __vm_reset(&self->vm));
	EXPECT_EQ(self->leaked + PAGE, bytes_leaked());
}

/* Busy for a moment: nobody notices. */
TEST_F(fail, try_again)
{
	static const unsigned int calls[] = {
		CALL_DONATE, CALL_ADDRSPACE_MAP, CALL_ADDRSPACE_UNMAP
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		CALL_RULE(calls[i], CTL_CALL_RESULT, .times = 3, .p = { -2ULL });
		agent_do(self->vcpu, AGENT_STORE, self->gpa, 8, 5);
		EXPECT_EQ(0, self->vcpu->esr);
		EXPECT_EQ(0, __reclaim(&self->vm, self->gpa, PAGE));
		EXPECT_EQ(self->away, pages_away());
	}
}

/* While the guest is there it keeps what can't be taken. */
static void reclaim_fails(struct __test_metadata *_metadata, struct test_vm *vm, __u64 gpa,
			  unsigned int call)
{
	struct test_vcpu *vcpu = &vm->vcpu[0];
	__u64 away;

	agent_do(vcpu, AGENT_STORE, gpa, 8, 5);
	away = pages_away();
	CALL_RULE(call, CTL_CALL_RESULT, .p = { HYP_NOMEM });
	EXPECT_EQ(-ENOMEM, __reclaim(vm, gpa, PAGE));
	EXPECT_EQ(away, pages_away());
	EXPECT_EQ(5, agent_do(vcpu, AGENT_LOAD, gpa, 8, 0));
	EXPECT_EQ(0, vcpu->esr);

	CALL_RULE(call, CTL_CALL_RESULT, .p = { HYP_NOMEM });
	EXPECT_EQ(-ENOMEM, __reclaim(vm, gpa, PAGE));
	EXPECT_EQ(0, __reclaim(vm, gpa, PAGE));
	EXPECT_EQ(away - PAGE_4KS, pages_away());
	EXPECT_EQ(5, agent_do(vcpu, AGENT_LOAD, gpa, 8, 0));
}

TEST_F(fail, unmap)
{
	reclaim_fails(_metadata, &self->vm, self->gpa, CALL_ADDRSPACE_UNMAP);
	EXPECT_EQ(self->leaked, bytes_leaked());
}

TEST_F(fail, donate_back)
{
	reclaim_fails(_metadata, &self->vm, self->gpa, CALL_DONATE);
	EXPECT_EQ(self->leaked, bytes_leaked());
}

TEST_F(fail, unmap_of_a_binding)
{
	__u32 unmap = variant->flags | GUNYAH_MEM_UNMAP;

	agent_do(self->vcpu, AGENT_STORE, self->gpa, 8, 5);
	CALL_RULE(CALL_ADDRSPACE_UNMAP, CTL_CALL_RESULT, .p = { HYP_DENIED });
	EXPECT_EQ(-EACCES, __map_mem(self->vm.fd, self->mem, self->gpa, PAGE, 0, unmap));
	EXPECT_EQ(5, agent_do(self->vcpu, AGENT_LOAD, self->gpa, 8, 0));
	EXPECT_EQ(0, __map_mem(self->vm.fd, self->mem, self->gpa, PAGE, 0, unmap));
	EXPECT_EQ(self->away, pages_away());
}

/* Shared memory that can't be taken back has no hole, and its content. */
TEST_F(fail, hole)
{
	static const unsigned int calls[] = { CALL_ADDRSPACE_UNMAP, CALL_DONATE };
	int punch = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	unsigned int i;

	if (variant->flags != SHARE_RW)
		return;
	for (i = 0; i < 2; i++) {
		agent_do(self->vcpu, AGENT_STORE, self->gpa, 8, 5);
		CALL_RULE(calls[i], CTL_CALL_RESULT, .p = { HYP_NOMEM });
		EXPECT_EQ(-1, fallocate(self->mem, punch, 0, PAGE));
		EXPECT_EQ(ENOMEM, errno);
		EXPECT_EQ(self->away + PAGE_4KS, pages_away());
		EXPECT_EQ(5, agent_do(self->vcpu, AGENT_LOAD, self->gpa, 8, 0));
		EXPECT_EQ(0, self->vcpu->esr);

		EXPECT_EQ(0, fallocate(self->mem, punch, 0, PAGE));
		EXPECT_EQ(self->away, pages_away());
		EXPECT_EQ(0, agent_do(self->vcpu, AGENT_LOAD, self->gpa, 8, 0));
		EXPECT_EQ(0, self->vcpu->esr);
	}
	EXPECT_EQ(self->leaked, bytes_leaked());
}

/* Shared memory is given by the start, which fails with it and can be tried again. */
TEST_F(fail, start)
{
	static const struct {
		unsigned int call;
		__u64 result;
		int ret;
	} points[] = {
		{ CALL_DONATE, HYP_NOMEM, -ENOMEM },
		{ CALL_ADDRSPACE_MAP, HYP_NOMEM, -ENOMEM },
		{ CALL_ADDRSPACE_MAP, HYP_DENIED, -ENODEV },
	};
	struct test_vm vm = {};
	__u64 away = pages_away();
	unsigned int i;
	int mem;

	vm_create(&vm, 1);
	mem = create_guest_mem(vm.dev_fd, PAGE);
	map_mem(vm.fd, mem, LOW, PAGE, 0, SHARE_RW);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		CALL_RULE(points[i].call, CTL_CALL_RESULT, .p = { points[i].result });
		EXPECT_EQ(points[i].ret, __vm_start(&vm));
		EXPECT_EQ(away, pages_away());
		EXPECT_EQ(self->leaked, bytes_leaked());
		/* The resource manager has written into the device tree. */
		vm_load(&vm);
	}
	vm_start(&vm);
	agent_do(&vm.vcpu[0], AGENT_LOAD_PAIR, LOW, 0, 0);
	EXPECT_EQ(0, vm.vcpu[0].esr);
	vm_destroy(&vm);
	close(mem);
	EXPECT_EQ(away, pages_away());
}

/* And by a binding, where the guest runs. */
TEST_F(fail, binding)
{
	static const unsigned int calls[] = { CALL_DONATE, CALL_ADDRSPACE_MAP };
	int mem = create_guest_mem(self->vm.dev_fd, PAGE);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		CALL_RULE(calls[i], CTL_CALL_RESULT, .p = { HYP_DENIED });
		EXPECT_EQ(-EACCES, __map_mem(self->vm.fd, mem, LOW, PAGE, 0, SHARE_RW));
		EXPECT_EQ(self->away, pages_away());
		agent_post(self->vcpu, AGENT_LOAD, LOW, 8, 0);
		EXPECT_EQ(AGENT_MMIO, agent_run(self->vcpu));
		EXPECT_EQ(AGENT_DONE, agent_run(self->vcpu));
	}
	EXPECT_EQ(0, __map_mem(self->vm.fd, mem, LOW, PAGE, 0, SHARE_RW));
	EXPECT_EQ(self->away + PAGE_4KS, pages_away());
	EXPECT_EQ(self->leaked, bytes_leaked());
	close(mem);
}

/* At the end there is no later. */
TEST_F(fail, end)
{
	static const unsigned int calls[] = { CALL_ADDRSPACE_UNMAP, CALL_DONATE };
	__u64 leaked = self->leaked;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct test_vm vm = {};
		__u64 away = pages_away();
		int mem;

		vm_create(&vm, 1);
		mem = create_guest_mem(vm.dev_fd, PAGE);
		map_mem(vm.fd, mem, LOW, PAGE, 0, SHARE_RW);
		vm_start(&vm);
		agent_do(&vm.vcpu[0], AGENT_STORE, LOW, 8, 5);
		CALL_RULE(calls[i], CTL_CALL_RESULT, .p = { HYP_DENIED });
		vm_destroy(&vm);
		close(mem);
		leaked += PAGE;
		EXPECT_EQ(leaked, bytes_leaked());
		EXPECT_EQ(away + PAGE_4KS, pages_away());
	}
}

/* A mapping of 2 MiB has to be split, and there is no memory for that. */
TEST_F(fail, split)
{
	int mem = __create_guest_mem(self->vm.dev_fd, SZ_2M, GHMF_ALLOW_HUGEPAGE);
	__u64 gpa = 0x50000000, away;

	ASSERT_LE(0, mem);
	ASSERT_EQ(0, __map_mem(self->vm.fd, mem, gpa, SZ_2M, 0, SHARE_RW));
	agent_do(self->vcpu, AGENT_FILL, gpa, SZ_2M, 7);
	away = pages_away();
	CALL_RULE(CALL_ADDRSPACE_UNMAP, CTL_CALL_NOMEM, .p = { 0 });
	EXPECT_EQ(-ENOMEM, __reclaim(&self->vm, gpa + PAGE, PAGE));
	EXPECT_EQ(away, pages_away());
	EXPECT_EQ(7 * SZ_2M / 8, agent_do(self->vcpu, AGENT_SUM, gpa, SZ_2M, 0));
	EXPECT_EQ(0, __reclaim(&self->vm, gpa + PAGE, PAGE));
	EXPECT_EQ(away - PAGE_4KS, pages_away());
	EXPECT_EQ(7 * SZ_2M / 8, agent_do(self->vcpu, AGENT_SUM, gpa, SZ_2M, 0));
	close(mem);
}

/* 0 when the guest could write there, else the errno of its page fault. */
static int try_store(struct test_vcpu *vcpu, __u64 gpa)
{
	agent_post(vcpu, AGENT_STORE, gpa, 8, 5);
	switch (agent_run(vcpu)) {
	case AGENT_DONE:
		return 0;
	case AGENT_OTHER_EXIT:
		return vcpu->run->page_fault.attempt;
	default:
		return -EPROTO;
	}
}

#define ALLOC_GPA	0x50000000UL

/* A life of a binding in which the @nth allocation fails; false when it has not so many. */
static bool alloc_point(struct __test_metadata *_metadata, struct test_vm *vm, int mem,
			unsigned int nth)
{
	__u32 unmap = SHARE_RW | GUNYAH_MEM_UNMAP;
	__u64 away = pages_away(), gpa = ALLOC_GPA;
	int ret[4] = {};
	unsigned int i;
	bool fired;

	fail_nth(nth);
	ret[0] = __map_mem(vm->fd, mem, gpa, SZ_2M, 0, SHARE_RW);
	if (!ret[0])
		ret[1] = try_store(&vm->vcpu[0], gpa);
	if (!ret[0] && !ret[1]) {
		ret[2] = __reclaim(vm, gpa + PAGE, PAGE);
		ret[3] = __map_mem(vm->fd, mem, gpa + 2 * PAGE, PAGE, 2 * PAGE, unmap);
	}
	fired = !fail_nth_end();
	for (i = 0; i < 4; i++) {
		EXPECT_TRUE(!ret[i] || (fired && ret[i] == -ENOMEM)) {
			TH_LOG("at the allocation number %u: step %u: %d", nth, i, ret[i]);
		}
	}

	/* What failed works now, and nothing is left of it. */
	if (ret[0])
		ASSERT_EQ(0, __map_mem(vm->fd, mem, gpa, SZ_2M, 0, SHARE_RW));
	if (ret[1])
		EXPECT_EQ(AGENT_DONE, paged_answer(&vm->vcpu[0], GUNYAH_VCPU_RESUME_RETRY));
	EXPECT_EQ(0, try_store(&vm->vcpu[0], gpa));
	EXPECT_EQ(0, __reclaim(vm, gpa, PAGE));
	if (ret[0] || ret[1] || ret[3])
		ASSERT_EQ(0, __map_mem(vm->fd, mem, gpa + 2 * PAGE, PAGE, 2 * PAGE, unmap));
	ASSERT_EQ(0, __map_mem(vm->fd, mem, gpa, 2 * PAGE, 0, unmap));
	ASSERT_EQ(0, __map_mem(vm->fd, mem, gpa + 3 * PAGE, SZ_2M - 3 * PAGE, 3 * PAGE, unmap));
	EXPECT_EQ(away, pages_away());
	EXPECT_EQ(0, fallocate(mem, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, SZ_2M));
	return fired;
}

/* Each allocation on the way fails, where the kernel can do that. */
TEST_F(fail, allocations)
{
	unsigned int nth, misses = 0, points = 0;
	int mem;

	if (variant->flags != SHARE_RW || !fail_nth_there())
		return;
	mem = create_guest_mem(self->vm.dev_fd, SZ_2M);
	mlockall(MCL_CURRENT);
	alloc_point(_metadata, &self->vm, mem, 0);
	for (nth = 1; misses < 4; nth++) {
		if (alloc_point(_metadata, &self->vm, mem, nth)) {
			points++;
			misses = 0;
		} else {
			misses++;
		}
	}
	ksft_print_msg("%u allocations failed\n", points);
	EXPECT_LT(5, points);
	EXPECT_EQ(self->leaked, bytes_leaked());
	close(mem);
}

/*
 * The answer to VM_START is lost, and with it the connection: the hypercalls work all
 * the same.  The last test: the resource manager is made anew.
 */
FIXTURE(unanswered)
{
	struct test_vm vm;
	__u64 away;
	__u64 leaked;
};

FIXTURE_VARIANT(unanswered)
{
	unsigned int action;
	__u64 leaked;
};

FIXTURE_VARIANT_ADD(unanswered, started) { .action = CTL_DROP_REPLY, .leaked = 0 };
FIXTURE_VARIANT_ADD(unanswered, not_started) { .action = CTL_DROP, .leaked = GUEST_DTB_SIZE };

FIXTURE_SETUP(unanswered)
{
	require_paging();
	require_control();
	self->away = pages_away();
	self->leaked = bytes_leaked();
	vm_create(&self->vm, 1);
}

FIXTURE_TEARDOWN(unanswered)
{
	vm_destroy(&self->vm);
	control_clear(-1);
	EXPECT_TRUE(driver_unbind());
	EXPECT_TRUE(control_revive(true));
	control_reclaim();
	EXPECT_TRUE(driver_bind());
}

TEST_F(unanswered, start)
{
	MSG_RULE(MSG_VM_START, variant->action);
	EXPECT_EQ(-ETIMEDOUT, __vm_start(&self->vm));
	EXPECT_EQ(self->leaked + variant->leaked, bytes_leaked());
	EXPECT_EQ(self->away + variant->leaked / SZ_4K, pages_away());
	EXPECT_EQ(0, driver_counter("gunyah_vm/memory", "lent"));
}

TEST_HARNESS_MAIN
