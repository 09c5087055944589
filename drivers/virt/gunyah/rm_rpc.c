// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection to the resource manager: requests and their replies.
 *
 * Words: a message goes as fragments (rm_wire.h); the token is the sequence
 * number that a reply repeats; the wire is the right to have a request under
 * way, and who has it is the wire holder.
 *
 * One request is on the wire at a time (R59): the resource manager serves them
 * in order anyway, and throws replies away when several wait in a full queue.
 * The others wait for their turn, in order, each with a limit of its own,
 * and killable but for the calls that undo something: a killed thread too has
 * to take back what it gave.  A call whose request is being sent is waited for.
 *
 * Receiving never fails a caller for want of memory: nothing is allocated but
 * for a notification (rm_notify.c), and that does not fail.  A fragment goes
 * into the assembly of the reply or of the notification that it continues; a
 * whole reply changes buffers with the call slot, if that waits for just this
 * token and message, and is copied out by the wire holder.  The slot belongs to
 * the connection and not to the caller, so a late reply finds nothing to spoil
 * (R50).  Tokens count up: one comes again after 65,535 others, and after a call
 * without a reply none is used any more.
 *
 * What comes from the other side (R52):
 *  - a fragment with a wrong header, a reply that nobody waits for, and a
 *    continuation of nothing are dropped and counted;
 *  - a reply whose fragments do not fit together fails its call with -EIO;
 *  - notifications may come between the fragments of a reply.
 * Each time the loop goes on and the next call works.
 *
 * A request that could not be sent to its end (a failing hypercall in the
 * middle) leaves the stream in step: the resource manager throws the begun
 * request away when the next one begins, as recorded.  A queue that stays full,
 * a receiving hypercall that fails, and a reply that does not come, mean that
 * the resource manager is out of reach: the connection is dead then, for good,
 * with one message (R51).
 */
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/of.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "rm_rpc.h"
#include "rm_wire.h"

#define CREATE_TRACE_POINTS
#include "rm_trace.h"

/* Somebody who waits for the wire; on the waiter's stack. */
struct turn {
	struct list_head list;
	struct completion done;
	bool granted;
};

static int state_errno(struct gunyah_rm *rm)
{
	lockdep_assert_held(&rm->lock);

	switch (rm->state) {
	case GUNYAH_RM_UP:
		return 0;
	case GUNYAH_RM_DEAD:
		return -EIO;
	default:
		return -ENODEV;
	}
}

/* Send everybody home who waits for the wire; they look at the state. */
static void end_turns(struct gunyah_rm *rm)
{
	struct turn *turn, *next;

	lockdep_assert_held(&rm->lock);

	list_for_each_entry_safe(turn, next, &rm->turns, list) {
		list_del_init(&turn->list);
		complete(&turn->done);
	}
}

static void give_wire_locked(struct gunyah_rm *rm)
{
	struct turn *turn;

	lockdep_assert_held(&rm->lock);

	turn = list_first_entry_or_null(&rm->turns, struct turn, list);
	if (!turn) {
		WRITE_ONCE(rm->busy, false);
		wake_up(&rm->idle);
		return;
	}

	/* The waiter takes the lock before it returns: its stack is still there. */
	list_del_init(&turn->list);
	turn->granted = true;
	complete(&turn->done);
}

static void give_wire(struct gunyah_rm *rm)
{
	guard(spinlock)(&rm->lock);
	give_wire_locked(rm);
}

/* As wait_for_completion_timeout(), or its killable twin.  Has a stub in tests. */
VISIBLE_IF_KUNIT long gunyah_rm_wait_turn(struct completion *turn, bool killable, long left)
{
	KUNIT_STATIC_STUB_REDIRECT(gunyah_rm_wait_turn, turn, killable, left);

	if (killable)
		return wait_for_completion_killable_timeout(turn, left);

	return wait_for_completion_timeout(turn, left);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_wait_turn);

