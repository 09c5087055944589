// SPDX-License-Identifier: GPL-2.0-only
/* Calls to the resource manager: one at a time, notifications in between. */

#include "isolation.h"

#define MSG_MAX			240
#define FRAGMENT		232
#define TYPE_CONTINUATION	0
#define TYPE_REQUEST		1
#define TYPE_REPLY		2
#define TYPE_NOTIFICATION	3

#define ID_MEM_LEND		0x51000012U
#define ID_MEM_SHARE		0x51000013U
#define ID_MEM_RECLAIM		0x51000015U
#define ID_MEM_APPEND		0x51000018U
#define ID_VM_ALLOC		0x56000001U
#define ID_VM_DEALLOC		0x56000002U
#define ID_VM_STATUS		0x56100008U

#define ERR_FULL		61

/* Longer than any answer takes; one of the tests waits for none. */
#define APPEND_MS		1000

static u8 msg[MSG_MAX] __aligned(8);
static u8 answer[2048];
static u32 answer_len, answer_left;	/* left: fragments that are to come */
static u8 status[256];		/* of each vmid */
static u16 next_seq;

static void set16(u8 *p, u32 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
}

static void set32(u8 *p, u32 v)
{
	set16(p, v);
	set16(p + 2, v >> 16);
}

static void set64(u8 *p, u64 v)
{
	set32(p, (u32)v);
	set32(p + 4, (u32)(v >> 32));
}

static u32 get32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

/* Takes one message; false when there is none. */
static bool take(u32 *len)
{
	u64 size, ready;

	gic_poll();
	if (hyp_msgq_recv(rm_rx_cap, msg, MSG_MAX, &size, &ready) || size < 8)
		return false;
	*len = (u32)size;
	if ((msg[1] & 3) == TYPE_NOTIFICATION && get32(msg + 4) == ID_VM_STATUS)
		status[msg[8]] = msg[12];
	return true;
}

/* True when it is the last fragment of the reply waited for. */
static bool collect(u32 len, u32 id, u16 seq)
{
	u32 type = msg[1] & 3;

	if (get32(msg + 4) != id || (msg[2] | msg[3] << 8) != seq)
		return false;
	if (type == TYPE_REPLY) {
		answer_len = 0;
		answer_left = msg[1] >> 2;
	} else if (type == TYPE_CONTINUATION && answer_left) {
		answer_left--;
	} else {
		return false;
	}
	if (len - 8 <= sizeof(answer) - answer_len) {
		memcpy(answer + answer_len, msg + 8, len - 8);
		answer_len += len - 8;
	}
	return !answer_left;
}

static bool send_fragment(u32 len, bool last)
{
	u64 end = now_ms() + WAIT_MS;
	u64 ready, err;

	do {
		err = hyp_msgq_send(rm_tx_cap, len, msg, last, 0, &ready);
		if (err == ERR_FULL)
			idle();
	} while (err == ERR_FULL && now_ms() < end);
	return !err;
}

static bool send(u32 id, u16 seq, const u8 *payload, u32 len)
{
	u32 more = len ? (len - 1) / FRAGMENT : 0;
	u32 part, i;

	for (i = 0; i <= more; i++) {
		part = MIN(len, (u32)FRAGMENT);
		msg[0] = 0x21;
		msg[1] = (u8)(more << 2 | (i ? TYPE_CONTINUATION : TYPE_REQUEST));
		set16(msg + 2, seq);
		set32(msg + 4, id);
		memcpy(msg + 8, payload, part);
		if (!send_fragment(part + 8, i == more))
			return false;
		payload += part;
		len -= part;
	}
	return true;
}

u32 rm_call_within(u32 id, const u8 *payload, u32 len, u64 ms)
{
	u64 end = now_ms() + ms;
	u16 seq = next_seq++;
	u32 got;

	answer_len = 0;
	answer_left = 0;
	if (!send(id, seq, payload, len))
		return ~0U;
	while (now_ms() < end) {
		if (!take(&got))
			idle();
		else if (collect(got, id, seq))
			return get32(answer);
	}
	return ~0U;
}

u32 rm_call(u32 id, const u8 *payload, u32 len)
{
	return rm_call_within(id, payload, len, WAIT_MS);
}

const u8 *rm_reply(void)
{
	return answer + 4;
}

u32 rm_lend(u64 ipa, u64 size, u16 vmid, u8 rights, u8 owner_rights, u32 label, u8 flags)
{
	u8 p[64] = { 0 };
	u32 n = 8;

	p[2] = flags;
	set32(p + 4, label);
	set16(p + n, owner_rights ? 2 : 1);
	n += 4;
	set16(p + n, vmid);
	p[n + 2] = rights;
	n += 4;
	if (owner_rights) {
		set16(p + n, 3);
		p[n + 2] = owner_rights;
		n += 4;
	}
	set16(p + n, 1);
	set64(p + n + 4, ipa);
	set64(p + n + 12, size);
	n += 24;
	if (rm_call(owner_rights ? ID_MEM_SHARE : ID_MEM_LEND, p, n))
		return ~0U;
	return get32(rm_reply());
}

/* Entries of one page each, from @ipa on. */
static u32 put_pages(u8 *p, u64 ipa, u32 pages)
{
	u32 i;

	set16(p, pages);
	for (i = 0; i < pages; i++) {
		set64(p + 4 + 16 * i, ipa + i * PAGE_SIZE);
		set64(p + 12 + 16 * i, PAGE_SIZE);
	}
	return 4 + 16 * pages;
}

u32 rm_lend_pages(u64 ipa, u32 pages, u16 vmid)
{
	static u8 p[24 + 16 * MAX_LIST];
	u32 n = MIN(pages, (u32)MAX_LIST);

	memset(p, 0, sizeof(p));
	p[2] = pages > MAX_LIST ? 2 : 0;
	set16(p + 8, 1);
	set16(p + 12, vmid);
	p[14] = R | W | X;
	/* The list of attributes is left out. */
	if (rm_call(ID_MEM_LEND, p, 16 + put_pages(p + 16, ipa, n)))
		return ~0U;
	return get32(rm_reply());
}

u32 rm_append_pages(u32 handle, u64 ipa, u32 pages, bool done)
{
	static u8 p[12 + 16 * MAX_LIST];

	memset(p, 0, sizeof(p));
	set32(p, handle);
	p[4] = done;
	return rm_call_within(ID_MEM_APPEND, p, 8 + put_pages(p + 8, ipa, pages), APPEND_MS);
}

u32 rm_reclaim(u32 handle, u8 flags)
{
	u8 p[8] = { 0 };

	set32(p, handle);
	p[4] = flags;
	return rm_call(ID_MEM_RECLAIM, p, sizeof(p));
}

u32 rm_reply_len(void)
{
	return answer_len - 4;
}

u16 rm_alloc(void)
{
	u8 p[4] = { 0 };

	return rm_call(ID_VM_ALLOC, p, sizeof(p)) ? 0 : (u16)get32(rm_reply());
}

u32 rm_dealloc(u16 vmid)
{
	u8 p[4] = { 0 };

	set16(p, vmid);
	return rm_call(ID_VM_DEALLOC, p, sizeof(p));
}

bool rm_wait_status(u16 vmid, u8 wanted)
{
	u64 end = now_ms() + WAIT_MS;
	u32 len;

	while (status[vmid & 0xff] != wanted) {
		if (!take(&len))
			idle();
		if (now_ms() > end)
			return false;
	}
	return true;
}
