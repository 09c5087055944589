// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command interpreter.  A command word is operation << 56 | size << 48 |
 * argument; its addresses and values follow, one read each.
 */

#include "guest.h"

enum operation {
	OP_LOAD = 1,
	OP_STORE = 2,
	OP_WFI = 3,
	OP_ACK = 4,
	OP_HVC = 5,
	OP_ENABLE = 6,
	OP_SPECIAL = 7,
	OP_COPY = 9,
	OP_PENDING = 10,
	OP_DTB = 17,
	OP_VECTOR = 18,
	/* Not of the recorded guest: */
	OP_TIMER = 0x20,		/* arm the virtual timer, argument in ms */
	OP_POLL = 0x21,			/* wait for an interrupt without WFI, report it */
	OP_ENTRY_X = 0x22,		/* report x0 to x30 of the entry */
	OP_ENTRY_REGS = 0x23,		/* report the register set of the entry */
	OP_REGS_FILL = 0x24,		/* fill the register set, argument is the seed */
	OP_REGS_CHECK = 0x25,		/* report the first that changed, or all ones */
	OP_WATCH = 0x26,		/* load at an address that is watched */
	OP_BREAK = 0x27,		/* come to an instruction with a breakpoint */
	OP_COUNT = 0x28,		/* store 1, 2, 3 and on to the argument at an address */
	OP_OFF = 0xff,
};

static u64 filled[REGSET_MAX] __aligned(16);

static u64 next(void)
{
	return read64(CMD_READ);
}

static void result(u64 v)
{
	write64(CMD_RESULT, v);
}

/*
 * The address is in the register that takes the value: when the load fails and
 * is passed over, the address is reported.
 */
static void load(unsigned int size)
{
	u64 v = next();

	switch (size) {
	case 1:
		asm volatile("ldrb %w0, [%0]" : "+r"(v) : : "memory");
		break;
	case 2:
		asm volatile("ldrh %w0, [%0]" : "+r"(v) : : "memory");
		break;
	case 4:
		asm volatile("ldr %w0, [%0]" : "+r"(v) : : "memory");
		break;
	default:
		asm volatile("ldr %0, [%0]" : "+r"(v) : : "memory");
		break;
	}
	result(v);
}

static void store(unsigned int size)
{
	u64 addr = next();
	u64 v = next();

	switch (size) {
	case 1:
		write8(addr, (u8)v);
		break;
	case 2:
		write16(addr, (u16)v);
		break;
	case 4:
		write32(addr, (u32)v);
		break;
	default:
		write64(addr, v);
		break;
	}
}

static void hypercall(unsigned int args)
{
	u64 regs[4] = { 0 };
	unsigned int i;

	for (i = 0; i < args && i < 4; i++)
		regs[i] = next();
	hvc(regs);
	result(regs[0]);
	result(regs[1]);
}

static void copy(u64 len)
{
	u64 dst = next();
	u64 src = next();
	u64 i;

	for (i = 0; i < len; i += 8)
		write64(dst + i, read64(src + i));
}

static void set_vector(void)
{
	u64 addr = next();

	asm volatile("msr vbar_el1, %0\n\tisb" : : "r"(addr));
}

static void poll(void)
{
	u32 intid;

	do {
		intid = gic_ack();
	} while (intid >= 1020);
	result(intid);
}

static void report(const u64 *v, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		result(v[i]);
}

static void check_registers(void)
{
	static u64 now[REGSET_MAX] __aligned(16);
	u32 i;

	registers_read(now);
	for (i = 0; i < regset_count(); i++) {
		if (now[i] != filled[i])
			break;
	}
	result(i < regset_count() ? i : ~0UL);
}

#define MDSCR_DEBUG	0xa000UL	/* MDE, KDE */
#define WATCH_CONTROL	0x1ffbUL	/* 8 bytes, loads and stores, EL1, on */
#define BREAK_CONTROL	0x1e3UL		/* one instruction, EL1, on */

static void debug_on(u64 on)
{
	asm volatile("msr mdscr_el1, %0\n\tisb" : : "r"(on ? MDSCR_DEBUG : 0));
	if (on)
		asm volatile("msr daifclr, #8" : : : "memory");
	else
		asm volatile("msr daifset, #8" : : : "memory");
}

static void watch(void)
{
	u64 addr = next();
	u64 v;

	asm volatile("msr dbgwvr0_el1, %0\n\tmsr dbgwcr0_el1, %1"
		     : : "r"(addr), "r"(WATCH_CONTROL));
	debug_on(1);
	asm volatile("ldr %0, [%1]" : "=r"(v) : "r"(addr) : "memory");
	debug_on(0);
	asm volatile("msr dbgwcr0_el1, xzr\n\tisb");
}

static void stop_here(void)
{
	u64 addr;

	asm volatile("adr %0, 1f" : "=r"(addr));
	asm volatile("msr dbgbvr0_el1, %0\n\tmsr dbgbcr0_el1, %1"
		     : : "r"(addr), "r"(BREAK_CONTROL));
	debug_on(1);
	asm volatile("1:\tnop" : : : "memory");
	debug_on(0);
	asm volatile("msr dbgbcr0_el1, xzr\n\tisb");
}

static void count(u64 limit)
{
	u64 addr = next();
	u64 v;

	for (v = 1; v <= limit; v++)
		write64(addr, v);
}

/* The operations that the recorded guest did not have. */
static void run_own(u64 cmd, u64 arg)
{
	switch (cmd >> 56) {
	case OP_TIMER:
		timer_on(arg);
		break;
	case OP_POLL:
		poll();
		break;
	case OP_ENTRY_X:
		report(entry_x, ARRAY_SIZE(entry_x));
		break;
	case OP_ENTRY_REGS:
		report(entry_regs, regset_count());
		break;
	case OP_REGS_FILL:
		regset_fill(arg, filled);
		break;
	case OP_REGS_CHECK:
		check_registers();
		break;
	case OP_WATCH:
		watch();
		break;
	case OP_BREAK:
		stop_here();
		break;
	case OP_COUNT:
		count(arg);
		break;
	}
}

static void run(u64 cmd)
{
	unsigned int size = cmd >> 48 & 0xff;
	u64 arg = cmd & 0xffffffffffffUL;

	switch (cmd >> 56) {
	case OP_LOAD:
		load(size);
		break;
	case OP_STORE:
		store(size);
		break;
	case OP_WFI:
		wfi();
		break;
	case OP_ACK:
		result(gic_ack());
		break;
	case OP_HVC:
		hypercall(size);
		break;
	case OP_ENABLE:
		gic_enable((u32)arg, (int)size);
		break;
	case OP_SPECIAL:
		result(special(arg, next()));
		break;
	case OP_COPY:
		copy(arg);
		break;
	case OP_PENDING:
		result(gic_highest_pending());
		result(gic_pending_word((u32)arg));
		break;
	case OP_DTB:
		result(dtb_address);
		break;
	case OP_VECTOR:
		set_vector();
		break;
	case OP_OFF:
		psci(PSCI_SYSTEM_OFF, 0, 0, 0);
		break;
	default:
		run_own(cmd, arg);
		break;
	}
}

void shell(void)
{
	for (;;)
		run(next());
}
