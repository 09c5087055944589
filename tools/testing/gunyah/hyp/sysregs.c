// SPDX-License-Identifier: GPL-2.0-only
/*
 * System registers of vCPUs: switched, shown, or emulated.  See sysregs.h for
 * which.  ID registers are always trapped (HCR_EL2.TID3): what is not switched
 * is not shown, so that neither VM finds a register that the other can see.
 */
#include "debug.h"
#include "gic.h"
#include "sysregs.h"

#define HCR_VM		BIT(0)
#define HCR_PTW		BIT(2)
#define HCR_FMO		BIT(3)
#define HCR_IMO		BIT(4)
#define HCR_AMO		BIT(5)
#define HCR_FB		BIT(9)
#define HCR_BSU_INNER	BIT(10)
#define HCR_TWI		BIT(13)
#define HCR_TID3	BIT(18)
#define HCR_TSC		BIT(19)
#define HCR_TIDCP	BIT(20)
#define HCR_TACR	BIT(21)
#define HCR_TSW		BIT(22)
#define HCR_RW		BIT(31)
#define HCR_TLOR	BIT(35)
#define HCR_TERR	BIT(36)
#define HCR_APK		BIT(40)
#define HCR_API		BIT(41)

#define HCR_ALL		(HCR_VM | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_TID3 | HCR_TSC | \
			 HCR_TIDCP | HCR_TACR | HCR_RW | HCR_TLOR | HCR_TERR | HCR_APK | HCR_API)
#define HCR_GUEST	(HCR_ALL | HCR_FB | HCR_BSU_INNER | HCR_TWI | HCR_TSW)

#define MDCR_TPMCR	BIT(5)
#define MDCR_TPM	BIT(6)
#define MDCR_TDA	BIT(9)
#define MDCR_TDOSA	BIT(10)
#define MDCR_TDRA	BIT(11)
#define MDCR_GUEST	(MDCR_TPMCR | MDCR_TPM | MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)

#define CNTHCTL_PCTEN	BIT(0)
#define CNTHCTL_PCEN	BIT(1)

#define SCTLR_RESET	0x30d00800UL

static bool has_pauth, has_sme, has_ras;
static u64 pmu_counters;

static u64 field(u64 v, unsigned int shift)
{
	return (v >> shift) & 0xf;
}

void sysregs_init(void)
{
	u64 isar1 = read_sysreg(id_aa64isar1_el1);
	u64 isar2 = read_sysreg(s3_0_c0_c6_2);
	u64 pmuver = field(read_sysreg(id_aa64dfr0_el1), 8);

	has_pauth = field(isar1, 4) || field(isar1, 8) || field(isar2, 12);
	has_sme = field(read_sysreg(id_aa64pfr1_el1), 24);
	has_ras = field(read_sysreg(id_aa64pfr0_el1), 28);
	if (pmuver && pmuver != 0xf)
		pmu_counters = (read_sysreg(pmcr_el0) >> 11) & 0x1f;
}

void sysregs_reset(struct vcpu *v)
{
	memset(v->sys, 0, sizeof(*v->sys));
	v->sys->r[SR_SCTLR] = SCTLR_RESET;
}

static void save_el1(u64 *r)
{
	r[SR_SCTLR] = read_sysreg(sctlr_el1);
	r[SR_CPACR] = read_sysreg(cpacr_el1);
	r[SR_TTBR0] = read_sysreg(ttbr0_el1);
	r[SR_TTBR1] = read_sysreg(ttbr1_el1);
	r[SR_TCR] = read_sysreg(tcr_el1);
	r[SR_ESR] = read_sysreg(esr_el1);
	r[SR_AFSR0] = read_sysreg(afsr0_el1);
	r[SR_AFSR1] = read_sysreg(afsr1_el1);
	r[SR_FAR] = read_sysreg(far_el1);
	r[SR_MAIR] = read_sysreg(mair_el1);
	r[SR_AMAIR] = read_sysreg(amair_el1);
	r[SR_VBAR] = read_sysreg(vbar_el1);
	r[SR_CONTEXTIDR] = read_sysreg(contextidr_el1);
	r[SR_TPIDR_EL0] = read_sysreg(tpidr_el0);
	r[SR_TPIDRRO] = read_sysreg(tpidrro_el0);
	r[SR_TPIDR_EL1] = read_sysreg(tpidr_el1);
	r[SR_CNTKCTL] = read_sysreg(cntkctl_el1);
	r[SR_PAR] = read_sysreg(par_el1);
	r[SR_CSSELR] = read_sysreg(csselr_el1);
	r[SR_SP_EL0] = read_sysreg(sp_el0);
	r[SR_SP_EL1] = read_sysreg(sp_el1);
	r[SR_ELR] = read_sysreg(elr_el1);
	r[SR_SPSR] = read_sysreg(spsr_el1);
	r[SR_MDSCR] = read_sysreg(mdscr_el1);
	r[SR_MDCCINT] = read_sysreg(mdccint_el1);
}

