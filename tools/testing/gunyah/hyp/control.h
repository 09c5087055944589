/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control page: a window of the primary VM's guest-physical space that is
 * left unmapped in its stage 2 and answered by trapping.  Tests read from it
 * what only the hypervisor knows.
 *
 * All registers are 64 bits wide, read-only and naturally aligned; 32-bit reads
 * give the half that is asked for.  Other offsets read as zero, writes are
 * ignored.  An offset once given keeps its meaning.
 */
#ifndef HYP_CONTROL_H
#define HYP_CONTROL_H

#include "lib.h"

#define CONTROL_IPA	0x0b000000UL
#define CONTROL_SIZE	PAGE_SIZE

#define CONTROL_MAGIC	0x4c52544350594847UL	/* "GHYPCTRL" in memory order */

enum control_reg {
	CONTROL_REG_MAGIC = 0x00,
	CONTROL_REG_VERSION = 0x08,		/* 1 */
	CONTROL_REG_PAGES_NOT_HOST = 0x10,	/* lent and shared pages */
	CONTROL_REG_VMIDS = 0x18,		/* vmids allocated, without the primary VM's */
	CONTROL_REG_PARCELS = 0x20,		/* memparcels that were not reclaimed */
	CONTROL_REG_LOG_POSITION = 0x28,	/* bytes of resource manager log so far */
	CONTROL_REG_POOL_PAGES = 0x30,		/* the hypervisor's own pages in use */
};

#endif
