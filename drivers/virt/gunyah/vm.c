// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual machines, put together from their parts.
 *
 * A VM's life at the resource manager (a "run") begins with each start and ends
 * with a failed start, a reset, the closing of its fd, or the unbinding of the
 * driver; between runs nothing of it is known there.  Functions and bindings of memory
 * stand over runs.
 *
 * The end of a run is done by a worker, not by the thread that closes the fd,
 * resets the VM, or whose start failed: it must not fail because that thread was
 * killed or has no memory left.  That thread holds the VM's lock meanwhile.
 *
 * Nothing here waits for a vCPU's thread: it is kicked, and finds the state
 * changed before it would enter the guest again.
 */
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <uapi/linux/gunyah.h>

#include "vm.h"
#include "vm_eager.h"
#include "vm_paging.h"

/* ---- states ---- */

static void set_state_locked(struct gunyah_vm *vm, enum gunyah_vm_state state)
{
	struct gunyah_vm_watcher *watcher;

	lockdep_assert_held(&vm->rm.lock);
	WRITE_ONCE(vm->state, state);
	list_for_each_entry(watcher, &vm->watchers, list)
		watcher->kick(watcher);
}

/* Another thread or a notification may have been quicker: false then. */
static bool change_state(struct gunyah_vm *vm, enum gunyah_vm_state from, enum gunyah_vm_state to)
{
	guard(spinlock)(&vm->rm.lock);
	if (vm->state != from)
		return false;
	set_state_locked(vm, to);
	return true;
}

static void rm_changed(struct gunyah_vm_rm *v, enum gunyah_vm_rm_state state)
{
	struct gunyah_vm *vm = container_of(v, struct gunyah_vm, rm);

	lockdep_assert_held(&vm->rm.lock);
	if (vm->state != GUNYAH_VM_RUNNING && vm->state != GUNYAH_VM_STARTING)
		return;
	if (state == GUNYAH_VM_RM_LOST)
		vm->crashed = true;
	/* While the VM is starting, start_locked() looks. */
	if (vm->state == GUNYAH_VM_RUNNING)
		set_state_locked(vm, GUNYAH_VM_EXITED);
}

static void rm_drain(struct gunyah_vm_rm *v)
{
	struct gunyah_vm *vm = container_of(v, struct gunyah_vm, rm);

	/* The lock is held, by who waits for the worker. */
	if (vm->run & 1)
		WRITE_ONCE(vm->run, vm->run + 1);
	/* By the capabilities, which are there no longer than the tickets have them. */
	gunyah_vm_paging_stop(&vm->mem);
	gunyah_vm_resources_drain(&vm->resources);
}

static bool rm_reclaim(struct gunyah_vm_rm *v, bool lost)
{
	struct gunyah_vm_mem *mem = &container_of(v, struct gunyah_vm, rm)->mem;

	if (lost)
		return !gunyah_vm_mem_abandon(mem);
	/* What an authenticated guest left is not for this VM. */
	return !gunyah_vm_mem_take_back(mem, v->rm, v->auth != GUNYAH_RM_VM_AUTH_NONE);
}

static const struct gunyah_vm_rm_ops rm_ops = {
	.changed = rm_changed,
	.drain = rm_drain,
	.reclaim = rm_reclaim,
};

/**
 * gunyah_vm_watch() - be told of changes of a VM's state
 * @vm: the VM
 * @watcher: its kick is set; stays until gunyah_vm_unwatch()
 */
void gunyah_vm_watch(struct gunyah_vm *vm, struct gunyah_vm_watcher *watcher)
{
	guard(spinlock)(&vm->rm.lock);
	list_add_tail(&watcher->list, &vm->watchers);
}

/**
 * gunyah_vm_unwatch() - undo gunyah_vm_watch()
 * @vm: the VM
 * @watcher: on return its kick does not run and will not
 */
void gunyah_vm_unwatch(struct gunyah_vm *vm, struct gunyah_vm_watcher *watcher)
{
	guard(spinlock)(&vm->rm.lock);
	list_del(&watcher->list);
}

/**
 * gunyah_vm_crashed() - a vCPU can't go on
 * @vm: the VM, which is over with that
 * @runs_ended: gunyah_vm_runs_ended() of the run in which that was; a later run
 *	is not concerned
 */
