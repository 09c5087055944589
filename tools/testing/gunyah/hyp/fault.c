// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults on request, and the counts that tell a test where they can be.
 *
 * A rule names a kind of hypercall or of message to the resource manager.  It
 * sees each one of that kind from the moment it is made, fires on the Nth, and
 * on as many after it as it was told; then it stays, used up, until it is
 * cleared, so that a test can ask whether it fired.  Rules hold for the whole
 * machine.  Only what the primary VM does is seen and counted.
 *
 * This file only says what is to be done; the hypercall's and the message's
 * own files do it.
 *
 * Invariant: seen >= fired; a rule with fired == times is never armed.
 */

#include "abi.h"
#include "fault.h"

#define CALLS		0x80U	/* hypercall numbers counted one by one */
#define MESSAGES	64U	/* message ids counted one by one */

struct slot {
	bool used;
	u64 seen, fired;
	struct fault_rule rule;
};

static struct {
	spinlock_t lock;	/* guards all but call[]; a leaf */
	struct slot slot[FAULT_RULES];
	u32 calls_armed;	/* rules about hypercalls that can fire; read without */
	u64 fired;
	u64 call[CALLS + 1];	/* atomic; the last is for all numbers above */
	u32 nr_ids;
	u64 id[MESSAGES], message[MESSAGES];
	u64 messages;
} fault;

static bool armed(const struct slot *s)
{
	return s->used && (s->rule.times == FAULT_ANY || s->fired < s->rule.times);
}

/* Lock held. */
static void count_armed(void)
{
	u32 i, n = 0;

	for (i = 0; i < FAULT_RULES; i++)
		n += armed(&fault.slot[i]) && fault.slot[i].rule.kind == FAULT_HYPERCALL;
	WRITE_ONCE(fault.calls_armed, n);
}

static bool makes_sense(const struct fault_rule *r)
{
	if (r->kind >= FAULT_KINDS || !r->nth || !r->times || r->len > FAULT_BYTES)
		return false;
	switch (r->action) {
	case FAULT_CALL_RESULT:
	case FAULT_CALL_ERROR:
	case FAULT_CALL_NOMEM:
		return r->kind == FAULT_HYPERCALL;
	case FAULT_SPLIT:
		return r->kind == FAULT_REQUEST && r->p[0] && r->p[0] <= 232;
	case FAULT_NOTE:
		return r->kind == FAULT_REQUEST && r->len <= 232;
	case FAULT_RAW:
		return r->kind == FAULT_REQUEST && r->len;
	case FAULT_CUT:
		return r->kind == FAULT_REQUEST && r->p[1] <= FAULT_BYTES;
	case FAULT_BYTE:
		return r->kind == FAULT_REQUEST && r->p[1] < FAULT_BYTES && r->p[2] <= 0xff;
	case FAULT_PAD:
		return r->kind == FAULT_REQUEST && r->p[0] <= 64 * 232;
	case FAULT_NOMEM:
		return r->kind == FAULT_REQUEST && r->p[0];
	case FAULT_REFUSE:
	case FAULT_REPLY_ERROR:
	case FAULT_DROP:
	case FAULT_DROP_REPLY:
	case FAULT_DELAY:
	case FAULT_REPEAT:
	case FAULT_NOTES_LAST:
	case FAULT_SWAP:
		return r->kind == FAULT_REQUEST;
	}
	return false;
}

int fault_add(const struct fault_rule *rule)
{
	int number = -1;
	u32 i;

	if (!makes_sense(rule))
		return -1;
	spin_lock(&fault.lock);
	for (i = 0; i < FAULT_RULES && number < 0; i++) {
		if (fault.slot[i].used)
			continue;
		fault.slot[i] = (struct slot){ .used = true, .rule = *rule };
		number = (int)i;
	}
	count_armed();
	spin_unlock(&fault.lock);
	return number;
}

void fault_clear(u64 number)
{
	u32 i;

	spin_lock(&fault.lock);
	for (i = 0; i < FAULT_RULES; i++) {
		if (number == FAULT_ANY || number == i)
			fault.slot[i].used = false;
	}
	count_armed();
	spin_unlock(&fault.lock);
}

