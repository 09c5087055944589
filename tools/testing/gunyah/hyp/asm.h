/* SPDX-License-Identifier: GPL-2.0-only */
/* Constants that assembly and C share; cpu.c and vcpu.c assert the offsets. */
#ifndef HYP_ASM_H
#define HYP_ASM_H

#define CPU_STACK_SIZE		0x4000
#define CPU_STACK_GUARD		0x1000		/* below each stack, unmapped */
#define CPU_STACK_STRIDE	(CPU_STACK_SIZE + CPU_STACK_GUARD)
#define CPU_PANIC_STACK		0x1000

/* struct cpu */
#define CPU_PANIC_SP		0

/* struct vcpu_regs */
#define REGS_X(n)		(8 * (n))
#define REGS_PC			248
#define REGS_PSTATE		256

/* what vcpu_enter() returns */
#define EXIT_SYNC		0
#define EXIT_IRQ		1
#define EXIT_FIQ		2
#define EXIT_SERROR		3

#endif
