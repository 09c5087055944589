// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: what the recorded host program wrote between the lines, and its
 * accesses that may be exceptions.
 */

#include "replay.h"

#define PROGRAM_AT	8	/* of a guest image: the number of its program */

/* In the order of the guest's own list (guest/guest.h). */
static const char * const programs[] = {
	"shell", "basic", "cpu-off", "suspend", "reset", "reset2-32", "reset2-64",
	"reset2-odd", "loop", "wfi", "smp-3-off", "smp-2-wfi", "smp-1-timer", "smp-1-off",
};

static const struct blob *find_blob(const char *name, u32 len)
{
	const struct blob *b;

	for (b = blobs; b->name; b++) {
		if (word_is(name, len, b->name))
			return b;
	}
	return NULL;
}

/* Memory that the host does not own at the moment stays as it is. */
static void put(u64 addr, const u8 *from, u64 len)
{
	u64 i, v;

	for (i = 0; i < len; i += 8) {
		v = 0;
		memcpy(&v, from + i, MIN(len - i, 8UL));
		if (try_write64(addr + i, v))
			break;
	}
}

void play_image(struct line *line)
{
	u64 addr = next_number(line);
	u32 len;
	const char *word = next_word(line, &len);
	const struct blob *b = find_blob("guest", 5);
	u64 i;

	if (word_is(word, len, "offset")) {
		b = find_blob("offset", 6);
		put(addr, b->start, (u64)(b->end - b->start));
		return;
	}
	put(addr, b->start, (u64)(b->end - b->start));
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		if (word_is(word, len, programs[i]))
			try_write64(addr + PROGRAM_AT, i);
	}
}

#define DTB_REGION	0x1000

void play_dtb(struct line *line)
{
	static const u8 zeros[DTB_REGION];
	u64 addr = next_number(line);
	u32 len;
	const char *word = next_word(line, &len);
	const struct blob *b = find_blob(word, len);

	put(addr, zeros, sizeof(zeros));
	if (b)
		put(addr, b->start, (u64)(b->end - b->start));
	else if (!word_is(word, len, "zeros"))
		difference(line, "no such device tree (%lu %lu)", 0, 0);
}

void play_poke(struct line *line)
{
	u64 addr = next_number(line);

	try_write64(addr, next_number(line));
}

void play_fill(struct line *line)
{
	u64 addr = next_number(line);
	u64 size = next_number(line);
	u64 value = next_number(line);
	u64 i;

	for (i = 0; i < size; i += 8)
		try_write64(addr + i, value);
}

/* What follows: "ok", "fault ESR", or for a read the value. */
static void check_fault(struct line *line, u64 addr, u64 esr)
{
	u32 len;
	const char *word = next_word(line, &len);
	u64 expected = word_is(word, len, "fault") ? next_number(line) : 0;

	if (esr != expected)
		difference(line, "access: ESR 0x%lx expected, not 0x%lx", expected, esr);
	else if (esr >> 26 && last_fault.far != addr)
		difference(line, "access: FAR 0x%lx expected, not 0x%lx", addr, last_fault.far);
}

void play_read(struct line *line)
{
	u64 addr = next_number(line);
	struct line rest = *line;
	u64 found = 0;
	u64 esr = try_read64(addr, &found);
	u32 len;
	const char *word = next_word(&rest, &len);
	u64 value = strtoul(word, NULL, 0);

	if (word_is(word, len, "fault") || esr)
		check_fault(line, addr, esr);
	else if (found != value)
		difference(line, "read: 0x%lx expected, not 0x%lx", value, found);
}

void play_write(struct line *line)
{
	u64 addr = next_number(line);
	u64 value = next_number(line);

	check_fault(line, addr, try_write64(addr, value));
}

void play_exec(struct line *line)
{
	u64 addr = next_number(line);
	u64 esr = try_exec(addr);

	/* An undefined instruction has no FAR. */
	check_fault(line, esr >> 26 ? addr : 0, esr);
}

void play_civac(struct line *line)
{
	u64 addr = next_number(line);

	check_fault(line, addr, try_civac(addr));
}

void play_mem(struct line *line)
{
	static u8 exp[64], mask[64];
	u64 addr = next_number(line);
	u32 len = next_bytes(line, exp, sizeof(exp));
	const u8 *found = (const u8 *)addr;
	u32 i;

	next_bytes(line, mask, sizeof(mask));
	for (i = 0; i < len; i++) {
		if ((exp[i] ^ found[i]) & mask[i]) {
			difference(line, "memory: byte %lu differs, it is %lu", i, found[i]);
			break;
		}
	}
}

/* Eight bytes of a device tree, big endian, are a capability of the guest's. */
void play_capat(struct line *line)
{
	const u8 *p = (const u8 *)next_number(line);
	u64 recorded = next_number(line);
	u64 now = 0;
	u32 i;

	for (i = 0; i < 8; i++)
		now = now << 8 | p[i];
	cap_learn(recorded, now);
}