static int take_wire(struct gunyah_rm *rm, bool killable)
{
	struct turn turn = {};
	long left;
	int ret;

	init_completion(&turn.done);

	scoped_guard(spinlock, &rm->lock) {
		ret = state_errno(rm);
		if (ret)
			return ret;
		if (!rm->busy) {
			WRITE_ONCE(rm->busy, true);
			return 0;
		}
		list_add_tail(&turn.list, &rm->turns);
	}

	left = gunyah_rm_wait_turn(&turn.done, killable, msecs_to_jiffies(rm->queue_limit_ms));

	guard(spinlock)(&rm->lock);

	ret = state_errno(rm);
	if (!ret && left < 0)
		ret = -EINTR;
	else if (!ret && !turn.granted)
		ret = -ETIMEDOUT;

	/* The turn may have come between the end of the wait and the lock. */
	if (turn.granted && ret)
		give_wire_locked(rm);
	else if (!turn.granted)
		list_del(&turn.list);

	return ret;
}

/* @what happened, with its number. */
static void die(struct gunyah_rm *rm, const char *what, unsigned int number)
{
	scoped_guard(spinlock, &rm->lock) {
		if (rm->state != GUNYAH_RM_UP)
			return;
		WRITE_ONCE(rm->state, GUNYAH_RM_DEAD);
		end_turns(rm);
	}

	dev_err(rm->dev,
		"%s %#x: the resource manager is taken for dead, memory that it was given stays given\n",
		what, number);
	gunyah_rm_notifier_queue_dead(&rm->notifier);
}

static void receive_all(struct gunyah_rm *rm);

static int send_request(struct gunyah_rm *rm, u16 seq, const struct gunyah_rm_message *msg)
{
	struct gunyah_rm_header *header = (struct gunyah_rm_header *)rm->tx_buf;
	unsigned long end = jiffies + msecs_to_jiffies(rm->msgq.send_limit_ms);
	size_t continuations = 0, offset = 0, chunk;
	u8 type = GUNYAH_RM_TYPE_REQUEST;
	bool last;
	int ret;

	if (msg->request_size)
		continuations = DIV_ROUND_UP(msg->request_size, GUNYAH_RM_PAYLOAD_MAX) - 1;

	do {
		/* All fragments together wait for as long as one may. */
		if (gunyah_msgq_is_full(&rm->msgq) && time_after(jiffies, end))
			return -ETIMEDOUT;

		chunk = min(msg->request_size - offset, GUNYAH_RM_PAYLOAD_MAX);
		last = offset + chunk == msg->request_size;

		header->api = GUNYAH_RM_API;
		header->type = type | FIELD_PREP(GUNYAH_RM_FRAGMENTS_MASK, continuations);
		header->seq = cpu_to_le16(seq);
		header->msg_id = cpu_to_le32(msg->id);
		if (chunk)
			memcpy(header + 1, msg->request + offset, chunk);

		ret = gunyah_msgq_send(&rm->msgq, header, sizeof(*header) + chunk, last);
		if (ret)
			return ret;

		type = GUNYAH_RM_TYPE_CONTINUATION;
		offset += chunk;
	} while (!last);

	return 0;
}

static u16 begin_call(struct gunyah_rm *rm, u32 msg_id)
{
	struct gunyah_rm_call_slot *call = &rm->call;

	guard(spinlock)(&rm->lock);

	call->seq = rm->next_seq++;
	call->msg_id = msg_id;
	call->state = GUNYAH_RM_CALL_WAITING;
	reinit_completion(&call->done);

	return call->seq;
}

/* The call ends on this side, unless it ended by what was received: its state. */
static enum gunyah_rm_call_state end_call(struct gunyah_rm *rm, enum gunyah_rm_call_state state)
{
	guard(spinlock)(&rm->lock);

	if (rm->call.state == GUNYAH_RM_CALL_WAITING)
		rm->call.state = state;

	return rm->call.state;
}

/* The wire holder's: the slot's buffer is not written again before the next call. */
static void copy_reply(struct gunyah_rm *rm, struct gunyah_rm_message *msg)
{
	struct gunyah_rm_call_slot *call = &rm->call;
	size_t size = call->size - sizeof(__le32);
	__le32 error;

	memcpy(&error, call->buf, sizeof(error));
	msg->error = le32_to_cpu(error);
	msg->reply_size = min(size, msg->reply_max);
	if (msg->reply_size)
		memcpy(msg->reply, call->buf + sizeof(error), msg->reply_size);
}

