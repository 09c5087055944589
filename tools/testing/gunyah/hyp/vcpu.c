// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running vCPUs.
 *
 * A physical CPU has one vCPU loaded: its own of the primary VM, or, inside a
 * vcpu_run hypercall of that one, a guest's.  "Loaded" means that the CPU's
 * system registers, timer and virtual CPU interface are the vCPU's.  The
 * general registers are in v->regs whenever EL2 runs.
 *
 * A guest's slice ends when an interrupt waits for the primary VM, when the
 * guest needs the host (MMIO, sleep, off), or when it is stopped.  An interrupt
 * of the machine that is taken while a guest is loaded is kept and forwarded
 * when the primary VM's vCPU is loaded again.
 *
 * on_cpu is written before pending interrupts and kill are looked at, those
 * are written before on_cpu is looked at (vcpu_irq_pending, vm_stop), so one of
 * the two sees the other.
 */
#include "abi.h"
#include "gic.h"
#include "inject.h"
#include "psci.h"
#include "sysregs.h"
#include "traps.h"
#include "vcpu.h"
#include "vtimer.h"

#define SPSR_EL1H_DAIF	0x3c5UL

#define HOST_IRQS	16

#define PAR_F		BIT(0)
#define PAR_PA		0x0000fffffffff000UL
#define SCTLR_M		BIT(0)

ASSERT_TRUE(offsetof(struct vcpu, regs) == 0);
ASSERT_TRUE(offsetof(struct vcpu_regs, pc) == REGS_PC);
ASSERT_TRUE(offsetof(struct vcpu_regs, pstate) == REGS_PSTATE);

/* Interrupts of the machine taken while a guest was loaded. */
struct host_irqs {
	unsigned int n;
	u32 intid[HOST_IRQS];
};

static void reset(struct vcpu *v, u64 entry, u64 context)
{
	memset(&v->regs, 0, sizeof(v->regs));
	v->regs.pc = entry;
	v->regs.x[0] = context;
	v->regs.pstate = SPSR_EL1H_DAIF;
	sysregs_reset(v);
	vgic_vcpu_reset(v);
	v->mmio_pending = false;
	v->fault_pending = false;
	v->abort_pending = false;
}

/* The registers that the VM's owner has set, in the first reset only. */
static void set_boot_context(struct vcpu *v)
{
	const struct vcpu_boot *b = v->boot;

	if (!b)
		return;
	v->boot = NULL;
	memcpy(&v->regs.x[1], &b->x[1], sizeof(b->x) - sizeof(b->x[0]));
	v->sys->r[SR_SP_EL0] = b->sp[0];
	v->sys->r[SR_SP_EL1] = b->sp[1];
}

/* TLB entries that are not tagged with a vCPU: its VM's other vCPU may have left some. */
static void own_tlb(struct vcpu *v)
{
	u8 *last = &v->vm->last_vcpu[this_cpu()];

	if (*last == v->index + 1)
		return;
	*last = (u8)(v->index + 1);
	asm volatile("tlbi vmalle1\n\tic iallu\n\tdsb nsh\n\tisb" ::: "memory");
}

void vcpu_load(struct vcpu *v)
{
	struct cpu *cpu = cpu_this();

	cpu->loaded = v;
	WRITE_ONCE(v->on_cpu, (int)cpu->index);
	smp_mb();	/* on_cpu before what is looked at: see the top */
	if (READ_ONCE(v->reset_pending)) {
		v->reset_pending = false;
		/* Not in reset(): the timer goes on over a power-down suspend. */
		v->timer_ctl = 0;
		v->timer_cval = 0;
		reset(v, v->reset_entry, v->reset_context);
		set_boot_context(v);
	}
	sysregs_load(v);
	own_tlb(v);
	vgic_load(v);
	vtimer_load(v);
}

void vcpu_put(struct vcpu *v)
{
	vtimer_put(v);
	vgic_put(v);
	sysregs_save(v);
	cpu_this()->loaded = NULL;
	WRITE_ONCE(v->on_cpu, -1);
	smp_mb();	/* likewise */
}

bool vcpu_translate(struct vcpu *v, u64 va, bool write, u64 *ipa)
{
	u64 old = read_sysreg(par_el1);
	u64 par;

	if (!(read_sysreg(sctlr_el1) & SCTLR_M)) {
		*ipa = va;
		return true;
	}
	if (write)
		asm volatile("at s1e1w, %0\n\tisb" :: "r" (va) : "memory");
	else
		asm volatile("at s1e1r, %0\n\tisb" :: "r" (va) : "memory");
	par = read_sysreg(par_el1);
	write_sysreg(old, par_el1);
	if (par & PAR_F)
		return false;
	*ipa = (par & PAR_PA) | (va & ~PAGE_MASK);
	return true;
}

