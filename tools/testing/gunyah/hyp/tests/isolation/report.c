// SPDX-License-Identifier: GPL-2.0-only
/* KTAP about tests, on the console. */

#include "isolation.h"

static u32 number, failed;

static bool as_expected;

void expect(const char *what, u64 expected, u64 found)
{
	if (expected == found)
		return;
	as_expected = false;
	print("# %s: 0x%lx expected, not 0x%lx\n", what, expected, found);
}

void report(bool good, const char *group, const char *name)
{
	good = good && as_expected;
	as_expected = true;
	number++;
	failed += !good;
	print("%sok %u %s%s\n", good ? "" : "not ", number, group, name);
}

void run_all(const struct test *tests, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		report(tests[i].run(), "", tests[i].name);
}

void report_begin(void)
{
	as_expected = true;
	print("KTAP version 1\n");
}

void report_end(const char *payload)
{
	print("1..%u\n", number);
	print("%s: %u tests, %u failed\n", payload, number, failed);
}
