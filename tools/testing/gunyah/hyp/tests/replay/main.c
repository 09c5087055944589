// SPDX-License-Identifier: GPL-2.0-only
/* The player: line after line, then the sum. */

#include "replay.h"

#define TRACE		((const char *)0x70000000UL)	/* put there by QEMU's loader */
#define MAX_SHOWN	12

static u32 lines, differences;

static void play_irq(struct line *line)
{
	u32 intid = (u32)next_number(line);

	if (intid >= NR_INTID || !gic_wait(intid, WAIT_MS))
		difference(line, "interrupt %lu does not come", intid, 0);
	else
		gic_forget(intid);
}

/* Lines with a number, or a + in its place. */
static const struct {
	const char *word;
	void (*play)(struct line *line);
} recorded[] = {
	{ "TX", play_tx },
	{ "RX", play_rx },
	{ "EMPTY", play_empty },
	{ "IRQ", play_irq },
	{ "RUN", play_run },
	{ "SEND", play_send },
	{ "MASK", play_mask },
	{ "RECEIVE", play_receive },
	{ "QSEND", play_qsend },
	{ "QRECV", play_qrecv },
	{ "READ", play_read },
	{ "WRITE", play_write },
	{ "EXEC", play_exec },
	{ "CIVAC", play_civac },
	{ "MEM", play_mem },
};

static const struct {
	const char *word;
	void (*play)(struct line *line);
} unrecorded[] = {
	{ "queues", play_queues },
	{ "image", play_image },
	{ "dtb", play_dtb },
	{ "poke", play_poke },
	{ "fill", play_fill },
	{ "start", play_start },
	{ "join", play_join },
	{ "capat", play_capat },
};

void difference(const struct line *line, const char *fmt, u64 expected, u64 found)
{
	if (differences++ >= MAX_SHOWN)
		return;
	print("# line %s: ", line->number);
	print(fmt, expected, found);
	print("\n");
}

static void play_numbered(struct line *line, const char *number, u32 len)
{
	u32 i, word_len;
	const char *word;

	memcpy(line->number, number, MIN(len, 7U));
	word = next_word(line, &word_len);
	for (i = 0; i < ARRAY_SIZE(recorded); i++) {
		if (!word_is(word, word_len, recorded[i].word))
			continue;
		recorded[i].play(line);
		lines++;
		return;
	}
	difference(line, "no such kind of line", 0, 0);
}

static void play_line(struct line *line)
{
	u32 i, len;
	const char *word = next_word(line, &len);

	if (!len || *word == '#' || word_is(word, len, "option"))
		return;
	if (*word == '+' || (*word >= '0' && *word <= '9')) {
		play_numbered(line, word, len);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(unrecorded); i++) {
		if (word_is(word, len, unrecorded[i].word)) {
			unrecorded[i].play(line);
			return;
		}
	}
	difference(line, "no such kind of line", 0, 0);
}

static const char *behind(const char *line)
{
	while (*line && *line != '\n')
		line++;
	return *line ? line + 1 : line;
}

static void play(const char *at)
{
	const char *loop = NULL;
	u64 rounds = 0;

	for (; *at; at = behind(at)) {
		struct line line = { .at = at };
		struct line words = line;
		u32 len;
		const char *word = next_word(&words, &len);

		if (word_is(word, len, "loop")) {
			rounds = next_number(&words);
			loop = at;
		} else if (word_is(word, len, "end")) {
			if (--rounds)
				at = loop;
		} else {
			play_line(&line);
		}
	}
}

void payload_main(void *fdt)
{
	struct line last = { .number = "end" };

	if (!find_rm_queues(fdt)) {
		print("replay: no resource manager in the device tree\n");
		return;
	}
	gic_init();
	play(TRACE);
	if (!queue_is_quiet())
		difference(&last, "more messages came than were recorded", 0, 0);
	print("replay: %u lines, %u differences\n", lines, differences);
}
