// SPDX-License-Identifier: GPL-2.0-only
/*
 * irqfd: an eventfd whose signals become interrupts of the guest.
 *
 * An interrupt of the guest is a doorbell, which the guest's device tree asks for
 * by a label.  An irqfd has a ticket for the doorbell of its label: it may be
 * there long before the doorbell, and it need never get one.
 *
 * A signal is taken by who makes it, in the wake-up of the eventfd's wait queue:
 * the counter is drained and the doorbell rung, on the spot, whatever the context.
 * The only lock of the way is that of the wait queue, which who signals holds; it
 * guards the irqfd's doorbell, too.
 *
 * Each signal is kept with the number of the VM's run that it was made in
 * (gunyah_vm.run).  A doorbell that comes is rung when the last signal is of the
 * same number: so a signal from before the start reaches the guest once, also
 * when a start fails in between, and none reaches a later run.
 *
 * When the eventfd's file goes, so does the irqfd: see
 * gunyah_vm_function_hang_up().
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/visibility.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/gunyah.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <uapi/linux/gunyah.h>

#include <asm/gunyah.h>

#include "irqfd.h"
#include "resource.h"
#include "rm_calls.h"
#include "vm.h"
#include "vm_trace.h"

/* The one flag of a doorbell that is used. */
#define BELL_FLAG	BIT_ULL(0)

/* Of no run: gunyah_vm.run counts up from 0. */
#define NO_RUN		U64_MAX

/**
 * struct irqfd - an irqfd
 * @fn: the function that it is
 * @eventfd: the eventfd, referenced
 * @queue: its wait queue
 * @wait: in that
 * @ticket: for the doorbell
 * @level: the guest's interrupt is level triggered
 * @res: the doorbell while the VM has it; guarded by @queue->lock
 * @signalled: run of the last signal; the same
 * @count: what eventfd_ctx_do_read() says, of which only 0 or not matters; the same
 */
struct irqfd {
	struct gunyah_vm_function *fn;
	struct eventfd_ctx *eventfd;
	wait_queue_head_t *queue;
	wait_queue_entry_t wait;
	struct gunyah_vm_ticket ticket;
	bool level;
	const struct gunyah_resource *res;
	u64 signalled;
	u64 count;
};

/* ---- doorbell ---- */

/* Of its own, so that nothing is kept for it on the way. */
static noinline void trace_signal(struct irqfd *irqfd, enum gunyah_error error)
{
	trace_gunyah_irqfd_signal(irqfd->fn->vm->rm.vmid, irqfd->ticket.label, irqfd->res, error);
}

/* In line, but for tests that stand in for the hypervisor. */
static __always_inline enum gunyah_error bell_send(u64 capid)
{
	if (kunit_get_current_test())
		return gunyah_hypercall_bell_send(capid, BELL_FLAG, NULL);
	return gunyah_hvc_bell_send(capid, BELL_FLAG).x0;
}

static __always_inline void ring_locked(struct irqfd *irqfd)
{
	enum gunyah_error error = GUNYAH_ERROR_OK;

	lockdep_assert_held(&irqfd->queue->lock);
	/* An error would mean that the VM is over, and nobody misses the signal. */
	if (irqfd->res)
		error = bell_send(irqfd->res->capid);
	if (trace_gunyah_irqfd_signal_enabled())
		trace_signal(irqfd, error);
}

/*
 * The hypervisor is to take the flag back when it raises the interrupt: otherwise
 * it would raise it again after each end of interrupt (EOI), and no EOI is told to
 * the host, which could take the flag back then.
 */
static void set_level(struct irqfd *irqfd, const struct gunyah_resource *res)
{
	struct gunyah_vm *vm = irqfd->fn->vm;
	enum gunyah_error error;

	error = gunyah_hypercall_bell_set_mask(res->capid, BELL_FLAG, BELL_FLAG);
	if (error != GUNYAH_ERROR_OK)
		dev_warn_ratelimited(gunyah_rm_dev(vm->host->rm),
				     "VM %u: doorbell %u can't be set to level: error %d (no source-can-clear in the device tree?)\n",
				     vm->rm.vmid, res->label, error);
}

static int irqfd_populate(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res)
{
	struct irqfd *irqfd = container_of(ticket, struct irqfd, ticket);

	if (irqfd->level)
		set_level(irqfd, res);

	guard(spinlock_irqsave)(&irqfd->queue->lock);
	irqfd->res = res;
	if (irqfd->signalled == READ_ONCE(irqfd->fn->vm->run))
		ring_locked(irqfd);
	return 0;
}

static void irqfd_unpopulate(struct gunyah_vm_ticket *ticket, struct gunyah_resource *res)
{
	struct irqfd *irqfd = container_of(ticket, struct irqfd, ticket);

	/* Who rings has the lock. */
	guard(spinlock_irqsave)(&irqfd->queue->lock);
	irqfd->res = NULL;
}

static const struct gunyah_vm_ticket_ops irqfd_ticket_ops = {
	.populate = irqfd_populate,
	.unpopulate = irqfd_unpopulate,
};

/* ---- eventfd ---- */

/* The eventfd of @file, referenced, or ERR_PTR(-EINVAL).  Has a stub in tests. */
VISIBLE_IF_KUNIT struct eventfd_ctx *gunyah_irqfd_eventfd(struct file *file)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_irqfd_eventfd, file);
	return eventfd_ctx_fileget(file);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_irqfd_eventfd);

static __always_inline void take_signal_locked(struct irqfd *irqfd)
{
	lockdep_assert_held(&irqfd->queue->lock);
	irqfd->signalled = READ_ONCE(irqfd->fn->vm->run);
	ring_locked(irqfd);
}

