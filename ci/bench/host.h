/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host does for a guest that does nothing itself: a phase of the benchmark is
 * a part of the monitor then.
 */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define die(what)							\
	do {								\
		perror(what);						\
		exit(1);						\
	} while (0)

#define VM_WARM_UP	10
#define VM_COUNT	100

#define stringify(x)	#x
#define marker(number)	asm volatile("movz xzr, #" stringify(number) ::: "memory")

static inline uint64_t host_ticks(void)
{
	uint64_t ticks;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r" (ticks) :: "memory");
	return ticks;
}

/* The phases of this program so far, also those of a payload. */
extern unsigned int host_phases;

/**
 * host_say() - what a phase was
 * @name: as in the table
 * @count: how often it was done in it
 * @ticks: how long that took
 */
void host_say(const char *name, unsigned int count, uint64_t ticks);

/* The last line. */
void host_done(void);

/**
 * host_vms() - the operation "vm": VMs are made and closed again, one by one
 * @make: makes one, and returns its fd
 */
void host_vms(int (*make)(void));

#endif
