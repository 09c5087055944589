/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gunyah's hypervisor as Linux sees it: its errors, its hypercalls, and the
 * little that must be built in beside them.
 *
 * Numbers, registers and bits are those of the published hypervisor's API.
 * A capability id ("capid") is any 64-bit number, also 0 and also with its top
 * bit set: it names an object in this VM's capability space and carries the
 * rights to it.
 *
 * No policy lives here: a hypercall's function moves arguments into registers
 * and results out of them.  None of them sleeps, and all may be called with
 * interrupts masked, but only after gunyah_hypervisor_present() said so: an
 * HVC is an undefined instruction where there is no EL2.
 */
#ifndef _LINUX_GUNYAH_H
#define _LINUX_GUNYAH_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/thread_info.h>
#include <linux/types.h>

/*
 * What a hypercall answers in its first register, from the published
 * hypervisor's API.  Values not named here exist.
 */
enum gunyah_error {
	GUNYAH_ERROR_OK				= 0,
	GUNYAH_ERROR_UNIMPLEMENTED		= -1,
	GUNYAH_ERROR_RETRY			= -2,

	GUNYAH_ERROR_ARG_INVAL			= 1,
	GUNYAH_ERROR_ARG_SIZE			= 2,
	GUNYAH_ERROR_ARG_ALIGN			= 3,

	GUNYAH_ERROR_NOMEM			= 10,

	GUNYAH_ERROR_ADDR_OVFL			= 20,
	GUNYAH_ERROR_ADDR_UNFL			= 21,
	GUNYAH_ERROR_ADDR_INVAL			= 22,

	GUNYAH_ERROR_DENIED			= 30,
	GUNYAH_ERROR_BUSY			= 31,
	GUNYAH_ERROR_IDLE			= 32,

	GUNYAH_ERROR_IRQ_BOUND			= 40,
	GUNYAH_ERROR_IRQ_UNBOUND		= 41,

	GUNYAH_ERROR_CSPACE_CAP_NULL		= 50,
	GUNYAH_ERROR_CSPACE_CAP_REVOKED		= 51,
	GUNYAH_ERROR_CSPACE_WRONG_OBJECT_TYPE	= 52,
	GUNYAH_ERROR_CSPACE_INSUF_RIGHTS	= 53,
	GUNYAH_ERROR_CSPACE_FULL		= 54,

	GUNYAH_ERROR_MSGQUEUE_EMPTY		= 60,
	GUNYAH_ERROR_MSGQUEUE_FULL		= 61,
};

/**
 * gunyah_error_to_errno() - the errno of a hypercall's error
 * @error: what the hypercall answered
 *
 * Return: 0 for OK, a negative errno otherwise; -EINVAL for an error that is
 * not named in enum gunyah_error.
 */
static inline int gunyah_error_to_errno(enum gunyah_error error)
{
	switch (error) {
	case GUNYAH_ERROR_OK:
		return 0;
	case GUNYAH_ERROR_UNIMPLEMENTED:
		return -EOPNOTSUPP;
	case GUNYAH_ERROR_RETRY:
		return -EAGAIN;
	case GUNYAH_ERROR_NOMEM:
		return -ENOMEM;
	case GUNYAH_ERROR_DENIED:
	case GUNYAH_ERROR_CSPACE_CAP_NULL:
	case GUNYAH_ERROR_CSPACE_CAP_REVOKED:
	case GUNYAH_ERROR_CSPACE_WRONG_OBJECT_TYPE:
	case GUNYAH_ERROR_CSPACE_INSUF_RIGHTS:
		return -EACCES;
	case GUNYAH_ERROR_BUSY:
	case GUNYAH_ERROR_IDLE:
	case GUNYAH_ERROR_CSPACE_FULL:
		return -EBUSY;
	case GUNYAH_ERROR_IRQ_BOUND:
	case GUNYAH_ERROR_IRQ_UNBOUND:
	case GUNYAH_ERROR_MSGQUEUE_EMPTY:
	case GUNYAH_ERROR_MSGQUEUE_FULL:
		return -EIO;
	case GUNYAH_ERROR_ARG_INVAL:
	case GUNYAH_ERROR_ARG_SIZE:
	case GUNYAH_ERROR_ARG_ALIGN:
	case GUNYAH_ERROR_ADDR_OVFL:
	case GUNYAH_ERROR_ADDR_UNFL:
	case GUNYAH_ERROR_ADDR_INVAL:
	default:
		return -EINVAL;
	}
}

/* The version of the API that this kernel speaks. */
#define GUNYAH_API_V1			1