/*
 * The eventfd was signalled or its file goes.  Called with the wait queue's lock
 * held, from any context.  The irqfd is there: who unbinds it takes it out of the
 * queue first, under the same lock.
 */
static int irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct irqfd *irqfd = container_of(wait, struct irqfd, wait);
	__poll_t events = key_to_poll(key);

	if (events & EPOLLIN) {
		/* May be 0: another irqfd on the same eventfd was first. */
		eventfd_ctx_do_read(irqfd->eventfd, &irqfd->count);
		take_signal_locked(irqfd);
	}
	if (events & EPOLLHUP)
		gunyah_vm_function_hang_up(irqfd->fn);
	return 0;
}

struct irqfd_poll {
	poll_table table;
	wait_queue_head_t *queue;
};

static void note_queue(struct file *file, wait_queue_head_t *queue, poll_table *table)
{
	container_of(table, struct irqfd_poll, table)->queue = queue;
}

/* An eventfd has one wait queue, which polling it names. */
static wait_queue_head_t *find_queue(struct file *file)
{
	struct irqfd_poll poll = {};

	init_poll_funcptr(&poll.table, note_queue);
	vfs_poll(file, &poll.table);
	return poll.queue;
}

/*
 * From here on the irqfd is signalled; what the eventfd has counted is a signal.
 *
 * In the queue it is before all who wait in user space, so that they find the counter
 * drained; but not exclusively, as add_wait_queue_priority() would have it: then a
 * second irqfd on the same eventfd, in any VM, would never hear of a signal.
 */
static void listen(struct irqfd *irqfd)
{
	init_waitqueue_func_entry(&irqfd->wait, irqfd_wakeup);
	irqfd->wait.flags = WQ_FLAG_PRIORITY;

	guard(spinlock_irq)(&irqfd->queue->lock);
	__add_wait_queue(irqfd->queue, &irqfd->wait);
	eventfd_ctx_do_read(irqfd->eventfd, &irqfd->count);
	if (!irqfd->count)
		return;
	take_signal_locked(irqfd);
	/*
	 * For who waits until there is room for what it has to add.  As where the
	 * eventfd itself wakes: nobody is to signal it from this wake-up.
	 */
	current->in_eventfd = 1;
	wake_up_locked_poll(irqfd->queue, EPOLLOUT);
	current->in_eventfd = 0;
}

/* ---- function ---- */

static int irqfd_create(struct gunyah_vm_function *fn, struct file *file)
{
	const struct gunyah_fn_irqfd_arg *arg = fn->arg;
	struct eventfd_ctx *eventfd;
	struct irqfd *irqfd;
	int ret;

	eventfd = gunyah_irqfd_eventfd(file);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	ret = -ENOMEM;
	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		goto err_put;

	irqfd->fn = fn;
	irqfd->eventfd = eventfd;
	irqfd->queue = find_queue(file);
	irqfd->ticket.type = GUNYAH_RESOURCE_BELL_TX;
	irqfd->ticket.label = arg->label;
	irqfd->ticket.ops = &irqfd_ticket_ops;
	irqfd->level = arg->flags & GUNYAH_IRQFD_FLAGS_LEVEL;
	irqfd->signalled = NO_RUN;

	ret = gunyah_vm_ticket_add(&fn->vm->resources, &irqfd->ticket);
	if (ret)
		goto err_free;

	/* Last, for it can't fail: an irqfd that is not made takes no signal. */
	fn->priv = irqfd;
	listen(irqfd);
	return 0;

err_free:
	kfree(irqfd);
err_put:
	eventfd_ctx_put(eventfd);
	return ret;
}

static int irqfd_check_add(const void *arg)
{
	const struct gunyah_fn_irqfd_arg *a = arg;

	return a->flags & ~GUNYAH_IRQFD_FLAGS_LEVEL ? -EINVAL : 0;
}

static int irqfd_bind(struct gunyah_vm_function *fn)
{
	const struct gunyah_fn_irqfd_arg *arg = fn->arg;

	/* Held to the end: the file can't go before the irqfd is complete. */
	CLASS(fd, f)(arg->fd);
	if (fd_empty(f))
		return -EBADF;
	return irqfd_create(fn, fd_file(f));
}

static void irqfd_unbind(struct gunyah_vm_function *fn)
{
	struct irqfd *irqfd = fn->priv;
	u64 count;

	/* On return irqfd_wakeup() does not run and will not. */
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	gunyah_vm_ticket_remove(&fn->vm->resources, &irqfd->ticket);
	eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static bool irqfd_compare(const struct gunyah_vm_function *fn, const void *arg)
{
	const struct gunyah_fn_irqfd_arg *a = fn->arg;
	const struct gunyah_fn_irqfd_arg *b = arg;

	return a->label == b->label;
}

VISIBLE_IF_KUNIT const struct gunyah_vm_function_type gunyah_irqfd_function = {
	.type = GUNYAH_FN_IRQFD,
	.name = "irqfd",
	.owner = THIS_MODULE,
	.arg_size = sizeof(struct gunyah_fn_irqfd_arg),
	.check_add = irqfd_check_add,
	.bind = irqfd_bind,
	.unbind = irqfd_unbind,
	.compare = irqfd_compare,
};
EXPORT_SYMBOL_IF_KUNIT(gunyah_irqfd_function);

module_gunyah_vm_function(gunyah_irqfd_function);

/* GUNYAH_FN_IRQFD */
MODULE_ALIAS_GUNYAH_VM_FUNCTION(2);
MODULE_DESCRIPTION("Gunyah VM function: eventfds that interrupt a guest");
MODULE_LICENSE("GPL");
