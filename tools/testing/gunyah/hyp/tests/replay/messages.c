// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager's queues.  What is sent is what was recorded; what comes
 * is compared byte for byte but for the sequence numbers of notifications,
 * handles and capabilities.  Vmids and interrupt numbers have to be the same.
 */

#include "replay.h"

#define MSG_MAX		240
#define BODY_MAX	(232 * 63)

#define TYPE_CONTINUATION	0
#define TYPE_REQUEST		1
#define TYPE_REPLY		2
#define TYPE_NOTIFICATION	3

#define ERR_EMPTY		60
#define ERR_FULL		61

#define SEND_INTID		960

#define ID_MEM_DONATE		0x51000010U
#define ID_MEM_LEND		0x51000012U
#define ID_MEM_SHARE		0x51000013U
#define ID_MEM_APPEND		0x51000018U
#define ID_MEM_RELEASED		0x51100012U
#define ID_VM_CONFIG_IMAGE	0x56000009U

#define ID_GET_HYP_RESOURCES	0x56000020U
#define ENTRY_SIZE		44
#define ENTRY_CAP		12

/* A reply whose fragments are collected: error word and payload. */
static struct {
	u8 expected[BODY_MAX], found[BODY_MAX];
	u32 len, left, id;
} reply;

static u32 get32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

static void set32(u8 *p, u32 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
	p[2] = (u8)(v >> 16);
	p[3] = (u8)(v >> 24);
}

static u64 get64(const u8 *p)
{
	return get32(p) | (u64)get32(p + 4) << 32;
}

void play_queues(struct line *line)
{
	cap_learn(next_number(line), rm_tx_cap);
	cap_learn(next_number(line), rm_rx_cap);
}

/* Handles of this boot in the place of the recorded ones. */
#define MAX_HANDLES	1024

static struct {
	bool known;
	u32 now;
} handles[MAX_HANDLES];

static u32 handle_now(u32 recorded)
{
	if (recorded < MAX_HANDLES && handles[recorded].known)
		return handles[recorded].now;
	return recorded;
}

static void handle_learn(u32 recorded, u32 now)
{
	if (recorded >= MAX_HANDLES)
		return;
	handles[recorded].known = true;
	handles[recorded].now = now;
}

/* Requests that name a parcel do so at the start, or behind vmid and type. */
static void put_handle(u8 *msg, u32 len)
{
	u32 id = len >= 12 ? get32(msg + 4) : 0;
	u32 at;

	if ((msg[1] & 3) != TYPE_REQUEST)
		return;
	if (id == ID_VM_CONFIG_IMAGE)
		at = 12;
	else if (id > ID_MEM_SHARE && id <= ID_MEM_APPEND)
		at = 8;
	else
		return;
	if (len >= at + 4)
		set32(msg + at, handle_now(get32(msg + at)));
}

/*
 * The queue may be full where it was not in the recording: then the message is
 * sent again after the interrupt that says there is room.
 */
void play_tx(struct line *line)
{
	static u8 buf[MSG_MAX] __aligned(8);
	u32 len = next_bytes(line, buf, sizeof(buf));
	u64 push = next_number(line);
	u64 err = next_number(line);
	u64 ready, got;

	put_handle(buf, len);
	for (;;) {
		got = hyp_msgq_send(rm_tx_cap, len, buf, push, 0, &ready);
		/* An interrupt that was still pending may come too early. */
		if (got != ERR_FULL || !gic_wait(SEND_INTID, WAIT_MS))
			break;
		gic_forget(SEND_INTID);
	}
	if (got != err)
		difference(line, "msgq_send: error %lu, not %lu", err, got);
}

/* Waits for a message; its length, or 0 after too long. */
static u32 receive(u8 *buf, u64 ms)
{
	u64 end = now_ms() + ms;
	u64 size, ready;

	do {
		if (!hyp_msgq_recv(rm_rx_cap, buf, MSG_MAX, &size, &ready))
			return (u32)size;
		idle();
	} while (now_ms() < end);
	return 0;
}

static void print_bytes(const char *what, const u8 *p, u32 len)
{
	u32 i;

	print("#   %s ", what);
	for (i = 0; i < len; i++)
		print("%02x", p[i]);
	print("\n");
}

/* Each entry's capability is learnt, and made equal for the comparison. */
static void learn_resources(void)
{
	u32 n = get32(reply.expected + 4);
	u32 i, at;

	for (i = 0; i < n; i++) {
		at = 8 + i * ENTRY_SIZE + ENTRY_CAP;
		if (at + 8 > reply.len)
			break;
		cap_learn(get64(reply.expected + at), get64(reply.found + at));
		memcpy(reply.found + at, reply.expected + at, 8);
	}
}

