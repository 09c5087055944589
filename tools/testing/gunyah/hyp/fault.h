/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults on request: what to do with the Nth hypercall, or the Nth message to
 * the resource manager, of a kind.  See fault.c; control.h is how tests get
 * here.
 */
#ifndef HYP_FAULT_H
#define HYP_FAULT_H

#include "lib.h"

#define FAULT_ANY	(~0UL)
#define FAULT_RULES	16
#define FAULT_PARAMS	5
#define FAULT_BYTES	240	/* a queue message */
#define FAULT_RESULTS	5	/* x0 to x4 of a hypercall */

/* What a rule looks at; its key is the hypercall's number or the message's id. */
enum fault_kind { FAULT_HYPERCALL, FAULT_REQUEST, FAULT_KINDS };

/*
 * What a rule does; p0 to p4 are its parameters.  A "piece" is a queue message
 * of the reply, counted from 0.  The actions of requests go together: all rules
 * that fire on a request shape the one reply.  The numbers are known to tests.
 */
enum fault_action {
	/* Hypercalls. */
	FAULT_CALL_RESULT = 0x00,	/* not done; x0 to x4 are p0 to p4 */
	FAULT_CALL_ERROR = 0x01,	/* done, then x0 is p0 and the others 0 */
	FAULT_CALL_NOMEM = 0x02,	/* done, but p0 new stage-2 tables are all it gets */
	/* Requests. */
	FAULT_REFUSE = 0x10,		/* not done, answered with error p0 */
	FAULT_REPLY_ERROR = 0x11,	/* done, answered with error p0 */
	FAULT_DROP = 0x12,		/* not done, never answered */
	FAULT_DROP_REPLY = 0x13,	/* done, never answered */
	FAULT_DELAY = 0x14,		/* done, answered after p0 microseconds */
	FAULT_REPEAT = 0x15,		/* the reply comes p0 times more */
	FAULT_NOTE = 0x16,		/* notification p0 with the data, before piece p1 */
	FAULT_RAW = 0x17,		/* the data as a queue message, before piece p1 */
	FAULT_NOTES_LAST = 0x18,	/* the reply overtakes the notifications it caused */
	FAULT_SPLIT = 0x19,		/* p0 bytes of payload in a piece, 1 to 232 */
	FAULT_BYTE = 0x1a,		/* piece p0: the byte at p1 becomes p2 */
	FAULT_CUT = 0x1b,		/* piece p0 is cut to p1 bytes, 0: left out */
	FAULT_PAD = 0x1c,		/* zeroes up to p0 bytes, the error word included */
	FAULT_SWAP = 0x1d,		/* piece p0 and the one behind it change places */
	FAULT_NOMEM = 0x1e,		/* the p0th object of it, from 1, finds the pool empty */
};

struct fault_rule {
	enum fault_kind kind;
	enum fault_action action;
	u64 key;		/* or FAULT_ANY */
	u64 nth;		/* fires from the Nth on, 1 is the next one ... */
	u64 times;		/* ... this many times, FAULT_ANY: for good */
	u64 target;		/* 0: any; else vmid, or vmid | (vCPU + 1) << 16 */
	u64 p[FAULT_PARAMS];
	u32 len;		/* of data[] */
	u8 data[FAULT_BYTES];
};

/* What becomes of a hypercall. */
struct fault_call {
	bool skip;		/* not done: result[] */
	bool error;		/* done, then result[0] */
	bool starve;		/* done with result[0] new stage-2 tables at most */
	u64 result[FAULT_RESULTS];
};

/* A message that is put into a reply. */
struct fault_insert {
	bool raw;		/* a whole queue message, else a notification's payload */
	bool sent;
	u32 piece;		/* goes out before this one */
	u32 id;
	u32 len;
	u8 data[FAULT_BYTES];
};

#define FAULT_INSERTS	4
#define FAULT_EDITS	4

/* How a reply goes out that is not left as it is. */
struct fault_reply {
	u32 again;		/* times more */
	u32 split;		/* payload bytes in a piece, 0: as usual */
	bool swap;		/* piece swapped and the next one */
	u32 swapped;
	u32 nr_inserts, nr_bytes, nr_cuts;
	struct fault_insert insert[FAULT_INSERTS];
	struct { u32 piece, at; u8 value; } byte[FAULT_EDITS];
	struct { u32 piece, len; } cut[FAULT_EDITS];
};

/* What becomes of a request. */
struct fault_request {
	u32 fired;		/* rules */
	bool skip;		/* not done */
	bool silent;		/* not answered */
	bool error;		/* answered with code */
	bool notes_last;
	u32 code;
	u32 pad;
	u32 nomem;		/* this allocation of it fails, 0: none */
	u64 delay;		/* microseconds */
	struct fault_reply *reply;	/* of hyp_alloc(), the caller's; or NULL */
};

/* Number of the new rule, or -1: no place, or nonsense. */
int fault_add(const struct fault_rule *rule);
/* FAULT_ANY: all rules. */
void fault_clear(u64 number);
/* False when there is no such rule. */
bool fault_seen(u64 number, u64 *seen, u64 *fired);
/* Rules that can still fire; times that any rule fired since boot. */
u64 fault_armed(void);
u64 fault_fired(void);
/* Count from here. */
void fault_mark(void);
/* Calls or messages since the mark, of @key or of FAULT_ANY. */
u64 fault_count(enum fault_kind kind, u64 key);

/*
 * A hypercall of the primary VM: counts it; true when a rule fired, then @f
 * says what is to be done.  fault_looks(): is a rule about hypercalls armed?
 */
bool fault_looks(void);
/* Called without a lock when a rule fired on a hypercall: control.c. */
void fault_note_call(u64 nr, bool done);
bool fault_hypercall(u64 nr, u64 target, struct fault_call *f);
/* A whole request of the primary VM; @f is filled in always. */
void fault_request(u64 id, u64 target, struct fault_request *f);

#endif
