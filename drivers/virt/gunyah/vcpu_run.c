// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running a vCPU: GUNYAH_VCPU_RUN lets the calling thread be the vCPU until the
 * monitor is needed.  The contract with the monitor is in
 * Documentation/virt/gunyah/vcpu.rst.
 *
 * One thread at a time is "the runner", over the whole call.  That is no lock, and
 * nobody else waits for it but who wants to be the next: the runner does its task
 * work meanwhile, and that may be the closing of this very VM.
 *
 * The capability is used with interrupts masked only: who takes the resource away
 * clears @res and then lets the runner's CPU take an interrupt.  That ends the
 * hypercall, because the hypervisor comes back as soon as an interrupt of the
 * host is pending; a grace period of RCU would not, because a CPU in a guest is
 * not waited for.  A kick is such an interrupt that is not waited for.  All that
 * can stop a run is looked at once in each round, with interrupts masked right
 * before the hypercall: immediate_exit, work of the thread, and @stop, which a kick sets:
 * who changes the VM's state, its run, the resource, or @removed kicks afterwards, and so
 * is seen before the guest is entered, or ends it.  Only when there is something it is
 * looked at more closely, with interrupts enabled, and acted on.
 *
 * A call of GUNYAH_VCPU_RUN belongs to the run of the VM in which it began: a
 * reset may overtake it, and then it does not enter the guest of the next run, nor
 * bring an answer there.
 *
 * The run page belongs to the user: what is read from it is read once, and what
 * is needed later is kept in struct gunyah_vcpu.
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/gunyah.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/vtime.h>
#include <uapi/linux/gunyah.h>

#include <asm/gunyah.h>

#include "resource.h"
#include "vcpu_run.h"
#include "vm_trace.h"

#define GO_ON			GUNYAH_VCPU_GO_ON

/* The lengths that an access can have. */
#define LENGTHS			(BIT(1) | BIT(2) | BIT(4) | BIT(8))

/* In the place of a hypercall's error, which is no larger than an int: none was made. */
#define NOT_ENTERED		(BIT_ULL(63) | 1)

/* While a VM goes down its vCPUs are busy: how often to look. */
#define BUSY_LOOK_MS		10

/* ---- the runner ---- */

/*
 * Fully ordered: what @runner left behind is seen by the next one; and a change that
 * stops a run is seen by it, or it by who kicks.
 */
static __always_inline bool try_begin(struct gunyah_vcpu *vcpu)
{
	struct task_struct *nobody = NULL;

	return try_cmpxchg(&vcpu->runner, &nobody, current);
}

/* Become the runner: 0, or -EINTR when a signal comes first. */
static noinline int begin_after(struct gunyah_vcpu *vcpu)
{
	return wait_event_interruptible_exclusive(vcpu->turn, try_begin(vcpu)) ? -EINTR : 0;
}

static void end(struct gunyah_vcpu *vcpu)
{
	/* The next one sees what this one did. */
	smp_store_release(&vcpu->runner, NULL);
	/* With a full barrier: who begins to wait now sees that there is no runner. */
	if (wq_has_sleeper(&vcpu->turn))
		wake_up(&vcpu->turn);
}

/* ---- what stops a run ---- */

/**
 * gunyah_vcpu_kick() - let the runner look again
 * @vcpu: the vCPU; the caller changed something that gunyah_vcpu_should_look() sees
 *
 * Context: any but hard interrupts; does not sleep.
 */
void gunyah_vcpu_kick(struct gunyah_vcpu *vcpu)
{
	struct task_struct *runner;

	/* Who sees it sees the change: see look_closer(). */
	smp_store_release(&vcpu->stop, true);
	rcuwait_wake_up(&vcpu->wait);

	/* That is visible before the runner's CPU is looked up. */
	smp_mb();
	/* A runner has not exited yet: its struct stays for a grace period. */
	guard(rcu)();
	runner = READ_ONCE(vcpu->runner);
	if (runner)
		kick_process(runner);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_kick);

