// SPDX-License-Identifier: GPL-2.0-only
/*
 * Physical CPUs.  Index = affinity 0 of MPIDR_EL1: QEMU's virt machine gives
 * its first sixteen CPUs one cluster.  The vCPU with the same index of the
 * primary VM runs on each and nowhere else.
 */
#include "asm.h"
#include "cpu.h"

#define MPIDR_AFF	0xff00ffffffUL

#define PSCI_CPU_ON_64	0xc4000003

#define CPTR_EL2_TRAPS	0x401033ffUL	/* SVE, SME, trace, activity monitors */
/*
 * Stage 2: 40 bits of IPA and of physical address, 4K, two concatenated tables
 * at level 1, write-back inner-shareable walks, 8 bits of VMID.
 */
#define VTCR_STAGE2	(BIT(31) | (2UL << 16) | (3UL << 12) | (1UL << 10) | (1UL << 8) | \
			 (1UL << 6) | 24UL)

struct cpu cpus[HYP_MAX_CPUS];
u8 cpu_stacks[HYP_MAX_CPUS][CPU_STACK_STRIDE]
	__attribute__((section(".stacks,\"aw\",@nobits//"), aligned(4096)));
static u8 panic_stacks[HYP_MAX_CPUS][CPU_PANIC_STACK] __aligned(16);
static unsigned int count = 1;

void secondary_entry(void);

ASSERT_TRUE(offsetof(struct cpu, panic_sp) == CPU_PANIC_SP);

void cpu_init(unsigned int index)
{
	struct cpu *cpu = &cpus[index];

	cpu->panic_sp = (u64)panic_stacks[index] + CPU_PANIC_STACK;
	cpu->index = index;
	cpu->mpidr = read_sysreg(mpidr_el1) & MPIDR_AFF;
	cpu->rm_deadline = ~0UL;
	write_sysreg(cpu, tpidr_el2);
	if (cpu->mpidr != index)
		hyp_panic("cpu %u has the affinity %lx", index, cpu->mpidr);
}

/*
 * Neither SVE nor SME is given to anyone: CPTR_EL2 traps them, and the ID
 * registers do not show them (sysregs.c).  Trapping is what the bits that are
 * one without these features stand for.
 */
void cpu_init_el2(void)
{
	u64 mmfr1 = read_sysreg(id_aa64mmfr1_el1);

	write_sysreg(CPTR_EL2_TRAPS, cptr_el2);
	write_sysreg(VTCR_STAGE2, vtcr_el2);
	write_sysreg(0, hstr_el2);
	write_sysreg(0, cnthp_ctl_el2);
	write_sysreg(0, cntvoff_el2);
	if ((mmfr1 >> 40) & 0xf)
		write_sysreg(0, s3_4_c1_c2_2);		/* HCRX_EL2 */
	isb();
}

void cpu_set_count(unsigned int n)
{
	if (n < 1 || n > HYP_MAX_CPUS)
		hyp_panic("%u CPUs: from 1 to %u are possible", n, HYP_MAX_CPUS);
	count = n;
}

unsigned int nr_cpus(void)
{
	return count;
}

unsigned int this_cpu(void)
{
	return cpu_this()->index;
}

struct vcpu *this_vcpu(void)
{
	return cpu_this()->loaded;
}

u64 cpu_smc(u64 fn, u64 a, u64 b, u64 c)
{
	register u64 x0 asm("x0") = fn;
	register u64 x1 asm("x1") = a;
	register u64 x2 asm("x2") = b;
	register u64 x3 asm("x3") = c;

	asm volatile("smc #0" : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3) :: "memory",
		     "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
		     "x15", "x16", "x17");
	return x0;
}

s64 cpu_start(unsigned int index)
{
	return (s64)cpu_smc(PSCI_CPU_ON_64, index, (u64)secondary_entry, index);
}
