// SPDX-License-Identifier: GPL-2.0-only
/* The hypervisor's words on the primary VM's command line. */
#include "options.h"
#include "../lib.h"

#define PREFIX		"ghyp."
#define PREFIX_LEN	5

static char words[1024];	/* NAME=VALUE, each NUL-terminated; an empty one ends */

void options_init(const char *cmdline)
{
	const char *s = cmdline;
	size_t len, used = 0;

	while (s && *s) {
		for (len = 0; s[len] && s[len] != ' ' && s[len] != '\n'; len++)
			;
		if (len > PREFIX_LEN && !strncmp(s, PREFIX, PREFIX_LEN)) {
			if (used + len - PREFIX_LEN + 2 > sizeof(words)) {
				hyp_log("options: too long, the rest is ignored");
				return;
			}
			memcpy(words + used, s + PREFIX_LEN, len - PREFIX_LEN);
			used += len - PREFIX_LEN + 1;
		}
		s += len;
		while (*s == ' ' || *s == '\n')
			s++;
	}
}

const char *hyp_option(const char *name)
{
	size_t len = strlen(name);
	const char *w;

	for (w = words; *w; w += strlen(w) + 1)
		if (!strncmp(w, name, len) && w[len] == '=')
			return w + len + 1;
	return NULL;
}
