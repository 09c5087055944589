// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gunyah's hypercalls: a function each.
 *
 * A hypercall is an SMCCC fast 64-bit call of the vendor-hypervisor owner, and
 * always an HVC, whatever conduit PSCI uses.  Arguments are in x1 and up and
 * every reserved one is 0; the error comes back in x0, results in x1 and up.
 * x0 to x17 are lost, x18 to x30 kept, FP and SVE registers untouched.
 *
 * Each function begins with its KUnit line, so that tests can answer in the
 * hypervisor's place.  Registers are loaded in line, and results taken from them.  For
 * vcpu_run, which is called for each exit, and bell_send, for each interrupt of a guest,
 * there is a form without a function, too: see asm/gunyah.h.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/visibility.h>
#include <linux/arm-smccc.h>
#include <linux/cpufeature.h>
#include <linux/export.h>
#include <linux/gunyah.h>
/* guest_state_enter_irqoff() and its like, which have nothing of KVM in them. */
#include <linux/kvm_host.h>
#include <linux/string.h>

#include <asm/barrier.h>
#include <asm/daifflags.h>
#include <asm/gunyah.h>

/* The UUID c1d58fcd-a453-5fdb-9265-ce36673d5f14 as CALL_UID answers it. */
#define GUNYAH_UID_REG_0	0xcd8fd5c1
#define GUNYAH_UID_REG_1	0xdb5f53a4
#define GUNYAH_UID_REG_2	0x36ce6592
#define GUNYAH_UID_REG_3	0x145f3d67

#define GUNYAH_HYPERCALL_HYP_IDENTIFY		GUNYAH_HYPERCALL(0x00)
#define GUNYAH_HYPERCALL_BELL_SET_MASK		GUNYAH_HYPERCALL(0x15)
#define GUNYAH_HYPERCALL_MSGQ_SEND		GUNYAH_HYPERCALL(0x1b)
#define GUNYAH_HYPERCALL_MSGQ_RECV		GUNYAH_HYPERCALL(0x1c)
#define GUNYAH_HYPERCALL_ADDRSPACE_MAP		GUNYAH_HYPERCALL(0x2b)
#define GUNYAH_HYPERCALL_ADDRSPACE_UNMAP	GUNYAH_HYPERCALL(0x2c)
#define GUNYAH_HYPERCALL_MEMEXTENT_DONATE	GUNYAH_HYPERCALL(0x61)

static __always_inline struct gunyah_hvc_result
gunyah_hvc_inline(u64 fn, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 a7, u64 a8)
{
	/* The last one first: arguments come one register lower, and move up. */
	register u64 x8 asm("x8") = a8;
	register u64 x7 asm("x7") = a7;
	register u64 x6 asm("x6") = a6;
	register u64 x5 asm("x5") = a5;
	register u64 x4 asm("x4") = a4;
	register u64 x3 asm("x3") = a3;
	register u64 x2 asm("x2") = a2;
	register u64 x1 asm("x1") = a1;
	register u64 x0 asm("x0") = fn;

	asm volatile("hvc	#0"
		     : "+r" (x0), "+r" (x1), "+r" (x2), "+r" (x3), "+r" (x4),
		       "+r" (x5), "+r" (x6), "+r" (x7), "+r" (x8)
		     :
		     : "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
		       "x17", "memory");

	return (struct gunyah_hvc_result){ x0, x1, x2, x3, x4 };
}

/* x0 to x8 in, x0 to x4 out. */
VISIBLE_IF_KUNIT void gunyah_hvc_registers(u64 *x)
{
	struct gunyah_hvc_result res;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hvc_registers, x);

	res = gunyah_hvc_inline(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]);
	memcpy(x, &res, sizeof(res));
}
EXPORT_SYMBOL_IF_KUNIT(gunyah_hvc_registers);

/* As gunyah_hvc_inline(), by way of what tests can look at. */
static noinline struct gunyah_hvc_result
gunyah_hvc_tested(u64 fn, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 a7, u64 a8)
{
	u64 x[] = { fn, a1, a2, a3, a4, a5, a6, a7, a8 };

	gunyah_hvc_registers(x);
	return (struct gunyah_hvc_result){ x[0], x[1], x[2], x[3], x[4] };
}