static bool goes_down(const struct gunyah_vm *vm)
{
	enum gunyah_vm_state state = gunyah_vm_state(vm);

	return state == GUNYAH_VM_RESETTING || state == GUNYAH_VM_CLOSING;
}

/*
 * May the vCPU run?  GO_ON if so; 0 when the VM has ended: the run page says how
 * (the same each time, written anew); else an errno.
 */
static int look(struct gunyah_vcpu *vcpu)
{
	struct gunyah_vcpu_run *run = vcpu->run;
	struct gunyah_vm_exit_info info;
	u32 status;

	if (READ_ONCE(vcpu->removed))
		return -ENODEV;

	switch (gunyah_vm_state(vcpu->vm)) {
	case GUNYAH_VM_RUNNING:
		/* Pairs with gunyah_vcpu_set_resource(). */
		if (!smp_load_acquire(&vcpu->res))
			return -ENODEV;
		return gunyah_vcpu_same_run(vcpu) ? GO_ON : -EBUSY;
	case GUNYAH_VM_RESETTING:
	case GUNYAH_VM_CLOSING:
		return -EBUSY;
	case GUNYAH_VM_GONE:
		return -ENODEV;
	default:
		break;
	}

	/* Overtaken by a reset: how the VM is now is the affair of calls made since. */
	if (!gunyah_vcpu_same_run(vcpu))
		return -EBUSY;

	/* Not started; or it has begun to go down since the look at the state. */
	if (!gunyah_vm_end_status(vcpu->vm, &status, &info))
		return goes_down(vcpu->vm) ? -EBUSY : -ENODEV;

	memset(&run->status, 0, sizeof(run->status));
	run->status.status = status;
	run->status.exit_info = info;
	WRITE_ONCE(run->exit_reason, GUNYAH_VCPU_EXIT_STATUS);
	return 0;
}

/* What was changed by who kicked: as look(). */
static noinline int look_at_changes(struct gunyah_vcpu *vcpu)
{
	int ret;

	/* A change that is not seen from here on comes with another kick. */
	smp_store_mb(vcpu->stop, false);
	ret = look(vcpu);
	/* Until it has passed each call has to look. */
	if (ret != GO_ON)
		WRITE_ONCE(vcpu->stop, true);
	return ret;
}

/*
 * All that may stop a run, the weightiest first.  GO_ON when nothing does: the thread's
 * work is done, and what else there was has passed.
 */
static int look_closer(struct gunyah_vcpu *vcpu)
{
	int ret;

	if (READ_ONCE(vcpu->stop) || !READ_ONCE(vcpu->res)) {
		ret = look_at_changes(vcpu);
		if (ret != GO_ON)
			return ret;
	}

	if (READ_ONCE(vcpu->run->immediate_exit))
		return -EINTR;

	return gunyah_guest_work() ?: GO_ON;
}

/* ---- exits and answers ---- */

/* An enum gunyah_vcpu_action, or -EINVAL. */
static __always_inline int hyp_action(u8 action)
{
	switch (action) {
	case GUNYAH_VCPU_RESUME_HANDLED:
		return GUNYAH_VCPU_ACTION_EMULATE;
	case GUNYAH_VCPU_RESUME_FAULT:
		return GUNYAH_VCPU_ACTION_FAULT;
	case GUNYAH_VCPU_RESUME_RETRY:
		return GUNYAH_VCPU_ACTION_RETRY;
	default:
		return -EINVAL;
	}
}

/* The hypervisor does not cut a value to the access.  @len: one of LENGTHS. */
static u64 cut(u64 value, u32 len)
{
	return value & (~0ULL >> (64 - len * 8));
}

/*
 * Take the monitor's answer to the last exit.  From here on the page does not
 * matter any more: the next hypercall delivers it, in this call or a later one.
 */
