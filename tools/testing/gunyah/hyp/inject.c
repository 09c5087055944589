// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions for a VM: what the CPU does when it takes one to EL1, done in its
 * registers.  Nothing looks whether the vector is mapped; when it is not, the
 * guest faults there again, for ever (fact 58, production build).
 */
#include "inject.h"

#define ESR_IL		BIT(25)
#define EC_UNKNOWN	0x00UL
#define EC_IABT_LOWER	0x20UL
#define EC_IABT_SAME	0x21UL
#define EC_DABT_LOWER	0x24UL
#define EC_DABT_SAME	0x25UL

#define SPSR_MODE32	BIT(4)
#define SPSR_MODE	0xfUL
#define SPSR_EL1T	0x4UL
#define SPSR_EL1H	0x5UL
#define SPSR_DAIF	(0xfUL << 6)
#define SPSR_SSBS	BIT(12)
#define SPSR_PAN	BIT(22)
#define SPSR_DIT	BIT(24)
#define SPSR_NZCV	(0xfUL << 28)

#define SCTLR_SPAN	BIT(23)
#define SCTLR_DSSBS	BIT(44)

#define VECTOR_EL1T	0x000
#define VECTOR_EL1H	0x200
#define VECTOR_EL0_64	0x400
#define VECTOR_EL0_32	0x600

static bool from_el0(const struct vcpu *v)
{
	return (v->regs.pstate & SPSR_MODE32) || !(v->regs.pstate & SPSR_MODE);
}

static u64 vector(const struct vcpu *v)
{
	if (v->regs.pstate & SPSR_MODE32)
		return VECTOR_EL0_32;
	switch (v->regs.pstate & SPSR_MODE) {
	case SPSR_EL1H:
		return VECTOR_EL1H;
	case SPSR_EL1T:
		return VECTOR_EL1T;
	default:
		return VECTOR_EL0_64;
	}
}

static u64 new_pstate(u64 old)
{
	bool has_pan = (read_sysreg(id_aa64mmfr1_el1) >> 20) & 0xf;
	bool has_ssbs = (read_sysreg(id_aa64pfr1_el1) >> 4) & 0xf;
	u64 sctlr = read_sysreg(sctlr_el1);
	u64 new = SPSR_EL1H | SPSR_DAIF;

	new |= old & (SPSR_NZCV | SPSR_PAN);
	if (!(old & SPSR_MODE32))
		new |= old & SPSR_DIT;
	if (has_pan && !(sctlr & SCTLR_SPAN))
		new |= SPSR_PAN;
	if (has_ssbs && (sctlr & SCTLR_DSSBS))
		new |= SPSR_SSBS;
	return new;
}

static void take(struct vcpu *v, u64 esr)
{
	u64 old = v->regs.pstate;

	write_sysreg(v->regs.pc, elr_el1);
	write_sysreg(old, spsr_el1);
	write_sysreg(esr, esr_el1);
	v->regs.pc = read_sysreg(vbar_el1) + vector(v);
	v->regs.pstate = new_pstate(old);
}

void inject_abort(struct vcpu *v, bool exec, u64 far, unsigned int fsc)
{
	bool el0 = from_el0(v);
	u64 ec;

	if (exec)
		ec = el0 ? EC_IABT_LOWER : EC_IABT_SAME;
	else
		ec = el0 ? EC_DABT_LOWER : EC_DABT_SAME;
	write_sysreg(far, far_el1);
	take(v, ec << 26 | ESR_IL | fsc);
}

void inject_undef(struct vcpu *v)
{
	take(v, EC_UNKNOWN << 26 | ESR_IL);
}
