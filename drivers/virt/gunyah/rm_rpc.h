/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connection to the resource manager: requests and their replies over a
 * pair of message queues.  See rm_rpc.c.
 */
#ifndef _GUNYAH_RM_RPC_H
#define _GUNYAH_RM_RPC_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kconfig.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "msgq.h"
#include "rm_assembly.h"
#include "rm_notify.h"

struct device;
struct device_node;

/* Time limits in milliseconds, from the rules for the driver. */
#define GUNYAH_RM_REPLY_LIMIT_MS	10000
#define GUNYAH_RM_QUEUE_LIMIT_MS	30000

enum gunyah_rm_state {
	GUNYAH_RM_UP,
	GUNYAH_RM_DEAD,		/* a limit has passed: nothing will come any more */
	GUNYAH_RM_GONE,		/* the driver was unbound */
};

enum gunyah_rm_paging {
	GUNYAH_RM_PAGING_UNKNOWN,	/* not asked yet */
	GUNYAH_RM_PAGING_NO,
	GUNYAH_RM_PAGING_YES,
};

enum gunyah_rm_call_state {
	GUNYAH_RM_CALL_NONE,
	GUNYAH_RM_CALL_WAITING,
	GUNYAH_RM_CALL_DONE,
	GUNYAH_RM_CALL_FAILED,
	GUNYAH_RM_CALL_TIMED_OUT,
};

/**
 * struct gunyah_rm_call_slot - the request on the wire, or the last that was
 * @state: where it is
 * @seq: its token
 * @msg_id: its message
 * @size: of the reply in @buf, once DONE
 * @buf: the reply, as struct gunyah_rm_assembly's
 * @done: completed when WAITING ends by what was received
 */
struct gunyah_rm_call_slot {
	enum gunyah_rm_call_state state;
	u16 seq;
	u32 msg_id;
	size_t size;
	u8 *buf;
	struct completion done;
};

/**
 * struct gunyah_rm_stats - counters, since the connection was made
 * @requests: sent whole
 * @send_errors: not sent, or not sent whole
 * @replies: taken by their calls
 * @failed: calls ended with -EIO by a reply that does not hold together
 * @timeouts: calls without a reply
 * @late: replies that came after their call's limit
 * @duplicate: replies to a call that had one
 * @alien: replies to nothing
 * @stray: continuations of nothing
 * @bad_header: fragments that are none
 * @notifications: came whole
 * @broken_notifications: thrown away in the middle
 * @lost_vmids: vmids of the connection itself that could not be given back
 */
struct gunyah_rm_stats {
	atomic_t requests;
	atomic_t send_errors;
	atomic_t replies;
	atomic_t failed;
	atomic_t timeouts;
	atomic_t late;
	atomic_t duplicate;
	atomic_t alien;
	atomic_t stray;
	atomic_t bad_header;
	atomic_t notifications;
	atomic_t broken_notifications;
	atomic_t lost_vmids;
};

/**
 * struct gunyah_rm - the connection to the resource manager
 * @ref: references; the driver holds one while it is bound
 * @dev: the device of the driver, for messages
 * @irq_parent: interrupt controller of the resources
 * @vmid: of this VM
 * @msgq: the queues
 * @reply_limit_ms: how long a call waits for its reply
 * @queue_limit_ms: how long a call waits for its turn
 * @lock: guards @state, @busy, @turns, @call but its buffer's bytes
 * @state: up, dead or gone; moves only in that order; read without @lock, too
 * @busy: somebody has the wire: sends, waits for the reply, takes it; read
 *	without @lock, too
 * @turns: who waits for the wire, first come first served
 * @idle: waits for @busy to end
 * @call: the request on the wire; its buffer is the wire holder's once DONE
 * @next_seq: token of the next request; the wire holder's
 * @tx_buf: a fragment to send; the wire holder's
 * @rx_lock: guards what follows, up to @notifier
 * @rx_closed: nothing is received any more
 * @rx_buf: the fragment received
 * @reply: the reply that comes in
 * @notification: the notification that comes in
 * @notifier: what is told to listeners
 * @paging_lock: held over the question whether demand paging is known
 * @paging: the answer, guarded by @paging_lock
 * @stats: counters
 */