/*
 * The limit has passed, but an interrupt can get lost and its thread be kept from
 * running, and a dead connection costs the memory that was given: look once more,
 * unless the thread is at it just now.
 */
static void look_for_reply(struct gunyah_rm *rm)
{
	if (!mutex_trylock(&rm->rx_lock))
		return;
	receive_all(rm);
	mutex_unlock(&rm->rx_lock);
}

static int transfer(struct gunyah_rm *rm, struct gunyah_rm_message *msg)
{
	unsigned long limit = msecs_to_jiffies(rm->reply_limit_ms);
	u16 seq = begin_call(rm, msg->id);
	int ret;

	trace_gunyah_rm_request(msg->id, seq, msg->request_size);

	ret = send_request(rm, seq, msg);
	if (ret) {
		end_call(rm, GUNYAH_RM_CALL_FAILED);
		atomic_inc(&rm->stats.send_errors);
		if (ret == -ETIMEDOUT)
			die(rm, "no room in the queue for request", msg->id);
		else
			ret = -ECOMM;
		goto out;
	}

	msg->sent = true;
	atomic_inc(&rm->stats.requests);
	if (!wait_for_completion_timeout(&rm->call.done, limit))
		look_for_reply(rm);

	switch (end_call(rm, GUNYAH_RM_CALL_TIMED_OUT)) {
	case GUNYAH_RM_CALL_DONE:
		copy_reply(rm, msg);
		ret = 0;
		break;
	case GUNYAH_RM_CALL_TIMED_OUT:
		atomic_inc(&rm->stats.timeouts);
		die(rm, "no reply to request", msg->id);
		ret = -ETIMEDOUT;
		break;
	default:
		ret = -EIO;
		break;
	}

out:
	trace_gunyah_rm_reply(msg->id, seq, ret, msg->error, msg->reply_size);
	return ret;
}

int gunyah_rm_transfer(struct gunyah_rm *rm, struct gunyah_rm_message *msg)
{
	int ret;

	msg->sent = false;
	msg->reply_size = 0;
	msg->error = 0;

	if (msg->request_size > GUNYAH_RM_REQUEST_MAX)
		return -E2BIG;

	ret = take_wire(rm, msg->killable);
	if (ret)
		return ret;

	ret = transfer(rm, msg);
	give_wire(rm);

	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_transfer);

/* Nothing will come any more: nor will the reply that is waited for. */
static void cannot_receive(struct gunyah_rm *rm, int error)
{
	struct gunyah_rm_call_slot *call = &rm->call;

	die(rm, "cannot receive, errno", -error);

	guard(spinlock)(&rm->lock);

	if (call->state != GUNYAH_RM_CALL_WAITING)
		return;

	call->state = GUNYAH_RM_CALL_FAILED;
	complete(&call->done);
}

/* A reply's first fragment: does the call on the wire wait for it?  Counts it when not. */
static bool is_expected(struct gunyah_rm *rm, u16 seq, u32 msg_id)
{
	struct gunyah_rm_call_slot *call = &rm->call;
	bool known;

	guard(spinlock)(&rm->lock);

	known = call->seq == seq && call->msg_id == msg_id;
	if (known && call->state == GUNYAH_RM_CALL_WAITING)
		return true;

	if (known && call->state == GUNYAH_RM_CALL_DONE)
		atomic_inc(&rm->stats.duplicate);
	else if (known && call->state == GUNYAH_RM_CALL_TIMED_OUT)
		atomic_inc(&rm->stats.late);
	else
		atomic_inc(&rm->stats.alien);

	return false;
}

