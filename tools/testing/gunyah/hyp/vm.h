/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMs and vCPUs as the machine sees them.  The primary VM is a VM like the
 * others (vmid 3, one vCPU pinned to each physical CPU); guests' vCPUs run
 * only inside the primary VM's vcpu_run hypercalls (proxy scheduling), on the
 * physical CPU of the caller.
 *
 * Layers: lib < stage2, gic < vgic < vm/vcpu/vtimer/psci/traps < objects
 * (cap, doorbell, msgq, hypercall) < rm/ < control, boot.
 */
#ifndef HYP_VM_H
#define HYP_VM_H

#include "lib.h"
#include "stage2.h"
#include "vgic.h"

#define HYP_MAX_CPUS	8
#define VM_MAX_VCPUS	8
#define VM_MAX		33	/* the primary VM and 32 guests */
#define VMID_PRIMARY	3

struct addrspace;
struct vm;

/* Saved by entry.S: offsets asserted there. */
struct vcpu_regs {
	u64 x[31];
	u64 pc;			/* ELR_EL2 */
	u64 pstate;		/* SPSR_EL2 */
};

/* EL1 and EL0 system registers that a switch of vCPUs saves and loads. */
struct vcpu_sysregs;		/* sysregs.h */

/* What a vCPU begins with when its owner has set it: all but these is 0. */
struct vcpu_boot {
	u64 x[31], pc, sp[2];		/* SP_EL0, SP_EL1 */
	bool has_x0, has_pc;
};

enum vcpu_power { VCPU_OFF, VCPU_ON, VCPU_TERMINATED };

/* vcpu_run states, data words as the ABI says (published hypervisor's API). */
enum vcpu_run_state {
	VCPU_RUN_READY = 0,
	VCPU_RUN_EXPECTS_WAKEUP = 1,
	VCPU_RUN_POWERED_OFF = 2,
	VCPU_RUN_BLOCKED = 3,
	VCPU_RUN_VMMIO_READ = 4,
	VCPU_RUN_VMMIO_WRITE = 5,
	VCPU_RUN_FAULT = 6,
	VCPU_RUN_PAGE_FAULT = 7,	/* profile paging only */
	VCPU_RUN_SYSTEM_RESET = 0x100,
};

struct vcpu_run_result {
	u64 state;
	u64 data[3];
};

struct vcpu {
	struct vcpu_regs regs;		/* first: entry.S relies on it */
	struct vcpu_sysregs *sys;	/* system registers, FP/SIMD */
	struct vgic_cpu vgic;
	struct vm *vm;
	unsigned int index;		/* affinity 0 of MPIDR_EL1 as the VM sees it */
	enum vcpu_power power;		/* guarded by vm->lock */
	spinlock_t run_lock;		/* held while a physical CPU runs it (try-lock: BUSY) */
	int on_cpu;			/* physical CPU it is loaded on, or -1 */
	u32 wake_virq;			/* INTID at the primary VM for wake-ups, 0 = none */
	bool kill;			/* vm_stop(): leave the guest and report POWERED_OFF, 1 */
	/* core-private fields follow; see vcpu.c and vtimer.c */
	u64 timer_cval, timer_ctl, timer_off;
	bool timer_phys_active;		/* the physical PPI 27 waits for this vCPU's EOI */
	bool timer_host_active;		/* PPI 27 was active for the primary VM */
	bool timer_level;		/* the line, as the vGIC was told last */
	int timer_watch;		/* physical CPU whose CNTHP watches it + 1, or 0 */
	struct vcpu *timer_next;	/* that CPU's list */
	bool wfi;			/* last result was EXPECTS_WAKEUP */
	u64 suspend_state;		/* PSCI power state, 0 = WFI */
	u64 suspend_why;		/* 1 WFI, 2 CPU_SUSPEND (data word 1) */
	u64 suspend_entry, suspend_context;	/* power-down form */
	bool suspend_down;
	bool off_pending;		/* CPU_OFF was called, takes effect when put */
	bool ended_vm;			/* this vCPU's call was the end of the VM */
	bool reset_pending;		/* start afresh at reset_entry when next loaded */
	u64 reset_entry, reset_context;
	const struct vcpu_boot *boot;	/* for its first reset, then NULL */
	/* Profile paging: what the host's answer to the last exit may need. */
	bool fault_pending;		/* the exit was PAGE_FAULT */
	bool abort_pending;		/* an abort is to be taken when next loaded */
	u64 exit_pc, exit_far;		/* of the instruction that made it */
	bool exit_exec;
	u32 exit_fsc;
	u64 mmio_reg;			/* pending VMMIO: register, size, sign, direction */
	u64 mmio_ipa;
	u32 mmio_size;
	bool mmio_pending, mmio_write, mmio_sign, mmio_64;
};

