/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests of chosen length and random choices share. */
#ifndef GUNYAH_TEST_SOAK_H
#define GUNYAH_TEST_SOAK_H

#include "gunyah_test.h"

/* A number from the environment. */
unsigned int env_number(const char *name, unsigned int otherwise);
/* The same for a seed: a random one when it is not given. */
unsigned int env_seed(const char *name);
/* A line of /proc/meminfo, in KiB. */
unsigned long memory_kib(const char *word);
/* Seconds since boot. */
unsigned int uptime(void);

/* The harness has a limit for each test, which must be a constant: days. */
#define SOAK_LIMIT	500000

#endif
