// SPDX-License-Identifier: GPL-2.0-only
/*
 * What EL1 and EL0 trap for: calls (HVC, SMC), WFI, system registers, and
 * accesses that stage 2 does not let through.
 *
 * An access is, in this order: run again, when stage 2 has it mapped by now
 * (stage2.c: break before make); answered by the VM's GIC, the control page
 * (primary VM) or the host (guest, VMMIO); or an external abort in the VM.
 */
#include "addrspace.h"
#include "control.h"
#include "inject.h"
#include "psci.h"
#include "sysregs.h"
#include "traps.h"

#define ESR_EC(esr)	(((esr) >> 26) & 0x3f)
#define EC_WFX		0x01
#define EC_HVC64	0x16
#define EC_SMC64	0x17
#define EC_SYSREG	0x18
#define EC_IABT_LOWER	0x20
#define EC_DABT_LOWER	0x24

#define ESR_IL		BIT(25)
#define ESR_IMM16(esr)	((u32)(esr) & 0xffff)
#define WFX_TI		3UL		/* 0 is WFI */

/* ISS of a data abort */
#define DABT_ISV	BIT(24)
#define DABT_SAS(esr)	(((esr) >> 22) & 3)
#define DABT_SSE	BIT(21)
#define DABT_SRT(esr)	(((esr) >> 16) & 0x1f)
#define DABT_SF		BIT(15)
#define ABT_S1PTW	BIT(7)
#define ABT_WNR		BIT(6)
#define ABT_FSC(esr)	((esr) & 0x3f)
#define FSC_TYPE(fsc)	((fsc) & 0x3c)
#define FSC_TRANSLATION	0x04
#define FSC_PERMISSION	0x0c
#define FSC_EXT		0x10
#define FSC_EXT_WALK	0x14

#define HPFAR_IPA(h)	(((h) >> 4 & 0xfffffffffUL) << 12)

#define SMCCC_FAST	BIT(31)
#define SMCCC_OWNER(id)	(((id) >> 24) & 0x3f)
#define SMCCC_OWNER_HYP	6
#define SMCCC_VERSION	0x80000000
#define SMCCC_FEATURES	0x80000001
#define SMCCC_1_3	0x10003
#define NOT_SUPPORTED	(~0UL)

/* One CPU, one instruction, mapped, and it faults again and again. */
#define SPURIOUS_LIMIT	1000000

struct abort {
	u64 esr, far, ipa;
	bool ipa_known, exec, write;
	unsigned int fsc;
};

/* AArch32 code of EL0 has instructions of two bytes too. */
static void skip_instruction(struct vcpu *v, u64 esr)
{
	v->regs.pc += esr & ESR_IL ? 4 : 2;
}

/* ---- calls ---- */

static void smccc(struct vcpu *v, struct vcpu_run_result *res, bool *leave)
{
	u32 id = (u32)v->regs.x[0];

	if ((id & SMCCC_FAST) && SMCCC_OWNER(id) == SMCCC_OWNER_HYP) {
		if (!hypercall_smccc(v))
			v->regs.x[0] = NOT_SUPPORTED;
	} else if (id == SMCCC_VERSION) {
		v->regs.x[0] = SMCCC_1_3;
	} else if (id == SMCCC_FEATURES) {
		v->regs.x[0] = (u32)v->regs.x[1] == SMCCC_VERSION ? 0 : NOT_SUPPORTED;
	} else if (!psci_call(v, res, leave)) {
		v->regs.x[0] = NOT_SUPPORTED;
	}
}

static void call(struct vcpu *v, u32 imm, bool hvc, struct vcpu_run_result *res, bool *leave)
{
	if (imm == 0)
		smccc(v, res, leave);
	else if (!hvc || !hypercall_native(v, imm))
		v->regs.x[0] = NOT_SUPPORTED;
}

/* ---- aborts ---- */

static struct abort read_abort(struct vcpu *v, u64 esr)
{
	struct abort a = {
		.esr = esr,
		.far = read_sysreg(far_el2),
		.exec = ESR_EC(esr) == EC_IABT_LOWER,
		.fsc = ABT_FSC(esr),
	};
	u64 page = 0;

