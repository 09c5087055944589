// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager's messages: headers, fragments, replies.
 *
 * A channel is a pair of queues of one VM.  Coming in, at most one request is
 * being put together; what does not fit is dropped in silence (facts 25, 26).
 *
 * Going out, there are three places besides the queue (facts 23, 24): the
 * message that is being sent, which may have fragments left; one reply that
 * waits, which the next reply replaces; and a list of notifications, none of
 * which is lost.  When the receiver has emptied the queue, the message being
 * sent goes on, then the waiting reply, then the notifications.
 *
 * All functions are called with the resource manager's lock held.
 */

#include "../abi.h"
#include "../msgq.h"
#include "rm.h"

#define RPC_API			0x21	/* version 1, header of 2 words */
#define RPC_HEADER		8
#define RPC_FRAGMENT		(RM_QUEUE_SIZE - RPC_HEADER)
#define RPC_MAX_FRAGMENTS	62	/* continuations */
#define RPC_BUF_ORDER		2	/* 16 KiB holds RM_MAX_PAYLOAD */

enum rpc_type { RPC_CONTINUATION, RPC_REQUEST, RPC_REPLY, RPC_NOTIFICATION };

/* A message on its way out; its buffer holds all behind the header. */
struct rpc_out {
	u8 type;
	u16 seq;
	u32 id;
	u8 *data;
	u32 len;
	u32 pos;		/* bytes sent */
	u32 sent;		/* fragments sent */
	bool used;
};

struct rpc_note {
	struct rpc_note *next;
	u16 seq;
	u32 id;
	u32 len;
	u8 data[];
};

struct rm_channel {
	u16 vmid;
	struct msgq *in, *out;

	bool partial;		/* a request is being put together */
	u16 seq;
	u32 id;
	u8 fragments, left;
	u8 *data;
	u32 len;

	struct rpc_out cur, wait;
	struct rpc_note *first, **tail;
};

struct rm_channel *rm_primary_channel;

static struct {
	u16 note_seq;		/* one counter for all notifications (fact 21) */
	bool dead;
} rpc;

bool rm_dead(void)
{
	return rpc.dead;
}

void rm_die(const char *why)
{
	rpc.dead = true;
	rm_log_event("dead %s", why);
}

void rm_reply_put(struct rm_reply *rp, const void *data, u32 len)
{
	if (len > RM_MAX_PAYLOAD - 4 - rp->len)
		return;
	memcpy(rp->data + rp->len, data, len);
	rp->len += len;
}

void rm_reply_put32(struct rm_reply *rp, u32 v)
{
	u8 b[4];

	rm_set32(b, v);
	rm_reply_put(rp, b, sizeof(b));
}

struct rm_channel *rm_channel_new(u16 vmid, struct msgq *in, struct msgq *out)
{
	struct rm_channel *ch = hyp_alloc(sizeof(*ch));

	if (!ch)
		return NULL;
	ch->vmid = vmid;
	ch->in = in;
	ch->out = out;
	ch->tail = &ch->first;
	ch->data = page_alloc(RPC_BUF_ORDER);
	ch->cur.data = page_alloc(RPC_BUF_ORDER);
	ch->wait.data = page_alloc(RPC_BUF_ORDER);
	if (!ch->data || !ch->cur.data || !ch->wait.data) {
		rm_channel_free(ch);
		return NULL;
	}
	return ch;
}

void rm_channel_free(struct rm_channel *ch)
{
	struct rpc_note *n;

	while ((n = ch->first)) {
		ch->first = n->next;
		hyp_free(n);
	}
	if (ch->data)
		page_free(ch->data, RPC_BUF_ORDER);
	if (ch->cur.data)
		page_free(ch->cur.data, RPC_BUF_ORDER);
	if (ch->wait.data)
		page_free(ch->wait.data, RPC_BUF_ORDER);
	hyp_free(ch);
}

/* ---- out ---- */

static void set_header(u8 *msg, u8 type, u32 fragments, u16 seq, u32 id)
{
	msg[0] = RPC_API;
	msg[1] = (u8)(type | fragments << 2);
	rm_set16(msg + 2, seq);
	rm_set32(msg + 4, id);
}

/* Continuations that a message needs beside its first fragment. */
static u32 continuations(u32 len)
{
	return len ? (len - 1) / RPC_FRAGMENT : 0;
}

/* Sends as many fragments as there is room for; true when all are sent. */
static bool out_send(struct rm_channel *ch, struct rpc_out *o)
{
	u32 more = continuations(o->len);
	u8 msg[RM_QUEUE_SIZE];
	bool ready;

	while (o->sent <= more) {
		u32 part = MIN(o->len - o->pos, (u32)RPC_FRAGMENT);

		set_header(msg, o->sent ? RPC_CONTINUATION : o->type, more, o->seq, o->id);
		memcpy(msg + RPC_HEADER, o->data + o->pos, part);
		if (msgq_send(ch->out, msg, RPC_HEADER + part, false, &ready))
			return false;
		o->pos += part;
		o->sent++;
	}
	return true;
}

static bool note_send(struct rm_channel *ch, const struct rpc_note *n)
{
	u8 msg[RM_QUEUE_SIZE];
	bool ready;

	set_header(msg, RPC_NOTIFICATION, 0, n->seq, n->id);
	memcpy(msg + RPC_HEADER, n->data, n->len);
	return !msgq_send(ch->out, msg, RPC_HEADER + n->len, false, &ready);
}

