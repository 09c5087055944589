/* SPDX-License-Identifier: GPL-2.0-only */
/* What the benchmark's two monitors share. */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define die(what)							\
	do {								\
		perror(what);						\
		exit(1);						\
	} while (0)

extern const char payload_start[], payload_end[];

/* The eventfds: of the ioeventfds, of the irqfd into WFI. */
enum { EVENT, EVENT_LOOP, EVENT_BACK, EVENT_WFI, NR_EVENTS };

extern int event_fd[NR_EVENTS];

/* A marker of this program, for phases of its own. */
#define monitor_marker(number)						\
	asm volatile("movz xzr, %0" :: "i" (BENCH_MARKER + (number)) : "memory")

static inline uint64_t monitor_ticks(void)
{
	uint64_t ticks;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r" (ticks) :: "memory");
	return ticks;
}

/**
 * monitor_init() - make the eventfds, and choose the operations
 * @argc: of main()
 * @argv: of main(): the names of those that are left out
 */
void monitor_init(int argc, char **argv);

/**
 * monitor_control() - an access to a register at BENCH_CONTROL
 * @offset: which
 * @write: direction
 * @data: what was written, or the answer
 *
 * Return: false when all is done.
 */
bool monitor_control(uint64_t offset, bool write, uint64_t *data);

/* What was measured, a line for each operation. */
void monitor_report(void);

#endif
