// SPDX-License-Identifier: GPL-2.0-only
/* The part of the benchmark of the host that knows no hypervisor. */
#include <unistd.h>

#include "host.h"

unsigned int host_phases;

void host_say(const char *name, unsigned int count, uint64_t ticks)
{
	printf("BENCH %s phase=%u count=%u ticks=%llu\n", name, host_phases++, count,
	       (unsigned long long)ticks);
}

void host_done(void)
{
	printf("BENCH done phases=%u\n", host_phases);
}

static void make_vms(int (*make)(void), unsigned int n)
{
	int fd;

	while (n--) {
		fd = make();
		if (fd < 0)
			die("a new VM");
		close(fd);
	}
}

void host_vms(int (*make)(void))
{
	uint64_t began;

	make_vms(make, VM_WARM_UP);
	began = host_ticks();
	marker(BENCH_BEGIN);
	make_vms(make, VM_COUNT);
	marker(BENCH_STOP);
	host_say("vm", VM_COUNT, host_ticks() - began);
}
