// SPDX-License-Identifier: GPL-2.0-only
/* See paged.h. */
#include "paged.h"

__u64 pages_away(void)
{
	return control_counters().pages;
}

__u64 bytes_leaked(void)
{
	return driver_counter("gunyah_vm/memory", "leaked");
}

int __reclaim(struct test_vm *vm, __u64 gpa, __u64 size)
{
	struct gunyah_address_range range = { .guest_phys_addr = gpa, .size = size };

	return __ioctl(vm->fd, GUNYAH_VM_RECLAIM_MEM, &range);
}

int paged_attempt(struct test_vcpu *vcpu, __u64 op, __u64 a, __u64 b, __u64 c)
{
	agent_post(vcpu, op, a, b, c);
	if (agent_run(vcpu) != AGENT_OTHER_EXIT ||
	    vcpu->run->exit_reason != GUNYAH_VCPU_EXIT_PAGE_FAULT)
		return 1;
	return vcpu->run->page_fault.attempt;
}

int paged_answer(struct test_vcpu *vcpu, __u8 action)
{
	vcpu->run->page_fault.resume_action = action;
	return agent_run(vcpu);
}

void *paged_map(int mem_fd, size_t size, off_t offset)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, mem_fd, offset);

	if (p == MAP_FAILED)
		test_die("mmap");
	return p;
}
