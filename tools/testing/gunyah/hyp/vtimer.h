/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The timers: CNTV (PPI 27) belongs to the loaded vCPU, CNTHP (PPI 26) to the
 * hypervisor, on each CPU.
 */
#ifndef HYP_VTIMER_H
#define HYP_VTIMER_H

#include "cpu.h"

#define VTIMER_PPI	27

/* [loaded] CNTV from or to the vCPU; a guest's line is looked at on the way out. */
void vtimer_load(struct vcpu *v);
void vtimer_put(struct vcpu *v);
/* [loaded] gic_ack() gave PPI 27 while this guest's vCPU ran. */
void vtimer_fired(struct vcpu *v);
/* [loaded] After each exit of a guest: bring the level of its line to the vGIC. */
void vtimer_sync(struct vcpu *v);
/* [any] From vgic_eoi_level(). */
void vtimer_eoi(struct vcpu *v);

/* The vCPU sleeps: this CPU's CNTHP watches its deadline.  run_lock held. */
void vtimer_watch(struct vcpu *v);
/* Any CPU; nothing when it is not watched. */
void vtimer_unwatch(struct vcpu *v);

/*
 * Before each entry: sets CNTHP to the first deadline there is on this CPU.
 * @host: the primary VM's vCPU that is put aside for a guest, or NULL.
 */
void vtimer_program(struct vcpu *host);
/* gic_ack() gave PPI 26: wakes what sleeps on this CPU. */
void vtimer_tick(void);
/* True when the time of rm_wakeup_in() on this CPU has come. */
bool vtimer_rm_due(void);
/* That, or @host's own timer has to interrupt it. */
bool vtimer_host_due(struct vcpu *host);

#endif
