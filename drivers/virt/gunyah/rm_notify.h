/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notifications of the resource manager: who listens to them, and what they
 * say.  See rm_notify.c.
 */
#ifndef _GUNYAH_RM_NOTIFY_H
#define _GUNYAH_RM_NOTIFY_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/* VM states of VM_STATUS (published resource manager, Dec 2023; 12 by newer ones). */
enum gunyah_rm_vm_status {
	GUNYAH_RM_VM_STATUS_NO_STATE		= 0,
	GUNYAH_RM_VM_STATUS_INIT		= 1,
	GUNYAH_RM_VM_STATUS_READY		= 2,
	GUNYAH_RM_VM_STATUS_RUNNING		= 3,
	GUNYAH_RM_VM_STATUS_PAUSED		= 4,
	GUNYAH_RM_VM_STATUS_LOAD		= 5,
	GUNYAH_RM_VM_STATUS_AUTH		= 6,
	GUNYAH_RM_VM_STATUS_INIT_FAILED		= 8,
	GUNYAH_RM_VM_STATUS_EXITED		= 9,
	GUNYAH_RM_VM_STATUS_RESETTING		= 10,
	GUNYAH_RM_VM_STATUS_RESET		= 11,
	GUNYAH_RM_VM_STATUS_RESET_FAILED	= 12,
};

/**
 * struct gunyah_rm_vm_exited - VM_EXITED, unpacked
 * @type: exit type
 * @reason_size: valid bytes in @reason; longer reasons are cut
 * @reason: the rest is zero
 */
struct gunyah_rm_vm_exited {
	u16 type;
	u32 reason_size;
	u8 reason[16];
};

struct gunyah_rm_listener;

/**
 * struct gunyah_rm_listener_ops - a VM's notifications
 * @vm_status: VM_STATUS of that VM
 * @vm_exited: VM_EXITED of that VM
 * @dead: the connection is dead, or its driver was unbound; nothing will come
 *	any more
 *
 * All run from the connection's ordered work queue, in the order in which the
 * resource manager sent them, may sleep, must not wait for other
 * notifications, must not call the resource manager, and must not take a lock
 * under which gunyah_rm_listen() or gunyah_rm_unlisten() is called.
 */
struct gunyah_rm_listener_ops {
	void (*vm_status)(struct gunyah_rm_listener *l, enum gunyah_rm_vm_status status);
	void (*vm_exited)(struct gunyah_rm_listener *l, const struct gunyah_rm_vm_exited *exited);
	void (*dead)(struct gunyah_rm_listener *l);
};

/**
 * struct gunyah_rm_listener - who wants the notifications of one VM
 * @ops: callbacks
 * @vmid: of that VM
 * @list: private to the connection
 */
struct gunyah_rm_listener {
	const struct gunyah_rm_listener_ops *ops;
	u16 vmid;
	struct list_head list;
};

/**
 * struct gunyah_rm_notifier - the notifications of a connection
 * @wq: ordered; callbacks run from it
 * @work: takes events from @pending
 * @pending_lock: guards @pending
 * @pending: events that no listener has seen yet, in order
 * @listen_lock: guards @listeners and @closed, held while a callback runs
 * @listeners: all listeners
 * @closed: dead() was told, nothing will come any more
 * @delivered: VM_STATUS and VM_EXITED that had a listener
 * @unheard: those that had none
 * @malformed: those shorter than they say, or than they must be
 * @released: MEM_RELEASED; only counted: it comes for accepted parcels only
 * @ignored: all others
 */
struct gunyah_rm_notifier {
	struct workqueue_struct *wq;
	struct work_struct work;
	spinlock_t pending_lock; /* pending */
	struct list_head pending;
	struct mutex listen_lock; /* listeners, closed, a running callback */
	struct list_head listeners;
	bool closed;
	atomic_t delivered;
	atomic_t unheard;
	atomic_t malformed;
	atomic_t released;
	atomic_t ignored;
};

int gunyah_rm_notifier_init(struct gunyah_rm_notifier *notifier);

/*
 * Tell what is pending, tell dead() to all listeners, stop.  Listeners may stay:
 * gunyah_rm_notifier_unlisten() works afterwards.  Nobody may queue any more.
 * Context: may sleep, not from a callback.
 */
void gunyah_rm_notifier_stop(struct gunyah_rm_notifier *notifier);

/**
 * gunyah_rm_notifier_queue() - take a notification from the wire
 * @notifier: of the connection
 * @msg_id: which
 * @payload: what follows the header
 * @size: size of @payload
 *
 * Checks, unpacks and queues it; runs no callback.  Context: may sleep.
 */
void gunyah_rm_notifier_queue(struct gunyah_rm_notifier *notifier, u32 msg_id,
			      const void *payload, size_t size);

/* Queue dead(), behind what came before.  Context: may sleep. */
void gunyah_rm_notifier_queue_dead(struct gunyah_rm_notifier *notifier);

/* On return what was queued before was told.  Context: may sleep, not from a callback. */
void gunyah_rm_notifier_flush(struct gunyah_rm_notifier *notifier);

/* As gunyah_rm_listen() and gunyah_rm_unlisten(); -EIO when dead() was told. */
int gunyah_rm_notifier_listen(struct gunyah_rm_notifier *notifier, struct gunyah_rm_listener *l);
void gunyah_rm_notifier_unlisten(struct gunyah_rm_notifier *notifier,
				 struct gunyah_rm_listener *l);

#endif
