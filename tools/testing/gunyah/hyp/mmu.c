// SPDX-License-Identifier: GPL-2.0-only
/*
 * EL2's address space: 39 bits, virtual = physical, 4K granule.  Devices below
 * RAM are nGnRE, all RAM is write-back and not executable, but for the
 * hypervisor's text; its read-only data can't be written and the page below
 * each stack is not mapped.  The tables are made by the boot CPU and not
 * changed once other CPUs run.
 */
#include "asm.h"
#include "cpu.h"
#include "mmu.h"

#define ENTRIES		512
#define GIG		BIT(30)
#define MEG2		BIT(21)

#define PTE_BLOCK	1UL
#define PTE_TABLE	3UL
#define PTE_PAGE	3UL
#define PTE_ATTR(n)	((u64)(n) << 2)
#define PTE_RO		BIT(7)
#define PTE_SH_INNER	(3UL << 8)
#define PTE_AF		BIT(10)
#define PTE_XN		BIT(54)

#define ATTR_DEVICE	PTE_ATTR(0)
#define ATTR_NORMAL	(PTE_ATTR(1) | PTE_SH_INNER)

#define DEVICE		(ATTR_DEVICE | PTE_AF | PTE_XN)
#define RAM		(ATTR_NORMAL | PTE_AF | PTE_XN)
#define RODATA		(RAM | PTE_RO)
#define TEXT		(ATTR_NORMAL | PTE_AF | PTE_RO)

#define MAIR		0xff04UL	/* 0: nGnRE, 1: write-back */
/* 39 bits, write-back inner-shareable walks, 4K, 40 bits physical */
#define TCR		(BIT(31) | BIT(23) | (2UL << 16) | (3UL << 12) | (1UL << 10) | \
			 (1UL << 8) | 25UL)
#define SCTLR_RES1	0x30c50830UL
#define SCTLR_M		BIT(0)
#define SCTLR_A		BIT(1)
#define SCTLR_C		BIT(2)
#define SCTLR_SA	BIT(3)
#define SCTLR_I		BIT(12)
#define SCTLR_WXN	BIT(19)

extern char __image_start[], __text_end[], __rodata_end[];
extern u8 cpu_stacks[HYP_MAX_CPUS][CPU_STACK_STRIDE];

static u64 l1[ENTRIES] __aligned(PAGE_SIZE);
static u64 l2[ENTRIES] __aligned(PAGE_SIZE);	/* RAM's first GiB */
static u64 l3[ENTRIES] __aligned(PAGE_SIZE);	/* the image's 2 MiB */

static u64 image_page(u64 pa)
{
	u64 off = pa - (u64)cpu_stacks;

	if (pa < (u64)__text_end)
		return pa | TEXT | PTE_PAGE;
	if (pa < (u64)__rodata_end)
		return pa | RODATA | PTE_PAGE;
	if (off < sizeof(cpu_stacks) && off % CPU_STACK_STRIDE == 0)
		return 0;
	return pa | RAM | PTE_PAGE;
}

void mmu_init(void)
{
	u64 image = (u64)__image_start;
	u64 i;

	for (i = 0; i < ENTRIES; i++) {
		l2[i] = (RAM_BASE + i * MEG2) | RAM | PTE_BLOCK;
		l3[i] = image_page(image + i * PAGE_SIZE);
	}
	l2[(image - RAM_BASE) / MEG2] = (u64)l3 | PTE_TABLE;
	l1[0] = DEVICE | PTE_BLOCK;
	l1[RAM_BASE / GIG] = (u64)l2 | PTE_TABLE;
	dsb_ish();
}

void mmu_map_ram(u64 end)
{
	u64 i;

	for (i = RAM_BASE / GIG + 1; i < ENTRIES && i * GIG < end; i++)
		l1[i] = (i * GIG) | RAM | PTE_BLOCK;
	dsb_ishst();
	isb();
}

void mmu_enable(void)
{
	write_sysreg(MAIR, mair_el2);
	write_sysreg(TCR, tcr_el2);
	write_sysreg((u64)l1, ttbr0_el2);
	isb();
	asm volatile("tlbi alle2\n\tdsb nsh\n\tic iallu\n\tdsb nsh\n\tisb" ::: "memory");
	write_sysreg(SCTLR_RES1 | SCTLR_M | SCTLR_A | SCTLR_C | SCTLR_SA | SCTLR_I |
		     SCTLR_WXN, sctlr_el2);
	isb();
}
