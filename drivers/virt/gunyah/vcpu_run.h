/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU, and how it is run. */
#ifndef _GUNYAH_VCPU_RUN_H
#define _GUNYAH_VCPU_RUN_H

#include <linux/gunyah.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "vm.h"

struct file;
struct gunyah_vcpu_run;

/**
 * enum gunyah_vcpu_pending - the exit that the monitor has not answered yet
 * @GUNYAH_VCPU_PENDING_NOTHING: none
 * @GUNYAH_VCPU_PENDING_READ: an MMIO read
 * @GUNYAH_VCPU_PENDING_WRITE: an MMIO write
 * @GUNYAH_VCPU_PENDING_PAGE_FAULT: a page fault
 */
enum gunyah_vcpu_pending {
	GUNYAH_VCPU_PENDING_NOTHING,
	GUNYAH_VCPU_PENDING_READ,
	GUNYAH_VCPU_PENDING_WRITE,
	GUNYAH_VCPU_PENDING_PAGE_FAULT,
};

/**
 * struct gunyah_vcpu - a vCPU
 * @ref: references: the function's, the file's
 * @vm: the VM, referenced
 * @id: its index
 * @ticket: claim on the vCPU's resource
 * @watcher: kicks the runner when the VM's state changes
 * @page: the run page
 * @run: the same, mapped
 * @fd: reserved for @file until it is published
 * @file: the vCPU's file until it is published
 * @runner: the thread in GUNYAH_VCPU_RUN, or NULL; all below, up to @res, is its own
 * @runs_ended: gunyah_vm_runs_ended() of the run in which all below was, or is;
 *	the runner enters the guest in no other one
 * @paged: that run's flow is the demand-paged one
 * @pending: enum gunyah_vcpu_pending
 * @len: length of a pending read
 * @resume: words that the next hypercall brings; 0 but after an answer, or after a
 *	page fault that was dealt with here
 * @fault_addr: guest address of the last page fault
 * @fault_serial: the piece of memory that was there or was given; 0: none
 * @n_refaults: how often it was the same one before, one after the other
 * @told: in jiffies, when RCU was last told that this vCPU's guest runs
 * @result: for hypercalls that are not made in line
 * @busy_until: in jiffies, how long the vCPU may be busy; 0: it is not
 * @res: the resource, NULL while there is none; see above
 * @stop: there was a kick, and the runner has to look before it enters the guest
 * @removed: the function was removed
 * @woken: the vCPU's interrupt came since the last hypercall
 * @wait: the runner sleeps here
 * @turn: who wants to be the runner sleeps here
 */
struct gunyah_vcpu {
	struct kref ref;
	struct gunyah_vm *vm;
	u32 id;
	struct gunyah_vm_ticket ticket;
	struct gunyah_vm_watcher watcher;
	struct page *page;
	struct gunyah_vcpu_run *run;
	int fd;
	struct file *file;

	struct task_struct *runner;
	u64 runs_ended;
	bool paged;
	enum gunyah_vcpu_pending pending;
	u32 len;
	u64 resume[2];
	u64 fault_addr;
	u64 fault_serial;
	unsigned int n_refaults;
	unsigned long told;
	struct gunyah_vcpu_run_result result;
	unsigned long busy_until;

	struct gunyah_resource *res;
	bool stop;
	bool removed;
	bool woken;
	struct rcuwait wait;
	wait_queue_head_t turn;
};

/* A step of a run that neither ended it nor failed. */
#define GUNYAH_VCPU_GO_ON	1

static inline void gunyah_vcpu_assert_runner(struct gunyah_vcpu *vcpu)
{
	lockdep_assert(READ_ONCE(vcpu->runner) == current);
}

/* The runner's: false when the run in which its call began has ended. */
static inline bool gunyah_vcpu_same_run(struct gunyah_vcpu *vcpu)
{
	gunyah_vcpu_assert_runner(vcpu);
	return gunyah_vm_runs_ended(vcpu->vm) == vcpu->runs_ended;
}

/* The runner's: is there something that ends or may end its call? */
static inline bool gunyah_vcpu_should_look(struct gunyah_vcpu *vcpu)
{
	return !READ_ONCE(vcpu->res) || READ_ONCE(vcpu->removed) ||
	       gunyah_vm_state(vcpu->vm) != GUNYAH_VM_RUNNING || !gunyah_vcpu_same_run(vcpu);
}

/**
 * gunyah_vcpu_wake() - the vCPU's interrupt came
 * @vcpu: the vCPU
 *
 * Context: any, also hard interrupts.
 */
static inline void gunyah_vcpu_wake(struct gunyah_vcpu *vcpu)
{
	WRITE_ONCE(vcpu->woken, true);
	rcuwait_wake_up(&vcpu->wait);
}

int gunyah_vcpu_page_fault(struct gunyah_vcpu *vcpu, u64 addr, bool write);
int gunyah_vcpu_unnamed_access(struct gunyah_vcpu *vcpu, u64 addr, bool write);

void gunyah_vcpu_setup_run(struct gunyah_vcpu *vcpu);
void gunyah_vcpu_kick(struct gunyah_vcpu *vcpu);
void gunyah_vcpu_set_resource(struct gunyah_vcpu *vcpu, struct gunyah_resource *res);
void gunyah_vcpu_clear_resource(struct gunyah_vcpu *vcpu);
long gunyah_vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
#if IS_ENABLED(CONFIG_KUNIT)
int gunyah_vcpu_run(struct gunyah_vcpu *vcpu);
#endif

#endif
