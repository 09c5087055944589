/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The physical GICv3, as EL2 uses it.  EL2 takes every physical interrupt
 * (HCR_EL2.IMO), drops its priority at once and leaves its deactivation to
 * the guest's end of interrupt (HW bit of a list register), to the virtual GIC
 * or to gic_deactivate().  EL2's own interrupts are SGI 0 and two PPIs.
 *
 * Redistributor n belongs to physical CPU n, whose affinity is 0.0.0.n.
 */
#ifndef HYP_GIC_H
#define HYP_GIC_H

#include "lib.h"

#define GIC_SGI_KICK	0			/* the hypervisor's own SGI: leave the guest */
#define GIC_PPI_MAINT	25			/* virtual CPU interface's maintenance interrupt */
#define GIC_PPI_HYPTIMER 26			/* CNTHP: the hypervisor's timer */
#define GIC_NO_IRQ	1023

/**
 * gic_init_dist() - bring up the distributor, with every SPI disabled
 * @dist_pa: physical address of the distributor, mapped 1:1 as device memory
 * @redist_pa: physical address of the first redistributor, likewise
 *
 * Once, on the boot CPU, before gic_init_cpu() of any CPU.
 */
void gic_init_dist(u64 dist_pa, u64 redist_pa);

/**
 * gic_init_cpu() - bring up this CPU's redistributor and CPU interfaces
 *
 * On each CPU, and again each time it comes back from CPU_OFF.  this_cpu()
 * must work.  Enables the hypervisor's own SGI and PPIs, nothing else.
 */
void gic_init_cpu(void);

/**
 * gic_send_sgi() - send an SGI of the hypervisor's own
 * @cpu: physical CPU, this one too
 * @sgi: INTID, GIC_SGI_KICK
 *
 * Memory written before is seen by the CPU that takes it.
 */
void gic_send_sgi(unsigned int cpu, unsigned int sgi);

/**
 * gic_ack() - take one physical interrupt on this CPU and drop its priority
 *
 * The hypervisor's own interrupts are deactivated here; each other one stays
 * active, and the caller hands it on with vgic_forward() or ends it with
 * gic_deactivate().  GIC_PPI_HYPTIMER is a level: the caller silences the
 * timer before the next call.  So is GIC_PPI_MAINT, silenced by vgic_sync().
 *
 * Return: the INTID, or GIC_NO_IRQ.
 */
u32 gic_ack(void);

/**
 * gic_deactivate() - deactivate an interrupt that gic_ack() left active
 * @intid: an SPI, or a PPI of this CPU
 */
void gic_deactivate(u32 intid);

/**
 * gic_irq_waiting() - does a physical interrupt wait for the primary VM?
 *
 * Return: true when an interrupt that is not the hypervisor's own waits to be
 * acknowledged on this CPU.
 */
bool gic_irq_waiting(void);

/*
 * One interrupt's state at the physical distributor, or at CPU @cpu's
 * redistributor for PPIs; @cpu is not looked at for SPIs.  Any CPU may call
 * them.  gic_set_edge() is a read-modify-write: callers hold one lock.
 */
void gic_set_enable(unsigned int cpu, u32 intid, bool on);
void gic_set_edge(unsigned int cpu, u32 intid, bool edge);
void gic_clear_pending(unsigned int cpu, u32 intid);
void gic_clear_active(unsigned int cpu, u32 intid);
void gic_set_active(unsigned int cpu, u32 intid);
bool gic_is_pending(unsigned int cpu, u32 intid);
bool gic_is_active(unsigned int cpu, u32 intid);
/* SPIs only; affinity as in MPIDR_EL1, Aff3 in bits 39:32. */
void gic_set_route(u32 intid, u64 affinity);

/**
 * gic_is_forwardable() - may this INTID be a forwarded physical interrupt?
 * @intid: any INTID
 *
 * Return: true for the PPIs that are not the hypervisor's own, and for the
 * SPIs that the physical distributor has.
 */
bool gic_is_forwardable(u32 intid);

#endif