/* All calls but vcpu_run: a test can look at the registers of those that it makes. */
static __always_inline struct gunyah_hvc_result
gunyah_hvc(u64 fn, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6, u64 a7, u64 a8)
{
	if (kunit_get_current_test())
		return gunyah_hvc_tested(fn, a1, a2, a3, a4, a5, a6, a7, a8);

	return gunyah_hvc_inline(fn, a1, a2, a3, a4, a5, a6, a7, a8);
}

bool gunyah_hypervisor_present(void)
{
	struct arm_smccc_res res = {};

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypervisor_present);

	/* Without a conduit the result says "not supported". */
	arm_smccc_1_1_invoke(ARM_SMCCC_VENDOR_HYP_CALL_UID_FUNC_ID, &res);

	return res.a0 == GUNYAH_UID_REG_0 && res.a1 == GUNYAH_UID_REG_1 &&
	       res.a2 == GUNYAH_UID_REG_2 && res.a3 == GUNYAH_UID_REG_3;
}
EXPORT_SYMBOL_GPL(gunyah_hypervisor_present);

void gunyah_hypercall_hyp_identify(struct gunyah_identify_result *result)
{
	struct gunyah_hvc_result res;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_hyp_identify, result);

	res = gunyah_hvc(GUNYAH_HYPERCALL_HYP_IDENTIFY, 0, 0, 0, 0, 0, 0, 0, 0);

	/* The one call without an error. */
	result->api_info = res.x0;
	result->flags[0] = res.x1;
	result->flags[1] = res.x2;
	result->flags[2] = res.x3;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_hyp_identify);

/* A parameter: a local variable would be zeroed on the stack first. */
static __always_inline enum gunyah_error
take_old_flags(struct gunyah_hvc_result res, u64 *old_flags)
{
	enum gunyah_error error = res.x0;

	if (error == GUNYAH_ERROR_OK && old_flags)
		*old_flags = res.x1;

	return error;
}

enum gunyah_error gunyah_hypercall_bell_send(u64 capid, u64 new_flags, u64 *old_flags)
{
	struct gunyah_hvc_result res;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_bell_send, capid, new_flags, old_flags);

	if (kunit_get_current_test())
		res = gunyah_hvc_tested(GUNYAH_HYPERCALL_BELL_SEND, capid, new_flags, 0, 0, 0, 0,
					0, 0);
	else
		res = gunyah_hvc_bell_send(capid, new_flags);

	return take_old_flags(res, old_flags);
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_bell_send);

enum gunyah_error gunyah_hypercall_bell_set_mask(u64 capid, u64 enable_mask, u64 ack_mask)
{
	struct gunyah_hvc_result res;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_bell_set_mask, capid, enable_mask, ack_mask);

	res = gunyah_hvc(GUNYAH_HYPERCALL_BELL_SET_MASK, capid, enable_mask, ack_mask, 0, 0, 0, 0,
			 0);

	return res.x0;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_bell_set_mask);

enum gunyah_error gunyah_hypercall_msgq_send(u64 capid, size_t size, const void *buf,
					     u64 tx_flags, bool *not_full)
{
	struct gunyah_hvc_result res;
	enum gunyah_error error;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_msgq_send, capid, size, buf, tx_flags,
				   not_full);

	res = gunyah_hvc(GUNYAH_HYPERCALL_MSGQ_SEND, capid, size, (uintptr_t)buf, tx_flags, 0, 0,
			 0, 0);
	error = res.x0;
	if (error == GUNYAH_ERROR_OK)
		*not_full = res.x1 & 1;

	return error;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_msgq_send);

