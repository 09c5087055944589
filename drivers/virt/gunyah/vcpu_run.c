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
 * can stop a run (the state of the VM, the removal of the function, immediate_exit,
 * work of the thread) is looked at once in each round, with interrupts masked right
 * before the hypercall: who changes one of them and then kicks is seen before the
 * guest is entered, or ends it.  Only when there is something it is looked at more
 * closely, with interrupts enabled, and acted on.
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
#include <linux/gunyah.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/vtime.h>
#include <uapi/linux/gunyah.h>

#include "resource.h"
#include "vcpu_run.h"
#include "vm_trace.h"

#define GO_ON			GUNYAH_VCPU_GO_ON

/* The lengths that an access can have. */
#define LENGTHS			(BIT(1) | BIT(2) | BIT(4) | BIT(8))

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

	rcuwait_wake_up(&vcpu->wait);

	/* The change is visible before the runner's CPU is looked up. */
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

/*
 * All that may stop a run, the weightiest first.  GO_ON when nothing does: the thread's
 * work is done, and what else there was has passed.
 */
static int look_closer(struct gunyah_vcpu *vcpu)
{
	int ret;

	ret = look(vcpu);
	if (ret != GO_ON)
		return ret;

	if (READ_ONCE(vcpu->run->immediate_exit))
		return -EINTR;

	return gunyah_guest_work() ?: GO_ON;
}

/* ---- exits and answers ---- */

static bool hyp_action(u8 action, u64 *word)
{
	switch (action) {
	case GUNYAH_VCPU_RESUME_HANDLED:
		*word = GUNYAH_VCPU_ACTION_EMULATE;
		return true;
	case GUNYAH_VCPU_RESUME_FAULT:
		*word = GUNYAH_VCPU_ACTION_FAULT;
		return true;
	case GUNYAH_VCPU_RESUME_RETRY:
		*word = GUNYAH_VCPU_ACTION_RETRY;
		return true;
	default:
		return false;
	}
}

/* The hypervisor does not cut a value to the access. */
static u64 cut(u64 value, u32 len)
{
	return value & GENMASK_ULL(len * 8 - 1, 0);
}

/*
 * Take the monitor's answer to the last exit.  From here on the page does not
 * matter any more: the next hypercall delivers it, in this call or a later one.
 */
