/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control page: a window of the primary VM's guest-physical space that is
 * left unmapped in its stage 2 and answered by trapping.  Tests read from it
 * what only the hypervisor knows, and ask by it for faults.  The driver knows
 * nothing of it.
 *
 * All registers are 64 bits wide and naturally aligned; 32-bit reads give the
 * half that is asked for, 32-bit writes are ignored, as are writes to read-only
 * registers.  Other offsets read as zero.  An offset once given keeps its
 * meaning.
 *
 * A command: write its arguments, and its bytes to DATA where it has some, then
 * its number to COMMAND.  When that write is over the command is done, STATUS
 * says how, and RESULT0 and RESULT1 hold what it gives.  There is one set of
 * these registers: who uses them at the same time takes turns.
 *
 *   command   arguments                          gives
 *   RULE      0 kind, 1 key, 2 nth, 3 times,     0 number of the rule
 *             4 target, 5 action, 6-10 p0-p4,
 *             11 bytes in DATA  (see fault.h)
 *   CLEAR     0 number, or ~0: all rules
 *   RULE_SEEN 0 number                           0 seen, 1 fired
 *   MARK      counts begin at 0 again
 *   COUNT     0 kind, 1 key or ~0                0 since the mark
 *   NOTIFY    0 message id, 1 bytes in DATA
 *   RAW       0 bytes in DATA
 *   STALL     0 microseconds in which no request is taken up
 *   DIE       the resource manager stops for good
 *   REVIVE    0 not 0: also when VMs or parcels are left
 *   RECLAIM   what revive took from dead VMs     0 pages
 *             goes back to the primary VM
 */
#ifndef HYP_CONTROL_H
#define HYP_CONTROL_H

#include "lib.h"

#define CONTROL_IPA	0x0b000000UL
#define CONTROL_SIZE	PAGE_SIZE

#define CONTROL_MAGIC	0x4c52544350594847UL	/* "GHYPCTRL" in memory order */

#define CONTROL_ARGS	12
#define CONTROL_DATA	240

enum control_reg {
	CONTROL_REG_MAGIC = 0x00,
	CONTROL_REG_VERSION = 0x08,		/* 2 */
	CONTROL_REG_PAGES_NOT_HOST = 0x10,	/* lent and shared pages */
	CONTROL_REG_VMIDS = 0x18,		/* vmids allocated, without the primary VM's */
	CONTROL_REG_PARCELS = 0x20,		/* memparcels that were not reclaimed */
	CONTROL_REG_LOG_POSITION = 0x28,	/* bytes of resource manager log so far */
	CONTROL_REG_POOL_PAGES = 0x30,		/* the hypervisor's own pages in use */
	CONTROL_REG_VMS = 0x38,			/* VMs that were made, without the primary VM */
	CONTROL_REG_ENTRIES = 0x40,		/* list entries in all memparcels */
	CONTROL_REG_RM_DEAD = 0x48,		/* 1: the resource manager is dead */
	CONTROL_REG_ARMED = 0x50,		/* rules that can still fire */
	CONTROL_REG_FIRED = 0x58,		/* times that a rule fired, since boot */
	CONTROL_REG_FLUSHES = 0x60,		/* times that all CPUs' TLBs were cleaned */
	CONTROL_REG_PRIMARY_TABLES = 0x68,	/* pool pages below the primary VM's stage-2 root */
	CONTROL_REG_COMMAND = 0x80,		/* enum control_command; reads as the last one */
	CONTROL_REG_STATUS = 0x88,		/* enum control_status */
	CONTROL_REG_RESULT0 = 0x90,
	CONTROL_REG_RESULT1 = 0x98,
	CONTROL_REG_ARG = 0x100,		/* 12 of them, read-write */
	CONTROL_REG_DATA = 0x800,		/* 240 bytes, read-write */
};

enum control_command {
	CONTROL_RULE = 1,
	CONTROL_CLEAR = 2,
	CONTROL_RULE_SEEN = 3,
	CONTROL_MARK = 4,
	CONTROL_COUNT = 5,
	CONTROL_NOTIFY = 6,
	CONTROL_RAW = 7,
	CONTROL_STALL = 8,
	CONTROL_DIE = 9,
	CONTROL_REVIVE = 10,
	CONTROL_RECLAIM = 11,
};

enum control_status {
	CONTROL_OK = 0,
	CONTROL_UNKNOWN = 1,	/* there is no such command */
	CONTROL_INVALID = 2,	/* an argument makes no sense, or no place is left */
	CONTROL_BUSY = 3,	/* REVIVE: there are VMs or parcels */
};

#endif
