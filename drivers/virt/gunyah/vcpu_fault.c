// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults of a vCPU, in the demand-paged flow: the guest gets the memory, or the
 * monitor is told why it does not.
 */
#include <linux/gunyah.h>
#include <linux/string.h>
#include <uapi/linux/gunyah.h>

#include "vcpu_run.h"
#include "vm_paging.h"
#include "vm_trace.h"

/* So often a vCPU may fault on memory that it has. */
#define MAX_REFAULTS		16

static int exit_page_fault(struct gunyah_vcpu *vcpu, u64 addr, int error)
{
	struct gunyah_vcpu_run *run = vcpu->run;

	gunyah_vcpu_assert_runner(vcpu);
	memset(&run->page_fault, 0, sizeof(run->page_fault));
	run->page_fault.phys_addr = addr;
	run->page_fault.attempt = error;
	run->page_fault.resume_action = GUNYAH_VCPU_RESUME_FAULT;

	vcpu->pending = GUNYAH_VCPU_PENDING_PAGE_FAULT;
	WRITE_ONCE(run->exit_reason, GUNYAH_VCPU_EXIT_PAGE_FAULT);
	return 0;
}

/*
 * The guest has the memory, and had it when the same access failed before.  That may
 * be: another vCPU was quicker, or the hypervisor was just changing its tables.  But
 * it may also be an access that the guest has no right to, and then it never ends.
 */
static bool refaults(struct gunyah_vcpu *vcpu, u64 addr, u64 serial)
{
	gunyah_vcpu_assert_runner(vcpu);
	if (vcpu->fault_addr != addr || vcpu->fault_serial != serial) {
		vcpu->fault_addr = addr;
		vcpu->fault_serial = serial;
		vcpu->n_refaults = 0;
		return false;
	}
	return ++vcpu->n_refaults > MAX_REFAULTS;
}

/* 0 when the guest has the memory. */
static int give_memory(struct gunyah_vcpu *vcpu, u64 addr, bool write)
{
	struct gunyah_vm *vm = vcpu->vm;
	u64 serial = 0;
	int ret;

	ret = gunyah_vm_paging_fault(&vm->mem, addr, write, &serial);
	if (!ret && refaults(vcpu, addr, serial))
		ret = -EFAULT;
	trace_gunyah_vcpu_page_fault(vm->rm.vmid, vcpu->id, write, addr, ret);
	return ret;
}

/* The guest tries again; or the monitor is told why it has no memory there. */
static int finish_page_fault(struct gunyah_vcpu *vcpu, u64 addr, int error)
{
	/*
	 * -EINTR: the signal is found before the guest is entered, and the guest faults
	 * again when it runs again.  That goes for a VM that has ended meanwhile, too.
	 */
	if (error && error != -EINTR && error != -EAGAIN && !gunyah_vcpu_should_look(vcpu))
		return exit_page_fault(vcpu, addr, error);

	vcpu->resume[1] = GUNYAH_VCPU_ACTION_RETRY;
	return GUNYAH_VCPU_GO_ON;
}

/**
 * gunyah_vcpu_page_fault() - the guest touched memory that it does not have
 * @vcpu: the vCPU
 * @addr: guest address
 * @write: it was a write
 *
 * Context: the runner; may sleep.
 * Return: GUNYAH_VCPU_GO_ON, or 0 with the run page filled in.
 */
int gunyah_vcpu_page_fault(struct gunyah_vcpu *vcpu, u64 addr, bool write)
{
	return finish_page_fault(vcpu, addr, give_memory(vcpu, addr, write));
}

/**
 * gunyah_vcpu_unnamed_access() - an access that may be one of memory
 * @vcpu: the vCPU, in the demand-paged flow
 * @addr: guest address
 * @write: it was a write
 *
 * Where memory was not named as lent page by page, what was taken back from the guest looks
 * like a device.
 *
 * Context: the runner; may sleep.
 * Return: -ENOENT for the address of a device; else as gunyah_vcpu_page_fault().
 */
int gunyah_vcpu_unnamed_access(struct gunyah_vcpu *vcpu, u64 addr, bool write)
{
	int ret;

	if (gunyah_vm_pieces_unnamed_at(&vcpu->vm->mem.pieces, addr)) {
		ret = give_memory(vcpu, addr, write);
		/* Else its binding has just gone: it is a device's address again. */
		if (ret != -ENOENT)
			return finish_page_fault(vcpu, addr, ret);
	}

	/*
	 * When a run ends, its number is changed first, and then it is forgotten what
	 * is bound.  So nobody knows any more what address this is; and nobody needs
	 * to, as an answer could not be brought to that guest.  The next look says so.
	 */
	smp_rmb();
	return gunyah_vcpu_same_run(vcpu) ? -ENOENT : GUNYAH_VCPU_GO_ON;
}