/* A reply does not hold together: its call ends, the loop goes on. */
static void fail_reply(struct gunyah_rm *rm, u16 seq, u32 msg_id)
{
	struct gunyah_rm_call_slot *call = &rm->call;

	rm->reply.active = false;
	atomic_inc(&rm->stats.failed);

	guard(spinlock)(&rm->lock);

	if (call->state != GUNYAH_RM_CALL_WAITING || call->seq != seq || call->msg_id != msg_id)
		return;

	call->state = GUNYAH_RM_CALL_FAILED;
	complete(&call->done);
}

static void finish_reply(struct gunyah_rm *rm)
{
	struct gunyah_rm_assembly *reply = &rm->reply;
	struct gunyah_rm_call_slot *call = &rm->call;

	/* The limit may have passed since the first fragment came. */
	if (!is_expected(rm, reply->seq, reply->msg_id))
		return;

	guard(spinlock)(&rm->lock);

	if (call->state != GUNYAH_RM_CALL_WAITING)
		return;

	swap(call->buf, reply->buf);
	call->size = reply->size;
	call->state = GUNYAH_RM_CALL_DONE;
	atomic_inc(&rm->stats.replies);
	complete(&call->done);
}

static void finish_notification(struct gunyah_rm *rm)
{
	struct gunyah_rm_assembly *msg = &rm->notification;

	atomic_inc(&rm->stats.notifications);
	trace_gunyah_rm_notification(msg->msg_id, msg->seq, msg->size);
	gunyah_rm_notifier_queue(&rm->notifier, msg->msg_id, msg->buf, msg->size);
}

static void receive_reply(struct gunyah_rm *rm, const struct gunyah_rm_header *header, size_t size)
{
	u32 msg_id = le32_to_cpu(header->msg_id);
	u16 seq = le16_to_cpu(header->seq);

	if (!is_expected(rm, seq, msg_id))
		return;

	/* Too short, too long, or begun twice. */
	if (size < sizeof(__le32) || gunyah_rm_continuations(header) > GUNYAH_RM_FRAGMENTS_MAX ||
	    gunyah_rm_assembly_continues(&rm->reply, header)) {
		fail_reply(rm, seq, msg_id);
		return;
	}

	if (gunyah_rm_assembly_begin(&rm->reply, header, size))
		finish_reply(rm);
}

static void receive_notification(struct gunyah_rm *rm, const struct gunyah_rm_header *header,
				 size_t size)
{
	/* The resource manager sends one after the other: the begun one is lost. */
	if (rm->notification.active)
		atomic_inc(&rm->stats.broken_notifications);

	if (gunyah_rm_continuations(header) > GUNYAH_RM_FRAGMENTS_MAX) {
		rm->notification.active = false;
		atomic_inc(&rm->stats.bad_header);
		return;
	}

	if (gunyah_rm_assembly_begin(&rm->notification, header, size))
		finish_notification(rm);
}

static void receive_continuation(struct gunyah_rm *rm, const struct gunyah_rm_header *header,
				 size_t size)
{
	struct gunyah_rm_assembly *notification = &rm->notification;
	struct gunyah_rm_assembly *reply = &rm->reply;

	if (gunyah_rm_assembly_continues(notification, header)) {
		if (!gunyah_rm_assembly_add(notification, header, size)) {
			notification->active = false;
			atomic_inc(&rm->stats.broken_notifications);
		} else if (!notification->left) {
			finish_notification(rm);
		}
	} else if (gunyah_rm_assembly_continues(reply, header)) {
		if (!gunyah_rm_assembly_add(reply, header, size))
			fail_reply(rm, reply->seq, reply->msg_id);
		else if (!reply->left)
			finish_reply(rm);
	} else if (reply->active) {
		/* In the place of a fragment of the reply. */
		fail_reply(rm, reply->seq, reply->msg_id);
	} else {
		atomic_inc(&rm->stats.stray);
	}
}

