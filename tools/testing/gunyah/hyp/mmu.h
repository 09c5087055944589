/* SPDX-License-Identifier: GPL-2.0-only */
/* EL2's own address space: virtual = physical. */
#ifndef HYP_MMU_H
#define HYP_MMU_H

#include "types.h"

/* The hypervisor's own memory, and what it needs of the machine. */
#define HYP_BASE	0x40000000UL
#define HYP_SIZE	0x04000000UL
#define HYP_END		(HYP_BASE + HYP_SIZE)
#define RAM_BASE	0x40000000UL
#define EL2_END		0x8000000000UL	/* 39 bits */

/* Tables: devices below RAM, the first GiB of RAM.  MMU off. */
void mmu_init(void);
/* Turns MMU and caches on; each CPU. */
void mmu_enable(void);
/* Maps the RAM above its first GiB, up to @end. */
void mmu_map_ram(u64 end);

#endif