void gunyah_vm_crashed(struct gunyah_vm *vm, u64 runs_ended)
{
	guard(spinlock)(&vm->rm.lock);
	if (vm->state != GUNYAH_VM_RUNNING || gunyah_vm_runs_ended(vm) != runs_ended)
		return;
	vm->crashed = true;
	set_state_locked(vm, GUNYAH_VM_EXITED);
}

/**
 * gunyah_vm_end_status() - how a VM ended
 * @vm: the VM
 * @status: filled in: enum gunyah_vm_status
 * @info: filled in: with GUNYAH_VM_STATUS_EXITED what the resource manager said
 *
 * The answer is the same until the VM is reset or started again.
 *
 * Return: false when the VM has not ended.
 */
bool gunyah_vm_end_status(struct gunyah_vm *vm, u32 *status, struct gunyah_vm_exit_info *info)
{
	const struct gunyah_rm_vm_exited *exited = &vm->rm.exited;

	memset(info, 0, sizeof(*info));

	guard(spinlock)(&vm->rm.lock);
	if (vm->state == GUNYAH_VM_EXITED && vm->crashed) {
		*status = GUNYAH_VM_STATUS_CRASHED;
		return true;
	}
	if (vm->state == GUNYAH_VM_EXITED) {
		*status = GUNYAH_VM_STATUS_EXITED;
		info->type = exited->type;
		info->reason_size = min_t(u32, exited->reason_size, sizeof(info->reason));
		memcpy(info->reason, exited->reason, info->reason_size);
		return true;
	}
	if (vm->load_failed &&
	    (vm->state == GUNYAH_VM_NOT_STARTED || vm->state == GUNYAH_VM_ENDING)) {
		*status = GUNYAH_VM_STATUS_LOAD_FAILED;
		return true;
	}
	return false;
}

/* ---- the end of a run ---- */

/* The lock is held on behalf of the worker. */
struct end_work {
	struct work_struct work;
	struct gunyah_vm *vm;
	int ret;
};

static void end_work(struct work_struct *work)
{
	struct end_work *w = container_of(work, struct end_work, work);

	w->ret = gunyah_vm_rm_end(&w->vm->rm);
}

/* On return there is no run; the errnos of gunyah_vm_rm_end(). */
static int end_run_locked(struct gunyah_vm *vm)
{
	struct end_work w = { .vm = vm };

	lockdep_assert_held(&vm->lock);
	INIT_WORK_ONSTACK(&w.work, end_work);
	queue_work(system_unbound_wq, &w.work);
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);
	return w.ret;
}

/* End the VM for good; may be called twice. */
static void shut_down(struct gunyah_vm *vm)
{
	/* Before the lock: a thread that waits for it, or has it, is to see that. */
	scoped_guard(spinlock, &vm->rm.lock) {
		if (vm->state != GUNYAH_VM_GONE)
			set_state_locked(vm, GUNYAH_VM_CLOSING);
	}

	guard(mutex)(&vm->lock);
	end_run_locked(vm);
}

static void set_gone(struct gunyah_vm *vm)
{
	guard(spinlock)(&vm->rm.lock);
	set_state_locked(vm, GUNYAH_VM_GONE);
}

/**
 * gunyah_vm_unbind_all() - end all VMs, with their fds open
 * @host: the connection's VMs; the connection still works
 *
 * Afterwards everything on any fd is -ENODEV.
 */
void gunyah_vm_unbind_all(struct gunyah_vm_host *host)
{
	struct gunyah_vm *vm;

	guard(mutex)(&host->lock);
	WRITE_ONCE(host->gone, true);
	list_for_each_entry(vm, &host->vms, list) {
		shut_down(vm);
		set_gone(vm);
	}
}

/* ---- making and closing ---- */

/**
 * gunyah_vm_create() - make a VM
 * @host: the connection's VMs
 *
 * Sends nothing to the resource manager.
 *
 * Return: the VM, with a reference that gunyah_vm_close() gives up, or
 * ERR_PTR: -ENOMEM, -ENODEV when the driver was unbound.
 */
struct gunyah_vm *gunyah_vm_create(struct gunyah_vm_host *host)
{
	struct gunyah_vm *vm;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return ERR_PTR(-ENOMEM);