struct vm {
	u16 vmid;
	bool primary;
	bool dying;			/* VM_STOP or exit: vCPUs must not run any more */
	spinlock_t lock;		/* guards dying and the vCPUs' power */
	struct stage2 s2;
	struct vgic vgic;
	unsigned int nr_vcpus;
	struct vcpu *vcpu[VM_MAX_VCPUS];
	u64 vmmio_base, vmmio_size;	/* accesses there exit to the host */
	u8 last_vcpu[HYP_MAX_CPUS];	/* index + 1 of the vCPU last loaded there (TLB) */
	struct addrspace *space;	/* profile paging, else NULL */
	void *rm;			/* the resource manager's own record */
};

/*
 * vm.c: guests; the primary VM is made by boot.  The order for a guest is
 * vm_create, vgic_init (its distributor's place is known from its device
 * tree), vm_add_vcpu for each vCPU (calls vgic_vcpu_init), vcpu_power_on.
 */

/**
 * vm_create() - a VM with an empty stage 2 and no vCPU
 * @vmid: its number in the resource manager's messages
 *
 * Return: the VM, or NULL when the pool is empty or VM_MAX VMs exist.
 */
struct vm *vm_create(u16 vmid);

/**
 * vm_add_vcpu() - the VM's next vCPU, powered off
 * @vm: the VM, after vgic_init() and before any of its vCPUs runs
 * @wake_virq: INTID of the vCPU's interrupt at the primary VM, 0 for none
 *
 * Return: the vCPU, or NULL when the pool is empty or VM_MAX_VCPUS exist.
 */
struct vcpu *vm_add_vcpu(struct vm *vm, u32 wake_virq);

/**
 * vm_destroy() - free a VM, its vCPUs, vGIC and stage-2 tables
 * @vm: a VM that was never run, or that vm_stop() has stopped; nobody else
 *	holds a pointer to it or to its vCPUs
 *
 * The pages that stage 2 mapped are left as they are.
 */
void vm_destroy(struct vm *vm);

/**
 * vm_primary() - the primary VM
 *
 * Return: the VM; NULL only while boot has not made it.
 */
struct vm *vm_primary(void);

/**
 * vm_count() - VMs that exist
 *
 * Return: their number, without the primary VM.
 */
unsigned int vm_count(void);

/**
 * vcpu_power_on() - let a vCPU that is off run
 * @v: the vCPU; nothing happens when it is on already or its VM is ending
 * @entry: IPA of its first instruction, at EL1h, MMU off, DAIF masked
 * @context: its x0
 *
 * Takes vm->lock.  Raises the vCPU's wake-up interrupt (fact 48).
 */
void vcpu_power_on(struct vcpu *v, u64 entry, u64 context);

/**
 * vm_stop() - take every vCPU of a VM out of the guest, for good
 * @vm: a guest
 *
 * Each later run gives POWERED_OFF with data 1.  Waits until no vCPU is loaded
 * on a physical CPU (sends SGIs), so it must not be called with a lock held
 * that a vcpu_run path takes.  The wake-up interrupt of each vCPU is raised at
 * the primary VM, also of those never started (fact 48).
 */
void vm_stop(struct vm *vm);

/**
 * vcpu_run() - the hypercall of this name, for a guest's vCPU
 * @caller: the primary VM's vCPU of this CPU, loaded; loaded again on return
 * @v: the guest's vCPU; the caller keeps it from being freed
 * @resume: the hypercall's words; [0] is the answer to a VMMIO read, and in the
 *	profile paging [1] what is to be done; all else is ignored (facts 50, 52)
 * @res: state and data words
 *
 * No lock may be held.
 *
 * Return: 0, or the ABI's error: 31 (BUSY) when another CPU runs @v, 1 for an
 * unknown action; the exit then waits for its answer.
 */
u64 vcpu_run(struct vcpu *caller, struct vcpu *v, const u64 resume[3], struct vcpu_run_result *res);