	a.write = !a.exec && (esr & ABT_WNR);
	/* HPFAR_EL2 is not valid for a permission fault, but on a stage 1 walk. */
	if (FSC_TYPE(a.fsc) == FSC_PERMISSION && !(esr & ABT_S1PTW)) {
		a.ipa_known = vcpu_translate(v, a.far, a.write, &page);
		a.ipa = page;
	} else if (FSC_TYPE(a.fsc) == FSC_TRANSLATION || FSC_TYPE(a.fsc) == FSC_PERMISSION) {
		a.ipa_known = true;
		a.ipa = HPFAR_IPA(read_sysreg(hpfar_el2)) | (a.far & ~PAGE_MASK);
	}
	return a;
}

/* True when stage 2 allows the access: the instruction is run again. */
static bool mapped_by_now(struct vcpu *v, const struct abort *a)
{
	struct cpu *cpu = cpu_this();
	unsigned int prot, want = S2_R;

	if (a->esr & ABT_S1PTW)
		want = S2_R | (a->write ? S2_W : 0);
	else if (a->exec)
		want = S2_X;
	else if (a->write)
		want = S2_W;
	if (!a->ipa_known || !stage2_lookup(&v->vm->s2, a->ipa, NULL, &prot) ||
	    (prot & want) != want)
		return false;
	cpu->spurious = cpu->last_pc == v->regs.pc ? cpu->spurious + 1 : 0;
	cpu->last_pc = v->regs.pc;
	if (cpu->spurious > SPURIOUS_LIMIT)
		hyp_panic("vmid %u: %lx is mapped and faults for ever", v->vm->vmid, a->ipa);
	return true;
}

static unsigned int external_fsc(const struct abort *a)
{
	return a->esr & ABT_S1PTW ? FSC_EXT_WALK | (a->fsc & 3) : FSC_EXT;
}

static void inject(struct vcpu *v, const struct abort *a)
{
	hyp_debug("vmid %u: vcpu %u: abort at %lx, address %lx, ipa %lx, syndrome %lx",
		  v->vm->vmid, v->index, v->regs.pc, a->far, a->ipa, a->esr);
	inject_abort(v, a->exec, a->far, external_fsc(a));
}

/* A single load or store that the syndrome describes. */
static bool is_mmio(const struct abort *a)
{
	return !a->exec && a->ipa_known && (a->esr & DABT_ISV) && !(a->esr & ABT_S1PTW) &&
	       FSC_TYPE(a->fsc) == FSC_TRANSLATION;
}

static void mmio_decode(struct vcpu *v, const struct abort *a)
{
	v->mmio_ipa = a->ipa;
	v->mmio_write = a->write;
	v->mmio_size = 1U << DABT_SAS(a->esr);
	v->mmio_sign = a->esr & DABT_SSE;
	v->mmio_64 = a->esr & DABT_SF;
	v->mmio_reg = DABT_SRT(a->esr);
}

/* The value that is stored, cut to the access size. */
static u64 mmio_value(const struct vcpu *v)
{
	u64 val = v->mmio_reg < 31 ? v->regs.x[v->mmio_reg] : 0;

	return v->mmio_size < 8 ? val & (BIT(v->mmio_size * 8) - 1) : val;
}

/* What the hypervisor itself answers is cut to the access size and extended. */
static void mmio_done(struct vcpu *v, u64 esr, u64 val)
{
	unsigned int shift = 64 - v->mmio_size * 8;

	skip_instruction(v, esr);
	if (v->mmio_write || v->mmio_reg >= 31)
		return;
	val <<= shift;
	val = v->mmio_sign ? (u64)((s64)val >> shift) : val >> shift;
	v->regs.x[v->mmio_reg] = v->mmio_64 ? val : (u32)val;
}

/* The devices of the hypervisor; true when the access is done. */
static bool mmio_own(struct vcpu *v, u64 esr)
{
	u64 ipa = v->mmio_ipa;
	u64 val = v->mmio_write ? mmio_value(v) : 0;

	if (vgic_mmio(v, ipa, v->mmio_size, v->mmio_write, &val)) {
		mmio_done(v, esr, val);
		return true;
	}
	if (v->vm->primary && ipa - CONTROL_IPA < CONTROL_SIZE &&
	    control_mmio(v, ipa - CONTROL_IPA, v->mmio_size, v->mmio_write, &val)) {
		mmio_done(v, esr, val);
		return true;
	}
	return false;
}

