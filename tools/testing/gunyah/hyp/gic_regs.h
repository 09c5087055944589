/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the GICv3 architecture, for the physical driver and for the
 * emulation.  System registers are named by their encodings, so that every
 * assembler takes them.
 */
#ifndef HYP_GIC_REGS_H
#define HYP_GIC_REGS_H

#include "types.h"

#define GICD_SIZE		0x10000
#define GICR_SIZE		0x20000		/* RD frame, then SGI frame */
#define GICR_SGI_FRAME		0x10000

#define GICD_CTLR		0x0000
#define GICD_TYPER		0x0004
#define GICD_IIDR		0x0008
#define GICD_IROUTER		0x6000
#define GICR_CTLR		0x0000
#define GICR_IIDR		0x0004
#define GICR_TYPER		0x0008
#define GICR_WAKER		0x0014
#define GIC_PIDR2		0xffe8

/* Banks of one bit, one byte or two bits for each INTID: both frames. */
#define GIC_IGROUPR		0x0080
#define GIC_ISENABLER		0x0100
#define GIC_ICENABLER		0x0180
#define GIC_ISPENDR		0x0200
#define GIC_ICPENDR		0x0280
#define GIC_ISACTIVER		0x0300
#define GIC_ICACTIVER		0x0380
#define GIC_IPRIORITYR		0x0400
#define GIC_ITARGETSR		0x0800
#define GIC_ICFGR		0x0c00
#define GIC_IGRPMODR		0x0d00

#define GICD_CTLR_GRP0		BIT(0)
#define GICD_CTLR_GRP1		BIT(1)
#define GICD_CTLR_ARE		BIT(4)
#define GICD_CTLR_DS		BIT(6)
#define GICD_CTLR_RWP		BIT(31)
#define GICD_TYPER_IDBITS(n)	(((n) - 1) << 19)
#define GICD_TYPER_A3V		BIT(24)
#define GICD_TYPER_NO1N		BIT(25)
#define GICD_IROUTER_IRM	BIT(31)
#define GICR_CTLR_RWP		BIT(3)
#define GICR_TYPER_LAST		BIT(4)
#define GICR_WAKER_SLEEP	BIT(1)
#define GICR_WAKER_ASLEEP	BIT(2)
#define GIC_IIDR_ARM		0x43b
#define GIC_PIDR2_V3		0x3b

#define ICC_IAR1_EL1		"S3_0_C12_C12_0"
#define ICC_EOIR1_EL1		"S3_0_C12_C12_1"
#define ICC_HPPIR1_EL1		"S3_0_C12_C12_2"
#define ICC_BPR1_EL1		"S3_0_C12_C12_3"
#define ICC_CTLR_EL1		"S3_0_C12_C12_4"
#define ICC_SRE_EL1		"S3_0_C12_C12_5"
#define ICC_IGRPEN1_EL1		"S3_0_C12_C12_7"
#define ICC_DIR_EL1		"S3_0_C12_C11_1"
#define ICC_SGI1R_EL1		"S3_0_C12_C11_5"
#define ICC_PMR_EL1		"S3_0_C4_C6_0"
#define ICC_SRE_EL2		"S3_4_C12_C9_5"
#define ICH_AP0R_EL2(n)		"S3_4_C12_C8_" #n
#define ICH_AP1R_EL2(n)		"S3_4_C12_C9_" #n
#define ICH_HCR_EL2		"S3_4_C12_C11_0"
#define ICH_VTR_EL2		"S3_4_C12_C11_1"
#define ICH_ELRSR_EL2		"S3_4_C12_C11_5"
#define ICH_VMCR_EL2		"S3_4_C12_C11_7"
#define ICH_LR_LOW_EL2(n)	"S3_4_C12_C12_" #n	/* 0 to 7 */
#define ICH_LR_HIGH_EL2(n)	"S3_4_C12_C13_" #n	/* 8 to 15, from 0 */

#define ICC_CTLR_EOIMODE	BIT(1)
#define ICC_SRE_ALL		0x7		/* SRE, no bypass */
#define ICC_SRE_EL2_ENABLE	BIT(3)

#define ICH_HCR_EN		BIT(0)
#define ICH_HCR_UIE		BIT(1)		/* underflow: at most one valid LR */
#define ICH_HCR_LRENPIE		BIT(2)		/* end of interrupt without an LR */
#define ICH_HCR_NPIE		BIT(3)		/* no LR pending */
#define ICH_HCR_EOICOUNT(v)	(((v) >> 27) & 0x1f)
#define ICH_VTR_LRS(v)		(((v) & 0x1f) + 1)
#define ICH_VTR_PREBITS(v)	((((v) >> 26) & 0x7) + 1)
#define ICH_VMCR_ENG0		BIT(0)
#define ICH_VMCR_ENG1		BIT(1)

#define ICH_LR_PENDING		BIT(62)
#define ICH_LR_ACTIVE		BIT(63)
#define ICH_LR_HW		BIT(61)
#define ICH_LR_GROUP1		BIT(60)
#define ICH_LR_PRIO(p)		((u64)(p) << 48)
#define ICH_LR_PINTID(i)	((u64)(i) << 32)
#define ICH_LR_EOI		BIT(41)		/* with HW = 0: maintenance when it ends */
#define ICH_LR_VINTID(lr)	((u32)(lr))

#define gic_sysreg_read(reg) ({						\
	u64 __val;							\
									\
	asm volatile("mrs %0, " reg : "=r" (__val) : : "memory");	\
	__val;								\
})

#define gic_sysreg_write(reg, val) do {					\
	u64 __val = (val);						\
									\
	asm volatile("msr " reg ", %0" : : "r" (__val) : "memory");	\
} while (0)

#endif