bool fault_seen(u64 number, u64 *seen, u64 *fired)
{
	bool used;

	if (number >= FAULT_RULES)
		return false;
	spin_lock(&fault.lock);
	used = fault.slot[number].used;
	*seen = fault.slot[number].seen;
	*fired = fault.slot[number].fired;
	spin_unlock(&fault.lock);
	return used;
}

u64 fault_armed(void)
{
	u64 n = 0;
	u32 i;

	spin_lock(&fault.lock);
	for (i = 0; i < FAULT_RULES; i++)
		n += armed(&fault.slot[i]);
	spin_unlock(&fault.lock);
	return n;
}

u64 fault_fired(void)
{
	return READ_ONCE(fault.fired);
}

void fault_mark(void)
{
	u32 i;

	spin_lock(&fault.lock);
	for (i = 0; i <= CALLS; i++)
		__atomic_store_n(&fault.call[i], 0, __ATOMIC_RELAXED);
	fault.nr_ids = 0;
	fault.messages = 0;
	spin_unlock(&fault.lock);
}

static u64 calls(u64 nr)
{
	u64 n = 0;
	u32 i;

	if (nr != FAULT_ANY)
		return __atomic_load_n(&fault.call[MIN(nr, (u64)CALLS)], __ATOMIC_RELAXED);
	for (i = 0; i <= CALLS; i++)
		n += __atomic_load_n(&fault.call[i], __ATOMIC_RELAXED);
	return n;
}

u64 fault_count(enum fault_kind kind, u64 key)
{
	u64 n = 0;
	u32 i;

	if (kind == FAULT_HYPERCALL)
		return calls(key);
	spin_lock(&fault.lock);
	if (key == FAULT_ANY)
		n = fault.messages;
	for (i = 0; i < fault.nr_ids; i++) {
		if (fault.id[i] == key)
			n = fault.message[i];
	}
	spin_unlock(&fault.lock);
	return n;
}

/* Lock held.  Ids above the table are in the sum only. */
static void count_message(u64 id)
{
	u32 i;

	fault.messages++;
	for (i = 0; i < fault.nr_ids && fault.id[i] != id; i++)
		;
	if (i == MESSAGES)
		return;
	if (i == fault.nr_ids) {
		fault.id[i] = id;
		fault.message[i] = 0;
		fault.nr_ids++;
	}
	fault.message[i]++;
}

/* One of Gunyah's own: they are counted, and what FAULT_ANY is about. */
static bool own_call(u64 nr)
{
	return nr != SMCCC_CALL_UID;
}

static bool hits(const struct fault_rule *r, enum fault_kind kind, u64 key, u64 target)
{
	if (r->kind != kind || (r->key != FAULT_ANY && r->key != key))
		return false;
	if (r->key == FAULT_ANY && kind == FAULT_HYPERCALL && !own_call(key))
		return false;
	return !r->target || r->target == target || r->target == (target & 0xffff);
}

/* Lock held: one more of its kind; true when the rule fires. */
static bool fires(struct slot *s, enum fault_kind kind, u64 key, u64 target)
{
	if (!s->used || !hits(&s->rule, kind, key, target))
		return false;
	s->seen++;
	if (s->seen < s->rule.nth || !armed(s))
		return false;
	s->fired++;
	fault.fired++;
	return true;
}

bool fault_looks(void)
{
	return READ_ONCE(fault.calls_armed);
}

/**
 * fault_hypercall() - count a hypercall, and look whether it is to go wrong
 * @nr: its number, or SMCCC_CALL_UID
 * @target: vmid | (vCPU + 1) << 16 of the vCPU that is to be run, else 0
 * @f: filled in when it is
 *
 * Context: no lock held; takes leaf locks when a rule is armed.
 * Return: true when a rule fired; the first one counts.
 */