/*
 * An emulator drops its whole TLB when these two are written, and two kernels
 * of the same build mostly have the same in them.
 */
static void load_mmu_controls(const u64 *r)
{
	if (read_sysreg(sctlr_el1) != r[SR_SCTLR])
		write_sysreg(r[SR_SCTLR], sctlr_el1);
	if (read_sysreg(tcr_el1) != r[SR_TCR])
		write_sysreg(r[SR_TCR], tcr_el1);
}

static void load_el1(const u64 *r)
{
	load_mmu_controls(r);
	write_sysreg(r[SR_CPACR], cpacr_el1);
	write_sysreg(r[SR_TTBR0], ttbr0_el1);
	write_sysreg(r[SR_TTBR1], ttbr1_el1);
	write_sysreg(r[SR_ESR], esr_el1);
	write_sysreg(r[SR_AFSR0], afsr0_el1);
	write_sysreg(r[SR_AFSR1], afsr1_el1);
	write_sysreg(r[SR_FAR], far_el1);
	write_sysreg(r[SR_MAIR], mair_el1);
	write_sysreg(r[SR_AMAIR], amair_el1);
	write_sysreg(r[SR_VBAR], vbar_el1);
	write_sysreg(r[SR_CONTEXTIDR], contextidr_el1);
	write_sysreg(r[SR_TPIDR_EL0], tpidr_el0);
	write_sysreg(r[SR_TPIDRRO], tpidrro_el0);
	write_sysreg(r[SR_TPIDR_EL1], tpidr_el1);
	write_sysreg(r[SR_CNTKCTL], cntkctl_el1);
	write_sysreg(r[SR_PAR], par_el1);
	write_sysreg(r[SR_CSSELR], csselr_el1);
	write_sysreg(r[SR_SP_EL0], sp_el0);
	write_sysreg(r[SR_SP_EL1], sp_el1);
	write_sysreg(r[SR_ELR], elr_el1);
	write_sysreg(r[SR_SPSR], spsr_el1);
	write_sysreg(r[SR_MDSCR], mdscr_el1);
	write_sysreg(r[SR_MDCCINT], mdccint_el1);
}

static void save_keys(u64 *r)
{
	r[SR_APIALO] = read_sysreg(s3_0_c2_c1_0);
	r[SR_APIAHI] = read_sysreg(s3_0_c2_c1_1);
	r[SR_APIBLO] = read_sysreg(s3_0_c2_c1_2);
	r[SR_APIBHI] = read_sysreg(s3_0_c2_c1_3);
	r[SR_APDALO] = read_sysreg(s3_0_c2_c2_0);
	r[SR_APDAHI] = read_sysreg(s3_0_c2_c2_1);
	r[SR_APDBLO] = read_sysreg(s3_0_c2_c2_2);
	r[SR_APDBHI] = read_sysreg(s3_0_c2_c2_3);
	r[SR_APGALO] = read_sysreg(s3_0_c2_c3_0);
	r[SR_APGAHI] = read_sysreg(s3_0_c2_c3_1);
}

static void load_keys(const u64 *r)
{
	write_sysreg(r[SR_APIALO], s3_0_c2_c1_0);
	write_sysreg(r[SR_APIAHI], s3_0_c2_c1_1);
	write_sysreg(r[SR_APIBLO], s3_0_c2_c1_2);
	write_sysreg(r[SR_APIBHI], s3_0_c2_c1_3);
	write_sysreg(r[SR_APDALO], s3_0_c2_c2_0);
	write_sysreg(r[SR_APDAHI], s3_0_c2_c2_1);
	write_sysreg(r[SR_APDBLO], s3_0_c2_c2_2);
	write_sysreg(r[SR_APDBHI], s3_0_c2_c2_3);
	write_sysreg(r[SR_APGALO], s3_0_c2_c3_0);
	write_sysreg(r[SR_APGAHI], s3_0_c2_c3_1);
}

