// SPDX-License-Identifier: GPL-2.0-only
/* The guests of the traces with several CPUs. */

#include "guest.h"

#define AFFINITY_OFF	1

static void power_on(unsigned int cpu, u64 report_at)
{
	write64(report_at, psci(PSCI_CPU_ON, cpu, (u64)secondary_entry, 0x5ec0 + cpu));
}

/*
 * Boot CPU: turns the others on, then one more, which may not exist, and the
 * first a second time.  Waits at finish_at: 0x300 for the host's answer, 0x308
 * for CPU 1 to be off again.
 */
void smp(unsigned int others, u64 finish_at)
{
	unsigned int i;

	write64(MMIO, 0x9999);
	for (i = 1; i <= others; i++) {
		write64(MMIO + 0x200 + 8 * i, psci(PSCI_AFFINITY_INFO, i, 0, 0));
		power_on(i, MMIO + 0x240 + 8 * i);
	}
	power_on(others + 1, MMIO + 0x280);
	power_on(1, MMIO + 0x288);
	read64(MMIO + finish_at);
	if (finish_at == 0x308) {
		while (psci(PSCI_AFFINITY_INFO, 1, 0, 0) != AFFINITY_OFF)
			read64(MMIO + finish_at);
		write64(MMIO + 0x310, 0xa11);
	}
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
}

void secondary_main(u64 context, u64 program)
{
	u64 mpidr, at;

	asm volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	at = MMIO + 0x100 + 0x10 * (mpidr & 0xff);
	write64(at, mpidr);
	write64(at + 8, context);
	if (program == PROG_SMP_2_WFI) {
		for (;;)
			wfi();
	}
	if (program == PROG_SMP_1_TIMER)
		sleep_until_timer(at + 8);
	psci(PSCI_CPU_OFF, 0, 0, 0);
}
