// SPDX-License-Identifier: GPL-2.0-only
/* Words of a line. */

#include "replay.h"

const char *next_word(struct line *line, u32 *len)
{
	const char *word;

	while (*line->at == ' ')
		line->at++;
	word = line->at;
	while (*line->at && *line->at != ' ' && *line->at != '\n')
		line->at++;
	*len = (u32)(line->at - word);
	return word;
}

bool word_is(const char *word, u32 len, const char *what)
{
	return strlen(what) == len && !strncmp(word, what, len);
}

u64 next_number(struct line *line)
{
	u32 len;
	const char *word = next_word(line, &len);

	return len ? strtoul(word, NULL, 0) : 0;
}

static u8 digit(char c)
{
	return (u8)(c <= '9' ? c - '0' : c - 'a' + 10);
}

u32 next_bytes(struct line *line, u8 *to, u32 max)
{
	u32 len, n;
	const char *word = next_word(line, &len);

	for (n = 0; n < len / 2 && n < max; n++)
		to[n] = (u8)(digit(word[2 * n]) << 4 | digit(word[2 * n + 1]));
	return n;
}