enum gunyah_error gunyah_hypercall_msgq_recv(u64 capid, void *buf, size_t max_size,
					     size_t *size, bool *not_empty)
{
	struct gunyah_hvc_result res;
	enum gunyah_error error;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_msgq_recv, capid, buf, max_size, size,
				   not_empty);

	res = gunyah_hvc(GUNYAH_HYPERCALL_MSGQ_RECV, capid, (uintptr_t)buf, max_size, 0, 0, 0, 0,
			 0);
	error = res.x0;
	if (error == GUNYAH_ERROR_OK) {
		*size = res.x1;
		*not_empty = res.x2 & 1;
	}

	return error;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_msgq_recv);

enum gunyah_error gunyah_hypercall_addrspace_map(u64 capid, u64 extent_capid, u64 vbase, u64 attrs,
						 u64 flags, u64 offset, u64 size)
{
	struct gunyah_hvc_result res;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_addrspace_map, capid, extent_capid, vbase,
				   attrs, flags, offset, size);

	res = gunyah_hvc(GUNYAH_HYPERCALL_ADDRSPACE_MAP, capid, extent_capid, vbase, attrs, flags,
			 offset, size, 0);

	return res.x0;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_addrspace_map);

enum gunyah_error gunyah_hypercall_addrspace_unmap(u64 capid, u64 extent_capid, u64 vbase,
						   u64 flags, u64 offset, u64 size)
{
	struct gunyah_hvc_result res;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_addrspace_unmap, capid, extent_capid, vbase,
				   flags, offset, size);

	res = gunyah_hvc(GUNYAH_HYPERCALL_ADDRSPACE_UNMAP, capid, extent_capid, vbase, flags,
			 offset, size, 0, 0);

	return res.x0;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_addrspace_unmap);

enum gunyah_error gunyah_hypercall_memextent_donate(u64 options, u64 from_capid, u64 to_capid,
						    u64 offset, u64 size)
{
	struct gunyah_hvc_result res;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_memextent_donate, options, from_capid,
				   to_capid, offset, size);

	res = gunyah_hvc(GUNYAH_HYPERCALL_MEMEXTENT_DONATE, options, from_capid, to_capid, offset,
			 size, 0, 0, 0);

	return res.x0;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_memextent_donate);

/*
 * While the guest runs this CPU is not the kernel's: RCU does not wait for it, and
 * for lockdep and the tracers interrupts are not masked.  So nothing in here may
 * be instrumented.
 */
static noinstr struct gunyah_hvc_result gunyah_hvc_guest(u64 capid, u64 resume0, u64 resume1,
							 u64 resume2)
{
	struct gunyah_hvc_result res;

	guest_state_enter_irqoff();
	res = gunyah_hvc_vcpu_run(capid, resume0, resume1, resume2);
	guest_state_exit_irqoff();

	return res;
}

/* A parameter: see take_old_flags(). */
static __always_inline enum gunyah_error
take_run_result(struct gunyah_hvc_result res, struct gunyah_vcpu_run_result *result)
{
	enum gunyah_error error = res.x0;

	if (error == GUNYAH_ERROR_OK) {
		result->state = res.x1;
		result->data[0] = res.x2;
		result->data[1] = res.x3;
		result->data[2] = res.x4;
	}

	return error;
}

enum gunyah_error gunyah_hypercall_vcpu_run(u64 capid, u64 resume0, u64 resume1, u64 resume2,
					    struct gunyah_vcpu_run_result *result)
{
	const bool by_priority = system_uses_irq_prio_masking();
	enum gunyah_error error;

	KUNIT_STATIC_STUB_REDIRECT(gunyah_hypercall_vcpu_run, capid, resume0, resume1, resume2,
				   result);

	/*
	 * With pseudo-NMIs interrupts are masked by priority.  The hypervisor
	 * may leave such ones out when it looks whether this VM has an interrupt
	 * pending, and then the guest would never be left for one.
	 */
	if (by_priority) {
		local_daif_mask();
		pmr_sync();
	}

	error = take_run_result(gunyah_hvc_guest(capid, resume0, resume1, resume2), result);

	if (by_priority)
		local_daif_restore(DAIF_PROCCTX_NOIRQ);

	return error;
}
EXPORT_SYMBOL_GPL(gunyah_hypercall_vcpu_run);
