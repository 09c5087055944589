// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager's messages on their way out.
 *
 * There are three places besides the queue (facts 23, 24): the message that is
 * being sent, which may have fragments left; one reply that waits, which the
 * next reply replaces; and a list of notifications, none of which is lost.
 * When the receiver has emptied the queue, the message being sent goes on, then
 * the waiting reply, then the notifications.
 *
 * A test may ask for a reply that is wrong: see ../fault.h.  Such a reply
 * carries the shape it goes out in; one that is to be late waits apart from all
 * others, and nothing waits for it.
 *
 * All functions are called with the resource manager's lock held.
 */

#include "../cpu.h"
#include "rpc.h"

static void drop_notes(struct rm_channel *ch)
{
	struct rpc_note *n;

	while ((n = ch->first)) {
		ch->first = n->next;
		hyp_free(n);
	}
	ch->tail = &ch->first;
}

static void out_done(struct rpc_out *o)
{
	hyp_free(o->fault);
	o->fault = NULL;
	o->used = false;
}

void rpc_drop_out(struct rm_channel *ch)
{
	drop_notes(ch);
	out_done(&ch->cur);
	out_done(&ch->wait);
}

static void set_header(u8 *msg, u8 type, u32 fragments, u16 seq, u32 id)
{
	msg[0] = RPC_API;
	msg[1] = (u8)(type | fragments << 2);
	rm_set16(msg + 2, seq);
	rm_set32(msg + 4, id);
}

/* Payload bytes in a fragment of this message. */
static u32 fragment_size(const struct rpc_out *o)
{
	return o->fault && o->fault->split ? o->fault->split : RPC_FRAGMENT;
}

/* Continuations that a message needs beside its first fragment. */
static u32 continuations(const struct rpc_out *o)
{
	return o->len ? (o->len - 1) / fragment_size(o) : 0;
}

static bool note_send(struct rm_channel *ch, const struct rpc_note *n)
{
	u8 msg[RM_QUEUE_SIZE];
	u32 head = 0;
	bool ready;

	if (!n->raw) {
		set_header(msg, RPC_NOTIFICATION, 0, n->seq, n->id);
		head = RPC_HEADER;
	}
	memcpy(msg + head, n->data, n->len);
	return !msgq_send(ch->out, msg, head + n->len, false, &ready);
}

/* What a test wants in front of the next fragment; false when there is no room. */
static bool send_inserts(struct rm_channel *ch, const struct rpc_out *o)
{
	u8 msg[RM_QUEUE_SIZE];
	bool ready;
	u32 i;

	for (i = 0; i < o->fault->nr_inserts; i++) {
		struct fault_insert *in = &o->fault->insert[i];
		u32 head = in->raw ? 0 : RPC_HEADER;

		if (in->sent || in->piece != o->sent)
			continue;
		if (!msgq_room(ch->out))
			return false;
		if (!in->raw)
			set_header(msg, RPC_NOTIFICATION, 0, rpc.note_seq++, in->id);
		memcpy(msg + head, in->data, in->len);
		if (msgq_send(ch->out, msg, head + in->len, false, &ready))
			return false;
		in->sent = true;
	}
	return true;
}

/* Changes a fragment as a test wants; returns its length, 0: leave it out. */
static u32 spoil(const struct rpc_out *o, u8 *msg, u32 len)
{
	u32 i;

	for (i = 0; i < o->fault->nr_bytes; i++) {
		if (o->fault->byte[i].piece == o->sent)
			msg[o->fault->byte[i].at] = o->fault->byte[i].value;
	}
	for (i = 0; i < o->fault->nr_cuts; i++) {
		if (o->fault->cut[i].piece == o->sent)
			len = MIN(len, o->fault->cut[i].len);
	}
	return len;
}

/* Which fragment goes out as the next one. */
static u32 next_fragment(const struct rpc_out *o, u32 more)
{
	if (!o->fault || !o->fault->swap || o->fault->swapped >= more)
		return o->sent;
	if (o->sent == o->fault->swapped)
		return o->sent + 1;
	return o->sent == o->fault->swapped + 1 ? o->sent - 1 : o->sent;
}

static bool fragment_send(struct rm_channel *ch, struct rpc_out *o, u32 more)
{
	u32 fragment = next_fragment(o, more), pos = fragment * fragment_size(o);
	u32 part = MIN(o->len - pos, fragment_size(o));
	u8 msg[RM_QUEUE_SIZE];
	u32 len = RPC_HEADER + part;
	bool ready;

	set_header(msg, fragment ? RPC_CONTINUATION : o->type, more, o->seq, o->id);
	memcpy(msg + RPC_HEADER, o->data + pos, part);
	if (o->fault) {
		if (!send_inserts(ch, o))
			return false;
		len = spoil(o, msg, len);
	}
	if (len && msgq_send(ch->out, msg, len, false, &ready))
		return false;
	o->sent++;
	return true;
}