/* api_info of hyp_identify */
#define GUNYAH_API_INFO_VERSION		GENMASK_ULL(13, 0)
#define GUNYAH_API_INFO_BIG_ENDIAN	BIT_ULL(14)
#define GUNYAH_API_INFO_64BIT		BIT_ULL(15)
#define GUNYAH_API_INFO_VARIANT		GENMASK_ULL(63, 56)

/* flags[0] of hyp_identify */
#define GUNYAH_FEATURE_PARTITION_CSPACE	BIT_ULL(0)
#define GUNYAH_FEATURE_DOORBELL		BIT_ULL(1)
#define GUNYAH_FEATURE_MSGQUEUE		BIT_ULL(2)
#define GUNYAH_FEATURE_VIC		BIT_ULL(3)
#define GUNYAH_FEATURE_VPM		BIT_ULL(4)
#define GUNYAH_FEATURE_VCPU		BIT_ULL(5)
#define GUNYAH_FEATURE_MEMEXTENT	BIT_ULL(6)
#define GUNYAH_FEATURE_VCPU_RUN		BIT_ULL(11)

/**
 * struct gunyah_identify_result - what hyp_identify answers
 * @api_info: GUNYAH_API_INFO_*
 * @flags: feature flags; GUNYAH_FEATURE_* are those of the first word
 */
struct gunyah_identify_result {
	u64 api_info;
	u64 flags[3];
};

/**
 * gunyah_hypervisor_present() - does this kernel run on Gunyah?
 *
 * Asks by the SMCCC vendor UUID.  Quiet where there is no SMCCC conduit or
 * another hypervisor.
 *
 * Return: true on Gunyah.
 */
bool gunyah_hypervisor_present(void);

/* Has no error: fill @result with the hypervisor's version and features. */
void gunyah_hypercall_hyp_identify(struct gunyah_identify_result *result);

/**
 * gunyah_hypercall_bell_send() - OR flags into a doorbell
 * @capid: the doorbell
 * @new_flags: flags to set
 * @old_flags: filled in on OK with the flags as they were before; may be NULL
 *
 * Return: OK; DENIED, CSPACE_*: not a doorbell that this VM may ring.
 */
enum gunyah_error gunyah_hypercall_bell_send(u64 capid, u64 new_flags, u64 *old_flags);

/**
 * gunyah_hypercall_bell_set_mask() - set a doorbell's masks
 * @capid: the doorbell
 * @enable_mask: flags that raise its interrupt (all at first)
 * @ack_mask: flags that are cleared when the interrupt is raised (none at first)
 *
 * Return: OK; CSPACE_INSUF_RIGHTS where the masks are not this VM's to set.
 */
enum gunyah_error gunyah_hypercall_bell_set_mask(u64 capid, u64 enable_mask, u64 ack_mask);

/* Raise the receiver's interrupt now, whatever its threshold. */
#define GUNYAH_MSGQ_TX_PUSH		BIT_ULL(0)

/**
 * gunyah_hypercall_msgq_send() - put a message into a queue
 * @capid: the queue, its sending end
 * @size: bytes of the message, not zero
 * @buf: the message, mapped
 * @tx_flags: 0 or GUNYAH_MSGQ_TX_PUSH
 * @not_full: filled in on OK: true when another message can be sent; false
 *            when the queue's send interrupt will tell
 *
 * The published hypervisor answers OK and loses the message when @size is
 * above the queue's message size (240 bytes for the resource manager's).
 *
 * Return: OK; MSGQUEUE_FULL: nothing was sent; ARG_*, CSPACE_*.
 */
enum gunyah_error gunyah_hypercall_msgq_send(u64 capid, size_t size, const void *buf,
					     u64 tx_flags, bool *not_full);

/**
 * gunyah_hypercall_msgq_recv() - take a message out of a queue
 * @capid: the queue, its receiving end
 * @buf: where to, mapped
 * @max_size: bytes of @buf
 * @size: filled in on OK: bytes of the message
 * @not_empty: filled in on OK: true when more messages wait; false when the
 *             queue's receive interrupt will tell
 *
 * The published hypervisor answers OK with a size of 0, not empty, and keeps
 * the message when @buf is too small: who reads on as long as the queue is not
 * empty never ends.
 *
 * Return: OK; MSGQUEUE_EMPTY; ADDR_*, ARG_*, CSPACE_*.
 */
enum gunyah_error gunyah_hypercall_msgq_recv(u64 capid, void *buf, size_t max_size,
					     size_t *size, bool *not_empty);