static int take_answer(struct gunyah_vcpu *vcpu)
{
	struct gunyah_vcpu_run *run = vcpu->run;
	int action = GUNYAH_VCPU_ACTION_EMULATE;
	u64 data = 0;
	u8 user;

	gunyah_vcpu_assert_runner(vcpu);
	if (vcpu->pending == GUNYAH_VCPU_PENDING_NOTHING)
		return 0;

	if (likely(vcpu->pending != GUNYAH_VCPU_PENDING_PAGE_FAULT))
		user = READ_ONCE(run->mmio.resume_action);
	else
		user = READ_ONCE(run->page_fault.resume_action);
	if (unlikely(user != GUNYAH_VCPU_RESUME_HANDLED))
		action = hyp_action(user);
	if (unlikely(action < 0))
		return action;

	if (vcpu->pending == GUNYAH_VCPU_PENDING_READ) {
		data = le64_to_cpu(READ_ONCE(*(__le64 *)run->mmio.data));
		data = cut(data, vcpu->len);
	}

	vcpu->pending = GUNYAH_VCPU_PENDING_NOTHING;
	vcpu->resume[0] = data;
	vcpu->resume[1] = action;
	return 0;
}

static int exit_mmio(struct gunyah_vcpu *vcpu, bool write, u64 addr, u32 len, u64 data)
{
	struct gunyah_vcpu_run *run = vcpu->run;
	__le64 le = cpu_to_le64(data);

	gunyah_vcpu_assert_runner(vcpu);
	memset(&run->mmio, 0, sizeof(run->mmio));
	run->mmio.phys_addr = addr;
	run->mmio.len = len;
	run->mmio.is_write = write;
	run->mmio.resume_action = GUNYAH_VCPU_RESUME_HANDLED;
	memcpy(run->mmio.data, &le, sizeof(le));

	vcpu->len = len;
	vcpu->pending = write ? GUNYAH_VCPU_PENDING_WRITE : GUNYAH_VCPU_PENDING_READ;
	WRITE_ONCE(run->exit_reason, GUNYAH_VCPU_EXIT_MMIO);
	return 0;
}

static int bad_length(struct gunyah_vcpu *vcpu, u64 len)
{
	dev_err_ratelimited(gunyah_rm_dev(vcpu->vm->host->rm),
			    "VM %u vCPU %u: access of %llu bytes\n",
			    vcpu->vm->rm.vmid, vcpu->id, len);
	return -EIO;
}

/* Tracepoints on the path of an exit: each in a function, whose arguments are made there. */
static noinline void trace_mmio(struct gunyah_vcpu *vcpu, bool write, u64 addr, u32 len, u64 value,
				bool handled)
{
	trace_gunyah_vcpu_mmio(vcpu->vm->rm.vmid, vcpu->id, write, addr, len, value, handled);
}

static noinline void trace_enter(struct gunyah_vcpu *vcpu)
{
	trace_gunyah_vcpu_enter(vcpu->vm->rm.vmid, vcpu->id, vcpu->resume[0], vcpu->resume[1]);
}

static noinline void trace_exit(struct gunyah_vcpu *vcpu, enum gunyah_error error, u64 state,
				u64 data0, u64 data1, u64 data2)
{
	const u64 data[] = { data0, data1, data2 };
	const u64 nothing[3] = {};

	/* After an error there is nothing in the other registers. */
	if (error == GUNYAH_ERROR_OK)
		trace_gunyah_vcpu_exit(vcpu->vm->rm.vmid, vcpu->id, error, state, data);
	else
		trace_gunyah_vcpu_exit(vcpu->vm->rm.vmid, vcpu->id, error, 0, nothing);
}

static __always_inline int handle_mmio(struct gunyah_vcpu *vcpu, bool write, u64 addr, u64 len,
				       u64 value)
{
	bool handled = false;
	int ret;

	if (vcpu->paged) {
		ret = gunyah_vcpu_unnamed_access(vcpu, addr, write);
		if (ret != -ENOENT)
			return ret;
	} else if (unlikely(!gunyah_vcpu_same_run(vcpu))) {
		/* No access of the guest that there is now; the next look says so. */
		return GO_ON;
	}

	if (unlikely(len > 8 || !(BIT(len) & LENGTHS)))
		return bad_length(vcpu, len);

	if (write) {
		value = cut(value, len);
		handled = !gunyah_vm_io_write(&vcpu->vm->io, addr, len, value);
	}
	if (trace_gunyah_vcpu_mmio_enabled())
		trace_mmio(vcpu, write, addr, len, value, handled);
	return handled ? GO_ON : exit_mmio(vcpu, write, addr, len, value);
}