void sysregs_save(struct vcpu *v)
{
	u64 mdscr = v->sys->r[SR_MDSCR];
	u64 *r = v->sys->r;

	save_el1(r);
	if (!v->vm->primary) {
		r[SR_MDSCR] = mdscr;		/* emulated */
		debug_put(v);
	}
	if (has_pauth)
		save_keys(r);
	if (has_sme)
		r[SR_TPIDR2] = read_sysreg(s3_3_c13_c0_5);
	if (has_ras)
		r[SR_VDISR] = read_sysreg(s3_4_c12_c1_1);
	fp_save(&v->sys->fp);
}

static void load_el2(struct vcpu *v)
{
	bool primary = v->vm->primary;
	u64 mpidr = primary ? read_sysreg(mpidr_el1) : BIT(31) | v->index;

	write_sysreg(primary ? HCR_ALL : HCR_GUEST, hcr_el2);
	write_sysreg(pmu_counters | (primary ? 0 : MDCR_GUEST), mdcr_el2);
	write_sysreg(CNTHCTL_PCTEN | (primary ? CNTHCTL_PCEN : 0), cnthctl_el2);
	write_sysreg(read_sysreg(midr_el1), vpidr_el2);
	write_sysreg(mpidr, vmpidr_el2);
	write_sysreg(stage2_vttbr(&v->vm->s2), vttbr_el2);
}

void sysregs_load(struct vcpu *v)
{
	const u64 *r = v->sys->r;

	load_el2(v);
	load_el1(r);
	if (has_pauth)
		load_keys(r);
	if (!v->vm->primary)
		debug_load(v);
	if (has_sme)
		write_sysreg(r[SR_TPIDR2], s3_3_c13_c0_5);
	if (has_ras)
		write_sysreg(r[SR_VDISR], s3_4_c12_c1_1);
	fp_load(&v->sys->fp);
	isb();
}

/* ---- ID registers: op0 3, op1 0, CRn 0, CRm 1 to 7 ---- */

static u64 at_most(u64 v, unsigned int shift, u64 max)
{
	if (field(v, shift) > max)
		v = (v & ~(0xfUL << shift)) | max << shift;
	return v;
}

static u64 clear_fields(u64 v, u64 shifts)
{
	unsigned int i;

	for (i = 0; i < 64; i += 4)
		if (shifts & BIT(i))
			v &= ~(0xfUL << i);
	return v;
}

static u64 id_pfr0(void)
{
	u64 v = read_sysreg(id_aa64pfr0_el1);

	/* EL2, EL3, RAS, SVE, secure EL2, MPAM, AMU, RME; EL1 in AArch64 only */
	v = clear_fields(v, BIT(8) | BIT(12) | BIT(28) | BIT(32) | BIT(36) | BIT(40) | BIT(44) |
			 BIT(52));
	v = at_most(v, 4, 1);
	return at_most(v, 56, 1);		/* CSV2_2 has SCXTNUM */
}

static u64 id_dfr0(bool primary)
{
	/* trace, SPE, trace filter and buffer, multi-threaded PMU, BRBE */
	u64 v = clear_fields(read_sysreg(id_aa64dfr0_el1),
			     BIT(4) | BIT(32) | BIT(40) | BIT(44) | BIT(48) | BIT(52) | BIT(60));

	return primary ? v : clear_fields(v, BIT(8));
}

static u64 id_mmfr0(void)
{
	u64 v = read_sysreg(id_aa64mmfr0_el1);

	if (field(v, 28) == 1)			/* LPA2 */
		v = clear_fields(v, BIT(28));
	v = at_most(v, 20, 1);
	v = at_most(v, 0, 2);			/* 40 bits of IPA */
	return clear_fields(v, BIT(32) | BIT(36) | BIT(40) | BIT(48) | BIT(52) | BIT(56) | BIT(60));
}

static u64 id_aa64(unsigned int crm, unsigned int op2, bool primary)
{
	switch (crm << 4 | op2) {
	case 0x40:
		return id_pfr0();
	case 0x41:				/* BTI, SSBS */
		return read_sysreg(id_aa64pfr1_el1) & 0xff;
	case 0x50:
		return id_dfr0(primary);
	case 0x60:				/* not TME */
		return clear_fields(read_sysreg(id_aa64isar0_el1), BIT(24));
	case 0x61:				/* not XS, LS64 */
		return clear_fields(read_sysreg(id_aa64isar1_el1), BIT(56) | BIT(60));
	case 0x62:				/* RPRES, GPA3, APA3, PAC_frac */
		return read_sysreg(s3_0_c0_c6_2) & 0x0f00fff0;
	case 0x70:
		return id_mmfr0();
	case 0x71:				/* HAFDBS, HPDS, PAN, ETS */
		return read_sysreg(id_aa64mmfr1_el1) & 0xf000f0f00f;
	case 0x72:				/* not NV, FWB, EVT */
		return clear_fields(read_sysreg(id_aa64mmfr2_el1), BIT(24) | BIT(40) | BIT(56));
	default:
		return 0;
	}
}