/* attributes of a mapping: access of the guest's user and kernel, type of memory */
#define GUNYAH_MAP_ATTR_USER		GENMASK_ULL(2, 0)
#define GUNYAH_MAP_ATTR_KERNEL		GENMASK_ULL(6, 4)
#define GUNYAH_MAP_ATTR_MEMTYPE		GENMASK_ULL(23, 16)

#define GUNYAH_MAP_ACCESS_X		1
#define GUNYAH_MAP_ACCESS_W		2
#define GUNYAH_MAP_ACCESS_R		4

#define GUNYAH_MAP_MEMTYPE_DEVICE	0
#define GUNYAH_MAP_MEMTYPE_NORMAL_NC	5
#define GUNYAH_MAP_MEMTYPE_NORMAL_WB	15

/* flags of map and unmap */
#define GUNYAH_MAP_PARTIAL		BIT_ULL(0)
#define GUNYAH_MAP_PRIVATE		BIT_ULL(1)
#define GUNYAH_MAP_VMMIO		BIT_ULL(2)
#define GUNYAH_MAP_NOSYNC		BIT_ULL(31)

/**
 * gunyah_hypercall_addrspace_map() - map a memory extent into an address space
 * @capid: the address space
 * @extent_capid: the memory extent
 * @vbase: address in the address space (IPA)
 * @attrs: GUNYAH_MAP_ATTR_*
 * @flags: GUNYAH_MAP_*
 * @offset: from where in the extent; only with PARTIAL
 * @size: how much of it; only with PARTIAL
 *
 * Return: OK; UNIMPLEMENTED, ARG_*, ADDR_*, DENIED, CSPACE_*.
 */
enum gunyah_error gunyah_hypercall_addrspace_map(u64 capid, u64 extent_capid, u64 vbase, u64 attrs,
						 u64 flags, u64 offset, u64 size);

/* Undo gunyah_hypercall_addrspace_map(), with the same meaning of the arguments. */
enum gunyah_error gunyah_hypercall_addrspace_unmap(u64 capid, u64 extent_capid, u64 vbase,
						   u64 flags, u64 offset, u64 size);

/* options of memextent_donate: one type, and NOSYNC */
#define GUNYAH_DONATE_TO_CHILD		0
#define GUNYAH_DONATE_TO_PARENT		1
#define GUNYAH_DONATE_TO_SIBLING	2
#define GUNYAH_DONATE_TO_PROTECTED	3
#define GUNYAH_DONATE_FROM_PROTECTED	4
#define GUNYAH_DONATE_NOSYNC		BIT_ULL(31)

/**
 * gunyah_hypercall_memextent_donate() - move memory between two extents
 * @options: GUNYAH_DONATE_*
 * @from_capid: extent that gives
 * @to_capid: extent that takes
 * @offset: where the memory begins
 * @size: its size
 *
 * Return: OK; UNIMPLEMENTED, ARG_*, ADDR_*, DENIED, CSPACE_*.
 */
enum gunyah_error gunyah_hypercall_memextent_donate(u64 options, u64 from_capid, u64 to_capid,
						    u64 offset, u64 size);

/**
 * enum gunyah_vcpu_state - why vcpu_run came back
 * @GUNYAH_VCPU_STATE_READY: an interrupt of the host waits, or the vCPU was
 *	preempted; comes also while the host masks interrupts
 * @GUNYAH_VCPU_STATE_EXPECTS_WAKEUP: WFI or PSCI CPU_SUSPEND.  data[0]: 0 for
 *	WFI, else PSCI's power state; data[1]: enum gunyah_vcpu_sleep
 * @GUNYAH_VCPU_STATE_POWERED_OFF: not started, off, or gone.  data[0]: 0 when it
 *	can come back, 1 once the resource manager has taken the VM down
 * @GUNYAH_VCPU_STATE_BLOCKED: something passing in the hypervisor
 * @GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ: data[0]: IPA, data[1]: bytes
 * @GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE: data[0]: IPA, data[1]: bytes,
 *	data[2]: value, cut to the bytes
 * @GUNYAH_VCPU_STATE_FAULT: the guest can't go on
 * @GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT: data[0]: IPA, data[1]: not 0 for a
 *	write (newer hypervisors)
 * @GUNYAH_VCPU_STATE_PSCI_SYSTEM_RESET: the guest asked for a reset.  data[0]:
 *	GUNYAH_VCPU_RESET_*; data[1]: cookie
 */