static int take_answer(struct gunyah_vcpu *vcpu)
{
	struct gunyah_vcpu_run *run = vcpu->run;
	u64 data = 0;
	u64 action;
	u8 user;

	gunyah_vcpu_assert_runner(vcpu);
	switch (vcpu->pending) {
	case GUNYAH_VCPU_PENDING_NOTHING:
		return 0;
	case GUNYAH_VCPU_PENDING_READ:
		data = le64_to_cpu(READ_ONCE(*(__le64 *)run->mmio.data));
		data = cut(data, vcpu->len);
		fallthrough;
	case GUNYAH_VCPU_PENDING_WRITE:
		user = READ_ONCE(run->mmio.resume_action);
		break;
	case GUNYAH_VCPU_PENDING_PAGE_FAULT:
		user = READ_ONCE(run->page_fault.resume_action);
		break;
	}

	if (!hyp_action(user, &action))
		return -EINVAL;

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

static __always_inline int handle_mmio(struct gunyah_vcpu *vcpu, bool write)
{
	struct gunyah_vm *vm = vcpu->vm;
	bool handled = false;
	u64 addr = vcpu->result.data[0];
	u64 len = vcpu->result.data[1];
	u64 value = 0;
	int ret;

	if (vcpu->paged) {
		ret = gunyah_vcpu_unnamed_access(vcpu, addr, write);
		if (ret != -ENOENT)
			return ret;
	}

	if (unlikely(len > 8 || !(BIT(len) & LENGTHS)))
		return bad_length(vcpu, len);

	if (write) {
		value = cut(vcpu->result.data[2], len);
		handled = !gunyah_vm_io_write(&vm->io, addr, len, value);
	}
	trace_gunyah_vcpu_mmio(vm->rm.vmid, vcpu->id, write, addr, len, value, handled);
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

/* All states but the most frequent ones. */
static noinline int handle_state(struct gunyah_vcpu *vcpu)
{
	const struct gunyah_vcpu_run_result *result = &vcpu->result;
	struct gunyah_vm *vm = vcpu->vm;

	switch (result->state) {
	case GUNYAH_VCPU_STATE_READY:
		return GO_ON;
	case GUNYAH_VCPU_STATE_BLOCKED:
		schedule();
		return GO_ON;
	case GUNYAH_VCPU_STATE_EXPECTS_WAKEUP:
	case GUNYAH_VCPU_STATE_POWERED_OFF:
	case GUNYAH_VCPU_STATE_PSCI_SYSTEM_RESET:
		/* Off or reset for good: VM_EXITED follows and has the type. */
		return wait_for_wakeup(vcpu);
	case GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT:
		return gunyah_vcpu_page_fault(vcpu, result->data[0], result->data[1]);
	case GUNYAH_VCPU_STATE_FAULT:
		gunyah_vm_crashed(vm, vcpu->runs_ended);
		return GO_ON;
	default:
		dev_err_ratelimited(gunyah_rm_dev(vm->host->rm),
				    "VM %u vCPU %u: unknown state %#llx\n",
				    vm->rm.vmid, vcpu->id, result->state);
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

/* False when something has to be looked at first: then nothing was done. */
static bool enter(struct gunyah_vcpu *vcpu, enum gunyah_error *error)
{
	struct gunyah_resource *res;
	bool entered = false;

	gunyah_vcpu_assert_runner(vcpu);

	/* Over the window below, too: no other thread may count as a guest. */
	preempt_disable();
	local_irq_disable();

	/* What wakes the vCPU from here on ends the hypercall or is seen after it. */
	smp_store_mb(vcpu->woken, false);
	/* As in look(): with the resource of a new run comes that it is one. */
	res = smp_load_acquire(&vcpu->res);
	if (likely(res && !gunyah_vcpu_stops(vcpu) && !READ_ONCE(vcpu->run->immediate_exit) &&
		   !gunyah_guest_work_pending())) {
		/* In a run that has begun it does not change. */
		vcpu->paged = READ_ONCE(vcpu->vm->mem.paged);
		trace_gunyah_vcpu_enter(vcpu->vm->rm.vmid, vcpu->id, vcpu->resume[0],
					vcpu->resume[1]);
		vtime_account_guest_enter();
		*error = gunyah_hypercall_vcpu_run(res->capid, vcpu->resume[0],
						   vcpu->resume[1], 0, &vcpu->result);
		/* The tick that ended it, if one did, counts as the guest's. */
		local_irq_enable();
		isb();
		local_irq_disable();
		vtime_account_guest_exit();
		entered = true;
	}

	local_irq_enable();
	preempt_enable();
	return entered;
}

static noinline int after_error(struct gunyah_vcpu *vcpu, enum gunyah_error error)
{
	int ret;

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

static int run_loop(struct gunyah_vcpu *vcpu)
{
	enum gunyah_error error;
	u64 state;
	int ret;

	do {
		if (unlikely(!enter(vcpu, &error))) {
			ret = look_closer(vcpu);
			continue;
		}

		if (unlikely(error != GUNYAH_ERROR_OK))
			memset(&vcpu->result, 0, sizeof(vcpu->result));
		trace_gunyah_vcpu_exit(vcpu->vm->rm.vmid, vcpu->id, error, vcpu->result.state,
				       vcpu->result.data);
		if (unlikely(error != GUNYAH_ERROR_OK)) {
			ret = after_error(vcpu, error);
			continue;
		}

		/* The answer was used, also if the guest did not get far. */
		memset(vcpu->resume, 0, sizeof(vcpu->resume));
		vcpu->busy_until = 0;
		state = vcpu->result.state;
		if (state == GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE)
			ret = handle_mmio(vcpu, true);
		else if (state == GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ)
			ret = handle_mmio(vcpu, false);
		else
			ret = handle_state(vcpu);
	} while (ret == GO_ON);

	return ret;
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

	return run_loop(vcpu);
}

/**
 * gunyah_vcpu_run() - GUNYAH_VCPU_RUN
 * @vcpu: the vCPU
 *
 * Context: a system call of the thread that is to be the vCPU; no lock held.
 * Return: 0 with the run page filled in, or an errno: see the contract.
 */
int gunyah_vcpu_run(struct gunyah_vcpu *vcpu)
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

/* ---- called from outside of a run ---- */

/**
 * gunyah_vcpu_setup_run() - prepare a new vCPU's members for running
 * @vcpu: the vCPU, zeroed
 */
void gunyah_vcpu_setup_run(struct gunyah_vcpu *vcpu)
{
	init_waitqueue_head(&vcpu->turn);
	rcuwait_init(&vcpu->wait);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_setup_run);

/**
 * gunyah_vcpu_wake() - the vCPU's interrupt came
 * @vcpu: the vCPU
 *
 * Context: any, also hard interrupts.
 */
void gunyah_vcpu_wake(struct gunyah_vcpu *vcpu)
{
	WRITE_ONCE(vcpu->woken, true);
	rcuwait_wake_up(&vcpu->wait);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_vcpu_wake);

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
