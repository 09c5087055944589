/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hypercall interface as the hypervisor's side speaks it.  Origin: the
 * published hypervisor's API (Dec 2023).  The driver under test has tables of
 * its own; nothing is shared.
 */
#ifndef HYP_ABI_H
#define HYP_ABI_H

#include "types.h"

/* First result of a hypercall. */
enum hyp_error {
	HYP_OK = 0,
	HYP_ARG_INVAL = 1,
	HYP_ARG_SIZE = 2,
	HYP_ARG_ALIGN = 3,
	HYP_NOMEM = 10,
	HYP_ADDR_OVFL = 20,
	HYP_ADDR_INVAL = 22,
	HYP_DENIED = 30,
	HYP_BUSY = 31,
	HYP_CAP_NULL = 50,
	HYP_CAP_REVOKED = 51,
	HYP_WRONG_TYPE = 52,
	HYP_NO_RIGHTS = 53,
	HYP_MSGQ_EMPTY = 60,
	HYP_MSGQ_FULL = 61,
	HYP_NOT_OWNER = 111,
	HYP_MAPPINGS_FULL = 120,
	HYP_EXTENT_TYPE = 121,
	HYP_EXISTING_MAPPING = 200,
};

#define HYP_UNIMPLEMENTED	(~0UL)	/* -1 */

/* Call numbers; the function id is SMCCC_HYP_CALL | number. */
enum hyp_call {
	HYP_CALL_IDENTIFY = 0x00,
	HYP_CALL_BELL_SEND = 0x12,
	HYP_CALL_BELL_RECEIVE = 0x13,
	HYP_CALL_BELL_SET_MASK = 0x15,
	HYP_CALL_MSGQ_SEND = 0x1b,
	HYP_CALL_MSGQ_RECV = 0x1c,
	HYP_CALL_ADDRSPACE_MAP = 0x2b,
	HYP_CALL_ADDRSPACE_UNMAP = 0x2c,
	HYP_CALL_MEMEXTENT_DONATE = 0x61,
	HYP_CALL_VCPU_RUN = 0x65,
};

/* SMCCC: fast (31), 64 bit (30), owner 29:24, function 15:0. */
#define SMCCC_FAST		BIT(31)
#define SMCCC_OWNER_MASK	GENMASK(29, 24)
#define SMCCC_OWNER_HYP		(6UL << 24)
#define SMCCC_HYP_CALL		0xc6008000UL	/* class 10 in bits 15:14 */
#define SMCCC_HYP_CALL_MASK	GENMASK(31, 14)
#define SMCCC_HYP_CALL_NR	GENMASK(13, 0)
#define SMCCC_CALL_UID		0x8600ff01UL
/* Qualcomm's build of the hypervisor names itself there. */
#define SMCCC_QCOM_CALL_UID	0x86003f01UL

#define HVC_NATIVE_BASE		0x6000
#define HVC_NATIVE_LAST		0x6fff

/* HYP_IDENTIFY */
#define HYP_API_INFO		0x5100000000008001UL	/* version 1, 64 bit, variant 0x51 */
#define HYP_API_FLAGS0		0x10000effUL		/* all but the watchdog */

/* UUID c1d58fcd-a453-5fdb-9265-ce36673d5f14, a little-endian word in each register */
#define HYP_UID0		0xcd8fd5c1UL
#define HYP_UID1		0xdb5f53a4UL
#define HYP_UID2		0x36ce6592UL
#define HYP_UID3		0x145f3d67UL

/* 19bd54bd-0b37-571b-946f-609b54539de6, a byte after the other. */
#define QCOM_UID0		0xbd54bd19UL
#define QCOM_UID1		0x1b57370bUL
#define QCOM_UID2		0x9b606f94UL
#define QCOM_UID3		0xe69d5354UL

#define MSGQ_SEND_PUSH		BIT(0)

/* addrspace_map: access of EL0 and EL1 (X=1 W=2 R=4), type of memory; flags, of unmap too */
#define MAP_USER(attrs)		((attrs) & 7)
#define MAP_KERNEL(attrs)	((attrs) >> 4 & 7)
#define MAP_TYPE(attrs)		((attrs) >> 16 & 0xff)
#define MAP_ATTRS		0xff0077UL
#define MAP_WRITE_BACK		15
#define MAP_PARTIAL		BIT(0)
#define MAP_PRIVATE		BIT(1)
#define MAP_VMMIO		BIT(2)
#define MEM_NOSYNC		BIT(31)	/* of donate too: TLBs may be cleaned later */
#define MAP_FLAGS		(MAP_PARTIAL | MAP_PRIVATE | MAP_VMMIO | MEM_NOSYNC)

/* memextent_donate */
#define DONATE_TYPE(options)	((options) & 0xff)
#define DONATE_OPTIONS		(0xffUL | MEM_NOSYNC)
#define DONATE_CHILD		0
#define DONATE_PARENT		1
#define DONATE_SIBLING		2
#define DONATE_PROTECTED	3
#define DONATE_UNPROTECTED	4

/* vcpu_run: word 1 of what the host answers */
#define RUN_EMULATE		0
#define RUN_RETRY		1
#define RUN_FAULT		2

/* The resource manager's queues and interrupts at the primary VM. */
#define RM_QUEUE_SIZE		240
#define RM_QUEUE_DEPTH		8
#define RM_TX_INTID		960	/* SPI 928: room again in the send queue */
#define RM_RX_INTID		961	/* SPI 929: a message waits */
#define RES_INTID_FIRST		962	/* interrupts of resources */
#define RES_INTID_LAST		1019
#define GUEST_INTID_FIRST	0x3c0	/* of a guest's devices without an interrupts property */

#endif