enum gunyah_vcpu_state {
	GUNYAH_VCPU_STATE_READY			= 0,
	GUNYAH_VCPU_STATE_EXPECTS_WAKEUP	= 1,
	GUNYAH_VCPU_STATE_POWERED_OFF		= 2,
	GUNYAH_VCPU_STATE_BLOCKED		= 3,
	GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_READ	= 4,
	GUNYAH_VCPU_STATE_ADDRSPACE_VMMIO_WRITE	= 5,
	GUNYAH_VCPU_STATE_FAULT			= 6,
	GUNYAH_VCPU_STATE_ADDRSPACE_PAGE_FAULT	= 7,
	GUNYAH_VCPU_STATE_PSCI_SYSTEM_RESET	= 0x100,
};

enum gunyah_vcpu_sleep {
	GUNYAH_VCPU_SLEEP_WFI			= 1,
	GUNYAH_VCPU_SLEEP_CPU_SUSPEND		= 2,
	GUNYAH_VCPU_SLEEP_SYSTEM_SUSPEND	= 3,
};

#define GUNYAH_VCPU_RESET_TYPE		GENMASK_ULL(31, 0)
#define GUNYAH_VCPU_RESET2_SMC64	BIT_ULL(62)
#define GUNYAH_VCPU_RESET_NOT_RESET2	BIT_ULL(63)

/*
 * Second word of the answer to an MMIO or page fault exit.  The published
 * hypervisor ignores it.  These are not the numbers of the user interface.
 */
enum gunyah_vcpu_action {
	GUNYAH_VCPU_ACTION_EMULATE		= 0,
	GUNYAH_VCPU_ACTION_RETRY		= 1,
	GUNYAH_VCPU_ACTION_FAULT		= 2,
};

/**
 * struct gunyah_vcpu_run_result - how a vCPU came back
 * @state: enum gunyah_vcpu_state, or a number not named there
 * @data: by state
 */
struct gunyah_vcpu_run_result {
	u64 state;
	u64 data[3];
};

/**
 * gunyah_hypercall_vcpu_run() - run a vCPU on this CPU
 * @capid: the vCPU
 * @resume0: after VMMIO_READ the value read, cut to the access by the caller
 * @resume1: after VMMIO_* and PAGE_FAULT an enum gunyah_vcpu_action
 * @resume2: 0
 * @result: filled in when the answer is OK, and only then
 *
 * All three are 0 after the other states.  The hypervisor comes back when an
 * interrupt of the host is pending, masked or not: call with interrupts masked,
 * after a look at gunyah_guest_work_pending(), so that nothing is missed
 * between the look and the entry.
 *
 * Guest time: vtime_account_guest_enter() and vtime_account_guest_exit() of
 * linux/vtime.h may be used by a module, around the call and with interrupts
 * masked: they are inline, and what they call on arm64 is exported.  Unmask
 * interrupts for a moment (and isb()) between a READY and the exit of the
 * guest's time, or the tick is not seen as the guest's.
 *
 * While the guest runs the CPU is in guest state, as with KVM: for RCU it reads
 * nothing, so a grace period does not mean that the call has come back; that an
 * interrupt was taken on the CPU (smp_call_function_single(), waiting) does.  Where
 * nothing but RCU wants to know it need not be told each time: see asm/gunyah.h.
 *
 * Return: OK; RETRY: call again; BUSY: it runs already, or is not this
 * VM's to run; CSPACE_*: the capability is gone.
 */
enum gunyah_error gunyah_hypercall_vcpu_run(u64 capid, u64 resume0, u64 resume1, u64 resume2,
					    struct gunyah_vcpu_run_result *result);

#if IS_ENABLED(CONFIG_KUNIT)
/* All hypercalls but vcpu_run, by what is in the registers: for tests only. */
void gunyah_hvc_registers(u64 *x);
#endif

/* What a thread has to do before it may enter a guest (again). */
#define GUNYAH_GUEST_WORK	(_TIF_NEED_RESCHED | _TIF_SIGPENDING | \
				 _TIF_NOTIFY_SIGNAL | _TIF_NOTIFY_RESUME)

/**
 * gunyah_guest_work_pending() - is there work before the guest may be entered?
 *
 * With interrupts masked the answer "no" holds until they are unmasked or the
 * guest is entered: what comes later raises an interrupt, which ends vcpu_run.
 *
 * Return: true when gunyah_guest_work() has something to do.
 */
static inline bool gunyah_guest_work_pending(void)
{
	return read_thread_flags() & GUNYAH_GUEST_WORK;
}

/**
 * gunyah_guest_work() - do the work that waits before the guest may be entered
 *
 * Reschedules, runs task work and what else the kernel does before a return to
 * user mode; signals are left for the return to user mode.
 *
 * Context: a system call of the current thread; interrupts and preemption
 * enabled, no lock held that the thread's own task work could want.
 * Return: 0, or -EINTR when a signal waits (nothing has to be undone).
 */
int gunyah_guest_work(void);

#endif