/* Sends as many fragments as there is room for; true when all are sent. */
static bool out_send(struct rm_channel *ch, struct rpc_out *o)
{
	u32 more = continuations(o);

	for (;;) {
		while (o->sent <= more) {
			if (!fragment_send(ch, o, more))
				return false;
		}
		if (o->fault && !send_inserts(ch, o))
			return false;
		if (!o->fault || !o->fault->again)
			return true;
		o->fault->again--;
		o->sent = 0;
	}
}

void rpc_pump(struct rm_channel *ch)
{
	while (ch->cur.used) {
		struct rpc_out done = ch->cur;

		if (!out_send(ch, &ch->cur))
			return;
		ch->cur = ch->wait;
		ch->wait = done;
		out_done(&ch->wait);
	}
	while (ch->first && !ch->hold_notes) {
		struct rpc_note *n = ch->first;

		if (!note_send(ch, n))
			return;
		ch->first = n->next;
		if (!ch->first)
			ch->tail = &ch->first;
		hyp_free(n);
	}
}

static void channel_note(struct rm_channel *ch, bool raw, u32 id, const void *data, u32 len)
{
	struct cpu *cpu = cpu_this();
	u32 objects = cpu->objects;
	struct rpc_note *n;

	/* FAULT_NOMEM is not about these: a lost one is the end of all (rm_die()). */
	cpu->objects = 0;
	n = hyp_alloc(sizeof(*n) + len);
	cpu->objects = objects;
	if (!n) {
		rm_die("no memory for a notification");
		return;
	}
	n->raw = raw;
	n->seq = raw ? 0 : rpc.note_seq++;
	n->id = id;
	n->len = len;
	memcpy(n->data, data, len);
	*ch->tail = n;
	ch->tail = &n->next;
	rpc_pump(ch);
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
	if (!rpc.dead && len <= RPC_FRAGMENT)
		channel_note(ch, false, id, payload, len);
}

/**
 * rm_channel_raw() - send any bytes, in their turn among the notifications
 * @ch: the channel
 * @msg: a queue message, with what should be its header
 * @len: its length, 1 to RM_QUEUE_SIZE
 */
void rm_channel_raw(struct rm_channel *ch, const void *msg, u32 len)
{
	if (!rpc.dead && len && len <= RM_QUEUE_SIZE)
		channel_note(ch, true, 0, msg, len);
}

void rpc_reply(struct rm_channel *ch, u16 seq, u32 id, const u8 *data, u32 len,
	       struct fault_reply *fault)
{
	struct rpc_out *o = ch->cur.used ? &ch->wait : &ch->cur;

	out_done(o);
	memcpy(o->data, data, len);
	o->type = RPC_REPLY;
	o->seq = seq;
	o->id = id;
	o->len = len;
	o->sent = 0;
	o->used = true;
	o->fault = fault;
	rpc_pump(ch);
}

/* ---- replies that a test wants late ---- */

void rpc_reply_late(u16 seq, u32 id, const u8 *data, u32 len, const struct fault_request *f)
{
	struct rpc_late *l = hyp_alloc(sizeof(*l) + len);

	if (!l)
		hyp_panic("no memory for a late reply");
	l->due = hyp_time_us() + f->delay;
	l->seq = seq;
	l->id = id;
	l->len = len;
	l->fault = f->reply;
	memcpy(l->data, data, len);
	l->next = rpc.late;
	rpc.late = l;
	rm_defer_until(l->due);
}

void rpc_drop_late(void)
{
	struct rpc_late *l;

	while ((l = rpc.late)) {
		rpc.late = l->next;
		hyp_free(l->fault);
		hyp_free(l);
	}
}

/**
 * rm_rpc_due() - send the late replies whose time has come
 * @now: the time
 */
void rm_rpc_due(u64 now)
{
	struct rpc_late **at = &rpc.late, *l;
	u64 next = rpc.stalled > now ? rpc.stalled : 0;

	while ((l = *at)) {
		if (l->due > now) {
			next = next ? MIN(next, l->due) : l->due;
			at = &l->next;
			continue;
		}
		*at = l->next;
		if (!rpc.dead)
			rpc_reply(rm_primary_channel, l->seq, l->id, l->data, l->len, l->fault);
		else
			hyp_free(l->fault);
		hyp_free(l);
	}
	if (next)
		rm_defer_until(next);
}
