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

/* The eventfds: of the ioeventfds, of the irqfd into WFI, of the second vCPU's ioeventfd. */
enum { EVENT, EVENT_LOOP, EVENT_BACK, EVENT_WFI, EVENT_SECOND, NR_EVENTS };

extern int event_fd[NR_EVENTS];

/* By each of the monitors: */

/**
 * backend_ioeventfd() - one ioeventfd more, of 4 bytes
 * @fd: its eventfd
 * @addr: guest address
 *
 * Return: false when there may be no more.
 */
bool backend_ioeventfd(int fd, uint64_t addr);

/**
 * backend_irqfd() - one irqfd more
 * @fd: its eventfd
 * @spi: the guest's shared interrupt; for this one the guest need not have it
 *
 * Return: false when there may be no more.
 */
bool backend_irqfd(int fd, unsigned int spi);

/**
 * monitor_init() - make the eventfds, and choose the operations
 * @argc: of main()
 * @argv: of main(): the names of those that are wanted, or "all" of one vCPU's
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

/*
 * The monitor's part of an exit, with nothing in it but what any monitor does; false
 * when all is done.
 */
static inline bool monitor_access(uint64_t addr, bool write, void *data)
{
	if (addr != BENCH_DEVICE)
		return monitor_control(addr - BENCH_CONTROL, write, data);
	if (!write)
		*(uint32_t *)data = 1;
	return true;
}

/**
 * monitor_run_on() - the calling thread runs on this CPU only
 * @cpu: its number
 */
void monitor_run_on(unsigned int cpu);

/* What was measured, a line for each operation. */
void monitor_report(void);

#endif
