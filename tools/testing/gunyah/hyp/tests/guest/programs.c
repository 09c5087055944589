// SPDX-License-Identifier: GPL-2.0-only
/* The guests of the traces that take no commands. */

#include "guest.h"

#define POWER_DOWN	0x10000UL	/* PSCI power state of trace 01c */
#define RESUME_CONTEXT	0x5e5UL
#define SUSPEND_MS	250

static void basic(u64 entry)
{
	write8(MMIO + 0x00, 0x47);
	write16(MMIO + 0x02, 0x4755);
	write32(MMIO + 0x04, 0x79614e55);
	write64(MMIO + 0x08, 0x6879706572766973UL);
	write64(MMIO + 0x40, read8(MMIO + 0x10));
	write64(MMIO + 0x48, read16(MMIO + 0x12));
	write64(MMIO + 0x50, read32(MMIO + 0x14));
	write64(MMIO + 0x58, read64(MMIO + 0x18));
	write64(MMIO + 0x60, dtb_address);
	write64(MMIO + 0x68, read32(dtb_address));
	write64(MMIO + 0x70, entry);
	sleep_until_timer(MMIO + 0x78);
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
}

static void suspend(void)
{
	u64 ret;

	write64(MMIO, 0xaaaa);
	sleep_until_timer(MMIO + 0x08);
	timer_on(SUSPEND_MS);
	ret = psci(PSCI_CPU_SUSPEND, 0, 0, 0);
	write64(MMIO + 0x10, ret);
	timer_fired(MMIO + 0x28);
	timer_on(SUSPEND_MS);
	psci(PSCI_CPU_SUSPEND, POWER_DOWN, (u64)resume_entry, RESUME_CONTEXT);
}

void resume_main(u64 context)
{
	write64(MMIO + 0x20, context);
	gic_on();
	timer_fired(MMIO + 0x38);
	write64(MMIO + 0x18, psci(PSCI_SYSTEM_SUSPEND, (u64)resume_entry, 0, 0));
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
}

static void say(u64 v)
{
	write64(MMIO, v);
}

void guest_main(u64 program, u64 entry)
{
	registers_read(entry_regs);
	switch (program) {
	case PROG_BASIC:
		basic(entry);
		break;
	case PROG_CPU_OFF:
		say(0x7777);
		psci(PSCI_CPU_OFF, 0, 0, 0);
		break;
	case PROG_SUSPEND:
		suspend();
		break;
	case PROG_RESET:
		say(0x2222);
		psci(PSCI_SYSTEM_RESET, 0, 0, 0);
		break;
	case PROG_RESET2_32:
		say(0x3333);
		psci(PSCI_SYSTEM_RESET2, 0, 0x1234abcd, 0);
		break;
	case PROG_RESET2_64:
		say(0x4444);
		psci(PSCI_SYSTEM_RESET2_64, 0x80000001, 0xfeedf00d, 0);
		break;
	case PROG_RESET2_ODD:
		say(0x4444);
		psci(PSCI_SYSTEM_RESET2_64, 5, 1, 0);
		break;
	case PROG_LOOP:
		say(0x5555);
		for (;;)
			asm volatile("" : : : "memory");
	case PROG_WFI:
		say(0x6666);
		for (;;)
			wfi();
	case PROG_SMP_3_OFF:
		smp(3, 0x308);
		break;
	case PROG_SMP_2_WFI:
		smp(2, 0x300);
		break;
	case PROG_SMP_1_TIMER:
	case PROG_SMP_1_OFF:
		smp(1, 0x308);
		break;
	default:
		shell();
	}
}
