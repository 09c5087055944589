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

#include "lib.h"

#define VGIC_NR_LINES	1020
#define VGIC_MAX_LR	16

struct vm;
struct vcpu;

struct vgic_irq {
	u8 priority;
	u8 target;			/* vCPU index (SPIs) */
	u8 enabled : 1;
	u8 pending : 1;			/* latched (edge), or written to ISPENDR */
	u8 active : 1;
	u8 level : 1;			/* the line's state, for level interrupts */
	u8 edge : 1;
	u8 group1 : 1;
	u8 in_lr : 1;
	u8 hw : 1;			/* forwarded physical interrupt, same INTID */
};

struct vgic_cpu {
	struct vgic_irq priv[32];	/* SGIs and PPIs */
	u64 lr[VGIC_MAX_LR];
	u64 ap0r[4], ap1r[4];
	u64 vmcr, hcr;
	u32 used_lrs;
};

struct vgic {
	spinlock_t lock;
	u64 dist_base, redist_base;	/* IPA; redistributors are 128K each, in a row */
	u32 ctlr;
	u32 nr_lines;
	struct vgic_irq *spi;		/* [32..nr_lines) at index intid - 32 */
};

/* physical GIC (gic.c) */
void gic_init_dist(u64 dist_pa, u64 redist_pa);	/* once, boot CPU */
void gic_init_cpu(void);			/* each CPU: redistributor, ICC_*, ICH_* */
#define GIC_SGI_KICK	0			/* hypervisor's own SGI: leave the guest */
void gic_send_sgi(unsigned int cpu, unsigned int sgi);
/*
 * Takes one physical interrupt on this CPU (ICC_IAR1), drops its priority,
 * and gives its INTID (1023: none).  SGI 0, PPI 26 (CNTHP) and 25 (maintenance)
 * are the hypervisor's own and deactivated here; all others stay active and are
 * forwarded to the primary VM by the caller with vgic_forward().
 */
u32 gic_ack(void);
/* Deactivate (ICC_DIR) an interrupt that gic_ack left active. */
void gic_deactivate(u32 intid);
/* True when a physical interrupt other than the hypervisor's own waits on this CPU (ISR_EL1). */
bool gic_irq_waiting(void);

/* virtual GIC; hw_irqs: forwards physical interrupts (the primary VM) */
int vgic_init(struct vm *vm, u64 dist_base, u64 redist_base, u32 nr_lines);
void vgic_destroy(struct vm *vm);
void vgic_vcpu_init(struct vcpu *v);
/* [loaded] MMIO of the VM; false when ipa is not in its GIC. */
bool vgic_mmio(struct vcpu *v, u64 ipa, unsigned int size, bool write, u64 *val);
/* [loaded] write of ICC_SGI1R_EL1 (trapped). */
void vgic_sgi1r(struct vcpu *v, u64 val);
/* [loaded] physical interrupt of this CPU goes to the primary VM's vCPU, HW bit set. */
void vgic_forward(struct vcpu *primary, u32 intid);
/* [any] pulse an edge interrupt; v = NULL for SPIs (the GIC routes), else PPI of v. */
void vgic_raise(struct vm *vm, struct vcpu *v, u32 intid);
/* [any] set the line of a level interrupt. */
void vgic_set_level(struct vm *vm, struct vcpu *v, u32 intid, bool level);
/* [any] when the guest EOIs a level interrupt this upcall is made: doorbells and timer look again. */
void vgic_eoi_level(struct vm *vm, struct vcpu *v, u32 intid);	/* implemented by vtimer.c / doorbell.c dispatch in vcpu.c */
/* [any] trigger type of an SPI as the VM's device tree says, before the VM runs. */
void vgic_config(struct vm *vm, u32 intid, bool edge);
/* [loaded] before each entry: fill list registers; after each exit: read them back. */
void vgic_flush(struct vcpu *v);
void vgic_sync(struct vcpu *v);
/* [loaded] when another vCPU takes or leaves this physical CPU: ICH_* state. */
void vgic_load(struct vcpu *v);
void vgic_put(struct vcpu *v);
/* [any] an enabled pending interrupt that the vCPU's PMR/DAIF-independent state would deliver. */
bool vgic_has_pending(struct vcpu *v);
/* True while the guest's INTID is pending or active at v (doorbell and timer decisions, tests). */
bool vgic_is_enabled(struct vm *vm, struct vcpu *v, u32 intid);

#endif
