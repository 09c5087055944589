// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debug registers of guests.
 *
 * A guest's accesses are trapped (MDCR_EL2.TDA) and kept in its own
 * registers in memory.  The machine's breakpoints and watchpoints stay the
 * primary VM's until a guest has MDSCR_EL1.MDE set while it is loaded: then they
 * are put aside, all of them, and the guest's are written.  So none of either
 * VM can fire in the other, and a guest that does not use them costs nothing.
 *
 * The OS lock, which the primary VM may hold, is open meanwhile.  A guest has
 * no OS lock of its own, nor the debug communication channel: they read as
 * zero.
 */
#include "debug.h"
#include "sysregs.h"

#define MDSCR_SS	BIT(0)
#define MDSCR_KDE	BIT(13)
#define MDSCR_MDE	BIT(15)
#define MDSCR_HW	(MDSCR_SS | MDSCR_KDE | MDSCR_MDE)

#define OSLSR_OSLK	BIT(1)
#define OSLSR_OSLM	BIT(3)

void debug_save_brk(struct debug_pair *pairs, u64 n);
void debug_load_brk(struct debug_pair *pairs, u64 n);
void debug_save_wat(struct debug_pair *pairs, u64 n);
void debug_load_wat(struct debug_pair *pairs, u64 n);

static u64 nr_brk, nr_wat;

void debug_init(void)
{
	u64 dfr0 = read_sysreg(id_aa64dfr0_el1);

	nr_brk = ((dfr0 >> 12) & 0xf) + 1;
	nr_wat = ((dfr0 >> 20) & 0xf) + 1;
}

static struct vcpu_sysregs *host_regs(void)
{
	return vm_primary()->vcpu[this_cpu()]->sys;
}

static void write_pairs(struct vcpu_sysregs *s)
{
	debug_load_brk(s->brk, nr_brk);
	debug_load_wat(s->wat, nr_wat);
}

static void set_mdscr(struct vcpu *v)
{
	struct vcpu_sysregs *s = v->sys, *host = host_regs();

	if ((s->r[SR_MDSCR] & MDSCR_MDE) && !s->debug_loaded) {
		debug_save_brk(host->brk, nr_brk);
		debug_save_wat(host->wat, nr_wat);
		host->oslk = read_sysreg(oslsr_el1) & OSLSR_OSLK;
		write_sysreg(0, oslar_el1);
		write_pairs(s);
		s->debug_loaded = true;
	}
	write_sysreg(s->r[SR_MDSCR] & MDSCR_HW, mdscr_el1);
}

void debug_load(struct vcpu *v)
{
	set_mdscr(v);
}

void debug_put(struct vcpu *v)
{
	struct vcpu_sysregs *host = host_regs();

	if (!v->sys->debug_loaded)
		return;
	v->sys->debug_loaded = false;
	write_sysreg(0, mdscr_el1);
	isb();
	write_pairs(host);
	write_sysreg(host->oslk ? 1 : 0, oslar_el1);
}

/* The word behind a breakpoint's or watchpoint's register (op1 and CRn are 0). */
static u64 *pair_word(struct vcpu_sysregs *s, unsigned int crm, unsigned int op2)
{
	if ((op2 == 4 || op2 == 5) && crm < nr_brk)
		return op2 == 4 ? &s->brk[crm].value : &s->brk[crm].control;
	if ((op2 == 6 || op2 == 7) && crm < nr_wat)
		return op2 == 6 ? &s->wat[crm].value : &s->wat[crm].control;
	return NULL;
}

static void access_word(u64 *word, bool read, u64 *val)
{
	if (read)
		*val = *word;
	else
		*word = *val;
}

bool debug_trap(struct vcpu *v, unsigned int op1, unsigned int crn, unsigned int crm,
		unsigned int op2, bool read, u64 *val)
{
	struct vcpu_sysregs *s = v->sys;
	u64 *word;

	if (op1 == 0 && crn == 0 && crm == 2 && op2 == 2) {	/* MDSCR_EL1 */
		access_word(&s->r[SR_MDSCR], read, val);
		set_mdscr(v);
	} else if (op1 == 0 && crn == 0 && op2 >= 4) {
		word = pair_word(s, crm, op2);
		if (!word)
			return false;
		access_word(word, read, val);
		if (!read && s->debug_loaded)
			write_pairs(s);
	} else if (read) {
		*val = op1 == 0 && crn == 1 && crm == 1 && op2 == 4 ? OSLSR_OSLM : 0;
	}
	return true;
}