/*
 * Sleep until the vCPU's interrupt, or the end.  A signal ends the sleep; that
 * there is one is found before the guest is entered.
 */
static int wait_for_wakeup(struct gunyah_vcpu *vcpu)
{
	rcuwait_wait_event(&vcpu->wait, READ_ONCE(vcpu->woken) || gunyah_vcpu_should_look(vcpu),
			   TASK_INTERRUPTIBLE);
	return GO_ON;
}

/*
 * The resource manager runs the vCPU itself while it takes the VM down: wait
 * for the news.  A vCPU that is busy for longer is not scheduled by this VM.
 */
static int wait_while_busy(struct gunyah_vcpu *vcpu)
{
	if (!vcpu->busy_until)
		vcpu->busy_until = (jiffies + msecs_to_jiffies(GUNYAH_RM_STATE_LIMIT_MS)) | 1;
	else if (time_after(jiffies, vcpu->busy_until))
		return -EBUSY;

	rcuwait_wait_event_timeout(&vcpu->wait, gunyah_vcpu_should_look(vcpu), TASK_INTERRUPTIBLE,
				   msecs_to_jiffies(BUSY_LOOK_MS));
	return GO_ON;
}

/* All states but the frequent ones. */
static noinline int handle_state(struct gunyah_vcpu *vcpu, u64 state, u64 data0, u64 data1)
{
	struct gunyah_vm *vm = vcpu->vm;

	switch (state) {
	case GUNYAH_VCPU_STATE_BLOCKED:
		schedule();
		return GO_ON;
	case GUNYAH_VCPU_STATE_EXPECTS_WAKEUP:
	case GUNYAH_VCPU_STATE_POWERED_OFF:
	case GUNYAH_VCPU_STATE_PSCI_SYSTEM_RESET:
		/* Off or reset for good: VM_EXITED follows and has the type. */
		return wait_for_wakeup(vcpu);
	case GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT:
		return gunyah_vcpu_page_fault(vcpu, data0, data1);
	case GUNYAH_VCPU_STATE_FAULT:
		gunyah_vm_crashed(vm, vcpu->runs_ended);
		return GO_ON;
	default:
		dev_err_ratelimited(gunyah_rm_dev(vm->host->rm),
				    "VM %u vCPU %u: unknown state %#llx\n",
				    vm->rm.vmid, vcpu->id, state);
		return -EIO;
	}
}

/* ---- the loop ---- */

/* The call belongs to the present run; what was left open in another one is over. */
static void join_run(struct gunyah_vcpu *vcpu)
{
	gunyah_vcpu_assert_runner(vcpu);
	if (gunyah_vcpu_same_run(vcpu))
		return;

	vcpu->runs_ended = gunyah_vm_runs_ended(vcpu->vm);
	vcpu->pending = GUNYAH_VCPU_PENDING_NOTHING;
	memset(vcpu->resume, 0, sizeof(vcpu->resume));
	vcpu->fault_serial = 0;
}

/* A look at the interrupts: the tick that ended the guest counts as the guest's. */
static __always_inline void take_interrupts(void)
{
	local_irq_enable();
	isb();
	local_irq_disable();
}

/* Where others are told of the guest, and once a tick. */
static noinline enum gunyah_error call_and_tell(struct gunyah_vcpu *vcpu, u64 capid)
{
	enum gunyah_error error;

	vtime_account_guest_enter();
	error = gunyah_hypercall_vcpu_run(capid, vcpu->resume[0], vcpu->resume[1], 0,
					  &vcpu->result);
	take_interrupts();
	vtime_account_guest_exit();
	return error;
}

