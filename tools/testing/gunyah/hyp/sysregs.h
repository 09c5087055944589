/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vCPU has in system registers, and what of them it is shown.
 *
 * Everything that EL1 or EL0 can write and that stays is one of: switched
 * (EL1_REGS, PAuth keys, FP/SIMD), emulated (a guest's debug registers), or
 * trapped and undefined (SVE, SME, a guest's PMU and physical timer,
 * LORegions, activity monitors, MTE's registers, SCXTNUM).
 */
#ifndef HYP_SYSREGS_H
#define HYP_SYSREGS_H

#include "cpu.h"

/* name, and how the assembler names it */
#define EL1_REGS(X)			\
	X(SCTLR, sctlr_el1)		\
	X(CPACR, cpacr_el1)		\
	X(TTBR0, ttbr0_el1)		\
	X(TTBR1, ttbr1_el1)		\
	X(TCR, tcr_el1)			\
	X(ESR, esr_el1)			\
	X(AFSR0, afsr0_el1)		\
	X(AFSR1, afsr1_el1)		\
	X(FAR, far_el1)			\
	X(MAIR, mair_el1)		\
	X(AMAIR, amair_el1)		\
	X(VBAR, vbar_el1)		\
	X(CONTEXTIDR, contextidr_el1)	\
	X(TPIDR_EL0, tpidr_el0)		\
	X(TPIDRRO, tpidrro_el0)		\
	X(TPIDR_EL1, tpidr_el1)		\
	X(CNTKCTL, cntkctl_el1)		\
	X(PAR, par_el1)			\
	X(CSSELR, csselr_el1)		\
	X(SP_EL0, sp_el0)		\
	X(SP_EL1, sp_el1)		\
	X(ELR, elr_el1)			\
	X(SPSR, spsr_el1)		\
	X(MDSCR, mdscr_el1)		\
	X(MDCCINT, mdccint_el1)

/* APIAKey to APGAKey, low and high: op0 3, op1 0, CRn 2 */
#define PAUTH_REGS(X)			\
	X(APIALO, s3_0_c2_c1_0)		\
	X(APIAHI, s3_0_c2_c1_1)		\
	X(APIBLO, s3_0_c2_c1_2)		\
	X(APIBHI, s3_0_c2_c1_3)		\
	X(APDALO, s3_0_c2_c2_0)		\
	X(APDAHI, s3_0_c2_c2_1)		\
	X(APDBLO, s3_0_c2_c2_2)		\
	X(APDBHI, s3_0_c2_c2_3)		\
	X(APGALO, s3_0_c2_c3_0)		\
	X(APGAHI, s3_0_c2_c3_1)

#define SR_ENUM(n, r)	SR_##n,
enum {
	EL1_REGS(SR_ENUM)
	PAUTH_REGS(SR_ENUM)
	SR_TPIDR2,		/* when there is SME */
	SR_VDISR,		/* when there is RAS: DISR_EL1 as the VM sees it */
	SR_COUNT
};
#undef SR_ENUM

#define DEBUG_PAIRS	16

struct fp_regs {		/* entry.S */
	u64 q[32][2];
	u64 fpcr, fpsr;
};

struct vcpu_sysregs {
	struct fp_regs fp __aligned(16);
	u64 r[SR_COUNT];
	/* A guest's breakpoints and watchpoints: kept, not active (value, control). */
	u64 brk[DEBUG_PAIRS][2], wat[DEBUG_PAIRS][2];
};

_Static_assert(offsetof(struct fp_regs, fpcr) == 512, "entry.S");

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
