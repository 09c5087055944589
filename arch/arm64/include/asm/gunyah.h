/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two of Gunyah's hypercalls in line: vcpu_run, which a thread that is a vCPU makes for each
 * exit of its guest, and bell_send, for each interrupt that it is sent.  All others are
 * functions, see linux/gunyah.h; so are these.
 */
#ifndef __ASM_GUNYAH_H
#define __ASM_GUNYAH_H

#include <kunit/test-bug.h>
#include <linux/arm-smccc.h>
#include <linux/context_tracking_state.h>
#include <linux/cpufeature.h>
#include <linux/types.h>

/* Call class 10: a hypercall. */
#define GUNYAH_HYPERCALL(n)						\
	ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64,	\
			   ARM_SMCCC_OWNER_VENDOR_HYP, 0x8000 | (n))

#define GUNYAH_HYPERCALL_BELL_SEND		GUNYAH_HYPERCALL(0x12)
#define GUNYAH_HYPERCALL_VCPU_RUN		GUNYAH_HYPERCALL(0x65)

/**
 * struct gunyah_hvc_result - what a hypercall left in its registers
 * @x0: enum gunyah_error
 * @x1: results, by the call
 * @x2: the same
 * @x3: the same
 * @x4: the same
 *
 * A structure of scalars, returned in line: the compiler keeps it in registers.
 */
struct gunyah_hvc_result {
	u64 x0;
	u64 x1;
	u64 x2;
	u64 x3;
	u64 x4;
};

/**
 * gunyah_hvc_vcpu_run() - run a vCPU on this CPU, and tell nobody
 * @capid: the vCPU
 * @resume0: as of gunyah_hypercall_vcpu_run()
 * @resume1: the same
 * @resume2: the same
 *
 * Context: interrupts masked, by gunyah_can_run_in_line(); or guest state of context tracking.
 * Return: in x0 the error, in x1 to x4, when that is OK, the state and its data.
 */
static __always_inline struct gunyah_hvc_result
gunyah_hvc_vcpu_run(u64 capid, u64 resume0, u64 resume1, u64 resume2)
{
	/* The last one first: arguments come one register lower, and move up. */
	register u64 x5 asm("x5") = 0;
	register u64 x4 asm("x4") = resume2;
	register u64 x3 asm("x3") = resume1;
	register u64 x2 asm("x2") = resume0;
	register u64 x1 asm("x1") = capid;
	register u64 x0 asm("x0") = GUNYAH_HYPERCALL_VCPU_RUN;

	asm volatile("hvc	#0"
		     : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3), "+r" (x4), "+r" (x5)
		     :
		     : "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
		       "x16", "x17", "memory");

	return (struct gunyah_hvc_result){ x0, x1, x2, x3, x4 };
}

/**
 * gunyah_hvc_bell_send() - OR flags into a doorbell
 * @capid: the doorbell
 * @new_flags: as of gunyah_hypercall_bell_send()
 *
 * Only the registers that this call has are saved and set.
 *
 * Context: any.
 * Return: in x0 the error, in x1, when that is OK, the flags before.
 */
static __always_inline struct gunyah_hvc_result gunyah_hvc_bell_send(u64 capid, u64 new_flags)
{
	register u64 x3 asm("x3") = 0;
	register u64 x2 asm("x2") = new_flags;
	register u64 x1 asm("x1") = capid;
	register u64 x0 asm("x0") = GUNYAH_HYPERCALL_BELL_SEND;

	asm volatile("hvc	#0"
		     : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3)
		     :
		     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
		       "x14", "x15", "x16", "x17", "memory");

	return (struct gunyah_hvc_result){ x0, x1, x2, x3 };
}

/**
 * gunyah_can_run_in_line() - does nobody but RCU have to be told that a guest runs?
 *
 * Context tracking, lockdep and the tracers keep a state.  Without them it is RCU that takes
 * note of a quiescent state.  It looks for one at each tick, and the tick, as any
 * interrupt, ends a guest: so it is enough to tell it once a tick, by
 * gunyah_hypercall_vcpu_run().  Interrupts that are masked by priority need more, too, and
 * so do tests that stand in for the hypervisor.
 *
 * Return: true when between these calls gunyah_hvc_vcpu_run() does.
 */
static __always_inline bool gunyah_can_run_in_line(void)
{
	return !IS_ENABLED(CONFIG_TRACE_IRQFLAGS) && !context_tracking_enabled() &&
	       !system_uses_irq_prio_masking() && !kunit_get_current_test();
}

#endif