/*
 * In line but for the first time after a tick, where that is enough.  There ticks count
 * the time, and there can be one only where the guest was left for an interrupt.
 */
static __always_inline struct gunyah_hvc_result call_vcpu_run(struct gunyah_vcpu *vcpu, u64 capid)
{
	const struct gunyah_vcpu_run_result *result = &vcpu->result;
	struct gunyah_hvc_result res;
	unsigned long now = jiffies;

	if (likely(gunyah_can_run_in_line() && vcpu->told == now)) {
		res = gunyah_hvc_vcpu_run(capid, vcpu->resume[0], vcpu->resume[1], 0);
		if (res.x0 == GUNYAH_ERROR_OK && res.x1 == GUNYAH_VCPU_STATE_READY) {
			vtime_account_guest_enter();
			take_interrupts();
			vtime_account_guest_exit();
		}
		return res;
	}

	vcpu->told = now;
	res.x0 = call_and_tell(vcpu, capid);
	res.x1 = result->state;
	res.x2 = result->data[0];
	res.x3 = result->data[1];
	res.x4 = result->data[2];
	return res;
}

/* NOT_ENTERED: something has to be looked at first. */
static __always_inline struct gunyah_hvc_result enter(struct gunyah_vcpu *vcpu)
{
	struct gunyah_hvc_result res = { .x0 = NOT_ENTERED };
	struct gunyah_resource *resource;

	gunyah_vcpu_assert_runner(vcpu);

	/* Over the window below, too: no other thread may count as a guest. */
	preempt_disable();
	local_irq_disable();

	/* What wakes the vCPU from here on ends the hypercall or is seen after it. */
	smp_store_mb(vcpu->woken, false);
	/* As in look(): with the resource of a new run comes that it is one. */
	resource = smp_load_acquire(&vcpu->res);
	if (likely(resource && !READ_ONCE(vcpu->stop) && !READ_ONCE(vcpu->run->immediate_exit) &&
		   !gunyah_guest_work_pending())) {
		/* In a run that has begun it does not change. */
		vcpu->paged = READ_ONCE(vcpu->vm->mem.paged);
		if (trace_gunyah_vcpu_enter_enabled())
			trace_enter(vcpu);
		res = call_vcpu_run(vcpu, resource->capid);
	}

	local_irq_enable();
	preempt_enable();
	return res;
}

/* The guest did not run, or not to an exit. */
static noinline int no_exit(struct gunyah_vcpu *vcpu, u64 x0)
{
	enum gunyah_error error = x0;
	int ret;

	if (likely(x0 == NOT_ENTERED))
		return look_closer(vcpu);

	switch (error) {
	case GUNYAH_ERROR_RETRY:
		schedule();
		return GO_ON;
	case GUNYAH_ERROR_BUSY:
		return wait_while_busy(vcpu);
	default:
		/* The capability dies with the VM: that comes first. */
		ret = look(vcpu);
		return ret == GO_ON ? gunyah_error_to_errno(error) : ret;
	}
}

/* One entry and what follows from it. */
static __always_inline int run_once(struct gunyah_vcpu *vcpu)
{
	struct gunyah_hvc_result res = enter(vcpu);
	enum gunyah_error error = res.x0;

	if (trace_gunyah_vcpu_exit_enabled() && res.x0 != NOT_ENTERED)
		trace_exit(vcpu, error, res.x1, res.x2, res.x3, res.x4);
	if (unlikely(error != GUNYAH_ERROR_OK))
		return no_exit(vcpu, res.x0);

	/* The answer was used, also if the guest did not get far. */
	memset(vcpu->resume, 0, sizeof(vcpu->resume));
	vcpu->busy_until = 0;
	if (res.x1 == GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE)
		return handle_mmio(vcpu, true, res.x2, res.x3, res.x4);
	if (res.x1 == GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ)
		return handle_mmio(vcpu, false, res.x2, res.x3, 0);
	if (res.x1 == GUNYAH_VCPU_STATE_READY)
		return GO_ON;
	return handle_state(vcpu, res.x1, res.x2, res.x3);
}

