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

struct vm;

/* Saved by entry.S: offsets asserted there. */
struct vcpu_regs {
	u64 x[31];
	u64 pc;			/* ELR_EL2 */
	u64 pstate;		/* SPSR_EL2 */
};

/* EL1 and EL0 system registers that a switch of vCPUs saves and loads. */
struct vcpu_sysregs;		/* sysregs.h */

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
	struct vcpu_sysregs *sys;	/* own pages: sysregs, FP/SIMD/SVE */
	struct vgic_cpu vgic;
	struct vm *vm;
	unsigned int index;		/* affinity 0 of MPIDR_EL1 as the VM sees it */
	enum vcpu_power power;		/* guarded by vm->lock */
	spinlock_t run_lock;		/* held while a physical CPU runs it (try-lock: BUSY) */
	int on_cpu;			/* physical CPU it is loaded on, or -1 */
	u32 wake_virq;			/* INTID at the primary VM for wake-ups, 0 = none */
	bool kill;			/* leave the guest and report POWERED_OFF, 1 */
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
	u64 mmio_reg;			/* pending VMMIO: register, size, sign, direction */
	u64 mmio_ipa;
	u32 mmio_size;
	bool mmio_pending, mmio_write, mmio_sign, mmio_64;
	u64 exit_data[3];
};

struct vm {
	u16 vmid;
	bool primary;
	bool dying;			/* VM_STOP or exit: vCPUs must not run any more */
	spinlock_t lock;
	struct stage2 s2;
	struct vgic vgic;
	unsigned int nr_vcpus;
	struct vcpu *vcpu[VM_MAX_VCPUS];
	u64 vmmio_base, vmmio_size;	/* accesses there exit to the host */
	u8 last_vcpu[HYP_MAX_CPUS];	/* index + 1 of the vCPU last loaded there (TLB) */
	void *rm;			/* the resource manager's own record */
};

/*
 * vm.c: guests; the primary VM is made by boot.  The order for a guest is
 * vm_create, vgic_init (its distributor's place is known from its device
 * tree), vm_add_vcpu for each vCPU (calls vgic_vcpu_init), vcpu_power_on.
 */
struct vm *vm_create(u16 vmid);			/* NULL: pool empty or VM_MAX reached */
struct vcpu *vm_add_vcpu(struct vm *vm, u32 wake_virq);
/* No vCPU may be loaded (vm_stop() before).  Frees stage-2 tables, not the pages mapped. */
void vm_destroy(struct vm *vm);
struct vm *vm_primary(void);
/* VMs that exist, without the primary VM. */
unsigned int vm_count(void);

/* Let the vCPU run from entry with x0 = context at EL1h, MMU off, DAIF masked. */
void vcpu_power_on(struct vcpu *v, u64 entry, u64 context);
/*
 * Take every vCPU of the VM out of the guest and make each later run return
 * POWERED_OFF with data 1; waits until none is loaded on a physical CPU
 * (sends SGIs).  Never call with a lock held that a vcpu_run path takes.
 * The wake-up interrupt of each vCPU is raised at the primary VM.
 */
void vm_stop(struct vm *vm);
/*
 * The vcpu_run hypercall.  caller = the primary VM's vCPU on this CPU.
 * Returns 0, or ABI error 31 (BUSY) when another CPU runs it.
 * resume[0] answers a VMMIO read (full register, not cut: fact 50).
 */
u64 vcpu_run(struct vcpu *caller, struct vcpu *v, const u64 resume[3], struct vcpu_run_result *res);

/*
 * Called by the vGIC when an interrupt became deliverable to v while v is not
 * loaded on this CPU: kicks the CPU it runs on, or, for a guest's vCPU that is
 * not being run (facts 48, 49), raises v->wake_virq at the primary VM.
 */
void vcpu_irq_pending(struct vcpu *v);

/*
 * Stage 1 of the loaded vCPU: virtual address to IPA, as EL1 would read or
 * write it.  false when it does not translate.  Only for the vCPU that is
 * loaded on this CPU (every hypercall's caller is).
 */
bool vcpu_translate(struct vcpu *v, u64 va, bool write, u64 *ipa);

/*
 * rm_background() shall be called on this physical CPU in about us
 * microseconds at the latest; ends a guest's slice when one runs here.
 */
void rm_wakeup_in(u64 us);

/* vcpu loaded on this physical CPU at the moment (primary's or guest's). */
struct vcpu *this_vcpu(void);
unsigned int this_cpu(void);
unsigned int nr_cpus(void);

/*
 * Upcalls from the core to the resource manager (rm/rm.h implements them).
 * Called on the guest's way out; must not block on vCPUs.  The RM takes note
 * and acts later (fact 9: the host sees POWERED_OFF before VM_EXITED).
 */
/*
 * data of VM_EV_RESET and VM_EV_RESET2: the two data words of vcpu_run's state
 * 0x100 (fact 12): bit 63 SYSTEM_RESET, bit 62 the 64-bit RESET2, bits 31:0
 * the reset type; then the cookie.  Zeros otherwise.
 */
enum vm_event { VM_EV_OFF, VM_EV_RESET, VM_EV_RESET2, VM_EV_FAULT };
void rm_vm_event(struct vm *vm, enum vm_event ev, const u64 data[2]);
/* A vcpu_run hypercall begins: ends of guests that were noted before are older now. */
void rm_note_vcpu_run(void);
/* Called by the core on each entry from the primary VM, after its trap was handled. */
void rm_background(struct vcpu *caller);
/*
 * HVC64/SMC64 fast calls of vendor-hyp owner 6, and native hvc #0x6000+n: hypercall.c.
 * v->regs.x[] in and out.  True when handled.
 */
bool hypercall_smccc(struct vcpu *v);
bool hypercall_native(struct vcpu *v, u32 imm);
/*
 * The guest or the primary VM has ended (EOI) an SPI that was raised with
 * vgic_set_level: doorbell.c looks whether its line is still up.
 */
void doorbell_eoi_level(struct vm *vm, u32 intid);
/* Control page access of the primary VM: control.c. */
bool control_mmio(struct vcpu *v, u64 offset, unsigned int size, bool write, u64 *val);
/* Called once by boot when stage 2 of the primary VM stands, before it runs. */
void objects_init(void);
void rm_init(void);
/* Adds the /hypervisor node of public-stack.md to the primary VM's tree; fdt has room. */
int rm_fill_primary_fdt(void *fdt);
/* Called at SYSTEM_OFF of the primary VM: last lines of the log. */
void rm_finish(void);

#endif