void vcpu_irq_pending(struct vcpu *v)
{
	int cpu;

	smp_mb();	/* the pending interrupt before on_cpu: see the top */
	cpu = READ_ONCE(v->on_cpu);
	/* The primary VM's vCPUs have their CPU also while a guest is loaded there. */
	if (v->vm->primary)
		cpu = (int)v->index;
	if (cpu >= 0) {
		if ((unsigned int)cpu != this_cpu())
			gic_send_sgi((unsigned int)cpu, GIC_SGI_KICK);
	} else if (v->wake_virq) {
		vgic_raise(vm_primary(), NULL, v->wake_virq);
	}
}

void vgic_eoi_level(struct vm *vm, struct vcpu *v, u32 intid)
{
	if (intid >= 32)
		doorbell_eoi_level(vm, intid);
	else if (intid == VTIMER_PPI && v)
		vtimer_eoi(v);
}

/* ---- guests ---- */

static void set_result(struct vcpu_run_result *res, enum vcpu_run_state state, u64 d0, u64 d1)
{
	res->state = state;
	res->data[0] = d0;
	res->data[1] = d1;
	res->data[2] = 0;
}

/* False, with the result, when the vCPU can't run (now). */
static bool may_run(struct vcpu *v, struct vcpu_run_result *res)
{
	if (READ_ONCE(v->kill))
		set_result(res, VCPU_RUN_POWERED_OFF, 1, 0);
	else if (READ_ONCE(v->vm->dying) || READ_ONCE(v->power) != VCPU_ON)
		set_result(res, VCPU_RUN_POWERED_OFF, 0, 0);
	else
		return true;
	return false;
}

/*
 * The answer of the host to a VMMIO read.  It is not cut to the access size,
 * and sign extension is done on the whole of it (fact 50).
 */
static void finish_mmio(struct vcpu *v, u64 answer)
{
	u64 sign;

	if (!v->mmio_pending)
		return;
	v->mmio_pending = false;
	if (v->mmio_write || v->mmio_reg >= 31)
		return;
	if (v->mmio_sign) {
		sign = 1UL << (v->mmio_size * 8 - 1);
		answer = (answer ^ sign) - sign;
	}
	v->regs.x[v->mmio_reg] = v->mmio_64 ? answer : (u32)answer;
}

/*
 * What the host wants done about the exit that waits for it.  A page fault has
 * nothing to emulate: its instruction is run again.
 */
static u64 take_answer(struct vcpu *v, const u64 resume[3])
{
	if (!v->vm->space || (!v->mmio_pending && !v->fault_pending)) {
		finish_mmio(v, resume[0]);
		return HYP_OK;
	}
	if (resume[1] > RUN_FAULT)
		return HYP_ARG_INVAL;
	if (resume[1] == RUN_EMULATE) {
		finish_mmio(v, resume[0]);
	} else {
		v->regs.pc = v->exit_pc;
		v->mmio_pending = false;
		v->abort_pending = resume[1] == RUN_FAULT;
	}
	v->fault_pending = false;
	return HYP_OK;
}

/* True when the vCPU sleeps on; the result is then the one it had. */
static bool sleeps(struct vcpu *v, struct vcpu_run_result *res)
{
	if (!v->wfi)
		return false;
	if (!vgic_has_pending(v)) {
		set_result(res, VCPU_RUN_EXPECTS_WAKEUP, v->suspend_state, v->suspend_why);
		return true;
	}
	vtimer_unwatch(v);
	v->wfi = false;
	if (v->suspend_down)
		reset(v, v->suspend_entry, v->suspend_context);
	return false;
}

static void take_guest_irqs(struct vcpu *v, struct host_irqs *host)
{
	u32 intid;

	while (host->n < HOST_IRQS) {
		intid = gic_ack();
		switch (intid) {
		case GIC_NO_IRQ:
			return;
		case GIC_SGI_KICK:
		case GIC_PPI_MAINT:
			break;
		case GIC_PPI_HYPTIMER:
			vtimer_tick();
			break;
		case VTIMER_PPI:
			vtimer_fired(v);
			break;
		default:
			host->intid[host->n++] = intid;
		}
	}
}