	kref_init(&vm->ref);
	gunyah_vm_resources_init(&vm->resources);
	gunyah_vm_mem_init(&vm->mem);
	gunyah_vm_user_mem_init(&vm->user_mem);
	gunyah_vm_io_init(&vm->io);
	/* Before any function's: the tickets of vCPUs are drained first. */
	gunyah_vm_extents_init(&vm->mem.pieces.extents, &vm->resources);
	gunyah_vm_functions_init(&vm->functions);
	gunyah_vm_rm_setup(&vm->rm, host->rm, &rm_ops, &host->stats);
	mutex_init(&vm->lock);
	vm->state = GUNYAH_VM_NOT_STARTED;
	INIT_LIST_HEAD(&vm->watchers);

	scoped_guard(mutex, &host->lock) {
		if (!host->gone) {
			vm->host = gunyah_vm_host_get(host);
			list_add_tail(&vm->list, &host->vms);
		}
	}
	if (vm->host)
		return vm;

	gunyah_vm_mem_destroy(&vm->mem);
	gunyah_vm_user_mem_destroy(&vm->user_mem);
	gunyah_vm_io_destroy(&vm->io);
	kfree(vm);
	return ERR_PTR(-ENODEV);
}

/**
 * gunyah_vm_get() - take a reference
 * @vm: the VM
 *
 * Return: @vm.
 */
struct gunyah_vm *gunyah_vm_get(struct gunyah_vm *vm)
{
	kref_get(&vm->ref);
	return vm;
}

static void vm_free(struct kref *ref)
{
	struct gunyah_vm *vm = container_of(ref, struct gunyah_vm, ref);

	gunyah_vm_io_destroy(&vm->io);
	gunyah_vm_host_put(vm->host);
	kfree(vm);
}

/**
 * gunyah_vm_put() - give a reference up
 * @vm: the VM; the last one frees what is left of it after gunyah_vm_close()
 *
 * Context: may sleep.
 */
void gunyah_vm_put(struct gunyah_vm *vm)
{
	kref_put(&vm->ref, vm_free);
}

/**
 * gunyah_vm_close() - end a VM: its fd was closed for the last time
 * @vm: the VM; the reference of gunyah_vm_create() is given up
 *
 * Always ends, in at most the sum of the limits of the resource manager.
 */
void gunyah_vm_close(struct gunyah_vm *vm)
{
	shut_down(vm);
	/* For all ioeventfds at once. */
	gunyah_vm_io_close(&vm->io);
	gunyah_vm_functions_close(&vm->functions);
	set_gone(vm);
	gunyah_vm_mem_destroy(&vm->mem);
	gunyah_vm_user_mem_destroy(&vm->user_mem);

	scoped_guard(mutex, &vm->host->lock)
		list_del(&vm->list);
	gunyah_vm_put(vm);
}

/* ---- start ---- */

/*
 * What the user is told of a call to the resource manager that failed: that it
 * was refused, but where the reason is not the resource manager's opinion.
 */
static int start_error(struct gunyah_vm *vm, const char *what, int ret)
{
	int told;

	/* In a start these say more. */
	if (ret == -E2BIG || ret == -EOPNOTSUPP)
		return ret;

	told = gunyah_rm_user_errno(ret);
	if (told == -ENODEV)
		dev_warn_ratelimited(gunyah_rm_dev(vm->host->rm),
				     "VM %u: the resource manager did not %s: error %d\n",
				     vm->rm.vmid, what, ret);
	return told;
}

/* LOAD to INIT: memory and image. */
static int load_locked(struct gunyah_vm *vm, struct gunyah_vm_image *image)
{
	/* An authenticated guest has an entry of its own. */
	bool auth = vm->auth.type != GUNYAH_RM_VM_AUTH_NONE;
	u64 offset, size;
	const char *what;
	int ret;

	lockdep_assert_held(&vm->lock);
	if (!auth) {
		ret = gunyah_vm_boot_check_eager(&vm->boot, vm->dtb_gpa);
		if (ret)
			return ret;
	}

	ret = gunyah_vm_eager_give(&vm->mem, vm->host->rm, vm->rm.vmid, vm->dtb_gpa,
				   vm->dtb_size, image) ?:
	      gunyah_vm_auth_image_range(&vm->auth, image, &offset, &size);
	if (!ret && !auth)
		ret = gunyah_vm_boot_image_offset(&vm->boot, image, &offset);
	if (ret)
		return ret;

	ret = gunyah_vm_auth_load(&vm->auth, &vm->rm, image, offset, size, &what);
	return start_error(vm, what, ret);
}