/* What the host may ask for in its answer; before the instruction is passed over. */
static void note_exit(struct vcpu *v, const struct abort *a)
{
	v->exit_pc = v->regs.pc;
	v->exit_far = a->far;
	v->exit_exec = a->exec;
	v->exit_fsc = external_fsc(a);
}

/* Nothing is mapped there, and the host has said that it will map something. */
static bool page_fault(struct vcpu *v, const struct abort *a, struct vcpu_run_result *res)
{
	if (!v->vm->space || !a->ipa_known || FSC_TYPE(a->fsc) != FSC_TRANSLATION ||
	    !addrspace_paged(v->vm->space, a->ipa))
		return false;
	note_exit(v, a);
	v->fault_pending = true;
	res->state = VCPU_RUN_PAGE_FAULT;
	/* Of a walk of the guest's own tables only the page is known. */
	res->data[0] = a->esr & ABT_S1PTW ? a->ipa & PAGE_MASK : a->ipa;
	res->data[1] = a->write;
	return true;
}

/* Fact 60: all of the range that the VM's GIC does not answer. */
static bool mmio_of_host(struct vcpu *v, const struct abort *a, struct vcpu_run_result *res)
{
	struct vm *vm = v->vm;
	u64 off = v->mmio_ipa - vm->vmmio_base;

	if (vm->primary || v->mmio_ipa < vm->vmmio_base || off >= vm->vmmio_size ||
	    v->mmio_size > vm->vmmio_size - off)
		return false;
	note_exit(v, a);
	v->mmio_pending = true;
	skip_instruction(v, a->esr);
	res->state = v->mmio_write ? VCPU_RUN_VMMIO_WRITE : VCPU_RUN_VMMIO_READ;
	res->data[0] = v->mmio_ipa;
	res->data[1] = v->mmio_size;
	res->data[2] = v->mmio_write ? mmio_value(v) : 0;
	return true;
}

/* True when the host has to answer. */
static bool trap_abort(struct vcpu *v, u64 esr, struct vcpu_run_result *res)
{
	struct abort a = read_abort(v, esr);

	if (mapped_by_now(v, &a))
		return false;
	if (is_mmio(&a)) {
		mmio_decode(v, &a);
		if (mmio_own(v, esr))
			return false;
	}
	if (page_fault(v, &a, res))
		return true;
	if (is_mmio(&a) && mmio_of_host(v, &a, res))
		return true;
	inject(v, &a);
	return false;
}

/* ---- all ---- */

/* True when the guest sleeps. */
static bool trap_wfx(struct vcpu *v, u64 esr, struct vcpu_run_result *res)
{
	skip_instruction(v, esr);
	if ((esr & WFX_TI) || v->vm->primary || vgic_has_pending(v))
		return false;
	res->state = VCPU_RUN_EXPECTS_WAKEUP;
	res->data[1] = 1;
	v->suspend_down = false;
	return true;
}

static bool trap(struct vcpu *v, struct vcpu_run_result *res)
{
	u64 esr = read_sysreg(esr_el2);
	bool leave = false;

	switch (ESR_EC(esr)) {
	case EC_WFX:
		return trap_wfx(v, esr, res);
	case EC_SMC64:
		v->regs.pc += 4;
		call(v, ESR_IMM16(esr), false, res, &leave);
		return leave;
	case EC_HVC64:
		call(v, ESR_IMM16(esr), true, res, &leave);
		return leave;
	case EC_SYSREG:
		if (sysregs_trap(v, (u32)esr))
			v->regs.pc += 4;
		else
			inject_undef(v);
		return false;
	case EC_IABT_LOWER:
	case EC_DABT_LOWER:
		return trap_abort(v, esr, res);
	default:
		/* SVE, SME, AArch32 coprocessors at EL0: nothing of it is shown. */
		inject_undef(v);
		return false;
	}
}

void trap_primary(struct vcpu *v)
{
	trap(v, NULL);
}

bool trap_guest(struct vcpu *v, struct vcpu_run_result *res)
{
	return trap(v, res);
}