struct gunyah_rm {
	struct kref ref;
	struct device *dev;
	struct device_node *irq_parent;
	u16 vmid;
	struct gunyah_msgq msgq;
	unsigned int reply_limit_ms;
	unsigned int queue_limit_ms;

	spinlock_t lock; /* state, busy, turns, call */
	enum gunyah_rm_state state;
	bool busy;
	struct list_head turns;
	wait_queue_head_t idle;
	struct gunyah_rm_call_slot call;

	u16 next_seq;
	u8 tx_buf[GUNYAH_MSGQ_MSG_MAX];

	struct mutex rx_lock; /* the receiving side */
	bool rx_closed;
	u8 rx_buf[GUNYAH_MSGQ_MSG_MAX];
	struct gunyah_rm_assembly reply;
	struct gunyah_rm_assembly notification;

	struct gunyah_rm_notifier notifier;

	struct mutex paging_lock; /* paging */
	enum gunyah_rm_paging paging;

	struct gunyah_rm_stats stats;
};

/**
 * struct gunyah_rm_message - a request and its reply
 * @id: enum gunyah_rm_msg_id
 * @killable: a fatal signal ends the wait for the wire; not for what undoes
 * @request: payload of the request
 * @request_size: its size
 * @reply: where the reply's payload goes, or NULL
 * @reply_max: bytes of @reply; a longer payload is cut
 * @sent: filled in: it went out whole
 * @reply_size: filled in with the bytes in @reply
 * @error: filled in with the error of the reply
 */
struct gunyah_rm_message {
	u32 id;
	bool killable;
	const void *request;
	size_t request_size;
	void *reply;
	size_t reply_max;
	bool sent;
	size_t reply_size;
	u32 error;
};

/**
 * gunyah_rm_create() - make a connection
 * @dev: the device; a reference is taken
 * @irq_parent: interrupt controller's node; a reference is taken
 * @tx_capid: capability of the queue to the resource manager
 * @rx_capid: capability of the queue from it
 *
 * Return: the connection with one reference, or ERR_PTR(-ENOMEM).
 */
struct gunyah_rm *gunyah_rm_create(struct device *dev, struct device_node *irq_parent,
				   u64 tx_capid, u64 rx_capid);

/**
 * gunyah_rm_shutdown() - end a connection
 * @rm: the connection
 *
 * Calls that wait for their turn end with -ENODEV, as all later ones do; the
 * one on the wire ends by itself, so interrupts must still work; listeners are
 * told dead().
 *
 * Context: may sleep, for as long as the limit of a reply.
 */
void gunyah_rm_shutdown(struct gunyah_rm *rm);

/* For kref_put(): shutdown has been. */
void gunyah_rm_release(struct kref *ref);

/**
 * gunyah_rm_transfer() - send a request and wait for its reply
 * @rm: the connection
 * @msg: the request; its reply is filled in
 *
 * Context: may sleep.
 * Return: 0 when there was a reply, whatever its error.  -E2BIG: the request is
 * above GUNYAH_RM_REQUEST_MAX.  -EINTR: killed while it waited for its turn, if killable.
 * -ETIMEDOUT: it had no turn within the limit, or no reply (the connection is
 * dead then).  -EIO: the connection is dead, or the reply did not hold together
 * (what the resource manager did is not known then).  -ENODEV: unbound.
 * -ECOMM: a hypercall failed, it was not sent.
 */
int gunyah_rm_transfer(struct gunyah_rm *rm, struct gunyah_rm_message *msg);

/**
 * gunyah_rm_receive() - take all that waits in the receive queue
 * @rm: the connection
 *
 * Called by the interrupt's thread, and by a call whose limit has passed.
 * Context: may sleep.
 */
void gunyah_rm_receive(struct gunyah_rm *rm);

#if IS_ENABLED(CONFIG_KUNIT)
long gunyah_rm_wait_turn(struct completion *turn, bool killable, long left);
#endif

#endif