/* The same where memory is given page by page. */
static int load_paged_locked(struct gunyah_vm *vm, struct gunyah_vm_image *image)
{
	const char *what;
	int ret;

	lockdep_assert_held(&vm->lock);
	ret = gunyah_vm_paging_give(&vm->mem, vm->host->rm, vm->rm.vmid, vm->dtb_gpa,
				    vm->dtb_size, image);
	if (ret)
		return ret;

	ret = gunyah_vm_auth_load(&vm->auth, &vm->rm, image, 0, 0, &what);
	ret = start_error(vm, what, ret);
	if (ret)
		return ret;

	return start_error(vm, "take the layout",
			   gunyah_vm_paging_name(&vm->mem, vm->host->rm, vm->rm.vmid, image));
}

/* READY: registers, in the paged flow. */
static int send_boot_locked(struct gunyah_vm *vm, const struct gunyah_vm_image *image)
{
	struct gunyah_vm_boot boot = vm->boot;

	lockdep_assert_held(&vm->lock);
	/* Firmware has an entry of its own. */
	if (vm->auth.type != GUNYAH_RM_VM_AUTH_NONE)
		return 0;

	/* The image parcel is not where the guest's RAM begins, as it is in the eager flow. */
	gunyah_vm_boot_default_pc(&boot, image->ram);
	return start_error(vm, "set a register",
			   gunyah_vm_boot_send(&boot, vm->host->rm, vm->rm.vmid));
}

/* READY: the tickets get what the VM has. */
static int fill_tickets(struct gunyah_vm *vm)
{
	struct gunyah_rm_hyp_resource *list;
	size_t n;
	int ret;

	ret = gunyah_rm_get_hyp_resources(vm->host->rm, vm->rm.vmid, &n, &list);
	if (ret)
		return start_error(vm, "list resources", ret);

	ret = gunyah_vm_resources_fill(&vm->resources, gunyah_rm_irq_parent(vm->host->rm),
				       n, list);
	kvfree(list);
	return start_error(vm, "give usable resources", ret);
}

/* READY to RUNNING, where memory is given page by page. */
static int run_paged_locked(struct gunyah_vm *vm)
{
	int ret;

	lockdep_assert_held(&vm->lock);
	if (!gunyah_vm_paging_possible(&vm->mem))
		return -EOPNOTSUPP;

	ret = gunyah_vm_paging_share(&vm->mem);
	if (ret)
		return ret;

	ret = gunyah_vm_rm_start(&vm->rm);
	/* The parcels of a VM that runs are no parcels any more, whatever was answered. */
	gunyah_vm_paging_started(&vm->mem, gunyah_vm_rm_has_started(&vm->rm) ? 0 : ret);
	return start_error(vm, "start", ret);
}

static int start_run_locked(struct gunyah_vm *vm)
{
	struct gunyah_vm_image image = {};
	enum gunyah_vm_flow flow;
	int ret;

	lockdep_assert_held(&vm->lock);
	ret = start_error(vm, "make a VM", gunyah_vm_rm_alloc(&vm->rm));
	if (ret)
		return ret;

	ret = start_error(vm, "say how memory is given",
			  gunyah_vm_host_flow(vm->host, vm->rm.vmid, &flow));
	if (ret)
		return ret;
	/* The platform looks at memory before the guest runs: all of it has to be there. */
	if (vm->auth.type == GUNYAH_RM_VM_AUTH_QCOM_TRUSTED_VM)
		flow = GUNYAH_VM_FLOW_EAGER;

	if (flow == GUNYAH_VM_FLOW_PAGED)
		ret = load_paged_locked(vm, &image);
	else
		ret = load_locked(vm, &image);
	if (ret)
		return ret;

	ret = start_error(vm, "initialise", gunyah_vm_rm_init(&vm->rm));
	if (ret)
		return ret;

	if (flow == GUNYAH_VM_FLOW_PAGED) {
		ret = send_boot_locked(vm, &image);
		if (ret)
			return ret;
	}

	ret = fill_tickets(vm);
	if (ret)
		return ret;

	if (flow == GUNYAH_VM_FLOW_PAGED)
		return run_paged_locked(vm);
	return start_error(vm, "start", gunyah_vm_rm_start(&vm->rm));
}

