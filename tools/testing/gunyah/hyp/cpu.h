/* SPDX-License-Identifier: GPL-2.0-only */
/* Physical CPUs: what EL2 knows of each, and access to system registers. */
#ifndef HYP_CPU_H
#define HYP_CPU_H

#include "vm.h"

#define read_sysreg(r) ({						\
	u64 __v;							\
	asm volatile("mrs %0, " #r : "=r" (__v) :: "memory");		\
	__v;								\
})

#define write_sysreg(v, r) do {						\
	u64 __v = (u64)(v);						\
	asm volatile("msr " #r ", %x0" :: "rZ" (__v) : "memory");	\
} while (0)

static inline void isb(void)
{
	asm volatile("isb" ::: "memory");
}

/* What was written to tables is seen by every CPU's walks. */
static inline void dsb_ishst(void)
{
	asm volatile("dsb ishst" ::: "memory");
}

static inline void dsb_sy(void)
{
	asm volatile("dsb sy" ::: "memory");
}

static inline void dsb_ish(void)
{
	asm volatile("dsb ish" ::: "memory");
}

/* What was written before is seen before what is read after. */
static inline void smp_mb(void)
{
	asm volatile("dmb ish" ::: "memory");
}

static inline void wfi(void)
{
	asm volatile("dsb sy\n\twfi" ::: "memory");
}

/*
 * TPIDR_EL2 points to this CPU's.  Fields are the CPU's own but where a lock
 * is named.
 */
struct cpu {
	u64 panic_sp;			/* asm.h: CPU_PANIC_SP */
	struct vcpu *loaded;
	unsigned int index;
	u64 mpidr;
	bool started;			/* guarded by the primary VM's lock */
	u64 rm_deadline;		/* counter value, ~0 = none */
	spinlock_t watch_lock;
	struct vcpu *watch;		/* sleeping vCPUs; guarded by watch_lock */
	u64 last_pc;			/* traps.c: faults that need no action, in a row */
	u32 spurious;
	bool starved;			/* this hypercall gets ... */
	u64 tables;			/* ... only so many stage-2 tables more */
	u32 objects;			/* the hyp_alloc() that fails, 1: the next, 0: none */
};

extern struct cpu cpus[HYP_MAX_CPUS];

static inline struct cpu *cpu_this(void)
{
	return (struct cpu *)read_sysreg(tpidr_el2);
}

/* TPIDR_EL2 and the fields of struct cpu; before anything takes a lock. */
void cpu_init(unsigned int index);
/* EL2's controls that stay the same for every vCPU. */
void cpu_init_el2(void);
/*
 * Number of CPUs and their MPIDRs, from the device tree (boot).  More than
 * HYP_MAX_CPUS, or a CPU whose affinity is not its index, is a panic.
 */
void cpu_set_count(unsigned int n);
/* Starts a CPU by the firmware's PSCI; 0 or a PSCI error. */
s64 cpu_start(unsigned int index);
/* SMC to the firmware. */
u64 cpu_smc(u64 fn, u64 a, u64 b, u64 c);

#endif