/* Runs the loaded vCPU until there is something to tell the host. */
static void guest_loop(struct vcpu *caller, struct vcpu *v, struct host_irqs *host,
		       struct vcpu_run_result *res)
{
	bool leave = false;
	u64 exit;

	while (!leave && may_run(v, res)) {
		if (host->n || vgic_has_pending(caller) || vtimer_host_due(caller)) {
			set_result(res, VCPU_RUN_READY, 0, 0);
			return;
		}
		vtimer_program(caller);
		vgic_flush(v);
		exit = vcpu_enter(&v->regs);
		vgic_sync(v);
		if (exit == EXIT_IRQ)
			take_guest_irqs(v, host);
		vtimer_sync(v);
		if (exit == EXIT_SYNC)
			leave = trap_guest(v, res);
		else if (exit != EXIT_IRQ)
			hyp_panic("guest left with exception %lu", exit);
	}
}

/*
 * The guest is put.  What became deliverable while it was on its way out has
 * only been noted: it is looked for here, after on_cpu was cleared.
 */
static void guest_sleeps(struct vcpu *v, struct vcpu_run_result *res)
{
	v->suspend_state = res->data[0];
	v->suspend_why = res->data[1];
	v->wfi = true;
	vtimer_watch(v);
	smp_mb();	/* asleep and on_cpu before the look at interrupts */
	if (vgic_has_pending(v))
		set_result(res, VCPU_RUN_READY, 0, 0);
}

static void run_slice(struct vcpu *caller, struct vcpu *v, struct vcpu_run_result *res)
{
	struct host_irqs host = {};
	unsigned int i;

	vcpu_put(caller);
	vcpu_load(v);
	if (v->abort_pending) {
		v->abort_pending = false;
		inject_abort(v, v->exit_exec, v->exit_far, v->exit_fsc);
	}
	guest_loop(caller, v, &host, res);
	vcpu_put(v);
	vcpu_load(caller);
	for (i = 0; i < host.n; i++)
		vgic_forward(caller, host.intid[i]);
	psci_guest_left(v, res);
	if (res->state == VCPU_RUN_EXPECTS_WAKEUP)
		guest_sleeps(v, res);
}

u64 vcpu_run(struct vcpu *caller, struct vcpu *v, const u64 resume[3], struct vcpu_run_result *res)
{
	u64 err = HYP_OK;

	*res = (struct vcpu_run_result){};
	if (!spin_trylock(&v->run_lock))
		return HYP_BUSY;
	if (may_run(v, res)) {
		err = take_answer(v, resume);
		if (err || sleeps(v, res))
			;
		else if (gic_irq_waiting() || vgic_has_pending(caller) || vtimer_rm_due())
			set_result(res, VCPU_RUN_READY, 0, 0);
		else
			run_slice(caller, v, res);
	}
	spin_unlock(&v->run_lock);
	return err;
}

/* ---- the primary VM ---- */

void vcpu_take_irqs(struct vcpu *primary)
{
	u32 intid;

	while ((intid = gic_ack()) != GIC_NO_IRQ) {
		switch (intid) {
		case GIC_SGI_KICK:
		case GIC_PPI_MAINT:
			break;
		case GIC_PPI_HYPTIMER:
			vtimer_tick();
			break;
		default:
			vgic_forward(primary, intid);
		}
	}
}

/* This CPU's turn of the resource manager is over or begins. */
static void background(struct vcpu *v)
{
	struct cpu *cpu = cpu_this();

	if (cpu->rm_deadline != ~0UL && vtimer_rm_due())
		cpu->rm_deadline = ~0UL;
	rm_background(v);
}

/*
 * CPU_OFF of the primary VM: the CPU waits here, and goes on watching the
 * timers of guests that have run on it.
 */
static void park(struct vcpu *v)
{
	while (READ_ONCE(v->power) != VCPU_ON) {
		vtimer_program(NULL);
		wfi();
		vcpu_take_irqs(v);
		background(v);
	}
	vcpu_put(v);
	vcpu_load(v);			/* with its reset */
}

void vcpu_run_primary(struct vcpu *v)
{
	u64 exit;

	vcpu_load(v);
	for (;;) {
		if (READ_ONCE(v->power) != VCPU_ON)
			park(v);
		vtimer_program(NULL);
		vgic_flush(v);
		exit = vcpu_enter(&v->regs);
		vgic_sync(v);
		if (exit == EXIT_IRQ)
			vcpu_take_irqs(v);
		else if (exit == EXIT_SYNC)
			trap_primary(v);
		else
			hyp_panic("primary VM left with exception %lu", exit);
		background(v);
	}
}
