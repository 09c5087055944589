/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The replay of a recorded trace: what its files share.
 *
 * A table of lines (see convert-trace.py for their forms) lies in memory; the
 * player does what each line says and compares what comes back.  A "difference"
 * is printed and counted, and the replay goes on.
 *
 *   main.c      the lines, one after the other
 *   text.c      words of a line
 *   messages.c  the resource manager's queues
 *   caps.c      recorded capabilities and those of this boot
 *   run.c       vcpu_run, on one CPU or two
 *   host.c      memory: images, device trees, accesses that may fail
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "../el1/el1.h"

#define WAIT_MS		3000	/* for what has to come */
#define QUIET_MS	30	/* in which nothing may come any more */

/* A line that is being taken apart. */
struct line {
	const char *at;
	char number[8];
};

/* text.c: the next word, or an empty one at the end; numbers may be 0x... */
const char *next_word(struct line *line, u32 *len);
bool word_is(const char *word, u32 len, const char *what);
u64 next_number(struct line *line);
/* Bytes of a word of hex digits; how many there were. */
u32 next_bytes(struct line *line, u8 *to, u32 max);

/* main.c */
void difference(const struct line *line, const char *fmt, u64 expected, u64 found);

/* caps.c */
void cap_learn(u64 recorded, u64 now);
/* The capability of this boot; *invented when the recording made it up. */
u64 cap_now(u64 recorded, bool *invented);
/* For values that may be one: unchanged when they are not. */
u64 cap_or_value(u64 recorded);
/* Errors that the recorded hypervisor has for invented capabilities. */
bool cap_error(u64 err);

/* messages.c */
void play_queues(struct line *line);
void play_tx(struct line *line);
void play_rx(struct line *line);
void play_empty(struct line *line);
void play_qsend(struct line *line);
void play_qrecv(struct line *line);
bool queue_is_quiet(void);

/* run.c */
void play_run(struct line *line);
void play_start(struct line *line);
void play_join(struct line *line);
void play_send(struct line *line);
void play_mask(struct line *line);
void play_receive(struct line *line);

/* host.c */
void play_image(struct line *line);
void play_dtb(struct line *line);
void play_poke(struct line *line);
void play_fill(struct line *line);
void play_read(struct line *line);
void play_write(struct line *line);
void play_exec(struct line *line);
void play_civac(struct line *line);
void play_mem(struct line *line);
void play_capat(struct line *line);

#endif