#define ID32(crm, op2)						\
	case (crm) << 4 | (op2):				\
		return read_sysreg(s3_0_c0_c##crm##_##op2)

static u64 id_aa32(unsigned int crm, unsigned int op2)
{
	switch (crm << 4 | op2) {
	ID32(1, 0);
	ID32(1, 1);
	ID32(1, 4);
	ID32(1, 5);
	ID32(1, 6);
	ID32(1, 7);
	ID32(2, 0);
	ID32(2, 1);
	ID32(2, 2);
	ID32(2, 3);
	ID32(2, 4);
	ID32(2, 5);
	ID32(2, 6);
	ID32(2, 7);
	ID32(3, 0);
	ID32(3, 1);
	ID32(3, 2);
	ID32(3, 4);
	ID32(3, 6);
	default:				/* ID_DFR0, ID_DFR1: no PMU, no debug */
		return 0;
	}
}

/* ---- trapped accesses ---- */

#define ISS_READ	BIT(0)
#define ENC(op0, op1, crn, crm, op2) \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

struct access {
	u32 enc;
	unsigned int op0, op1, crn, crm, op2, rt;
	bool read;
	u64 val;
};

static struct access decode(const struct vcpu *v, u32 iss)
{
	struct access a = {
		.op0 = (iss >> 20) & 3,
		.op1 = (iss >> 14) & 7,
		.crn = (iss >> 10) & 0xf,
		.crm = (iss >> 1) & 0xf,
		.op2 = (iss >> 17) & 7,
		.rt = (iss >> 5) & 0x1f,
		.read = iss & ISS_READ,
	};

	a.enc = ENC(a.op0, a.op1, a.crn, a.crm, a.op2);
	a.val = a.rt < 31 ? v->regs.x[a.rt] : 0;
	return a;
}

static bool trap_id(const struct vcpu *v, struct access *a)
{
	if (!a->read)
		return false;
	a->val = a->crm < 4 ? id_aa32(a->crm, a->op2) :
			      id_aa64(a->crm, a->op2, v->vm->primary);
	return true;
}

static bool trap_other(struct vcpu *v, struct access *a)
{
	switch (a->enc) {
	case ENC(3, 0, 12, 11, 5):				/* ICC_SGI1R_EL1 */
		if (a->read)
			return false;
		vgic_sgi1r(v, a->val);
		return true;
	case ENC(3, 0, 12, 11, 6):				/* ICC_ASGI1R_EL1 */
	case ENC(3, 0, 12, 11, 7):				/* ICC_SGI0R_EL1 */
		return !a->read;
	case ENC(3, 0, 1, 0, 1):				/* ACTLR_EL1 */
		a->val = 0;
		return true;
	case ENC(3, 3, 14, 2, 0):				/* CNTP_TVAL_EL0 */
	case ENC(3, 3, 14, 2, 1):				/* CNTP_CTL_EL0 */
	case ENC(3, 3, 14, 2, 2):				/* CNTP_CVAL_EL0 */
		a->val = 0;
		return true;
	case ENC(1, 0, 7, 6, 2):				/* DC ISW, CSW, CISW */
	case ENC(1, 0, 7, 10, 2):
	case ENC(1, 0, 7, 14, 2):
		/* By set and way only one CPU's caches are reached: of no use to a VM. */
		return true;
	default:
		return false;
	}
}

bool sysregs_trap(struct vcpu *v, u32 iss)
{
	struct access a = decode(v, iss);
	bool ok;

	if (a.op0 == 3 && a.op1 == 0 && a.crn == 0 && a.crm >= 1 && a.crm <= 7)
		ok = trap_id(v, &a);
	else if (a.op0 == 2 && !v->vm->primary)
		ok = debug_trap(v, a.op1, a.crn, a.crm, a.op2, a.read, &a.val);
	else
		ok = trap_other(v, &a);
	if (ok && a.read && a.rt < 31)
		v->regs.x[a.rt] = a.val;
	return ok;
}
