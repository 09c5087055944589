// SPDX-License-Identifier: GPL-2.0-only
/* What tests of chosen length and random choices share. */
#include <sys/random.h>

#include "soak.h"

unsigned int env_number(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

unsigned int env_seed(const char *name)
{
	unsigned int value = 1;

	/* There may be no clock that knows the date. */
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		ksft_print_msg("no random seed\n");
	value = env_number(name, value);
	ksft_print_msg("%s=%u\n", name, value);
	return value;
}

unsigned long memory_kib(const char *word)
{
	size_t len = strlen(word);
	unsigned long kib = 0;
	char line[80];
	FILE *f;

	f = fopen("/proc/meminfo", "r");
	if (!f)
		test_die("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, word, len) && line[len] == ':')
			kib = strtoul(line + len + 1, NULL, 10);
	fclose(f);
	return kib;
}

unsigned int uptime(void)
{
	return seconds();
}