static int run(struct gunyah_vcpu *vcpu)
{
	int ret;

	WRITE_ONCE(vcpu->run->exit_reason, GUNYAH_VCPU_EXIT_UNKNOWN);

	vcpu->busy_until = 0;
	join_run(vcpu);
	if (unlikely(take_answer(vcpu))) {
		ret = look(vcpu);
		return ret == GO_ON ? -EINVAL : ret;
	}

	do
		ret = run_once(vcpu);
	while (ret == GO_ON);
	return ret;
}

/*
 * GUNYAH_VCPU_RUN: the calling thread, which holds no lock, is the vCPU.  0 with the run
 * page filled in, or an errno: see the contract.
 */
VISIBLE_IF_KUNIT int gunyah_vcpu_run(struct gunyah_vcpu *vcpu)
{
	int ret;

	/* The page is the present runner's: not touched. */
	if (unlikely(!try_begin(vcpu)) && begin_after(vcpu))
		return -EINTR;

	ret = run(vcpu);
	end(vcpu);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_run);

/**
 * gunyah_vcpu_ioctl() - a call of a vCPU's file
 * @file: the file, whose private data is the vCPU
 * @cmd: GUNYAH_VCPU_RUN, or GUNYAH_VCPU_MMAP_SIZE
 * @arg: ignored
 *
 * Context: a system call; no lock held.
 * Return: by the call; -ENOTTY for any other one.
 */
long gunyah_vcpu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case GUNYAH_VCPU_RUN:
		return gunyah_vcpu_run(file->private_data);
	case GUNYAH_VCPU_MMAP_SIZE:
		return PAGE_SIZE;
	default:
		return -ENOTTY;
	}
}

/* ---- called from outside of a run ---- */

/**
 * gunyah_vcpu_setup_run() - prepare a new vCPU's members for running
 * @vcpu: the vCPU, zeroed
 */
void gunyah_vcpu_setup_run(struct gunyah_vcpu *vcpu)
{
	init_waitqueue_head(&vcpu->turn);
	rcuwait_init(&vcpu->wait);
	/* The first call looks at all. */
	vcpu->stop = true;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_setup_run);

/**
 * gunyah_vcpu_set_resource() - the vCPU got the resource of a new run
 * @vcpu: the vCPU, without resource
 * @res: its resource; from now on the vCPU can be run
 */
void gunyah_vcpu_set_resource(struct gunyah_vcpu *vcpu, struct gunyah_resource *res)
{
	/* Who sees the resource sees what it is, and that the runs before it ended. */
	smp_store_release(&vcpu->res, res);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_set_resource);

/* The CPU that the runner is on, or was on and has left; -1 without a runner. */
static int runner_cpu(struct gunyah_vcpu *vcpu)
{
	struct task_struct *runner;

	guard(rcu)();
	runner = READ_ONCE(vcpu->runner);
	return runner ? task_cpu(runner) : -1;
}

static void do_nothing(void *unused)
{
}

/**
 * gunyah_vcpu_clear_resource() - take the resource away
 * @vcpu: the vCPU; on return nothing uses its resource
 *
 * Does not wait for the runner but for its present hypercall, which is kicked.
 *
 * Context: may sleep.
 */
void gunyah_vcpu_clear_resource(struct gunyah_vcpu *vcpu)
{
	int cpu;

	WRITE_ONCE(vcpu->res, NULL);
	/* With a full barrier: the CPU is looked up after that is visible. */
	gunyah_vcpu_kick(vcpu);

	/*
	 * A runner that found the resource is in the hypercall on that CPU, with
	 * interrupts masked, or has come back.  One that comes or moves after this
	 * look finds none; and a CPU that went offline runs no guest.
	 */
	cpu = runner_cpu(vcpu);
	if (cpu >= 0)
		smp_call_function_single(cpu, do_nothing, NULL, true);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_clear_resource);