/**
 * vcpu_irq_pending() - an interrupt became deliverable to a vCPU
 * @v: a vCPU that is not loaded on this CPU
 *
 * The vGIC's upcall, without its lock.  Kicks the CPU that has @v, or, for a
 * guest's vCPU that is not being run (facts 48, 49), raises its wake-up
 * interrupt at the primary VM.
 */
void vcpu_irq_pending(struct vcpu *v);

/**
 * vcpu_translate() - stage 1 of the loaded vCPU
 * @v: the vCPU that is loaded on this CPU (every hypercall's caller is)
 * @va: virtual address
 * @write: as EL1 would write it, else as EL1 would read it
 * @ipa: result
 *
 * Return: false when @va does not translate.
 */
bool vcpu_translate(struct vcpu *v, u64 va, bool write, u64 *ipa);

/**
 * rm_wakeup_in() - have rm_background() called on this physical CPU
 * @us: in about so many microseconds at the latest
 *
 * Ends a guest's slice when one runs here by then.
 */
void rm_wakeup_in(u64 us);

/**
 * this_vcpu() - what is loaded on this physical CPU
 *
 * Return: the primary VM's vCPU or a guest's, NULL between the two.
 */
struct vcpu *this_vcpu(void);

/* Index of this physical CPU, and how many there are. */
unsigned int this_cpu(void);
unsigned int nr_cpus(void);

/*
 * Upcalls from the core; the layers above implement them.
 */

enum vm_event { VM_EV_OFF, VM_EV_RESET, VM_EV_RESET2, VM_EV_FAULT };

/**
 * rm_vm_event() - a guest has ended by itself
 * @vm: the guest; none of its vCPUs enters it any more
 * @ev: how
 * @data: for the two resets, the data words of vcpu_run's state 0x100 (fact
 *	12): bit 63 SYSTEM_RESET, bit 62 the 64-bit RESET2, bits 31:0 the reset
 *	type; then the cookie.  Zeros otherwise.
 *
 * Called with a run_lock held: it takes note and acts later (fact 9: the host
 * sees POWERED_OFF before VM_EXITED), and must not wait for vCPUs.
 */
void rm_vm_event(struct vm *vm, enum vm_event ev, const u64 data[2]);

/* A vcpu_run hypercall begins: ends of guests that were noted before are older now. */
void rm_note_vcpu_run(void);

/**
 * rm_background() - the resource manager's turn
 * @caller: the primary VM's vCPU, loaded
 *
 * After each exit of the primary VM, when its trap has been handled.
 */
void rm_background(struct vcpu *caller);

/**
 * hypercall_smccc() - a fast call of the vendor hypervisor's owner number, 6
 * @v: the loaded vCPU; arguments and results in v->regs.x[]
 *
 * Return: false when it is none of the hypervisor's; x0 becomes -1.
 */
bool hypercall_smccc(struct vcpu *v);

/**
 * hypercall_native() - hvc with an immediate that is not 0
 * @v: the loaded vCPU; arguments and results in v->regs.x[]
 * @imm: the immediate
 *
 * Return: false when it is none of the hypervisor's; x0 becomes -1.
 */
bool hypercall_native(struct vcpu *v, u32 imm);

/**
 * doorbell_eoi_level() - a VM has ended an SPI raised with vgic_set_level()
 * @vm: the VM
 * @intid: the SPI
 *
 * doorbell.c looks whether its line is still up.
 */
void doorbell_eoi_level(struct vm *vm, u32 intid);

/**
 * control_mmio() - the primary VM's access to the control page
 * @v: the loaded vCPU
 * @offset: from CONTROL_IPA
 * @size: 1, 2, 4 or 8
 * @write: direction
 * @val: what is written, or the answer
 *
 * Return: false for an external abort.
 */
bool control_mmio(struct vcpu *v, u64 offset, unsigned int size, bool write, u64 *val);

/* Called once by boot, in this order, when the primary VM is made and does not run yet. */
void objects_init(void);
void rm_init(void);

/**
 * rm_fill_primary_fdt() - the /hypervisor node of the primary VM
 * @fdt: its tree, with room
 *
 * Return: 0 or libfdt's error.
 */
int rm_fill_primary_fdt(void *fdt);

/* The primary VM ends (SYSTEM_OFF, SYSTEM_RESET): last lines of the log. */
void rm_finish(void);

#endif
