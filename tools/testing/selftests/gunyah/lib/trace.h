/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's tracepoints, as a count that neither the driver nor the test
 * hypervisor keeps.  One user at a time in the machine.
 */
#ifndef GUNYAH_TEST_TRACE_H
#define GUNYAH_TEST_TRACE_H

#include "gunyah_test.h"

/* False in a kernel without tracepoints. */
bool trace_there(void);
/*
 * Records @events ("kmem/kmalloc"), up to a NULL, until trace_stop(); of this
 * thread alone and with the calls on its stack when @mine.
 */
void trace_start(const char *const *events, bool mine);
void trace_stop(void);
/* What was recorded, line by line, then NULL; ends the program if some of it is lost. */
void trace_read(void (*line)(const char *line, void *ctx), void *ctx);
/* Lines recorded that have @text in them. */
unsigned int trace_count(const char *text);

#endif
