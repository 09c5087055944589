// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end: registers on the PL011, QEMU ends with status 2.  The first CPU to
 * panic prints; one that panics while it does ends QEMU at once.  No lock is
 * taken.
 */
#include "semihost.h"
#include "uart.h"
#include "../cpu.h"

#define PANIC_STATUS	2

static u32 panicking;

static void __printf(1, 2) line(const char *fmt, ...)
{
	char buf[200] = "hyp: ";
	va_list ap;

	va_start(ap, fmt);
	hyp_vsnprintf(buf + 5, sizeof(buf) - 5, fmt, ap);
	va_end(ap);
	uart_line(buf);
}

/* false: another CPU, or this one, is at it already. */
static bool first(void)
{
	return __atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST) == 0;
}

static void print_regs(const struct vcpu_regs *r)
{
	unsigned int i;

	for (i = 0; i < 30; i += 3)
		line("x%-2u %016lx x%-2u %016lx x%-2u %016lx", i, r->x[i], i + 1, r->x[i + 1],
		     i + 2, r->x[i + 2]);
	line("x30 %016lx pc  %016lx spsr %016lx", r->x[30], r->pc, r->pstate);
}

static void print_el2(void)
{
	struct cpu *cpu = cpu_this();

	line("esr_el2 %016lx far_el2 %016lx hpfar_el2 %016lx", read_sysreg(esr_el2),
	     read_sysreg(far_el2), read_sysreg(hpfar_el2));
	line("elr_el2 %016lx spsr_el2 %016lx hcr_el2 %016lx", read_sysreg(elr_el2),
	     read_sysreg(spsr_el2), read_sysreg(hcr_el2));
	line("vttbr_el2 %016lx sctlr_el1 %016lx vbar_el1 %016lx", read_sysreg(vttbr_el2),
	     read_sysreg(sctlr_el1), read_sysreg(vbar_el1));
	if (!cpu || !cpu->loaded)
		return;
	line("loaded: vmid %u vcpu %u", cpu->loaded->vm->vmid, cpu->loaded->index);
	print_regs(&cpu->loaded->regs);
}

void hyp_panic(const char *fmt, ...)
{
	struct cpu *cpu = cpu_this();
	char buf[160];
	va_list ap;

	if (first()) {
		va_start(ap, fmt);
		hyp_vsnprintf(buf, sizeof(buf), fmt, ap);
		va_end(ap);
		line("PANIC: %s", buf);
		line("cpu %u, called from %016lx, sp %016lx", cpu ? cpu->index : 0,
		     (u64)__builtin_return_address(0), (u64)__builtin_frame_address(0));
		print_el2();
	}
	semihost_exit(PANIC_STATUS);
}

/* From entry.S: an exception of EL2 itself. */
void __noreturn panic_exception(const struct vcpu_regs *regs, u64 vector, u64 sp);
void panic_exception(const struct vcpu_regs *regs, u64 vector, u64 sp)
{
	static const char *const name[] = { "synchronous", "IRQ", "FIQ", "SError" };

	if (first()) {
		line("PANIC: %s exception at EL2", name[vector & 3]);
		line("cpu %u sp %016lx", cpu_this()->index, sp);
		print_regs(regs);
		print_el2();
	}
	semihost_exit(PANIC_STATUS);
}