static void receive_fragment(struct gunyah_rm *rm, size_t size)
{
	const struct gunyah_rm_header *header = (const struct gunyah_rm_header *)rm->rx_buf;

	lockdep_assert_held(&rm->rx_lock);

	if (size < sizeof(*header) || header->api != GUNYAH_RM_API) {
		atomic_inc(&rm->stats.bad_header);
		return;
	}

	size -= sizeof(*header);

	switch (header->type & GUNYAH_RM_TYPE_MASK) {
	case GUNYAH_RM_TYPE_CONTINUATION:
		receive_continuation(rm, header, size);
		break;
	case GUNYAH_RM_TYPE_REPLY:
		receive_reply(rm, header, size);
		break;
	case GUNYAH_RM_TYPE_NOTIFICATION:
		receive_notification(rm, header, size);
		break;
	default:
		atomic_inc(&rm->stats.bad_header);
		break;
	}
}

static void receive_all(struct gunyah_rm *rm)
{
	bool more = true;
	int size;

	lockdep_assert_held(&rm->rx_lock);

	while (more && !rm->rx_closed) {
		size = gunyah_msgq_recv(&rm->msgq, rm->rx_buf, &more);
		if (size < 0)
			cannot_receive(rm, size);
		if (size <= 0)
			return;

		receive_fragment(rm, size);
		cond_resched();
	}
}

void gunyah_rm_receive(struct gunyah_rm *rm)
{
	guard(mutex)(&rm->rx_lock);
	receive_all(rm);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_receive);

void gunyah_rm_release(struct kref *ref)
{
	struct gunyah_rm *rm = container_of(ref, struct gunyah_rm, ref);

	kvfree(rm->notification.buf);
	kvfree(rm->reply.buf);
	kvfree(rm->call.buf);
	of_node_put(rm->irq_parent);
	put_device(rm->dev);
	kfree(rm);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_release);

static int alloc_buffers(struct gunyah_rm *rm)
{
	rm->call.buf = kvmalloc(GUNYAH_RM_MESSAGE_MAX, GFP_KERNEL);
	rm->reply.buf = kvmalloc(GUNYAH_RM_MESSAGE_MAX, GFP_KERNEL);
	rm->notification.buf = kvmalloc(GUNYAH_RM_MESSAGE_MAX, GFP_KERNEL);
	if (!rm->call.buf || !rm->reply.buf || !rm->notification.buf)
		return -ENOMEM;

	return gunyah_rm_notifier_init(&rm->notifier);
}

struct gunyah_rm *gunyah_rm_create(struct device *dev, struct device_node *irq_parent,
				   u64 tx_capid, u64 rx_capid)
{
	struct gunyah_rm *rm;

	static_assert(GUNYAH_MSGQ_MSG_MAX == GUNYAH_RM_FRAGMENT_MAX);

	rm = kzalloc(sizeof(*rm), GFP_KERNEL);
	if (!rm)
		return ERR_PTR(-ENOMEM);

	kref_init(&rm->ref);
	rm->dev = get_device(dev);
	gunyah_msgq_init(&rm->msgq, tx_capid, rx_capid);
	rm->reply_limit_ms = GUNYAH_RM_REPLY_LIMIT_MS;
	rm->queue_limit_ms = GUNYAH_RM_QUEUE_LIMIT_MS;
	spin_lock_init(&rm->lock);
	INIT_LIST_HEAD(&rm->turns);
	init_waitqueue_head(&rm->idle);
	init_completion(&rm->call.done);
	mutex_init(&rm->rx_lock);
	mutex_init(&rm->paging_lock);

	/* A reply to a connection before this one is no reply to this one. */
	rm->next_seq = get_random_u16();

	if (alloc_buffers(rm)) {
		kref_put(&rm->ref, gunyah_rm_release);
		return ERR_PTR(-ENOMEM);
	}

	rm->irq_parent = of_node_get(irq_parent);

	return rm;
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_create);

void gunyah_rm_shutdown(struct gunyah_rm *rm)
{
	scoped_guard(spinlock, &rm->lock) {
		WRITE_ONCE(rm->state, GUNYAH_RM_GONE);
		end_turns(rm);
	}

	/* Nobody takes the wire any more; who has it has a limit. */
	wait_event(rm->idle, !READ_ONCE(rm->busy));

	scoped_guard(mutex, &rm->rx_lock)
		rm->rx_closed = true;

	gunyah_rm_notifier_stop(&rm->notifier);
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_rm_shutdown);
