/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vCPU has in system registers, and what of them it is shown.
 *
 * Everything that EL1 or EL0 can write and that stays is one of: switched
 * (enum below, FP/SIMD), emulated (a guest's debug registers), or
 * trapped and undefined (SVE, SME, a guest's PMU and physical timer,
 * LORegions, activity monitors, MTE's registers, SCXTNUM).
 */
#ifndef HYP_SYSREGS_H
#define HYP_SYSREGS_H

#include "cpu.h"

/* Index into vcpu_sysregs.r[]; EL1's where the name does not say another level. */
enum {
	SR_SCTLR,
	SR_CPACR,
	SR_TTBR0,
	SR_TTBR1,
	SR_TCR,
	SR_ESR,
	SR_AFSR0,
	SR_AFSR1,
	SR_FAR,
	SR_MAIR,
	SR_AMAIR,
	SR_VBAR,
	SR_CONTEXTIDR,
	SR_TPIDR_EL0,
	SR_TPIDRRO,
	SR_TPIDR_EL1,
	SR_CNTKCTL,
	SR_PAR,
	SR_CSSELR,
	SR_SP_EL0,
	SR_SP_EL1,
	SR_ELR,
	SR_SPSR,
	SR_MDSCR,
	SR_MDCCINT,
	/* APIAKey to APGAKey, low and high halves, when there is PAuth */
	SR_APIALO,
	SR_APIAHI,
	SR_APIBLO,
	SR_APIBHI,
	SR_APDALO,
	SR_APDAHI,
	SR_APDBLO,
	SR_APDBHI,
	SR_APGALO,
	SR_APGAHI,
	SR_TPIDR2,		/* TPIDR2_EL0, when there is SME */
	SR_VDISR,		/* when there is RAS: DISR_EL1 as the VM sees it */
	SR_COUNT
};

#define DEBUG_PAIRS	16

struct fp_regs {		/* entry.S */
	u64 q[32][2];
	u64 fpcr, fpsr;
};

struct debug_pair {		/* debug_regs.S */
	u64 value, control;
};

struct vcpu_sysregs {
	struct fp_regs fp __aligned(16);
	u64 r[SR_COUNT];
	/*
	 * debug.c: value and control of breakpoints and watchpoints; a guest's
	 * always, the primary VM's while a guest's are in the CPU.
	 */
	struct debug_pair brk[DEBUG_PAIRS], wat[DEBUG_PAIRS];
	bool debug_loaded;	/* a guest's: they are in the CPU */
	bool oslk;		/* the primary VM's: it holds the OS lock */
};

ASSERT_TRUE(offsetof(struct fp_regs, fpcr) == 512);	/* entry.S */

void fp_save(struct fp_regs *fp);
void fp_load(const struct fp_regs *fp);

/* What this machine has; once, boot CPU. */
void sysregs_init(void);
/* As after reset: MMU off, all else zero. */
void sysregs_reset(struct vcpu *v);
/* [loaded] The registers of this CPU from or to v->sys; EL2's traps for v. */
void sysregs_save(struct vcpu *v);
void sysregs_load(struct vcpu *v);
/* [loaded] A trapped MRS or MSR (exception class 0x18); false: undefined. */
bool sysregs_trap(struct vcpu *v, u32 iss);

#endif