/* Sends what waits, as far as there is room. */
static void channel_pump(struct rm_channel *ch)
{
	while (ch->cur.used) {
		struct rpc_out done = ch->cur;

		if (!out_send(ch, &ch->cur))
			return;
		ch->cur = ch->wait;
		ch->wait = done;
		ch->wait.used = false;
	}
	while (ch->first) {
		struct rpc_note *n = ch->first;

		if (!note_send(ch, n))
			return;
		ch->first = n->next;
		if (!ch->first)
			ch->tail = &ch->first;
		hyp_free(n);
	}
}

/**
 * rm_channel_notify() - send a notification, or keep it until there is room
 * @ch: the channel
 * @id: message id
 * @payload: behind the header, at most one fragment
 * @len: its length
 */
void rm_channel_notify(struct rm_channel *ch, u32 id, const void *payload, u32 len)
{
	struct rpc_note *n;

	if (rpc.dead || len > RPC_FRAGMENT)
		return;
	n = hyp_alloc(sizeof(*n) + len);
	if (!n) {
		rm_die("no memory for a notification");
		return;
	}
	n->seq = rpc.note_seq++;
	n->id = id;
	n->len = len;
	memcpy(n->data, payload, len);
	*ch->tail = n;
	ch->tail = &n->next;
	channel_pump(ch);
}

static void channel_reply(struct rm_channel *ch, const struct rm_request *rq, u16 seq, u32 err,
			  u32 len, u8 *data)
{
	struct rpc_out *o = ch->cur.used ? &ch->wait : &ch->cur;

	/* The handler wrote its payload behind the place of the error word. */
	rm_set32(data, err);
	memcpy(o->data, data, 4 + len);
	o->type = RPC_REPLY;
	o->seq = seq;
	o->id = rq->id;
	o->len = 4 + len;
	o->pos = 0;
	o->sent = 0;
	o->used = true;
	channel_pump(ch);
}

/* ---- in ---- */

static u32 dispatch(const struct rm_request *rq, struct rm_reply *rp)
{
	u32 i;

	for (i = 0; i < rm_profile->nr_calls; i++) {
		const struct rm_call *c = &rm_profile->calls[i];

		if (c->id != rq->id)
			continue;
		/* A guest may ask who it is; all else is the owner's. */
		if (rq->from != VMID_PRIMARY && !c->guests)
			return RM_DENIED;
		return c->handle(rq, rp);
	}
	return RM_UNIMPLEMENTED;
}

static void channel_request(struct rm_channel *ch)
{
	static u8 reply_buf[RM_MAX_PAYLOAD] __aligned(8);	/* guarded by the rm lock */
	struct rm_request rq = { .from = ch->vmid, .id = ch->id, .data = ch->data, .len = ch->len };
	struct rm_reply rp = { .data = reply_buf + 4 };
	u32 err;

	rm_late_before_request();
	err = dispatch(&rq, &rp);
	if (rp.drop || rpc.dead)
		return;
	channel_reply(ch, &rq, ch->seq, err, rp.len, reply_buf);
	if (rp.die_after)
		rm_die(rp.die_after);
}

static void channel_append(struct rm_channel *ch, const u8 *payload, u32 len)
{
	memcpy(ch->data + ch->len, payload, len);
	ch->len += len;
	if (ch->left)
		return;
	ch->partial = false;
	channel_request(ch);
}

static void channel_message(struct rm_channel *ch, const u8 *msg, u32 len)
{
	u32 fragments, id;
	u16 seq;

	if (len < RPC_HEADER || msg[0] != RPC_API)
		return;
	fragments = msg[1] >> 2;
	seq = rm_get16(msg + 2);
	id = rm_get32(msg + 4);

	switch (msg[1] & 3) {
	case RPC_REQUEST:
		if (fragments > RPC_MAX_FRAGMENTS)
			return;
		ch->partial = true;
		ch->seq = seq;
		ch->id = id;
		ch->fragments = (u8)fragments;
		ch->left = (u8)fragments;
		ch->len = 0;
		channel_append(ch, msg + RPC_HEADER, len - RPC_HEADER);
		break;
	case RPC_CONTINUATION:
		if (!ch->partial || fragments != ch->fragments || seq != ch->seq || id != ch->id)
			return;
		ch->left--;
		channel_append(ch, msg + RPC_HEADER, len - RPC_HEADER);
		break;
	default:
		break;
	}
}

static bool take_copy(void *ctx, const void *data, u32 len)
{
	memcpy(ctx, data, len);
	return true;
}

static void channel_work(struct rm_channel *ch)
{
	u8 msg[RM_QUEUE_SIZE];
	bool ready;
	u32 len;

	while (!rpc.dead && !msgq_recv(ch->in, sizeof(msg), take_copy, msg, &len, &ready))
		channel_message(ch, msg, len);
}

void rm_rpc_work(void)
{
	struct rm_vm *vm = NULL;

	channel_work(rm_primary_channel);
	while ((vm = rm_vm_next(vm))) {
		if (!vm->channel)
			continue;
		channel_work(vm->channel);
		channel_pump(vm->channel);
	}
}

/* The primary VM sent; a push is taken up at once, anything else soon. */
void rm_queue_sent(struct msgq *q, bool push)
{
	if (!push) {
		rm_defer();
		return;
	}
	rm_lock();
	rm_rpc_work();
	rm_unlock();
}

/* A guest's vCPU is loaded: the lock must not be waited for here. */
void rm_queue_guest(struct msgq *q, bool hard)
{
	rm_defer();
}

/* The primary VM has read all there was. */
void rm_queue_read(struct msgq *q, bool hard)
{
	rm_lock();
	if (!rpc.dead)
		channel_pump(rm_primary_channel);
	rm_unlock();
}