static bool makes_parcel(u32 id)
{
	return id == ID_MEM_LEND || id == ID_MEM_SHARE || id == ID_MEM_DONATE;
}

static void finish_reply(const struct line *line)
{
	u32 i;

	if (makes_parcel(reply.id) && reply.len == 8) {
		handle_learn(get32(reply.expected + 4), get32(reply.found + 4));
		memcpy(reply.found + 4, reply.expected + 4, 4);
	}
	if (reply.id == ID_GET_HYP_RESOURCES && reply.len > 8)
		learn_resources();
	for (i = 0; i < reply.len; i++) {
		if (reply.expected[i] == reply.found[i])
			continue;
		difference(line, "reply: byte %lu of the body differs (%lu)", i, reply.found[i]);
		print_bytes("expected", reply.expected, MIN(reply.len, 64U));
		print_bytes("found   ", reply.found, MIN(reply.len, 64U));
		break;
	}
}

/* A fragment of a reply; its length and header are as they should be. */
static void add_fragment(const struct line *line, const u8 *exp, const u8 *got, u32 len)
{
	if ((exp[1] & 3) == TYPE_REPLY) {
		reply.len = 0;
		reply.left = exp[1] >> 2;
		reply.id = get32(exp + 4);
	} else if (reply.left) {
		reply.left--;
	}
	memcpy(reply.expected + reply.len, exp + 8, len - 8);
	memcpy(reply.found + reply.len, got + 8, len - 8);
	reply.len += len - 8;
	if (!reply.left)
		finish_reply(line);
}

void play_rx(struct line *line)
{
	static u8 exp[MSG_MAX] __aligned(8), got[MSG_MAX] __aligned(8);
	u32 len = next_bytes(line, exp, sizeof(exp));
	u32 have = receive(got, WAIT_MS);
	bool note = len >= 8 && (exp[1] & 3) == TYPE_NOTIFICATION;

	if (note) {
		got[2] = exp[2];
		got[3] = exp[3];
		if (get32(exp + 4) == ID_MEM_RELEASED)
			set32(exp + 8, handle_now(get32(exp + 8)));
	}
	if (have != len || memcmp(exp, got, 8) || (note && memcmp(exp, got, len))) {
		difference(line, "message of %lu bytes expected, another of %lu came", len, have);
		print_bytes("expected", exp, len);
		print_bytes("found   ", got, have);
		return;
	}
	if (!note)
		add_fragment(line, exp, got, len);
}

void play_empty(struct line *line)
{
	static u8 buf[MSG_MAX] __aligned(8);
	u64 size, ready;
	u64 err = hyp_msgq_recv(rm_rx_cap, buf, MSG_MAX, &size, &ready);

	if (err != ERR_EMPTY)
		difference(line, "msgq_recv: error %lu expected, not %lu", ERR_EMPTY, err);
}

/* Nothing comes any more that the recording does not have. */
bool queue_is_quiet(void)
{
	static u8 buf[MSG_MAX] __aligned(8);
	u32 len = receive(buf, QUIET_MS);

	if (len)
		print_bytes("too much", buf, len);
	return !len;
}

static void check_queue_error(const struct line *line, bool invented, u64 err, u64 got)
{
	if (invented && err ? !cap_error(got) : got != err)
		difference(line, "queue call: error %lu expected, not %lu", err, got);
}

/* The buffer is the player's own, a message, or an address that is not its. */
void play_qsend(struct line *line)
{
	static u8 own[4096] __aligned(8);
	bool invented;
	u64 cap = cap_now(next_number(line), &invented);
	u64 size = next_number(line);
	const void *buf = own;
	u32 len;
	const char *word = next_word(line, &len);
	u64 reserved, err, ready;

	memset(own, 0, sizeof(own));
	if (len > 8 && !strncmp(word, "request:", 8)) {
		struct line hex = { .at = word + 8 };

		size = next_bytes(&hex, own, sizeof(own));
	} else if (!word_is(word, len, "own")) {
		buf = (const void *)strtoul(word, NULL, 0);
	}
	reserved = next_number(line);
	err = next_number(line);
	check_queue_error(line, invented, err,
			  hyp_msgq_send(cap, size, buf, 1, reserved, &ready));
}

void play_qrecv(struct line *line)
{
	static u8 buf[MSG_MAX] __aligned(8);
	bool invented;
	u64 cap = cap_now(next_number(line), &invented);
	u64 max = next_number(line);
	u64 err = next_number(line);
	u64 ready = next_number(line);
	u64 size = 0, more = 0;

	check_queue_error(line, invented, err, hyp_msgq_recv(cap, buf, max, &size, &more));
	if (size)
		difference(line, "msgq_recv: size %lu expected, not %lu", 0, size);
	if (more != ready)
		difference(line, "msgq_recv: ready %lu expected, not %lu", ready, more);
}
