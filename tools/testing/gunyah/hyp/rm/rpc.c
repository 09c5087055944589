// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager's messages: headers, fragments, replies.
 *
 * A channel is a pair of queues of one VM.  Coming in, at most one request is
 * being put together; what does not fit is dropped in silence (facts 25, 26).
 *
 * Going out: see rpc_out.c.
 *
 * All functions are called with the resource manager's lock held.
 */

#include "../cpu.h"
#include "rpc.h"

struct rm_channel *rm_primary_channel;

struct rpc rpc;

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
	rpc_drop_out(ch);
	if (ch->data)
		page_free(ch->data, RPC_BUF_ORDER);
	if (ch->cur.data)
		page_free(ch->cur.data, RPC_BUF_ORDER);
	if (ch->wait.data)
		page_free(ch->wait.data, RPC_BUF_ORDER);
	hyp_free(ch);
}

/* ---- in ---- */

static const struct rm_call *find_call(const struct rm_call *calls, u32 nr, u32 id)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (calls[i].id == id)
			return &calls[i];
	}
	return NULL;
}

static u32 dispatch(const struct rm_request *rq, struct rm_reply *rp)
{
	const struct rm_call *c;

	c = find_call(rm_profile->calls, rm_profile->nr_calls, rq->id);
	if (!c)
		c = find_call(rm_profile->more, rm_profile->nr_more, rq->id);
	if (!c)
		return RM_UNIMPLEMENTED;
	/* A guest may ask who it is; all else is the owner's. */
	if (rq->from != VMID_PRIMARY && !c->guests)
		return RM_DENIED;
	return c->handle(rq, rp);
}

/* The vmid that most requests begin with; rules can name it. */
static u64 fault_target(const struct rm_request *rq)
{
	return rq->len >= 2 && (rq->id >> 24) == 0x56 ? rm_get16(rq->data) : 0;
}

static u32 handle(struct rm_channel *ch, const struct rm_request *rq, struct rm_reply *rp,
		  struct fault_request *f)
{
	u32 err = RM_OK;

	if (rq->from == VMID_PRIMARY)
		fault_request(rq->id, fault_target(rq), f);
	ch->hold_notes = f->notes_last;
	if (f->fired)
		rm_log_event("fault id=0x%x target=0x%x%s%s", rq->id, (u32)fault_target(rq),
			     f->skip ? " not-done" : "", f->silent ? " no-reply" : "");
	cpu_this()->objects = f->nomem;
	if (!f->skip)
		err = dispatch(rq, rp);
	cpu_this()->objects = 0;
	if (!f->error)
		return err;
	rp->len = 0;
	return f->code;
}

static void channel_request(struct rm_channel *ch)
{
	static u8 reply_buf[RPC_FRAGMENT * 64] __aligned(8);	/* guarded by the rm lock */
	struct rm_request rq = { .from = ch->vmid, .id = ch->id, .data = ch->data, .len = ch->len };
	struct rm_reply rp = { .data = reply_buf + 4 };
	struct fault_request f = {};
	u32 len;

	rm_late_before_request();
	rm_set32(reply_buf, handle(ch, &rq, &rp, &f));
	len = 4 + rp.len;
	if (f.pad > len) {
		memset(reply_buf + len, 0, f.pad - len);
		len = f.pad;
	}
	if (rp.drop || rpc.dead || f.silent)
		hyp_free(f.reply);
	else if (f.delay)
		rpc_reply_late(ch->seq, ch->id, reply_buf, len, &f);
	else
		rpc_reply(ch, ch->seq, ch->id, reply_buf, len, f.reply);
	if (f.notes_last) {
		ch->hold_notes = false;
		rpc_pump(ch);
	}
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

/**
 * rm_rpc_stall() - leave the primary VM's requests in their queue
 * @us: for this long from now, 0: take them up
 */
void rm_rpc_stall(u64 us)
{
	rpc.stalled = us ? hyp_time_us() + us : 0;
	rm_defer_until(rpc.stalled ? rpc.stalled : hyp_time_us());
}

/**
 * rm_rpc_revive() - as after the boot, but for the count of notifications
 *
 * Requests that were not taken up are thrown away; replies and notifications
 * that wait in the queue to the primary VM stay there.
 */
void rm_rpc_revive(void)
{
	struct rm_channel *ch = rm_primary_channel;
	u8 msg[RM_QUEUE_SIZE];
	bool ready;
	u32 len;

	while (!msgq_recv(ch->in, sizeof(msg), take_copy, msg, &len, &ready))
		;
	rpc_drop_late();
	rpc_drop_out(ch);
	ch->partial = false;
	rpc.stalled = 0;
	rpc.dead = false;
}

void rm_rpc_work(void)
{
	struct rm_vm *vm = NULL;

	if (rpc.stalled <= hyp_time_us())
		channel_work(rm_primary_channel);
	while ((vm = rm_vm_next(vm))) {
		if (!vm->channel)
			continue;
		channel_work(vm->channel);
		rpc_pump(vm->channel);
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
		rpc_pump(rm_primary_channel);
	rm_unlock();
}
