// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications of the resource manager.
 *
 * They come between replies, of any VM and at any time, also for VMs that
 * nobody here knows.  The thread that receives them also receives the replies
 * that everybody waits for, so it only checks and unpacks a notification into
 * an event; the callbacks of the VM's listener run from an ordered work queue.
 *
 * Invariants: events reach a listener in the order of the wire; each listener
 * sees its own VM's only; dead() is the last callback that a listener sees; on
 * return of unlisten no callback runs and none will.
 *
 * A notification that is lost is never sent again, and a VM's end would wait
 * for it in vain: so the few bytes of an event are allocated without a way to
 * fail.
 */
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <kunit/visibility.h>

#include "rm_notify.h"
#include "rm_wire.h"

enum event_kind {
	EVENT_STATUS,
	EVENT_EXITED,
	EVENT_DEAD,
};

struct event {
	struct list_head list;
	enum event_kind kind;
	u16 vmid;
	enum gunyah_rm_vm_status status;
	struct gunyah_rm_vm_exited exited;
};

/* Both return false for a notification that its length does not bear out (R22). */
static bool unpack_status(struct event *event, const void *payload, size_t size)
{
	const struct gunyah_rm_vm_status_notification *wire = payload;

	if (size < sizeof(*wire))
		return false;

	event->kind = EVENT_STATUS;
	event->vmid = le16_to_cpu(wire->vmid);
	event->status = wire->vm_status;

	return true;
}

static bool unpack_exited(struct event *event, const void *payload, size_t size)
{
	const struct gunyah_rm_vm_exited_notification *wire = payload;
	u32 reason_size;

	if (size < sizeof(*wire))
		return false;

	reason_size = le32_to_cpu(wire->reason_size);
	if (reason_size > size - sizeof(*wire))
		return false;

	event->kind = EVENT_EXITED;
	event->vmid = le16_to_cpu(wire->vmid);
	event->exited.type = le16_to_cpu(wire->exit_type);
	event->exited.reason_size = min_t(u32, reason_size, sizeof(event->exited.reason));
	memcpy(event->exited.reason, wire->reason, event->exited.reason_size);

	return true;
}

static struct gunyah_rm_listener *find_listener(struct gunyah_rm_notifier *notifier, u16 vmid)
{
	struct gunyah_rm_listener *l;

	lockdep_assert_held(&notifier->listen_lock);

	list_for_each_entry(l, &notifier->listeners, list) {
		if (l->vmid == vmid)
			return l;
	}

	return NULL;
}

static void tell_dead(struct gunyah_rm_notifier *notifier)
{
	struct gunyah_rm_listener *l;

	lockdep_assert_held(&notifier->listen_lock);

	if (notifier->closed)
		return;

	notifier->closed = true;
	list_for_each_entry(l, &notifier->listeners, list)
		l->ops->dead(l);
}

static void tell(struct gunyah_rm_notifier *notifier, const struct event *event)
{
	struct gunyah_rm_listener *l;

	guard(mutex)(&notifier->listen_lock);

	if (event->kind == EVENT_DEAD) {
		tell_dead(notifier);
		return;
	}

	l = find_listener(notifier, event->vmid);
	if (!l || notifier->closed) {
		atomic_inc(&notifier->unheard);
		return;
	}

	atomic_inc(&notifier->delivered);
	if (event->kind == EVENT_STATUS)
		l->ops->vm_status(l, event->status);
	else
		l->ops->vm_exited(l, &event->exited);
}

static struct event *take_event(struct gunyah_rm_notifier *notifier)
{
	struct event *event;

	guard(spinlock)(&notifier->pending_lock);

	event = list_first_entry_or_null(&notifier->pending, struct event, list);
	if (event)
		list_del(&event->list);

	return event;
}

static void notifier_work(struct work_struct *work)
{
	struct gunyah_rm_notifier *notifier =
		container_of(work, struct gunyah_rm_notifier, work);
	struct event *event;

	while ((event = take_event(notifier))) {
		tell(notifier, event);
		kfree(event);
	}
}

static void queue_event(struct gunyah_rm_notifier *notifier, const struct event *from)
{
	struct event *event;

	event = kmemdup(from, sizeof(*from), GFP_KERNEL | __GFP_NOFAIL);

	scoped_guard(spinlock, &notifier->pending_lock)
		list_add_tail(&event->list, &notifier->pending);

	queue_work(notifier->wq, &notifier->work);
}

void gunyah_rm_notifier_queue(struct gunyah_rm_notifier *notifier, u32 msg_id,
			      const void *payload, size_t size)
{
	struct event event = {};
	bool good;

	switch (msg_id) {
	case GUNYAH_RM_VM_STATUS:
		good = unpack_status(&event, payload, size);
		break;
	case GUNYAH_RM_VM_EXITED:
		good = unpack_exited(&event, payload, size);
		break;
	case GUNYAH_RM_MEM_RELEASED:
		atomic_inc(&notifier->released);
		return;
	default:
		atomic_inc(&notifier->ignored);
		return;
	}

	if (good)
		queue_event(notifier, &event);
	else
		atomic_inc(&notifier->malformed);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_notifier_queue);

void gunyah_rm_notifier_queue_dead(struct gunyah_rm_notifier *notifier)
{
	struct event event = { .kind = EVENT_DEAD };

	queue_event(notifier, &event);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_notifier_queue_dead);

void gunyah_rm_notifier_flush(struct gunyah_rm_notifier *notifier)
{
	flush_work(&notifier->work);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_notifier_flush);

int gunyah_rm_notifier_listen(struct gunyah_rm_notifier *notifier, struct gunyah_rm_listener *l)
{
	guard(mutex)(&notifier->listen_lock);

	if (notifier->closed)
		return -EIO;
	if (find_listener(notifier, l->vmid))
		return -EEXIST;

	list_add_tail(&l->list, &notifier->listeners);

	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_notifier_listen);

void gunyah_rm_notifier_unlisten(struct gunyah_rm_notifier *notifier, struct gunyah_rm_listener *l)
{
	/* Waits for a callback that runs. */
	guard(mutex)(&notifier->listen_lock);
	list_del(&l->list);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_notifier_unlisten);

int gunyah_rm_notifier_init(struct gunyah_rm_notifier *notifier)
{
	spin_lock_init(&notifier->pending_lock);
	INIT_LIST_HEAD(&notifier->pending);
	mutex_init(&notifier->listen_lock);
	INIT_LIST_HEAD(&notifier->listeners);
	INIT_WORK(&notifier->work, notifier_work);

	notifier->wq = alloc_ordered_workqueue("gunyah_rm", 0);

	return notifier->wq ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_notifier_init);

void gunyah_rm_notifier_stop(struct gunyah_rm_notifier *notifier)
{
	gunyah_rm_notifier_queue_dead(notifier);
	destroy_workqueue(notifier->wq);
	notifier->wq = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_notifier_stop);