/* From NOT_STARTED to RUNNING, or EXITED; or, with an errno, back. */
static int start_locked(struct gunyah_vm *vm)
{
	int ret;

	lockdep_assert_held(&vm->lock);
	if (!vm->dtb_size)
		return -EINVAL;

	scoped_guard(spinlock, &vm->rm.lock) {
		/* The driver may be unbound just now. */
		if (vm->state != GUNYAH_VM_NOT_STARTED)
			return -ENODEV;
		vm->crashed = false;
		vm->load_failed = false;
		set_state_locked(vm, GUNYAH_VM_STARTING);
	}

	ret = start_run_locked(vm);
	if (!ret)
		WRITE_ONCE(vm->run, vm->run + 1);

	scoped_guard(spinlock, &vm->rm.lock) {
		/* Unbound meanwhile: who does that ends the run. */
		if (vm->state != GUNYAH_VM_STARTING)
			return ret ?: -ENODEV;
		if (!ret) {
			/* If it was quick, VM_EXITED came before this look. */
			set_state_locked(vm, vm->rm.state == GUNYAH_VM_RM_RUNNING ?
					     GUNYAH_VM_RUNNING : GUNYAH_VM_EXITED);
			return 0;
		}
		vm->load_failed = vm->rm.state == GUNYAH_VM_RM_INIT_FAILED;
		set_state_locked(vm, GUNYAH_VM_ENDING);
	}

	end_run_locked(vm);
	change_state(vm, GUNYAH_VM_ENDING, GUNYAH_VM_NOT_STARTED);
	return ret;
}

/**
 * gunyah_vm_start() - start a VM
 * @vm: the VM
 *
 * After an error all that was given was taken back, and the call can be tried
 * again.
 *
 * Context: a system call; may sleep, for as long as the limits of the resource
 * manager allow.
 * Return: 0, also on a running VM; -EINVAL: device tree or memory layout;
 * -EBUSY: a lent range is mapped; -E2BIG; -EOPNOTSUPP: can't be honoured here;
 * -ENODEV: refused, or exited, or unbound; -ENOMEM; -EINTR; -ETIMEDOUT; -EIO.
 */
int gunyah_vm_start(struct gunyah_vm *vm)
{
	int ret;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;

	switch (gunyah_vm_state(vm)) {
	case GUNYAH_VM_NOT_STARTED:
		ret = start_locked(vm);
		break;
	case GUNYAH_VM_RUNNING:
		ret = 0;
		break;
	default:
		ret = -ENODEV;
		break;
	}
	mutex_unlock(&vm->lock);
	return ret;
}

/* ---- reset ---- */

/* From EXITED to NOT_STARTED; or, with an errno, back. */
static int reset_locked(struct gunyah_vm *vm)
{
	int ret;

	lockdep_assert_held(&vm->lock);
	scoped_guard(spinlock, &vm->rm.lock) {
		/* The driver may be unbound just now. */
		if (vm->state != GUNYAH_VM_EXITED)
			return -ENODEV;
		set_state_locked(vm, GUNYAH_VM_RESETTING);
	}

	ret = end_run_locked(vm);

	guard(spinlock)(&vm->rm.lock);
	if (vm->state != GUNYAH_VM_RESETTING)
		return -ENODEV;
	/* Without all of its memory it is not started again. */
	vm->crashed = ret;
	set_state_locked(vm, ret ? GUNYAH_VM_EXITED : GUNYAH_VM_NOT_STARTED);
	return ret;
}

/**
 * gunyah_vm_reset() - bring a VM that has exited back to before its start
 * @vm: the VM
 *
 * Functions, bindings, device tree and boot context stay.  A VM that was not
 * started is told only that its last start was not.
 *
 * Context: a system call; may sleep, for as long as the limits of the resource
 * manager allow.
 * Return: 0; -EBUSY: the VM runs; -ENODEV: unbound; -EINTR; -EIO: not all memory
 * came back, or the resource manager is dead; -ETIMEDOUT: it did not stop or
 * reset the VM in time.  After the last two the VM stays exited for good, and
 * each later call says the same.
 */
int gunyah_vm_reset(struct gunyah_vm *vm)
{
	int ret = 0;

	if (mutex_lock_killable(&vm->lock))
		return -EINTR;

	switch (gunyah_vm_state(vm)) {
	case GUNYAH_VM_NOT_STARTED:
		scoped_guard(spinlock, &vm->rm.lock)
			vm->load_failed = false;
		break;
	case GUNYAH_VM_RUNNING:
		ret = -EBUSY;
		break;
	case GUNYAH_VM_EXITED:
		ret = reset_locked(vm);
		break;
	default:
		ret = -ENODEV;
		break;
	}
	mutex_unlock(&vm->lock);
	return ret;
}
