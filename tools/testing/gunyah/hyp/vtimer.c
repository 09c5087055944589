// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual timers.
 *
 * The loaded vCPU has CNTV to itself.  For the primary VM, PPI 27 is an
 * interrupt like others that is forwarded.  While a guest is loaded:
 *
 * - PPI 27 is enabled and not active at the physical GIC, whatever the primary
 *   VM has there; vtimer_put() puts that back.
 * - When it fires it is left active, so that it can't fire again while its line
 *   is up, and the line is given to the guest's vGIC as a level.  It is
 *   deactivated when the line is seen down, at the guest's EOI at the latest.
 * - The primary VM's own deadline is watched by CNTHP and ends the slice.
 *
 * A vCPU that sleeps (WFI, CPU_SUSPEND) is on the list of the CPU it last ran
 * on, whose CNTHP watches its deadline; when it has passed, its line goes up
 * and the vGIC has the wake-up interrupt raised at the primary VM.  One that is
 * only not being run needs no watching: the host will run it.
 *
 * Offsets are 0: every VM reads the machine's counter.
 * Lock order: run_lock > watch_lock > vGIC locks.
 */
#include "gic.h"
#include "vtimer.h"

#define CTL_ENABLE	BIT(0)
#define CTL_IMASK	BIT(1)

static u64 now(void)
{
	isb();
	return read_sysreg(cntpct_el0);
}

/* ~0: the timer is off or masked. */
static u64 deadline(const struct vcpu *v)
{
	if ((v->timer_ctl & (CTL_ENABLE | CTL_IMASK)) != CTL_ENABLE)
		return ~0UL;
	return v->timer_cval + v->timer_off;
}

static void save(struct vcpu *v)
{
	v->timer_ctl = read_sysreg(cntv_ctl_el0);
	v->timer_cval = read_sysreg(cntv_cval_el0);
}

static void set_line(struct vcpu *v)
{
	bool level = deadline(v) <= now();

	if (!level && v->timer_phys_active) {
		v->timer_phys_active = false;
		gic_deactivate(VTIMER_PPI);
	}
	if (level != v->timer_level) {
		v->timer_level = level;
		vgic_set_level(v->vm, v, VTIMER_PPI, level);
	}
}

void vtimer_load(struct vcpu *v)
{
	unsigned int cpu = this_cpu();

	if (!v->vm->primary) {
		v->timer_host_active = gic_is_active(cpu, VTIMER_PPI);
		if (v->timer_host_active)
			gic_clear_active(cpu, VTIMER_PPI);
		gic_set_enable(cpu, VTIMER_PPI, true);
	}
	write_sysreg(v->timer_off, cntvoff_el2);
	write_sysreg(v->timer_cval, cntv_cval_el0);
	isb();
	write_sysreg(v->timer_ctl, cntv_ctl_el0);
	isb();
}

void vtimer_put(struct vcpu *v)
{
	unsigned int cpu = this_cpu();
	struct vcpu *host;

	save(v);
	write_sysreg(0, cntv_ctl_el0);
	isb();
	if (v->vm->primary)
		return;
	set_line(v);
	if (v->timer_phys_active) {
		v->timer_phys_active = false;
		gic_deactivate(VTIMER_PPI);
	}
	host = vm_primary()->vcpu[cpu];
	if (!vgic_is_enabled(host->vm, host, VTIMER_PPI))
		gic_set_enable(cpu, VTIMER_PPI, false);
	if (v->timer_host_active)
		gic_set_active(cpu, VTIMER_PPI);
}

void vtimer_fired(struct vcpu *v)
{
	v->timer_phys_active = true;
}

void vtimer_sync(struct vcpu *v)
{
	save(v);
	set_line(v);
}

/* The vGIC has dropped the interrupt: tell it the level again, changed or not. */
void vtimer_eoi(struct vcpu *v)
{
	if (v->vm->primary)
		return;
	if (this_vcpu() == v)
		save(v);
	v->timer_level = deadline(v) <= now();
	if (!v->timer_level && v->timer_phys_active && this_vcpu() == v) {
		v->timer_phys_active = false;
		gic_deactivate(VTIMER_PPI);
	}
	vgic_set_level(v->vm, v, VTIMER_PPI, v->timer_level);
}

void vtimer_watch(struct vcpu *v)
{
	struct cpu *cpu = cpu_this();

	vtimer_unwatch(v);
	if (deadline(v) == ~0UL)
		return;
	spin_lock(&cpu->watch_lock);
	v->timer_next = cpu->watch;
	cpu->watch = v;
	WRITE_ONCE(v->timer_watch, (int)cpu->index + 1);
	spin_unlock(&cpu->watch_lock);
}

void vtimer_unwatch(struct vcpu *v)
{
	int watch = READ_ONCE(v->timer_watch);
	struct vcpu **p;
	struct cpu *cpu;

	if (!watch)
		return;
	cpu = &cpus[watch - 1];
	spin_lock(&cpu->watch_lock);
	for (p = &cpu->watch; *p; p = &(*p)->timer_next) {
		if (*p == v) {
			*p = v->timer_next;
			break;
		}
	}
	WRITE_ONCE(v->timer_watch, 0);
	spin_unlock(&cpu->watch_lock);
}

void vtimer_program(struct vcpu *host)
{
	struct cpu *cpu = cpu_this();
	u64 first = cpu->rm_deadline;
	struct vcpu *v;

	if (READ_ONCE(cpu->watch)) {
		spin_lock(&cpu->watch_lock);
		for (v = cpu->watch; v; v = v->timer_next)
			first = MIN(first, deadline(v));
		spin_unlock(&cpu->watch_lock);
	}
	if (host && vgic_is_enabled(host->vm, host, VTIMER_PPI))
		first = MIN(first, deadline(host));
	if (first == ~0UL) {
		write_sysreg(0, cnthp_ctl_el2);
		return;
	}
	write_sysreg(first, cnthp_cval_el2);
	write_sysreg(CTL_ENABLE, cnthp_ctl_el2);
	isb();
}

void vtimer_tick(void)
{
	struct cpu *cpu = cpu_this();
	struct vcpu **p, *v;
	u64 t = now();

	write_sysreg(0, cnthp_ctl_el2);
	isb();
	spin_lock(&cpu->watch_lock);
	for (p = &cpu->watch; *p;) {
		v = *p;
		if (deadline(v) > t) {
			p = &v->timer_next;
			continue;
		}
		*p = v->timer_next;
		v->timer_level = true;
		vgic_set_level(v->vm, v, VTIMER_PPI, true);
		/* Last: who finds it 0 goes on without the lock (vtimer_unwatch). */
		smp_mb();
		WRITE_ONCE(v->timer_watch, 0);
	}
	spin_unlock(&cpu->watch_lock);
}

bool vtimer_rm_due(void)
{
	return cpu_this()->rm_deadline <= now();
}

bool vtimer_host_due(struct vcpu *host)
{
	if (vtimer_rm_due())
		return true;
	return deadline(host) <= now() && vgic_is_enabled(host->vm, host, VTIMER_PPI);
}

void rm_wakeup_in(u64 us)
{
	/* Rounded up: a wake-up before the time is a wake-up lost. */
	u64 t = now() + us * read_sysreg(cntfrq_el0) / 1000000 + 1;
	struct cpu *cpu = cpu_this();

	cpu->rm_deadline = MIN(cpu->rm_deadline, t);
}
