/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual GICv3 of a VM: distributor and redistributors emulated, CPU
 * interface by the hardware's list registers.  Used for the primary VM (1020
 * lines, physical SPIs and PPIs forwarded with the HW bit) and for guests.
 *
 * Locking: one lock per struct vgic.  Functions marked [any] may be called
 * from any CPU with no vgic lock held; [loaded] only on the physical CPU that
 * has the vCPU loaded, with EL2 interrupts masked (they always are).
 */
#ifndef HYP_VGIC_H
#define HYP_VGIC_H

#include "gic.h"
#include "lib.h"

#define VGIC_NR_LINES	1020
#define VGIC_MAX_LR	16
#define VGIC_NO_VCPU	0xff

struct vm;
struct vcpu;

/* One interrupt; vgic.c tells how the fields go together. */
struct vgic_irq {
	u32 route;			/* SPIs: IROUTER's affinity, Aff3 in the top byte */
	u8 priority;
	u8 target;			/* vCPU index that the route, or the owner, names */
	u8 queue;			/* vCPU that it waits for or is active at */
	u8 enabled : 1;
	u8 pending : 1;			/* latched: edge, ISPENDR, or forwarded */
	u8 active : 1;
	u8 level : 1;			/* the line's state, for level interrupts */
	u8 edge : 1;
	u8 group1 : 1;
	u8 any : 1;			/* SPIs: IROUTER.IRM */
	u8 in_lr : 1;			/* in a list register of a vCPU in its guest */
	u8 lr_latch : 1;		/* ... and the latch went there with it */
	u8 told : 1;			/* its vCPU has heard of it */
	u8 hw : 1;			/* a physical interrupt of this INTID exists */
	u8 phys : 1;			/* the physical one is active, and owed an end */
	u8 act_phys : 1;		/* active because of the physical one */
	u8 again : 1;			/* the physical one came again while in_lr */
};

struct vgic_cpu {
	struct vgic_irq priv[32];	/* SGIs and PPIs */
	u64 queued[(VGIC_NR_LINES + 63) / 64];	/* INTIDs with queue == this vCPU */
	u32 nr_queued;
	u64 lr[VGIC_MAX_LR];		/* what the hardware has, while loaded */
	u64 hcr;			/* likewise, but for EOIcount */
	u64 ap0r[4], ap1r[4], vmcr;	/* while not loaded */
	u32 used_lrs;
	u32 syncs;			/* counts syncs: pullers wait for it */
	u32 pullers;			/* ... and the next flush waits for them */
	bool asleep;			/* GICR_WAKER.ProcessorSleep */
};

struct vgic {
	spinlock_t lock;		/* all of the VM's interrupt state */
	u64 dist_base, redist_base;	/* IPA; redistributors are 128K each, in a row */
	u32 ctlr;			/* GICD_CTLR's group enables */
	u32 nr_lines;
	struct vgic_irq *spi;		/* [32..nr_lines) at index intid - 32 */
};

/* The virtual CPU interface of this CPU, empty; gic_init_cpu() calls it. */
void vgic_init_cpu(void);

/**
 * vgic_init() - make the distributor of a VM
 * @vm: the VM, not running; vm->primary says whether physical interrupts exist
 * @dist_base: IPA of the distributor, 64K
 * @redist_base: IPA of the first redistributor, 128K for each vCPU
 * @nr_lines: INTIDs of SGIs, PPIs and SPIs together, at most VGIC_NR_LINES
 *
 * Return: 0, or -1 when the pool is empty or @nr_lines is out of range.
 */
int vgic_init(struct vm *vm, u64 dist_base, u64 redist_base, u32 nr_lines);

/* No vCPU is loaded any more.  Interrupts raised later are dropped. */
void vgic_destroy(struct vm *vm);

/**
 * vgic_vcpu_init() - make the redistributor and CPU interface of a vCPU
 * @v: a vCPU that has never been loaded; its index and vm are set
 */
void vgic_vcpu_init(struct vcpu *v);

/**
 * vgic_vcpu_reset() - CPU interface of a vCPU as after a CPU's reset
 * @v: a vCPU that is powered on, or resumes from a power-down state
 *
 * Between put and load.  Interrupts keep their state: neither distributor nor
 * redistributors go down with a CPU.
 */
void vgic_vcpu_reset(struct vcpu *v);

/* [loaded] MMIO of the VM; false when ipa is not in its GIC. */
bool vgic_mmio(struct vcpu *v, u64 ipa, unsigned int size, bool write, u64 *val);

/* [loaded] write of ICC_SGI1R_EL1 (trapped). */
void vgic_sgi1r(struct vcpu *v, u64 val);

/**
 * vgic_forward() - a physical interrupt of this CPU goes to the primary VM
 * @primary: the primary VM's vCPU of this CPU; it need not be loaded
 * @intid: what gic_ack() gave; an interrupt that no VM can have is deactivated
 */
void vgic_forward(struct vcpu *primary, u32 intid);

/**
 * vgic_raise() - [any] pulse an edge interrupt
 * @vm: the VM
 * @v: the vCPU for a PPI; NULL for SPIs (the distributor routes)
 * @intid: the interrupt; an unknown one is ignored
 *
 * Merged with one that is pending already.  Calls vcpu_irq_pending() when it
 * became deliverable to a vCPU that is not loaded here.
 */
void vgic_raise(struct vm *vm, struct vcpu *v, u32 intid);

/* [any] set the line of a level interrupt; otherwise as vgic_raise(). */
void vgic_set_level(struct vm *vm, struct vcpu *v, u32 intid, bool level);

/*
 * [any] Upcall, implemented by the core: the guest has ended (EOI) a level
 * interrupt.  While its line stays up it is pending again, so the source looks
 * and calls vgic_set_level().  Called on the vCPU's CPU, without locks.
 */
void vgic_eoi_level(struct vm *vm, struct vcpu *v, u32 intid);

/* [any] trigger type of an SPI as the VM's device tree says, before the VM runs. */
void vgic_config(struct vm *vm, u32 intid, bool edge);

/*
 * [loaded] Before each entry: fill list registers.  After each exit, before
 * gic_ack(): read them back; the upcalls vgic_eoi_level() come from there.
 */
void vgic_flush(struct vcpu *v);
void vgic_sync(struct vcpu *v);

/*
 * [loaded] When another vCPU takes or leaves this physical CPU: ICH_* state.
 * Between put and load no vCPU's state is in the CPU.  put after the sync.
 */
void vgic_load(struct vcpu *v);
void vgic_put(struct vcpu *v);

/*
 * [any] Is an enabled interrupt pending for the vCPU, whatever its PMR and DAIF
 * say?  To be asked between sync and flush; what is in list registers of a
 * running vCPU does not count.
 */
bool vgic_has_pending(struct vcpu *v);

/* [any] Has the VM enabled this interrupt? */
bool vgic_is_enabled(struct vm *vm, struct vcpu *v, u32 intid);

#endif
