/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of the resource manager's messages share. */
#ifndef HYP_RM_RPC_H
#define HYP_RM_RPC_H

#include "../abi.h"
#include "../fault.h"
#include "../msgq.h"
#include "rm.h"

#define RPC_API			0x21	/* version 1, header of 2 words */
#define RPC_HEADER		8
#define RPC_FRAGMENT		(RM_QUEUE_SIZE - RPC_HEADER)
#define RPC_MAX_FRAGMENTS	62	/* continuations */
#define RPC_BUF_ORDER		2	/* 16 KiB holds RM_MAX_PAYLOAD, and 64 fragments */

enum rpc_type { RPC_CONTINUATION, RPC_REQUEST, RPC_REPLY, RPC_NOTIFICATION };

/* A message on its way out; its buffer holds all behind the header. */
struct rpc_out {
	u8 type;
	u16 seq;
	u32 id;
	u8 *data;
	u32 len;
	u32 sent;		/* fragments sent */
	bool used;
	struct fault_reply *fault;	/* its shape, or NULL */
};

/* A reply that is to be late; data[] as in rpc_out. */
struct rpc_late {
	struct rpc_late *next;
	u64 due;		/* in microseconds */
	u16 seq;
	u32 id;
	u32 len;
	struct fault_reply *fault;
	u8 data[];
};

struct rpc_note {
	struct rpc_note *next;
	bool raw;		/* data[] is a whole queue message */
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
	bool hold_notes;	/* a reply is to overtake them */
};

/* Guarded by the rm lock. */
struct rpc {
	u16 note_seq;		/* one counter for all notifications (fact 21) */
	bool dead;
	u64 stalled;		/* requests are not taken up before this time */
	struct rpc_late *late;	/* replies to the primary VM */
};

extern struct rpc rpc;

/* rpc_out.c: send what waits, as far as there is room. */
void rpc_pump(struct rm_channel *ch);
/* @data is the error word and the payload behind it; the reply takes @fault. */
void rpc_reply(struct rm_channel *ch, u16 seq, u32 id, const u8 *data, u32 len,
	       struct fault_reply *fault);
/* The same, after f->delay; takes f->reply. */
void rpc_reply_late(u16 seq, u32 id, const u8 *data, u32 len, const struct fault_request *f);
/* Forget all that waits to be sent. */
void rpc_drop_out(struct rm_channel *ch);
void rpc_drop_late(void);

#endif