bool fault_hypercall(u64 nr, u64 target, struct fault_call *f)
{
	bool found = false;
	u32 i;

	if (own_call(nr))
		__atomic_fetch_add(&fault.call[MIN(nr, (u64)CALLS)], 1, __ATOMIC_RELAXED);
	if (!fault_looks())
		return false;
	spin_lock(&fault.lock);
	for (i = 0; i < FAULT_RULES; i++) {
		struct slot *s = &fault.slot[i];

		if (!fires(s, FAULT_HYPERCALL, nr, target) || found)
			continue;
		found = true;
		f->skip = s->rule.action == FAULT_CALL_RESULT;
		f->error = s->rule.action == FAULT_CALL_ERROR;
		f->starve = s->rule.action == FAULT_CALL_NOMEM;
		memcpy(f->result, s->rule.p, sizeof(f->result));
	}
	if (found)
		count_armed();
	spin_unlock(&fault.lock);
	if (found)
		fault_note_call(nr, !f->skip);
	return found;
}

static void shape(struct fault_reply *r, const struct fault_rule *rule)
{
	struct fault_insert *in;

	switch (rule->action) {
	case FAULT_REPEAT:
		r->again = (u32)rule->p[0];
		break;
	case FAULT_SPLIT:
		r->split = (u32)rule->p[0];
		break;
	case FAULT_SWAP:
		r->swap = true;
		r->swapped = (u32)rule->p[0];
		break;
	case FAULT_NOTE:
	case FAULT_RAW:
		if (r->nr_inserts == FAULT_INSERTS)
			break;
		in = &r->insert[r->nr_inserts++];
		in->raw = rule->action == FAULT_RAW;
		in->id = (u32)rule->p[0];
		in->piece = (u32)rule->p[1];
		in->len = rule->len;
		memcpy(in->data, rule->data, rule->len);
		break;
	case FAULT_BYTE:
		if (r->nr_bytes == FAULT_EDITS)
			break;
		r->byte[r->nr_bytes].piece = (u32)rule->p[0];
		r->byte[r->nr_bytes].at = (u32)rule->p[1];
		r->byte[r->nr_bytes++].value = (u8)rule->p[2];
		break;
	case FAULT_CUT:
		if (r->nr_cuts == FAULT_EDITS)
			break;
		r->cut[r->nr_cuts].piece = (u32)rule->p[0];
		r->cut[r->nr_cuts++].len = (u32)rule->p[1];
		break;
	default:
		break;
	}
}

static void apply(struct fault_request *f, const struct fault_rule *rule)
{
	switch (rule->action) {
	case FAULT_REFUSE:
	case FAULT_REPLY_ERROR:
		f->skip |= rule->action == FAULT_REFUSE;
		f->error = true;
		f->code = (u32)rule->p[0];
		return;
	case FAULT_DROP:
	case FAULT_DROP_REPLY:
		f->skip |= rule->action == FAULT_DROP;
		f->silent = true;
		return;
	case FAULT_DELAY:
		f->delay = rule->p[0];
		return;
	case FAULT_PAD:
		f->pad = (u32)rule->p[0];
		return;
	case FAULT_NOTES_LAST:
		f->notes_last = true;
		return;
	case FAULT_NOMEM:
		f->nomem = (u32)rule->p[0];
		return;
	default:
		break;
	}
	if (!f->reply)
		f->reply = hyp_alloc(sizeof(*f->reply));
	if (f->reply)
		shape(f->reply, rule);
}

/**
 * fault_request() - count a request, and look what is to become of it
 * @id: its message id
 * @target: the vmid that it begins with, or 0
 * @f: filled in
 *
 * Context: takes a leaf lock.
 */
void fault_request(u64 id, u64 target, struct fault_request *f)
{
	u32 i;

	*f = (struct fault_request){};
	spin_lock(&fault.lock);
	count_message(id);
	for (i = 0; i < FAULT_RULES; i++) {
		struct slot *s = &fault.slot[i];

		if (!fires(s, FAULT_REQUEST, id, target))
			continue;
		f->fired++;
		apply(f, &s->rule);
	}
	spin_unlock(&fault.lock);
}
